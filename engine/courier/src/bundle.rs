//! The signed form in which parcels and receipts travel (受渡しの束), by file and by connection alike.
//!
//! ```text
//! magic (16) · length of the manifest (4, big-endian) · manifest (JSON) · sealed parcels, one after another · signature (64)
//! ```
//!
//! The signature (Ed25519) is over the SHA-256 of all bytes before it, so that no byte can be changed, and nothing be cut off or
//! put on, without its being seen. Everything is checked before anything of it is applied. The manifest is readable: numbers,
//! kinds, sizes and hashes, but nothing of what a parcel holds.

use std::io::{self, Read, Seek, SeekFrom};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::envelope::LARGEST;
use crate::error::{CourierError, Result};
use crate::keys::{Key, Secrets, instant};
use crate::outgoing::Receipt;
use crate::side::Side;

/// With what a bundle begins.
const MAGIC: &[u8; 16] = b"KAWASEMI-COURIER";
/// The present form.
const FORMAT: u32 = 1;
/// The largest manifest: some hundred thousand parcels.
const LARGEST_MANIFEST: u32 = 64 * 1024 * 1024;
/// What is signed begins with it, so that the signature means nothing elsewhere.
const SIGNED: &[u8] = b"kawasemi-courier-bundle/1\0";
/// Bytes of a signature.
const SIGNATURE: usize = 64;
/// How far the clocks of both sides may lie apart.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// What the bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form.
    pub format: u32,
    /// The bundle's own id: it is taken once.
    pub id: Uuid,
    /// The city's code (団体コード).
    pub city: String,
    /// The side that sends.
    pub from: Side,
    /// The name of the key that signs.
    pub key: String,
    /// The name of the receiver's key.
    pub receiver: String,
    /// When it was made, UTC microseconds.
    pub created_at: i64,
    /// The request that it answers.
    pub reply_to: Option<Uuid>,
    /// The sender's lowest number that is not acknowledged: receipts before it are not needed any more.
    pub low: i64,
    /// Whether the sender has more than fitted in.
    pub more: bool,
    /// The parcels, in the order of their numbers.
    pub parcels: Vec<Entry>,
    /// What became of the receiver's parcels.
    pub receipts: Vec<Receipt>,
}

/// A parcel as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// SHA-256 of the sealed content, in hexadecimal digits.
    pub hash: String,
    /// Bytes of the sealed content.
    pub size: i64,
}

/// Whom a bundle has to come from, and for whom it has to be.
pub(crate) struct Expected<'a> {
    pub city: &'a str,
    /// The side that reads.
    pub side: Side,
    /// All keys that this side knows.
    pub keys: &'a [Key],
    pub at: Timestamp,
}

/// The beginning of a bundle: everything before the parcels.
pub(crate) fn beginning(manifest: &Manifest) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(manifest).map_err(io::Error::other)?;
    let length = u32::try_from(text.len()).ok().filter(|length| *length <= LARGEST_MANIFEST);
    let length = length.ok_or_else(|| CourierError::refused("受渡しが多すぎて一つにまとめられません。"))?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(length.to_be_bytes());
    bytes.extend(text);
    Ok(bytes)
}

/// The signature over what was hashed.
pub(crate) fn signature(secrets: &Secrets, hashed: Sha256) -> [u8; SIGNATURE] {
    secrets.sign(&signed(hashed))
}

fn signed(hashed: Sha256) -> Vec<u8> {
    [SIGNED, &hashed.finalize()].concat()
}

impl Manifest {
    /// A manifest without parcels.
    pub(crate) fn new(id: Uuid, city: &str, from: Side, key: &Key, receiver: &Key, at: Timestamp) -> Self {
        Self {
            format: FORMAT,
            id,
            city: city.to_owned(),
            from,
            key: key.id.clone(),
            receiver: receiver.id.clone(),
            created_at: at.as_microsecond(),
            reply_to: None,
            low: 1,
            more: false,
            parcels: Vec::new(),
            receipts: Vec::new(),
        }
    }

