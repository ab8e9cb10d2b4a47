//! What stands around the table of a list: the count, paging, facets, and the acts on chosen rows.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{Component, SafeHtml, Text, words};

/// How many records a list has. A page never waits for an exact count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Exactly so many.
    Exactly(u64),
    /// So many and perhaps more: 10,000件以上.
    AtLeast(u64),
    /// Not counted.
    Unknown,
}

/// The count as a sentence; empty where nothing was counted.
pub fn count(lang: Lang, count: Count) -> String {
    let t = words(lang);
    match count {
        Count::Exactly(number) => t.say("count-exactly").with("count", as_usize(number)).to_string(),
        Count::AtLeast(number) => t.say("count-at-least").with("count", as_usize(number)).to_string(),
        Count::Unknown => String::new(),
    }
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Paging by cursor: the addresses of the first, previous and next page, where there are any.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"{% if first.is_some() || previous.is_some() || next.is_some() %}<nav class="pagination" aria-label="{{ t.say("paging") }}"><p class="text-soft text-number">{{ count }}</p><ul>{% if let Some(href) = first %}<li><a class="button button-quiet" href="{{ href }}">{{ t.say("page-first") }}</a></li>{% endif %}{% if let Some(href) = previous %}<li><a class="button" href="{{ href }}" rel="prev" data-shortcut="p">{{ t.say("page-previous") }}</a></li>{% endif %}{% if let Some(href) = next %}<li><a class="button" href="{{ href }}" rel="next" data-shortcut="n">{{ t.say("page-next") }}</a></li>{% endif %}</ul></nav>{% endif %}"#,
    ext = "html"
)]
pub struct Paging {
    t: Text,
    count: String,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

impl Paging {
    /// Paging of a list; without any address nothing is shown.
    pub fn new(lang: Lang, count: Count) -> Self {
        Self { t: words(lang), count: self::count(lang, count), first: None, previous: None, next: None }
    }

    /// The first page, shown from the second on.
    #[must_use]
    pub fn first(mut self, href: Option<String>) -> Self {
        self.first = href;
        self
    }

    /// The page before.
    #[must_use]
    pub fn previous(mut self, href: Option<String>) -> Self {
        self.previous = href;
        self
    }

    /// The page after.
    #[must_use]
    pub fn next(mut self, href: Option<String>) -> Self {
        self.next = href;
        self
    }
}

/// A value of a facet: pressing it narrows the list, or widens it again.
#[derive(Clone, Debug)]
pub struct FacetValue {
    /// The words.
    pub label: String,
    /// The address of the list narrowed or widened.
    pub href: String,
    /// How many records have it, as it is to be read; empty where nobody counted.
    pub count: String,
    /// Whether the list is narrowed to it.
    pub chosen: bool,
}

/// The values of a field, to narrow a list by.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<details class="disclosure"{% if open %} open{% endif %}><summary>{{ label }}</summary><ul class="link-list">{% for value in values %}<li><a href="{{ value.href }}"{% if value.chosen %} aria-current="true"{% endif %}><span>{% if value.chosen %}{{ crate::Icon::Check }}{% endif %}{{ value.label }}{% if value.chosen %}<span class="visually-hidden">{{ t.say("facet-chosen") }}</span>{% endif %}</span>{% if !value.count.is_empty() %}<span class="text-soft text-number">{{ value.count }}</span>{% endif %}</a></li>{% endfor %}</ul></details>"#,
    ext = "html"
)]
pub struct Facet {
    t: Text,
    label: String,
    values: Vec<FacetValue>,
    open: bool,
}

impl Facet {
    /// A facet; it is open if the list is narrowed by it or `open` says so.
    pub fn new(lang: Lang, label: impl Into<String>, values: Vec<FacetValue>, open: bool) -> Self {
        let open = open || values.iter().any(|value| value.chosen);
        Self { t: words(lang), label: label.into(), values, open }
    }
}

