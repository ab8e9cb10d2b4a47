//! Reports and repairs as everybody sees them: a list, the data of a map, a feed, and photographs.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{Html, IntoResponse as _, Response};
use http::header;
use serde_json::json;
use uuid::Uuid;

use super::pieces::{self, state_chip, state_word};
use crate::kernel::context::civil_date;
use crate::kernel::{FileRef, Lang};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, Text, said};
use crate::public;
use crate::records::{Category, OPEN, Report};
use crate::rules::tracking;
use crate::words;

/// Reports on a page.
const ON_A_PAGE: usize = 30;
/// Reports on a map.
const ON_A_MAP: usize = 5_000;
/// Entries of a feed.
const IN_A_FEED: usize = 50;

/// What the address asks for.
struct Asked {
    category: String,
    open: String,
    area: String,
    /// Only reports that came before this, for the next page.
    before: Option<jiff::Timestamp>,
}

impl Asked {
    fn of(cx: &Cx) -> Self {
        let text = |name: &str| cx.query(name).unwrap_or_default();
        let before = text("before").parse().ok();
        Self { category: text("category"), open: text("open"), area: text("area"), before }
    }

    fn conditions(&self, categories: &[Category]) -> Vec<String> {
        let mut conditions = vec![public::SHOWN.to_owned()];
        if let Some(category) = categories.iter().find(|category| category.code == self.category) {
            conditions.push(format!("category = '{}'", category.id));
        }
        match self.open.as_str() {
            "open" => conditions.push(OPEN.to_owned()),
            "done" => conditions.push("state = 'done'".to_owned()),
            _ => {}
        }
        if !self.area.is_empty() {
            conditions.push(format!("area = {}", crate::ledger::select::cql_text(&self.area)));
        }
        conditions.extend(self.before.map(|before| format!("received_at < TIMESTAMP('{before}')")));
        conditions
    }

    fn address(&self, path: &str) -> String {
        view::address(path, &[("category", &self.category), ("open", &self.open), ("area", &self.area)])
    }
}

async fn categories(cx: &Cx) -> Result<Vec<Category>, Problem> {
    Ok(Category::all(cx.ledgers(), &public::context(cx.context().act.at)).await?)
}

/// `GET /reports`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    let (lang, t, at) = (cx.lang(), words(cx.lang()), cx.context().act.at);
    let categories = categories(&cx).await?;
    let asked = Asked::of(&cx);
    let reports = public::reports(cx.ledgers(), at, asked.conditions(&categories), ON_A_PAGE).await?;
    let site = cx.portal_site();
    let report = LinkButton::new(t.get("report-title"), cx.href("/report")).look(Look::Primary).icon(Icon::Add).html();
    let mut page =
        Page::new(&site, t.get("reports-title")).lead(t.get("reports-lead")).head(head(&asked, t)).actions(report);
    if cx.query("wrong").is_some() {
        page = page.notice(Notice::new(Tone::Warning, t.get("wrong-number")).text(t.get("wrong-number-note")));
    }
    let mut body = find(&cx, t);
    body.push(&narrow(&cx, t, &asked, &categories));
    if reports.is_empty() {
        body.push(&Empty::new(t.get("reports-empty")).icon(Icon::Empty).html());
    } else {
        let columns = ["fact-category", "fact-state", "fact-place", "fact-received", "fact-number"];
        let columns = columns.map(|key| Column::new(key, t.get(key))).to_vec();
        let rows = reports.iter().map(|report| row(&cx, t, lang, report, &categories));
        body.push(&Table::new(lang, t.get("reports-title"), columns, rows.collect()).html());
        if let Some(last) = reports.last().filter(|_| reports.len() == ON_A_PAGE) {
            let before = last.received_at.to_string();
            let path = cx.href("/reports");
            let query = [
                ("category", asked.category.as_str()),
                ("open", &asked.open),
                ("area", &asked.area),
                ("before", &before),
            ];
            body.push(
                &LinkButton::new(t.get("reports-older"), view::address(&path, &query)).icon(Icon::Forward).html(),
            );
        }
    }
    body.push(&downloads(t, &asked));
    Ok(Html(page.body(body).render()).into_response())
}

