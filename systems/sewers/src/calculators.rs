//! The rules as computed fields call them: thin views of [`crate::rules`] over the fields of a survey.

use jiff::civil::Date;

use crate::kernel::{Fields, Value};
use crate::ledger::Calculators;
use crate::read::Read;
use crate::rules::Worked;
use crate::rules::urgency::{self, Defect, Item, Judged, Material, Rank, Span};

/// A calculation of a computed field: a value, or a sentence that says what is wrong with the fields.
pub type Calculate = fn(&Fields, Date) -> Result<Value, String>;

/// The calculations by the names that the ledgers use.
pub const CALCULATORS: [(&str, Calculate); 3] = [
    ("sewer-rate-rank", |fields, day| {
        Ok(judged(fields, day)?.map_or(Value::Null, |one| Value::from(one.value.rate.map_or("none", Rank::key))))
    }),
    ("sewer-urgency", |fields, day| {
        Ok(judged(fields, day)?.map_or(Value::Null, |one| Value::from(one.value.urgency.key())))
    }),
    ("sewer-urgency-note", |fields, day| Ok(judged(fields, day)?.map_or(Value::Null, |one| Value::Text(one.told())))),
];

/// The calculators for the ledger engine.
pub fn calculators() -> Calculators {
    CALCULATORS.iter().fold(Calculators::new(), |all, (name, calculate)| all.with(*name, *calculate))
}

/// The span of a survey; none while what is needed is not filled in.
pub fn span(fields: &Fields) -> Option<Span> {
    let read = Read(fields);
    let defect = |row: &crate::kernel::ChildRow| {
        let row = Read(&row.fields);
        Some(Defect {
            pipe: row.int("pipe_number")?,
            item: Item::read(row.text("item"))?,
            rank: Rank::read(row.text("rank")),
            measure: row.number("measure"),
        })
    };
    Some(Span {
        material: Material::read(read.text("material_class"))?,
        diameter_mm: read.int("diameter_mm")?,
        pipes: read.int("pipe_count")?,
        corrosion: Rank::read(read.text("corrosion")),
        sag_mm: read.int("sag_mm"),
        sag_rank: Rank::read(read.text("sag_rank")),
        defects: read.rows("defects").iter().filter_map(defect).collect(),
    })
}

fn judged(fields: &Fields, today: Date) -> Result<Option<Worked<Judged>>, String> {
    let Some(span) = span(fields) else { return Ok(None) };
    urgency::judge(&span, Read(fields).date("surveyed_on").unwrap_or(today)).map(Some)
}
