//! The form of a report as it is shown: its three parts, the question whether it is the same, and the receipt.

use askama::Template;

use super::form::{Around, PATH, Typed};
use super::pieces;
use super::{icons, names};
use crate::intake::Nearby;
use crate::intake::{ADDRESS_MOST, DESCRIPTION_MOST};
use crate::kernel::context::civil_date;
use crate::photo::LARGEST;
use crate::platform::desk::{Cx, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::notice::{ErrorSummary, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::{Component, SafeHtml, Text, said};
use crate::words;

/// The kinds of pictures that are taken. A telephone that takes HEIC sends a JPEG when it reads this.
const ACCEPT: &str = "image/jpeg,image/png,image/webp";

struct Tile {
    code: String,
    name: String,
    icon: SafeHtml,
    chosen: bool,
    phone: String,
    said_phone: String,
}

#[derive(Template)]
#[template(path = "report_form.html")]
struct FormBody {
    t: Text,
    action: String,
    nearby: String,
    worker: String,
    id: String,
    kept: Option<String>,
    notice: SafeHtml,
    summary: SafeHtml,
    place: SafeHtml,
    private: bool,
    tiles: Vec<Tile>,
    photo: SafeHtml,
    waiting: usize,
    words: SafeHtml,
    contact: SafeHtml,
    contact_open: bool,
}

/// The page of the form.
pub fn page(cx: &Cx, around: &Around, typed: &Typed) -> String {
    let (site, t, lang) = (cx.portal_site(), words(cx.lang()), cx.lang());
    let one = &typed.submission;
    let field = |key: &'static str, label: &str, kind: FieldKind, value: &str| {
        let field = FieldView::new(key, t.get(label), kind).value(value);
        typed
            .mistakes
            .iter()
            .filter(|(wrong, _)| *wrong == key)
            .fold(field, |field, (_, said)| field.error(said.as_str()))
    };
    let most = |most: usize| Some(u32::try_from(most).unwrap_or(u32::MAX));
    let place = [
        field("location", "field-location", FieldKind::Point, &typed.location),
        field("address", "field-address", FieldKind::Text { max: most(ADDRESS_MOST) }, &one.address)
            .hint(t.get("field-address-hint")),
    ];
    let photo = field(
        "photo",
        "field-photo",
        FieldKind::Files { existing: Vec::new(), accept: ACCEPT.to_owned(), max_bytes: LARGEST },
        "",
    );
    let said = field(
        "description",
        "field-description",
        FieldKind::LongText { max: most(DESCRIPTION_MOST) },
        &one.description,
    );
    let contact = [
        field("name", "field-name", FieldKind::Text { max: Some(160) }, &one.name).autocomplete("name"),
        field("mail", "field-mail", FieldKind::Mail, &one.mail).autocomplete("email"),
        field("phone", "field-phone", FieldKind::Phone, &one.phone).autocomplete("tel"),
    ];
    let fields = place.iter().chain([&photo, &said]).chain(&contact);
    let mut summary = ErrorSummary::of_fields(lang, fields);
    for (_, sentence) in typed.mistakes.iter().filter(|(field, _)| *field == "category") {
        summary = summary.general(sentence.clone());
    }
    let summary = if summary.count() > 0 { summary.html() } else { SafeHtml::EMPTY };
    let all = |fields: &[FieldView]| fields.iter().map(|field| field.html(lang)).collect::<SafeHtml>();
    let tiles = around.categories.iter().map(|category| Tile {
        code: category.code.clone(),
        name: category.name(lang).to_owned(),
        icon: icons::icon(&category.icon),
        chosen: category.code == typed.category,
        phone: if category.urgent { category.phone.clone() } else { String::new() },
        said_phone: if category.urgent { t.get("call-now") } else { String::new() },
    });
    let body = FormBody {
        t,
        action: cx.href(PATH),
        nearby: cx.href("/report/nearby"),
        worker: cx.href(PATH),
        id: typed.id.to_string(),
        kept: typed.kept.map(|kept| kept.to_string()),
        notice: SafeHtml::EMPTY,
        summary,
        place: all(&place),
        private: one.private_premises,
        tiles: tiles.collect(),
        photo: photo.html(lang),
        waiting: if typed.kept.is_some() { one.photos.len() } else { 0 },
        words: said.html(lang),
        contact: all(&contact),
        contact_open: !one.name.is_empty() || !one.mail.is_empty() || !one.phone.is_empty(),
    };
    let mut page = Page::new(&site, t.get("report-title")).narrow().lead(t.get("report-lead")).head(pieces::style());
    if let Some(disaster) = around.settings.disaster() {
        let said = t.say("disaster-note").with("name", &disaster.name).to_string();
        page = page.notice(Notice::new(Tone::Warning, t.get("disaster")).text(said));
    }
    if let Some(minutes) = typed.wait {
        let said = t.say("often-note").with("minutes", minutes.to_string()).to_string();
        page = page.notice(Notice::new(Tone::Warning, t.get("often")).text(said));
    }
    let page = if typed.mistakes.is_empty() && typed.wait.is_none() { page } else { page.with_mistakes() };
    page.actions(find_button(cx, t)).body(body.html()).render()
}

fn find_button(cx: &Cx, t: Text) -> SafeHtml {
    LinkButton::new(t.get("reports-title"), cx.href("/reports")).html()
}

struct Near {
    reference: String,
    name: String,
    chip: SafeHtml,
    said: String,
    text: String,
    photo: SafeHtml,
    href: String,
}

#[derive(Template)]
#[template(path = "near_list.html")]
struct NearList {
    t: Text,
    content_lang: &'static str,
    near: Vec<Near>,
}

/// Open reports nearby, each with a button that joins it. Nothing where there are none.
pub fn near_list(cx: &Cx, around: &Around, near: &[Nearby]) -> SafeHtml {
    if near.is_empty() {
        return SafeHtml::EMPTY;
    }
    let (t, lang) = (words(cx.lang()), cx.lang());
    let one = |near: &Nearby| {
        let report = &near.report;
        let category = around.categories.iter().find(|category| Some(category.id) == report.category);
        let metres = format!("{:.0}", near.distance_m);
        let day = said::date(lang, civil_date(report.received_at));
        let about = t.say("same-about").with("metres", metres).with("day", day).with("count", report.supporters + 1);
        Near {
            reference: report.reference.clone(),
            name: category.map_or_else(String::new, |category| category.name(lang).to_owned()),
            chip: pieces::state_chip(t, report.state),
            said: about.to_string(),
            text: report.public_description.clone(),
            photo: pieces::public_photos(t, report, &report.public_photos),
            href: cx.href(&format!("/report/{}", report.reference)),
        }
    };
    NearList { t, content_lang: pieces::content_lang(lang), near: near.iter().map(one).collect() }.html()
}

#[derive(Template)]
#[template(path = "report_same.html")]
struct Same {
    t: Text,
    action: String,
    hidden: Vec<(&'static str, String)>,
    list: SafeHtml,
}

/// The page that asks whether it is the same. It carries along everything that was entered.
pub fn same(cx: &Cx, around: &Around, typed: &Typed, near: &[Nearby]) -> String {
    let (site, t, one) = (cx.portal_site(), words(cx.lang()), &typed.submission);
    let mut hidden = vec![
        ("id", typed.id.to_string()),
        ("location", typed.location.clone()),
        ("category", typed.category.clone()),
        ("address", one.address.clone()),
        ("description", one.description.clone()),
        ("name", one.name.clone()),
        ("mail", one.mail.clone()),
        ("phone", one.phone.clone()),
    ];
    if one.private_premises {
        hidden.push(("private_premises", "true".to_owned()));
    }
    hidden.extend(typed.kept.map(|kept| ("kept", kept.to_string())));
    let body = Same { t, action: cx.href(PATH), hidden, list: near_list(cx, around, near) };
    Page::new(&site, t.get("report-title")).narrow().head(pieces::style()).body(body.html()).render()
}

/// What was sent.
pub struct Shown {
    /// The number.
    pub number: Option<String>,
    /// Whether an earlier report was joined.
    pub joined: bool,
}

/// The receipt.
pub fn sent(cx: &Cx, shown: Shown) -> String {
    let (site, t) = (cx.portal_site(), words(cx.lang()));
    let title = if shown.joined { t.get("joined-title") } else { t.get("sent-title") };
    let mut notice = Notice::new(Tone::Success, title).text(t.get("sent-note"));
    let mut buttons = SafeHtml::EMPTY;
    if let Some(number) = &shown.number {
        let line = t.say("sent-number").with("number", number).to_string();
        notice = notice.more(SafeHtml::trusted(format!(
            "<p class=\"report-number\"><strong>{}</strong></p>",
            SafeHtml::escape(line)
        )));
        let follow = LinkButton::new(t.get("sent-follow"), cx.href(&format!("/report/{number}")));
        buttons.push(&follow.look(crate::platform::ui::button::Look::Primary).html());
    }
    buttons.push(&LinkButton::new(t.get("reports-title"), cx.href("/reports")).html());
    buttons.push(&LinkButton::new(t.get("sent-another"), cx.href(PATH)).html());
    let mut body = SafeHtml::trusted(format!("<div class=\"button-row\" data-report-sent>{buttons}</div>"));
    body.push(&view::note(&t.get("sent-keep")));
    body.push(&SafeHtml::trusted("<script src=\"/report/app.js\" type=\"module\"></script>"));
    Page::new(&site, t.get("report-title")).narrow().head(pieces::style()).notice(notice).body(body).render()
}

/// Names of sections, for pages that show who answers for a report.
pub async fn sections(
    cx: &Cx,
) -> Result<std::collections::HashMap<crate::kernel::RecordId, String>, crate::platform::desk::Problem> {
    Ok(names::departments(cx.ledgers(), &crate::public::context(cx.context().act.at)).await?)
}
