//! A ledger with a field of every kind, and records full of edge cases, as values and as rows of a table.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use kawasemi_filter::Scope;
use kawasemi_filter::scope::Type;
use kawasemi_kernel::{Decimal, Fields, Geometry, PersonName, PostalAddress, RecordId, Value, YearMonth};
use kawasemi_schema::ledger::SYSTEM_PROPERTIES;
use kawasemi_schema::{ColumnType, LedgerDef, SourceFile};
use kawasemi_store::sql::SqlType;
use kawasemi_store::table::{Column, Table};
use kawasemi_store::{Param, Sql, Statement, Unit};
use proptest::prelude::*;
use uuid::Uuid;

pub const TABLE: &str = "thing";

const LEDGER: &str = r#"
key = "thing"
title = "もの"
owner = "it"
label = ["title"]
retention = { basis = "試験" }

field = [
  { key = "title", label = "名", type = "text" },
  { key = "person", label = "氏名", type = "person-name" },
  { key = "home", label = "住所", type = "address" },
  { key = "quantity", label = "数", type = "integer" },
  { key = "price", label = "値段", type = "yen" },
  { key = "area", label = "面積", type = "decimal", scale = 2 },
  { key = "ratio", label = "率", type = "decimal", scale = 5 },
  { key = "built", label = "建築日", type = "date" },
  { key = "closed", label = "閉鎖日", type = "date" },
  { key = "seen", label = "確認日時", type = "date-time" },
  { key = "due", label = "納期", type = "year-month" },
  { key = "budget_year", label = "年度", type = "fiscal-year" },
  { key = "active", label = "使用中", type = "yes-no" },
  { key = "kind", label = "種別", type = "choice", choices = [{ key = "a", label = "あ" }, { key = "b", label = "い" }, { key = "c", label = "う" }] },
  { key = "parts", label = "部品", type = "choices", choices = [{ key = "a", label = "あ" }, { key = "aa", label = "い" }, { key = "b", label = "う" }, { key = "c", label = "え" }] },
  { key = "parent", label = "親", type = "reference", target = "thing" },
  { key = "place", label = "位置", type = "point" },
  { key = "route", label = "経路", type = "line" },
  { key = "zone", label = "区域", type = "polygon" },
]
"#;

pub fn ledger() -> LedgerDef {
    LedgerDef::read(SourceFile::new("thing.toml", LEDGER)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Every property, and parameters of which some have no value.
pub fn scope() -> Scope {
    Scope::of_ledger(&ledger(), |_| true)
        .with_parameter("user.id", Type::Record(None))
        .with_parameter("today", Type::Date)
        .with_parameter("limit", Type::INTEGER)
        .with_parameter("missing", Type::INTEGER)
        .with_list_parameter("user.things", Type::Record(None))
        .with_list_parameter("user.kinds", Type::Text)
        .with_list_parameter("nothing", Type::Text)
        .with_list_parameter("missing.list", Type::Text)
}

/// The table, with columns as the store would make them.
pub fn table() -> Table {
    let mut table = Table::new(TABLE).numbered();
    for (name, ty) in columns() {
        table = table.column(Column::of(name, sql_type(ty)).optional());
    }
    table
}

fn columns() -> Vec<(String, ColumnType)> {
    let system = SYSTEM_PROPERTIES.iter().map(|(name, ty)| ((*name).to_owned(), *ty));
    system.chain(ledger().columns().map(|(_, column)| (column.name, column.ty))).collect()
}

fn sql_type(ty: ColumnType) -> SqlType {
    match ty {
        ColumnType::Bool => SqlType::Bool,
        ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Instant => SqlType::Int,
        ColumnType::Real => SqlType::Real,
        ColumnType::Id => SqlType::Id,
        ColumnType::Wkb => SqlType::Blob,
        ColumnType::Text | ColumnType::Date | ColumnType::YearMonth | ColumnType::Many | ColumnType::Json => {
            SqlType::Text
        }
    }
}

/// The statements that put records into the table, numbered from 1.
pub fn insert(records: &[Fields]) -> Unit {
    Unit::of(records.iter().map(|record| {
        let columns = columns();
        let mut sql = Sql::text("INSERT INTO ");
        sql.table(TABLE).push(" (");
        for (index, (name, _)) in columns.iter().enumerate() {
            sql.push(if index > 0 { ", " } else { "" }).ident(name);
        }
        sql.push(") VALUES (").bind_list(columns.iter().map(|(name, _)| encoded(record, name))).push(")");
        Statement::any(sql)
    }))
}

/// The encodings of the brief to every engine, written down a second time: that is what makes this a test.
fn encoded(record: &Fields, column: &str) -> Param {
    let (key, part) = column.split_once("__").unwrap_or((column, ""));
    match (record.get(key).unwrap_or(&Value::Null), part) {
        (Value::Bool(answer), _) => (*answer).into(),
        (Value::Int(number), _) => (*number).into(),
        (Value::Decimal(decimal), _) => decimal.units().into(),
        (Value::Text(text), _) => text.into(),
        (Value::Date(date), _) => date.strftime("%Y-%m-%d").to_string().into(),
        (Value::Instant(instant), _) => instant.as_microsecond().into(),
        (Value::YearMonth(month), _) => month.to_string().into(),
        (Value::Record(id), _) => id.0.into(),
        (Value::Many(keys), _) if !keys.is_empty() => format!("|{}|", keys.join("|")).into(),
        (Value::Name(name), "") => (&name.name).into(),
        (Value::Name(name), "kana") if !name.kana.is_empty() => (&name.kana).into(),
        (Value::Address(address), "") => (&address.text).into(),
        (Value::Address(address), "postcode") if !address.postcode.is_empty() => (&address.postcode).into(),
        (Value::Geometry(geometry), "") => geometry.to_wkb().into(),
        (Value::Geometry(geometry), "min_x") => geometry.bounding_box().west.into(),
        (Value::Geometry(geometry), "min_y") => geometry.bounding_box().south.into(),
        (Value::Geometry(geometry), "max_x") => geometry.bounding_box().east.into(),
        (Value::Geometry(geometry), "max_y") => geometry.bounding_box().north.into(),
        _ => Param::Null,
    }
}

/// The id of the record with a number from 1.
pub fn id(number: usize) -> RecordId {
    RecordId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number as u128))
}

