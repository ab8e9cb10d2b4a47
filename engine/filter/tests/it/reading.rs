//! Reading and writing CQL2: what is read, what it means, and what is refused with which words.

use kawasemi_filter::{Ast, ErrorCode, FilterError, Limits, parse_json, parse_text};
use serde_json::json;

fn read(text: &str) -> Ast {
    parse_text(text, Limits::OUTSIDE).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> FilterError {
    parse_text(text, Limits::OUTSIDE).expect_err(text)
}

/// The text is read and written again in its plain form.
fn check(text: &str, plain: &str) {
    let ast = read(text);
    assert_eq!(ast.to_string(), plain, "{text}");
    assert_eq!(read(plain), ast, "{plain}");
    let json = ast.to_json().expect("json");
    assert_eq!(parse_json(&json, Limits::OUTSIDE).as_ref(), Ok(&ast), "{json}");
}

#[test]
fn every_predicate_of_the_standard() {
    for text in [
        "name = '中央公園'",
        "面積 <> 100.5",
        "a < 1 AND b > 2 AND c <= 3 AND d >= 4",
        "name LIKE '%公園'",
        "name NOT LIKE '%公園' OR name IS NULL",
        "name IS NOT NULL",
        "area BETWEEN -5 AND 10",
        "area NOT BETWEEN 5 AND 10",
        "kind IN ('a', 'b')",
        "kind NOT IN ('a')",
        "CASEI(name) = CASEI('Ａｙａｓｅ')",
        "ACCENTI(name) LIKE ACCENTI('%é%')",
        "a + b * 2 - c / 4 % 5 div 6 ^ 2 > 0",
        "(a + b) * (c - d) = a - (b - c)",
        "active = TRUE AND NOT hidden",
        "built >= DATE('2025-04-01')",
        "created_at < TIMESTAMP('2025-04-01T00:00:00Z')",
        "T_INTERSECTS(built, INTERVAL('2025-04-01', '..'))",
        "T_DURING(INTERVAL(starts, ends), INTERVAL('2025-04-01T00:00:00Z', '2025-04-02T00:00:00.5Z'))",
        "S_INTERSECTS(geometry, BBOX(139.4, 35.4, 139.5, 35.5))",
        "S_WITHIN(geometry, POLYGON((0 0, 1 0, 1 1, 0 0), (0.2 0.1, 0.4 0.1, 0.4 0.2, 0.2 0.1)))",
        "S_TOUCHES(MULTIPOINT((1 2), (3 4)), MULTILINESTRING((0 0, 1 1), (2 2, 3 3)))",
        "S_EQUALS(geometry, GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1)))",
        "S_DISJOINT(geometry, MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0))))",
        "A_CONTAINS(equipment, ('swing', 'slide'))",
        "A_OVERLAPS(equipment, ())",
        "A_CONTAINEDBY(equipment, ('swing'))",
        "fiscal_year(built) = 2025",
        "today() > DATE('2025-04-01')",
        "name.kana = 'アヤセ'",
        "\"and\" = 1 AND \"a b\" = 2",
        "(a = 1) IS NULL",
    ] {
        check(text, text);
    }
}

#[test]
fn other_ways_to_write_the_same() {
    for (text, plain) in [
        ("((a = 1))", "a = 1"),
        ("a=1 and(b=2 Or c=3)", "a = 1 AND (b = 2 OR c = 3)"),
        ("(a = 1 AND b = 2) AND c = 3", "a = 1 AND b = 2 AND c = 3"),
        ("not(a = 1)", "NOT a = 1"),
        ("not not a = 1", "NOT (NOT a = 1)"),
        ("NOT name LIKE 'x%'", "name NOT LIKE 'x%'"),
        ("a != 1", "a <> 1"),
        ("a = -b", "a = -1 * b"),
        ("a = +1.50", "a = 1.5"),
        ("a - -1 = 1.5E3", "a - -1 = 1500"),
        ("\"name\" = 'x'", "name = 'x'"),
        (r"name = 'O\'Brien'", "name = 'O''Brien'"),
        (r"name = 'a\\'b'", r"name = 'a\\'b'"),
        ("面積\u{3000}>\n1", "面積 > 1"),
        ("point = 1 AND date = 2", "\"point\" = 1 AND \"date\" = 2"),
        ("S_INTERSECTS(g, POINT Z(1 2 3))", "S_INTERSECTS(g, POINT(1 2))"),
        ("S_INTERSECTS(g, BBOX(1, 2, 0, 3, 4, 9))", "S_INTERSECTS(g, BBOX(1, 2, 3, 4))"),
        ("T_AFTER(t, TIMESTAMP('2025-04-01T09:00:00+09:00'))", "T_AFTER(t, TIMESTAMP('2025-04-01T00:00:00Z'))"),
    ] {
        check(text, plain);
    }
}

#[test]
fn numbers_and_strings_are_exact() {
    let ast = read("a = 9007199254740993");
    assert_eq!(
        ast.to_json().expect("json"),
        json!({"op": "=", "args": [{"property": "a"}, 9_007_199_254_740_993_i64]})
    );
    assert_eq!(read("a = -9223372036854775808").to_string(), "a = -9223372036854775808");
    assert_eq!(read("a = 'x'' OR 1=1 --'").to_json().expect("json")["args"][1], json!("x' OR 1=1 --"));
    assert_eq!(refused("a = 9223372036854775808").code, ErrorCode::Number);
    assert_eq!(refused("a = 1e400").code, ErrorCode::Number);
}

#[test]
fn a_fraction_that_json_would_change_is_refused() {
    let ast = read("a = 1234567890123.456789");
    assert_eq!(ast.to_json().expect_err("19 digits").code, ErrorCode::Number);
    let json = json!({"op": "=", "args": [{"property": "a"}, 0.123_456_789_012_345_68]});
    assert_eq!(parse_json(&json, Limits::OUTSIDE).expect_err("17 digits").code, ErrorCode::Number);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, column, code) in [
        ("", 1, ErrorCode::Syntax),
        ("a = 1 b", 7, ErrorCode::Syntax),
        ("a = 1 ) OR b = 2", 7, ErrorCode::Syntax),
        ("a = 1; DROP TABLE x", 6, ErrorCode::Syntax),
        ("(a = 1", 7, ErrorCode::Syntax),
        ("面積 = ", 6, ErrorCode::Syntax),
        ("面積＝5", 3, ErrorCode::Syntax),
        ("name = ’公園’", 8, ErrorCode::Syntax),
        ("a = 1 = 2", 7, ErrorCode::Syntax),
        ("a = NULL", 5, ErrorCode::Syntax),
        ("a BETWEEN 1 OR 2", 13, ErrorCode::Syntax),
        ("a IN 1", 6, ErrorCode::Syntax),
        ("a IN ()", 6, ErrorCode::Type),
        ("a NOT 1", 7, ErrorCode::Syntax),
        ("2 ^ 3 ^ 4 = 1", 7, ErrorCode::Syntax),
        ("--1 = 1", 2, ErrorCode::Syntax),
        ("a = 'open", 5, ErrorCode::Syntax),
        ("a = 'x' + 1", 5, ErrorCode::Type),
        ("1 AND a = 2", 1, ErrorCode::Type),
        ("a LIKE b", 8, ErrorCode::Type),
        ("a = (1, 2)", 7, ErrorCode::Syntax),
        ("f(('a', 'b')) = 1", 7, ErrorCode::Syntax),
        ("S_INTERSECTS(g, 'POINT(1 2)')", 17, ErrorCode::Type),
        ("S_INTERSECTS(g, POLYGON((0 0, 1 0, 1 1, 2 2)))", 24, ErrorCode::Geometry),
        ("S_INTERSECTS(g, BBOX(1, 2, 3))", 17, ErrorCode::Geometry),
        ("d = DATE('2025-02-29')", 10, ErrorCode::Date),
        ("T_AFTER(d, INTERVAL('2025-02-29', '..'))", 21, ErrorCode::Date),
        ("a = 'x\u{0}'", 5, ErrorCode::Syntax),
    ] {
        let error = refused(text);
        assert_eq!((error.column, error.code), (Some(column), code), "{text}: {error}");
    }
}

