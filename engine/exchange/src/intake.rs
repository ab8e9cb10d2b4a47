//! Taking files in (取込): looked at, held against the files before, compared, and applied once that is decided.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt as _;
use kawasemi_identity::Context;
use kawasemi_ledger::import::{FeedReport, FeedSample, Progress, RowSource};
use kawasemi_store::unit::Unmet;
use kawasemi_store::{Param, Sql, Statement, StoreError, Unit, lease};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::convert::{Days, RowProblem};
use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::inspect::{Corrections, Inspection, Quarantined, inspect};
use crate::layout::{Apply, Direction, Layout, Mode, Sequence};
use crate::layouts::Published;
use crate::protected;
use crate::read;
use crate::runs::{Alarm, AlarmKind, Run, RunState};
use crate::source::{LayoutRows, plan};

/// Files whose sizes are compared with that of a new one.
const LOOKED_BACK: usize = 10;
/// Under so many files nothing is said about what is usual.
const USUAL: usize = 3;
/// Largest file that is kept, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;

/// Under which name samples are noted, which no layout can have.
const SAMPLE: &str = "@sample";

/// What is to become of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// What its layout says.
    #[default]
    AsTheLayoutSays,
    /// To be applied where no alarm is raised.
    Apply,
    /// To be looked at only; nothing is kept.
    DryRun,
}

/// A run with what was found, before or after it is kept.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The run.
    pub run: Run,
    /// The first rows that were put aside.
    pub bad: Vec<Quarantined>,
    /// Some of the difference.
    pub samples: Vec<FeedSample>,
}

/// Is told how far the work is.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);

impl Exchange {
    /// Takes a file in. `name` is what people call it.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] for an unknown layout, [`ExchangeError::Io`]; a file that is refused is no error but a run.
    pub async fn receive(
        &self,
        context: &Context,
        layout: &str,
        path: &Path,
        name: &str,
        wish: Wish,
        progress: OnProgress<'_>,
    ) -> Result<Taken> {
        let Published { layout, .. } = self.layout(context, layout).await?;
        self.receive_by(context, &layout, path, name, wish, progress).await
    }

    /// Takes a file in by a layout that need not be published yet, where it is only to be looked at.
    ///
    /// # Errors
    /// As [`Exchange::receive`].
    pub async fn receive_by(
        &self,
        context: &Context,
        layout: &Arc<Layout>,
        path: &Path,
        name: &str,
        wish: Wish,
        progress: OnProgress<'_>,
    ) -> Result<Taken> {
        Self::require_operator(context)?;
        if layout.raw.direction == Direction::Out {
            return Err(ExchangeError::Refused("このレイアウトは書出し用です。取込には使えません。".to_owned()));
        }
        layout.check_against(&*self.ledger(&layout.raw.ledger)?)?;
        let found = self.inspected(layout, path, Corrections::new()).await?;
        let file =
            Incoming { layout, path, name, found: &found, corrections: Corrections::new(), only: None, origin: None };
        let mut taken = self.weigh(context, &file, progress).await?;
        if wish == Wish::DryRun {
            return Ok(taken);
        }
        self.keep_content(&taken.run, path).await?;
        self.keep_run(&taken.run, &taken.bad, &taken.samples).await?;
        let is_wished = wish == Wish::Apply || layout.raw.apply == Apply::Auto;
        let is_clean = taken.run.state == RunState::Waiting && taken.run.report.bad == 0;
        if is_wished && (is_clean || wish == Wish::Apply && taken.run.state == RunState::Waiting) {
            taken.run = self.apply(context, taken.run.id, "", progress).await?;
        }
        Ok(taken)
    }

    pub(crate) async fn inspected(
        &self,
        layout: &Arc<Layout>,
        path: &Path,
        corrections: Corrections,
    ) -> Result<Inspection> {
        let (layout, file, city, today) =
            (Arc::clone(layout), path.to_owned(), self.city().code().to_owned(), self.today());
        let looked = tokio::task::spawn_blocking(move || inspect(&layout, &file, &city, today, &corrections)).await;
        looked.map_err(|_| StoreError::Closed)?.map_err(ExchangeError::io(path))
    }

