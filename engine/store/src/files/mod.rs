//! Files: content by its hash, in a folder or in S3-compatible storage.
//!
//! A file's content is stored once under the SHA-256 of its bytes and never changed; a record keeps a
//! [`FileRef`](kawasemi_kernel::FileRef) with name, type, size and hash. Content is written while it arrives, within a
//! limit, and appears under its hash only when it is complete and was found to be of an allowed type, so that a broken
//! upload leaves nothing.

mod bucket;
mod kind;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use self::bucket::{Bucket, BucketConfig, LARGEST};
pub use self::kind::{Kind, KindError, recognise};

/// Bytes by which the type of a file is recognised.
const HEAD: usize = 8 * 1024;
/// Size of the parts in which content is sent on.
const PART: usize = 5 * 1024 * 1024;
/// Where content lies while it arrives.
const INCOMING: &str = "incoming";

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is larger than allowed.
    #[error("ファイルが大きすぎます（{limit_mib}MBまで）。分けるか、小さくしてから送ってください。")]
    TooLarge {
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// It has no content.
    #[error("ファイルの中身が空です。元のファイルを確かめてください。")]
    Empty,
    /// Its type is not allowed, or is not what its name says.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The sender stopped in the middle.
    #[error("ファイルの送信が途中で切れました。もう一度送ってください。")]
    Interrupted,
    /// There is no such content.
    #[error("ファイルの中身が見つかりません。システム担当に連絡してください。")]
    Missing,
    /// The storage is full.
    #[error("ディスクの空きがないため、ファイルを保存できません。管理者に空き容量の確保を依頼してください。")]
    DiskFull,
    /// The storage failed.
    #[error("ファイルを保存できませんでした。少し待ってからもう一度送ってください。")]
    Storage(#[source] object_store::Error),
}

impl FileError {
    fn storage(error: object_store::Error) -> Self {
        match is_full(&error) {
            true => Self::DiskFull,
            false => Self::Storage(error),
        }
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    let is_this = io.is_some_and(|io| matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded));
    is_this || error.source().is_some_and(is_full)
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the content in lower-case hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// The recognised type.
    pub kind: Kind,
}

/// The files of one city. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
    /// Where the store is a folder of this machine, that folder.
    folder: Option<PathBuf>,
}

