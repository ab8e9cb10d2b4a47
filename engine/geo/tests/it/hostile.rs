//! Files that are cut off, mixed up, called what they are not, or made to do harm: each gets a sentence and nothing more.

use std::fs;
use std::io::Write as _;

use kawasemi_geo::{format_of, survey};
use kawasemi_kernel::geometry::GeometryKind;
use zip::write::SimpleFileOptions;

use crate::support::{Folder, areas, layer, options, values};

/// Reads a file as far as it goes; whatever is wrong is an error with a sentence.
fn try_all(path: &std::path::Path) -> Result<usize, String> {
    let survey = survey(path, &options()).map_err(|error| error.to_string())?;
    let mut count = 0;
    survey
        .features(&mut |_| {
            count += 1;
            count < 10_000
        })
        .map_err(|error| error.to_string())?;
    Ok(count)
}

fn samples(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let features = vec![(Some(areas()), values("髙﨑公園")); 3];
    let gpkg = folder.geopackage("a.gpkg", layer(GeometryKind::Polygon, "EPSG:6677"), &features);
    let zip = folder.shapefile("a.zip", layer(GeometryKind::Polygon, "EPSG:6677"), &features);
    let mut archive = zip::ZipArchive::new(fs::File::open(&zip).unwrap()).unwrap();
    archive.extract(folder.path()).unwrap();
    let geometry = kawasemi_kernel::Geometry::new(areas()).unwrap().to_geojson();
    let geojson = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"名":"公園"}},"geometry":{geometry}}}]}}"#
    );
    let kml = "<kml><Placemark><name>公園</name><Point><coordinates>139.4,35.4</coordinates></Point></Placemark></kml>";
    vec![
        ("x.gpkg".into(), fs::read(gpkg).unwrap()),
        ("x.zip".into(), fs::read(zip).unwrap()),
        ("park.shp".into(), fs::read(folder.at("park.shp")).unwrap()),
        ("x.geojson".into(), geojson.into_bytes()),
        ("x.kml".into(), kml.into()),
    ]
}

#[test]
fn what_is_cut_off_never_panics() {
    let folder = Folder::new();
    for (name, bytes) in samples(&folder) {
        let step = (bytes.len() / 60).max(1);
        let mut refused = 0;
        for length in (0..bytes.len()).step_by(step) {
            let path = folder.put(&name, &bytes[..length]);
            if let Err(said) = try_all(&path) {
                assert!(said.ends_with('。'), "{name} {length}: {said}");
                refused += 1;
            }
        }
        assert!(refused > 30, "{name}: {refused}");
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let folder = Folder::new();
    for (name, bytes) in samples(&folder) {
        let step = (bytes.len() / 250).max(1);
        for at in (0..bytes.len()).step_by(step) {
            for change in [0xFF, 0x80, 0x01] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                if let Err(said) = try_all(&folder.put(&name, &bytes)) {
                    assert!(said.ends_with('。'), "{name} {at}: {said}");
                }
            }
        }
    }
}

#[test]
fn a_name_makes_no_file() {
    let folder = Folder::new();
    for (name, bytes, piece) in [
        ("a.gpkg", b"%PDF-1.7".as_slice(), "GeoPackageとして読めません"),
        ("a.shp", b"PK\x03\x04 no archive", "zipにまとめて"),
        ("a.geojson", b"MZ\x90\0", "GeoJSONとして読めません"),
        ("a.kml", b"<html><body>kml</body></html>", "KML・GPXとして読めません"),
        ("a.dat", b"1,2,3", "地図のファイルとして読めません"),
        ("a.json", br#"{"type":"FeatureCollection","features":[]}"#, "図形が一つもありません"),
        ("b.json", br#"{"type":"Topology","objects":{"features":1}}"#, "TopoJSON"),
    ] {
        let path = folder.put(name, bytes);
        let said = survey(&path, &options()).unwrap_err().to_string();
        assert!(said.contains(piece), "{name}: {said}");
    }
    // A database of something else, and a workbook, are none of ours.
    let other = folder.at("other.gpkg");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(survey(&other, &options()).unwrap_err().to_string().contains("レイヤがありません"));
    let book = folder.at("book.xlsx");
    let mut zip = zip::ZipWriter::new(fs::File::create(&book).unwrap());
    zip.start_file("[Content_Types].xml", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    assert_eq!(format_of(&book).unwrap(), None);
}

#[test]
fn what_unfolds_without_end_is_stopped() {
    let folder = Folder::new();
    let bomb = folder.at("bomb.kmz");
    let mut zip = zip::ZipWriter::new(fs::File::create(&bomb).unwrap());
    zip.start_file("doc.kml", SimpleFileOptions::default()).unwrap();
    let block = vec![b' '; 1 << 20];
    for _ in 0..202 {
        zip.write_all(&block).unwrap();
    }
    zip.finish().unwrap();
    assert!(fs::metadata(&bomb).unwrap().len() < 2 << 20);
    assert!(survey(&bomb, &options()).unwrap_err().to_string().contains("大きすぎます"));
    // Entities of their own unfold into nothing.
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "公園公園"><!ENTITY b "&a;&a;&a;&a;">]>
        <kml><Placemark><name>&b;</name><Point><coordinates>139.4,35.4</coordinates></Point></Placemark></kml>"#;
    assert_eq!(try_all(&folder.put("laughs.kml", laughs)), Ok(1));
}

#[test]
fn depth_and_counts_are_not_believed() {
    let folder = Folder::new();
    let deep = format!(
        r#"{{"type":"Feature","properties":{{"a":{}1{}}},"geometry":null}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    assert!(try_all(&folder.put("deep.geojson", deep)).is_err());
    // A record that claims two thousand million points.
    let mut shp = fs::read({
        samples(&folder);
        folder.at("park.shp")
    })
    .unwrap();
    shp[100 + 8 + 40..100 + 8 + 44].copy_from_slice(&i32::MAX.to_le_bytes());
    assert!(try_all(&folder.put("park.shp", shp)).unwrap_err().contains("壊れている"));
}

#[test]
fn a_database_of_somebody_else_runs_nothing() {
    let folder = Folder::new();
    let path =
        folder.geopackage("a.gpkg", layer(GeometryKind::Polygon, "EPSG:6677"), &[(Some(areas()), values("公園"))]);
    let database = rusqlite::Connection::open(&path).unwrap();
    // The layer is a view that never ends.
    database
        .execute_batch(
            "DROP TRIGGER rtree_park_geom_delete; ALTER TABLE park RENAME TO hidden;
             CREATE VIEW park AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, NULL AS geom FROM n;",
        )
        .unwrap_or_else(|_| {
            database
                .execute_batch(
                    "UPDATE gpkg_geometry_columns SET table_name = 'endless';
                     CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                     SELECT i AS fid, NULL AS geom FROM n;",
                )
                .unwrap();
        });
    drop(database);
    assert!(survey(&path, &options()).unwrap_err().to_string().contains("レイヤがありません"));
}
