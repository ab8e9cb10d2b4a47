//! `kawasemi names import`: the city's table of external characters (外字) into its register.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_registry::external::{self, ExternalReport};
use kawasemi_registry::external_file::{self, ExternalRow};
use kawasemi_registry::personnel_file;
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Names;
use crate::shell::Shell;

/// Mistakes of a file that are told one by one.
const TOLD: usize = 20;

/// Runs the verb.
///
/// # Errors
/// When the file has mistakes (nothing is changed then), or a record is refused.
pub async fn run(shell: &Shell, names: Names) -> anyhow::Result<()> {
    let Names::Import { file, dry_run } = names;
    let rows = read(&file)?;
    let (store, open) = shell.open(Access::Command).await?;
    let context = shell.context("kawasemi names import");
    let outcome = external::import(&open.ledgers, &context, &rows, dry_run).await;
    store.close().await;
    shell.output.answer(&Answer { dry_run, report: outcome? })
}

fn read(file: &Path) -> anyhow::Result<Vec<ExternalRow>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} を読めません。", file.display()))?;
    let text = personnel_file::text(&bytes).with_context(|| {
        format!("{} の文字コードを読み取れません。UTF-8 か Shift_JIS で保存し直してください。", file.display())
    })?;
    external_file::read(&text).or_else(|mistakes| {
        let told: Vec<String> = mistakes.iter().take(TOLD).map(|mistake| format!("  {mistake}")).collect();
        let more = mistakes.len().saturating_sub(TOLD);
        let rest = if more > 0 { format!("\n  ほかに{more}件") } else { String::new() };
        bail!("{} に誤りがあります。何も変更していません。\n{}{rest}", file.display(), told.join("\n"))
    })
}

#[derive(Debug, Serialize)]
struct Answer {
    dry_run: bool,
    #[serde(flatten)]
    report: ExternalReport,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        let counts = self.report.counts;
        writeln!(f, "外字: 追加 {}、更新 {}、変更なし {}", counts.added, counts.updated, counts.unchanged)?;
        if self.report.without_standard > 0 {
            writeln!(
                f,
                "標準の文字のない外字が{}件あります。この文字を含む記録は、正式な印刷ができません。",
                self.report.without_standard
            )?;
        }
        Ok(())
    }
}
