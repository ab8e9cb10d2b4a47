//! What happened to a record, the latest first.

use askama::Template;

use crate::{Component, SafeHtml};

/// How an entry is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It happened.
    #[default]
    Plain,
    /// Something was finished.
    Done,
    /// Something needs care.
    Warning,
    /// Something was refused, lost or deleted.
    Bad,
}

impl Mark {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Done => "is-done",
            Self::Warning => "is-warning",
            Self::Bad => "is-danger",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What: 変更.
    pub what: String,
    /// When, as people read it.
    pub when: String,
    /// Who.
    pub who: String,
    /// More: the reason, the differences.
    pub more: SafeHtml,
    /// How it is meant.
    pub mark: Mark,
}

/// A timeline.
pub fn timeline(entries: &[Entry]) -> SafeHtml {
    Timeline { entries }.html()
}

#[derive(Template)]
#[template(
    source = r#"<ol class="timeline">{% for entry in entries %}<li{% if !entry.mark.class().is_empty() %} class="{{ entry.mark.class() }}"{% endif %}><div class="timeline-head"><span class="timeline-what">{{ entry.what }}</span><span class="timeline-when">{{ entry.when }}</span>{% if !entry.who.is_empty() %}<span class="timeline-when">{{ entry.who }}</span>{% endif %}</div>{{ entry.more }}</li>{% endfor %}</ol>"#,
    ext = "html"
)]
struct Timeline<'a> {
    entries: &'a [Entry],
}
