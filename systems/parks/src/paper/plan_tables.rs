//! The tables of a life-extension plan (総括表・都市公園別・公園施設種類別現況), made once and put on paper and into a workbook alike.
//! Amounts are thousands of yen (千円), rounded half up, as the ministry's forms have them.

use std::collections::{BTreeMap, HashMap};

use super::Section;
use crate::acts::spread::Plan;
use crate::kernel::RecordId;
use crate::kernel::fiscal::FiscalYear;
use crate::ledger::Visible;
use crate::platform::ui::said;
use crate::records::Read;

/// A cell: text, or a number that a workbook can add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, which is also that of its sheet.
    pub name: &'static str,
    /// Headings and widths.
    pub columns: Vec<(String, u32)>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The table as a section of a paper.
    pub fn section(&self) -> Section {
        let columns: Vec<(&str, u32)> =
            self.columns.iter().map(|(heading, width)| (heading.as_str(), *width)).collect();
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => said::whole(*number),
        };
        let is_number = |column: usize| self.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Number(_))));
        let right = (0..self.columns.len()).map(is_number).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(text).collect()).collect();
        Section { right, ..Section::table(self.name, &columns, rows) }
    }
}

/// Thousands of yen, rounded half up.
const fn thousands(yen: i64) -> i64 {
    (yen + 500).div_euclid(1_000)
}

fn year(year: i32) -> String {
    FiscalYear::new(year).map_or_else(|_| year.to_string(), FiscalYear::label)
}

/// What a plan's item says.
struct Item<'a>(Read<'a>);

impl Item<'_> {
    fn year(&self) -> Option<i32> {
        self.0.int("placed_fiscal_year").and_then(|year| i32::try_from(year).ok())
    }

    fn cost(&self) -> i64 {
        self.0.int("cost_yen").unwrap_or(0)
    }
}

fn item(record: &Visible) -> Item<'_> {
    Item(Read(record.fields()))
}

/// The three tables. `parks` are the names of parks, `word` the label of a choice of an item.
pub fn tables(plan: &Plan, parks: &HashMap<RecordId, String>, word: &dyn Fn(&str, &str) -> String) -> Vec<Table> {
    vec![summary(plan, word), by_park(plan, parks), by_facility(plan, parks, word)]
}

/// 総括表: by category, what is spent in which year.
fn summary(plan: &Plan, word: &dyn Fn(&str, &str) -> String) -> Table {
    let mut columns = vec![("施設の種類".to_owned(), 4), ("施設数".to_owned(), 2)];
    columns.extend(plan.years.iter().map(|one| (year(one.fiscal_year), 2)));
    columns.extend([("未配分".to_owned(), 2), ("計（千円）".to_owned(), 2)]);
    let mut groups: BTreeMap<String, Vec<&Visible>> = BTreeMap::new();
    for record in &plan.items {
        groups.entry(item(record).0.text("category")).or_default().push(record);
    }
    let line = |name: String, of: &[&Visible]| {
        let sum = |wanted: &dyn Fn(Option<i32>) -> bool| {
            of.iter().map(|record| item(record)).filter(|item| wanted(item.year())).map(|item| item.cost()).sum::<i64>()
        };
        let mut row = vec![Cell::Text(name), Cell::Number(i64::try_from(of.len()).unwrap_or(i64::MAX))];
        row.extend(plan.years.iter().map(|one| Cell::Number(thousands(sum(&|year| year == Some(one.fiscal_year))))));
        row.push(Cell::Number(thousands(sum(&|year| year.is_none()))));
        row.push(Cell::Number(thousands(sum(&|_| true))));
        row
    };
    let mut rows: Vec<Vec<Cell>> = groups.iter().map(|(category, of)| line(word("category", category), of)).collect();
    rows.push(line("計".to_owned(), &plan.items.iter().collect::<Vec<_>>()));
    let mut ceilings = vec![Cell::Text("予算の上限".to_owned()), Cell::Text(String::new())];
    ceilings.extend(plan.years.iter().map(|one| Cell::Number(thousands(one.ceiling_yen))));
    ceilings.push(Cell::Text(String::new()));
    ceilings.push(Cell::Number(thousands(plan.years.iter().map(|one| one.ceiling_yen).sum())));
    rows.push(ceilings);
    Table { name: "総括表", columns, rows }
}

