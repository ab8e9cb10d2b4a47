//! Rows of people under protection (支援措置), as an operator may see them.
//!
//! A row that was put aside is shown as it came, so that it can be corrected. Where it says where a protected person lives, it
//! is not: the operator corrects the rest, and what is hidden stays as it came. A row whose person is not known is hidden as
//! well, since nobody can say that they are not protected. And where a row could not even be read, its columns may have moved:
//! then of a row that is hidden only what reads as a number, a date or a known code is shown, wherever it stands.
//!
//! What was hidden goes back to its own place and under its own key alone: a correction that gave it to somebody else would
//! tell it.

use std::collections::HashSet;

use kawasemi_kernel::RecordId;
use kawasemi_ledger::field::{Cell, from_cell};
use kawasemi_ledger::import::{FeedChange, FeedSample};
use kawasemi_store::Sql;
use kawasemi_store::ledger::Ledger;
use kawasemi_store::record::read::{RECORDS, records};
use kawasemi_store::record::{Projection, columns};
use uuid::Uuid;

use crate::convert::text_of;
use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::layout::{Conversion, Layout, Place};
use crate::runs::{BadRow, Run};

/// What stands in the place of a hidden text.
pub const HIDDEN: &str = "（支援措置により非表示）";
const OTHER_KEY: &str = "表示していない項目がある行では、記録を見つける項目（宛名番号など）を変えられません。変えるときは、「（支援措置により\
                         非表示）」の欄も、元のシステムで確かめて入れ直してください。";

impl Exchange {
    /// Hides the protected fields in the rows of people who are, or may be, under protection.
    pub(crate) async fn hide_protected(&self, run: &Run, rows: &mut [BadRow]) -> Result<()> {
        let layout = self.version(&run.layout, run.version).await?;
        let catalogue = self.city().catalogue();
        let Some(ledger) = catalogue.get(&layout.raw.ledger).filter(|ledger| ledger.guard.is_some()) else {
            return Ok(());
        };
        let protected = places(&layout, |target| ledger.def.field(target).is_some_and(|field| field.protected));
        if rows.is_empty() || protected.is_empty() || !self.has_protected(ledger).await? {
            return Ok(());
        }
        let keys = key_places(&layout);
        for row in rows {
            if !self.is_open(ledger, &layout, &keys, row).await? {
                hide(&layout, &protected, &keys, row);
            }
        }
        Ok(())
    }

