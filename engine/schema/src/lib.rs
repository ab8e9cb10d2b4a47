//! What a system's TOML may say, and nothing else may.
//!
//! A system of the city hall declares its ledgers (台帳), roles and figures in TOML. This crate reads such a file strictly:
//! an unknown key, a wrong type or a reference to nothing is refused with file, line and a hint. What comes out, such as a
//! [`LedgerDef`], is complete and consistent in itself. Two things are checked by the engines above, which know how: that
//! references between ledgers exist ([`Catalogue::new`], here) and that CQL2 conditions parse and type-check (`filter`).
//!
//! A clerk's own ledger, made in the browser, is the same TOML and goes through the same reader.
//!
//! Start reading at [`raw`], the shapes as they are written, then [`field`] and [`ledger`], what they become.

pub mod catalogue;
pub mod clearance;
pub mod error;
pub mod field;
pub mod json_schema;
pub mod ledger;
pub mod overlay;
pub mod raw;
pub mod source;
pub mod system;
pub mod text;

mod check;
mod lower;

pub use catalogue::Catalogue;
pub use clearance::Clearance;
pub use error::{SchemaError, SchemaErrors};
pub use field::{Choice, Column, ColumnType, ComputedFrom, FieldDef, FieldKind, Tone};
pub use ledger::{
    Action, GrantDef, LedgerDef, ListDef, MapDef, Reference, Retention, RetentionStart, SortKey, parse as read_toml,
};
pub use overlay::Overlay;
pub use source::{Position, SourceFile};
pub use system::{Aggregate, KpiDef, RoleDef, SystemBundle, SystemDef};
pub use text::Text;
