//! Accounts (利用者): who may sign in or call the API.
//!
//! An account is never removed, since history names it; it is disabled. Changing accounts is for administrators and the
//! command line. What an account may do is said elsewhere: [`crate::roles`] and [`crate::grants`].

use std::collections::HashMap;

use jiff::Timestamp;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Param, Row, Sql, Statement, StoreError, Unit, Unmet};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::caller::{ADMIN, AccountKind, AccountSummary, Context};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, instant, stored};
use crate::password;

/// An account as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub summary: AccountSummary,
    /// Mail address, by which an identity provider's subject may first be linked.
    pub mail: Option<String>,
    /// Whether it may not be used.
    pub disabled: bool,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether a new password must be chosen at the next sign-in.
    pub password_must_change: bool,
    /// When it was last signed in to, UTC.
    pub signed_in_at: Option<Timestamp>,
    /// When it was made, UTC.
    pub created_at: Timestamp,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name typed to sign in; letters, digits and `. _ - @ +`, compared without regard to case and width.
    pub login: String,
    /// The name shown to others; the login name where it is empty.
    pub display_name: String,
    /// What kind it is.
    pub kind: AccountKind,
    /// Mail address.
    pub mail: Option<String>,
    /// The person in the staff register.
    pub person: Option<RecordId>,
    /// The first password; an account without one signs in by passkey or identity provider.
    pub password: Option<String>,
    /// Whether another password must be chosen at the first sign-in.
    pub password_must_change: bool,
}

impl NewAccount {
    /// A member of the staff with nothing but a login name.
    pub fn staff(login: impl Into<String>) -> Self {
        Self {
            login: login.into(),
            display_name: String::new(),
            kind: AccountKind::Staff,
            mail: None,
            person: None,
            password: None,
            password_must_change: false,
        }
    }

    /// The same account with a first password.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }
}

/// What can be changed of an account; none leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The name shown to others.
    pub display_name: Option<String>,
    /// Mail address, or that there is none.
    pub mail: Option<Option<String>>,
    /// The person in the staff register, or that there is none.
    pub person: Option<Option<RecordId>>,
}

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub struct AccountQuery {
    /// A part of the login or display name.
    pub text: String,
    /// After this login name of an earlier page.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u32,
}

const COLUMNS: &str = "id, login, display_name, person, kind, mail, disabled, password_hash IS NOT NULL, \
                       password_must_change, signed_in_at, created_at";

impl Identity {
    /// Adds an account.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::Invalid`], [`IdentityError::WeakPassword`],
    /// [`IdentityError::LoginTaken`].
    pub async fn add_account(&self, context: &Context, new: NewAccount) -> Result<Uuid> {
        context.require_admin()?;
        let (login, login_key) = checked_login(&new.login)?;
        let display_name = if new.display_name.trim().is_empty() { &login } else { new.display_name.trim() };
        let mail = new.mail.as_deref().map(checked_mail).transpose()?;
        let hash = match (&new.password, new.kind) {
            (Some(password), AccountKind::Staff | AccountKind::Outside | AccountKind::Vendor) => {
                password::check(password, &login)?;
                Some(self.passwords().hash(password).await?)
            }
            (Some(_), AccountKind::Service) => {
                return Err(IdentityError::invalid(
                    "連携用の利用者にはパスワードを設定できません。APIトークンを使ってください。",
                ));
            }
            (None, _) => None,
        };
        let id = self.new_id();
        let now = stored(context.act.at);
        let insert = Sql::with(
            "INSERT INTO {account} (id, login, login_key, display_name, kind, mail, person, disabled, password_hash, \
             password_at, password_must_change, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
            [
                id.into(),
                login.clone().into(),
                login_key.into(),
                display_name.into(),
                new.kind.key().into(),
                mail.into(),
                new.person.map(|person| person.0).into(),
                false.into(),
                hash.clone().into(),
                hash.map_or(Param::Null, |_| now.clone()),
                new.password_must_change.into(),
                now,
            ],
        );
        let unit = Unit::of([insert.into(), self.event(context, EventKind::AccountAdded, id, &login)]);
        match self.inner.city.write(unit).await {
            Err(StoreError::Unique { .. }) => Err(IdentityError::LoginTaken { login }),
            other => Ok(other.map(|_| id)?),
        }
    }

    /// Changes an account's name, mail address or person.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::Invalid`], [`IdentityError::NotFound`].
    pub async fn update_account(&self, context: &Context, account: Uuid, change: AccountChange) -> Result<()> {
        context.require_admin()?;
        let mut sql = Sql::text("UPDATE ");
        sql.table("account").push(" SET updated_at = ").bind(stored(context.act.at));
        if let Some(name) = &change.display_name {
            let name = name.trim();
            if name.is_empty() || name.chars().count() > 100 {
                return Err(IdentityError::invalid("表示名は1文字以上100文字以内で入力してください。"));
            }
            sql.push(", display_name = ").bind(name);
        }
        if let Some(mail) = &change.mail {
            sql.push(", mail = ").bind(mail.as_deref().map(checked_mail).transpose()?);
        }
        if let Some(person) = change.person {
            sql.push(", person = ").bind(person.map(|person| person.0));
        }
        sql.push(" WHERE id = ").bind(account);
        self.change_account(context, account, sql, EventKind::AccountChanged).await
    }

