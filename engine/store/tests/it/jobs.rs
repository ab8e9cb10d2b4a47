//! Jobs: written with the act that causes them, done at least once, by one worker at a time.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::IdSource as _;
use kawasemi_kernel::context::FixedClock;
use kawasemi_store::jobs::{self, Ending, Handler, Handlers, Job, JobError, LEASE, MAX_ATTEMPTS};
use kawasemi_store::{Access, City, Sql, Statement, StoreError, Unit};
use kawasemi_testkit::{Fixture, on_both_stores};
use tokio::sync::watch;
use uuid::Uuid;

async fn enqueue(fixture: &Fixture, key: Option<&str>) -> Uuid {
    let id = fixture.ids.next();
    let job = jobs::enqueue(id, "mail", key, r#"{"to":"x"}"#, fixture.now(), fixture.now());
    fixture.city.write(Unit::of([job])).await.unwrap();
    id
}

async fn take(fixture: &Fixture, now: Timestamp) -> Vec<Job> {
    fixture.city.take_jobs(&["mail"], now, 10).await.unwrap()
}

async fn states(fixture: &Fixture) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for state in ["waiting", "running", "done", "dead"] {
        let count = fixture.city.jobs(state, 1_000).await.unwrap().len();
        if count > 0 {
            found.push((state.to_owned(), count));
        }
    }
    found
}

async fn check_states(fixture: &Fixture, expected: &[(&str, usize)]) {
    let expected: Vec<(String, usize)> = expected.iter().map(|(state, n)| ((*state).to_owned(), *n)).collect();
    assert_eq!(states(fixture).await, expected);
}

/// Fails or panics a few times, then succeeds.
struct Moody {
    failures: u32,
    seen: Arc<AtomicU32>,
    hopeless: bool,
    panics: bool,
}

#[async_trait]
impl Handler for Moody {
    async fn run(&self, _: &City, _: &Job) -> Result<(), JobError> {
        if self.seen.fetch_add(1, Ordering::SeqCst) >= self.failures {
            return Ok(());
        }
        assert!(!self.panics, "the handler is broken");
        Err(if self.hopeless { JobError::hopeless("宛先なし") } else { JobError::later("接続できません") })
    }
}

/// Never comes to an end.
struct Endless(Arc<AtomicU32>);

