//! Bulk exports and prints (大量の書出し・印刷): what left the screen. An export streams and is noted page by page; here it is
//! one line.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::RecordId;
use uuid::Uuid;

use super::{Narrowing, Period};
use crate::city::Oversight;
use crate::error::Result;
use crate::totals::account_of;

/// What was taken out with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOut {
    /// When it began.
    pub at: Timestamp,
    /// Who.
    pub account: Uuid,
    /// Their department at the time.
    pub department: Option<RecordId>,
    /// The ledger.
    pub ledger: String,
    /// Export, print or file.
    pub manner: Manner,
    /// Different records.
    pub records: usize,
    /// The personal and sensitive fields.
    pub fields: BTreeSet<String>,
    /// The reason that was stated.
    pub purpose: String,
    /// From which address.
    pub address: String,
    /// The request's number.
    pub request: String,
}

impl Oversight {
    /// What was exported or printed in a period, of at least so many records at once; the largest first.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn taken_out(
        &self,
        context: &Context,
        period: Period,
        narrowing: &Narrowing,
        at_least: usize,
    ) -> Result<(Vec<TakenOut>, bool)> {
        self.begin(context).await?;
        let is_out = |manner: Manner| matches!(manner, Manner::Export | Manner::Print);
        let condition = " AND manner IN ('export', 'print')";
        let (entries, more) = self.entries_where(period, narrowing, condition, &|row| is_out(row.entry.manner)).await?;
        let mut by_request: BTreeMap<(String, String, Uuid), (TakenOut, BTreeSet<RecordId>)> = BTreeMap::new();
        for row in entries {
            let account = account_of(&row.actor);
            let request = row.request.clone().unwrap_or_else(|| row.id.to_string());
            let (taken, records) =
                by_request.entry((request.clone(), row.entry.ledger.clone(), account)).or_insert_with(|| {
                    let taken = TakenOut {
                        at: row.at,
                        account,
                        department: row.department,
                        ledger: row.entry.ledger.clone(),
                        manner: row.entry.manner,
                        records: 0,
                        fields: BTreeSet::new(),
                        purpose: row.purpose.clone(),
                        address: row.address.clone(),
                        request,
                    };
                    (taken, BTreeSet::new())
                });
            taken.at = taken.at.min(row.at);
            taken.fields.extend(row.entry.fields.iter().cloned());
            records.extend(row.entry.records.iter().copied());
        }
        let mut found: Vec<TakenOut> = by_request
            .into_values()
            .map(|(taken, records)| TakenOut { records: records.len(), ..taken })
            .filter(|taken| taken.records >= at_least)
            .collect();
        found.sort_by(|one, other| other.records.cmp(&one.records).then(other.at.cmp(&one.at)));
        Ok((found, more))
    }
}
