//! What a city may begin with, and reports for the demo city.
//!
//! Categories, reply templates and authorities are useful to every city and entered by `kawasemi reports defaults`; what is there
//! already is left alone. The demo's reports are made up by a fixed rule, say that they are samples, and tell of no one.

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::acts::{publish, state};
use crate::definitions::{AUTHORITY, CATEGORY, REPORT, SETTING, TEMPLATE};
use crate::intake::{Submission, text};
use crate::kernel::geometry::BoundingBox;
use crate::kernel::{ChildRow, Fields, Geometry, Value};
use crate::ledger::select::cql_text;
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::platform::identity::Context;
use crate::platform::{Report as Told, Work, WorkError};
use crate::records::{Category, Report, Settings};
use crate::rules::{Place, State};

const CATEGORIES: &str = include_str!("../sample/categories.csv");
const TEMPLATES: &str = include_str!("../sample/templates.csv");
const AUTHORITIES: &str = include_str!("../sample/authorities.csv");
const AREA: &str = include_str!("../sample/ayase-area.geojson");

/// The code of the city whose area is known.
const AYASE: &str = "142182";
/// Reports of the demo.
const REPORTS: u64 = 60;

/// What residents might write, by category.
const WORDS: [(&str, &str); 11] = [
    ("road.pothole", "（見本）車道に穴があいています。自転車が避けて通っています。"),
    ("road.subsidence", "（見本）アスファルトが沈んで、くぼんでいます。"),
    ("road.gutter", "（見本）側溝の蓋がずれて、歩くと音がします。"),
    ("road.sign", "（見本）カーブミラーの向きが変わって、見えません。"),
    ("road.light", "（見本）夜になっても街灯がつきません。"),
    ("road.tree", "（見本）枝が歩道に張り出しています。"),
    ("road.object", "（見本）道の端に段ボールが落ちています。"),
    ("park.play", "（見本）ブランコの座板にひびがあります。"),
    ("park.other", "（見本）ベンチの板が外れています。"),
    ("sewer.manhole", "（見本）マンホールの周りに段差があります。"),
    ("waste.dump", "（見本）家電が捨てられています。"),
];

/// Loads what the demo city has.
pub fn load(work: Work) -> BoxFuture<'static, Result<Told, WorkError>> {
    Box::pin(async move {
        let context = work.context.clone().because("見本データ");
        begin(&work, &context).await?;
        let there = work.ledgers.count(&context, REPORT, &ListRequest::all(), 1).await?.count;
        if there > 0 {
            let text = "通報の見本データは、すでに入っています。".to_owned();
            return Ok(Told { text, json: serde_json::json!({ "reports": 0 }) });
        }
        let made = reports(&work, &context).await?;
        let text = format!("通報の見本データ（{made}件）を入れました。");
        Ok(Told { text, json: serde_json::json!({ "reports": made }) })
    })
}

/// `kawasemi reports defaults`
pub fn defaults(work: Work) -> BoxFuture<'static, Result<Told, WorkError>> {
    Box::pin(async move {
        let context = work.context.clone().because("通報の初期設定");
        let added = begin(&work, &context).await?;
        let text = format!("通報の種類・文例・連絡先・設定を{added}件加えました。すでにあるものは変えていません。");
        Ok(Told { text, json: serde_json::json!({ "added": added }) })
    })
}

/// Enters what a city begins with, as far as it is not there.
async fn begin(work: &Work, context: &Context) -> Result<usize, WorkError> {
    let mut added = 0;
    for (place, row) in (1..).zip(rows(CATEGORIES)?) {
        let mut draft = Draft::new().with("sort_order", place * 10_i64).with("active", true);
        for (key, cell) in &row {
            draft.set(key, value(work, key, cell));
        }
        added += usize::from(add(work, context, CATEGORY, "code", draft).await?);
    }
    for (ledger, file) in [(TEMPLATE, TEMPLATES), (AUTHORITY, AUTHORITIES)] {
        for row in rows(file)? {
            let draft = row.iter().fold(Draft::new(), |draft, (key, cell)| draft.with(key.as_str(), text(cell)));
            added += usize::from(add(work, context, ledger, "name", draft).await?);
        }
    }
    let mut settings = Draft::new().with("name", "設定");
    if work.city.code() == AYASE
        && let Some(area) = area()
    {
        settings.set("area", Value::Geometry(area));
    }
    added += usize::from(add(work, context, SETTING, "name", settings).await?);
    Ok(added)
}

/// Adds a record unless one with the same key is there.
async fn add(work: &Work, context: &Context, ledger: &str, key: &str, draft: Draft) -> Result<bool, LedgerError> {
    let wanted = draft.get(key).and_then(Value::as_text).unwrap_or_default().to_owned();
    let known = ListRequest::filtered(format!("{key} = {}", cql_text(&wanted)));
    if work.ledgers.count(context, ledger, &known, 1).await?.count > 0 {
        return Ok(false);
    }
    work.ledgers.create(context, ledger, draft).await?;
    Ok(true)
}

