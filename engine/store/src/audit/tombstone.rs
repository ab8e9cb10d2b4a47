//! Tombstones: what a lawful erasure leaves of an entry's payload.
//!
//! A disposal at the end of the retention period (廃棄), or the stop of use of personal information (利用停止, 個人情報の保護に関する法律
//! 第98条), erases an entry's payload and salt. The entry itself stays, and a tombstone says by which rule and on whose
//! approval its content went, signed with the city's key so that an erasure by hand can't be passed off as one.

use ed25519_dalek::Signer as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::checkpoint::{bytes, is_signed};
use super::{Entry, keeper::Keeper};
use crate::error::Result;
use crate::row::Row;
use crate::sql::{Param, Sql};
use crate::unit::{Statement, Unmet};

/// The columns of a tombstone, for [`Tombstone::read`].
pub(super) const COLUMNS: [&str; 6] = ["audit_id", "rule", "approver", "at", "key", "signature"];

/// The trace of an erased payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The entry whose payload was erased.
    pub entry: Uuid,
    /// The rule under which it was erased, such as a paragraph of the document management rules.
    pub rule: String,
    /// Who approved it, as [`kawasemi_kernel::Actor`] writes itself.
    pub approver: String,
    /// When, UTC microseconds.
    pub at: i64,
    /// The public key that signed it.
    pub key: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

impl Tombstone {
    /// Signs the erasure of an entry's payload.
    ///
    /// # Errors
    /// When the keeper has no key.
    pub fn sign(
        keeper: &Keeper,
        city: &str,
        entry: &Entry,
        (rule, approver): (&str, &str),
        at: Timestamp,
    ) -> Result<Self> {
        let signer = keeper.signer()?;
        let mut made = Self {
            entry: entry.id,
            rule: rule.to_owned(),
            approver: approver.to_owned(),
            at: at.as_microsecond(),
            key: signer.verifying_key().to_bytes(),
            signature: [0; 64],
        };
        made.signature = signer.sign(&made.message(city, &entry.hash)).to_bytes();
        Ok(made)
    }

    /// Whether it was signed for this entry by one of these keys.
    #[must_use]
    pub fn is_valid(&self, city: &str, entry: &Entry, keys: &[[u8; 32]]) -> bool {
        self.entry == entry.id
            && keys.contains(&self.key)
            && is_signed(&self.key, &self.message(city, &entry.hash), &self.signature)
    }

    /// The statements that erase the payload and leave the tombstone. One that was erased before is refused.
    #[must_use]
    pub fn statements(&self) -> [Statement; 2] {
        let stone = Sql::with(
            "INSERT INTO {audit_tombstone} (audit_id, rule, approver, at, key, signature) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            [
                self.entry.into(),
                Param::from(&self.rule),
                Param::from(&self.approver),
                self.at.into(),
                self.key.into(),
                self.signature.into(),
            ],
        );
        let erasure = Sql::with("DELETE FROM {audit_payload} WHERE audit_id = $1", [self.entry.into()]);
        [stone.into(), Statement::one_row(erasure, Unmet::NotFound)]
    }

    /// Reads a tombstone from a row's cells of [`COLUMNS`], from the column `first`; none where the first is NULL.
    pub(super) fn read(row: &Row, first: usize) -> Result<Option<Self>> {
        let Some(entry) = row.get::<Option<Uuid>>(first)? else { return Ok(None) };
        Ok(Some(Self {
            entry,
            rule: row.get(first + 1)?,
            approver: row.get(first + 2)?,
            at: row.get(first + 3)?,
            key: bytes(row, first + 4)?,
            signature: bytes(row, first + 5)?,
        }))
    }

    fn message(&self, city: &str, hash: &[u8]) -> Vec<u8> {
        let mut message = b"kawasemi tombstone 1\n".to_vec();
        for text in [city, &self.rule, &self.approver] {
            message.extend((text.len() as u64).to_be_bytes());
            message.extend(text.as_bytes());
        }
        message.extend(self.at.to_be_bytes());
        message.extend(self.entry.as_bytes());
        message.extend(self.key);
        message.extend(hash);
        message
    }
}
