//! Stop of use (利用停止, 個人情報の保護に関する法律第98条〜第101条): a record is kept, and nobody comes upon it but the officer
//! for personal data, until the stop is ended or the record is erased.

use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_identity::access_log::{AccessEntry, AccessLog, Manner};
use kawasemi_kernel::{Fields, RecordId};
use kawasemi_schema::{Clearance, LedgerDef};
use kawasemi_store::record::stop::{batch_of, read_stopped};
use kawasemi_store::record::{RecordUnit, read};
use kawasemi_store::{Sql, Statement, Unmet};
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// A stop of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its id.
    pub id: Uuid,
    /// The ledger.
    pub ledger: String,
    /// The record.
    pub record: RecordId,
    /// On what ground, such as 法第98条第1項第1号.
    pub basis: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub stopped_by: String,
    /// When.
    pub stopped_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Why it was ended.
    pub end_reason: String,
}

impl Oversight {
    /// Stops the use of a record.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`], [`OversightError::Refused`] without ground and reason.
    pub async fn stop_use(
        &self,
        context: &Context,
        ledger: &str,
        record: RecordId,
        basis: &str,
        reason: &str,
    ) -> Result<Uuid> {
        context.require_privacy_officer()?;
        let (basis, reason) = (basis.trim(), reason.trim());
        if basis.is_empty() || reason.is_empty() {
            return Err(OversightError::refused("利用停止の根拠と理由を入力してください。"));
        }
        let catalogue = self.city().catalogue();
        let ledger = catalogue.get(ledger).ok_or(OversightError::NotFound)?;
        let before = read::record(self.city(), ledger, record).await?.ok_or(OversightError::NotFound)?;
        let id = self.ids().next();
        let act = context.clone().because(format!("{basis}　{reason}")).act;
        let mut unit = RecordUnit::new(self.city().dialect(), &act, self.ids());
        unit.stop_use(ledger, &before);
        unit.add(Sql::with(
            "INSERT INTO {use_stop} (id, ledger, record, basis, reason, stopped_by, stopped_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                ledger.key().into(),
                record.0.into(),
                basis.into(),
                reason.into(),
                act.actor.to_string().into(),
                act.at.as_microsecond().into(),
            ],
        ));
        self.city().write(unit.into_unit()).await?;
        Ok(id)
    }

    /// Ends a stop: the record is there again as it was.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`] where there is none, [`OversightError::Refused`] without a
    /// reason.
    pub async fn resume_use(&self, context: &Context, id: Uuid, reason: &str) -> Result<()> {
        context.require_privacy_officer()?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(OversightError::refused("利用停止を解く理由を入力してください。"));
        }
        let stop = self.stop(context, id).await?;
        let catalogue = self.city().catalogue();
        let ledger = catalogue.get(&stop.ledger).ok_or(OversightError::NotFound)?;
        let before = read_stopped(self.city(), ledger, stop.record).await?.ok_or(OversightError::NotFound)?;
        let batch = batch_of(self.city(), stop.record).await?;
        let act = context.clone().because(reason).act;
        let mut unit = RecordUnit::new(self.city().dialect(), &act, self.ids());
        unit.resume_use(ledger, &before, batch);
        let end = Sql::with(
            "UPDATE {use_stop} SET ended_by = $1, ended_at = $2, end_reason = $3 WHERE id = $4 AND ended_at IS NULL",
            [act.actor.to_string().into(), act.at.as_microsecond().into(), reason.into(), id.into()],
        );
        unit.add(Statement::one_row(end, Unmet::NotFound));
        self.city().write(unit.into_unit()).await?;
        Ok(())
    }

    /// The stops, the latest first.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn stops(&self, context: &Context) -> Result<Vec<Stop>> {
        context.require_overseer()?;
        self.select_stops(None).await
    }

    /// One stop.
    ///
    /// # Errors
    /// [`OversightError::NotFound`], [`OversightError::Forbidden`].
    pub async fn stop(&self, context: &Context, id: Uuid) -> Result<Stop> {
        context.require_overseer()?;
        self.select_stops(Some(id)).await?.pop().ok_or(OversightError::NotFound)
    }

    /// What stands in a record whose use is stopped, for the officer alone. The look is noted like any other.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`] once the stop is ended.
    pub async fn stopped_record(&self, context: &Context, id: Uuid) -> Result<(Arc<LedgerDef>, Fields)> {
        context.require_privacy_officer()?;
        let stop = self.stop(context, id).await?;
        let catalogue = self.city().catalogue();
        let ledger = catalogue.get(&stop.ledger).ok_or(OversightError::NotFound)?;
        let row = read_stopped(self.city(), ledger, stop.record).await?.ok_or(OversightError::NotFound)?;
        self.note_look(context, &ledger.def, stop.record, &row.fields, Manner::Read).await?;
        Ok((Arc::clone(&ledger.def), row.fields))
    }

    /// Notes a look of the officer at a record that no grant opens to them.
    pub(crate) async fn note_look(
        &self,
        context: &Context,
        def: &LedgerDef,
        record: RecordId,
        fields: &Fields,
        manner: Manner,
    ) -> Result<()> {
        let read = def.fields.iter().filter(|field| field.clearance.is_logged() && fields.contains_key(&field.key));
        let read: Vec<_> = read.collect();
        let entry = AccessEntry {
            ledger: def.key.clone(),
            manner,
            clearance: read.iter().map(|field| field.clearance).max().unwrap_or(Clearance::Personal),
            fields: read.iter().map(|field| field.key.clone()).collect(),
            records: vec![record],
        };
        Ok(AccessLog::record(self.city(), self.ids(), context, &entry).await?)
    }

    async fn select_stops(&self, id: Option<Uuid>) -> Result<Vec<Stop>> {
        let columns = "id, ledger, record, basis, reason, stopped_by, stopped_at, ended_at, end_reason";
        let mut sql = Sql::text("SELECT ");
        sql.push(columns).push(" FROM ").table("use_stop");
        if let Some(id) = id {
            sql.push(" WHERE id = ").bind(id);
        }
        sql.push(" ORDER BY stopped_at DESC, id LIMIT 500");
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
        let rows = self.city().read(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(Stop {
                    id: row.get(0)?,
                    ledger: row.get(1)?,
                    record: RecordId(row.get(2)?),
                    basis: row.get(3)?,
                    reason: row.get(4)?,
                    stopped_by: row.get(5)?,
                    stopped_at: at(row.get(6)?),
                    ended_at: row.get::<Option<i64>>(7)?.map(at),
                    end_reason: row.get::<Option<String>>(8)?.unwrap_or_default(),
                })
            })
            .collect()
    }
}
