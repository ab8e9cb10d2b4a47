//! `kawasemi import`: a file of rows into a ledger.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_identity::Context;
use kawasemi_ledger::Ledgers;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping, Progress};
use kawasemi_sheets::table::TableOptions;
use kawasemi_store::Access;
use serde::Serialize;
use tempfile::NamedTempFile;

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
    let (import, _spooled) = readable(import)?;
    let (store, open) = shell.open(Access::Command).await?;
    shell.know_ledger(&open.city, &import.ledger)?;
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

/// The same with a file that can be read twice: standard input (`-`) and pipes are put into a file that goes away in the end.
fn readable(import: Import) -> anyhow::Result<(Import, Option<NamedTempFile>)> {
    let shown = import.file.display().to_string();
    let is_stdin = import.file.as_os_str() == "-";
    if !is_stdin {
        let kind =
            std::fs::metadata(&import.file).with_context(|| format!("ファイル {shown} を読めません。"))?.file_type();
        if kind.is_dir() {
            bail!("{shown} はフォルダーです。取り込むファイルを指定してください。");
        }
        if kind.is_file() {
            return Ok((import, None));
        }
    }
    let failed = || format!("{} を読めません。", if is_stdin { "標準入力" } else { &shown });
    let mut spooled = NamedTempFile::with_prefix("kawasemi-import-").with_context(failed)?;
    if is_stdin {
        std::io::copy(&mut std::io::stdin().lock(), &mut spooled).with_context(failed)?;
    } else {
        std::io::copy(&mut std::fs::File::open(&import.file).with_context(failed)?, &mut spooled)
            .with_context(failed)?;
    }
    let title = if is_stdin { "標準入力".to_owned() } else { name(&import.file) };
    Ok((Import { file: spooled.path().to_owned(), title: Some(title), ..import }, Some(spooled)))
}

async fn act(shell: &Shell, ledgers: &Ledgers, import: &Import) -> anyhow::Result<Answer> {
    let context = shell.context(&import.reason);
    let options = options(import);
    let mapping = mapping(ledgers, &context, import, &options).await?;
    let skip_bad = mapping.skip_bad;
    let title = import.title.clone().unwrap_or_else(|| name(&import.file));
    let plan = ImportPlan { path: import.file.clone(), options, mapping, title, photos: None };
    let bar = crate::progress::Progress::begin("取込", shell.output.shows_progress());
    let total = if bar.is_shown() { lines(&import.file) } else { None };
    let shown = |progress: Progress| bar.reach(progress.rows, total);
    let report = if import.dry_run {
        ledgers.import_dry_run(&context, &import.ledger, &plan, &shown).await
    } else {
        ledgers.import(&context, &import.ledger, &plan, &shown).await
    };
    let report = report.with_context(|| format!("{} を取り込めません。", import.file.display()))?;
    let is_refused = report.bad > 0 && !skip_bad;
    Ok(Answer { dry_run: import.dry_run, is_refused, report })
}

/// How the file is read, as far as it was said.
fn options(import: &Import) -> FileOptions {
    let table = TableOptions {
        header_rows: import.header.filter(|(first, last)| first < last).map(|(first, last)| last - first + 1),
        area: import.range,
        keep_ditto: import.keep_ditto,
        keep_totals: import.keep_totals,
        with_hidden: import.with_hidden,
        fill_down: import.fill_down.clone(),
        era: import.era.as_ref().and_then(|era| era.chars().next()),
        ..TableOptions::default()
    };
    let header = import.header.map(|(first, _)| first);
    FileOptions { sheet: import.sheet.clone(), header, table, ..FileOptions::default() }
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
    if mapping.columns.iter().all(String::is_empty) {
        bail!(
            "{} の見出し（{}）は、どれも台帳 {} の項目に当たりません。--map 見出し=項目 で指定してください。",
            import.title.clone().unwrap_or_else(|| import.file.display().to_string()),
            look.headings.join("、"),
            import.ledger
        );
    }
    mapping.merge.clone_from(&import.key);
    mapping.skip_bad = import.skip_bad_rows;
    Ok(mapping)
}

/// How many rows a text file may have, for the time left; none for a workbook, whose rows can't be counted without reading it.
fn lines(file: &Path) -> Option<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(file).ok()?);
    let mut lines = 0_u64;
    loop {
        let part = reader.fill_buf().ok()?;
        if part.is_empty() {
            // The headings are no row.
            return lines.checked_sub(1).filter(|lines| *lines > 0);
        }
        if lines == 0 && part.starts_with(b"PK") {
            return None;
        }
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = part.len();
        reader.consume(length);
    }
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
        if self.report.understood.has_doubts() {
            write!(f, "{}", self.report.understood)?;
        }
        match batch {
            Some(batch) => writeln!(f, "まとまりの番号は {batch}。画面の「取込の履歴」からまとめて取り消せます。"),
            None => Ok(()),
        }
    }
}
