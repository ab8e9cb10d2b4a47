//! A unit happens once, also where the answer to its COMMIT was lost.
//!
//! When a server dies while it commits, nobody is told whether it did. To run the unit again blindly might do it twice; to
//! report a failure might deny what is there. So each unit leaves a mark in the same transaction: it writes its own number into
//! a row that belongs to one writer of one process at a time ([`Slots`]). Run again, with the same mark, it finds its number there or
//! not; and where the first attempt is still at it (a commit may wait for a standby), the row's lock makes the second one
//! wait for it. One row for each writer is enough, since a writer goes on to another unit only once it knows what became of the
//! last one; a row whose unit never got clear is not used again.
//!
//! PostgreSQL could also be asked by the number of the transaction (`pg_xact_status`), but a standby that takes over may give
//! a number that was lost with the old primary to another transaction, and would then answer for that one.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::sql::Sql;
use crate::unit::{Statement, Unmet};

/// The table of the marks, which lies beside the list of cities. It is no part of a city's backup.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS \"kawasemi\".\"writer\" (slot uuid PRIMARY KEY, \
    unit uuid NOT NULL, at timestamptz NOT NULL) WITH (fillfactor = 50)";
/// Removes the rows of processes that are long gone.
pub(crate) const SWEEP: &str = "DELETE FROM \"kawasemi\".\"writer\" WHERE at < now() - interval '30 days'";
/// Writes a unit's number, unless it is there.
const MARK: &str = "INSERT INTO \"kawasemi\".\"writer\" (slot, unit, at) VALUES ($1, $2, now()) \
    ON CONFLICT (slot) DO UPDATE SET unit = excluded.unit, at = excluded.at WHERE \"writer\".unit <> excluded.unit";
/// Writes the row again, so that the commit waits until a synchronous standby has all that came before.
pub(super) const CONFIRM: &str = "UPDATE \"kawasemi\".\"writer\" SET at = now() WHERE slot = $1 AND unit = $2";

/// The rows that writers of this process use, as far as none uses them at the moment.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<Mutex<Vec<Uuid>>>);

/// What a unit leaves behind.
pub(super) struct Mark {
    slot: Uuid,
    unit: Uuid,
    free: Slots,
}

impl Slots {
    /// A mark for a unit.
    pub fn mark(&self) -> Mark {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Mark { slot: free.unwrap_or_else(random), unit: random(), free: self.clone() }
    }
}

impl Mark {
    /// The statement that leaves the mark. It writes no row where it is there already.
    pub fn statement(&self) -> Statement {
        Statement::any(Sql::with(MARK, [self.slot.into(), self.unit.into()]))
    }

    /// The statement that makes sure that the standby has the mark.
    pub fn confirmation(&self) -> Statement {
        Statement::one_row(Sql::with(CONFIRM, [self.slot.into(), self.unit.into()]), Unmet::Conflict)
    }

    /// Lets another unit use the row, since what became of this one is known.
    pub fn settle(self) {
        self.free.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot);
    }
}

fn random() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}
