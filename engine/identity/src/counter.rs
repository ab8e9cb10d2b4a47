//! Shared machines at counters (窓口端末): they are known by a cookie, lock soon, and people switch at them in seconds.
//!
//! An administrator registers a machine while sitting at it. A session that begins there locks when it was not used for some
//! minutes, or by a key; a locked session opens nothing. Who is next signs in, and the session before ends: no two people share
//! one, and nobody gets another's page. For a second sign-in of the day a PIN (窓口PIN) of at least six digits does: only at such a
//! machine, only on a day on which its owner has given a full proof there or at another machine, and only for a few attempts.
//! A PIN is no fresh proof, so dangerous acts still ask for the password.
//!
//! What somebody had typed when the screen was locked is kept, sealed, for them alone.

use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::context::{civil_date, start_of};
use kawasemi_store::{Row, Sql, Statement, StoreError, Unit, Unmet, seal};
use uuid::Uuid;

use crate::accounts::login_key;
use crate::caller::{AccountSummary, Context, Strength};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, instant, stored};
use crate::password::Verdict;
use crate::secret::Secret;
use crate::sessions::{NewSession, Proven};
use crate::sign_in::By;

/// The fewest digits of a PIN.
const SHORTEST_PIN: usize = 6;
/// The most digits of a PIN.
const LONGEST_PIN: usize = 12;
/// Wrong PINs after which only a full proof does.
const PIN_ATTEMPTS: i64 = 5;
/// How long entries that a lock found unsent are kept: over a weekend.
const DRAFTS_KEPT: SignedDuration = SignedDuration::from_hours(72);
/// The largest draft that is kept.
const LONGEST_DRAFT: usize = 1024 * 1024;
/// How many drafts of one person are kept.
const MOST_DRAFTS: usize = 5;

/// What is said where a PIN does not do, whatever the reason: whether there is such an account is not told.
const NOT_TODAY: &str = "いまはPINでサインインできません。きょう最初のサインインは、利用者名とパスワード（またはパスキー）で行ってください。PINは「自分の設定」で登録できます。";

/// A shared machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedDevice {
    /// Its id.
    pub id: Uuid,
    /// What it is called, such as `市民課 3番窓口`.
    pub name: String,
    /// When it was registered, UTC.
    pub registered_at: Timestamp,
    /// When it was taken off the list, if it was.
    pub removed_at: Option<Timestamp>,
}

