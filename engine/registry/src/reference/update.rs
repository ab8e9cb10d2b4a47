//! Bringing a publisher's file into a register, as one import.

use std::collections::{BTreeSet, HashMap};
use std::io::Write as _;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::csv_safe::guard;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping};
use kawasemi_ledger::{LedgerError, Ledgers, Visible};
use serde::Serialize;
use tempfile::NamedTempFile;

use super::banks::BankSource;
use super::change::{Change, ChangeKind, Changes, Coverage, VALID_FROM, VALID_UNTIL, Wanted, is_in_force, text};
use crate::bundle::BANK;
use crate::register;

/// The share of what is in force that a file may close without being asked for: one in so many.
const CLOSED_AT_MOST: usize = 10;
/// Refused rows that are told in an error.
const TOLD: usize = 5;

/// How a register is updated.
#[derive(Clone, Debug)]
pub struct Options {
    /// The day from which the file is true.
    pub on: Date,
    /// Says what would change, and changes nothing.
    pub dry_run: bool,
    /// A file may close more than a tenth of what is in force.
    pub allow_shrink: bool,
    /// What people call the file, in the list of imports.
    pub title: String,
}

/// What an update did to one register, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct RegisterReport {
    /// The ledger.
    pub ledger: &'static str,
    /// New records.
    pub added: usize,
    /// Records with other values.
    pub changed: usize,
    /// Records that are no more.
    pub closed: usize,
    /// Records that were closed and are there again.
    pub reopened: usize,
    /// Records that are as the file has them.
    pub unchanged: usize,
    /// The batch, for undoing; none where nothing was written.
    pub batch: Option<i64>,
    /// The changes one by one.
    pub changes: Vec<Change>,
}

