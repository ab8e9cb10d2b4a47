//! The one expression language of the product: OGC CQL2 (OGC 21-065r2), as text and as JSON.
//!
//! List filters, saved views, grants on rows, form branches, flow conditions, figures and the public API's `filter=` are
//! all CQL2. The way of an expression:
//!
//! 1. [`parse_text`] or [`parse_json`] gives an [`Ast`], within [`Limits`];
//! 2. [`lower`] types it against a [`Scope`], which knows the ledger's properties that the caller may see and the
//!    declared parameters, and gives an [`Expr`] ([`lower_value`] gives a [`Formula`] for computed fields);
//! 3. [`Expr::to_sql`] gives a condition for either store, [`Expr::matches`] the answer over one record. Both give the
//!    same answer, in three-valued logic, and what is unknown is not let through.
//!
//! ```
//! use kawasemi_filter::{Limits, Params, Scope, lower, parse_text};
//! use kawasemi_filter::scope::{Part, Property, Type};
//! use kawasemi_kernel::{Fields, Value};
//!
//! let mut scope = Scope::default().with_parameter("today", Type::Date);
//! scope.insert(Property {
//!     name: "built".into(), field: "built".into(), part: Part::Whole, column: "built".into(), ty: Type::Date,
//! });
//! let ast = parse_text("days(built, today) > 365", Limits::OUTSIDE)?;
//! let expr = lower(&ast, &scope)?;
//! let params = Params::new().with("today", jiff::civil::date(2025, 4, 1));
//! let record = Fields::from([("built".to_owned(), Value::Date(jiff::civil::date(2020, 3, 31)))]);
//! assert!(expr.matches(&record, &params));
//! # Ok::<(), kawasemi_filter::FilterError>(())
//! ```
//!
//! # What the standard leaves open
//!
//! - NULL makes a predicate unknown; so does a parameter without a value, a calculation that leaves 64 bits and a
//!   division by zero, on both stores and in memory. An empty list parameter is a list: nothing is IN it.
//! - Numbers are exact. A quotient has six decimal places or those of the dividend, and is cut off there; `div` gives
//!   whole numbers; the exponent of `^` is a literal from 1 to 8.
//! - A date compared with an instant is the whole day in the city: `created_at <= DATE('2025-03-31')` includes its
//!   evening.
//! - Text is compared by code point, LIKE too. CASEI is the kernel's folded form (case, width, kana, old kanji), ACCENTI
//!   takes marks off letters but leaves dakuten.
//! - A text literal is read as what it is compared with: a date, a month, the key of a choice, the id or human number of
//!   a record. A key that the choice does not have is a mistake, not an empty answer.
//! - A parameter stands where a property can, also written as a function: `today()`. Lists stand in `x IN (user.kinds)`
//!   and in the A_ functions, which take fields of several choices.
//! - The T_ functions that are for intervals refuse instants, as the standard asks. `'..'` is beyond every instant.
//! - Geometries are flat, in longitude and latitude; heights are read and dropped.
//! - We also read `!=`, NOT several times in a row, a yes/no property as a condition, offsets in instants, and BETWEEN on
//!   dates and texts.
//!
//! # Why we parse it ourselves
//!
//! The `cql2` crate was tried at 0.6.0 (August 2026) against what grants need. It has become much better than 0.5: text
//! that is left over is refused, `''` is kept, a long chain of ORs takes linear time, and cql2-json is bounded by
//! `serde_json`. It still can't be trusted with grants:
//!
//! - numbers are binary fractions: `a = 9007199254740993` is true of 9007199254740992;
//! - evaluation over a record has no third truth: `a = 1` on a NULL is an error;
//! - `to_sql` writes literals into the text (`E'x\' OR …'`, which SQLite does not even read), and knows no parameters;
//! - nothing bounds its recursion: 5,000 NOTs, or 50,000 signs, end the process with a stack overflow;
//! - `\'`, which the standard allows in a string, is refused.
//!
//! So the text is read here with `winnow`, from the standard's grammar, and the crate is the other side of a
//! differential test (`tests/it/differential.rs`).

pub mod ast;
pub mod error;
pub mod eval;
mod expr;
mod fold;
mod formula;
pub mod json;
mod like;
pub mod limits;
mod lower;
mod number;
mod params;
pub mod scope;
mod spatial;
mod sql;
mod temporal;
pub mod text;

/// The conformance classes of OGC 21-065r2 that the filter meets, as the API's `/conformance` lists them.
pub const CONFORMANCE: [&str; 14] = [
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
];

pub use ast::Ast;
pub use error::{At, ErrorCode, FilterError};
pub use eval::RecordView;
pub use expr::Expr;
pub use formula::Formula;
pub use json::parse_json;
pub use limits::Limits;
pub use lower::{lower, lower_value, meets_any};
pub use params::Params;
pub use scope::Scope;
pub use sql::Lowered;
pub use text::parse_text;
