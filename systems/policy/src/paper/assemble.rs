//! From rows to a paper: decides what each row is, in the order in which it could be mistaken.
//!
//! A row is, if it can be: nothing; page furniture; a page heading; the heading row of a table; the label row of a
//! department; the values under such labels; else a row of the current table. [`Draft`] keeps what has been
//! read and its remarks; this module only decides.

mod department;
mod draft;
mod ending;

use super::clean::{ends_sentence, name};
use super::decode::Decoded;
use super::heading::{date, fiscal_year, is_date_line, is_page_furniture};
use super::labels::{Role, split_label};
use super::markup::{PlainText, plain};
use super::rows::{Row, Rows};
use super::table::{Columns, Placed};
use super::warning::{Warning, WarningKind, quoted};
use super::{Extra, Paper, PaperError, PaperInitiative, fold_title};
use draft::{Draft, LastText};

/// The longest heading of a page.
const TITLE_CHARS_MAX: usize = 80;

/// The most lines that a title is broken into, and ways in which pages write it.
const TITLE_LINES_MAX: usize = 10;

/// The longest name of a theme that is not known.
const THEME_CHARS_MAX: usize = 40;

/// Puts the rows together.
pub(super) fn assemble(rows: Rows, decoded: &Decoded, known_themes: &[&str]) -> Result<Paper, PaperError> {
    let mut assembler = Assembler::new(known_themes, rows.glue);
    rows.remarks.into_iter().for_each(|remark| assembler.draft.warn(remark));
    let mut rows = rows.rows.into_iter().peekable();
    while let Some(mut row) = rows.next() {
        if let Some(rest) = rows.next_if(|next| assembler.goes_on_with_name(&row, next)) {
            assembler.put_together(&mut row, rest);
        }
        let is_last = rows.peek().is_none();
        let next_title_has_no_theme = rows.peek().is_some_and(|next| assembler.carries_theme_down(next));
        let cut = is_last && (!row.terminated || decoded.ends_within_character);
        assembler.take(row, cut.then_some(decoded.ends_within_character), next_title_has_no_theme);
    }
    assembler.abandon_labels();
    Ok(assembler.draft.finish())
}

/// A row whose cells are plain text.
struct Cells {
    line: usize,
    /// The number of separators and one, before empty cells at the end were left out.
    width: usize,
    cells: Vec<PlainText>,
}

impl Cells {
    fn filled(&self) -> impl Iterator<Item = (usize, &PlainText)> {
        self.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty())
    }

    /// The only cell that holds anything.
    fn only(&self) -> Option<(usize, &PlainText)> {
        let mut filled = self.filled();
        filled.next().filter(|_| filled.next().is_none())
    }

    fn text(&self) -> String {
        self.filled().map(|(_, cell)| cell.text()).collect::<Vec<String>>().join("\t")
    }
}

struct Assembler {
    draft: Draft,
    columns: Option<Columns>,
    /// Labels of a department whose values stand in the next row, by column, and their line.
    pending_labels: Vec<(usize, Role)>,
    pending_line: usize,
    /// The fewest cells that a row of a table has had.
    row_width_min: Option<usize>,
    /// The fewest cells that a label row with values has had.
    label_width_min: Option<usize>,
    /// What a stray separator was, to put overflowing cells together again.
    glue: &'static str,
    /// The lines of the first page's heading, folded, by which those of later pages are known.
    title_lines: Vec<String>,
    /// Whether the line before belongs to the title, which may go on.
    is_after_title: bool,
}

impl Assembler {
    fn new(known_themes: &[&str], glue: &'static str) -> Self {
        Self {
            draft: Draft::new(known_themes),
            columns: None,
            pending_labels: Vec::new(),
            pending_line: 0,
            row_width_min: None,
            label_width_min: None,
            glue,
            title_lines: Vec::new(),
            is_after_title: false,
        }
    }