fn head(asked: &Asked, t: Text) -> SafeHtml {
    let mut head = pieces::style();
    head.push(&SafeHtml::trusted(format!(
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{}\" href=\"{}\">",
        SafeHtml::escape(t.get("reports-title")),
        SafeHtml::escape(asked.address("/reports/feed.atom"))
    )));
    head
}

/// The field that finds a report by its number.
fn find(cx: &Cx, t: Text) -> SafeHtml {
    let field = FieldView::new("number", t.get("find-number"), FieldKind::Text { max: Some(20) });
    small_form(&cx.href("/report/find"), &[field.html(cx.lang())], &t.get("find"))
}

fn narrow(cx: &Cx, t: Text, asked: &Asked, categories: &[Category]) -> SafeHtml {
    let lang = cx.lang();
    let all = t.get("all");
    let kinds = categories.iter().map(|category| (category.code.as_str(), category.name(lang)));
    let (open, done) = (t.get("open"), t.get("state-done"));
    let states = [("open", open.as_str()), ("done", done.as_str())];
    let fields = [
        view::chosen("category", &t.get("fact-category"), &all, kinds, &asked.category),
        view::chosen("open", &t.get("fact-state"), &all, states, &asked.open),
    ];
    small_form(&cx.href("/reports"), &fields, &t.get("show"))
}

fn small_form(action: &str, fields: &[SafeHtml], submit: &str) -> SafeHtml {
    let fields: SafeHtml = fields.iter().cloned().collect();
    SafeHtml::trusted(format!(
        "<form class=\"form no-print report-narrow\" method=\"get\" action=\"{}\"><div class=\"form-columns\">{fields}</div>\
         <div class=\"button-row\"><button class=\"button\" type=\"submit\">{}</button></div></form>",
        SafeHtml::escape(action),
        SafeHtml::escape(submit)
    ))
}

fn row(cx: &Cx, t: Text, lang: Lang, report: &Report, categories: &[Category]) -> Row {
    let name = categories.iter().find(|category| Some(category.id) == report.category);
    let name = name.map_or("", |category| category.name(lang));
    let place = if report.public_address.is_empty() { &report.area } else { &report.public_address };
    Row::new(vec![
        SafeHtml::link(&cx.href(&format!("/report/{}", report.reference)), name),
        state_chip(t, report.state),
        SafeHtml::or_dash(place),
        SafeHtml::escape(said::date(lang, civil_date(report.received_at))),
        SafeHtml::escape(&report.reference),
    ])
}

fn downloads(t: Text, asked: &Asked) -> SafeHtml {
    let button = |label: &str, path: &str| {
        LinkButton::new(label, asked.address(path)).look(Look::Quiet).icon(Icon::Download).html()
    };
    let mut html = SafeHtml::trusted("<div class=\"button-row no-print\">".to_owned());
    html.push(&button("GeoJSON", "/reports/map.geojson"));
    html.push(&button("Atom", "/reports/feed.atom"));
    html.push(&button("Open311", "/open311/v2/discovery.json"));
    html.push(&SafeHtml::trusted("</div>"));
    html.push(&view::note(&t.get("data-note")));
    html
}

