//! The viewer for surveyors and utilities (道路台帳の閲覧, 道路法第28条第3項): routes by name, number or place, and what occupies them.
//!
//! It is made with a visitor's powers even for somebody who is signed in, so that what is shown here is what everybody sees: who holds a
//! permit is not among it. The words around are translated; what stands in the ledger is Japanese. A question goes to the portal's
//! enquiry with the route in its subject.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, id_of, shown};
use crate::definitions::{PERMIT, ROUTE, SECTION, STRUCTURE};
use crate::kernel::{Lang, RecordId};
use crate::ledger::{ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::identity::{Caller, Context};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, Text};
use crate::read::{self, Read};
use crate::words;

/// Records shown of a search.
const SHOWN: u32 = 50;
/// The ledger of enquiries, where the city has it.
const ENQUIRY: &str = "enquiry";

/// A visitor's context for this request.
fn visitor(cx: &Cx) -> Context {
    let mut context = Context::new(Caller::visitor(), cx.context().act.at);
    context.lang = cx.lang();
    context
}

/// `GET /roads`
pub async fn search(cx: Cx) -> Result<Response, Problem> {
    let (context, t) = (visitor(&cx), words(cx.lang()));
    let q = cx.query("q").unwrap_or_default();
    let mut body = sought(&cx, t, &q);
    if q.is_empty() {
        body.push(&view::note(&t.get("roads-hint")));
    } else {
        body.push(&found(&cx, &context, t, &q).await?);
    }
    let site = cx.portal_site();
    let page = Page::new(&site, t.get("roads-title")).lead(t.get("roads-lead")).body(body);
    Ok(Html(page.render()).into_response())
}

fn sought(cx: &Cx, t: Text, q: &str) -> SafeHtml {
    let field = FieldView::new("q", t.get("roads-search"), FieldKind::Text { max: Some(100) })
        .value(q)
        .hint(t.get("roads-search-hint"));
    Form::new(cx.lang(), cx.href("/roads")).get().fields(vec![field]).submit(t.get("roads-go")).html()
}

/// Routes by their own words, and those that sections of the searched place belong to.
async fn found(cx: &Cx, context: &Context, t: Text, q: &str) -> Result<SafeHtml, Problem> {
    let lang = cx.lang();
    let asked = |limit| ListRequest { q: q.to_owned(), limit, ..ListRequest::all() };
    let mut routes = cx.ledgers().list(context, ROUTE, &asked(SHOWN)).await?.records;
    let sections = cx.ledgers().list(context, SECTION, &asked(200)).await?.records;
    let mut more: Vec<RecordId> = sections.iter().filter_map(|record| Read::of(record).record("route")).collect();
    more.sort_unstable();
    more.dedup();
    more.retain(|id| routes.iter().all(|route| route.id != *id));
    more.truncate(SHOWN as usize);
    routes.extend(cx.ledgers().get_many(context, ROUTE, &more).await?);
    if routes.is_empty() {
        return Ok(Empty::new(t.get("roads-none")).text(t.get("roads-none-text")).icon(Icon::Search).html());
    }
    let (def, _) = cx.ledgers().open(context, ROUTE)?;
    let keys = ["route_number", "name", "start_place", "end_place", "actual_m", "state"];
    let columns = keys
        .iter()
        .map(|key| {
            let align = if *key == "actual_m" { Align::Number } else { Align::Text };
            Column::new(*key, pieces::label(&def, key, lang)).align(align)
        })
        .collect();
    let row = |record: &Visible| {
        let cell = |key: &&str| {
            let text = shown(&def, record, key, lang);
            let href = cx.href(&format!("/roads/{}", record.id));
            let inner = if *key == "name" { SafeHtml::link(&href, &text) } else { SafeHtml::or_dash(&text) };
            japanese(lang, &inner)
        };
        Row::new(keys.iter().map(cell).collect())
    };
    let caption = t.say("roads-found").with("count", routes.len()).to_string();
    Ok(Table::new(lang, caption, columns, routes.iter().map(row).collect()).show_caption().html())
}

/// Marks what stands in the ledger as Japanese on a page of another language.
fn japanese(lang: Lang, inner: &SafeHtml) -> SafeHtml {
    match lang {
        Lang::Ja | Lang::JaEasy => inner.clone(),
        Lang::En | Lang::Vi => SafeHtml::trusted(format!("<span lang=\"ja\">{inner}</span>")),
    }
}

