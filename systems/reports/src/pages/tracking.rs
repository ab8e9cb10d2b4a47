//! One report under its tracking number (受付番号): where it is, what was done, what comes next.

use axum::extract::Path;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::form_view::sections;
use super::pieces::{self, state_chip, state_word, written};
use crate::definitions::AUTHORITY;
use crate::kernel::context::civil_date;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::timeline::{Entry, Mark, timeline};
use crate::platform::ui::{Component, SafeHtml, Text, said};
use crate::public;
use crate::records::{Category, Report, Update};
use crate::rules::tracking;
use crate::words;

/// `GET /report/find?number=`
pub async fn find(cx: Cx) -> Response {
    let asked = cx.query("number").unwrap_or_default();
    match tracking::read(&asked) {
        Some(number) => Redirect::to(&cx.href(&format!("/report/{number}"))).into_response(),
        None => Redirect::to(&cx.href("/reports?wrong=1")).into_response(),
    }
}

/// `GET /report/{number}`
pub async fn page(cx: Cx, Path(number): Path<String>) -> Result<Response, Problem> {
    let number = tracking::read(&number).ok_or_else(Problem::not_found)?;
    let (lang, t, at) = (cx.lang(), words(cx.lang()), cx.context().act.at);
    let site = cx.portal_site();
    let Some(report) = public::by_reference(cx.ledgers(), at, &number).await? else {
        let body = LinkButton::new(t.get("reports-title"), cx.href("/reports")).html();
        let notice = Notice::new(Tone::Info, t.get("unknown-number")).text(t.get("unknown-number-note"));
        let page = Page::new(&site, number).narrow().notice(notice).body(body);
        return Ok((StatusCode::NOT_FOUND, Html(page.render())).into_response());
    };
    let context = public::context(at);
    let categories = Category::all(cx.ledgers(), &context).await?;
    let category = categories.iter().find(|category| Some(category.id) == report.category);
    let title = category.map_or_else(|| number.clone(), |category| category.name(lang).to_owned());
    let mut body = about(&cx, t, &report).await?;
    if report.is_shown() {
        body.push(&written(&report.public_description, lang));
        body.push(&pieces::public_photos(t, &report, &report.public_photos));
        if !report.repair_photos.is_empty() {
            let photos = pieces::public_photos(t, &report, &report.repair_photos);
            body.push(&view::section(&t.get("after-repair"), &photos));
        }
    } else {
        body.push(&view::note(&t.get("being-checked")));
    }
    let condition = format!("report = '{}'", report.id);
    let updates = public::updates(cx.ledgers(), at, vec![condition], 500).await?;
    body.push(&view::section(&t.get("history"), &history(t, &report, &updates)));
    if report.state.is_closed() {
        body.push(&view::note(&t.get("still-broken")));
        let mut again = vec![("category", category.map_or("", |category| category.code.as_str()).to_owned())];
        if let Some(place) = report.public_point {
            again.push(("location", format!("{:.6},{:.6}", place.latitude, place.longitude)));
        }
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
        body.push(&LinkButton::new(t.get("report-again"), view::address(&cx.href("/report"), &again)).html());
    }
    let page = Page::new(&site, title)
        .head(pieces::style())
        .crumb(t.get("reports-title"), cx.href("/reports"))
        .beside_title(state_chip(t, report.state))
        .lead(format!("{} {}", t.get("fact-number"), report.reference))
        .body(body);
    Ok(Html(page.render()).into_response())
}

async fn about(cx: &Cx, t: Text, report: &Report) -> Result<SafeHtml, Problem> {
    let lang = cx.lang();
    let sections = sections(cx).await?;
    let section = report.department.and_then(|id| sections.get(&id)).map_or("", String::as_str);
    let place = if report.public_address.is_empty() { &report.area } else { &report.public_address };
    let mut place_html = SafeHtml::or_dash(place);
    if let Some(point) = report.public_point {
        place_html.push(&SafeHtml::trusted(" "));
        place_html.push(&pieces::map_link(point, &t.get("on-a-map")));
    }
    let day = |day: Option<jiff::civil::Date>| day.map(|day| said::date(lang, day)).unwrap_or_default();
    let mut known = vec![
        Fact::text(t.get("fact-received"), &said::date(lang, civil_date(report.received_at))),
        Fact::html(t.get("fact-place"), place_html),
        Fact::text(t.get("fact-section"), section),
    ];
    if report.state.is_closed() {
        known.push(Fact::text(t.get("fact-closed"), &day(report.closed_at.map(civil_date))));
    } else if report.fix_due.is_some() {
        known.push(Fact::text(t.get("fact-due"), &day(report.fix_due)));
    }
    if !report.status_note.is_empty() {
        known.push(Fact::text(t.get("fact-note"), &report.status_note));
    }
    if report.supporters > 0 {
        let said = t.say("people").with("count", report.supporters).to_string();
        known.push(Fact::text(t.get("fact-supporters"), &said));
    }
    if let Some(into) = report.duplicate_of
        && let Some(into) = public::by_id(cx.ledgers(), cx.context().act.at, into).await?
    {
        let href = cx.href(&format!("/report/{}", into.reference));
        known.push(Fact::html(t.get("fact-same"), SafeHtml::link(&href, &into.reference)));
    }
    if let Some(authority) = report.authority {
        let names = cx.ledgers().labels_of(&public::context(cx.context().act.at), AUTHORITY, &[authority]).await?;
        known.push(Fact::text(t.get("fact-authority"), names.get(&authority).map_or("", String::as_str)));
    }
    Ok(facts(&known))
}

/// What happened, the latest first; that it was received is known without an entry.
fn history(t: Text, report: &Report, updates: &[Update]) -> SafeHtml {
    let lang = t.lang();
    let when = |at: jiff::Timestamp| said::date(lang, civil_date(at));
    let entry = |update: &Update| {
        let what = match (&update.state, update.kind.as_str()) {
            (Some(state), _) => state_word(t, *state),
            (None, "reply") => t.get("entry-reply"),
            (None, _) => t.get("entry-other"),
        };
        let mut more = written(&update.text, lang);
        more.push(&pieces::public_photos(t, report, &update.photos));
        let is_done = update.state.is_some_and(crate::rules::State::is_closed);
        let mark = if is_done { Mark::Done } else { Mark::Plain };
        Entry { what, when: when(update.at), who: String::new(), more, mark }
    };
    let received = Entry {
        what: t.get("state-received"),
        when: when(report.received_at),
        who: String::new(),
        more: SafeHtml::EMPTY,
        mark: Mark::Plain,
    };
    let mut sorted: Vec<&Update> = updates.iter().collect();
    sorted.sort_by_key(|update| std::cmp::Reverse(update.at));
    let entries: Vec<Entry> = sorted.into_iter().map(entry).chain([received]).collect();
    timeline(&entries)
}
