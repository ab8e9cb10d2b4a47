//! Facets: how often each value of a field occurs among the records of a list.
//!
//! Counting goes over the first ten thousand records of the list in one pass; beyond that the numbers are lower bounds
//! and say so. Fields of different clearance are counted separately, each over the rows whose grants reach it.

use std::collections::BTreeMap;

use kawasemi_identity::Context;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_schema::{Action, Clearance, FieldDef, FieldKind};
use kawasemi_store::Cell;
use kawasemi_store::list::count;
use kawasemi_store::record::columns;

use crate::error::{LedgerError, Result};
use crate::field::{self, Labels, Style};
use crate::labels::Wanted;
use crate::ledgers::{Gate, Ledgers};
use crate::read::query;
use crate::record::RowView;
use crate::select::{ListRequest, cql_literal};

/// Records that are looked at.
const LOOKED_AT: u32 = 10_000;
/// How often each cell occurs in a column.
type Counts = Vec<(Cell, u64)>;

/// Most values of one facet.
const VALUES: usize = 50;

/// How often each value of a field occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The field's key.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// The values, the most frequent first; those of a choice in the order of its definition.
    pub values: Vec<FacetValue>,
    /// Whether the numbers are lower bounds.
    pub is_partial: bool,
}

/// One value of a facet.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetValue {
    /// The value; null for records in which the field is empty.
    pub value: Value,
    /// The value as text.
    pub text: String,
    /// How many records have it.
    pub count: u64,
    /// The CQL2 condition that keeps only these records.
    pub filter: String,
}

impl Ledgers {
    /// Counts the values of fields among the records of a list; of the ledger's own facets where none are named.
    ///
    /// # Errors
    /// [`LedgerError::UnknownField`], [`LedgerError::Unsuitable`], and as [`Ledgers::list`].
    pub async fn facets(
        &self,
        context: &Context,
        ledger: &str,
        fields: Option<&[String]>,
        request: &ListRequest,
    ) -> Result<Vec<Facet>> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let fields = chosen(&gate, fields)?;
        let mut by_clearance: BTreeMap<Clearance, Vec<&FieldDef>> = BTreeMap::new();
        for field in &fields {
            by_clearance.entry(field.clearance).or_default().push(field);
        }
        let mut counted: BTreeMap<&str, (Counts, bool)> = BTreeMap::new();
        for group in by_clearance.values() {
            let (facets, is_partial) = self.count_values(context, &gate, group, request).await?;
            for (field, values) in group.iter().zip(facets) {
                counted.insert(&field.key, (values, is_partial));
            }
        }
        let mut facets = Vec::with_capacity(fields.len());
        let mut wanted = Wanted::default();
        for field in &fields {
            let (cells, is_partial) = counted.remove(field.key.as_str()).unwrap_or_default();
            let values = merged(field, cells)?;
            values.iter().for_each(|(value, _)| wanted.add_value(field, value));
            facets.push((*field, values, is_partial));
        }
        let labels = self.labels_for(context, wanted).await?;
        let shown = facets.into_iter().map(|(field, values, is_partial)| Facet {
            field: field.key.clone(),
            label: field.label.get(context.lang).to_owned(),
            values: values
                .into_iter()
                .map(|(value, count)| facet_value(context, field, value, count, &labels))
                .collect(),
            is_partial,
        });
        Ok(shown.collect())
    }

    async fn count_values(
        &self,
        context: &Context,
        gate: &Gate,
        fields: &[&FieldDef],
        request: &ListRequest,
    ) -> Result<(Vec<Counts>, bool)> {
        let names = fields.iter().map(|field| field.key.as_str());
        let selection = self.select(context, gate, Action::Read, request, names).await?;
        let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
        let mut query = query(gate, &selection);
        if selection.exact.is_none() {
            let count::Facets { facets, is_partial } = query.facets(self.city(), &keys, LOOKED_AT).await?;
            return Ok((facets.into_iter().map(|facet| facet.values).collect(), is_partial));
        }
        // What SQL can't decide is decided here, over as many rows.
        query.projection = gate.projection(keys.iter().copied().chain(selection.exact.properties()));
        query.limit = LOOKED_AT as usize;
        let page = query.page(self.city()).await?;
        let rows: Vec<_> = page.records.iter().filter(|row| selection.exact.matches(&RowView(row))).collect();
        let count = |key: &&str| {
            let mut counts: BTreeMap<String, (Cell, u64)> = BTreeMap::new();
            for row in &rows {
                let cell = row.fields.get(*key).and_then(|value| to_cell(gate, key, value)).unwrap_or(Cell::Null);
                counts.entry(format!("{cell:?}")).or_insert((cell, 0)).1 += 1;
            }
            counts.into_values().collect()
        };
        Ok((keys.iter().map(count).collect(), page.next.is_some()))
    }
}