/// `GET /roads/{id}`
pub async fn route(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (context, lang, t) = (visitor(&cx), cx.lang(), words(cx.lang()));
    let route = cx.ledgers().get(&context, ROUTE, id_of(&id)?).await?;
    let (def, _) = cx.ledgers().open(&context, ROUTE)?;
    let keys = [
        "road_kind",
        "road_class",
        "approved_on",
        "approval_notice",
        "start_place",
        "end_place",
        "waypoints",
        "total_m",
        "overlap_m",
        "unopened_m",
        "actual_m",
        "site_area_m2",
        "width_min_m",
        "radius_min_m",
        "grade_max_percent",
        "toll_sections",
        "integrated_buildings",
        "agreement_facilities",
        "prepared_on",
    ];
    let known: Vec<Fact> = keys
        .iter()
        .map(|key| {
            let value = SafeHtml::or_dash(&shown(&def, &route, key, lang));
            Fact::html(pieces::label(&def, key, lang), japanese(lang, &value))
        })
        .collect();
    let mut body = facts(&known);
    let section_keys = ["section_number", "place", "length_m", "width_m", "surface", "use_state", "boundary_fixed"];
    body.push(&view::section(
        &t.get("roads-sections"),
        &of_route(&cx, &context, SECTION, "", &section_keys, route.id, t).await?,
    ));
    let structure_keys = ["name", "kind", "length_m", "restriction", "grade", "last_inspected_on"];
    let in_use = " AND state <> 'removed'";
    body.push(&view::section(
        &t.get("roads-structures"),
        &of_route(&cx, &context, STRUCTURE, in_use, &structure_keys, route.id, t).await?,
    ));
    let permit_keys = ["permit_number", "kind", "object", "place", "starts_on", "ends_on"];
    body.push(&view::section(
        &t.get("roads-permits"),
        &of_route(&cx, &context, PERMIT, "", &permit_keys, route.id, t).await?,
    ));
    body.push(&view::note(&t.get("roads-holders")));
    let read = Read::of(&route);
    let subject = format!("道路台帳　{} {}", read.text("route_number"), read.text("name"));
    body.push(&enquiry(&cx, t, &subject));
    let back = LinkButton::new(t.get("roads-back"), cx.href("/roads")).icon(Icon::Back).html();
    body.push(&SafeHtml::trusted(format!("<div class=\"button-row no-print\">{back}</div>")));
    let site = cx.portal_site();
    let title = format!("{}　{}", read.text("route_number"), read.text("name"));
    let page = Page::new(&site, title).crumb(t.get("roads-title"), cx.href("/roads")).body(body);
    Ok(Html(page.render()).into_response())
}

/// The records of a ledger that belong to a route, as a table of what may be public.
async fn of_route(
    cx: &Cx,
    context: &Context,
    ledger: &str,
    also: &str,
    keys: &[&str],
    route: RecordId,
    t: Text,
) -> Result<SafeHtml, Problem> {
    let lang = cx.lang();
    let request = ListRequest::filtered(format!("route = '{route}'{also}"));
    let all = read::all(cx.ledgers(), context, ledger, request).await?;
    if all.is_empty() {
        return Ok(view::paragraph(&t.get("roads-nothing")));
    }
    let (def, _) = cx.ledgers().open(context, ledger)?;
    let columns = keys
        .iter()
        .map(|key| {
            let align = if key.ends_with("_m") { Align::Number } else { Align::Text };
            Column::new(*key, pieces::label(&def, key, lang)).align(align)
        })
        .collect();
    let row = |record: &Visible| {
        let cell = |key: &&str| japanese(lang, &SafeHtml::or_dash(&shown(&def, record, key, lang)));
        Row::new(keys.iter().map(cell).collect())
    };
    Ok(Table::new(lang, def.title.get(lang), columns, all.iter().map(row).collect()).html())
}

/// The form that leads into the portal's enquiry; nothing where the city takes none here.
fn enquiry(cx: &Cx, t: Text, subject: &str) -> SafeHtml {
    if cx.catalogue().get(ENQUIRY).is_none() {
        return SafeHtml::EMPTY;
    }
    let form = Form::new(cx.lang(), cx.href("/enquiry"))
        .hidden("id", cx.desk().ids().next().to_string())
        .fields(vec![
            FieldView::new("subject", t.get("roads-ask-subject"), FieldKind::Text { max: Some(100) })
                .value(subject)
                .required(),
            FieldView::new("body", t.get("roads-ask-body"), FieldKind::LongText { max: Some(4000) }).required(),
            FieldView::new("reply_wanted", t.get("roads-ask-reply"), FieldKind::YesNo).value(""),
            FieldView::new("name", t.get("roads-ask-name"), FieldKind::Text { max: Some(80) }).autocomplete("name"),
            FieldView::new("mail", t.get("roads-ask-mail"), FieldKind::Mail).autocomplete("email"),
            FieldView::new("phone", t.get("roads-ask-phone"), FieldKind::Phone).autocomplete("tel"),
        ])
        .submit(t.get("roads-ask-send"));
    view::section(&t.get("roads-ask"), &form.html())
}
