//! A full disk: a clear refusal, nothing half-written, nothing acknowledged lost, and work goes on once there is room.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::common::{PARK, fields, text};
use kawasemi_kernel::context::FixedClock;
use kawasemi_kernel::id::CountingIds;
use kawasemi_kernel::{Act, IdSource as _, RecordId};
use kawasemi_schema::{LedgerDef, SourceFile};
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::{City, CityInfo, Ledger, Location, RecordUnit, Sql, Store, StoreError, StoreOptions};

struct Hall {
    store: Store,
    city: City,
    ledger: Arc<Ledger>,
    ids: CountingIds,
}

impl Hall {
    async fn open(root: &Path) -> Self {
        let now = "2026-05-01T01:00:00Z".parse().unwrap();
        let options = StoreOptions::new(Arc::new(FixedClock(now)));
        let store = Store::open(&Location::Directory(root.join("data")), options).await.unwrap();
        let info = CityInfo {
            code: "142182".into(),
            name: "綾瀬市".into(),
            time_zone: "Asia/Tokyo".into(),
            hosts: vec![],
            created_at: 0,
        };
        let city = store.create_city(info).await.unwrap();
        let ids = CountingIds::new(1);
        let park = Arc::new(LedgerDef::read(SourceFile::new("park.toml", PARK)).unwrap());
        let plan = schema::plan(&city, Wanted { definitions: vec![park], retired: vec![] }).await.unwrap();
        schema::apply(&city, &plan, Allow::Additions, &Act::system(now, ""), &ids).await.unwrap();
        let ledger = Arc::clone(city.catalogue().ledger("park").unwrap());
        Self { store, city, ledger, ids }
    }

    async fn create(&self) -> Result<RecordId, StoreError> {
        let act = Act::system("2026-05-01T01:00:00Z".parse().unwrap(), "");
        let id = RecordId(self.ids.next());
        let mut unit = RecordUnit::new(self.city.dialect(), &act, &self.ids);
        let note = "公園の備考".repeat(400);
        unit.create(&self.ledger, id, &fields([("name", text(&id.to_string())), ("note", text(&note))]))?;
        self.city.write(unit.into_unit()).await.map(|_| id)
    }

    /// Creates records until one is refused, and answers how many were acknowledged and why the next was not.
    async fn fill(&self) -> (i64, StoreError) {
        for acknowledged in 0..100_000 {
            if let Err(error) = self.create().await {
                return (acknowledged, error);
            }
        }
        panic!("the disk did not fill up");
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = Sql::with(&format!("SELECT count(*) FROM {{{table}}}"), []);
        self.city.read_one(sql).await.unwrap().unwrap().get(0).unwrap()
    }

    async fn check_whole(&self, acknowledged: i64) {
        assert_eq!(self.count("l_park").await, acknowledged);
        // One entry for the definition.
        assert_eq!(self.count("audit").await, acknowledged + 1);
        assert_eq!(self.count("audit_payload").await, acknowledged + 1);
        let counter = Sql::with("SELECT value FROM {counter} WHERE key = 'number/park'", []);
        let last: i64 = self.city.read_one(counter).await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(last, acknowledged);
        let sound = self.city.read_one(Sql::text("PRAGMA integrity_check")).await.unwrap().unwrap();
        assert_eq!(sound.get::<String>(0).unwrap(), "ok");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_database_refuses_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let hall = Hall::open(directory.path()).await;
    let pages: i64 = hall.city.read_one(Sql::text("PRAGMA page_count")).await.unwrap().unwrap().get(0).unwrap();
    let limit = |pages: i64| Sql::text(&format!("PRAGMA max_page_count = {pages}"));
    hall.city.maintain(limit(pages + 300)).await.unwrap();
    let (acknowledged, error) = hall.fill().await;
    assert_eq!(error, StoreError::DiskFull);
    assert!(acknowledged > 10);
    hall.check_whole(acknowledged).await;
    hall.city.maintain(limit(1_000_000)).await.unwrap();
    hall.create().await.unwrap();
    hall.check_whole(acknowledged + 1).await;
    hall.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_units_in_one_commit_the_small_ones_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let hall = Hall::open(directory.path()).await;
    let pages: i64 = hall.city.read_one(Sql::text("PRAGMA page_count")).await.unwrap().unwrap().get(0).unwrap();
    hall.city.maintain(Sql::text(&format!("PRAGMA max_page_count = {}", pages + 120))).await.unwrap();
    let large = {
        let blob = Sql::with(
            "INSERT INTO {audit_payload} (audit_id, salt, payload) VALUES ($1, $2, $3)",
            [uuid::Uuid::from_u128(1).into(), vec![0_u8].into(), "公".repeat(1_000_000).into()],
        );
        kawasemi_store::Unit::of([blob.into()])
    };
    let (first, refused, last) = tokio::join!(hall.create(), hall.city.write(large), hall.create());
    assert!(first.is_ok() && last.is_ok(), "{first:?} {last:?}");
    assert_eq!(refused, Err(StoreError::DiskFull));
    hall.check_whole(2).await;
    hall.store.close().await;
}

/// The same on a file system that really is full, where the tests may mount one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_system_refuses_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::small(directory.path()) else {
        eprintln!("mounting needs root: the limit inside the database, above, has to do");
        return;
    };
    let filler = directory.path().join("filler");
    std::fs::write(&filler, vec![0; 4 << 20]).unwrap();
    let hall = Hall::open(directory.path()).await;
    let (acknowledged, error) = hall.fill().await;
    assert_eq!(error, StoreError::DiskFull);
    std::fs::remove_file(&filler).unwrap();
    hall.check_whole(acknowledged).await;
    hall.create().await.unwrap();
    hall.check_whole(acknowledged + 1).await;
    hall.store.close().await;
}

/// A file system of 12 MB in memory, for as long as the value lives.
struct Mounted(PathBuf);

impl Mounted {
    fn small(path: &Path) -> Option<Self> {
        let arguments = ["-t", "tmpfs", "-o", "size=12m", "tmpfs"];
        let status = Command::new("mount").args(arguments).arg(path).status().ok()?;
        status.success().then(|| Self(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
