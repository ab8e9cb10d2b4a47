//! What can be disposed of (廃棄候補), and proposing it (廃棄の起案).

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_store::audit::Trail;
use kawasemi_store::batch::visible;
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::record::stop::STOPPED;
use kawasemi_store::{Ledger, Sql, Statement, Unit};
use uuid::Uuid;

use super::{DisposalKind, due};
use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// Records of one proposal at most: a larger ledger is disposed of in several.
pub const AT_ONCE: usize = 10_000;
/// Rows of one statement.
const ROWS: usize = 500;
/// What the trail of a disposal is about.
pub(super) const SUBJECT: &str = "disposal";

/// What of a ledger is past its retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The ledger's key.
    pub ledger: String,
    /// Its name.
    pub title: String,
    /// Its retention, in words.
    pub retention: String,
    /// How many records are due.
    pub records: i64,
}

/// A record that is past its retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The record.
    pub record: RecordId,
    /// Its human number.
    pub number: Option<String>,
    /// The last day of its retention.
    pub expired_on: Date,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Why it is held, if it is.
    pub held: Option<String>,
}

impl Oversight {
    /// How many records of each ledger are past their retention on a day.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn due(&self, context: &Context, as_of: Date) -> Result<Vec<Due>> {
        context.require_overseer()?;
        let mut all = Vec::new();
        for ledger in self.city().catalogue().iter() {
            let Some(sql) = due_rows(ledger, "count(*)", as_of) else { continue };
            let records = self.city().read_one(sql).await?.map(|row| row.get(0)).transpose()?.unwrap_or_default();
            all.push(Due {
                ledger: ledger.key().to_owned(),
                title: ledger.def.title.get(Lang::Ja).to_owned(),
                retention: crate::file_register::retention(&ledger.def.retention),
                records,
            });
        }
        Ok(all)
    }

    /// The records of a ledger that are past their retention on a day, the longest past first, and whether there are more.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`]; as [`kawasemi_store::City::read`].
    pub async fn candidates(&self, context: &Context, ledger: &str, as_of: Date) -> Result<(Vec<Candidate>, bool)> {
        context.require_overseer()?;
        let catalogue = self.city().catalogue();
        let ledger = catalogue.get(ledger).ok_or(OversightError::NotFound)?;
        let retention = &ledger.def.retention;
        let column = due::column(retention);
        let columns = format!("\"id\", \"number\", \"{column}\", \"deleted_at\"");
        let Some(mut sql) = due_rows(ledger, &columns, as_of) else { return Ok((Vec::new(), false)) };
        sql.push(" ORDER BY \"").push(column).push("\", \"id\" LIMIT ");
        sql.number(i64::try_from(AT_ONCE + 1).unwrap_or(i64::MAX));
        let holds = self.holds_on(Some(ledger.key())).await?;
        let mut found = Vec::new();
        for row in self.city().read(sql).await? {
            let record = RecordId(row.get(0)?);
            let start = Timestamp::from_microsecond(row.get(2)?).unwrap_or(Timestamp::MIN);
            let Some(expired_on) = due::last_day(retention, start) else { continue };
            let held = holds.iter().find(|hold| hold.holds(record, as_of)).map(|hold| hold.reason.clone());
            let (number, is_deleted) = (row.get(1)?, row.get::<Option<i64>>(3)?.is_some());
            found.push(Candidate { record, number, expired_on, is_deleted, held });
        }
        let more = found.len() > AT_ONCE;
        found.truncate(AT_ONCE);
        Ok((found, more))
    }

    /// Proposes to dispose of the records of a ledger that are past their retention, but for those that are held or that the
    /// proposer leaves out. Answers the disposal.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`], [`OversightError::Refused`] where there is nothing to dispose
    /// of or no reason was given.
    pub async fn propose_disposal(
        &self,
        context: &Context,
        ledger: &str,
        as_of: Date,
        without: &[RecordId],
        reason: &str,
    ) -> Result<Uuid> {
        context.require_privacy_officer()?;
        if as_of > context.today() {
            return Err(OversightError::refused(
                "基準日は今日までの日付にしてください。満了していない記録は廃棄できません。",
            ));
        }
        let (candidates, _) = self.candidates(context, ledger, as_of).await?;
        let records: Vec<(RecordId, String)> = candidates
            .iter()
            .filter(|candidate| candidate.held.is_none() && !without.contains(&candidate.record))
            .map(|candidate| (candidate.record, candidate.expired_on.to_string()))
            .collect();
        if records.is_empty() {
            return Err(OversightError::refused(
                "廃棄できる記録がありません。保留中の記録と外した記録は廃棄されません。",
            ));
        }
        let catalogue = self.city().catalogue();
        let retention = &catalogue.get(ledger).ok_or(OversightError::NotFound)?.def.retention;
        let rule = format!("保存期間満了　{}", crate::file_register::retention(retention));
        self.propose(context, DisposalKind::Expiry, (ledger, &rule), as_of, records, reason).await
    }

    /// Proposes to erase one record, since the person concerned has asked for it.
    ///
    /// # Errors
    /// As [`Oversight::propose_disposal`].
    pub async fn propose_erasure(
        &self,
        context: &Context,
        ledger: &str,
        record: RecordId,
        rule: &str,
        reason: &str,
    ) -> Result<Uuid> {
        context.require_privacy_officer()?;
        let catalogue = self.city().catalogue();
        let known = catalogue.get(ledger).ok_or(OversightError::NotFound)?;
        let mut sql = Sql::text("SELECT 1 FROM ");
        sql.table(known.table()).push(" AS ").ident(RECORDS).push(" WHERE \"id\" = ").bind(record.0).push(" AND (");
        sql.append(&visible(RECORDS)).push(" OR \"batch\" = ").bind(STOPPED).push(")");
        self.city().read_one(sql).await?.ok_or(OversightError::NotFound)?;
        if rule.trim().is_empty() {
            return Err(OversightError::refused("消去の根拠（法令の条項）を入力してください。"));
        }
        let records = vec![(record, String::new())];
        let as_of = context.today();
        self.propose(context, DisposalKind::Request, (ledger, rule.trim()), as_of, records, reason).await
    }

    async fn propose(
        &self,
        context: &Context,
        kind: DisposalKind,
        (ledger, rule): (&str, &str),
        as_of: Date,
        records: Vec<(RecordId, String)>,
        reason: &str,
    ) -> Result<Uuid> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(OversightError::refused("理由を入力してください。決定する人が読みます。"));
        }
        let id = self.ids().next();
        let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let draft = Sql::with(
            "INSERT INTO {disposal} (id, kind, ledger, rule, as_of, state, reason, proposed_by, proposed_at, records, \
             erased, skipped, files) VALUES ($1, $2, $3, $4, $5, 'drafted', $6, $7, $8, $9, 0, 0, 0)",
            [
                id.into(),
                kind.key().into(),
                ledger.into(),
                rule.into(),
                as_of.to_string().into(),
                reason.into(),
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
                count.into(),
            ],
        );
        self.city().write(Unit::of([draft.into()])).await?;
        for some in records.chunks(ROWS) {
            let head = "INSERT INTO {disposal_record} (disposal, record, expired_on, state, note, files) VALUES ";
            let rows = some.iter().map(|(record, expired_on)| {
                let mut row = Sql::text("(");
                row.bind_list([id.into(), record.0.into(), expired_on.as_str().into()]);
                row.push(", 'waiting', '', '')");
                Statement::row(Sql::with(head, []), &row)
            });
            self.city().write(Unit::of(rows)).await?;
        }
        // Only now it can be decided on: whole.
        let proposed = Sql::with("UPDATE {disposal} SET state = 'proposed' WHERE id = $1", [id.into()]);
        let trail = Trail::of(self.city(), SUBJECT, id).await?;
        let said = serde_json::json!({ "ledger": ledger, "rule": rule, "records": count, "reason": reason });
        let mut unit = Unit::of([proposed.into()]);
        unit.extend(trail.statements("propose", &context.act, self.ids(), &said.to_string()));
        self.city().write(unit).await?;
        Ok(id)
    }
}

/// A query of the rows of a ledger whose retention has ended; none where it never ends. Records of work that is not published are
/// left out, stopped ones are not.
fn due_rows(ledger: &Ledger, columns: &str, as_of: Date) -> Option<Sql> {
    let before = due::started_before(&ledger.def.retention, as_of)?;
    let mut sql = Sql::text("SELECT ");
    sql.push(columns).push(" FROM ").table(ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE \"");
    sql.push(due::column(&ledger.def.retention)).push("\" < ").bind(before.as_microsecond());
    sql.push(" AND (").append(&visible(RECORDS)).push(" OR \"batch\" = ").bind(STOPPED).push(")");
    Some(sql)
}
