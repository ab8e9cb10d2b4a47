//! Signing in with a password, and with a code where one is set up.
//!
//! The attempt is counted first ([`crate::rate_limit`]), then the password compared, with the same effort and the same
//! answer whether the account exists, is disabled, or has another password. Proving again who one is goes the same way.

use jiff::Timestamp;
use kawasemi_kernel::RecordId;
use kawasemi_kernel::context::civil_date;
use kawasemi_store::{Sql, Statement, StoreError};
use uuid::Uuid;

use crate::accounts::{login_key, set_hash};
use crate::caller::{AccountKind, AccountSummary, Context, Strength};
use crate::ceremony::{self, CeremonyKind};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit};
use crate::password::{self, Verdict};
use crate::rate_limit::Admitted;
use crate::secret::Secret;
use crate::sessions::{NewSession, Proven, end_others};
use crate::validity::Validity;

/// What a right password leads to.
#[derive(Debug)]
pub enum SignIn {
    /// The person is signed in.
    Done(Box<NewSession>),
    /// A code is asked for; the secret goes into the form and comes back with the code.
    CodeNeeded(Secret),
}

/// What is known of an account at the door.
pub(crate) struct Candidate {
    pub account: AccountSummary,
    pub disabled: bool,
    pub password_hash: Option<String>,
    pub password_must_change: bool,
    pub has_second_factor: bool,
    pub validity: Validity,
    /// Whether the staff register says that the person is not in service today.
    pub out_of_service: bool,
}

impl Candidate {
    /// Whether this account may be signed in to at all.
    pub fn may_sign_in(&self, at: Timestamp) -> bool {
        !self.disabled
            && !self.out_of_service
            && self.account.kind.may_sign_in()
            && self.validity.holds(self.account.kind, at)
    }

    /// An account that the directory has just brought.
    pub fn of_directory(account: AccountSummary) -> Self {
        Self {
            account,
            disabled: false,
            password_hash: None,
            password_must_change: false,
            has_second_factor: false,
            validity: Validity::default(),
            out_of_service: false,
        }
    }
}

/// Which account stands at the door.
pub(crate) enum By<'a> {
    Login(&'a str),
    Id(Uuid),
}

impl Identity {
    /// Signs in with a login name and a password.
    ///
    /// # Errors
    /// [`IdentityError::WrongCredentials`], [`IdentityError::TooManyAttempts`], [`IdentityError::Busy`].
    pub async fn sign_in_with_password(&self, visit: &Visit, login: &str, password: &str) -> Result<SignIn> {
        let login_key = login_key(login);
        let admitted = self.admit(visit, &login_key).await?;
        let candidate = self.candidate(By::Login(&login_key), visit.at).await?;
        let (known, proved) = match self.directory_for(candidate.as_ref()) {
            Some(directory) => {
                self.proved_by_directory(visit, directory, &login_key, password, candidate, &admitted).await?
            }
            None => self.proved_here(visit, &login_key, password, candidate, &admitted).await?,
        };
        if known.has_second_factor {
            // The account's count is taken back only when the code is right, too.
            let account = Some(known.account.id);
            let also = proved.into_iter().chain(self.taken_back_for_address(&admitted));
            let secret = self.begin(visit.at, CeremonyKind::SecondFactor, account, String::new(), also).await?;
            return Ok(SignIn::CodeNeeded(secret));
        }
        let also = proved.into_iter().chain(self.taken_back(&admitted));
        let proven = Proven {
            account: known.account,
            strength: Strength::Password,
            proved_at: visit.at,
            password_must_change: known.password_must_change,
        };
        Ok(SignIn::Done(Box::new(self.open_session(visit, proven, also).await?)))
    }

