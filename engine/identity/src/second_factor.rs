//! Setting up and removing one-time codes and recovery codes.
//!
//! Enrolment is confirmed with a first code, so that nobody locks themselves out with an app that was not set up. The
//! secret has to be known when a code is checked, so it is kept sealed ([`kawasemi_store::seal`]) and not as a hash. Where
//! the key is lost, recovery codes still work, and an administrator can take the codes away.

use jiff::Timestamp;
use kawasemi_store::seal::{self, Seals};
use kawasemi_store::{Sql, Statement, StoreError, Unit, Unmet};
use uuid::Uuid;

use crate::caller::{Caller, Context, HeldRole, Strength};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, stored};
use crate::totp::{self, Enrolment};

impl Identity {
    /// Begins to set up one-time codes for the caller; what was begun before and not confirmed is replaced.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`], [`IdentityError::Forbidden`], [`IdentityError::Invalid`] where codes are set up
    /// already.
    pub async fn begin_second_factor(&self, context: &Context) -> Result<Enrolment> {
        let account = context.require_own_account()?;
        self.require_fresh(context)?;
        let login = context.caller.account.as_ref().map(|account| account.login.as_str()).unwrap_or_default();
        let made = totp::enrol(&self.inner.city.info().name, login, self.entropy())?;
        let sealed = self.seal_secret(account, &made.secret)?;
        let upsert = Sql::with(
            "INSERT INTO {account_second_factor} (account, secret, last_step, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at \
             WHERE \"account_second_factor\".confirmed_at IS NULL",
            [account.into(), sealed.into(), 0.into(), stored(context.act.at)],
        );
        let taken = "確認コードはすでに設定されています。設定し直すには、先に解除してください。";
        let statement = Statement::one_row(upsert, Unmet::Refused(taken.to_owned()));
        self.inner.city.write(Unit::of([statement])).await?;
        Ok(made)
    }

    /// Confirms the codes with a first one and answers recovery codes, which are never shown again.
    ///
    /// # Errors
    /// [`IdentityError::WrongCode`].
    pub async fn confirm_second_factor(&self, context: &Context, code: &str) -> Result<Vec<String>> {
        let account = context.require_own_account()?;
        let secret = self.second_factor(account).await?.ok_or(IdentityError::WrongCode)?;
        let at = context.act.at;
        let opened = self.open_secret(account, &secret)?;
        let step = totp::verify(&opened, code, at, secret.last_step).ok_or(IdentityError::WrongCode)?;
        let confirm = Sql::with(
            "UPDATE {account_second_factor} SET confirmed_at = $2, last_step = $3 \
             WHERE account = $1 AND confirmed_at IS NULL AND secret = $4",
            [account.into(), stored(at), step.into(), secret.sealed.into()],
        );
        let (codes, statements) = self.new_recovery_codes(account);
        let mut unit = Unit::of([Statement::one_row(confirm, Unmet::Conflict)]);
        unit.extend(statements).add(self.event(context, EventKind::SecondFactorSet, account, ""));
        match self.inner.city.write(unit).await {
            Err(StoreError::Conflict) => Err(IdentityError::WrongCode),
            other => Ok(other.map(|_| codes)?),
        }
    }

    /// Makes new recovery codes for the caller; the old ones no longer work.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`], [`IdentityError::NotFound`] where no codes are set up.
    pub async fn renew_recovery_codes(&self, context: &Context) -> Result<Vec<String>> {
        let account = context.require_own_account()?;
        self.require_fresh(context)?;
        if !self.second_factor(account).await?.is_some_and(|secret| secret.confirmed) {
            return Err(IdentityError::NotFound);
        }
        let (codes, statements) = self.new_recovery_codes(account);
        let mut unit = Unit::of(statements);
        unit.add(self.event(context, EventKind::SecondFactorSet, account, "recovery codes"));
        self.inner.city.write(unit).await?;
        Ok(codes)
    }

    /// Removes the codes of an account: one's own after a fresh proof, or another's as an administrator.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`], [`IdentityError::Forbidden`].
    pub async fn remove_second_factor(&self, context: &Context, account: Uuid) -> Result<()> {
        if context.require_own_account().ok() != Some(account) {
            context.require_admin()?;
        }
        self.require_fresh(context)?;
        let unit = Unit::of([
            Statement::any(Sql::with("DELETE FROM {account_second_factor} WHERE account = $1", [account.into()])),
            Statement::any(Sql::with("DELETE FROM {account_recovery_code} WHERE account = $1", [account.into()])),
            self.event(context, EventKind::SecondFactorRemoved, account, ""),
        ]);
        self.write_about(account, unit).await
    }

