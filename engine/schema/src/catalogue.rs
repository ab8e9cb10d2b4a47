//! All ledgers of a city together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{SchemaError, SchemaErrors, nearest};
use crate::field::{FieldDef, FieldKind};
use crate::ledger::LedgerDef;

/// The ledgers of a city by key, with every reference between them known to lead somewhere.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    ledgers: BTreeMap<String, Arc<LedgerDef>>,
}

impl Catalogue {
    /// Puts ledgers together; refuses a key that occurs twice and a reference to no ledger.
    pub fn new(definitions: impl IntoIterator<Item = Arc<LedgerDef>>) -> Result<Self, SchemaErrors> {
        let mut ledgers: BTreeMap<String, Arc<LedgerDef>> = BTreeMap::new();
        let mut errors = Vec::new();
        for ledger in definitions {
            if let Some(other) = ledgers.get(&ledger.key) {
                let hint = format!("{} にもあります", other.source.name);
                errors.push(ledger.source.error("key", format!("台帳「{}」が二つあります", ledger.key), hint));
            }
            ledgers.insert(ledger.key.clone(), ledger);
        }
        for ledger in ledgers.values() {
            dangling(&ledgers, ledger, &ledger.fields, &mut errors);
            unprotected(&ledgers, ledger, &mut errors);
        }
        if errors.is_empty() { Ok(Self { ledgers }) } else { Err(SchemaErrors(errors)) }
    }

    /// The ledger with a key.
    pub fn get(&self, key: &str) -> Option<&Arc<LedgerDef>> {
        self.ledgers.get(key)
    }

    /// All ledgers, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<LedgerDef>> {
        self.ledgers.values()
    }

    /// Which ledgers' records protect the people of a ledger (支援措置), each with the place at which it names them.
    pub fn protecting<'a>(&'a self, target: &'a str) -> impl Iterator<Item = (&'a Arc<LedgerDef>, &'a str)> {
        protecting(&self.ledgers, target)
    }

    /// The fields of other ledgers that refer to a ledger: what a record's page shows as related.
    pub fn referring_to<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a Arc<LedgerDef>, &'a FieldDef)> {
        self.ledgers.values().flat_map(move |ledger| {
            let refers = move |f: &&FieldDef| matches!(&f.kind, FieldKind::Reference { target } if target == key);
            ledger.fields.iter().filter(refers).map(move |field| (ledger, field))
        })
    }
}

fn protecting<'a>(
    ledgers: &'a BTreeMap<String, Arc<LedgerDef>>,
    target: &'a str,
) -> impl Iterator<Item = (&'a Arc<LedgerDef>, &'a str)> {
    ledgers.values().flat_map(move |ledger| {
        let persons = ledger.protects.iter().flat_map(|protects| &protects.persons).map(String::as_str);
        let leads_there = move |path: &&str| ledger.reference(path).is_some_and(|found| found.target == target);
        persons.filter(leads_there).map(move |path| (ledger, path))
    })
}

/// Refuses protected fields that nothing can ever hide: somebody believed that they would be.
fn unprotected(ledgers: &BTreeMap<String, Arc<LedgerDef>>, ledger: &LedgerDef, errors: &mut Vec<SchemaError>) {
    for path in ledger.protection.iter().flat_map(|protection| &protection.persons) {
        let target = match path.as_str() {
            "id" => Some(ledger.key.as_str()),
            path => ledger.reference(path).map(|found| found.target),
        };
        if let Some(target) = target.filter(|target| protecting(ledgers, target).next().is_none()) {
            let message = format!("台帳「{target}」の人を保護する台帳がありません");
            let hint = "支援措置の台帳の [protects] に、この台帳への参照を書いてください";
            errors.push(ledger.source.error("protection.persons", message, hint));
        }
    }
}

fn dangling(
    ledgers: &BTreeMap<String, Arc<LedgerDef>>,
    ledger: &LedgerDef,
    fields: &[FieldDef],
    errors: &mut Vec<SchemaError>,
) {
    for field in fields {
        match &field.kind {
            FieldKind::Reference { target } if !ledgers.contains_key(target) => {
                let hint = nearest(target, ledgers.keys().map(String::as_str))
                    .map(|near| format!("「{near}」のことですか"))
                    .unwrap_or_default();
                let path = format!("{}.target", field.path);
                errors.push(ledger.source.error(&path, format!("「{target}」という台帳はありません"), hint));
            }
            FieldKind::Rows { fields, .. } => dangling(ledgers, ledger, fields, errors),
            _ => {}
        }
    }
}
