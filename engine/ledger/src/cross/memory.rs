//! Grouping in memory, for conditions that SQL can't decide exactly.

use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{Value, YearMonth};
use kawasemi_schema::FieldDef;

use super::{Grouping, Key, Step, Tallies, Tally};
use crate::error::Result;
use crate::ledgers::{Gate, Ledgers};
use crate::read::query;
use crate::record::RowView;
use crate::select::Selection;

/// Rows read at once.
const BATCH: usize = 1_000;
/// Most rows that are looked at.
const LOOKED_AT: usize = 20_000;

impl Ledgers {
    pub(super) async fn tally_in_memory(
        &self,
        gate: &Gate,
        selection: &Selection,
        by: &[Grouping<'_>],
        of: Option<&FieldDef>,
    ) -> Result<(Tallies, bool)> {
        let mut query = query(gate, selection);
        let own = by.iter().map(|grouping| grouping.field.key.as_str()).chain(of.map(|field| field.key.as_str()));
        query.projection = gate.projection(own.chain(selection.exact.properties()));
        query.limit = BATCH;
        let mut tallies = Tallies::default();
        let mut looked_at = 0;
        loop {
            let page = query.page(self.city()).await?;
            looked_at += page.records.len();
            for row in page.records.iter().filter(|row| selection.exact.matches(&RowView(row))) {
                let value = |field: &FieldDef| row.fields.get(&field.key).unwrap_or(&Value::Null);
                let tally = of.map_or(Tally { records: 1, ..Tally::default() }, |field| tally(value(field)));
                let keys: Vec<Vec<Key>> = by.iter().map(|g| keys(g, value(g.field))).collect();
                tallies.add(&keys, &tally);
            }
            match page.next {
                Some(next) if looked_at < LOOKED_AT => query.after = Some(next),
                next => return Ok((tallies, next.is_some())),
            }
        }
    }
}

fn tally(value: &Value) -> Tally {
    let units = match value {
        Value::Int(number) => Some(*number),
        Value::Decimal(number) => Some(number.units()),
        _ => None,
    };
    Tally { records: 1, values: u64::from(units.is_some()), sum: units.unwrap_or(0).into(), min: units, max: units }
}

fn keys(grouping: &Grouping<'_>, value: &Value) -> Vec<Key> {
    let text = |text: String| vec![Key::Text(text)];
    let of_day = |day: jiff::civil::Date| match grouping.step() {
        Step::FiscalYear => vec![Key::Int(FiscalYear::of(day).year().into())],
        Step::Month => text(YearMonth::of(day).to_string()),
        _ => text(day.to_string()),
    };
    match value {
        Value::Date(day) => of_day(*day),
        Value::Instant(at) => of_day(civil_date(*at)),
        Value::YearMonth(month) if grouping.step() == Step::FiscalYear => of_day(month.first_day()),
        Value::YearMonth(month) => text(month.to_string()),
        Value::Many(keys) => keys.iter().map(|key| Key::Text(key.clone())).collect(),
        Value::Text(own) => text(own.clone()),
        Value::Record(id) => text(id.to_string()),
        Value::Int(number) => vec![Key::Int(*number)],
        Value::Decimal(number) => vec![Key::Int(number.units())],
        Value::Bool(answer) => vec![Key::Int(i64::from(*answer))],
        _ => vec![Key::Null],
    }
}
