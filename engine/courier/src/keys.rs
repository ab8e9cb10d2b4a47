//! The keys of both halves (受渡しの鍵): made, shown to the other side, replaced with an overlap, retired.
//!
//! A key is a pair: one signs bundles (Ed25519), one opens envelopes (X25519). Its name is the beginning of the hash of both
//! public keys. Public keys go to the other side by hand, as one line of text, where an administrator trusts them after
//! comparing the name: nothing that travels with the parcels can bring in a key.
//!
//! A key that was replaced is taken for [`OVERLAP`] more, so that bundles that are on their way still arrive. A retired key
//! signs nothing and is not believed any more, but one's own still opens: what residents have sealed to it must not be lost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::Context;
use kawasemi_store::audit::{Trail, id_of_name};
use kawasemi_store::seal::{self, Seals};
use kawasemi_store::{Param, Row, Sql, Statement, StoreError, Unit, Unmet};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::courier::Courier;
use crate::envelope;
use crate::error::{CourierError, Result};
use crate::side::Side;

/// How long a key that was replaced is still taken.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24 * 30);
/// What the line of a public key begins with.
const PREFIX: &str = "kawasemi-courier";
/// Under which name keys stand in the audit trail; no ledger can have it.
const SUBJECT: &str = "system:courier-key";

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// In use.
    Current,
    /// Replaced, and taken until a day.
    Previous,
    /// Not taken any more.
    Retired,
}

impl KeyState {
    /// The name in tables.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Retired => "retired",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Current => "使用中",
            Self::Previous => "前の鍵",
            Self::Retired => "廃止",
        }
    }
}

/// A key of this side or of the other.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// Its name: 16 hexadecimal digits.
    pub id: String,
    /// Whether it is one's own.
    pub own: bool,
    /// Whose it is.
    pub side: Side,
    /// What is done with it.
    pub state: KeyState,
    /// Until when a replaced one is taken.
    pub until: Option<Timestamp>,
    /// When it was made or trusted.
    pub created_at: Timestamp,
    #[serde(skip)]
    public: Vec<u8>,
    #[serde(skip)]
    sealed: Option<Vec<u8>>,
}

impl Key {
    /// Whether what it signs is believed at an instant.
    #[must_use]
    pub fn is_taken(&self, at: Timestamp) -> bool {
        match self.state {
            KeyState::Current => true,
            KeyState::Previous => self.until.is_some_and(|until| at < until),
            KeyState::Retired => false,
        }
    }

    /// The line that is carried to the other side.
    #[must_use]
    pub fn line(&self, city: &str) -> String {
        format!("{PREFIX} {} {city} {} {}", self.side.key(), self.id, STANDARD.encode(&self.public))
    }

    /// The key that envelopes to it are sealed with.
    pub(crate) fn sealing(&self) -> &[u8] {
        self.public.get(32..).unwrap_or_default()
    }

