//! The body of a page that says that something went wrong: what happened, what was kept, what to do, and the number
//! under which the log has it.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{SafeHtml, Text, words};

/// A problem as a person reads it. Put it into a narrow [`Page`](crate::page::Page) whose title says what happened.
#[derive(Clone, Debug, Template)]
#[template(path = "problem.html")]
pub struct Problem {
    t: Text,
    detail: String,
    kept: Option<String>,
    advice: Vec<String>,
    reference: Option<String>,
    actions: SafeHtml,
}

impl Problem {
    /// What happened, in a sentence or two.
    pub fn new(lang: Lang, detail: impl Into<String>) -> Self {
        let (kept, reference) = (None, None);
        Self { t: words(lang), detail: detail.into(), kept, advice: Vec::new(), reference, actions: SafeHtml::EMPTY }
    }

    /// Says what was kept of the person's work.
    #[must_use]
    pub fn kept(mut self, sentence: impl Into<String>) -> Self {
        self.kept = Some(sentence.into());
        self
    }

    /// Adds something to do.
    #[must_use]
    pub fn advice(mut self, sentence: impl Into<String>) -> Self {
        self.advice.push(sentence.into());
        self
    }

    /// The number under which the log has the problem.
    #[must_use]
    pub fn reference(mut self, number: impl Into<String>) -> Self {
        self.reference = Some(number.into());
        self
    }

    /// Adds links or buttons out of the problem.
    #[must_use]
    pub fn actions(mut self, actions: SafeHtml) -> Self {
        self.actions = actions;
        self
    }
}
