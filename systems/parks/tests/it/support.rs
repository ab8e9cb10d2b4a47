//! A city with parks, and what the stories of them have in common.

use std::sync::Arc;

use axum::body::Body;
use jiff::civil::Date;
use kawasemi_parks::definitions::{PARK, UNIT};
use kawasemi_parks::records;
use kawasemi_platform::kernel::{ChildRow, Decimal, Fields, RecordId, Value};
use kawasemi_platform::ledger::{Draft, ListRequest, Visible};
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::{Report, Work, WorkError};
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Answer, Browser, Fixture, TestCity};

/// The tables of the engines.
pub use kawasemi_testkit::desk::tables;

/// A city with the parks' system.
pub async fn city(fixture: &Fixture) -> TestCity {
    let system = kawasemi_parks::system();
    let calculators = system.calculators.clone();
    let (site, pages) = system.into_site();
    TestCity::with(fixture, Setup { systems: vec![site], pages, calculators, ..Setup::default() }).await
}

/// Does a piece of work as the command line does.
pub async fn run(city: &TestCity, fixture: &Fixture, job: kawasemi_platform::Job) -> Result<Report, WorkError> {
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
    records::all(&city.city.ledgers, &city.system(), ledger, request).await.expect("the ledger is read")
}

/// A record of a ledger.
pub async fn get(city: &TestCity, ledger: &str, id: RecordId) -> Visible {
    city.city.ledgers.get(&city.system(), ledger, id).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Adds a record as the program itself.
pub async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{ledger}: {error}")).id
}

/// Child rows of fields.
pub fn rows(fixture: &Fixture, all: &[&[(&str, Value)]]) -> Value {
    let row = |fields: &&[(&str, Value)]| ChildRow {
        id: fixture.record_id().0,
        fields: fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<Fields>(),
    };
    Value::Rows(all.iter().map(row).collect())
}

/// A decimal.
pub fn figure(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

/// A park of 1,000 m², and a swing in it with a chain and a post.
pub async fn park_with_swing(city: &TestCity, fixture: &Fixture) -> (RecordId, RecordId) {
    let park = Draft::new()
        .with("name", "蓼川の試験公園")
        .with("kind", "block")
        .with("address", "試験市深谷1-2")
        .with("established_on", jiff::civil::date(1987, 4, 1))
        .with("site_area_m2", figure("1000"))
        .with("published", true);
    let park = add(city, PARK, park).await;
    let parts = rows(
        fixture,
        &[
            &[("part", Value::from("鎖")), ("is_required", Value::Bool(true))],
            &[("part", Value::from("支柱の基部")), ("is_required", Value::Bool(true))],
        ],
    );
    let swing = Draft::new()
        .with("park", park)
        .with("unit_no", "01")
        .with("kind", "swing")
        .with("name", "ぶらんこ（2人用）")
        .with("installed_on", jiff::civil::date(2005, 3, 31))
        .with("material", "steel")
        .with("part_list", parts);
    let swing = add(city, UNIT, swing).await;
    (park, swing)
}

/// The smallest picture that is one.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 144, 119, 83,
    222, 0, 0, 0, 12, 73, 68, 65, 84, 120, 156, 99, 248, 255, 255, 63, 0, 5, 254, 2, 254, 13, 239, 70, 184, 0, 0, 0, 0,
    73, 69, 78, 68, 174, 66, 96, 130,
];

/// Sends a form with photographs, as a phone does.
pub async fn send(browser: &Browser, path: &str, entries: &[(String, String)], photos: &[&str]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in entries {
        body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    for field in photos {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{field}.png\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(PNG);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = browser
        .request("POST", path)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body))).await
}

/// The text entries of a form of a page, without its files, with some set.
pub fn filled(answer: &Answer, action: &str, set: &[(String, &str)]) -> Vec<(String, String)> {
    // A browser sends of radio buttons and boxes only what is chosen; here what matters is set by the test.
    let form = answer.form(action).unwrap_or_else(|| panic!("no form {action}: {}", answer.text));
    let hidden = |name: &str| name.starts_with("record.") || ["notice_id", "order_id"].contains(&name);
    let mut entries: Vec<(String, String)> = form.into_iter().filter(|(name, _)| hidden(name)).collect();
    entries.extend(set.iter().map(|(name, value)| (name.clone(), (*value).to_owned())));
    entries
}

/// A day.
pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}
