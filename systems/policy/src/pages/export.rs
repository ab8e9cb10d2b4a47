//! The board as data: CSV with a row for each initiative, JSON with everything under it. Fields and their labels come from the
//! ledgers' definitions, as far as the caller may see them, so that a new field is in the export without being named here.
//!
//! The public files are made with a visitor's powers whoever asks, and so hold what is published and nothing else. A cell that
//! a spreadsheet would run as a formula is guarded.

use std::collections::HashMap;

use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value as Json, json};

use super::pieces::year_asked;
use super::public::visitor;
use crate::board::Board;
use crate::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE, REVIEW, STATEMENT, THEME};
use crate::kernel::csv_safe::guard;
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{RecordId, Value};
use crate::ledger::field::{self, Labels, Style};
use crate::ledger::{LedgerError, ListRequest, Visible};
use crate::platform::desk::{Cx, Problem};
use crate::platform::identity::Context;
use crate::records;
use crate::schema::{Action, FieldDef, FieldKind};

/// `GET /desk/policy/export.csv`
pub async fn staff_csv(cx: Cx) -> Result<Response, Problem> {
    csv_of(&cx, cx.context()).await
}

/// `GET /desk/policy/export.json`
pub async fn staff_json(cx: Cx) -> Result<Response, Problem> {
    json_of(&cx, cx.context()).await
}

/// `GET /board.csv`
pub async fn public_csv(cx: Cx) -> Result<Response, Problem> {
    csv_of(&cx, &visitor(&cx)).await
}

/// `GET /board.json`
pub async fn public_json(cx: Cx) -> Result<Response, Problem> {
    json_of(&cx, &visitor(&cx)).await
}

/// The year that is asked for, of those that this caller may see.
async fn year(cx: &Cx, context: &Context) -> Result<FiscalYear, LedgerError> {
    Ok(year_asked(cx, &Board::years(cx.ledgers(), context).await?))
}

/// The records of a ledger that may be exported, with their fields and the names of what they refer to.
struct Part {
    fields: Vec<FieldDef>,
    records: Vec<Visible>,
    labels: Labels,
}

impl Part {
    async fn load(cx: &Cx, context: &Context, ledger: &str, request: ListRequest) -> Result<Self, LedgerError> {
        let (_, access) = cx.ledgers().open(context, ledger)?;
        if !access.may(Action::Export) {
            return Err(LedgerError::Forbidden { action: Action::Export });
        }
        // What the paper said is the import's own book-keeping, and whether something is published shows by its being there.
        let is_content = |field: &&FieldDef| !field.key.starts_with("paper_");
        let fields = access.visible_fields(Action::Export).filter(is_content).cloned().collect();
        let records = records::all(cx.ledgers(), context, ledger, request).await?;
        let labels = cx.ledgers().labels(context, ledger, &records).await?;
        Ok(Self { fields, records, labels })
    }

    /// The records by that to which a field refers.
    fn by(&self, key: &str) -> HashMap<RecordId, Vec<Json>> {
        let mut groups: HashMap<RecordId, Vec<Json>> = HashMap::new();
        for record in &self.records {
            if let Some(id) = record.get(key).as_record() {
                groups.entry(id).or_default().push(Json::Object(self.object(record, &[key])));
            }
        }
        groups
    }

    /// A record as a JSON object without some of its fields; references with their names.
    fn object(&self, record: &Visible, without: &[&str]) -> Map<String, Json> {
        let mut object = Map::new();
        object.insert("id".to_owned(), record.id.to_string().into());
        for field in self.fields.iter().filter(|field| !without.contains(&field.key.as_str())) {
            let value = record.get(&field.key);
            object.insert(field.key.clone(), self.json(field, value));
        }
        object
    }

    fn json(&self, field: &FieldDef, value: &Value) -> Json {
        match (&field.kind, value) {
            (FieldKind::Reference { .. }, Value::Record(id)) => {
                let name = self.labels.get(id).cloned().unwrap_or_default();
                json!({ "id": id.to_string(), "name": name })
            }
            _ => field::to_json(field, value),
        }
    }
}