#[async_trait]
impl Handler for Endless {
    async fn run(&self, _: &City, _: &Job) -> Result<(), JobError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

fn moody(failures: u32, hopeless: bool, panics: bool) -> (Handlers, Arc<AtomicU32>) {
    let seen = Arc::new(AtomicU32::new(0));
    let handler = Moody { failures, seen: seen.clone(), hopeless, panics };
    (Handlers::default().with("mail", handler), seen)
}

async fn work(fixture: &Fixture, handlers: &Handlers, now: Timestamp) -> usize {
    handlers.work_once(&fixture.city, &FixedClock(now), 10).await.unwrap()
}

on_both_stores! {
    async fn a_job_stands_and_falls_with_its_act(fixture) {
        let job = jobs::enqueue(fixture.ids.next(), "mail", None, "{}", fixture.now(), fixture.now());
        let failing = Statement::one_row(
            Sql::with("UPDATE {counter} SET value = 1 WHERE key = 'none'", []),
            kawasemi_store::Unmet::Conflict,
        );
        assert_eq!(fixture.city.write(Unit::of([job, failing])).await, Err(StoreError::Conflict));
        check_states(fixture, &[]).await;
    }

    async fn a_key_is_taken_once(fixture) {
        for _ in 0..2 {
            enqueue(fixture, Some("reminder/7")).await;
            enqueue(fixture, None).await;
        }
        check_states(fixture, &[("waiting", 3)]).await;
    }

    async fn a_job_is_not_done_before_its_time(fixture) {
        let later = fixture.now() + SignedDuration::from_mins(5);
        let job = jobs::enqueue(fixture.ids.next(), "mail", None, "{}", fixture.now(), later);
        fixture.city.write(Unit::of([job])).await.unwrap();
        assert!(take(fixture, later - SignedDuration::from_secs(1)).await.is_empty());
        assert!(fixture.city.take_jobs(&["print"], later, 10).await.unwrap().is_empty());
        assert_eq!(take(fixture, later).await.len(), 1);
    }

    async fn a_failed_job_waits_longer_each_time(fixture) {
        enqueue(fixture, None).await;
        let (handlers, seen) = moody(2, false, false);
        let mut now = fixture.now();
        for wait in [10, 20] {
            assert_eq!(work(fixture, &handlers, now).await, 1);
            let waiting = &fixture.city.jobs("waiting", 1).await.unwrap()[0];
            assert_eq!(waiting.run_at, now + SignedDuration::from_secs(wait));
            assert_eq!(waiting.error.as_deref(), Some("接続できません"));
            assert_eq!(work(fixture, &handlers, waiting.run_at - SignedDuration::from_secs(1)).await, 0);
            now = waiting.run_at;
        }
        assert_eq!(work(fixture, &handlers, now).await, 1);
        assert_eq!(seen.load(Ordering::SeqCst), 3);
        check_states(fixture, &[("done", 1)]).await;
        fixture.city.sweep_jobs(now + SignedDuration::from_secs(1)).await.unwrap();
        check_states(fixture, &[]).await;
    }

    async fn a_job_that_never_succeeds_is_a_dead_letter_and_can_be_revived(fixture) {
        let id = enqueue(fixture, None).await;
        let (handlers, seen) = moody(u32::MAX, false, false);
        let mut now = fixture.now();
        for _ in 0..MAX_ATTEMPTS + 3 {
            work(fixture, &handlers, now).await;
            now += SignedDuration::from_hours(5);
        }
        assert_eq!(i64::from(seen.load(Ordering::SeqCst)), MAX_ATTEMPTS);
        check_states(fixture, &[("dead", 1)]).await;
        fixture.city.revive_job(id, now).await.unwrap();
        let (well, _) = moody(0, false, false);
        assert_eq!(work(fixture, &well, now).await, 1);
        check_states(fixture, &[("done", 1)]).await;
        assert_eq!(fixture.city.revive_job(id, now).await, Err(StoreError::NotFound));
    }

    async fn a_hopeless_job_is_a_dead_letter_at_once(fixture) {
        enqueue(fixture, None).await;
        work(fixture, &moody(1, true, false).0, fixture.now()).await;
        check_states(fixture, &[("dead", 1)]).await;
    }

    async fn a_handler_that_panics_does_not_end_the_worker(fixture) {
        enqueue(fixture, None).await;
        let (handlers, _) = moody(1, false, true);
        work(fixture, &handlers, fixture.now()).await;
        check_states(fixture, &[("waiting", 1)]).await;
        work(fixture, &handlers, fixture.now() + SignedDuration::from_secs(10)).await;
        check_states(fixture, &[("done", 1)]).await;
    }

    async fn the_job_of_a_worker_that_died_is_done_by_another(fixture) {
        let id = enqueue(fixture, None).await;
        let first = take(fixture, fixture.now()).await;
        assert!(take(fixture, fixture.now() + LEASE - SignedDuration::from_secs(1)).await.is_empty());
        let after = fixture.now() + LEASE;
        let second = take(fixture, after).await;
        assert_eq!((second[0].id, second[0].attempts), (id, 2));
        // The first one was only slow: what it reports does not take the job away from the second.
        fixture.city.fail_job(&first[0], after, "timeout", false).await.unwrap();
        check_states(fixture, &[("running", 1)]).await;
        fixture.city.finish_job(id, after).await.unwrap();
        fixture.city.fail_job(&second[0], after, "timeout", false).await.unwrap();
        check_states(fixture, &[("done", 1)]).await;
    }

    async fn a_job_that_takes_long_is_kept(fixture) {
        enqueue(fixture, None).await;
        let job = take(fixture, fixture.now()).await.remove(0);
        let late = fixture.now() + LEASE - SignedDuration::from_secs(1);
        fixture.city.keep_job(&job, late).await.unwrap();
        assert!(take(fixture, fixture.now() + LEASE + LEASE / 2).await.is_empty());
        let taken = take(fixture, late + LEASE).await.remove(0);
        // The first worker can't keep what another has by now.
        fixture.city.keep_job(&job, late + LEASE * 3).await.unwrap();
        assert_eq!(take(fixture, late + LEASE * 2).await.remove(0).attempts, taken.attempts + 1);
    }

    async fn a_worker_stops_when_it_is_told_and_not_in_the_middle(fixture) {
        enqueue(fixture, None).await;
        let (handlers, seen) = moody(0, false, false);
        let clock = FixedClock(fixture.now());
        let (tell, told) = watch::channel(Ending::NotYet);
        let telling = async {
            while seen.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            tell.send_replace(Ending::Finish);
        };
        let working = handlers.work(&fixture.city, &clock, std::time::Duration::from_secs(3600), told);
        futures::join!(working, telling);
        assert_eq!(seen.load(Ordering::SeqCst), 1, "what it had begun is done");
        check_states(fixture, &[("done", 1)]).await;
    }

    async fn what_a_worker_can_not_finish_is_given_back(fixture) {
        for _ in 0..8 {
            enqueue(fixture, None).await;
        }
        let begun = Arc::new(AtomicU32::new(0));
        let handlers = Handlers::default().with("mail", Endless(Arc::clone(&begun)));
        let clock = FixedClock(fixture.now());
        let (tell, told) = watch::channel(Ending::NotYet);
        let telling = async {
            while begun.load(Ordering::SeqCst) < 5 {
                tokio::task::yield_now().await;
            }
            tell.send_replace(Ending::Finish);
            tokio::task::yield_now().await;
            check_states(fixture, &[("running", 8)]).await;
            tell.send_replace(Ending::GiveBack);
        };
        let working = handlers.work(&fixture.city, &clock, std::time::Duration::from_secs(3600), told);
        futures::join!(working, telling);
        assert_eq!(begun.load(Ordering::SeqCst), 5, "none was begun after it was told");
        check_states(fixture, &[("waiting", 8)]).await;
        let again = take(fixture, fixture.now()).await;
        assert!(again.len() == 8 && again.iter().all(|job| job.attempts == 1), "at once, and as if never taken");
    }

    async fn a_job_that_kills_its_workers_is_given_up(fixture) {
        enqueue(fixture, None).await;
        let mut now = fixture.now();
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(take(fixture, now).await[0].attempts, attempt);
            now += LEASE;
        }
        assert!(take(fixture, now).await.is_empty());
        check_states(fixture, &[("dead", 1)]).await;
    }

    async fn workers_never_take_the_same_job(fixture) {
        let mut unit = Unit::new();
        for _ in 0..300 {
            unit.add(jobs::enqueue(fixture.ids.next(), "mail", None, "{}", fixture.now(), fixture.now()));
        }
        fixture.city.write(unit).await.unwrap();
        let (store, other) = fixture.open_again(Access::Command).await;
        let workers = (0..8).map(|worker| {
            let city = if worker % 2 == 0 { fixture.city.clone() } else { other.clone() };
            let now = fixture.now();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let jobs = city.take_jobs(&["mail"], now, 7).await.unwrap();
                    assert!(jobs.len() <= 7);
                    if jobs.is_empty() {
                        return taken;
                    }
                    taken.extend(jobs.into_iter().map(|job| job.id));
                }
            })
        });
        let mut taken = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            taken.extend(worker.await.unwrap());
        }
        assert_eq!(taken.len(), 300);
        assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 300);
        store.close().await;
    }
}
