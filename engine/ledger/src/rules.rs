//! What a definition says in CQL2 about its records, read and typed once: when a field is asked, when it is required,
//! what every record must meet, how computed fields come about.
//!
//! Rules look at every field whatever its clearance: they decide about a record and are not shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_filter::{Expr, FilterError, Formula, Limits, Scope, lower, lower_value, parse_text};
use kawasemi_identity::grants::parameters::declare;
use kawasemi_schema::{ComputedFrom, FieldDef, FieldKind, LedgerDef, SchemaError, SchemaErrors};

use crate::calculators::{Calculate, Calculators};

/// The rules of one ledger.
pub struct Rules {
    /// The ledger.
    pub ledger: Arc<LedgerDef>,
    conditions: BTreeMap<String, Conditions>,
    rows: BTreeMap<String, BTreeMap<String, Conditions>>,
    /// The conditions on every record, in the order of the definition.
    pub(crate) checks: Vec<Expr>,
    /// When fields are frozen.
    pub(crate) freeze: Option<Expr>,
    /// The computed fields, each after those that it uses.
    pub(crate) computations: Vec<Computation>,
}

/// When a field is asked and when it must be filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    pub shown: Option<Expr>,
    pub required: Option<Expr>,
}

/// How a computed field comes about.
pub(crate) struct Computation {
    pub field: String,
    pub from: Source,
}

pub(crate) enum Source {
    Formula(Formula),
    Calculator(Arc<Calculate>),
}

/// Says whether the conditions and computed fields of a definition hold water, before anything is done with it.
///
/// # Errors
/// Every mistake, at its place in the definition's file.
pub fn check_rules(ledger: &Arc<LedgerDef>, calculators: &Calculators) -> Result<(), SchemaErrors> {
    Rules::compile(ledger, calculators).map(drop)
}

impl Rules {
    /// Reads the rules of a ledger.
    ///
    /// # Errors
    /// Every condition and expression that does not parse or type-check, every calculator that nobody registered, and
    /// computed fields that depend on one another in a ring.
    pub fn compile(ledger: &Arc<LedgerDef>, calculators: &Calculators) -> Result<Self, SchemaErrors> {
        let mut reading = Reading { ledger, errors: Vec::new() };
        let scope = declare(Scope::of_ledger(ledger, |_| true));
        let conditions = reading.conditions(&ledger.fields, &scope);
        let mut rows = BTreeMap::new();
        for field in &ledger.fields {
            if let FieldKind::Rows { fields, .. } = &field.kind {
                let scope = declare(Scope::of_fields(fields, |_| true));
                rows.insert(field.key.clone(), reading.conditions(fields, &scope));
            }
        }
        let checks = ledger.checks.iter().enumerate();
        let checks = checks
            .filter_map(|(n, check)| reading.condition(Some(&check.condition), &format!("check.{n}.condition"), &scope))
            .collect();
        let freeze = ledger.freeze.as_ref();
        let freeze = reading.condition(freeze.map(|freeze| freeze.when.as_str()), "freeze.when", &scope);
        let computations = reading.computations(&scope, calculators);
        let errors = reading.errors;
        if errors.is_empty() {
            Ok(Self { ledger: Arc::clone(ledger), conditions, rows, checks, freeze, computations })
        } else {
            Err(SchemaErrors(errors))
        }
    }

    pub(crate) fn conditions_of(&self, field: &str) -> &Conditions {
        self.conditions.get(field).unwrap_or(&NONE)
    }

    pub(crate) fn conditions_of_row(&self, field: &str, row_field: &str) -> &Conditions {
        self.rows.get(field).and_then(|row| row.get(row_field)).unwrap_or(&NONE)
    }
}

static NONE: Conditions = Conditions { shown: None, required: None };

struct Reading<'a> {
    ledger: &'a LedgerDef,
    errors: Vec<SchemaError>,
}

impl Reading<'_> {
    fn conditions(&mut self, fields: &[FieldDef], scope: &Scope) -> BTreeMap<String, Conditions> {
        let mut found = BTreeMap::new();
        for field in fields.iter().filter(|f| f.shown_when.is_some() || f.required_when.is_some()) {
            let shown = self.condition(field.shown_when.as_deref(), &format!("{}.shown_when", field.path), scope);
            let required =
                self.condition(field.required_when.as_deref(), &format!("{}.required_when", field.path), scope);
            found.insert(field.key.clone(), Conditions { shown, required });
        }
        found
    }

    fn condition(&mut self, text: Option<&str>, path: &str, scope: &Scope) -> Option<Expr> {
        let read = parse_text(text?, Limits::DEFINITION).and_then(|ast| lower(&ast, scope));
        read.map_err(|error| self.refuse(path, &error)).ok()
    }

    fn computations(&mut self, scope: &Scope, calculators: &Calculators) -> Vec<Computation> {
        let mut open: Vec<(&FieldDef, Source)> = Vec::new();
        for field in &self.ledger.fields {
            let FieldKind::Computed { from, .. } = &field.kind else { continue };
            match from {
                ComputedFrom::Expression(text) => {
                    let read = parse_text(text, Limits::DEFINITION).and_then(|ast| lower_value(&ast, scope));
                    match read {
                        Ok(formula) => open.push((field, Source::Formula(formula))),
                        Err(error) => self.refuse(&format!("{}.expression", field.path), &error),
                    }
                }
                ComputedFrom::Calculator(name) => match calculators.get(name) {
                    Some(calculate) => open.push((field, Source::Calculator(Arc::clone(calculate)))),
                    None => {
                        let near = kawasemi_schema::error::nearest(name, calculators.names());
                        let hint = near.map(|near| format!("「{near}」のことですか")).unwrap_or_default();
                        let path = format!("{}.calculator", field.path);
                        let message = format!("「{name}」という計算は登録されていません");
                        self.errors.push(self.ledger.source.error(&path, message, hint));
                    }
                },
            }
        }
        self.in_order(open)
    }

    /// Puts every formula after those it uses. A calculator is given the whole record, so it comes after all formulas
    /// that do not use its result.
    fn in_order(&mut self, mut open: Vec<(&FieldDef, Source)>) -> Vec<Computation> {
        let mut ordered = Vec::with_capacity(open.len());
        while !open.is_empty() {
            let waiting: Vec<&str> = open.iter().map(|(field, _)| field.key.as_str()).collect();
            let is_ready = |source: &Source| match source {
                Source::Formula(formula) => !formula.properties().iter().any(|used| waiting.contains(used)),
                Source::Calculator(_) => false,
            };
            let next = open
                .iter()
                .position(|(_, source)| is_ready(source))
                .or_else(|| open.iter().position(|(_, source)| matches!(source, Source::Calculator(_))));
            let Some(next) = next else {
                let (field, _) = &open[0];
                let message = "計算の項目が互いを使い合っているため、計算できません";
                self.errors.push(self.ledger.source.error(
                    &field.path,
                    message,
                    "式をたどり、輪になるところを切ってください",
                ));
                break;
            };
            let (field, from) = open.remove(next);
            ordered.push(Computation { field: field.key.clone(), from });
        }
        ordered
    }

    fn refuse(&mut self, path: &str, error: &FilterError) {
        let place = error.column.map(|column| format!("{column}文字目：")).unwrap_or_default();
        let message = format!("条件または式を読めません。{place}{}", error.message);
        self.errors.push(self.ledger.source.error(path, message, error.hint.clone()));
    }
}