/// `GET /reports/map.geojson`: positions as they are shown.
pub async fn geojson(cx: Cx) -> Result<Response, Problem> {
    let (lang, t, at) = (cx.lang(), words(cx.lang()), cx.context().act.at);
    let categories = categories(&cx).await?;
    let reports = public::reports(cx.ledgers(), at, Asked::of(&cx).conditions(&categories), ON_A_MAP).await?;
    let features: Vec<serde_json::Value> = reports
        .iter()
        .filter_map(|report| {
            let category = categories.iter().find(|category| Some(category.id) == report.category);
            Some(json!({
                "type": "Feature",
                "id": report.reference,
                "geometry": report.public_point?.to_geometry().to_geojson(),
                "properties": {
                    "number": report.reference,
                    "category": category.map(|category| category.name(lang)),
                    "service_code": category.map(|category| &category.code),
                    "state": report.state.key(),
                    "state_name": state_word(t, report.state),
                    "received_at": report.received_at.to_string(),
                    "closed_at": report.closed_at.map(|at| at.to_string()),
                    "description": report.public_description,
                    "address": report.public_address,
                    "supporters": report.supporters,
                    "href": cx.href(&format!("/report/{}", report.reference)),
                },
            }))
        })
        .collect();
    let body = json!({ "type": "FeatureCollection", "features": features });
    let headers = [(header::CONTENT_TYPE, "application/geo+json"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((headers, body.to_string()).into_response())
}

/// `GET /reports/feed.atom` (RFC 4287)
pub async fn feed(cx: Cx) -> Result<Response, Problem> {
    let (lang, t, at) = (cx.lang(), words(cx.lang()), cx.context().act.at);
    let categories = categories(&cx).await?;
    let asked = Asked::of(&cx);
    let reports = public::reports(cx.ledgers(), at, asked.conditions(&categories), IN_A_FEED).await?;
    let origin = cx.origin().map(|origin| origin.as_str().trim_end_matches('/').to_owned()).unwrap_or_default();
    let latest = reports.iter().map(|report| report.updated_at).max().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let text =
        |text: &str| SafeHtml::escape(text.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\
         <title>{}</title><id>{origin}{}</id><updated>{latest:.0}</updated><link rel=\"self\" href=\"{origin}{}\"/>\
         <link href=\"{origin}{}\"/><author><name>{}</name></author>\n",
        lang.bcp47(),
        text(&t.get("reports-title")),
        cx.href("/reports"),
        text(&cx.href(&asked.address("/reports/feed.atom"))),
        cx.href("/reports"),
        text(cx.city_name()),
    );
    for report in &reports {
        let category = categories.iter().find(|category| Some(category.id) == report.category);
        let name = category.map_or("", |category| category.name(lang));
        let href = format!("{origin}{}", cx.href(&format!("/report/{}", report.reference)));
        let place = report.public_point.map(|place| format!("{:.6} {:.6}", place.latitude, place.longitude));
        let point = place
            .map(|place| format!("<georss:point xmlns:georss=\"http://www.georss.org/georss\">{place}</georss:point>"));
        xml.push_str(&format!(
            "<entry><title>{} {}</title><id>{href}</id><link href=\"{href}\"/><published>{:.0}</published>\
             <updated>{:.0}</updated><category term=\"{}\"/><summary>{}</summary>{}</entry>\n",
            text(name),
            text(&state_word(t, report.state)),
            report.received_at,
            report.updated_at,
            text(category.map_or("", |category| &category.code)),
            text(&report.public_description),
            point.unwrap_or_default(),
        ));
    }
    xml.push_str("</feed>\n");
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], xml).into_response())
}

/// `GET /reports/{number}/photos/{file}`: of a report that is shown, a photograph that was made public.
pub async fn photo(cx: Cx, Path((number, file)): Path<(String, String)>) -> Result<Response, Problem> {
    let (number, file) = tracking::read(&number).zip(Uuid::try_parse(&file).ok()).ok_or_else(Problem::not_found)?;
    let at = cx.context().act.at;
    let report = public::by_reference(cx.ledgers(), at, &number).await?.ok_or_else(Problem::not_found)?;
    let is_it = |one: &&FileRef| one.id == file;
    let mut found = report.public_photos.iter().chain(&report.repair_photos).find(is_it).cloned();
    if found.is_none() && report.is_shown() {
        let updates = public::updates(cx.ledgers(), at, vec![format!("report = '{}'", report.id)], 500).await?;
        found = updates.iter().flat_map(|update| &update.photos).find(is_it).cloned();
    }
    let found = found.ok_or_else(Problem::not_found)?;
    let content = cx.city().files.get(&found.sha256).await.map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, found.media_type.clone()),
        (header::CONTENT_LENGTH, found.size.to_string()),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}
