//! What the city decided for all reports (設定).

use jiff::Timestamp;

use super::read::Read;
use crate::definitions::SETTING;
use crate::kernel::{ChildRow, Fields, Geometry, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::rules::Place;
use crate::rules::clock::Pause;

/// What the city decided for all reports.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-setting`")]
pub struct Settings {
    pub id: Option<RecordId>,
    pub revision: i64,
    pub area: Option<Geometry>,
    pub area_margin_m: f64,
    pub position_grid_m: f64,
    pub cluster_m: f64,
    pub nearby_most: usize,
    pub photos_most: usize,
    pub jurisdiction_id: String,
    pub jurisdiction_required: bool,
    pub contact: String,
    pub key_service: String,
    pub list_days: i64,
    pub list_most: usize,
    pub disasters: Vec<Disaster>,
}

/// A period of disaster mode (災害モード).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-setting`")]
pub struct Disaster {
    pub name: String,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub department: Option<RecordId>,
}

impl Settings {
    /// The settings in force; the defaults of the ledger where nobody has decided anything.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Self, LedgerError> {
        let page = ledgers.list(context, SETTING, &ListRequest { limit: 1, ..ListRequest::all() }).await?;
        let nothing = Fields::new();
        let found = page.records.first();
        let read = Read(found.map_or(&nothing, Visible::fields));
        let metres = |key: &str, otherwise: u32| {
            f64::from(read.int(key).and_then(|metres| u32::try_from(metres).ok()).unwrap_or(otherwise))
        };
        let count = |key: &str, otherwise: usize| {
            read.int(key).and_then(|count| usize::try_from(count).ok()).unwrap_or(otherwise)
        };
        Ok(Self {
            id: found.map(|record| record.id),
            revision: found.map_or(0, |record| record.revision),
            area: match read.0.get("area") {
                Some(Value::Geometry(area)) => Some(area.clone()),
                _ => None,
            },
            area_margin_m: metres("area_margin_m", 100),
            position_grid_m: metres("position_grid_m", 20),
            cluster_m: metres("cluster_m", 30),
            nearby_most: count("nearby_most", 5),
            photos_most: count("photos_most", 3),
            jurisdiction_id: read.text("jurisdiction_id"),
            jurisdiction_required: read.yes("jurisdiction_required"),
            contact: read.text("contact"),
            key_service: read.text("key_service"),
            list_days: read.int("list_days").unwrap_or(90),
            list_most: count("list_most", 1_000),
            disasters: read.rows("disasters").iter().filter_map(disaster).collect(),
        })
    }

    /// The disaster that goes on, if any.
    pub fn disaster(&self) -> Option<&Disaster> {
        self.disasters.iter().find(|disaster| disaster.until.is_none())
    }

    /// The times in which all clocks stand.
    pub fn pauses(&self) -> impl Iterator<Item = Pause> {
        let day = crate::kernel::context::civil_date;
        self.disasters.iter().map(move |one| Pause { from: day(one.from), until: one.until.map(day) })
    }

    /// Whether a position is one that the city answers for.
    pub fn takes(&self, place: Place) -> bool {
        self.area.as_ref().is_none_or(|area| crate::rules::place::is_within(area, place, self.area_margin_m))
    }
}

fn disaster(row: &ChildRow) -> Option<Disaster> {
    let read = Read(&row.fields);
    Some(Disaster {
        name: read.text("name"),
        from: read.instant("from")?,
        until: read.instant("until"),
        department: read.record("department"),
    })
}