    /// Takes a row in. `cut` is set for a last row without a line break: whether even its last character is missing.
    fn take(&mut self, row: Row, cut: Option<bool>, next_carries_theme: bool) {
        let row = self.plain_row(row);
        let is_after_title = std::mem::take(&mut self.is_after_title);
        if row.cells.iter().all(PlainText::is_empty) || self.is_furniture(&row) {
            return;
        }
        if self.goes_on_with_title(&row, is_after_title) {
            return;
        }
        if self.is_heading(&row) {
            if cut.is_some() && !self.draft.paper.departments.is_empty() {
                let message = "ファイルがページの見出しで終わっています。このあとに部局が続いていなかったか、元の文書と見比べてください。";
                self.draft.warn(Warning::about(row.line, WarningKind::CutShort, message, row.text()));
            }
            return self.heading(&row, cut.is_none());
        }
        if let Some(columns) = Columns::from_heading_row(&row.cells) {
            return self.heading_row(&row, columns);
        }
        if let Some(within_character) = cut
            && let Some(remark) = self.remark_on_cut(&row, within_character)
        {
            let is_taken_in = remark.is_taken_in;
            self.draft.warn(remark.warning);
            if !is_taken_in {
                return;
            }
        }
        if self.is_label_row(&row) {
            return self.label_row(row);
        }
        if !self.pending_labels.is_empty() {
            return self.values_row(row);
        }
        self.table_row(row, next_carries_theme);
    }

    /// Whether a row was broken within the name of its theme or initiative, so that the next line has the rest of its cells.
    fn goes_on_with_name(&self, row: &Row, next: &Row) -> bool {
        let Some(columns) = &self.columns else { return false };
        let (Some(cell), Some(rest)) =
            (row.cells.last().map(|cell| cell.trim()), next.cells.first().map(|cell| cell.trim()))
        else {
            return false;
        };
        let both = row.cells.len() + next.cells.len() - 1;
        let fits = next.cells.len() > 1 && (both == columns.width() || Some(both) == self.row_width_min);
        if !fits || cell.is_empty() || rest.is_empty() || self.draft.knows_theme(rest) || split_label(rest).is_some() {
            return false;
        }
        match columns.role(row.cells.len() - 1) {
            Some(Role::Title) => row.cells.len() > 1 && !ends_sentence(cell),
            Some(Role::Theme) => self.draft.knows_theme(&format!("{cell}{rest}")),
            _ => false,
        }
    }

    fn put_together(&mut self, row: &mut Row, rest: Row) {
        let mut cells = rest.cells.into_iter();
        if let (Some(cell), Some(part)) = (row.cells.last_mut(), cells.next()) {
            cell.truncate(cell.trim_end().len());
            cell.push_str(part.trim_start());
            let message = format!("行の途中で折れていた名前を、{}とつないで読みました。", quoted(cell.trim()));
            self.draft.warn(Warning::about(rest.line, WarningKind::Joined, message, part));
        }
        row.cells.extend(cells);
        row.terminated = rest.terminated;
    }

    fn plain_row(&mut self, row: Row) -> Cells {
        let width = row.cells.len();
        if row.cells.iter().any(|cell| cell.contains('\u{FFFD}')) {
            let message = "読み取れない文字があります（�で示しています）。元の文書と見比べてください。";
            self.draft.warn(Warning::about(row.line, WarningKind::Encoding, message, row.cells.join("\t")));
        }
        let cells = row.cells.iter().map(|cell| plain(cell)).collect::<Vec<PlainText>>();
        let removed = cells.iter().map(|cell| cell.removed.as_str()).collect::<String>();
        if !removed.is_empty() {
            let message = "セルの中のスクリプトや書式の指定を取り除きました。";
            self.draft.warn(Warning::about(row.line, WarningKind::Markup, message, removed));
        }
        Cells { line: row.line, width, cells }
    }

    /// Whether a line is a part of a title that was broken into lines: on the first page what follows it at once, on later ones
    /// the same again.
    fn goes_on_with_title(&mut self, row: &Cells, is_after_title: bool) -> bool {
        let Some((_, cell)) = row.only().filter(|_| row.width == 1) else { return false };
        let text = cell.text();
        if !self.is_prelude() {
            return self.title_lines.contains(&fold_title(&text));
        }
        let begins_something = self.is_heading(row) || self.draft.knows_theme(&text) || split_label(&text).is_some();
        let is_full = self.title_lines.len() >= TITLE_LINES_MAX;
        if !is_after_title || is_full || begins_something || text.ends_with('。') {
            return false;
        }
        self.draft.paper.title.push_str(&text);
        self.is_after_title = true;
        self.know_title_line(&text);
        true
    }

    fn know_title_line(&mut self, text: &str) {
        let line = fold_title(text);
        if self.title_lines.len() < TITLE_LINES_MAX && !self.title_lines.contains(&line) {
            self.title_lines.push(line);
        }
    }

    /// Whether no department and no table has begun.
    fn is_prelude(&self) -> bool {
        self.columns.is_none() && self.draft.paper.departments.is_empty() && self.pending_labels.is_empty()
    }

    fn is_furniture(&self, row: &Cells) -> bool {
        row.filled().all(|(_, cell)| is_page_furniture(&cell.text()))
    }

