//! A city with the board and the shared registers, for the stories of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_platform::identity::{AccountChange, AccountSummary, Caller, Context, Membership};
use kawasemi_platform::kernel::{Lang, RecordId};
use kawasemi_platform::ledger::{Draft, ListRequest, Visible};
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::{Report, Work, WorkError};
use kawasemi_policy::import::{self, ImportError, Outcome, Planned};
use kawasemi_policy::records;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Browser, Fixture, TestCity};

/// The tables of the engines.
#[allow(unused_imports, reason = "each test file uses what it needs")]
pub use kawasemi_testkit::desk::tables;

/// A city with the board.
pub async fn city(fixture: &Fixture) -> TestCity {
    let system = kawasemi_policy::system();
    let calculators = system.calculators.clone();
    let (site, pages) = system.into_site();
    TestCity::with(fixture, Setup { systems: vec![site], pages, calculators, ..Setup::default() }).await
}

/// A city with the board and its sample.
pub async fn city_with_sample(fixture: &Fixture) -> TestCity {
    let city = city(fixture).await;
    run(&city, fixture, kawasemi_policy::system().sample.expect("there is a sample"), &[]).await.expect("it is loaded");
    city
}

/// Does a piece of work as the command line does.
pub async fn run(
    city: &TestCity,
    fixture: &Fixture,
    job: kawasemi_platform::Job,
    arguments: &[&str],
) -> Result<Report, WorkError> {
    let work = Work {
        city: city.city.city.clone(),
        ledgers: city.city.ledgers.clone(),
        identity: city.city.identity.clone(),
        context: city.system(),
        inventory: Arc::new(Inventory::new(&city.city.ledgers, &city.city.identity)),
        ids: fixture.ids.clone(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        progress: Arc::new(|_, _| {}),
    };
    job(work).await
}

/// What importing a paper would do, for the program itself.
pub async fn planned(city: &TestCity, text: &str) -> Result<Planned, ImportError> {
    planned_by(city, &city.system(), text.as_bytes()).await
}

/// What importing a file would do, for a caller.
pub async fn planned_by(city: &TestCity, context: &Context, bytes: &[u8]) -> Result<Planned, ImportError> {
    let paper = import::read(&city.city.ledgers, context, bytes, None).await?;
    import::plan(&city.city.ledgers, context, &paper, "方針書.txt").await
}

/// Imports a paper as the program itself.
pub async fn imported(city: &TestCity, text: &str) -> Outcome {
    let planned = planned(city, text).await.expect("the paper is read");
    import::apply(&city.city.ledgers, &city.system(), &planned, &|_, _| {}).await.expect("the plan is applied")
}

/// All records of a ledger that meet a condition, as the program sees them.
pub async fn found(city: &TestCity, ledger: &str, filter: &str) -> Vec<Visible> {
    let request = ListRequest::filtered(filter);
    records::all(&city.city.ledgers, &city.system(), ledger, request).await.expect("the ledger is read")
}

/// The only record of a ledger that meets a condition.
pub async fn one(city: &TestCity, ledger: &str, filter: &str) -> Visible {
    let found = found(city, ledger, filter).await;
    assert_eq!(found.len(), 1, "{ledger} {filter}");
    found.into_iter().next().expect("there is one")
}

/// Adds a record as the program itself.
pub async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{error}")).id
}

/// Changes a record as the program itself.
pub async fn change(city: &TestCity, ledger: &str, record: &Visible, draft: Draft) {
    let saved = city.city.ledgers.update(&city.system(), ledger, record.id, record.revision, draft).await;
    saved.unwrap_or_else(|error| panic!("{error}"));
}

/// A department of the register.
pub async fn department(city: &TestCity, name: &str) -> RecordId {
    one(city, "department", &format!("name = '{name}' AND level = 'department'")).await.id
}

/// A member of the staff with a role, who belongs to a department, at the engine's door.
pub fn member(city: &TestCity, role: &str, departments: Vec<RecordId>) -> Context {
    let account = AccountSummary {
        id: uuid(7),
        login: "hanako".to_owned(),
        display_name: "花子".to_owned(),
        person: None,
        kind: kawasemi_platform::identity::caller::AccountKind::Staff,
    };
    let caller = Caller::of_account(account).with_role(role).with_departments(departments);
    Context { lang: Lang::Ja, ..Context::new(caller, city.system().act.at) }
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

/// A browser of an editor who belongs to a department.
pub async fn editor(city: &TestCity, login: &str, department: RecordId) -> Browser {
    let browser = city.sign_in(login, &["policy-editor"]).await;
    let context = city.system();
    let identity = &city.city.identity;
    let account = identity.lookup_account(&context, login).await.expect("it is read").expect("it is there");
    let person = RecordId(account.summary.id);
    let change = AccountChange { person: Some(Some(person)), ..AccountChange::default() };
    identity.update_account(&context, account.summary.id, change).await.expect("the person is set");
    let membership = Membership { department, from: None, until: None };
    let posts = BTreeMap::from([(person, vec![membership])]);
    identity.set_departments(&context, &posts).await.expect("the person belongs there");
    browser
}
