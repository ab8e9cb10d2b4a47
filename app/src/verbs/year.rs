//! `kawasemi year rollover`: a new fiscal year begins.

use std::fmt;

use kawasemi_platform::Turn;
use kawasemi_platform::year::{self, YearReport};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Year;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// For a year that is neither this one nor the next; when a step failed, after all others were done.
pub async fn run(shell: &Shell, wanted: Year) -> anyhow::Result<()> {
    let Year::Rollover { to, dry_run } = wanted;
    let (store, open) = shell.open(Access::Command).await?;
    let work = shell.quiet_work(&open, "年度更新", Vec::new());
    let report = year::rollover(&work, &shell.systems, Turn { to, dry_run }).await;
    store.close().await;
    let report = report?;
    let is_whole = report.is_whole();
    shell.output.answer(&Shown(report))?;
    anyhow::ensure!(is_whole, "終わらなかった処理があります。原因を直して、もう一度実行してください。");
    Ok(())
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(YearReport);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.dry_run {
            writeln!(f, "年度更新で次のことをします（まだ何も変更していません）。")?;
        }
        for step in &self.0.steps {
            writeln!(f, "{}（{}）", step.about, step.system)?;
            step.said.iter().try_for_each(|said| writeln!(f, "  {said}"))?;
            if let Some(failed) = &step.failed {
                writeln!(f, "  終わりませんでした: {failed}")?;
            }
        }
        Ok(())
    }
}
