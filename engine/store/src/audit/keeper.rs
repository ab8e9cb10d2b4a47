//! What of the audit trail is kept outside the database: the signing key and a copy of every checkpoint.
//!
//! ```text
//! audit/key                 the private key, readable by the program's user only
//! audit/key.pub             the public keys, oldest first: copy this elsewhere
//! audit/checkpoints.jsonl   the checkpoints, one line each: copy the last line elsewhere
//! audit/pending.json        the checkpoint that is being written
//! audit/erasures.jsonl      what was erased lawfully, one line for each entry: a restore repeats it
//! ```
//!
//! With a data directory the folder is `cities/CODE/audit`; with PostgreSQL one that the configuration names, which
//! nodes that seal must share. A checkpoint is first noted as pending, then committed in the database, then added to the
//! copy: wherever a crash falls, the next sealing can tell a copy that lags behind by this one checkpoint from one
//! that somebody cut short.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tombstone;
use super::checkpoint::{Checkpoint, is_signed};
use crate::error::{Result, StoreError};
use crate::installation::{draft_beside, private_folder, sync_folder, write_private};

const PRIVATE: &str = "key";
const PUBLIC: &str = "key.pub";
const COPY: &str = "checkpoints.jsonl";
const PENDING: &str = "pending.json";
const ERASURES: &str = "erasures.jsonl";
/// Says that a backup was restored, so that erasures have to be repeated.
const ERASURES_DUE: &str = "erasures.due";
const LOCK: &str = "seal.lock";
/// A line has some 600 bytes; what has no line ends is not ours and is not read whole.
const LONGEST_LINE: u64 = 64 * 1024;

/// The folder of what is kept outside the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keeper {
    folder: PathBuf,
}

impl Keeper {
    /// A keeper over a folder, which is made when a key is.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the public keys.
    pub(crate) fn public_keys_file(&self) -> PathBuf {
        self.path(PUBLIC)
    }

