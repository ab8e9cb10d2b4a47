//! What lies under every map (背景地図): a style that MapLibre reads, the outline of the city and its neighbours, the names of its
//! towns. All of it comes from this server, so that a map works in a hall without the internet.
//!
//! Everybody may see it, in each half of a separated installation. The operator may add base maps of tiles ([`settings`]); a map
//! then asks their servers, which the content security policy allows for these and no others.

mod outline;
mod settings;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_identity::Context;
use kawasemi_kernel::Value;
use kawasemi_kernel::geometry::{BoundingBox, GeometryKind};
use kawasemi_ledger::{LedgerError, ListRequest};
use kawasemi_registry::TOWN;
use kawasemi_ui::SafeHtml;
use serde_json::{Value as Object, json};

pub use self::outline::{Outline, OutlineError, Piece};
pub use self::settings::{BaseMap, MapSettings, gsi};
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get};

/// Where the outline is.
const OUTLINE: &str = "/map/outline.geojson";
/// Where the names of towns are.
const TOWNS: &str = "/map/towns.geojson";
/// Most towns that are named.
const MOST_TOWNS: u32 = 1_000;
/// All of Japan, for a city of which nothing is known.
const JAPAN: BoundingBox = BoundingBox { west: 122.0, south: 24.0, east: 146.5, north: 46.0 };
/// How long a browser keeps outline and names, in seconds.
const KEPT: &str = "private, max-age=3600";

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route(kawasemi_ui::map::BASE, get(style)).route(OUTLINE, get(outline)).route(TOWNS, get(towns))
}

/// A town with its name and its point, longitude first.
pub(crate) struct Town {
    /// The name.
    pub name: String,
    /// Longitude and latitude in degrees.
    pub at: (f64, f64),
}

/// `GET /map/style.json`
async fn style(cx: Cx) -> Result<Response, Problem> {
    let settings = &cx.desk().settings().map;
    let outline = settings.outline_of(cx.city().city.code());
    let bounds = match outline.and_then(Outline::bounds) {
        Some(bounds) => bounds,
        None => around(&towns_of(&cx).await?).unwrap_or(JAPAN),
    };
    let style = written(&cx, settings, outline, bounds);
    Ok(([(header::CACHE_CONTROL, "private, max-age=300")], Json(style)).into_response())
}

/// `GET /map/outline.geojson`
async fn outline(cx: Cx) -> Result<Response, Problem> {
    let outline = cx.desk().settings().map.outline_of(cx.city().city.code()).ok_or_else(Problem::not_found)?;
    let headers = [(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, KEPT)];
    Ok((headers, outline.text().to_owned()).into_response())
}

/// `GET /map/towns.geojson`
async fn towns(cx: Cx) -> Result<Response, Problem> {
    let feature = |town: &Town| {
        json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [town.at.0, town.at.1] },
            "properties": { "name": town.name },
        })
    };
    let features: Vec<Object> = towns_of(&cx).await?.iter().map(feature).collect();
    let body = json!({ "type": "FeatureCollection", "features": features }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, KEPT)], body).into_response())
}

/// The towns of the city that have a point. Their names are public, whoever asks.
///
/// # Errors
/// When the register can't be read.
pub(crate) async fn towns_of(cx: &Cx) -> Result<Vec<Town>, Problem> {
    let context = Context::system(cx.context().act.at, "");
    let request = ListRequest {
        fields: Some(vec!["name".to_owned(), "point".to_owned()]),
        limit: MOST_TOWNS,
        ..ListRequest::filtered("valid_until IS NULL AND point IS NOT NULL")
    };
    let found = match cx.ledgers().list(&context, TOWN, &request).await {
        // The portal's half has no register of towns.
        Err(LedgerError::NotFound) => return Ok(Vec::new()),
        found => found?,
    };
    let town = |record: &kawasemi_ledger::Visible| match record.get("point") {
        Value::Geometry(point) if point.kind() == GeometryKind::Point => {
            let at = point.bounding_box();
            let name = record.get("name").as_text().unwrap_or_default().to_owned();
            Some(Town { name, at: (at.west, at.south) })
        }
        _ => None,
    };
    Ok(found.records.iter().filter_map(town).collect())
}

