//! A city with a park ledger, as the stories of the ledgers' pages use it.

use axum::body::Body;
use kawasemi_desk::Site;
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Draft;
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::{Answer, Browser, Setup};
use kawasemi_testkit::{Fixture, TestCity};

/// The address of the park ledger.
pub const PARKS: &str = "/desk/ledgers/park";

/// The park system.
pub fn parks() -> Site {
    let files = [
        ("system.toml", include_str!("parks/system.toml")),
        ("ledgers/park.toml", include_str!("parks/ledgers/park.toml")),
        ("ledgers/flood-zone.toml", include_str!("parks/ledgers/flood-zone.toml")),
        ("ledgers/park-inspection.toml", include_str!("parks/ledgers/park-inspection.toml")),
    ];
    let bundle = SystemBundle::read("parks", &files).expect("the park system is well defined");
    Site { bundle, calculations: &[], links: Vec::new() }
}

/// A city with the park system.
pub async fn city(fixture: &Fixture) -> TestCity {
    TestCity::with(fixture, Setup { systems: vec![parks()], ..Setup::default() }).await
}

/// Adds a park as the program itself.
pub async fn park(city: &TestCity, name: &str, state: &str) -> RecordId {
    let draft = Draft::new().with("name", name).with("kind", "block").with("state", state);
    record(city, "park", draft).await
}

/// Adds a record as the program itself.
pub async fn record(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.expect("the record is added").id
}

/// Sends a form with a file, as a browser does.
pub async fn send_file(
    browser: &Browser,
    path: &str,
    field: &str,
    name: &str,
    content: &[u8],
    texts: &[(&str, &str)],
) -> Answer {
    let mut body = Vec::new();
    for (key, value) in texts {
        body.extend_from_slice(
            format!("--x\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let head = format!(
        "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = browser
        .request("POST", path)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body))).await
}

/// The page of a run when it has ended.
pub async fn outcome(browser: &Browser, started: &Answer) -> Answer {
    assert_eq!(started.status, 303, "{}", started.text);
    for _ in 0..200 {
        let page = browser.get(started.location()).await;
        if page.header("refresh").is_empty() {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the run does not end");
}
