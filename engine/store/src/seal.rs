//! Sealing the secrets that have to be read again (封緘), with a key that lies outside the database.
//!
//! Most secrets are kept as hashes. A few must be known when they are used: the secret of one-time codes, the secret that
//! signs a webhook. They lie in the database sealed with AES-256-GCM, so that whoever holds the database or a backup
//! alone can't read them. The keys lie in a file that only the program's user may read, one line for each, the newest last:
//!
//! ```text
//! # a comment
//! 5f0c91a2 <64 hexadecimal digits>
//! ```
//!
//! What is sealed names its key, the city and what it is the secret of: it opens nowhere else. To change the key
//! [`Sealer::add_key`] adds a line; whoever keeps sealed secrets seals them anew ([`Sealer::is_current`]), and after that
//! the old line can be removed. A backup does not hold the keys, as it does not hold the key of the audit trail.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::error::{Result, StoreError};
use crate::installation::{draft_beside, private_folder, sync_folder, write_private};

/// The file of the keys in a city's folder.
pub const KEY_FILE: &str = "seal.keys";
/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of the random number that every sealing takes; never the same twice under one key.
pub const NONCE: usize = 12;

/// The first byte of what is sealed, for the day when another cipher is needed.
const FORMAT: u8 = 1;
/// Bytes of a key's name.
const NAME: usize = 4;
/// Format, name of the key, nonce.
const HEADER: usize = 1 + NAME + NONCE;

/// Why a secret can't be sealed or opened. Says nothing of the secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// There is no file of keys.
    #[error(
        "封緘の鍵 {} がありません。鍵の控えをここに戻してください。新しく作るには kawasemi serve を起動します（前の鍵で封じたものは開きません）。",
        path.display()
    )]
    NoKey {
        /// Where the file should lie.
        path: PathBuf,
    },
    /// The file of keys can't be read or understood.
    #[error("封緘の鍵 {} を読み取れません（{detail}）。鍵の控えから戻してください。", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The secret was sealed with a key that is not in the file.
    #[error(
        "封じたときの鍵 {key} が {} にありません。控えを取った機械の鍵の行をこのファイルに足してください。",
        path.display()
    )]
    UnknownKey {
        /// The name of the key.
        key: String,
        /// The file.
        path: PathBuf,
    },
    /// It was altered, or sealed for another city or purpose, or never sealed.
    #[error("封じた秘密が壊れているか、別の場所のものです。秘密を設定し直してください。")]
    Broken,
}

/// What became of secrets that were sealed anew ([`Sealer::is_current`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seals {
    /// Sealed anew with the newest key.
    pub renewed: usize,
    /// That no key opens.
    pub lost: usize,
}

impl std::ops::Add for Seals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { renewed: self.renewed + other.renewed, lost: self.lost + other.lost }
    }
}

/// A city's keys and what is done with them. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    inner: Arc<Inner>,
}

struct Inner {
    city: String,
    path: PathBuf,
    /// As read last; read again when a name is asked for that is not among them.
    keys: RwLock<Option<Arc<Vec<Key>>>>,
}

struct Key {
    name: [u8; NAME],
    cipher: Aes256Gcm,
}