/// The fields that are counted: those named, or the ledger's own as far as the caller sees them in every row.
fn chosen<'a>(gate: &'a Gate, named: Option<&[String]>) -> Result<Vec<&'a FieldDef>> {
    match named {
        None => {
            let highest = gate.access.clearance(Action::Read).unwrap_or_default();
            let own = gate.def().list.facets.iter().filter_map(|key| gate.def().field(key));
            Ok(own.filter(|field| field.clearance <= highest).collect())
        }
        Some(keys) => {
            let names = keys.iter().map(String::as_str);
            gate.access.needed(Action::Read, names).map_err(|hidden| gate.unknown_field(&hidden.name))?;
            let field = |key: &String| {
                let field = gate.def().field(key).ok_or_else(|| gate.unknown_field(key))?;
                let is_counted = field.columns().first().is_some_and(|column| column.property.is_some())
                    && !matches!(field.kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon);
                if is_counted {
                    Ok(field)
                } else {
                    Err(LedgerError::Unsuitable { name: key.clone(), purpose: "集計" })
                }
            };
            keys.iter().map(field).collect()
        }
    }
}

/// A value as its first column holds it.
fn to_cell(gate: &Gate, key: &str, value: &Value) -> Option<Cell> {
    use kawasemi_store::Param;
    let params = columns::encode(gate.def().field(key)?, value).ok()?;
    Some(match params.into_iter().next()? {
        Param::Null => Cell::Null,
        Param::Bool(answer) => Cell::Bool(answer),
        Param::Int(number) => Cell::Int(number),
        Param::Real(number) => Cell::Real(number),
        Param::Text(text) => Cell::Text(text),
        Param::Blob(bytes) => Cell::Blob(bytes),
        Param::Id(id) => Cell::Id(id),
    })
}

/// Cells as values; each of several choices counts for itself.
fn merged(field: &FieldDef, cells: Counts) -> Result<Vec<(Value, u64)>> {
    let mut values: Vec<(Value, u64)> = Vec::new();
    let mut add = |value: Value, count: u64| match values.iter_mut().find(|(known, _)| *known == value) {
        Some((_, sum)) => *sum += count,
        None => values.push((value, count)),
    };
    for (cell, count) in cells {
        match decode(field, cell)? {
            Value::Many(keys) => keys.into_iter().for_each(|key| add(Value::Text(key), count)),
            value => add(value, count),
        }
    }
    let choices = field.kind.choices();
    if choices.is_empty() {
        values.sort_by(|(_, a), (_, b)| b.cmp(a));
        values.truncate(VALUES);
    } else {
        let rank = |value: &Value| value.as_text().and_then(|key| choices.iter().position(|c| c.key == key));
        values.sort_by_key(|(value, _)| rank(value).unwrap_or(usize::MAX));
    }
    Ok(values)
}

/// The value in the first column of a field; of a name or an address its text.
pub(crate) fn decode(field: &FieldDef, cell: Cell) -> Result<Value> {
    if field.kind.scalar().is_some() {
        return Ok(columns::decode(field, &mut std::iter::once(cell))?);
    }
    Ok(match cell {
        Cell::Text(text) => Value::Text(text),
        _ => Value::Null,
    })
}

fn facet_value(context: &Context, field: &FieldDef, value: Value, count: u64, labels: &Labels) -> FacetValue {
    let style = Style::page(context.lang).with_labels(labels);
    let (text, filter) = match (&field.kind, &value) {
        (_, Value::Null) => ("（未入力）".to_owned(), format!("{} IS NULL", field.key)),
        (FieldKind::Choices { .. }, Value::Text(key)) => {
            let label = field.choice(key).map_or(key.as_str(), |choice| choice.label.get(context.lang));
            (label.to_owned(), format!("A_CONTAINS({}, ('{key}'))", field.key))
        }
        (FieldKind::PersonName | FieldKind::Address, Value::Text(text)) => (text.clone(), equals(field, &value)),
        _ => (field::show(field, &value, &style), equals(field, &value)),
    };
    FacetValue { value, text, count, filter }
}

fn equals(field: &FieldDef, value: &Value) -> String {
    let literal = match value {
        Value::Record(RecordId(id)) => Some(format!("'{id}'")),
        value => cql_literal(value),
    };
    literal.map_or_else(|| "TRUE".to_owned(), |literal| format!("{} = {literal}", field.key))
}
