//! What each verb of the command line does, one file for each.

pub mod calc;
