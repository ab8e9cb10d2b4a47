//! A form: its mistakes above, its fields in sections, its buttons below.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::button::{Look, Submit};
use crate::field::FieldView;
use crate::notice::ErrorSummary;
use crate::{Component, SafeHtml, Text, words};

/// Where the browser keeps what was typed, until the form is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Nowhere; leaving the changed form still asks.
    #[default]
    None,
    /// On this machine for a week, under this key. Not for personal data: machines at a counter are shared.
    Machine(String),
    /// In this tab, under this key.
    Tab(String),
}

/// Fields under a heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading; a form of one section needs none.
    pub title: Option<String>,
    /// A sentence below the heading.
    pub lead: Option<String>,
    /// The fields.
    pub fields: Vec<FieldView>,
}

/// A form that is sent by POST.
#[derive(Clone, Debug, Template)]
#[template(path = "form.html")]
pub struct Form {
    t: Text,
    method: &'static str,
    action: String,
    hidden: Vec<(String, String)>,
    sections: Vec<Section>,
    general: Vec<String>,
    submit: String,
    look: Look,
    more_buttons: SafeHtml,
    cancel_href: Option<String>,
    draft: Draft,
    plain: bool,
}

impl Form {
    /// A form that is sent to an address.
    pub fn new(lang: Lang, action: impl Into<String>) -> Self {
        let t = words(lang);
        Self {
            t,
            method: "post",
            action: action.into(),
            hidden: Vec::new(),
            sections: Vec::new(),
            general: Vec::new(),
            submit: t.get("save"),
            look: Look::Primary,
            more_buttons: SafeHtml::EMPTY,
            cancel_href: None,
            draft: Draft::None,
            plain: false,
        }
    }

    /// Adds fields without a heading.
    #[must_use]
    pub fn fields(mut self, fields: Vec<FieldView>) -> Self {
        self.sections.push(Section { title: None, lead: None, fields });
        self
    }

    /// Adds fields under a heading.
    #[must_use]
    pub fn section(mut self, title: impl Into<String>, fields: Vec<FieldView>) -> Self {
        self.sections.push(Section { title: Some(title.into()), lead: None, fields });
        self
    }

    /// Sends the form by GET, for one that only asks: its answer then has an address that can be kept.
    #[must_use]
    pub fn get(mut self) -> Self {
        self.method = "get";
        self
    }

    /// Adds a hidden entry, such as the revision that is being edited.
    #[must_use]
    pub fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// Adds a mistake of the form as a whole.
    #[must_use]
    pub fn mistake(mut self, sentence: impl Into<String>) -> Self {
        self.general.push(sentence.into());
        self
    }

    /// Sets the words of the button that sends it; they are 保存 otherwise.
    #[must_use]
    pub fn submit(mut self, label: impl Into<String>) -> Self {
        self.submit = label.into();
        self
    }

    /// Sets how much that button weighs: a form that deletes has a dangerous one.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Adds buttons beside the one that sends it.
    #[must_use]
    pub fn more_buttons(mut self, buttons: SafeHtml) -> Self {
        self.more_buttons = buttons;
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel_href = Some(href.into());
        self
    }

    /// Says where the browser keeps what was typed.
    #[must_use]
    pub fn draft(mut self, draft: Draft) -> Self {
        self.draft = draft;
        self
    }

    /// Leaves out the guard against leaving with unsaved changes: for signing in and searching.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Whether the form has mistakes, so that the page's title can say so.
    pub fn has_mistakes(&self) -> bool {
        self.summary().count() > 0
    }

    fn summary(&self) -> ErrorSummary {
        let fields = self.sections.iter().flat_map(|section| &section.fields);
        let start = ErrorSummary::of_fields(self.t.lang(), fields);
        self.general.iter().fold(start, |summary, sentence| summary.general(sentence.clone()))
    }

    fn sends_files(&self) -> bool {
        self.sections.iter().flat_map(|section| &section.fields).any(FieldView::sends_files)
    }

    fn button(&self) -> SafeHtml {
        Submit::new(self.submit.clone()).look(self.look).html()
    }
}
