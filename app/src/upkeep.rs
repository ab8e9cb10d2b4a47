//! What a running server does by itself for each open city: the audit trail is sealed and webhooks get their messages, jobs are
//! done, the day's work is begun, accounts follow the register of assignments, probable duplicates of parties are found, imports that were broken off are cleared away, and
//! what has ended (sessions, jobs that are done) is removed.
//!
//! Cities open when somebody asks for them, and the server asks for each once by itself ([`Upkeep::open_all`]): the jobs of a
//! city that nobody has visited since the start must be done as well.
//!
//! A failure is logged and tried again at the next round; it never stops the server.
//!
//! When the server ends ([`Upkeep::end`]), what was begun is finished within a limit, jobs that are not done are given back, and
//! the last entries of the trail are sealed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kawasemi_desk::{Desk, Role};
use kawasemi_oversight::disposal::{self, due};
use kawasemi_parties::Duplicates;
use kawasemi_registry::{ASSIGNMENT, DEPARTMENT, DEPARTMENT_SHARE, PERSONNEL_ORDER, REORGANISATION_STEP, STAFF};
use kawasemi_schema::{Retention, RetentionStart};
use kawasemi_store::jobs::{Ending, Handlers};
use kawasemi_store::{Sql, audit, schema};
use kawasemi_webhook::{self as webhook, Delivery};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::daily::{self, DailyWork};
use crate::shell::{OpenCity, Shell};
use crate::stopping::Limits;
use crate::training;

/// Between two rounds, in which the audit trail is sealed.
const ROUND: Duration = Duration::from_secs(10);
/// Between two looks for jobs.
const LOOK: Duration = Duration::from_secs(2);
/// Between two looks for cities that are not open yet.
const NEW_CITIES: Duration = Duration::from_secs(60);
/// Rounds between two looks at the registers.
const FOLLOW_EVERY: u64 = 6;
/// Rounds between two sweeps.
const SWEEP_EVERY: u64 = 360;
/// Rounds in a minute.
const ROUNDS_A_MINUTE: u64 = 6;
/// After so long without another piece, an upload comes to no end: its process was killed.
const UNFINISHED_UPLOADS: SignedDuration = SignedDuration::from_hours(24);
/// How long a job that is done can be looked at.
const DONE_JOBS: SignedDuration = SignedDuration::from_hours(24 * 14);

/// The upkeep of all open cities.
pub struct Upkeep {
    shell: Arc<Shell>,
    stop: watch::Sender<Ending>,
    work: Mutex<JoinSet<()>>,
    cities: Mutex<Vec<OpenCity>>,
}

impl Upkeep {
    /// Upkeep of no city yet.
    pub fn new(shell: Arc<Shell>) -> Arc<Self> {
        Arc::new(Self { shell, stop: watch::Sender::default(), work: Mutex::default(), cities: Mutex::default() })
    }

