//! Doing what was approved: the job that erases, record by record, and can be taken up wherever it was cut off.

use std::collections::BTreeSet;

use async_trait::async_trait;
use kawasemi_kernel::{Act, RecordId};
use kawasemi_store::audit::Trail;
use kawasemi_store::audit::erasure::{self, Ground};
use kawasemi_store::jobs::{Handler, Job, JobError};
use kawasemi_store::{City, Ledger, Sql, Statement, StoreError, Unit};
use uuid::Uuid;

use super::propose::SUBJECT;
use super::{Disposal, DisposalKind, DisposalState, due};
use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// The topic of such jobs.
pub const TOPIC: &str = "disposal";
/// Records that are looked up at once.
const AT_ONCE: i64 = 200;

const CHANGED: &str = "起案のあとに変更されました";
const HELD: &str = "保留されています";
const GONE: &str = "すでにありません";
const REFERRED: &str = "ほかの記録から参照されています";

/// Does approved disposals.
pub struct Worker(pub Oversight);

#[async_trait]
impl Handler for Worker {
    async fn run(&self, _: &City, job: &Job) -> std::result::Result<(), JobError> {
        let id: Uuid = job.payload.parse().map_err(JobError::hopeless)?;
        match self.0.dispose(id).await {
            Ok(()) => Ok(()),
            Err(OversightError::NotFound) => Err(JobError::hopeless("廃棄の起案がありません。")),
            Err(error) => Err(JobError::later(error)),
        }
    }
}

impl Oversight {
    /// Erases what an approved disposal names. What another record refers to is tried again after the others, since both may
    /// be in the list.
    ///
    /// # Errors
    /// [`OversightError::NotFound`]; when the store or the storage of files fails: doing it again goes on where it stopped.
    pub async fn dispose(&self, id: Uuid) -> Result<()> {
        let disposal = self.disposal_of(id).await?;
        if disposal.state != DisposalState::Approved {
            return Ok(());
        }
        let catalogue = self.city().catalogue();
        let ledger = catalogue.get(&disposal.ledger).ok_or(OversightError::NotFound)?;
        loop {
            let (mut progressed, mut referred, mut after) = (false, false, None);
            loop {
                let waiting = self.waiting(id, after).await?;
                let Some(last) = waiting.last() else { break };
                after = Some(*last);
                for record in waiting {
                    match self.dispose_one(&disposal, ledger, record).await {
                        Ok(()) => progressed = true,
                        Err(OversightError::Store(StoreError::ForeignKey { .. })) => referred = true,
                        Err(error) => return Err(error),
                    }
                }
            }
            if !referred {
                break;
            }
            if !progressed {
                self.skip_referred(id).await?;
                break;
            }
        }
        self.finish(&disposal).await
    }

    async fn waiting(&self, id: Uuid, after: Option<RecordId>) -> Result<Vec<RecordId>> {
        let mut sql = Sql::text("SELECT record FROM ");
        sql.table("disposal_record").push(" WHERE disposal = ").bind(id).push(" AND state = 'waiting'");
        if let Some(after) = after {
            sql.push(" AND record > ").bind(after.0);
        }
        sql.push(" ORDER BY record LIMIT ").number(AT_ONCE);
        self.city().read(sql).await?.iter().map(|row| Ok(RecordId(row.get(0)?))).collect()
    }

