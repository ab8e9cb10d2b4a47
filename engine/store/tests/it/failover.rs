//! A primary that dies under the load of many writers, and the standby that takes its place: everything that was acknowledged is
//! there once, nothing that was denied is there, and the audit trail verifies. With real servers and real kills.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{PARK, fields, text};
use async_trait::async_trait;
use jiff::Timestamp;
use kawasemi_kernel::context::{FixedClock, SystemClock};
use kawasemi_kernel::id::RandomIds;
use kawasemi_kernel::{Act, IdSource as _, RecordId};
use kawasemi_schema::{LedgerDef, SourceFile};
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::jobs::{self, Handler, Handlers, Job, JobError};
use kawasemi_store::record::read;
use kawasemi_store::replication::{Concern, ServerRole};
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::{
    Access, Away, City, CityInfo, Ledger, Location, RecordUnit, Result, Sql, Store, StoreError, StoreOptions, Unit,
};
use kawasemi_testkit::postgres::Member::{A, B};
use kawasemi_testkit::postgres::{Member, Pair};
use uuid::Uuid;

/// Writers at once: more than there are connections for.
const WRITERS: usize = 20;

/// How long writes wait in these tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A city on a pair of servers.
struct Hall {
    pair: Pair,
    store: Store,
    city: City,
    ledger: Arc<Ledger>,
    keeper: Keeper,
    folder: tempfile::TempDir,
}

fn at() -> Timestamp {
    "2026-05-01T01:00:00Z".parse().unwrap()
}

fn act() -> Act {
    Act::system(at(), "")
}

async fn open(url: &str, note: Option<&Path>) -> Result<Store> {
    open_for(url, note, PATIENCE).await
}

async fn open_for(url: &str, note: Option<&Path>, patience: Duration) -> Result<Store> {
    let mut options = StoreOptions::new(Arc::new(FixedClock(at())));
    options.note = note.map(Path::to_owned);
    // Servers are started meanwhile, on a machine that may be busy.
    options.patience = patience;
    Store::open(&Location::Postgres(url.to_owned()), options).await
}

impl Hall {
    async fn new() -> Self {
        let pair = Pair::start();
        let folder = tempfile::tempdir().unwrap();
        let store = open(&pair.url(), Some(&folder.path().join("database.json"))).await.unwrap();
        let info = CityInfo {
            code: "142182".to_owned(),
            name: "綾瀬市".to_owned(),
            time_zone: "Asia/Tokyo".to_owned(),
            hosts: Vec::new(),
            created_at: 0,
        };
        let city = store.create_city(info).await.unwrap();
        let def = Arc::new(LedgerDef::read(SourceFile::new("park.toml", PARK)).unwrap());
        let plan = schema::plan(&city, Wanted { definitions: vec![def], retired: Vec::new() }).await.unwrap();
        schema::apply(&city, &plan, Allow::Additions, &act(), &RandomIds(SystemClock)).await.unwrap();
        let ledger = Arc::clone(city.catalogue().ledger("park").unwrap());
        let keeper = Keeper::new(folder.path().join("audit"));
        keeper.ensure_key([3; 32]).unwrap();
        Self { pair, store, city, ledger, keeper, folder }
    }

    /// Runs what blocks beside the tasks.
    async fn power(&self, work: impl FnOnce(&Pair)) {
        tokio::task::block_in_place(|| work(&self.pair));
    }

    async fn concerns(&self) -> Vec<Concern> {
        self.store.replication().await.unwrap().unwrap().concerns()
    }

    async fn count(&self, sql: &str) -> i64 {
        self.city.read_one(Sql::with(sql, [])).await.unwrap().unwrap().get(0).unwrap()
    }

    fn note(&self) -> std::path::PathBuf {
        self.folder.path().join("database.json")
    }
}

