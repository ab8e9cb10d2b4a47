//! What a definition says of its records: defaults, conditions, computed fields, calculators.

use std::sync::Arc;

use crate::common::{publish, tables};
use kawasemi_identity::Context;
use kawasemi_kernel::{Decimal, Fields, Value};
use kawasemi_ledger::rules::Rules;
use kawasemi_ledger::{Calculators, Draft, LedgerError, Ledgers};
use kawasemi_schema::{LedgerDef, SourceFile};

const LOAN: &str = r#"
key = "loan"
title = "貸付"
owner = "finance"
label = ["name"]
retention = { basis = "規程" }
[[field]]
key = "name"
label = "件名"
type = "text"
required = true
[[field]]
key = "lent_on"
label = "貸付日"
type = "date"
default = "today"
[[field]]
key = "year"
label = "年度"
type = "fiscal-year"
default = "this-fiscal-year"
[[field]]
key = "amount"
label = "金額"
type = "yen"
[[field]]
key = "rate"
label = "利率"
type = "decimal"
scale = 3
[[field]]
key = "interest"
label = "利息"
type = "computed"
result = "yen"
expression = "amount * rate"
[[field]]
key = "total"
label = "合計"
type = "computed"
result = "yen"
expression = "amount + interest"
[[field]]
key = "grade"
label = "区分"
type = "computed"
result = "text"
calculator = "loan-grade"
"#;

fn calculators() -> Calculators {
    Calculators::new().with("loan-grade", |fields: &Fields, _| match fields.get("total") {
        Some(Value::Int(total)) if *total > 1_000_000_000 => Err("貸付の限度を超えています。".to_owned()),
        Some(Value::Int(total)) if *total > 1_000 => Ok(Value::from("大口")),
        Some(_) => Ok(Value::from("小口")),
        None => Ok(Value::Null),
    })
}

fn refused(from: &str, to: &str) -> String {
    let text = LOAN.replace(from, to);
    let ledger = Arc::new(LedgerDef::read(SourceFile::new("loan.toml", text)).expect("reads"));
    Rules::compile(&ledger, &calculators()).err().expect("is refused").to_string()
}

#[test]
fn rules_that_can_not_hold_are_refused_with_their_line() {
    for (from, to, said) in [
        ("amount * rate", "amount * rat", "loan.toml:36:14"),
        ("\"amount * rate\"", "\"total * 2\"", "互いを使い合っている"),
        ("loan-grade", "loan-grad", "「loan-grade」のことですか"),
        ("required = true", "required_when = \"amount >\"", "loan.toml:11"),
    ] {
        let message = refused(from, to);
        assert!(message.contains(said), "{message}");
    }
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn fields_come_about(fixture) {
        publish(fixture, &[LOAN]).await;
        let ledgers = Ledgers::new(fixture.city.clone(), vec![], calculators(), fixture.ids.clone()).expect("opens");
        let system = Context::system(fixture.now(), "");
        let draft = Draft::new().with("name", "貸付").with("amount", 1_000).with("rate", Value::Decimal(Decimal::new(15, 3)));
        let saved = ledgers.create(&system, "loan", draft).await.expect("creates");
        let loan = ledgers.get(&system, "loan", saved.id).await.expect("reads");
        assert_eq!(loan.get("lent_on"), &Value::Date(jiff::civil::date(2026, 5, 1)));
        assert_eq!(loan.get("year"), &Value::Int(2026));
        assert_eq!((loan.get("interest"), loan.get("total")), (&Value::Int(15), &Value::Int(1_015)));
        assert_eq!(loan.get("grade"), &Value::from("大口"));
        let too_much = Draft::new().with("amount", 2_000_000_000);
        let error = ledgers.update(&system, "loan", saved.id, 1, too_much.clone()).await.expect_err("is refused");
        assert!(matches!(&error, LedgerError::Invalid(errors) if errors[0].field == "grade"), "{error}");
        let preview = ledgers.preview(&system, "loan", Some(saved.id), &Draft::new().with("amount", 100)).await;
        assert_eq!(preview.expect("computes").get("grade"), Some(&Value::from("小口")));
        let entered = Draft::new().with("total", 5);
        assert!(matches!(ledgers.update(&system, "loan", saved.id, 1, entered).await, Err(LedgerError::Invalid(_))));
    }
}