    async fn dispose_one(&self, disposal: &Disposal, ledger: &Ledger, record: RecordId) -> Result<()> {
        let now = self.now();
        if let Some(note) = self.obstacle(disposal, ledger, record).await? {
            return self.note(disposal.id, record, "skipped", note).await;
        }
        let ground =
            Ground { rule: disposal.rule.clone(), approver: disposal.decided_by.clone().unwrap_or_default(), at: now };
        let files = files_to_note(self.city(), record).await?;
        let done = Sql::with(
            "UPDATE {disposal_record} SET state = 'erased', note = '', files = $1 WHERE disposal = $2 AND record = $3",
            [files.into(), disposal.id.into(), record.0.into()],
        );
        let also = vec![Statement::any(done)];
        match erasure::erase(self.city(), &self.parts.keeper, ledger, record, &ground, also).await {
            Ok(_) => Ok(()),
            Err(StoreError::NotFound) => self.note(disposal.id, record, "skipped", GONE).await,
            Err(StoreError::Conflict) => self.note(disposal.id, record, "skipped", CHANGED).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Why a record must stay, although its disposal was approved.
    async fn obstacle(&self, disposal: &Disposal, ledger: &Ledger, record: RecordId) -> Result<Option<&'static str>> {
        let holds = self.holds_on(Some(ledger.key())).await?;
        let today = kawasemi_kernel::context::civil_date(self.now());
        if holds.iter().any(|hold| hold.holds(record, today)) {
            return Ok(Some(HELD));
        }
        let mut sql = Sql::text("SELECT \"");
        sql.push(due::column(&ledger.def.retention)).push("\" FROM ").table(ledger.table());
        sql.push(" WHERE \"id\" = ").bind(record.0);
        let Some(row) = self.city().read_one(sql).await? else { return Ok(Some(GONE)) };
        let start: i64 = row.get(0)?;
        let is_due = || {
            let before = due::started_before(&ledger.def.retention, disposal.as_of);
            before.is_some_and(|before| start < before.as_microsecond())
        };
        Ok((disposal.kind == DisposalKind::Expiry && !is_due()).then_some(CHANGED))
    }

    async fn note(&self, id: Uuid, record: RecordId, state: &str, note: &str) -> Result<()> {
        let update = Sql::with(
            "UPDATE {disposal_record} SET state = $1, note = $2 WHERE disposal = $3 AND record = $4",
            [state.into(), note.into(), id.into(), record.0.into()],
        );
        self.city().write(Unit::of([update.into()])).await?;
        Ok(())
    }

    async fn skip_referred(&self, id: Uuid) -> Result<()> {
        let update = Sql::with(
            "UPDATE {disposal_record} SET state = 'skipped', note = $1 WHERE disposal = $2 AND state = 'waiting'",
            [REFERRED.into(), id.into()],
        );
        self.city().write(Unit::of([update.into()])).await?;
        Ok(())
    }

    /// Removes the content of files that no record names any more, and closes the disposal.
    async fn finish(&self, disposal: &Disposal) -> Result<()> {
        let id = disposal.id;
        let named = Sql::with("SELECT files FROM {disposal_record} WHERE disposal = $1 AND files <> ''", [id.into()]);
        let mut files = BTreeSet::new();
        for row in self.city().read(named).await? {
            files.extend(row.get::<String>(0)?.split(' ').map(str::to_owned));
        }
        let files: Vec<String> = files.into_iter().collect();
        let unnamed = if files.is_empty() { Vec::new() } else { erasure::unnamed(self.city(), &files).await? };
        for file in &unnamed {
            self.files()?.erase(file).await?;
        }
        let count = "SELECT coalesce(sum(CASE WHEN state = 'erased' THEN 1 ELSE 0 END), 0), \
                     coalesce(sum(CASE WHEN state = 'skipped' THEN 1 ELSE 0 END), 0) FROM {disposal_record} WHERE disposal = $1";
        let (erased, skipped): (i64, i64) = match self.city().read_one(Sql::with(count, [id.into()])).await? {
            Some(row) => (row.get(0)?, row.get(1)?),
            None => (0, 0),
        };
        let now = self.now();
        let removed = i64::try_from(unnamed.len()).unwrap_or(i64::MAX);
        let mut unit = Unit::new();
        unit.add(Sql::with(
            "UPDATE {disposal} SET state = 'done', done_at = $1, erased = $2, skipped = $3, files = $4 WHERE id = $5",
            [now.as_microsecond().into(), erased.into(), skipped.into(), removed.into(), id.into()],
        ));
        unit.add(Sql::with("UPDATE {disposal_record} SET files = '' WHERE disposal = $1", [id.into()]));
        let trail = Trail::of(self.city(), SUBJECT, id).await?;
        let said = serde_json::json!({ "erased": erased, "skipped": skipped, "files": removed }).to_string();
        unit.extend(trail.statements("done", &Act::system(now, ""), self.ids(), &said));
        self.city().write(unit).await?;
        Ok(())
    }

    /// Repeats the erasures that a restored backup has undone, with the content of their files. A server does this before it
    /// lets anybody in.
    ///
    /// # Errors
    /// When the store, the keeper's folder or the storage of files fails.
    pub async fn repeat_erasures(&self) -> Result<u64> {
        let repeated = erasure::repeat(self.city(), &self.parts.keeper).await?;
        if !repeated.files.is_empty() {
            for file in erasure::unnamed(self.city(), &repeated.files).await? {
                self.files()?.erase(&file).await?;
            }
        }
        if repeated.entries > 0 {
            tracing::info!(city = self.city().code(), entries = repeated.entries, "erasures were repeated");
        }
        Ok(repeated.entries)
    }
}

/// The hashes of the files that a record names, for the time after its erasure.
async fn files_to_note(city: &City, record: RecordId) -> Result<String> {
    Ok(erasure::files_of(city, record).await?.join(" "))
}
