//! What the reader of a paper has to say about a line.

use serde::Serialize;

/// A remark on one line of a paper: what was found and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The line, from 1.
    pub line: usize,
    /// What kind of remark it is, for programs.
    pub kind: WarningKind,
    /// The sentence for people, in Japanese.
    pub message: String,
    /// The whole text that it is about, where text was left out or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The kinds of remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// The file ends in the middle of a row. The row was not taken in, or was with this doubt.
    CutShort,
    /// Text that belongs nowhere. It was not taken in.
    Unplaced,
    /// An initiative or table without a department. It was not taken in.
    NoDepartment,
    /// A department that appears a second time; its rows were put together.
    RepeatedDepartment,
    /// A department without basic ideas.
    NoBasicIdea,
    /// A department without initiatives.
    NoInitiative,
    /// A theme that is not among the known ones. It was taken in.
    NewTheme,
    /// A theme without an initiative.
    EmptyTheme,
    /// An initiative without a theme. It was taken in.
    NoTheme,
    /// An initiative without an outline. It was taken in.
    NoSummary,
    /// The same name twice in one department. Both were taken in.
    Duplicate,
    /// Text of a row of its own that was joined to the row before.
    Joined,
    /// Lines that were broken in columns set with spaces, and put together.
    Wrapped,
    /// A row whose cells stand one column off. It was taken in by its sense.
    Shifted,
    /// A table without a heading row. It was read in the usual order.
    NoHeader,
    /// A column whose heading is not known. Its cells are kept apart.
    UnknownColumn,
    /// The fiscal year is missing, or pages disagree on it.
    FiscalYear,
    /// The date is missing a sense, or pages disagree on it.
    Date,
    /// Characters that could not be read.
    Encoding,
    /// A script or style that was taken out of a cell.
    Markup,
}

impl Warning {
    /// A remark without a text.
    pub(super) fn new(line: usize, kind: WarningKind, message: impl Into<String>) -> Self {
        Self { line, kind, message: message.into(), text: None }
    }

    /// A remark about a text, which is kept whole.
    pub(super) fn about(line: usize, kind: WarningKind, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self { line, kind, message: message.into(), text: Some(text.into()) }
    }
}

/// The beginning of a text in corner brackets, for a sentence.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let flat = text.replace('\n', " ");
    if flat.chars().count() <= SHOWN {
        return format!("「{flat}」");
    }
    format!("「{}…」", flat.chars().take(SHOWN).collect::<String>())
}
