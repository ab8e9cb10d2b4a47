//! The OpenAPI 3.1 document of the API, made from the definitions in force and what the caller may do with them. The changes
//! of ledgers and the messages of webhooks are described in [`super::openapi_changes`], the records themselves in
//! [`super::openapi_schema`].

use kawasemi_identity::grants::Access;
use kawasemi_schema::{Action, LedgerDef};
use serde_json::{Map, Value as Json, json};

use super::changes::MANY;
use super::{openapi_changes, openapi_schema};
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
        schemas.insert(def.key.clone(), openapi_schema::record(cx.lang(), &def, &access));
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
    let name = key.replace('-', "_");
    let reference = json!({ "$ref": format!("#/components/schemas/{key}") });
    let problem = json!({ "$ref": "#/components/responses/problem" });
    let page = json!({ "type": "object", "required": ["records", "next"], "properties": {
        "records": { "type": "array", "items": reference },
        "next": { "type": ["string", "null"], "description": "続きの位置（cursor に渡す）" },
    } });
    let mut collection = json!({ "get": {
        "tags": [key], "operationId": format!("list_{name}"), "summary": format!("{title}の一覧"),
        "parameters": list_parameters(),
        "responses": {
            "200": { "description": "一覧の1ページ", "content": { "application/json": { "schema": page } } },
            "default": problem,
        },
    } });
    if access.may(Action::Create) {
        let many = json!({ "type": "object", "required": ["created", "refused"], "properties": {
            "created": { "type": "array", "items": { "type": "object" }, "description": "登録した記録の index、id、number、revision" },
            "refused": { "type": "array", "items": { "type": "object" }, "description": "登録できなかった記録の index と理由" },
        } });
        let created = json!({ "oneOf": [reference, many] });
        collection["post"] = json!({
            "tags": [key], "operationId": format!("create_{name}"), "summary": format!("{title}の登録"),
            "description": format!("一件、または{MANY}件までの配列。配列では一件ずつ登録され、登録できなかったものは refused に並ぶ。"),
            "requestBody": { "required": true, "content": { "application/json": { "schema": { "oneOf": [
                reference, { "type": "array", "items": reference, "maxItems": MANY },
            ] } } } },
            "responses": {
                "201": { "description": "登録した", "content": { "application/json": { "schema": created } } },
                "207": { "description": "配列の一部を登録できなかった", "content": { "application/json": { "schema": many } } },
                "default": problem,
            },
        });
    }
    paths.insert(format!("/api/v1/ledgers/{key}/records"), collection);
    paths.insert(
        format!("/api/v1/ledgers/{key}/count"),
        json!({ "get": {
            "tags": [key], "operationId": format!("count_{name}"), "summary": format!("{title}の件数"),
            "parameters": condition_parameters(),
            "responses": { "200": { "description": "件数", "content": { "application/json": { "schema": {
                "type": "object", "required": ["count", "more"], "properties": {
                    "count": { "type": "integer" },
                    "more": { "type": "boolean", "description": "数えるのをやめたところより多いか" },
                } } } } }, "default": problem },
        } }),
    );
    add_single(paths, key, &name, title, access);
}

/// Adds the addresses of one record.
fn add_single(paths: &mut Map<String, Json>, key: &str, name: &str, title: &str, access: &Access) {
    let reference = json!({ "$ref": format!("#/components/schemas/{key}") });
    let one = json!({ "description": "記録", "content": { "application/json": { "schema": reference } } });
    let problem = json!({ "$ref": "#/components/responses/problem" });
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } });
    let tag = |about: &str| json!({ "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" }, "description": about });
    let revision = tag("もとにした版（revision）。ないと 428");
    let mut single = json!({ "parameters": [id], "get": {
        "tags": [key], "operationId": format!("get_{name}"), "summary": format!("{title}の記録"),
        "responses": { "200": one, "default": problem },
    } });
    if access.may(Action::Update) {
        single["patch"] = json!({
            "tags": [key], "operationId": format!("update_{name}"), "summary": format!("{title}の変更"),
            "description": "送った項目だけを変える。もとにした版を If-Match か、本文の revision で示す（ないと 428、古いと 409）。",
            "parameters": [tag("もとにした版（revision）。本文の revision の代わりになる")],
            "requestBody": { "required": true, "content": { "application/json": { "schema": reference } } },
            "responses": { "200": one, "default": problem },
        });
    }
    if access.may(Action::Delete) {
        single["delete"] = json!({
            "tags": [key], "operationId": format!("delete_{name}"), "summary": format!("{title}の削除"),
            "parameters": [revision], "responses": { "204": { "description": "削除した" }, "default": problem },
        });
        paths.insert(
            format!("/api/v1/ledgers/{key}/records/{{id}}/restore"),
            json!({ "parameters": [id], "post": {
                "tags": [key], "operationId": format!("restore_{name}"), "summary": format!("削除した{title}の復元"),
                "parameters": [revision], "responses": { "200": one, "default": problem },
            } }),
        );
    }
    paths.insert(format!("/api/v1/ledgers/{key}/records/{{id}}"), single);
    paths.insert(
        format!("/api/v1/ledgers/{key}/records/{{id}}/history"),
        json!({ "parameters": [id], "get": {
            "tags": [key], "operationId": format!("history_{name}"), "summary": format!("{title}の記録の履歴"),
            "responses": { "200": { "description": "新しい順の版", "content": { "application/json": { "schema": {
                "type": "object", "required": ["revisions", "older"], "properties": {
                    "revisions": { "type": "array", "items": { "type": "object" } },
                    "older": { "description": "もっと古い版の続きの位置" },
                } } } } }, "default": problem },
        } }),
    );
}

fn text(name: &str, about: &str) -> Json {
    json!({ "name": name, "in": "query", "required": false, "description": about, "schema": { "type": "string" } })
}

/// What narrows a list.
fn condition_parameters() -> Vec<Json> {
    let lang = json!({ "name": "filter-lang", "in": "query", "required": false,
        "schema": { "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text" } });
    vec![text("filter", "条件（OGC CQL2）"), lang, text("q", "全文検索"), text("view", "保存した表示")]
}

fn list_parameters() -> Vec<Json> {
    let limit = json!({ "name": "limit", "in": "query", "required": false,
        "schema": { "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 } });
    let rank = json!({ "name": "rank", "in": "query", "required": false, "schema": { "type": "boolean", "default": false },
        "description": "q に当たる記録を関連度の高い順に返す。並び順で先頭の1,000件の中から選ぶ" });
    let mut all = condition_parameters();
    all.extend([
        rank,
        text("sort", "並び順。コンマ区切り、- で降順（例 -updated_at,name）"),
        text("fields", "返す項目。コンマ区切り"),
        limit,
        text("cursor", "前のページの next"),
    ]);
    all
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
