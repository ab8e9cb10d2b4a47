//! Cards, and tiles with one figure.

use askama::Template;

use crate::{Icon, SafeHtml};

/// A card: a heading, what stands below it, and buttons. With a link its whole face can be pressed.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<article class="card{% if href.is_some() %} card-link{% endif %}"><h{{ rank }} class="card-title">{% if let Some(icon) = icon %}{{ icon }}{% endif %}{% if let Some(href) = href %}<a href="{{ href }}">{{ title }}</a>{% else %}{{ title }}{% endif %}</h{{ rank }}>{% if !note.is_empty() %}<p class="card-note">{{ note }}</p>{% endif %}{{ body }}{% if !actions.is_empty() %}<div class="card-actions">{{ actions }}</div>{% endif %}</article>"#,
    ext = "html"
)]
pub struct Card {
    title: String,
    rank: u8,
    href: Option<String>,
    icon: Option<Icon>,
    note: String,
    body: SafeHtml,
    actions: SafeHtml,
}

impl Card {
    /// A card with a heading of the third rank (`h3`), as below a section's heading.
    pub fn new(title: impl Into<String>) -> Self {
        let (note, body, actions) = (String::new(), SafeHtml::EMPTY, SafeHtml::EMPTY);
        Self { title: title.into(), rank: 3, href: None, icon: None, note, body, actions }
    }

    /// Gives the heading the second rank (`h2`), for a card right below the page's heading.
    #[must_use]
    pub fn top(mut self) -> Self {
        self.rank = 2;
        self
    }

    /// Makes the heading a link.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Adds a note below the heading.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Adds what stands below.
    #[must_use]
    pub fn body(mut self, body: SafeHtml) -> Self {
        self.body = body;
        self
    }

    /// Adds buttons. A card with a link has none: its face is the button.
    #[must_use]
    pub fn actions(mut self, actions: SafeHtml) -> Self {
        self.actions = actions;
        self
    }
}

/// A figure at a glance.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<div class="tile"><p class="tile-label">{% if let Some(href) = href %}<a href="{{ href }}">{{ label }}</a>{% else %}{{ label }}{% endif %}</p><p class="tile-value">{{ value }}{% if !unit.is_empty() %}<span class="tile-unit">{{ unit }}</span>{% endif %}</p>{{ below }}</div>"#,
    ext = "html"
)]
pub struct Tile {
    label: String,
    value: String,
    unit: String,
    href: Option<String>,
    below: SafeHtml,
}

impl Tile {
    /// A figure with its unit.
    pub fn new(label: impl Into<String>, value: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), unit: unit.into(), href: None, below: SafeHtml::EMPTY }
    }

    /// Leads to what was counted.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    /// Adds a sparkline or a chip below.
    #[must_use]
    pub fn below(mut self, below: SafeHtml) -> Self {
        self.below = below;
        self
    }
}

/// Cards or tiles beside one another.
pub fn grid(class: &'static str, pieces: impl IntoIterator<Item = SafeHtml>) -> SafeHtml {
    let all: SafeHtml = pieces.into_iter().collect();
    SafeHtml::trusted(format!("<div class=\"grid {class}\">{all}</div>"))
}
