//! Records as the OpenAPI document describes them, as exactly as a JSON Schema can: what it allows is saved unless a rule of the
//! ledger says otherwise.

use kawasemi_identity::grants::Access;
use kawasemi_kernel::Lang;
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};
use serde_json::{Map, Value as Json, json};

/// Digits before the point of a decimal: its value is a 64-bit integer at its scale.
const DECIMAL_DIGITS: usize = 18;

/// A record of a ledger, as far as the caller may see it.
pub fn record(lang: Lang, def: &LedgerDef, access: &Access) -> Json {
    let mut properties = Map::new();
    let mut system = |key: &str, schema: Json| properties.insert(key.to_owned(), schema);
    system("id", json!({ "type": "string", "format": "uuid" }));
    system("number", json!({ "type": ["string", "null"], "readOnly": true }));
    system("revision", json!({ "type": "integer", "minimum": 1 }));
    for at in ["created_at", "updated_at"] {
        system(at, json!({ "type": "string", "format": "date-time", "readOnly": true }));
    }
    for by in ["created_by", "updated_by"] {
        system(by, json!({ "type": ["string", "null"], "readOnly": true }));
    }
    for field in access.visible_fields(Action::Read) {
        properties.insert(field.key.clone(), self::field(lang, field));
    }
    json!({
        "type": "object",
        "description": def.description.get(lang),
        "properties": properties,
        "additionalProperties": false,
    })
}

fn field(lang: Lang, field: &FieldDef) -> Json {
    let mut schema = kind(lang, &field.kind);
    schema["title"] = json!(field.label.get(lang));
    if !field.hint.is_empty() {
        schema["description"] = json!(field.hint.get(lang));
    }
    schema
}

fn kind(lang: Lang, kind: &FieldKind) -> Json {
    match kind {
        FieldKind::Text { max_length } | FieldKind::LongText { max_length } => {
            json!({ "type": ["string", "null"], "maxLength": max_length })
        }
        FieldKind::Integer { min, max, .. } | FieldKind::Yen { min, max } => between(*min, *max),
        FieldKind::Decimal { scale, .. } => {
            let fraction = if *scale == 0 { String::new() } else { format!("(\\.[0-9]{{1,{scale}}})?") };
            json!({
                "type": ["string", "null"],
                "pattern": format!("^-?[0-9]{{1,{}}}{fraction}$", DECIMAL_DIGITS.saturating_sub(usize::from(*scale))),
                "description": "小数（文字列）",
            })
        }
        FieldKind::Date => json!({ "type": ["string", "null"], "format": "date" }),
        FieldKind::DateTime => json!({ "type": ["string", "null"], "format": "date-time" }),
        FieldKind::YearMonth => json!({ "type": ["string", "null"], "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" }),
        FieldKind::FiscalYear => between(Some(1), Some(9998)),
        FieldKind::YesNo => json!({ "type": ["boolean", "null"] }),
        FieldKind::Choice { .. } => {
            let keys = kind.choices().iter().map(|choice| json!(choice.key)).chain([Json::Null]);
            json!({ "type": ["string", "null"], "enum": keys.collect::<Vec<Json>>() })
        }
        FieldKind::Choices { .. } => {
            let keys: Vec<&str> = kind.choices().iter().map(|choice| choice.key.as_str()).collect();
            json!({ "type": ["array", "null"], "items": { "type": "string", "enum": keys } })
        }
        FieldKind::PersonName => parts("name", "kana"),
        FieldKind::Address => parts("text", "postcode"),
        FieldKind::Phone => json!({ "type": ["string", "null"] }),
        FieldKind::CorporateNumber => json!({ "type": ["string", "null"], "pattern": "^[0-9]{13}$" }),
        FieldKind::Mail => json!({ "type": ["string", "null"], "format": "email" }),
        FieldKind::Url => json!({ "type": ["string", "null"], "format": "uri" }),
        FieldKind::Reference { target } => {
            json!({ "type": ["string", "null"], "format": "uuid", "description": format!("{target} の記録") })
        }
        FieldKind::Rows { fields, max_count } => {
            let own = ("id".to_owned(), json!({ "type": "string", "format": "uuid" }));
            let members = fields.iter().map(|member| (member.key.clone(), field(lang, member)));
            let members: Map<String, Json> = std::iter::once(own).chain(members).collect();
            json!({ "type": ["array", "null"], "maxItems": max_count, "items": {
                "type": "object", "properties": members, "additionalProperties": false } })
        }
        FieldKind::Files { max_count, .. } => json!({ "type": ["array", "null"], "maxItems": max_count, "items": {
            "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "format": "uuid" } } } }),
        FieldKind::Point => geometry("Point"),
        FieldKind::Line => geometry("LineString"),
        FieldKind::Polygon => geometry("Polygon"),
        FieldKind::Computed { result, .. } => {
            let mut schema = self::kind(lang, result);
            schema["readOnly"] = json!(true);
            schema
        }
    }
}

fn between(min: Option<i64>, max: Option<i64>) -> Json {
    json!({ "type": ["integer", "null"], "minimum": min.unwrap_or(i64::MIN), "maximum": max.unwrap_or(i64::MAX) })
}

/// A value of two texts, the first of which it cannot be without.
fn parts(first: &str, second: &str) -> Json {
    json!({ "type": ["object", "null"], "required": [first], "additionalProperties": false, "properties": {
        first: { "type": "string" }, second: { "type": ["string", "null"] } } })
}

fn geometry(kind: &str) -> Json {
    json!({
        "type": ["object", "null"],
        "description": "GeoJSON の図形（JGD2011、経度・緯度の順）",
        "required": ["type", "coordinates"],
        "properties": {
            "type": { "const": kind },
            "coordinates": { "type": "array" },
        },
    })
}
