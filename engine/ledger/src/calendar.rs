//! Records by date, for the calendar of a ledger.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::Value;
use kawasemi_kernel::context::{civil_date, start_of};
use kawasemi_schema::{Action, FieldKind, SortKey};

use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;
use crate::read::LARGEST_PAGE;
use crate::record::Visible;
use crate::select::ListRequest;

/// Longest range in days: six weeks of a month's sheet, or a year of a list.
const DAYS: i64 = 400;

/// The records of a range of days.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// The records of each day, in the ledger's order; days without any are left out.
    pub days: BTreeMap<Date, Vec<Visible>>,
    /// Whether there are more than are shown.
    pub more: bool,
}

impl Ledgers {
    /// Reads the records whose date lies between two days, both included.
    ///
    /// # Errors
    /// [`LedgerError::Unsuitable`] when the field holds no date, and as [`Ledgers::list`].
    pub async fn calendar(
        &self,
        context: &Context,
        ledger: &str,
        field: Option<&str>,
        first: Date,
        last: Date,
        request: &ListRequest,
    ) -> Result<Calendar> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let key = field.or(gate.def().list.calendar.as_deref());
        let key = key.ok_or_else(|| LedgerError::Unsuitable { name: String::new(), purpose: "カレンダー" })?;
        gate.access.needed(Action::Read, [key]).map_err(|hidden| gate.unknown_field(&hidden.name))?;
        let field = gate.def().field(key).ok_or_else(|| gate.unknown_field(key))?;
        let last = last.min(first.checked_add(DAYS.days()).unwrap_or(last));
        let range = match &field.kind {
            FieldKind::Date => format!("{key} BETWEEN DATE('{first}') AND DATE('{last}')"),
            FieldKind::DateTime => {
                let after = last.tomorrow().unwrap_or(last);
                format!("{key} >= TIMESTAMP('{}') AND {key} < TIMESTAMP('{}')", start_of(first), start_of(after))
            }
            _ => return Err(LedgerError::Unsuitable { name: field.label.ja().to_owned(), purpose: "カレンダー" }),
        };
        let request = ListRequest {
            also: request.also.iter().cloned().chain([range]).collect(),
            sort: vec![SortKey { field: key.to_owned(), descending: false }],
            limit: LARGEST_PAGE,
            ..request.clone()
        };
        let page = self.list(context, ledger, &request).await?;
        let mut days: BTreeMap<Date, Vec<Visible>> = BTreeMap::new();
        for record in page.records {
            let day = match record.get(key) {
                Value::Date(date) => *date,
                Value::Instant(at) => civil_date(*at),
                _ => continue,
            };
            days.entry(day).or_default().push(record);
        }
        Ok(Calendar { days, more: page.next.is_some() })
    }
}
