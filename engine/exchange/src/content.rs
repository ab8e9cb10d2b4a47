//! The content of files, kept beside the city's attachments: of runs, so that they can be applied, tried again or looked into
//! later, and of samples from which layouts are made.

use std::path::{Path, PathBuf};

use futures::TryStreamExt as _;
use kawasemi_identity::Context;
use kawasemi_store::{Sql, StoreError, Unit};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::runs::Run;

/// Largest file that is kept, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// Under which name samples are noted, which no layout can have.
const SAMPLE: &str = "@sample";

impl Exchange {
    /// Keeps a sample from which a layout is made, and answers its hash.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`], [`ExchangeError::Io`].
    pub async fn keep_sample(&self, context: &Context, path: &Path) -> Result<String> {
        Self::require_operator(context)?;
        let file = path.to_owned();
        let hashed = tokio::task::spawn_blocking(move || crate::inspect::hash(&file)).await;
        let (sha256, size) = hashed.map_err(|_| StoreError::Closed)?.map_err(ExchangeError::io(path))?;
        self.parts.files.adopt(&sha256, path).await?;
        let at = self.now().as_microsecond();
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let sql = Sql::with(
            "INSERT INTO {exchange_look} (layout, file, size, modified, seen_at) VALUES ($1, $2, $3, $4, $4) \
             ON CONFLICT (layout, file) DO NOTHING",
            [SAMPLE.into(), sha256.as_str().into(), size.into(), at.into()],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(sha256)
    }

    /// A sample that was kept. Nothing else can be had by its hash.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::Forbidden`].
    pub async fn sample(&self, context: &Context, sha256: &str) -> Result<NamedTempFile> {
        Self::require_operator(context)?;
        let known = Sql::with(
            "SELECT size FROM {exchange_look} WHERE layout = $1 AND file = $2",
            [SAMPLE.into(), sha256.into()],
        );
        self.city().read_one(known).await?.ok_or(ExchangeError::NotFound)?;
        self.fetched(sha256, "見本").await
    }

    /// Keeps the content of a file, so that the run can be applied, tried again or looked into later.
    pub(crate) async fn keep_content(&self, run: &Run, path: &Path) -> Result<()> {
        self.parts.files.adopt(&run.sha256, path).await.map_err(|error| match error {
            kawasemi_store::files::FileError::Interrupted => {
                ExchangeError::Refused(format!("ファイル「{}」を読めません。", run.file))
            }
            error => error.into(),
        })
    }

    /// The content of a run's file, on this machine's disk.
    pub(crate) async fn content(&self, run: &Run) -> Result<NamedTempFile> {
        self.fetched(&run.sha256, &run.file).await
    }

    async fn fetched(&self, sha256: &str, name: &str) -> Result<NamedTempFile> {
        let at = PathBuf::from(name);
        let file = NamedTempFile::with_prefix("kawasemi-exchange-").map_err(ExchangeError::io(&at))?;
        let mut out = tokio::fs::File::create(file.path()).await.map_err(ExchangeError::io(&at))?;
        let mut content = std::pin::pin!(self.parts.files.get(sha256).await?);
        let mut size = 0_u64;
        while let Some(part) = content.try_next().await.map_err(kawasemi_store::files::FileError::Storage)? {
            size += part.len() as u64;
            if size > LARGEST {
                return Err(kawasemi_store::files::FileError::TooLarge { limit_mib: LARGEST / 1024 / 1024 }.into());
            }
            out.write_all(&part).await.map_err(ExchangeError::io(&at))?;
        }
        out.flush().await.map_err(ExchangeError::io(&at))?;
        Ok(file)
    }
}
