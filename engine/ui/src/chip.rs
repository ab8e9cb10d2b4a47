//! A state as a word in a chip, with a mark, so that it never depends on colour.

use askama::Template;

use crate::{Component, Icon, SafeHtml};

/// What kind of state it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// A label without a judgement.
    #[default]
    Plain,
    /// Under way.
    Underway,
    /// Going well.
    Good,
    /// Finished.
    Done,
    /// Needs care.
    Warning,
    /// Late, refused, broken.
    Bad,
    /// Over: withdrawn, archived, not begun.
    Muted,
}

impl State {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "chip",
            Self::Underway => "chip chip-info",
            Self::Good => "chip chip-success",
            Self::Done => "chip chip-done",
            Self::Warning => "chip chip-warning",
            Self::Bad => "chip chip-danger",
            Self::Muted => "chip chip-muted",
        }
    }

    const fn icon(self) -> Option<Icon> {
        match self {
            Self::Plain => None,
            Self::Underway => Some(Icon::Underway),
            Self::Good => Some(Icon::Success),
            Self::Done => Some(Icon::Check),
            Self::Warning => Some(Icon::Warning),
            Self::Bad => Some(Icon::Error),
            Self::Muted => Some(Icon::Circle),
        }
    }
}

/// A chip.
pub fn chip(state: State, label: &str) -> SafeHtml {
    Chip { state, label }.html()
}

#[derive(Template)]
#[template(
    source = r#"<span class="{{ state.class() }}">{% if let Some(icon) = state.icon() %}{{ icon }}{% endif %}{{ label }}</span>"#,
    ext = "html"
)]
struct Chip<'a> {
    state: State,
    label: &'a str,
}