    /// Looks after a city from now on.
    pub fn watch(&self, open: OpenCity) {
        self.cities.lock().unwrap_or_else(PoisonError::into_inner).push(open.clone());
        let (shell, mut stop) = (Arc::clone(&self.shell), self.stop.subscribe());
        let tended = open.clone();
        self.spawn(async move {
            let mut known = Known::default();
            for round in 0_u64.. {
                tend(&shell, &tended, &mut known, round).await;
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    _ = stop.changed() => break,
                }
            }
        });
        self.go_to_portal(open.clone());
        // Apart from the rounds: a city with many parties is looked through for a minute the first time.
        let (shell, mut stop) = (Arc::clone(&self.shell), self.stop.subscribe());
        let parties = open.clone();
        self.spawn(async move {
            loop {
                let duplicates = Duplicates::new(parties.ledgers.clone());
                if let Err(error) = duplicates.catch_up(&shell.context("名寄せの候補を探す")).await {
                    tracing::error!(city = parties.city.code(), %error, "probable duplicates were not looked for");
                }
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    _ = stop.changed() => break,
                }
            }
        });
        let (city, mut stop) = (open.city.clone(), self.stop.subscribe());
        self.spawn(async move {
            tokio::select! {
                renewed = schema::renew_search(&city) => match renewed {
                    Ok(0) => {}
                    Ok(records) => tracing::info!(city = city.code(), records, "search texts were made anew"),
                    Err(error) => tracing::error!(city = city.code(), %error, "search texts were not made anew"),
                },
                // Begun again at the next start.
                _ = stop.changed() => {}
            }
        });
        // Each by itself: one that is away must hold up neither the others nor the rounds.
        let targets = if self.shell.config.role == Role::Portal { Vec::new() } else { self.shell.config.siem.clone() };
        for target in targets {
            let (shell, tended, mut stop) = (Arc::clone(&self.shell), open.clone(), self.stop.subscribe());
            self.spawn(async move {
                while *stop.borrow() == Ending::NotYet {
                    if let Err(error) = tended.oversight.send(&target, shell.clock.now()).await {
                        // It may be away for hours; it gets everything once it is back.
                        tracing::error!(city = tended.city.code(), %error, "the logs were not handed over");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(ROUND) => {}
                        _ = stop.changed() => break,
                    }
                }
            });
        }
        let (shell, stop) = (Arc::clone(&self.shell), self.stop.subscribe());
        let mut handlers = Handlers::default()
            .with(disposal::TOPIC, disposal::Worker(open.oversight.clone()))
            .with(daily::TOPIC, DailyWork::new(Arc::clone(&shell), open.clone()));
        if shell.config.role != Role::Portal {
            handlers = handlers.with(webhook::TOPIC, Delivery(open.webhooks.clone()));
        }
        self.spawn(async move {
            handlers.work(&open.city, &*shell.clock, LOOK, stop).await;
        });
    }

    /// Goes to the portal again and again, where this is the desk and a portal is named. It is the one connection between
    /// the two halves, and nothing on the portal opens any.
    fn go_to_portal(&self, open: OpenCity) {
        // Nothing leaves a training city, and nothing is fetched into it.
        if open.city.is_training() {
            return;
        }
        let client = match self.shell.portal(&open) {
            Ok(Some(client)) => client,
            Ok(None) => return,
            Err(error) => return tracing::error!(error = %format!("{error:#}"), "there is no way to the portal"),
        };
        let (every, mut stop) = (self.shell.config.portal_every, self.stop.subscribe());
        self.spawn(async move {
            let mut last = String::new();
            loop {
                let said = match open.courier.poll(&client).await {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                };
                // What goes on failing is told once.
                if said != last {
                    match said.as_str() {
                        "" => tracing::info!(city = open.city.code(), "the portal is reached again"),
                        said => tracing::warn!(
                            city = open.city.code(),
                            error = said,
                            "the portal's parcels were not fetched"
                        ),
                    }
                    last = said;
                }
                tokio::select! {
                    () = tokio::time::sleep(every) => {}
                    _ = stop.changed() => return,
                }
            }
        });
    }

    /// Opens every city, those that are added while the server runs included, so that each is looked after.
    pub fn open_all(&self, desk: Desk) {
        let mut stop = self.stop.subscribe();
        self.spawn(async move {
            let mut refused = HashSet::new();
            loop {
                match desk.store().cities().await {
                    Ok(cities) => {
                        for city in cities {
                            if *stop.borrow() != Ending::NotYet {
                                return;
                            }
                            // Why it does not open is told once, not every minute.
                            if let Err(problem) = desk.city(&city.code).await
                                && refused.insert(city.code.clone())
                            {
                                tracing::error!(
                                    city = city.code,
                                    cause = problem.log,
                                    detail = problem.detail,
                                    "a city does not open"
                                );
                            }
                        }
                    }
                    Err(error) => tracing::error!(%error, "the list of cities can't be read"),
                }
                tokio::select! {
                    () = tokio::time::sleep(NEW_CITIES) => {}
                    _ = stop.changed() => return,
                }
            }
        });
    }

    /// Does other work as well that goes on until the server ends.
    pub fn also<W>(&self, work: impl FnOnce(watch::Receiver<Ending>) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        self.spawn(work(self.stop.subscribe()));
    }

    /// Ends: what is being done comes to its end within its limit, or is given back; then the last entries are sealed.
    pub async fn end(&self, limits: &Limits) {
        self.stop.send_replace(Ending::Finish);
        let mut work = std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner));
        let mut finished = async || while work.join_next().await.is_some() {};
        if tokio::time::timeout(limits.work, finished()).await.is_err() {
            tracing::warn!(seconds = limits.work.as_secs_f64(), "what was begun did not end in time and is given back");
            self.stop.send_replace(Ending::GiveBack);
            let _ = tokio::time::timeout(limits.giving_back, finished()).await;
        }
        // What is left makes up for it at the next start: every write stands by itself.
        work.shutdown().await;
        self.seal_last(limits.sealing).await;
    }

    /// Seals what was written since the last round, so that nothing waits for its place while the server is away.
    async fn seal_last(&self, limit: Duration) {
        let cities = std::mem::take(&mut *self.cities.lock().unwrap_or_else(PoisonError::into_inner));
        let sealing = async {
            for open in &cities {
                let logs = async { Ok(open.oversight.tend(self.shell.clock.now()).await.map(drop)?) };
                for done in [seal(&self.shell, open).await, logs.await] {
                    if let Err(error) = done {
                        tracing::error!(city = open.city.code(), error = %format!("{error:#}"), "the last entries were not sealed");
                    }
                }
            }
        };
        if tokio::time::timeout(limit, sealing).await.is_err() {
            tracing::warn!("the last entries were not sealed in time; the next start seals them");
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).spawn(work);
    }
}

