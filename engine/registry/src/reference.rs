//! Reference registers (参照台帳): towns, postcodes, banks and branches, kept by their publishers' files.
//!
//! A publisher's file is the truth about what it covers. What it has and the register has not is added, what differs is
//! changed, what it no longer has is closed with its last day; nothing is deleted, since old records refer to it. All of that
//! is one import of one ledger: in one batch, which can be undone from the list of imports, and nothing where a row is
//! refused. The same file a second time changes nothing.
//!
//! - [`postcodes`], [`towns`], [`banks`]: the publishers' formats, read without input or output
//! - [`change`]: what a file changes in a register
//! - [`update`]: bringing it in
//! - [`built_in`]: the registers of the city that the program has with it

pub mod banks;
pub mod built_in;
pub mod change;
pub mod postcodes;
pub mod towns;
pub mod update;

pub use built_in::{AYASE, AYASE_TOWNS};
pub use change::{Change, ChangeKind, Coverage, Entry, Wanted};
pub use update::{Options, ReferenceError, RegisterReport, update, update_banks};

/// Why a publisher's file can't be read: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct SourceMistake {
    /// The line or the file.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl SourceMistake {
    pub(crate) fn line(line: u64, message: impl Into<String>) -> Self {
        Self { place: format!("{line}行目"), message: message.into() }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self { place: "ファイル全体".to_owned(), message: message.into() }
    }
}
