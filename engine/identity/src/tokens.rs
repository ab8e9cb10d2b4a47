//! API tokens (APIトークン): how programs call the API in the name of an account.
//!
//! A token is shown once and kept as its hash. Its prefix lets secret scanners, and people, know it for what it is. It has
//! a name, an end if wanted, and may be limited to reading. Whoever disables the account disables its tokens.

use jiff::Timestamp;
use kawasemi_store::{Row, Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::caller::{AccountKind, Context};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, instant, stored};
use crate::secret::Secret;

/// What every token begins with.
pub const PREFIX: &str = "kwsm_";

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Until when it works; none for ever.
    pub expires_at: Option<Timestamp>,
    /// Whether it may only read.
    pub read_only: bool,
}

/// A token that was made, without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// What it is for.
    pub name: String,
    /// Whether it may only read.
    pub read_only: bool,
    /// When it was made, UTC.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
}

/// The secret in a token's text.
pub(crate) fn parse(token: &str) -> Option<Secret> {
    token.strip_prefix(PREFIX).and_then(Secret::parse)
}

impl Identity {
    /// Makes a token for an account and answers its text, which is never shown again. People make their own; administrators
    /// and the command line make any.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::Invalid`], [`IdentityError::NotFound`].
    pub async fn create_token(&self, context: &Context, account: Uuid, new: NewToken) -> Result<String> {
        if context.require_own_account().ok() != Some(account) {
            context.require_admin()?;
        }
        if matches!(self.account(context, account).await?.summary.kind, AccountKind::Outside | AccountKind::Vendor) {
            return Err(IdentityError::invalid("外部団体と保守業者の利用者は、APIトークンを使えません。"));
        }
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(IdentityError::invalid(
                "トークンの名前を100文字以内で入力してください。何に使うかを書きます。",
            ));
        }
        if new.expires_at.is_some_and(|end| end <= context.act.at) {
            return Err(IdentityError::invalid("トークンの期限が過去です。これからの日時にしてください。"));
        }
        let (id, secret) = (self.new_id(), self.new_secret());
        let insert = Sql::with(
            "INSERT INTO {api_token} (id, secret_hash, account, name, read_only, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                secret.hash().into(),
                account.into(),
                name.into(),
                new.read_only.into(),
                stored(context.act.at),
                new.expires_at.map(Timestamp::as_microsecond).into(),
            ],
        );
        let unit = Unit::of([insert.into(), self.event(context, EventKind::TokenCreated, account, name)]);
        self.write_about(account, unit).await?;
        Ok(format!("{PREFIX}{}", secret.reveal()))
    }

    /// The tokens of an account, the newest first.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn tokens_of(&self, context: &Context, account: Uuid) -> Result<Vec<ApiToken>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let sql = Sql::with(
            "SELECT id, account, name, read_only, created_at, expires_at, used_at FROM {api_token} \
             WHERE account = $1 ORDER BY id DESC",
            [account.into()],
        );
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// The tokens of all accounts that have not expired, the newest first.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators.
    pub async fn tokens(&self, context: &Context) -> Result<Vec<ApiToken>> {
        context.require_admin()?;
        let sql = Sql::with(
            "SELECT id, account, name, read_only, created_at, expires_at, used_at FROM {api_token} \
             WHERE expires_at IS NULL OR expires_at > $1 ORDER BY id DESC",
            [stored(context.act.at)],
        );
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] if there is none, or it is another's and the caller is no administrator.
    pub async fn revoke_token(&self, context: &Context, token: Uuid) -> Result<()> {
        let sql = Sql::with("SELECT account, name FROM {api_token} WHERE id = $1", [token.into()]);
        let row = self.inner.city.read_one(sql).await?.ok_or(IdentityError::NotFound)?;
        let (account, name): (Uuid, String) = (row.get(0)?, row.get(1)?);
        if context.require_own_account().ok() != Some(account) && context.require_admin().is_err() {
            return Err(IdentityError::NotFound);
        }
        let delete = Sql::with("DELETE FROM {api_token} WHERE id = $1", [token.into()]);
        let event = self.event(context, EventKind::TokenRevoked, account, &name);
        self.write_about(account, Unit::of([Statement::one_row(delete, Unmet::NotFound), event])).await
    }
}

fn read(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        account: row.get(1)?,
        name: row.get(2)?,
        read_only: row.get(3)?,
        created_at: instant(row.get(4)?)?,
        expires_at: row.get::<Option<i64>>(5)?.map(instant).transpose()?,
        used_at: row.get::<Option<i64>>(6)?.map(instant).transpose()?,
    })
}
