//! Records by where they lie: the features of a box, and what a tile of a map shows.
//!
//! Both go through the caller's grants like every list, and a question by place is a question that uses the geometry: of rows
//! whose place the caller may not see (支援措置 included) it says nothing. A box lets records without a place through, as the
//! standard asks (OGC API – Features Part 1, requirement `/req/core/fc-bbox-response`).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use kawasemi_filter::RecordView;
use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::Value;
use kawasemi_kernel::geometry::quad::{self, Extent};
use kawasemi_kernel::geometry::{BoundingBox, Geometry};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_store::ledger::Order;
use kawasemi_store::list::{Area, AreaMark, AreaPage, ListQuery};
use kawasemi_store::record::RecordRow;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::read::{Bounded, Listing, Page, personal, query};
use crate::record::{RowView, Visible};
use crate::select::{ListRequest, Selection};
use crate::uses::Use;

/// The most features of one page (OGC API – Features asks for no more than this to be given at once).
pub const LARGEST_PAGE: u32 = 10_000;
/// Rows read at once where each must be tested in memory.
const BATCH: usize = 500;
/// Most rows that are tested for one page or tile.
const TESTED: usize = 50_000;

/// What is asked of a ledger by place. Order and view of the list mean nothing where a box is given.
#[derive(Clone, Debug, Default)]
pub struct PlaceRequest {
    /// Filters, fields and the like. Its limit, up to [`LARGEST_PAGE`], and its cursor are those of the features.
    pub list: ListRequest,
    /// The key of the geometry; none for the ledger's first that the caller may see.
    pub field: Option<String>,
    /// The box that features meet; one whose west is east of its east crosses the antimeridian.
    pub bounds: Option<BoundingBox>,
}

/// A tile of WebMercatorQuad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileAddress {
    /// The zoom level.
    pub zoom: u32,
    /// From west to east.
    pub column: u32,
    /// From north to south.
    pub row: u32,
}

/// What a tile shows of a ledger.
#[derive(Clone, Debug)]
pub struct TileContent {
    /// The records, with the fields that were asked for and the geometry.
    pub records: Vec<Visible>,
    /// The key of the geometry.
    pub field: String,
    /// Whether these are all. Otherwise it is a sample, spread like the whole, with what is large first.
    pub is_complete: bool,
}