    /// What a file would do, and whether anything is amiss with it.
    async fn weigh(&self, context: &Context, file: &Incoming<'_>, progress: OnProgress<'_>) -> Result<Taken> {
        let Incoming { layout, found, .. } = file;
        let mut run = Run {
            id: self.ids().next(),
            layout: layout.key().to_owned(),
            version: i64::from(layout.raw.version),
            direction: Direction::In,
            state: RunState::Waiting,
            file: file.name.to_owned(),
            sha256: found.sha256.clone(),
            size: found.size,
            file_date: found.file_date,
            sequence: found.sequence,
            rows: found.rows,
            superseded: found.superseded,
            report: FeedReport::default(),
            alarms: Vec::new(),
            message: String::new(),
            received_at: self.now(),
            received_by: context.act.actor,
            decided_at: None,
            decided_by: None,
            reason: String::new(),
            batch: None,
            origin: file.origin,
        };
        let before = self.before(layout.key()).await?;
        let stopped = match file.origin {
            None => self.stopped(&run, &before, layout).await?,
            Some(_) => None,
        };
        let stopped = stopped.or_else(|| found.refusal.clone().map(|reason| (RunState::Refused, reason)));
        if let Some((state, message)) = stopped {
            (run.state, run.message) = (state, message);
            return Ok(Taken { run, bad: found.quarantined.clone(), samples: Vec::new() });
        }
        let source = self.source(file);
        let ledger = self.ledger(&layout.raw.ledger)?;
        let days = self.days(found);
        let plan = plan(layout, &ledger, title(layout, file.name), days, file.only.is_none());
        let acting = self.acting(context, plan.title.clone());
        let mut report = self.parts.ledgers.feed_compare(&acting, &layout.raw.ledger, &plan, &source, progress).await?;
        let samples = std::mem::take(&mut report.samples);
        let bad = self.quarantined(file, &report).await?;
        run.alarms = alarms(layout, &run, &report, &before, file.origin.is_some());
        if file.origin.is_none() && self.city().is_training() && ledger.holds_personal_data() {
            let message = "教育用の市です。本物の住民のファイルではないことを確かめ、架空のものである理由を書いて適用してください。";
            run.alarms.push(Alarm { kind: AlarmKind::Training, message: message.to_owned() });
        }
        if !run.alarms.is_empty() {
            run.state = RunState::Held;
        }
        run.report = report;
        Ok(Taken { run, bad, samples })
    }

    fn source(&self, file: &Incoming<'_>) -> Arc<dyn RowSource> {
        Arc::new(LayoutRows {
            layout: Arc::clone(file.layout),
            path: file.path.to_owned(),
            days: self.days(file.found),
            last: file.found.last.clone(),
            repeated: file.found.repeated.clone(),
            corrections: file.corrections.clone(),
            only: file.only.clone(),
        })
    }

    fn days(&self, found: &Inspection) -> Days {
        let today = self.today();
        Days { file: found.file_date.unwrap_or(today), today }
    }

    /// The files that were applied before this one, newest first.
    async fn before(&self, layout: &str) -> Result<Vec<Run>> {
        let sql = Sql::with("layout = $1 AND state = 'applied' AND origin IS NULL", [layout.into()]);
        self.select_runs(&sql, u32::try_from(LOOKED_BACK).unwrap_or(u32::MAX)).await
    }

