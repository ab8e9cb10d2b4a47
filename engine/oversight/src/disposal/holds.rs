//! Holds (廃棄の保留): what must not be disposed of while a lawsuit or a request for disclosure is open, whatever its retention
//! says.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// A hold on a ledger or on one of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: Uuid,
    /// The ledger.
    pub ledger: String,
    /// The record; none for all of the ledger.
    pub record: Option<RecordId>,
    /// Why.
    pub reason: String,
    /// The last day, if one is known.
    pub until: Option<Date>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Hold {
    /// Whether it holds a record on a day.
    #[must_use]
    pub fn holds(&self, record: RecordId, day: Date) -> bool {
        self.ended_at.is_none()
            && self.until.is_none_or(|until| day <= until)
            && self.record.is_none_or(|held| held == record)
    }
}

impl Oversight {
    /// All holds, those that have ended included; the latest first.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn holds(&self, context: &Context) -> Result<Vec<Hold>> {
        context.require_overseer()?;
        self.holds_on(None).await
    }

    /// Holds a record, or all of a ledger.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`], [`OversightError::Refused`] without a reason.
    pub async fn hold(
        &self,
        context: &Context,
        ledger: &str,
        record: Option<RecordId>,
        until: Option<Date>,
        reason: &str,
    ) -> Result<Uuid> {
        context.require_privacy_officer()?;
        self.city().catalogue().get(ledger).ok_or(OversightError::NotFound)?;
        if reason.trim().is_empty() {
            return Err(OversightError::refused("保留の理由を入力してください（例　訴訟の係属、開示請求中）。"));
        }
        let id = self.ids().next();
        let insert = Sql::with(
            "INSERT INTO {disposal_hold} (id, ledger, record, reason, until_date, made_by, made_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                ledger.into(),
                record.map(|record| record.0).into(),
                reason.trim().into(),
                until.map(|until| until.to_string()).into(),
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
            ],
        );
        self.city().write(Unit::of([insert.into()])).await?;
        Ok(id)
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`] where there is none that still holds.
    pub async fn end_hold(&self, context: &Context, id: Uuid) -> Result<()> {
        context.require_privacy_officer()?;
        let update = Sql::with(
            "UPDATE {disposal_hold} SET ended_by = $1, ended_at = $2 WHERE id = $3 AND ended_at IS NULL",
            [context.act.actor.to_string().into(), context.act.at.as_microsecond().into(), id.into()],
        );
        match self.city().write(Unit::of([Statement::one_row(update, Unmet::NotFound)])).await {
            Err(kawasemi_store::StoreError::NotFound) => Err(OversightError::NotFound),
            other => other.map(drop).map_err(Into::into),
        }
    }

    pub(crate) async fn holds_on(&self, ledger: Option<&str>) -> Result<Vec<Hold>> {
        let columns = "id, ledger, record, reason, until_date, made_by, made_at, ended_at";
        let mut sql = Sql::text("SELECT ");
        sql.push(columns).push(" FROM ").table("disposal_hold");
        if let Some(ledger) = ledger {
            sql.push(" WHERE ended_at IS NULL AND ledger = ").bind(ledger);
        }
        sql.push(" ORDER BY made_at DESC, id");
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
        let rows = self.city().read(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(Hold {
                    id: row.get(0)?,
                    ledger: row.get(1)?,
                    record: row.get::<Option<Uuid>>(2)?.map(RecordId),
                    reason: row.get(3)?,
                    until: row.get::<Option<String>>(4)?.and_then(|day| day.parse().ok()),
                    made_by: row.get(5)?,
                    made_at: at(row.get(6)?),
                    ended_at: row.get::<Option<i64>>(7)?.map(at),
                })
            })
            .collect()
    }
}