#[test]
fn messages_are_sentences_that_help() {
    assert_eq!(
        refused("a = NULL").to_string(),
        "5文字目：ここに「NULL」は置けません。空かどうかは「項目 IS NULL」で調べます。"
    );
    assert_eq!(refused("面積＝5").to_string(), "3文字目：「＝」は全角です。記号は半角で書いてください。");
}

#[test]
fn json_is_as_strict_as_text() {
    for json in [
        json!(null),
        json!({}),
        json!({"op": "="}),
        json!({"op": "=", "args": [1]}),
        json!({"op": "=", "args": [1, 2, 3]}),
        json!({"op": "=", "args": [1, 2], "extra": 1}),
        json!({"op": "and", "args": [{"op": "=", "args": [1, 2]}]}),
        json!({"op": "and", "args": [1, 2]}),
        json!({"op": "bad name", "args": []}),
        json!({"op": "point", "args": []}),
        json!({"property": 1}),
        json!({"property": "a\"b"}),
        json!({"op": "=", "args": [{"property": "a"}, "ends with \\"]}),
        json!({"op": "=", "args": [{"property": "a"}, [1, 2]]}),
        json!({"op": "like", "args": [{"property": "a"}, {"property": "b"}]}),
        json!({"op": "s_within", "args": [{"property": "g"}, {"type": "Point", "coordinates": [1]}]}),
        json!({"date": "2025-02-29"}),
    ] {
        assert!(parse_json(&json, Limits::OUTSIDE).is_err(), "{json}");
    }
}

#[test]
fn names_are_listed_once() {
    assert_eq!(read("a = 1 AND f(b) > a OR \"c d\" IS NULL").names(), ["a", "b", "c d"]);
}

#[test]
fn coordinates_of_another_system_can_be_converted() {
    let ast = read("S_INTERSECTS(g, POINT(35 139)) OR S_WITHIN(g, BBOX(1, 2, 3, 4))").map_coordinates(|x, y| (y, x));
    assert_eq!(ast.to_string(), "S_INTERSECTS(g, POINT(139 35)) OR S_WITHIN(g, BBOX(2, 1, 4, 3))");
}
