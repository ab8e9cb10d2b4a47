//! The hits of a search that fit best first (関連度の高い順).
//!
//! What fits best is only known when a hit was read. The first thousand of the list's order are read and put in order here; a
//! ledger in which more are found is better narrowed. Only what the caller may see of a record counts, so that a place in the order
//! tells of nothing that is hidden.
//!
//! The rule is one that people can follow: for each word that was typed, what the record is called counts most, and more if
//! it is that word or begins with it; then every other field in which the word occurs counts a little. Hits that fit equally
//! well keep the list's order.

use std::cmp::Reverse;

use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::bigram::{Query, Term};
use kawasemi_kernel::text::fold;
use kawasemi_kernel::{Fields, Value};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_store::record::search_text::lines;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::read::{Page, page_size, personal};
use crate::record::Visible;
use crate::select::ListRequest;

/// How many hits are put in order.
pub const RANKED: usize = 1_000;

/// What the mark of a ranked page begins with; a place in the order follows.
const MARK: &str = "rank.";

/// Other fields count for one word up to so often, and always less than what the record is called.
const OTHERS: u32 = 3;

impl Ledgers {
    /// A page of the hits that fit best, from among the first `among` of the list's order.
    pub(crate) async fn ranked(
        &self,
        context: &Context,
        gate: &Gate,
        request: &ListRequest,
        query: &Query,
        among: usize,
    ) -> Result<Page> {
        let start = place(request)?;
        let mut listing = self.listing(context, gate, Action::Read, request).await?;
        let wanted = listing.fields.clone();
        let searched = gate.access.visible_fields(Action::Read).filter(|field| is_searched(field));
        let further = searched.filter(|field| !wanted.contains(&field.key)).map(|field| field.key.clone());
        listing.fields.extend(further);
        listing.limit = among;
        let found = self.page(gate, &listing, None).await?.records;
        let mut ranked: Vec<(u32, Visible)> = found
            .into_iter()
            .map(|record| (fit(gate.def().fields.as_slice(), &gate.def().label, &record, query), record))
            .collect();
        ranked.sort_by_key(|(fit, _)| Reverse(*fit));
        let end = start + page_size(request.limit);
        let next = (end < ranked.len()).then(|| format!("{MARK}{end}"));
        let mut records: Vec<Visible> =
            ranked.into_iter().map(|(_, record)| record).skip(start).take(end - start).collect();
        records.iter_mut().for_each(|record| record.only(&wanted));
        self.note_access(context, gate.ledger.key(), Manner::Search, personal(gate, &records)).await?;
        Ok(Page { records, next, fields: wanted })
    }
}

/// From which place of the order a page begins.
fn place(request: &ListRequest) -> Result<usize> {
    match request.cursor.as_deref().filter(|mark| !mark.is_empty()) {
        None => Ok(0),
        Some(mark) => {
            let place = mark.strip_prefix(MARK).and_then(|place| place.parse().ok());
            place.filter(|place| *place <= RANKED).ok_or(LedgerError::Cursor)
        }
    }
}

fn is_searched(field: &FieldDef) -> bool {
    field.search || matches!(&field.kind, FieldKind::Rows { fields, .. } if fields.iter().any(is_searched))
}

/// How well a record fits.
fn fit(fields: &[FieldDef], label: &[String], record: &Visible, query: &Query) -> u32 {
    let (mut names, mut others) = (Vec::new(), Vec::new());
    for field in fields {
        let Some(value) = record.fields().get(&field.key) else { continue };
        let texts = if label.contains(&field.key) { &mut names } else { &mut others };
        gather(field, value, texts);
    }
    query.terms.iter().map(|term| of_name(&names, term) + of_others(&others, term)).sum()
}

/// The texts of a field, folded; those of child rows too.
fn gather(field: &FieldDef, value: &Value, texts: &mut Vec<String>) {
    match (&field.kind, value) {
        (FieldKind::Rows { fields, .. }, Value::Rows(rows)) => {
            let of_row = |row: &Fields, texts: &mut Vec<String>| {
                fields.iter().filter_map(|field| Some((field, row.get(&field.key)?))).for_each(|(field, value)| {
                    gather(field, value, texts);
                });
            };
            rows.iter().for_each(|row| of_row(&row.fields, texts));
        }
        _ if field.search => lines(field, value, &mut |line| texts.push(fold(line))),
        _ => {}
    }
}

fn of_name(names: &[String], term: &Term) -> u32 {
    let one = |name: &String| match () {
        () if *name == term.text => 16,
        () if name.starts_with(&term.text) => 12,
        () if name.contains(&term.text) => 8,
        () => 0,
    };
    names.iter().map(one).max().unwrap_or_default()
}

fn of_others(others: &[String], term: &Term) -> u32 {
    let holding = others.iter().filter(|text| text.contains(&term.text)).count();
    u32::try_from(holding).unwrap_or(OTHERS).min(OTHERS)
}