    /// Disables an account: its sessions end, its tokens no longer work.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`], [`IdentityError::Invalid`] for the last administrator.
    pub async fn disable_account(&self, context: &Context, account: Uuid) -> Result<()> {
        context.require_admin()?;
        self.keep_an_admin(account, context).await?;
        let update = Sql::with(
            "UPDATE {account} SET disabled = $2, updated_at = $3 WHERE id = $1",
            [account.into(), true.into(), stored(context.act.at)],
        );
        let unit = Unit::of([
            Statement::one_row(update, Unmet::NotFound),
            Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [account.into()])),
            self.event(context, EventKind::AccountDisabled, account, ""),
        ]);
        self.write_about(account, unit).await
    }

    /// Enables an account again. Its tokens work again; sessions do not come back.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`].
    pub async fn enable_account(&self, context: &Context, account: Uuid) -> Result<()> {
        context.require_admin()?;
        let update = Sql::with(
            "UPDATE {account} SET disabled = $2, updated_at = $3 WHERE id = $1",
            [account.into(), false.into(), stored(context.act.at)],
        );
        self.change_account(context, account, update, EventKind::AccountEnabled).await
    }

    /// One account.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators, [`IdentityError::NotFound`].
    pub async fn account(&self, context: &Context, account: Uuid) -> Result<Account> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let mut sql = Sql::new();
        sql.push("SELECT ").push(COLUMNS).push(" FROM ").table("account").push(" WHERE id = ").bind(account);
        self.inner.city.read_one(sql).await?.as_ref().map_or(Err(IdentityError::NotFound), read_account)
    }

    /// Lists accounts by login name.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn accounts(&self, context: &Context, query: &AccountQuery) -> Result<Vec<Account>> {
        context.require_admin()?;
        let mut sql = Sql::new();
        sql.push("SELECT ").push(COLUMNS).push(" FROM ").table("account").push(" WHERE 1 = 1");
        if !query.text.trim().is_empty() {
            let position = self.inner.city.dialect().position();
            sql.push(" AND (").push(position).push("(login_key, ").bind(login_key(&query.text)).push(") > 0 OR ");
            sql.push(position).push("(display_name, ").bind(query.text.trim()).push(") > 0)");
        }
        if let Some(after) = &query.after {
            sql.push(" AND login_key > ").bind(login_key(after));
        }
        sql.push(" ORDER BY login_key LIMIT ").bind(i64::from(query.limit.clamp(1, 1000)));
        self.inner.city.read(sql).await?.iter().map(read_account).collect()
    }

    /// The account with a login name, however its case and width were typed.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators.
    pub async fn lookup_account(&self, context: &Context, login: &str) -> Result<Option<Account>> {
        context.require_admin()?;
        let mut sql = Sql::new();
        sql.push("SELECT ").push(COLUMNS).push(" FROM ").table("account");
        sql.push(" WHERE login_key = ").bind(login_key(login));
        self.inner.city.read_one(sql).await?.as_ref().map(read_account).transpose()
    }

    /// Whether the city has no account yet, so that the first one has to be made on the command line.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.inner.city.read_one(Sql::with("SELECT 1 FROM {account} LIMIT 1", [])).await?.is_none())
    }

    /// The display names of accounts, for histories. Ids that are no accounts are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn display_names(&self, accounts: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let mut names = HashMap::with_capacity(accounts.len());
        for some in accounts.chunks(500) {
            let mut sql = Sql::text("SELECT id, display_name FROM ");
            sql.table("account").push(" WHERE id IN (");
            sql.bind_list(some.iter().map(|id| Param::Id(*id))).push(")");
            for row in self.inner.city.read(sql).await? {
                names.insert(row.get(0)?, row.get(1)?);
            }
        }
        Ok(names)
    }

    /// Sets somebody's password, to be changed by them at the next sign-in. Their sessions end.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`], [`IdentityError::WeakPassword`].
    pub async fn set_password(&self, context: &Context, account: Uuid, password: &str) -> Result<()> {
        context.require_admin()?;
        let found = self.account(context, account).await?;
        if found.summary.kind == AccountKind::Service {
            return Err(IdentityError::invalid("連携用の利用者にはパスワードを設定できません。"));
        }
        password::check(password, &found.summary.login)?;
        let hash = self.passwords().hash(password).await?;
        let unit = Unit::of([
            set_hash(account, &hash, true, context.act.at),
            Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [account.into()])),
            self.event(context, EventKind::PasswordSet, account, ""),
        ]);
        self.write_about(account, unit).await
    }

    /// Refuses what would leave the city without anybody who administers it.
    pub(crate) async fn keep_an_admin(&self, losing: Uuid, context: &Context) -> Result<()> {
        let today = context.today().to_string();
        let admins = Sql::with(
            "SELECT a.id FROM {account} a JOIN {account_role} r ON r.account = a.id \
             WHERE r.role = $1 AND NOT a.disabled AND (r.from_date IS NULL OR r.from_date <= $2) \
             AND (r.until_date IS NULL OR r.until_date >= $2)",
            [ADMIN.into(), today.into()],
        );
        let rows = self.inner.city.read(admins).await?;
        let admins: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        if admins.contains(&losing) && admins.iter().all(|admin| *admin == losing) {
            return Err(IdentityError::invalid(
                "最後のシステム管理者です。先に別の利用者をシステム管理者にしてください。",
            ));
        }
        Ok(())
    }

    async fn change_account(&self, context: &Context, account: Uuid, update: Sql, kind: EventKind) -> Result<()> {
        let unit = Unit::of([Statement::one_row(update, Unmet::NotFound), self.event(context, kind, account, "")]);
        self.write_about(account, unit).await
    }

    /// Writes a change of an account's powers and forgets what is remembered of it.
    pub(crate) async fn write_about(&self, account: Uuid, unit: Unit) -> Result<()> {
        let written = self.inner.city.write(unit).await;
        self.inner.callers.forget_account(account);
        match written {
            Err(StoreError::NotFound | StoreError::ForeignKey { .. }) => Err(IdentityError::NotFound),
            other => Ok(other.map(|_| ())?),
        }
    }
}

