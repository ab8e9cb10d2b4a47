//! Records between the engines' values and the tables.
//!
//! [`columns`] lays one value out in columns and reads it back, [`snapshot`] writes a record's fields as the JSON text of a
//! revision, [`search_text`] makes what full-text search finds. [`read`] answers [`RecordRow`]s, [`write`](mod@write) makes
//! the write units of creating, changing, deleting and restoring, [`history`] reads revisions.

mod children;
pub mod columns;
mod creation;
pub mod history;
mod number;
pub mod read;
pub(crate) mod search_entry;
pub mod search_text;
pub mod snapshot;
pub(crate) mod spots;
pub mod stop;
pub mod write;

use jiff::Timestamp;
use kawasemi_kernel::{Actor, Fields, RecordId};

pub use history::Revision;
pub use read::Projection;
pub use write::RecordUnit;

/// A stored record, unfiltered: what a person may see of it is decided above.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRow {
    /// Its row number, by which pages of equal sort keys go on. Never shown.
    pub n: i64,
    /// Its id.
    pub id: RecordId,
    /// Its human number, where the ledger gives them.
    pub number: Option<String>,
    /// How often it was written, from 1.
    pub revision: i64,
    /// The version of the ledger's definition under which it was last written.
    pub definition: i64,
    /// The batch that brought it; 0 for none.
    pub batch: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Actor,
    /// When it was deleted; none while it is not.
    pub deleted_at: Option<Timestamp>,
    /// The hash of its last audit entry.
    pub chain: Vec<u8>,
    /// Whether somebody whom it names was under protection (支援措置) when it was read.
    pub protected: bool,
    /// The fields that were asked for.
    pub fields: Fields,
}
