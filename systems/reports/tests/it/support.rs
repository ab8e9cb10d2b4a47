//! A city that takes reports, and what tests do with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_platform::identity::{AccountChange, Membership};
use kawasemi_platform::kernel::RecordId;
use kawasemi_platform::ledger::{Draft, ListRequest, Visible};
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::{Job, Work};
use kawasemi_reports::records;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Answer, Browser, Fixture, TestCity};

pub use kawasemi_testkit::desk::tables;

/// In Ayase, near the city hall.
pub const HALL: &str = "35.4378, 139.4269";
/// Some six metres north of it.
pub const BESIDE: &str = "35.43785, 139.4269";
/// Half a kilometre north.
pub const AWAY: &str = "35.4425, 139.4269";

/// A city with the categories that a city begins with.
pub async fn city(fixture: &Fixture) -> TestCity {
    city_in_role(fixture, kawasemi_platform::desk::Role::All).await
}

/// The same as one half, or both.
pub async fn city_in_role(fixture: &Fixture, role: kawasemi_platform::desk::Role) -> TestCity {
    let system = kawasemi_reports::system();
    let (calculators, parcels) = (system.calculators.clone(), system.parcels.clone());
    let (site, pages) = system.into_site();
    let settings = kawasemi_platform::desk::Settings { role, ..Default::default() };
    let setup = Setup { systems: vec![site], pages, calculators, parcels, settings, ..Setup::default() };
    let city = TestCity::with(fixture, setup).await;
    run(&city, fixture, kawasemi_reports::sample::defaults).await;
    city
}

/// Does a piece of work as the command line does.
pub async fn run(city: &TestCity, fixture: &Fixture, job: Job) {
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
    job(work).await.expect("the work is done");
}

/// What a resident fills in.
pub fn report(category: &str, location: &str, description: &str) -> Vec<(String, String)> {
    let entries = [("id", ""), ("location", location), ("category", category), ("description", description)];
    entries.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Sends a report and answers its tracking number.
pub async fn sent(browser: &Browser, category: &str, location: &str, description: &str) -> String {
    let mut entries = report(category, location, description);
    entries.push(("confirmed".to_owned(), "1".to_owned()));
    let answer = browser.post("/report", &entries).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    number(&answer)
}

/// The tracking number to which an answer leads.
pub fn number(answer: &Answer) -> String {
    let (_, number) = answer.location().split_once("number=").expect("a number");
    number.split('&').next().unwrap_or_default().to_owned()
}

/// The report with a number, as the program sees it.
pub async fn found(city: &TestCity, number: &str) -> Visible {
    one(city, "road-report", &format!("reference = '{number}'")).await
}

/// All records of a ledger that meet a condition.
pub async fn all(city: &TestCity, ledger: &str, filter: &str) -> Vec<Visible> {
    let request = ListRequest::filtered(filter);
    records::all(&city.city.ledgers, &city.system(), ledger, request).await.expect("the ledger is read")
}

/// The only record of a ledger that meets a condition.
pub async fn one(city: &TestCity, ledger: &str, filter: &str) -> Visible {
    let found = all(city, ledger, filter).await;
    assert_eq!(found.len(), 1, "{ledger} {filter}");
    found.into_iter().next().unwrap()
}

/// Adds a record as the program itself.
pub async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{error}")).id
}

/// A section of the hall.
pub async fn section(city: &TestCity, name: &str) -> RecordId {
    let draft = Draft::new().with("code", name).with("name", name).with("level", "section");
    add(city, "department", draft.with("first_fiscal_year", 2020_i64)).await
}

/// A browser of somebody of a section.
pub async fn member(city: &TestCity, login: &str, role: &str, section: RecordId) -> Browser {
    let browser = city.sign_in(login, &[role]).await;
    let (context, identity) = (city.system(), &city.city.identity);
    let account = identity.lookup_account(&context, login).await.expect("it is read").expect("it is there");
    let person = RecordId(account.summary.id);
    let change = AccountChange { person: Some(Some(person)), ..AccountChange::default() };
    identity.update_account(&context, account.summary.id, change).await.expect("the person is set");
    let membership = Membership { department: section, from: None, until: None };
    let posts = BTreeMap::from([(person, vec![membership])]);
    identity.set_departments(&context, &posts).await.expect("the person belongs there");
    browser
}

/// A photograph of one colour.
pub fn photograph() -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([180, 90, 40]));
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg).encode_image(&picture).expect("it is written");
    jpeg
}

/// Sends a form with files.
pub async fn upload(
    browser: &Browser,
    path: &str,
    entries: &[(String, String)],
    files: &[(&str, &str, &[u8])],
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in entries {
        body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    for (field, name, bytes) in files {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = browser
        .request("POST", path)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(axum::body::Body::from(body))).await
}
