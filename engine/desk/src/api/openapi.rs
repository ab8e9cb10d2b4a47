//! The OpenAPI 3.1 document of the API, made from the definitions in force and what the caller may do with them. The changes
//! of ledgers and the messages of webhooks are described in [`super::openapi_changes`].

use kawasemi_identity::grants::Access;
use kawasemi_schema::raw::FieldType;
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};
use serde_json::{Map, Value as Json, json};

use super::openapi_changes;
use crate::problem::Problem;
use crate::request::Cx;

/// `GET /api/openapi.json`
pub async fn document(cx: Cx) -> Result<axum::Json<Json>, Problem> {
    let (mut paths, mut schemas, mut tags) = (Map::new(), Map::new(), Vec::new());
    for def in cx.ledgers().visible(cx.context())? {
        let (def, access) = cx.ledgers().open(cx.context(), &def.key)?;
        if !access.may(Action::Read) {
            continue;
        }
        tags.push(json!({ "name": def.key, "description": def.title.get(cx.lang()) }));
        schemas.insert(def.key.clone(), record_schema(&cx, &def, &access));
        add_paths(&mut paths, &cx, &def, &access);
        openapi_changes::add_paths(&mut paths, &def.key, def.title.get(cx.lang()));
    }
    add_calculations(&mut paths, &cx);
    schemas.insert("problem".to_owned(), problem_schema());
    schemas.insert("change".to_owned(), openapi_changes::change_schema());
    Ok(axum::Json(json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} カワセミ API", cx.city_name()),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "台帳の記録を読み書きします。権限のある台帳と項目だけが載ります。",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "token": [] }],
        "tags": tags,
        "paths": paths,
        "webhooks": openapi_changes::webhooks(),
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas,
            "responses": { "problem": {
                "description": "できなかった理由（RFC 9457）",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } },
            } },
        },
    })))
}

fn add_paths(paths: &mut Map<String, Json>, cx: &Cx, def: &LedgerDef, access: &Access) {
    let (key, title) = (&def.key, def.title.get(cx.lang()));
    let reference = json!({ "$ref": format!("#/components/schemas/{key}") });
    let one = json!({ "description": "記録", "content": { "application/json": { "schema": reference } } });
    let problem = json!({ "$ref": "#/components/responses/problem" });
    let page = json!({ "type": "object", "required": ["records", "next"], "properties": {
        "records": { "type": "array", "items": reference },
        "next": { "type": ["string", "null"], "description": "続きの位置（cursor に渡す）" },
    } });
    let mut collection = json!({ "get": {
        "tags": [key], "operationId": format!("list_{}", key.replace('-', "_")), "summary": format!("{title}の一覧"),
        "parameters": list_parameters(),
        "responses": {
            "200": { "description": "一覧の1ページ", "content": { "application/json": { "schema": page } } },
            "default": problem,
        },
    } });
    let body = json!({ "required": true, "content": { "application/json": { "schema": reference } } });
    if access.may(Action::Create) {
        collection["post"] = json!({
            "tags": [key], "operationId": format!("create_{}", key.replace('-', "_")), "summary": format!("{title}の登録"),
            "requestBody": body, "responses": { "201": one, "default": problem },
        });
    }
    paths.insert(format!("/api/v1/ledgers/{key}/records"), collection);
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } });
    let tag = json!({ "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" },
        "description": "もとにした版（revision）" });
    let mut single = json!({ "parameters": [id], "get": {
        "tags": [key], "operationId": format!("get_{}", key.replace('-', "_")), "summary": format!("{title}の記録"),
        "responses": { "200": one, "default": problem },
    } });
    if access.may(Action::Update) {
        single["patch"] = json!({
            "tags": [key], "operationId": format!("update_{}", key.replace('-', "_")), "summary": format!("{title}の変更"),
            "parameters": [tag], "requestBody": body, "responses": { "200": one, "default": problem },
        });
    }
    if access.may(Action::Delete) {
        single["delete"] = json!({
            "tags": [key], "operationId": format!("delete_{}", key.replace('-', "_")), "summary": format!("{title}の削除"),
            "parameters": [tag], "responses": { "204": { "description": "削除した" }, "default": problem },
        });
    }
    paths.insert(format!("/api/v1/ledgers/{key}/records/{{id}}"), single);
}

