//! What the program reads of the system's ledgers: typed views of what a caller may see of a record.
//!
//! A field that the caller may not see is empty here, like one in which nothing was entered. Ledgers are read through [`all`],
//! which follows the pages of a list to its end.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::definitions::{FACILITY, INSPECTION, LAND, OCCUPATION, PARK, PERMIT, UNIT};
use crate::kernel::{ChildRow, Decimal, Fields, FileRef, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest, May, Visible};
use crate::platform::identity::Context;
use crate::rules::coverage::Built;
use crate::rules::grade::{Judgement, Overall};
use crate::rules::unit_state::State;

/// Records read at once.
const AT_ONCE: u32 = 500;

/// Reads all records of a list.
pub async fn all(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
) -> Result<Vec<Visible>, LedgerError> {
    let mut request = ListRequest { limit: AT_ONCE, ..request };
    let mut found = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        found.extend(page.records);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(found),
        }
    }
}

/// All records of a ledger that belong to a park.
pub async fn of_park(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    park: RecordId,
) -> Result<Vec<Visible>, LedgerError> {
    all(ledgers, context, ledger, ListRequest::filtered(format!("park = '{park}'"))).await
}

/// A park (公園).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `park`")]
pub struct Park {
    pub id: RecordId,
    pub number: String,
    pub may: May,
    pub name: String,
    pub name_kana: String,
    pub kind: String,
    pub address: String,
    pub established_on: Option<Date>,
    pub established_note: String,
    pub history: Vec<(Option<Date>, String)>,
    pub site_area_m2: Option<Decimal>,
    pub integrated_building: String,
    pub outline: Option<serde_json::Value>,
    pub department: Option<RecordId>,
    pub evacuation_site: bool,
    pub prepared_on: Option<Date>,
    pub closed_on: Option<Date>,
    pub source: String,
    pub updated_at: Timestamp,
    pub revision: i64,
}

/// A piece of a park's land (敷地).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `park-land`")]
pub struct Land {
    pub parcel_no: String,
    pub area_m2: Decimal,
    pub owner_kind: String,
    pub owner_name: String,
    pub title_kind: String,
    pub lease_from: Option<Date>,
    pub lease_until: Option<Date>,
}

/// A facility (公園施設).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `park-facility`")]
pub struct Facility {
    pub id: RecordId,
    pub facility_no: String,
    pub category: String,
    pub name: String,
    pub is_main: bool,
    pub quantity: Option<Decimal>,
    pub unit: String,
    pub structure: String,
    pub is_building: bool,
    pub building_area_m2: Option<Decimal>,
    pub sports_area_m2: Option<Decimal>,
    pub coverage_class: String,
    pub permit: Option<RecordId>,
    pub soundness: String,
    pub removed_on: Option<Date>,
}

/// A permit (設置管理許可).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `park-permit`")]
pub struct Permit {
    pub id: RecordId,
    pub permit_no: String,
    pub kind: String,
    pub subject: String,
    pub holder: String,
    pub holder_address: String,
    pub representative: String,
    pub from: Option<Date>,
    pub until: Option<Date>,
}

/// An occupation (占用).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `park-occupation`")]
pub struct Occupation {
    pub kind: String,
    pub name: String,
    pub structure: String,
    pub building_area_m2: Option<Decimal>,
    pub underground_percent: Option<Decimal>,
    pub holder: String,
    pub holder_address: String,
    pub representative: String,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub is_main: bool,
}

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

impl Park {
    /// What is visible of a park.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        let history = read
            .rows("history")
            .iter()
            .map(|row| (Read(&row.fields).date("happened_on"), Read(&row.fields).text("text")));
        Self {
            id: record.id,
            number: record.number.clone().unwrap_or_default(),
            may: record.may,
            name: read.text("name"),
            name_kana: read.text("name_kana"),
            kind: read.text("kind"),
            address: read.text("address"),
            established_on: read.date("established_on"),
            established_note: read.text("established_note"),
            history: history.collect(),
            site_area_m2: read.figure("site_area_m2"),
            integrated_building: read.text("integrated_building"),
            outline: match record.get("outline") {
                Value::Geometry(geometry) => Some(geometry.to_geojson()),
                _ => None,
            },
            department: read.record("department"),
            evacuation_site: read.yes("evacuation_site"),
            prepared_on: read.date("prepared_on"),
            closed_on: read.date("closed_on"),
            source: read.text("source"),
            updated_at: record.updated_at,
            revision: record.revision,
        }
    }

    /// Reads a park.
    pub async fn load(ledgers: &Ledgers, context: &Context, id: RecordId) -> Result<Self, LedgerError> {
        ledgers.get(context, PARK, id).await.map(|record| Self::of(&record))
    }
}

