//! Checkpoints: what is signed of the city's sequence of audit entries.
//!
//! A checkpoint says which places of the sequence it seals, the Merkle root over them and the hash of the checkpoint
//! before, and signs all of it with the city's Ed25519 key. Whoever has kept one checkpoint elsewhere can prove later
//! that nothing up to it was changed.

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::FIRST;
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Param, Sql};
use crate::unit::Statement;

const COLUMNS: &str = "number, first, last, root, prev, at, \"key\", signature";

/// A signed state of the city's sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Its number in the city, from 1 without gaps.
    pub number: i64,
    /// The first place of the sequence that it seals.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// The root of the Merkle tree over the entries' hashes.
    #[serde(with = "hexadecimal")]
    pub root: [u8; 32],
    /// The hash of the checkpoint before; zeros in the first.
    #[serde(with = "hexadecimal")]
    pub prev: [u8; 32],
    /// When it was made, UTC microseconds.
    pub at: i64,
    /// The public key that signed it.
    #[serde(with = "hexadecimal")]
    pub key: [u8; 32],
    /// The signature over all of the above and the city's code.
    #[serde(with = "hexadecimal")]
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// Makes the checkpoint that follows another.
    pub(super) fn sign(
        city: &str,
        before: Option<&Self>,
        (last, root): (i64, [u8; 32]),
        at: i64,
        signer: &SigningKey,
    ) -> Self {
        let mut made = Self {
            number: before.map_or(1, |before| before.number + 1),
            first: before.map_or(1, |before| before.last + 1),
            last,
            root,
            prev: before.map_or(FIRST, |before| before.hash(city)),
            at,
            key: signer.verifying_key().to_bytes(),
            signature: [0; 64],
        };
        made.signature = signer.sign(&made.message(city)).to_bytes();
        made
    }

    /// The hash by which the next checkpoint names this one.
    #[must_use]
    pub fn hash(&self, city: &str) -> [u8; 32] {
        Sha256::digest(self.message(city)).into()
    }

    /// Whether the signature is that of the key that it names. Whether that key is the city's is another question.
    #[must_use]
    pub fn is_signed(&self, city: &str) -> bool {
        is_signed(&self.key, &self.message(city), &self.signature)
    }

    /// Whether it follows another one without a gap.
    pub(super) fn follows(&self, city: &str, before: Option<&Self>) -> bool {
        let (number, last, hash) =
            before.map_or((0, 0, FIRST), |before| (before.number, before.last, before.hash(city)));
        self.number == number + 1 && self.first == last + 1 && self.last >= self.first && self.prev == hash
    }

    fn message(&self, city: &str) -> Vec<u8> {
        let mut message = b"kawasemi checkpoint 1\n".to_vec();
        message.extend((city.len() as u64).to_be_bytes());
        message.extend(city.as_bytes());
        for number in [self.number, self.first, self.last, self.at] {
            message.extend(number.to_be_bytes());
        }
        for hash in [self.root, self.prev, self.key] {
            message.extend(hash);
        }
        message
    }

    pub(super) fn insertion(&self) -> Statement {
        Statement::any(Sql::with(
            &format!("INSERT INTO {{checkpoint}} ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
            [
                self.number.into(),
                self.first.into(),
                self.last.into(),
                self.root.into(),
                self.prev.into(),
                self.at.into(),
                self.key.into(),
                Param::from(self.signature),
            ],
        ))
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            first: row.get(1)?,
            last: row.get(2)?,
            root: bytes(row, 3)?,
            prev: bytes(row, 4)?,
            at: row.get(5)?,
            key: bytes(row, 6)?,
            signature: bytes(row, 7)?,
        })
    }
}

/// Reads the city's last checkpoint.
///
/// # Errors
/// As [`City::read`].
pub async fn last(city: &City) -> Result<Option<Checkpoint>> {
    let sql = Sql::with(&format!("SELECT {COLUMNS} FROM {{checkpoint}} ORDER BY number DESC LIMIT 1"), []);
    city.read_one(sql).await?.as_ref().map(Checkpoint::read).transpose()
}

/// Reads the checkpoints after a number, in order.
///
/// # Errors
/// As [`City::read`].
pub async fn after(city: &City, number: i64, limit: i64) -> Result<Vec<Checkpoint>> {
    let sql = format!("SELECT {COLUMNS} FROM {{checkpoint}} WHERE number > $1 ORDER BY number LIMIT $2");
    city.read(Sql::with(&sql, [number.into(), limit.into()])).await?.iter().map(Checkpoint::read).collect()
}

pub(super) fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify(message, &signature).is_ok())
}

/// Reads bytes of a fixed length. Another length is a value edited by hand; zeros then, so that no signature holds.
pub(super) fn bytes<const N: usize>(row: &Row, index: usize) -> Result<[u8; N]> {
    let found: Vec<u8> = row.get(index)?;
    Ok(found.try_into().unwrap_or([0; N]))
}

/// Bytes as hexadecimal digits.
mod hexadecimal {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom(format!("expected {N} bytes")))
    }
}

impl std::str::FromStr for Checkpoint {
    type Err = StoreError;

    /// Reads a line of the copy outside the database.
    fn from_str(line: &str) -> Result<Self> {
        serde_json::from_str(line.trim()).map_err(|error| {
            StoreError::refused(format!(
                "検印（checkpoint）として読み取れません。1行のJSONを指定してください（{error}）。"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint::sign("142182", None, (5, [3; 32]), 7, &SigningKey::from_bytes(&[1; 32]))
    }

    #[test]
    fn everything_in_a_checkpoint_is_signed() {
        assert!(checkpoint().is_signed("142182"));
        assert!(!checkpoint().is_signed("142131"));
        let changes: [fn(&mut Checkpoint); 7] = [
            |checkpoint| checkpoint.number += 1,
            |checkpoint| checkpoint.first += 1,
            |checkpoint| checkpoint.last += 1,
            |checkpoint| checkpoint.root[0] ^= 1,
            |checkpoint| checkpoint.prev[0] ^= 1,
            |checkpoint| checkpoint.at += 1,
            |checkpoint| checkpoint.key = SigningKey::from_bytes(&[2; 32]).verifying_key().to_bytes(),
        ];
        for (position, change) in changes.into_iter().enumerate() {
            let mut changed = checkpoint();
            change(&mut changed);
            assert!(!changed.is_signed("142182"), "part {position}");
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let line = serde_json::to_string(&checkpoint()).unwrap();
        assert_eq!(line.parse(), Ok(checkpoint()));
        assert!(line.replace("\"root\":\"03", "\"root\":\"").parse::<Checkpoint>().is_err());
    }
}
