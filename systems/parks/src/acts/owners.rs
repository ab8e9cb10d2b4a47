//! Whose a report or an inspection is: the organisation of its contract, or of its unit.
//!
//! A member of an outside organisation may not see the register of organisations, and so can't name their own in a record. The
//! program names it for them once a day, so that their colleagues see it too.

use crate::definitions::{CONTRACT, DAILY_REPORT, INSPECTION, UNIT};
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{self, Read};

use super::following;

/// Names the organisation of every report and inspection that has none and whose contract or unit has one; how many there were.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn name_all(ledgers: &Ledgers, context: &Context) -> Result<usize, LedgerError> {
    let own = following(context, "団体の記入");
    let reports = name(ledgers, &own, DAILY_REPORT, ("contract", CONTRACT, "organisation")).await?;
    let inspections = name(ledgers, &own, INSPECTION, ("playground_unit", UNIT, "inspection_organisation")).await?;
    Ok(reports + inspections)
}

async fn name(
    ledgers: &Ledgers,
    own: &Context,
    ledger: &str,
    (through, target, field): (&str, &str, &str),
) -> Result<usize, LedgerError> {
    let nameless = records::all(ledgers, own, ledger, ListRequest::filtered("organisation IS NULL")).await?;
    let mut owners: Vec<RecordId> = nameless.iter().filter_map(|one| Read(one.fields()).record(through)).collect();
    owners.sort();
    owners.dedup();
    let owners = ledgers.get_many(own, target, &owners).await?;
    let mut named = 0;
    for record in nameless {
        let owner = Read(record.fields()).record(through).and_then(|id| owners.iter().find(|owner| owner.id == id));
        let Some(organisation) = owner.and_then(|owner| Read(owner.fields()).record(field)) else { continue };
        // What is frozen is not touched by this: the organisation is no part of what was checked.
        let draft = Draft::new().with("organisation", organisation);
        ledgers.update(own, ledger, record.id, record.revision, draft).await?;
        named += 1;
    }
    Ok(named)
}