/// The rectangle around towns, with some room.
fn around(towns: &[Town]) -> Option<BoundingBox> {
    let first = towns.first()?.at;
    let start = BoundingBox { west: first.0, south: first.1, east: first.0, north: first.1 };
    let whole = towns.iter().fold(start, |all, town| BoundingBox {
        west: all.west.min(town.at.0),
        south: all.south.min(town.at.1),
        east: all.east.max(town.at.0),
        north: all.north.max(town.at.1),
    });
    Some(BoundingBox {
        west: whole.west - 0.01,
        south: whole.south - 0.01,
        east: whole.east + 0.01,
        north: whole.north + 0.01,
    })
}

/// The style (MapLibre Style Specification, version 8). It names no server for glyphs, so that text is drawn with the fonts of the
/// machine; layers that tiles would lie under say `own` in their metadata.
fn written(cx: &Cx, settings: &MapSettings, outline: Option<&Outline>, bounds: BoundingBox) -> Object {
    let t = cx.t();
    let mut sources = serde_json::Map::new();
    let mut layers = vec![json!({ "id": "ground", "type": "background", "paint": { "background-color": "#e9eef2" } })];
    if let Some(outline) = outline {
        let attribution = SafeHtml::escape(outline.attribution()).into_string();
        sources.insert("outline".to_owned(), json!({ "type": "geojson", "data": OUTLINE, "attribution": attribution }));
        layers.extend(outline_layers());
    }
    sources.insert("towns".to_owned(), json!({ "type": "geojson", "data": TOWNS }));
    layers.extend(name_layers(outline.is_some()));
    let base = |base: &BaseMap| {
        json!({
            "key": base.key,
            "title": base.title,
            "tiles": [base.url],
            "attribution": base.attribution_html(),
            "minZoom": base.min_zoom,
            "maxZoom": base.max_zoom,
        })
    };
    json!({
        "version": 8,
        "name": cx.city_name(),
        "metadata": { "kawasemi": {
            "title": t.get("map-own"),
            "bounds": [bounds.west, bounds.south, bounds.east, bounds.north],
            "bases": settings.bases.iter().map(base).collect::<Vec<Object>>(),
        } },
        "sources": sources,
        "layers": layers,
    })
}

fn outline_layers() -> Vec<Object> {
    let own = json!({ "kawasemi": "own" });
    let is = |role: &str| json!(["==", ["get", "role"], role]);
    vec![
        json!({ "id": "around-area", "type": "fill", "source": "outline", "metadata": own, "filter": is("around"),
            "paint": { "fill-color": "#f4f2ec", "fill-outline-color": "#c9c5ba" } }),
        json!({ "id": "city-area", "type": "fill", "source": "outline", "metadata": own, "filter": is("city"),
            "paint": { "fill-color": "#ffffff" } }),
        json!({ "id": "around-line", "type": "line", "source": "outline", "filter": is("around"),
            "paint": { "line-color": "#b3ada0", "line-width": 1 } }),
        json!({ "id": "city-line", "type": "line", "source": "outline", "filter": is("city"),
            "layout": { "line-join": "round" },
            "paint": { "line-color": "#4d5b66", "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1.5, 15, 3.5] } }),
    ]
}

fn name_layers(has_outline: bool) -> Vec<Object> {
    let fonts = json!(["BIZ UDPGothic", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "sans-serif"]);
    let own = json!({ "kawasemi": "own" });
    let halo = |colour: &str| json!({ "text-color": colour, "text-halo-color": "#ffffff", "text-halo-width": 1.5 });
    let mut layers = Vec::new();
    if has_outline {
        layers.push(json!({ "id": "around-name", "type": "symbol", "source": "outline", "metadata": own, "maxzoom": 13,
            "layout": { "text-field": ["get", "name"], "text-font": fonts, "text-size": 13 }, "paint": halo("#5c5c5c") }));
    }
    layers.push(json!({ "id": "town-name", "type": "symbol", "source": "towns", "metadata": own, "minzoom": 12.5,
        "layout": { "text-field": ["get", "name"], "text-font": fonts, "text-padding": 6,
            "text-size": ["interpolate", ["linear"], ["zoom"], 12.5, 11, 16, 14] },
        "paint": halo("#4a4a4a") }));
    layers
}
