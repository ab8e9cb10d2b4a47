//! The turn of the fiscal year (年度更新): what every city does, and what systems declare that happens with theirs.
//!
//! Nothing of it is needed for the first of April to come: numbers begin anew by themselves, departments are valid by fiscal
//! year, and rights have their dates. What is done here is what people expect to find on that morning, and the report says of
//! each thing what was done, so that it can be repeated and compared.

use futures::future::BoxFuture;
use kawasemi_kernel::Lang;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_registry::registers::{OrderState, Registers};
use kawasemi_registry::reorganisation::StepState;
use kawasemi_schema::RetentionStart;
use kawasemi_store::Sql;
use kawasemi_ui::said as words;
use serde::Serialize;

use crate::system::System;
use crate::work::{Work, WorkError};

/// Into which year, and whether only to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The fiscal year that begins.
    pub to: FiscalYear,
    /// Write nothing, and tell what would be done.
    pub dry_run: bool,
}

/// What a system does at the turn of the year: safe to repeat, and without writing where it is a dry run.
pub type YearJob = fn(Work, Turn) -> BoxFuture<'static, Result<Vec<String>, WorkError>>;

/// What a system declares that happens at the turn of the year.
pub struct YearStep {
    /// Its name, such as `carry`.
    pub name: &'static str,
    /// What it does, in Japanese.
    pub about: &'static str,
    /// Does it, and answers what was done in sentences.
    pub run: YearJob,
}

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The system.
    pub system: String,
    /// The step.
    pub name: String,
    /// What it does.
    pub about: String,
    /// What was done, in sentences.
    pub said: Vec<String>,
    /// Why it failed; the other steps went on.
    pub failed: Option<String>,
}

/// What came of the turn of the year.
#[derive(Clone, Debug, Serialize)]
pub struct YearReport {
    /// The fiscal year that begins.
    pub to: i32,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
}

impl YearReport {
    /// Whether every step came to its end.
    pub fn is_whole(&self) -> bool {
        self.steps.iter().all(|step| step.failed.is_none())
    }
}

/// Turns the year. A step that fails keeps no other from being done.
///
/// # Errors
/// [`WorkError::Refused`] for a year that is neither this one nor the next: a slip of the keyboard must not open 2072.
pub async fn rollover(work: &Work, systems: &[System], turn: Turn) -> Result<YearReport, WorkError> {
    let this = FiscalYear::of(work.context.today());
    if turn.to != this && turn.to != this.next() {
        return Err(WorkError::Refused(format!(
            "年度更新ができるのは今年度（{}）と来年度（{}）です。",
            this.label(),
            this.next().label()
        )));
    }
    let mut steps = vec![
        told("registry", "departments", "部局と発令", departments(work, turn).await),
        told("platform", "numbers", "年度ごとの番号", numbers(work, turn).await),
        told("platform", "retention", "保存期間", retention(work, turn).await),
    ];
    for system in systems {
        for step in &system.year_end {
            let done = (step.run)(work.clone(), turn).await;
            steps.push(told(system.key(), step.name, step.about, done));
        }
    }
    Ok(YearReport { to: turn.to.year(), dry_run: turn.dry_run, steps })
}