fn list_parameters() -> Json {
    let text = |name: &str, about: &str| json!({ "name": name, "in": "query", "required": false, "description": about, "schema": { "type": "string" } });
    json!([
        text("filter", "条件（OGC CQL2）"),
        { "name": "filter-lang", "in": "query", "required": false,
          "schema": { "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text" } },
        text("sort", "並び順。コンマ区切り、- で降順（例 -updated_at,name）"),
        text("fields", "返す項目。コンマ区切り"),
        text("q", "全文検索"),
        { "name": "limit", "in": "query", "required": false,
          "schema": { "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 } },
        text("cursor", "前のページの next"),
        text("view", "保存した表示"),
    ])
}

fn add_calculations(paths: &mut Map<String, Json>, cx: &Cx) {
    for calculation in cx.desk().calculations() {
        let properties: Map<String, Json> = calculation
            .inputs
            .iter()
            .map(|slot| (slot.key.to_owned(), json!({ "description": slot.label })))
            .chain([("as_of".to_owned(), json!({ "type": "string", "description": "基準日" }))])
            .collect();
        let required: Vec<&str> = calculation.inputs.iter().filter(|slot| slot.required).map(|slot| slot.key).collect();
        paths.insert(
            format!("/api/calc/{}", calculation.key),
            json!({ "post": {
                "operationId": format!("calc_{}", calculation.key.replace('-', "_")),
                "summary": calculation.title,
                "description": calculation.basis,
                "requestBody": { "required": true, "content": { "application/json": { "schema": {
                    "type": "object", "properties": properties, "required": required,
                } } } },
                "responses": {
                    "200": { "description": "結果と計算の過程", "content": { "application/json": { "schema": { "type": "object" } } } },
                    "default": { "$ref": "#/components/responses/problem" },
                },
            } }),
        );
    }
}

fn record_schema(cx: &Cx, def: &LedgerDef, access: &Access) -> Json {
    let mut properties = Map::new();
    let instant = json!({ "type": "string", "format": "date-time", "readOnly": true });
    properties.insert("id".to_owned(), json!({ "type": "string", "format": "uuid" }));
    properties.insert("number".to_owned(), json!({ "type": ["string", "null"], "readOnly": true }));
    properties.insert("revision".to_owned(), json!({ "type": "integer", "readOnly": true }));
    properties.insert("created_at".to_owned(), instant.clone());
    properties.insert("updated_at".to_owned(), instant);
    let fields: Vec<&FieldDef> = access.visible_fields(Action::Read).collect();
    for field in &fields {
        properties.insert(field.key.clone(), field_schema(cx, field));
    }
    json!({ "type": "object", "description": def.description.get(cx.lang()), "properties": properties })
}

fn field_schema(cx: &Cx, field: &FieldDef) -> Json {
    let mut schema = kind_schema(cx, &field.kind);
    schema["title"] = json!(field.label.get(cx.lang()));
    if !field.hint.is_empty() {
        schema["description"] = json!(field.hint.get(cx.lang()));
    }
    schema
}

fn kind_schema(cx: &Cx, kind: &FieldKind) -> Json {
    let keys = || kind.choices().iter().map(|c| json!(c.key)).chain([Json::Null]).collect::<Vec<Json>>();
    match kind.field_type() {
        FieldType::Integer | FieldType::Yen | FieldType::FiscalYear => json!({ "type": ["integer", "null"] }),
        FieldType::Decimal => json!({ "type": ["string", "null"], "description": "小数（文字列）" }),
        FieldType::Date => json!({ "type": ["string", "null"], "format": "date" }),
        FieldType::DateTime => json!({ "type": ["string", "null"], "format": "date-time" }),
        FieldType::YesNo => json!({ "type": ["boolean", "null"] }),
        FieldType::Choice => json!({ "type": ["string", "null"], "enum": keys() }),
        FieldType::Choices => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        FieldType::Reference => json!({ "type": ["string", "null"], "format": "uuid" }),
        FieldType::PersonName => json!({ "type": ["object", "null"], "properties": {
            "name": { "type": "string" }, "kana": { "type": "string" } } }),
        FieldType::Address => json!({ "type": ["object", "null"], "properties": {
            "postcode": { "type": "string" }, "text": { "type": "string" } } }),
        FieldType::Point | FieldType::Line | FieldType::Polygon => {
            json!({ "type": ["object", "null"], "description": "GeoJSONの形" })
        }
        FieldType::Files => json!({ "type": ["array", "null"], "items": { "type": "object" } }),
        FieldType::Rows => match kind {
            FieldKind::Rows { fields, .. } => {
                let members: Map<String, Json> = fields.iter().map(|f| (f.key.clone(), field_schema(cx, f))).collect();
                json!({ "type": ["array", "null"], "items": { "type": "object", "properties": members } })
            }
            _ => json!({}),
        },
        FieldType::Computed => match kind {
            FieldKind::Computed { result, .. } => {
                let mut schema = kind_schema(cx, result);
                schema["readOnly"] = json!(true);
                schema
            }
            _ => json!({}),
        },
        FieldType::Text
        | FieldType::LongText
        | FieldType::YearMonth
        | FieldType::Phone
        | FieldType::Mail
        | FieldType::Url => {
            json!({ "type": ["string", "null"] })
        }
    }
}

fn problem_schema() -> Json {
    json!({ "type": "object", "required": ["type", "title", "status", "detail", "reference"], "properties": {
        "type": { "type": "string" },
        "title": { "type": "string" },
        "status": { "type": "integer" },
        "detail": { "type": "string" },
        "instance": { "type": "string" },
        "reference": { "type": "string", "description": "お問い合わせのときに伝える番号" },
        "errors": { "type": "array", "items": { "type": "object", "properties": {
            "field": { "type": "string" }, "message": { "type": "string" } } } },
    } })
}
