//! What happened to reports, in FixMyStreet's extension of Open311: `servicerequestupdates`, both ways.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::answer::{Answer, Thing, Value};
use super::asked::{Asked, instant, jurisdiction, written};
use super::refusal::Refusal;
use super::requests::find;
use super::services::settings;
use super::{Answered, keys};
use crate::definitions::UPDATE;
use crate::intake::{COMMENT_PARCEL, Comment};
use crate::kernel::RecordId;
use crate::ledger::ListRequest;
use crate::ledger::select::cql_text;
use crate::platform::desk::{Cx, Entries, Problem};
use crate::public;
use crate::records::{Report, Update};
use crate::rules::{State, tracking};

/// `GET servicerequestupdates`
///
/// # Errors
/// [`Refusal`].
pub async fn list(cx: &Cx) -> Answered {
    let asked = Asked::of(cx, &["start_date", "end_date", "service_request_id"])?;
    let settings = settings(cx).await?;
    jurisdiction(asked.text("jurisdiction_id"), &settings)?;
    let at = cx.context().act.at;
    let (from, until) = asked.span(at, &settings)?;
    let mut conditions = vec![format!("at >= TIMESTAMP('{from}')"), format!("at <= TIMESTAMP('{until}')")];
    if asked.has("service_request_id") {
        let report = find(cx, asked.text("service_request_id")).await?;
        conditions.push(format!("report = '{}'", report.id));
    }
    let updates = public::updates(cx.ledgers(), at, conditions, settings.list_most).await?;
    let mut reports: HashMap<RecordId, Option<Report>> = HashMap::new();
    let mut things = Vec::new();
    for update in &updates {
        let Some(id) = update.report else { continue };
        if let std::collections::hash_map::Entry::Vacant(place) = reports.entry(id) {
            place.insert(public::by_id(cx.ledgers(), at, id).await?);
        }
        if let Some(Some(report)) = reports.get(&id) {
            things.push(thing(cx, update, report));
        }
    }
    Ok(Answer::List("service_request_updates", "request_update", things))
}

fn thing(cx: &Cx, update: &Update, report: &Report) -> Thing {
    let origin = cx.origin().map(|origin| origin.as_str().trim_end_matches('/').to_owned()).unwrap_or_default();
    let photo =
        update.photos.first().map(|file| format!("{origin}{}", crate::pages::photo_path(&report.reference, file.id)));
    let id = if update.external_id.is_empty() { update.id.to_string() } else { update.external_id.clone() };
    vec![
        ("update_id", Value::Text(id)),
        ("service_request_id", Value::text(&report.reference)),
        ("status", Value::text(update.state.unwrap_or(report.state).extended())),
        ("updated_datetime", Value::Text(written(update.at))),
        ("description", Value::text(&update.text)),
        ("media_url", Value::Text(photo.unwrap_or_default())),
    ]
}

/// What must be sent.
const NEEDED: [&str; 5] = ["service_request_id", "update_id", "updated_datetime", "status", "description"];

/// `POST servicerequestupdates`: what another program says is kept for the staff, who decide what of it is shown.
///
/// # Errors
/// [`Refusal`].
pub async fn create(cx: &Cx, entries: &Entries) -> Answered {
    let settings = settings(cx).await?;
    jurisdiction(entries.text("jurisdiction_id"), &settings)?;
    let key = keys::check(cx, entries.text("api_key")).await?;
    if !key.may_update {
        return Err(Refusal::forbidden("This key may not send updates."));
    }
    let mut wrong: Vec<String> = NEEDED
        .iter()
        .filter(|name| entries.text(name).is_empty())
        .map(|name| format!("{name} was not provided."))
        .collect();
    let at = instant(entries.text("updated_datetime"));
    if at.is_none() && !entries.text("updated_datetime").is_empty() {
        wrong.push("updated_datetime must be a date and time such as 2026-04-01T09:00:00+09:00.".to_owned());
    }
    let status = entries.text("status");
    if !status.is_empty() && State::from_extended(status).is_none() {
        wrong.push("The status is not known.".to_owned());
    }
    if entries.text("description").chars().count() > 4_000 {
        wrong.push("description must not be longer than 4,000 characters.".to_owned());
    }
    if entries.text("update_id").chars().count() > 100 {
        wrong.push("update_id must not be longer than 100 characters.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Refusal::all_bad(wrong));
    }
    let report = find(cx, entries.text("service_request_id")).await?;
    let update_id = entries.text("update_id");
    let known = format!("report = '{}' AND external_id = {}", report.id, cql_text(update_id));
    let context = public::context(cx.context().act.at);
    let known = cx.ledgers().count(&context, UPDATE, &ListRequest::filtered(known), 1).await?;
    if known.count > 0 {
        return Err(Refusal::bad("There is an update with this update_id already."));
    }
    keys::take(cx, &key)?;
    let name = [entries.text("last_name"), entries.text("first_name")].join(" ");
    let from = [key.name.as_str(), name.trim(), entries.text("email"), entries.text("phone")];
    let comment = Comment {
        report: report.id.0,
        external_id: update_id.to_owned(),
        external_status: status.chars().take(60).collect(),
        text: entries.text("description").to_owned(),
        at,
        from: from.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        media_urls: entries.all("media_url").map(str::to_owned).collect(),
    };
    let body = serde_json::to_vec(&comment).map_err(|_| Refusal::bad("The request can't be written."))?;
    let id = id_of(report.id, update_id);
    cx.city().courier.submit_as(id, COMMENT_PARCEL, body).await.map_err(Problem::from)?;
    let thing = vec![("update_id", Value::text(update_id))];
    Ok(Answer::List("service_request_updates", "request_update", vec![thing]))
}

fn id_of(report: RecordId, update: &str) -> Uuid {
    let hashed = Sha256::new().chain_update(b"open311/update").chain_update(report.0.as_bytes()).chain_update(update);
    let hashed = hashed.finalize();
    tracking::id_from(&hashed)
}
