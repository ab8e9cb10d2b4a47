//! `kawasemi audit`: whether what a city has today is what was done.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_store::audit::{self, Checkpoint, VerifyReport, checkpoint};
use kawasemi_store::{Access, City};
use serde::Serialize;

use crate::cli::Audit;
use crate::progress::Progress;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// When the trail is broken (after all of it was looked at), or can't be read or sealed.
pub async fn run(shell: &Shell, audit: Audit) -> anyhow::Result<()> {
    // Sealing writes; the other two only read, and may be run by somebody who has no right to write.
    let access = if matches!(audit, Audit::Seal) { Access::Command } else { Access::Read };
    let store = shell.store(access).await?;
    let city = store.open_city(&shell.code(&store).await?).await?;
    let outcome = match audit {
        Audit::Verify { checkpoint } => verify(shell, &city, checkpoint.as_deref()).await,
        Audit::Seal => seal(shell, &city).await,
        Audit::Checkpoint => last(shell, &city).await,
    };
    store.close().await;
    outcome
}

async fn verify(shell: &Shell, city: &City, witness: Option<&Path>) -> anyhow::Result<()> {
    let witness = witness.map(read_checkpoint).transpose()?;
    let bar = Progress::begin("確認", shell.output.shows_progress());
    let progress = |done: u64, total: u64| bar.reach(done, Some(total));
    let keeper = shell.keeper_as_it_is(city.code());
    let report = audit::verify_with(city, &keeper, witness.as_ref(), &progress).await?;
    drop(bar);
    let broken = report.broken;
    shell.output.answer(&Verified(report))?;
    if broken > 0 {
        bail!("監査の記録に{broken}件の食い違いがあります。控えと照らし合わせ、いつ・だれが触れたかを調べてください。");
    }
    Ok(())
}

fn read_checkpoint(path: &Path) -> anyhow::Result<Checkpoint> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("検印のファイル {} を読めません。", path.display()))?;
    // A copy of the whole file of checkpoints serves as well: its last line counts.
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str(line).with_context(|| {
        format!("{} は検印ではありません。kawasemi audit checkpoint の出力を渡してください。", path.display())
    })
}

async fn seal(shell: &Shell, city: &City) -> anyhow::Result<()> {
    let sealed = audit::seal(city, &shell.keeper(city.code())?, shell.clock.now()).await?;
    shell.output.answer(&Done { entries: sealed.entries, checkpoints: sealed.checkpoints })
}

async fn last(shell: &Shell, city: &City) -> anyhow::Result<()> {
    let Some(last) = checkpoint::last(city).await? else {
        bail!("検印はまだありません。提供中は自動で付きます。");
    };
    shell.output.answer(&Last(last))
}

#[derive(Serialize)]
#[serde(transparent)]
struct Verified(VerifyReport);

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerifyReport { ok, findings, broken, entries, records, checkpoints, sealed_to, unsealed, erased, .. } =
            &self.0;
        writeln!(
            f,
            "記録 {records} 件の監査の記録 {entries} 個、検印 {checkpoints} 個（通し番号 {sealed_to} まで）を確かめました。"
        )?;
        writeln!(f, "検印がまだのもの {unsealed} 個、規程により内容を廃棄したもの {erased} 個。")?;
        if *ok {
            return writeln!(f, "食い違いはありません。");
        }
        for finding in findings {
            writeln!(f, "× {finding}")?;
        }
        let named = findings.len() as u64;
        if *broken > named { writeln!(f, "ほかに{}件", broken - named) } else { Ok(()) }
    }
}

#[derive(Serialize)]
struct Done {
    entries: u64,
    checkpoints: u64,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} 件に検印を付けました（検印 {} 個）。", self.entries, self.checkpoints)
    }
}

/// A checkpoint, as one line of JSON either way: it is kept, not read.
#[derive(Serialize)]
#[serde(transparent)]
struct Last(Checkpoint);

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}
