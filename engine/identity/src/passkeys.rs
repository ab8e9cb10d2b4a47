//! Passkeys (パスキー, WebAuthn): signing in with a telephone, a security key or Windows Hello, without login name or password.
//!
//! Keys are asked to be discoverable, so that the sign-in page needs no login name and tells nobody who has an account; user
//! verification is required, so that a passkey is two factors. The relying party is the city's own host: a passkey of one
//! city of the installation is worth nothing at another. Challenges lie in the database and are good for one answer. A
//! signature counter that goes back means that the key may have been copied: it is refused, and an event tells of it.

use jiff::Timestamp;
use kawasemi_store::{Row, Sql, Statement, StoreError, Unit, Unmet};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::caller::{Context, Strength};
use crate::ceremony::CeremonyKind;
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, instant, stored};
use crate::secret::Secret;
use crate::sessions::{NewSession, Proven};
use crate::sign_in::{By, Candidate};

/// The most bytes of a browser's answer; real ones have a few thousand.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The most passkeys of one account.
const MOST_KEYS: usize = 20;

/// The place for which passkeys are good: the address under which the browser sees the city.
#[derive(Clone, Debug)]
pub struct Site {
    webauthn: Webauthn,
}

impl Site {
    /// A site by its origin, such as `https://desk.city.example.jp`, and the city's name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] when the origin has no host name: browsers give no passkeys to bare addresses.
    pub fn new(origin: &Url, city_name: &str) -> Result<Self> {
        let refused = |_| IdentityError::invalid("このアドレスではパスキーを使えません。ホスト名で開いてください。");
        let host = origin.domain().ok_or(WebauthnError::Configuration).map_err(refused)?;
        let builder = WebauthnBuilder::new(host, origin).map_err(refused)?.rp_name(city_name);
        Ok(Self { webauthn: builder.build().map_err(refused)? })
    }
}

