//! What can be reported (service list and definitions), and where to find the interface (discovery).

use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Thing, Value};
use super::asked::{Asked, jurisdiction, written};
use super::refusal::Refusal;
use super::{Answered, BASE};
use crate::kernel::Lang;
use crate::platform::desk::{Cx, Role};
use crate::public;
use crate::records::{Category, Question, Settings};

/// The categories that are taken.
///
/// # Errors
/// When the store fails.
pub async fn taken(cx: &Cx) -> Result<Vec<Category>, Refusal> {
    let context = public::context(cx.context().act.at);
    let all = Category::all(cx.ledgers(), &context).await?;
    Ok(all.into_iter().filter(|category| category.active).collect())
}

/// The settings, for what everybody may call.
///
/// # Errors
/// When the store fails.
pub async fn settings(cx: &Cx) -> Result<Settings, Refusal> {
    Ok(Settings::load(cx.ledgers(), &public::context(cx.context().act.at)).await?)
}

/// How a report is answered: at once with its number, or where the portal is separated with a token first.
pub fn is_batch(cx: &Cx) -> bool {
    cx.desk().settings().role == Role::Portal
}

/// `GET services`: with `lat` and `long` outside the city there are none.
///
/// # Errors
/// [`Refusal`].
pub async fn list(cx: &Cx) -> Answered {
    let asked = Asked::of(cx, &["lat", "long"])?;
    let settings = settings(cx).await?;
    jurisdiction(asked.text("jurisdiction_id"), &settings)?;
    let place = place(&asked)?;
    let here = place.is_none_or(|place| settings.takes(place));
    let categories = if here { taken(cx).await? } else { Vec::new() };
    let lang = cx.lang();
    let kind = if is_batch(cx) { "batch" } else { "realtime" };
    let service = |category: &Category| -> Thing {
        vec![
            ("service_code", Value::text(&category.code)),
            ("service_name", Value::text(category.name(lang))),
            ("description", Value::text(&category.about)),
            ("metadata", Value::Yes(!category.questions.is_empty())),
            ("type", Value::text(kind)),
            ("keywords", Value::text(&category.keywords)),
            ("group", Value::text(&group(&category.group, lang))),
        ]
    };
    Ok(Answer::List("services", "service", categories.iter().map(service).collect()))
}

fn place(asked: &Asked) -> Result<Option<crate::rules::Place>, Refusal> {
    if !asked.has("lat") && !asked.has("long") {
        return Ok(None);
    }
    let number = |name: &str| asked.text(name).parse::<f64>().ok();
    let place = number("lat").zip(number("long")).and_then(|(lat, long)| crate::rules::Place::new(lat, long));
    place.map(Some).ok_or_else(|| {
        Refusal::bad("lat and long must be degrees of latitude (-90 to 90) and longitude (-180 to 180).")
    })
}

/// What a group of categories is called.
fn group(key: &str, lang: Lang) -> String {
    crate::words(lang).get(match key {
        "road" => "group-road",
        "park" => "group-park",
        "sewer" => "group-sewer",
        "waste" => "group-waste",
        _ => "group-other",
    })
}

/// `GET services/{code}`
///
/// # Errors
/// [`Refusal`]: 404 for a code that is not there.
pub async fn definition(cx: &Cx, code: &str) -> Answered {
    let asked = Asked::of(cx, &[])?;
    jurisdiction(asked.text("jurisdiction_id"), &settings(cx).await?)?;
    let categories = taken(cx).await?;
    let category = categories.iter().find(|category| category.code == code);
    let category = category.ok_or_else(|| Refusal::not_found("The service_code was not found."))?;
    let lang = cx.lang();
    let attributes = (1..).zip(&category.questions).map(|(order, question)| attribute(question, order, lang));
    Ok(Answer::One(
        "service_definition",
        vec![
            ("service_code", Value::text(&category.code)),
            ("attributes", Value::Things("attribute", attributes.collect())),
        ],
    ))
}

fn attribute(question: &Question, order: i64, lang: Lang) -> Thing {
    let is_notice = question.datatype == "notice";
    let description = match lang {
        Lang::En | Lang::Vi if !question.question_en.is_empty() => &question.question_en,
        _ => &question.question,
    };
    let value = |(key, name): &(String, String)| vec![("key", Value::text(key)), ("name", Value::text(name))];
    let values = question.values.iter().map(value);
    vec![
        ("variable", Value::Yes(!is_notice)),
        ("code", Value::text(&question.code)),
        ("datatype", Value::text(if is_notice { "text" } else { &question.datatype })),
        ("required", Value::Yes(question.required && !is_notice)),
        ("datatype_description", Value::Nothing),
        ("order", Value::Count(order)),
        ("description", Value::text(description)),
        ("values", Value::Things("value", values.collect())),
    ]
}

/// `GET discovery`
///
/// # Errors
/// When the store fails.
pub async fn discovery(cx: &Cx) -> Answered {
    let settings = settings(cx).await?;
    let changeset = changeset(cx).await?;
    let origin = cx.origin().map(|origin| origin.as_str().trim_end_matches('/').to_owned()).unwrap_or_default();
    let is_test = cx.city().city.is_training() || cx.desk().settings().demo;
    let formats = ["text/xml", "application/json"].map(str::to_owned).to_vec();
    let endpoint = vec![
        ("specification", Value::text("http://wiki.open311.org/GeoReport_v2")),
        ("url", Value::Text(format!("{origin}{BASE}"))),
        ("changeset", Value::text(&changeset)),
        ("type", Value::text(if is_test { "test" } else { "production" })),
        ("formats", Value::Texts("format", formats)),
    ];
    let contact = if settings.contact.is_empty() { cx.city_name() } else { &settings.contact };
    Ok(Answer::One(
        "discovery",
        vec![
            ("changeset", Value::text(&changeset)),
            ("contact", Value::text(contact)),
            ("key_service", Value::text(&settings.key_service)),
            ("endpoints", Value::Things("endpoint", vec![endpoint])),
        ],
    ))
}

/// Changes when what can be reported changes: the latest change of a category, and a mark of what they all say.
async fn changeset(cx: &Cx) -> Result<String, Refusal> {
    let context = public::context(cx.context().act.at);
    let request = crate::ledger::ListRequest::all();
    let records = crate::records::all(cx.ledgers(), &context, crate::definitions::CATEGORY, request).await?;
    let latest = records.iter().map(|record| record.updated_at).max();
    let mut hashed = Sha256::new();
    for record in &records {
        hashed.update(record.id.0.as_bytes());
        hashed.update(record.revision.to_be_bytes());
    }
    let mark: String = hashed.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(latest.map_or(mark.clone(), |at| format!("{} {mark}", written(at))))
}
