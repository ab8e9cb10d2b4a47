//! Fields of several parts: a name with its reading, an address with its postcode.

use askama::Template;

use super::{FieldKind, FieldView};
use crate::{Component, SafeHtml, Text};

pub(super) fn control(field: &FieldView, t: Text) -> SafeHtml {
    let part = |name: &'static str, label: &str, class: &'static str, mode: &'static str| Part {
        id: format!("{}.{name}", field.id()),
        name: format!("{}.{name}", field.key),
        label: t.get(label),
        value: field.value.part(name).to_owned(),
        class,
        mode,
        autocomplete: own_part(field, name),
        towns: match &field.kind {
            FieldKind::Address { postcodes } if name == "postcode" && !field.read_only => postcodes.clone(),
            _ => String::new(),
        },
    };
    let parts = match field.kind {
        FieldKind::Address { .. } => {
            vec![part("postcode", "part-postcode", "width-code", "numeric"), part("text", "part-address", "", "")]
        }
        _ => vec![part("name", "part-name", "", ""), part("kana", "part-kana", "", "")],
    };
    Parts { parts, attributes: field.attributes_of_parts(t) }.html()
}

/// The `autocomplete` token of a part, where the field is about the person who fills it in.
fn own_part(field: &FieldView, name: &str) -> &'static str {
    match (field.autocomplete, name) {
        (None, _) => "",
        (Some(_), "name") => "name",
        (Some(_), "postcode") => "postal-code",
        (Some(_), "text") => "street-address",
        (Some(_), _) => "",
    }
}

struct Part {
    id: String,
    name: String,
    label: String,
    value: String,
    class: &'static str,
    mode: &'static str,
    autocomplete: &'static str,
    /// Where a script asks for the towns of what is typed here.
    towns: String,
}

#[derive(Template)]
#[template(
    source = r#"<div class="parts">{% for part in parts %}<div class="part"><label for="{{ part.id }}">{{ part.label }}</label><input class="input {{ part.class }}" type="text" id="{{ part.id }}" name="{{ part.name }}" value="{{ part.value }}"{% if !part.mode.is_empty() %} inputmode="{{ part.mode }}"{% endif %}{% if !part.autocomplete.is_empty() %} autocomplete="{{ part.autocomplete }}"{% endif %}{% if !part.towns.is_empty() %} data-postcode="{{ part.towns }}"{% endif %}{{ attributes }}></div>{% endfor %}</div>"#,
    ext = "html"
)]
struct Parts {
    parts: Vec<Part>,
    attributes: SafeHtml,
}
