//! Disposal (廃棄) of records whose retention has ended, and erasure (消去) of one person's record on request
//! (個人情報の保護に関する法律第100条).
//!
//! One officer proposes ([`propose`]), another approves ([`decide`]), and a job erases what was approved ([`work`]): record by
//! record, with signed tombstones. What is held ([`holds`]), was changed meanwhile, or is referred to by another record stays,
//! and the certificate (廃棄証明) says so. Of a disposed record only its id remains, here and in the audit trail.

pub mod decide;
pub mod due;
pub mod holds;
pub mod propose;
pub mod work;

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Row, Sql};
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::{OversightError, Result};

pub use holds::Hold;
pub use work::{TOPIC, Worker};

/// Why something is disposed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisposalKind {
    /// Its retention has ended.
    Expiry,
    /// The person concerned has asked for it.
    Request,
}

impl DisposalKind {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Request => "request",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Expiry => "保存期間満了による廃棄",
            Self::Request => "請求による消去",
        }
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $label:literal;)*) => {
        /// Where a disposal stands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum DisposalState { $($(#[$doc])* $name,)* }

        impl DisposalState {
            /// Every state.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What the staff call it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

states! {
    /// Its list is being written.
    Drafted = "drafted", "作成中";
    /// Waits for the decision of a second person.
    Proposed = "proposed", "決定待ち";
    /// Approved; the job is at work.
    Approved = "approved", "実行中";
    /// Not approved.
    Rejected = "rejected", "不承認";
    /// Done.
    Done = "done", "完了";
}

/// A disposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposal {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub kind: DisposalKind,
    /// The ledger.
    pub ledger: String,
    /// The rule, as the tombstones name it.
    pub rule: String,
    /// As of which day the retention had ended.
    pub as_of: Date,
    /// Where it stands.
    pub state: DisposalState,
    /// What the proposer said.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What they said.
    pub decision: String,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// How many records were proposed.
    pub records: i64,
    /// How many were erased.
    pub erased: i64,
    /// How many stayed.
    pub skipped: i64,
    /// How many files went with them.
    pub files: i64,
}

/// A record of a disposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisposalRecord {
    /// The record.
    pub record: RecordId,
    /// The last day of its retention; empty for a request.
    pub expired_on: String,
    /// `waiting`, `erased` or `skipped`.
    pub state: String,
    /// Why it stayed.
    pub note: String,
}

const COLUMNS: &str = "id, kind, ledger, rule, as_of, state, reason, proposed_by, proposed_at, decided_by, decided_at, \
                       decision, done_at, records, erased, skipped, files";

impl Oversight {
    /// The disposals, the latest first.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn disposals(&self, context: &Context) -> Result<Vec<Disposal>> {
        context.require_overseer()?;
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(" FROM ").table("disposal").push(" WHERE state <> 'drafted'");
        sql.push(" ORDER BY proposed_at DESC, id LIMIT 500");
        self.city().read(sql).await?.iter().map(read).collect()
    }

    /// One disposal.
    ///
    /// # Errors
    /// [`OversightError::NotFound`], [`OversightError::Forbidden`].
    pub async fn disposal(&self, context: &Context, id: Uuid) -> Result<Disposal> {
        context.require_overseer()?;
        self.disposal_of(id).await
    }

    pub(crate) async fn disposal_of(&self, id: Uuid) -> Result<Disposal> {
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(" FROM ").table("disposal").push(" WHERE id = ").bind(id);
        self.city().read_one(sql).await?.as_ref().map(read).transpose()?.ok_or(OversightError::NotFound)
    }

    /// The records of a disposal, in order of id: at most so many after one.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn disposal_records(
        &self,
        context: &Context,
        id: Uuid,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<DisposalRecord>> {
        context.require_overseer()?;
        let mut sql = Sql::text("SELECT record, expired_on, state, note FROM ");
        sql.table("disposal_record").push(" WHERE disposal = ").bind(id);
        if let Some(after) = after {
            sql.push(" AND record > ").bind(after.0);
        }
        sql.push(" ORDER BY record LIMIT ").number(i64::from(limit));
        let rows = self.city().read(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(DisposalRecord {
                    record: RecordId(row.get(0)?),
                    expired_on: row.get(1)?,
                    state: row.get(2)?,
                    note: row.get(3)?,
                })
            })
            .collect()
    }
}

fn read(row: &Row) -> Result<Disposal> {
    let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
    let (kind, state): (String, String) = (row.get(1)?, row.get(5)?);
    let state = DisposalState::ALL.iter().copied().find(|known| known.key() == state);
    Ok(Disposal {
        id: row.get(0)?,
        kind: if kind == DisposalKind::Request.key() { DisposalKind::Request } else { DisposalKind::Expiry },
        ledger: row.get(2)?,
        rule: row.get(3)?,
        as_of: row.get::<String>(4)?.parse().unwrap_or(Date::MIN),
        state: state.unwrap_or(DisposalState::Drafted),
        reason: row.get(6)?,
        proposed_by: row.get(7)?,
        proposed_at: at(row.get(8)?),
        decided_by: row.get(9)?,
        decided_at: row.get::<Option<i64>>(10)?.map(at),
        decision: row.get::<Option<String>>(11)?.unwrap_or_default(),
        done_at: row.get::<Option<i64>>(12)?.map(at),
        records: row.get(13)?,
        erased: row.get(14)?,
        skipped: row.get(15)?,
        files: row.get(16)?,
    })
}