    /// Why a file goes no further, by what came before it: it was taken already, or a later one was.
    async fn stopped(&self, run: &Run, before: &[Run], layout: &Layout) -> Result<Option<(RunState, String)>> {
        let same = Sql::with(
            "layout = $1 AND sha256 = $2 AND state IN ('applied', 'applying', 'waiting', 'held')",
            [run.layout.as_str().into(), run.sha256.as_str().into()],
        );
        if let Some(same) = self.select_runs(&same, 1).await?.pop() {
            let when = self.local(same.received_at).strftime("%Y-%m-%d %H:%M").to_string();
            let message = format!(
                "同じ内容のファイルを{when}に受け付けています（{}、{}）。何も変えませんでした。",
                same.file,
                same.state.label()
            );
            return Ok(Some((RunState::Duplicate, message)));
        }
        let last_sequence = before.iter().filter_map(|run| run.sequence).max();
        if layout.raw.checks.sequence != Sequence::Ignore
            && let (Some(now), Some(last)) = (run.sequence, last_sequence)
            && now <= last
        {
            let message = format!(
                "通番{now}のファイルです。すでに通番{last}まで取り込んでいるので、古い内容に戻さないよう受け付けません。"
            );
            return Ok(Some((RunState::Refused, message)));
        }
        let last_date = before.iter().filter_map(|run| run.file_date).max();
        if let (Some(now), Some(last)) = (run.file_date, last_date)
            && now < last
        {
            let message = format!(
                "作成日が{now}のファイルです。すでに{last}のファイルを取り込んでいるので、古い内容に戻さないよう受け付けません。"
            );
            return Ok(Some((RunState::Refused, message)));
        }
        Ok(None)
    }

    /// The rows that were put aside: those that could not be read, and those that the ledger refused.
    async fn quarantined(&self, file: &Incoming<'_>, report: &FeedReport) -> Result<Vec<Quarantined>> {
        let mut bad = file.found.quarantined.clone();
        if let Some(only) = &file.only {
            bad.retain(|row| only.contains(&row.line));
        }
        if report.refused.is_empty() {
            return Ok(bad);
        }
        let mut refused: BTreeMap<u64, Vec<RowProblem>> = BTreeMap::new();
        for refusal in &report.refused {
            let places = &file.layout.data().places;
            let place = places.iter().find(|place| {
                !refusal.field.is_empty() && place.raw.to.split('.').next() == refusal.field.split('.').next()
            });
            let field = place.map_or_else(|| refusal.label.clone(), |place| place.raw.name.clone());
            let problem = RowProblem { field, value: String::new(), reason: refusal.reason.clone() };
            refused.entry(refusal.line).or_default().push(problem);
        }
        let (layout, path, corrections) = (Arc::clone(file.layout), file.path.to_owned(), file.corrections.clone());
        let found = tokio::task::spawn_blocking(move || {
            let mut found = Vec::with_capacity(refused.len());
            let outcome = read::read(&layout, &path, &mut |row| {
                if let Some(mut problems) = refused.remove(&row.line) {
                    let values = corrections.get(&row.line).cloned().unwrap_or(row.values);
                    for problem in &mut problems {
                        let position = layout.data().named(&problem.field);
                        let text = position.and_then(|position| values.get(position)).map_or("", |text| text.trim());
                        problem.value = text.chars().take(60).collect();
                    }
                    found.push(Quarantined { line: row.line, values, problems });
                }
                !refused.is_empty()
            });
            outcome.map(|()| found)
        });
        let found = found.await.map_err(|_| StoreError::Closed)?;
        bad.extend(found.map_err(|error| ExchangeError::Refused(error.to_string()))?);
        bad.sort_by_key(|row| row.line);
        Ok(bad)
    }

    /// Applies a run: a person has seen the difference, or nothing is amiss. Where an alarm was raised, the person says why
    /// it may go on.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it was decided about meanwhile, or no reason is given.
    pub async fn apply(&self, context: &Context, id: Uuid, reason: &str, progress: OnProgress<'_>) -> Result<Run> {
        let run = self.run(context, id).await?;
        if run.state == RunState::Held && reason.trim().is_empty() {
            return Err(ExchangeError::Refused(
                "警報が出ています。適用してよいと判断した理由を書いてください。".to_owned(),
            ));
        }
        let layout = self.version(&run.layout, run.version).await?;
        let kept = self.begin(&run).await?;
        let outcome = self.write(context, &run, &layout, reason, progress).await;
        drop(kept);
        match outcome {
            Ok(report) => self.end(context, &run, RunState::Applied, reason, Some(&report), "").await?,
            Err(error) => {
                self.end(context, &run, run.state, &run.reason, None, &format!("適用に失敗しました: {error}")).await?;
                return Err(error);
            }
        }
        self.run(context, id).await
    }

