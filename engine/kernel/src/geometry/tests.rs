use proptest::prelude::*;
use serde_json::json;

use super::*;

const SQUARE: &str = "POLYGON((139 35,140 35,140 36,139 36,139 35))";
const RING: &str =
    "POLYGON((139 35,140 35,140 36,139 36,139 35),(139.4 35.4,139.6 35.4,139.6 35.6,139.4 35.6,139.4 35.4))";

fn wkt(text: &str) -> Geometry {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> GeometryError {
    text.parse::<Geometry>().expect_err(text)
}

#[test]
fn every_kind_survives_every_form() {
    for text in [
        "POINT(139.43 35.44)",
        "LINESTRING(139 35,139.5 35.5)",
        SQUARE,
        RING,
        "MULTIPOINT((139 35),(140 36))",
        "MULTILINESTRING((139 35,140 36),(139 36,140 35))",
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((2 2,3 2,3 3,2 2)))",
    ] {
        let geometry = wkt(text);
        assert_eq!(geometry.to_string(), text);
        assert_eq!(Geometry::from_wkb(&geometry.to_wkb()).as_ref(), Ok(&geometry));
        assert_eq!(Geometry::from_stored_wkb(&geometry.to_wkb()).as_ref(), Ok(&geometry));
        assert_eq!(Geometry::from_geojson(&geometry.to_geojson()).as_ref(), Ok(&geometry));
        let json = serde_json::to_string(&geometry).expect("geometries serialise");
        assert_eq!(serde_json::from_str::<Geometry>(&json).expect(&json), geometry);
    }
}

#[test]
fn the_written_forms_are_those_of_the_standards() {
    let point = wkt("point ( 1.5 -2 )");
    assert_eq!(point.to_wkb(), [&[1, 1, 0, 0, 0][..], &1.5_f64.to_le_bytes(), &(-2.0_f64).to_le_bytes()].concat());
    assert_eq!(point.to_geojson(), json!({"type": "Point", "coordinates": [1.5, -2.0]}));
}

