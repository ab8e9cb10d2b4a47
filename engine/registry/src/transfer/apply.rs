//! Orders whose day has come, written into the registers.
//!
//! Rights do not wait for this: identity knows the dates already. What is written here is what people read: assignments, the
//! last day in service, and that the order is in force. It is safe to repeat; what can't be written says why on the order and
//! is tried again.

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{IdSource, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, Ledgers};
use serde::Serialize;

use super::career::{Career, HeldPost};
use super::check::describe;
use crate::bundle::{ASSIGNMENT, PERSONNEL_ORDER, POST, STAFF};
use crate::personnel_file::Rank;
use crate::registers::{KnownOrder, OrderState, Registers};
use crate::sheet::LineProblem;

/// What became of the orders of a day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Applied {
    /// How many took effect.
    pub applied: usize,
    /// What could not, with the reason.
    pub problems: Vec<LineProblem>,
}

/// Writes all planned orders whose day has come.
///
/// # Errors
/// When the registers can't be read, or nothing at all can be written.
pub async fn apply(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    today: Date,
) -> Result<Applied, LedgerError> {
    let mut applied = Applied::default();
    let mut registers = Registers::load(ledgers, context).await?;
    let is_due = |known: &&KnownOrder| known.state == OrderState::Planned && known.order.first_day() <= today;
    let due: Vec<RecordId> = registers.orders.iter().filter(is_due).map(|known| known.id).collect();
    // What one order writes of a person is read anew before the next about the same.
    let mut touched = std::collections::BTreeSet::new();
    for id in due {
        let Some(known) = registers.orders.iter().find(|known| known.id == id).cloned() else { continue };
        if !touched.insert(known.order.staff) {
            registers = Registers::load(ledgers, context).await?;
        }
        match write(ledgers, context, ids, &registers, &known).await {
            Ok(()) => applied.applied += 1,
            Err(message) => {
                let about =
                    registers.people.get(&known.order.staff).map(|person| person.name.clone()).unwrap_or_default();
                if known.problem != message {
                    let draft = Draft::new().with("problem", message.chars().take(500).collect::<String>());
                    ledgers.update(context, PERSONNEL_ORDER, known.id, known.revision, draft).await?;
                }
                applied.problems.push(LineProblem { line: 0, about, message });
            }
        }
    }
    Ok(applied)
}

/// Writes one order: what differs between the career before and after it.
async fn write(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    registers: &Registers,
    known: &KnownOrder,
) -> Result<(), String> {
    let order = &known.order;
    let person = registers.people.get(&order.staff).ok_or("職員の台帳にこの人がいません。")?;
    let before = registers.career(order.staff);
    let mut after = before.clone();
    after.take(order)?;
    let because = format!("人事発令 {}（{}）", known.title, describe(registers, order));
    let context = &context.clone().because(because);
    let said = |error: LedgerError| error.to_string();
    posts(ledgers, context, ids, registers, (order.staff, &before, &after)).await.map_err(said)?;
    let (hired_on, left_on) = service(&after, person.hired_on);
    let mut draft = Draft::new();
    if hired_on != person.hired_on {
        draft.set("hired_on", hired_on.map_or(Value::Null, Value::Date));
    }
    if left_on != person.left_on {
        draft.set("left_on", left_on.map_or(Value::Null, Value::Date));
    }
    if draft.fields().next().is_some() {
        ledgers.update(context, STAFF, person.id, person.revision, draft).await.map_err(said)?;
    }
    let done = Draft::new().with("state", OrderState::InForce.key()).with("problem", Value::Null);
    ledgers.update(context, PERSONNEL_ORDER, known.id, known.revision, done).await.map_err(said)?;
    Ok(())
}

/// The day of hiring and the last day in service, as the register of staff keeps them: those of the latest service.
fn service(career: &Career, hired_on: Option<Date>) -> (Option<Date>, Option<Date>) {
    let latest = career.service.last();
    (hired_on.or(latest.and_then(|service| service.from)), latest.and_then(|service| service.until))
}

async fn posts(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    registers: &Registers,
    (staff, before, after): (RecordId, &Career, &Career),
) -> Result<(), LedgerError> {
    let revision = |record: RecordId| {
        let held = registers.held.get(&staff).into_iter().flatten();
        held.clone().find(|(post, _)| post.record == Some(record)).map(|(_, revision)| *revision)
    };
    for old in &before.posts {
        let Some((record, revision)) = old.record.and_then(|record| Some((record, revision(record)?))) else {
            continue;
        };
        match after.posts.iter().find(|post| post.record == Some(record)) {
            None => drop(ledgers.delete(context, ASSIGNMENT, record, revision).await?),
            Some(new) if new.ends_on != old.ends_on => {
                let end = new.ends_on.map_or(Value::Null, Value::Date);
                ledgers.update(context, ASSIGNMENT, record, revision, Draft::new().with("ends_on", end)).await?;
            }
            Some(_) => {}
        }
    }
    for new in after.posts.iter().filter(|post| post.record.is_none()) {
        let mut draft = Draft::new()
            .with_id(RecordId(ids.next()))
            .with("staff", Value::Record(staff))
            .with("department", Value::Record(new.department))
            .with("kind", new.kind.key())
            .with("starts_on", Value::Date(new.starts_on));
        if let Some(end) = new.ends_on {
            draft.set("ends_on", Value::Date(end));
        }
        if let Some(post) = post(ledgers, context, ids, registers, new).await? {
            draft.set("post", Value::Record(post));
        }
        ledgers.create(context, ASSIGNMENT, draft).await?;
    }
    Ok(())
}

/// The post of the register, which is made where the department has none of that title yet.
async fn post(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    registers: &Registers,
    held: &HeldPost,
) -> Result<Option<RecordId>, LedgerError> {
    if held.title.is_empty() {
        return Ok(None);
    }
    let known =
        registers.posts.iter().find(|(_, post)| post.department == Some(held.department) && post.title == held.title);
    if let Some((id, _)) = known {
        return Ok(Some(*id));
    }
    let Some(department) = registers.departments.get(&held.department) else { return Ok(None) };
    let id = RecordId(ids.next());
    let year = FiscalYear::of(held.starts_on).year();
    let draft = Draft::new()
        .with_id(id)
        .with("code", format!("{}/{}", department.code, held.title))
        .with("title", held.title.as_str())
        .with("department", Value::Record(held.department))
        .with("rank", held.rank.unwrap_or(Rank::Officer).key())
        .with("first_fiscal_year", Value::Int(i64::from(year)));
    match ledgers.create(context, POST, draft).await {
        Ok(saved) => Ok(Some(saved.id)),
        // Made a moment ago, for somebody else of the same order.
        Err(LedgerError::Duplicate { .. }) => {
            let fresh = Registers::load(ledgers, context).await?;
            let same = |post: &crate::registers::KnownPost| {
                post.department == Some(held.department) && post.title == held.title
            };
            Ok(fresh.posts.iter().find(|(_, post)| same(post)).map(|(id, _)| *id))
        }
        Err(error) => Err(error),
    }
}
