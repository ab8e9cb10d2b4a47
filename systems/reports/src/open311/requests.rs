//! Reading reports: the list, one by its number, and the number of a token.

use std::collections::HashMap;

use uuid::Uuid;

use super::Answered;
use super::answer::{Answer, Thing, Value};
use super::asked::{Asked, jurisdiction, written};
use super::refusal::Refusal;
use super::services::settings;
use crate::kernel::{Lang, RecordId};
use crate::ledger::select::cql_text;
use crate::platform::desk::Cx;
use crate::public;
use crate::records::{Category, Report};
use crate::rules::clock::closing_of;
use crate::rules::{State, tracking};

/// What the list understands.
const PARAMETERS: [&str; 9] = [
    "service_request_id",
    "service_code",
    "start_date",
    "end_date",
    "status",
    "agency_responsible",
    "has_photo",
    "max_requests",
    "page_size",
];

/// `GET requests`
///
/// # Errors
/// [`Refusal`].
pub async fn list(cx: &Cx) -> Answered {
    let asked = Asked::of(cx, &PARAMETERS)?;
    let settings = settings(cx).await?;
    jurisdiction(asked.text("jurisdiction_id"), &settings)?;
    let about = About::load(cx).await?;
    let at = cx.context().act.at;
    let mut most = settings.list_most;
    for name in ["max_requests", "page_size"] {
        most = asked.count(name)?.map_or(most, |wanted| wanted.min(most));
    }
    if asked.has("service_request_id") {
        // These override everything else.
        let mut found = Vec::new();
        for number in asked.list("service_request_id").into_iter().take(most) {
            found.push(find(cx, number).await?);
        }
        return Ok(about.answer(cx, &asked, &found));
    }
    let (from, until) = asked.span(at, &settings)?;
    let mut conditions =
        vec![format!("received_at >= TIMESTAMP('{from}')"), format!("received_at <= TIMESTAMP('{until}')")];
    if asked.has("service_code") {
        let mut ids = Vec::new();
        for code in asked.list("service_code") {
            let category = about.categories.iter().find(|category| category.code == code);
            let category = category.ok_or_else(|| Refusal::not_found("The service_code was not found."))?;
            ids.push(format!("'{}'", category.id));
        }
        conditions.push(format!("category IN ({})", ids.join(", ")));
    }
    if asked.has("status") {
        conditions.push(states(&asked.list("status"))?);
    }
    // What SQL can't tell is left out afterwards, so more are read than are answered.
    let is_narrowed = asked.has("has_photo") || asked.has("agency_responsible");
    let mut found = public::reports(cx.ledgers(), at, conditions, if is_narrowed { usize::MAX } else { most }).await?;
    if matches!(asked.text("has_photo"), "true" | "1") {
        found.retain(|report| !report.public_photos.is_empty());
    }
    if asked.has("agency_responsible") {
        let wanted: Vec<&str> = asked.text("agency_responsible").split('|').map(str::trim).collect();
        found.retain(|report| wanted.contains(&about.agency(cx, report).as_str()));
    }
    found.truncate(most);
    Ok(about.answer(cx, &asked, &found))
}

/// `GET requests/{id}`
///
/// # Errors
/// [`Refusal`]: 404 for a number that is not there.
pub async fn one(cx: &Cx, number: &str) -> Answered {
    let asked = Asked::of(cx, &[])?;
    jurisdiction(asked.text("jurisdiction_id"), &settings(cx).await?)?;
    let report = find(cx, number).await?;
    Ok(About::load(cx).await?.answer(cx, &asked, &[report]))
}

/// `GET tokens/{token}`. On a separated portal the number is known once the desk has the report; until then it is empty, and the
/// program asks again.
///
/// # Errors
/// [`Refusal`]: 404 for a token that is none.
pub async fn token(cx: &Cx, token: &str) -> Answered {
    let asked = Asked::of(cx, &[])?;
    jurisdiction(asked.text("jurisdiction_id"), &settings(cx).await?)?;
    let unknown = || Refusal::not_found("The token was not found.");
    let id = RecordId(Uuid::try_parse(token).map_err(|_| unknown())?);
    let report = public::by_id(cx.ledgers(), cx.context().act.at, id).await?;
    let number = match report {
        Some(report) => report.reference,
        None if super::services::is_batch(cx) => String::new(),
        None => return Err(unknown()),
    };
    let thing = vec![("service_request_id", Value::Text(number)), ("token", Value::text(token))];
    Ok(Answer::List("service_requests", "request", vec![thing]))
}

/// The report with a number.
///
/// # Errors
/// 404 if there is none.
pub async fn find(cx: &Cx, number: &str) -> Result<Report, Refusal> {
    let unknown = || Refusal::not_found("The service_request_id was not found.");
    let number = tracking::read(number).ok_or_else(unknown)?;
    public::by_reference(cx.ledgers(), cx.context().act.at, &number).await?.ok_or_else(unknown)
}

