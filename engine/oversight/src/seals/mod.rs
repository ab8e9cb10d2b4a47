//! Sealing the logs of looks and of sign-ins: a gapless place for every entry, and a signature over how far they go.
//!
//! Entries are sealed in the order of time and id, a thousand or so at once, each unit with one signed [`Seal`] that follows
//! the one before, and with the counters of [`crate::totals`]. What is sealed can't be changed, taken out or put in without
//! [`Oversight::verify_logs`] noticing. Once an hour the last seal is written into the audit trail, whose own checkpoints are
//! kept outside the database: so seals can't be cut off at the end either.
//!
//! Several nodes may seal at once: the number of a seal is taken once, and whoever comes second leaves it to the first.

mod purge;
mod verify;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::AccessRow;
use kawasemi_identity::access_log::COLUMNS as ACCESS;
use kawasemi_kernel::Act;
use kawasemi_registry::register;
use kawasemi_store::audit::{FIRST, Signed, Trail, id_of_name};
use kawasemi_store::{Row, Sql, SqlType, Statement, StoreError, Unit, Unmet};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::Result;
use crate::totals;

pub use verify::LogReport;

/// Entries that one seal covers at most.
const AT_ONCE: i64 = 2_000;
/// Looks at single records that one unit counts at most: an export has a thousand in each entry.
const SUBJECTS: usize = 20_000;
/// How many entries get their places in one statement: few sizes, so that all of them stay prepared.
const PLACED: [usize; 3] = [500, 50, 5];
/// Between two notes of the last seal in the audit trail.
const ANCHOR_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// What a note of a seal is about, in the audit trail.
const ANCHOR: &str = "log-seal";
/// How long a look through a whole log may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A log that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Log {
    /// Who looked at personal data.
    Access,
    /// What happened with accounts.
    Events,
}

impl Log {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Access, Self::Events];

    /// The key under which its seals stand.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Events => "events",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Access => "個人情報アクセスログ",
            Self::Events => "認証の記録",
        }
    }

    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Access => "access_log",
            Self::Events => "identity_event",
        }
    }

    /// Its columns, the id first and the place last; the digest covers all but the last.
    pub(crate) const fn columns(self) -> &'static str {
        match self {
            Self::Access => ACCESS,
            Self::Events => "id, at, kind, actor, account, address, detail, request, seq",
        }
    }

    fn digest(self, row: &Row) -> Result<[u8; 32]> {
        let mut hasher = Sha256::new_with_prefix(self.key());
        let mut put = |bytes: Option<&[u8]>| match bytes {
            None => hasher.update([0]),
            Some(bytes) => {
                hasher.update([1]);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
        };
        put(Some(row.get::<Uuid>(0)?.as_bytes()));
        put(Some(&row.get::<i64>(1)?.to_be_bytes()));
        let (texts, ids): (&[usize], &[usize]) = match self {
            Self::Access => (&[2, 3, 4, 6, 7, 8, 9, 11, 13], &[10, 12]),
            Self::Events => (&[2, 3, 5, 6, 7], &[4]),
        };
        for index in texts {
            put(row.get::<Option<String>>(*index)?.as_deref().map(str::as_bytes));
        }
        for index in ids {
            put(row.get::<Option<Uuid>>(*index)?.as_ref().map(|id| id.as_bytes().as_slice()));
        }
        if self == Self::Access {
            put(Some(&row.get::<Vec<u8>>(5)?));
        }
        Ok(hasher.finalize().into())
    }
}

/// A signed state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seal {
    log: Log,
    number: i64,
    first: i64,
    last: i64,
    digest: [u8; 32],
    prev: [u8; 32],
    at: i64,
    signed: Signed,
    /// When its entries were removed at the end of their retention, under which rule, and the signature on that.
    purged: Option<(i64, String, Signed)>,
}

impl Seal {
    fn message(&self, city: &str) -> Vec<u8> {
        let mut message = b"kawasemi log seal 1\n".to_vec();
        for text in [city, self.log.key()] {
            message.extend((text.len() as u64).to_be_bytes());
            message.extend(text.as_bytes());
        }
        for number in [self.number, self.first, self.last, self.at] {
            message.extend(number.to_be_bytes());
        }
        message.extend(self.digest);
        message.extend(self.prev);
        message
    }

    fn purge_message(&self, city: &str, at: i64, rule: &str) -> Vec<u8> {
        let mut message = b"kawasemi log purge 1\n".to_vec();
        message.extend(at.to_be_bytes());
        message.extend((rule.len() as u64).to_be_bytes());
        message.extend(rule.as_bytes());
        message.extend(self.message(city));
        message
    }

