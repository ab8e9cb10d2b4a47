//! Tables: sortable, with rows to choose, and as cards on a phone.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{Icon, SafeHtml, Text, words};

/// How a column's cells stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Text,
    /// Numbers, at the end of the cell and with even digits.
    Number,
    /// As narrow as its content: dates, states, buttons.
    Tight,
}

impl Align {
    const fn class(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Number => "cell-number",
            Self::Tight => "cell-tight",
        }
    }
}

/// How a column is sorted at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorted {
    /// It is not.
    #[default]
    No,
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    key: String,
    label: String,
    align: Align,
    sort: Option<(String, Sorted)>,
}

impl Column {
    /// A column of text. The key is how a script and the chooser of columns know it.
    pub fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into(), align: Align::Text, sort: None }
    }

    /// Sets how its cells stand.
    #[must_use]
    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// Makes it sortable: the address that sorts by it (or the other way round), and how it is sorted at present.
    #[must_use]
    pub fn sort(mut self, href: impl Into<String>, sorted: Sorted) -> Self {
        self.sort = Some((href.into(), sorted));
        self
    }

    fn aria_sort(&self) -> &'static str {
        match &self.sort {
            Some((_, Sorted::Ascending)) => "ascending",
            Some((_, Sorted::Descending)) => "descending",
            _ => "",
        }
    }

    fn sort_icon(&self) -> Icon {
        match &self.sort {
            Some((_, Sorted::Ascending)) => Icon::Ascending,
            Some((_, Sorted::Descending)) => Icon::Descending,
            _ => Icon::Sortable,
        }
    }
}

/// A row: a cell for each column.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<SafeHtml>,
    select: Option<(String, String)>,
}

impl Row {
    /// A row of cells.
    pub fn new(cells: Vec<SafeHtml>) -> Self {
        Self { cells, select: None }
    }

    /// Lets it be chosen: the value that is sent, and what a screen reader calls the row.
    #[must_use]
    pub fn select(mut self, value: impl Into<String>, label: impl Into<String>) -> Self {
        self.select = Some((value.into(), label.into()));
        self
    }
}

/// A table. The first column's cells are the rows' headings where nothing else is said.
#[derive(Clone, Debug, Template)]
#[template(path = "table.html")]
pub struct Table {
    t: Text,
    caption: String,
    show_caption: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    foot: Vec<SafeHtml>,
    select: Option<String>,
    chooser: Option<String>,
    head: usize,
    cards: bool,
    class: &'static str,
}

impl Table {
    /// A table; the caption is heard, and seen with [`Table::show_caption`].
    pub fn new(lang: Lang, caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Row>) -> Self {
        Self {
            t: words(lang),
            caption: caption.into(),
            show_caption: false,
            columns,
            rows,
            foot: Vec::new(),
            select: None,
            chooser: None,
            head: 0,
            cards: true,
            class: "",
        }
    }

    /// Shows the caption.
    #[must_use]
    pub fn show_caption(mut self) -> Self {
        self.show_caption = true;
        self
    }

    /// Adds a row of sums below.
    #[must_use]
    pub fn foot(mut self, cells: Vec<SafeHtml>) -> Self {
        self.foot = cells;
        self
    }

    /// Says which column's cells are the rows' headings; on a phone they stand at the top of each card.
    #[must_use]
    pub fn head(mut self, column: usize) -> Self {
        self.head = column;
        self
    }

    /// Lets rows be chosen; each chosen one is sent under this name. Put the table into a `form[data-bulk]`, see
    /// [`bulk_form`](crate::list::BulkForm).
    #[must_use]
    pub fn selectable(mut self, name: impl Into<String>) -> Self {
        self.select = Some(name.into());
        self
    }

    /// Lets columns be hidden on this machine, remembered under a key; the menu appears in
    /// [`column_menu`](crate::list::column_menu) with the same key.
    #[must_use]
    pub fn hideable(mut self, key: impl Into<String>) -> Self {
        self.chooser = Some(key.into());
        self
    }

    /// Stays a table on a phone, scrolled sideways: for cross tables, whose columns are read against one another.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.cards = false;
        self.class = "table-cross";
        self
    }
}