    /// Whether a row is a page heading: every cell is the title or about the date.
    fn is_heading(&self, row: &Cells) -> bool {
        row.filled().all(|(_, cell)| {
            let text = cell.text();
            is_date_line(&text) || self.is_title(&text)
        })
    }

    fn is_title(&self, text: &str) -> bool {
        if text.chars().nth(TITLE_CHARS_MAX).is_some() {
            return false;
        }
        let title = &self.draft.paper.title;
        if !title.is_empty() && fold_title(text) == fold_title(title) {
            return true;
        }
        let names_policy = text.contains("運営方針") && split_label(text).is_none();
        let is_prelude = self.is_prelude();
        match fiscal_year(text) {
            Some(_) if text.contains("部局運営方針") => true,
            Some(_) => is_prelude && (names_policy || title.is_empty()),
            None => is_prelude && names_policy,
        }
    }

    fn heading(&mut self, row: &Cells, is_complete: bool) {
        for (_, cell) in row.filled() {
            let text = cell.text();
            if is_date_line(&text) {
                self.draft.dated(date(&text, is_complete), row.line);
            } else {
                if self.is_prelude() {
                    self.is_after_title = true;
                    self.know_title_line(&text);
                }
                self.draft.titled(&text, fiscal_year(&text), row.line);
                // A title may carry the date as well.
                if let Some(day) = date(&text, is_complete) {
                    self.draft.dated(Some(day), row.line);
                }
            }
        }
    }

    fn heading_row(&mut self, row: &Cells, columns: Columns) {
        if self.columns.as_ref() != Some(&columns) {
            for label in columns.unknown_headings() {
                let message =
                    format!("見出し{}の列は取り込み先がありません。内容は取り組みに添えて残します。", quoted(label));
                self.draft.warn(Warning::new(row.line, WarningKind::UnknownColumn, message));
            }
        }
        self.abandon_labels();
        // A page may break within an outline, which then goes on below the headings of the next page.
        if !self.draft.is_within_outline() {
            self.draft.forget_last_text();
        }
        if columns.names_departments() && !self.draft.has_department() {
            self.draft.departments_are_in_rows();
        }
        self.columns = Some(columns);
    }

    fn table_row(&mut self, row: Cells, next_carries_theme: bool) {
        if self.columns.is_none() && row.only().is_some() && !self.draft.has_table() {
            return self.text_beside_table(&row);
        }
        if let Some((index, _)) = row.only()
            && self.lone_cell(&row, index, next_carries_theme)
        {
            return;
        }
        if self.columns.is_none() {
            self.draft.warn_once(Warning::new(
                row.line,
                WarningKind::NoHeader,
                "表の見出しの行がないので、左から重点項目・取り組み名・取り組みの概要として読みました。",
            ));
        }
        let width = row.width;
        self.row_width_min = Some(self.row_width_min.map_or(width, |min| min.min(width)));
        let line = row.line;
        let columns = self.columns.clone().unwrap_or_else(Columns::usual);
        let placed = columns.place(row.cells, |text| self.draft.knows_theme(text));
        self.placed_row(line, placed);
    }

    /// A line of text outside any table: it continues the basic ideas of the department before it, or belongs nowhere.
    fn text_beside_table(&mut self, row: &Cells) {
        let Some((_, cell)) = row.only() else { return };
        if self.draft.awaits_basic_ideas() {
            self.draft.basic_idea_continued(row.line, cell);
        } else {
            self.unplaced(row, "表の外にある文です。");
        }
    }

    /// A row with one filled cell: a theme of its own, or the rest of the text before it. `false` leaves it to the table.
    fn lone_cell(&mut self, row: &Cells, index: usize, next_carries_theme: bool) -> bool {
        let Some(cell) = row.cells.get(index) else { return false };
        let text = cell.text();
        let columns = self.columns.clone().unwrap_or_else(Columns::usual);
        let has_place = row.width > 1;
        if self.draft.knows_theme(&text) {
            self.draft.enter_theme(row.line, &text);
            return true;
        }
        if !has_place && self.draft.awaits_basic_ideas() && self.continues(&text) {
            self.draft.basic_idea_continued(row.line, cell);
            return true;
        }
        match columns.role(index).filter(|_| has_place) {
            Some(Role::Summary) => self.draft.continue_text(row.line, &text, self.glue) || self.lone_text(row),
            // The rest of a row that was broken within its outline keeps the empty cells behind it.
            Some(Role::Theme) if self.is_rest_of_outline(row, &columns) || !could_be_theme(&text) => {
                (self.continues(&text) && self.draft.continue_text(row.line, &text, "")) || self.lone_text(row)
            }
            Some(Role::Theme | Role::Title | Role::Department | Role::BasicIdea) => false,
            None if self.continues(&text) => self.draft.continue_text(row.line, &text, "") || self.lone_text(row),
            None if next_carries_theme && could_be_theme(&text) && columns.role(0) == Some(Role::Theme) => {
                self.draft.enter_theme(row.line, &text);
                true
            }
            None => self.lone_text(row),
        }
    }