impl Ledgers {
    /// The geometry by which a caller may ask a ledger: the one with a key, or the first.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] where the ledger may not be read or has no place on the map, [`LedgerError::UnknownField`],
    /// [`LedgerError::Unsuitable`] for a field that is no geometry.
    pub fn geometry(&self, context: &Context, ledger: &str, key: Option<&str>) -> Result<FieldDef> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        geometry(&gate, key).cloned()
    }

    /// Reads features of a ledger, a page at a time: those that meet the box, then those without a place; all records where
    /// there is no box.
    ///
    /// # Errors
    /// As [`Ledgers::list`] and [`Ledgers::geometry`].
    pub async fn features(&self, context: &Context, ledger: &str, request: &PlaceRequest) -> Result<Page> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let limit = request.list.limit.clamp(1, LARGEST_PAGE) as usize;
        let page = match request.bounds {
            None => {
                let mut listing = self.listing(context, &gate, Action::Read, &request.list).await?;
                listing.order = Order::default();
                listing.limit = limit;
                self.page(&gate, &listing, crate::read::cursor(&request.list)?).await?
            }
            Some(bounds) => {
                let field = geometry(&gate, request.field.as_deref())?.clone();
                let asked = self.asked(context, &gate, &request.list, &field).await?;
                self.page_in(&gate, &asked, &field, bounds, limit, &request.list).await?
            }
        };
        self.note_access(context, ledger, Manner::List, personal(&gate, &page.records)).await?;
        self.note_use(context, ledger, Use::Read).await;
        Ok(page)
    }

    /// Counts the features of a request, up to a bound.
    ///
    /// # Errors
    /// As [`Ledgers::features`].
    pub async fn count_features(
        &self,
        context: &Context,
        ledger: &str,
        request: &PlaceRequest,
        bound: u64,
    ) -> Result<Bounded> {
        let Some(bounds) = request.bounds else { return self.count(context, ledger, &request.list, bound).await };
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let field = geometry(&gate, request.field.as_deref())?.clone();
        let asked = self.asked(context, &gate, &request.list, &field).await?;
        let most = usize::try_from(bound).unwrap_or(usize::MAX);
        if asked.selection.exact.is_none() && is_decided_by_boxes(&field) {
            let query = query(&gate, &asked.selection);
            let mut count = query.count_in_area(self.city(), &area(&field, bounds), most.saturating_add(1)).await?;
            if count <= most {
                count += self.count_unplaced(&gate, &asked.selection, &field, most + 1 - count).await?;
            }
            return Ok(Bounded { count: count.min(most) as u64, more: count > most });
        }
        // Every row has to be looked at: as many as a page may test.
        let page = self.page_in(&gate, &asked, &field, bounds, most.min(TESTED), &ListRequest::default()).await?;
        Ok(Bounded { count: page.records.len() as u64, more: page.next.is_some() })
    }

    /// What a tile of a map shows: everything in it, or, where that is more than `limit`, the most prominent.
    ///
    /// # Errors
    /// As [`Ledgers::features`]; [`LedgerError::NotFound`] where there is no such tile.
    pub async fn tile(
        &self,
        context: &Context,
        ledger: &str,
        tile: TileAddress,
        request: &PlaceRequest,
        limit: usize,
    ) -> Result<TileContent> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let field = geometry(&gate, request.field.as_deref())?.clone();
        let asked = self.asked(context, &gate, &request.list, &field).await?;
        let TileAddress { zoom, column, row } = tile;
        let extent = extent(&field);
        let bounds = quad::tile_bounds(zoom, column, row).ok_or(LedgerError::NotFound)?;
        let ranges = quad::tile_ranges(zoom, column, row, extent).ok_or(LedgerError::NotFound)?;
        let area = Area { field: &field.key, extent, ranges, bounds };
        let exact = &asked.selection.exact;
        let (mut query, surplus) = projected(&gate, &asked, &field);
        // What is tested in memory needs more to begin with than what is shown.
        query.limit = if exact.is_none() { limit } else { TESTED };
        let shown = query.prominent(self.city(), &area).await?;
        let mut rows = shown.records;
        let mut is_complete = shown.is_complete;
        if !exact.is_none() {
            rows.retain(|row| exact.matches(&RowView(row)));
            is_complete &= rows.len() <= limit;
            rows.truncate(limit);
        }
        let records = visible(&gate, rows, &surplus);
        self.note_access(context, ledger, Manner::List, personal(&gate, &records)).await?;
        Ok(TileContent { records, field: field.key, is_complete })
    }

    /// The box around all places of a ledger that the caller sees in every row; none where there is none.
    ///
    /// # Errors
    /// As [`Ledgers::features`].
    pub async fn extent(&self, context: &Context, ledger: &str, field: Option<&str>) -> Result<Option<BoundingBox>> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let field = geometry(&gate, field)?.clone();
        let asked = self.asked(context, &gate, &ListRequest::default(), &field).await?;
        let query = query(&gate, &asked.selection);
        Ok(query.bounds(self.city(), &field.key).await?)
    }

    /// A question by place.
    async fn asked(&self, context: &Context, gate: &Gate, list: &ListRequest, field: &FieldDef) -> Result<Listing> {
        let mut listing = self.listing(context, gate, Action::Read, list).await?;
        listing.selection = self.select(context, gate, Action::Read, list, [field.key.as_str()]).await?;
        Ok(listing)
    }

    async fn page_in(
        &self,
        gate: &Gate,
        asked: &Listing,
        field: &FieldDef,
        bounds: BoundingBox,
        limit: usize,
        list: &ListRequest,
    ) -> Result<Page> {
        let (mut query, surplus) = projected(gate, asked, field);
        let meeting = Meeting::of(field, bounds);
        let exact = &asked.selection.exact;
        let is_tested = !exact.is_none() || meeting.is_some();
        let area = area(field, bounds);
        let mut after =
            list.cursor.as_deref().filter(|text| !text.is_empty()).map(str::parse::<PlaceMark>).transpose()?;
        let (mut found, mut last, mut tested): (Vec<RecordRow>, Option<PlaceMark>, usize) = (Vec::new(), None, 0);
        let next = loop {
            // One more than the page has says whether there is another.
            let missing = limit + 1 - found.len();
            query.limit = if is_tested { missing.max(BATCH) } else { missing };
            let AreaPage { records, marks, is_end } = match after {
                None => query.in_area(self.city(), &area, None).await?,
                Some(PlaceMark(AreaMark::Placed(cell, n))) => {
                    query.in_area(self.city(), &area, Some((cell, n))).await?
                }
                Some(PlaceMark(AreaMark::Unplaced(n))) => query.without_place(self.city(), &field.key, n).await?,
            };
            tested += records.len();
            let mut is_full = false;
            for (row, mark) in records.into_iter().zip(marks) {
                let meets = meeting.as_ref().is_none_or(|meeting| meeting.has(&row));
                if meets && exact.matches(&RowView(&row)) {
                    is_full = found.len() == limit;
                    if is_full {
                        break;
                    }
                    found.push(row);
                    last = Some(PlaceMark(mark));
                }
                after = Some(PlaceMark(mark));
            }
            let is_unplaced = matches!(after, Some(PlaceMark(AreaMark::Unplaced(_))));
            match () {
                () if is_full => break last,
                () if is_end && is_unplaced => break None,
                () if is_end => after = Some(PlaceMark(AreaMark::Unplaced(0))),
                () if tested >= TESTED => break after,
                () => {}
            }
        };
        let records = visible(gate, found, &surplus);
        Ok(Page { records, next: next.map(|mark| mark.to_string()), fields: asked.fields.clone() })
    }

    async fn count_unplaced(&self, gate: &Gate, selection: &Selection, field: &FieldDef, most: usize) -> Result<usize> {
        let mut query = query(gate, selection);
        query.projection = gate.projection([]);
        query.limit = most;
        Ok(query.without_place(self.city(), &field.key, 0).await?.records.len())
    }
}