impl Identity {
    /// Registers the machine at which an administrator sits, and answers the secret of its cookie.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::StepUpNeeded`], [`IdentityError::Invalid`] for a name that is none.
    pub async fn register_device(&self, context: &Context, name: &str) -> Result<Secret> {
        context.require_admin()?;
        self.require_fresh(context)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(IdentityError::invalid("端末の名前を60文字以内で入力してください。例：市民課 3番窓口"));
        }
        let (id, secret) = (self.new_id(), self.new_secret());
        let insert = Sql::with(
            "INSERT INTO {shared_device} (id, secret_hash, name, registered_at, registered_by) VALUES ($1, $2, $3, $4, $5)",
            [
                id.into(),
                secret.hash().into(),
                name.into(),
                stored(context.act.at),
                context.act.actor.to_string().into(),
            ],
        );
        let unit = Unit::of([insert.into(), self.admin_event(context, EventKind::DeviceRegistered, name)]);
        self.inner.city.write(unit).await?;
        Ok(secret)
    }

    /// Takes a machine off the list; the sessions at it end.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`].
    pub async fn remove_device(&self, context: &Context, device: Uuid) -> Result<()> {
        context.require_admin()?;
        let remove = Sql::with(
            "UPDATE {shared_device} SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL",
            [device.into(), stored(context.act.at)],
        );
        let unit = Unit::of([
            Statement::one_row(remove, Unmet::NotFound),
            Statement::any(Sql::with("DELETE FROM {session} WHERE device = $1", [device.into()])),
            Statement::any(Sql::with("DELETE FROM {device_user} WHERE device = $1", [device.into()])),
            self.admin_event(context, EventKind::DeviceRemoved, &device.to_string()),
        ]);
        let written = self.inner.city.write(unit).await;
        self.inner.callers.forget_all();
        match written {
            Err(StoreError::NotFound) => Err(IdentityError::NotFound),
            other => Ok(other.map(|_| ())?),
        }
    }

    /// The machines that are on the list.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn devices(&self, context: &Context) -> Result<Vec<SharedDevice>> {
        context.require_admin()?;
        let mut sql = select_devices();
        sql.push(" WHERE removed_at IS NULL ORDER BY name, id");
        self.inner.city.read(sql).await?.iter().map(read_device).collect()
    }

    /// The machine whose cookie carries a secret; none if it is not on the list.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn device(&self, secret: &Secret) -> Result<Option<SharedDevice>> {
        let mut sql = select_devices();
        sql.push(" WHERE removed_at IS NULL AND secret_hash = ").bind(secret.hash());
        self.inner.city.read_one(sql).await?.as_ref().map(read_device).transpose()
    }

    pub(crate) async fn device_of(&self, visit: &Visit) -> Result<Option<Uuid>> {
        let Some(secret) = &visit.device else { return Ok(None) };
        Ok(self.device(secret).await?.map(|device| device.id))
    }

    /// Who signed in at a machine today, whom its lock screen offers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn people_at(&self, device: Uuid, at: Timestamp) -> Result<Vec<AccountSummary>> {
        let sql = Sql::with(
            "SELECT a.id FROM {device_user} u JOIN {account} a ON a.id = u.account \
             WHERE u.device = $1 AND u.seen_at >= $2 AND NOT a.disabled ORDER BY a.display_name, a.id LIMIT 24",
            [device.into(), stored(start_of(civil_date(at)))],
        );
        let mut people = Vec::new();
        for row in self.inner.city.read(sql).await? {
            let known = self.candidate(By::Id(row.get(0)?), at).await?.filter(|known| known.may_sign_in(at));
            people.extend(known.map(|known| known.account));
        }
        Ok(people)
    }

    /// Sets the caller's PIN for shared machines.
    ///
    /// # Errors
    /// [`IdentityError::StepUpNeeded`], [`IdentityError::Forbidden`] for others than the staff, [`IdentityError::Invalid`]
    /// for a PIN that is guessed at once.
    pub async fn set_pin(&self, context: &Context, pin: &str) -> Result<()> {
        let account = context.require_own_account()?;
        self.require_fresh(context)?;
        if !context.caller.is_staff() {
            return Err(IdentityError::Forbidden);
        }
        let pin = checked_pin(pin)?;
        let hash = self.passwords().hash(&pin).await?;
        // Who sets a PIN has just given a full proof.
        let upsert = Sql::with(
            "INSERT INTO {account_pin} (account, hash, failed, full_at, set_at) VALUES ($1, $2, $3, $4, $4) \
             ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, failed = excluded.failed, \
             full_at = excluded.full_at, set_at = excluded.set_at",
            [account.into(), hash.into(), 0.into(), stored(context.act.at)],
        );
        let unit = Unit::of([upsert.into(), self.event(context, EventKind::PinSet, account, "")]);
        self.write_about(account, unit).await
    }

    /// Removes a PIN: one's own, or another's as an administrator.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn remove_pin(&self, context: &Context, account: Uuid) -> Result<()> {
        if context.require_own_account().ok() != Some(account) {
            context.require_admin()?;
        }
        let unit = Unit::of([
            Statement::any(Sql::with("DELETE FROM {account_pin} WHERE account = $1", [account.into()])),
            self.event(context, EventKind::PinRemoved, account, ""),
        ]);
        self.write_about(account, unit).await
    }

    /// Whether the caller has a PIN.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for visitors and tokens.
    pub async fn has_pin(&self, context: &Context) -> Result<bool> {
        let account = context.require_own_account()?;
        let sql = Sql::with("SELECT 1 FROM {account_pin} WHERE account = $1", [account.into()]);
        Ok(self.inner.city.read_one(sql).await?.is_some())
    }

    /// Signs in at a shared machine with a PIN. The session that the browser had ends.
    ///
    /// # Errors
    /// [`IdentityError::PinRefused`] where a PIN does not do, [`IdentityError::WrongCode`] for a wrong one,
    /// [`IdentityError::TooManyAttempts`].
    pub async fn sign_in_with_pin(&self, visit: &Visit, login: &str, pin: &str) -> Result<NewSession> {
        if self.device_of(visit).await?.is_none() {
            return Err(IdentityError::PinRefused("PINを使えるのは、登録された窓口端末だけです。"));
        }
        let login_key = login_key(login);
        // A space is in no login name: the PIN's attempts are counted apart from the password's.
        let admitted = self.admit(visit, &format!("pin {login_key}")).await?;
        let refused = IdentityError::PinRefused(NOT_TODAY);
        let known = self.candidate(By::Login(&login_key), visit.at).await?.filter(|known| known.may_sign_in(visit.at));
        let Some(known) = known.filter(|known| known.account.kind.is_staff()) else {
            self.passwords().verify(pin, None).await?;
            return self.refuse(visit, None, refused).await;
        };
        let account = known.account.id;
        let Some(hash) = self.pin_of_today(account, visit.at).await? else {
            self.passwords().verify(pin, None).await?;
            return self.refuse(visit, Some(account), refused).await;
        };
        // Counted before it is looked at, so that parallel guesses are no more than others.
        let count = Sql::with(
            "UPDATE {account_pin} SET failed = failed + 1 WHERE account = $1 AND failed < $2",
            [account.into(), PIN_ATTEMPTS.into()],
        );
        match self.inner.city.write(Unit::of([Statement::one_row(count, Unmet::Conflict)])).await {
            Err(StoreError::Conflict) => return self.refuse(visit, Some(account), refused).await,
            other => other.map(|_| ())?,
        }
        let pin = digits(pin).unwrap_or_default();
        if self.passwords().verify(&pin, Some(&hash)).await? == Verdict::Wrong {
            return self.refuse(visit, Some(account), IdentityError::WrongCode).await;
        }
        let proven = Proven {
            account: known.account,
            strength: Strength::Pin,
            // It is no proof for a dangerous act.
            proved_at: Timestamp::UNIX_EPOCH,
            password_must_change: known.password_must_change,
        };
        self.open_session(visit, proven, self.taken_back(&admitted)).await
    }

    /// The hash of a PIN that may be used now.
    async fn pin_of_today(&self, account: Uuid, at: Timestamp) -> Result<Option<String>> {
        let sql = Sql::with("SELECT hash, full_at FROM {account_pin} WHERE account = $1", [account.into()]);
        let Some(row) = self.inner.city.read_one(sql).await? else { return Ok(None) };
        let full_at = row.get::<Option<i64>>(1)?.map(instant).transpose()?;
        let is_today = full_at.is_some_and(|full| full <= at && civil_date(full) == civil_date(at));
        Ok(if is_today { Some(row.get(0)?) } else { None })
    }

    /// Locks the caller's session: it opens nothing until its owner proves themselves again.
    ///
    /// # Errors
    /// When the store fails. A caller without a session has nothing to lock.
    pub async fn lock(&self, context: &Context) -> Result<()> {
        let (Some(session), Some(account)) = (context.caller.session, &context.caller.account) else { return Ok(()) };
        let update = Sql::with(
            "UPDATE {session} SET locked_at = $2 WHERE id = $1 AND locked_at IS NULL",
            [session.0.into(), stored(context.act.at)],
        );
        let unit = Unit::of([Statement::any(update), self.event(context, EventKind::ScreenLocked, account.id, "")]);
        self.write_about(account.id, unit).await
    }

    /// Whose session a secret was, ended or not, as long as it is remembered: for keeping what they had typed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn owner_of(&self, secret: &Secret) -> Result<Option<Uuid>> {
        let sql = Sql::with("SELECT account FROM {session} WHERE secret_hash = $1", [secret.hash().into()]);
        self.inner.city.read_one(sql).await?.map(|row| row.get(0)).transpose().map_err(Into::into)
    }

    /// Keeps entries that were not sent for their owner alone. What is too long is not kept; the answer says whether it was.
    ///
    /// # Errors
    /// When it can't be sealed or the store fails.
    pub async fn keep_draft(&self, owner: Uuid, draft: &str, at: Timestamp) -> Result<bool> {
        if draft.len() > LONGEST_DRAFT {
            return Ok(false);
        }
        let mut nonce = [0; seal::NONCE];
        self.entropy().fill(&mut nonce);
        let sealed = self.inner.sealer.seal(&purpose(owner), draft.as_bytes(), nonce)?;
        let insert = Sql::with(
            "INSERT INTO {locked_draft} (id, account, sealed, created_at) VALUES ($1, $2, $3, $4)",
            [self.new_id().into(), owner.into(), sealed.into(), stored(at)],
        );
        let older = Sql::with(
            "SELECT id FROM {locked_draft} WHERE account = $1 ORDER BY created_at DESC, id DESC",
            [owner.into()],
        );
        let mut unit = Unit::of([insert.into()]);
        for row in self.inner.city.read(older).await?.iter().skip(MOST_DRAFTS - 1) {
            let id: Uuid = row.get(0)?;
            unit.add(Statement::any(Sql::with("DELETE FROM {locked_draft} WHERE id = $1", [id.into()])));
        }
        self.inner.city.write(unit).await?;
        Ok(true)
    }

    /// Takes the newest of the caller's drafts; it is there once.
    ///
    /// # Errors
    /// When the store fails. A draft whose key is lost is passed over.
    pub async fn take_draft(&self, owner: Uuid) -> Result<Option<String>> {
        loop {
            let newest = Sql::with(
                "SELECT id, sealed FROM {locked_draft} WHERE account = $1 ORDER BY created_at DESC, id DESC LIMIT 1",
                [owner.into()],
            );
            let Some(row) = self.inner.city.read_one(newest).await? else { return Ok(None) };
            let (id, sealed): (Uuid, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let delete = Sql::with("DELETE FROM {locked_draft} WHERE id = $1", [id.into()]);
            match self.inner.city.write(Unit::of([Statement::one_row(delete, Unmet::NotFound)])).await {
                // Another tab has taken it.
                Err(StoreError::NotFound) => continue,
                other => other.map(|_| ())?,
            }
            match self.inner.sealer.open(&purpose(owner), &sealed) {
                Ok(text) => return Ok(String::from_utf8(text).ok()),
                Err(error) => tracing::warn!(%owner, %error, "a draft does not open and is gone"),
            }
        }
    }

    /// How many drafts wait for somebody.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drafts(&self, owner: Uuid) -> Result<usize> {
        Ok(self
            .inner
            .city
            .read(Sql::with("SELECT 1 FROM {locked_draft} WHERE account = $1", [owner.into()]))
            .await?
            .len())
    }

    /// An event that concerns no account but its actor's.
    pub(crate) fn admin_event(&self, context: &Context, kind: EventKind, detail: &str) -> Statement {
        let (at, actor) = (context.act.at, context.act.actor);
        self.event_row(at, kind, actor, actor.account(), "", detail, context.request.as_deref())
    }
}