impl Land {
    /// What is visible of a piece of land.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            parcel_no: read.text("parcel_no"),
            area_m2: read.figure("area_m2").unwrap_or(Decimal::new(0, 2)),
            owner_kind: read.text("owner_kind"),
            owner_name: read.text("owner_name"),
            title_kind: read.text("title_kind"),
            lease_from: read.date("lease_from"),
            lease_until: read.date("lease_until"),
        }
    }
}

impl Facility {
    /// What is visible of a facility.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            facility_no: read.text("facility_no"),
            category: read.text("category"),
            name: read.text("name"),
            is_main: !matches!(record.get("is_main"), Value::Bool(false)),
            quantity: read.figure("quantity"),
            unit: read.text("unit"),
            structure: read.text("structure"),
            is_building: read.yes("is_building"),
            building_area_m2: read.figure("building_area_m2"),
            sports_area_m2: read.figure("sports_area_m2"),
            coverage_class: read.text("coverage_class"),
            permit: read.record("permit"),
            soundness: read.text("soundness"),
            removed_on: read.date("removed_on"),
        }
    }

    /// What counts of it for the shares of the park.
    pub fn built(&self) -> Built {
        let zero = Decimal::new(0, 2);
        Built {
            building_m2: self.building_area_m2.unwrap_or(zero),
            sports_m2: self.sports_area_m2.unwrap_or(zero),
            class: self.coverage_class.clone(),
        }
    }
}

impl Permit {
    /// What is visible of a permit.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            permit_no: read.text("permit_no"),
            kind: read.text("kind"),
            subject: read.text("subject"),
            holder: read.text("holder"),
            holder_address: read.text("holder_address"),
            representative: read.text("representative"),
            from: read.date("from"),
            until: read.date("until"),
        }
    }
}

impl Occupation {
    /// What is visible of an occupation.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            kind: read.text("kind"),
            name: read.text("name"),
            structure: read.text("structure"),
            building_area_m2: read.figure("building_area_m2"),
            underground_percent: read.figure("underground_percent"),
            holder: read.text("holder"),
            holder_address: read.text("holder_address"),
            representative: read.text("representative"),
            from: read.date("from"),
            until: read.date("until"),
            is_main: !matches!(record.get("is_main"), Value::Bool(false)),
        }
    }
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

/// Everything of a park that its ledger sheet (調書) names.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The park.
    pub park: Park,
    /// Its land.
    pub land: Vec<Land>,
    /// Its facilities that are there.
    pub facilities: Vec<Facility>,
    /// Permits for them.
    pub permits: Vec<Permit>,
    /// What occupies it.
    pub occupations: Vec<Occupation>,
    /// Its playground equipment that is there.
    pub units: Vec<Unit>,
}

impl Whole {
    /// Reads a park with all that belongs to it, as far as the caller may see.
    pub async fn load(ledgers: &Ledgers, context: &Context, id: RecordId) -> Result<Self, LedgerError> {
        let park = Park::load(ledgers, context, id).await?;
        let of = async |ledger: &str| of_park(ledgers, context, ledger, id).await;
        let mut facilities: Vec<Facility> = of(FACILITY).await?.iter().map(Facility::of).collect();
        facilities.retain(|facility| facility.removed_on.is_none());
        let mut units: Vec<Unit> = of(UNIT).await?.iter().map(Unit::of).collect();
        units.retain(|unit| unit.state != State::Removed);
        Ok(Self {
            park,
            land: of(LAND).await?.iter().map(Land::of).collect(),
            facilities,
            permits: of(PERMIT).await?.iter().map(Permit::of).collect(),
            occupations: of(OCCUPATION).await?.iter().map(Occupation::of).collect(),
            units,
        })
    }
}

/// Fields, by type.
pub(crate) struct Read<'a>(pub &'a Fields);

impl Read<'_> {
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_int)
    }

    pub fn date(&self, key: &str) -> Option<Date> {
        self.0.get(key).and_then(Value::as_date)
    }

    pub fn record(&self, key: &str) -> Option<RecordId> {
        self.0.get(key).and_then(Value::as_record)
    }

    pub fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    pub fn figure(&self, key: &str) -> Option<Decimal> {
        match self.0.get(key) {
            Some(Value::Decimal(figure)) => Some(*figure),
            _ => None,
        }
    }

    pub fn rows(&self, key: &str) -> &[ChildRow] {
        match self.0.get(key) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }

    pub fn files(&self, key: &str) -> &[FileRef] {
        match self.0.get(key) {
            Some(Value::Files(files)) => files,
            _ => &[],
        }
    }
}
