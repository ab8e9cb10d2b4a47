//! What comes out of our own files is what went in, and what is said of files that lack something.

use std::fs;
use std::io::Write as _;

use geo::Geometry;
use kawasemi_geo::write::{Column, ColumnKind, Layer};
use kawasemi_geo::{Attribute, Place};
use kawasemi_kernel::geometry::GeometryKind;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use crate::support::{Folder, HERE, apart, areas, geometry, layer, line, options, point, read, reading, values};

#[test]
fn a_shapefile_without_its_parts_is_read_as_far_as_it_goes() {
    let folder = Folder::new();
    let features = vec![(Some(areas()), values("髙﨑公園")), (Some(areas()), values("㈱緑地"))];
    let zip = folder.shapefile("park.zip", layer(GeometryKind::Polygon, "EPSG:6677"), &features);
    let whole = read(&zip, &options());
    assert_eq!(whole.0.columns, ["名称", "面積（平方メートル）", "遊具の数", "開園日", "閉園"]);
    assert_eq!(whole.1[0].values[..4], values("髙﨑公園")[..4]);
    assert!(whole.0.recognised.is_sure && whole.0.doubts.is_empty(), "{:?}", whole.0.doubts);

    // Unpacked beside one another, then one part after the other is lost.
    let mut archive = zip::ZipArchive::new(fs::File::open(&zip).unwrap()).unwrap();
    archive.extract(folder.path()).unwrap();
    let shp = folder.at("park.shp");
    for (lost, said) in [
        ("prj", "座標系の定義（.prj）がありません"),
        ("shx", "索引（.shx）がありません"),
        ("dbf", "属性（.dbf）がありません"),
    ] {
        fs::remove_file(folder.at(&format!("park.{lost}"))).unwrap();
        let (survey, features) = read(&shp, &options());
        assert!(survey.doubts.iter().any(|doubt| doubt.contains(said)), "{lost}: {:?}", survey.doubts);
        // The zone is recognised by the numbers, within the prefecture.
        assert_eq!(survey.reading.to_string(), "EPSG:6677");
        assert!(apart(geometry(&features[0]), &areas()) < 0.001);
    }
}

#[test]
fn an_encoding_that_is_said_wrongly_is_found() {
    let folder = Folder::new();
    let features = vec![(Some(point(0.0, 0.0)), values("髙﨑公園"))];
    let zip = folder.shapefile("park.zip", layer(GeometryKind::Point, "EPSG:6668"), &features);
    let mut archive = zip::ZipArchive::new(fs::File::open(&zip).unwrap()).unwrap();
    archive.extract(folder.path()).unwrap();
    folder.put("park.cpg", "UTF-8");
    let (survey, features) = read(&folder.at("park.shp"), &options());
    assert_eq!(features[0].values[0], Attribute::Text("髙﨑公園".into()));
    assert!(survey.doubts.iter().any(|doubt| doubt.contains("そうは読めない")), "{:?}", survey.doubts);
}

#[test]
fn geojson_comes_in_every_shape() {
    let folder = Folder::new();
    let (x, y) = HERE;
    let feature = format!(
        r#"{{"type":"Feature","id":"a-1","properties":{{"名称":"公園","種別":["街区","総合"]}},"geometry":{{"type":"Point","coordinates":[{x},{y},12.5]}}}}"#
    );
    for text in [
        format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#),
        format!("\u{FEFF}{{ \"features\" : [ {feature} ] , \"type\":\"FeatureCollection\"}}"),
        feature.clone(),
        format!("{feature}\n"),
    ] {
        let (survey, features) = read(&folder.put("a.geojson", &text), &options());
        assert_eq!(survey.columns, ["id", "名称", "種別"], "{text}");
        assert_eq!(features[0].values[2], Attribute::Text("街区;総合".into()));
        assert!(apart(geometry(&features[0]), &point(0.0, 0.0)) < 0.001);
    }
    let alone = format!(r#"{{"type":"Point","coordinates":[{x},{y}]}}"#);
    assert_eq!(read(&folder.put("b.geojson", alone), &options()).1.len(), 1);
    let two = format!("{feature}\n{feature}\n");
    assert_eq!(read(&folder.put("c.geojsonl", two), &options()).1.len(), 2);
    let swapped = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[{y},{x}]}}}}]}}"#
    );
    let (survey, features) = read(&folder.put("d.geojson", swapped), &options());
    assert!(survey.doubts[0].contains("縦と横を入れ替える"), "{:?}", survey.doubts);
    assert!(apart(geometry(&features[0]), &point(0.0, 0.0)) < 0.001);
}

