//! The audit trail's entries: what is hashed, and how entries of one record hang together.
//!
//! An entry has metadata (which record, which revision, what kind of act, who, when), a salted digest of its payload, and
//! the hash of the entry before it in the same record:
//!
//! ```text
//! digest = SHA-256(salt ‖ payload)
//! hash   = SHA-256(metadata ‖ digest ‖ hash of the entry before)
//! ```
//!
//! The payload (the fields as they became, the reason) and its salt lie in a table of their own. A lawful disposal can
//! erase both, and the chain still verifies; without the salt, nobody can guess a name and test the digest. The record's
//! row carries the hash of its last entry (`chain`), so that an entry removed from the end is noticed, and a write's
//! precondition on the revision keeps two entries from following the same one.
//!
//! Entries of a batch that is not published are not part of the trail yet: the sealing job passes them over, and sweeping
//! the batch removes them. [`Entry::batch`] names it.
//!
//! [`seal`] gives entries their place in the city's sequence and signs it; [`verify()`] finds what was changed by hand;
//! [`Keeper`] is what both have outside the database; [`tombstone`] is what an erasure leaves.

pub mod checkpoint;
pub mod erasure;
mod keeper;
mod last;
mod merkle;
mod sealing;
pub mod tombstone;
pub mod verify;

pub use self::checkpoint::Checkpoint;
pub use self::keeper::{Keeper, Signed};
pub use self::last::{LastVerification, VerificationState, VerificationTurn, begin_verification, last_verification};
pub use self::sealing::{Sealed, rebase, seal};
pub use self::tombstone::Tombstone;
pub use self::verify::{Broken, Problem, VerifyReport, verify, verify_with};

use std::sync::LazyLock;

use kawasemi_kernel::{Act, IdSource};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::city::City;
use crate::error::Result;
use crate::row::Row;
use crate::sql::{Param, Sql};
use crate::unit::Statement;

/// What `prev` holds in the first entry of a record.
pub const FIRST: [u8; 32] = [0; 32];

/// The columns of an entry, for [`Entry::read`].
pub const COLUMNS: &str = "id, ledger, record, revision, kind, actor, at, batch, meta, digest, prev, hash, seq";

/// One entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The ledger's key, or the name of what else was done, such as `definition`.
    pub ledger: String,
    /// The record.
    pub record: Uuid,
    /// The record's revision, from 1.
    pub revision: i64,
    /// What was done, such as `create`.
    pub kind: String,
    /// Who did it, as [`kawasemi_kernel::Actor`] writes itself.
    pub actor: String,
    /// When, UTC microseconds.
    pub at: i64,
    /// The batch whose publication makes the entry part of the trail; 0 for none.
    pub batch: i64,
    /// Further metadata as JSON text; never personal data, since it can't be erased.
    pub meta: String,
    /// The salted digest of the payload.
    pub digest: Vec<u8>,
    /// The hash of the entry before.
    pub prev: Vec<u8>,
    /// The hash of this entry.
    pub hash: Vec<u8>,
    /// Its place in the city's sequence; none until it is sealed.
    pub seq: Option<i64>,
}

/// The metadata of an entry that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'a> {
    pub id: Uuid,
    pub ledger: &'a str,
    pub record: Uuid,
    pub revision: i64,
    pub kind: &'a str,
    pub actor: &'a str,
    pub at: i64,
    pub batch: i64,
    pub meta: &'a str,
    pub salt: [u8; 32],
    pub payload: &'a str,
    pub prev: &'a [u8],
}

/// Where the trail of something that is no record of a ledger stands (a definition, an account, a grant).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    subject: String,
    record: Uuid,
    revision: i64,
    hash: Vec<u8>,
}

impl Trail {
    /// Reads where a trail stands; one that was not begun stands at revision 0. `subject` names the kind of thing, such as
    /// `definition`, `id` the thing.
    ///
    /// # Errors
    /// As [`City::read`].
    pub async fn of(city: &City, subject: &str, id: Uuid) -> Result<Self> {
        let last = Sql::with(
            "SELECT revision, hash FROM {audit} WHERE record = $1 ORDER BY revision DESC LIMIT 1",
            [id.into()],
        );
        let (revision, hash) = match city.read_one(last).await? {
            Some(row) => (row.get(0)?, row.get(1)?),
            None => (0, FIRST.to_vec()),
        };
        Ok(Self { subject: subject.to_owned(), record: id, revision, hash })
    }

    /// The statements that write an act into the trail. Two acts at once that follow the same entry collide on the unique
    /// key of the trail, so that one of their units is refused.
    #[must_use]
    pub fn statements(&self, kind: &str, act: &Act, ids: &dyn IdSource, payload: &str) -> [Statement; 2] {
        let mut salt = [0; 32];
        salt[..16].copy_from_slice(ids.next().as_bytes());
        salt[16..].copy_from_slice(ids.next().as_bytes());
        let draft = Draft {
            id: ids.next(),
            ledger: &self.subject,
            record: self.record,
            revision: self.revision + 1,
            kind,
            actor: &act.actor.to_string(),
            at: act.at.as_microsecond(),
            batch: 0,
            meta: "{}",
            salt,
            payload,
            prev: &self.hash,
        };
        draft.statements().1
    }
}

