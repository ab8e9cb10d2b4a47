//! Text set in columns with spaces, as the text layer of a PDF is (`pdftotext -layout`) and as a table in a mail often is.
//!
//! There a cell stands under its heading by its position, and a cell too long for its column goes on in the lines below, each of
//! its parts under the same heading. Only a text whose rows really stand under their headings is read so; any other text that
//! separates cells by spaces is read cell by cell, as [`super::rows`] does.
//!
//! Whether a line goes on with the row above or begins one can't be seen from positions alone, since an initiative
//! under a theme carried down leaves the first column empty too. What tells is the language: while the outline above stops
//! within a sentence, nothing new begins.

use super::clean::{ends_sentence, fold_title};
use super::heading::{fiscal_year, is_date_line, is_page_furniture};
use super::labels::{Role, begins_with_department, role_of};
use super::rows::Row;

/// How far a cell may stand from its heading.
const TOLERANCE: usize = 2;

/// Rows that have to stand under their headings, so that it is no accident.
const ALIGNED_MIN: usize = 3;

/// The characters of a name that are rather the rest of the one above than a name of their own.
const REST_OF_NAME_CHARS: usize = 4;

/// The parts of a line with their places.
#[derive(Debug, PartialEq, Eq)]
struct Segment {
    at: usize,
    text: String,
}

/// The columns that hold at a place of the text.
struct Block {
    columns: Vec<usize>,
    /// The column whose text is long: the outline, or the basic ideas.
    long: usize,
    /// The column of themes, in a table.
    theme: Option<usize>,
    /// The column of names, in a table, and the most characters that a part of a name has had in it.
    title: Option<usize>,
    widest: usize,
    /// Those of the part in the line above.
    last_name: usize,
    /// Whether it is the row of a department, of which all that follows is the rest.
    is_label_row: bool,
    /// The row that lines may go on with, by its index.
    row: Option<usize>,
}

/// What was read, and how many lines were put to the row above.
pub(super) struct Laid {
    pub(super) rows: Vec<Row>,
    pub(super) joined: usize,
}

/// Reads rows of one cell each as text in columns, if it is that.
pub(super) fn read(lines: &[Row], knows_theme: impl Fn(&str) -> bool) -> Option<Laid> {
    // A tool counts characters; a person who sets a table with spaces counts widths.
    let measure = [one as fn(char) -> usize, width].into_iter().find(|measure| is_aligned(lines, *measure))?;
    Some(put_together(lines, measure, knows_theme))
}

fn one(_: char) -> usize {
    1
}

/// The columns that a character takes on a terminal.
fn width(c: char) -> usize {
    if c.is_ascii() || ('\u{FF61}'..='\u{FF9F}').contains(&c) { 1 } else { 2 }
}

/// Splits at an ideographic space or at least two spaces; spaces at the beginning only move the text.
fn segments(line: &str, measure: fn(char) -> usize) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    let (mut at, mut gap) = (0, String::from("  "));
    for c in line.chars() {
        if c == ' ' || c == '\u{3000}' {
            gap.push(c);
        } else {
            let parts = gap.contains('\u{3000}') || gap.len() >= 2;
            match found.last_mut().filter(|_| !parts) {
                Some(last) => {
                    last.text.push_str(&gap);
                    last.text.push(c);
                }
                None => found.push(Segment { at, text: c.to_string() }),
            }
            gap.clear();
        }
        at += measure(c);
    }
    found
}

fn text_of(line: &Row) -> String {
    line.cells.join(" ")
}

fn is_heading_row(segments: &[Segment]) -> bool {
    let of_a_table = |role: &Role| matches!(role, Role::Theme | Role::Title | Role::Summary);
    segments.iter().filter_map(|segment| role_of(&segment.text)).filter(of_a_table).count() >= 2
}