/// The geometry with a key, or the first, as far as the caller may see any.
fn geometry<'a>(gate: &'a Gate, key: Option<&str>) -> Result<&'a FieldDef> {
    let mut visible = gate.access.visible_fields(Action::Read);
    let found = match key {
        Some(key) => visible.find(|field| field.key == key).ok_or_else(|| gate.unknown_field(key))?,
        None => visible.find(|field| field.kind.is_geometry()).ok_or(LedgerError::NotFound)?,
    };
    if !found.kind.is_geometry() {
        return Err(LedgerError::Unsuitable { name: found.key.clone(), purpose: "地図" });
    }
    gate.def().field(&found.key).ok_or(LedgerError::NotFound)
}

/// The query of a question by place, and the fields that only grants, tests and the map look at.
fn projected<'a>(gate: &'a Gate, asked: &Listing, field: &FieldDef) -> (ListQuery<'a>, Vec<String>) {
    let mut wanted: BTreeSet<&str> = asked.fields.iter().map(String::as_str).collect();
    wanted.extend(asked.selection.exact.properties());
    wanted.insert(&field.key);
    let mut query = query(gate, &asked.selection);
    query.projection = gate.projection(wanted);
    let is_shown = |key: &str| key == field.key || asked.fields.iter().any(|known| known == key);
    let surplus = query.projection.keys().filter(|key| !is_shown(key)).map(str::to_owned).collect();
    (query, surplus)
}

fn visible(gate: &Gate, rows: Vec<RecordRow>, surplus: &[String]) -> Vec<Visible> {
    let seen = rows.into_iter().filter_map(|row| Visible::of(gate.def(), &gate.access, row));
    let mut records: Vec<Visible> = seen.collect();
    if !surplus.is_empty() {
        records.iter_mut().for_each(|record| record.without(surplus));
    }
    records
}

fn extent(field: &FieldDef) -> Extent {
    if field.kind == FieldKind::Point { Extent::Points } else { Extent::Any }
}

fn area(field: &FieldDef, bounds: BoundingBox) -> Area<'_> {
    let extent = extent(field);
    Area { field: &field.key, extent, ranges: quad::ranges(bounds, extent), bounds }
}

/// Whether a record meets a box exactly when its own box does.
fn is_decided_by_boxes(field: &FieldDef) -> bool {
    field.kind == FieldKind::Point
}

/// The exact test of lines and polygons, whose box may meet another that they themselves miss.
struct Meeting<'a> {
    field: &'a str,
    parts: Vec<Geometry>,
}

impl<'a> Meeting<'a> {
    fn of(field: &'a FieldDef, bounds: BoundingBox) -> Option<Self> {
        if is_decided_by_boxes(field) {
            return None;
        }
        let parts = match bounds.west > bounds.east {
            true => vec![BoundingBox { east: 180.0, ..bounds }, BoundingBox { west: -180.0, ..bounds }],
            false => vec![bounds],
        };
        let parts = parts.into_iter().filter_map(|part| Geometry::rectangle(part).ok()).collect();
        Some(Self { field: &field.key, parts })
    }

    fn has(&self, row: &RecordRow) -> bool {
        match &*RowView(row).value(self.field) {
            Value::Geometry(geometry) => self.parts.iter().any(|part| geometry.intersects(part)),
            _ => true,
        }
    }
}

/// The mark of a page as it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PlaceMark(AreaMark);

impl fmt::Display for PlaceMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            AreaMark::Placed(cell, n) => write!(f, "p{cell}.{n}"),
            AreaMark::Unplaced(n) => write!(f, "u{n}"),
        }
    }
}

impl FromStr for PlaceMark {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.parse::<i64>().map_err(|_| LedgerError::Cursor);
        if let Some((cell, n)) = text.strip_prefix('p').and_then(|marks| marks.split_once('.')) {
            return Ok(Self(AreaMark::Placed(number(cell)?, number(n)?)));
        }
        Ok(Self(AreaMark::Unplaced(number(text.strip_prefix('u').ok_or(LedgerError::Cursor)?)?)))
    }
}