    /// Proves somebody by the password of their account here: the account with what has to be written.
    async fn proved_here(
        &self,
        visit: &Visit,
        login_key: &str,
        password: &str,
        candidate: Option<Candidate>,
        admitted: &Admitted,
    ) -> Result<(Candidate, Vec<Statement>)> {
        let Some(known) = candidate.filter(|known| known.may_sign_in(visit.at)) else {
            // As much work as for a known name.
            self.passwords().verify(password, None).await?;
            return self.refuse(visit, None, IdentityError::WrongCredentials).await;
        };
        let account = known.account.id;
        let renewed = match self.passwords().verify(password, known.password_hash.as_deref()).await? {
            Verdict::Wrong => {
                return match self.may_be_taken_over(Some(&known)).await? {
                    Some(directory) => {
                        let known = Some(known);
                        self.proved_by_directory(visit, directory, login_key, password, known, admitted).await
                    }
                    None => self.refuse(visit, Some(account), IdentityError::WrongCredentials).await,
                };
            }
            Verdict::Right => None,
            Verdict::RightButOld => Some(self.passwords().hash(password).await?),
        };
        let renewed = renewed.map(|hash| set_hash(account, &hash, known.password_must_change, visit.at));
        Ok((known, renewed.into_iter().collect()))
    }

    /// Finishes a sign-in with a one-time code or a recovery code.
    ///
    /// # Errors
    /// [`IdentityError::WrongCode`], [`IdentityError::CeremonyOver`], [`IdentityError::TooManyAttempts`].
    pub async fn sign_in_with_code(&self, visit: &Visit, pending: &Secret, code: &str) -> Result<NewSession> {
        let account = self.under_way(visit.at, CeremonyKind::SecondFactor, pending).await?.account()?;
        let known = self.candidate(By::Id(account), visit.at).await?.filter(|known| known.may_sign_in(visit.at));
        let known = known.ok_or(IdentityError::CeremonyOver)?;
        let admitted = self.admit(visit, &login_key(&known.account.login)).await?;
        let Some(used) = self.check_code(account, code, visit).await? else {
            return self.refuse(visit, Some(account), IdentityError::WrongCode).await;
        };
        let also = used.into_iter().chain([ceremony::end(pending)]).chain(self.taken_back(&admitted));
        let proven = Proven {
            account: known.account,
            strength: Strength::SecondFactor,
            proved_at: visit.at,
            password_must_change: known.password_must_change,
        };
        self.open_session(visit, proven, also).await.map_err(|error| match error {
            IdentityError::Store(StoreError::Conflict) => IdentityError::WrongCode,
            IdentityError::Store(StoreError::NotFound) => IdentityError::CeremonyOver,
            other => other,
        })
    }

    /// Proves again, with the password, who the caller is, and answers the session's new secret for the cookie.
    ///
    /// # Errors
    /// [`IdentityError::WrongCredentials`], [`IdentityError::TooManyAttempts`], [`IdentityError::Forbidden`].
    pub async fn prove_again(&self, context: &Context, visit: &Visit, password: &str) -> Result<Secret> {
        let (admitted, _) = self.check_own_password(context, visit, password).await?;
        self.renew_session(context, Strength::Password, self.taken_back(&admitted)).await
    }

    /// Changes the caller's own password. All other sessions end; the answer is this session's new secret.
    ///
    /// # Errors
    /// [`IdentityError::WrongCredentials`] for the present password, [`IdentityError::WeakPassword`] for the new one.
    pub async fn change_password(&self, context: &Context, visit: &Visit, present: &str, new: &str) -> Result<Secret> {
        let (admitted, known) = self.check_own_password(context, visit, present).await?;
        if known.password_hash.is_none() {
            return Err(IdentityError::invalid(
                "パスワードは庁内のアカウントのものです。パソコンのサインイン画面で変えてください。",
            ));
        }
        password::check(new, &known.account.login)?;
        if present == new {
            return Err(IdentityError::invalid("いまと同じパスワードです。別のものにしてください。"));
        }
        let account = known.account.id;
        let hash = self.passwords().hash(new).await?;
        let mut also = vec![
            set_hash(account, &hash, false, context.act.at),
            end_others(account, context.caller.session),
            self.event(context, EventKind::PasswordSet, account, ""),
        ];
        also.extend(self.taken_back(&admitted));
        self.renew_session(context, Strength::Password, also).await
    }

