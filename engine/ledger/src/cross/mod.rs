//! Cross tables, the data of charts, and figures: records grouped by up to two fields and put together.
//!
//! Sums are exact: the databases add scaled integers in two halves, so that no sum of a million amounts overflows, and the
//! halves are put together here. What SQL can't decide exactly is grouped in memory over a bounded number of rows.

mod memory;
mod sql;

use std::collections::BTreeMap;

use kawasemi_identity::Context;
use kawasemi_kernel::decimal::Rounding;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{Decimal, Value};
use kawasemi_schema::{Action, Aggregate, FieldDef, FieldKind};
use serde::{Deserialize, Serialize};

use crate::error::{LedgerError, Result};
use crate::field::{self, Labels, Style};
use crate::labels::Wanted;
use crate::ledgers::{Gate, Ledgers};
use crate::select::ListRequest;

/// Most groups of one table.
const GROUPS: usize = 5_000;

/// By what records are grouped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupBy {
    /// The field.
    pub field: String,
    /// How dates are put together.
    #[serde(default)]
    pub step: Step,
}

/// How dates are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Each value for itself; dates by month.
    #[default]
    Value,
    /// Dates by day.
    Day,
    /// Dates by month.
    Month,
    /// Dates by fiscal year (年度).
    FiscalYear,
}

/// What is asked of a cross table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossRequest {
    /// Which records.
    pub list: ListRequest,
    /// None for one figure, one for a series, two for a table.
    pub by: Vec<GroupBy>,
    /// How records are put together.
    pub aggregate: Aggregate,
    /// The field that is summed, averaged or compared; none for a count.
    pub of: Option<String>,
}

/// A cross table.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossTable {
    /// The groups of the first field, in order.
    pub rows: Vec<Group>,
    /// The groups of the second field, in order; one without a name where there is none.
    pub columns: Vec<Group>,
    /// The figures, by row and column; none where there is no record.
    pub cells: Vec<Vec<Option<Decimal>>>,
    /// The figure over everything.
    pub total: Option<Decimal>,
    /// The unit of the figures.
    pub unit: String,
    /// Whether only the first records or groups were looked at.
    pub is_partial: bool,
}

/// A group of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The value that they share; null for records in which the field is empty. A month is a month, a fiscal year its
    /// first year.
    pub value: Value,
    /// The value as text.
    pub text: String,
}

/// The key of a group: ordered, and equal for equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i64),
    Text(String),
    Null,
}

/// What is known of the records of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    pub records: u64,
    pub values: u64,
    pub sum: i128,
    pub min: Option<i64>,
    pub max: Option<i64>,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.values += other.values;
        self.sum += other.sum;
        self.min = self.min.into_iter().chain(other.min).min();
        self.max = self.max.into_iter().chain(other.max).max();
    }

    /// The figure at the scale of its field; the mean with two more places.
    fn figure(&self, aggregate: Aggregate, scale: u8) -> Option<Decimal> {
        let at = |units: i64| Some(Decimal::new(units, scale));
        match aggregate {
            Aggregate::Count => i64::try_from(self.records).ok().map(|count| Decimal::new(count, 0)),
            Aggregate::Sum => i64::try_from(self.sum).ok().and_then(at).filter(|_| self.values > 0),
            Aggregate::Min => self.min.and_then(at),
            Aggregate::Max => self.max.and_then(at),
            Aggregate::Average => {
                let divisor = i128::from(self.values).checked_mul(10_i128.pow(u32::from(scale)))?;
                Decimal::from_ratio(self.sum, divisor, scale + 2, Rounding::HalfUp)
            }
        }
    }
}

/// The tallies of all cells, and that of all records, which count once where they have several choices.
#[derive(Default)]
struct Tallies {
    cells: BTreeMap<Vec<Key>, Tally>,
    all: Tally,
}

impl Tallies {
    /// Adds records to the cells of the combinations of their keys.
    fn add(&mut self, keys: &[Vec<Key>], tally: &Tally) {
        self.all.add(tally);
        let mut combinations: Vec<Vec<Key>> = vec![Vec::new()];
        for keys in keys {
            let longer =
                |one: &Vec<Key>| keys.iter().map(|key| [one.as_slice(), std::slice::from_ref(key)].concat()).collect();
            combinations = combinations.iter().flat_map(|one| -> Vec<Vec<Key>> { longer(one) }).collect();
        }
        combinations.into_iter().for_each(|keys| self.cells.entry(keys).or_default().add(tally));
    }
}

/// One grouping, with its field.
struct Grouping<'a> {
    pub field: &'a FieldDef,
    pub step: Step,
}

