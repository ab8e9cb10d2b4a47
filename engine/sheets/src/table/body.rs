//! The rows of a table, one at a time: what each cell means, and which rows are none.

use std::collections::{BTreeMap, HashMap};

use kawasemi_kernel::text::fold;

use super::words::{Total, heading, is_ditto, is_label, is_remark, is_usual_heading, ordinal, total};
use super::{Column, Table, TableOptions, address, texts};
use crate::book::RawRow;
use crate::cell::{Cell, SheetRow};
use crate::place::Area;
use crate::report::{Findings, Sort};

/// Reads rows in their order.
pub(super) struct Body<'a> {
    table: &'a Table,
    options: &'a TableOptions,
    findings: Option<&'a mut Findings>,
    /// What columns usually hold: true for numbers and dates.
    holds_values: BTreeMap<u32, bool>,
    values_stand_out: bool,
    /// Merged areas that begin in a row.
    merges: HashMap<u32, Vec<Area>>,
    /// The column in which a line between parts of the table begins, by its row.
    sections: HashMap<u32, u32>,
    /// Values of merged areas that reach the present row.
    open: Vec<(Area, Cell)>,
    /// The last value of each column, by block.
    last: Vec<Vec<Cell>>,
    last_line: u64,
    /// A row of one cell after an empty one: the title of what comes, or a remark.
    waiting: Option<(RawRow, u64)>,
    /// Another table has begun.
    has_ended: bool,
    first_value: Option<u64>,
    last_value: u64,
    count: u64,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        table: &'a Table,
        options: &'a TableOptions,
        findings: Option<&'a mut Findings>,
        head: &[RawRow],
    ) -> Self {
        let mut merges: HashMap<u32, Vec<Area>> = HashMap::new();
        for area in table.frame.merges.iter().filter(|area| u64::from(area.last.row) >= table.above) {
            merges.entry(area.first.row).or_default().push(*area);
        }
        let last = table.blocks.iter().map(|block| vec![Cell::Empty; block.len()]).collect();
        let mut body = Self {
            table,
            options,
            findings,
            holds_values: BTreeMap::new(),
            values_stand_out: false,
            merges,
            sections: HashMap::new(),
            open: Vec::new(),
            last,
            last_line: table.above,
            waiting: None,
            has_ended: false,
            first_value: None,
            last_value: 0,
            count: 0,
        };
        let wide = table.frame.merges.iter().filter(|area| area.width() >= 3 && body.is_section(area));
        body.sections = wide.map(|area| (area.first.row, area.first.column)).collect();
        body.learn(head);
        body
    }

    /// Learns from the first rows what columns usually hold.
    pub(super) fn learn(&mut self, head: &[RawRow]) {
        let rows: Vec<&RawRow> = head.iter().filter(|row| row.line > self.table.above).take(100).collect();
        for column in self.table.blocks.iter().flatten() {
            let filled: Vec<&Cell> =
                rows.iter().map(|row| row.cell(column.at as usize)).filter(|cell| !cell.is_blank()).collect();
            let values = filled.iter().filter(|cell| !is_label(cell)).count();
            self.holds_values.insert(column.at, !filled.is_empty() && values * 5 >= filled.len() * 4);
        }
        let outstanding = rows.iter().filter(|row| row.stand_out > 0).count();
        self.values_stand_out = outstanding * 3 > rows.len();
    }

    fn note(&mut self, sort: Sort, text: &str, place: impl std::fmt::Display) {
        if let Some(findings) = &mut self.findings {
            findings.add(sort, text, place);
        }
    }

    /// Takes the next row of the sheet and hands over what it means.
    pub(super) fn row(&mut self, mut raw: RawRow, take: &mut dyn FnMut(SheetRow)) {
        if raw.line <= self.table.above || !self.table.has_line(raw.line) {
            return;
        }
        self.spread_merges(&mut raw);
        if raw.is_hidden && !self.options.with_hidden {
            let text = "非表示の行（絞り込みで隠れた行を含む）は読みません。要るときは「非表示の行と列も読む」を選んでください。";
            return self.note(Sort::Left, text, format!("{}行目", raw.line));
        }
        let filled = self.filled(&raw);
        if filled == 0 {
            return;
        }
        let is_after_gap = raw.line > self.last_line + 1;
        self.last_line = raw.line;
        if self.has_ended {
            let text = "別の表とみて読みません。読むには、その表の範囲を指定して取り込んでください。";
            return self.note(Sort::Left, text, format!("{}行目", raw.line));
        }
        if self.is_header_again(&raw) {
            self.let_go("見出しの前の題名とみて読みません。");
            return self.note(
                Sort::Understood,
                "見出しのくり返し（改ページなど）は読みません。",
                format!("{}行目", raw.line),
            );
        }
        if (is_after_gap || self.waiting.is_some()) && self.is_other_table(&raw) {
            self.let_go("別の表の題名とみて読みません。");
            self.has_ended = true;
            let names: Vec<String> =
                raw.cells.iter().filter(|c| !c.is_blank()).map(|c| c.to_text().into_owned()).collect();
            let shown: String = names.join("・").chars().take(60).collect();
            let text =
                "別の表の見出しとみて、ここから下は読みません。読むには、その表の範囲を指定して取り込んでください。";
            return self.note(Sort::Left, text, format!("{}行目「{shown}」", raw.line));
        }
        if let Some((waiting, filled)) = self.waiting.take() {
            self.value_row(waiting, filled, take);
        }
        if is_after_gap && filled == 1 && self.table.columns().iter().filter(|c| c.is_named).count() >= 3 {
            self.waiting = Some((raw, filled));
        } else {
            self.value_row(raw, filled, take);
        }
    }

    /// Hands over what waits, and tells how much there was.
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(SheetRow)) {
        if let Some((waiting, filled)) = self.waiting.take() {
            // Under the table, after an empty row, one lonely cell of text is a remark, unless it is all there is.
            if self.count > 0 && !self.options.keep_totals && waiting.cells.iter().any(is_label) {
                self.note(Sort::Left, "表の下の書き込みとみて読みません。", remark_place(&waiting));
            } else {
                self.value_row(waiting, filled, take);
            }
        }
        let columns = self.table.blocks.iter().flatten().map(|column| column.at);
        let (Some(left), Some(right)) = (columns.clone().min(), columns.max()) else { return };
        if let Some(first) = self.first_value {
            let area = Area { first: address(first, left), last: address(self.last_value, right) };
            let text = format!("{}行の値を読みます。", self.count);
            self.note(Sort::Understood, &text, area);
        }
    }

    fn let_go(&mut self, text: &str) {
        if let Some((waiting, _)) = self.waiting.take() {
            self.note(Sort::Left, text, remark_place(&waiting));
        }
    }

    fn filled(&self, raw: &RawRow) -> u64 {
        let columns = self.table.blocks.iter().flatten().filter(|column| !column.is_reading);
        columns.filter(|column| !raw.cell(column.at as usize).is_blank()).count() as u64
    }

    /// Writes the value of a merged area into each row that it reaches, and into each column that has a name of its own.
    fn spread_merges(&mut self, raw: &mut RawRow) {
        let Ok(row) = u32::try_from(raw.line - 1) else { return };
        // An area may begin in a row that was passed over because it is empty: then it has no value either.
        self.open.retain(|(area, _)| area.last.row >= row);
        let reached: Vec<(Area, Cell)> = self.open.clone();
        for (area, value) in reached {
            self.fill(raw, area, &value, row);
        }
        for area in self.merges.remove(&row).unwrap_or_default() {
            let value = raw.cell(area.first.column as usize).clone();
            if value.is_blank() {
                continue;
            }
            self.fill(raw, area, &value, row);
            if area.last.row > row {
                self.open.push((area, value));
            }
        }
    }

    fn fill(&mut self, raw: &mut RawRow, area: Area, value: &Cell, row: u32) {
        let is_section = self.sections.get(&area.first.row) == Some(&area.first.column);
        for column in area.first.column..=area.last.column {
            let known = self.table.blocks.iter().flatten().find(|known| known.at == column && !known.is_reading);
            let is_first = column == area.first.column;
            let is_origin = is_first && row == area.first.row;
            if is_origin || known.is_none_or(|known| !is_first && !known.is_named) || is_section && !is_first {
                continue;
            }
            let at = column as usize;
            if raw.cells.len() <= at {
                raw.cells.resize(at + 1, Cell::Empty);
            }
            raw.cells[at] = value.clone();
            if is_first {
                self.note(Sort::Understood, "縦に結合されたセルの値を、その範囲のすべての行に当てます。", area);
            } else {
                self.note(Sort::Guessed, "横に結合されたセルの値を、その範囲のすべての列に当てます。", area);
            }
        }
    }

    /// Whether an area lies across most of the table: a line between parts of it.
    fn is_section(&self, area: &Area) -> bool {
        let columns = self.table.blocks.iter().flatten().filter(|column| column.is_named && !column.is_reading);
        let (covered, all) = columns.fold((0_usize, 0_usize), |(covered, all), column| {
            (covered + usize::from(area.has(area.first.row, column.at)), all + 1)
        });
        covered >= 3 && covered * 3 > all * 2
    }

    fn is_header_again(&self, raw: &RawRow) -> bool {
        // Most rows are told by a cell that is no text, or by their first word.
        if raw.cells.iter().any(|cell| !matches!(cell, Cell::Empty | Cell::Text(_))) {
            return false;
        }
        let first = (0_u32..).zip(&raw.cells).find(|(_, cell)| !cell.is_blank());
        let begins_alike = first.is_some_and(|(column, cell)| {
            let folded = fold(&heading(&cell.to_text()));
            self.table.repeated.iter().any(|texts| texts.get(&column) == Some(&folded))
        });
        if !begins_alike {
            return false;
        }
        let own = texts(raw);
        own.len() >= 2 && self.table.repeated.contains(&own)
    }

    /// Whether a row after an empty one is the headings of another table.
    fn is_other_table(&self, raw: &RawRow) -> bool {
        if self.options.area.is_some() {
            return false;
        }
        let filled: Vec<(u32, &Cell)> = (0_u32..).zip(&raw.cells).filter(|(_, cell)| !cell.is_blank()).collect();
        let is_heading = filled.len() >= 2
            && filled.iter().all(|(_, cell)| is_label(cell))
            && filled.iter().enumerate().all(|(at, (_, one))| filled[..at].iter().all(|(_, other)| other != one));
        if !is_heading {
            return false;
        }
        let stands_out = raw.stand_out as usize * 2 > filled.len();
        if stands_out && self.table.header_stands_out && !self.values_stand_out {
            return true;
        }
        let usual = filled.iter().filter(|(_, cell)| is_usual_heading(&cell.to_text())).count();
        let over_values = filled.iter().any(|(column, _)| self.holds_values.get(column).copied().unwrap_or_default());
        usual * 2 >= filled.len() && (over_values || self.waiting.is_some())
    }

    /// A row of values, unless it is a sum, a remark, a line between parts, or a number without anything.
    fn value_row(&mut self, raw: RawRow, filled: u64, take: &mut dyn FnMut(SheetRow)) {
        if !self.options.keep_totals && self.is_left(&raw, filled) {
            return;
        }
        for index in 0..self.table.blocks.len() {
            if let Some(row) = self.values(index, &raw) {
                self.count += 1;
                self.first_value.get_or_insert(raw.line);
                self.last_value = raw.line;
                take(row);
            }
        }
    }

    /// Whether a row is none of the table; tells why.
    fn is_left(&mut self, raw: &RawRow, filled: u64) -> bool {
        let cells: Vec<(u32, &Cell)> = (0_u32..).zip(&raw.cells).filter(|(_, cell)| !cell.is_blank()).collect();
        let Some((column, first)) = cells.first().copied() else { return true };
        let table = self.table;
        let width = table.columns().iter().filter(|column| column.is_named).count();
        if filled == 1 && width >= 2 {
            let row = u32::try_from(raw.line - 1).unwrap_or(u32::MAX);
            if is_remark(&first.to_text()) {
                self.note(Sort::Left, "注釈とみて読みません。", remark_place(raw));
                return true;
            }
            if self.sections.get(&row) == Some(&column) {
                self.note(Sort::Left, "表を区切る見出しとみて読みません。", remark_place(raw));
                return true;
            }
        }
        let sum = cells.iter().find_map(|(_, cell)| match cell {
            Cell::Text(text) => total(text),
            _ => None,
        });
        let Some(sum) = sum else { return false };
        // Beside the word, a sum has only numbers, and something of its own to add up.
        let others = cells.iter().filter(|(_, cell)| is_label(cell)).count();
        let is_sum = others == 1 && width >= 2 && (sum == Total::Whole || cells.len() >= 2);
        if is_sum {
            self.note(Sort::Left, "合計・小計の行とみて読みません。", format!("{}行目", raw.line));
        }
        is_sum
    }

    /// The cells of a block; none where it has nothing but a running number.
    fn values(&mut self, block: usize, raw: &RawRow) -> Option<SheetRow> {
        let table = self.table;
        let columns: &[Column] = table.blocks.get(block)?;
        let own = |column: &&Column| !column.is_reading && !raw.cell(column.at as usize).is_blank();
        let filled: Vec<&Column> = columns.iter().filter(own).collect();
        let has_names = columns.iter().any(|column| column.is_named);
        if filled.is_empty() {
            return None;
        }
        let is_number =
            |column: &&Column| column.is_serial && ordinal(&raw.cell(column.at as usize).to_text()).is_some();
        if columns.len() > 1 && filled.iter().all(is_number) {
            self.note(Sort::Left, "番号のほかに何もない行は読みません。", format!("{}行目", raw.line));
            return None;
        }
        if has_names && filled.iter().all(|column| !column.is_named) {
            self.note(Sort::Left, "見出しのある列が空の行は、表の外の書き込みとみて読みません。", remark_place(raw));
            return None;
        }
        let mut cells = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let cell = self.cell(block, index, column, raw);
            if !column.is_reading && !cell.is_blank() {
                self.last[block][index].clone_from(&cell);
            }
            cells.push(cell);
        }
        Some(SheetRow { line: raw.line, cells })
    }

    fn cell(&mut self, block: usize, index: usize, column: &Column, raw: &RawRow) -> Cell {
        if column.is_reading {
            let reading = raw.readings.iter().find(|(at, _)| *at == column.at);
            return reading.map_or(Cell::Empty, |(_, reading)| Cell::Text(reading.clone()));
        }
        let cell = raw.cell(column.at as usize);
        let place = address(raw.line, column.at);
        match cell {
            Cell::Text(text) if !self.options.keep_ditto && is_ditto(text) => {
                let above = self.last[block][index].clone();
                if above.is_blank() {
                    self.note(Sort::Left, "「〃」「同上」などの上に値がないため、書かれたとおりに読みます。", place);
                    return cell.clone();
                }
                self.note(Sort::Guessed, "「〃」「同上」などは、上の行と同じ値として読みます。", place);
                above
            }
            Cell::Error(_) => {
                self.note(Sort::Left, "表計算のエラー値（#REF! など）です。元のファイルを直してください。", place);
                cell.clone()
            }
            cell if cell.is_blank() && self.options.fill_down.contains(&column.heading) => {
                let above = self.last[block][index].clone();
                if !above.is_blank() {
                    self.note(Sort::Understood, "空の欄を、上の行と同じ値として読みます（指定による）。", place);
                }
                above
            }
            cell => cell.clone(),
        }
    }
}

/// Where a remark stands, with its words.
fn remark_place(raw: &RawRow) -> String {
    let found = (0_u32..).zip(&raw.cells).find(|(_, cell)| !cell.is_blank());
    let (column, text) =
        found.map_or((0, String::new()), |(column, cell)| (column, cell.to_text().chars().take(30).collect()));
    format!("{}「{text}」", address(raw.line, column))
}