/// The id under which something known by a name (a ledger's definition) has its trail.
#[must_use]
pub fn id_of_name(subject: &str, name: &str) -> Uuid {
    let hash = Sha256::new().chain_update(subject).chain_update([0]).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The digest of a payload.
#[must_use]
pub fn digest(salt: &[u8], payload: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(payload).finalize().into()
}

impl Entry {
    /// Computes the hash that the entry must have.
    #[must_use]
    pub fn expected_hash(&self) -> [u8; 32] {
        let ids = (&self.id, self.ledger.as_str(), &self.record, self.revision);
        let act = (self.kind.as_str(), self.actor.as_str(), self.at, self.batch, self.meta.as_str());
        hash(ids, act, &self.digest, &self.prev)
    }

    /// Reads an entry from a row of [`COLUMNS`].
    ///
    /// # Errors
    /// [`crate::StoreError::Decode`].
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            ledger: row.get(1)?,
            record: row.get(2)?,
            revision: row.get(3)?,
            kind: row.get(4)?,
            actor: row.get(5)?,
            at: row.get(6)?,
            batch: row.get(7)?,
            meta: row.get(8)?,
            digest: row.get(9)?,
            prev: row.get(10)?,
            hash: row.get(11)?,
            seq: row.get(12)?,
        })
    }
}

/// Metadata in a form that has one reading only: numbers big-endian, texts with their length before them.
fn hash(
    (id, ledger, record, revision): (&Uuid, &str, &Uuid, i64),
    (kind, actor, at, batch, meta): (&str, &str, i64, i64, &str),
    digest: &[u8],
    prev: &[u8],
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let text = |hasher: &mut Sha256, text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    };
    hasher.update(b"kawasemi audit 1\n");
    hasher.update(id.as_bytes());
    text(&mut hasher, ledger);
    hasher.update(record.as_bytes());
    hasher.update(revision.to_be_bytes());
    text(&mut hasher, kind);
    text(&mut hasher, actor);
    hasher.update(at.to_be_bytes());
    hasher.update(batch.to_be_bytes());
    text(&mut hasher, meta);
    hasher.update(digest);
    hasher.update(prev);
    hasher.finalize().into()
}

/// The beginnings of the two insertions, of which every act needs both.
static ENTRIES: LazyLock<Sql> = LazyLock::new(|| {
    let columns = "id, ledger, record, revision, kind, actor, at, batch, meta, digest, prev, hash";
    Sql::with(&format!("INSERT INTO {{audit}} ({columns}) VALUES "), [])
});
static PAYLOADS: LazyLock<Sql> =
    LazyLock::new(|| Sql::with("INSERT INTO {audit_payload} (audit_id, salt, payload) VALUES ", []));

impl Draft<'_> {
    /// The entry's hash and the statements that write it with its payload.
    pub fn statements(&self) -> ([u8; 32], [Statement; 2]) {
        let digest = digest(&self.salt, self.payload);
        let ids = (&self.id, self.ledger, &self.record, self.revision);
        let hash = hash(ids, (self.kind, self.actor, self.at, self.batch, self.meta), &digest, self.prev);
        let mut entry = Sql::text("(");
        entry
            .bind_list([
                self.id.into(),
                self.ledger.into(),
                self.record.into(),
                self.revision.into(),
                self.kind.into(),
                self.actor.into(),
                self.at.into(),
                self.batch.into(),
                self.meta.into(),
                digest.into(),
                Param::from(self.prev),
                hash.into(),
            ])
            .push(")");
        let mut payload = Sql::text("(");
        payload.bind_list([self.id.into(), self.salt.into(), self.payload.into()]).push(")");
        (hash, [Statement::row(ENTRIES.clone(), &entry), Statement::row(PAYLOADS.clone(), &payload)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let mut entry = Entry {
            id: Uuid::from_u128(1),
            ledger: "park".into(),
            record: Uuid::from_u128(2),
            revision: 1,
            kind: "create".into(),
            actor: "system".into(),
            at: 5,
            batch: 0,
            meta: "{}".into(),
            digest: digest(&[7; 32], "{}").to_vec(),
            prev: FIRST.to_vec(),
            hash: Vec::new(),
            seq: None,
        };
        entry.hash = entry.expected_hash().to_vec();
        entry
    }

    #[test]
    fn every_part_of_an_entry_is_hashed() {
        let hash = entry().expected_hash();
        let changes: [fn(&mut Entry); 11] = [
            |entry| entry.id = Uuid::from_u128(9),
            |entry| entry.ledger.push('x'),
            |entry| entry.record = Uuid::from_u128(9),
            |entry| entry.revision = 2,
            |entry| entry.kind = "update".into(),
            |entry| entry.actor = "visitor".into(),
            |entry| entry.at = 6,
            |entry| entry.batch = 1,
            |entry| entry.meta = "{ }".into(),
            |entry| entry.digest[0] ^= 1,
            |entry| entry.prev[31] ^= 1,
        ];
        for (position, change) in changes.into_iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.expected_hash(), hash, "part {position}");
        }
    }

    #[test]
    fn a_text_can_not_flow_into_its_neighbour() {
        let mut shifted = entry();
        shifted.kind = "creat".into();
        shifted.actor = "esystem".into();
        assert_ne!(shifted.expected_hash(), entry().expected_hash());
    }
}