    /// Takes a run for this process; nobody else applies it meanwhile, nor another file of the same layout.
    async fn begin(&self, run: &Run) -> Result<lease::Kept> {
        let mut sql = Sql::with(
            "UPDATE {exchange_run} SET state = 'applying', holder = $1, held_until = ",
            [lease::this_process().into()],
        );
        sql.push(&lease::end(self.city().dialect()));
        sql.append(&Sql::with(
            " WHERE id = $1 AND state = $2 AND NOT EXISTS \
             (SELECT 1 FROM {exchange_run} AS other WHERE other.layout = $3 AND other.state = 'applying')",
            [run.id.into(), run.state.key().into(), run.layout.as_str().into()],
        ));
        let message = "このファイルはすでに処理されているか、同じ連携のほかのファイルを適用しています。";
        if !run.state.is_open() {
            return Err(ExchangeError::Refused(format!(
                "このファイルは「{}」なので、適用できません。",
                run.state.label()
            )));
        }
        let unit = Unit::of([Statement::one_row(sql, Unmet::Refused(message.to_owned()))]);
        match self.city().write(unit).await {
            Ok(_) => Ok(lease::keep_row(self.city(), "exchange_run", run.id.into())),
            Err(StoreError::Refused { message }) => Err(ExchangeError::Refused(message)),
            Err(error) => Err(error.into()),
        }
    }

    async fn write(
        &self,
        context: &Context,
        run: &Run,
        layout: &Arc<Layout>,
        reason: &str,
        progress: OnProgress<'_>,
    ) -> Result<FeedReport> {
        let before = self.before(&run.layout).await?;
        let newer = before.iter().find(|other| match (other.sequence, run.sequence, other.file_date, run.file_date) {
            (Some(other), Some(own), ..) if layout.raw.checks.sequence != Sequence::Ignore => other >= own,
            (_, _, Some(other), Some(own)) => other > own,
            _ => false,
        });
        if run.origin.is_none()
            && let Some(newer) = newer
        {
            let message =
                format!("このファイルより新しい「{}」をすでに適用しています。取りやめてください。", newer.file);
            return Err(ExchangeError::Refused(message));
        }
        let content = self.content(run).await?;
        let (corrections, only) = self.corrected(run).await?;
        let found = self.inspected(layout, content.path(), corrections.clone()).await?;
        let file = Incoming {
            layout,
            path: content.path(),
            name: &run.file,
            found: &found,
            corrections,
            only,
            origin: run.origin,
        };
        let ledger = self.ledger(&layout.raw.ledger)?;
        let plan = plan(layout, &ledger, title(layout, &run.file), self.days(&found), file.only.is_none());
        let why = if reason.trim().is_empty() {
            plan.title.clone()
        } else {
            format!("{}（{}）", plan.title, reason.trim())
        };
        let acting = self.acting(context, why);
        let source = self.source(&file);
        Ok(self.parts.ledgers.feed(&acting, &layout.raw.ledger, &plan, &source, progress).await?)
    }