    /// Whether an account has confirmed codes, and how many recovery codes are left.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn second_factor_of(&self, context: &Context, account: Uuid) -> Result<Option<usize>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        if !self.second_factor(account).await?.is_some_and(|secret| secret.confirmed) {
            return Ok(None);
        }
        let left = Sql::with("SELECT 1 FROM {account_recovery_code} WHERE account = $1", [account.into()]);
        Ok(Some(self.inner.city.read(left).await?.len()))
    }

    /// Whether the caller has a role that needs a second factor and came in without one. A PIN stands for the full proof of the
    /// same day; the hall's identity provider asks for what it finds right itself.
    pub fn lacks_second_factor(&self, caller: &Caller) -> bool {
        let needs = |role: &HeldRole| self.rules().second_factor_roles.contains(&role.key);
        caller.session.is_some() && caller.strength == Strength::Password && caller.roles.iter().any(needs)
    }

    /// The statement that uses up a one-time code; none if it is wrong. It conflicts if the step was used meanwhile.
    pub(crate) async fn check_totp(&self, account: Uuid, code: &str, at: Timestamp) -> Result<Option<Statement>> {
        let Some(secret) = self.second_factor(account).await?.filter(|secret| secret.confirmed) else {
            return Ok(None);
        };
        let opened = self.open_secret(account, &secret)?;
        let Some(step) = totp::verify(&opened, code, at, secret.last_step) else { return Ok(None) };
        let update = Sql::with(
            "UPDATE {account_second_factor} SET last_step = $2 WHERE account = $1 AND last_step < $2",
            [account.into(), step.into()],
        );
        Ok(Some(Statement::one_row(update, Unmet::Conflict)))
    }

    /// The statement that uses up a recovery code; none if it is wrong. It conflicts if the code was used meanwhile.
    pub(crate) async fn check_recovery_code(&self, account: Uuid, code: &str) -> Result<Option<Statement>> {
        let Some(hash) = totp::recovery_hash(account, code) else { return Ok(None) };
        let of_account = [account.into(), hash.into()];
        let found =
            Sql::with("SELECT 1 FROM {account_recovery_code} WHERE account = $1 AND hash = $2", of_account.clone());
        if self.inner.city.read_one(found).await?.is_none() {
            return Ok(None);
        }
        let delete = Sql::with("DELETE FROM {account_recovery_code} WHERE account = $1 AND hash = $2", of_account);
        Ok(Some(Statement::one_row(delete, Unmet::Conflict)))
    }

    /// Seals anew what was sealed with an older key, or not at all. Answers how many secrets were, and how many can't be opened any more.
    ///
    /// # Errors
    /// When the keys or the database can't be read, or the database not written.
    pub async fn renew_seals(&self) -> Result<Seals> {
        let rows = self.inner.city.read(Sql::with("SELECT account, secret FROM {account_second_factor}", [])).await?;
        let mut seals = Seals::default();
        for row in rows {
            let (account, sealed): (Uuid, Vec<u8>) = (row.get(0)?, row.get(1)?);
            if self.inner.sealer.is_current(&sealed)? {
                continue;
            }
            // What has a secret's own length was written before secrets were sealed.
            let opened = match sealed.len() {
                totp::SECRET => sealed.clone(),
                _ => match self.inner.sealer.open(&purpose(account), &sealed) {
                    Ok(opened) => opened,
                    Err(_) => {
                        seals.lost += 1;
                        continue;
                    }
                },
            };
            let update = Sql::with(
                "UPDATE {account_second_factor} SET secret = $3 WHERE account = $1 AND secret = $2",
                [account.into(), sealed.into(), self.seal_secret(account, &opened)?.into()],
            );
            self.inner.city.write(Unit::of([Statement::any(update)])).await?;
            seals.renewed += 1;
        }
        Ok(seals)
    }

    /// How many secrets are kept sealed, and how many of them do not open with the keys that are there. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn sealed_secrets(&self) -> Result<(usize, usize)> {
        let rows = self.inner.city.read(Sql::with("SELECT account, secret FROM {account_second_factor}", [])).await?;
        let mut lost = 0;
        for row in &rows {
            let (account, sealed): (Uuid, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let opens = sealed.len() == totp::SECRET || self.inner.sealer.open(&purpose(account), &sealed).is_ok();
            lost += usize::from(!opens);
        }
        Ok((rows.len(), lost))
    }

    fn seal_secret(&self, account: Uuid, secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; seal::NONCE];
        self.entropy().fill(&mut nonce);
        Ok(self.inner.sealer.seal(&purpose(account), secret, nonce)?)
    }

    fn open_secret(&self, account: Uuid, secret: &StoredSecret) -> Result<Vec<u8>> {
        self.inner.sealer.open(&purpose(account), &secret.sealed).map_err(|error| {
            tracing::error!(%account, %error, "the secret of one-time codes does not open");
            error.into()
        })
    }

    async fn second_factor(&self, account: Uuid) -> Result<Option<StoredSecret>> {
        let sql = Sql::with(
            "SELECT secret, last_step, confirmed_at IS NOT NULL FROM {account_second_factor} WHERE account = $1",
            [account.into()],
        );
        let Some(row) = self.inner.city.read_one(sql).await? else { return Ok(None) };
        Ok(Some(StoredSecret { sealed: row.get(0)?, last_step: Some(row.get(1)?), confirmed: row.get(2)? }))
    }

    fn new_recovery_codes(&self, account: Uuid) -> (Vec<String>, Vec<Statement>) {
        let codes = totp::recovery_codes(self.entropy());
        let clear = Sql::with("DELETE FROM {account_recovery_code} WHERE account = $1", [account.into()]);
        let hashes = codes.iter().filter_map(|code| totp::recovery_hash(account, code));
        let insert = |hash: [u8; 32]| {
            let sql = "INSERT INTO {account_recovery_code} (account, hash) VALUES ($1, $2)";
            Statement::any(Sql::with(sql, [account.into(), hash.into()]))
        };
        let statements = std::iter::once(clear.into()).chain(hashes.map(insert)).collect();
        (codes, statements)
    }
}

/// What a sealed secret is for: it opens for this account only.
fn purpose(account: Uuid) -> String {
    format!("second-factor/{account}")
}

struct StoredSecret {
    sealed: Vec<u8>,
    last_step: Option<i64>,
    confirmed: bool,
}
