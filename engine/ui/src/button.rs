//! Buttons, and links that look like buttons. A link goes somewhere, a button does something.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{Component, Icon, SafeHtml, words};

/// How much a button weighs. A page has one primary button at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// The one thing to do on the page.
    Primary,
    /// Another thing to do.
    #[default]
    Secondary,
    /// Something beside the point.
    Quiet,
    /// Something that is hard to undo.
    Danger,
}

impl Look {
    /// The classes.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Secondary => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A link that looks like a button.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<a class="{{ look.class() }}" href="{{ href }}"{% if download %} download{% endif %}{% if let Some(keys) = shortcut %} data-shortcut="{{ keys }}" data-shortcut-label="{{ label }}"{% endif %}>{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ label }}</a>"#,
    ext = "html"
)]
pub struct LinkButton {
    label: String,
    href: String,
    look: Look,
    icon: Option<Icon>,
    download: bool,
    shortcut: Option<&'static str>,
}

impl LinkButton {
    /// A link to an address.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        let (look, icon, download, shortcut) = (Look::Secondary, None, false, None);
        Self { label: label.into(), href: href.into(), look, icon, download, shortcut }
    }

    /// Sets how much it weighs.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Says that the address is a file to keep.
    #[must_use]
    pub fn download(mut self) -> Self {
        self.download = true;
        self
    }

    /// Adds keys, such as `n`.
    #[must_use]
    pub fn shortcut(mut self, keys: &'static str) -> Self {
        self.shortcut = Some(keys);
        self
    }
}

/// A button that sends the form it stands in.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<button class="{{ look.class() }}" type="submit"{% if let Some((name, value)) = sends %} name="{{ name }}" value="{{ value }}"{% endif %}{% if let Some(action) = action %} formaction="{{ action }}"{% endif %}{% if let Some(question) = question %} data-confirm="{{ question }}"{% endif %}>{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ label }}</button>"#,
    ext = "html"
)]
pub struct Submit {
    label: String,
    look: Look,
    icon: Option<Icon>,
    sends: Option<(String, String)>,
    action: Option<String>,
    question: Option<String>,
}

impl Submit {
    /// A button.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), look: Look::Secondary, icon: None, sends: None, action: None, question: None }
    }

    /// Sets how much it weighs.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Sends a name and a value that tell which button it was.
    #[must_use]
    pub fn sends(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.sends = Some((name.into(), value.into()));
        self
    }

    /// Sends the form to another address than the form's own.
    #[must_use]
    pub fn action(mut self, address: impl Into<String>) -> Self {
        self.action = Some(address.into());
        self
    }

    /// Asks first, where there is a script; the server asks again or the act can be undone.
    #[must_use]
    pub fn question(mut self, question: impl Into<String>) -> Self {
        self.question = Some(question.into());
        self
    }
}

/// A form of one button, for an act that needs no entry: restore, publish, revoke.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<form method="post" action="{{ action }}">{% if let Some(token) = csrf_token %}<input type="hidden" name="csrf_token" value="{{ token }}">{% endif %}{% for (name, value) in hidden %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}{{ button.html() }}</form>"#,
    ext = "html"
)]
pub struct Post {
    action: String,
    csrf_token: Option<String>,
    hidden: Vec<(String, String)>,
    button: Submit,
}

impl Post {
    /// A form that sends nothing but its token.
    pub fn new(action: impl Into<String>, csrf_token: Option<&str>, button: Submit) -> Self {
        Self { action: action.into(), csrf_token: csrf_token.map(str::to_owned), hidden: Vec::new(), button }
    }

    /// Adds a hidden entry.
    #[must_use]
    pub fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }
}

/// A dangerous act behind two steps, without a script: the first opens the question, the second does it.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<details class="confirm"><summary class="button button-danger">{{ label }}</summary><div class="confirm-body"><p class="text-lines">{{ question }}</p>{{ form.html() }}<p class="text-small">{{ careful }}</p></div></details>"#,
    ext = "html"
)]
pub struct Confirm {
    label: String,
    question: String,
    careful: String,
    form: Post,
}

impl Confirm {
    /// The act `label`, the question, and the form that does it.
    pub fn new(lang: Lang, label: impl Into<String>, question: impl Into<String>, form: Post) -> Self {
        let careful = words(lang).get("confirm-careful");
        Self { label: label.into(), question: question.into(), careful, form }
    }
}

/// A button that prints the page. Without a script there is none: the browser's own menu prints.
pub fn print(label: &str) -> SafeHtml {
    let label = SafeHtml::escape(label);
    SafeHtml::trusted(format!(
        "<button class=\"button button-primary needs-script\" type=\"button\" data-prints>{}{label}</button>",
        Icon::Print
    ))
}

/// Several buttons in a row.
pub fn row(buttons: impl IntoIterator<Item = SafeHtml>) -> SafeHtml {
    let all: SafeHtml = buttons.into_iter().collect();
    SafeHtml::trusted(format!("<div class=\"button-row\">{all}</div>"))
}
