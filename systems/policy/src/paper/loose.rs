//! Text whose columns are parted by one space each, as `pdftotext -raw` and a copied web page leave them.
//!
//! A space also stands within sentences, so that only the first ones of a row part its columns, and only where a row begins: after
//! a sentence has ended. A line within a sentence belongs to the row above, and if it holds a space itself it may be the
//! rest of a name as well; that is said, since nothing in the text decides it.

use super::clean::ends_sentence;
use super::labels::{Role, begins_with_department, role_of};
use super::layout::is_beside_table;
use super::rows::Row;

/// What was read.
pub(super) struct Loose {
    pub(super) rows: Vec<Row>,
    /// Lines put to the row above that may hold a part of its name: line and text.
    pub(super) doubtful: Vec<(usize, String)>,
    pub(super) joined: usize,
}

/// Reads rows of one cell each as text with single spaces between the columns, if its tables have such heading rows.
pub(super) fn read(lines: &[Row], knows_theme: impl Fn(&str) -> bool) -> Option<Loose> {
    if !lines.iter().any(|line| heading_cells(&text_of(line)).is_some()) {
        return None;
    }
    let mut loose = Loose { rows: Vec::new(), doubtful: Vec::new(), joined: 0 };
    let mut is_table = false;
    // The row that a line may go on with: one of a table, since what follows a department's label is read as it is.
    let mut above: Option<usize> = None;
    for line in lines {
        let text = text_of(line);
        let text = text.trim();
        if let Some(cells) = heading_cells(text) {
            (is_table, above) = (true, None);
            loose.rows.push(Row { cells, ..line.clone() });
            continue;
        }
        if begins_with_department(text) {
            (is_table, above) = (false, None);
        }
        let begins = text.split(' ').next().unwrap_or_default();
        let stands_alone = is_beside_table(text) || !text.contains(' ') && (above.is_none() || knows_theme(text));
        let open = above.filter(|row| loose.rows[*row].cells.last().is_some_and(|cell| !ends_sentence(cell)));
        match open.filter(|_| is_table && !is_beside_table(text) && !knows_theme(begins)) {
            Some(row) => {
                loose.joined += 1;
                if text.contains(' ') {
                    loose.doubtful.push((line.line, text.to_owned()));
                }
                loose.rows[row].terminated = line.terminated;
                if let Some(cell) = loose.rows[row].cells.last_mut() {
                    cell.push_str(text);
                }
            }
            None if !is_table || stands_alone => loose.rows.push(line.clone()),
            None => {
                above = Some(loose.rows.len());
                loose.rows.push(Row { cells: row_cells(text, &knows_theme), ..line.clone() });
            }
        }
    }
    Some(loose)
}

fn text_of(line: &Row) -> String {
    line.cells.join(" ")
}

/// The headings of a table that are parted by one space each.
fn heading_cells(text: &str) -> Option<Vec<String>> {
    let cells: Vec<&str> = text.trim().split(' ').collect();
    let roles: Vec<Option<Role>> = cells.iter().map(|cell| role_of(cell)).collect();
    let is_usual = roles == [Role::Theme, Role::Title, Role::Summary].map(Some);
    is_usual.then(|| cells.into_iter().map(str::to_owned).collect())
}

/// Theme, name and outline of a row; the theme is empty where it is carried down.
fn row_cells(text: &str, knows_theme: impl Fn(&str) -> bool) -> Vec<String> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (theme, rest) = if knows_theme(first) { (first, rest) } else { ("", text) };
    let (title, outline) = rest.split_once(' ').unwrap_or((rest, ""));
    [theme, title, outline].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::rows::lines;
    use super::*;

    #[test]
    fn the_first_spaces_of_a_row_part_its_columns() {
        let text = "部局名 市長室 基本的考え方 広報に努める。\n重点項目 取り組み名 取り組みの概要\n財務体質の強化 防災体制 備える。 また、\n見直す。\n防衛補助 国に\n求める。 急ぐ。\n";
        let loose = read(&lines(text).unwrap(), |theme| theme == "財務体質の強化").unwrap();
        let rows: Vec<String> = loose.rows.iter().map(|row| row.cells.join("|")).collect();
        assert_eq!(
            rows[1..],
            [
                "重点項目|取り組み名|取り組みの概要",
                "財務体質の強化|防災体制|備える。 また、見直す。",
                "|防衛補助|国に求める。 急ぐ。"
            ]
        );
        assert_eq!((loose.joined, loose.doubtful), (2, vec![(6, "求める。 急ぐ。".to_owned())]));
        assert!(read(&lines("重点項目\t取り組み名\n").unwrap(), |_| false).is_none());
    }
}
