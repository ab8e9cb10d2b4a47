//! `kawasemi staff import`: the personnel section's files into the registers.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_registry::personnel::{self, Counts, PersonnelReport};
use kawasemi_registry::personnel_file::{self, FileMistake};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Staff;
use crate::shell::Shell;

/// Mistakes of a file that are told one by one.
const TOLD: usize = 20;

/// Runs the verb.
///
/// # Errors
/// When a file has mistakes (nothing is changed then), or a record is refused.
pub async fn run(shell: &Shell, staff: Staff) -> anyhow::Result<()> {
    let Staff::Import { departments, staff, dry_run } = staff;
    let departments = departments.map(|file| read(&file, personnel_file::read_departments)).transpose()?;
    let staff = staff.map(|file| read(&file, personnel_file::read_staff)).transpose()?;
    let (store, open) = shell.open(Access::Command).await?;
    let context = shell.context("kawasemi staff import");
    let rows = (departments.unwrap_or_default(), staff.unwrap_or_default());
    let outcome = personnel::import(&open.ledgers, &context, &*shell.ids, rows, dry_run).await;
    if outcome.is_ok() && !dry_run {
        kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    }
    store.close().await;
    shell.output.answer(&Answer { dry_run, report: outcome? })
}

fn read<T>(file: &Path, parse: impl Fn(&str) -> Result<Vec<T>, Vec<FileMistake>>) -> anyhow::Result<Vec<T>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} を読めません。", file.display()))?;
    let text = personnel_file::text(&bytes).with_context(|| {
        format!("{} の文字コードを読み取れません。UTF-8 か Shift_JIS で保存し直してください。", file.display())
    })?;
    parse(&text).or_else(|mistakes| {
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
    report: PersonnelReport,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        let PersonnelReport { departments, posts, staff, assignments } = &self.report;
        for (name, counts) in [("部局", departments), ("職", posts), ("職員", staff), ("配属", assignments)] {
            let Counts { added, updated, unchanged } = counts;
            writeln!(f, "{name}: 追加 {added}、更新 {updated}、変更なし {unchanged}")?;
        }
        Ok(())
    }
}