    async fn end(
        &self,
        context: &Context,
        run: &Run,
        state: RunState,
        reason: &str,
        report: Option<&FeedReport>,
        message: &str,
    ) -> Result<()> {
        let kept = report.map(|report| FeedReport { samples: Vec::new(), refused: Vec::new(), ..report.clone() });
        let text = serde_json::to_string(kept.as_ref().unwrap_or(&run.report)).unwrap_or_default();
        let batch = report.and_then(|report| report.batch).or(run.batch);
        let sql = Sql::with(
            "UPDATE {exchange_run} SET state = $1, reason = $2, report = $3, message = $4, batch = $5, decided_at = $6, \
             decided_by = $7, holder = NULL, held_until = NULL WHERE id = $8",
            [
                state.key().into(),
                reason.trim().into(),
                text.into(),
                message.into(),
                batch.map_or(Param::Null, Param::Int),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
                run.id.into(),
            ],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }

    /// Decides against a run; nothing is changed.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it was decided about meanwhile.
    pub async fn reject(&self, context: &Context, id: Uuid, reason: &str) -> Result<Run> {
        let run = self.run(context, id).await?;
        let sql = Sql::with(
            "UPDATE {exchange_run} SET state = 'rejected', reason = $1, decided_at = $2, decided_by = $3 \
             WHERE id = $4 AND state IN ('waiting', 'held')",
            [
                reason.trim().into(),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
                run.id.into(),
            ],
        );
        let message = format!("このファイルは「{}」なので、取りやめられません。", run.state.label());
        let unit = Unit::of([Statement::one_row(sql, Unmet::Refused(message))]);
        match self.city().write(unit).await {
            Ok(_) => self.run(context, id).await,
            Err(StoreError::Refused { message }) => Err(ExchangeError::Refused(message)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an applied run back: what it made is deleted, what it changed is as before, except what was changed since.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it is not applied, or a later file was.
    pub async fn undo(&self, context: &Context, id: Uuid, reason: &str) -> Result<Run> {
        let run = self.run(context, id).await?;
        if run.state != RunState::Applied {
            return Err(ExchangeError::Refused("適用済みのファイルだけを取り消せます。".to_owned()));
        }
        let newest = self
            .select_runs(&Sql::with("layout = $1 AND state = 'applied'", [run.layout.as_str().into()]), 100)
            .await?;
        if newest.iter().any(|other| other.batch.is_some() && other.batch > run.batch) {
            let message = "あとのファイルを適用しています。新しいものから順に取り消してください。";
            return Err(ExchangeError::Refused(message.to_owned()));
        }
        let layout = self.version(&run.layout, run.version).await?;
        if let Some(batch) = run.batch {
            let acting = self.acting(context, format!("{}の取消（{}）", title(&layout, &run.file), reason.trim()));
            self.parts.ledgers.undo_batch(&acting, &layout.raw.ledger, batch).await?;
        }
        self.end(context, &run, RunState::Undone, reason, None, "").await?;
        self.run(context, id).await
    }

    /// Puts other texts in the place of those of a row that was put aside.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`].
    pub async fn correct(&self, context: &Context, run: Uuid, n: i64, values: &[String]) -> Result<()> {
        Self::require_operator(context)?;
        let whole = self.bad_rows_whole(run, n, 1).await?.pop().filter(|row| row.n == n);
        let whole = whole.ok_or(ExchangeError::NotFound)?;
        let values = protected::given_back(&whole, values);
        let text = serde_json::to_string(&values).unwrap_or_default();
        let sql = Sql::with(
            "UPDATE {exchange_row} SET corrected = $1 WHERE run = $2 AND n = $3 AND kind = 'bad'",
            [text.into(), run.into(), n.into()],
        );
        match self.city().write(Unit::of([Statement::one_row(sql, Unmet::NotFound)])).await {
            Err(StoreError::NotFound) => Err(ExchangeError::NotFound),
            other => Ok(other.map(drop)?),
        }
    }

    /// Takes up the rows of an applied run that were put aside and corrected since: a run of its own, compared anew.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where the run is not applied or nothing was corrected.
    pub async fn retry(&self, context: &Context, id: Uuid, progress: OnProgress<'_>) -> Result<Run> {
        let origin = self.run(context, id).await?;
        if origin.state != RunState::Applied {
            let message = "先にほかの行を適用してから、直した行を取り込んでください。";
            return Err(ExchangeError::Refused(message.to_owned()));
        }
        let layout = self.version(&origin.layout, origin.version).await?;
        let corrections = self.corrections_of(origin.id).await?;
        if corrections.is_empty() {
            return Err(ExchangeError::Refused("直した行がありません。".to_owned()));
        }
        let content = self.content(&origin).await?;
        let found = self.inspected(&layout, content.path(), corrections.clone()).await?;
        let only: HashSet<u64> = corrections.keys().copied().collect();
        let file = Incoming {
            layout: &layout,
            path: content.path(),
            name: &origin.file,
            found: &found,
            corrections,
            only: Some(only),
            origin: Some(origin.id),
        };
        let taken = self.weigh(context, &file, progress).await?;
        self.keep_run(&taken.run, &taken.bad, &taken.samples).await?;
        Ok(taken.run)
    }

    /// The corrections with which a run is read, and its lines where it takes up only some.
    async fn corrected(&self, run: &Run) -> Result<(Corrections, Option<HashSet<u64>>)> {
        match run.origin {
            None => Ok((Corrections::new(), None)),
            Some(origin) => {
                let corrections = self.corrections_of(origin).await?;
                let only = corrections.keys().copied().collect();
                Ok((corrections, Some(only)))
            }
        }
    }

    async fn corrections_of(&self, run: Uuid) -> Result<Corrections> {
        let sql = Sql::with(
            "SELECT line, corrected FROM {exchange_row} WHERE run = $1 AND kind = 'bad' AND corrected IS NOT NULL",
            [run.into()],
        );
        let mut corrections = Corrections::new();
        for row in self.city().read(sql).await? {
            let (line, text): (i64, String) = (row.get(0)?, row.get(1)?);
            if let Ok(values) = serde_json::from_str(&text) {
                corrections.insert(line.unsigned_abs(), values);
            }
        }
        Ok(corrections)
    }

    /// Frees runs whose process died while it wrote them; the ledger takes back what was half-written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self) -> Result<()> {
        let broken = self.select_runs(&self.broken_off(), 100).await?;
        if broken.is_empty() {
            return Ok(());
        }
        self.parts.ledgers.recover_imports(self.now()).await?;
        for run in broken {
            let message = "適用の途中でプログラムが止まりました。台帳は元のままです。もう一度適用してください。";
            let mut sql = Sql::with(
                "UPDATE {exchange_run} SET state = 'held', message = $1, holder = NULL, held_until = NULL WHERE id = $2 AND ",
                [message.into(), run.id.into()],
            );
            sql.append(&self.broken_off());
            self.city().write(Unit::of([sql.into()])).await?;
        }
        Ok(())
    }

    /// Keeps a sample from which a layout is made, and answers its hash.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`], [`ExchangeError::Io`].
    pub async fn keep_sample(&self, context: &Context, path: &Path) -> Result<String> {
        Self::require_operator(context)?;
        let file = path.to_owned();
        let hashed = tokio::task::spawn_blocking(move || crate::inspect::hash(&file)).await;
        let (sha256, size) = hashed.map_err(|_| StoreError::Closed)?.map_err(ExchangeError::io(path))?;
        self.parts.files.adopt(&sha256, path).await?;
        let at = self.now().as_microsecond();
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let sql = Sql::with(
            "INSERT INTO {exchange_look} (layout, file, size, modified, seen_at) VALUES ($1, $2, $3, $4, $4) \
             ON CONFLICT (layout, file) DO NOTHING",
            [SAMPLE.into(), sha256.as_str().into(), size.into(), at.into()],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(sha256)
    }

    /// A sample that was kept. Nothing else can be had by its hash.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::Forbidden`].
    pub async fn sample(&self, context: &Context, sha256: &str) -> Result<NamedTempFile> {
        Self::require_operator(context)?;
        let known = Sql::with(
            "SELECT size FROM {exchange_look} WHERE layout = $1 AND file = $2",
            [SAMPLE.into(), sha256.into()],
        );
        self.city().read_one(known).await?.ok_or(ExchangeError::NotFound)?;
        self.fetched(sha256, "見本").await
    }

    /// Keeps the content of a file, so that the run can be applied, tried again or looked into later.
    pub(crate) async fn keep_content(&self, run: &Run, path: &Path) -> Result<()> {
        self.parts.files.adopt(&run.sha256, path).await.map_err(|error| match error {
            kawasemi_store::files::FileError::Interrupted => {
                ExchangeError::Refused(format!("ファイル「{}」を読めません。", run.file))
            }
            error => error.into(),
        })
    }

    /// The content of a run's file, on this machine's disk.
    pub(crate) async fn content(&self, run: &Run) -> Result<NamedTempFile> {
        self.fetched(&run.sha256, &run.file).await
    }

    async fn fetched(&self, sha256: &str, name: &str) -> Result<NamedTempFile> {
        let at = PathBuf::from(name);
        let file = NamedTempFile::with_prefix("kawasemi-exchange-").map_err(ExchangeError::io(&at))?;
        let mut out = tokio::fs::File::create(file.path()).await.map_err(ExchangeError::io(&at))?;
        let mut content = std::pin::pin!(self.parts.files.get(sha256).await?);
        let mut size = 0_u64;
        while let Some(part) = content.try_next().await.map_err(kawasemi_store::files::FileError::Storage)? {
            size += part.len() as u64;
            if size > LARGEST {
                return Err(kawasemi_store::files::FileError::TooLarge { limit_mib: LARGEST / 1024 / 1024 }.into());
            }
            out.write_all(&part).await.map_err(ExchangeError::io(&at))?;
        }
        out.flush().await.map_err(ExchangeError::io(&at))?;
        Ok(file)
    }
}

/// A file that was looked at.
struct Incoming<'a> {
    layout: &'a Arc<Layout>,
    path: &'a Path,
    name: &'a str,
    found: &'a Inspection,
    corrections: Corrections,
    only: Option<HashSet<u64>>,
    origin: Option<Uuid>,
}

fn title(layout: &Layout, name: &str) -> String {
    format!("連携「{}」{name}", layout.raw.title.ja())
}

/// What is amiss with a file that could be applied.
fn alarms(layout: &Layout, run: &Run, report: &FeedReport, before: &[Run], is_retry: bool) -> Vec<Alarm> {
    let checks = &layout.raw.checks;
    let mut alarms = Vec::new();
    let mut raise = |kind, message: String| alarms.push(Alarm { kind, message });
    let over = |count: u64, of: u64, percent: u8| count > 0 && count * 100 > of * u64::from(percent);
    if over(report.bad, report.rows, checks.bad_percent) && !is_retry {
        let (bad, rows, percent) = (report.bad, report.rows, checks.bad_percent);
        raise(AlarmKind::BadRows, format!("{rows}行のうち{bad}行が誤りで、限度の{percent}%を超えています。"));
    }
    if report.surprises > 0 {
        let count = report.surprises;
        raise(
            AlarmKind::Surprises,
            format!(
                "台帳の今の状態と合わない行が{count}行あります（すでにある人の追加、いない人の変更）。間のファイルが抜けていないか確かめてください。"
            ),
        );
    }
    if is_retry {
        return alarms;
    }
    let last = before.iter().filter_map(|run| run.sequence).max();
    if let (Some(now), Some(last), Sequence::Consecutive) = (run.sequence, last, checks.sequence)
        && now > last + 1
    {
        raise(
            AlarmKind::Gap,
            format!("通番が{last}から{now}に飛んでいます。間のファイルが届いていないか確かめてください。"),
        );
    }
    let mut sizes: Vec<u64> = before.iter().map(|run| run.rows).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    if sizes.len() >= USUAL && run.rows * 100 < median * u64::from(checks.shrunken_percent) {
        let rows = run.rows;
        raise(
            AlarmKind::Shrunken,
            format!(
                "{rows}件しかありません（これまでの中央値は{median}件）。相手の出力が欠けていないか確かめてください。"
            ),
        );
    }
    if layout.raw.mode == Mode::Full {
        if report.keyless > 0 {
            let count = report.keyless;
            raise(
                AlarmKind::Keyless,
                format!("だれの行か読めない行が{count}行あるので、ファイルにない記録の消除は行いません。"),
            );
        }
        let known = report.updated + report.unchanged + report.closed;
        if over(report.closed, known, checks.closed_percent) {
            let (count, percent) = (report.closed, checks.closed_percent);
            raise(
                AlarmKind::Closing,
                format!("ファイルにないために消除される記録が{count}件あり、限度の{percent}%を超えています。"),
            );
        }
    }
    alarms
}
