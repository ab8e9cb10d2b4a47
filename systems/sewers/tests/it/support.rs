//! A city with the sewer ledger, for the stories.

use std::sync::Arc;

use kawasemi_platform::kernel::{ChildRow, Decimal, RecordId, Value};
use kawasemi_platform::ledger::{Draft, ListRequest, Visible};
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::schema::SystemBundle;
use kawasemi_platform::{Job, Report, Work, WorkError};
use kawasemi_sewers::read;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Fixture, TestCity};

pub use kawasemi_testkit::desk::tables;

/// A city with the sewer ledger, and the enquiries into which its viewer leads.
pub async fn city(fixture: &Fixture) -> TestCity {
    let system = kawasemi_sewers::system();
    let calculators = system.calculators.clone();
    let (site, pages) = system.into_site();
    let enquiry = [
        ("system.toml", include_str!("../../../enquiry/system.toml")),
        ("ledgers/enquiry.toml", include_str!("../../../enquiry/ledgers/enquiry.toml")),
    ];
    let bundle = SystemBundle::read("systems/enquiry", &enquiry).expect("the enquiries are well defined");
    let enquiry = kawasemi_platform::desk::Site { bundle, calculations: &[], links: Vec::new() };
    TestCity::with(fixture, Setup { systems: vec![site, enquiry], pages, calculators, ..Setup::default() }).await
}

/// A city with the sample.
pub async fn city_with_sample(fixture: &Fixture) -> TestCity {
    let city = city(fixture).await;
    run(&city, fixture, kawasemi_sewers::system().sample.expect("there is a sample")).await.expect("it is loaded");
    city
}

/// Does a piece of work as the program does.
pub async fn run(city: &TestCity, fixture: &Fixture, job: Job) -> Result<Report, WorkError> {
    let work = Work {
        city: city.city.city.clone(),
        ledgers: city.city.ledgers.clone(),
        identity: city.city.identity.clone(),
        context: city.system(),
        inventory: Arc::new(Inventory::new(&city.city.ledgers, &city.city.identity)),
        ids: fixture.ids.clone(),
        arguments: Vec::new(),
        progress: Arc::new(|_, _| {}),
    };
    job(work).await
}

/// All records of a ledger that meet a condition, as the program sees them.
pub async fn found(city: &TestCity, ledger: &str, filter: &str) -> Vec<Visible> {
    let request = ListRequest::filtered(filter);
    read::all(&city.city.ledgers, &city.system(), ledger, request)
        .await
        .unwrap_or_else(|error| panic!("{filter}: {error}"))
}

/// The only record of a ledger that meets a condition.
pub async fn one(city: &TestCity, ledger: &str, filter: &str) -> Visible {
    let found = found(city, ledger, filter).await;
    assert_eq!(found.len(), 1, "{ledger} {filter}");
    found.into_iter().next().expect("there is one")
}

/// Adds a record as the program itself.
pub async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{ledger}: {error}")).id
}

/// Changes a record as the program itself.
pub async fn change(city: &TestCity, ledger: &str, id: RecordId, draft: Draft) {
    let record = city.city.ledgers.get(&city.system(), ledger, id).await.unwrap();
    let saved = city.city.ledgers.update(&city.system(), ledger, id, record.revision, draft).await;
    saved.unwrap_or_else(|error| panic!("{error}"));
}

/// Child rows.
pub fn rows(city: &TestCity, rows: &[&[(&str, Value)]]) -> Value {
    let row = |cells: &&[(&str, Value)]| ChildRow {
        id: city.city.ledgers.new_id(),
        fields: cells.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    };
    Value::Rows(rows.iter().map(row).collect())
}

/// A decimal.
pub fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

/// A pipe with a number between two manholes.
pub fn pipe(number: &str, exclusion: &str, length: &str, ends: [&str; 2]) -> Draft {
    Draft::new()
        .with("facility_number", number)
        .with("exclusion", exclusion)
        .with("treatment_area", "第一処理区")
        .with("material", "hume")
        .with("diameter_mm", 300)
        .with("length_m", decimal(length))
        .with("built_fiscal_year", 1980)
        .with("manhole_up", ends[0])
        .with("manhole_down", ends[1])
}

/// Whether an answer is a PDF.
pub fn is_pdf(answer: &kawasemi_testkit::desk::Answer) -> bool {
    answer.status == 200 && answer.header("content-type") == "application/pdf" && answer.text.starts_with("%PDF-")
}
