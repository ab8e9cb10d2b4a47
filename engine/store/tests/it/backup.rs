//! Backups: of one moment while the city is written to, checked whole before anything is replaced.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{PARK, fields, text};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::backup::{self, Beside, Restored, Taken};
use kawasemi_store::files::Files;
use kawasemi_store::{Access, City, Ledger, Location, RecordUnit, Result, Sql, Store, StoreError, StoreOptions};
use kawasemi_testkit::postgres::TestDatabase;
use kawasemi_testkit::{Fixture, on_both_stores};
use tempfile::TempDir;

/// A place for archives and, on PostgreSQL, for what lies beside the database.
struct Desk<'a> {
    fixture: &'a Fixture,
    ledger: Arc<Ledger>,
    folder: TempDir,
}

impl<'a> Desk<'a> {
    async fn open(fixture: &'a Fixture) -> Self {
        let ledger = fixture.publish(&[PARK]).await;
        Self { fixture, ledger, folder: tempfile::tempdir().unwrap() }
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("city.kawasemi")
    }

    fn beside(&self) -> PathBuf {
        beside(self.fixture.location(), self.folder.path())
    }

    fn files(&self) -> Files {
        Files::in_folder(&self.beside().join("files")).unwrap()
    }

    fn keeper(&self) -> Keeper {
        Keeper::new(self.beside().join("audit"))
    }

    async fn create(&self, name: &str) {
        let act = self.fixture.act("新規");
        let mut unit = RecordUnit::new(self.fixture.city.dialect(), &act, &*self.fixture.ids);
        unit.create(&self.ledger, self.fixture.record_id(), &fields([("name", text(name))])).unwrap();
        self.fixture.city.write(unit.into_unit()).await.unwrap();
    }

    async fn take(&self) -> Result<Taken> {
        let files = |_: &str| Files::in_folder(&self.beside().join("files"));
        let (store, location) = (&self.fixture.store, self.fixture.location());
        let keeper = |_: &str| self.keeper();
        let beside = Beside { files: &files, apart: false, keeper: &keeper, staging: None, across: false };
        backup::take(store, location, beside, &self.archive(), self.fixture.now(), &|_, _| {}).await
    }

    async fn restore(&self, archive: &Path, target: &Location) -> Result<Restored> {
        let beside = beside(target, &self.folder.path().join("restored"));
        let files = |_: &str| Files::in_folder(&beside.join("files"));
        let keeper = |_: &str| Keeper::new(beside.join("audit"));
        let beside = Beside { files: &files, apart: false, keeper: &keeper, staging: None, across: false };
        backup::restore(target, &[], beside, archive, self.fixture.now(), &|_, _| {}).await
    }

    async fn opened(&self, target: &Location) -> (Store, City) {
        let store = Store::open(target, StoreOptions::new(self.fixture.clock.clone())).await.unwrap();
        let city = store.open_city("142182").await.unwrap();
        (store, city)
    }
}

/// Where a city's files and keys lie.
fn beside(location: &Location, folder: &Path) -> PathBuf {
    match location {
        Location::Directory(root) => root.join("cities/142182"),
        Location::Postgres(_) => folder.join("beside"),
    }
}

/// An empty place of the same kind.
struct Elsewhere {
    location: Location,
    database: Option<TestDatabase>,
}

impl Elsewhere {
    async fn like(fixture: &Fixture, folder: &Path) -> Self {
        match fixture.location() {
            Location::Directory(_) => Self { location: Location::Directory(folder.join("elsewhere")), database: None },
            Location::Postgres(_) => {
                let database = TestDatabase::create().await;
                Self { location: Location::Postgres(database.url().to_owned()), database: Some(database) }
            }
        }
    }

    async fn leave(self) {
        if let Some(database) = self.database {
            database.drop().await;
        }
    }
}

async fn parks(city: &City) -> i64 {
    city.read_one(Sql::with("SELECT count(*) FROM {l_park}", [])).await.unwrap().unwrap().get(0).unwrap()
}

fn only_archive(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("city.")).collect()
}

/// Writes an archive anew with other bytes in its manifest.
fn with_manifest(archive: &Path, change: impl Fn(String) -> String) -> PathBuf {
    use std::io::Read as _;
    let target = archive.with_extension("changed");
    let mut from = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(archive).unwrap()).unwrap());
    let mut to = tar::Builder::new(zstd::Encoder::new(std::fs::File::create(&target).unwrap(), 1).unwrap());
    for entry in from.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if path == Path::new("manifest.json") {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        let mut header = entry.header().clone();
        header.set_size(content.len() as u64);
        to.append_data(&mut header, &path, content.as_slice()).unwrap();
    }
    to.into_inner().unwrap().finish().unwrap();
    target
}

