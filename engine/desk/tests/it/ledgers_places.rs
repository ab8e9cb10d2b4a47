//! Geographic files at the desk: chosen, held against their reference system, tried, imported; one shape into a form; and out.

use crate::common::{PARKS, city, outcome, send_file};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

fn geojson(x: f64, y: f64) -> String {
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"urn:ogc:def:crs:EPSG::6677"}}}},"features":[
        {{"type":"Feature","properties":{{"公園名":"新しい公園","種別":"街区公園"}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}]}}"#
    )
}

on_both_stores! {
    tables = tables();

    async fn a_file_of_places_is_tried_and_imported(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let content = geojson(-36_918.607, -62_340.404);
        let sent = send_file(&clerk, &format!("{PARKS}/import"), "file", "公園.geojson", content.as_bytes(), &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let map = clerk.get(sent.location()).await;
        assert!(map.says("座標系") && map.says("平面直角座標系 第9系") && map.says("「crs」"), "{}", map.text);
        assert!(map.says("EPSG:30169") && !map.says("見出しの行</label>"), "{}", map.text);
        let again = clerk.get(&format!("{}&crs=EPSG:30169", sent.location())).await;
        assert!(again.says("旧日本測地系からは3つのパラメータ"), "{}", again.text);

        let entries = map.form(&format!("{PARKS}/import/run")).expect("a form");
        let mut entries: Vec<(&str, &str)> = entries.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        entries.retain(|(name, _)| *name != "mode" && *name != "merge");
        entries.extend([("mode", "import"), ("merge", "")]);
        let done = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
        assert!(done.says("取り込みました"), "{}", done.text);
        let found = clerk.get(&format!("{PARKS}/export/file?format=csv&columns=name,location")).await;
        assert!(found.says("新しい公園") && found.says("35.43739"), "{}", found.text);

        let page = clerk.get(&format!("{PARKS}/export")).await;
        assert!(page.says("GeoPackage") && page.says("平面直角座標系 第9系"), "{}", page.text);
        let gpkg = clerk.get(&format!("{PARKS}/export/file?format=gpkg&crs=EPSG:6677")).await;
        assert!(gpkg.status == 200 && gpkg.text.starts_with("SQLite format 3"));
        assert!(clerk.get(&format!("{PARKS}/export/file?format=shp")).await.text.starts_with("PK"));
        assert_eq!(clerk.get(&format!("{PARKS}/export/file?format=shp&crs=EPSG:1")).await.status, 409);
    }

    async fn a_form_takes_a_shape_from_a_file(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let new = format!("{PARKS}/new");
        let texts = [("name", "城山公園"), ("kind", "block"), ("area", "5"), ("location", "")];
        let field = clerk.get(&new).await;
        assert!(field.says("name=\"location.file\"") && field.says("multipart/form-data"), "{}", field.text);
        let point = r#"{"type":"Point","coordinates":[139.4267,35.4374]}"#;
        let saved = send_file(&clerk, &new, "location.file", "位置.geojson", point.as_bytes(), &texts).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        assert!(clerk.get(saved.location()).await.says("北緯35.43740°"));
        // What was concluded is looked at before it is saved.
        let texts = [("name", "早川公園"), ("kind", "block"), ("area", "5"), ("location", "")];
        let swapped = r#"{"type":"Point","coordinates":[35.4374,139.4267]}"#;
        let asked = send_file(&clerk, &new, "location.file", "位置.geojson", swapped.as_bytes(), &texts).await;
        assert!(asked.status == 422 && asked.says("縦と横を入れ替える") && asked.says("POINT(139.4267 35.4374)"), "{}", asked.text);
        let broken = send_file(&clerk, &new, "location.file", "位置.geojson", b"{\"type\":\"Point\"", &texts).await;
        assert!(broken.status == 422 && broken.says("位置.geojson："), "{}", broken.text);
    }
}
