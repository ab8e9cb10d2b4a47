//! Which tiles there are: tile sets, their TileJSON, and the matrix set of web maps.

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use kawasemi_kernel::geometry::BoundingBox;
use serde_json::{Map, Value as Json, json};

use super::collection::Collection;
use super::collections::extent;
use super::page::{href, json_of, link, shared};
use super::query::only;
use super::tiles::{Shown, ZOOM_MAX};
use crate::problem::Problem;
use crate::request::Cx;

const TMS: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const WEB_MERCATOR: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
/// Metres of a pixel of 0.28 mm at the scale of zoom level 0, and that scale.
const CELL: f64 = 156_543.033_928_040_97;
const SCALE: f64 = 559_082_264.028_717_8;
const HALF_EARTH: f64 = 20_037_508.342_789_244;

/// `GET /ogc/collections/{ledger}/tiles`
pub async fn list(cx: Cx, Path(key): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let collection = Collection::open(&cx, &key)?;
    let path = format!("/collections/{key}/tiles");
    let body = json!({
        "links": [link(&cx, "self", "application/json", "この文書", &path)],
        "tilesets": [tileset(&cx, &collection).await?],
    });
    Ok(shared(&cx, json_of(&body, "application/json")))
}

/// `GET /ogc/collections/{ledger}/tiles/WebMercatorQuad`: the tile set, or with `f=tilejson` its TileJSON.
pub async fn show(cx: Cx, Path(key): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let collection = Collection::open(&cx, &key)?;
    let body = match cx.query("f").as_deref() {
        Some("tilejson") => tilejson(&cx, &collection).await?,
        None | Some("json" | "") => tileset(&cx, &collection).await?,
        Some(_) => return Err(Problem::bad_request("f に指定できるのは json か tilejson です。")),
    };
    Ok(shared(&cx, json_of(&body, "application/json")))
}

/// `GET /ogc/tileMatrixSets`
pub async fn matrix_sets(cx: Cx, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let own = link(&cx, "self", "application/json", "WebMercatorQuad", "/tileMatrixSets/WebMercatorQuad");
    let set = json!({ "id": "WebMercatorQuad", "title": "Google Maps Compatible for the World", "uri": TMS, "crs": WEB_MERCATOR, "links": [own] });
    let links = [link(&cx, "self", "application/json", "この文書", "/tileMatrixSets")];
    Ok(shared(&cx, json_of(&json!({ "links": links, "tileMatrixSets": [set] }), "application/json")))
}

/// `GET /ogc/tileMatrixSets/WebMercatorQuad` (OGC 17-083r4, Annex D.1)
pub async fn web_mercator_quad(cx: Cx, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let matrices: Vec<Json> = (0..=ZOOM_MAX)
        .map(|zoom| {
            let tiles = 1_u64 << zoom;
            let part = f64::from(1_u32 << zoom);
            json!({
                "id": zoom.to_string(),
                "scaleDenominator": SCALE / part,
                "cellSize": CELL / part,
                "pointOfOrigin": [-HALF_EARTH, HALF_EARTH],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": tiles,
                "matrixHeight": tiles,
            })
        })
        .collect();
    let body = json!({
        "id": "WebMercatorQuad",
        "title": "Google Maps Compatible for the World",
        "uri": TMS,
        "crs": WEB_MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    });
    Ok(shared(&cx, json_of(&body, "application/json")))
}

async fn tileset(cx: &Cx, collection: &Collection) -> Result<Json, Problem> {
    let key = &collection.def.key;
    let path = format!("/collections/{key}/tiles/WebMercatorQuad");
    let mut template = link(cx, "item", "application/vnd.mapbox-vector-tile", "タイル", "");
    template["href"] = json!(format!("{}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", href(cx, &path)));
    template["templated"] = json!(true);
    let mut body = json!({
        "title": collection.def.title.get(cx.lang()),
        "dataType": "vector",
        "crs": WEB_MERCATOR,
        "tileMatrixSetURI": TMS,
        "tileMatrixSetId": "WebMercatorQuad",
        "links": [
            link(cx, "self", "application/json", "この文書", &path),
            link(cx, "describedby", "application/json", "TileJSON", &format!("{path}?f=tilejson")),
            link(cx, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "application/json", "区切り方", "/tileMatrixSets/WebMercatorQuad"),
            link(cx, "http://www.opengis.net/def/rel/ogc/1.0/geodata", "application/json", "データの説明", &format!("/collections/{key}")),
            template,
        ],
        "layers": [{ "id": key, "dataType": "vector" }],
    });
    if let Some(BoundingBox { west, south, east, north }) = extent(cx, collection).await? {
        body["boundingBox"] = json!({
            "lowerLeft": [west, south], "upperRight": [east, north],
            "crs": super::crs::CRS84,
        });
    }
    Ok(body)
}

/// TileJSON 3.0.0.
async fn tilejson(cx: &Cx, collection: &Collection) -> Result<Json, Problem> {
    let key = &collection.def.key;
    let fields: Map<String, Json> =
        Shown::of(collection).keys().map(|(name, label)| (name.to_owned(), json!(label))).collect();
    let mut body = json!({
        "tilejson": "3.0.0",
        "name": collection.def.title.get(cx.lang()),
        "description": collection.def.description.get(cx.lang()),
        "attribution": cx.city_name(),
        "scheme": "xyz",
        "tiles": [format!("{}/{{z}}/{{y}}/{{x}}", href(cx, &format!("/collections/{key}/tiles/WebMercatorQuad")))],
        "minzoom": 0,
        "maxzoom": ZOOM_MAX,
        "vector_layers": [{
            "id": key,
            "description": collection.def.title.get(cx.lang()),
            "fields": fields,
            "minzoom": 0,
            "maxzoom": ZOOM_MAX,
        }],
    });
    if let Some(BoundingBox { west, south, east, north }) = extent(cx, collection).await? {
        body["bounds"] = json!([west, south, east, north]);
        body["center"] = json!([f64::midpoint(west, east), f64::midpoint(south, north), 13]);
    }
    Ok(body)
}
