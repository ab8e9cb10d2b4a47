//! `kawasemi import`: a file of rows into a ledger.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use kawasemi_identity::Context;
use kawasemi_ledger::Ledgers;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping, PhotoPlan, Progress, SavedForm};
use kawasemi_schema::FieldKind;
use kawasemi_sheets::form::FormMapping;
use kawasemi_sheets::table::TableOptions;
use kawasemi_store::Access;
use kawasemi_store::files::Files;
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
    if let Some(name) = &import.save_form {
        let saved = save_form(shell, &open.ledgers, &import, name).await;
        store.close().await;
        return shell.output.answer(&saved?);
    }
    let files = shell.files(open.city.code())?;
    let outcome = act(shell, &open.ledgers, files, &import).await;
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
        if kind.is_dir() && import.form.is_some() {
            return Ok((import, None));
        }
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

async fn act(shell: &Shell, ledgers: &Ledgers, files: Files, import: &Import) -> anyhow::Result<Answer> {
    let context = shell.context(&import.reason);
    let mut options = options(import);
    options.form = form(ledgers, &context, import).await?;
    let photos = photos(ledgers, &context, files, import)?;
    let mapping = mapping(ledgers, &context, import, &options).await?;
    let skip_bad = mapping.skip_bad;
    let title = import.title.clone().unwrap_or_else(|| name(&import.file));
    let plan = ImportPlan { path: import.file.clone(), options, mapping, title, photos, is_invented: import.invented };
    let bar = crate::progress::Progress::begin("取込", shell.output.shows_progress());
    let total = if bar.is_shown() && import.file.is_file() { lines(&import.file) } else { None };
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
    FileOptions {
        sheet: import.sheet.clone().or_else(|| import.table.clone()).or_else(|| import.layer.clone()),
        crs: import.crs.clone(),
        encoding: import.encoding.map(|encoding| match encoding {
            crate::cli::Encoding::Utf8 => kawasemi_ledger::import::Encoding::Utf8,
            crate::cli::Encoding::Cp932 => kawasemi_ledger::import::Encoding::Cp932,
        }),
        header,
        table,
        ..FileOptions::default()
    }
}

/// The form that was asked for: kept under a name, or written in a file.
async fn form(ledgers: &Ledgers, context: &Context, import: &Import) -> anyhow::Result<Option<FormMapping>> {
    let Some(wanted) = &import.form else { return Ok(None) };
    let known = ledgers.form_mappings(context, &import.ledger).await?;
    if let Some(form) = known.iter().find(|form| form.name == *wanted) {
        return Ok(Some(form.mapping.clone()));
    }
    if Path::new(wanted).is_file() {
        let text = std::fs::read_to_string(wanted).with_context(|| format!("様式の定義 {wanted} を読めません。"))?;
        let mapping = toml::from_str(&text).with_context(|| format!("{wanted} は様式の定義として読めません。"))?;
        return Ok(Some(mapping));
    }
    let names: Vec<&str> = known.iter().map(|form| form.name.as_str()).collect();
    let known = if names.is_empty() { "まだ一つもありません".to_owned() } else { names.join("、") };
    Err(UsageError(format!(
        "様式「{wanted}」はありません（保存されているもの: {known}）。--save-form で見本から作れます。"
    ))
    .into())
}

/// Guesses the mapping of a form from a sample and keeps it.
async fn save_form(shell: &Shell, ledgers: &Ledgers, import: &Import, name: &str) -> anyhow::Result<SavedAnswer> {
    let context = shell.context(&import.reason);
    let guessed = ledgers.guess_form(&context, &import.ledger, &import.file).await;
    let (mapping, _) = guessed.with_context(|| format!("{} を様式の見本として読めません。", import.file.display()))?;
    let form = SavedForm { name: name.to_owned(), mapping };
    ledgers.save_form_mapping(&context, &import.ledger, &form).await?;
    Ok(SavedAnswer { name: form.name, mapping: form.mapping })
}

/// The photographs that go with the records.
fn photos(ledgers: &Ledgers, context: &Context, files: Files, import: &Import) -> anyhow::Result<Option<PhotoPlan>> {
    if import.photos.is_none() && import.photo_field.is_none() {
        return Ok(None);
    }
    let (def, _) = ledgers.open(context, &import.ledger)?;
    let fields: Vec<&str> = def
        .fields
        .iter()
        .filter(|field| matches!(field.kind, FieldKind::Files { .. }))
        .map(|field| field.key.as_str())
        .collect();
    let field = match (&import.photo_field, fields.as_slice()) {
        (Some(field), _) => field.clone(),
        (None, [only]) => (*only).to_owned(),
        (None, _) => {
            let text = format!(
                "写真を入れる項目を --photo-field で指定してください（添付ファイルの項目: {}）。",
                fields.join("、")
            );
            return Err(UsageError(text).into());
        }
    };
    let first = |keys: &[String]| keys.first().cloned();
    let usual = def.unique.iter().find(|key| key.len() == 1).and_then(|key| first(key));
    let by = import.photo_key.clone().or_else(|| first(&import.key)).or(usual).unwrap_or_else(|| "number".to_owned());
    Ok(Some(PhotoPlan { files, path: import.photos.clone(), by, field }))
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

/// How many rows a text file may have, for the time left; none for a workbook or a geographic file, whose rows can't
/// be counted without reading it.
fn lines(file: &Path) -> Option<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(file).ok()?);
    let mut lines = 0_u64;
    loop {
        let part = reader.fill_buf().ok()?;
        if part.is_empty() {
            // The headings are no row.
            return lines.checked_sub(1).filter(|lines| *lines > 0);
        }
        // Features are no lines, whatever the file is written in.
        let others: [&[u8]; 5] = [b"PK", b"SQLite format 3", &[0, 0, 0x27, 0x0A], b"{", b"<"];
        if lines == 0 && others.iter().any(|head| part.starts_with(head)) {
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

/// A mapping that was guessed and kept.
#[derive(Debug, Serialize)]
struct SavedAnswer {
    name: String,
    mapping: FormMapping,
}

impl fmt::Display for SavedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "様式「{}」を保存しました。位置は推測です。違うときは、画面の「様式」で直してください。",
            self.name
        )?;
        for field in &self.mapping.fields {
            writeln!(f, "  {} ← {}（見出し「{}」{}）", field.target, field.value_at, field.label, field.label_at)?;
        }
        Ok(())
    }
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
            let place = if problem.file.is_empty() { format!("{}行目", problem.line) } else { problem.file.clone() };
            writeln!(f, "  {place}「{}」{}: {}", problem.column, problem.value, problem.reason)?;
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