/// What the rounds of a city remember.
#[derive(Default)]
struct Known {
    /// The state of the registers that accounts follow.
    registers: Option<Vec<i64>>,
    /// The day whose work was begun.
    day: Option<Date>,
}

/// One round for one city.
async fn tend(shell: &Shell, open: &OpenCity, known: &mut Known, round: u64) {
    let failed = |error: &anyhow::Error, what: &str| {
        tracing::error!(city = open.city.code(), error = %format!("{error:#}"), "{what}");
    };
    if let Err(error) = seal(shell, open).await {
        failed(&error, "the audit trail was not sealed");
    }
    if let Err(error) = open.oversight.tend(shell.clock.now()).await {
        failed(&error.into(), "the logs of looks and sign-ins were not sealed");
    }
    // What was just sealed is what webhooks tell of; a portal tells nobody anything by itself.
    if shell.config.role != Role::Portal
        && let Err(error) = open.webhooks.pump().await
    {
        failed(&error.into(), "the messages of webhooks were not made");
    }
    if let Err(error) = training::each_night(shell, open).await {
        failed(&error, "the training city was not put back");
    }
    if let Err(error) = begin_day(shell, open, &mut known.day).await {
        failed(&error, "the day's work was not begun");
    }
    if let Some(folders) = shell.exchange_folders()
        && let Err(error) = open.exchange.look(&folders).await
    {
        failed(&error.into(), "the folders of other systems' files were not looked into");
    }
    // At once after a start, since a kill is the usual reason for one.
    if let Err(error) = open.ledgers.recover_imports(shell.clock.now()).await {
        tracing::error!(city = open.city.code(), %error, "broken-off imports were not cleared away");
    }
    if round.is_multiple_of(FOLLOW_EVERY)
        && let Err(error) = follow_register(shell, open, &mut known.registers).await
    {
        failed(&error, "the departments of accounts were not set");
    }
    if round.is_multiple_of(ROUNDS_A_MINUTE)
        && let Err(error) = end_others(shell, open).await
    {
        failed(&error, "the accounts of outsiders and vendors were not ended");
    }
    if let Some(directory) = open.identity.directory() {
        let every = ROUNDS_A_MINUTE * u64::from(directory.config().recheck_minutes);
        if round.is_multiple_of(every)
            && let Err(error) = open.identity.recheck_directory(shell.clock.now()).await
        {
            failed(&error.into(), "the directory was not looked at again");
        }
    }
    if round.is_multiple_of(SWEEP_EVERY)
        && let Err(error) = sweep(shell, open).await
    {
        failed(&error, "what has ended was not removed");
    }
}

