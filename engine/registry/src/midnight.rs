//! What a new day brings (0時の切替え): reorganisations and orders whose day has come are written into the registers, accounts
//! follow, sessions of those who left end, and what was decided is handed over.
//!
//! Rights do not wait for it ([`crate::standing`]), so that it matters little when it runs; it is safe to repeat, and may be
//! asked for at any hour.

use jiff::civil::Date;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::IdSource;
use kawasemi_ledger::Ledgers;
use serde::Serialize;

use crate::handover::{HandedOver, Inventory, carry_out};
use crate::personnel::PersonnelError;
use crate::transfer::apply::Applied;
use crate::transfer::orders::TransferError;
use crate::{reorganisation, standing, transfer};

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Turned {
    /// Steps of reorganisations that are in force now.
    pub steps: usize,
    /// Orders.
    pub orders: Applied,
    /// Accounts that were set.
    pub accounts: usize,
    /// Accounts whose sessions ended, since their people left.
    pub ended: usize,
    /// What was handed over.
    pub handed_over: HandedOver,
}

impl Turned {
    /// In one line, for the log and for people.
    pub fn said(&self) -> String {
        let problems = self.orders.problems.len() + self.handed_over.problems.len();
        format!(
            "機構改革 {}件、発令 {}件を反映し、{}件を引き継ぎました。退職した{}人のサインインを終えました。反映できないもの {problems}件。",
            self.steps, self.orders.applied, self.handed_over.done, self.ended
        )
    }
}

/// Turns the day.
///
/// # Errors
/// When the registers or accounts can't be read or written; what was done before stays done.
pub async fn turn(
    ledgers: &Ledgers,
    identity: &Identity,
    inventory: &Inventory,
    context: &Context,
    ids: &dyn IdSource,
    today: Date,
) -> Result<Turned, TransferError> {
    let steps = reorganisation::apply::apply(ledgers, context, today).await?;
    let orders = transfer::apply::apply(ledgers, context, ids, today).await?;
    let accounts = standing::sync_departments(ledgers, identity, context).await.map_err(|error| match error {
        PersonnelError::Ledger(error) => TransferError::Ledger(error),
        PersonnelError::Identity(error) => TransferError::Identity(error),
        other => TransferError::Refused(other.to_string()),
    })?;
    let ended = identity.end_sessions_of_those_who_left(today).await?;
    let handed_over = carry_out(ledgers, identity, inventory, context, today).await?;
    Ok(Turned { steps, orders, accounts, ended, handed_over })
}