impl Ledgers {
    /// Groups the records of a list and puts each group together.
    ///
    /// # Errors
    /// [`LedgerError::UnknownField`], [`LedgerError::Unsuitable`], and as [`Ledgers::list`].
    pub async fn cross_table(&self, context: &Context, ledger: &str, request: &CrossRequest) -> Result<CrossTable> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let by = groupings(&gate, request)?;
        let of = measured(&gate, request)?;
        let names = by.iter().map(|g| g.field.key.as_str()).chain(of.map(|field| field.key.as_str()));
        let list = ListRequest { sort: Vec::new(), ..request.list.clone() };
        let selection = self.select(context, &gate, Action::Read, &list, names).await?;
        let (tallies, is_partial) = if selection.exact.is_none() {
            self.tally_in_sql(&gate, &selection, &by, of).await?
        } else {
            self.tally_in_memory(&gate, &selection, &by, of).await?
        };
        let labels = self.group_labels(context, &by, &tallies).await?;
        Ok(table(context, request, &by, of, &tallies, &labels, is_partial))
    }

    /// One figure over the records of a list, such as that of an indicator; none where there is nothing to put together.
    ///
    /// # Errors
    /// As [`Ledgers::cross_table`].
    pub async fn figure(
        &self,
        context: &Context,
        ledger: &str,
        filter: Option<&str>,
        aggregate: Aggregate,
        of: Option<&str>,
    ) -> Result<Option<Decimal>> {
        let list = ListRequest { filter: filter.map(str::to_owned), ..ListRequest::default() };
        let request = CrossRequest { list, by: Vec::new(), aggregate, of: of.map(str::to_owned) };
        Ok(self.cross_table(context, ledger, &request).await?.total)
    }

    async fn group_labels(&self, context: &Context, by: &[Grouping<'_>], tallies: &Tallies) -> Result<Labels> {
        let mut wanted = Wanted::default();
        for keys in tallies.cells.keys() {
            for (grouping, key) in by.iter().zip(keys) {
                wanted.add_value(grouping.field, &grouping.value(key));
            }
        }
        self.labels_for(context, wanted).await
    }
}

fn unsuitable(key: &str) -> LedgerError {
    LedgerError::Unsuitable { name: key.to_owned(), purpose: "集計" }
}

fn groupings<'a>(gate: &'a Gate, request: &CrossRequest) -> Result<Vec<Grouping<'a>>> {
    if request.by.len() > 2 {
        return Err(LedgerError::Refused("集計の見出しは二つまでです。".to_owned()));
    }
    let grouping = |by: &GroupBy| {
        gate.access.needed(Action::Read, [by.field.as_str()]).map_err(|hidden| gate.unknown_field(&hidden.name))?;
        let field = gate.def().field(&by.field).ok_or_else(|| gate.unknown_field(&by.field))?;
        if field.kind.scalar().is_none() {
            return Err(unsuitable(&by.field));
        }
        Ok(Grouping { field, step: by.step })
    };
    request.by.iter().map(grouping).collect()
}

/// The field that is put together. Yes counts as 1, so that a sum of answers is the number of yes.
fn measured<'a>(gate: &'a Gate, request: &CrossRequest) -> Result<Option<&'a FieldDef>> {
    if request.aggregate == Aggregate::Count {
        return Ok(None);
    }
    let key = request.of.as_deref().ok_or_else(|| unsuitable(""))?;
    gate.access.needed(Action::Read, [key]).map_err(|hidden| gate.unknown_field(&hidden.name))?;
    let field = gate.def().field(key).ok_or_else(|| gate.unknown_field(key))?;
    if scale_of(field).is_some() { Ok(Some(field)) } else { Err(unsuitable(key)) }
}

/// The decimal places of a field that can be put together; none for others.
fn scale_of(field: &FieldDef) -> Option<u8> {
    match plain_kind(field) {
        FieldKind::Integer { .. } | FieldKind::Yen { .. } => Some(0),
        FieldKind::Decimal { scale, .. } => Some(*scale),
        _ => None,
    }
}

/// The kind of a field, of a computed one that of its result.
fn plain_kind(field: &FieldDef) -> &FieldKind {
    match &field.kind {
        FieldKind::Computed { result, .. } => result,
        kind => kind,
    }
}

