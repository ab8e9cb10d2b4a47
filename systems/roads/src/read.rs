//! Fields of a record by type, and all pages of a list. A field that the caller may not see is empty here, like one in which nothing
//! was entered.

use jiff::civil::Date;

use crate::kernel::{ChildRow, Decimal, Fields, FileRef, RecordId, Value, YearMonth};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;

/// Records read at once.
const AT_ONCE: u32 = 500;

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
    let mut request = ListRequest { limit: AT_ONCE, ..request };
    let mut found = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        found.extend(page.records);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(found),
        }
    }
}

/// Fields, by type.
#[derive(Clone, Copy)]
pub struct Read<'a>(pub &'a Fields);

impl<'a> Read<'a> {
    /// The fields of a record.
    pub fn of(record: &'a Visible) -> Self {
        Self(record.fields())
    }

    /// A text, if there is one.
    pub fn optional(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Value::as_text)
    }

    /// A text; empty for none.
    pub fn text(&self, key: &str) -> &'a str {
        self.optional(key).unwrap_or_default()
    }

    /// A whole number, an amount of yen or a fiscal year.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_int)
    }

    /// A date.
    pub fn date(&self, key: &str) -> Option<Date> {
        self.0.get(key).and_then(Value::as_date)
    }

    /// A month.
    pub fn month(&self, key: &str) -> Option<YearMonth> {
        match self.0.get(key) {
            Some(Value::YearMonth(month)) => Some(*month),
            _ => None,
        }
    }

    /// A reference.
    pub fn record(&self, key: &str) -> Option<RecordId> {
        self.0.get(key).and_then(Value::as_record)
    }

    /// Whether it is yes.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    /// A decimal.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        match self.0.get(key) {
            Some(Value::Decimal(figure)) => Some(*figure),
            _ => None,
        }
    }

    /// A decimal as a binary fraction, for formulas that have roots.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.decimal(key).map(Decimal::to_f64)
    }

    /// Child rows.
    pub fn rows(&self, key: &str) -> &'a [ChildRow] {
        match self.0.get(key) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }

    /// Files.
    pub fn files(&self, key: &str) -> &'a [FileRef] {
        match self.0.get(key) {
            Some(Value::Files(files)) => files,
            _ => &[],
        }
    }
}