on_both_stores! {
    async fn a_city_comes_back_with_its_files_and_its_trail(fixture) {
        let desk = Desk::open(fixture).await;
        desk.create("城山公園").await;
        let content = Bytes::from_static(b"%PDF-1.7 plan");
        let upload = stream::iter([Ok::<_, std::convert::Infallible>(content.clone())]);
        let stored = desk.files().put(uuid::Uuid::from_u128(1), "図面.pdf", 1 << 20, upload).await.unwrap();
        desk.keeper().ensure_key([5; 32]).unwrap();
        audit::seal(&fixture.city, &desk.keeper(), fixture.now()).await.unwrap();
        let taken = desk.take().await.unwrap();
        assert_eq!((taken.cities, taken.files), (1, 1));
        assert_eq!(taken.bytes, std::fs::metadata(desk.archive()).unwrap().len());
        assert_eq!(only_archive(desk.folder.path()), ["city.kawasemi"]);

        let target = Elsewhere::like(fixture, desk.folder.path()).await;
        let restored = desk.restore(&desk.archive(), &target.location).await.unwrap();
        assert_eq!((restored.cities, restored.kept), (vec!["142182".to_owned()], vec![]));
        let (store, city) = desk.opened(&target.location).await;
        assert_eq!((city.info().name.as_str(), parks(&city).await), ("綾瀬市", 1));
        let folder = beside(&target.location, &desk.folder.path().join("restored"));
        let files = Files::in_folder(&folder.join("files")).unwrap();
        let read: Vec<Bytes> = files.get(&stored.sha256).await.unwrap().try_collect().await.unwrap();
        assert_eq!(read.concat(), content);
        // With the trail's public key out of the archive, and its checkpoints out of the database.
        let keeper = Keeper::new(folder.join("audit"));
        if let Location::Postgres(_) = target.location {
            audit::rebase(&city, &keeper, fixture.now()).await.unwrap();
        }
        let report = audit::verify(&city, &keeper, &|_, _| {}).await.unwrap();
        assert!(report.ok, "{report:?}");
        assert_eq!((report.sealed_to, report.unsealed), (2, 0));
        store.close().await;
        target.leave().await;
    }

    async fn an_archive_says_what_it_holds(fixture) {
        let desk = Desk::open(fixture).await;
        for name in ["さくら公園", "もみじ公園"] {
            desk.create(name).await;
        }
        desk.take().await.unwrap();
        let inspected = backup::inspect(&desk.archive(), &|_, _| {}).await.unwrap();
        assert_eq!(inspected.cities[0].code, "142182");
        assert!(inspected.unpacked > 0 && inspected.digest.len() == 64);
        let elsewhere = Elsewhere::like(fixture, desk.folder.path()).await;
        let restored = desk.restore(&desk.archive(), &elsewhere.location).await.unwrap();
        let said = &restored.held["142182"];
        assert_eq!((said.ledgers["park"].records, said.training), (2, false));
        let (store, city) = desk.opened(&elsewhere.location).await;
        assert_eq!(backup::Holdings::of(&city).await.unwrap(), *said);
        if let Location::Directory(root) = &elsewhere.location {
            assert!(!root.join("cities/142182/holdings.json").exists(), "it is no part of a city");
        }
        store.close().await;
        elsewhere.leave().await;
    }

    async fn what_is_written_meanwhile_is_in_it_wholly_or_not_at_all(fixture) {
        let desk = Desk::open(fixture).await;
        desk.create("公園").await;
        let is_taken = AtomicBool::new(false);
        let write = async {
            let mut n = 0;
            while !is_taken.load(Ordering::SeqCst) {
                desk.create(&format!("公園{n}")).await;
                n += 1;
            }
            n
        };
        let take = async {
            let taken = desk.take().await;
            is_taken.store(true, Ordering::SeqCst);
            taken.unwrap()
        };
        let (written, _) = tokio::join!(write, take);
        assert!(written > 0);
        let target = Elsewhere::like(fixture, desk.folder.path()).await;
        desk.restore(&desk.archive(), &target.location).await.unwrap();
        let (store, city) = desk.opened(&target.location).await;
        assert!((1..=written + 1).contains(&parks(&city).await));
        let report = audit::verify(&city, &desk.keeper(), &|_, _| {}).await.unwrap();
        assert!(report.ok, "{report:?}");
        store.close().await;
        target.leave().await;
    }

    async fn an_earlier_state_comes_back(fixture) {
        let desk = Desk::open(fixture).await;
        desk.create("城山公園").await;
        desk.keeper().ensure_key([5; 32]).unwrap();
        audit::seal(&fixture.city, &desk.keeper(), fixture.now()).await.unwrap();
        desk.take().await.unwrap();
        desk.create("光綾公園").await;
        audit::seal(&fixture.city, &desk.keeper(), fixture.now()).await.unwrap();
        // A table that the backup does not know.
        let later = Sql::with("CREATE TABLE {later} (id bigint PRIMARY KEY)", []);
        fixture.city.write(kawasemi_store::Unit::of([later.into()])).await.unwrap();
        fixture.store.close().await;
        let restored = desk.restore(&desk.archive(), fixture.location()).await.unwrap();
        let (store, city) = desk.opened(fixture.location()).await;
        assert_eq!(parks(&city).await, 1);
        if let Location::Postgres(_) = fixture.location() {
            assert!(!audit::verify(&city, &desk.keeper(), &|_, _| {}).await.unwrap().ok);
            audit::rebase(&city, &desk.keeper(), fixture.now()).await.unwrap();
        } else {
            // The data of before is kept.
            assert!(restored.kept[0].join("kawasemi.db").exists());
        }
        let report = audit::verify(&city, &desk.keeper(), &|_, _| {}).await.unwrap();
        assert!(report.ok, "{report:?}");
        // Sealing goes on, with the same key.
        let key = desk.keeper().ensure_key([6; 32]).unwrap();
        assert_eq!(desk.keeper().keys().unwrap(), [key]);
        audit::seal(&city, &desk.keeper(), fixture.now()).await.unwrap();
        assert!(audit::verify(&city, &desk.keeper(), &|_, _| {}).await.unwrap().ok);
        store.close().await;
    }

    async fn a_damaged_archive_changes_nothing(fixture) {
        let desk = Desk::open(fixture).await;
        desk.create("城山公園").await;
        desk.take().await.unwrap();
        desk.create("光綾公園").await;
        fixture.store.close().await;
        let whole = std::fs::read(desk.archive()).unwrap();
        let mut damaged: Vec<(String, Vec<u8>)> = Vec::new();
        for part in [0, 3, 40, 90, 99] {
            damaged.push((format!("cut at {part}%"), whole[..whole.len() * part / 100].to_vec()));
        }
        for part in [0, 10, 50, 95] {
            let mut flipped = whole.clone();
            let position = 8 + (whole.len() - 16) * part / 100;
            flipped[position] ^= 0x20;
            damaged.push((format!("flipped at {part}%"), flipped));
        }
        let archive = desk.folder.path().join("damaged");
        for (what, bytes) in damaged {
            std::fs::write(&archive, bytes).unwrap();
            let refused = desk.restore(&archive, fixture.location()).await;
            assert!(matches!(refused, Err(StoreError::Refused { .. })), "{what}: {refused:?}");
        }
        let zeros = "0".repeat(64);
        let hash = |text: String| {
            let at = text.find("\"sha256\": \"").unwrap() + 11;
            format!("{}{zeros}{}", &text[..at], &text[at + 64..])
        };
        let kind = |text: String| match text.contains("\"store\": \"sqlite\"") {
            true => text.replace("\"store\": \"sqlite\"", "\"store\": \"postgres\""),
            false => text.replace("\"store\": \"postgres\"", "\"store\": \"sqlite\""),
        };
        let changes: [(&str, &dyn Fn(String) -> String); 5] = [
            ("another hash", &hash),
            ("another kind of store", &kind),
            ("a later format", &|text| text.replace("\"format\": 1", "\"format\": 99")),
            ("no entries", &|text| text.split_once("\"entries\"").unwrap().0.to_owned() + "\"entries\": []}"),
            ("an unknown key", &|text| text.replacen('{', "{ \"x\": 1,", 1)),
        ];
        for (what, change) in changes {
            let changed = with_manifest(&desk.archive(), change);
            let refused = desk.restore(&changed, fixture.location()).await;
            assert!(matches!(refused, Err(StoreError::Refused { .. })), "{what}: {refused:?}");
        }
        let (store, city) = desk.opened(fixture.location()).await;
        assert_eq!(parks(&city).await, 2);
        store.close().await;
        if let Location::Directory(root) = fixture.location() {
            let names = std::fs::read_dir(root).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
            assert!(!names.into_iter().any(|name| name.contains("staging")));
        }
    }

    async fn an_archive_that_can_not_be_written_leaves_nothing(fixture) {
        let desk = Desk::open(fixture).await;
        desk.create("城山公園").await;
        let fail = |_: &str| Err(StoreError::DiskFull);
        let (store, location) = (&fixture.store, fixture.location());
        let keeper = |_: &str| desk.keeper();
        let beside = Beside { files: &fail, apart: false, keeper: &keeper, staging: None, across: false };
        let refused = backup::take(store, location, beside, &desk.archive(), fixture.now(), &|_, _| {}).await;
        assert_eq!(refused, Err(StoreError::DiskFull));
        assert_eq!(only_archive(desk.folder.path()), Vec::<String>::new());
    }
}

#[test]
fn a_served_directory_is_not_replaced() {
    kawasemi_testkit::run_on_sqlite(Vec::new(), async |fixture| {
        let desk = Desk::open(fixture).await;
        desk.take().await.unwrap();
        let (served, _) = fixture.open_again(Access::Serve).await;
        let refused = desk.restore(&desk.archive(), fixture.location()).await;
        assert!(matches!(refused, Err(StoreError::Locked { .. })));
        served.close().await;
    });
}
