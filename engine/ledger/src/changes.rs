//! What changed in a ledger since a mark, as far as the caller may see it (変更の購読).
//!
//! The order is that of the city's sealed sequence ([`kawasemi_store::changes`]): nothing that is committed later slips in
//! before a mark that was handed out, and a change appears when it is sealed, within seconds.
//!
//! A change comes with the record as it is *now*, through the caller's grants of now. Of a record that the caller may not
//! see there is no trace, with two exceptions, which tell nothing to somebody who could never see it:
//!
//! - a deleted record whose last state lies within the caller's grants is a tombstone: its id, and that it was deleted;
//! - a change by which a record left what the caller may see, or the condition that was asked for, is `gone`: the state
//!   before it lies within the caller's grants, the present one does not.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kawasemi_filter::{Expr, Limits, parse_text};
use kawasemi_identity::grants::Reach;
use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::RecordId;
use kawasemi_schema::{Action, FieldDef};
use kawasemi_store::changes::{self, Change, Place};
use kawasemi_store::record::write::Kind;
use kawasemi_store::record::{Projection, RecordRow, read};

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers, PersonalData};
use crate::read::{LARGEST_PAGE, PAGE};
use crate::record::{RowView, Shown, Visible};

/// Entries that are looked at together.
const CHUNK: usize = 250;
/// Most entries that are looked at for one page: such a page may be short, even empty, and still have a next one.
const LOOKED_AT: usize = 2_000;

/// How far somebody has read. Opaque to its holder; it grows with everything that is written in the city, of which it tells
/// nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(Place);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.seq.to_be_bytes().to_vec();
        bytes.extend(self.0.sign.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Mark {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| LedgerError::Cursor)?;
        let (seq, sign) = bytes.split_first_chunk().ok_or(LedgerError::Cursor)?;
        let sign: [u8; 4] = sign.try_into().map_err(|_| LedgerError::Cursor)?;
        let seq = i64::from_be_bytes(*seq);
        if seq < 0 {
            return Err(LedgerError::Cursor);
        }
        Ok(Self(Place { seq, sign: u32::from_be_bytes(sign) }))
    }
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangesRequest {
    /// After this; none from the very beginning.
    pub since: Option<Mark>,
    /// Up to this place and no further; none as far as there is any.
    pub until: Option<i64>,
    /// Only these kinds of acts; empty for all.
    pub kinds: Vec<Kind>,
    /// Only records that meet this CQL2 condition.
    pub filter: Option<String>,
    /// The fields to answer; none for all that may be seen.
    pub fields: Option<Vec<String>>,
    /// Changes on a page; 0 for the usual number.
    pub limit: u32,
}

/// What happened to a record, as the caller may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// An act.
    Act(Kind),
    /// An act by which the record left what the caller may see, or the condition.
    Gone,
}

