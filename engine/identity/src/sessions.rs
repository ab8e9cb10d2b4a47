//! Sessions: who is signed in where, and how it ends.
//!
//! A session begins with a proof (password, code, passkey, provider), carries a new secret each time, and ends when it was
//! not used for a while, after a working day, at sign-out, or when somebody revokes it. Proving again who one is, for a
//! dangerous act, renews the secret as well. Changed roles need no new sign-in: callers are read from the database.

use jiff::Timestamp;
use kawasemi_store::{Row, Sql, Statement, StoreError, Unit, Unmet};
use uuid::Uuid;

use crate::caller::{AccountSummary, Context, SessionId, Strength};
use crate::counter::came_to_counter;
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Rules, Visit, after, instant, stored};
use crate::secret::Secret;

/// A session that has just begun: what the cookie needs.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// What the cookie carries.
    pub secret: Secret,
    /// Whose it is.
    pub account: AccountSummary,
    /// Whether a new password must be chosen before anything else.
    pub password_must_change: bool,
}

/// A session as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub account: Uuid,
    /// How it began.
    pub strength: Strength,
    /// When it began, UTC.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends if it is used.
    pub expires_at: Timestamp,
    /// From which address it began.
    pub address: String,
    /// With which browser.
    pub agent: String,
}

/// An account that has proved itself.
pub(crate) struct Proven {
    pub account: AccountSummary,
    pub strength: Strength,
    /// When the proof was given: now, but where an identity provider remembers it from before.
    pub proved_at: Timestamp,
    pub password_must_change: bool,
}

impl Identity {
    /// Begins a session, together with what else the sign-in has to write.
    pub(crate) async fn open_session(
        &self,
        visit: &Visit,
        proven: Proven,
        also: impl IntoIterator<Item = Statement>,
    ) -> Result<NewSession> {
        let (id, secret) = (self.new_id(), self.new_secret());
        let device = self.device_of(visit).await?;
        let mut unit = Unit::of(also);
        if let Some(previous) = &visit.previous {
            unit.add(Sql::with("DELETE FROM {session} WHERE secret_hash = $1", [previous.hash().into()]));
        }
        unit.add(insert(id, &secret, visit, &proven, device, self.rules()));
        unit.extend(came_to_counter(&proven, device, visit.at));
        unit.add(Sql::with(
            "UPDATE {account} SET signed_in_at = $2 WHERE id = $1",
            [proven.account.id.into(), stored(visit.at)],
        ));
        unit.add(self.door_event(visit, EventKind::SignedIn, Some(proven.account.id), proven.strength.key()));
        self.inner.city.write(unit).await?;
        // The ended session may still be remembered.
        self.inner.callers.forget_account(proven.account.id);
        let Proven { account, password_must_change, .. } = proven;
        Ok(NewSession { id: SessionId(id), secret, account, password_must_change })
    }

    /// Renews a session's secret after its owner has proved again who they are; the session keeps the stronger proof.
    pub(crate) async fn renew_session(
        &self,
        context: &Context,
        strength: Strength,
        also: impl IntoIterator<Item = Statement>,
    ) -> Result<Secret> {
        let account = context.require_own_account()?;
        let session = context.caller.session.ok_or(IdentityError::Forbidden)?;
        let secret = self.new_secret();
        let update = Sql::with(
            "UPDATE {session} SET secret_hash = $2, strength = $3, authenticated_at = $4, seen_at = $4, \
             locked_at = NULL WHERE id = $1",
            [
                session.0.into(),
                secret.hash().into(),
                strength.max(context.caller.strength).key().into(),
                stored(context.act.at),
            ],
        );
        let mut unit = Unit::of(also);
        unit.add(Statement::one_row(update, Unmet::NotFound));
        unit.add(self.event(context, EventKind::ProvedAgain, account, strength.key()));
        self.write_about(account, unit).await?;
        Ok(secret)
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// When the store fails. A caller without a session has nothing to end.
    pub async fn sign_out(&self, context: &Context) -> Result<()> {
        let (Some(session), Some(account)) = (context.caller.session, &context.caller.account) else { return Ok(()) };
        let delete = Sql::with("DELETE FROM {session} WHERE id = $1", [session.0.into()]);
        let unit = Unit::of([delete.into(), self.event(context, EventKind::SignedOut, account.id, "")]);
        self.write_about(account.id, unit).await
    }

    /// The sessions of an account that have not ended, the newest first.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn sessions_of(&self, context: &Context, account: Uuid) -> Result<Vec<Session>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let idle = context.act.at.checked_sub(self.rules().idle).unwrap_or(Timestamp::MIN);
        let sql = Sql::with(
            "SELECT id, account, strength, created_at, seen_at, expires_at, address, agent FROM {session} \
             WHERE account = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY id DESC",
            [account.into(), stored(context.act.at), stored(idle)],
        );
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// Ends one session, one's own or as an administrator.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] if there is none, or it is another's and the caller is no administrator.
    pub async fn revoke_session(&self, context: &Context, session: SessionId) -> Result<()> {
        let sql = Sql::with("SELECT account FROM {session} WHERE id = $1", [session.0.into()]);
        let account: Uuid = self.inner.city.read_one(sql).await?.ok_or(IdentityError::NotFound)?.get(0)?;
        if context.require_own_account().ok() != Some(account) && context.require_admin().is_err() {
            return Err(IdentityError::NotFound);
        }
        let delete = Sql::with("DELETE FROM {session} WHERE id = $1", [session.0.into()]);
        let unit = Unit::of([delete.into(), self.event(context, EventKind::SessionsRevoked, account, "")]);
        self.write_about(account, unit).await
    }

    /// Ends all sessions of an account but the caller's own: after a lost telephone, or by an administrator.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn revoke_sessions(&self, context: &Context, account: Uuid) -> Result<()> {
        if context.require_own_account().ok() != Some(account) {
            context.require_admin()?;
        }
        let unit = Unit::of([
            end_others(account, context.caller.session),
            self.event(context, EventKind::SessionsRevoked, account, "all"),
        ]);
        self.write_about(account, unit).await
    }