    /// Whether it has signed something.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let public = self.public.first_chunk::<32>().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
        public.is_some_and(|public| public.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

/// The secrets of a key of one's own.
pub(crate) struct Secrets {
    signing: SigningKey,
    /// From which the key that opens envelopes is derived.
    pub opening: [u8; 32],
}

impl Secrets {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (signing, opening) = bytes.split_first_chunk::<32>()?;
        Some(Self { signing: SigningKey::from_bytes(signing), opening: opening.try_into().ok()? })
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

impl Courier {
    /// All keys, one's own first, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keys(&self) -> Result<Vec<Key>> {
        let side = self.side()?;
        let sql = Sql::with(
            "SELECT id, owner, side, public, secret, state, until, created_at FROM {courier_key} \
             WHERE (owner = 'own' AND side = $1) OR (owner = 'peer' AND side = $2) ORDER BY owner, created_at DESC, id",
            [side.key().into(), side.other().key().into()],
        );
        Ok(self.city().read(sql).await?.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The key of one's own that is in use.
    ///
    /// # Errors
    /// [`CourierError::NoKey`].
    pub async fn own_key(&self) -> Result<Key> {
        let mut keys = self.keys().await?.into_iter();
        keys.find(|key| key.own && key.state == KeyState::Current).ok_or(CourierError::NoKey)
    }

    /// The key of the other side that is in use.
    ///
    /// # Errors
    /// [`CourierError::NoPeer`].
    pub async fn peer_key(&self) -> Result<Key> {
        let other = self.side()?.other();
        let mut keys = self.keys().await?.into_iter();
        keys.find(|key| !key.own && key.state == KeyState::Current).ok_or(CourierError::NoPeer(other.label()))
    }

    /// Makes a first or a new key. The one before is taken for [`OVERLAP`] more; the other side has to trust the new one
    /// before the next bundle.
    ///
    /// # Errors
    /// For others than administrators; [`CourierError::NotSeparated`].
    pub async fn rotate_key(&self, context: &Context) -> Result<Key> {
        context.require_admin()?;
        let side = self.side()?;
        let mut secret = [0; 64];
        self.parts.identity.entropy().fill(&mut secret);
        let secrets = Secrets::read(&secret).ok_or(CourierError::NoKey)?;
        let mut public = secrets.signing.verifying_key().to_bytes().to_vec();
        public.extend(envelope::public_key(&secrets.opening));
        let id = name(&public);
        let sealed = self.seal_secret(&id, &secret)?;
        self.put(context, &id, "own", side, public, Some(sealed), "rotate").await?;
        self.own_key().await
    }

    /// Believes a key of the other side from now on, given as the line that its `courier key show` prints. The one before
    /// is taken for [`OVERLAP`] more.
    ///
    /// # Errors
    /// [`CourierError::Refused`] for a line that is none, or is another city's or one's own.
    pub async fn trust_key(&self, context: &Context, line: &str) -> Result<Key> {
        context.require_admin()?;
        let other = self.side()?.other();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [PREFIX, side, city, id, public] = words.as_slice() else {
            return Err(CourierError::refused(
                "鍵の行を読み取れません。相手で kawasemi courier key show が出す「kawasemi-courier …」の行をそのまま渡してください。",
            ));
        };
        if *city != self.city().code() {
            return Err(CourierError::refused(format!(
                "この鍵は団体コード {city} の市のものです。この市は {} です。",
                self.city().code()
            )));
        }
        if Side::from_key(side) != Some(other) {
            return Err(CourierError::refused(format!("この鍵は{}の鍵ではありません。", other.label())));
        }
        let public = STANDARD.decode(public).ok().filter(|public| public.len() == 64 && name(public) == *id);
        let public = public.ok_or_else(|| {
            CourierError::refused("鍵の行の途中が変わっています。もう一度、相手の画面から写してください。")
        })?;
        if let Some(known) = self.keys().await?.into_iter().find(|key| key.id == *id) {
            if known.state == KeyState::Current {
                return Ok(known);
            }
            return Err(CourierError::refused(
                "この鍵は前に使われ、替えられたか廃止されています。新しい鍵を登録してください。",
            ));
        }
        self.put(context, id, "peer", other, public, None, "trust").await?;
        self.peer_key().await
    }

    /// Ends a key at once, one's own or the other side's. One's own still opens what was sealed to it.
    ///
    /// # Errors
    /// [`CourierError::Refused`] where there is no such key.
    pub async fn retire_key(&self, context: &Context, id: &str) -> Result<()> {
        context.require_admin()?;
        let known = self.keys().await?.into_iter().find(|key| key.id == id);
        let known = known.ok_or_else(|| CourierError::refused(format!("鍵 {id} はありません。")))?;
        let row = Sql::with(
            "UPDATE {courier_key} SET state = 'retired', until = NULL WHERE id = $1",
            [known.id.as_str().into()],
        );
        self.write_key(context, id, "retire", [Statement::one_row(row, Unmet::NotFound)]).await
    }

    /// The secrets of a key of one's own; none where there is no such key.
    pub(crate) async fn secrets(&self, id: &str) -> Result<Option<Secrets>> {
        let known = self.keys().await?.into_iter().find(|key| key.own && key.id == id);
        let Some(sealed) = known.and_then(|key| key.sealed) else { return Ok(None) };
        Ok(Secrets::read(&self.parts.sealer.open(&purpose(id), &sealed)?))
    }

    /// Seals anew what was sealed with an older key of the city.
    ///
    /// # Errors
    /// When the keys or the database can't be read, or the database not written.
    pub async fn renew_seals(&self) -> Result<Seals> {
        let mut seals = Seals::default();
        for (id, sealed) in self.sealed().await? {
            if self.parts.sealer.is_current(&sealed)? {
                continue;
            }
            let Ok(secret) = self.parts.sealer.open(&purpose(&id), &sealed) else {
                seals.lost += 1;
                continue;
            };
            let update = Sql::with(
                "UPDATE {courier_key} SET secret = $2 WHERE id = $1",
                [id.as_str().into(), self.seal_secret(&id, &secret)?.into()],
            );
            self.city().write(Unit::of([update.into()])).await?;
            seals.renewed += 1;
        }
        Ok(seals)
    }

    /// How many secrets are kept sealed, and how many of them do not open. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn sealed_secrets(&self) -> Result<(usize, usize)> {
        let sealed = self.sealed().await?;
        let lost = sealed.iter().filter(|(id, sealed)| self.parts.sealer.open(&purpose(id), sealed).is_err()).count();
        Ok((sealed.len(), lost))
    }

    async fn sealed(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let sql = Sql::with("SELECT id, secret FROM {courier_key} WHERE secret IS NOT NULL", []);
        let rows = self.city().read(sql).await?;
        Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, StoreError>>()?)
    }

    fn seal_secret(&self, id: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; seal::NONCE];
        self.parts.identity.entropy().fill(&mut nonce);
        Ok(self.parts.sealer.seal(&purpose(id), secret, nonce)?)
    }

    /// Puts a key in the place of the one before.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    async fn put(
        &self,
        context: &Context,
        id: &str,
        owner: &str,
        side: Side,
        public: Vec<u8>,
        secret: Option<Vec<u8>>,
        act: &str,
    ) -> Result<()> {
        let at = context.act.at;
        let until = at.checked_add(OVERLAP).unwrap_or(at);
        let before = Sql::with(
            "UPDATE {courier_key} SET state = 'previous', until = $3 WHERE owner = $1 AND side = $2 AND state = 'current'",
            [owner.into(), side.key().into(), until.as_microsecond().into()],
        );
        let row = Sql::with(
            "INSERT INTO {courier_key} (id, owner, side, public, secret, state, created_at) \
             VALUES ($1, $2, $3, $4, $5, 'current', $6)",
            [
                id.into(),
                owner.into(),
                side.key().into(),
                public.into(),
                secret.map_or(Param::Null, Param::Blob),
                at.as_microsecond().into(),
            ],
        );
        self.write_key(context, id, act, [Statement::any(before), Statement::any(row)]).await
    }

