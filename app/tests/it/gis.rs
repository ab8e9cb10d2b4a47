//! Geographic services as GDAL reads them: ledgers are listed, filtered and copied through OGC API – Features.

use std::process::Command;

use crate::support::on_both_stores;
use crate::support::server::Server;

/// Runs a program of GDAL with somebody's token.
fn gdal(program: &str, token: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env("GDAL_HTTP_HEADERS", format!("Authorization: Bearer {token}"))
        .output()
        .expect("gdal-bin is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

#[test]
fn gdal_lists_filters_and_copies_a_ledger() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "60", "--seed", "1"]);
        let made = hall.ok(&["token", "create", "--user", "kikaku", "--json"]);
        let token: serde_json::Value = serde_json::from_str(&made).expect("is JSON");
        let token = token["token"].as_str().expect("a token");
        let server = Server::start(hall);
        let service = format!("OAPIF:http://{}/ogc", server.address);
        let told = gdal("ogrinfo", token, &["-ro", "-so", &service, "town"]);
        assert!(told.contains("Geometry: Point") && told.contains("Feature Count: 118"), "{told}");
        let filtered = gdal("ogrinfo", token, &["-ro", "-q", &service, "town", "-where", "name LIKE '大上%'"]);
        assert_eq!(filtered.matches("name (String) = 大上").count(), 9, "{filtered}");
        let copy = hall.path("copy.gpkg").display().to_string();
        let within = ["-spat", "139.42", "35.43", "139.44", "35.45"];
        gdal("ogr2ogr", token, &[&["-f", "GPKG", &copy, &service, "town"][..], &within].concat());
        let copied = gdal("ogrinfo", token, &["-so", &copy, "town"]);
        assert!(copied.contains("Feature Count: 24"), "{copied}");
        // A tile is read by the same program.
        let tile = hall.path("tile.pbf").display().to_string();
        let address = format!("http://{}/ogc/collections/town/tiles/WebMercatorQuad/12/1616/3634", server.address);
        let authorization = format!("Authorization: Bearer {token}");
        let fetched = Command::new("curl").args(["-sf", "-H", &authorization, "-o", &tile, &address]).status();
        assert!(fetched.expect("curl is installed").success());
        let told = gdal("ogrinfo", token, &["-so", &tile, "town"]);
        assert!(told.contains("Geometry: Point") && told.contains("label: String"), "{told}");
    });
}
