//! A city with a park ledger, as the stories of the ledgers' pages use it.
#![allow(dead_code, reason = "each test file uses what it needs")]

use kawasemi_desk::Site;
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Draft;
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Fixture, TestCity};

/// The address of the park ledger.
pub const PARKS: &str = "/desk/ledgers/park";

/// The park system.
pub fn parks() -> Site {
    let files = [
        ("system.toml", include_str!("parks/system.toml")),
        ("ledgers/park.toml", include_str!("parks/ledgers/park.toml")),
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
