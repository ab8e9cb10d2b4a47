//! The definition of the services (OpenAPI 3.0), with the collections that the caller may read.

use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use kawasemi_ledger::places::LARGEST_PAGE;
use serde_json::{Map, Value as Json, json};

use super::collection::{Collection, zone};
use super::collections::{GEOJSON, schema_of};
use super::crs::Crs;
use super::landing::{OPENAPI, accepted};
use super::page::{Form, href, json_of, links, page, shared};
use super::query::only;
use crate::problem::Problem;
use crate::request::Cx;

/// `GET /ogc/api`
pub async fn document(cx: Cx, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let all = Collection::all(&cx)?;
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let body = links([(href(&cx, "/api?f=json"), "OpenAPI 3.0（JSON）".to_owned())]);
        return Ok(page(&cx, "APIの定義", "機械で読む定義です。", body));
    }
    let mut paths = Map::new();
    for (path, id, summary) in [
        ("/", "getLandingPage", "入口"),
        ("/conformance", "getConformanceDeclaration", "対応している規格"),
        ("/collections", "getCollections", "データの一覧"),
        ("/tileMatrixSets", "getTileMatrixSetsList", "タイルの区切り方の一覧"),
        ("/tileMatrixSets/WebMercatorQuad", "getTileMatrixSet", "タイルの区切り方"),
    ] {
        paths.insert(path.to_owned(), operation(id, summary, vec![form(&["json", "html"])], "application/json"));
    }
    for collection in &all {
        described(&cx, collection, &mut paths);
    }
    let body = json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("{}の地理データ", cx.city_name()),
            "description": "台帳のうち地図に示せるものを、OGC API – Features と Tiles で読みます。",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": href(&cx, "") }],
        "tags": [{ "name": "data", "description": "データ" }],
        "paths": paths,
        "components": {
            "schemas": {
                "problem": {
                    "type": "object",
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    });
    Ok(shared(&cx, json_of(&body, OPENAPI)))
}

fn described(cx: &Cx, collection: &Collection, paths: &mut Map<String, Json>) {
    let (key, title) = (&collection.def.key, collection.def.title.get(cx.lang()));
    let id = |verb: &str| format!("{verb}.{key}");
    let below = |part: &str| format!("/collections/{key}{part}");
    let plain = || vec![form(&["json", "html"])];
    let crs: Vec<String> = Crs::offered(zone(cx)).map(Crs::uri).into();
    let crs_of =
        |name: &str| query_parameter(name, "座標系", json!({ "type": "string", "format": "uri", "enum": crs }));
    paths.insert(below(""), operation(&id("describeCollection"), title, plain(), "application/json"));
    paths.insert(below("/queryables"), operation(&id("getQueryables"), title, plain(), "application/schema+json"));
    let mut parameters = vec![
        query_parameter(
            "limit",
            "件数",
            json!({ "type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": 10 }),
        ),
        json!({
            "name": "bbox", "in": "query", "required": false, "style": "form", "explode": false,
            "description": "範囲（西,南,東,北）",
            "schema": { "type": "array", "oneOf": [{ "minItems": 4, "maxItems": 4 }, { "minItems": 6, "maxItems": 6 }], "items": { "type": "number" } },
        }),
        query_parameter("datetime", "日時か区間", json!({ "type": "string" })),
        crs_of("crs"),
        crs_of("bbox-crs"),
        query_parameter("filter", "条件（CQL2）", json!({ "type": "string" })),
        query_parameter("filter-lang", "条件の書き方", json!({ "type": "string", "enum": ["cql2-text", "cql2-json"] })),
        crs_of("filter-crs"),
        json!({
            "name": "properties", "in": "query", "required": false, "style": "form", "explode": false,
            "description": "返す項目", "schema": { "type": "array", "items": { "type": "string" } },
        }),
        query_parameter("cursor", "前のページの続き", json!({ "type": "string" })),
        form(&["json", "geojson", "html"]),
    ];
    let queryables = collection.queryables().filter(|field| !field.kind.is_geometry());
    parameters
        .extend(queryables.map(|field| query_parameter(&field.key, field.label.get(cx.lang()), schema_of(field))));
    paths.insert(below("/items"), operation(&id("getFeatures"), title, parameters, GEOJSON));
    let one = vec![path_parameter("featureId"), crs_of("crs"), form(&["json", "geojson", "html"])];
    paths.insert(below("/items/{featureId}"), operation(&id("getFeature"), title, one, GEOJSON));
    paths.insert(below("/tiles"), operation(&id("getTileSetsList"), title, vec![form(&["json"])], "application/json"));
    let tileset = operation(&id("getTileSet"), title, vec![form(&["json", "tilejson"])], "application/json");
    paths.insert(below("/tiles/WebMercatorQuad"), tileset);
    let place = ["tileMatrix", "tileRow", "tileCol"].map(path_parameter);
    let tile = operation(&id("getTile"), title, place.into(), "application/vnd.mapbox-vector-tile");
    paths.insert(below("/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}"), tile);
}

fn operation(id: &str, summary: &str, parameters: Vec<Json>, kind: &str) -> Json {
    let refused = json!({
        "description": "求め方に誤りがあります",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } },
    });
    json!({
        "get": {
            "tags": ["data"],
            "operationId": id,
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": { "description": summary, "content": { kind: { "schema": {} } } },
                "400": refused,
                "404": { "description": "ありません" },
            },
        },
    })
}

fn form(names: &[&str]) -> Json {
    query_parameter("f", "形式", json!({ "type": "string", "enum": names }))
}

fn query_parameter(name: &str, description: &str, schema: Json) -> Json {
    json!({
        "name": name, "in": "query", "required": false, "style": "form", "explode": false,
        "description": description, "schema": schema,
    })
}

fn path_parameter(name: &str) -> Json {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}
