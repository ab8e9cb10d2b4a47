//! The demo city's road ledger, as `sample/README.md` describes it: a street grid in the city's outline, and what lies on it. Everything is
//! made up and marked as sample; days count from the day of loading. A city that has routes is left as it is.

mod grid;
mod land;
mod streets;
mod works;

use futures::future::BoxFuture;
use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

use crate::acts::structures;
use crate::definitions::ROUTE;
use crate::kernel::{ChildRow, Decimal, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::platform::{Report, Work, WorkError};

use self::grid::{Draw, Ground};

/// What is written wherever somebody might take a record for a real one.
pub const MARK: &str = "見本";

/// Loads the sample.
pub fn load(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        if work.ledgers.count(&work.context, ROUTE, &ListRequest::all(), 1).await?.count > 0 {
            let text = "道路台帳には、すでに路線があります。".to_owned();
            return Ok(Report { text, json: serde_json::json!({ "records": 0 }) });
        }
        let mut loading = Loading::new(work);
        let routes = loading.streets().await?;
        loading.structures(&routes).await?;
        loading.permits(&routes).await?;
        loading.land(&routes).await?;
        loading.drawings(&routes).await?;
        loading.works(&routes).await?;
        structures::bring_over(&loading.work.ledgers, &loading.work.context).await?;
        let count = loading.done;
        Ok(Report {
            text: format!("道路台帳の見本データ（路線{}、記録{count}件）を入れました。", routes.len()),
            json: serde_json::json!({ "records": count }),
        })
    })
}

/// A route of the sample.
struct Route {
    id: RecordId,
    name: String,
    points: Vec<(f64, f64)>,
    sections: Vec<RecordId>,
}

struct Loading {
    work: Work,
    ground: Ground,
    draw: Draw,
    done: u64,
}

impl Loading {
    fn new(mut work: Work) -> Self {
        work.context = work.context.clone().because("見本データ");
        Self { work, ground: Ground::read(), draw: Draw::new(20_260_401), done: 0 }
    }

    async fn create(&mut self, ledger: &str, draft: Draft) -> Result<RecordId, LedgerError> {
        let saved = self.work.ledgers.create(&self.work.context, ledger, draft).await?;
        self.done += 1;
        (self.work.progress)(self.done, None);
        Ok(saved.id)
    }

    /// A day so long after today; before it where the span is negative.
    fn day(&self, span: Span) -> Date {
        let today = self.work.context.today();
        today.checked_add(span).unwrap_or(today)
    }

    /// A day some days after today.
    fn in_days(&self, days: i64) -> Date {
        self.day(days.days())
    }

    /// Child rows.
    fn rows<const N: usize>(&self, rows: impl IntoIterator<Item = [(&'static str, Value); N]>) -> Value {
        let row = |cells: [(&'static str, Value); N]| ChildRow {
            id: self.work.ids.next(),
            fields: cells.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Fields>(),
        };
        Value::Rows(rows.into_iter().map(row).collect())
    }
}

/// A decimal of two places from its hundredths.
fn hundredths(units: i64) -> Value {
    Value::Decimal(Decimal::new(units, 2))
}

/// A decimal of one place from its tenths.
fn tenths(units: i64) -> Value {
    Value::Decimal(Decimal::new(units, 1))
}
