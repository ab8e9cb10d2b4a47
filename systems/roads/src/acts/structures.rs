//! Structures with their newest inspection. What the ledger of structures repeats of it (grade, dates) is brought over here: once a day,
//! and at once from the page of the road ledger.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::definitions::{INSPECTION, STRUCTURE};
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::read::{self, Read};
use crate::rules::grade::Grade;

/// A structure and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: i64,
    /// Whether the caller may change it.
    pub may_update: bool,
    /// Its name.
    pub name: String,
    /// The key of its kind.
    pub kind: String,
    /// Its place.
    pub place: String,
    /// The year in which it was built.
    pub built_year: Option<i64>,
    /// Its length, metres.
    pub length_m: Option<f64>,
    /// The newest inspection; none where it was never inspected.
    pub inspection: Option<Inspection>,
    /// What the ledger repeats of it.
    noted: (Option<Grade>, Option<Date>, Option<Date>),
}

/// The newest inspection of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The record.
    pub id: RecordId,
    /// The day.
    pub on: Date,
    /// The grade.
    pub grade: Option<Grade>,
    /// By when the next one is due.
    pub next_due_on: Option<Date>,
    /// The measure, in words.
    pub measure: String,
    /// By when it is to be done.
    pub measure_due_on: Option<Date>,
    /// Whether a measure is needed and not done.
    pub is_open: bool,
    /// Whether a closure or limit was recorded.
    pub is_restricted: bool,
}

impl Structure {
    /// The grade of the newest inspection.
    pub fn grade(&self) -> Option<Grade> {
        self.inspection.as_ref().and_then(|inspection| inspection.grade)
    }

    /// By when it is inspected next; none where it never was, which is due at once.
    pub fn next_due_on(&self) -> Option<Date> {
        self.inspection.as_ref().and_then(|inspection| inspection.next_due_on)
    }

    /// Whether the next inspection is due by a day.
    pub fn is_due(&self, by: Date) -> bool {
        self.next_due_on().is_none_or(|due| due <= by)
    }

    /// Whether it is of grade Ⅲ or Ⅳ and no measure is done.
    pub fn is_open(&self) -> bool {
        self.inspection.as_ref().is_some_and(|inspection| inspection.is_open)
    }
}

/// All structures that are not removed, the next due first.
///
/// # Errors
/// When a ledger can't be read.
pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Vec<Structure>, LedgerError> {
    let mut newest: HashMap<RecordId, Inspection> = HashMap::new();
    for record in read::all(ledgers, context, INSPECTION, ListRequest::all()).await? {
        let read = Read::of(&record);
        let (Some(of), Some(on)) = (read.record("structure"), read.date("inspected_on")) else { continue };
        if newest.get(&of).is_some_and(|known| known.on >= on) {
            continue;
        }
        let grade = Grade::read(read.text("grade"));
        let is_open = grade >= Some(Grade::Iii) && read.text("measure_state") != "done";
        let inspection = Inspection {
            id: record.id,
            on,
            grade,
            next_due_on: read.date("next_due_on"),
            measure: read.text("measure").to_owned(),
            measure_due_on: read.date("measure_due_on"),
            is_open,
            is_restricted: !record.get("restricted_at").is_null(),
        };
        newest.insert(of, inspection);
    }
    let request = ListRequest::filtered("state <> 'removed'");
    let records = read::all(ledgers, context, STRUCTURE, request).await?;
    let mut structures: Vec<Structure> = records
        .iter()
        .map(|record| {
            let read = Read::of(record);
            let noted = (Grade::read(read.text("grade")), read.date("last_inspected_on"), read.date("next_due_on"));
            Structure {
                id: record.id,
                revision: record.revision,
                may_update: record.may.update,
                name: read.text("name").to_owned(),
                kind: read.text("kind").to_owned(),
                place: read.text("place").to_owned(),
                built_year: read.int("built_year"),
                length_m: read.number("length_m"),
                inspection: newest.remove(&record.id),
                noted,
            }
        })
        .collect();
    structures
        .sort_by(|one, other| one.next_due_on().cmp(&other.next_due_on()).then_with(|| one.name.cmp(&other.name)));
    Ok(structures)
}

/// Brings the newest inspections over to the structures that the caller may change; how many changed.
///
/// # Errors
/// When a ledger can't be read or written. Somebody else's change in the meantime is passed over: the next run brings it over.
pub async fn bring_over(ledgers: &Ledgers, context: &Context) -> Result<usize, LedgerError> {
    let context = context.clone().because("最新の点検の結果の反映");
    let mut changed = 0;
    for structure in load(ledgers, &context).await?.iter().filter(|structure| structure.may_update) {
        let Some(inspection) = &structure.inspection else { continue };
        if structure.noted == (inspection.grade, Some(inspection.on), inspection.next_due_on) {
            continue;
        }
        let draft = Draft::new()
            .with("grade", inspection.grade.map_or(Value::Null, |grade| Value::from(grade.key())))
            .with("last_inspected_on", inspection.on)
            .with("next_due_on", inspection.next_due_on.map_or(Value::Null, Value::Date));
        match ledgers.update(&context, STRUCTURE, structure.id, structure.revision, draft).await {
            Ok(_) => changed += 1,
            Err(LedgerError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}
