//! Reading the registers: all of a small ledger, or one record by its code.

use kawasemi_identity::Context;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{LedgerError, Ledgers, ListRequest, Visible};

use crate::bundle::{CLOSED_DAY, DEPARTMENT, STAFF};
use crate::office_calendar::{SpecialDay, office_calendar};
use crate::organisation::Organisation;
use crate::registers::Registers;

/// Records read at once.
const PAGE: u32 = 1_000;

/// Reads all records of a ledger that the caller may see. For registers, which have at most some thousands.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn all(ledgers: &Ledgers, context: &Context, ledger: &str) -> Result<Vec<Visible>, LedgerError> {
    let mut request = ListRequest { limit: PAGE, ..ListRequest::all() };
    let mut records = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        records.extend(page.records);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(records),
        }
    }
}

/// The department with a code.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn department(ledgers: &Ledgers, context: &Context, code: &str) -> Result<Option<RecordId>, LedgerError> {
    Ok(by_key(ledgers, context, DEPARTMENT, "code", code).await?.map(|record| record.id))
}

/// The member of staff with an employee number, and their name.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn staff(
    ledgers: &Ledgers,
    context: &Context,
    number: &str,
) -> Result<Option<(RecordId, String)>, LedgerError> {
    let found = by_key(ledgers, context, STAFF, "employee_number", number).await?;
    Ok(found.map(|record| (record.id, record.get("name").as_text().unwrap_or_default().to_owned())))
}

/// The departments and who is assigned to them, as the registers have it today.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn organisation(ledgers: &Ledgers, context: &Context) -> Result<Organisation, LedgerError> {
    Ok(Registers::load(ledgers, context).await?.organisation())
}

/// The city's calendar, with its own closed and open days.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn calendar(
    ledgers: &Ledgers,
    context: &Context,
) -> Result<kawasemi_kernel::calendar::Calendar, LedgerError> {
    let days = all(ledgers, context, CLOSED_DAY).await?;
    let special = days.iter().filter_map(|record| {
        Some(SpecialDay { day: record.get("day").as_date()?, is_open: record.get("kind").as_text() == Some("open") })
    });
    Ok(office_calendar(special))
}

async fn by_key(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    field: &str,
    value: &str,
) -> Result<Option<Visible>, LedgerError> {
    let quoted = value.replace('\'', "''");
    let request = ListRequest { limit: 1, ..ListRequest::filtered(format!("{field} = '{quoted}'")) };
    Ok(ledgers.list(context, ledger, &request).await?.records.into_iter().next())
}

/// The text of a field, for comparing with a file.
pub(crate) fn text<'a>(record: &'a Visible, field: &str) -> &'a str {
    match record.get(field) {
        Value::Text(text) => text,
        _ => "",
    }
}
