//! What the program tells people on a page: notices, the summary of a form's mistakes, and empty places.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::field::FieldView;
use crate::{Icon, SafeHtml, Text, words};

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Info,
    /// It worked.
    Success,
    /// Take care.
    Warning,
    /// It did not work.
    Error,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Info => "notice-info",
            Self::Success => "notice-success",
            Self::Warning => "notice-warning",
            Self::Error => "notice-error",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Success => Icon::Success,
            Self::Warning => Icon::Warning,
            Self::Error => Icon::Error,
        }
    }

    /// Errors are announced at once, the rest when there is quiet.
    const fn role(self) -> &'static str {
        match self {
            Self::Error => "alert",
            Self::Info | Self::Success | Self::Warning => "status",
        }
    }
}

/// A notice: a title, text below it, and what to do about it.
#[derive(Clone, Debug, Template)]
#[template(path = "notice.html")]
pub struct Notice {
    tone: Tone,
    title: String,
    text: Option<String>,
    more: SafeHtml,
}

impl Notice {
    /// A notice of one sentence.
    pub fn new(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), text: None, more: SafeHtml::EMPTY }
    }

    /// Adds text below; line breaks are kept.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Adds buttons or a list below.
    #[must_use]
    pub fn more(mut self, more: SafeHtml) -> Self {
        self.more = more;
        self
    }
}

/// What is wrong with a form, above it, with a link to each field. It takes the focus when the page opens.
#[derive(Clone, Debug, Template)]
#[template(path = "error_summary.html")]
pub struct ErrorSummary {
    t: Text,
    /// Target in the page and sentence.
    mistakes: Vec<(String, String)>,
    /// What is wrong with the form as a whole.
    general: Vec<String>,
}

impl ErrorSummary {
    /// The mistakes of some fields; nothing is shown if there is none.
    pub fn of_fields<'a>(lang: Lang, fields: impl IntoIterator<Item = &'a FieldView>) -> Self {
        let mut mistakes = Vec::new();
        for field in fields {
            field.gather_mistakes(&mut mistakes);
        }
        Self { t: words(lang), mistakes, general: Vec::new() }
    }

    /// Adds a sentence about the form as a whole.
    #[must_use]
    pub fn general(mut self, sentence: impl Into<String>) -> Self {
        self.general.push(sentence.into());
        self
    }

    /// How many mistakes there are.
    pub fn count(&self) -> usize {
        self.mistakes.len() + self.general.len()
    }
}

/// A place where there is nothing yet: says so, and what to do first.
#[derive(Clone, Debug, Template)]
#[template(path = "empty.html")]
pub struct Empty {
    icon: Icon,
    title: String,
    text: Option<String>,
    actions: SafeHtml,
}

impl Empty {
    /// An empty place.
    pub fn new(title: impl Into<String>) -> Self {
        Self { icon: Icon::Empty, title: title.into(), text: None, actions: SafeHtml::EMPTY }
    }

    /// Says what to do first.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Adds the buttons that do it.
    #[must_use]
    pub fn actions(mut self, actions: SafeHtml) -> Self {
        self.actions = actions;
        self
    }

    /// Uses another icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = icon;
        self
    }
}
