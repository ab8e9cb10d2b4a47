//! Sending a report: `POST requests`.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::answer::{Answer, Value};
use super::asked::{instant, jurisdiction};
use super::refusal::Refusal;
use super::services::{is_batch, settings, taken};
use super::{Answered, keys};
use crate::intake::{REPORT_PARCEL, Submission, check};
use crate::photo;
use crate::platform::desk::{Cx, Entries, Uploads};
use crate::records::{Category, Question};
use crate::rules::tracking;

/// What is understood beside `attribute[…]`.
const PARAMETERS: [&str; 19] = [
    "api_key",
    "jurisdiction_id",
    "service_code",
    "lat",
    "long",
    "address_string",
    "address_id",
    "email",
    "device_id",
    "account_id",
    "first_name",
    "last_name",
    "phone",
    "description",
    "media_url",
    "media",
    "requested_datetime",
    "locale",
    "title",
];

/// `POST requests`
///
/// # Errors
/// [`Refusal`].
pub async fn create(cx: &Cx, uploads: &Uploads) -> Answered {
    let entries = &uploads.entries;
    let settings = settings(cx).await?;
    jurisdiction(entries.text("jurisdiction_id"), &settings)?;
    let key = keys::check(cx, entries.text("api_key")).await?;
    let mut wrong = unknown(entries);
    if entries.text("service_code").is_empty() {
        wrong.push("service_code was not provided.".to_owned());
        return Err(Refusal::all_bad(wrong));
    }
    let categories = taken(cx).await?;
    let category = categories.iter().find(|category| category.code == entries.text("service_code"));
    let category = category.ok_or_else(|| Refusal::not_found("The service_code was not found."))?;
    let place = place(entries, &mut wrong);
    let answers = answers(entries, category, &mut wrong);
    let name = [entries.text("last_name"), entries.text("first_name")].join(" ");
    let mut submission = Submission {
        category: category.id.0,
        place,
        address: entries.text("address_string").to_owned(),
        address_id: entries.text("address_id").to_owned(),
        description: joined(entries),
        answers,
        media_urls: entries.all("media_url").map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned).collect(),
        name: name.trim().to_owned(),
        mail: entries.text("email").to_owned(),
        phone: entries.text("phone").to_owned(),
        language: cx.lang().key().to_owned(),
        channel: "open311".to_owned(),
        device_id: entries.text("device_id").chars().take(200).collect(),
        account_id: entries.text("account_id").chars().take(200).collect(),
        api_key: Some(key.id.0),
        ..Submission::default()
    };
    if submission.place.is_none() && submission.address.is_empty() {
        // A number of an address is a place as well.
        submission.address.clone_from(&submission.address_id);
    }
    if submission.description.is_empty() && submission.media_urls.is_empty() && !submission.answers.is_empty() {
        submission.description =
            submission.answers.iter().map(|(_, answer)| answer.as_str()).collect::<Vec<_>>().join("、");
    }
    if submission.description.is_empty() && submission.media_urls.is_empty() {
        // The standard lets a report say nothing but what it is about.
        category.name(cx.lang()).clone_into(&mut submission.description);
    }
    let t = crate::words(if cx.lang() == crate::kernel::Lang::Ja { crate::kernel::Lang::En } else { cx.lang() });
    let mistakes = check(&submission, Some(category), &settings);
    wrong.extend(mistakes.iter().filter(|mistake| mistake.field != "answers").map(|mistake| t.get(mistake.word)));
    for upload in &uploads.files {
        match photo::take(cx, upload).await {
            Ok(taken) if submission.photos.len() < settings.photos_most => submission.photos.push(taken),
            Ok(_) => wrong.push(t.get("photo-too-many")),
            Err(error) => wrong.push(t.get(error.word())),
        }
    }
    if !wrong.is_empty() {
        return Err(Refusal::all_bad(wrong));
    }
    keys::take(cx, &key)?;
    submission.received_at = instant(entries.text("requested_datetime")).or(Some(cx.context().act.at));
    let id = id_of(cx, entries, key.id.0);
    let body = serde_json::to_vec(&submission).map_err(|_| Refusal::bad("The request can't be written."))?;
    let handed_in = cx.city().courier.submit_as(id, REPORT_PARCEL, body).await;
    handed_in.map_err(crate::platform::desk::Problem::from)?;
    let notice = Value::Text(t.get("open311-notice"));
    let thing = if is_batch(cx) {
        vec![
            ("token", Value::Text(id.simple().to_string())),
            ("service_notice", notice),
            ("account_id", Value::text(&submission.account_id)),
        ]
    } else {
        vec![
            ("service_request_id", Value::Text(tracking::number(id))),
            ("service_notice", notice),
            ("account_id", Value::text(&submission.account_id)),
        ]
    };
    Ok(Answer::List("service_requests", "request", vec![thing]))
}

