//! Parks with their land, facilities, permits and occupations.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Read;
use crate::definitions::PARK;
use crate::kernel::{Decimal, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, May, Visible};
use crate::platform::identity::Context;
use crate::rules::coverage::Built;

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
