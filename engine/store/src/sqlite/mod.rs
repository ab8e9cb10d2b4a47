//! The embedded store: one SQLite file for each city.
//!
//! WAL with `synchronous=FULL`: one [`writer`] thread commits the waiting units together, a few [`readers`] answer
//! queries from their own snapshot meanwhile and are never blocked by the writer. [`connection`] says how a file is
//! opened, [`values`] how cells and parameters are passed, [`failure`] what its errors mean to us.

mod connection;
mod failure;
mod readers;
mod values;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::unit::{Receipt, Unit};

use readers::Readers;
use writer::Writer;

/// How a city's file is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// How many queries may run at once.
    pub readers: usize,
    /// Whether units are accepted.
    pub writable: bool,
    /// Whether busy connections look at the file through a mapping: for a process that goes on for long.
    pub mapped: bool,
    /// How long a query may run.
    pub read_timeout: Duration,
}

/// One city's open file.
pub(crate) struct Database {
    path: PathBuf,
    readers: Readers,
    writer: Option<Writer>,
    settings: Settings,
}

impl Database {
    /// Opens the file, creating it when it is opened for writing.
    pub async fn open(path: &Path, settings: Settings) -> Result<Self> {
        let readers = Readers::new(path.to_owned(), settings.readers, settings.mapped);
        let writer = match settings.writable {
            true => Some(Writer::start(path).await?),
            false => None,
        };
        Ok(Self { path: path.to_owned(), readers, writer, settings })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub async fn read(&self, sql: Sql, timeout: Option<Duration>) -> Result<Vec<Row>> {
        self.readers.read(sql, timeout.unwrap_or(self.settings.read_timeout)).await
    }

    pub fn stream(&self, sql: Sql, batch: usize) -> mpsc::Receiver<Result<Vec<Row>>> {
        self.readers.stream(sql, batch)
    }

    pub async fn write(&self, unit: Unit) -> Result<Receipt> {
        self.writer()?.write(unit).await
    }

    /// Runs a statement outside any transaction (`VACUUM`, `ANALYZE`, a checkpoint).
    pub async fn maintain(&self, sql: Sql) -> Result<()> {
        self.writer()?.maintain(sql).await
    }

    /// Waits for the units that were accepted, then closes the file.
    pub async fn close(&self) {
        // First the readers, so that the writer's connection is the last and leaves no log behind.
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    fn writer(&self) -> Result<&Writer> {
        self.writer.as_ref().ok_or_else(|| {
            crate::StoreError::refused(
                "読み取り専用で開いているため、変更できません。サーバーの画面から操作してください。",
            )
        })
    }
}
