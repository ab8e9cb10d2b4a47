//! Reading records.

use std::sync::Arc;

use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Visible;
use kawasemi_schema::LedgerDef;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::query::list_request;
use super::shape::RecordJson;
use crate::problem::Problem;
use crate::request::Cx;

/// A page of a list.
#[derive(Serialize)]
struct Records<'a> {
    records: Vec<RecordJson<'a>>,
    next: Option<&'a str>,
}

/// The bound of a count.
const COUNTED: u64 = 10_000;

/// `GET /api/v1/ledgers/{ledger}/records`
pub async fn list(cx: Cx, Path(ledger): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let request = list_request(query.as_deref())?;
    let (def, _) = cx.ledgers().open(cx.context(), &ledger)?;
    let page = cx.ledgers().list(cx.context(), &ledger, &request).await?;
    let asked = request.fields.as_deref();
    let records = page.records.iter().map(|record| RecordJson::new(&def, record, asked)).collect();
    let mut response = axum::Json(Records { records, next: page.next.as_deref() }).into_response();
    if let Some(mark) = &page.next
        && let Ok(link) = HeaderValue::from_str(&next_link(&ledger, query.as_deref(), mark))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// `GET /api/v1/ledgers/{ledger}/count`: how many a list has, up to a bound; nobody waits for an exact count of a million.
pub async fn count(cx: Cx, Path(ledger): Path<String>, RawQuery(query): RawQuery) -> Result<axum::Json<Json>, Problem> {
    let request = list_request(query.as_deref())?;
    let counted = cx.ledgers().count(cx.context(), &ledger, &request, COUNTED).await?;
    Ok(axum::Json(json!({ "count": counted.count, "more": counted.more })))
}

/// `GET /api/v1/ledgers/{ledger}/records/{id}`
pub async fn show(cx: Cx, Path((ledger, id)): Path<(String, String)>) -> Result<Response, Problem> {
    answer(&cx, &ledger, record_id(&id)?).await
}

/// `GET /api/v1/ledgers/{ledger}/records/{id}/history`
pub async fn history(
    cx: Cx,
    Path((ledger, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Json>, Problem> {
    let query = query.unwrap_or_default();
    let before = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "before");
    let before = before.and_then(|(_, value)| value.parse().ok());
    let history = cx.ledgers().history(cx.context(), &ledger, record_id(&id)?, before).await?;
    let revisions: Vec<Json> = history
        .revisions
        .iter()
        .map(|revision| {
            let changes = revision.changes.iter();
            json!({
                "revision": revision.no,
                "at": revision.at.to_string(),
                "actor": revision.actor.map(|actor| actor.to_string()),
                "kind": revision.kind,
                "reason": revision.reason,
                "changes": changes
                    .map(|c| json!({ "field": c.field, "before": c.before_text, "after": c.after_text }))
                    .collect::<Vec<Json>>(),
            })
        })
        .collect();
    Ok(axum::Json(json!({ "revisions": revisions, "older": history.older })))
}

/// One record as the caller may see it, with its revision as entity tag.
pub(super) async fn answer(cx: &Cx, ledger: &str, id: RecordId) -> Result<Response, Problem> {
    let (def, _): (Arc<LedgerDef>, _) = cx.ledgers().open(cx.context(), ledger)?;
    let record = cx.ledgers().get(cx.context(), ledger, id).await?;
    Ok(of_record(&def, &record))
}

/// A record that was read, with its revision as entity tag.
pub(super) fn of_record(def: &LedgerDef, record: &Visible) -> Response {
    let mut response = axum::Json(RecordJson::new(def, record, None)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", record.revision)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Reads an id of a path. One that is none leads nowhere, like one that is not there.
pub(super) fn record_id(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn next_link(ledger: &str, query: Option<&str>, mark: &str) -> String {
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "cursor" {
            next.append_pair(&name, &value);
        }
    }
    next.append_pair("cursor", mark);
    format!("</api/v1/ledgers/{ledger}/records?{}>; rel=\"next\"", next.finish())
}