/// What the browser is asked.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// Comes back with the answer.
    pub secret: Secret,
    /// The options for `navigator.credentials.create` or `get`, as JSON with base64url for bytes.
    pub options: Value,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyInfo {
    /// Its id.
    pub id: Uuid,
    /// The name that its owner gave it.
    pub name: String,
    /// When it was added, UTC.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// A stored passkey.
struct StoredKey {
    id: Uuid,
    version: i64,
    key: Passkey,
}

/// Whose passkey answered, and the statements that write its use down.
struct Answered {
    known: Candidate,
    used: Vec<Statement>,
}

impl Identity {
    /// Begins to add a passkey for the caller.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`], [`IdentityError::Forbidden`], [`IdentityError::Invalid`] when there are too many.
    pub async fn begin_passkey(&self, context: &Context, site: &Site) -> Result<PasskeyRequest> {
        let account = context.require_own_account()?;
        self.require_fresh(context)?;
        let names = context.caller.account.as_ref().ok_or(IdentityError::Forbidden)?;
        let known = self.keys_of(account).await?;
        if known.len() >= MOST_KEYS {
            return Err(IdentityError::invalid("パスキーが多すぎます。使っていないものを先に削除してください。"));
        }
        let exclude = known.iter().map(|stored| stored.key.cred_id().clone()).collect();
        let (challenge, state) = site
            .webauthn
            .start_passkey_registration(account, &names.login, &names.display_name, Some(exclude))
            .map_err(IdentityError::internal)?;
        let mut options = serde_json::to_value(challenge).map_err(IdentityError::internal)?;
        // The library leaves discoverability to the device; our sign-in page depends on it.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = json!("required");
        selection["requireResidentKey"] = json!(true);
        let state = serde_json::to_string(&state).map_err(IdentityError::internal)?;
        let at = context.act.at;
        let secret = self.begin(at, CeremonyKind::PasskeyRegistration, Some(account), state, []).await?;
        Ok(PasskeyRequest { secret, options })
    }

    /// Adds the passkey that the browser made, under a name that its owner knows it by.
    ///
    /// # Errors
    /// [`IdentityError::PasskeyRefused`], [`IdentityError::CeremonyOver`], [`IdentityError::Invalid`] for the name.
    pub async fn finish_passkey(
        &self,
        context: &Context,
        site: &Site,
        secret: &Secret,
        name: &str,
        answer: &str,
    ) -> Result<Uuid> {
        let account = context.require_own_account()?;
        let name = checked_name(name)?;
        let answer: RegisterPublicKeyCredential = read_answer(answer)?;
        let begun = self.take(context.act.at, CeremonyKind::PasskeyRegistration, secret).await?;
        if begun.account()? != account {
            return Err(IdentityError::CeremonyOver);
        }
        let state: PasskeyRegistration = serde_json::from_str(&begun.state).map_err(IdentityError::internal)?;
        let key = site.webauthn.finish_passkey_registration(&answer, &state).map_err(refused)?;
        let id = self.new_id();
        let insert = Sql::with(
            "INSERT INTO {account_passkey} (id, account, name, credential, state, version, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                account.into(),
                name.as_str().into(),
                key.cred_id().as_slice().into(),
                serde_json::to_string(&key).map_err(IdentityError::internal)?.into(),
                1.into(),
                stored(context.act.at),
            ],
        );
        let unit = Unit::of([insert.into(), self.event(context, EventKind::PasskeyAdded, account, &name)]);
        match self.inner.city.write(unit).await {
            Err(StoreError::Unique { .. }) => {
                Err(IdentityError::invalid("このパスキーはすでに登録されています。別のパスキーを使ってください。"))
            }
            other => Ok(other.map(|_| id)?),
        }
    }

    /// Begins a sign-in with any passkey of this city, or a renewed proof.
    ///
    /// # Errors
    /// [`IdentityError::TooManyAttempts`] for an address that begins without end.
    pub async fn begin_passkey_sign_in(&self, visit: &Visit, site: &Site) -> Result<PasskeyRequest> {
        self.admit_address(visit).await?;
        let (challenge, state) = site.webauthn.start_discoverable_authentication().map_err(IdentityError::internal)?;
        let mut options = serde_json::to_value(challenge).map_err(IdentityError::internal)?;
        // Whether the browser offers keys in the login field or in a dialogue is the page's choice.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        let state = serde_json::to_string(&state).map_err(IdentityError::internal)?;
        let secret = self.begin(visit.at, CeremonyKind::PasskeySignIn, None, state, []).await?;
        Ok(PasskeyRequest { secret, options })
    }

    /// Signs in with the browser's answer.
    ///
    /// # Errors
    /// [`IdentityError::PasskeyRefused`], [`IdentityError::CeremonyOver`].
    pub async fn sign_in_with_passkey(
        &self,
        visit: &Visit,
        site: &Site,
        secret: &Secret,
        answer: &str,
    ) -> Result<NewSession> {
        let Answered { known, used } = self.answered(visit, site, secret, answer).await?;
        let also = used.into_iter().chain(self.address_taken_back(visit));
        let proven = Proven {
            account: known.account,
            strength: Strength::Passkey,
            proved_at: visit.at,
            password_must_change: false,
        };
        self.open_session(visit, proven, also).await.map_err(overtaken)
    }

    /// Proves again, with a passkey, who the caller is, and answers the session's new secret for the cookie.
    ///
    /// # Errors
    /// [`IdentityError::PasskeyRefused`], also for somebody else's passkey.
    pub async fn prove_again_with_passkey(
        &self,
        context: &Context,
        visit: &Visit,
        site: &Site,
        secret: &Secret,
        answer: &str,
    ) -> Result<Secret> {
        let account = context.require_own_account()?;
        let Answered { known, used } = self.answered(visit, site, secret, answer).await?;
        if known.account.id != account {
            return self.refuse(visit, Some(account), refused(WebauthnError::InvalidUserUniqueId)).await;
        }
        let also = used.into_iter().chain(self.address_taken_back(visit));
        self.renew_session(context, Strength::Passkey, also).await.map_err(overtaken)
    }

    /// The passkeys of an account, in the order in which they were added.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn passkeys_of(&self, context: &Context, account: Uuid) -> Result<Vec<PasskeyInfo>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let sql = Sql::with(
            "SELECT id, name, created_at, used_at FROM {account_passkey} WHERE account = $1 ORDER BY id",
            [account.into()],
        );
        self.inner.city.read(sql).await?.iter().map(read_info).collect()
    }

    /// Renames a passkey of the caller's own.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Invalid`] for the name.
    pub async fn rename_passkey(&self, context: &Context, passkey: Uuid, name: &str) -> Result<()> {
        let account = context.require_own_account()?;
        let update = Sql::with(
            "UPDATE {account_passkey} SET name = $3 WHERE id = $1 AND account = $2",
            [passkey.into(), account.into(), checked_name(name)?.into()],
        );
        self.write_about(account, Unit::of([Statement::one_row(update, Unmet::NotFound)])).await
    }

    /// Removes a passkey, one's own after a fresh proof, or another's as an administrator.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] if there is none, or it is another's and the caller is no administrator;
    /// [`IdentityError::StepUpNeeded`].
    pub async fn remove_passkey(&self, context: &Context, passkey: Uuid) -> Result<()> {
        let sql = Sql::with("SELECT account, name FROM {account_passkey} WHERE id = $1", [passkey.into()]);
        let row = self.inner.city.read_one(sql).await?.ok_or(IdentityError::NotFound)?;
        let (account, name): (Uuid, String) = (row.get(0)?, row.get(1)?);
        if context.require_own_account().ok() != Some(account) && context.require_admin().is_err() {
            return Err(IdentityError::NotFound);
        }
        self.require_fresh(context)?;
        let delete = Sql::with("DELETE FROM {account_passkey} WHERE id = $1", [passkey.into()]);
        let event = self.event(context, EventKind::PasskeyRemoved, account, &name);
        self.write_about(account, Unit::of([Statement::one_row(delete, Unmet::NotFound), event])).await
    }

    /// Checks the browser's answer to a challenge.
    async fn answered(&self, visit: &Visit, site: &Site, secret: &Secret, answer: &str) -> Result<Answered> {
        let answer: PublicKeyCredential = read_answer(answer)?;
        let begun = self.take(visit.at, CeremonyKind::PasskeySignIn, secret).await?;
        let state: DiscoverableAuthentication = serde_json::from_str(&begun.state).map_err(IdentityError::internal)?;
        let (account, credential) = site.webauthn.identify_discoverable_authentication(&answer).map_err(refused)?;
        let found = self.key(account, credential).await?;
        let known = self.candidate(By::Id(account), visit.at).await?.filter(|known| known.may_sign_in(visit.at));
        let (Some(mut found), Some(known)) = (found, known) else {
            return self.refuse(visit, None, refused(WebauthnError::CredentialNotFound)).await;
        };
        match site.webauthn.finish_discoverable_authentication_v2(&answer, state, &found.key) {
            Ok(result) => {
                let used = vec![found.used(&result, visit.at)?];
                Ok(Answered { known, used })
            }
            Err(error) => {
                if matches!(error, WebauthnError::CredentialPossibleCompromise) {
                    let event = self.door_event(visit, EventKind::PasskeySuspect, Some(account), &found.id.to_string());
                    self.inner.city.write(Unit::of([event])).await?;
                }
                self.refuse(visit, Some(account), refused(error)).await
            }
        }
    }

    async fn key(&self, account: Uuid, credential: &[u8]) -> Result<Option<StoredKey>> {
        let sql = Sql::with(
            "SELECT id, version, state FROM {account_passkey} WHERE credential = $1 AND account = $2",
            [credential.into(), account.into()],
        );
        self.inner.city.read_one(sql).await?.as_ref().map(read_key).transpose()
    }

    async fn keys_of(&self, account: Uuid) -> Result<Vec<StoredKey>> {
        let sql = Sql::with("SELECT id, version, state FROM {account_passkey} WHERE account = $1", [account.into()]);
        self.inner.city.read(sql).await?.iter().map(read_key).collect()
    }
}

