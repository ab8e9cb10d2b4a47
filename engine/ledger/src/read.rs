//! Reading: one record, a page of a list, a bounded count.
//!
//! A page is filled by the store's keyset query. Where SQL could not decide everything (a geometry that is more than its
//! box), rows are fetched in batches and tested here until the page is full, within a bound on the rows looked at: such a
//! page may be short and still have a next one. Nothing waits for an exact count.

use std::collections::BTreeSet;

use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::{FileRef, RecordId, Value};
use kawasemi_schema::{Action, FieldDef, SortKey};
use kawasemi_store::StoreError;
use kawasemi_store::ledger::Order;
use kawasemi_store::list::{Cursor, Deleted, ListQuery};
use kawasemi_store::record::read::records;
use kawasemi_store::record::{Projection, RecordRow};

use uuid::Uuid;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers, PersonalData};
use crate::rank::RANKED;
use crate::record::{RowView, Visible};
use crate::select::{ListRequest, Selection};
use crate::uses::Use;

/// Records on a page where nothing is said.
pub const PAGE: u32 = 50;
/// Most records on a page.
pub const LARGEST_PAGE: u32 = 1_000;
/// Rows read at once where each must be tested in memory.
const BATCH: usize = 500;
/// Most rows that are tested for one page or count.
const TESTED: usize = 20_000;

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The records.
    pub records: Vec<Visible>,
    /// The mark from which the next page goes on; none at the end.
    pub next: Option<String>,
    /// The keys of the fields that the records have, in the order of the form.
    pub fields: Vec<String>,
}