/// 都市公園別: by park, how many facilities, how they are, what is spent, what is saved.
fn by_park(plan: &Plan, parks: &HashMap<RecordId, String>) -> Table {
    let heads = [
        ("都市公園名", 5),
        ("施設数", 2),
        ("健全度A", 2),
        ("B", 1),
        ("C", 1),
        ("D", 1),
        ("措置の費用（千円）", 3),
        ("縮減額（千円/年）", 3),
    ];
    let mut groups: BTreeMap<String, Vec<&Visible>> = BTreeMap::new();
    for record in &plan.items {
        let name = item(record).0.record("park").and_then(|park| parks.get(&park)).cloned().unwrap_or_default();
        groups.entry(name).or_default().push(record);
    }
    let row = |(name, of): (&String, &Vec<&Visible>)| {
        let count = |letter: &str| {
            let found = of.iter().filter(|record| item(record).0.text("soundness") == letter).count();
            Cell::Number(i64::try_from(found).unwrap_or(i64::MAX))
        };
        let sum = |field: &str| thousands(of.iter().filter_map(|record| item(record).0.int(field)).sum());
        vec![
            Cell::Text(name.clone()),
            Cell::Number(i64::try_from(of.len()).unwrap_or(i64::MAX)),
            count("a"),
            count("b"),
            count("c"),
            count("d"),
            Cell::Number(sum("cost_yen")),
            Cell::Number(sum("lcc_reduction_yen")),
        ]
    };
    let columns = heads.map(|(heading, width)| (heading.to_owned(), width)).to_vec();
    Table { name: "都市公園別", columns, rows: groups.iter().map(row).collect() }
}

/// 公園施設種類別現況: every facility with its measure and its year.
fn by_facility(plan: &Plan, parks: &HashMap<RecordId, String>, word: &dyn Fn(&str, &str) -> String) -> Table {
    let heads = [
        ("都市公園名", 4),
        ("施設番号", 2),
        ("施設の種類", 3),
        ("施設名", 4),
        ("数量", 2),
        ("単位", 1),
        ("設置年", 2),
        ("健全度", 1),
        ("緊急度", 1),
        ("重要度", 1),
        ("措置", 2),
        ("年度", 3),
        ("費用（千円）", 2),
        ("縮減額（千円/年）", 2),
    ];
    let mut items: Vec<&Visible> = plan.items.iter().collect();
    let order = |record: &Visible| {
        let read = Read(record.fields());
        (
            read.text("category"),
            read.record("park").and_then(|park| parks.get(&park)).cloned(),
            read.text("facility_no"),
        )
    };
    items.sort_by_key(|record| order(record));
    let row = |record: &&Visible| {
        let item = item(record);
        let read = &item.0;
        let choice = |field: &str| {
            let key = read.text(field);
            Cell::Text(if key.is_empty() { String::new() } else { word(field, &key) })
        };
        let number = |field: &str| read.int(field).map_or(Cell::Text(String::new()), Cell::Number);
        let placed = match (item.year(), read.yes("over_ceiling")) {
            (None, _) => "未配分".to_owned(),
            (Some(placed), false) => year(placed),
            (Some(placed), true) => format!("{}（上限超過）", year(placed)),
        };
        vec![
            Cell::Text(read.record("park").and_then(|park| parks.get(&park)).cloned().unwrap_or_default()),
            Cell::Text(read.text("facility_no")),
            choice("category"),
            Cell::Text(read.text("name")),
            Cell::Text(read.figure("quantity").map(|quantity| said::grouped(quantity.to_f64())).unwrap_or_default()),
            Cell::Text(read.text("unit")),
            read.int("installed_year").map_or(Cell::Text(String::new()), |year| Cell::Text(year.to_string())),
            choice("soundness"),
            choice("urgency"),
            choice("importance"),
            choice("measure"),
            Cell::Text(placed),
            Cell::Number(thousands(item.cost())),
            match number("lcc_reduction_yen") {
                Cell::Number(yen) => Cell::Number(thousands(yen)),
                text => text,
            },
        ]
    };
    let columns = heads.map(|(heading, width)| (heading.to_owned(), width)).to_vec();
    Table { name: "公園施設種類別現況", columns, rows: items.iter().map(row).collect() }
}

/// The tables as a workbook (XLSX): numbers stay numbers, and text is never a formula.
///
/// # Errors
/// When the workbook can't be written.
pub fn workbook(tables: &[Table]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    use rust_xlsxwriter::{Format, Workbook};
    let mut workbook = Workbook::new();
    let (bold, number) = (Format::new().set_bold().set_text_wrap(), Format::new().set_num_format("#,##0"));
    for table in tables {
        let sheet = workbook.add_worksheet().set_name(table.name)?;
        for (column, (heading, width)) in (0_u16..).zip(&table.columns) {
            sheet.write_with_format(0, column, heading, &bold)?;
            sheet.set_column_width(column, f64::from(*width) * 4.0)?;
        }
        for (line, row) in (1_u32..).zip(&table.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) => sheet.write_string(line, column, text)?,
                    // Thousands of yen have far fewer digits than a binary fraction keeps.
                    Cell::Number(whole) => sheet.write_number_with_format(line, column, *whole as f64, &number)?,
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
    }
    workbook.save_to_buffer()
}
