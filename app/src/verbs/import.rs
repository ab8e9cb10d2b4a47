//! `kawasemi import`: a file of rows into a ledger.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_identity::Context;
use kawasemi_ledger::Ledgers;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping, Progress};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Import;
use crate::output::UsageError;
use crate::shell::Shell;

/// Mistakes that are told one by one; `--json` has them all.
const TOLD: usize = 20;

/// Runs the verb.
///
/// # Errors
/// When the file can't be read, a column goes nowhere, or rows are bad and were not to be left out.
pub async fn run(shell: &Shell, import: Import) -> anyhow::Result<()> {
    if !import.file.is_file() {
        bail!("ファイル {} がありません。", import.file.display());
    }
    let (store, open) = shell.open(Access::Command).await?;
    for broken in open.ledgers.recover_imports(shell.clock.now()).await? {
        shell.output.remark(format!(
            "前の取込「{}」（{}）は途中で止まっていたため、片付けました（消した記録 {}、元に戻した記録 {}）。",
            broken.title, broken.ledger, broken.removed, broken.reverted
        ));
    }
    let outcome = act(shell, &open.ledgers, &import).await;
    if !import.dry_run && matches!(import.ledger.as_str(), "department" | "assignment" | "staff") {
        kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &shell.context("配属の反映")).await?;
    }
    store.close().await;
    let answer = outcome?;
    let is_refused = answer.is_refused;
    let bad = answer.report.bad;
    shell.output.answer(&answer)?;
    if is_refused {
        bail!("{bad}行に誤りがあるため、何も取り込みませんでした。直すか、--skip-bad-rows で除いてください。");
    }
    Ok(())
}

async fn act(shell: &Shell, ledgers: &Ledgers, import: &Import) -> anyhow::Result<Answer> {
    let context = shell.context(&import.reason);
    let options = FileOptions { sheet: import.sheet.clone(), ..FileOptions::default() };
    let mapping = mapping(ledgers, &context, import, &options).await?;
    let skip_bad = mapping.skip_bad;
    let plan = ImportPlan { path: import.file.clone(), options, mapping, title: name(&import.file) };
    let bar = crate::progress::Progress::begin("取込", shell.output.shows_progress());
    let shown = |progress: Progress| bar.reach(progress.rows, None);
    let report = if import.dry_run {
        ledgers.import_dry_run(&context, &import.ledger, &plan, &shown).await
    } else {
        ledgers.import(&context, &import.ledger, &plan, &shown).await
    };
    let report = report.with_context(|| format!("{} を取り込めません。", import.file.display()))?;
    let is_refused = report.bad > 0 && !skip_bad;
    Ok(Answer { dry_run: import.dry_run, is_refused, report })
}

/// Where the columns go: as the headings suggest, with what was said on the command line over it.
async fn mapping(
    ledgers: &Ledgers,
    context: &Context,
    import: &Import,
    options: &FileOptions,
) -> anyhow::Result<Mapping> {
    let look = ledgers.look_at_file(context, &import.ledger, &import.file, options).await;
    let (look, mut mapping) =
        look.with_context(|| format!("{} を台帳 {} に取り込めません。", import.file.display(), import.ledger))?;
    for (heading, field) in &import.map {
        let column = look.headings.iter().position(|known| known == heading).ok_or_else(|| {
            UsageError(format!(
                "「{heading}」という見出しの列はありません。あるのは {} です。",
                look.headings.join("、")
            ))
        })?;
        if mapping.columns.len() <= column {
            mapping.columns.resize(column + 1, String::new());
        }
        mapping.columns[column].clone_from(field);
    }
    mapping.merge.clone_from(&import.key);
    mapping.skip_bad = import.skip_bad_rows;
    Ok(mapping)
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| "取込".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[derive(Debug, Serialize)]
struct Answer {
    dry_run: bool,
    #[serde(skip)]
    is_refused: bool,
    #[serde(flatten)]
    report: ImportReport,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImportReport { rows, created, updated, unchanged, bad, problems, batch, .. } = &self.report;
        if self.dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        writeln!(f, "{rows}行: 追加 {created}、更新 {updated}、変更なし {unchanged}、誤り {bad}")?;
        for problem in problems.iter().take(TOLD) {
            writeln!(f, "  {}行目「{}」{}: {}", problem.line, problem.column, problem.value, problem.reason)?;
        }
        if problems.len() > TOLD {
            writeln!(f, "  ほかに{}件（--json ですべて出ます）", problems.len() - TOLD)?;
        }
        match batch {
            Some(batch) => writeln!(f, "まとまりの番号は {batch}。画面の「取込の履歴」からまとめて取り消せます。"),
            None => Ok(()),
        }
    }
}