    fn hash(&self, city: &str) -> [u8; 32] {
        Sha256::digest(self.message(city)).into()
    }

    fn read(log: Log, row: &Row) -> Result<Self> {
        let bytes = |index: usize| Ok::<Vec<u8>, StoreError>(row.get::<Option<Vec<u8>>>(index)?.unwrap_or_default());
        let hash = |index: usize| Ok::<[u8; 32], StoreError>(bytes(index)?.try_into().unwrap_or([0; 32]));
        let purged = match row.get::<Option<i64>>(8)? {
            None => None,
            Some(at) => {
                let rule = row.get::<Option<String>>(9)?.unwrap_or_default();
                Some((at, rule, Signed::from_bytes(&bytes(10)?, &bytes(11)?)))
            }
        };
        Ok(Self {
            log,
            number: row.get(0)?,
            first: row.get(1)?,
            last: row.get(2)?,
            digest: hash(3)?,
            prev: hash(4)?,
            at: row.get(5)?,
            signed: Signed::from_bytes(&bytes(6)?, &bytes(7)?),
            purged,
        })
    }
}

const SEAL: &str = "number, first, last, digest, prev, at, \"key\", signature, purged_at, purge_rule, purge_key, \
                    purge_signature";

impl Oversight {
    /// Seals and counts what was written so far. Answers how many entries got their place.
    ///
    /// # Errors
    /// When there is no key, or the store fails.
    pub async fn seal(&self, at: Timestamp) -> Result<u64> {
        let mut sealed = 0;
        for log in Log::ALL {
            sealed += self.seal_log(log, at).await?;
        }
        Ok(sealed)
    }

    /// As [`Oversight::seal`], and once an hour a note of the last seals in the audit trail: what a server does by itself.
    ///
    /// # Errors
    /// As [`Oversight::seal`].
    pub async fn tend(&self, at: Timestamp) -> Result<u64> {
        let sealed = self.seal(at).await?;
        for log in Log::ALL {
            self.anchor(log, at).await?;
        }
        Ok(sealed)
    }

