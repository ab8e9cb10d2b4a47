//! The landing page and what the services conform to.

use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use serde_json::json;

use super::page::{Form, href, json_of, link, links, own_links, page, shared};
use super::query::only;
use crate::problem::Problem;
use crate::request::Cx;

/// The conformance classes beside those of CQL2.
const CONFORMANCE: [&str; 17] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
];
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// The `Accept` header.
pub(super) fn accepted(headers: &HeaderMap) -> &str {
    headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*")
}

/// `GET /ogc`
pub async fn show(cx: Cx, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let title = format!("{}の地理データ", cx.city_name());
    let lead = "台帳のうち地図に示せるものを、OGC API – Features と Tiles で読めます。QGIS などに、このアドレスを登録してください。";
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let entries = [
            ("/collections", "データの一覧"),
            ("/api", "APIの定義（OpenAPI）"),
            ("/conformance", "対応している規格"),
            ("/tileMatrixSets", "タイルの区切り方"),
        ];
        let body = links(entries.map(|(path, text)| (href(&cx, path), text.to_owned())));
        return Ok(page(&cx, &title, lead, body));
    }
    let mut all = own_links(&cx, "", "application/json");
    all.push(link(&cx, "service-desc", OPENAPI, "APIの定義", "/api"));
    all.push(link(&cx, "service-doc", "text/html", "APIの定義（HTML）", "/api?f=html"));
    all.push(link(&cx, "conformance", "application/json", "対応している規格", "/conformance"));
    all.push(link(
        &cx,
        "http://www.opengis.net/def/rel/ogc/1.0/conformance",
        "application/json",
        "対応している規格",
        "/conformance",
    ));
    all.push(link(&cx, "data", "application/json", "データの一覧", "/collections"));
    all.push(link(
        &cx,
        "http://www.opengis.net/def/rel/ogc/1.0/data",
        "application/json",
        "データの一覧",
        "/collections",
    ));
    let schemes = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";
    all.push(link(&cx, schemes, "application/json", "タイルの区切り方", "/tileMatrixSets"));
    let body = json!({ "title": title, "description": lead, "links": all });
    Ok(shared(&cx, json_of(&body, "application/json")))
}

/// `GET /ogc/conformance`
pub async fn conformance(cx: Cx, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    only(query.as_deref(), &["f"])?;
    let classes = || CONFORMANCE.into_iter().chain(kawasemi_filter::CONFORMANCE);
    if Form::of(&cx, accepted(&headers), &["json"])? == Form::Html {
        let body = links(classes().map(|class| (class.to_owned(), class.to_owned())));
        return Ok(page(&cx, "対応している規格", "", body));
    }
    Ok(shared(&cx, json_of(&json!({ "conformsTo": classes().collect::<Vec<_>>() }), "application/json")))
}
