//! What we write GDAL reads, and what GDAL writes we read (`dev/setup-packages.sh test` installs it).

use std::path::Path;
use std::process::Command;

use kawasemi_geo::{Attribute, Format};
use kawasemi_kernel::geometry::GeometryKind;

use crate::support::{Folder, HERE, apart, areas, geometry, layer, line, options, point, read, values};

/// Runs a program of GDAL and answers what it says.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} ({error}): dev/setup-packages.sh test installs it"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file as GDAL understands it, as GeoJSON in longitude and latitude.
fn as_geojson(folder: &Folder, path: &str) -> serde_json::Value {
    let out = folder.at("seen.geojson");
    drop(std::fs::remove_file(&out));
    run("ogr2ogr", &["-f", "GeoJSON", "-t_srs", "EPSG:4326", "-lco", "COORDINATE_PRECISION=9", text(&out), path]);
    serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap()
}

#[test]
fn gdal_reads_our_geopackage() {
    let folder = Folder::new();
    let features = vec![(Some(areas()), values("髙﨑公園𠮷")), (None, vec![Attribute::Null; 5])];
    let path = folder.geopackage("park.gpkg", layer(GeometryKind::Polygon, "EPSG:6677"), &features);
    let said = run("ogrinfo", &["-so", "-al", text(&path)]);
    for piece in [
        "Layer name: park",
        "Geometry: Multi Polygon",
        "Feature Count: 2",
        "JGD2011 / Japan Plane Rectangular CS IX",
        "名称: String",
        "面積（平方メートル）: Real",
        "遊具の数: Integer64",
        "開園日: Date",
        "閉園: Integer(Boolean)",
    ] {
        assert!(said.contains(piece), "{piece}\n{said}");
    }
    assert!(!said.contains("Warning") && !said.contains("ERROR"), "{said}");
    // The index is found and used.
    let found = run("ogrinfo", &["-al", "-so", "-spat", "-40000", "-63000", "-30000", "-60000", text(&path)]);
    assert!(found.contains("Feature Count: 1"), "{found}");
    let seen = as_geojson(&folder, text(&path));
    let properties = &seen["features"][0]["properties"];
    assert_eq!(properties["名称"], "髙﨑公園𠮷");
    assert_eq!(properties["開園日"], "2021-05-17");
    assert_eq!(properties["面積（平方メートル）"], 1234.5);
    let back = folder.at("seen.geojson");
    assert!(apart(geometry(&read(&back, &options()).1[0]), &areas()) < 0.001);
    // Others may edit it: the triggers find their functions there.
    run("ogrinfo", &[text(&path), "-sql", "DELETE FROM park WHERE fid = 1"]);
}

#[test]
fn gdal_reads_our_shapefile() {
    let folder = Folder::new();
    for (kind, shape) in
        [(GeometryKind::Point, point(0.0, 0.0)), (GeometryKind::Line, line()), (GeometryKind::Polygon, areas())]
    {
        for crs in ["EPSG:6668", "EPSG:6677", "EPSG:4301"] {
            let features = vec![(Some(shape.clone()), values("髙﨑①㈱公園")), (None, vec![Attribute::Null; 5])];
            let path = folder.shapefile("park.zip", layer(kind, crs), &features);
            let zipped = format!("/vsizip/{}", text(&path));
            let said = run("ogrinfo", &["-so", "-al", &zipped]);
            assert!(said.contains("Feature Count: 2") && !said.contains("Warning"), "{said}");
            let seen = as_geojson(&folder, &zipped);
            let properties = &seen["features"][0]["properties"];
            // Five characters have room for a name, the rest stands in the table beside.
            assert_eq!(properties["名称"], "髙﨑①㈱公園", "{seen}");
            assert_eq!(properties["面積（平方"], 1234.5, "{seen}");
            assert_eq!(properties["遊具の数"], 7, "{seen}");
            assert_eq!(seen["features"][1]["properties"]["名称"], serde_json::Value::Null);
            let back = folder.at("seen.geojson");
            // GDAL may know better parameters of the old datum than three.
            let most = if crs == "EPSG:4301" { 10.0 } else { 0.001 };
            let distance = apart(geometry(&read(&back, &options()).1[0]), &shape);
            assert!(distance < most, "{kind:?} {crs}: {distance}");
        }
    }
}

