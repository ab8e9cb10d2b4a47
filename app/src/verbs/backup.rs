//! `kawasemi backup` and `kawasemi restore`: an installation as one file.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kawasemi_store::backup::{self, Beside, Restored, Taken};
use kawasemi_store::{Access, audit};
use serde::Serialize;

use crate::cli::{Backup, Restore};
use crate::config::Place;
use crate::progress::Progress;
use crate::shell::Shell;

/// Takes a backup, also while the installation is served.
///
/// # Errors
/// When the file is there already, or something can't be read or written; no file is left then.
pub async fn take(shell: &Shell, Backup { file }: Backup) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} はもうあります。別の名前にするか、先に消してください。", file.display());
    }
    let store = shell.store(Access::Read).await?;
    let bar = Progress::begin("控え", shell.output.shows_progress());
    let progress = |_: &str, bytes: u64| bar.reach(bytes, None);
    let (files, keeper) = (|code: &str| shell.files(code), |code: &str| shell.keeper_as_it_is(code));
    let beside = Beside { files: &files, keeper: &keeper };
    let taken = backup::take(&store, &shell.location(), beside, &file, shell.clock.now(), &progress)
        .await
        .with_context(|| format!("{} に控えを書けません。", file.display()))?;
    drop(bar);
    store.close().await;
    shell.output.answer(&Done { file, taken })
}

/// Restores a backup after checking all of it.
///
/// # Errors
/// When the file is damaged, the installation is served, or a city would be replaced without `--replace`.
pub async fn restore(shell: &Shell, Restore { file, replace }: Restore) -> anyhow::Result<()> {
    if !file.is_file() {
        bail!("控えのファイル {} がありません。", file.display());
    }
    if !replace && has_cities(shell).await? {
        bail!(
            "ここにはもう市があります。置き換えてよければ --replace を付けてください（いまのデータは別名で残ります）。"
        );
    }
    let bar = Progress::begin("復元", shell.output.shows_progress());
    let progress = |_: &str, bytes: u64| bar.reach(bytes, None);
    let (files, keeper) = (|code: &str| shell.files(code), |code: &str| shell.keeper_as_it_is(code));
    let beside = Beside { files: &files, keeper: &keeper };
    let restored =
        backup::restore(&shell.location(), &shell.engines_of_store(), beside, &file, shell.clock.now(), &progress)
            .await
            .with_context(|| format!("{} から戻せません。いまのデータは変わっていません。", file.display()))?;
    drop(bar);
    set_checkpoints_back(shell, &restored).await?;
    shell.output.answer(&Back { restored })?;
    shell.output.remark("続けて kawasemi audit verify で確かめてください。");
    Ok(())
}

/// Lets the copies of the audit trail's checkpoints say what the restored database says; those in a data folder were set
/// back with it.
async fn set_checkpoints_back(shell: &Shell, restored: &Restored) -> anyhow::Result<()> {
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