/// What is written down of a sign-in at a shared machine, and of a full proof for the PIN.
pub(crate) fn came_to_counter(proven: &Proven, device: Option<Uuid>, at: Timestamp) -> Vec<Statement> {
    let account = proven.account.id;
    let mut statements = Vec::new();
    if let Some(device) = device {
        statements.push(Statement::any(Sql::with(
            "INSERT INTO {device_user} (device, account, seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (device, account) DO UPDATE SET seen_at = excluded.seen_at",
            [device.into(), account.into(), stored(at)],
        )));
    }
    let right = match proven.strength {
        Strength::Pin => {
            Sql::with("UPDATE {account_pin} SET failed = $2 WHERE account = $1", [account.into(), 0.into()])
        }
        _ => Sql::with(
            "UPDATE {account_pin} SET failed = $2, full_at = $3 WHERE account = $1",
            [account.into(), 0.into(), stored(at)],
        ),
    };
    statements.push(Statement::any(right));
    statements
}

/// Forgets drafts for which nobody came.
pub(crate) fn sweep_drafts(at: Timestamp) -> Statement {
    let before = at.checked_sub(DRAFTS_KEPT).unwrap_or(Timestamp::MIN);
    Statement::any(Sql::with("DELETE FROM {locked_draft} WHERE created_at <= $1", [stored(before)]))
}

