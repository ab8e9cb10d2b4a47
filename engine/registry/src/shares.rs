//! The parts into which a department's records are split, as conditions on the ledgers' records.

use kawasemi_filter::{Expr, Limits, Scope, lower, parse_text};
use kawasemi_identity::grants::parameters::declare;
use kawasemi_ledger::Ledgers;
use kawasemi_schema::{FieldKind, LedgerDef};

use crate::bundle::DEPARTMENT;
use crate::organisation::Remainder;

/// What is wrong with a share: its ledger or its condition (CQL2; empty for all records), in a sentence.
pub fn mistake_of(ledgers: &Ledgers, ledger: &str, condition: &str) -> Option<String> {
    let catalogue = ledgers.city().catalogue();
    let Some(known) = catalogue.get(ledger) else {
        return Some(format!("台帳「{ledger}」がありません。台帳のキーを確かめてください。"));
    };
    if !names_departments(&known.def) {
        return Some(format!(
            "台帳「{}」の記録には部局の項目がないため、部局ごとに分けられません。",
            known.def.title.ja()
        ));
    }
    if condition.is_empty() {
        return None;
    }
    read(&known.def, condition).err().map(|error| format!("条件「{condition}」を読めません。{error}"))
}

fn read(def: &LedgerDef, condition: &str) -> Result<Expr, kawasemi_filter::FilterError> {
    let scope = declare(Scope::of_ledger(def, |_| true));
    parse_text(condition, Limits::DEFINITION).and_then(|ast| lower(&ast, &scope))
}

/// Whether records of a ledger belong to departments.
fn names_departments(def: &LedgerDef) -> bool {
    def.fields.iter().any(|field| matches!(&field.kind, FieldKind::Reference { target, .. } if target == DEPARTMENT))
}

/// The ledgers of a city, for what is left after the shares.
pub struct CityLedgers<'a>(pub &'a Ledgers);

impl Remainder for CityLedgers<'_> {
    fn ledgers(&self) -> Vec<String> {
        let catalogue = self.0.city().catalogue();
        catalogue.iter().filter(|known| names_departments(&known.def)).map(|known| known.key().to_owned()).collect()
    }

    /// What is left is what meets none of the conditions. Where a field of theirs is empty they are neither met nor not met,
    /// and the record must belong to somebody: it is left as well.
    fn none_of(&self, ledger: &str, conditions: &[&str]) -> String {
        let catalogue = self.0.city().catalogue();
        let mut left = format!("NOT (({}))", conditions.join(") OR ("));
        let properties: std::collections::BTreeSet<String> = catalogue
            .get(ledger)
            .into_iter()
            .flat_map(|known| conditions.iter().filter_map(move |text| read(&known.def, text).ok()))
            .flat_map(|expr| expr.properties().into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        for property in properties {
            left.push_str(&format!(" OR {property} IS NULL"));
        }
        left
    }
}
