//! Rows of people under protection (支援措置), as an operator may see them.
//!
//! A row that was put aside is shown as it came, so that it can be corrected. Where it says where a protected person lives, it
//! is not: the operator corrects the rest, and what is hidden stays as it came. A row whose person is not known is hidden as
//! well, since nobody can say that they are not protected.

use std::collections::HashSet;

use kawasemi_store::Sql;
use kawasemi_store::ledger::Ledger;
use kawasemi_store::record::read::RECORDS;

use crate::error::Result;
use crate::exchange::Exchange;
use crate::layout::Layout;
use crate::runs::{BadRow, Run};

/// What stands in the place of a hidden text.
pub const HIDDEN: &str = "（支援措置により非表示）";

impl Exchange {
    /// Hides the protected fields in the rows of people who are, or may be, under protection.
    pub(crate) async fn hide_protected(&self, run: &Run, rows: &mut [BadRow]) -> Result<()> {
        let layout = self.version(&run.layout, run.version).await?;
        let catalogue = self.city().catalogue();
        let Some(ledger) = catalogue.get(&layout.raw.ledger).filter(|ledger| ledger.guard.is_some()) else {
            return Ok(());
        };
        let hidden = places(&layout, |target| ledger.def.field(target).is_some_and(|field| field.protected));
        if hidden.is_empty() || !self.has_protected(ledger).await? {
            return Ok(());
        }
        let keys = places(&layout, |target| layout.raw.find.iter().any(|key| key == target));
        for row in rows {
            if self.is_open(ledger, &layout, &keys, row).await? {
                continue;
            }
            for at in &hidden {
                for values in [Some(&mut row.row.values), row.corrected.as_mut()].into_iter().flatten() {
                    if let Some(value) = values.get_mut(*at).filter(|value| !value.trim().is_empty()) {
                        HIDDEN.clone_into(value);
                    }
                }
                let name = &layout.data().places[*at].raw.name;
                for problem in row.row.problems.iter_mut().filter(|problem| problem.field == *name) {
                    problem.reason = format!("この項目に入れられない値です{HIDDEN}");
                    HIDDEN.clone_into(&mut problem.value);
                }
            }
        }
        Ok(())
    }

    /// Whether anybody of a ledger is under protection: without, nothing has to be hidden.
    async fn has_protected(&self, ledger: &Ledger) -> Result<bool> {
        let Some(guard) = &ledger.guard else { return Ok(false) };
        let mut sql = Sql::text("SELECT 1 FROM ");
        sql.table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ").append(&guard.condition(RECORDS));
        sql.push(" LIMIT 1");
        Ok(self.city().read_one(sql).await?.is_some())
    }

    /// Whether a row is about somebody who is known and not under protection.
    async fn is_open(&self, ledger: &Ledger, layout: &Layout, keys: &HashSet<usize>, row: &BadRow) -> Result<bool> {
        let Some(guard) = ledger.guard.as_ref().filter(|_| !keys.is_empty()) else { return Ok(false) };
        let mut sql = Sql::text("SELECT CASE WHEN ");
        sql.append(&guard.condition(RECORDS)).push(" THEN 1 ELSE 0 END FROM ").table(ledger.table()).push(" AS ");
        sql.ident(RECORDS).push(" WHERE ").column(RECORDS, "deleted_at").push(" IS NULL");
        for at in keys {
            let text = row.row.values.get(*at).map_or("", |text| text.trim());
            // A number of a host comes with zeros before it.
            let plain = text.trim_start_matches('0');
            let column = &layout.data().places[*at].raw.to;
            sql.push(" AND ").column(RECORDS, column).push(" IN (").bind(text).push(", ").bind(plain).push(")");
        }
        let found = self.city().read(sql).await?;
        let mut is_known = false;
        for person in &found {
            is_known = true;
            if person.get::<i64>(0)? != 0 {
                return Ok(false);
            }
        }
        Ok(is_known)
    }
}

/// The places of a layout's data record whose target meets a condition.
fn places(layout: &Layout, wanted: impl Fn(&str) -> bool) -> HashSet<usize> {
    let places = layout.data().places.iter().enumerate();
    let field = |to: &str| to.split('.').next().unwrap_or_default().to_owned();
    places.filter(|(_, place)| wanted(&field(&place.raw.to))).map(|(at, _)| at).collect()
}

/// A correction with what was hidden from its author put back.
pub(crate) fn given_back(whole: &BadRow, values: &[String]) -> Vec<String> {
    let known = whole.corrected.as_ref().unwrap_or(&whole.row.values);
    let back = |(at, value): (usize, &String)| match value == HIDDEN {
        true => known.get(at).cloned().unwrap_or_default(),
        false => value.clone(),
    };
    values.iter().enumerate().map(back).collect()
}