/// Writes the jobs of the day when a day has begun, or the city was opened.
async fn begin_day(shell: &Shell, open: &OpenCity, known: &mut Option<Date>) -> anyhow::Result<()> {
    let today = daily::today(&open.city, shell.clock.now());
    if *known != Some(today) {
        daily::enqueue(shell, &open.city, today).await?;
        *known = Some(today);
    }
    Ok(())
}

/// Ends what outsiders and vendors may no longer do: accounts follow their contracts, and maintenance ends at its time.
async fn end_others(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let context = shell.context("外部団体と保守作業の期限");
    let ends = kawasemi_registry::outside::contract_ends(&open.ledgers, &context).await?;
    open.identity.follow_contracts(context.act.at, &ends).await?;
    open.identity.close_maintenance(context.act.at).await?;
    Ok(())
}

async fn seal(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let keeper = shell.keeper(open.city.code())?;
    audit::seal(&open.city, &keeper, shell.clock.now()).await?;
    Ok(())
}

/// Sets the departments of accounts when the registers have changed since the last round.
async fn follow_register(shell: &Shell, open: &OpenCity, known: &mut Option<Vec<i64>>) -> anyhow::Result<()> {
    let state = register_state(open).await?;
    if known.as_ref() != Some(&state) {
        let context = shell.context("配属の反映");
        kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
        *known = Some(state);
    }
    Ok(())
}

/// By what a change of the registers is seen: how many records they have, and when the last of them was written.
async fn register_state(open: &OpenCity) -> anyhow::Result<Vec<i64>> {
    let mut state = Vec::new();
    let catalogue = open.city.catalogue();
    for key in [DEPARTMENT, ASSIGNMENT, STAFF, PERSONNEL_ORDER, DEPARTMENT_SHARE, REORGANISATION_STEP] {
        let Some(ledger) = catalogue.get(key) else { continue };
        let mut sql = Sql::text("SELECT count(*), coalesce(max(updated_at), 0), count(deleted_at) FROM ");
        sql.table(&ledger.def.table());
        if let Some(row) = open.city.read_one(sql).await? {
            state.extend([row.get::<i64>(0)?, row.get(1)?, row.get(2)?]);
        }
    }
    Ok(state)
}

/// Removes what the logs of looks and sign-ins hold beyond their own retention, which ends with a fiscal year.
async fn purge_logs(shell: &Shell, open: &OpenCity, now: Timestamp) -> anyhow::Result<()> {
    let years = shell.config.log_years;
    let retention = Retention { years: Some(years), from: RetentionStart::FiscalYearEnd, basis: String::new() };
    if let Some(before) = due::started_before(&retention, daily::today(&open.city, now)) {
        let rule = format!("閲覧・認証の記録の保存期間（翌年度4月1日から{years}年）の満了");
        open.oversight.purge_logs(before, &rule, now).await?;
    }
    Ok(())
}

async fn sweep(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let now = shell.clock.now();
    open.identity.sweep(now).await?;
    open.city.sweep_jobs(now.checked_sub(DONE_JOBS).unwrap_or(Timestamp::MIN)).await?;
    purge_logs(shell, open, now).await?;
    let files = shell.files(open.city.code())?;
    files.sweep(now.checked_sub(UNFINISHED_UPLOADS).unwrap_or(Timestamp::MIN)).await?;
    Ok(())
}
