//! The declarations together with the shared registers: references, conditions, grants, views and figures.

use std::sync::Arc;

use kawasemi_parks::definitions::bundle;
use kawasemi_platform::filter::{Limits, Scope, lower, parse_text};
use kawasemi_platform::identity::grants::parameters::declare;
use kawasemi_platform::ledger::check_rules;
use kawasemi_platform::schema::{Catalogue, LedgerDef};

fn ledgers() -> Vec<Arc<LedgerDef>> {
    bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers
}

fn check(ledger: &LedgerDef, condition: Option<&str>) {
    let Some(condition) = condition else { return };
    let scope = declare(Scope::of_ledger(ledger, |_| true));
    let read = parse_text(condition, Limits::DEFINITION).and_then(|ast| lower(&ast, &scope).map(|_| ()));
    assert!(read.is_ok(), "{} {condition}: {read:?}", ledger.key);
}

#[test]
fn references_lead_to_ledgers_and_every_rule_can_be_read() {
    let registers = kawasemi_platform::registry::bundle().unwrap_or_else(|errors| panic!("{errors}"));
    let catalogue = Catalogue::new(ledgers().into_iter().chain(registers.ledgers));
    assert!(catalogue.is_ok(), "{catalogue:?}");
    let calculators = kawasemi_parks::calculators::calculators();
    for ledger in ledgers() {
        check_rules(&ledger, &calculators).unwrap_or_else(|errors| panic!("{errors}"));
        ledger.views.iter().for_each(|one| check(&ledger, one.filter.as_deref()));
        ledger.grants.iter().for_each(|one| check(&ledger, one.rows.as_deref()));
    }
}

#[test]
fn figures_count_ledgers_of_the_system() {
    let (ledgers, kpis) = (ledgers(), bundle().unwrap().kpis);
    assert!(!kpis.is_empty());
    for kpi in kpis {
        let ledger = ledgers.iter().find(|ledger| ledger.key == kpi.ledger).unwrap();
        check(ledger, kpi.filter.as_deref());
        assert!(kpi.field.is_none_or(|field| ledger.field(&field).is_some()));
    }
}

#[test]
fn roles_that_grants_name_are_declared_and_every_grant_says_why() {
    let bundle = bundle().unwrap();
    let declared = bundle.system.roles.iter().map(|role| role.key.as_str()).chain(["staff", "public"]);
    let declared = declared.collect::<Vec<&str>>();
    for ledger in &bundle.ledgers {
        assert!(ledger.grants.iter().any(|grant| grant.role == "park-staff"), "{}", ledger.key);
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
