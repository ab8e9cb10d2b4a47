//! Sealing the logs of looks and of sign-ins: a gapless place for every entry, and a signature over how far they go.
//!
//! Entries are sealed in the order of time and id, a thousand or so at once, each unit with one signed [`Seal`] that follows
//! the one before, and with the counters of [`crate::totals`]. What is sealed can't be changed, taken out or put in without
//! [`Oversight::verify_logs`] noticing. Once an hour the last seal is written into the audit trail, whose own checkpoints are
//! kept outside the database: so seals can't be cut off at the end either.
//!
//! Several nodes may seal at once: the number of a seal is taken once, and whoever comes second leaves it to the first.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::AccessRow;
use kawasemi_identity::access_log::COLUMNS as ACCESS;
use kawasemi_kernel::Act;
use kawasemi_kernel::context::{civil_date, start_of};
use kawasemi_registry::register;
use kawasemi_store::audit::{FIRST, Signed, Trail, id_of_name};
use kawasemi_store::{Row, Sql, SqlType, Statement, StoreError, Unit, Unmet};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_number;
use crate::totals;

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
/// Findings that a report names.
const NAMED: usize = 20;

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

/// What a verification of the logs found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// Entries that were looked at.
    pub entries: u64,
    /// Seals that were looked at.
    pub seals: u64,
    /// Entries without a place, since they are younger than the last seal.
    pub unsealed: u64,
    /// Entries that were removed at the end of their retention.
    pub purged: u64,
    /// How many things are wrong.
    pub broken: u64,
    /// The first of them, as sentences.
    pub findings: Vec<String>,
}

