//! Values as a page shows them: a chip for a choice, a link for a reference, a mail address or a file.

use std::borrow::Cow;

use kawasemi_kernel::Lang;
use kawasemi_kernel::{FileRef, RecordId, Value};
use kawasemi_ledger::{Style, field};
use kawasemi_schema::{FieldDef, FieldKind, Tone};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::opened::{Opened, record_href};

/// Longest text in a cell of a list, in characters.
const CELL: usize = 60;

/// What the engine calls a record that may not be seen.
const HIDDEN: &str = "（閲覧できない記録）";

/// How the cells of a field stand.
pub fn align(field: &FieldDef) -> Align {
    match kind(field) {
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Yen { .. } => Align::Number,
        FieldKind::Date
        | FieldKind::DateTime
        | FieldKind::YearMonth
        | FieldKind::FiscalYear
        | FieldKind::YesNo
        | FieldKind::Choice { .. }
        | FieldKind::CorporateNumber
        | FieldKind::Phone => Align::Tight,
        _ => Align::Text,
    }
}

/// The kind of a field's values: of a computed field that of its result.
pub fn kind(field: &FieldDef) -> &FieldKind {
    match &field.kind {
        FieldKind::Computed { result, .. } => result,
        kind => kind,
    }
}

/// A value in a cell of a list: short.
pub fn cell(field: &FieldDef, value: &Value, style: &Style<'_>) -> SafeHtml {
    match (kind(field), value) {
        (_, Value::Null) => SafeHtml::EMPTY,
        (FieldKind::Date, Value::Date(day)) => SafeHtml::escape(said::short_date(Lang::Ja, *day)),
        (FieldKind::DateTime, Value::Instant(at)) => SafeHtml::escape(crate::view::when(*at)),
        (_, Value::Files(files)) => count("件", files.len()),
        (_, Value::Rows(rows)) => count("行", rows.len()),
        (FieldKind::Text { .. } | FieldKind::LongText { .. }, Value::Text(text)) => SafeHtml::escape(shortened(text)),
        (FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Address, _) => {
            SafeHtml::escape(shortened(&field::show(field, value, style)))
        }
        _ => full(field, value, style),
    }
}

/// A value as the page of a record shows it: whole.
pub fn full(field: &FieldDef, value: &Value, style: &Style<'_>) -> SafeHtml {
    let text = || field::show(field, value, style);
    match (kind(field), value) {
        (_, Value::Null) => SafeHtml::or_dash(""),
        (FieldKind::Choice { .. }, Value::Text(key)) => choice(field, key, &text()),
        (FieldKind::Choices { .. }, Value::Many(keys)) => {
            let chips: SafeHtml =
                keys.iter().map(|key| choice(field, key, field.choice(key).map_or(key, |c| c.label.ja()))).collect();
            SafeHtml::trusted(format!("<span class=\"row\">{chips}</span>"))
        }
        (FieldKind::Reference { target }, Value::Record(id)) => reference(target, *id, style),
        (FieldKind::Mail, Value::Text(mail)) => SafeHtml::link(&format!("mailto:{mail}"), mail),
        (FieldKind::Phone, Value::Text(phone)) => SafeHtml::link(&format!("tel:{}", digits(phone)), &text()),
        (FieldKind::Url, Value::Text(url)) => outside(url),
        (_, Value::Geometry(geometry)) => coordinates(&text(), &geometry.to_string()),
        (FieldKind::Rows { fields, .. }, Value::Rows(_)) => rows(field, fields, value, style),
        _ => SafeHtml::escape(text()),
    }
}

/// Files with their sizes; `address` makes the address of each.
pub fn files(files: &[FileRef], address: impl Fn(&FileRef) -> String) -> SafeHtml {
    let items: SafeHtml = files
        .iter()
        .map(|file| {
            SafeHtml::trusted(format!(
                "<li class=\"file-item\">{}<a href=\"{}\">{}</a><span class=\"file-size\">{}</span></li>",
                Icon::Attachment,
                SafeHtml::escape(address(file)),
                SafeHtml::escape(&file.name),
                said::bytes(file.size)
            ))
        })
        .collect();
    SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))
}

