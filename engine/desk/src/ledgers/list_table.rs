//! The table of a list.

use kawasemi_kernel::Lang;
use kawasemi_ledger::read::Page as Records;
use kawasemi_ledger::{Style, Visible};
use kawasemi_schema::{FieldDef, FieldKind, SortKey};
use kawasemi_ui::SafeHtml;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::table::{Align, Column, Row, Sorted, Table};

use super::asked::Asked;
use super::cells;
use super::list::Listed;
use super::opened::{Opened, record_href, style};

/// The records of a page as a table whose first column leads to each.
pub fn table(opened: &Opened, listed: &Listed, page: &Records) -> Table {
    let fields: Vec<&FieldDef> = listed.columns.iter().filter_map(|key| opened.field(key)).collect();
    let style = style().with_labels(&listed.labels);
    let has_number = opened.def.number.is_some();
    // The cell that leads to the record is the one by which records are called; else the first.
    let head = fields.iter().position(|field| opened.def.label.contains(&field.key)).unwrap_or_default();
    let sorted = sorted_by(opened, listed);
    let mut columns: Vec<Column> = fields
        .iter()
        .map(|field| {
            let column = Column::new(&field.key, field.label.ja()).align(cells::align(field));
            let is_sortable = field.sort_column().is_some();
            if is_sortable { sortable(opened, &listed.asked, &sorted, column, &field.key) } else { column }
        })
        .collect();
    if has_number {
        let number = Column::new("number", "番号").align(Align::Tight);
        columns.insert(1.min(columns.len()), sortable(opened, &listed.asked, &sorted, number, "number"));
    }
    let label: Vec<&FieldDef> = opened.label_fields().collect();
    let shape = Shape { def: &opened.def, ledger: opened.key(), fields, label, head, has_number };
    let rows = page.records.iter().map(|record| row(&shape, record, &style)).collect();
    let head = if has_number && head > 0 { head + 1 } else { head };
    Table::new(Lang::Ja, format!("{}の一覧", opened.title()), columns, rows).head(head)
}

/// What all rows of a table have in common.
struct Shape<'a> {
    def: &'a kawasemi_schema::LedgerDef,
    ledger: &'a str,
    fields: Vec<&'a FieldDef>,
    /// The fields by which records are called.
    label: Vec<&'a FieldDef>,
    /// The place of the cell that leads to the record.
    head: usize,
    has_number: bool,
}

fn row(shape: &Shape<'_>, record: &Visible, style: &Style<'_>) -> Row {
    let href = record_href(shape.ledger, record.id);
    let name = Opened::name_by(shape.label.iter().copied(), record, style);
    let mut cells = Vec::with_capacity(shape.fields.len() + 1);
    for (index, field) in shape.fields.iter().enumerate() {
        let value = record.get(&field.key);
        cells.push(match record.is_masked(field) {
            // The cell that leads to the record: its own links and chips give way to plain words.
            _ if index == shape.head => {
                let is_name = matches!(shape.label.as_slice(), [only] if only.key == field.key);
                let text = match is_name {
                    true => String::new(),
                    false => cells::shortened(&kawasemi_ledger::field::show(field, value, style)).into_owned(),
                };
                let mut html = leading(&href, if text.is_empty() { &name } else { &text }, record);
                if let Some(mastered) = kawasemi_ledger::master::of(shape.def, record.fields()) {
                    html.push(&SafeHtml::trusted(format!(
                        "<div class=\"text-small text-soft\">{}</div>",
                        SafeHtml::escape(cells::known(&mastered))
                    )));
                }
                html
            }
            true => masked(record, field),
            false => cells::cell(field, value, style),
        });
    }
    if shape.has_number {
        let number = SafeHtml::or_dash(record.number.as_deref().unwrap_or_default());
        cells.insert(1.min(cells.len()), number);
    }
    Row::new(cells).select(format!("{}:{}", record.id, record.revision), name)
}

fn leading(href: &str, text: &str, record: &Visible) -> SafeHtml {
    let mut html = SafeHtml::link(href, text);
    if record.deleted_at.is_some() {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Muted, "削除済み"));
    }
    html
}

/// A field that this person may see in other records but not in this one.
pub fn masked(record: &Visible, field: &FieldDef) -> SafeHtml {
    let why = if record.hidden && field.protected { "支援措置により非表示" } else { "非表示" };
    SafeHtml::trusted(format!("<span class=\"fact-none\">{why}</span>"))
}

/// The order that the list has: what was asked for, the view's, or the ledger's own; none where the best hits come first.
fn sorted_by(opened: &Opened, listed: &Listed) -> Vec<SortKey> {
    if listed.asked.is_ranked() {
        return Vec::new();
    }
    let of_view = listed.asked.view.as_ref().and_then(|key| listed.views.iter().find(|view| view.key == *key));
    let of_view = of_view.map_or(&[][..], |view| &view.sort);
    let sources = [&listed.asked.sort[..], of_view, &opened.def.list.sort[..]];
    sources.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default().to_vec()
}

/// A column whose heading sorts by it; pressed again, the other way round.
fn sortable(opened: &Opened, asked: &Asked, sorted: &[SortKey], column: Column, key: &str) -> Column {
    let present = sorted.first().filter(|first| first.field == key);
    let now = match present {
        None => Sorted::No,
        Some(SortKey { descending: false, .. }) => Sorted::Ascending,
        Some(SortKey { descending: true, .. }) => Sorted::Descending,
    };
    let descending = now == Sorted::Ascending;
    let next = asked.with(|asked| {
        asked.ranked = false;
        asked.sort = vec![SortKey { field: key.to_owned(), descending }];
    });
    column.sort(next.href(&opened.href()), now)
}

/// Whether a field can be a column of a list.
pub fn can_be_column(field: &FieldDef) -> bool {
    !matches!(field.kind, FieldKind::Line | FieldKind::Polygon)
}