    /// The first and the last number in it.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        Some((self.parcels.first()?.seq, self.parcels.last()?.seq))
    }

    /// Refuses what was not made just now, by the clocks of both sides.
    pub(crate) fn is_fresh(&self, at: Timestamp) -> Result<()> {
        let made = instant(self.created_at);
        if at.duration_since(made).abs() <= CLOCKS {
            return Ok(());
        }
        Err(CourierError::refused(format!(
            "両側の時計が5分以上ずれているか、古い通信です（相手 {made}、こちら {at}）。時計を合わせてください。"
        )))
    }

    /// Why a manifest is not for this reader, or can't be believed.
    fn check(&self, expected: &Expected<'_>) -> Result<()> {
        let refuse = |reason: String| Err(CourierError::Refused(reason));
        if self.format != FORMAT {
            return refuse(format!(
                "この版のプログラムが知らない形です（形式 {}）。新しい版に上げてください。",
                self.format
            ));
        }
        if self.city != expected.city {
            return refuse(format!("別の市のものです（団体コード {}、この市は {}）。", self.city, expected.city));
        }
        if self.from == expected.side {
            return refuse(format!("向きが逆です。{}が作ったもので、ここも同じ側です。", self.from.label()));
        }
        let own = expected.keys.iter().any(|key| key.own && key.id == self.receiver);
        if !own {
            return refuse(format!("別の受け手にあてたものです（受け手の鍵 {}）。", self.receiver));
        }
        let sizes = self.parcels.iter().all(|entry| usize::try_from(entry.size).is_ok_and(|size| size <= 2 * LARGEST));
        let ascending = self.parcels.windows(2).all(|pair| pair[0].seq < pair[1].seq);
        let positive = self.parcels.first().is_none_or(|entry| entry.seq >= 1);
        if sizes && ascending && positive {
            Ok(())
        } else {
            refuse("目録の番号か大きさが正しくありません。".to_owned())
        }
    }

    /// The key that has signed, if it is one to be believed.
    fn signer<'a>(&self, expected: &Expected<'a>) -> Result<&'a Key> {
        let known = expected.keys.iter().find(|key| !key.own && key.id == self.key);
        let known = known.ok_or_else(|| {
            CourierError::refused(format!(
                "知らない鍵 {} で署名されています。相手が鍵を替えたときは、新しい鍵を courier key trust で登録してください。",
                self.key
            ))
        })?;
        if known.is_taken(expected.at) {
            return Ok(known);
        }
        Err(CourierError::refused(format!("もう使わない鍵 {} で署名されています。", self.key)))
    }
}

/// A bundle whose every byte was checked, open for reading its parcels.
pub(crate) struct Checked<R> {
    pub manifest: Manifest,
    reader: R,
    /// Where the next parcel begins.
    at: u64,
}

impl<R: Read + Seek> Checked<R> {
    /// Checks a bundle from its beginning to its end. Nothing of it has any effect before.
    pub fn read(mut reader: R, expected: &Expected<'_>) -> Result<Self> {
        let length = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let mut hashed = Sha256::new();
        let mut head = [0; MAGIC.len() + 4];
        if length < head.len() as u64 {
            return Err(cut());
        }
        reader.read_exact(&mut head)?;
        hashed.update(head);
        let (magic, size) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(CourierError::refused("受渡しのファイルではありません。"));
        }
        let size = u32::from_be_bytes([size[0], size[1], size[2], size[3]]);
        if size > LARGEST_MANIFEST {
            return Err(changed());
        }
        let at = head.len() as u64 + u64::from(size);
        if length < at + SIGNATURE as u64 {
            return Err(cut());
        }
        let mut text = vec![0; size as usize];
        reader.read_exact(&mut text)?;
        hashed.update(&text);
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| changed())?;
        manifest.check(expected)?;
        let parcels: i64 = manifest.parcels.iter().map(|entry| entry.size).sum();
        let whole = at + u64::try_from(parcels).unwrap_or_default() + SIGNATURE as u64;
        if length < whole {
            return Err(cut());
        }
        let signer = manifest.signer(expected)?;
        let mut is_as_listed = length == whole;
        for entry in &manifest.parcels {
            let content = content(&mut reader, entry)?;
            is_as_listed &= hex::encode(Sha256::digest(&content)) == entry.hash;
            hashed.update(&content);
        }
        let mut signature = [0; SIGNATURE];
        reader.read_exact(&mut signature)?;
        if !is_as_listed || !signer.has_signed(&signed(hashed), &signature) {
            return Err(changed());
        }
        Ok(Self { manifest, reader, at })
    }

    /// The sealed content of the n-th parcel; they are read in their order.
    pub fn parcel(&mut self, n: usize) -> Result<Vec<u8>> {
        let before: i64 = self.manifest.parcels[..n].iter().map(|entry| entry.size).sum();
        self.reader.seek(SeekFrom::Start(self.at + u64::try_from(before).unwrap_or_default()))?;
        let content = content(&mut self.reader, &self.manifest.parcels[n])?;
        // The file may have been changed since it was checked.
        let same = hex::encode(Sha256::digest(&content)) == self.manifest.parcels[n].hash;
        if same { Ok(content) } else { Err(changed()) }
    }
}

fn content(reader: &mut impl Read, entry: &Entry) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(entry.size).unwrap_or_default()];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn cut() -> CourierError {
    CourierError::refused("途中で切れています。写し終わる前に媒体を抜いた可能性があります。もう一度写してください。")
}

fn changed() -> CourierError {
    CourierError::refused(
        "署名と中身が合いません。写すときに壊れたか、書き換えられています。もう一度、相手の設置で作り直してください。",
    )
}
