//! The fields of a record as terms and values.

use askama::Template;

use crate::{Component, SafeHtml};

/// A term and its value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The term.
    pub label: String,
    /// The value; use [`SafeHtml::or_dash`] for text.
    pub value: SafeHtml,
}

impl Fact {
    /// A term with a text; an empty one is shown as a dash.
    pub fn text(label: impl Into<String>, value: &str) -> Self {
        Self { label: label.into(), value: SafeHtml::or_dash(value) }
    }

    /// A term with HTML.
    pub fn html(label: impl Into<String>, value: SafeHtml) -> Self {
        Self { label: label.into(), value }
    }
}

/// Facts below one another.
pub fn facts(facts: &[Fact]) -> SafeHtml {
    Facts { facts }.html()
}

#[derive(Template)]
#[template(
    source = r#"<dl class="facts">{% for fact in facts %}<div><dt>{{ fact.label }}</dt><dd>{{ fact.value }}</dd></div>{% endfor %}</dl>"#,
    ext = "html"
)]
struct Facts<'a> {
    facts: &'a [Fact],
}
