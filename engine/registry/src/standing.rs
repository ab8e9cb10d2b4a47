//! What accounts follow: the departments of their people, leave and service, and which department took over which.

use std::collections::BTreeMap;

use kawasemi_identity::{Context, Identity, Standing};

use crate::personnel::PersonnelError;
use crate::registers::Registers;
use crate::shares::CityLedgers;

/// Hands over to the accounts what the registers say of people, with all that is planned, so that rights switch by
/// themselves on the day. Answers how many accounts were set.
///
/// # Errors
/// When the registers can't be read or the accounts can't be written.
pub async fn sync_departments(
    ledgers: &kawasemi_ledger::Ledgers,
    identity: &Identity,
    context: &Context,
) -> Result<usize, PersonnelError> {
    let registers = Registers::load(ledgers, context).await?;
    let organisation = registers.organisation_ahead();
    let mut memberships = organisation.memberships();
    let standing = |staff: &kawasemi_kernel::RecordId| Standing {
        memberships: memberships.remove(staff).unwrap_or_default(),
        absences: registers.career_ahead(*staff).absences(),
    };
    let mut standing = standing;
    let people: BTreeMap<_, _> = registers.people.keys().map(|staff| (*staff, standing(staff))).collect();
    identity.set_successions(context, &organisation.successions(&CityLedgers(ledgers))).await?;
    Ok(identity.set_standings(context, &people).await?)
}
