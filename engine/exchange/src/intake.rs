//! Taking files in (取込): looked at, held against the files before, compared. What is decided then is in
//! [`decide`](crate::decide).

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use kawasemi_identity::Context;
use kawasemi_ledger::import::{FeedReport, FeedSample, Progress, RowSource};
use kawasemi_store::StoreError;
use uuid::Uuid;

use crate::alarms::Weighed;
use crate::before::Standing;
use crate::convert::{Days, RowProblem};
use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::inspect::{Corrections, Inspection, Quarantined, inspect};
use crate::layout::{Apply, Direction, Layout};
use crate::layouts::Published;
use crate::read;
use crate::runs::{Run, RunState};
use crate::source::{LayoutRows, plan};

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
    pub(crate) async fn weigh(
        &self,
        context: &Context,
        file: &Incoming<'_>,
        progress: OnProgress<'_>,
    ) -> Result<Taken> {
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
        let (standing, taken_up) = match file.origin {
            None => (self.standing(&run, &before, layout).await?, None),
            Some(origin) => (Standing::New, Some(self.was_overtaken(layout, origin).await?)),
        };
        let (again, stopped) = match standing {
            Standing::New => (None, None),
            Standing::Again(same) => (Some(self.minute(&same)), None),
            Standing::Stopped(state, message) => (None, Some((state, message))),
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
        if taken_up.is_some() {
            run.rows = report.rows;
        }
        let training = self.city().is_training();
        let weighed = Weighed {
            layout,
            ledger: &ledger,
            run: &run,
            found,
            report: &report,
            before: &before,
            again,
            training,
            taken_up,
        };
        run.alarms = weighed.alarms();
        if !run.alarms.is_empty() {
            run.state = RunState::Held;
        }
        run.report = report;
        Ok(Taken { run, bad, samples })
    }

    pub(crate) fn source(&self, file: &Incoming<'_>) -> Arc<dyn RowSource> {
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

    pub(crate) fn days(&self, found: &Inspection) -> Days {
        let today = self.today();
        Days { file: found.file_date.unwrap_or(today), today }
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
}

/// A file that was looked at.
pub(crate) struct Incoming<'a> {
    pub layout: &'a Arc<Layout>,
    pub path: &'a Path,
    pub name: &'a str,
    pub found: &'a Inspection,
    pub corrections: Corrections,
    /// Only these lines, where rows that were put aside are taken up again.
    pub only: Option<HashSet<u64>>,
    /// The run whose rows those are.
    pub origin: Option<Uuid>,
}

pub(crate) fn title(layout: &Layout, name: &str) -> String {
    format!("連携「{}」{name}", layout.raw.title.ja())
}
