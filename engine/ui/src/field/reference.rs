//! A reference to a record: a search box where there is a script, the record's id as text where there is none.

use askama::Template;
use kawasemi_kernel::Lang;

use super::FieldView;
use crate::{Component, SafeHtml, Text, words};

/// A record that a search found.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The id to store.
    pub value: String,
    /// What the record is called.
    pub label: String,
    /// What tells it from others of that name: a number, an address.
    pub note: String,
}

/// The list items that the lookup address answers with. No suggestion becomes a sentence that says so.
pub fn suggestions(lang: Lang, found: &[Suggestion]) -> SafeHtml {
    Suggestions { t: words(lang), found }.html()
}

pub(super) fn control(field: &FieldView, t: Text, lookup: &str, label: &str, href: Option<&str>) -> SafeHtml {
    let (attributes, attributes_of_search) = (field.attributes(t), field.attributes_of_parts(t));
    Reference { t, field, lookup, label, href, attributes, attributes_of_search }.html()
}

#[derive(Template)]
#[template(
    source = r#"{% for each in found %}<li role="option" aria-selected="false" data-value="{{ each.value }}" data-label="{{ each.label }}"><span>{{ each.label }}</span>{% if !each.note.is_empty() %}<span class="suggestion-note">{{ each.note }}</span>{% endif %}</li>{% endfor %}{% if found.is_empty() %}<li role="presentation" class="suggestion-note">{{ t.say("lookup-none") }}</li>{% endif %}"#,
    ext = "html"
)]
struct Suggestions<'a> {
    t: Text,
    found: &'a [Suggestion],
}

#[derive(Template)]
#[template(path = "field/reference.html")]
struct Reference<'a> {
    t: Text,
    field: &'a FieldView,
    lookup: &'a str,
    label: &'a str,
    href: Option<&'a str>,
    attributes: SafeHtml,
    attributes_of_search: SafeHtml,
}
