//! What is wrong with a report before it is taken, as keys of sentences: the form says them in the reporter's language, Open311 in
//! its own.

use super::Submission;
use crate::kernel::contact::{MailAddress, Phone};
use crate::records::{Category, Settings};

/// The longest description, in characters (GeoReport v2).
pub const DESCRIPTION_MOST: usize = 4_000;
/// The longest address, in characters.
pub const ADDRESS_MOST: usize = 300;

/// A mistake: the field of the form, and the key of the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field of the form.
    pub field: &'static str,
    /// The key of the sentence.
    pub word: &'static str,
}

/// What is wrong with a submission. Its category was looked up before; none if there is no such category.
pub fn check(submission: &Submission, category: Option<&Category>, settings: &Settings) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut wrong = |field, word| mistakes.push(Mistake { field, word });
    match submission.place() {
        Some(place) if !settings.takes(place) => wrong("location", "mistake-outside"),
        None if submission.place.is_some() => wrong("location", "mistake-position"),
        None if submission.address.trim().is_empty() => wrong("location", "mistake-no-place"),
        _ => {}
    }
    if category.is_none_or(|category| !category.active) {
        wrong("category", "mistake-no-category");
    }
    if submission.address.chars().count() > ADDRESS_MOST {
        wrong("address", "mistake-address-long");
    }
    if submission.description.chars().count() > DESCRIPTION_MOST {
        wrong("description", "mistake-description-long");
    }
    if submission.description.trim().is_empty() && submission.photos.is_empty() && submission.media_urls.is_empty() {
        wrong("description", "mistake-nothing-said");
    }
    if submission.name.chars().count() > 160 {
        wrong("name", "mistake-name-long");
    }
    if !submission.mail.is_empty() && submission.mail.parse::<MailAddress>().is_err() {
        wrong("mail", "mistake-mail");
    }
    if !submission.phone.is_empty() && submission.phone.parse::<Phone>().is_err() {
        wrong("phone", "mistake-phone");
    }
    let answered = |code: &str| submission.answers.iter().any(|(c, answer)| c == code && !answer.trim().is_empty());
    let questions = category.into_iter().flat_map(|category| &category.questions);
    if questions.filter(|question| question.required).any(|question| !answered(&question.code)) {
        wrong("answers", "mistake-answer-missing");
    }
    mistakes
}