impl StoredKey {
    /// Writes the use down. Of two answers with the same counter only one gets through.
    fn used(&mut self, result: &AuthenticationResult, at: Timestamp) -> Result<Statement> {
        self.key.update_credential(result);
        let update = Sql::with(
            "UPDATE {account_passkey} SET state = $2, used_at = $3, version = version + 1 WHERE id = $1 AND version = $4",
            [
                self.id.into(),
                serde_json::to_string(&self.key).map_err(IdentityError::internal)?.into(),
                stored(at),
                self.version.into(),
            ],
        );
        Ok(Statement::one_row(update, Unmet::Conflict))
    }
}

fn refused(error: WebauthnError) -> IdentityError {
    IdentityError::PasskeyRefused(Box::new(error))
}

/// A unit that another answer of the same key overtook is a refused answer.
fn overtaken(error: IdentityError) -> IdentityError {
    match error {
        IdentityError::Store(StoreError::Conflict) => refused(WebauthnError::CredentialPossibleCompromise),
        other => other,
    }
}

fn read_answer<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T> {
    if answer.len() > LONGEST_ANSWER {
        return Err(refused(WebauthnError::ParseNOMFailure));
    }
    serde_json::from_str(answer).map_err(|error| IdentityError::PasskeyRefused(Box::new(error)))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 50 || name.chars().any(char::is_control) {
        return Err(IdentityError::invalid("パスキーの名前を50文字以内で入力してください。例：業務用スマートフォン"));
    }
    Ok(name.to_owned())
}

fn read_key(row: &Row) -> Result<StoredKey> {
    let state: String = row.get(2)?;
    let key = serde_json::from_str(&state).map_err(IdentityError::internal)?;
    Ok(StoredKey { id: row.get(0)?, version: row.get(1)?, key })
}

fn read_info(row: &Row) -> Result<PasskeyInfo> {
    Ok(PasskeyInfo {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: instant(row.get(2)?)?,
        used_at: row.get::<Option<i64>>(3)?.map(instant).transpose()?,
    })
}
