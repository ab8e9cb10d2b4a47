//! The collections and what may be asked of them.

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use http::HeaderMap;
use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component as _, SafeHtml};
use serde_json::{Map, Value as Json, json};

use super::collection::{Collection, zone};
use super::crs::{CRS84, Crs};
use super::landing::accepted;
use super::page::{Form, href, json_of, link, links, own_links, page, shared};
use super::query::only;
use crate::problem::Problem;
use crate::request::Cx;

pub(super) const GEOJSON: &str = "application/geo+json";
const SCHEMA: &str = "application/schema+json";

/// `GET /ogc/collections`
pub async fn list(cx: Cx, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let all = Collection::all(&cx)?;
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let entries = all
            .iter()
            .map(|one| (href(&cx, &format!("/collections/{}", one.def.key)), one.def.title.get(cx.lang()).to_owned()));
        return Ok(page(&cx, "データの一覧", "地図に示せる台帳です。", links(entries)));
    }
    let mut collections = Vec::with_capacity(all.len());
    for one in &all {
        collections.push(described(&cx, one).await?);
    }
    let crs = Crs::offered(zone(&cx)).map(Crs::uri);
    let body = json!({
        "links": own_links(&cx, "/collections", "application/json"),
        "crs": crs,
        "collections": collections,
    });
    Ok(shared(&cx, json_of(&body, "application/json")))
}

/// `GET /ogc/collections/{ledger}`
pub async fn show(
    cx: Cx,
    Path(key): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let collection = Collection::open(&cx, &key)?;
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let title = collection.def.title.get(cx.lang());
        let below = |path: &str| href(&cx, &format!("/collections/{key}{path}"));
        let body = links([
            (below("/items?f=html"), "データを見る".to_owned()),
            (below("/items?f=geojson&limit=1000"), "GeoJSON".to_owned()),
            (below("/queryables?f=html"), "絞り込みに使える項目".to_owned()),
            (below("/tiles/WebMercatorQuad?f=tilejson"), "ベクトルタイル（TileJSON）".to_owned()),
        ]);
        return Ok(page(&cx, title, collection.def.description.get(cx.lang()), body));
    }
    Ok(shared(&cx, json_of(&described(&cx, &collection).await?, "application/json")))
}

/// `GET /ogc/collections/{ledger}/queryables`
pub async fn queryables(
    cx: Cx,
    Path(key): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let collection = Collection::open(&cx, &key)?;
    let lang = cx.lang();
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let columns = vec![Column::new("key", "名前"), Column::new("label", "項目")];
        let rows = collection
            .queryables()
            .map(|field| Row::new(vec![crate::view::code(&field.key), SafeHtml::escape(field.label.get(lang))]));
        let table = Table::new(lang, "絞り込みに使える項目", columns, rows.collect());
        return Ok(page(&cx, "絞り込みに使える項目", "filter=（CQL2）と 名前=値 で使えます。", table.html()));
    }
    let mut properties = Map::new();
    for field in collection.queryables() {
        let mut schema = schema_of(field);
        schema["title"] = json!(field.label.get(lang));
        properties.insert(field.key.clone(), schema);
    }
    let path = format!("/collections/{key}/queryables");
    let body = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": href(&cx, &path),
        "type": "object",
        "title": collection.def.title.get(lang),
        "properties": properties,
        "additionalProperties": false,
    });
    Ok(shared(&cx, json_of(&body, SCHEMA)))
}

/// A collection as `/collections` and its own address tell of it.
pub(super) async fn described(cx: &Cx, collection: &Collection) -> Result<Json, Problem> {
    let (key, lang) = (&collection.def.key, cx.lang());
    let path = format!("/collections/{key}");
    let below = |part: &str| format!("{path}{part}");
    let mut all = own_links(cx, &path, "application/json");
    all.push(link(cx, "items", GEOJSON, "データ（GeoJSON）", &below("/items")));
    all.push(link(cx, "items", "text/html", "データ（HTML）", &below("/items?f=html")));
    let queryables = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
    all.push(link(cx, queryables, SCHEMA, "絞り込みに使える項目", &below("/queryables")));
    let tilesets = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
    all.push(link(cx, tilesets, "application/json", "ベクトルタイル", &below("/tiles")));
    let mut body = json!({
        "id": key,
        "title": collection.def.title.get(lang),
        "description": collection.def.description.get(lang),
        "links": all,
        "itemType": "feature",
        "crs": Crs::offered(zone(cx)).map(Crs::uri),
        "storageCrs": Crs::Jgd2011.uri(),
    });
    if let Some(BoundingBox { west, south, east, north }) = extent(cx, collection).await? {
        body["extent"] = json!({ "spatial": { "bbox": [[west, south, east, north]], "crs": CRS84 } });
    }
    Ok(body)
}

/// The box around what the caller sees. It is asked once and then remembered for some minutes, since it takes a look at all.
pub(super) async fn extent(cx: &Cx, collection: &Collection) -> Result<Option<BoundingBox>, Problem> {
    let who = cx.context().caller.actor.to_string();
    let key = format!("{}/{}/{who}", cx.city().city.info().code, collection.def.key);
    let now = cx.context().act.at;
    if let Some(known) = cx.desk().extents().known(&key, now) {
        return Ok(known);
    }
    let found = cx.ledgers().extent(cx.context(), &collection.def.key, None).await?;
    cx.desk().extents().remember(key, now, found);
    Ok(found)
}

/// The JSON Schema of a field's values.
pub(super) fn schema_of(field: &FieldDef) -> Json {
    match &field.kind {
        FieldKind::Point => json!({ "format": "geometry-point", "x-ogc-role": "primary-geometry" }),
        FieldKind::Line => {
            json!({ "format": "geometry-linestring-or-multilinestring", "x-ogc-role": "primary-geometry" })
        }
        FieldKind::Polygon => json!({ "format": "geometry-polygon-or-multipolygon", "x-ogc-role": "primary-geometry" }),
        FieldKind::Integer { .. } | FieldKind::Yen { .. } | FieldKind::FiscalYear => json!({ "type": "integer" }),
        FieldKind::Decimal { .. } => json!({ "type": "number" }),
        FieldKind::YesNo => json!({ "type": "boolean" }),
        FieldKind::Date => json!({ "type": "string", "format": "date" }),
        FieldKind::DateTime => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Choice { choices } => {
            let keys: Vec<&str> = choices.iter().map(|choice| choice.key.as_str()).collect();
            json!({ "type": "string", "enum": keys })
        }
        FieldKind::Choices { .. } => json!({ "type": "array", "items": { "type": "string" } }),
        _ => json!({ "type": "string" }),
    }
}