    /// Hides the protected fields in the difference of people under protection, and says so in their place. Of records whose
    /// ids are not known, they are shown only while the file waits for its decision; and never of corrected rows, since a
    /// correction may have made somebody new of them.
    pub(crate) async fn hide_in_samples(&self, run: &Run, samples: &mut [(i64, FeedSample)]) -> Result<()> {
        let catalogue = self.city().catalogue();
        let layout = self.version(&run.layout, run.version).await?;
        let Some(ledger) = catalogue.get(&layout.raw.ledger).filter(|ledger| ledger.guard.is_some()) else {
            return Ok(());
        };
        let ids: Vec<RecordId> = samples.iter().filter_map(|(_, sample)| sample.record).collect();
        let rows = records(self.city(), ledger, &Projection::fields(ledger, []), &ids).await?;
        let protected: HashSet<RecordId> = rows.iter().filter(|row| row.protected).map(|row| row.id).collect();
        let hides_new = run.decided_at.is_some() || run.origin.is_some() && self.has_protected(ledger).await?;
        for (_, sample) in samples {
            if !sample.record.map_or(hides_new, |id| protected.contains(&id)) {
                continue;
            }
            sample.changes.retain(|change| !ledger.def.field(&change.field).is_some_and(|field| field.protected));
            // Said whether or not there was anything to hide.
            if sample.record.is_some() {
                let (field, before) = (String::new(), String::new());
                sample.changes.push(FeedChange { field, before, after: HIDDEN.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether anybody of a ledger is under protection: without, nothing has to be hidden.
    pub(crate) async fn has_protected(&self, ledger: &Ledger) -> Result<bool> {
        let Some(guard) = &ledger.guard else { return Ok(false) };
        let mut sql = Sql::text("SELECT 1 FROM ");
        sql.table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ").append(&guard.condition(RECORDS));
        sql.push(" LIMIT 1");
        Ok(self.city().read_one(sql).await?.is_some())
    }

    /// Whether a row is about somebody who is known and not under protection.
    async fn is_open(&self, ledger: &Ledger, layout: &Layout, keys: &HashSet<usize>, row: &BadRow) -> Result<bool> {
        let Some(guard) = &ledger.guard else { return Ok(true) };
        let mut sql = Sql::text("SELECT CASE WHEN ");
        sql.append(&guard.condition(RECORDS)).push(" THEN 1 ELSE 0 END FROM ").table(ledger.table()).push(" AS ");
        sql.ident(RECORDS).push(" WHERE ").column(RECORDS, "deleted_at").push(" IS NULL");
        for field in &layout.raw.find {
            // As the feed will look for it; a key that can't be read is nobody's.
            let Some(text) = key_text(layout, keys, field, &row.row.values) else { return Ok(false) };
            let Some(def) = ledger.def.field(field) else { return Ok(false) };
            let Ok(value) = from_cell(def, &Cell::Text(text)) else { return Ok(false) };
            let Some(value) = columns::encode(def, &value)?.into_iter().next() else { return Ok(false) };
            sql.push(" AND ").column(RECORDS, field).push(" = ").bind(value);
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

    /// A correction with what was hidden from its author put back.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it would come under another key.
    pub(crate) async fn given_back(&self, run: Uuid, whole: &BadRow, values: &[String]) -> Result<Vec<String>> {
        let known = whole.corrected.as_ref().unwrap_or(&whole.row.values);
        let back = |(at, value): (usize, &String)| match value == HIDDEN {
            true => known.get(at).cloned().unwrap_or_default(),
            false => value.clone(),
        };
        let given: Vec<String> = values.iter().enumerate().map(back).collect();
        if values.iter().any(|value| value == HIDDEN) {
            let run = self.select_runs(&Sql::with("id = $1", [run.into()]), 1).await?.pop();
            let run = run.ok_or(ExchangeError::NotFound)?;
            let layout = self.version(&run.layout, run.version).await?;
            let is_same = |at: &usize| given.get(*at).map(|text| text.trim()) == known.get(*at).map(|text| text.trim());
            if !key_places(&layout).iter().all(is_same) {
                return Err(ExchangeError::Refused(OTHER_KEY.to_owned()));
            }
        }
        Ok(given)
    }
}

/// Hides what a row says of where its person is to be found.
fn hide(layout: &Layout, protected: &HashSet<usize>, keys: &HashSet<usize>, row: &mut BadRow) {
    let all = &layout.data().places;
    let is_misread = row.row.problems.iter().any(|problem| problem.field.is_empty())
        || all.iter().zip(&row.row.values).any(|(place, text)| text_of(place, text).is_err());
    let may_be_seen = |at: usize, text: &str| match all.get(at) {
        Some(_) if protected.contains(&at) => false,
        Some(place) if is_misread => reads_as_code(place, text),
        _ => true,
    };
    let mut hidden: Vec<String> = Vec::new();
    for values in [Some(&mut row.row.values), row.corrected.as_mut()].into_iter().flatten() {
        for (at, value) in values.iter_mut().enumerate() {
            let text = value.trim();
            if text.is_empty() || may_be_seen(at, text) || keys.contains(&at) && !is_misread {
                continue;
            }
            hidden.push(text.to_owned());
            HIDDEN.clone_into(value);
        }
    }
    for problem in &mut row.row.problems {
        let at = layout.data().named(&problem.field);
        let is_hidden = at.is_some_and(|at| protected.contains(&at));
        let tells = |said: &str| hidden.iter().any(|text| said.contains(text.as_str()));
        if is_hidden || tells(&problem.reason) {
            problem.reason = format!("この項目に入れられない値です{HIDDEN}");
        }
        let shown = at.is_some_and(|at| row.row.values.get(at).is_some_and(|text| text != HIDDEN));
        if !problem.value.is_empty() && !shown {
            HIDDEN.clone_into(&mut problem.value);
        }
    }
}

/// Whether a text is a number, a date or a code that its place knows: nothing by which somebody is to be found.
fn reads_as_code(place: &Place, text: &str) -> bool {
    let has_form = place.raw.r#type != Conversion::Text || !place.raw.map.is_empty();
    has_form && text_of(place, text).is_ok()
}

/// The field of the ledger that a target means.
fn field_of(target: &str) -> &str {
    target.split('.').next().unwrap_or_default()
}

/// The places of a layout's data record whose target meets a condition.
fn places(layout: &Layout, wanted: impl Fn(&str) -> bool) -> HashSet<usize> {
    let all = layout.data().places.iter().enumerate();
    all.filter(|(_, place)| wanted(field_of(&place.raw.to))).map(|(at, _)| at).collect()
}

fn key_places(layout: &Layout) -> HashSet<usize> {
    places(layout, |target| layout.raw.find.iter().any(|key| key == target))
}

/// The text of a key's field in a row.
fn key_text(layout: &Layout, keys: &HashSet<usize>, field: &str, values: &[String]) -> Option<String> {
    let mut whole = String::new();
    for (at, place) in layout.data().places.iter().enumerate() {
        if keys.contains(&at) && field_of(&place.raw.to) == field {
            whole.push_str(&text_of(place, values.get(at)?).ok()?);
        }
    }
    (!whole.is_empty()).then_some(whole)
}
