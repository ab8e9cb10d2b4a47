//! Ledgers as OGC API – Features and Tiles, by what the standard asks of each address.

use std::collections::BTreeSet;

use kawasemi_kernel::{Geometry, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::{Browser, tables};
use kawasemi_testkit::{TestCity, on_both_stores};
use serde_json::Value as Json;

use crate::common::{city, record};

const PARK: &str = "/ogc/collections/park";

/// Parks a hundred metres apart; every fifth is closed, the tenth has no place.
async fn parks(city: &TestCity) -> Vec<(RecordId, String)> {
    let mut made = Vec::new();
    for n in 0..23_u32 {
        let name = format!("公園{n:02}");
        let state = if n % 5 == 4 { "closed" } else { "open" };
        let mut draft = Draft::new().with("name", name.as_str()).with("kind", "block").with("state", state);
        if n != 10 {
            let place = Geometry::point(139.40 + f64::from(n) * 0.001, 35.43).expect("a place");
            draft = draft.with("location", Value::Geometry(place));
        }
        if n % 2 == 0 {
            draft = draft
                .with("next_inspection", format!("2020-01-{:02}", n + 1).parse::<jiff::civil::Date>().expect("a day"));
        }
        made.push((record(city, "park", draft).await, name));
    }
    made
}

fn names(page: &Json) -> Vec<String> {
    let features = page["features"].as_array().expect("features");
    features.iter().map(|feature| feature["properties"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// All pages of an address, by their links.
async fn all(browser: &Browser, path: &str) -> Vec<String> {
    let (mut next, mut found) = (path.to_owned(), Vec::new());
    for _ in 0..50 {
        let page = browser.get_json(&next).await;
        assert_eq!(page.status, 200, "{next}: {}", page.text);
        let page = page.json();
        found.extend(names(&page));
        assert_eq!(page["numberReturned"], page["features"].as_array().expect("features").len());
        let links = page["links"].as_array().expect("links");
        let Some(link) = links.iter().find(|link| link["rel"] == "next") else { return found };
        let href = link["href"].as_str().expect("an address");
        next = href[href.find("/ogc").expect("below /ogc")..].to_owned();
    }
    panic!("the pages do not end");
}

on_both_stores! {
    tables = tables();

    async fn the_services_tell_what_they_are(fixture) {
        let city = city(fixture).await;
        parks(&city).await;
        let staff = city.sign_in("jiro", &[]).await;
        let landing = staff.get_json("/ogc").await.json();
        for rel in ["self", "alternate", "service-desc", "conformance", "data"] {
            let links = landing["links"].as_array().expect("links");
            assert!(links.iter().any(|link| link["rel"] == rel && link["type"].is_string()), "{rel}: {landing}");
        }
        let conformance = staff.get_json("/ogc/conformance").await;
        for class in ["ogcapi-features-1/1.0/conf/core", "ogcapi-features-2/1.0/conf/crs", "cql2/1.0/conf/cql2-text", "ogcapi-tiles-1/1.0/conf/mvt"] {
            assert!(conformance.says(class), "{class}");
        }
        let collections = staff.get_json("/ogc/collections").await.json();
        let park = collections["collections"].as_array().expect("collections").iter().find(|one| one["id"] == "park").expect("the park ledger").clone();
        assert_eq!(park["itemType"], "feature");
        assert_eq!(park["storageCrs"], "http://www.opengis.net/def/crs/EPSG/0/6668");
        let bbox = park["extent"]["spatial"]["bbox"][0].as_array().expect("a box").iter().filter_map(Json::as_f64).collect::<Vec<_>>();
        assert_eq!(bbox, [139.40, 35.43, 139.422, 35.43]);
        assert_eq!(staff.get_json(PARK).await.json(), park);
        let api = staff.get_json("/ogc/api").await;
        assert_eq!(api.header("content-type"), "application/vnd.oai.openapi+json;version=3.0");
        assert!(api.json()["paths"]["/collections/park/items"]["get"]["parameters"].as_array().expect("parameters").iter().any(|p| p["name"] == "kind"));
        let queryables = staff.get_json(&format!("{PARK}/queryables")).await.json();
        assert!(queryables["properties"]["location"]["format"] == "geometry-point" && queryables["properties"]["keeper"].is_null());
        for path in ["/ogc", "/ogc/conformance", "/ogc/collections", PARK, "/ogc/collections/park/items", "/ogc/collections/park/queryables", "/ogc/api"] {
            let page = staff.get(path).await;
            assert!(page.status == 200 && page.text.starts_with("<!doctype html>"), "{path}: {}", page.text);
            assert_eq!(staff.get_json(&format!("{path}?f=yaml")).await.status, 400, "{path}");
        }
    }

    async fn features_come_by_box_time_and_condition_through_the_grants(fixture) {
        let city = city(fixture).await;
        let made = parks(&city).await;
        let (staff, keeper, visitor) = (city.sign_in("jiro", &[]).await, city.sign_in("hanako", &["park-keeper"]).await, city.visitor());
        for path in [PARK.to_owned(), format!("{PARK}/items"), format!("{PARK}/items/{}", made[0].0), format!("{PARK}/tiles/WebMercatorQuad/0/0/0")] {
            assert_eq!(visitor.get_json(&path).await.status, 404, "{path}");
        }
        // All of them, through pages; staff see no closed park.
        let items = format!("{PARK}/items");
        for limit in ["1", "4", "100", "99999999"] {
            let found = all(&keeper, &format!("{items}?limit={limit}")).await;
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 23, "{limit}");
            assert_eq!((found.len(), all(&staff, &format!("{items}?limit={limit}")).await.len()), (23, 19));
        }
        // A box has what lies in it, and what has no place.
        let boxed = format!("{items}?bbox=139.4025,35.4,139.4065,35.5");
        let page = keeper.get_json(&boxed).await.json();
        assert_eq!((&page["numberMatched"], names(&page).into_iter().collect::<BTreeSet<_>>()),
            (&Json::from(5), ["公園03", "公園04", "公園05", "公園06", "公園10"].map(str::to_owned).into()));
        assert_eq!(all(&staff, &format!("{boxed}&limit=2")).await.len(), 4);
        let plane = keeper.get_json(&format!("{items}?limit=1&crs=http://www.opengis.net/def/crs/EPSG/0/6677")).await;
        assert_eq!(plane.header("content-crs"), "<http://www.opengis.net/def/crs/EPSG/0/6677>");
        assert!(plane.json()["features"][0]["geometry"]["coordinates"][0].as_f64().expect("a number") < -60_000.0);
        let in_plane = "bbox=-64000,-39200,-63000,-38800&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/6677";
        let found = all(&keeper, &format!("{items}?{in_plane}")).await;
        assert!(found.contains(&"公園03".to_owned()) && found.len() < 8, "{found:?}");
        let over = all(&keeper, &format!("{items}?bbox=170,-10,-170,80")).await;
        assert_eq!(over, ["公園10"]);
        // Conditions of every kind.
        for (query, count) in [
            ("kind=block", 23), ("kind=green", 0), ("state=closed", 4), ("filter=state%20%3D%20%27closed%27", 4),
            ("filter=%7B%22op%22%3A%22%3D%22%2C%22args%22%3A%5B%7B%22property%22%3A%22state%22%7D%2C%22closed%22%5D%7D&filter-lang=cql2-json", 4),
            ("filter=S_INTERSECTS(location,BBOX(139.4025,35.4,139.4065,35.5))", 4),
            ("filter=S_INTERSECTS(location,BBOX(35.4,139.4025,35.5,139.4065))&filter-crs=http://www.opengis.net/def/crs/EPSG/0/4326", 4),
            ("datetime=2020-01-05", 12), ("datetime=2020-01-03/2020-01-07", 14), ("datetime=2021-01-01T00:00:00Z/..", 11),
        ] {
            let found = all(&keeper, &format!("{items}?limit=100&{query}")).await;
            assert_eq!(found.len(), count, "{query}: {found:?}");
        }
        let one = keeper.get_json(&format!("{items}/{}?f=json", made[3].0)).await;
        assert_eq!(one.header("content-type"), "application/geo+json");
        assert_eq!(one.json()["geometry"]["coordinates"], serde_json::json!([139.403, 35.43]));
        let few = keeper.get_json(&format!("{items}?properties=name&limit=1")).await.json();
        assert_eq!(few["features"][0]["properties"].as_object().expect("properties").len(), 1);
    }

    async fn what_is_wrong_is_refused_by_name(fixture) {
        let city = city(fixture).await;
        parks(&city).await;
        let staff = city.sign_in("jiro", &[]).await;
        for query in [
            "limit=0", "limit=-1", "limit=ten", "limit=", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=35,139,36,140", "bbox=139,36,140,35",
            "datetime=x", "datetime=../..", "crs=EPSG:4326", "bbox=1,2,3,4&bbox-crs=x", "unknown=1", "keeper=x", "filter=name%20%3D",
            "filter=keeper%20IS%20NULL", "filter=a&filter-lang=sql", "cursor=xyz", "cursor=p1", "area=wide", "properties=keeper", "f=csv",
            "filter=S_INTERSECTS(location,POLYGON((0%200,1%201,1%200,0%201,0%200)))",
        ] {
            let answer = staff.get_json(&format!("{PARK}/items?{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{query}");
        }
        for path in ["/ogc/collections/nothing", "/ogc/collections/park-inspection", "/ogc/collections/park/items/x",
            "/ogc/collections/park/items/0190a1b2-0000-7000-8000-000000000001", "/ogc/collections/park/tiles/WebMercatorQuad/3/8/0",
            "/ogc/collections/park/tiles/WebMercatorQuad/31/0/0", "/ogc/collections/park/tiles/WorldCRS84Quad/0/0/0"] {
            assert_eq!(staff.get_json(path).await.status, 404, "{path}");
        }
        let request = staff.request("GET", "/ogc/collections").header("accept", "image/png");
        assert_eq!(staff.send(request.body(axum::body::Body::empty())).await.status, 406);
    }

    async fn tiles_hold_what_the_caller_may_see(fixture) {
        let city = city(fixture).await;
        parks(&city).await;
        let (staff, keeper) = (city.sign_in("jiro", &[]).await, city.sign_in("hanako", &["park-keeper"]).await);
        let tiles = format!("{PARK}/tiles/WebMercatorQuad");
        let tile = keeper.get_json(&format!("{tiles}/12/1616/3634")).await;
        assert_eq!((tile.status, tile.header("content-type")), (200, "application/vnd.mapbox-vector-tile"), "{}", tile.text);
        assert!(tile.says("公園03") && tile.says("公園04") && !tile.says("公園10") && !tile.says("keeper"));
        let tile = staff.get_json(&format!("{tiles}/12/1616/3634.pbf")).await;
        assert!(tile.says("公園03") && !tile.says("公園04"), "no closed park");
        assert_eq!(staff.get_json(&format!("{tiles}/12/0/0")).await.status, 204);
        let filtered = keeper.get_json(&format!("{tiles}/12/1616/3634?state=closed")).await;
        assert!(!filtered.says("公園03") && filtered.says("公園04"));
        let json = staff.get_json(&format!("{tiles}?f=tilejson")).await.json();
        assert_eq!((&json["tilejson"], &json["vector_layers"][0]["id"]), (&Json::from("3.0.0"), &Json::from("park")));
        assert!(json["tiles"][0].as_str().is_some_and(|template| template.ends_with("/{z}/{y}/{x}")), "{json}");
        assert!(staff.get_json(&format!("{PARK}/tiles")).await.says("WebMercatorQuad"));
        let matrices = staff.get_json("/ogc/tileMatrixSets/WebMercatorQuad").await.json();
        assert_eq!(matrices["tileMatrices"][14]["matrixWidth"], 16_384);
    }
}
