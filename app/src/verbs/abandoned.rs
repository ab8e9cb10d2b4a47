//! What an import of the command line leaves when its process is killed: rows that nobody sees, but whose keys are taken.
//!
//! A running import holds a shared lock on a file beside the city, which goes with its process. Whoever gets the lock alone knows
//! that no other import of the command line runs on this machine, and removes what earlier ones have left. An import of the
//! screens belongs to a person and to the server, which looks after it.

use std::fs::{File, TryLockError};

use anyhow::Context as _;
use jiff::SignedDuration;
use kawasemi_kernel::Actor;
use kawasemi_store::batch;

use crate::config::Place;
use crate::shell::{OpenCity, Shell};

/// Commands may run on other machines where the database is elsewhere; an import that goes on says so every few seconds.
const STILL_RUNNING: SignedDuration = SignedDuration::from_secs(60);

/// Removes what killed imports have left, and answers the lock to be held while this one runs.
///
/// # Errors
/// When the lock can't be made or the store fails.
pub async fn sweep(shell: &Shell, open: &OpenCity) -> anyhow::Result<File> {
    let path = shell.import_lock(open.city.code());
    let failed = || format!("{} を開けません。", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    let lock = File::options().create(true).append(true).open(&path).with_context(failed)?;
    match lock.try_lock() {
        Ok(()) => {
            remove(shell, open).await?;
            lock.unlock().with_context(failed)?;
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
    }
    lock.lock_shared().with_context(failed)?;
    Ok(lock)
}

async fn remove(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let now = shell.clock.now();
    let is_here = matches!(shell.config.place, Place::Folder(_));
    let catalogue = open.city.catalogue();
    for left in batch::unfinished(&open.city).await? {
        let is_abandoned = is_here || now.duration_since(left.updated_at) > STILL_RUNNING;
        if let (Actor::System, true, Some(ledger)) = (left.created_by, is_abandoned, catalogue.get(&left.ledger)) {
            batch::sweep(&open.city, ledger, left.id, now).await?;
        }
    }
    Ok(())
}
