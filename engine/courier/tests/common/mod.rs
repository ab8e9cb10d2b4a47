//! A city in two halves, each an installation of its own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use kawasemi_courier::records::ENQUIRY;
use kawasemi_courier::{Courier, Handlers, Parts, RecordMaker, Side};
use kawasemi_identity::{Context, Identity, PasswordCost, Passwords, Rules, SeededEntropy};
use kawasemi_kernel::id::CountingIds;
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_ledger::{Calculators, Ledgers, ListRequest};
use kawasemi_schema::SystemBundle;
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::table::Table;
use kawasemi_store::{City, CityInfo, Location, Sealer, Store, StoreOptions};
use kawasemi_testkit::Fixture;
use tempfile::TempDir;

/// The system's own files.
const ENQUIRIES: [(&str, &str); 2] = [
    ("system.toml", include_str!("../../../../systems/enquiry/system.toml")),
    ("ledgers/enquiry.toml", include_str!("../../../../systems/enquiry/ledgers/enquiry.toml")),
];

pub fn tables() -> Vec<Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables::tables());
    tables.extend(kawasemi_courier::engine().tables);
    tables
}

/// A clock that both halves go by.
#[derive(Debug)]
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().expect("nobody panicked") += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panicked")
    }
}

/// One half.
pub struct Half {
    pub courier: Courier,
    pub ledgers: Ledgers,
    pub city: City,
    store: Option<Store>,
}

/// Both halves of a city.
pub struct Both {
    pub portal: Half,
    pub desk: Half,
    pub clock: Arc<HandClock>,
    pub folder: TempDir,
}

impl Both {
    /// The desk is the fixture's, the portal lies beside it. Neither has a key.
    pub async fn apart(fixture: &Fixture) -> Self {
        let clock = Arc::new(HandClock(Mutex::new(fixture.now())));
        let folder = TempDir::new().expect("a folder");
        let (store, city) = installation(&folder.path().join("portal"), "142182", &clock).await;
        let portal = half(city, &folder.path().join("portal.keys"), Side::Portal, 1_000_000, &clock, Some(store)).await;
        let keys = folder.path().join("desk.keys");
        let desk = half(fixture.city.clone(), &keys, Side::Desk, 2_000_000, &clock, None).await;
        Self { portal, desk, clock, folder }
    }

    /// Both have a key and know each other's.
    pub async fn new(fixture: &Fixture) -> Self {
        let both = Self::apart(fixture).await;
        let context = both.context();
        for half in [&both.portal, &both.desk] {
            half.courier.rotate_key(&context).await.expect("a key is made");
        }
        both.portal.courier.trust_key(&context, &both.desk.line().await).await.expect("is trusted");
        both.desk.courier.trust_key(&context, &both.portal.line().await).await.expect("is trusted");
        both
    }

    /// A third installation, for what comes from elsewhere.
    pub async fn stranger(&self, code: &str, side: Side) -> Half {
        let seed = code.parse::<u64>().expect("a number") * 10 + u64::from(side == Side::Desk);
        let (store, city) =
            installation(&self.path(&format!("stranger-{code}-{}", side.key())), code, &self.clock).await;
        half(city, &self.path("stranger.keys"), side, seed, &self.clock, Some(store)).await
    }

    pub fn context(&self) -> Context {
        Context::system(self.clock.now(), "試験")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Hands in an enquiry on the portal.
    pub async fn send(&self, subject: &str) -> uuid::Uuid {
        self.portal.courier.submit(ENQUIRY, enquiry(subject)).await.expect("is handed in")
    }

    /// Carries a file from a half to the other.
    pub async fn carry(&self, from: &Half, to: &Half, name: &str) -> kawasemi_courier::Unpacked {
        from.courier.pack(&self.context(), &self.path(name)).await.expect("is packed");
        to.courier.unpack(&self.context(), &self.path(name)).await.expect("is unpacked")
    }

    pub async fn close(self) {
        if let Some(store) = self.portal.store {
            store.close().await;
        }
    }
}

pub fn enquiry(subject: &str) -> Vec<u8> {
    let body = serde_json::json!({
        "subject": subject, "body": "児童公園の柵が折れています", "received_at": "2026-05-01T01:00:00Z", "language": "ja",
    });
    body.to_string().into_bytes()
}

impl Half {
    pub async fn line(&self) -> String {
        self.courier.own_key().await.expect("has a key").line(self.city.code())
    }

