//! Names and types: what is refused and how, and what a typed condition means.

use crate::support::things;
use jiff::civil::date;
use kawasemi_filter::scope::{Part, Property, Type};
use kawasemi_filter::{ErrorCode, Expr, FilterError, Limits, Params, Scope, lower, lower_value, parse_text};
use kawasemi_kernel::{Decimal, Fields, PersonName, Value};
use kawasemi_schema::Clearance;
use kawasemi_store::{Dialect, Param};

fn typed_in(text: &str, scope: &Scope) -> Result<Expr, FilterError> {
    lower(&parse_text(text, Limits::OUTSIDE)?, scope)
}

fn typed(text: &str) -> Expr {
    typed_in(text, &things::scope()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> FilterError {
    typed_in(text, &things::scope()).expect_err(text)
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn wrong_types_are_refused_where_they_are() {
    for (text, column, code) in [
        ("quantity = 'a'", 12, ErrorCode::Type),
        ("title > 5", 9, ErrorCode::Type),
        ("title LIKE 'a' AND quantity LIKE 'a'", 20, ErrorCode::Type),
        ("kind = 'x'", 8, ErrorCode::UnknownChoice),
        ("kind IN ('a', 'x')", 15, ErrorCode::UnknownChoice),
        ("kind < 'b'", 8, ErrorCode::Type),
        ("A_CONTAINS(parts, ('a', 'x'))", 25, ErrorCode::UnknownChoice),
        ("A_CONTAINS(parts, ())", 19, ErrorCode::Type),
        ("A_CONTAINS(title, ('a'))", 12, ErrorCode::Type),
        ("parts = 'a'", 1, ErrorCode::Type),
        ("built = '2025-02-29'", 9, ErrorCode::Date),
        ("due = '2025-13'", 7, ErrorCode::Date),
        ("built > seen", 9, ErrorCode::Type),
        ("active > FALSE", 10, ErrorCode::Type),
        ("id = 'T-0001'", 6, ErrorCode::Type),
        ("zone = 5", 1, ErrorCode::Type),
        ("S_INTERSECTS(title, zone)", 14, ErrorCode::Type),
        ("S_INTERSECTS(zone, POINT(35.4 139.4))", 20, ErrorCode::Geometry),
        ("S_INTERSECTS(zone, POLYGON((0 0, 2 2, 2 0, 0 2, 0 0)))", 20, ErrorCode::Geometry),
        ("T_DURING(built, INTERVAL('2025-04-01', '..'))", 10, ErrorCode::Type),
        ("T_AFTER(title, DATE('2025-04-01'))", 9, ErrorCode::Type),
        ("CASEI(kind) = 'a'", 7, ErrorCode::Type),
        ("quantity + 1", 1, ErrorCode::Type),
        ("title", 1, ErrorCode::Type),
        ("quantity ^ price > 1", 1, ErrorCode::Type),
        ("ratio * ratio * ratio > 1", 1, ErrorCode::Number),
        ("quantity = 9223372036854775807 + 1", 12, ErrorCode::Number),
        ("area = 9223372036854775807", 8, ErrorCode::Number),
        ("quantity = 1 / 0", 12, ErrorCode::Number),
        ("built + 1 > 2", 1, ErrorCode::Type),
        ("user.things = title", 1, ErrorCode::Type),
        ("title IN (user.things)", 11, ErrorCode::Type),
        ("sin(quantity) = 1", 1, ErrorCode::UnknownFunction),
        ("days(built) = 1", 1, ErrorCode::Type),
        ("fiscal_year(quantity) = 1", 13, ErrorCode::Type),
        ("(quantity > 1) = (price > 1)", 19, ErrorCode::Type),
    ] {
        let error = refused(text);
        assert_eq!((error.column, error.code), (Some(column), code), "{text}: {error}");
    }
}

#[test]
fn a_hidden_field_is_as_unknown_as_none() {
    let hidden = Scope::of_ledger(&things::ledger(), |field| field.key != "person");
    let message = |text: &str| typed_in(text, &hidden).map(drop).map_err(|error| (error.code, error.message.clone()));
    let unknown = |name: &str| Err((ErrorCode::UnknownField, format!("「{name}」という項目はありません")));
    for (text, name) in [
        ("person = 'a'", "person"),
        ("person IS NULL", "person"),
        ("person.kana LIKE 'a%'", "person.kana"),
        ("S_INTERSECTS(person, POINT(1 1))", "person"),
        ("A_CONTAINS(person, ('a'))", "person"),
        ("nobody = 'a'", "nobody"),
    ] {
        assert_eq!(message(text), unknown(name), "{text}");
    }
    let hint = typed_in("perso = 'a'", &hidden).expect_err("unknown").hint;
    assert!(!hint.contains("person"), "the hint gave a hidden name away: {hint}");
}

#[test]
fn clearance_is_one_way_to_hide_a_field() {
    let public = Scope::of_ledger(&things::ledger(), |field| field.clearance <= Clearance::Public);
    assert_eq!(public.properties().count(), 7, "only the system properties are left");
}

#[test]
fn messages_say_what_to_do() {
    assert_eq!(refused("titel = 'a'").to_string(), "1文字目：「titel」という項目はありません。「title」のことですか。");
    assert_eq!(
        refused("kind = 'x'").to_string(),
        "8文字目：「x」という選択肢はありません。使えるキーは a、b、c です。"
    );
    assert!(refused("sin(quantity) = 1").hint.contains("fiscal_year"));
}

#[test]
fn values_are_bound_and_never_written() {
    let expr = typed("title = 'x'' OR 1=1 --' AND quantity IN (1, 9007199254740993) AND parent = user.id");
    let lowered = expr.to_sql(Dialect::Postgres, &Params::new().with("user.id", things::id(7)));
    let text = lowered.condition.to_string();
    assert_eq!(text, r#"(("title" = $1) AND (("quantity" IN ($2, $3)) AND ("parent" = $4)))"#);
    let bound = lowered.condition.params();
    assert_eq!(bound[0], Param::Text("x' OR 1=1 --".into()));
    assert_eq!(bound[2], Param::Int(9_007_199_254_740_993));
    assert_eq!(bound[3], Param::Id(things::id(7).0));
    assert!(lowered.exact.is_none());
}

#[test]
fn conditions_are_written_so_that_an_index_helps() {
    for (text, sql) in [
        ("title LIKE '公園%'", r#"("title" >= $1 AND "title" < $2)"#),
        ("title LIKE '%公園'", r#"("title" LIKE $1 ESCAPE '\')"#),
        ("area > 1.255", r#"("area" > $1)"#),
        ("seen <= DATE('2025-03-31')", r#"("seen" < $1)"#),
        ("quantity > 1 + 2 * 3", r#"("quantity" > $1)"#),
        ("TRUE AND quantity > 1", r#"("quantity" > $1)"#),
        ("active = TRUE", r#"("active")"#),
        ("FALSE <> active", r#"("active")"#),
        ("quantity > limit", r#"("quantity" > $1)"#),
    ] {
        assert_eq!(typed(text).to_sql(Dialect::Sqlite, &Params::new()).condition.to_string(), sql, "{text}");
    }
}

#[test]
fn only_what_sql_left_open_is_tested_again() {
    let expr = typed("quantity > 1 AND CASEI(title) = CASEI('あ') AND active");
    let lowered = expr.to_sql_of("r", Dialect::Sqlite, &Params::new());
    assert_eq!(lowered.condition.to_string(), r#"(("r"."quantity" > $1) AND ("r"."active"))"#);
    assert_eq!(lowered.exact.expect("folded text").properties().into_iter().collect::<Vec<_>>(), ["title"]);
}

#[test]
fn an_unknown_parameter_denies() {
    let record = fields([("quantity", Value::Int(1)), ("kind", "a".into())]);
    for text in ["quantity > missing", "NOT quantity > missing", "kind IN (missing.list)", "kind NOT IN (missing.list)"]
    {
        assert!(!typed(text).matches(&record, &Params::new()), "{text}");
    }
    let other = Params::new().with("missing", "not a number");
    assert!(!typed("quantity <> missing").matches(&record, &other), "a value of another type is no value");
}

#[test]
fn a_parameter_wins_over_a_field_of_its_name() {
    let mut scope = Scope::default().with_parameter("today", Type::Date);
    let (name, column) = ("today".to_owned(), "today".to_owned());
    scope.insert(Property { field: name.clone(), name, part: Part::Whole, column, ty: Type::Date });
    let expr = typed_in("today = DATE('2025-04-01')", &scope).expect("typed");
    let record = fields([("today", date(2000, 1, 1).into())]);
    assert!(expr.matches(&record, &Params::new().with("today", date(2025, 4, 1))));
}

#[test]
fn conditions_are_put_together() {
    let grant = typed("parent = user.id");
    let both = typed("quantity > 1").and(grant.clone()).and(Expr::all());
    assert_eq!(both.properties().into_iter().collect::<Vec<_>>(), ["parent", "quantity"]);
    let params = Params::new().with("user.id", things::id(1));
    let mine = fields([("quantity", Value::Int(2)), ("parent", things::id(1).into())]);
    let theirs = fields([("quantity", Value::Int(2)), ("parent", things::id(2).into())]);
    assert!(both.matches(&mine, &params) && !both.matches(&theirs, &params));
    assert!(grant.clone().or(typed("quantity > 1")).matches(&theirs, &params));
    assert!(!grant.and(Expr::none()).matches(&mine, &params));
    assert!(Expr::all().is_all() && typed("1 = 1 OR TRUE").matches(&mine, &params));
}

#[test]
fn days_and_ages_are_those_of_the_city() {
    let record = fields([
        ("built", date(2000, 2, 29).into()),
        ("seen", Value::Instant("2025-03-31T15:00:00Z".parse().expect("midnight in Japan"))),
        ("person", Value::Name(PersonName { name: "山田 𠮷子".into(), kana: "ヤマダ ヨシコ".into() })),
    ]);
    for text in [
        "fiscal_year(built) = 1999",
        "fiscal_year(seen) = 2025",
        "seen = DATE('2025-04-01') AND seen <> DATE('2025-03-31') AND seen > '2025-03-31'",
        "seen <= DATE('9999-12-31')",
        "age_on(built, '2018-02-28') = 17 AND age_on(built, '2018-03-01') = 18",
        "days(built, '2000-03-01') = 1 AND days('2000-03-01', built) = -1",
        "length(person) = 5",
        "person.kana LIKE 'ヤマダ%' AND CASEI(person.kana) = CASEI('ﾔﾏﾀﾞ　よしこ')",
        "T_INTERSECTS(built, INTERVAL('..', '2000-02-29')) AND T_DISJOINT(built, INTERVAL('2000-03-01', '..'))",
    ] {
        assert!(typed(text).matches(&record, &Params::new()), "{text}");
    }
}

#[test]
fn formulas_give_exact_values() {
    let record = fields([
        ("quantity", Value::Int(3)),
        ("price", Value::Int(110)),
        ("area", Value::Decimal(Decimal::new(1250, 2))),
        ("built", date(2025, 3, 31).into()),
    ]);
    for (text, ty, value) in [
        ("quantity * price", Type::INTEGER, Value::Int(330)),
        ("area * 2", Type::Number { scale: 2 }, Value::Decimal(Decimal::new(2500, 2))),
        ("area + 0.125", Type::Number { scale: 3 }, Value::Decimal(Decimal::new(12_625, 3))),
        ("price / quantity", Type::Number { scale: 6 }, Value::Decimal(Decimal::new(36_666_666, 6))),
        ("price div quantity", Type::INTEGER, Value::Int(36)),
        ("quantity ^ 3 - price % 7", Type::INTEGER, Value::Int(22)),
        ("fiscal_year(built)", Type::INTEGER, Value::Int(2024)),
        ("built", Type::Date, date(2025, 3, 31).into()),
        ("quantity > 2", Type::Bool, Value::Bool(true)),
        ("price / (quantity - 3)", Type::Number { scale: 6 }, Value::Null),
        ("quantity * 9223372036854775807", Type::INTEGER, Value::Null),
        ("quantity + ratio", Type::Number { scale: 5 }, Value::Null),
    ] {
        let ast = parse_text(text, Limits::DEFINITION).expect(text);
        let formula = lower_value(&ast, &things::scope()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((formula.result(), formula.value(&record, &Params::new())), (&ty, value), "{text}");
    }
}

#[test]
fn deep_conditions_fit_on_a_small_stack() {
    let text = format!("{}quantity > 1{}", "NOT (TRUE AND ".repeat(10), " OR FALSE)".repeat(10));
    let run = move || {
        let expr = typed(&text);
        let sql = expr.to_sql(Dialect::Sqlite, &Params::new());
        (expr.matches(&fields([("quantity", Value::Int(2))]), &Params::new()), sql.condition.is_empty())
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).expect("thread");
    assert_eq!(thread.join().expect("no overflow"), (true, false));
}
