//! Ledgers (台帳): what may be entered, who sees what of it, and everything that every ledger gets for nothing.

pub mod design;
pub mod field;
pub mod import;
