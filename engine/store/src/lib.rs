//! The store: a city's records on SQLite or PostgreSQL, through one code path.
//!
//! An installation is a [`Store`]; each of its cities a [`City`], which reads [`Sql`] and writes [`Unit`]s. The shape of the
//! database follows from declarations: the engines' own tables ([`table`]) and the ledgers' definitions, which are
//! published ([`schema`]) into a city's [`Catalogue`]. On top of that lie records ([`mod@record`]), lists with search ([`list`]),
//! bulk work ([`batch`]) and the audit trail ([`audit`]); beside it files, jobs, backups and the keys that seal
//! secrets ([`seal`]).
//!
//! Start reading at [`sql`] (what is asked), [`row`] (what comes back), [`unit`] (what is written) and [`error`] (what can
//! go wrong). `sqlite` and `postgres` are the two stores; nothing outside them knows which one it talks to, but for the
//! few functions of [`Dialect`].

pub mod audit;
pub mod backup;
pub mod batch;
pub mod catalogue;
pub mod changes;
pub mod city;
mod ddl;
pub mod engine;
pub mod error;
pub mod files;
mod installation;
pub mod jobs;
pub mod lease;
pub mod ledger;
pub mod list;
mod postgres;
pub mod record;
pub mod row;
pub mod schema;
pub mod seal;
mod shape;
pub mod sql;
mod sqlite;
pub mod store;
mod system_tables;
pub mod table;
pub mod training;
pub mod unit;

pub use catalogue::Catalogue;
pub use city::{City, CityInfo};
pub use engine::{Engine, Upgrade};
pub use error::{Away, Result, StoreError};
pub use ledger::{Ledger, Order, SortColumn};
pub use list::{Cursor, ListQuery, Page, Search, SearchScope};
pub use postgres::address::Reach;
pub use postgres::replication::{self, Replication};
pub use record::{Projection, RecordRow, RecordUnit, Revision};
pub use row::{Cell, FromCell, Row};
pub use seal::{SealError, Sealer};
/// A type, in the place where a parameter is cast to it.
pub use sql::SqlType as Cast;
pub use sql::{Dialect, Naming, Param, Sql, SqlType};
pub use store::{Access, Location, Store, StoreOptions};
pub use unit::{Expect, NumberRequest, Receipt, Statement, Unit, Unmet};