impl Sealer {
    /// The keys of a city in a file. Nothing is read yet.
    #[must_use]
    pub fn new(city: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { inner: Arc::new(Inner { city: city.into(), path: path.into(), keys: RwLock::default() }) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Makes the file with a first key, from random bytes, unless it is there.
    ///
    /// # Errors
    /// When it can't be written, or the one that is there can't be understood.
    pub fn ensure_key(&self, key: [u8; KEY]) -> Result<()> {
        if !self.path().exists() {
            self.path().parent().map_or(Ok(()), private_folder)?;
            // Another process or task may do the same: whoever comes second keeps the first one's key.
            let fresh = draft_beside(self.path());
            write_private(&fresh, format!("{HEADING}{}", line(&key)).as_bytes())?;
            let linked = fs::hard_link(&fresh, self.path());
            fs::remove_file(&fresh)?;
            self.path().parent().map_or(Ok(()), sync_folder)?;
            match linked {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
                Ok(()) => tracing::info!(path = %self.path().display(), "a new key seals secrets; keep a copy of it"),
            }
        }
        Ok(self.check()?)
    }

    /// Adds a key, from random bytes, with which is sealed from now on. What was sealed before still opens.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn add_key(&self, key: [u8; KEY]) -> Result<()> {
        self.read()?;
        let mut text = fs::read_to_string(self.path())?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let fresh = self.beside("new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        write_private(&fresh, format!("{text}{}", line(&key)).as_bytes())?;
        fs::rename(&fresh, self.path())?;
        self.path().parent().map_or(Ok(()), sync_folder)?;
        self.read()?;
        Ok(())
    }

    /// Seals a secret. `what` says whose it is, such as `webhook/ID`; the same has to be said to open it. `nonce` is
    /// random.
    ///
    /// # Errors
    /// [`SealError::NoKey`], [`SealError::BadFile`].
    pub fn seal(&self, what: &str, secret: &[u8], nonce: [u8; NONCE]) -> Result<Vec<u8>, SealError> {
        let keys = self.keys()?;
        let key = keys.last().ok_or_else(|| self.bad("鍵の行がない"))?;
        let payload = Payload { msg: secret, aad: &self.bound(what) };
        let sealed = key.cipher.encrypt(&nonce.into(), payload).map_err(|_| SealError::Broken)?;
        let mut out = Vec::with_capacity(HEADER + sealed.len());
        out.push(FORMAT);
        out.extend(key.name);
        out.extend(nonce);
        out.extend(sealed);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] sealed for the same purpose.
    ///
    /// # Errors
    /// Any [`SealError`].
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (name, nonce, sealed) = parts(sealed).ok_or(SealError::Broken)?;
        let keys = self.keys_with(name)?;
        let key = keys
            .iter()
            .find(|key| key.name == name)
            .ok_or_else(|| SealError::UnknownKey { key: hex::encode(name), path: self.path().to_owned() })?;
        let payload = Payload { msg: sealed, aad: &self.bound(what) };
        key.cipher.decrypt(&nonce.into(), payload).map_err(|_| SealError::Broken)
    }

    /// Whether something was sealed with the newest key; false for what was sealed with an older one or never.
    ///
    /// # Errors
    /// [`SealError::NoKey`], [`SealError::BadFile`].
    pub fn is_current(&self, sealed: &[u8]) -> Result<bool, SealError> {
        let Some((name, ..)) = parts(sealed) else { return Ok(false) };
        let keys = self.keys_with(name)?;
        Ok(keys.last().is_some_and(|key| key.name == name))
    }

    /// Reads the file, for whoever checks an installation.
    ///
    /// # Errors
    /// [`SealError::NoKey`], [`SealError::BadFile`].
    pub fn check(&self) -> Result<(), SealError> {
        self.read().map(|_| ())
    }

    /// Whether others than the program's user may read the file; none where there is none.
    #[must_use]
    pub fn is_private(&self) -> Option<bool> {
        let metadata = self.path().metadata().ok()?;
        Some(metadata.permissions().mode() & 0o077 == 0)
    }

    fn keys(&self) -> Result<Arc<Vec<Key>>, SealError> {
        let known = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| self.read(), Ok)
    }

    /// The keys, read again unless this one is among them: another process may have added it.
    fn keys_with(&self, name: [u8; NAME]) -> Result<Arc<Vec<Key>>, SealError> {
        let keys = self.keys()?;
        if keys.iter().any(|key| key.name == name) { Ok(keys) } else { self.read() }
    }

    fn read(&self) -> Result<Arc<Vec<Key>>, SealError> {
        let text = fs::read_to_string(self.path()).map_err(|error| match error.kind() {
            ErrorKind::NotFound => SealError::NoKey { path: self.path().to_owned() },
            _ => self.bad(&error.to_string()),
        })?;
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|(at, line)| key(line).ok_or_else(|| self.bad(&format!("{}行目", at + 1))));
        let keys = Arc::new(keys.collect::<Result<Vec<_>, _>>()?);
        if keys.is_empty() {
            return Err(self.bad("鍵の行がない"));
        }
        *self.inner.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// What a sealed secret is bound to. The parts can't run into one another: a city's code has six digits.
    fn bound(&self, what: &str) -> Vec<u8> {
        format!("kawasemi/{}/{what}", self.inner.city).into_bytes()
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path().as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    }

    fn bad(&self, detail: &str) -> SealError {
        SealError::BadFile { path: self.path().to_owned(), detail: detail.to_owned() }
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        Self::refused(error.to_string())
    }
}

const HEADING: &str = "# 封緘の鍵。この行をなくすと、確認コードなどの秘密を開けなくなります。データベースとは別の場所に写しを置いてください。\n";

/// The line of a key.
fn line(key: &[u8; KEY]) -> String {
    format!("{} {}\n", hex::encode(name(key)), hex::encode(key))
}