    async fn seal_log(&self, log: Log, at: Timestamp) -> Result<u64> {
        let mut sealed = 0;
        let mut calendar = None;
        loop {
            let mut rows = self.unsealed(log).await?;
            let mut entries = Vec::new();
            if log == Log::Access {
                entries = rows.iter().map(AccessRow::read).collect::<Result<Vec<_>, _>>()?;
                let fitting = fitting(&entries);
                entries.truncate(fitting);
                rows.truncate(fitting);
            }
            if rows.is_empty() {
                return Ok(sealed);
            }
            let mut unit = self.sealing(log, &rows, at).await?;
            if log == Log::Access {
                if calendar.is_none() {
                    calendar = Some(register::calendar(self.ledgers(), &self.system(at)).await?);
                }
                let calendar = calendar.as_ref().expect("the calendar was just read");
                unit.extend(totals::statements(self.city(), &entries, calendar, self.parts.hours).await?);
            }
            match self.city().write(unit).await {
                Ok(_) => sealed += rows.len() as u64,
                // Another node seals at the same time.
                Err(StoreError::Unique { .. } | StoreError::Conflict) => return Ok(sealed),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn unsealed(&self, log: Log) -> Result<Vec<Row>> {
        let mut sql = Sql::text("SELECT ");
        sql.push(log.columns()).push(" FROM ").table(log.table()).push(" WHERE seq IS NULL ORDER BY at, id LIMIT ");
        sql.number(AT_ONCE);
        Ok(self.city().read(sql).await?)
    }

    async fn sealing(&self, log: Log, rows: &[Row], at: Timestamp) -> Result<Unit> {
        let before = self.last_seal(log).await?;
        let code = self.city().code();
        let first = before.as_ref().map_or(1, |before| before.last + 1);
        let mut chain = Sha256::new();
        for (seq, row) in (first..).zip(rows) {
            chain.update(seq.to_be_bytes());
            chain.update(log.digest(row)?);
        }
        let mut seal = Seal {
            log,
            number: before.as_ref().map_or(1, |before| before.number + 1),
            first,
            last: first - 1 + i64::try_from(rows.len()).unwrap_or(i64::MAX),
            digest: chain.finalize().into(),
            prev: before.as_ref().map_or(FIRST, |before| before.hash(code)),
            at: at.as_microsecond(),
            signed: Signed { key: [0; 32], signature: [0; 64] },
            purged: None,
        };
        seal.signed = self.signed(seal.message(code)).await?;
        let mut unit = Unit::new();
        unit.add(Sql::with(
            "INSERT INTO {log_seal} (log, number, first, last, digest, prev, at, \"key\", signature) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                log.key().into(),
                seal.number.into(),
                seal.first.into(),
                seal.last.into(),
                seal.digest.into(),
                seal.prev.into(),
                seal.at.into(),
                seal.signed.key.into(),
                seal.signed.signature.into(),
            ],
        ));
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        unit.extend(places(log, first, &ids));
        Ok(unit)
    }

    async fn signed(&self, message: Vec<u8>) -> Result<Signed> {
        let keeper = self.parts.keeper.clone();
        Ok(tokio::task::spawn_blocking(move || keeper.sign(&message)).await.map_err(|_| StoreError::Closed)??)
    }

    async fn last_seal(&self, log: Log) -> Result<Option<Seal>> {
        let mut sql = Sql::text("SELECT ");
        sql.push(SEAL).push(" FROM ").table("log_seal").push(" WHERE log = ").bind(log.key());
        sql.push(" ORDER BY number DESC LIMIT 1");
        self.city().read_one(sql).await?.map(|row| Seal::read(log, &row)).transpose()
    }

    async fn seals_after(&self, log: Log, number: i64) -> Result<Vec<Seal>> {
        let mut sql = Sql::text("SELECT ");
        sql.push(SEAL).push(" FROM ").table("log_seal").push(" WHERE log = ").bind(log.key());
        sql.push(" AND number > ").bind(number).push(" ORDER BY number LIMIT 100");
        self.city().read(sql).await?.iter().map(|row| Seal::read(log, row)).collect()
    }

    /// Writes the last seal into the audit trail, unless that was done within the hour.
    async fn anchor(&self, log: Log, at: Timestamp) -> Result<()> {
        let Some(seal) = self.last_seal(log).await? else { return Ok(()) };
        if let Some((noted_at, number, _)) = self.anchored(log).await? {
            let is_recent = at.as_microsecond() - noted_at < ANCHOR_EVERY.as_micros() as i64;
            if is_recent || number >= seal.number {
                return Ok(());
            }
        }
        let id = id_of_name(ANCHOR, log.key());
        let trail = Trail::of(self.city(), ANCHOR, id).await?;
        let hash = hex::encode(seal.hash(self.city().code()));
        let payload = serde_json::json!({ "log": log.key(), "number": seal.number, "hash": hash }).to_string();
        let act = Act::system(at, "");
        let statements = trail.statements("seal", &act, self.ids(), &payload);
        match self.city().write(Unit::of(statements)).await {
            Ok(_) | Err(StoreError::Unique { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// When the last seal was noted in the audit trail, its number and hash.
    async fn anchored(&self, log: Log) -> Result<Option<(i64, i64, String)>> {
        let sql = Sql::with(
            "SELECT a.at, p.payload FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id \
             WHERE a.record = $1 ORDER BY a.revision DESC LIMIT 1",
            [id_of_name(ANCHOR, log.key()).into()],
        );
        let Some(row) = self.city().read_one(sql).await? else { return Ok(None) };
        let payload: serde_json::Value = serde_json::from_str(&row.get::<String>(1)?).unwrap_or_default();
        let number = payload.get("number").and_then(serde_json::Value::as_i64).unwrap_or_default();
        let hash = payload.get("hash").and_then(serde_json::Value::as_str).unwrap_or_default();
        Ok(Some((row.get(0)?, number, hash.to_owned())))
    }
}

/// How many entries one unit may count.
fn fitting(entries: &[AccessRow]) -> usize {
    let mut subjects = 0;
    let within = entries.iter().take_while(|row| {
        subjects += row.entry.records.len();
        subjects <= SUBJECTS
    });
    within.count().max(usize::from(!entries.is_empty()))
}

/// Gives entries their places, from a first one on. They are looked up by their ids; see the sealing of the audit trail for why
/// "no place" is said like this.
fn places(log: Log, first: i64, ids: &[Uuid]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let (mut rest, mut next) = (ids, first);
    while !rest.is_empty() {
        let size = PLACED.into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
        let (these, others) = rest.split_at(size);
        let mut sql = Sql::text("UPDATE ");
        sql.table(log.table()).push(" AS a SET seq = v.column2 FROM (VALUES ");
        for (position, (seq, id)) in (next..).zip(these).enumerate() {
            sql.push(if position > 0 { ", (" } else { "(" });
            sql.bind_as(*id, SqlType::Id).push(", ").bind_as(seq, SqlType::Int).push(")");
        }
        sql.push(") AS v WHERE a.id = v.column1 AND coalesce(a.seq, 0) = 0");
        statements.push(Statement::rows(sql, size as u64, Unmet::Conflict));
        next += i64::try_from(size).unwrap_or(i64::MAX);
        rest = others;
    }
    statements
}
