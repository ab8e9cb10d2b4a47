//! Ways through a page: the steps of a journey, and tabs.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{Component, SafeHtml, Text, words};

/// The steps of a journey, with the one that the page is (counting from 0).
pub fn steps(lang: Lang, labels: &[&str], current: usize) -> SafeHtml {
    Steps { t: words(lang), labels, current }.html()
}

#[derive(Template)]
#[template(
    source = r#"<ol class="steps" aria-label="{{ t.say("steps") }}">{% for label in labels %}<li{% if loop.index0 == current %} aria-current="step"{% else if loop.index0 < current %} class="is-done"{% endif %}>{{ label }}{% if loop.index0 < current %}<span class="visually-hidden">{{ t.say("step-done") }}</span>{% endif %}</li>{% endfor %}</ol>"#,
    ext = "html"
)]
struct Steps<'a> {
    t: Text,
    labels: &'a [&'a str],
    current: usize,
}

/// A tab: a link to another view of the same thing.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The words.
    pub label: String,
    /// The address of the view.
    pub href: String,
    /// Whether it is the present view.
    pub current: bool,
    /// How many things the view holds.
    pub count: Option<u64>,
}

impl Tab {
    /// A tab.
    pub fn new(label: impl Into<String>, href: impl Into<String>, current: bool) -> Self {
        Self { label: label.into(), href: href.into(), current, count: None }
    }

    fn said_count(&self) -> String {
        self.count.map(|count| crate::said::whole(i64::try_from(count).unwrap_or(i64::MAX))).unwrap_or_default()
    }
}

/// Tabs under a name that a screen reader hears.
pub fn tabs(name: &str, tabs: &[Tab]) -> SafeHtml {
    Tabs { name, tabs }.html()
}

#[derive(Template)]
#[template(
    source = r#"<nav class="tabs" aria-label="{{ name }}"><ul>{% for tab in tabs %}<li><a href="{{ tab.href }}"{% if tab.current %} aria-current="page"{% endif %}>{{ tab.label }}{% if tab.count.is_some() %} <span class="chip">{{ tab.said_count() }}</span>{% endif %}</a></li>{% endfor %}</ul></nav>"#,
    ext = "html"
)]
struct Tabs<'a> {
    name: &'a str,
    tabs: &'a [Tab],
}
