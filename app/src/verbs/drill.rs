//! `kawasemi drill`: rehearsing what nobody wants to do for the first time on a bad day (復元訓練).

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::cli::{Drill, DrillRestore};
use crate::drill::report::{self, Report};
use crate::drill::{self, Order};
use crate::shell::Shell;
use crate::verbs::print;

/// Runs the verb.
///
/// # Errors
/// When a drill did not pass, after its report was told and kept; when there is none to be shown.
pub async fn run(shell: &Shell, wanted: Drill) -> anyhow::Result<()> {
    match wanted {
        Drill::Restore(wanted) => restore(shell, wanted).await,
        Drill::List => list(shell),
        Drill::Report { name, out } => on_paper(shell, name.as_deref(), &out).await,
    }
}

async fn restore(shell: &Shell, wanted: DrillRestore) -> anyhow::Result<()> {
    let DrillRestore { from, into, files, keep, out } = wanted;
    let (held, file) = drill::hold(shell, &Order { from, into, files, keep }).await?;
    shell.output.answer(&held)?;
    shell.output.remark(format!("訓練の記録: {}", file.display()));
    if let Some(out) = out {
        write(shell, held.clone(), &out).await?;
    }
    if !held.passed {
        bail!("復元訓練は不合格です。問題が {} 件あります。いまの市は変わっていません。", held.problems.len());
    }
    Ok(())
}

fn list(shell: &Shell) -> anyhow::Result<()> {
    let mut held = report::all(&shell.config.folder)?;
    held.reverse();
    let drills = held.into_iter().map(|(name, report)| Line { name, report }).collect();
    shell.output.answer(&Lines { drills })
}

async fn on_paper(shell: &Shell, name: Option<&str>, out: &Path) -> anyhow::Result<()> {
    let mut held = report::all(&shell.config.folder)?;
    let found = match name {
        None => held.pop(),
        Some(name) => held.into_iter().find(|(known, _)| known == name),
    };
    let (_, found) = found.with_context(|| match name {
        None => "復元訓練の記録がまだありません。kawasemi drill restore --from 控え で始めてください。".to_owned(),
        Some(name) => format!("訓練「{name}」の記録はありません。kawasemi drill list で確かめてください。"),
    })?;
    write(shell, found, out).await?;
    shell.output.answer(&Printed { file: out.to_owned() })
}

async fn write(shell: &Shell, held: Report, out: &Path) -> anyhow::Result<()> {
    let (printer, at) = (shell.printer(), shell.clock.now());
    let pdf = tokio::task::spawn_blocking(move || drill::print(&printer, &held, at)).await??;
    print::write(out, &pdf)?;
    shell.output.remark(format!("{} に訓練の記録を書きました。", out.display()));
    Ok(())
}

/// Where the paper is.
#[derive(Serialize)]
struct Printed {
    file: PathBuf,
}

impl fmt::Display for Printed {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The remark has said it already.
        Ok(())
    }
}

/// The drills that were held.
#[derive(Serialize)]
struct Lines {
    drills: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    #[serde(flatten)]
    report: Report,
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.drills.is_empty() {
            return writeln!(f, "復元訓練はまだしていません。");
        }
        for Line { name, report } in &self.drills {
            let backup = report.backup.as_ref().map(|backup| backup.file.display().to_string()).unwrap_or_default();
            writeln!(
                f,
                "{name}  {}  {}  復旧時間 {}  {backup}",
                report::moment(report.began_at),
                if report.passed { "合格  " } else { "不合格" },
                report::took(report.recovery_seconds),
            )?;
        }
        Ok(())
    }
}