/// A list with its facets beside it. In reading order the list comes first, with a link to the facets that is seen on a phone.
pub fn with_facets(lang: Lang, list: &SafeHtml, facets: &SafeHtml) -> SafeHtml {
    WithFacets { t: words(lang), list, facets }.html()
}

#[derive(Template)]
#[template(
    source = r##"<div class="with-aside aside-start"><div class="stack"><p class="to-aside no-print"><a class="button" href="#facets">{{ crate::Icon::Filter }}{{ t.say("facets") }}</a></p>{{ list }}</div><aside class="stack-small no-print" id="facets" aria-label="{{ t.say("facets") }}" tabindex="-1">{{ facets }}</aside></div>"##,
    ext = "html"
)]
struct WithFacets<'a> {
    t: Text,
    list: &'a SafeHtml,
    facets: &'a SafeHtml,
}

/// A filter that narrows the list at present, with the address without it.
pub fn active_filter(lang: Lang, label: &str, without_href: &str) -> SafeHtml {
    ActiveFilter { t: words(lang), label, href: without_href }.html()
}

#[derive(Template)]
#[template(
    source = r#"<a class="button button-quiet" href="{{ href }}">{{ label }}{{ crate::Icon::Close }}<span class="visually-hidden">{{ t.say("filter-remove") }}</span></a>"#,
    ext = "html"
)]
struct ActiveFilter<'a> {
    t: Text,
    label: &'a str,
    href: &'a str,
}

/// The form around a table whose rows can be chosen, with the bar of acts. Without a script the bar is always there.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<form class="stack" method="post" action="{{ action }}" data-bulk>{{ table }}<div class="bulk-bar" data-bulk-bar><span class="text-strong needs-script" data-bulk-count></span><span class="without-script">{{ t.say("bulk-lead") }}</span><div class="button-row">{{ buttons }}</div></div></form>"#,
    ext = "html"
)]
pub struct BulkForm {
    t: Text,
    action: String,
    table: SafeHtml,
    buttons: SafeHtml,
}

impl BulkForm {
    /// The form, its table and its buttons (with `formaction` where they go elsewhere).
    pub fn new(lang: Lang, action: impl Into<String>, table: SafeHtml, buttons: SafeHtml) -> Self {
        Self { t: words(lang), action: action.into(), table, buttons }
    }
}

/// Where the menu of a table's columns appears, if there is a script. The key is that of `Table::hideable`.
pub fn column_menu(key: &str) -> SafeHtml {
    SafeHtml::trusted(format!("<span class=\"needs-script\" data-column-menu=\"{}\"></span>", SafeHtml::escape(key)))
}

/// A text with what was searched for marked in it. The comparison is the caller's: byte ranges, in order.
pub fn marked(text: &str, hits: &[std::ops::Range<usize>]) -> SafeHtml {
    let mut all = SafeHtml::EMPTY;
    let mut done = 0;
    for hit in hits {
        let (Some(before), Some(inside)) = (text.get(done..hit.start), text.get(hit.clone())) else { continue };
        all.push(&SafeHtml::escape(before));
        all.push(&SafeHtml::trusted(format!("<mark class=\"mark-hit\">{}</mark>", SafeHtml::escape(inside))));
        done = hit.end;
    }
    all.push(&SafeHtml::escape(text.get(done..).unwrap_or_default()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_hits_and_ignores_impossible_ones() {
        let hits = [0..6, 4..5, 500..600];
        assert_eq!(marked("公園<a>", &hits).as_str(), "<mark class=\"mark-hit\">公園</mark>&#60;a&#62;");
    }

    #[test]
    fn says_a_bounded_count() {
        assert_eq!(count(Lang::Ja, Count::AtLeast(10_000)), "10,000件以上");
        assert_eq!(count(Lang::En, Count::Exactly(1)), "1 record");
        assert_eq!(count(Lang::En, Count::Unknown), "");
    }
}
