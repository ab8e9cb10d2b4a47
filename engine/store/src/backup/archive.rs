//! The archive: writing entries with their hashes, and reading them back checked.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Entry, FORMAT, MANIFEST, Manifest};
use crate::error::{Result, StoreError};

/// A reader or writer that hashes what passes.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn entry(self, path: &str) -> Entry {
        Entry { path: path.to_owned(), size: self.size, sha256: hex::encode(self.hash.finalize()) }
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count(&buffer[..n]);
        Ok(n)
    }
}

/// Writes an archive into a file beside its final name.
pub(super) struct Writer {
    tar: tar::Builder<zstd::Encoder<'static, BufWriter<File>>>,
    entries: Vec<Entry>,
    part: Part,
    target: PathBuf,
}

/// The file before it has its name; goes away unless it gets one.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "an unfinished backup was not removed");
        }
    }
}

impl Writer {
    pub fn create(target: &Path) -> Result<Self> {
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = {
            use std::os::unix::fs::OpenOptionsExt as _;
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?
        };
        let tar = tar::Builder::new(zstd::Encoder::new(BufWriter::new(file), 3)?);
        Ok(Self { tar, entries: Vec::new(), part: Part(part), target: target.to_owned() })
    }

    /// Adds a file of the disk.
    pub fn add_file(&mut self, path: &str, from: &Path) -> Result<u64> {
        let file = File::open(from)?;
        let size = file.metadata()?.len();
        self.add(path, size, BufReader::new(file))?;
        Ok(size)
    }

    fn add(&mut self, path: &str, size: u64, content: impl Read) -> Result<()> {
        let mut reader = Hashing::new(content);
        self.tar.append_data(&mut header(size), path, &mut reader)?;
        self.entries.push(reader.entry(path));
        Ok(())
    }

    /// Adds the manifest and gives the archive its name, once all of it is on the disk.
    pub fn finish(mut self, mut manifest: Manifest) -> Result<u64> {
        manifest.entries = std::mem::take(&mut self.entries);
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(|error| StoreError::Io { detail: error.to_string() })?;
        self.tar.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice())?;
        let mut buffered = self.tar.into_inner()?.finish()?;
        buffered.flush()?;
        let file = buffered.into_inner().map_err(|error| StoreError::from(error.into_error()))?;
        file.sync_all()?;
        let size = file.metadata()?.len();
        std::fs::rename(&self.part.0, &self.target)?;
        Ok(size)
    }
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header
}

/// Reads a whole archive into a folder and checks every byte of it against the manifest.
pub(super) fn extract(archive: &Path, into: &Path, progress: super::Progress<'_>) -> Result<Manifest> {
    walk(archive, Some(into), progress)
}

/// The same without keeping anything of it.
pub(super) fn check(archive: &Path, progress: super::Progress<'_>) -> Result<Manifest> {
    walk(archive, None, progress)
}

fn walk(archive: &Path, into: Option<&Path>, progress: super::Progress<'_>) -> Result<Manifest> {
    let file = File::open(archive).map_err(|error| {
        StoreError::refused(format!("バックアップ {} を開けません（{error}）。", archive.display()))
    })?;
    let broken = |detail: String| {
        StoreError::refused(format!(
            "バックアップ {} は壊れているか、途中で切れています（{detail}）。何も変更していません。別のバックアップを使ってください。",
            archive.display()
        ))
    };
    let decoder = zstd::Decoder::new(BufReader::new(file)).map_err(|error| broken(error.to_string()))?;
    let mut tar = tar::Archive::new(decoder);
    let (mut found, mut manifest) = (Vec::new(), None);
    for entry in tar.entries().map_err(|error| broken(error.to_string()))? {
        let entry = entry.map_err(|error| broken(error.to_string()))?;
        let path = entry.path().map_err(|error| broken(error.to_string()))?.into_owned();
        let name = path.to_string_lossy().into_owned();
        if manifest.is_some() || !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(broken(format!("{name} は置けない場所です")));
        }
        if name == MANIFEST {
            let read: Manifest = serde_json::from_reader(entry).map_err(|error| broken(error.to_string()))?;
            manifest = Some(read);
            continue;
        }
        let mut reader = Hashing::new(entry);
        match into {
            Some(folder) => unpack(&mut reader, &folder.join(&path), &broken)?,
            None => copy(&mut reader, &mut io::sink(), &broken)?,
        }
        progress(&name, reader.size);
        found.push(reader.entry(&name));
    }
    let manifest = manifest.ok_or_else(|| broken("目録がありません".to_owned()))?;
    if manifest.format != FORMAT {
        return Err(StoreError::refused("このバックアップは別の版の形式です。同じ版の kawasemi で復元してください。"));
    }
    if manifest.entries != found {
        return Err(broken("目録と中身が合いません".to_owned()));
    }
    Ok(manifest)
}

/// Writes an entry as a file, durably.
fn unpack(from: &mut impl Read, target: &Path, broken: &dyn Fn(String) -> StoreError) -> Result<()> {
    if let Some(folder) = target.parent() {
        crate::installation::private_folder(folder)?;
    }
    let mut out = BufWriter::new(File::create(target)?);
    copy(from, &mut out, broken)?;
    out.flush()?;
    Ok(out.get_ref().sync_all()?)
}

/// Copies, telling a damaged source from a full disk.
fn copy(from: &mut impl Read, to: &mut impl Write, broken: &dyn Fn(String) -> StoreError) -> Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let n = from.read(&mut buffer).map_err(|error| broken(error.to_string()))?;
        if n == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..n])?;
    }
}