impl ChangeKind {
    /// Its name for programs.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Act(kind) => kind.key(),
            Self::Gone => "gone",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeEvent {
    /// Where to go on after it.
    pub mark: Mark,
    /// The record.
    pub id: RecordId,
    /// The revision that the change made.
    pub revision: i64,
    /// What happened.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// The record as it is now; none for a tombstone.
    pub record: Option<Visible>,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The changes, in order.
    pub changes: Vec<ChangeEvent>,
    /// Where to go on; also at the end, for what is yet to come.
    pub next: Mark,
    /// Whether there is more already.
    pub more: bool,
}

impl Ledgers {
    /// Reads what changed in a ledger.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`], [`LedgerError::UnknownField`], [`LedgerError::Filter`]; [`LedgerError::Cursor`] for a mark
    /// that this city's history does not have (any more): the caller has to begin anew.
    pub async fn changes(&self, context: &Context, ledger: &str, request: &ChangesRequest) -> Result<Changes> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let sight = self.sight(context, &gate, request).await?;
        let mut next = request.since.unwrap_or_default();
        if !changes::is_known(self.city(), next.0).await? {
            return Err(LedgerError::Cursor);
        }
        let limit = if request.limit == 0 { PAGE } else { request.limit.min(LARGEST_PAGE) } as usize;
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let more = 'page: loop {
            let chunk = changes::after(self.city(), ledger, next.0.seq, request.until, CHUNK).await?;
            let is_last = chunk.len() < CHUNK;
            looked_at += chunk.len();
            for (change, event) in chunk.iter().zip(self.seen(&gate, &sight, &chunk).await?) {
                if found.len() == limit {
                    break 'page true;
                }
                next = Mark(change.place);
                found.extend(event);
            }
            if is_last || looked_at >= LOOKED_AT {
                break !is_last;
            }
        };
        let mut personal = PersonalData::default();
        for record in found.iter().filter_map(|event| event.record.as_ref()) {
            personal.add(gate.def(), record.id, record.fields());
        }
        self.note_access(context, ledger, Manner::Follow, personal).await?;
        Ok(Changes { changes: found, next, more })
    }

    /// The mark of now, for whoever only wants what is yet to come.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for a ledger that may not be read.
    pub async fn changes_head(&self, context: &Context, ledger: &str) -> Result<Mark> {
        self.gate_for(context, ledger, Action::Read)?;
        Ok(Mark(changes::head(self.city()).await?))
    }

    /// The mark of a place that was kept in the database itself.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for a ledger that may not be read, [`LedgerError::Cursor`] for a place that was not given.
    pub async fn changes_mark(&self, context: &Context, ledger: &str, seq: i64) -> Result<Mark> {
        self.gate_for(context, ledger, Action::Read)?;
        let place = if seq == 0 { Some(Place::default()) } else { changes::place(self.city(), seq).await? };
        place.map(Mark).ok_or(LedgerError::Cursor)
    }

    /// Checks a condition on changes as it would be asked by a caller.
    ///
    /// # Errors
    /// As [`Ledgers::changes`].
    pub async fn check_changes(&self, context: &Context, ledger: &str, request: &ChangesRequest) -> Result<()> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        self.sight(context, &gate, request).await.map(drop)
    }

    async fn sight(&self, context: &Context, gate: &Gate, request: &ChangesRequest) -> Result<Sight> {
        let mut filter = None;
        if let Some(text) = request.filter.as_deref().filter(|text| !text.trim().is_empty()) {
            filter = Some(self.lowered(context, gate, &parse_text(text, Limits::OUTSIDE)?).await?);
        }
        let hidden = |hidden: kawasemi_identity::grants::Hidden| gate.unknown_field(&hidden.name);
        let properties = || filter.iter().flat_map(Expr::properties);
        let needed = gate.access.needed(Action::Read, properties()).map_err(hidden)?;
        let visible: Vec<&FieldDef> = gate.access.visible_fields(Action::Read).collect();
        let asked = request.fields.as_deref();
        gate.access.needed(Action::Read, asked.unwrap_or_default().iter().map(String::as_str)).map_err(hidden)?;
        let is_asked = |key: &String| asked.is_none_or(|keys| keys.contains(key));
        let fields: Vec<String> = visible.iter().map(|field| field.key.clone()).filter(is_asked).collect();
        let wanted: BTreeSet<&str> = fields.iter().map(String::as_str).chain(properties()).collect();
        let projection = gate.projection(wanted);
        Ok(Sight { kinds: request.kinds.clone(), filter, needed, fields, projection })
    }

    /// What the caller may know of each of these changes.
    async fn seen(&self, gate: &Gate, sight: &Sight, chunk: &[Change]) -> Result<Vec<Option<ChangeEvent>>> {
        let asked = |change: &Change| sight.kinds.is_empty() || sight.kinds.contains(&change.kind);
        let ids: BTreeSet<RecordId> = chunk.iter().filter(|change| asked(change)).map(|change| change.record).collect();
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let rows = read::records(self.city(), &gate.ledger, &sight.projection, &ids).await?;
        let rows: HashMap<RecordId, RecordRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let row_of = |change: &Change| rows.get(&change.record).filter(|_| asked(change));
        let left = chunk
            .iter()
            .filter(|change| change.revision > 1 && row_of(change).is_some_and(|row| !sight.reaches(gate, row)));
        let left: Vec<(RecordId, i64)> = left.map(|change| (change.record, change.revision)).collect();
        let mut before = changes::states_before(self.city(), gate.ledger.key(), &left).await?;
        let mut event = |change: &Change| {
            let row = row_of(change)?;
            let (mark, id, revision, at) = (Mark(change.place), change.record, change.revision, change.at);
            if sight.reaches(gate, row) {
                let (kind, record) = (ChangeKind::Act(change.kind), sight.show(gate, row));
                return Some(ChangeEvent { mark, id, revision, kind, at, record });
            }
            let fields = before.remove(&(id, revision))?;
            let then = RecordRow { fields, revision: revision - 1, ..row.clone() };
            let gone = ChangeEvent { mark, id, revision, kind: ChangeKind::Gone, at, record: None };
            sight.reaches(gate, &then).then_some(gone)
        };
        Ok(chunk.iter().map(&mut event).collect())
    }
}

/// What a caller sees and asks for.
struct Sight {
    kinds: Vec<Kind>,
    filter: Option<Expr>,
    /// What the condition needs.
    needed: Reach,
    /// The fields that are answered.
    fields: Vec<String>,
    projection: Projection,
}

impl Sight {
    /// Whether a state of a record lies within the grants and the condition.
    fn reaches(&self, gate: &Gate, row: &RecordRow) -> bool {
        let view = RowView(row);
        Shown::of(&gate.access, Action::Read, row).is_some_and(|shown| shown.reaches(self.needed))
            && self.filter.as_ref().is_none_or(|filter| filter.matches(&view, gate.access.params()))
    }

    /// A record as it is now; none if it is deleted.
    fn show(&self, gate: &Gate, row: &RecordRow) -> Option<Visible> {
        let row = Some(row).filter(|row| row.deleted_at.is_none())?;
        let mut shown = Visible::of(gate.def(), &gate.access, row.clone())?;
        shown.only(&self.fields);
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is() {
        let mark = Mark(Place { seq: 1_234_567, sign: 0xdead_beef });
        assert_eq!(mark.to_string().parse::<Mark>().ok(), Some(mark));
        for text in ["", "1", "AAAA", "!!!!", &format!("{mark}AAAA"), &URL_SAFE_NO_PAD.encode([0xff; 12])] {
            assert!(matches!(text.parse::<Mark>(), Err(LedgerError::Cursor)), "{text}");
        }
    }
}