/// A count that did not go further than it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounded {
    /// How many were found.
    pub count: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Ledgers {
    /// Reads a page of a ledger.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`], [`LedgerError::UnknownField`], [`LedgerError::Filter`], [`LedgerError::Unsuitable`],
    /// [`LedgerError::Cursor`].
    pub async fn list(&self, context: &Context, ledger: &str, request: &ListRequest) -> Result<Page> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let page = match request.ranked_query()? {
            Some(query) => self.ranked(context, &gate, request, &query, RANKED).await?,
            None => {
                let mut listing = self.listing(context, &gate, Action::Read, request).await?;
                listing.limit = page_size(request.limit);
                let page = self.page(&gate, &listing, cursor(request)?).await?;
                self.note_access(context, ledger, how(request), personal(&gate, &page.records)).await?;
                page
            }
        };
        self.note_use(context, ledger, Use::Read).await;
        Ok(page)
    }

    /// Counts the records that a list has, up to a bound.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn count(&self, context: &Context, ledger: &str, request: &ListRequest, limit: u64) -> Result<Bounded> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let request = ListRequest { sort: Vec::new(), ..request.clone() };
        let selection = self.select(context, &gate, Action::Read, &request, []).await?;
        if selection.exact.is_none() {
            let bound = u32::try_from(limit).unwrap_or(u32::MAX);
            let counted = query(&gate, &selection).bounded_count(self.city(), bound).await?;
            return Ok(Bounded { count: counted.count, more: counted.is_more });
        }
        self.count_tested(&gate, &selection, limit).await
    }

    /// Reads one record. A deleted one is shown to those who may bring it back.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is none or it may not be seen.
    pub async fn get(&self, context: &Context, ledger: &str, id: RecordId) -> Result<Visible> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let row = self.any_row_for(&gate, id, Action::Read).await?;
        let record = Visible::of(gate.def(), &gate.access, row).ok_or(LedgerError::NotFound)?;
        let read = personal(&gate, std::slice::from_ref(&record));
        self.note_access(context, ledger, Manner::Read, read).await?;
        Ok(record)
    }

    /// Reads the records with these ids, as far as they are there and may be seen; in no particular order.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for a ledger that may not be read.
    pub async fn get_many(&self, context: &Context, ledger: &str, ids: &[RecordId]) -> Result<Vec<Visible>> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let rows = records(self.city(), &gate.ledger, &Projection::all(&gate.ledger), ids).await?;
        let seen = rows.into_iter().filter(|row| row.deleted_at.is_none());
        let seen: Vec<Visible> = seen.filter_map(|row| Visible::of(gate.def(), &gate.access, row)).collect();
        self.note_access(context, ledger, Manner::List, personal(&gate, &seen)).await?;
        Ok(seen)
    }

    /// Reads one record by its human number.
    ///
    /// # Errors
    /// As [`Ledgers::get`].
    pub async fn get_by_number(&self, context: &Context, ledger: &str, number: &str) -> Result<Visible> {
        let id = self.by_number(context, ledger, number).await?.ok_or(LedgerError::NotFound)?;
        self.get(context, ledger, id).await
    }

    /// An attached file of a record, for its download: what may not be seen of the record may not be taken from it.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is none or it may not be seen.
    pub async fn attachment(&self, context: &Context, ledger: &str, id: RecordId, file: Uuid) -> Result<FileRef> {
        let record = self.get(&context.clone().reading(Manner::File), ledger, id).await?;
        let mut attached = record.fields().values().filter_map(|value| match value {
            Value::Files(files) => files.iter().find(|known| known.id == file),
            _ => None,
        });
        attached.next().cloned().ok_or(LedgerError::NotFound)
    }

    /// Makes of a request what a page needs.
    pub(crate) async fn listing(
        &self,
        context: &Context,
        gate: &Gate,
        action: Action,
        request: &ListRequest,
    ) -> Result<Listing> {
        let asked = request.sort.iter().map(|key| key.field.as_str());
        let selection = self.select(context, gate, action, request, asked).await?;
        let of_view = selection.view.as_ref().map_or(&[][..], |view| &view.sort);
        let order = order(gate, action, &request.sort, of_view)?;
        let visible: Vec<&FieldDef> = gate.access.visible_fields(action).collect();
        let fields: Vec<String> = match &request.fields {
            None => visible.iter().map(|field| field.key.clone()).collect(),
            Some(keys) => {
                let names = keys.iter().map(String::as_str);
                gate.access.needed(action, names).map_err(|hidden| gate.unknown_field(&hidden.name))?;
                visible.iter().filter(|field| keys.contains(&field.key)).map(|field| field.key.clone()).collect()
            }
        };
        Ok(Listing { selection, order, fields, limit: PAGE as usize, action })
    }

    /// Fills a page.
    pub(crate) async fn page(&self, gate: &Gate, listing: &Listing, after: Option<Cursor>) -> Result<Page> {
        let exact = &listing.selection.exact;
        let mut wanted: BTreeSet<&str> = listing.fields.iter().map(String::as_str).collect();
        wanted.extend(exact.properties());
        let mut query = query(gate, &listing.selection);
        query.projection = gate.projection(wanted);
        // What only grants and tests look at.
        let surplus: Vec<String> = query
            .projection
            .keys()
            .filter(|key| !listing.fields.iter().any(|known| known == key))
            .map(str::to_owned)
            .collect();
        query.order = listing.order.clone();
        query.after = after;
        let (rows, next) = if exact.is_none() {
            query.limit = listing.limit;
            let has_cursor = query.after.is_some();
            let page = query.page(self.city()).await.map_err(|error| page_error(error, has_cursor))?;
            (page.records, page.next)
        } else {
            self.tested_page(&mut query, &listing.selection, listing.limit).await?
        };
        let mut records: Vec<Visible> = rows
            .into_iter()
            .filter_map(|row| Visible::through(gate.def(), &gate.access, listing.action, row))
            .collect();
        if !surplus.is_empty() {
            records.iter_mut().for_each(|record| record.without(&surplus));
        }
        Ok(Page { records, next: next.map(|cursor| cursor.to_string()), fields: listing.fields.clone() })
    }

    /// Reads batches and tests their rows until a page is full.
    async fn tested_page(
        &self,
        query: &mut ListQuery<'_>,
        selection: &Selection,
        limit: usize,
    ) -> Result<(Vec<RecordRow>, Option<Cursor>)> {
        let mut found = Vec::new();
        let mut tested = 0;
        let has_cursor = query.after.is_some();
        let refused = |error| page_error(error, has_cursor);
        loop {
            query.limit = BATCH;
            let start = query.after.clone();
            let batch = query.page(self.city()).await.map_err(refused)?;
            tested += batch.records.len();
            for (index, row) in batch.records.into_iter().enumerate() {
                if !selection.exact.matches(&RowView(&row)) {
                    continue;
                }
                found.push(row);
                if found.len() == limit {
                    // The mark after this very row: a second, shorter look at the same range.
                    query.after = start;
                    query.limit = index + 1;
                    let again = query.page(self.city()).await.map_err(refused)?;
                    return Ok((found, again.next));
                }
            }
            match batch.next {
                Some(next) if tested < TESTED => query.after = Some(next),
                next => return Ok((found, next)),
            }
        }
    }

    async fn count_tested(&self, gate: &Gate, selection: &Selection, limit: u64) -> Result<Bounded> {
        let mut query = query(gate, selection);
        query.projection = Projection::fields(&gate.ledger, selection.exact.properties());
        query.limit = BATCH;
        let (mut count, mut tested) = (0, 0);
        loop {
            let batch = query.page(self.city()).await?;
            tested += batch.records.len();
            count += batch.records.iter().filter(|row| selection.exact.matches(&RowView(row))).count() as u64;
            if count >= limit {
                return Ok(Bounded { count: limit, more: true });
            }
            match batch.next {
                Some(_) if tested >= TESTED => return Ok(Bounded { count, more: true }),
                Some(next) => query.after = Some(next),
                None => return Ok(Bounded { count, more: false }),
            }
        }
    }
}