fn rows(file: &str) -> Result<Vec<Vec<(String, String)>>, WorkError> {
    let failed = |source: csv::Error| WorkError::Failed {
        message: "通報の初期設定を読めません。".to_owned(),
        source: Box::new(source),
    };
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let heads = reader.headers().map_err(failed)?.clone();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        rows.push(heads.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect());
    }
    Ok(rows)
}

/// A cell of the categories as its field holds it.
fn value(work: &Work, key: &str, cell: &str) -> Value {
    match key {
        _ if cell.is_empty() => Value::Null,
        "urgent" | "rounds_position" => Value::Bool(cell == "true"),
        "questions" => Value::Rows(vec![question(work, cell)]),
        _ if key.ends_with("_m") || key.ends_with("_days") || key.ends_with("_hours") => {
            cell.parse().map_or(Value::Null, Value::Int)
        }
        _ => Value::from(cell),
    }
}

fn question(work: &Work, cell: &str) -> ChildRow {
    let mut fields = Fields::new();
    for (key, part) in ["code", "question", "question_en", "datatype", "values"].into_iter().zip(cell.split('|')) {
        fields.insert(key.to_owned(), Value::from(part));
    }
    ChildRow { id: work.ids.next(), fields }
}

/// The area of Ayase.
fn area() -> Option<Geometry> {
    let json: serde_json::Value = serde_json::from_str(AREA).ok()?;
    Geometry::from_geojson(json.get("features")?.get(0)?.get("geometry")?).ok()
}

/// Makes reports up: spread over the area and the last months, some of them repaired.
async fn reports(work: &Work, context: &Context) -> Result<u64, WorkError> {
    let categories = Category::all(&work.ledgers, context).await?;
    let settings = Settings::load(&work.ledgers, context).await?;
    let square = settings.area.as_ref().map(Geometry::bounding_box);
    let square = square.unwrap_or(BoundingBox { west: 139.41, south: 35.41, east: 139.45, north: 35.46 });
    let mut draw = Draw(20_260_401);
    let mut made = 0;
    while made < REPORTS {
        let place = Place::new(draw.between(square.south, square.north), draw.between(square.west, square.east));
        let Some(place) = place.filter(|place| settings.takes(*place)) else { continue };
        let (code, words) = WORDS[draw.below(WORDS.len())];
        let Some(category) = categories.iter().find(|category| category.code == code) else { break };
        let hours = i64::try_from(draw.below(24 * 120)).unwrap_or(0);
        let received = context.act.at - SignedDuration::from_hours(hours);
        one(work, context, category, place, words, received, &mut draw).await?;
        made += 1;
        (work.progress)(made, Some(REPORTS));
    }
    Ok(made)
}

async fn one(
    work: &Work,
    context: &Context,
    category: &Category,
    place: Place,
    words: &str,
    received: Timestamp,
    draw: &mut Draw,
) -> Result<(), LedgerError> {
    let (ledgers, id) = (&work.ledgers, work.ids.next());
    let submission = Submission {
        category: category.id.0,
        place: Some((place.latitude, place.longitude)),
        description: words.to_owned(),
        language: "ja".to_owned(),
        channel: "web".to_owned(),
        received_at: Some(received),
        ..Submission::default()
    };
    let draft = submission.draft(ledgers, context, id, context.act.at).await?;
    ledgers.create(context, REPORT, draft).await?;
    let age = context.act.at.duration_since(received).as_hours() / 24;
    if age < 2 && draw.below(3) > 0 {
        return Ok(());
    }
    let read = async |id: Uuid| ledgers.get(context, REPORT, crate::kernel::RecordId(id)).await;
    let report = Report::of(&read(id).await?);
    let decision = publish::Decision {
        shown: true,
        description: words.to_owned(),
        revision: report.revision,
        ..publish::Decision::default()
    };
    publish::decide(ledgers, context, &report, &decision).await?;
    let next = match (age, draw.below(10)) {
        (20.., 0..8) => State::Done,
        (20.., 8) => State::NoAction,
        (5.., 0..5) => State::Done,
        (_, 5..7) => State::Scheduled,
        (_, 7) => State::InProgress,
        (_, 8) => State::Investigating,
        _ => return Ok(()),
    };
    let days = i64::try_from(draw.below(12)).unwrap_or(0).min(age);
    let mut then = context.clone();
    then.act.at = (received + SignedDuration::from_hours(24 * days + 3)).min(context.act.at);
    let report = Report::of(&read(id).await?);
    let new = state::NewState { state: next, note: "", revision: report.revision };
    state::set(ledgers, &then, &report, &new).await
}

/// Numbers that look drawn and are always the same (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most as u64).max(1)).unwrap_or(0)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        low + (high - low) * part
    }
}
