//! Verifying the logs (閲覧・認証の記録の検証): entries against their seals, seals against the audit trail, counters against entries.

use kawasemi_kernel::context::start_of;
use kawasemi_store::audit::FIRST;
use kawasemi_store::{Row, Sql};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Log, PATIENCE, Seal};
use crate::city::Oversight;
use crate::error::Result;
use crate::hours::day_number;

/// Findings that a report names.
const NAMED: usize = 20;

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
}

/// A sum, which PostgreSQL answers as a decimal unless it is told otherwise.
fn count(row: &Row, index: usize) -> Result<i64> {
    Ok(row.get(index)?)
}
