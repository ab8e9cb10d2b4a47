//! The ledgers as the program reads them: typed views of what a caller may see of a record.
//!
//! A field that the caller may not see is empty here, like one in which nothing was entered.

mod category;
mod read;
mod report;
mod settings;
mod update;

pub use category::{Category, Question};
pub use read::Read;
pub use report::Report;
pub use settings::{Disaster, Settings};
pub use update::Update;

use crate::kernel::calendar::Calendar;
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;

/// Records read at once.
const AT_ONCE: u32 = 500;

/// The condition of reports to which something is still to be done.
pub const OPEN: &str = "state NOT IN ('done', 'no-action', 'duplicate', 'cancelled')";

/// Reads the records of a list, at most so many.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn some(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
    most: usize,
) -> Result<Vec<Visible>, LedgerError> {
    let mut request = ListRequest { limit: AT_ONCE, ..request };
    let mut found = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        found.extend(page.records);
        match page.next {
            Some(next) if found.len() < most => request.cursor = Some(next),
            _ => {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

/// Reads all records of a list.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn all(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
) -> Result<Vec<Visible>, LedgerError> {
    some(ledgers, context, ledger, request, usize::MAX).await
}

/// The city's calendar of business days. Where the closed days may not be read, those of the law hold.
pub async fn calendar(ledgers: &Ledgers, context: &Context) -> Calendar {
    crate::platform::registry::register::calendar(ledgers, context).await.unwrap_or_default()
}