/// What a sealed draft is for: it opens for its owner only.
fn purpose(owner: Uuid) -> String {
    format!("locked-draft/{owner}")
}

/// A PIN that is not guessed at once.
fn checked_pin(pin: &str) -> Result<String> {
    let fits = |pin: &String| (SHORTEST_PIN..=LONGEST_PIN).contains(&pin.len());
    let Some(pin) = digits(pin).filter(fits) else {
        return Err(IdentityError::invalid("PINは6桁以上12桁以内の数字で入力してください。"));
    };
    let steps: Vec<i16> = pin.as_bytes().windows(2).map(|two| i16::from(two[1]) - i16::from(two[0])).collect();
    let is_run = steps.iter().all(|step| *step == steps[0]) && (-1..=1).contains(&steps[0]);
    let repeats = (1..=pin.len() / 2).any(|n| pin.len().is_multiple_of(n) && pin[..n].repeat(pin.len() / n) == pin);
    if is_run || repeats {
        return Err(IdentityError::invalid(
            "このPINは簡単に当てられます。同じ数字や並びの繰返し（111111、123456、121212 など）を避けてください。",
        ));
    }
    Ok(pin)
}

/// The digits that were typed, however wide.
fn digits(pin: &str) -> Option<String> {
    let plain = |c: char| match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ => None,
    };
    if pin.len() > 64 { None } else { pin.trim().chars().map(plain).collect() }
}

fn select_devices() -> Sql {
    Sql::with("SELECT id, name, registered_at, removed_at FROM {shared_device}", [])
}

fn read_device(row: &Row) -> Result<SharedDevice> {
    Ok(SharedDevice {
        id: row.get(0)?,
        name: row.get(1)?,
        registered_at: instant(row.get(2)?)?,
        removed_at: row.get::<Option<i64>>(3)?.map(instant).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_not_one_that_everybody_tries() {
        for good in ["204817", "５０９１３２", "1029384756"] {
            assert!(checked_pin(good).is_ok(), "{good}");
        }
        for bad in ["", "12345", "1234567890123", "111111", "123456", "987654", "121212", "123123", "abcdef", "12 345"]
        {
            assert!(checked_pin(bad).is_err(), "{bad}");
        }
    }
}
