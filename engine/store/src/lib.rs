//! The store: a city's records on SQLite or PostgreSQL, through one code path.
//!
//! Start reading at [`sql`] (what is asked), [`row`] (what comes back) and [`error`] (what can go wrong).

pub mod error;
pub mod row;
pub mod sql;

pub use error::{Result, StoreError};
pub use row::{Cell, FromCell, Row};
pub use sql::{Cast, Dialect, Naming, Param, Sql};