async fn csv_of(cx: &Cx, context: &Context) -> Result<Response, Problem> {
    let year = year(cx, context).await?;
    let request = ListRequest::filtered(format!("fiscal_year = {year}"));
    let part = Part::load(cx, context, INITIATIVE, request).await?;
    let board = Board::load(cx.ledgers(), context, year).await?;
    let style = Style::file().with_labels(&part.labels);
    let failed = |error: &dyn std::error::Error| Problem::internal(error);
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let headings = part.fields.iter().map(|field| field.label.ja().to_owned()).chain(["指標".to_owned()]);
    writer.write_record(headings).map_err(|error| failed(&error))?;
    for record in &part.records {
        let indicators = board.indicators(record.id).iter().map(|indicator| {
            let measured = board.measured(indicator);
            let actual =
                measured.latest.map(|(on, value)| format!("{value}{}（{on}）", indicator.unit)).unwrap_or_default();
            let target =
                indicator.target_value.map(|target| format!(" 目標{target}{}", indicator.unit)).unwrap_or_default();
            format!("{} {actual}{target}", indicator.name)
        });
        let indicators = indicators.collect::<Vec<_>>().join("\n");
        let cells = part.fields.iter().map(|field| field::show(field, record.get(&field.key), &style));
        let cells = cells.chain([indicators]).map(|cell| guard(&cell).into_owned());
        writer.write_record(cells).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.error()))?;
    Ok(file("text/csv; charset=utf-8", &format!("policy-{year}.csv"), bytes))
}

async fn json_of(cx: &Cx, context: &Context) -> Result<Response, Problem> {
    let year = year(cx, context).await?;
    let of_year = || ListRequest::filtered(format!("fiscal_year = {year}"));
    let statements = Part::load(cx, context, STATEMENT, of_year()).await?;
    let themes = Part::load(cx, context, THEME, ListRequest::all()).await?;
    let initiatives = Part::load(cx, context, INITIATIVE, of_year()).await?;
    let indicators = Part::load(cx, context, INDICATOR, of_year()).await?;
    let from_year = ListRequest::filtered(format!("as_of >= DATE('{}')", year.first_day()));
    let mut actuals = Part::load(cx, context, INDICATOR_ACTUAL, from_year).await?.by("indicator");
    let mut reviews = Part::load(cx, context, REVIEW, of_year()).await?.by("initiative");
    let mut under: HashMap<RecordId, Vec<Json>> = HashMap::new();
    for record in &indicators.records {
        let Some(initiative) = record.get("initiative").as_record() else { continue };
        let mut object = indicators.object(record, &["initiative"]);
        object.insert("actuals".to_owned(), actuals.remove(&record.id).unwrap_or_default().into());
        under.entry(initiative).or_default().push(object.into());
    }
    let all = initiatives.records.iter().map(|record| {
        let mut object = initiatives.object(record, &[]);
        object.insert("indicators".to_owned(), under.remove(&record.id).unwrap_or_default().into());
        object.insert("reviews".to_owned(), reviews.remove(&record.id).unwrap_or_default().into());
        Json::Object(object)
    });
    let all: Vec<Json> = all.collect();
    let objects =
        |part: &Part| part.records.iter().map(|record| part.object(record, &[]).into()).collect::<Vec<Json>>();
    let body = json!({
        "city": cx.city_name(),
        "fiscal_year": year.year(),
        "generated_at": context.act.at.to_string(),
        "departments": objects(&statements),
        "themes": objects(&themes),
        "initiatives": all,
    });
    let bytes = serde_json::to_vec_pretty(&body).map_err(|error| Problem::internal(&error))?;
    Ok(file("application/json", &format!("policy-{year}.json"), bytes))
}

/// A file to keep.
fn file(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}