/// The description; a title of FixMyStreet's stands before it.
fn joined(entries: &Entries) -> String {
    let (title, text) = (entries.text("title"), entries.text("description"));
    if title.is_empty() || text.starts_with(title) {
        text.to_owned()
    } else {
        format!("{title}\n{text}").trim().to_owned()
    }
}

fn unknown(entries: &Entries) -> Vec<String> {
    let is_known = |name: &str| PARAMETERS.contains(&name) || code_of(name).is_some();
    let strange = entries.0.iter().map(|(name, _)| name.as_str()).filter(|name| !is_known(name));
    strange.map(|name| format!("The parameter {} is not known.", name.chars().take(40).collect::<String>())).collect()
}

/// The code in `attribute[CODE]` and `attribute[CODE][]`.
fn code_of(name: &str) -> Option<&str> {
    let inner = name.strip_prefix("attribute[")?;
    inner.strip_suffix("][]").or_else(|| inner.strip_suffix(']')).filter(|code| !code.is_empty())
}

fn place(entries: &Entries, wrong: &mut Vec<String>) -> Option<(f64, f64)> {
    let (lat, long) = (entries.text("lat"), entries.text("long"));
    let has_address = !entries.text("address_string").is_empty() || !entries.text("address_id").is_empty();
    match (lat.is_empty(), long.is_empty()) {
        (true, true) => {
            if !has_address {
                wrong.push("A location is needed: lat and long, address_string or address_id.".to_owned());
            }
            None
        }
        (false, false) => {
            let place = lat.parse::<f64>().ok().zip(long.parse::<f64>().ok());
            let place = place.filter(|(lat, long)| crate::rules::Place::new(*lat, *long).is_some());
            if place.is_none() {
                wrong.push(
                    "lat and long must be degrees of latitude (-90 to 90) and longitude (-180 to 180).".to_owned(),
                );
            }
            place
        }
        _ => {
            wrong.push("lat and long must be given together.".to_owned());
            None
        }
    }
}

/// The answers to the category's questions, checked against their kinds.
fn answers(entries: &Entries, category: &Category, wrong: &mut Vec<String>) -> Vec<(String, String)> {
    let mut answers: Vec<(String, String)> = Vec::new();
    for (name, value) in &entries.0 {
        let Some(code) = code_of(name) else { continue };
        let value = value.trim();
        match category.questions.iter().find(|question| question.code == code) {
            None => wrong.push(format!("The attribute {} is not known.", code.chars().take(40).collect::<String>())),
            Some(_) if value.is_empty() => {}
            Some(question) => match said(question, value) {
                Ok(answer) => match answers.iter_mut().find(|(known, _)| known == code) {
                    Some((_, known)) if question.datatype == "multivaluelist" => *known = format!("{known}、{answer}"),
                    Some(_) => wrong.push(format!("The attribute {code} takes one value.")),
                    None => answers.push((code.to_owned(), answer)),
                },
                Err(reason) => wrong.push(reason),
            },
        }
    }
    for question in category.questions.iter().filter(|question| question.required) {
        if !answers.iter().any(|(code, _)| *code == question.code) {
            wrong.push(format!("The attribute {} was not provided.", question.code));
        }
    }
    answers
}

/// What an answer says: the name of a choice, or the text itself.
fn said(question: &Question, value: &str) -> Result<String, String> {
    let code = &question.code;
    let fits = match question.datatype.as_str() {
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "datetime" => instant(value).is_some(),
        "singlevaluelist" | "multivaluelist" => question.values.iter().any(|(key, _)| key == value),
        "notice" => false,
        _ => value.chars().count() <= 500,
    };
    if !fits {
        return Err(format!("The value of the attribute {code} is not one that it takes."));
    }
    let name = question.values.iter().find(|(key, _)| key == value).map(|(_, name)| name.clone());
    Ok(name.unwrap_or_else(|| value.to_owned()))
}

/// The id of what was sent: a program that did not get the answer and sends the same again within the hour makes no second report.
fn id_of(cx: &Cx, entries: &Entries, key: Uuid) -> Uuid {
    let hour = cx.context().act.at.as_second() / 3_600;
    let mut hashed =
        Sha256::new().chain_update(b"open311").chain_update(key.as_bytes()).chain_update(hour.to_be_bytes());
    for (name, value) in &entries.0 {
        hashed = hashed.chain_update(name).chain_update([0]).chain_update(value).chain_update([0]);
    }
    let hashed = hashed.finalize();
    tracking::id_from(&hashed)
}