/// A GeoJSON file from which GDAL makes others.
fn source(folder: &Folder, geometry: &geo::Geometry<f64>) -> std::path::PathBuf {
    let geometry = kawasemi_kernel::Geometry::new(geometry.clone()).unwrap().to_geojson();
    let feature = serde_json::json!({
        "type": "Feature", "geometry": geometry,
        "properties": { "名称": "髙﨑公園", "面積": 12.5, "数": 3, "開園日": "2021-05-17", "備考": null },
    });
    let collection = serde_json::json!({ "type": "FeatureCollection", "features": [feature] });
    folder.put("source.geojson", collection.to_string())
}

#[test]
fn we_read_what_gdal_writes() {
    for shape in [point(0.0, 0.0), line(), areas()] {
        let folder = Folder::new();
        let from = source(&folder, &shape);
        for (format, name, crs, more) in [
            ("ESRI Shapefile", "sjis.shp", "EPSG:6677", ["-lco", "ENCODING=CP932"]),
            ("ESRI Shapefile", "utf8.shp", "EPSG:4301", ["-lco", "ENCODING=UTF-8"]),
            ("ESRI Shapefile", "old.shp", "EPSG:2451", ["-lco", "ENCODING=CP932"]),
            ("ESRI Shapefile", "tokyo.shp", "EPSG:30169", ["-lco", "ENCODING=CP932"]),
            ("GPKG", "new.gpkg", "EPSG:6677", ["-nln", "公園"]),
            ("GPKG", "wgs.gpkg", "EPSG:4326", ["-nln", "park"]),
            ("GPKG", "web.gpkg", "EPSG:3857", ["-nln", "park"]),
            ("GeoJSON", "2008.geojson", "EPSG:6677", ["-lco", "RFC7946=NO"]),
            ("GeoJSONSeq", "lines.geojsonl", "EPSG:4326", ["-lco", "RS=YES"]),
            ("KML", "map.kml", "EPSG:4326", ["-nln", "park"]),
        ] {
            let path = folder.at(name);
            let arguments = ["-f", format, "-t_srs", crs, text(&path), text(&from), more[0], more[1]];
            run("ogr2ogr", &arguments);
            let (survey, features) = read(&path, &options());
            assert_eq!(features.len(), 1, "{name}");
            let most = if survey.reading.crs.is_tokyo() { 10.0 } else { 0.01 };
            let distance = apart(geometry(&features[0]), &shape);
            assert!(distance < most, "{name}: {distance} {:?}", survey.recognised);
            if survey.format != Format::Kml {
                let value = |column: &str| {
                    let at = survey.columns.iter().position(|known| known == column);
                    at.map_or(Attribute::Null, |at| features[0].values[at].clone())
                };
                assert_eq!(value("名称"), Attribute::Text("髙﨑公園".into()), "{name}: {:?}", survey.columns);
                assert_eq!(value("面積").to_text(), "12.5", "{name}");
                assert_eq!(value("数"), Attribute::Integer(3), "{name}");
                assert!(value("開園日").to_text().starts_with("2021"), "{name}: {:?}", value("開園日"));
                assert_eq!(value("備考"), Attribute::Null, "{name}");
            }
        }
    }
}

#[test]
fn we_read_gpx_of_gdal() {
    let folder = Folder::new();
    let path = folder.at("way.gpx");
    let from = source(&folder, &point(0.0, 0.0));
    run("ogr2ogr", &["-f", "GPX", "-dsco", "GPX_USE_EXTENSIONS=YES", text(&path), text(&from)]);
    let (_, features) = read(&path, &options());
    assert!(apart(geometry(&features[0]), &geo::Point::new(HERE.0, HERE.1).into()) < 0.01);
}

#[test]
fn layers_are_chosen() {
    let folder = Folder::new();
    let path = folder.at("two.gpkg");
    let from = source(&folder, &point(0.0, 0.0));
    run("ogr2ogr", &["-f", "GPKG", text(&path), text(&from), "-nln", "公園"]);
    let areas = source(&folder, &areas());
    run("ogr2ogr", &["-f", "GPKG", "-update", text(&path), text(&areas), "-nln", "緑地"]);
    let (survey, _) = read(&path, &options());
    assert_eq!(
        (survey.layers.as_slice(), survey.layer.as_str()),
        (["公園".to_owned(), "緑地".to_owned()].as_slice(), "公園")
    );
    let second = kawasemi_geo::Options { layer: Some("緑地".into()), ..options() };
    assert_eq!(read(&path, &second).0.kinds, [GeometryKind::Polygon]);
    let none = kawasemi_geo::Options { layer: Some("道路".into()), ..options() };
    assert!(kawasemi_geo::survey(&path, &none).unwrap_err().to_string().contains("公園、緑地"));
}
