//! Ledgers through their public face, on both stores.

mod bulk_and_design;
mod changes;
mod common;
mod grants;
mod imports;
mod lists;
mod places;
mod records;
mod rules;
mod workbooks;
