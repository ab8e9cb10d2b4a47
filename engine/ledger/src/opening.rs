//! Opening the record of a protected person (支援措置対象者の住所等の閲覧).
//!
//! The address, school and contacts of somebody under protection are hidden from everybody, in every list, search, export and
//! print. Only the staff whom the protection names may open them: one record at a time, with a reason for each opening, in the
//! session in which it was given, and for a few minutes. An opening is written before anything is shown.

use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::Context;
use kawasemi_identity::caller::Opened;
use kawasemi_kernel::{RecordId, text};
use kawasemi_schema::Action;
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::{Sql, Unit};

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};

/// How long an opening holds: long enough to read, to correct and to print one record.
pub const MINUTES: i64 = 10;
/// Longest reason in characters.
const REASON_MAX: usize = 200;
/// Shortest reason: one that says something.
const REASON_MIN: usize = 4;

/// An opening that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The reason that was stated.
    pub reason: String,
    /// Until when, UTC.
    pub until: Timestamp,
}

impl Ledgers {
    /// Whether the caller may open a record: somebody of it is under protection, and every protection that holds for it
    /// names the caller.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such record or it may not be seen.
    pub async fn may_open(&self, context: &Context, ledger: &str, id: RecordId) -> Result<bool> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let row = self.any_row_for(&gate, id, Action::Read).await?;
        Ok(row.protected && self.is_named(context, &gate, id).await?)
    }

    /// Opens a record for the caller's session, with the reason of the context.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] without a reason, or when the caller is not named; [`LedgerError::NotFound`] as for reading.
    pub async fn open_protected(&self, context: &Context, ledger: &str, id: RecordId) -> Result<Opening> {
        let reason = text::tidy_line(&context.act.reason);
        let length = reason.chars().count();
        if !(REASON_MIN..=REASON_MAX).contains(&length) {
            let message = format!("「開く理由」を{REASON_MIN}文字以上{REASON_MAX}文字以内で入力してください。");
            return Err(LedgerError::Refused(message));
        }
        let Some(session) = context.caller.session.filter(|_| !context.caller.read_only) else {
            return Err(LedgerError::Refused("支援措置の対象者の記録は、画面からだけ開けます。".to_owned()));
        };
        if !self.may_open(context, ledger, id).await? {
            return Err(LedgerError::Refused(
                "この記録を開けるのは、支援措置の台帳に担当として載っている職員だけです。支援措置の担当課に相談してください。"
                    .to_owned(),
            ));
        }
        let at = context.act.at;
        let until = at.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(at);
        let insert = Sql::with(
            "INSERT INTO {opening} (id, at, until, actor, session, ledger, record, reason, request) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                self.ids().next().into(),
                at.as_microsecond().into(),
                until.as_microsecond().into(),
                context.act.actor.to_string().into(),
                session.0.into(),
                ledger.into(),
                id.0.into(),
                reason.as_str().into(),
                context.request.as_deref().into(),
            ],
        );
        self.city().write(Unit::of([insert.into()])).await?;
        Ok(Opening { reason, until })
    }

    /// Closes what the caller's session has opened of a record, before its time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_protected(&self, context: &Context, ledger: &str, id: RecordId) -> Result<()> {
        let Some(session) = context.caller.session else { return Ok(()) };
        let at = context.act.at.as_microsecond();
        let sql = Sql::with(
            "UPDATE {opening} SET until = $1 WHERE session = $2 AND record = $3 AND ledger = $4 AND until > $1",
            [at.into(), session.0.into(), id.0.into(), ledger.into()],
        );
        self.city().write(Unit::of([kawasemi_store::Statement::any(sql)])).await?;
        Ok(())
    }

    /// The opening of a record that holds for the caller's session. The protection is asked again: who is named no longer
    /// sees nothing any more.
    ///
    /// # Errors
    /// As [`Ledgers::may_open`].
    pub async fn opening(&self, context: &Context, ledger: &str, id: RecordId) -> Result<Option<Opening>> {
        let Ok(gate) = self.gate_for(context, ledger, Action::Read) else { return Ok(None) };
        let Some(session) = context.caller.session.filter(|_| gate.ledger.guard.is_some()) else { return Ok(None) };
        let sql = Sql::with(
            "SELECT reason, until FROM {opening} WHERE session = $1 AND record = $2 AND ledger = $3 AND actor = $4 \
             AND until > $5 ORDER BY until DESC LIMIT 1",
            [
                session.0.into(),
                id.0.into(),
                ledger.into(),
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
            ],
        );
        let Some(row) = self.city().read_one(sql).await? else { return Ok(None) };
        if !self.is_named(context, &gate, id).await? {
            return Ok(None);
        }
        let until = Timestamp::from_microsecond(row.get(1)?).unwrap_or(context.act.at);
        Ok(Some(Opening { reason: row.get(0)?, until }))
    }

    /// The caller's context with what the session has opened of a record; none where it has opened nothing. Reading is noted
    /// in the access log with the reason of the opening.
    ///
    /// # Errors
    /// As [`Ledgers::may_open`].
    pub async fn with_opening(&self, context: &Context, ledger: &str, id: RecordId) -> Result<Option<Context>> {
        let Some(opening) = self.opening(context, ledger, id).await? else { return Ok(None) };
        let mut opened = context.clone();
        opened.opened = Some(Opened { ledger: ledger.to_owned(), record: id });
        if opened.act.reason.is_empty() {
            opened.act.reason = opening.reason;
        }
        Ok(Some(opened))
    }

    /// Whether every protection that holds for a record names the caller.
    async fn is_named(&self, context: &Context, gate: &Gate, id: RecordId) -> Result<bool> {
        let staff = context.caller.account.as_ref().and_then(|account| account.person);
        let (Some(guard), Some(staff)) = (&gate.ledger.guard, staff) else { return Ok(false) };
        let mut sql = Sql::text("SELECT 1 FROM ");
        sql.table(gate.ledger.table()).push(" AS ").ident(RECORDS).push(" WHERE ").column(RECORDS, "id");
        sql.push(" = ").bind(id.0).push(" AND NOT ").append(&guard.closed_to(RECORDS, staff.0));
        Ok(self.city().read_one(sql).await?.is_some())
    }
}
