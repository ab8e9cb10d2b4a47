//! `kawasemi backup` and `kawasemi restore`: an installation as one file.

use std::collections::HashMap;
use std::fmt;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use kawasemi_checkup::backups;
use kawasemi_store::backup::{self, Beside, Restored, Taken};
use kawasemi_store::{Access, Location, Store, audit};
use serde::Serialize;

use crate::cli::{Backup, Restore};
use crate::config::Place;
use crate::progress::Progress;
use crate::shell::Shell;
use crate::verbs::keys;

/// Takes a backup, also while the installation is served.
///
/// # Errors
/// When the file is there already, or something can't be read or written; no file is left then.
pub async fn take(shell: &Shell, backup: Backup) -> anyhow::Result<()> {
    let at = shell.clock.now();
    match write(shell, &backup.file, at).await {
        Ok(bytes) => {
            // Where it can be found from wherever the doctor is run.
            let file = std::path::absolute(&backup.file).unwrap_or(backup.file);
            note(shell, Ok(backups::Backup { at, file, bytes }));
            Ok(())
        }
        Err(error) => {
            note(shell, Err(backups::Failure { at, reason: format!("{error:#}") }));
            Err(error)
        }
    }
}

/// Notes what became of a backup beside the data, for the doctor. A backup is none the worse where that can't be written.
fn note(shell: &Shell, outcome: Result<backups::Backup, backups::Failure>) {
    let folder = &shell.config.folder;
    // Beside PostgreSQL there may be no folder yet. An installation that is not there gets none by a backup that failed.
    if outcome.is_ok() {
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    if folder.is_dir()
        && let Err(error) = backups::note(folder, outcome)
    {
        shell.output.remark(format!(
            "控えの結果を {} に書き留められません（{error}）。点検には、この控えが出ません。",
            folder.display()
        ));
    }
}

/// Writes a backup and answers its size in bytes.
async fn write(shell: &Shell, file: &Path, at: jiff::Timestamp) -> anyhow::Result<u64> {
    if file.exists() {
        bail!("{} はもうあります。別の名前にするか、先に消してください。", file.display());
    }
    let store = shell.store(Access::Read).await?;
    let bar = Progress::of_bytes("控え", shell.output.shows_progress());
    let (parts, total) = (Parts::default(), size(&shell.location()));
    let progress = |part: &str, bytes: u64| bar.reach(parts.reach(part, bytes), total);
    let (files, keeper) = (|code: &str| shell.files(code), |code: &str| shell.keeper_as_it_is(code));
    let beside =
        Beside { files: &files, apart: shell.config.bucket.is_some(), keeper: &keeper, staging: None, across: false };
    let taken = backup::take(&store, &shell.location(), beside, file, at, &progress)
        .await
        .with_context(|| format!("{} に控えを書けません。", file.display()))?;
    drop(bar);
    let keys = keys_of(shell, &store).await?;
    store.close().await;
    let bytes = taken.bytes;
    shell.output.answer(&Done { file: file.to_owned(), taken })?;
    for path in keys {
        shell.output.remark(format!(
            "封緘の鍵 {} は、この控えに入っていません。別の場所に写しを置いてください。",
            path.display()
        ));
    }
    Ok(bytes)
}

/// Restores a backup after checking all of it.
///
/// # Errors
/// When the file is damaged, the installation is served, or a city would be replaced without `--replace`.
pub async fn restore(shell: &Shell, Restore { file, replace, training_mismatch }: Restore) -> anyhow::Result<()> {
    if !file.is_file() {
        bail!("控えのファイル {} がありません。", file.display());
    }
    if !replace && has_cities(shell).await? {
        bail!(
            "ここにはもう市があります。置き換えてよければ --replace を付けてください（いまのデータは別名で残ります）。"
        );
    }
    let bar = Progress::of_bytes("復元", shell.output.shows_progress());
    let parts = Parts::default();
    let progress = |part: &str, bytes: u64| bar.reach(parts.reach(part, bytes), None);
    let (files, keeper) = (|code: &str| shell.files(code), |code: &str| shell.keeper_as_it_is(code));
    let beside = Beside {
        files: &files,
        apart: shell.config.bucket.is_some(),
        keeper: &keeper,
        staging: None,
        across: training_mismatch,
    };
    let restored =
        backup::restore(&shell.location(), &shell.engines_of_store(), beside, &file, shell.clock.now(), &progress)
            .await
            .with_context(|| format!("{} から戻せません。いまのデータは変わっていません。", file.display()))?;
    drop(bar);
    set_checkpoints_back(shell, &restored).await?;
    let problems = without_keys(shell, &restored).await?;
    shell.output.answer(&Back { restored })?;
    for problem in problems {
        shell.output.remark(problem);
    }
    shell.output.remark("続けて kawasemi audit verify で確かめてください。");
    Ok(())
}

/// How many bytes of which part are done.
#[derive(Default)]
struct Parts(Mutex<HashMap<String, u64>>);

impl Parts {
    /// Notes how far a part is, and answers how far all of them are together.
    fn reach(&self, part: &str, bytes: u64) -> u64 {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(part.to_owned(), bytes);
        parts.values().sum()
    }
}

/// About how much there is to copy: the databases and files of a data folder; PostgreSQL does not say beforehand.
fn size(location: &Location) -> Option<u64> {
    fn of(folder: &Path) -> u64 {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        let size = |entry: std::fs::DirEntry| match entry.metadata() {
            Ok(found) if found.is_dir() => of(&entry.path()),
            // A log of the database goes into its copy.
            Ok(found) if !entry.file_name().to_string_lossy().ends_with("-wal") => found.len(),
            _ => 0,
        };
        entries.flatten().map(size).sum()
    }
    match location {
        Location::Directory(root) => Some(of(&root.join("cities"))),
        Location::Postgres(_) => None,
    }
}

/// Lets the copies of the audit trail's checkpoints say what the restored database says; those in a data folder were set
/// back with it.
///
/// # Errors
/// When a restored city can't be read, or its folder not be written.
pub async fn set_checkpoints_back(shell: &Shell, restored: &Restored) -> anyhow::Result<()> {
    if matches!(shell.config.place, Place::Folder(_)) {
        return Ok(());
    }
    let store = shell.make_store(Access::Read).await?;
    for code in &restored.cities {
        let city = store.open_city(code).await?;
        audit::rebase(&city, &shell.keeper_as_it_is(code), shell.clock.now()).await?;
    }
    store.close().await;
    Ok(())
}

/// The files of keys that the cities have; several may share one.
async fn keys_of(shell: &Shell, store: &Store) -> anyhow::Result<Vec<PathBuf>> {
    let cities = store.cities().await?;
    let mut paths: Vec<PathBuf> = cities
        .iter()
        .map(|city| shell.sealer_as_it_is(&city.code).path().to_owned())
        .filter(|path| path.exists())
        .collect();
    paths.dedup();
    Ok(paths)
}

/// What to do for each restored city whose sealed secrets the keys of this machine do not open.
async fn without_keys(shell: &Shell, restored: &Restored) -> anyhow::Result<Vec<String>> {
    let store = shell.make_store(Access::Read).await?;
    let mut problems = Vec::new();
    for code in &restored.cities {
        // What is sealed in a city of an earlier version is looked at when it has been brought up to date.
        if !store.pending(code).await?.is_empty() {
            continue;
        }
        let open = shell.engines(store.open_city(code).await?)?;
        problems.extend(keys::State::of(shell, &open).await?.problem.map(|problem| format!("{code}: {problem}")));
    }
    store.close().await;
    Ok(problems)
}

async fn has_cities(shell: &Shell) -> anyhow::Result<bool> {
    if let Place::Folder(folder) = &shell.config.place
        && !folder.is_dir()
    {
        return Ok(false);
    }
    let store = shell.make_store(Access::Read).await?;
    let cities = store.cities().await?;
    store.close().await;
    Ok(!cities.is_empty())
}

#[derive(Debug, Serialize)]
struct Done {
    file: PathBuf,
    #[serde(flatten)]
    taken: Taken,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Taken { cities, files, bytes } = &self.taken;
        writeln!(f, "{} に控えを書きました（市 {cities}、添付 {files} 件、{bytes} バイト）。", self.file.display())
    }
}

#[derive(Debug, Serialize)]
struct Back {
    #[serde(flatten)]
    restored: Restored,
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = jiff::Timestamp::from_microsecond(self.restored.taken_at).unwrap_or_default();
        let taken = kawasemi_kernel::context::civil_date_time(taken).strftime("%Y-%m-%d %H:%M").to_string();
        writeln!(f, "{taken} の控えから戻しました: {}", self.restored.cities.join("、"))?;
        self.restored.kept.iter().try_for_each(|kept| writeln!(f, "以前のデータは {} にあります。", kept.display()))
    }
}
