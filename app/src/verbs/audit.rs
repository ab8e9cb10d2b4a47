//! `kawasemi audit`: whether what a city has today is what was done.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use kawasemi_kernel::context::start_of;
use kawasemi_oversight::seals::LogReport;
use kawasemi_oversight::siem::{self, Format, Source};
use kawasemi_store::audit::{self, Checkpoint, VerifyReport, checkpoint};
use kawasemi_store::{Access, City, Sql};
use serde::Serialize;

use crate::cli::Audit;
use crate::progress::Progress;
use crate::shell::Shell;

/// Lines that are read at once.
const PAGE: i64 = 1_000;

/// Runs the verb.
///
/// # Errors
/// When the trail is broken (after all of it was looked at), or can't be read or sealed.
pub async fn run(shell: &Shell, audit: Audit) -> anyhow::Result<()> {
    // Sealing writes; the others only read, and may be run by somebody who has no right to write.
    let access = if matches!(audit, Audit::Seal) { Access::Command } else { Access::Read };
    let store = shell.store(access).await?;
    let city = store.open_city(&shell.code(&store).await?).await?;
    let outcome = match audit {
        Audit::Verify { checkpoint } => verify(shell, &city, checkpoint.as_deref()).await,
        Audit::Seal => seal(shell, &city).await,
        Audit::Checkpoint => last(shell, &city).await,
        Audit::Export { from, to, format, log } => export(shell, &city, (from, to), &format, log.as_deref()).await,
    };
    store.close().await;
    outcome
}

async fn verify(shell: &Shell, city: &City, witness: Option<&Path>) -> anyhow::Result<()> {
    let witness = witness.map(read_checkpoint).transpose()?;
    let bar = Progress::begin("確認", shell.output.shows_progress());
    let progress = |done: u64, total: u64| bar.reach(done, Some(total));
    let keeper = shell.keeper_as_it_is(city.code());
    let trail = audit::verify_with(city, &keeper, witness.as_ref(), &progress).await?;
    drop(bar);
    // A city that was made before the logs were sealed has no seals until a server has opened it.
    let has_seals = Sql::with("SELECT 1 FROM {format} WHERE engine = 'oversight'", []);
    let logs = match city.read_one(has_seals).await? {
        Some(_) => shell.engines(city.clone())?.oversight.verify_logs().await?,
        None => LogReport::default(),
    };
    let broken = trail.broken + logs.broken;
    let ok = broken == 0;
    shell.output.answer(&Verified { trail: VerifyReport { ok, ..trail }, logs })?;
    if !ok {
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
    shell.engines(city.clone())?.oversight.tend(shell.clock.now()).await?;
    shell.output.answer(&Done { entries: sealed.entries, checkpoints: sealed.checkpoints })
}

async fn last(shell: &Shell, city: &City) -> anyhow::Result<()> {
    let Some(last) = checkpoint::last(city).await? else {
        bail!("検印はまだありません。提供中は自動で付きます。");
    };
    shell.output.answer(&Last(last))
}

/// Writes sealed lines to standard output, in the order of their places.
async fn export(
    shell: &Shell,
    city: &City,
    (from, to): (Option<Date>, Option<Date>),
    format: &str,
    log: Option<&str>,
) -> anyhow::Result<()> {
    let oversight = shell.engines(city.clone())?.oversight;
    let format = Format::from_key(format).unwrap_or(Format::JsonLines);
    let from = from.map_or(jiff::Timestamp::MIN, start_of);
    let until = to.and_then(|to| to.tomorrow().ok()).map_or(jiff::Timestamp::MAX, start_of);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for source in Source::ALL.into_iter().filter(|source| log.is_none_or(|log| log == source.key())) {
        let mut after = 0;
        loop {
            let lines = oversight.lines(source, after, Some((from, until)), PAGE).await?;
            let Some(last) = lines.last() else { break };
            after = last.seq;
            for line in &lines {
                out.write_all(siem::written(line, city.code(), format).as_bytes())?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    trail: VerifyReport,
    /// The logs of looks and sign-ins.
    logs: LogReport,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerifyReport { ok, findings, broken, entries, records, checkpoints, sealed_to, unsealed, erased, .. } =
            &self.trail;
        writeln!(
            f,
            "記録 {records} 件の監査の記録 {entries} 個、検印 {checkpoints} 個（通し番号 {sealed_to} まで）を確かめました。"
        )?;
        writeln!(f, "検印がまだのもの {unsealed} 個、規程により内容を廃棄したもの {erased} 個。")?;
        let LogReport { entries, seals, unsealed, purged, findings: log_findings, .. } = &self.logs;
        writeln!(
            f,
            "閲覧・認証の記録 {entries} 件（検印 {seals} 個、検印がまだ {unsealed} 件、保存期間が満了 {purged} 件）を確かめました。"
        )?;
        if *ok {
            return writeln!(f, "食い違いはありません。");
        }
        for finding in findings {
            writeln!(f, "× {finding}")?;
        }
        for finding in log_findings {
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