    async fn write_key(
        &self,
        context: &Context,
        id: &str,
        act: &str,
        statements: impl IntoIterator<Item = Statement>,
    ) -> Result<()> {
        let trail = Trail::of(self.city(), SUBJECT, id_of_name(SUBJECT, id)).await?;
        let mut unit = Unit::of(statements);
        let noted = serde_json::json!({ "key": id }).to_string();
        unit.extend(trail.statements(act, &context.act, &*self.parts.ids, &noted));
        self.city().write(unit).await?;
        Ok(())
    }
}

/// The name of a public key.
fn name(public: &[u8]) -> String {
    hex::encode(&Sha256::digest(public)[..8])
}

/// What a sealed secret is for.
fn purpose(id: &str) -> String {
    format!("courier-key/{id}")
}

fn read(row: &Row) -> Result<Key, StoreError> {
    let (side, state): (String, String) = (row.get(2)?, row.get(5)?);
    let states = [KeyState::Current, KeyState::Previous];
    Ok(Key {
        id: row.get(0)?,
        own: row.get::<String>(1)? == "own",
        side: Side::from_key(&side).unwrap_or(Side::Portal),
        public: row.get(3)?,
        sealed: row.get(4)?,
        state: states.into_iter().find(|known| known.key() == state).unwrap_or(KeyState::Retired),
        until: row.get::<Option<i64>>(6)?.map(instant),
        created_at: instant(row.get(7)?),
    })
}

/// An instant of the database.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
