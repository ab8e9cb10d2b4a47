//! Sign-ins that take more than one request: what the server remembers in between.
//!
//! The browser holds a secret, the database its hash with the state: a challenge, a nonce, the account whose password was
//! right. A ceremony ends after some minutes and is good for one try, but for codes, which may be mistyped and are counted
//! by [`crate::rate_limit`].

use jiff::Timestamp;
use kawasemi_store::{Row, Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::error::{IdentityError, Result};
use crate::identity::{Identity, after, stored};
use crate::secret::Secret;

/// What was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CeremonyKind {
    /// The password was right; a code is awaited.
    SecondFactor,
    /// A new passkey is awaited.
    PasskeyRegistration,
    /// Any passkey of this city is awaited.
    PasskeySignIn,
    /// The browser was sent to the identity provider.
    Provider,
}

impl CeremonyKind {
    const fn key(self) -> &'static str {
        match self {
            Self::SecondFactor => "second-factor",
            Self::PasskeyRegistration => "passkey-registration",
            Self::PasskeySignIn => "passkey-sign-in",
            Self::Provider => "provider",
        }
    }
}

/// What was remembered.
#[derive(Debug)]
pub(crate) struct Ceremony {
    pub account: Option<Uuid>,
    pub state: String,
}

impl Ceremony {
    /// The account for which it was begun.
    pub fn account(&self) -> Result<Uuid> {
        self.account.ok_or(IdentityError::CeremonyOver)
    }
}

impl Identity {
    /// Begins a ceremony, together with what else has to be written, and answers the secret for the browser.
    pub(crate) async fn begin(
        &self,
        at: Timestamp,
        kind: CeremonyKind,
        account: Option<Uuid>,
        state: String,
        also: impl IntoIterator<Item = Statement>,
    ) -> Result<Secret> {
        let secret = self.new_secret();
        self.begin_with(&secret, at, kind, account, state, also).await?;
        Ok(secret)
    }

    /// Begins a ceremony whose secret was needed before its state was known.
    pub(crate) async fn begin_with(
        &self,
        secret: &Secret,
        at: Timestamp,
        kind: CeremonyKind,
        account: Option<Uuid>,
        state: String,
        also: impl IntoIterator<Item = Statement>,
    ) -> Result<()> {
        let insert = Sql::with(
            "INSERT INTO {ceremony} (secret_hash, kind, account, state, expires_at) VALUES ($1, $2, $3, $4, $5)",
            [
                secret.hash().into(),
                kind.key().into(),
                account.into(),
                state.into(),
                stored(after(at, self.rules().ceremony)),
            ],
        );
        let mut unit = Unit::of(also);
        unit.add(insert);
        self.inner.city.write(unit).await?;
        Ok(())
    }

    /// Looks at a ceremony without ending it.
    pub(crate) async fn under_way(&self, at: Timestamp, kind: CeremonyKind, secret: &Secret) -> Result<Ceremony> {
        let sql = Sql::with(
            "SELECT account, state, kind, expires_at FROM {ceremony} WHERE secret_hash = $1",
            [secret.hash().into()],
        );
        let row = self.inner.city.read_one(sql).await?.ok_or(IdentityError::CeremonyOver)?;
        read(&row, kind, at)
    }

    /// Ends a ceremony and answers what was remembered. Of two requests only one gets it.
    pub(crate) async fn take(&self, at: Timestamp, kind: CeremonyKind, secret: &Secret) -> Result<Ceremony> {
        let sql = Sql::with(
            "DELETE FROM {ceremony} WHERE secret_hash = $1 RETURNING account, state, kind, expires_at",
            [secret.hash().into()],
        );
        let receipt = self.inner.city.write(Unit::of([Statement::returning(sql)])).await?;
        let row = receipt.rows.first().and_then(|rows| rows.first()).ok_or(IdentityError::CeremonyOver)?;
        read(row, kind, at)
    }
}

/// Ends a ceremony as part of a unit; the unit fails with `NotFound` if it was ended before.
pub(crate) fn end(secret: &Secret) -> Statement {
    let sql = Sql::with("DELETE FROM {ceremony} WHERE secret_hash = $1", [secret.hash().into()]);
    Statement::one_row(sql, Unmet::NotFound)
}

fn read(row: &Row, kind: CeremonyKind, at: Timestamp) -> Result<Ceremony> {
    if row.get::<String>(2)? != kind.key() || row.get::<i64>(3)? <= at.as_microsecond() {
        return Err(IdentityError::CeremonyOver);
    }
    Ok(Ceremony { account: row.get(0)?, state: row.get(1)? })
}
