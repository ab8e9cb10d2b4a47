//! What changed in a ledger since a mark (変更の購読), a page at a time.

use axum::extract::{Path, RawQuery};
use kawasemi_ledger::ChangesRequest;
use serde_json::{Value as Json, json};

use super::query::{Since, changes_request};
use super::shape;
use crate::problem::Problem;
use crate::request::Cx;

/// `GET /api/v1/ledgers/{ledger}/changes`
pub async fn list(cx: Cx, Path(ledger): Path<String>, RawQuery(query): RawQuery) -> Result<axum::Json<Json>, Problem> {
    let (since, request) = changes_request(query.as_deref())?;
    let request = begun(&cx, &ledger, since, request).await?;
    let (def, _) = cx.ledgers().open(cx.context(), &ledger)?;
    let page = cx.ledgers().changes(cx.context(), &ledger, &request).await?;
    let asked = request.fields.as_deref();
    let changes: Vec<Json> = page.changes.iter().map(|change| shape::change(&def, change, asked)).collect();
    Ok(axum::Json(json!({ "changes": changes, "next": page.next.to_string(), "more": page.more })))
}

/// The request with the mark from which it begins.
pub(super) async fn begun(
    cx: &Cx,
    ledger: &str,
    since: Since,
    request: ChangesRequest,
) -> Result<ChangesRequest, Problem> {
    let since = match since {
        Since::Beginning => None,
        Since::Now => Some(cx.ledgers().changes_head(cx.context(), ledger).await?),
        Since::Mark(mark) => Some(mark),
    };
    Ok(ChangesRequest { since, ..request })
}
