//! Whose account a person of the directory has here, and what is written when they come in.

use jiff::Timestamp;
use kawasemi_store::{Sql, Statement};
use uuid::Uuid;

use super::client::{Directory, Person};
use super::roles::RoleChanges;
use super::{ASSIGNED_BY, ISSUER};
use crate::accounts::{checked_login, checked_mail, login_key};
use crate::caller::{ADMIN, AccountKind, AccountSummary};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, stored};
use crate::sign_in::{By, Candidate};

/// What is kept of an account that is the directory's.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The hash of the last password with which the directory let its owner in, while that may be used.
    pub verifier: Option<String>,
    /// When that was, microseconds.
    pub verified_at: i64,
    /// Whether the account was disabled here since the directory said so.
    pub disabled: bool,
}

impl Identity {
    /// The account that is linked with a person of the directory.
    pub(super) async fn linked_account(&self, id: &[u8]) -> Result<Option<Uuid>> {
        let sql = Sql::with(
            "SELECT account FROM {account_link} WHERE issuer = $1 AND subject = $2",
            [ISSUER.into(), hex(id).into()],
        );
        self.inner.city.read_one(sql).await?.map(|row| row.get(0)).transpose().map_err(Into::into)
    }

    /// The id in the directory with which an account is linked.
    pub(super) async fn linked_id(&self, account: Uuid) -> Result<Option<Vec<u8>>> {
        let sql = Sql::with(
            "SELECT subject FROM {account_link} WHERE issuer = $1 AND account = $2",
            [ISSUER.into(), account.into()],
        );
        let Some(row) = self.inner.city.read_one(sql).await? else { return Ok(None) };
        Ok(unhex(&row.get::<String>(0)?))
    }

    /// What is kept of an account that is the directory's.
    pub(super) async fn kept_of_directory(&self, account: Uuid) -> Result<Kept> {
        let sql = Sql::with(
            "SELECT verifier, verified_at, disabled FROM {account_directory} WHERE account = $1",
            [account.into()],
        );
        let Some(row) = self.inner.city.read_one(sql).await? else { return Ok(Kept::default()) };
        Ok(Kept { verifier: row.get(0)?, verified_at: row.get(1)?, disabled: row.get(2)? })
    }

    /// The account of a person whom the directory lets in, with what has to be written first.
    ///
    /// # Errors
    /// [`IdentityError::NotLinked`] for somebody who has none and gets none.
    pub(super) async fn account_of_person(
        &self,
        visit: &Visit,
        directory: &Directory,
        person: &Person,
    ) -> Result<(Candidate, Vec<Statement>)> {
        if let Some(account) = self.linked_account(&person.id).await? {
            let mut known = self.candidate(By::Id(account), visit.at).await?.ok_or(IdentityError::NotLinked)?;
            let mut also = Vec::new();
            if known.disabled && self.kept_of_directory(account).await?.disabled {
                also.extend(self.back_from_directory(visit.at, account));
                also.push(self.door_event(visit, EventKind::AccountEnabled, Some(account), ASSIGNED_BY));
                known.disabled = false;
            }
            if !known.may_sign_in(visit.at) {
                return Err(IdentityError::WrongCredentials);
            }
            also.extend(self.brought(visit.at, directory, person, &known.account).await?);
            return Ok((known, also));
        }
        match self.candidate(By::Login(&login_key(&person.login)), visit.at).await? {
            Some(known) => {
                let mut also = self.take_over(visit, directory, &known).await?;
                also.extend(self.link_person(visit, person, known.account.id));
                also.extend(self.brought(visit.at, directory, person, &known.account).await?);
                Ok((known, also))
            }
            None => self.new_account_of_person(visit, directory, person).await,
        }
    }

    /// An account that was there before the directory becomes the directory's, where that may be.
    async fn take_over(&self, visit: &Visit, directory: &Directory, known: &Candidate) -> Result<Vec<Statement>> {
        let account = known.account.id;
        let is_anothers = self.linked_id(account).await?.is_some();
        if is_anothers || known.account.kind != AccountKind::Staff || !known.may_sign_in(visit.at) {
            return Err(IdentityError::NotLinked);
        }
        if known.password_hash.is_none() {
            return Ok(Vec::new());
        }
        if !directory.config().take_over || self.is_admin_by_hand(account).await? {
            return Err(IdentityError::NotLinked);
        }
        let forget = Sql::with(
            "UPDATE {account} SET password_hash = NULL, password_at = NULL, password_must_change = $2, updated_at = $3 \
             WHERE id = $1",
            [account.into(), false.into(), stored(visit.at)],
        );
        Ok(vec![Statement::any(forget), self.door_event(visit, EventKind::PasswordSet, Some(account), ASSIGNED_BY)])
    }

    /// Whether somebody made the account an administrator's by hand: such an account stays a way in without the directory.
    pub(super) async fn is_admin_by_hand(&self, account: Uuid) -> Result<bool> {
        let sql = Sql::with(
            "SELECT 1 FROM {account_role} WHERE account = $1 AND role = $2 AND created_by <> $3",
            [account.into(), ADMIN.into(), ASSIGNED_BY.into()],
        );
        Ok(self.inner.city.read_one(sql).await?.is_some())
    }

