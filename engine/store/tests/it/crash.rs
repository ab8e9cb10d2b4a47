//! A process that is killed under write load: everything that it acknowledged is there, nothing half-written is, and the
//! audit trail verifies.
//!
//! The writing process is this test binary itself, run again with the location in its environment. It is killed with
//! SIGKILL fifty times for each store; `KAWASEMI_TEST_KILLS` asks for another number.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{PARK, fields, text};
use kawasemi_kernel::context::{FixedClock, SystemClock};
use kawasemi_kernel::id::RandomIds;
use kawasemi_kernel::{Act, IdSource as _, RecordId};
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::batch::{self, Batch};
use kawasemi_store::record::read;
use kawasemi_store::{Access, City, Ledger, Location, RecordUnit, Result, Sql, Store, StoreOptions};
use kawasemi_testkit::{Fixture, on_both_stores};

const LOCATION: &str = "KAWASEMI_CRASH_LOCATION";
const KEEPER: &str = "KAWASEMI_CRASH_KEEPER";
/// Rows of an import that are written in one unit.
const ROWS: i64 = 20;

fn kills() -> u64 {
    std::env::var("KAWASEMI_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

fn act() -> Act {
    Act::system("2026-05-01T01:00:00Z".parse().unwrap(), "")
}

/// Opens the city in the process that is going to be killed.
async fn open() -> Option<(City, Arc<Ledger>, Keeper)> {
    let location = std::env::var(LOCATION).ok()?;
    let location = match location.strip_prefix("directory:") {
        Some(path) => Location::Directory(path.into()),
        None => Location::Postgres(location),
    };
    let clock = Arc::new(FixedClock(act().at));
    let store = Store::open(&location, StoreOptions::new(clock)).await.unwrap();
    let city = store.open_city("142182").await.unwrap();
    let ledger = Arc::clone(city.catalogue().ledger("park").unwrap());
    Some((city, ledger, Keeper::new(std::env::var(KEEPER).unwrap())))
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work);
}

/// Not a test by itself: the process that creates and changes records, and seals.
#[test]
#[ignore = "run by the others"]
fn writer() {
    run(async {
        let Some((city, ledger, keeper)) = open().await else { return };
        for _ in 0..6 {
            let (city, ledger) = (city.clone(), ledger.clone());
            tokio::spawn(async move {
                let ids = RandomIds(SystemClock);
                loop {
                    write_one(&city, &ledger, &ids).await.unwrap();
                }
            });
        }
        loop {
            audit::seal(&city, &keeper, act().at).await.unwrap();
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    });
}

/// Creates a record and changes it, and says so after each.
async fn write_one(city: &City, ledger: &Arc<Ledger>, ids: &RandomIds<SystemClock>) -> Result<()> {
    let (id, act) = (RecordId(ids.next()), act());
    let values = fields([("name", text(&id.to_string())), ("note", text("公園"))]);
    let mut unit = RecordUnit::new(city.dialect(), &act, ids);
    unit.create(ledger, id, &values)?;
    city.write(unit.into_unit()).await?;
    println!("acknowledged {id} 1");
    let before = read::record(city, ledger, id).await?.expect("it was acknowledged");
    let mut unit = RecordUnit::new(city.dialect(), &act, ids);
    unit.update(ledger, &before, &fields([("name", text(&format!("{id} 改")))]))?;
    city.write(unit.into_unit()).await?;
    println!("acknowledged {id} 2");
    Ok(())
}

/// Not a test by itself: the process that imports without end.
#[test]
#[ignore = "run by the others"]
fn importer() {
    run(async {
        let Some((city, ledger, _)) = open().await else { return };
        let batch = batch::open(&city, &ledger, "公園.csv", "{}", &act()).await.unwrap();
        for part in 0.. {
            stage(&city, &ledger, &batch, part * ROWS).await.unwrap();
            println!("acknowledged {} {}", RecordId(uuid::Uuid::nil()), (part + 1) * ROWS);
        }
    });
}

async fn stage(city: &City, ledger: &Arc<Ledger>, batch: &Batch, from: i64) -> Result<()> {
    let (ids, act) = (RandomIds(SystemClock), act());
    let mut unit = RecordUnit::new(city.dialect(), &act, &ids).in_batch(batch.id);
    unit.add(batch::progress(batch.id, from, from + ROWS, act.at));
    for n in from..from + ROWS {
        unit.create(ledger, RecordId(ids.next()), &fields([("name", text(&format!("広場{}-{n}", batch.id)))]))?;
    }
    city.write(unit.into_unit()).await.map(|_| ())
}

/// Runs one of the two for a while after its first word, kills it, and answers what it acknowledged.
fn run_and_kill(role: &str, location: &Location, keeper: &Path, load: Duration) -> Vec<(RecordId, i64)> {
    let location = match location {
        Location::Directory(path) => format!("directory:{}", path.display()),
        Location::Postgres(url) => url.clone(),
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", role, "--ignored", "--nocapture", "--test-threads=1"])
        .env(LOCATION, location)
        .env(KEEPER, keeper)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut acknowledged, mut deadline) = (Vec::new(), None);
    // What was printed before the kill is read to its end; a last line cut short is none.
    for line in lines {
        let Ok(line) = line else { break };
        let Some((id, number)) = line.split_once("acknowledged ").and_then(|(_, rest)| rest.split_once(' ')) else {
            continue;
        };
        if let (Ok(id), Ok(number)) = (id.parse(), number.parse()) {
            acknowledged.push((id, number));
        }
        if Instant::now() > *deadline.get_or_insert_with(|| Instant::now() + load) {
            let _ = child.kill();
        }
    }
    let _ = child.kill();
    assert!(!child.wait().unwrap().success(), "the process ended by itself");
    assert!(!acknowledged.is_empty(), "the process wrote nothing");
    acknowledged
}

async fn kill_round(fixture: &Fixture, role: &'static str, keeper: &Keeper, round: u64) -> Vec<(RecordId, i64)> {
    let (location, folder) = (fixture.location().clone(), keeper.folder().to_owned());
    let load = Duration::from_millis(30 + round * 37 % 200);
    let work = tokio::task::spawn_blocking(move || run_and_kill(role, &location, &folder, load));
    let acknowledged = work.await.unwrap();
    if matches!(fixture.location(), Location::Postgres(_)) {
        // The server may still be finishing what the killed process had sent.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    acknowledged
}

async fn check_trail(city: &City, keeper: &Keeper) {
    let report = audit::verify(city, keeper, &|_, _| {}).await.unwrap();
    assert!(report.ok, "{report:?}");
}

async fn count(city: &City, sql: &str) -> i64 {
    city.read_one(Sql::with(sql, [])).await.unwrap().unwrap().get(0).unwrap()
}

/// Prepares a city that no process has open: after each kill it is opened as after a power cut.
async fn prepare(fixture: &Fixture) -> (tempfile::TempDir, Keeper) {
    fixture.publish(&[PARK]).await;
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::new(folder.path().join("audit"));
    keeper.ensure_key([3; 32]).unwrap();
    fixture.store.close().await;
    (folder, keeper)
}

on_both_stores! {
    async fn everything_acknowledged_survives(fixture) {
        let (_folder, keeper) = prepare(fixture).await;
        let (mut written, mut sealed_to) = (HashMap::new(), 0);
        for round in 0..kills() {
            for (id, revision) in kill_round(fixture, "crash::writer", &keeper, round).await {
                written.insert(id.0, revision);
            }
            // First by a process that may only read, as `audit verify` does.
            let (store, city) = fixture.open_again(Access::Read).await;
            check_trail(&city, &keeper).await;
            store.close().await;
            let (store, city) = fixture.open_again(Access::Command).await;
            let rows = city.read(Sql::with("SELECT id, revision FROM {l_park}", [])).await.unwrap();
            let present: HashMap<uuid::Uuid, i64> =
                rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect();
            let lost = written.iter().filter(|(id, revision)| present.get(*id).is_none_or(|found| found < *revision));
            assert_eq!(lost.count(), 0, "of {} after {} kills", written.len(), round + 1);
            check_trail(&city, &keeper).await;
            // Each record has its whole unit, the number included.
            let records = i64::try_from(present.len()).unwrap();
            assert_eq!(count(&city, "SELECT count(DISTINCT number) FROM {l_park}").await, records);
            assert_eq!(count(&city, "SELECT value FROM {counter} WHERE key = 'number/park'").await, records);
            let entries = count(&city, "SELECT count(*) FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id").await;
            assert_eq!(count(&city, "SELECT sum(revision) FROM {l_park}").await + 1, entries);
            sealed_to = count(&city, "SELECT coalesce(max(last), 0) FROM {checkpoint}").await;
            store.close().await;
        }
        assert!(sealed_to > 0, "nothing was sealed");
        println!("{} records in {} kills, sealed to {sealed_to}", written.len(), kills());
    }

    async fn an_import_that_was_killed_is_invisible_and_goes_on_or_is_swept(fixture) {
        let (_folder, keeper) = prepare(fixture).await;
        let mut visible = 0;
        for round in 0..kills().div_ceil(4) {
            let acknowledged = kill_round(fixture, "crash::importer", &keeper, round).await;
            let (store, city) = fixture.open_again(Access::Command).await;
            let ledger = Arc::clone(city.catalogue().ledger("park").unwrap());
            // The process is gone, and its lease does not have to end before the next one sees that.
            let broken_off = batch::take_broken_off(&city).await.unwrap();
            let [batch] = broken_off.as_slice() else { panic!("one batch was begun: {broken_off:?}") };
            assert!(batch.progress >= acknowledged.last().unwrap().1);
            let mut rows = Sql::with("SELECT count(*) FROM {l_park} AS r WHERE batch = $1", [batch.id.into()]);
            let staged: i64 = city.read_one(rows.clone()).await.unwrap().unwrap().get(0).unwrap();
            assert_eq!(staged, batch.progress);
            rows.push(" AND ").append(&batch::visible("r"));
            assert_eq!(city.read_one(rows).await.unwrap().unwrap().get::<i64>(0).unwrap(), 0);
            check_trail(&city, &keeper).await;
            if round % 2 == 0 {
                stage(&city, &ledger, batch, batch.progress).await.unwrap();
                batch::publish(&city, batch.id, act().at).await.unwrap();
                visible += batch.progress + ROWS;
            } else {
                let swept = batch::sweep(&city, &ledger, batch.id, act().at).await.unwrap();
                assert_eq!(swept, batch.progress.unsigned_abs());
            }
            assert_eq!(count(&city, "SELECT count(*) FROM {l_park}").await, visible);
            audit::seal(&city, &keeper, act().at).await.unwrap();
            check_trail(&city, &keeper).await;
            store.close().await;
        }
    }
}