impl LogReport {
    fn found(&mut self, finding: String) {
        self.broken += 1;
        if self.findings.len() < NAMED {
            self.findings.push(finding);
        }
    }
}

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

    /// Holds the logs against their seals, the seals against the audit trail, and the counters against the entries.
    ///
    /// # Errors
    /// When the database or the public keys can't be read. What is wrong with the logs is in the report.
    pub async fn verify_logs(&self) -> Result<LogReport> {
        let mut report = LogReport::default();
        for log in Log::ALL {
            self.verify_log(log, &mut report).await?;
        }
        self.verify_totals(&mut report).await?;
        Ok(report)
    }

    async fn verify_log(&self, log: Log, report: &mut LogReport) -> Result<()> {
        let label = log.label();
        let code = self.city().code().to_owned();
        let noted = self.anchored(log).await?;
        let mut before: Option<Seal> = None;
        loop {
            let seals = self.seals_after(log, before.as_ref().map_or(0, |before| before.number)).await?;
            if seals.is_empty() {
                break;
            }
            for seal in seals {
                let (number, last, prev) =
                    before.as_ref().map_or((0, 0, FIRST), |before| (before.number, before.last, before.hash(&code)));
                let follows = seal.number == number + 1 && seal.first == last + 1 && seal.prev == prev;
                let keeper = self.parts.keeper.clone();
                let is_signed = keeper.has_signed(&seal.message(&code), &seal.signed)?;
                if !follows || !is_signed {
                    let number = seal.number;
                    report.found(format!("{label}の検印 {number} が書き換えられているか、前の検印とつながりません。"));
                }
                if let Some((_, number, hash)) = &noted
                    && *number == seal.number
                    && *hash != hex::encode(seal.hash(&code))
                {
                    report.found(format!("{label}の検印 {number} が、監査の記録に控えたものと違います。"));
                }
                self.verify_entries(&seal, report).await?;
                report.seals += 1;
                before = Some(seal);
            }
        }
        let last = before.as_ref().map_or((0, 0), |seal| (seal.number, seal.last));
        if let Some((_, number, _)) = noted.filter(|(_, number, _)| *number > last.0) {
            report.found(format!(
                "{label}の検印 {number} までが監査の記録に控えられていますが、データベースにありません。"
            ));
        }
        let mut sql = Sql::text(
            "SELECT coalesce(sum(CASE WHEN seq IS NULL THEN 1 ELSE 0 END), 0), \
                                 coalesce(sum(CASE WHEN seq > ",
        );
        sql.bind(last.1).push(" THEN 1 ELSE 0 END), 0) FROM ").table(log.table());
        sql.push(" WHERE seq IS NULL OR seq > ").bind(last.1);
        if let Some(row) = self.city().read_one(sql).await? {
            report.unsealed += count(&row, 0)?.unsigned_abs();
            let beyond = count(&row, 1)?;
            if beyond > 0 {
                report.found(format!("{label}に、検印のない通し番号が付いた記録が{beyond}件あります。"));
            }
        }
        Ok(())
    }

    async fn verify_entries(&self, seal: &Seal, report: &mut LogReport) -> Result<()> {
        let log = seal.log;
        let mut sql = Sql::text("SELECT ");
        sql.push(log.columns()).push(" FROM ").table(log.table());
        sql.push(" WHERE seq >= ").bind(seal.first).push(" AND seq <= ").bind(seal.last).push(" ORDER BY seq");
        let rows = self.city().read(sql).await?;
        let wanted = (seal.last - seal.first + 1).unsigned_abs();
        if let Some((at, rule, signed)) = &seal.purged {
            let message = seal.purge_message(self.city().code(), *at, rule);
            if !self.parts.keeper.has_signed(&message, signed)? {
                let number = seal.number;
                report.found(format!("{}の検印 {number} の記録の廃棄が、この市の署名ではありません。", log.label()));
            }
            report.purged += wanted;
            return Ok(());
        }
        report.entries += rows.len() as u64;
        let mut chain = Sha256::new();
        for (seq, row) in (seal.first..).zip(&rows) {
            chain.update(seq.to_be_bytes());
            chain.update(log.digest(row)?);
        }
        let is_same = rows.len() as u64 == wanted && chain.finalize().as_slice() == seal.digest;
        if !is_same {
            let (first, last) = (seal.first, seal.last);
            report.found(format!(
                "{}の通し番号 {first}〜{last} の記録が、検印のときと違います（書換え、削除、差込みのどれか）。",
                log.label()
            ));
        }
        Ok(())
    }

    /// The counters hold exactly the sealed entries that are still there.
    async fn verify_totals(&self, report: &mut LogReport) -> Result<()> {
        let after = self.oldest_day().await?;
        let (from, day) = match after {
            Some(oldest) => (start_of(oldest.tomorrow().unwrap_or(oldest)).as_microsecond(), day_number(oldest)),
            None => (i64::MIN, 0),
        };
        let entries =
            "SELECT count(*), coalesce(sum(record_count), 0) FROM {access_log} WHERE seq IS NOT NULL AND at >= $1";
        let entries = self.sums(entries, from).await?;
        let counted = "SELECT coalesce(sum(entries), 0), coalesce(sum(records), 0) FROM {access_day} WHERE day > $1";
        let counted = self.sums(counted, day).await?;
        if entries != counted {
            report.found(format!(
                "個人情報アクセスログの集計（{}件、延べ{}記録）が、検印のある記録（{}件、延べ{}記録）と合いません。",
                counted.0, counted.1, entries.0, entries.1
            ));
        }
        let subjects = self.sums("SELECT count(*), 0 FROM {access_subject} WHERE day > $1", day).await?;
        let persons = self.sums("SELECT coalesce(sum(persons), 0), 0 FROM {access_reader} WHERE day > $1", day).await?;
        if subjects != persons {
            report
                .found(format!("見られた記録の索引（{}件）と人数の集計（{}件）が合いません。", subjects.0, persons.0));
        }
        Ok(())
    }

    async fn sums(&self, sql: &str, after: i64) -> Result<(i64, i64)> {
        match self.city().read_within(Sql::with(sql, [after.into()]), PATIENCE).await?.first() {
            Some(row) => Ok((count(row, 0)?, count(row, 1)?)),
            None => Ok((0, 0)),
        }
    }

    /// Removes the entries of seals from before an instant, at the end of the log's own retention, with what counts them. The
    /// seals stay, with a signature on the rule.
    ///
    /// # Errors
    /// As [`Oversight::seal`].
    pub async fn purge_logs(&self, before: Timestamp, rule: &str, at: Timestamp) -> Result<u64> {
        let mut purged = 0;
        for log in Log::ALL {
            loop {
                let mut sql = Sql::text("SELECT ");
                sql.push(SEAL).push(" FROM ").table("log_seal").push(" WHERE log = ").bind(log.key());
                sql.push(" AND purged_at IS NULL ORDER BY number LIMIT 1");
                let Some(row) = self.city().read_one(sql).await? else { break };
                let seal = Seal::read(log, &row)?;
                if seal.at >= before.as_microsecond() {
                    break;
                }
                self.purge(&seal, rule, at).await?;
                purged += (seal.last - seal.first + 1).unsigned_abs();
            }
        }
        if purged > 0
            && let Some(oldest) = self.oldest_day().await?
        {
            let mut unit = Unit::new();
            for table in ["access_day", "access_reader", "access_subject"] {
                let mut sql = Sql::text("DELETE FROM ");
                sql.table(table).push(" WHERE day < ").bind(day_number(oldest));
                unit.add(sql);
            }
            unit.patiently();
            self.city().write(unit).await?;
        }
        Ok(purged)
    }

    /// The day of the oldest entry of the access log that is left, once entries were removed: of that day some may be gone, and
    /// the counters of later days hold. None while nothing was ever removed.
    async fn oldest_day(&self) -> Result<Option<Date>> {
        let purged = "SELECT 1 FROM {log_seal} WHERE log = 'access' AND purged_at IS NOT NULL LIMIT 1";
        if self.city().read_one(Sql::with(purged, [])).await?.is_none() {
            return Ok(None);
        }
        let oldest = Sql::with("SELECT min(at) FROM {access_log}", []);
        let rows = self.city().read_within(oldest, PATIENCE).await?;
        let at = rows.first().map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten();
        let at = at.and_then(|at| Timestamp::from_microsecond(at).ok()).unwrap_or_else(|| self.now());
        Ok(Some(civil_date(at)))
    }

    async fn purge(&self, seal: &Seal, rule: &str, at: Timestamp) -> Result<()> {
        let at = at.as_microsecond();
        let signed = self.signed(seal.purge_message(self.city().code(), at, rule)).await?;
        let mut unit = Unit::new();
        let note = Sql::with(
            "UPDATE {log_seal} SET purged_at = $1, purge_rule = $2, purge_key = $3, purge_signature = $4 \
             WHERE log = $5 AND number = $6 AND purged_at IS NULL",
            [
                at.into(),
                rule.into(),
                signed.key.into(),
                signed.signature.into(),
                seal.log.key().into(),
                seal.number.into(),
            ],
        );
        unit.add(Statement::one_row(note, Unmet::Conflict));
        let mut sql = Sql::text("DELETE FROM ");
        sql.table(seal.log.table()).push(" WHERE seq >= ").bind(seal.first).push(" AND seq <= ").bind(seal.last);
        unit.add(sql);
        self.city().write(unit).await?;
        Ok(())
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

/// A sum, which PostgreSQL answers as a decimal unless it is told otherwise.
fn count(row: &Row, index: usize) -> Result<i64> {
    Ok(row.get(index)?)
}
