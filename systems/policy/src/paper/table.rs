//! The columns of an initiative table, as its heading row names them, and the placing of a row's cells under them.

use super::clean::{ends_sentence, tidy};
use super::labels::{Role, role_of};
use super::markup::PlainText;

/// A text of this many characters in the place of a name is an outline.
const SENTENCE_CHARS: usize = 40;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Known(Role),
    /// A heading that the reader does not know.
    Other(String),
    /// No heading.
    Unnamed,
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns(Vec<Column>);

/// The cells of one row under their columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) department: PlainText,
    pub(super) basic_idea: PlainText,
    pub(super) theme: PlainText,
    pub(super) title: PlainText,
    pub(super) summary: PlainText,
    /// Cells under other headings.
    pub(super) others: Vec<(String, String)>,
    /// Cells beyond the last heading, next to an outline: what a stray separator has cut off it.
    pub(super) overflow: Vec<String>,
    /// Whether the cells stood one column off.
    pub(super) is_shifted: bool,
}

impl Columns {
    /// The order in which the paper has always been set.
    pub(super) fn usual() -> Self {
        Self([Role::Theme, Role::Title, Role::Summary].map(Column::Known).to_vec())
    }

    /// The columns that a heading row names, if the row is one: it names at least two of theme, title and outline.
    pub(super) fn from_heading_row(cells: &[PlainText]) -> Option<Self> {
        let mut named = Vec::new();
        let columns = cells.iter().map(|cell| {
            let text = cell.paragraphs.concat();
            match role_of(&text) {
                Some(role) if !named.contains(&role) => {
                    named.push(role);
                    Column::Known(role)
                }
                _ if text.is_empty() => Column::Unnamed,
                _ => Column::Other(tidy(&text)),
            }
        });
        let mut columns = Self(columns.collect());
        columns.assume_theme(&named);
        let of_a_table = named.iter().filter(|role| matches!(role, Role::Theme | Role::Title | Role::Summary)).count();
        (of_a_table >= 2).then_some(columns)
    }

    /// Takes a first column with a heading of its own for that of themes, where none is named and names and outlines follow it:
    /// `施策の柱 | 事業名 | 事業概要`.
    fn assume_theme(&mut self, named: &[Role]) {
        let follows = self.role(1) == Some(Role::Title) && self.role(2) == Some(Role::Summary);
        if follows
            && !named.contains(&Role::Theme)
            && let Some(first @ Column::Other(_)) = self.0.first_mut()
        {
            let is_number =
                |label: &str| label.chars().count() <= 4 && label.to_lowercase().contains("no") || label.contains('号');
            if !matches!(first, Column::Other(label) if is_number(label) || label.ends_with('課')) {
                *first = Column::Known(Role::Theme);
            }
        }
    }

    /// The number of cells of the heading row.
    pub(super) fn width(&self) -> usize {
        self.0.len()
    }

    /// Whether each row names its department.
    pub(super) fn names_departments(&self) -> bool {
        self.0.contains(&Column::Known(Role::Department))
    }

    /// The headings that the reader does not know.
    pub(super) fn unknown_headings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|column| match column {
            Column::Other(label) => Some(label.as_str()),
            _ => None,
        })
    }

    /// What the column of a cell holds.
    pub(super) fn role(&self, index: usize) -> Option<Role> {
        match self.0.get(index) {
            Some(Column::Known(role)) => Some(*role),
            _ => None,
        }
    }

    /// Puts cells under the headings. `is_theme` tells known themes, for a row that lost its empty first cell.
    pub(super) fn place(&self, mut cells: Vec<PlainText>, is_theme: impl Fn(&str) -> bool) -> Placed {
        let is_shifted = self.lost_its_first_cell(&cells, is_theme);
        if is_shifted {
            cells.insert(0, PlainText::default());
        }
        let mut placed = Placed { is_shifted, ..Placed::default() };
        let mut last_named = None;
        for (index, cell) in cells.into_iter().enumerate() {
            match self.0.get(index).unwrap_or(&Column::Unnamed) {
                Column::Known(role) => {
                    last_named = Some(*role);
                    *placed.slot(*role) = cell;
                }
                _ if cell.is_empty() => {}
                Column::Other(label) => placed.others.push((label.clone(), cell.text())),
                Column::Unnamed if last_named == Some(Role::Summary) => placed.overflow.push(cell.text()),
                Column::Unnamed => placed.others.push(("見出しのない列".to_owned(), cell.text())),
            }
        }
        placed
    }

    /// A name and an outline under theme and name, where the editor trimmed the empty cell of a carried-down theme.
    fn lost_its_first_cell(&self, cells: &[PlainText], is_theme: impl Fn(&str) -> bool) -> bool {
        let begins_as_usual = (0..3).map(|at| self.role(at)).eq([Role::Theme, Role::Title, Role::Summary].map(Some));
        let filled = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        let (true, 2, Some([first, second])) = (begins_as_usual, filled, cells.first_chunk::<2>()) else {
            return false;
        };
        let text = second.text();
        let is_outline = ends_sentence(&text) || text.chars().count() >= SENTENCE_CHARS;
        !first.is_empty() && !is_theme(&first.text()) && is_outline && !ends_sentence(&first.text())
    }
}

impl Placed {
    fn slot(&mut self, role: Role) -> &mut PlainText {
        match role {
            Role::Department => &mut self.department,
            Role::BasicIdea => &mut self.basic_idea,
            Role::Theme => &mut self.theme,
            Role::Title => &mut self.title,
            Role::Summary => &mut self.summary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::markup::plain;
    use super::*;

    fn cells(texts: &[&str]) -> Vec<PlainText> {
        texts.iter().map(|text| plain(text)).collect()
    }

    #[test]
    fn a_heading_row_names_at_least_two_columns_of_a_table() {
        assert!(Columns::from_heading_row(&cells(&["重点項目", "取り組み名", "取り組みの概要", ""])).is_some());
        assert!(Columns::from_heading_row(&cells(&["部局名", "基本的考え方"])).is_none());
        assert!(Columns::from_heading_row(&cells(&["重点項目", "市長室"])).is_none());
    }

    #[test]
    fn cells_follow_the_heading_row_in_any_order() {
        let columns = Columns::from_heading_row(&cells(&["No.", "取組名", "担当課", "概要", "重点項目"])).unwrap();
        let placed = columns.place(cells(&["1", "紙の削減", "総務課", "減らす。", "財務"]), |_| false);
        assert_eq!(
            (placed.title.text(), placed.summary.text(), placed.theme.text()),
            ("紙の削減".into(), "減らす。".into(), "財務".into())
        );
        assert_eq!(placed.others, [("No.".into(), "1".into()), ("担当課".into(), "総務課".into())]);
    }

    #[test]
    fn a_lost_first_cell_is_recognised_by_the_outline_in_the_second() {
        let place = |texts: &[&str]| Columns::usual().place(cells(texts), |text| text == "財務");
        let shifted = place(&["紙の削減", "減らす。"]);
        assert_eq!((shifted.is_shifted, shifted.title.text()), (true, "紙の削減".into()));
        assert!(!place(&["財務", "減らす。"]).is_shifted);
        assert!(!place(&["新しい項目", "紙の削減"]).is_shifted);
    }

    #[test]
    fn cells_beyond_an_outline_are_its_overflow() {
        let placed =
            Columns::usual().place(cells(&["財務", "紙の削減", "減らし、", "無くす。"]), |_| true);
        assert_eq!(placed.overflow, ["無くす。"]);
    }
}
