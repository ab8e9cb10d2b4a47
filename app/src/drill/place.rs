//! Where a drill takes place, and which backup is meant.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use kawasemi_store::Location;

use crate::config::{Config, Place};
use crate::output::UsageError;
use crate::shell::Shell;

/// What a compressed archive begins with.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The address of the database, on PostgreSQL.
pub(super) fn url(shell: &Shell) -> Option<&str> {
    match &shell.config.place {
        Place::Folder(_) => None,
        Place::Database(url) => Some(url),
    }
}

/// Where the operator wants it, if anywhere; refused where it is the living installation or of the wrong kind.
pub(super) fn destination(shell: &Shell, into: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(into) = into else { return Ok(None) };
    let is_address = into.contains("://") || into.contains("dbname=");
    match &shell.config.place {
        Place::Database(_) if !is_address => {
            bail!(UsageError(
                "PostgreSQL の訓練の --into には、空のデータベースのアドレス（postgres://…）を指定してください。"
                    .to_owned()
            ));
        }
        Place::Database(live) if live == into => bail!(live_place()),
        Place::Folder(_) if is_address => {
            bail!(UsageError("--into には、空のフォルダーか、まだないフォルダーを指定してください。".to_owned()));
        }
        Place::Folder(live) => {
            let there = std::path::absolute(into)?;
            let resolve = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            if resolve(&there).starts_with(resolve(&std::path::absolute(live)?)) {
                bail!(live_place());
            }
        }
        Place::Database(_) => {}
    }
    Ok(Some(into.to_owned()))
}

fn live_place() -> UsageError {
    UsageError(
        "--into が、いまの市の場所です。訓練には別の場所を指定するか、--into を省いてください（自分で作って消します）。".to_owned(),
    )
}

/// The backup that is meant: the file, or the newest archive of the folder.
pub(super) fn newest(from: &Path) -> anyhow::Result<PathBuf> {
    if !from.is_dir() {
        anyhow::ensure!(from.is_file(), "控えのファイル {} がありません。", from.display());
        return Ok(from.to_owned());
    }
    let entries = std::fs::read_dir(from).with_context(|| format!("{} を読めません。", from.display()))?;
    let mut newest: Option<(std::time::SystemTime, PathBuf)> = None;
    for entry in entries {
        let entry = entry?;
        let Ok(modified) = entry.metadata().and_then(|found| found.modified()) else { continue };
        let path = entry.path();
        // What is still being written has no name of its own yet.
        if path.extension().is_some_and(|ending| ending == "part") || !is_archive(&path) {
            continue;
        }
        newest = newest.max(Some((modified, path)));
    }
    newest.map(|(_, path)| path).with_context(|| {
        format!("フォルダー {} に控えがありません。kawasemi backup で取ってください。", from.display())
    })
}

fn is_archive(path: &Path) -> bool {
    let mut head = [0; ZSTD.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    path.is_file() && read.is_ok() && head == ZSTD
}

/// Lets the trial look at the keys that seal secrets: a backup has none, and whether they open it is a part of the drill. They
/// stay in their one place.
pub(super) fn lend_key(from: &Shell, there: &Shell, code: &str) -> anyhow::Result<()> {
    let (key, wanted) = (from.sealer_as_it_is(code), there.sealer_as_it_is(code));
    if key.path() == wanted.path() || !key.path().is_file() {
        return Ok(());
    }
    if let Some(folder) = wanted.path().parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::os::unix::fs::symlink(std::path::absolute(key.path())?, wanted.path())?)
}

/// How many bytes may still be written in a folder; none where the system does not say.
pub(super) fn room(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

impl Shell {
    /// The same shell in the place of a trial: its data, files and keys lie there, and it knows no way out.
    pub(super) fn at(&self, location: &Location, folder: PathBuf) -> anyhow::Result<Self> {
        let config = Config {
            folder,
            place: match location {
                Location::Directory(root) => Place::Folder(root.clone()),
                Location::Postgres(url) => Place::Database(url.clone()),
            },
            bucket: None,
            exchange_folder: None,
            webhook_allow: Vec::new(),
            siem: Vec::new(),
            portal: None,
            directories: BTreeMap::new(),
            providers: BTreeMap::new(),
            ..self.config.clone()
        };
        Self::new(config, self.output)
    }
}