/// A unit that creates a park, with a job that belongs to it.
fn creation(city: &City, ledger: &Arc<Ledger>, id: RecordId) -> Unit {
    let (act, ids) = (act(), RandomIds(SystemClock));
    let mut unit = RecordUnit::new(city.dialect(), &act, &ids);
    unit.create(ledger, id, &fields([("name", text(&id.to_string()))])).unwrap();
    unit.add(jobs::enqueue(ids.next(), "count", Some(&id.to_string()), &id.to_string(), at(), at()));
    unit.into_unit()
}

/// What the writers were told.
#[derive(Default)]
struct Told {
    /// The revision of each record that was acknowledged.
    acknowledged: Mutex<HashMap<Uuid, i64>>,
    /// Records that were denied: nothing of them may be there.
    denied: Mutex<HashSet<Uuid>>,
    /// Writes whose outcome nobody knew, and that were sent again.
    unknown: AtomicU64,
    /// When something was acknowledged.
    moments: Mutex<Vec<Instant>>,
    stop: AtomicBool,
}

impl Told {
    fn acknowledge(&self, id: RecordId, revision: i64) {
        self.acknowledged.lock().unwrap().insert(id.0, revision);
        self.moments.lock().unwrap().push(Instant::now());
    }

    /// The longest time without an acknowledgement since an instant.
    fn silence(&self, since: Instant) -> Duration {
        let moments = self.moments.lock().unwrap();
        let mut moments: Vec<Instant> = moments.iter().copied().filter(|moment| *moment >= since).collect();
        moments.sort_unstable();
        let pairs = std::iter::once(since).chain(moments.iter().copied()).zip(moments.iter().copied());
        pairs.map(|(one, next)| next - one).max().unwrap_or(Duration::MAX)
    }

    fn since(&self, instant: Instant) -> usize {
        self.moments.lock().unwrap().iter().filter(|moment| **moment > instant).count()
    }
}

/// Creates records and changes them, without end, and minds what it is told.
async fn write_on(city: City, ledger: Arc<Ledger>, told: Arc<Told>) {
    let ids = RandomIds(SystemClock);
    while !told.stop.load(Ordering::Relaxed) {
        let id = RecordId(ids.next());
        if !settled(&told, id, || city.write(creation(&city, &ledger, id))).await {
            told.denied.lock().unwrap().insert(id.0);
            continue;
        }
        told.acknowledge(id, 1);
        let Ok(Some(before)) = read::record(&city, &ledger, id).await else { continue };
        let change = || {
            let (act, ids) = (act(), RandomIds(SystemClock));
            let mut unit = RecordUnit::new(city.dialect(), &act, &ids);
            unit.update(&ledger, &before, &fields([("name", text(&format!("{id} 改")))])).unwrap();
            city.write(unit.into_unit())
        };
        if settled(&told, id, change).await {
            told.acknowledge(id, 2);
        }
    }
}

/// Sends a write again as long as its outcome is not known, and answers whether it was done.
async fn settled<F: Future<Output = Result<kawasemi_store::Receipt>>>(
    told: &Told,
    id: RecordId,
    write: impl Fn() -> F,
) -> bool {
    loop {
        match write().await {
            Ok(_) => return true,
            Err(StoreError::Away { .. } | StoreError::Busy { .. }) => return false,
            Err(StoreError::Unknown { .. }) => {
                told.unknown.fetch_add(1, Ordering::Relaxed);
            }
            // What was sent before is there: the id is taken, or the revision that it was based on is past.
            Err(StoreError::Unique { .. } | StoreError::Conflict) if told.unknown.load(Ordering::Relaxed) > 0 => {
                return true;
            }
            Err(other) => panic!("{id}: {other:?}"),
        }
    }
}

/// Counts the jobs that were done, by record.
#[derive(Clone, Default)]
struct Counter(Arc<Mutex<HashMap<String, u32>>>);

#[async_trait]
impl Handler for Counter {
    async fn run(&self, _: &City, job: &Job) -> std::result::Result<(), JobError> {
        *self.0.lock().unwrap().entry(job.payload.clone()).or_default() += 1;
        Ok(())
    }
}

