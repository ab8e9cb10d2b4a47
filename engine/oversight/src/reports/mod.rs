//! What the auditor asks of the access log (監査担当の報告書).
//!
//! Each report is a function from a [`Period`] and some narrowing to rows that a page, a CSV file or paper shows alike. All
//! that can be answered from the counters is ([`crate::totals`]); what needs single entries reads those of one person on one
//! day. Before anything is answered the log is sealed, so that what was looked at a second ago is in the report.
//!
//! The auditor sees who looked, when, how and at which record: ids and ledgers, never what stands in a record.

pub mod close;
pub mod entries;
pub mod exports;
pub mod mass;
pub mod monthly;
pub mod seen;

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_kernel::context::start_of;
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_number;

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl Period {
    /// The month in which a day lies.
    #[must_use]
    pub fn month_of(day: Date) -> Self {
        Self { from: day.first_of_month(), until: day.last_of_month() }
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        start_of(self.from)
    }

    /// When it has ended.
    #[must_use]
    pub fn end(self) -> Timestamp {
        start_of(self.until.tomorrow().unwrap_or(Date::MAX))
    }

    pub(crate) fn numbers(self) -> (i64, i64) {
        (day_number(self.from), day_number(self.until))
    }
}

/// What a report is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Of whoever belonged to this department.
    pub department: Option<RecordId>,
    /// Of one account.
    pub account: Option<Uuid>,
    /// In one ledger.
    pub ledger: Option<String>,
}

impl Oversight {
    /// What every report does first.
    pub(crate) async fn begin(&self, context: &Context) -> Result<()> {
        context.require_overseer()?;
        self.seal(context.act.at).await?;
        Ok(())
    }
}
