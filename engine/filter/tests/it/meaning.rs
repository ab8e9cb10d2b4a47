//! What predicates mean. Agreement between stores and memory can't show a mistake that all three share; these can.

use crate::support::things;
use kawasemi_filter::{Limits, Params, lower, parse_text};
use kawasemi_kernel::{Decimal, Fields, Geometry, Value};

fn answer(text: &str, record: &Fields) -> Option<bool> {
    let ast = parse_text(text, Limits::OUTSIDE).unwrap_or_else(|error| panic!("{text}: {error}"));
    let expr = lower(&ast, &things::scope()).unwrap_or_else(|error| panic!("{text}: {error}"));
    expr.evaluate(record, &Params::new())
}

fn check(record: &Fields, answers: &[(&str, Option<bool>)]) {
    for (text, expected) in answers {
        assert_eq!(answer(text, record), *expected, "{text}");
    }
}

fn one(key: &str, value: Value) -> Fields {
    Fields::from([(key.to_owned(), value)])
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

#[test]
fn literals_finer_than_the_column() {
    for (units, answers) in [
        (125, [("area < 1.255", YES), ("area >= 1.255", NO), ("area > 1.245", YES), ("area <= 1.245", NO)]),
        (126, [("area < 1.255", NO), ("area >= 1.255", YES), ("area > 1.265", NO), ("area <= 1.265", YES)]),
        (-125, [("area < -1.255", NO), ("area > -1.255", YES), ("-1.245 >= area", YES), ("-1.245 < area", NO)]),
        (-126, [("area < -1.255", YES), ("area > -1.255", NO), ("area = -1.26", YES), ("area = -1.2600001", NO)]),
    ] {
        check(&one("area", Value::Decimal(Decimal::new(units, 2))), &answers);
    }
    check(&Fields::new(), &[("area = 1.255", None), ("area <> 1.255", None), ("area IN (1.255)", None)]);
}

#[test]
fn the_truth_table_of_the_standard() {
    let unknown = "quantity = 1";
    check(
        &Fields::new(),
        &[
            (&format!("TRUE AND {unknown}"), None),
            (&format!("FALSE AND {unknown}"), NO),
            (&format!("{unknown} AND FALSE"), NO),
            (&format!("TRUE OR {unknown}"), YES),
            (&format!("{unknown} OR TRUE"), YES),
            (&format!("FALSE OR {unknown}"), None),
            (&format!("{unknown} AND {unknown}"), None),
            (&format!("NOT {unknown}"), None),
            (&format!("({unknown}) IS NULL"), YES),
            ("quantity IS NULL", YES),
            ("quantity BETWEEN 1 AND 2", None),
            ("quantity IN (1, 2)", None),
            ("title LIKE '%'", None),
            ("S_INTERSECTS(place, POINT(1 1))", None),
            ("S_DISJOINT(place, POINT(1 1))", None),
            ("A_CONTAINS(parts, ('a'))", None),
            ("T_INTERSECTS(built, INTERVAL('..', '..'))", None),
        ],
    );
    check(&one("quantity", Value::Int(1)), &[("quantity IN (1, missing)", YES), ("quantity IN (2, missing)", None)]);
}

/// Each relation between intervals with the one picture of which it is true: `[first, last]` day of April of both.
#[test]
fn relations_of_intervals() {
    let pictures = [
        ("before", [1, 3], [5, 9]),
        ("meets", [1, 5], [5, 9]),
        ("overlaps", [1, 6], [5, 9]),
        ("starts", [5, 7], [5, 9]),
        ("during", [6, 7], [5, 9]),
        ("finishes", [7, 9], [5, 9]),
        ("equals", [5, 9], [5, 9]),
        ("finishedBy", [1, 9], [5, 9]),
        ("contains", [1, 12], [5, 9]),
        ("startedBy", [5, 12], [5, 9]),
        ("overlappedBy", [7, 12], [5, 9]),
        ("metBy", [9, 12], [5, 9]),
        ("after", [10, 12], [5, 9]),
    ];
    for (relation, ..) in pictures {
        for (name, [a, b], [c, d]) in pictures {
            let text = format!(
                "T_{relation}(INTERVAL('2025-04-{a:02}', '2025-04-{b:02}'), INTERVAL('2025-04-{c:02}', '2025-04-{d:02}'))"
            );
            assert_eq!(answer(&text, &Fields::new()), Some(relation == name), "{text}");
        }
    }
    for (name, [a, b], [c, d]) in pictures {
        let apart = matches!(name, "before" | "after");
        let spans =
            format!("INTERVAL('2025-04-{a:02}', '2025-04-{b:02}'), INTERVAL('2025-04-{c:02}', '2025-04-{d:02}')");
        assert_eq!(answer(&format!("T_DISJOINT({spans})"), &Fields::new()), Some(apart), "{name}");
        assert_eq!(answer(&format!("T_INTERSECTS({spans})"), &Fields::new()), Some(!apart), "{name}");
    }
}

#[test]
fn relations_of_geometries() {
    let zone: Geometry = "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))".parse().expect("a square");
    let record = one("zone", Value::Geometry(zone));
    check(
        &record,
        &[
            ("S_INTERSECTS(zone, POINT(4 4))", YES),
            ("S_CONTAINS(zone, POINT(4 4))", NO),
            ("S_CONTAINS(zone, POINT(1 1))", YES),
            ("S_WITHIN(POINT(1 1), zone)", YES),
            ("S_TOUCHES(zone, POINT(4 4))", YES),
            ("S_TOUCHES(zone, BBOX(4, 0, 5, 1))", YES),
            ("S_OVERLAPS(zone, BBOX(3, 3, 5, 5))", YES),
            ("S_OVERLAPS(zone, BBOX(1, 1, 2, 2))", NO),
            ("S_CROSSES(zone, LINESTRING(-1 1, 5 1))", YES),
            ("S_CROSSES(zone, LINESTRING(1 1, 2 1))", NO),
            ("S_EQUALS(zone, BBOX(0, 0, 4, 4))", YES),
            ("S_EQUALS(zone, POLYGON((4 4, 0 4, 0 2, 0 0, 4 0, 4 4)))", YES),
            ("S_DISJOINT(zone, BBOX(5, 5, 6, 6))", YES),
            ("S_INTERSECTS(zone, BBOX(170, 0, -179, 4))", NO),
            ("S_INTERSECTS(zone, BBOX(3, 0, -179, 4))", YES),
            ("S_WITHIN(zone, GEOMETRYCOLLECTION(POLYGON((-1 -1, 5 -1, 5 5, -1 5, -1 -1)), POINT(9 9)))", YES),
        ],
    );
}

#[test]
fn relations_of_choices() {
    let record = one("parts", Value::Many(vec!["a".into(), "b".into()]));
    check(
        &record,
        &[
            ("A_CONTAINS(parts, ('b', 'a'))", YES),
            ("A_CONTAINS(parts, ('a', 'c'))", NO),
            ("A_CONTAINEDBY(parts, ('a', 'b', 'c'))", YES),
            ("A_CONTAINEDBY(('a', 'b', 'c'), parts)", NO),
            ("A_CONTAINS(('a', 'b', 'c'), parts)", YES),
            ("A_OVERLAPS(parts, ('c', 'b'))", YES),
            ("A_OVERLAPS(parts, ('c', 'aa'))", NO),
            ("A_EQUALS(parts, ('b', 'a', 'b'))", YES),
            ("A_EQUALS(('a'), parts)", NO),
        ],
    );
}

#[test]
fn accents_and_case() {
    check(
        &one("title", "Café ﾜﾀﾅﾍﾞ".into()),
        &[
            ("title = 'cafe わたなべ'", NO),
            ("CASEI(title) = CASEI('café わたなべ')", YES),
            ("CASEI(ACCENTI(title)) LIKE CASEI('CAFE ワタ%')", YES),
            ("ACCENTI(title) LIKE 'Cafe%'", YES),
            ("title LIKE 'café%'", NO),
            ("title IN ('x', 'Café ﾜﾀﾅﾍﾞ')", YES),
        ],
    );
}