fn told(system: &str, name: &str, about: &str, done: Result<Vec<String>, WorkError>) -> StepReport {
    let (said, failed) = match done {
        Ok(said) => (said, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    StepReport { system: system.to_owned(), name: name.to_owned(), about: about.to_owned(), said, failed }
}

/// Departments that close with the old year, and what of orders and plans still waits.
async fn departments(work: &Work, turn: Turn) -> Result<Vec<String>, WorkError> {
    let registers = Registers::load(&work.ledgers, &work.context).await?;
    let day = turn.to.first_day();
    let eve = turn.to.previous().last_day();
    let closing = registers.departments.values().filter(|known| known.department.closed_from() == Some(day)).count();
    let opening = registers.departments.values().filter(|known| known.department.first_fiscal_year == Some(turn.to));
    let mut said = vec![format!(
        "{}で廃止 {closing}部局、{}に設置 {}部局。",
        words::date(Lang::Ja, eve),
        turn.to.label(),
        opening.count()
    )];
    let drafts = registers.steps.iter().filter(|step| step.fiscal_year == turn.to && step.state == StepState::Draft);
    let drafts = drafts.count();
    if drafts > 0 {
        said.push(format!("確定していない機構改革の計画が{drafts}件あります。"));
    }
    if turn.dry_run || work.context.today() < day {
        let waits = |known: &&kawasemi_registry::registers::KnownOrder| {
            known.state == OrderState::Planned && known.order.first_day() <= day
        };
        said.push(format!(
            "{}までに反映する発令 {}件。",
            words::date(Lang::Ja, day),
            registers.orders.iter().filter(waits).count()
        ));
        return Ok(said);
    }
    let turned = kawasemi_registry::midnight::turn(
        &work.ledgers,
        &work.identity,
        &work.inventory,
        &work.context,
        &*work.ids,
        work.context.today(),
    )
    .await
    .map_err(|error| WorkError::Failed {
        message: "発令と引継ぎを反映できません。".to_owned(),
        source: Box::new(error),
    })?;
    said.push(turned.said());
    said.extend(turned.orders.problems.iter().map(ToString::to_string));
    said.extend(turned.handed_over.problems);
    Ok(said)
}

/// Counters that begin anew by themselves: how far they came, and whether the new ones have begun.
async fn numbers(work: &Work, turn: Turn) -> Result<Vec<String>, WorkError> {
    let catalogue = work.city.catalogue();
    let mut said = Vec::new();
    for known in catalogue.iter().filter(|known| known.def.number.as_ref().is_some_and(|n| n.per_fiscal_year)) {
        let last = |year: FiscalYear| {
            let key = format!("number/{}/{year}", known.key());
            async move {
                let mut sql = Sql::text("SELECT value FROM ");
                sql.table("counter").push(" WHERE key = ").bind(key.as_str());
                match work.city.read_one(sql).await {
                    Ok(Some(row)) => row.get::<i64>(0).map_err(failed),
                    Ok(None) => Ok(0),
                    Err(error) => Err(failed(error)),
                }
            }
        };
        let (old, new) = (last(turn.to.previous()).await?, last(turn.to).await?);
        let title = known.def.title.ja();
        said.push(format!(
            "{title}: {}は{old}番まで。{}は{}番から。",
            turn.to.previous().label(),
            turn.to.label(),
            new + 1
        ));
    }
    if said.is_empty() {
        said.push("年度ごとに番号を付ける台帳はありません。".to_owned());
    }
    Ok(said)
}

/// Records whose retention is over with the new year. They are counted, not disposed of: that is for people to decide.
async fn retention(work: &Work, turn: Turn) -> Result<Vec<String>, WorkError> {
    let catalogue = work.city.catalogue();
    let mut said = Vec::new();
    for known in catalogue.iter() {
        let retention = &known.def.retention;
        let Some(years) = retention.years else { continue };
        let column = if retention.from == RetentionStart::Created { "created_at" } else { "updated_at" };
        let Some(first) = over_before(turn.to, years) else { continue };
        let mut sql = Sql::text("SELECT count(*) FROM ");
        sql.table(&known.def.table()).push(" WHERE deleted_at IS NULL AND ").push(column).push(" < ").bind(first);
        let row = work.city.read_one(sql).await.map_err(failed)?;
        let count: i64 = row.map_or(Ok(0), |row| row.get(0)).map_err(failed)?;
        if count > 0 {
            said.push(format!("{}: 保存期間（{years}年）を過ぎる記録が{count}件あります。", known.def.title.ja()));
        }
    }
    if said.is_empty() {
        said.push("保存期間を過ぎる記録はありません。".to_owned());
    }
    Ok(said)
}

/// The instant (UTC microseconds) before which a record was last touched whose retention of so many years is over when the
/// fiscal year begins. Counted from 1 April after the year of the last change (翌年度4月1日起算), the strictest of the ways.
fn over_before(to: FiscalYear, years: u16) -> Option<i64> {
    let year = i32::from(years).checked_neg()?.checked_add(to.year())?;
    let day = FiscalYear::new(year).ok()?.first_day();
    Some(kawasemi_kernel::context::start_of(day).as_microsecond())
}

fn failed(error: kawasemi_store::StoreError) -> WorkError {
    WorkError::Failed { message: "データベースを読めません。".to_owned(), source: Box::new(error) }
}