/// Texts in which stores are likely to differ: case, wildcards, kana with separate voice marks, characters beyond the
/// base plane (which UTF-16 sorts before U+FF61), variation selectors.
pub const TEXTS: [&str; 22] = [
    "公園",
    "中央公園",
    "公園A",
    "公園a",
    "公園Ａ",
    "𠮷野",
    "吉野",
    "葛城",
    "葛\u{E0100}城",
    "100%",
    "1_0",
    "a\\b",
    "O'Brien",
    "ｶﾞ",
    "ガ",
    "カ\u{3099}",
    "Z",
    "é",
    "e\u{301}",
    "｡",
    "\u{10FFFD}",
    "公園\u{10FFFF}",
];
pub const DATES: [&str; 8] =
    ["2025-03-31", "2025-04-01", "2024-02-29", "2000-02-29", "1999-12-31", "0001-01-01", "9999-12-30", "2025-12-31"];
pub const INSTANTS: [&str; 8] = [
    "2025-03-31T14:59:59.999999Z",
    "2025-03-31T15:00:00Z",
    "2025-04-01T00:00:00Z",
    "1969-12-31T14:59:59.999999Z",
    "1969-12-31T15:00:00Z",
    "1970-01-01T00:00:00Z",
    "1950-06-15T03:04:05.000006Z",
    "2024-02-28T15:00:00Z",
];
pub const INTEGERS: [i64; 11] =
    [i64::MIN, i64::MAX, 0, 1, -1, 2, -7, 100, 3_037_000_500, -92_233_720_368_547_759, 922_337_203_685_477_580];

