//! Orders in the register: brought in from a file, taken back, and looked at before their day.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::{IdSource, PersonName, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, Ledgers};
use serde::Serialize;

use super::check::{Accepted, Checked, check};
use super::file;
use super::preview::{Preview, previews};
use crate::bundle::{PERSONNEL_ORDER, STAFF};
use crate::registers::{KnownOrder, OrderState, Person, Registers};
use crate::sheet::LineProblem;

/// What is to be brought in.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The file.
    pub file: &'a Path,
    /// What the orders are called together; empty for the day.
    pub title: &'a str,
    /// The day of orders whose line names none.
    pub effective: Option<Date>,
    /// Only look.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct OrderReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How many orders were taken.
    pub accepted: usize,
    /// How many were known already.
    pub unchanged: usize,
    /// What becomes of the people.
    pub people: Vec<Preview>,
    /// What was not taken, with the reason.
    pub refused: Vec<LineProblem>,
}

/// Why orders were not brought in or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file, or what is asked, can't be.
    #[error("{0}")]
    Refused(String),
    /// The registers can't be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The accounts can't be read or written.
    #[error(transparent)]
    Identity(#[from] kawasemi_identity::IdentityError),
}

/// Brings a file of orders in. What is wrong is told and left out; the rest is kept as planned.
///
/// # Errors
/// [`TransferError::Refused`] when the file can't be read at all; when the caller may not write orders.
pub async fn import(
    ledgers: &Ledgers,
    identity: &Identity,
    context: &Context,
    ids: &dyn IdSource,
    wanted: Wanted<'_>,
) -> Result<OrderReport, TransferError> {
    let path = wanted.file.to_owned();
    let effective = wanted.effective;
    let read = tokio_blocking(move || file::read(&path, effective)).await.map_err(TransferError::Refused)?;
    let registers = Registers::load(ledgers, context).await?;
    let Checked { accepted, unchanged, mut refused } = check(&registers, read, ids);
    let grants = ledgers.grants()?;
    let people = previews(&registers, identity, grants.roles(), context, &accepted).await?;
    let mut kept = accepted.len();
    if !wanted.dry_run {
        for one in &accepted {
            // A record that the ledger refuses keeps no other from being taken.
            if let Err(error) = keep(ledgers, context, one, wanted.title).await {
                kept -= 1;
                refused.push(LineProblem { line: one.row.line, about: one.row.about(), message: error.to_string() });
            }
        }
        refused.sort_by_key(|problem| problem.line);
    }
    Ok(OrderReport { dry_run: wanted.dry_run, accepted: kept, unchanged, people, refused })
}

/// Runs what reads a file away from the threads that answer requests.
async fn tokio_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("ファイルを読めませんでした。".to_owned()))
}

async fn keep(ledgers: &Ledgers, context: &Context, one: &Accepted, title: &str) -> Result<(), LedgerError> {
    let Accepted { order, row, .. } = one;
    if one.is_new_person {
        let name = PersonName { name: row.name.clone(), kana: row.kana.clone() };
        let person = Draft::new()
            .with_id(order.staff)
            .with("employee_number", row.number.as_str())
            .with("name", Value::Name(name))
            .with("hired_on", Value::Date(order.effective_on));
        ledgers.create(context, STAFF, person).await?;
    }
    let title = if title.is_empty() { format!("{}付け", order.effective_on) } else { title.to_owned() };
    let mut draft = Draft::new()
        .with("title", title)
        .with("staff", Value::Record(order.staff))
        .with("employee_number", row.number.as_str())
        .with("kind", order.kind.key())
        .with("effective_on", Value::Date(order.effective_on))
        .with("state", OrderState::Planned.key());
    if let Some(until) = order.until {
        draft.set("until", Value::Date(until));
    }
    if let Some(department) = order.department {
        draft.set("department", Value::Record(department));
    }
    let rank = order.rank.map(|rank| rank.key()).unwrap_or_default();
    for (key, text) in [("post_title", order.title.as_str()), ("rank", rank), ("note", row.note.as_str())] {
        if !text.is_empty() {
            draft.set(key, text);
        }
    }
    ledgers.create(context, PERSONNEL_ORDER, draft).await?;
    Ok(())
}

/// Takes planned orders back (取消し): those with these ids. Whoever was put into the register only to be hired goes with them.
/// Answers how many were taken back.
///
/// # Errors
/// [`TransferError::Refused`] for an order that is in force: it is put right by a correcting order.
pub async fn withdraw(ledgers: &Ledgers, context: &Context, orders: &[RecordId]) -> Result<usize, TransferError> {
    let registers = Registers::load(ledgers, context).await?;
    let known: Vec<&KnownOrder> = registers.orders.iter().filter(|known| orders.contains(&known.id)).collect();
    if let Some(late) = known.iter().find(|known| known.state == OrderState::InForce) {
        return Err(TransferError::Refused(format!(
            "{}の発令はもう効力があるため取り消せません。訂正する発令（正しい所属への配置換など）を取り込んでください。",
            late.order.effective_on
        )));
    }
    let mut withdrawn = 0;
    let mut never_hired: BTreeMap<RecordId, i64> = BTreeMap::new();
    for known in known.into_iter().filter(|known| known.state == OrderState::Planned) {
        let mut draft = Draft::new().with("state", OrderState::Withdrawn.key()).with("problem", Value::Null);
        if let Some(person) = only_to_be_hired(&registers, known.order.staff, orders) {
            never_hired.insert(person.id, person.revision);
            draft.set("staff", Value::Null);
        }
        ledgers.update(context, PERSONNEL_ORDER, known.id, known.revision, draft).await?;
        withdrawn += 1;
    }
    for (person, revision) in never_hired {
        ledgers.delete(context, STAFF, person, revision).await?;
    }
    Ok(withdrawn)
}

/// The person, if nothing but the orders that are taken back put them into the register.
fn only_to_be_hired<'a>(registers: &'a Registers, staff: RecordId, taken_back: &[RecordId]) -> Option<&'a Person> {
    let person = registers.people.get(&staff)?;
    let mut orders = registers.orders.iter().filter(|known| known.order.staff == staff);
    let hires =
        |known: &KnownOrder| known.order.kind.begins_service() && person.hired_on == Some(known.order.effective_on);
    let hired_by_these = orders.clone().any(|known| hires(known) && taken_back.contains(&known.id));
    let others = orders.any(|known| known.state != OrderState::Withdrawn && !taken_back.contains(&known.id));
    let held = registers.held.get(&staff).is_some_and(|held| !held.is_empty());
    (hired_by_these && !others && !held).then_some(person)
}