/// Whether the rows of the tables stand under their headings.
fn is_aligned(lines: &[Row], measure: fn(char) -> usize) -> bool {
    let mut columns: Option<Vec<usize>> = None;
    let (mut met, mut missed) = (0, 0);
    for line in lines {
        let found = segments(&text_of(line), measure);
        if is_heading_row(&found) {
            columns = Some(found.iter().map(|segment| segment.at).collect());
            continue;
        }
        let Some(columns) = columns.as_ref().filter(|columns| columns.len() >= 3) else { continue };
        let is_row = found.len() == columns.len() || found.first().is_some_and(|first| first.at >= TOLERANCE);
        if !is_row || found.first().is_none_or(|first| begins_with_department(&first.text)) {
            continue;
        }
        if found.iter().all(|segment| off(columns, segment.at) <= TOLERANCE) {
            met += 1;
        } else {
            missed += 1;
        }
    }
    // Lines of a department's own block stand elsewhere.
    met >= ALIGNED_MIN && met > 2 * missed
}

fn nearest(columns: &[usize], at: usize) -> usize {
    (0..columns.len()).min_by_key(|index| columns[*index].abs_diff(at)).unwrap_or(0)
}

fn off(columns: &[usize], at: usize) -> usize {
    columns[nearest(columns, at)].abs_diff(at)
}

fn put_together(lines: &[Row], measure: fn(char) -> usize, knows_theme: impl Fn(&str) -> bool) -> Laid {
    let mut rows: Vec<Row> = Vec::new();
    let mut joined = 0;
    let mut block: Option<Block> = None;
    for line in lines {
        let found = segments(&text_of(line), measure);
        let plain = |cells: Vec<String>| Row { cells, ..line.clone() };
        let texts = || found.iter().map(|segment| segment.text.clone()).collect::<Vec<String>>();
        let columns: Vec<usize> = found.iter().map(|segment| segment.at).collect();
        if is_heading_row(&found) {
            let at = |role| found.iter().position(|segment| role_of(&segment.text) == Some(role));
            let long = at(Role::Summary).unwrap_or(columns.len() - 1);
            let widest = block.map_or(0, |block| block.widest);
            let (theme, title) = (at(Role::Theme), at(Role::Title));
            block = Some(Block { columns, long, theme, title, widest, last_name: 0, is_label_row: false, row: None });
            rows.push(plain(texts()));
            continue;
        }
        if found.first().is_some_and(|first| begins_with_department(&first.text)) {
            let long = columns.len() - 1;
            let (widest, row) = (block.map_or(0, |block| block.widest), Some(rows.len()));
            block =
                Some(Block { columns, long, theme: None, title: None, widest, last_name: 0, is_label_row: true, row });
            rows.push(plain(texts()));
            continue;
        }
        let Some(block) = block.as_mut().filter(|_| !found.iter().all(|segment| is_beside_table(&segment.text))) else {
            rows.push(plain(texts()));
            continue;
        };
        let cells = block.place(&found);
        let name = block.name(&cells).chars().count();
        let was_full = block.last_name + 1 >= block.widest;
        block.widest = block.widest.max(name);
        block.last_name = name;
        match block.row.filter(|row| block.goes_on(&rows[*row].cells, &cells, was_full, &knows_theme)) {
            Some(row) => {
                joined += 1;
                rows[row].terminated = line.terminated;
                for (cell, part) in rows[row].cells.iter_mut().zip(&cells) {
                    join(cell, part);
                }
            }
            None => {
                block.row = Some(rows.len());
                rows.push(plain(cells));
            }
        }
    }
    Laid { rows, joined }
}

/// Whether a text is no part of a table wherever it stands: nothing, a page number, a date, the title of the paper.
pub(super) fn is_beside_table(text: &str) -> bool {
    // A comma or bracket alone hangs at the end of the line above.
    if text.starts_with(['、', '。', '，', '．', '）', '」', '』']) {
        return false;
    }
    is_page_furniture(text) || is_date_line(text) || (text.contains("運営方針") && fiscal_year(text).is_some())
}

