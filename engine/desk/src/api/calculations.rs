//! Calculations over the API: the same as `kawasemi calc`, with their working.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::calculation::{Calculation, Slot, cell};
use serde_json::{Map, Value as Json, json};

use crate::problem::{FieldProblem, Problem};
use crate::request::Cx;

/// `GET /api/calc`
pub async fn list(cx: Cx) -> axum::Json<Json> {
    let slot = |slot: &Slot| json!({ "key": slot.key, "label": slot.label, "required": slot.required });
    let described = |c: &Calculation| {
        json!({
            "name": c.key,
            "title": c.title,
            "basis": c.basis,
            "inputs": c.inputs.iter().map(slot).collect::<Vec<Json>>(),
            "outputs": c.outputs.iter().map(slot).collect::<Vec<Json>>(),
        })
    };
    axum::Json(json!({ "calculations": cx.desk().calculations().map(described).collect::<Vec<Json>>() }))
}

/// `POST /api/calc/{name}` with the inputs as one JSON object; `as_of` is today where it is not sent.
pub async fn run(
    cx: Cx,
    Path(name): Path<String>,
    axum::Json(body): axum::Json<Map<String, Json>>,
) -> Result<Response, Problem> {
    let calculation = cx.desk().calculations().find(|c| c.key == name).ok_or_else(Problem::not_found)?;
    let texts: Vec<(String, String)> = body
        .into_iter()
        .map(|(key, value)| (key, value.as_str().map_or_else(|| text(&value), str::to_owned)))
        .collect();
    let given = |key: &str| texts.iter().find(|(k, _)| k == key).map(|(_, text)| text.as_str());
    let as_of = match given("as_of") {
        None | Some("") => cx.context().today(),
        Some(text) => {
            kawasemi_kernel::era::parse_date(text).map_err(|error| Problem::bad_request(error.to_string()))?
        }
    };
    if let Some((key, _)) =
        texts.iter().find(|(key, _)| key != "as_of" && calculation.inputs.iter().all(|i| i.key != key))
    {
        return Err(Problem::bad_request(format!(
            "「{key}」という入力はありません。GET /api/calc で一覧を見られます。"
        )));
    }
    let inputs = calculation.read(as_of, given).map_err(|mistakes| {
        let named = mistakes.into_iter().map(|m| FieldProblem { field: m.key.to_owned(), message: m.message });
        let problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "入力に誤りがあります",
            "入力を確かめてください。",
        );
        problem.with_fields(named.collect())
    })?;
    let worked = kawasemi_registry::calculations::run(cx.ledgers(), cx.context(), calculation, &inputs)
        .await?
        .map_err(|message| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "計算できません", message))?;
    let outputs: Map<String, Json> =
        calculation.outputs.iter().map(|slot| (slot.key.to_owned(), json!(cell(worked.get(slot.key))))).collect();
    let steps: Vec<Json> = worked.steps().iter().map(|s| json!({ "rule": s.rule, "detail": s.detail })).collect();
    Ok(axum::Json(json!({ "name": name, "as_of": as_of.to_string(), "outputs": outputs, "steps": steps }))
        .into_response())
}

fn text(value: &Json) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}