    /// Makes a key from 32 random bytes unless there is one, and answers the public key.
    ///
    /// # Errors
    /// When the folder can't be written or the key that is there can't be read.
    pub fn ensure_key(&self, seed: [u8; 32]) -> Result<[u8; 32]> {
        private_folder(&self.folder)?;
        if !self.path(PRIVATE).exists() {
            // Another process, or another task of this one, may do the same: the link is refused when there is a key by now.
            let fresh = draft_beside(&self.path(PRIVATE));
            write_private(&fresh, hex::encode(seed).as_bytes())?;
            let linked = fs::hard_link(&fresh, self.path(PRIVATE));
            fs::remove_file(&fresh)?;
            match linked {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        let public = self.signer()?.verifying_key().to_bytes();
        if !self.keys()?.contains(&public) {
            tracing::info!(key = hex::encode(public), "a new key seals the audit trail");
            self.add_key(&public)?;
        }
        Ok(public)
    }

    /// Accepts a public key from now on.
    pub(crate) fn add_key(&self, key: &[u8; 32]) -> Result<()> {
        append(&self.path(PUBLIC), &hex::encode(key))
    }

    /// The public keys that checkpoints may be signed with.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn keys(&self) -> Result<Vec<[u8; 32]>> {
        let Some(text) = read_text(&self.path(PUBLIC))? else { return Ok(Vec::new()) };
        let keys = text.lines().filter_map(|line| hex::decode(line.trim()).ok()?.try_into().ok());
        Ok(keys.collect())
    }

    /// The private key.
    pub(super) fn signer(&self) -> Result<SigningKey> {
        let path = self.path(PRIVATE);
        let text = read_text(&path)?.ok_or_else(|| {
            StoreError::refused(format!(
                "監査の署名鍵 {} がありません。kawasemi serve を起動すると作られます。",
                path.display()
            ))
        })?;
        let seed: Option<[u8; 32]> = hex::decode(text.trim()).ok().and_then(|seed| seed.try_into().ok());
        let seed = seed.ok_or_else(|| {
            StoreError::refused(format!("監査の署名鍵 {} を読み取れません。控えから戻してください。", path.display()))
        })?;
        Ok(SigningKey::from_bytes(&seed))
    }

    /// Takes over what has to be known of the installation of before to open a backup of it elsewhere: its public keys, and
    /// what was erased lawfully since, which [`super::erasure::repeat`] then erases again. The private key stays where it is.
    ///
    /// # Errors
    /// When one folder can't be read or the other written.
    pub fn learn_from(&self, other: &Self) -> Result<()> {
        private_folder(&self.folder)?;
        let known = self.keys()?;
        other.keys()?.iter().filter(|key| !known.contains(key)).try_for_each(|key| self.add_key(key))?;
        let Some(erased) = read_text(&other.path(ERASURES))? else { return Ok(()) };
        let _ = fs::remove_file(self.path(ERASURES));
        write_private(&self.path(ERASURES), erased.as_bytes())?;
        if self.owes_erasures() { Ok(()) } else { write_private(&self.path(ERASURES_DUE), b"") }
    }

    /// Forgets what was erased: for a training city, which is put back to a state of before.
    pub(crate) fn forget_erasures(&self) -> Result<()> {
        for name in [ERASURES, ERASURES_DUE] {
            match fs::remove_file(self.path(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a backup was restored since erasures were repeated.
    pub(super) fn owes_erasures(&self) -> bool {
        self.path(ERASURES_DUE).exists()
    }

    /// Notes that erasures were repeated.
    pub(super) fn has_repeated(&self) -> Result<()> {
        match fs::remove_file(self.path(ERASURES_DUE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Signs a message of another engine with the city's key. It should begin with words that say what it is.
    ///
    /// # Errors
    /// When there is no key.
    pub fn sign(&self, message: &[u8]) -> Result<Signed> {
        let signer = self.signer()?;
        Ok(Signed { key: signer.verifying_key().to_bytes(), signature: signer.sign(message).to_bytes() })
    }

    /// Whether the city signed a message.
    ///
    /// # Errors
    /// When the public keys can't be read.
    pub fn has_signed(&self, message: &[u8], signed: &Signed) -> Result<bool> {
        Ok(self.keys()?.contains(&signed.key) && is_signed(&signed.key, message, &signed.signature))
    }

    /// Writes down what is going to be erased.
    pub(super) fn note_erasures(&self, erased: &[Erased]) -> Result<()> {
        private_folder(&self.folder)?;
        let mut text = String::new();
        for line in erased {
            text.push_str(&serde_json::to_string(line).map_err(|error| StoreError::Io { detail: error.to_string() })?);
            text.push('\n');
        }
        if text.is_empty() { Ok(()) } else { append(&self.path(ERASURES), text.trim_end()) }
    }

    /// What was erased so far. A line that a crash cut short is passed over: what it speaks of was not erased.
    pub(super) fn erasures(&self) -> Result<Vec<Erased>> {
        let Some(text) = read_text(&self.path(ERASURES))? else { return Ok(Vec::new()) };
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Lets only one process seal at a time; none when another one does.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        private_folder(&self.folder)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.path(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Notes the checkpoint that is going to be committed.
    pub(super) fn set_pending(&self, checkpoint: &Checkpoint) -> Result<()> {
        let fresh = self.path(&format!("{PENDING}.new"));
        let _ = fs::remove_file(&fresh);
        write_private(&fresh, line(checkpoint)?.as_bytes())?;
        fs::rename(&fresh, self.path(PENDING))?;
        sync_folder(&self.folder)
    }

    /// The checkpoint that was being committed when a process ended; none when the note is not whole.
    pub(super) fn pending(&self) -> Result<Option<Checkpoint>> {
        Ok(read_text(&self.path(PENDING))?.and_then(|text| text.parse().ok()))
    }

    /// Adds a committed checkpoint to the copy.
    pub(super) fn keep(&self, checkpoint: &Checkpoint) -> Result<()> {
        self.cut_torn_line()?;
        append(&self.path(COPY), &line(checkpoint)?)?;
        match fs::remove_file(self.path(PENDING)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The last checkpoint of the copy.
    pub(super) fn last(&self) -> Result<Option<Checkpoint>> {
        let Some((_, tail)) = self.tail()? else { return Ok(None) };
        let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else { return Ok(None) };
        let line = tail[..end].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let parsed = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
        parsed.map(Some).ok_or_else(|| {
            StoreError::refused(format!(
                "検印の写し {} に読み取れない行があります。kawasemi audit verify で確かめてください。",
                self.path(COPY).display()
            ))
        })
    }

    /// The lines of the copy, read one by one.
    pub(super) fn copy(&self) -> Result<Lines> {
        match File::open(self.path(COPY)) {
            Ok(file) => Ok(Lines(Some(BufReader::new(file)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lines(None)),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a copy in place of the one that is there, which is kept under another name.
    pub(super) fn replace_copy(&self, aside: &str, checkpoints: impl Iterator<Item = Checkpoint>) -> Result<()> {
        private_folder(&self.folder)?;
        let fresh = self.path(&format!("{COPY}.new"));
        let _ = fs::remove_file(&fresh);
        write_private(&fresh, b"")?;
        let mut file = OpenOptions::new().append(true).open(&fresh)?;
        for checkpoint in checkpoints {
            file.write_all(line(&checkpoint)?.as_bytes())?;
            file.write_all(b"\n")?;
        }
        file.sync_all()?;
        if self.path(COPY).exists() {
            match fs::hard_link(self.path(COPY), self.path(aside)) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        fs::rename(&fresh, self.path(COPY))?;
        let _ = fs::remove_file(self.path(PENDING));
        if self.path(ERASURES).exists() && !self.owes_erasures() {
            write_private(&self.path(ERASURES_DUE), b"")?;
        }
        sync_folder(&self.folder)
    }

    /// Removes what a crash in the middle of a line has left.
    fn cut_torn_line(&self) -> Result<()> {
        let Some((start, tail)) = self.tail()? else { return Ok(()) };
        let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < tail.len() {
            let file = OpenOptions::new().write(true).open(self.path(COPY))?;
            file.set_len(start + whole as u64)?;
        }
        Ok(())
    }

    /// The end of the copy, with the position at which it begins; none where there is no copy.
    fn tail(&self) -> Result<Option<(u64, Vec<u8>)>> {
        let mut file = match File::open(self.path(COPY)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let start = file.metadata()?.len().saturating_sub(LONGEST_LINE);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(LONGEST_LINE).read_to_end(&mut tail)?;
        Ok(Some((start, tail)))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A signature with the public key that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The public key.
    pub key: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

impl Signed {
    /// From stored bytes; zeros, with which no message is signed, where their length is not right.
    #[must_use]
    pub fn from_bytes(key: &[u8], signature: &[u8]) -> Self {
        Self { key: key.try_into().unwrap_or([0; 32]), signature: signature.try_into().unwrap_or([0; 64]) }
    }
}

/// A line of what was erased: a tombstone with where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Erased {
    pub ledger: String,
    pub record: Uuid,
    pub entry: Uuid,
    /// The files that the record named, in its first line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    rule: String,
    approver: String,
    at: i64,
    key: String,
    signature: String,
}

impl Erased {
    pub fn of(ledger: &str, record: Uuid, stone: &Tombstone) -> Self {
        Self {
            ledger: ledger.to_owned(),
            record,
            entry: stone.entry,
            files: Vec::new(),
            rule: stone.rule.clone(),
            approver: stone.approver.clone(),
            at: stone.at,
            key: hex::encode(stone.key),
            signature: hex::encode(stone.signature),
        }
    }

    pub fn tombstone(&self) -> Tombstone {
        let bytes = |text: &str| hex::decode(text).unwrap_or_default();
        let signed = Signed::from_bytes(&bytes(&self.key), &bytes(&self.signature));
        Tombstone {
            entry: self.entry,
            rule: self.rule.clone(),
            approver: self.approver.clone(),
            at: self.at,
            key: signed.key,
            signature: signed.signature,
        }
    }
}

/// A line of the copy.
#[derive(Debug)]
pub(super) enum Line {
    Checkpoint(Box<Checkpoint>),
    /// The last one, without its end.
    Torn,
    Unreadable,
}

/// The lines of the copy. What another process adds meanwhile comes as well.
pub(super) struct Lines(Option<BufReader<File>>);

impl Iterator for Lines {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let mut text = Vec::new();
        let read = self.0.as_mut()?.take(LONGEST_LINE).read_until(b'\n', &mut text);
        match read {
            Ok(0) => None,
            Ok(_) if !text.ends_with(b"\n") => Some(Line::Torn),
            Ok(_) => {
                let parsed = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
                Some(parsed.map_or(Line::Unreadable, |checkpoint| Line::Checkpoint(Box::new(checkpoint))))
            }
            Err(_) => Some(Line::Unreadable),
        }
    }
}

fn line(checkpoint: &Checkpoint) -> Result<String> {
    serde_json::to_string(checkpoint).map_err(|error| StoreError::Io { detail: error.to_string() })
}

fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn append(path: &Path, line: &str) -> Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), sync_folder)
}