#[test]
fn reads_what_other_programs_write() {
    let point = wkt("POINT(1.5 -2)");
    let (x, y, z) = (1.5_f64, -2.0_f64, 9.0_f64);
    let big_endian = [&[0, 0, 0, 0, 1][..], &x.to_be_bytes(), &y.to_be_bytes()].concat();
    let iso_height = [&[1, 0xE9, 3, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes(), &z.to_le_bytes()].concat();
    let postgis = [&[1, 1, 0, 0, 0x20, 0xE6, 0x10, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat();
    for bytes in [big_endian, iso_height, postgis] {
        assert_eq!(Geometry::from_wkb(&bytes).as_ref(), Ok(&point), "{bytes:02x?}");
    }
    for text in ["POINT Z (1.5 -2 9)", "SRID=4326;POINT(1.5 -2)", "POINT(15e-1 -2.0)"] {
        assert_eq!(wkt(text), point);
    }
    assert_eq!(wkt("MULTIPOINT(139 35, 140 36)"), wkt("MULTIPOINT((139 35),(140 36))"));
    assert_eq!(wkt("POLYGON((0 0,1 0,1 1))"), wkt("POLYGON((0 0,1 0,1 1,0 0))"));
    assert_eq!(Geometry::from_geojson(&json!({"type": "Point", "coordinates": [1.5, -2, 9]})), Ok(point));
}

#[test]
fn refuses_what_is_no_geometry() {
    for (text, error) in [
        ("", GeometryError::WktSyntax),
        ("POINT", GeometryError::WktSyntax),
        ("POINT(1)", GeometryError::WktSyntax),
        ("POINT(1 2) x", GeometryError::WktSyntax),
        ("POINT(1 2 3 4 5)", GeometryError::WktSyntax),
        ("POINT(a b)", GeometryError::WktSyntax),
        ("POINT EMPTY", GeometryError::Empty),
        ("POINT(nan inf)", GeometryError::WktSyntax),
        ("POINT(1e999 0)", GeometryError::OffGlobe),
        ("POINT(35.4 139.4)", GeometryError::OffGlobe),
        ("SRID=6677;POINT(1 2)", GeometryError::OtherReferenceSystem),
        ("GEOMETRYCOLLECTION(POINT(1 2))", GeometryError::Unsupported),
        ("LINESTRING(1 2)", GeometryError::Invalid),
        ("LINESTRING(1 2,1 2)", GeometryError::Invalid),
        ("POLYGON((0 0,1 0,0 0))", GeometryError::Invalid),
        ("POLYGON((0 0,1 1,1 0,0 1,0 0))", GeometryError::Invalid),
        ("POLYGON((0 0,1 0,1 1,0 0),(5 5,6 5,6 6,5 5))", GeometryError::Invalid),
    ] {
        assert_eq!(refused(text), error, "{text}");
    }
    for value in [
        json!(null),
        json!({"type": "Point"}),
        json!({"type": "Point", "coordinates": ["1", "2"]}),
        json!({"type": "LineString", "coordinates": {}}),
    ] {
        assert_eq!(Geometry::from_geojson(&value), Err(GeometryError::GeoJsonSyntax), "{value}");
    }
    assert_eq!(Geometry::from_geojson(&json!({"type": "Polygon", "coordinates": []})), Err(GeometryError::Empty));
    assert_eq!(Geometry::point(f64::NAN, 0.0), Err(GeometryError::OffGlobe));
}

#[test]
fn hostile_sizes_are_refused_before_memory_is_taken() {
    let four_thousand_million_points = [1, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(Geometry::from_wkb(&four_thousand_million_points), Err(GeometryError::WkbSyntax));
    let mut line = vec![1, 2, 0, 0, 0];
    line.extend(100_001_u32.to_le_bytes());
    line.resize(line.len() + 100_001 * 16, 0);
    assert_eq!(Geometry::from_wkb(&line), Err(GeometryError::TooManyPoints));
    let text = format!("LINESTRING({}0 0)", "0 0,".repeat(100_000));
    assert_eq!(refused(&text), GeometryError::TooManyPoints);
    assert_eq!(refused(&format!("POLYGON{}", "(".repeat(100_000))), GeometryError::WktSyntax);
}

#[test]
fn says_what_lies_in_what() {
    let (square, ring) = (wkt(SQUARE), wkt(RING));
    for (text, in_square, in_ring) in [
        ("POINT(139.5 35.5)", true, false),
        ("POINT(139.2 35.2)", true, true),
        ("LINESTRING(139.1 35.1,139.2 35.2)", true, true),
        ("POLYGON((139.45 35.45,139.55 35.45,139.5 35.55,139.45 35.45))", true, false),
        ("POINT(141 35.5)", false, false),
    ] {
        let inner = wkt(text);
        assert_eq!((square.contains(&inner), inner.within(&ring)), (in_square, in_ring), "{text}");
        assert_eq!((square.intersects(&inner), !ring.disjoint(&inner)), (in_square, in_ring), "{text}");
    }
    let corner = wkt("POINT(139 35)");
    assert!(square.intersects(&corner) && !square.contains(&corner), "a corner touches and does not lie inside");
}

#[test]
fn equal_however_drawn() {
    let turned = wkt("POLYGON((140 36,139 36,139 35,139.5 35,140 35,140 36))");
    assert!(wkt(SQUARE).equals(&turned) && wkt(SQUARE) != turned);
    assert!(!wkt(SQUARE).equals(&wkt(RING)));
}

#[test]
fn knows_its_box() {
    let bbox = wkt("LINESTRING(139 36,140 35)").bounding_box();
    assert_eq!(bbox, BoundingBox { west: 139.0, south: 35.0, east: 140.0, north: 36.0 });
    assert!(Geometry::rectangle(bbox).expect("a box on the globe").equals(&wkt(SQUARE)));
    assert_eq!(Geometry::rectangle(BoundingBox { west: 2.0, east: 1.0, ..bbox }), Err(GeometryError::OffGlobe));
}

/// Polygons with few possible corners, so that edges touch, overlap and cross.
fn polygon() -> impl Strategy<Value = String> {
    prop::collection::vec((0_u8..6, 0_u8..6), 3..7).prop_map(|corners| {
        let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{x} {y}")).collect();
        format!("POLYGON(({},{}))", corners.join(","), corners[0])
    })
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec((0_u8..6, 0_u8..6), 2..6).prop_map(|corners| {
        let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{x} {y}")).collect();
        format!("LINESTRING({})", corners.join(","))
    })
}

proptest! {
    #[test]
    fn predicates_agree_and_never_fail(one in prop_oneof![polygon(), line()], other in prop_oneof![polygon(), line()]) {
        if let (Ok(one), Ok(other)) = (one.parse::<Geometry>(), other.parse::<Geometry>()) {
            prop_assert_eq!(one.intersects(&other), other.intersects(&one));
            prop_assert_eq!(one.equals(&other), one.contains(&other) && one.within(&other));
            prop_assert!(!one.contains(&other) || one.intersects(&other));
            prop_assert!(one.equals(&one));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..64), kind in 0_u8..8) {
        let mut framed = vec![1, kind, 0, 0, 0];
        framed.extend(&bytes);
        let _ = (Geometry::from_wkb(&bytes), Geometry::from_wkb(&framed));
    }

    #[test]
    fn any_text_is_answered(text in "(POINT|LINESTRING|POLYGON|MULTIPOINT)?[ (),0-9.a-zA-Z;=-]{0,24}") {
        let _ = text.parse::<Geometry>();
    }
}
