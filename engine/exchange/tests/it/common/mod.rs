//! A city with a register of parties, and files of a resident register.

use std::io::Write as _;
use std::path::PathBuf;

use encoding_rs::SHIFT_JIS;
use kawasemi_exchange::intake::{Taken, Wish};
use kawasemi_exchange::{Exchange, Parts};
use kawasemi_identity::{Caller, Context};
use kawasemi_kernel::Fields;
use kawasemi_kernel::context::FixedClock;
use kawasemi_ledger::{Calculators, Ledgers};
use kawasemi_schema::{RoleDef, SourceFile};
use kawasemi_store::files::Files;
use kawasemi_store::list::ListQuery;
use kawasemi_store::table::Table;
use kawasemi_testkit::Fixture;
use tempfile::TempDir;

pub const DIFFERENCE: &str = include_str!("../../../../registry/layouts/resident-difference.toml");
pub const FULL: &str = include_str!("../../../../registry/layouts/resident-full.toml");

pub fn tables() -> Vec<Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables::tables());
    tables.extend(kawasemi_exchange::engine().tables);
    tables
}

fn shipped() -> Vec<SourceFile> {
    vec![SourceFile::new("difference.toml", DIFFERENCE), SourceFile::new("full.toml", FULL)]
}

/// A hall at another time.
pub struct Later<'a> {
    hall: &'a Hall<'a>,
    pub exchange: Exchange,
}

impl Later<'_> {
    pub async fn take(&self, layout: &str, name: &str, content: &[u8], wish: Wish) -> Taken {
        let path = self.hall.file(name, content);
        self.exchange.receive(&self.hall.system(), layout, &path, name, wish, &|_| {}).await.expect("is taken")
    }
}

pub struct Hall<'a> {
    pub fixture: &'a Fixture,
    pub exchange: Exchange,
    pub ledgers: Ledgers,
    pub folder: TempDir,
}

impl<'a> Hall<'a> {
    pub async fn open(fixture: &'a Fixture) -> Self {
        fixture.publish(&[include_str!("party.toml")]).await;
        let role = |key: &str| RoleDef { key: key.to_owned(), title: key.into(), description: key.into() };
        let roles = vec![role("clerk"), kawasemi_exchange::operator_role()];
        let ledgers =
            Ledgers::new(fixture.city.clone(), roles, Calculators::new(), fixture.ids.clone()).expect("ledgers");
        let folder = TempDir::new().expect("a folder");
        let exchange = Exchange::new(Parts {
            ledgers: ledgers.clone(),
            files: Files::in_folder(&folder.path().join("files")).expect("files"),
            ids: fixture.ids.clone(),
            clock: fixture.clock.clone(),
            shipped: shipped(),
        });
        Self { fixture, exchange: exchange.expect("good layouts"), ledgers, folder }
    }

    pub fn system(&self) -> Context {
        Context::system(self.fixture.now(), "試験")
    }

    pub fn clerk(&self) -> Context {
        Context::new(Caller::visitor().with_role("clerk"), self.fixture.now())
    }

    /// The same hall some seconds later.
    pub fn at(&self, seconds: i64) -> Later<'_> {
        let clock = FixedClock(self.fixture.now() + jiff::SignedDuration::from_secs(seconds));
        let exchange = Exchange::new(Parts {
            ledgers: self.ledgers.clone(),
            files: Files::in_folder(&self.folder.path().join("files")).expect("files"),
            ids: self.fixture.ids.clone(),
            clock: std::sync::Arc::new(clock),
            shipped: shipped(),
        });
        Later { hall: self, exchange: exchange.expect("good layouts") }
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::File::create(&path).expect("a file").write_all(content).expect("is written");
        path
    }

    pub async fn take(&self, layout: &str, name: &str, content: &[u8], wish: Wish) -> Taken {
        let path = self.file(name, content);
        self.exchange.receive(&self.system(), layout, &path, name, wish, &|_| {}).await.expect("is taken")
    }

    /// The parties as `(resident_number, name, address, ended_on)`, by number.
    pub async fn parties(&self) -> Vec<(String, String, String, String)> {
        let catalogue = self.fixture.city.catalogue();
        let ledger = catalogue.get("party").expect("the ledger");
        let mut query = ListQuery::new(ledger);
        query.limit = 10_000;
        let page = query.page(&self.fixture.city).await.expect("a page");
        let text = |fields: &Fields, key: &str| {
            let field = ledger.def.field(key).expect("a field");
            let value = fields.get(key).unwrap_or(&kawasemi_kernel::Value::Null);
            match value {
                kawasemi_kernel::Value::Address(address) => address.text.clone(),
                value => kawasemi_ledger::field::show(field, value, &kawasemi_ledger::Style::file()),
            }
        };
        let mut all: Vec<_> = page
            .records
            .iter()
            .map(|row| {
                let of = |key| text(&row.fields, key);
                (of("resident_number"), of("name"), of("address"), of("ended_on"))
            })
            .collect();
        all.sort();
        all
    }
}

/// A row of the difference file.
#[derive(Clone)]
pub struct Person {
    pub number: u64,
    pub change: &'static str,
    pub name: String,
    pub born: &'static str,
    pub address: String,
    pub removed: &'static str,
}

pub fn person(number: u64, change: &'static str, name: &str, address: &str) -> Person {
    let (name, address) = (name.to_owned(), address.to_owned());
    Person { number, change, name, born: "3550401", address, removed: "" }
}

fn pad(text: &str, length: usize) -> Vec<u8> {
    let (bytes, _, had_errors) = SHIFT_JIS.encode(text);
    assert!(!had_errors && bytes.len() <= length, "{text} fits into {length}");
    let mut bytes = bytes.into_owned();
    bytes.resize(length, b' ');
    bytes
}

impl Person {
    pub fn record(&self) -> Vec<u8> {
        let mut record = Vec::with_capacity(420);
        for (text, length) in [
            ("2", 1),
            (&format!("{:015}", self.number), 15),
            ("000000000000009", 15),
            (self.change, 1),
            (&self.name, 60),
            ("ｶﾜｾﾐ ﾊﾅｺ", 30),
            ("", 60),
            (self.born, 7),
            ("2", 1),
            ("01", 2),
            ("2521192", 7),
            ("", 11),
            (&self.address, 100),
            ("", 60),
            ("01", 2),
            ("20260430", 8),
            ("20260430", 8),
            ("", 8),
            (self.removed, 8),
            ("", 16),
        ] {
            record.extend(pad(text, length));
        }
        record
    }
}

pub fn header(city: &str, date: &str, sequence: u64) -> Vec<u8> {
    pad(&format!("1{city}{date}{sequence:06}"), 420)
}

pub fn trailer(count: usize) -> Vec<u8> {
    pad(&format!("9{count:08}"), 420)
}

pub fn lines(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| record.iter().copied().chain(*b"\r\n")).collect()
}

/// A good difference file.
pub fn difference(date: &str, sequence: u64, people: &[Person]) -> Vec<u8> {
    let mut records = vec![header("142182", date, sequence)];
    records.extend(people.iter().map(Person::record));
    records.push(trailer(people.len()));
    lines(&records)
}
