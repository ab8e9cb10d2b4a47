//! Writing records.
//!
//! A change names the revision it was based on: `If-Match: "3"` or a member `revision`. A record with an `id` of the
//! client's own may be sent again and gets the same answer.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use kawasemi_identity::Context;
use kawasemi_ledger::{Draft, LedgerError};
use kawasemi_schema::LedgerDef;
use serde_json::{Map, Value as Json, json};

use super::records::{answer, of_record, record_id};
use super::shape::{self, error_key};
use crate::problem::Problem;
use crate::request::Cx;

/// Most records in one request.
pub(super) const MANY: usize = 1_000;
/// The header in which a program states the reason of a change, percent-encoded.
const REASON: &str = "kawasemi-reason";

/// `POST /api/v1/ledgers/{ledger}/records`: one object, or an array of at most a thousand, each written for itself.
pub async fn create(cx: Cx, Path(ledger): Path<String>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let context = context(&cx, &headers);
    let (def, _) = cx.ledgers().open(&context, &ledger)?;
    match body.0 {
        Json::Object(object) => {
            let (saved, shown) = cx.ledgers().create_shown(&context, &ledger, draft(&def, object)?).await?;
            let mut response = match &shown {
                Some(record) => of_record(&def, record),
                // Who may register but not read learns what a change would have to name.
                None => axum::Json(
                    json!({ "id": saved.id.to_string(), "number": saved.number, "revision": saved.revision }),
                )
                .into_response(),
            };
            *response.status_mut() = StatusCode::CREATED;
            if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/ledgers/{ledger}/records/{}", saved.id)) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            Ok(response)
        }
        Json::Array(objects) if objects.len() <= MANY => create_many(&cx, &context, &def, objects).await,
        Json::Array(_) => {
            Err(Problem::bad_request(format!("一度に登録できるのは{MANY}件までです。分けて送ってください。")))
        }
        _ => Err(not_an_object()),
    }
}

async fn create_many(cx: &Cx, context: &Context, def: &LedgerDef, objects: Vec<Json>) -> Result<Response, Problem> {
    let (mut drafts, mut places) = (Vec::with_capacity(objects.len()), Vec::with_capacity(objects.len()));
    let mut refused: Vec<(usize, &'static str, Problem)> = Vec::new();
    for (index, object) in objects.into_iter().enumerate() {
        let draft = match object {
            Json::Object(object) => draft(def, object),
            _ => Err(not_an_object()),
        };
        match draft {
            Ok(draft) => {
                drafts.push(draft);
                places.push(index);
            }
            Err(problem) => refused.push((index, "bad-request", problem)),
        }
    }
    let mut created = Vec::with_capacity(drafts.len());
    for (index, answer) in places.into_iter().zip(cx.ledgers().create_many(context, &def.key, &drafts).await?) {
        match answer {
            Ok(saved) => created.push(json!({
                "index": index, "id": saved.id.to_string(), "number": saved.number, "revision": saved.revision,
            })),
            Err(error) => refused.push((index, error_key(&error), error.into())),
        }
    }
    refused.sort_by_key(|(index, ..)| *index);
    let refused = refused.into_iter().map(|(index, kind, problem)| {
        json!({ "index": index, "type": kind, "detail": problem.detail, "errors": problem.fields })
    });
    let refused: Vec<Json> = refused.collect();
    let status = if refused.is_empty() { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    Ok((status, axum::Json(json!({ "created": created, "refused": refused }))).into_response())
}

/// `PATCH /api/v1/ledgers/{ledger}/records/{id}`: changes the members that are sent.
pub async fn update(
    cx: Cx,
    Path((ledger, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let context = context(&cx, &headers);
    let id = record_id(&id)?;
    let Json::Object(object) = body.0 else { return Err(not_an_object()) };
    let (def, _) = cx.ledgers().open(&context, &ledger)?;
    let revision = expected_revision(&headers, object.get("revision"))?;
    let draft = Draft::from_json(&def, &shape::fields_of(object));
    match cx.ledgers().update(&context, &ledger, id, revision, draft).await {
        Ok(_) => answer(&cx, &ledger, id).await,
        Err(LedgerError::Conflict(conflict)) => {
            let theirs = shape::record(&def, &conflict.theirs, None);
            let mut body = Problem::from(LedgerError::Conflict(conflict)).to_json(cx.reference(), cx.path());
            body["current"] = theirs;
            let kind = HeaderValue::from_static("application/problem+json");
            Ok((StatusCode::CONFLICT, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// `DELETE /api/v1/ledgers/{ledger}/records/{id}`
pub async fn delete(
    cx: Cx,
    Path((ledger, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let revision = expected_revision(&headers, None)?;
    cx.ledgers().delete(&context(&cx, &headers), &ledger, record_id(&id)?, revision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/ledgers/{ledger}/records/{id}/restore`
pub async fn restore(
    cx: Cx,
    Path((ledger, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, revision) = (record_id(&id)?, expected_revision(&headers, None)?);
    cx.ledgers().restore(&context(&cx, &headers), &ledger, id, revision).await?;
    answer(&cx, &ledger, id).await
}

/// A JSON body. One that can't be read is refused with the place where reading ended.
pub struct Body(Json);

impl<S: Send + Sync> axum::extract::FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::bad_request("本文が大きすぎるか、送信が途中で切れました。"))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Problem::bad_request(format!("本文がJSONとして読めません（{}行{}文字目）。", error.line(), error.column()))
        })
    }
}

fn draft(def: &LedgerDef, object: Map<String, Json>) -> Result<Draft, Problem> {
    let id = match object.get("id") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.parse().map_err(|_| {
            Problem::bad_request("id はUUID（端末で作るときはUUIDv7）にしてください。付けなければサーバーが付けます。")
        })?),
        Some(_) => return Err(Problem::bad_request("id は文字列にしてください。")),
    };
    let mut draft = Draft::from_json(def, &shape::fields_of(object));
    draft.id = id;
    Ok(draft)
}

fn expected_revision(headers: &HeaderMap, member: Option<&Json>) -> Result<i64, Problem> {
    let header = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok());
    let header = header.and_then(|tag| tag.trim_start_matches("W/").trim_matches('"').parse().ok());
    header.or_else(|| member.and_then(Json::as_i64)).ok_or_else(|| {
        let detail =
            "どの版をもとにした変更かが分かりません。読んだときの revision を If-Match: \"3\" のように送ってください。";
        Problem::new(StatusCode::PRECONDITION_REQUIRED, "revision-required", "版の指定が必要です", detail)
    })
}

fn context(cx: &Cx, headers: &HeaderMap) -> Context {
    let reason = headers.get(REASON).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let pairs = format!("r={reason}");
    let reason = url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default();
    cx.because(&reason.chars().take(500).collect::<String>())
}

fn not_an_object() -> Problem {
    Problem::bad_request("本文は {\"項目のキー\": 値} の形のJSONにしてください。")
}