/// Reads the line of a key; none where the name is not that key's, so that a slip of the pen is noticed.
fn key(line: &str) -> Option<Key> {
    let (named, key) = line.split_once(' ')?;
    let key: [u8; KEY] = hex::decode(key.trim()).ok()?.try_into().ok()?;
    let name = name(&key);
    let cipher = Aes256Gcm::new_from_slice(&key).ok()?;
    (hex::encode(name) == named).then_some(Key { name, cipher })
}

/// The name of a key: a piece of its hash, from which nothing of the key follows.
fn name(key: &[u8; KEY]) -> [u8; NAME] {
    let digest = Sha256::new().chain_update("kawasemi seal key").chain_update(key).finalize();
    let mut name = [0; NAME];
    name.copy_from_slice(&digest[..NAME]);
    name
}

/// Name of the key, nonce and the rest.
fn parts(sealed: &[u8]) -> Option<([u8; NAME], [u8; NONCE], &[u8])> {
    let (header, rest) = sealed.split_at_checked(HEADER)?;
    let (format, header) = header.split_first()?;
    let (name, nonce) = header.split_at_checked(NAME)?;
    (*format == FORMAT).then_some((name.try_into().ok()?, nonce.try_into().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: &str = "webhook/1";

    fn sealer(folder: &Path) -> Sealer {
        let sealer = Sealer::new("142182", folder.join("new/seal.keys"));
        sealer.ensure_key([7; KEY]).unwrap();
        sealer
    }

    #[test]
    fn a_secret_opens_for_its_purpose_only() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = sealer(folder.path());
        let sealed = sealer.seal(WHAT, b"secret", [1; NONCE]).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(sealer.open(WHAT, &sealed).unwrap(), b"secret");
        assert!(matches!(sealer.open("webhook/2", &sealed), Err(SealError::Broken)));
        let elsewhere = Sealer::new("131016", sealer.path());
        assert!(matches!(elsewhere.open(WHAT, &sealed), Err(SealError::Broken)));
    }

    #[test]
    fn what_was_altered_or_never_sealed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = sealer(folder.path());
        let sealed = sealer.seal(WHAT, b"secret", [1; NONCE]).unwrap();
        for at in [0, HEADER - 1, HEADER, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(matches!(sealer.open(WHAT, &altered), Err(SealError::Broken)), "byte {at}");
        }
        for never in [&b""[..], b"12345678901234567890", &sealed[..HEADER]] {
            assert!(matches!(sealer.open(WHAT, never), Err(SealError::Broken)));
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = sealer(folder.path());
        let served = Sealer::new("142182", sealer.path());
        let before = served.seal(WHAT, b"secret", [1; NONCE]).unwrap();
        sealer.add_key([8; KEY]).unwrap();
        let after = sealer.seal(WHAT, b"secret", [2; NONCE]).unwrap();
        assert!(!sealer.is_current(&before).unwrap() && sealer.is_current(&after).unwrap());
        assert_eq!(sealer.open(WHAT, &before).unwrap(), b"secret");
        assert_eq!(served.open(WHAT, &after).unwrap(), b"secret", "a running server reads the file again");
    }

    #[test]
    fn the_file_is_private_and_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = sealer(folder.path());
        let text = fs::read_to_string(sealer.path()).unwrap();
        sealer.ensure_key([9; KEY]).unwrap();
        assert_eq!(fs::read_to_string(sealer.path()).unwrap(), text);
        assert_eq!(sealer.is_private(), Some(true));
        fs::set_permissions(sealer.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(sealer.is_private(), Some(false));
    }

    #[test]
    fn a_lost_or_damaged_file_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = sealer(folder.path()).seal(WHAT, b"secret", [1; NONCE]).unwrap();
        let path = folder.path().join("other.keys");
        let other = Sealer::new("142182", &path);
        assert!(matches!(other.open(WHAT, &sealed), Err(SealError::NoKey { .. })));
        fs::write(&path, "# nothing\n").unwrap();
        assert!(matches!(other.open(WHAT, &sealed), Err(SealError::BadFile { .. })));
        fs::write(&path, line(&[9; KEY]).replace("09", "0a")).unwrap();
        assert!(other.open(WHAT, &sealed).unwrap_err().to_string().contains("1行目"));
        fs::write(&path, line(&[9; KEY])).unwrap();
        assert!(matches!(other.open(WHAT, &sealed), Err(SealError::UnknownKey { .. })));
    }
}
