//! Small pieces that pages have in common.

use crate::kernel::{FileRef, Lang};
use crate::platform::ui::chip::{State as Look, chip};
use crate::platform::ui::{SafeHtml, Text};
use crate::records::Report;
use crate::rules::State;

/// The link to this system's own style, for the head of a page.
pub fn style() -> SafeHtml {
    SafeHtml::trusted("<link rel=\"stylesheet\" href=\"/report/report.css\">")
}

/// How a state looks.
pub const fn look(state: State) -> Look {
    match state {
        State::Received => Look::Warning,
        State::Investigating | State::Scheduled | State::InProgress | State::OtherAuthority => Look::Underway,
        State::WaitingReporter => Look::Warning,
        State::Done => Look::Done,
        State::NoAction | State::Duplicate | State::Cancelled => Look::Muted,
    }
}

/// A state as residents read it.
pub fn state_word(t: Text, state: State) -> String {
    t.get(match state {
        State::Received => "state-received",
        State::Investigating => "state-investigating",
        State::Scheduled => "state-scheduled",
        State::InProgress => "state-in-progress",
        State::WaitingReporter => "state-waiting-reporter",
        State::OtherAuthority => "state-other-authority",
        State::Done => "state-done",
        State::NoAction => "state-no-action",
        State::Duplicate => "state-duplicate",
        State::Cancelled => "state-cancelled",
    })
}

/// The chip of a state in a language.
pub fn state_chip(t: Text, state: State) -> SafeHtml {
    chip(look(state), &state_word(t, state))
}

/// The chip of a state for staff.
pub fn staff_chip(state: State) -> SafeHtml {
    chip(look(state), state.label())
}

/// Photographs that everybody may see.
pub fn public_photos(t: Text, report: &Report, photos: &[FileRef]) -> SafeHtml {
    gallery(photos, &t.get("photo-of-report"), |file| super::photo_path(&report.reference, file.id))
}

/// Photographs of a report in the staff's pages.
pub fn staff_photos(report: &Report, photos: &[FileRef]) -> SafeHtml {
    gallery(photos, "通報の写真", |file| staff_photo(report, file))
}

/// Where staff see a photograph.
pub fn staff_photo(report: &Report, file: &FileRef) -> String {
    format!("/desk/ledgers/road-report/{}/files/{}", report.id, file.id)
}

fn gallery(photos: &[FileRef], said: &str, href: impl Fn(&FileRef) -> String) -> SafeHtml {
    if photos.is_empty() {
        return SafeHtml::EMPTY;
    }
    let said = SafeHtml::escape(said);
    let mut html = "<ul class=\"report-photos\">".to_owned();
    for (number, file) in (1..).zip(photos) {
        let href = SafeHtml::escape(href(file));
        html.push_str(&format!(
            "<li><a href=\"{href}\"><img src=\"{href}\" alt=\"{said} {number}\" loading=\"lazy\"></a></li>"
        ));
    }
    html.push_str("</ul>");
    SafeHtml::trusted(html)
}

/// Marks Japanese content on a page of another language, for screen readers and translators.
pub fn content_lang(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja | Lang::JaEasy => "",
        Lang::En | Lang::Vi => " lang=\"ja\"",
    }
}

/// A paragraph of what people wrote, its line breaks kept.
pub fn written(text: &str, lang: Lang) -> SafeHtml {
    if text.is_empty() {
        return SafeHtml::EMPTY;
    }
    SafeHtml::trusted(format!("<p class=\"text-lines\"{}>{}</p>", content_lang(lang), SafeHtml::escape(text)))
}

/// A link to a map service of the nation's mapping authority at a position, which needs no map of our own.
pub fn map_link(place: crate::rules::Place, words: &str) -> SafeHtml {
    let (latitude, longitude) = (place.latitude, place.longitude);
    SafeHtml::trusted(format!(
        "<a href=\"https://maps.gsi.go.jp/#17/{latitude:.6}/{longitude:.6}/\" rel=\"noopener\">{}</a>",
        SafeHtml::escape(words)
    ))
}
