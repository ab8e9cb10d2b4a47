//! Features: a page of them, and one.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::header::{self, HeaderValue};
use http::{HeaderMap, HeaderName};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Page;
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component as _, SafeHtml};
use serde_json::{Value as Json, json};

use super::collection::{Collection, zone};
use super::collections::GEOJSON;
use super::crs::Crs;
use super::feature::Feature;
use super::landing::accepted;
use super::page::{Form, href, link, page, shared};
use super::query::{ItemsQuery, only, parameters};
use crate::problem::Problem;
use crate::request::Cx;

/// How far matches are counted: a number that is given has to be right, and nobody waits for one.
const COUNTED: u64 = 10_000;
/// Features that are read and written at once, so that a page of ten thousand needs no more memory than one of a thousand.
const AT_ONCE: u32 = 1_000;
static CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");

/// A page that is being written.
struct Writing {
    cx: Cx,
    collection: Collection,
    query: ItemsQuery,
    /// The address that was asked for, for the link to the next page.
    asked: Option<String>,
    matched: Option<u64>,
    written: u32,
    limit: u32,
}

/// `GET /ogc/collections/{ledger}/items`
pub async fn list(
    cx: Cx,
    Path(key): Path<String>,
    headers: HeaderMap,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let collection = Collection::open(&cx, &key)?;
    let mut query = ItemsQuery::read(&collection, zone(&cx), asked.as_deref())?;
    let form = Form::of(&cx, accepted(&headers), &["json", "geojson"])?;
    let limit = query.request.list.limit;
    query.request.list.limit = limit.min(AT_ONCE);
    let page = cx.ledgers().features(cx.context(), &key, &query.request).await?;
    let is_first = query.request.list.cursor.is_none();
    let matched = match (&page.next, is_first) {
        (None, true) => Some(page.records.len() as u64),
        _ => {
            let counted = cx.ledgers().count_features(cx.context(), &key, &query.request, COUNTED).await?;
            (!counted.more).then_some(counted.count)
        }
    };
    if form == Form::Html {
        return Ok(as_page(&cx, &collection, &page, asked.as_deref()));
    }
    let crs = query.crs;
    let writing = Writing { cx: cx.clone(), collection, query, asked, matched, written: 0, limit };
    let body = Body::from_stream(stream::try_unfold(Some((writing, Some(page))), step));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(GEOJSON));
    Ok(shared(&cx, with_crs(response, crs)))
}

/// The next piece of a page: some features, and after the last of them what is to be said of all.
async fn step(
    state: Option<(Writing, Option<Page>)>,
) -> Result<Option<(Bytes, Option<(Writing, Option<Page>)>)>, std::io::Error> {
    let Some((mut writing, page)) = state else { return Ok(None) };
    let page = match page {
        Some(page) => page,
        None => {
            writing.query.request.list.limit = (writing.limit - writing.written).min(AT_ONCE);
            let (cx, key) = (&writing.cx, &writing.collection.def.key);
            let read = cx.ledgers().features(cx.context(), key, &writing.query.request).await;
            // The answer has begun: it breaks off, which no client takes for the whole.
            read.map_err(|error| std::io::Error::other(error.to_string()))?
        }
    };
    let mut out = Vec::with_capacity(256 * page.records.len() + 512);
    if writing.written == 0 {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
    }
    for record in &page.records {
        if writing.written > 0 {
            out.push(b',');
        }
        let feature = Feature {
            collection: &writing.collection,
            record,
            crs: writing.query.crs,
            properties: writing.query.properties.as_deref(),
            links: None,
        };
        serde_json::to_writer(&mut out, &feature)?;
        writing.written += 1;
    }
    if page.next.is_some() && writing.written < writing.limit {
        writing.query.request.list.cursor = page.next;
        return Ok(Some((Bytes::from(out), Some((writing, None)))));
    }
    writing.finish(&mut out, page.next.as_deref())?;
    Ok(Some((Bytes::from(out), None)))
}

impl Writing {
    fn finish(&self, out: &mut Vec<u8>, next: Option<&str>) -> Result<(), std::io::Error> {
        let links = self.links(next);
        out.extend_from_slice(b"],\"links\":");
        serde_json::to_writer(&mut *out, &links)?;
        let at = self.cx.context().act.at;
        write!(out, ",\"timeStamp\":\"{at}\",\"numberReturned\":{}", self.written)?;
        if let Some(matched) = self.matched {
            write!(out, ",\"numberMatched\":{matched}")?;
        }
        out.push(b'}');
        Ok(())
    }