impl Files {
    /// Files under a prefix of an object store.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: ObjectPath::from(prefix), folder: None }
    }

    /// Files in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn in_folder(folder: &Path) -> crate::error::Result<Self> {
        crate::installation::private_folder(folder)?;
        let local = object_store::local::LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| crate::error::StoreError::Io { detail: error.to_string() })?
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(local), prefix: ObjectPath::default(), folder: Some(folder.to_owned()) })
    }

    /// Stores content while it arrives. `name` is the name under which it was uploaded, `upload` a fresh id.
    ///
    /// # Errors
    /// [`FileError`]; nothing is kept then.
    pub async fn put<E>(
        &self,
        upload: Uuid,
        name: &str,
        limit: u64,
        content: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Stored, FileError> {
        let staged = self.prefix.clone().join(INCOMING).join(upload.simple().to_string());
        let outcome = self.receive(&staged, name, limit, content).await;
        match outcome {
            Ok(stored) => {
                let target = self.path(&stored.sha256);
                let known = self.store.head(&target).await.is_ok();
                let moved =
                    if known { self.store.delete(&staged).await } else { self.store.rename(&staged, &target).await };
                moved.map_err(FileError::storage)?;
                Ok(stored)
            }
            Err(error) => {
                // Nothing refers to what was staged; a failure to remove it costs space until the next sweep.
                if let Err(left) = self.store.delete(&staged).await
                    && !matches!(left, object_store::Error::NotFound { .. })
                {
                    tracing::warn!(error = %left, "an unfinished upload was not removed");
                }
                Err(error)
            }
        }
    }

    /// The content under a hash, as it is read.
    ///
    /// # Errors
    /// [`FileError::Missing`], [`FileError::Storage`].
    pub async fn get(
        &self,
        sha256: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, object_store::Error>> + Send + 'static, FileError> {
        match self.store.get(&self.path(sha256)).await {
            Ok(found) => Ok(found.into_stream()),
            Err(object_store::Error::NotFound { .. }) => Err(FileError::Missing),
            Err(error) => Err(FileError::Storage(error)),
        }
    }

    /// Takes content whose hash is known from a local file, as a restore does.
    ///
    /// # Errors
    /// [`FileError::Storage`], [`FileError::Interrupted`] when the file can't be read.
    pub async fn adopt(&self, sha256: &str, from: &Path) -> Result<(), FileError> {
        let target = self.path(sha256);
        if self.store.head(&target).await.is_ok() {
            return Ok(());
        }
        let upload = self.store.put_multipart(&target).await.map_err(FileError::storage)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
        let file = tokio::fs::File::open(from).await.map_err(|_| FileError::Interrupted)?;
        let mut content = tokio_util::io::ReaderStream::new(file);
        while let Some(chunk) = content.next().await {
            writer.wait_for_capacity(2).await.map_err(FileError::storage)?;
            writer.put(chunk.map_err(|_| FileError::Interrupted)?);
        }
        writer.finish().await.map(|_| ()).map_err(FileError::storage)
    }

    /// Removes what was arriving when a process was killed and has not been touched since a moment. Answers how many pieces
    /// that were. Of a bucket the service itself removes the parts of uploads that never ended, where its owner has said so
    /// (`AbortIncompleteMultipartUpload`).
    ///
    /// # Errors
    /// [`FileError::Storage`], when the storage does not say or does not remove what it has.
    pub async fn sweep(&self, untouched_since: Timestamp) -> Result<u64, FileError> {
        if let Some(folder) = &self.folder {
            let (folder, before) = (folder.join(INCOMING), SystemTime::from(untouched_since));
            let swept = tokio::task::spawn_blocking(move || sweep_folder(&folder, before)).await;
            let swept = swept.map_err(std::io::Error::other).flatten();
            return swept.map_err(|source| {
                FileError::storage(object_store::Error::Generic { store: "folder", source: source.into() })
            });
        }
        let mut swept = 0;
        let mut left = self.store.list(Some(&self.prefix.clone().join(INCOMING)));
        while let Some(meta) = left.try_next().await.map_err(FileError::storage)? {
            if meta.last_modified.timestamp_micros() < untouched_since.as_microsecond() {
                self.store.delete(&meta.location).await.map_err(FileError::storage)?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Removes the content under a hash, which no record names any more. What is not there is no error.
    ///
    /// # Errors
    /// [`FileError::Storage`].
    pub async fn erase(&self, sha256: &str) -> Result<(), FileError> {
        match self.store.delete(&self.path(sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(FileError::storage(error)),
        }
    }

    /// Whether the storage answers: `Ok` when it does, whatever it holds.
    ///
    /// # Errors
    /// [`FileError::Storage`] with what it said.
    pub async fn reach(&self) -> Result<(), FileError> {
        let listed = self.store.list(Some(&self.prefix.clone().join("content"))).try_next().await;
        listed.map(|_| ()).map_err(FileError::storage)
    }

    /// The hashes and sizes of all content, for backups.
    pub fn list(&self) -> impl Stream<Item = Result<(String, u64), object_store::Error>> + Send + 'static {
        let listed = self.store.list(Some(&self.prefix.clone().join("content")));
        listed.map_ok(|meta| (meta.location.filename().unwrap_or_default().to_owned(), meta.size))
    }

    fn path(&self, sha256: &str) -> ObjectPath {
        let safe: String = sha256.chars().filter(char::is_ascii_hexdigit).take(64).collect();
        let shelf = safe.get(..2).unwrap_or("00").to_owned();
        self.prefix.clone().join("content").join(shelf).join(safe)
    }

    async fn receive<E>(
        &self,
        staged: &ObjectPath,
        name: &str,
        limit: u64,
        content: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Stored, FileError> {
        let upload = self.store.put_multipart(staged).await.map_err(FileError::storage)?;
        let mut arriving = Arriving(Some(WriteMultipart::new_with_chunk_size(upload, PART)));
        match receive_into(arriving.writer(), name, limit, content).await {
            Ok(stored) => {
                arriving.finish().await.map_err(FileError::storage)?;
                Ok(stored)
            }
            Err(error) => {
                arriving.abort().await;
                Err(error)
            }
        }
    }
}

/// An upload on its way to the storage. Where its sender goes away and it is dropped, the storage is told to forget it.
struct Arriving(Option<WriteMultipart>);

impl Arriving {
    fn writer(&mut self) -> &mut WriteMultipart {
        self.0.as_mut().expect("only its end takes the writer")
    }

    async fn finish(mut self) -> object_store::Result<()> {
        let writer = self.0.take().expect("only its end takes the writer");
        writer.finish().await.map(|_| ())
    }

    async fn abort(mut self) {
        if let Some(writer) = self.0.take() {
            forget(writer).await;
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(writer), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(forget(writer));
        }
    }
}

/// Nobody waits for this, so that a failure is only worth a line in the log.
async fn forget(writer: WriteMultipart) {
    if let Err(left) = writer.abort().await {
        tracing::warn!(error = %left, "an unfinished upload was not aborted");
    }
}

/// Removes the files of a folder that were last written before a moment. The object store itself does not tell of the pieces of
/// unfinished uploads.
fn sweep_folder(folder: &Path, before: SystemTime) -> std::io::Result<u64> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut swept = 0;
    for entry in entries {
        let entry = entry?;
        // An upload that ends at this moment takes its file away.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() && metadata.modified()? < before {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => swept += 1,
            }
        }
    }
    Ok(swept)
}

/// Sends content on while measuring and hashing it. The type is recognised from the first bytes, before the rest comes.
async fn receive_into<E>(
    writer: &mut WriteMultipart,
    name: &str,
    limit: u64,
    content: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<Stored, FileError> {
    let (mut hash, mut size, mut head) = (Sha256::new(), 0_u64, Vec::with_capacity(HEAD));
    let mut kind = None;
    let mut content = std::pin::pin!(content);
    while let Some(chunk) = content.next().await {
        let chunk = chunk.map_err(|_| FileError::Interrupted)?;
        size += chunk.len() as u64;
        if size > limit {
            return Err(FileError::TooLarge { limit_mib: limit / (1024 * 1024) });
        }
        hash.update(&chunk);
        if kind.is_none() {
            head.extend_from_slice(&chunk[..chunk.len().min(HEAD - head.len().min(HEAD))]);
            if head.len() >= HEAD {
                kind = Some(recognise(name, &head)?);
            }
        }
        writer.wait_for_capacity(2).await.map_err(FileError::storage)?;
        writer.put(chunk);
    }
    if size == 0 {
        return Err(FileError::Empty);
    }
    let kind = match kind {
        Some(kind) => kind,
        None => recognise(name, &head)?,
    };
    Ok(Stored { sha256: hex::encode(hash.finalize()), size, kind })
}
