//! SQL on either store and the evaluation in memory give the same answer, for random conditions over records full of
//! edge cases. Two stores that agree with the same third agree with each other.

use crate::support::{conditions, things};
use std::collections::BTreeSet;

use jiff::civil::date;
use kawasemi_filter::scope::NumberedRecord;
use kawasemi_filter::{Expr, FilterError, Limits, Params, Scope, lower, parse_text};
use kawasemi_kernel::{Fields, Value};
use kawasemi_store::{City, Sql};
use kawasemi_testkit::{Fixture, on_both_stores};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const LIMITS: Limits = Limits { max_bytes: 64 * 1024, max_depth: 32 };
const RECORDS: usize = 60;
const CONDITIONS: usize = 1_500;

fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

fn draw<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

fn params() -> Params {
    Params::new()
        .with("user.id", things::id(1))
        .with("today", date(2025, 4, 1))
        .with("limit", 5_i64)
        .with_list("user.things", [things::id(1), things::id(4)])
        .with_list("user.kinds", ["a", "b"])
        .with_list("nothing", Vec::<Value>::new())
}

fn lowered(text: &str) -> Result<Expr, FilterError> {
    let ast = parse_text(text, LIMITS)?;
    let scope: Scope = things::scope().with_number(numbered("T-0002"), things::id(2));
    let wanted = scope.numbers_in(&ast);
    let known = wanted.into_iter().filter(|record| record.number == "T-0003");
    let scope = known.fold(scope, |scope, record| scope.with_number(record, things::id(3)));
    lower(&ast, &scope)
}

fn numbered(number: &str) -> NumberedRecord {
    NumberedRecord { ledger: "thing".into(), number: number.into() }
}

fn in_memory(expr: &Expr, records: &[Fields]) -> BTreeSet<usize> {
    let params = params();
    (1..).zip(records).filter(|(_, record)| expr.matches(*record, &params)).map(|(number, _)| number).collect()
}

/// What comes from the store and stands the exact test, and how many records came.
async fn in_store(city: &City, expr: &Expr, records: &[Fields], text: &str) -> (BTreeSet<usize>, usize) {
    let params = params();
    let lowered = expr.to_sql_of("r", city.dialect(), &params);
    let mut sql = Sql::text("SELECT r.n FROM ");
    sql.table(things::TABLE).push(" AS r WHERE ").append(&lowered.condition);
    let rows = city.read(sql.clone()).await.unwrap_or_else(|error| panic!("{text}\n{sql}\n{error:?}"));
    let numbers: Vec<usize> = rows.iter().map(|row| row.get::<i64>(0).expect("n") as usize).collect();
    let came = numbers.len();
    let stands =
        |number: &usize| lowered.exact.as_ref().is_none_or(|exact| exact.matches(&records[number - 1], &params));
    (numbers.into_iter().filter(stands).collect(), came)
}

async fn check(fixture: &Fixture, records: &[Fields], text: &str) -> Result<(usize, usize), FilterError> {
    let expr = lowered(text)?;
    let expected = in_memory(&expr, records);
    let (found, came) = in_store(&fixture.city, &expr, records, text).await;
    if found != expected {
        let number = *found.symmetric_difference(&expected).next().expect("they differ");
        let sql = expr.to_sql(fixture.city.dialect(), &params()).condition;
        panic!("{text}\nmemory says {}, for {:#?}\n{sql}", expected.contains(&number), records[number - 1]);
    }
    Ok((found.len(), came))
}

async fn filled(fixture: &Fixture) -> Vec<Fields> {
    let mut runner = runner(1);
    let records: Vec<Fields> = (1..=RECORDS).map(|number| draw(&mut runner, &things::record(number))).collect();
    fixture.city.write(things::insert(&records)).await.expect("the records fit the table");
    records
}

on_both_stores! {
    tables = vec![things::table()];

    async fn random_conditions_have_one_answer(fixture) {
        let records = filled(fixture).await;
        let (mut runner, strategy) = (runner(2), conditions::condition());
        let (mut typed, mut telling) = (0, 0);
        for _ in 0..CONDITIONS {
            let text = draw(&mut runner, &strategy);
            // What is refused (an exponent too large, a product too fine) is refused before any store sees it.
            if let Ok((found, _)) = check(fixture, &records, &text).await {
                typed += 1;
                telling += usize::from(found > 0 && found < RECORDS);
            }
        }
        assert!(typed * 3 > CONDITIONS * 2, "only {typed} of {CONDITIONS} conditions were typed");
        assert!(telling * 3 > typed, "only {telling} of {typed} conditions tell records apart");
    }

    async fn boxes_keep_records_away(fixture) {
        let records = filled(fixture).await;
        for (text, is_exact) in [
            ("S_INTERSECTS(place, BBOX(1, 1, 2, 2))", true),
            ("NOT S_INTERSECTS(place, BBOX(1, 1, 2, 2))", true),
            ("S_DISJOINT(BBOX(1, 1, 2, 2), place)", true),
            ("S_INTERSECTS(zone, BBOX(0, 0, 1, 1))", false),
            ("S_WITHIN(zone, POLYGON((0 0, 4 0, 4 4, 0 4, 0 0)))", false),
            ("quantity > 0 OR S_CONTAINS(zone, POINT(1 1))", false),
        ] {
            let (found, came) = check(fixture, &records, text).await.expect(text);
            assert!(came < RECORDS, "{text} let all records through");
            assert!(!is_exact || came == found, "{text}");
            let exact = lowered(text).expect(text).to_sql(fixture.city.dialect(), &params()).exact;
            assert_eq!(exact.is_none(), is_exact, "{text}");
        }
    }

    async fn long_and_deep_conditions_run(fixture) {
        let records = filled(fixture).await;
        let ors = (0..1_100).map(|n| format!("price={n}")).collect::<Vec<_>>().join(" OR ");
        let not_ands = format!("NOT ({})", ors.replace(" OR ", " AND "));
        let sum = format!("quantity{} > 0", " + 1 - price".repeat(14));
        let powers = format!("{}quantity{} > 0", "(".repeat(12), " ^ 1)".repeat(12));
        let list = (0..1_500).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        for text in [ors, not_ands, sum, powers, format!("price IN ({list})")] {
            let started = std::time::Instant::now();
            check(fixture, &records, &text).await.expect("typed");
            assert!(started.elapsed().as_secs() < 5, "{:?} for {}…", started.elapsed(), &text[..40]);
        }
    }

    async fn overflow_and_division_by_zero_are_unknown(fixture) {
        let records = filled(fixture).await;
        for text in [
            "(quantity + 9223372036854775807) IS NULL",
            "(quantity * quantity) IS NULL",
            "(quantity div (price - price)) IS NULL",
            "(quantity % (price - price)) IS NULL",
            "(quantity div -1) IS NULL",
            "quantity % -1 = 0",
            "area < ratio",
            "quantity / 3 = 0.333333 OR quantity / -3 = -0.333333",
        ] {
            let (found, _) = check(fixture, &records, text).await.expect(text);
            assert!(found > 0, "{text} is true of no record, so it proves nothing");
        }
    }
}
