//! What lies in the areas of another ledger: which facilities stand in a flood zone (浸水想定区域), which parks in a school
//! district.
//!
//! The areas are read with the caller's own grants and noted like every reading; what the caller may not see of the other ledger
//! narrows nothing. A question is about no more areas than [`MOST`], and says so rather than leave some out.

use kawasemi_filter::{Expr, meets_any};
use kawasemi_identity::Context;
use kawasemi_kernel::{Geometry, Value};
use kawasemi_schema::Action;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::places::PlaceRequest;
use crate::select::{ListRequest, Within};

/// Areas of one question.
const MOST: u32 = 2_000;

impl Ledgers {
    /// The condition that a record's place meets the areas of another ledger.
    pub(crate) async fn meeting(&self, context: &Context, gate: &Gate, within: &Within) -> Result<Expr> {
        let own = gate.access.visible_fields(Action::Read).find(|field| field.kind.is_geometry());
        let own = own.ok_or_else(|| {
            LedgerError::Refused("この台帳には地図に示せる項目がないので、区域では絞り込めません。".to_owned())
        })?;
        let areas = self.areas(context, within).await?;
        Ok(meets_any(&own.key, &areas, &gate.access.scope())?)
    }

    async fn areas(&self, context: &Context, within: &Within) -> Result<Vec<Geometry>> {
        let key = self.geometry(context, &within.ledger, None)?.key;
        let shape = |record: &crate::record::Visible| match record.get(&key) {
            Value::Geometry(geometry) => Some(geometry.clone()),
            _ => None,
        };
        if let Some(record) = within.record {
            let record = Box::pin(self.get(context, &within.ledger, record)).await?;
            return Ok(shape(&record).into_iter().collect());
        }
        let list = ListRequest { limit: MOST, fields: Some(vec![key.clone()]), ..ListRequest::default() };
        let request = PlaceRequest { list, ..PlaceRequest::default() };
        let page = Box::pin(self.features(context, &within.ledger, &request)).await?;
        if page.next.is_some() {
            return Err(LedgerError::Refused(format!(
                "区域が{MOST}件を超えるので、まとめては調べられません。区域の記録を1件ずつ選んでください。"
            )));
        }
        Ok(page.records.iter().filter_map(shape).collect())
    }
}
