//! Plans in the register: brought in from a file, settled, and taken back.

use std::path::Path;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{IdSource, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, Ledgers};
use serde::Serialize;

use super::file;
use super::plan::{Finding, Severity, ShareMistakes, check, sound};
use super::step::{Step, StepKind, StepState};
use crate::bundle::{DEPARTMENT, DEPARTMENT_SHARE, REORGANISATION_STEP};
use crate::register;
use crate::registers::Registers;
use crate::shares::mistake_of;
use crate::sheet::LineProblem;
use crate::transfer::orders::TransferError;

/// What came of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The steps that were taken, in a few words each.
    pub taken: Vec<String>,
    /// How many were known already.
    pub unchanged: usize,
    /// What is wrong, or to be looked at.
    pub findings: Vec<Finding>,
    /// Lines that could not be read.
    pub refused: Vec<LineProblem>,
}

/// The steps of a fiscal year that count: drafts and what is settled.
pub fn steps_of(registers: &Registers, year: FiscalYear) -> Vec<Step> {
    let counts = |step: &&Step| step.fiscal_year == year && matches!(step.state, StepState::Draft | StepState::Settled);
    registers.steps.iter().filter(counts).cloned().collect()
}

/// What is wrong with the shares of steps, asked of the ledgers' definitions.
pub fn share_mistakes(ledgers: &Ledgers, steps: &[Step]) -> ShareMistakes {
    let shares = steps.iter().filter(|step| step.is_share());
    let mistake = |step: &Step| {
        Some(((step.ledger.clone(), step.condition.clone()), mistake_of(ledgers, &step.ledger, &step.condition)?))
    };
    shares.filter_map(mistake).collect()
}

/// Brings the file of a plan in as drafts. What is wrong is told and left out.
///
/// # Errors
/// When the file can't be read at all, or the caller may not write plans.
pub async fn import(
    ledgers: &Ledgers,
    context: &Context,
    path: &Path,
    year: Option<FiscalYear>,
    dry_run: bool,
) -> Result<PlanReport, TransferError> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || file::read(&path, year)).await;
    let (steps, refused) =
        read.unwrap_or_else(|_| Err("ファイルを読めませんでした。".to_owned())).map_err(TransferError::Refused)?;
    let registers = Registers::load(ledgers, context).await?;
    let mut report = PlanReport { dry_run, taken: Vec::new(), unchanged: 0, findings: Vec::new(), refused };
    let mut years: Vec<FiscalYear> = steps.iter().map(|step| step.fiscal_year).collect();
    years.sort_unstable();
    years.dedup();
    for year in years {
        let mut all = steps_of(&registers, year);
        for step in steps.iter().filter(|step| step.fiscal_year == year) {
            let known = all.iter().any(|other| other.describe() == step.describe());
            if known { report.unchanged += 1 } else { all.push(step.clone()) }
        }
        let mistakes = share_mistakes(ledgers, &all);
        let (taken, findings) = sound(&registers, year, all, &mistakes);
        report.findings.extend(findings);
        for step in taken.iter().filter(|step| step.record.is_none()) {
            if !dry_run {
                ledgers.create(context, REORGANISATION_STEP, draft(step)).await?;
            }
            report.taken.push(step.describe());
        }
    }
    Ok(report)
}

fn draft(step: &Step) -> Draft {
    let mut draft = Draft::new()
        .with("fiscal_year", Value::Int(i64::from(step.fiscal_year.year())))
        .with("kind", step.kind.key())
        .with("code", step.code.as_str())
        .with("state", step.state.key());
    let texts = [
        ("name", &step.name),
        ("kana", &step.kana),
        ("parent_code", &step.parent),
        ("successor_code", &step.successor),
        ("target_ledger", &step.ledger),
        ("condition", &step.condition),
        ("section_code", &step.section),
    ];
    for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        draft.set(key, text.as_str());
    }
    if let Some(order) = step.sort_order {
        draft.set("sort_order", Value::Int(order));
    }
    draft
}