/// Writers, the sealing of the trail and a worker of jobs, as in a server.
fn load(hall: &Hall, told: &Arc<Told>, counter: &Counter) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for _ in 0..WRITERS {
        tasks.push(tokio::spawn(write_on(hall.city.clone(), Arc::clone(&hall.ledger), Arc::clone(told))));
    }
    let (city, keeper, stop) = (hall.city.clone(), hall.keeper.clone(), Arc::clone(told));
    tasks.push(tokio::spawn(async move {
        while !stop.stop.load(Ordering::Relaxed) {
            match audit::seal(&city, &keeper, at()).await {
                // Tried again, as a server does.
                Ok(_) | Err(StoreError::Away { .. } | StoreError::Unknown { .. } | StoreError::Busy { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }));
    let (city, stop) = (hall.city.clone(), Arc::clone(told));
    let handlers = Handlers::default().with("count", counter.clone());
    tasks.push(tokio::spawn(async move {
        while !stop.stop.load(Ordering::Relaxed) {
            let _ = handlers.work_once(&city, &FixedClock(at()), 50).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }));
    tasks
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not so");
}

/// Holds what is there against what was told.
async fn check(hall: &Hall, told: &Told) {
    let rows = hall.city.read(Sql::with("SELECT id, revision FROM {l_park}", [])).await.unwrap();
    let present: HashMap<Uuid, i64> = rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect();
    assert_eq!(present.len(), rows.len(), "no record is there twice");
    let acknowledged = told.acknowledged.lock().unwrap().clone();
    let lost: Vec<_> =
        acknowledged.iter().filter(|(id, revision)| present.get(*id).is_none_or(|found| found < *revision)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged are lost", lost.len(), acknowledged.len());
    let denied: Vec<_> = told.denied.lock().unwrap().iter().filter(|id| present.contains_key(*id)).copied().collect();
    assert!(denied.is_empty(), "{} were denied and are there", denied.len());
    // Each record has its whole unit: number, revisions, entries of the trail, the job.
    let records = i64::try_from(present.len()).unwrap();
    assert_eq!(hall.count("SELECT count(DISTINCT number) FROM {l_park}").await, records);
    assert_eq!(hall.count("SELECT value FROM {counter} WHERE key = 'number/park'").await, records);
    assert_eq!(hall.count("SELECT count(*) FROM {outbox} WHERE topic = 'count'").await, records);
    let entries = hall.count("SELECT count(*) FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id").await;
    assert_eq!(hall.count("SELECT sum(revision)::bigint FROM {l_park}").await + 1, entries);
    audit::seal(&hall.city, &hall.keeper, at()).await.unwrap();
    let report = audit::verify(&hall.city, &hall.keeper, &|_, _| {}).await.unwrap();
    assert!(report.ok, "{report:?}");
}

async fn rest(told: &Told, tasks: Vec<tokio::task::JoinHandle<()>>) {
    told.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_standby_takes_over_and_nothing_acknowledged_is_lost() {
    let hall = Hall::new().await;
    assert_eq!(hall.concerns().await, [Concern::Asynchronous(vec!["b".to_owned()])]);
    hall.power(|pair| pair.synchronous(A, true)).await;
    assert_eq!(hall.concerns().await, []);

    let (told, counter) = (Arc::new(Told::default()), Counter::default());
    let tasks = load(&hall, &told, &counter);
    until("they write", || told.since(Instant::now() - Duration::from_secs(60)) > 200).await;
    let killed = Instant::now();
    hall.power(|pair| pair.kill(A)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let promoted = Instant::now();
    hall.power(|pair| pair.promote(B)).await;
    until("they write again", || told.since(promoted) > 200).await;
    println!(
        "no write for {:?} since the kill, {:?} since the promotion",
        told.silence(killed),
        told.silence(promoted)
    );

    // The old primary comes back as it was, while they write.
    hall.power(|pair| pair.boot(A)).await;
    assert_eq!(hall.pair.answer(A, "SELECT pg_is_in_recovery()"), "f", "it would take writes");
    let before = count_of(&hall.pair, A);
    let back = Instant::now();
    until("they write on", || told.since(back) > 200).await;
    // Long enough for the servers to be looked at again.
    tokio::time::sleep(Duration::from_secs(6)).await;
    rest(&told, tasks).await;
    assert_eq!(count_of(&hall.pair, A), before, "nobody writes to it");
    assert!(count_of(&hall.pair, B) > before);
    check(&hall, &told).await;
    let turnover = hall.store.turnover().unwrap();
    assert_eq!(turnover.switches, 1);
    assert!(turnover.refused > 0);
    assert_eq!(hall.concerns().await[0], Concern::OldPrimary(hall.pair.place(A)));
    println!(
        "{} records; {} denied, {} unknown; {turnover:?}",
        told.acknowledged.lock().unwrap().len(),
        told.denied.lock().unwrap().len(),
        told.unknown.load(Ordering::Relaxed)
    );

    // Jobs that were due when the primary died are done, each at least once.
    let handlers = Handlers::default().with("count", counter.clone());
    while handlers.work_once(&hall.city, &SystemClock, 200).await.unwrap() > 0 {}
    let unsettled = hall.count("SELECT count(*) FROM {outbox} WHERE state NOT IN ('done')").await;
    assert_eq!(unsettled, 0);

    // Another process finds the new primary; one that knows the old one alone goes by the note.
    let other = open(&hall.pair.url(), Some(&hall.note())).await.unwrap();
    assert_eq!(other.replication().await.unwrap().unwrap().timeline, Some(2));
    other.close().await;
    let refused = open(&hall.pair.url_of(A), Some(&hall.note())).await.err().unwrap();
    assert!(matches!(&refused, StoreError::Away { why: Away::OldPrimary, .. }), "{refused:?}");
    assert!(refused.to_string().contains("切替え前の古いデータベース"), "{refused}");

    // It is rewound, and follows.
    hall.power(|pair| {
        pair.stop(A);
        pair.rewind(A);
        pair.synchronous(B, true);
    })
    .await;
    let now = hall.store.replication().await.unwrap().unwrap();
    let roles: Vec<ServerRole> = now.servers.iter().map(|server| server.role).collect();
    assert_eq!((roles, now.is_synchronous()), (vec![ServerRole::Standby, ServerRole::Primary], true));
    assert_eq!(now.concerns(), []);
    assert_eq!(count_of(&hall.pair, A), count_of(&hall.pair, B));

    // And back again, the way it came.
    let told =
        Arc::new(Told { acknowledged: Mutex::new(told.acknowledged.lock().unwrap().clone()), ..Told::default() });
    let tasks = load(&hall, &told, &counter);
    until("they write", || told.moments.lock().unwrap().len() > 100).await;
    hall.power(|pair| {
        pair.kill(B);
        pair.promote(A);
    })
    .await;
    let promoted = Instant::now();
    until("they write again", || told.since(promoted) > 100).await;
    rest(&told, tasks).await;
    check(&hall, &told).await;
    hall.store.close().await;
}

/// Parks on one server, asked at the server itself.
fn count_of(pair: &Pair, member: Member) -> i64 {
    tokio::task::block_in_place(|| pair.answer(member, "SELECT count(*) FROM city_142182.l_park").parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_was_lost_is_done_once() {
    let hall = Hall::new().await;
    hall.power(|pair| pair.synchronous(A, true)).await;
    let write = |id: RecordId| {
        let unit = creation(&hall.city, &hall.ledger, id);
        let city = hall.city.clone();
        tokio::spawn(async move { city.write(unit).await })
    };
    let id = || RecordId(RandomIds(SystemClock).next());
    let found = async |id: RecordId| {
        hall.city.read(Sql::with("SELECT number FROM {l_park} WHERE id = $1", [id.0.into()])).await.unwrap()
    };

    // The commit is written and waits for a standby that is gone; then the primary dies, and comes back with it.
    hall.power(|pair| pair.stop(B)).await;
    let (first, number) = (id(), hall.count("SELECT count(*) FROM {l_park}").await + 1);
    let writing = write(first);
    until("the commit waits", || waits_for_standby(&hall.pair)).await;
    hall.power(|pair| {
        pair.kill(A);
        pair.boot(A);
        pair.boot(B);
    })
    .await;
    let receipt = writing.await.unwrap().unwrap();
    assert_eq!(receipt.numbers, [number], "the answer of the attempt that was done");
    assert_eq!(found(first).await.len(), 1);
    assert_eq!(hall.store.turnover().unwrap().settled, 1);

    // The same, but the standby takes over, which never had it.
    hall.power(|pair| {
        pair.synchronous(A, true);
        pair.stop(B);
    })
    .await;
    let second = id();
    let writing = write(second);
    until("the commit waits", || waits_for_standby(&hall.pair)).await;
    hall.power(|pair| {
        pair.kill(A);
        pair.boot(B);
        pair.promote(B);
    })
    .await;
    let receipt = writing.await.unwrap().unwrap();
    assert_eq!(receipt.numbers, [number + 1]);
    assert_eq!(found(second).await.len(), 1);
    assert_eq!(hall.store.turnover().unwrap().settled, 2);
    assert_eq!(hall.count("SELECT count(*) FROM {audit} WHERE kind = 'create'").await, number + 1);
    hall.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_restarted_primary_has_alone_is_not_taken_for_done() {
    let hall = Hall::new().await;
    hall.power(|pair| {
        pair.synchronous(A, true);
        pair.stop(B);
    })
    .await;
    let id = RecordId(RandomIds(SystemClock).next());
    let (city, unit) = (hall.city.clone(), creation(&hall.city, &hall.ledger, id));
    let _first = tokio::spawn(async move { city.write(unit).await });
    until("the commit waits", || waits_for_standby(&hall.pair)).await;
    hall.power(|pair| {
        pair.kill(A);
        pair.boot(A);
    })
    .await;
    // Another process is sent the same. The record is there to be read, but the standby does not have it.
    let other = open_for(&hall.pair.url_of(A), None, Duration::from_secs(3)).await.unwrap();
    let city = other.open_city("142182").await.unwrap();
    let found = Sql::with("SELECT number FROM {l_park} WHERE id = $1", [id.0.into()]);
    assert_eq!(city.read(found).await.unwrap().len(), 1);
    let told = city.write(creation(&city, &hall.ledger, id)).await;
    assert!(matches!(told, Err(StoreError::Unknown { .. })), "{told:?}");
    hall.power(|pair| pair.boot(B)).await;
    until("the commits end", || other.turnover().unwrap().waiting == 0).await;
    let told = city.write(creation(&city, &hall.ledger, id)).await;
    assert!(matches!(told, Err(StoreError::Unique { .. })), "{told:?}");
    other.close().await;
    hall.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_old_primary_that_goes_on_is_left() {
    let hall = Hall::new().await;
    hall.power(|pair| pair.synchronous(A, true)).await;
    // Somebody lets the standby take over while the primary runs, to which all connections lead.
    hall.power(|pair| pair.promote(B)).await;
    let id = RecordId(RandomIds(SystemClock).next());
    let receipt = hall.city.write(creation(&hall.city, &hall.ledger, id)).await.unwrap();
    assert_eq!(receipt.numbers, [1]);
    let turnover = hall.store.turnover().unwrap();
    assert_eq!((turnover.switches, turnover.unknown, turnover.waiting), (1, 0, 0), "{turnover:?}");
    assert_eq!(count_of(&hall.pair, B), 1);
    assert_eq!(hall.concerns().await[0], Concern::OldPrimary(hall.pair.place(A)));
    hall.store.close().await;
}

fn waits_for_standby(pair: &Pair) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    tokio::task::block_in_place(|| pair.answer(A, sql)) == "1"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_in_vain_is_told_what_is_known() {
    let hall = Hall::new().await;
    // A standby is never taken for the primary, whether it is the only one or the primary is away.
    let alone = open(&hall.pair.url_of(B), None).await.err().unwrap();
    assert!(matches!(&alone, StoreError::Away { why: Away::NoPrimary, .. }), "{alone:?}");

    // Nobody answers to the commit: the outcome is not known, others can read meanwhile, and what is wrong is said.
    hall.power(|pair| {
        pair.synchronous(A, true);
        pair.stop(B);
    })
    .await;
    let id = RecordId(RandomIds(SystemClock).next());
    let (told, read) =
        tokio::join!(hall.city.write(creation(&hall.city, &hall.ledger, id)), hall.city.read(Sql::text("SELECT 1")));
    assert!(matches!(told, Err(StoreError::Unknown { .. })), "{told:?}");
    assert!(told.unwrap_err().to_string().contains("保存できたかどうかを確かめられていません"));
    assert!(read.is_ok());
    let concerns = hall.concerns().await;
    assert_eq!(concerns[0], Concern::Waiting("b".to_owned()));
    assert!(concerns[0].to_string().contains("保存が終わりません"));
    assert_eq!(hall.store.turnover().unwrap().unknown, 1);
    // Whoever wants to save something after that is told at once and for certain, and may go on reading.
    let next = hall.city.write(creation(&hall.city, &hall.ledger, RecordId(RandomIds(SystemClock).next()))).await;
    assert!(matches!(next, Err(StoreError::Away { why: Away::NoStandby, .. })), "{next:?}");
    assert!(matches!(hall.store.reach().await, Err(StoreError::Away { why: Away::NoStandby, .. })));
    assert_eq!(hall.store.turnover().unwrap().waiting, 1);
    // A server that is started now can serve what needs no writing.
    let mut options = StoreOptions::new(Arc::new(FixedClock(at()))).access(Access::Serve);
    options.time_limit = Duration::from_secs(5);
    let started = Store::open(&Location::Postgres(hall.pair.url()), options).await.unwrap();
    assert_eq!(started.cities().await.unwrap().len(), 1);
    started.close().await;

    // The waiting is called off by a person: the commit ends, and the same sent again is told that it is there.
    hall.power(|pair| {
        let _ = pair.answer(A, "ALTER SYSTEM SET synchronous_standby_names = ''");
        let _ = pair.answer(A, "SELECT pg_reload_conf()");
    })
    .await;
    until("the commit ends", || hall.store.turnover().unwrap().waiting == 0).await;
    let again = hall.city.write(creation(&hall.city, &hall.ledger, id)).await;
    assert!(matches!(again, Err(StoreError::Unique { .. })), "{again:?}");

    // No primary at all: nothing was done, and that is said within seconds.
    hall.power(|pair| {
        pair.boot(B);
        pair.synchronous(A, true);
        pair.kill(A);
    })
    .await;
    let away = hall.city.write(creation(&hall.city, &hall.ledger, RecordId(RandomIds(SystemClock).next()))).await;
    let Err(StoreError::Away { why, .. }) = away else { panic!("{away:?}") };
    assert_eq!(why, Away::NoPrimary);
    let now = hall.store.reach().await;
    assert!(matches!(now, Err(StoreError::Away { .. })), "{now:?}");
    hall.power(|pair| pair.promote(B)).await;
    let mut answer = hall.store.reach().await;
    for _ in 0..20 {
        if answer.is_ok() {
            break;
        }
        // What an earlier look found is shared for a moment.
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = hall.store.reach().await;
    }
    assert!(answer.is_ok(), "{answer:?}");
    hall.city.write(creation(&hall.city, &hall.ledger, RecordId(RandomIds(SystemClock).next()))).await.unwrap();
    assert_eq!(hall.count("SELECT count(*) FROM {l_park}").await, 2);
    hall.store.close().await;
}
