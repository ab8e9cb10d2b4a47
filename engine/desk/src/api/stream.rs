//! What changes in a ledger, as it happens: server-sent events.
//!
//! Each event is a change as `…/changes` answers it, with its mark as event id, so that a reader who was cut off goes on with
//! `Last-Event-ID` and misses nothing. Who the reader is and what they may see is asked anew for each look, so a session that
//! was ended ends its streams.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, RawQuery};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kawasemi_ledger::ChangesRequest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::feed::begun;
use super::query::{Since, changes_request, mark};
use super::shape;
use super::streams::Seat;
use crate::problem::Problem;
use crate::request::Cx;

/// Between two signs of life, so that neither end nor a proxy between them takes the silence for the end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// When a browser that was cut off should come back.
const COME_BACK: Duration = Duration::from_secs(5);
/// Events that wait for a slow reader.
const WAITING: usize = 32;
/// How long a reader may leave them waiting.
const PATIENCE: Duration = Duration::from_secs(30);
/// Changes that are read at once.
const PAGE: u32 = 100;

/// `GET /api/v1/ledgers/{ledger}/changes/stream`; from now on, where nothing else is said.
pub async fn open(
    cx: Cx,
    Path(ledger): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (since, request) = changes_request(query.as_deref())?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let since = match (last, since) {
        ("", Since::Beginning) if cx.query("since").is_none() => Since::Now,
        ("", since) => since,
        (last, _) => mark(last)?,
    };
    let request = ChangesRequest { limit: PAGE, ..begun(&cx, &ledger, since, request).await? };
    // What can't be answered is refused now and not in the middle of a stream.
    let probe = ChangesRequest { until: Some(0), ..request.clone() };
    cx.ledgers().changes(cx.context(), &ledger, &probe).await?;
    let seat = cx.desk().streams().sit(reader(&cx)).ok_or_else(crowded)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(tell(cx, ledger, request, sender, seat));
    let mut response =
        Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy must hand events on as they come.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Tells what changes until the reader goes, the server stops, or there is nothing more that may be told.
async fn tell(
    cx: Cx,
    ledger: String,
    mut request: ChangesRequest,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    _seat: Seat,
) {
    let mut head = cx.desk().streams().watch(&cx.city().city);
    let mut closing = cx.desk().closing();
    // The first bytes say that the stream stands.
    let mut waiting = vec![Event::default().retry(COME_BACK).comment("kawasemi")];
    loop {
        for event in waiting.drain(..) {
            if !matches!(tokio::time::timeout(PATIENCE, sender.send(Ok(event))).await, Ok(Ok(()))) {
                return;
            }
        }
        head.mark_unchanged();
        let more = match look(&cx, &ledger, &mut request, &mut waiting).await {
            Ok(more) => more,
            Err(problem) => {
                tracing::debug!(ledger, kind = problem.kind, "a stream of changes ends");
                return;
            }
        };
        if more || !waiting.is_empty() {
            continue;
        }
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            _ = closing.wait_for(|closing| *closing) => return,
            () = sender.closed() => return,
        }
    }
}

/// Reads what is new; whether there is more already.
async fn look(cx: &Cx, ledger: &str, request: &mut ChangesRequest, found: &mut Vec<Event>) -> Result<bool, Problem> {
    let context = cx.context_now().await?;
    let (def, _) = cx.ledgers().open(&context, ledger)?;
    let page = cx.ledgers().changes(&context, ledger, request).await?;
    for change in &page.changes {
        let data = shape::change(&def, change, request.fields.as_deref()).to_string();
        found.push(Event::default().id(change.mark.to_string()).event("change").data(data));
    }
    request.since = Some(page.next);
    Ok(page.more)
}

/// Whose seat it is: an account's, or that of an address from which somebody looks without signing in.
fn reader(cx: &Cx) -> String {
    match &cx.context().caller.account {
        Some(account) => account.id.to_string(),
        None => cx.visit().address.map(|address| address.to_string()).unwrap_or_default(),
    }
}

fn crowded() -> Problem {
    let detail = "変更の通知を受け取る接続が多すぎます。使っていない接続を閉じるか、時間をおいてつなぎ直してください。";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", "接続が多すぎます", detail)
}