fn choice(field: &FieldDef, key: &str, label: &str) -> SafeHtml {
    let state = match field.choice(key).map(|choice| choice.tone).or_else(|| inner_tone(field, key)) {
        Some(Tone::Info) => State::Underway,
        Some(Tone::Good) => State::Good,
        Some(Tone::Warn) => State::Warning,
        Some(Tone::Bad) => State::Bad,
        Some(Tone::Neutral) | None => State::Plain,
    };
    chip(state, label)
}

/// The tone of a computed choice.
fn inner_tone(field: &FieldDef, key: &str) -> Option<Tone> {
    kind(field).choices().iter().find(|choice| choice.key == key).map(|choice| choice.tone)
}

/// A link to a record, or mere words for one that may not be seen.
fn reference(target: &str, id: RecordId, style: &Style<'_>) -> SafeHtml {
    let label = style.label(id);
    if label == HIDDEN { SafeHtml::escape(label) } else { SafeHtml::link(&record_href(target, id), &label) }
}

/// A geometry without a map: where it is in words, and its coordinates to open.
fn coordinates(words: &str, text: &str) -> SafeHtml {
    SafeHtml::trusted(format!(
        "{}<details><summary>座標</summary><code class=\"text-small\">{}</code></details>",
        SafeHtml::escape(words),
        SafeHtml::escape(text)
    ))
}

fn outside(url: &str) -> SafeHtml {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web {
        return SafeHtml::escape(url);
    }
    let url = SafeHtml::escape(url);
    SafeHtml::trusted(format!("<a href=\"{url}\" rel=\"noopener noreferrer\">{url}</a>"))
}

/// Child rows as a table of their own.
fn rows(field: &FieldDef, fields: &[FieldDef], value: &Value, style: &Style<'_>) -> SafeHtml {
    let Value::Rows(rows) = value else { return SafeHtml::EMPTY };
    let filled = |def: &&FieldDef| rows.iter().any(|row| row.fields.contains_key(&def.key));
    let shown: Vec<&FieldDef> = fields.iter().filter(filled).collect();
    let columns = shown.iter().map(|def| Column::new(&def.key, def.label.ja()).align(align(def))).collect();
    let row = |row: &kawasemi_kernel::ChildRow| {
        let value = |def: &&FieldDef| full(def, row.fields.get(&def.key).unwrap_or(&Value::Null), style);
        Row::new(shown.iter().map(value).collect())
    };
    Table::new(Lang::Ja, field.label.ja(), columns, rows.iter().map(row).collect()).html()
}

fn count(unit: &str, number: usize) -> SafeHtml {
    SafeHtml::escape(format!("{number}{unit}"))
}

/// The beginning of a text, on one line.
pub fn shortened(text: &str) -> Cow<'_, str> {
    let is_short = text.len() <= CELL || text.chars().nth(CELL).is_none();
    let is_one_line = !text.contains(|c: char| c.is_whitespace() && c != ' ') && !text.contains("  ");
    if is_short && is_one_line && text.trim_matches(' ').len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len().min(4 * CELL));
    let mut left = CELL;
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        let room = left.saturating_sub(gap);
        if room == 0 {
            line.push('…');
            return Cow::Owned(line);
        }
        line.push_str(if gap == 1 { " " } else { "" });
        match word.char_indices().nth(room) {
            None => line.push_str(word),
            Some((end, _)) => {
                line.push_str(&word[..end]);
                line.push('…');
                return Cow::Owned(line);
            }
        }
        left = room - word.chars().count();
    }
    Cow::Owned(line)
}

fn digits(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// As of which day a record of another system is known.
pub fn known(mastered: &kawasemi_ledger::master::Mastered) -> String {
    match mastered.as_of {
        Some(day) => format!("{}（{}時点）", mastered.name, kawasemi_ui::said::short_date(Lang::Ja, day)),
        None => mastered.name.clone(),
    }
}

/// The fields that say so, beside others that are asked of records.
pub fn known_fields<'a>(opened: &'a Opened) -> impl Iterator<Item = String> + 'a {
    let of = opened.def.master.iter().flat_map(|master| [master.field.clone(), master.stamp.clone()]);
    of.filter(|key| opened.field(key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(shortened("公園の\n点検"), "公園の 点検");
        assert_eq!(shortened(&"園".repeat(61)).chars().count(), 61);
        assert!(shortened(&"園".repeat(61)).ends_with('…'));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(outside("javascript:alert(1)").as_str(), "javascript:alert(1)");
        assert!(outside("https://a.jp/?a=1&b=\"").as_str().contains("&#34;"));
    }
}