/// The condition of states that were asked for: `open`, `closed`, or extended ones.
fn states(asked: &[&str]) -> Result<String, Refusal> {
    let mut keys = Vec::new();
    for status in asked {
        let lower = status.to_ascii_lowercase();
        let of: Vec<State> = State::ALL
            .into_iter()
            .filter(|state| match lower.as_str() {
                "open" | "closed" => state.open311() == lower,
                _ => state.extended().eq_ignore_ascii_case(status),
            })
            .collect();
        if of.is_empty() {
            return Err(Refusal::bad("status must be open or closed."));
        }
        keys.extend(of.iter().map(|state| cql_text(state.key())));
    }
    Ok(format!("state IN ({})", keys.join(", ")))
}

/// What is needed to say a report.
struct About {
    categories: Vec<Category>,
    departments: HashMap<RecordId, String>,
    /// The numbers of reports to which others were joined.
    lang: Lang,
}

impl About {
    async fn load(cx: &Cx) -> Result<Self, Refusal> {
        let context = public::context(cx.context().act.at);
        let categories = Category::all(cx.ledgers(), &context).await?;
        let departments = crate::pages::names::departments(cx.ledgers(), &context).await?;
        Ok(Self { categories, departments: departments.into_iter().collect(), lang: cx.lang() })
    }

    /// Who answers for a report: its section, or the city where the portal knows no sections.
    fn agency(&self, cx: &Cx, report: &Report) -> String {
        let section = report.department.and_then(|id| self.departments.get(&id)).cloned();
        section.unwrap_or_else(|| cx.city_name().to_owned())
    }

    fn answer(&self, cx: &Cx, asked: &Asked, reports: &[Report]) -> Answer {
        let is_extended = matches!(asked.text("extensions"), "true" | "1");
        let requests = reports.iter().map(|report| self.request(cx, report, is_extended)).collect();
        Answer::List("service_requests", "request", requests)
    }

    fn request(&self, cx: &Cx, report: &Report, is_extended: bool) -> Thing {
        let category = self.categories.iter().find(|category| Some(category.id) == report.category);
        let name = category.map_or("", |category| category.name(self.lang));
        let degrees = |of: fn(&crate::rules::Place) -> f64| {
            report.public_point.as_ref().map_or(Value::Nothing, |place| Value::Number(of(place)))
        };
        let photos = photos(cx, report);
        let note = if report.state == State::Duplicate && report.status_note.is_empty() {
            "Duplicate".to_owned()
        } else {
            report.status_note.clone()
        };
        let address = if report.public_address.is_empty() { &report.area } else { &report.public_address };
        let expected = report.fix_due.map(|day| written(closing_of(day)));
        let mut thing = vec![
            ("service_request_id", Value::text(&report.reference)),
            ("status", Value::text(report.state.open311())),
            ("status_notes", Value::Text(note)),
            ("service_name", Value::text(name)),
            ("service_code", Value::text(category.map_or("", |category| &category.code))),
            ("description", Value::text(&report.public_description)),
            ("agency_responsible", Value::Text(self.agency(cx, report))),
            ("service_notice", Value::Nothing),
            ("requested_datetime", Value::Text(written(report.received_at))),
            ("updated_datetime", Value::Text(written(report.updated_at))),
            ("expected_datetime", Value::Text(expected.unwrap_or_default())),
            ("address", Value::text(address)),
            ("address_id", Value::Nothing),
            ("zipcode", Value::Nothing),
            ("lat", degrees(|place| place.latitude)),
            ("long", degrees(|place| place.longitude)),
            ("media_url", Value::Text(photos.first().cloned().unwrap_or_default())),
        ];
        if is_extended {
            let title = report.public_description.lines().next().unwrap_or(name);
            thing.extend([
                ("extended_status", Value::text(report.state.extended())),
                ("title", Value::text(title)),
                ("detail", Value::text(&report.public_description)),
                ("comment_count", Value::Count(report.supporters)),
                ("interface_used", Value::text("カワセミ")),
                ("agency_sent_datetime", Value::Text(report.passed_on_at.map(written).unwrap_or_default())),
                ("media_urls", Value::Texts("media_url", photos)),
            ]);
        }
        thing
    }
}

/// The addresses of a report's photographs, those of the repair last.
pub fn photos(cx: &Cx, report: &Report) -> Vec<String> {
    let origin = cx.origin().map(|origin| origin.as_str().trim_end_matches('/').to_owned()).unwrap_or_default();
    let all = report.public_photos.iter().chain(&report.repair_photos);
    all.map(|file| format!("{origin}{}", crate::pages::photo_path(&report.reference, file.id))).collect()
}
