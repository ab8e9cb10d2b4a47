//! Small pieces that staff pages have in common.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use jiff::Timestamp;
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::civil_date_time;
use kawasemi_ui::button::Submit;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use crate::request::Cx;

/// A part of a page under a heading.
pub fn section(title: &str, body: &SafeHtml) -> SafeHtml {
    section_with(title, &SafeHtml::EMPTY, body)
}

/// A part of a page under a heading, with buttons beside it.
pub fn section_with(title: &str, actions: &SafeHtml, body: &SafeHtml) -> SafeHtml {
    let title = SafeHtml::escape(title);
    SafeHtml::trusted(format!(
        "<section class=\"stack-small\"><div class=\"section-heading\"><h2>{title}</h2>{actions}</div>{body}</section>"
    ))
}

/// Something that is opened by those who want it.
pub fn disclosure(summary: &str, body: &SafeHtml, open: bool) -> SafeHtml {
    let (summary, open) = (SafeHtml::escape(summary), if open { " open" } else { "" });
    SafeHtml::trusted(format!(
        "<details class=\"disclosure\"{open}><summary>{summary}</summary><div class=\"disclosure-body\">{body}</div></details>"
    ))
}

/// A paragraph.
pub fn paragraph(text: &str) -> SafeHtml {
    SafeHtml::trusted(format!("<p>{}</p>", SafeHtml::escape(text)))
}

/// A paragraph of less weight.
pub fn note(text: &str) -> SafeHtml {
    SafeHtml::trusted(format!("<p class=\"text-small text-soft\">{}</p>", SafeHtml::escape(text)))
}

/// Text of a program: a condition, a key.
pub fn code(text: &str) -> SafeHtml {
    SafeHtml::trusted(format!("<code>{}</code>", SafeHtml::escape(text)))
}

/// An instant for narrow columns: R8.5.1 10:00.
pub fn when(at: Timestamp) -> String {
    let local = civil_date_time(at);
    format!("{} {:02}:{:02}", said::short_date(Lang::Ja, local.date()), local.hour(), local.minute())
}

/// The same where there may be none.
pub fn when_or(at: Option<Timestamp>, none: &str) -> String {
    at.map_or_else(|| none.to_owned(), when)
}

/// Goes to a page that says what was done: `done` is a key of its [`done`].
pub fn done_at(path: &str, done: &str) -> Response {
    let sign = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{sign}done={done}")).into_response()
}

/// What the act before this page has done, among the sentences that the page knows.
pub fn done(cx: &Cx, sentences: &[(&str, &str)]) -> Option<Notice> {
    let key = cx.query("done")?;
    let (_, sentence) = sentences.iter().find(|(known, _)| *known == key)?;
    Some(Notice::new(Tone::Success, *sentence))
}

/// The answer to a form: the page again with its mistakes if there are any.
pub fn answer(page: Page<'_>, mistaken: bool) -> Response {
    if mistaken {
        (StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response()
    } else {
        Html(page.render()).into_response()
    }
}

/// A form that narrows a list: its fields go into the address.
pub fn narrowing(action: &str, fields: impl IntoIterator<Item = SafeHtml>, submit: &str) -> SafeHtml {
    let fields: SafeHtml = fields.into_iter().collect();
    let button = Submit::new(submit).icon(Icon::Search).html();
    SafeHtml::trusted(format!(
        "<form class=\"form no-print\" method=\"get\" action=\"{}\"><div class=\"form-columns\">{fields}</div>\
         <div class=\"button-row\">{button}</div></form>",
        SafeHtml::escape(action)
    ))
}

/// A line of text in such a form, with what is wrong with it.
pub fn sought(key: &str, label: &str, value: &str, mistake: Option<&str>) -> SafeHtml {
    let field = FieldView::new(key, label, FieldKind::Text { max: None }).value(value);
    match mistake {
        Some(mistake) => field.error(mistake),
        None => field,
    }
    .html(Lang::Ja)
}

/// A list to choose from in such a form; `all` are the words for not narrowing.
pub fn chosen<'a>(
    key: &str,
    label: &str,
    all: &'a str,
    choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    value: &str,
) -> SafeHtml {
    let option = |(choice, words): (&str, &str)| {
        let selected = if choice == value { " selected" } else { "" };
        let (choice, words) = (SafeHtml::escape(choice), SafeHtml::escape(words));
        SafeHtml::trusted(format!("<option value=\"{choice}\"{selected}>{words}</option>"))
    };
    let options: SafeHtml = std::iter::once(("", all)).chain(choices).map(option).collect();
    let (key, label) = (SafeHtml::escape(key), SafeHtml::escape(label));
    SafeHtml::trusted(format!(
        "<div class=\"field\"><label class=\"field-label\" for=\"f-{key}\">{label}</label>\
         <select class=\"input width-short\" id=\"f-{key}\" name=\"{key}\">{options}</select></div>"
    ))
}

/// An address with parameters; empty ones are left out.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
