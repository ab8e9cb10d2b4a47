//! How values are shown as text.

use std::collections::HashMap;

use kawasemi_kernel::{Lang, RecordId};

/// The names of referenced records.
pub type Labels = HashMap<RecordId, String>;

/// For whom a value is shown.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// The language of labels.
    pub lang: Lang,
    /// Dates in the Japanese calendar (和暦).
    pub wareki: bool,
    /// For programs: no group separators, no units, ISO dates, complete rows and files.
    pub plain: bool,
    /// Keys of choices instead of their labels.
    pub keys: bool,
    /// The names of referenced records; an id is shown for one that is missing.
    pub labels: Option<&'a Labels>,
}

impl Style<'_> {
    /// For a page.
    pub const fn page(lang: Lang) -> Style<'static> {
        Style { lang, wareki: false, plain: false, keys: false, labels: None }
    }

    /// For a file of rows that is read by programs and spreadsheets, and read in again.
    pub const fn file() -> Style<'static> {
        Style { lang: Lang::Ja, wareki: false, plain: true, keys: false, labels: None }
    }
}

impl<'a> Style<'a> {
    /// The same, with names for referenced records.
    #[must_use]
    pub const fn with_labels(self, labels: &'a Labels) -> Self {
        Style { labels: Some(labels), ..self }
    }

    /// The same, with dates in the Japanese calendar.
    #[must_use]
    pub const fn in_wareki(self, wareki: bool) -> Self {
        Style { wareki, ..self }
    }

    /// The same, with keys of choices instead of labels.
    #[must_use]
    pub const fn with_keys(self, keys: bool) -> Self {
        Style { keys, ..self }
    }

    /// The name of a referenced record.
    pub fn label(&self, id: RecordId) -> String {
        self.labels.and_then(|labels| labels.get(&id)).cloned().unwrap_or_else(|| id.to_string())
    }
}
