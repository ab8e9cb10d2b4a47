//! What each half of a separated installation (三層分離) serves, route by route: everything else does not exist there.

use kawasemi_desk::routes::Route;
use kawasemi_desk::{Role, Settings};
use kawasemi_testkit::desk::{Setup, TestCity, tables};
use kawasemi_testkit::run_on_sqlite;

use super::routes;

/// All routes that the portal serves. A new public page is added here, and in `kawasemi_desk::roles`, on purpose.
const PORTAL: &[&str] = &[
    "GET /",
    "GET /enquiry",
    "GET /names/{file}",
    "POST /enquiry",
    "GET /enquiry/sent",
    "POST /courier/v1/exchange",
    "GET /board",
    "GET /board.csv",
    "GET /board.json",
    "GET /board/{id}",
    "GET /map/style.json",
    "GET /map/outline.geojson",
    "GET /map/towns.geojson",
    "GET /ogc",
    "GET /ogc/conformance",
    "GET /ogc/api",
    "GET /ogc/collections",
    "GET /ogc/tileMatrixSets",
    "GET /ogc/tileMatrixSets/WebMercatorQuad",
    "GET /ogc/collections/{ledger}",
    "GET /ogc/collections/{ledger}/queryables",
    "GET /ogc/collections/{ledger}/items",
    "GET /ogc/collections/{ledger}/items/{id}",
    "GET /ogc/collections/{ledger}/tiles",
    "GET /ogc/collections/{ledger}/tiles/WebMercatorQuad",
    "GET /ogc/collections/{ledger}/tiles/WebMercatorQuad/{matrix}/{row}/{column}",
    "GET /report",
    "POST /report",
    "GET /report/nearby",
    "GET /report/sent",
    "GET /report/find",
    "GET /report/app.js",
    "GET /report/sw.js",
    "GET /report/report.css",
    "GET /report/{id}",
    "GET /reports",
    "GET /reports/map.geojson",
    "GET /reports/feed.atom",
    "GET /reports/{id}/photos/{file}",
    "GET /open311/{name}",
    "GET /open311/v2",
    "GET /open311/v2/{name}",
    "POST /open311/v2/{name}",
    "GET /open311/v2/services/{name}",
    "GET /open311/v2/requests/{name}",
    "GET /open311/v2/tokens/{name}",
    "GET /roads",
    "GET /roads/{id}",
    "GET /sewers",
    "GET /sewers/pipes/{id}",
    "GET /sewers/manholes/{id}",
    "GET /api/openapi.json",
    "GET /api/calc",
    "POST /api/calc/{name}",
    "GET /api/v1/ledgers",
    "GET /api/v1/ledgers/{ledger}",
    "GET /api/v1/ledgers/{ledger}/count",
    "GET /api/v1/ledgers/{ledger}/changes",
    "GET /api/v1/ledgers/{ledger}/changes/stream",
    "GET /api/v1/ledgers/{ledger}/records",
    "POST /api/v1/ledgers/{ledger}/records",
    "GET /api/v1/ledgers/{ledger}/records/{id}",
    "PATCH /api/v1/ledgers/{ledger}/records/{id}",
    "DELETE /api/v1/ledgers/{ledger}/records/{id}",
    "GET /api/v1/ledgers/{ledger}/records/{id}/history",
    "POST /api/v1/ledgers/{ledger}/records/{id}/restore",
    "GET /healthz",
    "GET /metrics",
    "GET /assets/{*file}",
];

/// What knows neither city nor caller, and is there for whoever watches a server.
const OUTSIDE: [&str; 3] = ["/healthz", "/metrics", "/assets/{*file}"];

fn served(role: Role) -> Vec<String> {
    let is_served = |route: &&Route| OUTSIDE.contains(&route.path) || role.serves(route.path);
    let mut names: Vec<String> =
        routes().iter().filter(is_served).map(|route| format!("{} {}", route.method, route.path)).collect();
    names.sort();
    names
}

#[test]
fn the_portal_serves_what_is_listed_and_every_page_has_a_half() {
    let mut listed: Vec<String> = PORTAL.iter().map(|name| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(served(Role::Portal), listed);
    let desk = served(Role::Desk);
    assert!(desk.iter().all(|name| {
        let path = name.split(' ').nth(1).unwrap_or_default();
        ["/desk", "/auth", "/api", "/ogc", "/names", "/map"].iter().any(|folder| path.starts_with(folder))
            || OUTSIDE.contains(&path)
    }));
    let nowhere: Vec<_> = routes()
        .into_iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .filter(|name| !desk.contains(name) && !listed.contains(name))
        .collect();
    assert!(nowhere.is_empty(), "say in kawasemi_desk::roles which half serves these: {nowhere:#?}");
}

#[test]
fn what_is_the_other_half_s_answers_404() {
    for role in [Role::Portal, Role::Desk] {
        run_on_sqlite(tables(), async |fixture| {
            let mut setup = Setup { settings: Settings { role, ..Settings::default() }, ..Setup::default() };
            let systems = crate::systems::all().expect("the systems are well defined");
            setup.calculators = crate::systems::Offer::of(&systems).calculators;
            super::show(&mut setup, systems);
            let city = TestCity::with(fixture, setup).await;
            let browser = city.visitor();
            for route in routes() {
                if OUTSIDE.contains(&route.path) || role.serves(route.path) {
                    continue;
                }
                let address = route.path.replace(['{', '}', '*'], "");
                let status = match route.method.as_str() {
                    "GET" => browser.get(&address).await.status,
                    _ => browser.post(&address, &[("x", "1")]).await.status,
                };
                let expected = if role == Role::Desk && route.path == "/" { 303 } else { 404 };
                assert_eq!(status, expected, "{role:?} {} {address}", route.method);
            }
            for (path, there) in
                [("/", role == Role::Portal), ("/desk", role == Role::Desk), ("/board", role == Role::Portal)]
            {
                let status = browser.get(path).await.status;
                assert_eq!(
                    matches!(status, 200 | 303),
                    there || (role == Role::Desk && path == "/"),
                    "{role:?} {path}: {status}"
                );
            }
        });
    }
}