/// Why a register was not updated. Nothing of it was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file has nothing.
    #[error("ファイルに行がありません。何も変更していません。")]
    Empty,
    /// The file would close too much.
    #[error(
        "台帳 {ledger} で現に有効な{in_force}件のうち{closed}件がファイルになく、閉じることになります（一割を超えます）。何も変更していません。ファイルが途中で切れていないかを確かめ、正しければ --allow-shrink を付けてください。"
    )]
    Shrinks {
        /// The ledger.
        ledger: &'static str,
        /// Records in force that the file covers.
        in_force: usize,
        /// Those that it does not have.
        closed: usize,
    },
    /// A key stands in the file twice.
    #[error("「{0}」がファイルに二つ以上あります。何も変更していません。")]
    Repeated(String),
    /// The ledger refused rows.
    #[error("台帳 {ledger} に入らない行が{count}件あります。何も変更していません。{told}")]
    Refused {
        /// The ledger.
        ledger: &'static str,
        /// How many rows.
        count: u64,
        /// The first of them with their reasons.
        told: String,
    },
    /// The rows can't be handed to the import.
    #[error("取込のための一時ファイルを書けません。")]
    Spool(#[from] std::io::Error),
    /// The register can't be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Brings a publisher's file into its register.
///
/// # Errors
/// [`ReferenceError`]; the register is as it was then.
pub async fn update(
    ledgers: &Ledgers,
    context: &Context,
    wanted: &Wanted,
    options: &Options,
) -> Result<RegisterReport, ReferenceError> {
    let present = register::all(ledgers, context, wanted.ledger).await?;
    update_from(ledgers, context, &present, wanted, options).await
}

/// Brings a file of banks and branches into both registers: first the banks, to which branches refer.
///
/// # Errors
/// [`ReferenceError`]; the register that it names is as it was, and so are the branches when the banks fail.
pub async fn update_banks(
    ledgers: &Ledgers,
    context: &Context,
    source: &BankSource,
    options: &Options,
) -> Result<Vec<RegisterReport>, ReferenceError> {
    let banks = update(ledgers, context, &source.banks(), options).await?;
    let present = register::all(ledgers, context, BANK).await?;
    let ids: HashMap<String, String> =
        present.iter().map(|bank| (text(bank.get("code")), bank.id.to_string())).collect();
    let open = present.iter().filter(|bank| is_in_force(bank, options.on)).map(|bank| text(bank.get("code")));
    let branches = source.branches(&ids, &open.collect::<BTreeSet<_>>());
    // A dry run has no ids for banks that are yet to be made; their branches are counted without being tried.
    let branches = update(ledgers, context, &branches, options).await?;
    Ok(vec![banks, branches])
}

async fn update_from(
    ledgers: &Ledgers,
    context: &Context,
    present: &[Visible],
    wanted: &Wanted,
    options: &Options,
) -> Result<RegisterReport, ReferenceError> {
    check(wanted)?;
    let changes = Changes::between(present, wanted, options.on);
    let closed = changes.count(ChangeKind::Closed);
    if closed * CLOSED_AT_MOST > changes.in_force && !options.allow_shrink {
        return Err(ReferenceError::Shrinks { ledger: wanted.ledger, in_force: changes.in_force, closed });
    }
    let imported = if changes.list.is_empty() {
        ImportReport::default()
    } else {
        import(ledgers, context, wanted, &changes.list, options).await?
    };
    Ok(RegisterReport {
        ledger: wanted.ledger,
        added: changes.count(ChangeKind::Added),
        changed: changes.count(ChangeKind::Changed),
        closed,
        reopened: changes.count(ChangeKind::Reopened),
        unchanged: changes.unchanged,
        batch: imported.batch,
        changes: changes.list,
    })
}

fn check(wanted: &Wanted) -> Result<(), ReferenceError> {
    // A bank's branches may be unknown; a register that is covered whole may not be empty.
    if wanted.entries.is_empty() && matches!(wanted.coverage, Coverage::All) {
        return Err(ReferenceError::Empty);
    }
    let mut seen = BTreeSet::new();
    match wanted.entries.iter().find(|entry| !seen.insert(entry.key.as_str())) {
        Some(entry) => Err(ReferenceError::Repeated(entry.key.clone())),
        None => Ok(()),
    }
}

/// Writes the changes as a table and imports it: the ledger engine checks, stages and publishes as with any file.
async fn import(
    ledgers: &Ledgers,
    context: &Context,
    wanted: &Wanted,
    changes: &[Change],
    options: &Options,
) -> Result<ImportReport, ReferenceError> {
    let columns: Vec<&str> = std::iter::once(wanted.key_field)
        .chain(wanted.columns.iter().copied())
        .chain([VALID_FROM, VALID_UNTIL])
        .collect();
    // The key may be among the columns: it is handed over once.
    let targets: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| if columns[..place].contains(column) { String::new() } else { (*column).to_owned() })
        .collect();
    let file = spool(&columns, changes.iter().filter(|change| can_be_tried(wanted, change)))?;
    let plan = ImportPlan {
        photos: None,
        path: file.path().to_owned(),
        options: FileOptions::default(),
        mapping: Mapping { columns: targets, merge: vec![wanted.key_field.to_owned()], clear: true, skip_bad: false },
        title: options.title.clone(),
        is_invented: false,
    };
    let report = if options.dry_run {
        ledgers.import_dry_run(context, wanted.ledger, &plan, &|_| {}).await?
    } else {
        ledgers.import(context, wanted.ledger, &plan, &|_| {}).await?
    };
    if report.bad == 0 {
        return Ok(report);
    }
    let told = report
        .problems
        .iter()
        .take(TOLD)
        .map(|problem| format!("\n  「{}」{}: {}", problem.column, problem.value, problem.reason));
    Err(ReferenceError::Refused { ledger: wanted.ledger, count: report.bad, told: told.collect() })
}

/// Not the branch of a bank that a dry run has not made.
fn can_be_tried(wanted: &Wanted, change: &Change) -> bool {
    let bank = wanted.columns.iter().position(|column| *column == "bank");
    bank.is_none_or(|place| change.row.get(place + 1).is_some_and(|id| !id.is_empty()))
}

fn spool<'a>(columns: &[&str], rows: impl Iterator<Item = &'a Change>) -> Result<NamedTempFile, ReferenceError> {
    let mut file = NamedTempFile::with_prefix("kawasemi-reference-")?;
    // The byte order mark says that it is UTF-8, even where no kanji stands in it.
    file.write_all("\u{FEFF}".as_bytes())?;
    let mut writer = csv::Writer::from_writer(std::io::BufWriter::new(file.as_file()));
    let written = |error: csv::Error| ReferenceError::Spool(std::io::Error::other(error));
    writer.write_record(columns).map_err(written)?;
    for change in rows {
        writer.write_record(change.row.iter().map(|cell| guard(cell).into_owned())).map_err(written)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(file)
}
