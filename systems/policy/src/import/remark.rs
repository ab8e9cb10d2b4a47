//! What an import has to say, besides its counts: the reader's remarks on lines of the paper, and its own.

use serde::Serialize;

use crate::paper::{Warning, WarningKind};

/// A remark of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The line of the paper, from 1; none where it is about no line.
    pub line: Option<usize>,
    /// What kind of remark it is, for programs.
    pub kind: RemarkKind,
    /// The sentence for people, in Japanese.
    pub message: String,
    /// The whole text that it is about, where text was left out or kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The kinds of remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RemarkKind {
    /// The reader's.
    Paper(WarningKind),
    /// The import's own.
    Import(ImportKind),
}

/// The kinds of the import's own remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// A department that the register does not have for this year. It is added.
    NewDepartment,
    /// A department that the register does not have, and that the caller may not add. Its initiatives are left out.
    UnknownDepartment,
    /// A section in charge that the register does not have under the department.
    UnknownSection,
    /// A field that both a clerk and the paper changed. The clerk's word stays.
    Kept,
    /// An initiative of the ledger that the paper does not name. It stays.
    Missing,
    /// A record that could not be written. The rest was.
    NotWritten,
}

impl Remark {
    /// A remark of the import's own.
    pub(super) fn new(line: Option<usize>, kind: ImportKind, message: impl Into<String>) -> Self {
        Self { line, kind: RemarkKind::Import(kind), message: message.into(), text: None }
    }

    /// The same with the text that it is about.
    pub(super) fn about(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

impl From<Warning> for Remark {
    fn from(warning: Warning) -> Self {
        let Warning { line, kind, message, text } = warning;
        Self { line: Some(line), kind: RemarkKind::Paper(kind), message, text }
    }
}
