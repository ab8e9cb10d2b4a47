//! Fields of one input: text, numbers, dates, codes, geometry; and any field that is only shown.

use askama::Template;

use super::{FieldKind, FieldValue, FieldView};
use crate::map::{MapPicker, Shape};
use crate::{Component, Icon, SafeHtml, Text};

pub(super) fn control(field: &FieldView, t: Text) -> SafeHtml {
    let line = |kind: &'static str, class: &'static str| Line {
        id: field.id(),
        name: &field.key,
        value: field.value.text(),
        kind,
        class,
        mode: "",
        unit: String::new(),
        attributes: field.attributes(t),
    };
    let number =
        |mode: &'static str, unit: String| Line { mode, unit, ..line("text", "input-number width-number") }.html();
    match &field.kind {
        FieldKind::LongText { .. } => area(field, t, "", 5),
        FieldKind::Point => on_map(field, t, Shape::Point),
        FieldKind::Line => on_map(field, t, Shape::Line),
        FieldKind::Polygon => on_map(field, t, Shape::Polygon),
        FieldKind::Integer { unit } => number("numeric", unit.clone()),
        FieldKind::Decimal { unit, .. } => number("decimal", unit.clone()),
        FieldKind::Yen => number("numeric", t.get("unit-yen")),
        FieldKind::FiscalYear { .. } => Line { unit: t.get("unit-fiscal-year"), ..line("text", "width-code") }.html(),
        FieldKind::Date => DateLine { t, field, attributes: field.attributes(t) }.html(),
        FieldKind::DateTime => line("datetime-local", "width-short").html(),
        FieldKind::YearMonth => line("text", "width-number").html(),
        FieldKind::Phone => line("tel", "width-number").html(),
        FieldKind::Mail => line("email", "width-text").html(),
        FieldKind::Url => line("url", "width-text").html(),
        FieldKind::Password { new } => PasswordLine { t, field, new: *new, attributes: field.attributes(t) }.html(),
        FieldKind::Code => Line { mode: "numeric", ..line("text", "width-code input-number") }.html(),
        FieldKind::Computed => shown(field),
        _ => line("text", "width-text").html(),
    }
}

/// A geometry, typed or drawn.
fn on_map(field: &FieldView, t: Text, shape: Shape) -> SafeHtml {
    MapPicker::new(t.lang(), &field.key, &field.label, shape)
        .id(field.id())
        .value(field.value.text())
        .layers(field.map_layers.clone())
        .attributes(field.attributes(t))
        .html()
}

/// The value as text, for a computed field or one that may not be changed.
pub(super) fn shown(field: &FieldView) -> SafeHtml {
    let text = match (&field.kind, &field.value) {
        (FieldKind::Choice { choices } | FieldKind::ManyChoices { choices }, value) => {
            let chosen = choices.iter().filter(|choice| value.has(&choice.key)).map(|choice| choice.label.as_str());
            chosen.collect::<Vec<_>>().join("、")
        }
        (FieldKind::Reference { label, .. }, _) => label.clone(),
        (_, FieldValue::Parts(parts)) => {
            parts.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
        }
        (_, value) => value.text().to_owned(),
    };
    let id = SafeHtml::escape(format!("{}-0", field.id()));
    SafeHtml::trusted(format!(
        "<output class=\"computed text-lines\" id=\"{id}\">{}</output>",
        SafeHtml::or_dash(&text)
    ))
}

fn area(field: &FieldView, t: Text, class: &'static str, rows: u8) -> SafeHtml {
    Area { id: field.id(), field, class, rows, attributes: field.attributes(t) }.html()
}

#[derive(Template)]
#[template(
    source = r#"{% if !unit.is_empty() %}<div class="affixed">{% endif %}<input class="input {{ class }}" type="{{ kind }}" id="{{ id }}" name="{{ name }}" value="{{ value }}"{% if !mode.is_empty() %} inputmode="{{ mode }}"{% endif %}{{ attributes }}>{% if !unit.is_empty() %}<span class="affix">{{ unit }}</span></div>{% endif %}"#,
    ext = "html"
)]
struct Line<'a> {
    id: String,
    name: &'a str,
    value: &'a str,
    kind: &'static str,
    class: &'static str,
    mode: &'static str,
    unit: String,
    attributes: SafeHtml,
}

// A browser drops the first line break of a textarea, so one is written before the value.
#[derive(Template)]
#[template(
    source = "<textarea class=\"input {{ class }}\" id=\"{{ id }}\" name=\"{{ field.key }}\" rows=\"{{ rows }}\"{{ attributes }}>\n{{ field.value.text() }}</textarea>",
    ext = "html"
)]
struct Area<'a> {
    id: String,
    field: &'a FieldView,
    class: &'static str,
    rows: u8,
    attributes: SafeHtml,
}

#[derive(Template)]
#[template(
    source = r#"<div class="date-field" data-date><input class="input" type="text" id="{{ field.id() }}" name="{{ field.key }}" value="{{ field.value.text() }}"{{ attributes }}><input class="input date-native needs-script" type="date" aria-label="{{ t.say("date-calendar").with("label", field.label) }}"><output class="date-said" for="{{ field.id() }}"></output></div>"#,
    ext = "html"
)]
struct DateLine<'a> {
    t: Text,
    field: &'a FieldView,
    attributes: SafeHtml,
}

#[derive(Template)]
#[template(
    source = r#"<div class="password-field"><input class="input width-text" type="password" id="{{ field.id() }}" name="{{ field.key }}"{% if field.autocomplete.is_none() %} autocomplete="{% if new %}new-password{% else %}current-password{% endif %}"{% endif %}{{ attributes }}><button class="button button-icon needs-script" type="button" data-reveals="{{ field.id() }}" aria-pressed="false" aria-label="{{ t.say("password-show") }}">{{ Icon::Show }}</button></div>"#,
    ext = "html"
)]
struct PasswordLine<'a> {
    t: Text,
    field: &'a FieldView,
    new: bool,
    attributes: SafeHtml,
}