/// Sets a password's hash.
pub(crate) fn set_hash(account: Uuid, hash: &str, must_change: bool, at: Timestamp) -> Statement {
    let sql = Sql::with(
        "UPDATE {account} SET password_hash = $2, password_at = $3, password_must_change = $4, updated_at = $3 \
         WHERE id = $1",
        [account.into(), hash.into(), stored(at), must_change.into()],
    );
    Statement::one_row(sql, Unmet::NotFound)
}

/// The login name as it is compared: width, composition and case folded.
pub(crate) fn login_key(login: &str) -> String {
    // A control character stands in no login name, and a database refuses some of them.
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    login.trim().chars().take(200).nfkc().map(plain).collect::<String>().to_lowercase()
}

/// The login name as it is kept, with its key.
pub(crate) fn checked_login(login: &str) -> Result<(String, String)> {
    let kept: String = login.trim().nfkc().collect();
    let fits = (1..=64).contains(&kept.chars().count());
    if !fits || !kept.chars().all(|c| c.is_alphanumeric() || "._-@+".contains(c)) {
        return Err(IdentityError::invalid(
            "利用者名は64文字以内の文字・数字と . _ - @ + で入力してください。空白は使えません。",
        ));
    }
    let key = login_key(&kept);
    Ok((kept, key))
}

/// The mail address in lower case. Only its shape is checked; whether it is theirs, mail itself tells.
pub(crate) fn checked_mail(mail: &str) -> Result<String> {
    let mail = mail.trim().to_lowercase();
    let shaped = mail.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !shaped || mail.len() > 254 || mail.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(IdentityError::invalid("メールアドレスの形が正しくありません。例：tanaka@city.example.jp"));
    }
    Ok(mail)
}

fn read_account(row: &Row) -> Result<Account> {
    Ok(Account {
        summary: AccountSummary {
            id: row.get(0)?,
            login: row.get(1)?,
            display_name: row.get(2)?,
            person: row.get::<Option<Uuid>>(3)?.map(RecordId),
            kind: AccountKind::from_key(&row.get::<String>(4)?),
        },
        mail: row.get(5)?,
        disabled: row.get(6)?,
        has_password: row.get(7)?,
        password_must_change: row.get(8)?,
        signed_in_at: row.get::<Option<i64>>(9)?.map(instant).transpose()?,
        created_at: instant(row.get(10)?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_are_compared_without_case_and_width() {
        assert_eq!(login_key(" Ｔａｎａｋａ.1 "), "tanaka.1");
        assert_eq!(checked_login("Tanaka").unwrap(), ("Tanaka".into(), "tanaka".into()));
        assert!(checked_login("田中").is_ok());
        for bad in ["", "  ", "a b", "a:b", "a\u{7}", "<b>", &"a".repeat(65)] {
            assert!(checked_login(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn mail_addresses_have_a_shape() {
        assert_eq!(checked_mail(" Tanaka@City.example.jp ").unwrap(), "tanaka@city.example.jp");
        for bad in ["", "tanaka", "@city.example.jp", "tanaka@localhost", "a b@c.d"] {
            assert!(checked_mail(bad).is_err(), "{bad}");
        }
    }
}
