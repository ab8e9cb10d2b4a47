//! Child rows (明細): fields repeated, with a button for another row.

use askama::Template;

use super::FieldView;
use crate::{Component, Icon, SafeHtml, Text};

/// A row that is there.
#[derive(Clone, Debug)]
pub struct RowView {
    /// The row's id, empty for a row that is not stored yet.
    pub id: String,
    /// Its fields, with bare keys.
    pub fields: Vec<FieldView>,
}

impl RowView {
    /// The fields under the names that they are sent by.
    pub(super) fn fields_of(&self, key: &str, index: &str) -> Vec<FieldView> {
        prefixed(&self.fields, key, index)
    }
}

pub(super) fn control(
    field: &FieldView,
    t: Text,
    prototype: &[FieldView],
    rows: &[RowView],
    ordered: bool,
) -> SafeHtml {
    let row = |index: String, number: String, id: &str, fields: &[FieldView]| Row {
        t,
        key: &field.key,
        number,
        ordered,
        id: id.to_owned(),
        fields: prefixed(fields, &field.key, &index).iter().map(|each| each.html(t.lang())).collect(),
        index,
    };
    let rows = rows.iter().enumerate();
    let rows = rows.map(|(index, each)| row(index.to_string(), (index + 1).to_string(), &each.id, &each.fields).html());
    let empty = row("__row__".to_owned(), t.get("row-new"), "", prototype).html();
    Rows { t, field, rows: rows.collect(), empty }.html()
}

fn prefixed(fields: &[FieldView], key: &str, index: &str) -> Vec<FieldView> {
    let rename = |field: &FieldView| FieldView { key: format!("{key}.{index}.{}", field.key), ..field.clone() };
    fields.iter().map(rename).collect()
}

#[derive(Template)]
#[template(
    source = r#"<fieldset class="child-row" data-row><legend>{{ t.say("row-title").with("number", number) }}</legend><input type="hidden" name="{{ key }}.{{ index }}.id" value="{{ id }}"><div class="form-columns">{{ fields }}</div><div class="button-row">{% if ordered %}<button class="button button-quiet" type="submit" formnovalidate name="_move_row" value="{{ key }}.{{ index }}.up">{{ Icon::Ascending }}{{ t.say("row-up") }}</button><button class="button button-quiet" type="submit" formnovalidate name="_move_row" value="{{ key }}.{{ index }}.down">{{ Icon::Descending }}{{ t.say("row-down") }}</button>{% endif %}<button class="button button-quiet" type="submit" formnovalidate name="_remove_row" value="{{ key }}.{{ index }}">{{ Icon::Delete }}{{ t.say("row-remove") }}</button></div></fieldset>"#,
    ext = "html"
)]
struct Row<'a> {
    t: Text,
    key: &'a str,
    index: String,
    number: String,
    id: String,
    /// Whether it can be moved up and down.
    ordered: bool,
    fields: SafeHtml,
}

#[derive(Template)]
#[template(
    source = r#"<div class="child-rows" data-rows="{{ field.key }}"><div class="child-rows" data-row-list>{{ rows }}</div><div><button class="button" type="submit" formnovalidate name="_add_row" value="{{ field.key }}">{{ Icon::Add }}{{ t.say("row-add") }}</button></div><template>{{ empty }}</template></div>"#,
    ext = "html"
)]
struct Rows<'a> {
    t: Text,
    field: &'a FieldView,
    rows: SafeHtml,
    empty: SafeHtml,
}
