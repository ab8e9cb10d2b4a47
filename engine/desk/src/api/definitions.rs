//! Which ledgers there are, and what their records hold, as far as the caller may know.

use axum::extract::Path;
use kawasemi_identity::grants::Access;
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};
use serde_json::{Value as Json, json};

use crate::problem::Problem;
use crate::request::Cx;

/// `GET /api/v1/ledgers`
pub async fn list(cx: Cx) -> Result<axum::Json<Json>, Problem> {
    let mut ledgers = Vec::new();
    for def in cx.ledgers().visible(cx.context())? {
        let (def, access) = cx.ledgers().open(cx.context(), &def.key)?;
        ledgers.push(head(&cx, &def, &access));
    }
    Ok(axum::Json(json!({ "ledgers": ledgers })))
}

/// `GET /api/v1/ledgers/{ledger}`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<axum::Json<Json>, Problem> {
    let (def, access) = cx.ledgers().open(cx.context(), &ledger)?;
    let mut body = head(&cx, &def, &access);
    body["fields"] = access.visible_fields(Action::Read).map(|field| described(&cx, field)).collect();
    Ok(axum::Json(body))
}

fn head(cx: &Cx, def: &LedgerDef, access: &Access) -> Json {
    let actions: Vec<Action> = Action::ALL.into_iter().filter(|action| access.may(*action)).collect();
    json!({
        "key": def.key,
        "title": def.title.get(cx.lang()),
        "description": def.description.get(cx.lang()),
        "actions": actions,
        "records": format!("/api/v1/ledgers/{}/records", def.key),
    })
}

fn described(cx: &Cx, field: &FieldDef) -> Json {
    let mut body = json!({
        "key": field.key,
        "label": field.label.get(cx.lang()),
        "type": field.kind.field_type(),
        "required": field.required,
        "clearance": field.clearance,
    });
    let choices = field.kind.choices();
    if !choices.is_empty() {
        let shown =
            choices.iter().map(|c| json!({ "key": c.key, "label": c.label.get(cx.lang()), "retired": c.retired }));
        body["choices"] = shown.collect();
    }
    match &field.kind {
        FieldKind::Reference { target } => body["target"] = json!(target),
        FieldKind::Decimal { scale, unit, .. } => {
            body["scale"] = json!(scale);
            body["unit"] = json!(unit);
        }
        FieldKind::Integer { unit, .. } => body["unit"] = json!(unit),
        FieldKind::Rows { fields, .. } => body["fields"] = fields.iter().map(|f| described(cx, f)).collect(),
        _ => {}
    }
    body
}