/// Settles the plan of a fiscal year (確定): what begins and what ends is written into the register of departments, with the
/// years in which it holds. Safe to repeat where it broke off.
///
/// # Errors
/// [`TransferError::Refused`] with what is wrong with the plan; nothing is written then.
pub async fn settle(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    year: FiscalYear,
) -> Result<Vec<Finding>, TransferError> {
    let registers = Registers::load(ledgers, context).await?;
    let steps = steps_of(&registers, year);
    if steps.is_empty() {
        return Err(TransferError::Refused(format!("{}の機構改革の計画はまだありません。", year.label())));
    }
    let findings = check(&registers, year, &steps, &share_mistakes(ledgers, &steps));
    let errors: Vec<String> = findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| format!("{}: {}", found.code, found.message))
        .collect();
    if !errors.is_empty() {
        return Err(TransferError::Refused(format!("計画に誤りがあるため確定できません。\n{}", errors.join("\n"))));
    }
    let context = &context.clone().because(format!("{}の機構改革", year.label()));
    make_new(ledgers, context, ids, registers, &steps).await?;
    let registers = Registers::load(ledgers, context).await?;
    for step in steps.iter().filter(|step| step.takes_rest()) {
        close(ledgers, context, &registers, step).await?;
    }
    for step in steps.iter().filter(|step| step.is_share()) {
        share(ledgers, context, &registers, step).await?;
    }
    set_states(ledgers, context, &steps, StepState::Draft, StepState::Settled).await?;
    Ok(findings)
}

/// Makes the new departments, those above before those below.
async fn make_new(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    mut registers: Registers,
    steps: &[Step],
) -> Result<(), LedgerError> {
    let mut waiting: Vec<&Step> = steps.iter().filter(|step| step.kind == StepKind::New).collect();
    while !waiting.is_empty() {
        let is_known = |code: &str| registers.department_by_code(code).is_some();
        let (now, later): (Vec<&Step>, Vec<&Step>) =
            waiting.iter().partition(|step| step.parent.is_empty() || is_known(&step.parent));
        for step in &now {
            if is_known(&step.code) {
                continue;
            }
            let parent = registers.department_by_code(&step.parent).map(|known| known.department.id);
            let level = if parent.is_some() { "section" } else { "department" };
            let mut draft = Draft::new()
                .with_id(RecordId(ids.next()))
                .with("code", step.code.as_str())
                .with("name", step.name.as_str())
                .with("level", level)
                .with("sort_order", Value::Int(step.sort_order.unwrap_or(0)))
                .with("first_fiscal_year", Value::Int(i64::from(step.fiscal_year.year())));
            if !step.kana.is_empty() {
                draft.set("kana", step.kana.as_str());
            }
            if let Some(parent) = parent {
                draft.set("parent", Value::Record(parent));
            }
            ledgers.create(context, DEPARTMENT, draft).await?;
        }
        if now.is_empty() {
            // The check has found every circle.
            return Err(LedgerError::Refused("新設する部局の上位をたどると元に戻ります。".to_owned()));
        }
        waiting = later;
        registers = Registers::load(ledgers, context).await?;
    }
    Ok(())
}

async fn close(ledgers: &Ledgers, context: &Context, registers: &Registers, step: &Step) -> Result<(), LedgerError> {
    let (Some(known), Some(successor)) =
        (registers.department_by_code(&step.code), registers.department_by_code(&step.successor))
    else {
        return Err(LedgerError::NotFound);
    };
    if known.department.last_fiscal_year.is_some() && known.department.successor == Some(successor.department.id) {
        return Ok(());
    }
    let last = i64::from(step.fiscal_year.year()) - 1;
    let draft = Draft::new()
        .with("last_fiscal_year", Value::Int(last))
        .with("successor", Value::Record(successor.department.id));
    ledgers.update(context, DEPARTMENT, known.department.id, known.revision, draft).await?;
    Ok(())
}