    async fn check_own_password(
        &self,
        context: &Context,
        visit: &Visit,
        password: &str,
    ) -> Result<(Admitted, Candidate)> {
        let account = context.require_own_account()?;
        let known = self.candidate(By::Id(account), visit.at).await?.filter(|known| known.may_sign_in(visit.at));
        let known = known.ok_or(IdentityError::Forbidden)?;
        let admitted = self.admit(visit, &login_key(&known.account.login)).await?;
        let right = match self.directory_for(Some(&known)) {
            Some(_) => self.directory_proves(visit, &known, password).await?,
            None => self.passwords().verify(password, known.password_hash.as_deref()).await? != Verdict::Wrong,
        };
        if right {
            Ok((admitted, known))
        } else {
            self.refuse(visit, Some(account), IdentityError::WrongCredentials).await
        }
    }

    /// Writes down a refusal and answers it.
    pub(crate) async fn refuse<T>(&self, visit: &Visit, account: Option<Uuid>, error: IdentityError) -> Result<T> {
        let detail = match &error {
            IdentityError::WrongCredentials => "password",
            IdentityError::WrongCode => "code",
            IdentityError::PasskeyRefused(_) => "passkey",
            IdentityError::Blocked(blocked) => blocked.key(),
            IdentityError::PinRefused(_) => "pin",
            _ => "provider",
        };
        let event = self.door_event(visit, EventKind::SignInRefused, account, detail);
        self.inner.city.write(kawasemi_store::Unit::of([event])).await?;
        Err(error)
    }

    pub(crate) async fn candidate(&self, by: By<'_>, at: Timestamp) -> Result<Option<Candidate>> {
        let today = civil_date(at).to_string();
        let mut sql =
            Sql::text("SELECT a.id, a.login, a.display_name, a.person, a.kind, a.disabled, a.password_hash, ");
        sql.push("a.password_must_change, f.confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM ");
        sql.table("account_code_sheet").push(" s WHERE s.account = a.id), a.valid_from, a.valid_until, a.valid_hours");
        sql.push(", EXISTS (SELECT 1 FROM ")
            .table("account_absence")
            .push(" o WHERE o.account = a.id AND o.kind = 'out'");
        sql.push(" AND (o.from_date IS NULL OR o.from_date <= ").bind(today.as_str());
        sql.push(") AND (o.until_date IS NULL OR o.until_date >= ").bind(today.as_str()).push("))");
        sql.push(" FROM ").table("account").push(" a LEFT JOIN ").table("account_second_factor");
        sql.push(" f ON f.account = a.id WHERE ");
        match by {
            By::Login(login_key) => sql.push("a.login_key = ").bind(login_key),
            By::Id(id) => sql.push("a.id = ").bind(id),
        };
        let Some(row) = self.inner.city.read_one(sql).await? else { return Ok(None) };
        let account = AccountSummary {
            id: row.get(0)?,
            login: row.get(1)?,
            display_name: row.get(2)?,
            person: row.get::<Option<Uuid>>(3)?.map(RecordId),
            kind: AccountKind::from_key(&row.get::<String>(4)?),
        };
        Ok(Some(Candidate {
            account,
            disabled: row.get(5)?,
            password_hash: row.get(6)?,
            password_must_change: row.get(7)?,
            has_second_factor: row.get(8)?,
            validity: Validity::read(row.get(9)?, row.get(10)?, row.get(11)?)?,
            out_of_service: row.get(12)?,
        }))
    }

    /// The statements that use up a code; none if it is wrong.
    async fn check_code(&self, account: Uuid, code: &str, visit: &Visit) -> Result<Option<Vec<Statement>>> {
        // Recovery codes first: they have a shape of their own, and they have to work where the key of the others is lost.
        if let Some(statement) = self.check_recovery_code(account, code).await? {
            let event = self.door_event(visit, EventKind::RecoveryCodeUsed, Some(account), "");
            return Ok(Some(vec![statement, event]));
        }
        if let Some((statement, place)) = self.check_code_sheet(account, code).await? {
            let event = self.door_event(visit, EventKind::CodeSheetUsed, Some(account), &place.to_string());
            return Ok(Some(vec![statement, event]));
        }
        Ok(self.check_totp(account, code, visit.at).await?.map(|statement| vec![statement]))
    }
}