    /// Whether the caller proved who they are recently enough for a dangerous act. The program itself always did.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`].
    pub fn require_fresh(&self, context: &Context) -> Result<()> {
        let fresh = context.caller.is_fresh(context.act.at, self.rules().fresh.as_secs());
        if context.caller.is_system() || fresh { Ok(()) } else { Err(IdentityError::StepUpNeeded) }
    }

    /// How many sessions go on, and of how many people: for whoever runs the installation, who learns no names by it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions_open(&self, at: Timestamp) -> Result<(i64, i64)> {
        let idle = at.checked_sub(self.rules().idle).unwrap_or(Timestamp::MIN);
        let sql = Sql::with(
            "SELECT count(*), count(DISTINCT account) FROM {session} WHERE expires_at > $1 AND seen_at > $2",
            [stored(at), stored(idle)],
        );
        let row = self.inner.city.read_one(sql).await?;
        Ok(row.map_or(Ok((0, 0)), |row| Ok::<_, StoreError>((row.get(0)?, row.get(1)?)))?)
    }

    /// Removes what has ended: sessions, ceremonies, counts of attempts. A job calls this now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self, at: Timestamp) -> Result<()> {
        let idle = at.checked_sub(self.rules().idle).unwrap_or(Timestamp::MIN);
        let unit = Unit::of([
            Statement::any(Sql::with(
                "DELETE FROM {session} WHERE expires_at <= $1 OR seen_at <= $2",
                [stored(at), stored(idle)],
            )),
            Statement::any(Sql::with("DELETE FROM {ceremony} WHERE expires_at <= $1", [stored(at)])),
            crate::rate_limit::sweep(&self.rules().brakes, at),
            crate::counter::sweep_drafts(at),
        ]);
        self.inner.city.write(unit).await?;
        Ok(())
    }
}

/// Ends the sessions of an account but one.
pub(crate) fn end_others(account: Uuid, but: Option<SessionId>) -> Statement {
    let mut sql = Sql::with("DELETE FROM {session} WHERE account = $1", [account.into()]);
    if let Some(own) = but {
        sql.push(" AND id <> ").bind(own.0);
    }
    Statement::any(sql)
}

fn insert(id: Uuid, secret: &Secret, visit: &Visit, proven: &Proven, device: Option<Uuid>, rules: &Rules) -> Sql {
    Sql::with(
        "INSERT INTO {session} (id, secret_hash, account, strength, created_at, seen_at, authenticated_at, expires_at, \
         address, agent, device) VALUES ($1, $2, $3, $4, $5, $5, $9, $6, $7, $8, $10)",
        [
            id.into(),
            secret.hash().into(),
            proven.account.id.into(),
            proven.strength.key().into(),
            stored(visit.at),
            stored(after(visit.at, rules.absolute)),
            visit.address_text().into(),
            visit.agent_text().into(),
            stored(proven.proved_at),
            device.into(),
        ],
    )
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId(row.get(0)?),
        account: row.get(1)?,
        strength: Strength::from_key(&row.get::<String>(2)?),
        created_at: instant(row.get(3)?)?,
        seen_at: instant(row.get(4)?)?,
        expires_at: instant(row.get(5)?)?,
        address: row.get(6)?,
        agent: row.get(7)?,
    })
}