/// A record whose fields are empty one time in five.
pub fn record(number: usize) -> impl Strategy<Value = Fields> {
    let text = || prop::sample::select(TEXTS.to_vec()).prop_map(Value::from);
    let int = || prop_oneof![prop::sample::select(INTEGERS.to_vec()), -20..20_i64];
    let day = || prop::sample::select(DATES.to_vec()).prop_map(|text| Value::Date(text.parse().expect("date")));
    let name = (prop::sample::select(TEXTS.to_vec()), prop::sample::select(vec!["", "ヤマダ", "アヤセ"]))
        .prop_map(|(name, kana)| Value::Name(PersonName { name: name.into(), kana: kana.into() }));
    let address = (prop::sample::select(TEXTS.to_vec()), prop::sample::select(vec!["", "2521192", "0600000"]))
        .prop_map(|(text, code)| Value::Address(PostalAddress { postcode: code.into(), text: text.into() }));
    let instant = prop::sample::select(INSTANTS.to_vec())
        .prop_map(|text| Value::Instant(text.parse::<Timestamp>().expect("instant")));
    let month = (2024..2027_i16, 1..13_i8).prop_map(|(y, m)| Value::YearMonth(YearMonth::new(y, m).expect("month")));
    let keys = prop::sample::subsequence(vec!["a".to_owned(), "aa".into(), "b".into(), "c".into()], 0..4);
    let geometry =
        |wkt: BoxedStrategy<String>| wkt.prop_map(|wkt| Value::Geometry(wkt.parse::<Geometry>().expect("wkt"))).boxed();
    let fields: Vec<(&str, BoxedStrategy<Value>)> = vec![
        ("title", text().boxed()),
        ("person", name.boxed()),
        ("home", address.boxed()),
        ("quantity", int().prop_map(Value::Int).boxed()),
        ("price", int().prop_map(Value::Int).boxed()),
        ("area", int().prop_map(|units| Value::Decimal(Decimal::new(units, 2))).boxed()),
        ("ratio", int().prop_map(|units| Value::Decimal(Decimal::new(units, 5))).boxed()),
        ("built", day().boxed()),
        ("closed", day().boxed()),
        ("seen", instant.boxed()),
        ("due", month.boxed()),
        ("budget_year", (2023..2027_i64).prop_map(Value::Int).boxed()),
        ("active", any::<bool>().prop_map(Value::Bool).boxed()),
        ("kind", prop::sample::select(vec!["a", "b", "c"]).prop_map(Value::from).boxed()),
        ("parts", keys.prop_map(Value::Many).boxed()),
        ("parent", (1..5_usize).prop_map(|n| Value::Record(id(n))).boxed()),
        ("place", geometry(point())),
        ("route", geometry(line())),
        ("zone", geometry(area())),
    ]
    .into_iter()
    .map(|(key, value)| (key, prop_oneof![1 => Just(Value::Null), 4 => value].boxed()))
    .collect();
    let keys: Arc<[&str]> = fields.iter().map(|(key, _)| *key).collect();
    let values: Vec<BoxedStrategy<Value>> = fields.into_iter().map(|(_, value)| value).collect();
    values.prop_map(move |values| {
        let mut record: Fields = keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
        let created = date(2025, 4, 1).at(0, 0, 0, 0).in_tz("Asia/Tokyo").map(|at| at.timestamp()).unwrap_or_default();
        record.insert("id".into(), Value::Record(id(number)));
        record.insert("number".into(), Value::Text(format!("T-{number:04}")));
        record.insert("revision".into(), Value::Int(1));
        record.insert("created_at".into(), Value::Instant(created));
        record.insert(
            "created_by".into(),
            Value::Text(if number.is_multiple_of(2) { "system".into() } else { id(1).to_string() }),
        );
        record.insert("updated_at".into(), Value::Instant(created));
        record.insert("updated_by".into(), Value::Text("visitor".into()));
        record
    })
}

/// Coordinates on a small grid, so that geometries often touch.
fn grid() -> std::ops::Range<i32> {
    0..5
}

pub fn point() -> BoxedStrategy<String> {
    (grid(), grid()).prop_map(|(x, y)| format!("POINT({x} {y})")).boxed()
}

pub fn line() -> BoxedStrategy<String> {
    (grid(), grid(), 1..3, -2..3)
        .prop_map(|(x, y, dx, dy)| format!("LINESTRING({x} {y}, {} {})", x + dx, y + dy))
        .boxed()
}

pub fn area() -> BoxedStrategy<String> {
    let square = (grid(), grid(), 1..4)
        .prop_map(|(x, y, d)| format!("POLYGON(({x} {y}, {0} {y}, {0} {1}, {x} {1}, {x} {y}))", x + d, y + d));
    let triangle = (grid(), grid(), 1..4)
        .prop_map(|(x, y, d)| format!("POLYGON(({x} {y}, {} {y}, {x} {}, {x} {y}))", x + d, y + d));
    prop_oneof![square, triangle].boxed()
}