#[test]
fn each_row_says_what_is_wrong_with_it() {
    let folder = Folder::new();
    let (x, y) = HERE;
    let of = |geometry: String| format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#);
    let bow = format!(
        r#"{{"type":"Polygon","coordinates":[[[{x},{y}],[{},{}],[{},{y}],[{x},{}],[{x},{y}]]]}}"#,
        x + 0.001,
        y + 0.001,
        x + 0.001,
        y + 0.001
    );
    let open = format!(
        r#"{{"type":"Polygon","coordinates":[[[{x},{y}],[{},{y}],[{},{}]]]}}"#,
        x + 0.001,
        x + 0.001,
        y + 0.001
    );
    let rows = [
        of(format!(r#"{{"type":"Point","coordinates":[{x},{y}]}}"#)),
        of(bow),
        of(open),
        of(r#"{"type":"Point","coordinates":[0,0]}"#.into()),
        of(format!(r#"{{"type":"Point","coordinates":[{y},{x}]}}"#)),
        of(r#"{"type":"Point","coordinates":[141.35,43.06]}"#.into()),
        of("null".into()),
        of(r#"{"type":"Circle","coordinates":[1,2]}"#.into()),
    ];
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, rows.join(","));
    let fixed = kawasemi_geo::Options { reading: Some(reading("EPSG:6668")), ..options() };
    let (_, features) = read(&folder.put("rows.geojson", text), &fixed);
    let said = |row: usize| match &features[row].place {
        Place::Refused(said) => said.clone(),
        other => panic!("{row}: {other:?}"),
    };
    assert!(features[0].notes.is_empty());
    assert!(said(1).contains("自分自身と交わっています") && said(1).contains("北緯35.4379"), "{}", said(1));
    assert!(matches!(features[2].place, Place::At(_)));
    assert!(said(3).contains("0, 0"));
    assert!(said(4).contains("逆のようです"));
    assert!(features[5].notes[0].contains("市の外"), "{:?}", features[5].notes);
    assert_eq!(features[6].place, Place::None);
    assert!(said(7).contains("種類の図形"));
}

#[test]
fn a_form_takes_a_file_with_one_shape() {
    let folder = Folder::new();
    let one = folder.geopackage("one.gpkg", layer(GeometryKind::Line, "EPSG:6677"), &[(Some(line()), values("道"))]);
    let (found, said) = kawasemi_geo::single(&one, &options()).unwrap();
    assert!(apart(found.as_geo(), &line()) < 0.001 && said.is_empty(), "{said:?}");
    let two = vec![(Some(line()), values("道")), (Some(line()), values("道"))];
    let two = folder.geopackage("two.gpkg", layer(GeometryKind::Line, "EPSG:6677"), &two);
    assert!(kawasemi_geo::single(&two, &options()).unwrap_err().to_string().contains("二つ以上"));
}

#[test]
fn kml_and_gpx_of_phones() {
    let folder = Folder::new();
    let (x, y) = HERE;
    let kml = format!(
        r#"<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>公園 &amp; 緑地</name>
        <ExtendedData><Data name="種別"><value>街区</value></Data></ExtendedData>
        <MultiGeometry><Point><coordinates>{x},{y},0</coordinates></Point></MultiGeometry></Placemark></Document></kml>"#
    );
    let path = folder.put("map.kml", &kml);
    let (survey, features) = read(&path, &options());
    assert_eq!(survey.columns, ["名称", "説明", "種別"]);
    assert_eq!(features[0].values[0], Attribute::Text("公園 & 緑地".into()));
    let kmz = folder.at("map.kmz");
    let mut zip = zip::ZipWriter::new(fs::File::create(&kmz).unwrap());
    zip.start_file("doc.kml", SimpleFileOptions::default()).unwrap();
    zip.write_all(kml.as_bytes()).unwrap();
    zip.finish().unwrap();
    assert!(apart(geometry(&read(&kmz, &options()).1[0]), &point(0.0, 0.0)) < 0.001);
    let gpx = format!(
        r#"<gpx version="1.1"><wpt lat="{y}" lon="{x}"><ele>12</ele><name>入口</name></wpt><trk><name>巡回</name><trkseg>
        <trkpt lat="{y}" lon="{x}"/><trkpt lat="{}" lon="{x}"/></trkseg></trk></gpx>"#,
        y + 0.001
    );
    let (_, features) = read(&folder.put("walk.gpx", gpx), &options());
    assert_eq!(
        features[0].values[..3],
        ["入口", "", "地点"].map(|text| if text.is_empty() { Attribute::Null } else { Attribute::Text(text.into()) })
    );
    assert!(matches!(geometry(&features[1]), Geometry::LineString(_)));
}

fn text() -> impl Strategy<Value = String> {
    "[ -~あ-んア-ヶ亜唖娃阿哀愛表能ソ㈱①髙﨑]{0,40}".prop_map(|text| text.trim().to_owned())
}

fn shape() -> impl Strategy<Value = Geometry<f64>> {
    prop_oneof![(-0.02..0.02_f64, -0.02..0.02_f64).prop_map(|(dx, dy)| point(dx, dy)), Just(line()), Just(areas()),]
}

fn one_column(kind: GeometryKind, crs: &str) -> Layer {
    let columns = vec![
        Column { name: "名称".into(), kind: ColumnKind::Text },
        Column { name: "値".into(), kind: ColumnKind::Real },
    ];
    Layer { columns, ..layer(kind, crs) }
}

fn kind(geometry: &Geometry<f64>) -> GeometryKind {
    match geometry {
        Geometry::Point(_) => GeometryKind::Point,
        Geometry::LineString(_) => GeometryKind::Line,
        _ => GeometryKind::Polygon,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn what_goes_in_comes_out(
        shape in shape(), texts in prop::collection::vec((text(), prop::option::of(-1e6..1e6_f64)), 1..5),
        crs in prop::sample::select(vec!["EPSG:6668", "EPSG:6677", "EPSG:4301", "EPSG:2451", "EPSG:3857"]),
    ) {
        let folder = Folder::new();
        let number = |number: Option<f64>| number.map_or(Attribute::Null, |number| Attribute::Real((number * 100.0).round() / 100.0));
        let word = |text: &String| if text.is_empty() { Attribute::Null } else { Attribute::Text(text.clone()) };
        let features: Vec<_> = texts.iter().map(|(text, real)| (Some(shape.clone()), vec![word(text), number(*real)])).collect();
        let files = [
            folder.geopackage("a.gpkg", one_column(kind(&shape), crs), &features),
            folder.shapefile("a.zip", one_column(kind(&shape), crs), &features),
        ];
        for file in files {
            let (survey, read) = read(&file, &options());
            prop_assert_eq!(read.len(), features.len());
            prop_assert_eq!(survey.reading.crs.to_string(), crs);
            let first = survey.columns.iter().position(|column| column == "名称").unwrap();
            for (read, (_, values)) in read.iter().zip(&features) {
                prop_assert!(apart(geometry(read), &shape) < 0.001);
                prop_assert_eq!(&read.values[first], &values[0]);
                let (read, written) = (read.values[first + 1].to_text(), values[1].to_text());
                let same = read == written || read.parse::<f64>().ok() == written.parse::<f64>().ok();
                prop_assert!(same, "{} {}", read, written);
            }
        }
    }
}