    fn links(&self, next: Option<&str>) -> Vec<Json> {
        let path = format!("/collections/{}/items", self.collection.def.key);
        let with = |change: &[(&str, &str)]| again(&path, self.asked.as_deref(), change);
        let cx = &self.cx;
        let mut links = vec![
            link(cx, "self", GEOJSON, "この文書", &with(&[])),
            link(cx, "alternate", "text/html", "この文書（HTML）", &with(&[("f", "html")])),
            link(
                cx,
                "collection",
                "application/json",
                "データの説明",
                &format!("/collections/{}", self.collection.def.key),
            ),
        ];
        links.extend(next.map(|mark| link(cx, "next", GEOJSON, "次", &with(&[("cursor", mark)]))));
        links
    }
}

/// An address with its parameters, some of them changed.
fn again(path: &str, asked: Option<&str>, change: &[(&str, &str)]) -> String {
    let kept = parameters(asked).into_iter().filter(|(name, _)| change.iter().all(|(changed, _)| changed != name));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).extend_pairs(change);
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// `GET /ogc/collections/{ledger}/items/{id}`
pub async fn show(
    cx: Cx,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    only(query.as_deref(), &["f", "crs"])?;
    let collection = Collection::open(&cx, &key)?;
    let crs = match cx.query("crs") {
        Some(text) => Crs::read("crs", &text, zone(&cx))?,
        None => Crs::Crs84,
    };
    let id: RecordId = id.parse().map_err(|_| Problem::not_found())?;
    let form = Form::of(&cx, accepted(&headers), &["json", "geojson"])?;
    let record = cx.ledgers().get(cx.context(), &key, id).await?;
    if record.deleted_at.is_some() {
        return Err(Problem::not_found());
    }
    let path = format!("/collections/{key}/items/{id}");
    if form == Form::Html {
        let page = Page { records: vec![record], next: None, fields: Vec::new() };
        return Ok(as_page(&cx, &collection, &page, None));
    }
    let links = json!([
        link(&cx, "self", GEOJSON, "この文書", &path),
        link(&cx, "alternate", "text/html", "この文書（HTML）", &format!("{path}?f=html")),
        link(&cx, "collection", "application/json", "データの説明", &format!("/collections/{key}")),
    ]);
    let feature = Feature { collection: &collection, record: &record, crs, properties: None, links: Some(links) };
    let body = serde_json::to_vec(&feature).map_err(|error| Problem::internal(&error))?;
    let mut response = ([(header::CONTENT_TYPE, GEOJSON)], body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", record.revision)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(shared(&cx, with_crs(response, crs)))
}

fn with_crs(mut response: Response, crs: Crs) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("<{}>", crs.uri())) {
        response.headers_mut().insert(CONTENT_CRS.clone(), value);
    }
    response
}

/// Features as a table.
fn as_page(cx: &Cx, collection: &Collection, found: &Page, asked: Option<&str>) -> Response {
    let lang = cx.lang();
    let fields: Vec<_> = collection.properties_of().take(8).collect();
    let mut columns = vec![Column::new("id", "データ")];
    columns.extend(fields.iter().map(|field| Column::new(&field.key, field.label.get(lang))));
    let style = kawasemi_ledger::Style::page(lang);
    let path = format!("/collections/{}/items", collection.def.key);
    let rows = found.records.iter().map(|record| {
        let id = record.id.to_string();
        let short = record.number.clone().unwrap_or_else(|| id.chars().take(8).collect());
        let mut cells = vec![SafeHtml::link(&href(cx, &format!("{path}/{id}?f=geojson")), &short)];
        cells.extend(
            fields.iter().map(|of| SafeHtml::or_dash(&kawasemi_ledger::field::show(of, record.get(&of.key), &style))),
        );
        Row::new(cells)
    });
    let title = collection.def.title.get(lang);
    let mut body = Table::new(lang, title, columns, rows.collect()).html();
    if let Some(mark) = &found.next {
        let next = again(&path, asked, &[("cursor", mark), ("f", "html")]);
        body.push(&crate::view::paragraph(""));
        body.push(&SafeHtml::link(&href(cx, &next), "次のページ"));
    }
    page(cx, title, collection.def.description.get(lang), body)
}
