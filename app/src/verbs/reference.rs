//! `kawasemi reference update`: a publisher's file into a reference register.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use jiff::civil::Date;
use kawasemi_kernel::era::parse_date;
use kawasemi_registry::personnel_file;
use kawasemi_registry::reference::banks::BankSource;
use kawasemi_registry::reference::{
    Change, ChangeKind, Options, RegisterReport, SourceMistake, Wanted, postcodes, towns, update, update_banks,
};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::{Reference, ReferenceUpdate, Register};
use crate::output::UsageError;
use crate::shell::Shell;

/// Changes that are told one by one; `--json` has them all.
const TOLD: usize = 20;

/// What was read from a publisher's file.
enum Source {
    One(Wanted),
    Banks(BankSource),
}

/// Runs the verb.
///
/// # Errors
/// When the file can't be read or would close too much, or a row is refused; nothing is changed then.
pub async fn run(shell: &Shell, wanted: Reference) -> anyhow::Result<()> {
    let Reference::Update(wanted) = wanted;
    let context = shell.context("参照台帳の更新");
    let on = day(wanted.on.as_deref(), context.today())?;
    let source = read(&wanted)?;
    let options = Options {
        on,
        dry_run: wanted.dry_run,
        allow_shrink: wanted.allow_shrink,
        title: wanted.file.file_name().unwrap_or(wanted.file.as_os_str()).to_string_lossy().into_owned(),
    };
    let (store, open) = shell.open(Access::Command).await?;
    for broken in open.ledgers.recover_imports(shell.clock.now()).await? {
        shell.output.remark(format!(
            "前の取込「{}」（{}）は途中で止まっていたため、片付けました。",
            broken.title, broken.ledger
        ));
    }
    let outcome = match &source {
        Source::One(wanted) => update(&open.ledgers, &context, wanted, &options).await.map(|report| vec![report]),
        Source::Banks(source) => update_banks(&open.ledgers, &context, source, &options).await,
    };
    store.close().await;
    let registers = outcome.with_context(|| format!("{} で更新できません。", wanted.file.display()))?;
    shell.output.answer(&Answer { dry_run: wanted.dry_run, on: options.on, registers })
}

fn day(text: Option<&str>, today: Date) -> anyhow::Result<Date> {
    let read = |text| parse_date(text).map_err(|error| UsageError(format!("--on の「{text}」: {error}")).into());
    text.map_or(Ok(today), read)
}

fn read(wanted: &ReferenceUpdate) -> anyhow::Result<Source> {
    let file = &wanted.file;
    let refused =
        |mistake: SourceMistake| anyhow!("{} を読めません。何も変更していません。\n  {mistake}", file.display());
    match wanted.register {
        Register::Towns => towns::read(&text(file)?).map(Source::One).map_err(refused),
        Register::Postcodes => postcodes::read(&text(file)?).map(Source::One).map_err(refused),
        Register::Banks => {
            let (banks, branches) = bank_files(file)?;
            let branches = branches.iter().map(|(code, text)| (code.as_str(), text.as_str()));
            BankSource::read(&banks, branches).map(Source::Banks).map_err(refused)
        }
    }
}

fn text(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("{} を読めません。", file.display()))?;
    personnel_file::text(&bytes).with_context(|| {
        format!("{} の文字コードを読み取れません。UTF-8 か Shift_JIS で保存し直してください。", file.display())
    })
}

/// `banks.json` and the files in `branches/` beside it, by the bank's code. The folder or `banks.json` itself may be named.
fn bank_files(place: &Path) -> anyhow::Result<(String, BTreeMap<String, String>)> {
    let banks = if place.is_dir() { place.join("banks.json") } else { place.to_owned() };
    let folder = banks.with_file_name("branches");
    let mut branches = BTreeMap::new();
    if folder.is_dir() {
        let listed = std::fs::read_dir(&folder).with_context(|| format!("{} を読めません。", folder.display()))?;
        for entry in listed {
            let path: PathBuf = entry?.path();
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|kind| kind == "json") {
                branches.insert(stem, text(&path)?);
            }
        }
    }
    if !banks.is_file() {
        bail!(
            "{} がありません。全銀コードのデータ（banks.json と branches/）のフォルダーを指定してください。",
            banks.display()
        );
    }
    Ok((text(&banks)?, branches))
}

#[derive(Debug, Serialize)]
struct Answer {
    dry_run: bool,
    on: Date,
    registers: Vec<RegisterReport>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            writeln!(f, "更新すると次のようになります（まだ何も変更していません）。")?;
        }
        for report in &self.registers {
            let RegisterReport { ledger, added, changed, closed, reopened, unchanged, batch, changes } = report;
            writeln!(
                f,
                "{ledger}: 追加 {added}、変更 {changed}、廃止 {closed}、復活 {reopened}、変更なし {unchanged}"
            )?;
            // What is new is mostly of no interest one by one, and at first it is everything.
            let told: Vec<&Change> = changes.iter().filter(|change| change.kind != ChangeKind::Added).collect();
            for change in told.iter().take(TOLD) {
                write_change(f, change)?;
            }
            if told.len() > TOLD {
                writeln!(f, "  ほかに{}件（--json ですべて出ます）", told.len() - TOLD)?;
            }
            if let Some(batch) = batch {
                writeln!(f, "  まとまりの番号は {batch}。画面の「取込の履歴」からまとめて取り消せます。")?;
            }
        }
        Ok(())
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    let what = match change.kind {
        ChangeKind::Added => "追加",
        ChangeKind::Changed => "変更",
        ChangeKind::Closed => "廃止",
        ChangeKind::Reopened => "復活",
    };
    write!(f, "  {what} {}（{}）", change.name, change.key)?;
    for field in &change.fields {
        write!(f, " {}:「{}」→「{}」", field.field, field.before, field.after)?;
    }
    writeln!(f)
}