async fn share(ledgers: &Ledgers, context: &Context, registers: &Registers, step: &Step) -> Result<(), LedgerError> {
    let (Some(known), Some(successor)) =
        (registers.department_by_code(&step.code), registers.department_by_code(&step.successor))
    else {
        return Err(LedgerError::NotFound);
    };
    let condition = (!step.condition.is_empty()).then(|| step.condition.clone());
    let (department, successor) = (known.department.id, successor.department.id);
    let wanted = crate::organisation::Share { department, successor, ledger: step.ledger.clone(), condition };
    if registers.shares.contains(&wanted) {
        return Ok(());
    }
    let mut draft = Draft::new()
        .with("department", Value::Record(department))
        .with("successor", Value::Record(successor))
        .with("target_ledger", step.ledger.as_str());
    if let Some(condition) = wanted.condition {
        draft.set("condition", condition);
    }
    ledgers.create(context, DEPARTMENT_SHARE, draft).await?;
    Ok(())
}

/// Puts steps from one state into another.
pub(super) async fn set_states(
    ledgers: &Ledgers,
    context: &Context,
    steps: &[Step],
    from: StepState,
    to: StepState,
) -> Result<usize, LedgerError> {
    let mut set = 0;
    for (id, revision) in steps.iter().filter(|step| step.state == from).filter_map(|step| step.record) {
        ledgers.update(context, REORGANISATION_STEP, id, revision, Draft::new().with("state", to.key())).await?;
        set += 1;
    }
    Ok(set)
}

/// Takes the plan of a fiscal year back. What was settled is undone as long as its day has not come.
///
/// # Errors
/// [`TransferError::Refused`] from its day on, or where something was posted to a new department already.
pub async fn withdraw(
    ledgers: &Ledgers,
    context: &Context,
    year: FiscalYear,
    today: Date,
) -> Result<usize, TransferError> {
    if today >= year.first_day() {
        let said = "もう施行されているため取り消せません。戻すときは、次の年度の計画として作ってください。";
        return Err(TransferError::Refused(said.to_owned()));
    }
    let registers = Registers::load(ledgers, context).await?;
    let steps = steps_of(&registers, year);
    let context = &context.clone().because(format!("{}の機構改革の取消し", year.label()));
    let settled = || steps.iter().filter(|step| step.state == StepState::Settled);
    for record in register::all(ledgers, context, DEPARTMENT_SHARE).await? {
        let of_plan = settled().filter(|step| step.is_share()).any(|step| {
            registers.department_by_code(&step.code).map(|known| known.department.id)
                == record.get("department").as_record()
        });
        if of_plan {
            ledgers.delete(context, DEPARTMENT_SHARE, record.id, record.revision).await?;
        }
    }
    for known in settled().filter(|s| s.takes_rest()).filter_map(|step| registers.department_by_code(&step.code)) {
        let open = Draft::new().with("last_fiscal_year", Value::Null).with("successor", Value::Null);
        ledgers.update(context, DEPARTMENT, known.department.id, known.revision, open).await?;
    }
    // Those below before those above.
    let mut made: Vec<&Step> = settled().filter(|step| step.kind == StepKind::New).collect();
    made.sort_by_key(|step| step.parent.is_empty());
    for known in made.into_iter().filter_map(|step| registers.department_by_code(&step.code)) {
        let deleted = ledgers.delete(context, DEPARTMENT, known.department.id, known.revision).await;
        deleted.map_err(|error| match error {
            LedgerError::Referred { by } => TransferError::Refused(format!(
                "新設する「{}」を、もう{by}が使っています。先に発令などを取り消してください。",
                known.name
            )),
            other => other.into(),
        })?;
    }
    let drafts = set_states(ledgers, context, &steps, StepState::Draft, StepState::Withdrawn).await?;
    Ok(drafts + set_states(ledgers, context, &steps, StepState::Settled, StepState::Withdrawn).await?)
}