    /// Whether a row has as many cells as are left of one from its outline on, while the outline above stops in a sentence.
    fn is_rest_of_outline(&self, row: &Cells, columns: &Columns) -> bool {
        let outline = (0..columns.width()).find(|index| columns.role(*index) == Some(Role::Summary));
        let is_open = matches!(self.draft.last_text(), LastText::Open);
        is_open && outline.is_some_and(|index| index > 0 && row.width + index == columns.width())
    }

    fn lone_text(&mut self, row: &Cells) -> bool {
        self.unplaced(row, "どの列にも入らない文です。");
        true
    }

    /// Whether a lone text reads as the rest of the text before it.
    fn continues(&self, text: &str) -> bool {
        if is_note(text) {
            return false;
        }
        match self.draft.last_text() {
            LastText::None => false,
            LastText::Open => true,
            LastText::Sentence => ends_sentence(text) || text.starts_with(super::clean::is_bullet),
        }
    }

    fn placed_row(&mut self, line: usize, placed: Placed) {
        if !placed.department.is_empty() {
            self.draft.enter_department(line, &name(&placed.department.text()));
        }
        if !placed.basic_idea.is_empty() {
            self.draft.basic_idea(line, &placed.basic_idea);
        }
        if !placed.theme.is_empty() {
            self.draft.enter_theme(line, &placed.theme.text());
        }
        let overflow = placed.overflow.join(self.glue);
        if placed.title.is_empty() {
            return self.row_without_title(line, &placed, &overflow);
        }
        let title = name(&placed.title.paragraphs.concat());
        if placed.is_shifted {
            let message = format!("列が1つずれている行を、取り組み{}として読みました。", quoted(&title));
            self.draft.warn(Warning::new(line, WarningKind::Shifted, message));
        }
        let extras = placed.others.into_iter().map(|(label, text)| Extra { label, text }).collect();
        let summary = placed.summary.text();
        self.draft.initiative(PaperInitiative { theme: String::new(), title, summary, extras, line });
        if !overflow.is_empty() {
            self.draft.continue_text(line, &overflow, self.glue);
        }
    }

    /// A row with a theme alone is complete; an outline without a name continues the one above it.
    fn row_without_title(&mut self, line: usize, placed: &Placed, overflow: &str) {
        let others = placed.others.iter().map(|(label, text)| format!("{label}：{text}"));
        let texts = [placed.summary.text(), overflow.to_owned()].into_iter().chain(others);
        let text = texts.filter(|text| !text.is_empty()).collect::<Vec<String>>().join("\t");
        if text.is_empty() {
            return;
        }
        if placed.theme.is_empty() && placed.department.is_empty() && self.draft.continue_text(line, &text, self.glue) {
            return;
        }
        let message = format!("取り組み名のない行です。取り込んでいません。{}", quoted(&text));
        self.draft.warn(Warning::about(line, WarningKind::Unplaced, message, text));
    }

    /// Whether a row of the current table has a name but no theme of its own.
    fn carries_theme_down(&self, row: &Row) -> bool {
        let columns = self.columns.clone().unwrap_or_else(Columns::usual);
        let at = |role| (0..columns.width()).find(|index| columns.role(*index) == Some(role));
        let filled = |role| at(role).and_then(|index| row.cells.get(index)).is_some_and(|cell| !cell.trim().is_empty());
        !filled(Role::Theme) && filled(Role::Title)
    }

    fn unplaced(&mut self, row: &Cells, what: &str) {
        let text = row.text();
        let message = format!("{what}取り込んでいません。{}", quoted(&text));
        self.draft.warn(Warning::about(row.line, WarningKind::Unplaced, message, text));
    }
}

/// Whether a lone text reads as the name of a theme and not as a note or a sentence.
fn could_be_theme(text: &str) -> bool {
    !text.ends_with('。') && !is_note(text) && text.chars().count() <= THEME_CHARS_MAX
}

/// Whether a text is a note under the table.
fn is_note(text: &str) -> bool {
    text.starts_with(['※', '＊', '*', '注'])
}