    /// The subjects of the enquiries that are here.
    pub async fn subjects(&self) -> Vec<String> {
        let context = Context::system(jiff::Timestamp::UNIX_EPOCH, "試験");
        let page = self.ledgers.list(&context, ENQUIRY, &ListRequest::all()).await.expect("is listed");
        let mut subjects: Vec<String> = page
            .records
            .iter()
            .filter_map(|record| record.fields().get("subject"))
            .map(|value| value.as_text().unwrap_or_default().to_owned())
            .collect();
        subjects.sort();
        subjects
    }

    /// How many parcels still have their content here.
    pub async fn contents(&self) -> i64 {
        let sql = "SELECT count(*) FROM {courier_out} WHERE sealed IS NOT NULL";
        let row = self.city.read_one(kawasemi_store::Sql::with(sql, [])).await.expect("is read").expect("a row");
        row.get(0).expect("a number")
    }
}

async fn installation(folder: &Path, code: &str, clock: &Arc<HandClock>) -> (Store, City) {
    let options = StoreOptions::new(clock.clone()).tables(tables());
    let store = Store::open(&Location::Directory(folder.to_owned()), options).await.expect("opens");
    let info = CityInfo {
        code: code.to_owned(),
        name: "綾瀬市".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        hosts: Vec::new(),
        created_at: 0,
    };
    let city = store.create_city(info).await.expect("is made");
    (store, city)
}

async fn half(city: City, keys: &Path, side: Side, seed: u64, clock: &Arc<HandClock>, store: Option<Store>) -> Half {
    let ids: Arc<dyn IdSource> = Arc::new(CountingIds::new(seed));
    let bundles = [
        kawasemi_registry::bundle().expect("the registers are well defined"),
        SystemBundle::read("systems/enquiry", &ENQUIRIES).expect("the system is well defined"),
    ];
    let definitions = bundles.iter().flat_map(|bundle| bundle.ledgers.iter().cloned()).collect();
    let wanted = Wanted { definitions, retired: Vec::new() };
    let plan = schema::plan(&city, wanted).await.expect("a plan");
    let act = kawasemi_kernel::Act::system(clock.now(), "試験");
    schema::apply(&city, &plan, Allow::Additions, &act, &*ids).await.expect("is applied");
    let sealer = Sealer::new(city.code(), keys);
    sealer.ensure_key([7; kawasemi_store::seal::KEY]).expect("the key is written");
    let entropy = Arc::new(SeededEntropy::new(seed));
    let passwords = Passwords::new(PasswordCost::for_tests(), entropy.clone()).expect("cheap passwords");
    let parts = kawasemi_identity::Parts { ids: ids.clone(), entropy, passwords, rules: Rules::default() };
    let identity = Identity::new(city.clone(), sealer.clone(), parts);
    let roles = bundles.into_iter().flat_map(|bundle| bundle.system.roles).collect();
    let ledgers = Ledgers::new(city.clone(), roles, Calculators::new(), ids.clone()).expect("the ledgers");
    let handlers = Handlers::default().with(ENQUIRY, RecordMaker::new(ledgers.clone(), ENQUIRY, clock.clone()));
    let courier = Courier::new(Parts {
        city: city.clone(),
        identity,
        sealer,
        ids,
        clock: clock.clone(),
        side: Some(side),
        handlers,
    });
    Half { courier, ledgers, city, store }
}