impl Grouping<'_> {
    /// How the field's values are put together: dates never day by day unless that was asked for.
    pub fn step(&self) -> Step {
        match (plain_kind(self.field), self.step) {
            (FieldKind::Date | FieldKind::DateTime, Step::Value) => Step::Month,
            (FieldKind::Date | FieldKind::DateTime, step) => step,
            (FieldKind::YearMonth, Step::FiscalYear) => Step::FiscalYear,
            _ => Step::Value,
        }
    }

    /// The value for which a key stands.
    pub fn value(&self, key: &Key) -> Value {
        match (key, self.step(), plain_kind(self.field)) {
            (Key::Null, ..) => Value::Null,
            (Key::Text(text), Step::Day, _) => text.parse().map_or(Value::Null, Value::Date),
            (Key::Text(text), Step::Month, _) => text.parse().map_or(Value::Null, Value::YearMonth),
            (Key::Text(text), _, FieldKind::YearMonth) => text.parse().map_or(Value::Null, Value::YearMonth),
            (Key::Text(text), _, FieldKind::Reference { .. }) => text.parse().map_or(Value::Null, Value::Record),
            (Key::Text(text), ..) => Value::Text(text.clone()),
            (Key::Int(number), _, FieldKind::YesNo) => Value::Bool(*number != 0),
            (Key::Int(number), _, FieldKind::Decimal { scale, .. }) => Value::Decimal(Decimal::new(*number, *scale)),
            (Key::Int(number), ..) => Value::Int(*number),
        }
    }

    fn text(&self, value: &Value, context: &Context, labels: &Labels) -> String {
        let style = Style::page(context.lang).with_labels(labels);
        match (value, self.step(), &self.field.kind) {
            (Value::Null, ..) => "（未入力）".to_owned(),
            (Value::Int(year), Step::FiscalYear, _) => {
                let fiscal = i32::try_from(*year).ok().and_then(|year| FiscalYear::new(year).ok());
                fiscal.map_or_else(String::new, FiscalYear::label)
            }
            (Value::YearMonth(month), ..) => format!("{:04}/{:02}", month.year(), month.month()),
            (Value::Date(day), ..) => day.strftime("%Y/%m/%d").to_string(),
            (Value::Text(key), _, FieldKind::Choices { .. }) => {
                self.field.choice(key).map_or_else(|| key.clone(), |choice| choice.label.get(context.lang).to_owned())
            }
            (value, ..) => field::show(self.field, value, &style),
        }
    }

    /// Keys in the order in which the table shows them: choices as they are defined, the rest by value.
    fn order(&self, keys: &mut [Key]) {
        let choices = self.field.kind.choices();
        let rank = |key: &Key| match key {
            Key::Text(text) if !choices.is_empty() => choices.iter().position(|c| c.key == *text).unwrap_or(usize::MAX),
            Key::Null => usize::MAX,
            _ => 0,
        };
        keys.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    }
}

fn table(
    context: &Context,
    request: &CrossRequest,
    by: &[Grouping<'_>],
    of: Option<&FieldDef>,
    tallies: &Tallies,
    labels: &Labels,
    is_partial: bool,
) -> CrossTable {
    let scale = of.and_then(scale_of).unwrap_or(0);
    let keys = |position: usize| -> Vec<Key> {
        let Some(grouping) = by.get(position) else { return vec![Key::Null] };
        let mut keys: Vec<Key> = tallies.cells.keys().map(|keys| keys[position].clone()).collect();
        keys.sort();
        keys.dedup();
        grouping.order(&mut keys);
        keys
    };
    let group = |position: usize, key: &Key| match by.get(position) {
        None => Group { value: Value::Null, text: String::new() },
        Some(grouping) => {
            let value = grouping.value(key);
            Group { text: grouping.text(&value, context, labels), value }
        }
    };
    let (row_keys, column_keys) = (keys(0), keys(1));
    let cell = |row: &Key, column: &Key| {
        let key: Vec<Key> = [row, column].into_iter().take(by.len()).cloned().collect();
        tallies.cells.get(&key).and_then(|tally| tally.figure(request.aggregate, scale))
    };
    let cells = row_keys.iter().map(|row| column_keys.iter().map(|column| cell(row, column)).collect()).collect();
    CrossTable {
        cells,
        rows: row_keys.iter().map(|key| group(0, key)).collect(),
        columns: column_keys.iter().map(|key| group(1, key)).collect(),
        total: tallies.all.figure(request.aggregate, scale),
        unit: of.map_or_else(|| "件".to_owned(), unit),
        is_partial,
    }
}

fn unit(field: &FieldDef) -> String {
    match plain_kind(field) {
        FieldKind::Integer { unit, .. } | FieldKind::Decimal { unit, .. } => unit.clone(),
        FieldKind::Yen { .. } => "円".to_owned(),
        _ => String::new(),
    }
}
