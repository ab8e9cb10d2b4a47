//! Ledgers (台帳): what may be entered, who sees what of it, and everything that every ledger gets for nothing.
//!
//! [`Ledgers`] is the service: list, read, write, history, import, export and the rest, each an operation that takes the
//! caller's context first and goes through the caller's grants. It knows no HTTP and no HTML; SQL conditions come to it
//! lowered from `filter`, tables from `store`.
//!
//! Four types keep the stages of a record apart: [`Draft`] (as entered) → [`Checked`] (may be stored) → a stored row →
//! [`Visible`] (as far as the caller may see it). No function leads from one to the next but the one that does its duty.
//!
//! Start reading at [`ledgers`], then [`read`](mod@read) and [`write`](mod@write). [`field`] has a file for each type of
//! field, [`check`] what becomes of a draft.

pub mod bulk;
pub mod calculators;
pub mod calendar;
pub mod changes;
pub mod check;
mod create_many;
pub mod cross;
pub mod design;
pub mod draft;
pub mod error;
pub mod export;
pub mod facets;
pub mod field;
pub mod history;
pub mod import;
pub mod json;
pub mod labels;
pub mod ledgers;
pub mod master;
pub mod opening;
pub mod owned;
pub mod places;
pub mod rank;
pub mod read;
pub mod record;
mod references;
pub mod related;
pub mod relink;
pub mod rules;
pub mod search_all;
pub mod select;
pub mod tables;
pub mod uses;
pub mod views;
mod within;
pub mod write;

pub use bulk::{BulkAct, BulkReport, Targets};
pub use calculators::Calculators;
pub use calendar::Calendar;
pub use changes::{ChangeEvent, ChangeKind, Changes, ChangesRequest, Mark};
pub use check::Checked;
pub use cross::{CrossRequest, CrossTable, GroupBy, Step};
pub use draft::Draft;
pub use error::{Conflict, LedgerError, Result};
pub use export::{ExportReport, ExportRequest, Format};
pub use facets::{Facet, FacetValue};
pub use field::{Entry, FieldError, Labels, Style};
pub use history::{Change, History, Revision};
pub use ledgers::Ledgers;
pub use opening::Opening;
pub use places::{PlaceRequest, TileAddress, TileContent};
pub use read::{Bounded, Page};
pub use record::{May, Visible};
pub use related::Related;
pub use relink::{Moved, Own, OwnAct};
pub use rules::check_rules;
pub use search_all::Hits;
pub use select::{ListRequest, Within};
pub use tables::{engine, tables};
pub use views::{View, ViewDraft};
pub use write::Saved;