impl Block {
    /// Puts the parts of a line under the headings.
    fn place(&self, found: &[Segment]) -> Vec<String> {
        let mut cells = vec![String::new(); self.columns.len()];
        for segment in found {
            let cell = &mut cells[nearest(&self.columns, segment.at)];
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&segment.text);
        }
        cells
    }

    /// The part of a name in a line.
    fn name<'c>(&self, cells: &'c [String]) -> &'c str {
        self.title.and_then(|index| cells.get(index)).map(String::as_str).unwrap_or_default()
    }

    /// Whether a line goes on with the row above. `was_full` says that the part of a name in the line above filled its column.
    fn goes_on(&self, above: &[String], cells: &[String], was_full: bool, knows_theme: impl Fn(&str) -> bool) -> bool {
        let is_long_only = cells.iter().enumerate().all(|(index, cell)| (index == self.long) != cell.is_empty());
        let theme = self.theme.and_then(|index| cells.get(index)).filter(|cell| !cell.is_empty());
        let is_theme = |theme: &String| {
            // A theme may be broken as well: its beginning stands above.
            let whole = self.theme.and_then(|index| above.get(index)).map(|above| format!("{above}{theme}"));
            knows_theme(theme) || !whole.is_some_and(|whole| knows_theme(&whole))
        };
        if self.is_label_row || is_long_only {
            return true;
        }
        if theme.is_some_and(is_theme) {
            return false;
        }
        let outline = above.get(self.long).map(String::as_str).unwrap_or_default();
        let rest = cells.get(self.long).map(String::as_str).unwrap_or_default();
        // A line without an outline is the rest of a name; a row of its own would say nothing. So are a few characters under a
        // name that filled its column or that stops at a particle, and what stands beside the rest of an outline in brackets.
        let is_short = self.name(cells).chars().count() <= REST_OF_NAME_CHARS;
        let stops = self.name(above).ends_with(['の', 'を', 'に', 'へ', 'と', 'が', 'は', 'で', 'や', '、', '・']);
        let is_rest_of_name = was_full && (is_short || stops);
        !ends_sentence(outline) || rest.is_empty() || rest.starts_with(['(', '（']) || is_rest_of_name
    }
}

/// Puts a part to a cell: side by side in Japanese, apart where two words of Latin letters meet.
fn join(cell: &mut String, part: &str) {
    let (before, after) = (cell.chars().next_back(), part.chars().next());
    let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    if is_latin(before) && is_latin(after) {
        cell.push(' ');
    }
    cell.push_str(part);
}

/// Whether a text is one of the known themes.
pub(super) fn knows<T: AsRef<str>>(known: &[T], text: &str) -> bool {
    let key = fold_title(text);
    known.iter().any(|theme| fold_title(theme.as_ref()) == key)
}

#[cfg(test)]
mod tests {
    use super::super::rows::lines;
    use super::*;

    const LAID: &str = "\
部局名   市長室          部局運営に関する基本的考え方    広報に努め、
                                     参加を促す。
重点項目          取り組み名               取り組みの概要
財務体質の強化       適性な防災体制の整備          資機材等の整備に
                                  ついて見直しを行う。

                     - 3 -
令和3年度部局運営方針の概要
              防衛補助の確保             国に対し、補助を
                                  求める。整理も行う。
スマート自治体       電子決裁の導入によるスマートワー    紙を減らし、働き方を
の推進           クの推進                見直す。
";

    fn laid(text: &str) -> Option<Vec<String>> {
        let known = ["財務体質の強化", "スマート自治体の推進"];
        let laid = read(&lines(text).unwrap(), |text| knows(&known, text))?;
        Some(laid.rows.iter().map(|row| row.cells.join("|")).filter(|row| !row.is_empty()).collect())
    }

    #[test]
    fn cells_stand_under_their_headings_and_go_on_below() {
        assert_eq!(
            laid(LAID).unwrap(),
            [
                "部局名|市長室|部局運営に関する基本的考え方|広報に努め、参加を促す。",
                "重点項目|取り組み名|取り組みの概要",
                "財務体質の強化|適性な防災体制の整備|資機材等の整備について見直しを行う。",
                "- 3 -",
                "令和3年度部局運営方針の概要",
                "|防衛補助の確保|国に対し、補助を求める。整理も行う。",
                "スマート自治体の推進|電子決裁の導入によるスマートワークの推進|紙を減らし、働き方を見直す。",
            ]
        );
    }

    #[test]
    fn spaces_that_only_separate_set_no_columns() {
        let text = "重点項目    取り組み名    取り組みの概要\n財務体質の強化    防災体制の整備    見直す。\n    防衛補助    求める。\n財務体質の強化    用地    売る。\n";
        assert_eq!(laid(text), None);
    }
}
