//! The declarations together with the shared registers: references, conditions, grants, views and figures.

use std::sync::Arc;

use kawasemi_platform::filter::{Limits, Scope, lower, lower_value, parse_text};
use kawasemi_platform::identity::grants::parameters::declare;
use kawasemi_platform::schema::{Catalogue, ComputedFrom, FieldDef, FieldKind, LedgerDef};
use kawasemi_policy::definitions::bundle;

fn ledgers() -> Vec<Arc<LedgerDef>> {
    bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers
}

fn check(ledger: &LedgerDef, scope: &Scope, condition: Option<&str>) {
    let Some(condition) = condition else { return };
    let read = parse_text(condition, Limits::DEFINITION).and_then(|ast| lower(&ast, scope).map(|_| ()));
    assert!(read.is_ok(), "{} {condition}: {read:?}", ledger.key);
}

#[test]
fn references_lead_to_ledgers() {
    let registers = kawasemi_platform::registry::bundle().unwrap_or_else(|errors| panic!("{errors}"));
    let catalogue = Catalogue::new(ledgers().into_iter().chain(registers.ledgers));
    assert!(catalogue.is_ok(), "{catalogue:?}");
}

#[test]
fn every_condition_can_be_read() {
    fn check_fields(ledger: &LedgerDef, scope: &Scope, fields: &[FieldDef]) {
        for field in fields {
            check(ledger, scope, field.shown_when.as_deref());
            check(ledger, scope, field.required_when.as_deref());
            match &field.kind {
                FieldKind::Rows { fields, .. } => {
                    check_fields(ledger, &declare(Scope::of_fields(fields, |_| true)), fields);
                }
                FieldKind::Computed { from: ComputedFrom::Expression(text), .. } => {
                    assert!(parse_text(text, Limits::DEFINITION).and_then(|ast| lower_value(&ast, scope)).is_ok());
                }
                _ => {}
            }
        }
    }
    for ledger in ledgers() {
        let scope = declare(Scope::of_ledger(&ledger, |_| true));
        check_fields(&ledger, &scope, &ledger.fields);
        ledger.checks.iter().for_each(|one| check(&ledger, &scope, Some(&one.condition)));
        ledger.views.iter().for_each(|one| check(&ledger, &scope, one.filter.as_deref()));
        ledger.grants.iter().for_each(|one| check(&ledger, &scope, one.rows.as_deref()));
    }
}

#[test]
fn figures_count_ledgers_of_the_system() {
    let (ledgers, kpis) = (ledgers(), bundle().unwrap().kpis);
    assert!(!kpis.is_empty());
    for kpi in kpis {
        let ledger = ledgers.iter().find(|ledger| ledger.key == kpi.ledger).unwrap();
        check(ledger, &declare(Scope::of_ledger(ledger, |_| true)), kpi.filter.as_deref());
        assert!(kpi.field.is_none_or(|field| ledger.field(&field).is_some()));
    }
}

#[test]
fn indicators_that_count_live_count_something_that_is_there() {
    let ledgers = ledgers();
    let sample = kawasemi_policy::sample::sample().unwrap();
    let live = sample.indicators.iter().filter_map(|one| Some((one.kpi_ledger.as_deref()?, one.kpi_filter.as_deref())));
    let live = live.collect::<Vec<_>>();
    assert_eq!(live.len(), 2);
    for (key, condition) in live {
        let ledger = ledgers.iter().find(|ledger| ledger.key == key).unwrap();
        check(ledger, &declare(Scope::of_ledger(ledger, |_| true)), condition);
    }
}

#[test]
fn roles_that_grants_name_are_declared() {
    let bundle = bundle().unwrap();
    let declared = bundle.system.roles.iter().map(|role| role.key.as_str()).chain(["staff", "public"]);
    let declared = declared.collect::<Vec<&str>>();
    for ledger in &bundle.ledgers {
        for grant in &ledger.grants {
            assert!(
                declared.contains(&grant.role.as_str()) && !grant.reason.is_empty(),
                "{} {}",
                ledger.key,
                grant.role
            );
        }
    }
}