/// What a page of a list needs.
pub(crate) struct Listing {
    pub selection: Selection,
    pub order: Order,
    /// The keys of the fields that are answered.
    pub fields: Vec<String>,
    pub limit: usize,
    pub action: Action,
}

/// The store's query for a selection.
pub(crate) fn query<'a>(gate: &'a Gate, selection: &Selection) -> ListQuery<'a> {
    let mut query = ListQuery::new(&gate.ledger);
    query.condition = Some(selection.condition.clone());
    query.deleted = if selection.deleted { Deleted::Only } else { Deleted::Without };
    query.search = selection.search.clone();
    query
}

/// The order of a list. What was asked for must be known and have an order; of the ledger's own order, what the caller
/// does not see in every row is left out, since it would tell of what is hidden.
fn order(gate: &Gate, action: Action, asked: &[SortKey], of_view: &[SortKey]) -> Result<Order> {
    let own = if of_view.is_empty() { &gate.def().list.sort } else { of_view };
    let keys: Vec<&SortKey> = if asked.is_empty() {
        let lowest = gate.access.lowest_clearance(action).unwrap_or_default();
        let is_open = |key: &&SortKey| {
            gate.access
                .needed(action, [key.field.as_str()])
                .is_ok_and(|needed| needed.clearance <= lowest && (!needed.protected || gate.access.sees_protected()))
        };
        own.iter().filter(is_open).collect()
    } else {
        asked.iter().collect()
    };
    let column = |key: &SortKey| {
        let unsuitable = || LedgerError::Unsuitable { name: key.field.clone(), purpose: "並べ替え" };
        gate.ledger.sort_column(&key.field, key.descending).ok_or_else(unsuitable)
    };
    Ok(Order::by(keys.into_iter().map(column).collect::<Result<_>>()?))
}

/// How a list reads its records.
fn how(request: &ListRequest) -> Manner {
    if request.q.trim().is_empty() { Manner::List } else { Manner::Search }
}

/// The mark of a request.
pub(crate) fn cursor(request: &ListRequest) -> Result<Option<Cursor>> {
    let text = request.cursor.as_deref().filter(|text| !text.is_empty());
    text.map(|text| text.parse::<Cursor>().map_err(|_| LedgerError::Cursor)).transpose()
}

pub(crate) fn page_size(limit: u32) -> usize {
    match limit {
        0 => PAGE as usize,
        limit => limit.min(LARGEST_PAGE) as usize,
    }
}

/// A refused page is one whose cursor belongs to another order, or was written by somebody else than us.
fn page_error(error: StoreError, has_cursor: bool) -> LedgerError {
    match error {
        StoreError::Refused { .. } => LedgerError::Cursor,
        StoreError::Statement { .. } if has_cursor => LedgerError::Cursor,
        other => other.into(),
    }
}

/// The personal data in an answer.
pub(crate) fn personal(gate: &Gate, records: &[Visible]) -> PersonalData {
    let mut personal = PersonalData::default();
    for record in records {
        personal.add(gate.def(), record.id, record.fields());
    }
    personal
}
