//! What the program reads of the system's ledgers: typed views of what a caller may see of a record.
//!
//! A field that the caller may not see is empty here, like one in which nothing was entered. Ledgers are read through [`all`],
//! which follows the pages of a list to its end.
//!
//! - [`park`]: parks with their land, facilities, permits and occupations
//! - [`playground`]: equipment and its inspections

mod park;
mod playground;

pub use park::{Facility, Land, Occupation, Park, Permit};
pub use playground::{Inspection, Unit, UnitPart};

use jiff::civil::Date;

use crate::definitions::{FACILITY, LAND, OCCUPATION, PERMIT, UNIT};
use crate::kernel::{ChildRow, Decimal, Fields, FileRef, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
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