    /// An account for somebody new who holds a mapped group.
    async fn new_account_of_person(
        &self,
        visit: &Visit,
        directory: &Directory,
        person: &Person,
    ) -> Result<(Candidate, Vec<Statement>)> {
        if person.groups.is_empty() {
            return Err(IdentityError::NotLinked);
        }
        let (login, login_key) = checked_login(&person.login)?;
        let account = AccountSummary {
            id: self.new_id(),
            login: login.clone(),
            display_name: name_of(person),
            person: None,
            kind: AccountKind::Staff,
        };
        let insert = Sql::with(
            "INSERT INTO {account} (id, login, login_key, display_name, kind, disabled, password_must_change, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $7)",
            [
                account.id.into(),
                login.clone().into(),
                login_key.into(),
                account.display_name.as_str().into(),
                AccountKind::Staff.key().into(),
                false.into(),
                stored(visit.at),
            ],
        );
        let mut also = vec![insert.into(), self.door_event(visit, EventKind::AccountAdded, Some(account.id), &login)];
        also.extend(self.link_person(visit, person, account.id));
        also.extend(self.brought(visit.at, directory, person, &account).await?);
        Ok((Candidate::of_directory(account), also))
    }

    fn link_person(&self, visit: &Visit, person: &Person, account: Uuid) -> Vec<Statement> {
        let insert = Sql::with(
            "INSERT INTO {account_link} (issuer, subject, account, created_at) VALUES ($1, $2, $3, $4)",
            [ISSUER.into(), hex(&person.id).into(), account.into(), stored(visit.at)],
        );
        vec![insert.into(), self.door_event(visit, EventKind::ProviderLinked, Some(account), ISSUER)]
    }

    /// What the directory brings to an account: name, mail address, the member of the staff, and roles.
    pub(super) async fn brought(
        &self,
        at: Timestamp,
        directory: &Directory,
        person: &Person,
        account: &AccountSummary,
    ) -> Result<Vec<Statement>> {
        let known = Sql::with("SELECT display_name, mail, person FROM {account} WHERE id = $1", [account.id.into()]);
        let known = self.inner.city.read_one(known).await?;
        let (name, mail, staff): (Option<String>, Option<String>, Option<Uuid>) = match &known {
            Some(row) => (Some(row.get(0)?), row.get(1)?, row.get(2)?),
            None => (None, None, None),
        };
        // A mail address that is none, or no number, says nothing: what is known here stays.
        let new_mail = person.mail.as_deref().and_then(|mail| checked_mail(mail).ok()).or_else(|| mail.clone());
        let new_staff = match person.number.as_deref() {
            Some(number) => directory.registers().staff(number, at).await.map(|staff| staff.0).or(staff),
            None => staff,
        };
        let new_name = name_of(person);
        let mut statements = Vec::new();
        // Everybody is looked up every few minutes: what is as it was is not written again.
        if name.as_deref() != Some(&new_name) || new_mail != mail || new_staff != staff {
            statements.push(Statement::any(Sql::with(
                "UPDATE {account} SET display_name = $2, mail = $3, person = $4, updated_at = $5 WHERE id = $1",
                [account.id.into(), new_name.into(), new_mail.into(), new_staff.into(), stored(at)],
            )));
        }
        let RoleChanges(roles) = self.roles_of_directory(at, directory, account.id, &person.groups).await?;
        statements.extend(roles);
        Ok(statements)
    }

    /// What lets an account in again that was disabled since the directory said so.
    pub(super) fn back_from_directory(&self, at: Timestamp, account: Uuid) -> [Statement; 2] {
        [
            Statement::any(Sql::with(
                "UPDATE {account} SET disabled = $2, updated_at = $3 WHERE id = $1",
                [account.into(), false.into(), stored(at)],
            )),
            Statement::any(Sql::with(
                "UPDATE {account_directory} SET disabled = $2 WHERE account = $1",
                [account.into(), false.into()],
            )),
        ]
    }
}

/// What is kept after the directory let somebody in: the verifier, where one is kept at all.
pub(super) fn keep(account: Uuid, verifier: Option<&str>, at: Timestamp) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {account_directory} (account, verifier, verified_at, disabled) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account) DO UPDATE SET verifier = excluded.verifier, verified_at = excluded.verified_at, \
         disabled = excluded.disabled",
        [account.into(), verifier.into(), stored(at), false.into()],
    ))
}

/// Forgets the verifier: the directory no longer lets its owner in.
pub(super) fn forget_verifier(account: Uuid) -> Statement {
    Statement::any(Sql::with("UPDATE {account_directory} SET verifier = NULL WHERE account = $1", [account.into()]))
}

/// The name that is shown, of a length that fits.
fn name_of(person: &Person) -> String {
    person.name.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// An id of the directory as the subject of a link.
pub(super) fn hex(id: &[u8]) -> String {
    use std::fmt::Write as _;
    id.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads it again.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}
