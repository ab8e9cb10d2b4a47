//! Playground equipment and its inspections.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Read;
use crate::definitions::{INSPECTION, UNIT};
use crate::kernel::{ChildRow, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, May, Visible};
use crate::platform::identity::Context;
use crate::rules::grade::{Judgement, Overall};
use crate::rules::unit_state::State;

/// A unit of playground equipment (遊具).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `playground-unit`")]
pub struct Unit {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub park: Option<RecordId>,
    pub unit_no: String,
    pub kind: String,
    pub name: String,
    pub maker: String,
    pub installed_on: Option<Date>,
    pub parts: Vec<UnitPart>,
    pub inspection_organisation: Option<RecordId>,
    pub state: State,
    pub state_since: Option<Date>,
    pub measure: String,
    pub measure_due: Option<Date>,
    pub stopped_on: Option<Date>,
    pub stop_notice: Option<RecordId>,
    pub stop_work_order: Option<RecordId>,
    pub repaired_on: Option<Date>,
    pub released_on: Option<Date>,
    pub reinspection: Option<RecordId>,
    pub last_inspection: Option<RecordId>,
    pub last_inspected_on: Option<Date>,
    pub last_periodic_on: Option<Date>,
    pub last_daily_on: Option<Date>,
    pub overall: Option<Overall>,
    pub judgement: Option<Judgement>,
    pub next_periodic_due: Option<Date>,
    pub next_daily_due: Option<Date>,
}

/// A part of a unit that is inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPart {
    /// What it is called.
    pub name: String,
    /// The key of its material; empty where it is not said.
    pub material: String,
    /// Whether the unit can't be graded without it.
    pub is_required: bool,
}

/// An inspection (遊具点検).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `playground-inspection`")]
pub struct Inspection {
    pub id: RecordId,
    pub unit: Option<RecordId>,
    pub kind: String,
    pub inspected_on: Option<Date>,
    pub found_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub inspector: String,
    pub overall: Option<Overall>,
    pub judgement: Option<Judgement>,
    pub measure: String,
    pub measure_due: Option<Date>,
}

impl Unit {
    /// What is visible of a unit.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        let part = |row: &ChildRow| UnitPart {
            name: Read(&row.fields).text("part"),
            material: Read(&row.fields).text("material"),
            is_required: !matches!(row.fields.get("is_required"), Some(Value::Bool(false))),
        };
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            park: read.record("park"),
            unit_no: read.text("unit_no"),
            kind: read.text("kind"),
            name: read.text("name"),
            maker: read.text("maker"),
            installed_on: read.date("installed_on"),
            parts: read.rows("part_list").iter().map(part).collect(),
            inspection_organisation: read.record("inspection_organisation"),
            // Every unit has a state; one that may not be seen is one of which nothing is known to be wrong.
            state: State::from_key(&read.text("state")).unwrap_or(State::InUse),
            state_since: read.date("state_since"),
            measure: read.text("measure"),
            measure_due: read.date("measure_due"),
            stopped_on: read.date("stopped_on"),
            stop_notice: read.record("stop_notice"),
            stop_work_order: read.record("stop_work_order"),
            repaired_on: read.date("repaired_on"),
            released_on: read.date("released_on"),
            reinspection: read.record("reinspection"),
            last_inspection: read.record("last_inspection"),
            last_inspected_on: read.date("last_inspected_on"),
            last_periodic_on: read.date("last_periodic_on"),
            last_daily_on: read.date("last_daily_on"),
            overall: Overall::from_key(&read.text("overall")),
            judgement: Judgement::from_key(&read.text("judgement")),
            next_periodic_due: read.date("next_periodic_due"),
            next_daily_due: read.date("next_daily_due"),
        }
    }

    /// Reads a unit.
    pub async fn load(ledgers: &Ledgers, context: &Context, id: RecordId) -> Result<Self, LedgerError> {
        ledgers.get(context, UNIT, id).await.map(|record| Self::of(&record))
    }

    /// How people call it: its number, and its name where it has one.
    pub fn called(&self) -> String {
        if self.name.is_empty() { self.unit_no.clone() } else { format!("{} {}", self.unit_no, self.name) }
    }

    /// The parts that are inspected; the whole unit where none are listed.
    pub fn inspected_parts(&self) -> Vec<UnitPart> {
        if self.parts.is_empty() {
            vec![UnitPart { name: "全体".to_owned(), material: String::new(), is_required: true }]
        } else {
            self.parts.clone()
        }
    }
}

impl Inspection {
    /// What is visible of an inspection.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            unit: read.record("playground_unit"),
            kind: read.text("kind"),
            inspected_on: read.date("inspected_on"),
            found_at: match record.get("found_at") {
                Value::Instant(at) => Some(*at),
                _ => None,
            },
            created_at: record.created_at,
            inspector: read.text("inspector"),
            overall: Overall::from_key(&read.text("overall")),
            judgement: Judgement::from_key(&read.text("judgement")),
            measure: read.text("measure"),
            measure_due: read.date("measure_due"),
        }
    }

    /// Reads an inspection.
    pub async fn load(ledgers: &Ledgers, context: &Context, id: RecordId) -> Result<Self, LedgerError> {
        ledgers.get(context, INSPECTION, id).await.map(|record| Self::of(&record))
    }

    /// Whether it was made by somebody with a qualification.
    pub fn is_qualified(&self) -> bool {
        matches!(self.kind.as_str(), "periodic" | "detailed" | "initial")
    }

    /// When what it found was found: as noted, or when it was entered.
    pub fn found(&self) -> Timestamp {
        self.found_at.unwrap_or(self.created_at)
    }
}
