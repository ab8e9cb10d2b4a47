//! Fields that choose: yes or no, one of several, some of several.

use askama::Template;

use super::{Choice, FieldKind, FieldView};
use crate::{Component, SafeHtml, Text};

/// More choices than this become a list to open.
const MOST_RADIOS: usize = 5;

/// Whether so many choices are shown as radio buttons.
pub(super) fn as_radios(choices: &[Choice]) -> bool {
    choices.len() <= MOST_RADIOS
}

pub(super) fn control(field: &FieldView, t: Text) -> SafeHtml {
    match &field.kind {
        FieldKind::YesNo => {
            let choices = [Choice::new("true", t.get("yes")), Choice::new("false", t.get("no"))];
            radios(field, t, &choices, true)
        }
        FieldKind::Choice { choices } if as_radios(choices) => radios(field, t, choices, are_short(choices)),
        FieldKind::Choice { choices } | FieldKind::FiscalYear { years: choices } => {
            Select { t, field, choices, attributes: field.attributes(t) }.html()
        }
        FieldKind::ManyChoices { choices } => Boxes { field, choices, inline: are_short(choices) }.html(),
        _ => SafeHtml::EMPTY,
    }
}

/// Whether the labels are so short that they may stand in a line.
fn are_short(choices: &[Choice]) -> bool {
    choices.len() <= 8 && choices.iter().all(|choice| choice.label.chars().count() <= 8)
}

fn radios(field: &FieldView, t: Text, choices: &[Choice], inline: bool) -> SafeHtml {
    let mut all = choices.to_vec();
    // What is optional can be taken back: a radio button alone can't be unchosen.
    if !field.required {
        all.push(Choice::new("", t.get("choose-none")));
    }
    Radios { field, choices: all, inline }.html()
}

impl FieldView {
    fn is_chosen(&self, key: &str) -> bool {
        self.value.has(key) || (key.is_empty() && !self.required && self.value.text().is_empty())
    }
}

#[derive(Template)]
#[template(
    source = r#"<div class="{% if inline %}options-inline{% else %}options{% endif %}">{% for choice in choices %}<div class="option"><input type="radio" id="{{ field.id() }}-{{ loop.index0 }}" name="{{ field.key }}" value="{{ choice.key }}"{% if field.is_chosen(choice.key) %} checked{% endif %}><label for="{{ field.id() }}-{{ loop.index0 }}">{{ choice.label }}</label></div>{% endfor %}</div>"#,
    ext = "html"
)]
struct Radios<'a> {
    field: &'a FieldView,
    choices: Vec<Choice>,
    inline: bool,
}

#[derive(Template)]
#[template(
    source = r#"<input type="hidden" name="{{ field.key }}" value=""><div class="{% if inline %}options-inline{% else if choices.len() > 8 %}parts{% else %}options{% endif %}">{% for choice in choices %}<div class="option"><input type="checkbox" id="{{ field.id() }}-{{ loop.index0 }}" name="{{ field.key }}" value="{{ choice.key }}"{% if field.value.has(choice.key) %} checked{% endif %}><label for="{{ field.id() }}-{{ loop.index0 }}">{{ choice.label }}</label></div>{% endfor %}</div>"#,
    ext = "html"
)]
struct Boxes<'a> {
    field: &'a FieldView,
    choices: &'a [Choice],
    inline: bool,
}

#[derive(Template)]
#[template(
    source = r#"<select class="input width-short" id="{{ field.id() }}" name="{{ field.key }}"{{ attributes }}><option value="">{{ t.say("choose-one") }}</option>{% for choice in choices %}<option value="{{ choice.key }}"{% if field.value.has(choice.key) %} selected{% endif %}>{{ choice.label }}</option>{% endfor %}</select>"#,
    ext = "html"
)]
struct Select<'a> {
    t: Text,
    field: &'a FieldView,
    choices: &'a [Choice],
    attributes: SafeHtml,
}
