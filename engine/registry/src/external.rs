//! The city's external characters (外字): reading the register as a table, and bringing a file of them in.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _};
use kawasemi_identity::Context;
use kawasemi_kernel::Value;
use kawasemi_kernel::text::cluster::code_points;
use kawasemi_kernel::text::external::{ExternalCharacter, ExternalCharacters, parse_private};
use kawasemi_ledger::{Draft, LedgerError, Ledgers, Visible};
use serde::Serialize;

use crate::bundle::EXTERNAL_CHARACTER;
use crate::external_file::ExternalRow;
use crate::personnel::Counts;
use crate::register::{self, text};

/// Records created at once.
const AT_ONCE: usize = 500;
/// Records changed at once.
const CHANGES: usize = 32;

/// What bringing in a file did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExternalReport {
    /// External characters.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many of the file have no standard character, so that an official print stops at them.
    pub without_standard: usize,
}

/// Why a file was not brought in.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The ledger engine refused a record.
    #[error("外字 {code} を登録できません。")]
    Record {
        /// The code.
        code: String,
        /// Why.
        #[source]
        source: LedgerError,
    },
    /// The register can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The city's table. A city without the register, or a caller who may not read it, has an empty one.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn table(ledgers: &Ledgers, context: &Context) -> Result<ExternalCharacters, LedgerError> {
    let records = match register::all(ledgers, context, EXTERNAL_CHARACTER).await {
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => Vec::new(),
        records => records?,
    };
    Ok(records.iter().filter_map(of_record).collect())
}

/// Brings the rows of a file into the register. Characters are known by their code; an empty cell says nothing; nothing is
/// removed. Bringing in the same file again changes nothing.
///
/// # Errors
/// [`ExternalError`]. What was written before stays; the same file completes it.
pub async fn import(
    ledgers: &Ledgers,
    context: &Context,
    rows: &[ExternalRow],
    dry_run: bool,
) -> Result<ExternalReport, ExternalError> {
    let records = register::all(ledgers, context, EXTERNAL_CHARACTER).await?;
    let present: HashMap<char, &Visible> =
        records.iter().filter_map(|record| Some((parse_private(text(record, "code")).ok()?, record))).collect();
    let mut report = ExternalReport::default();
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for row in rows {
        report.without_standard += usize::from(row.character.standard.is_none());
        let fields = fields(row);
        match present.get(&row.character.code) {
            None => new.push(drafted(fields)),
            Some(record) => {
                let said: Vec<_> = fields.into_iter().filter(|(key, value)| record.get(key) != value).collect();
                if said.is_empty() {
                    report.counts.unchanged += 1;
                } else {
                    changed.push((*record, drafted(said)));
                }
            }
        }
    }
    (report.counts.added, report.counts.updated) = (new.len(), changed.len());
    if dry_run {
        return Ok(report);
    }
    for drafts in new.chunks(AT_ONCE) {
        let saved = ledgers.create_many(context, EXTERNAL_CHARACTER, drafts).await?;
        for (saved, draft) in saved.into_iter().zip(drafts) {
            saved.map_err(|source| refused(draft.get("code"), source))?;
        }
    }
    futures::stream::iter(changed)
        .map(|(record, draft)| async move {
            let update = ledgers.update(context, EXTERNAL_CHARACTER, record.id, record.revision, draft).await;
            update.map(drop).map_err(|source| refused(Some(record.get("code")), source))
        })
        .buffered(CHANGES)
        .try_collect::<()>()
        .await?;
    Ok(report)
}

fn refused(code: Option<&Value>, source: LedgerError) -> ExternalError {
    ExternalError::Record { code: code.and_then(Value::as_text).unwrap_or_default().to_owned(), source }
}

fn fields(row: &ExternalRow) -> Vec<(&'static str, Value)> {
    let ExternalCharacter { code, mj, standard, substitute } = &row.character;
    let note = Some(row.note.clone()).filter(|note| !note.is_empty());
    let optional = [
        ("mj", mj.map(|mj| mj.to_string())),
        ("standard", standard.clone()),
        ("substitute", substitute.clone()),
        ("note", note),
    ];
    let said = optional.into_iter().filter_map(|(key, text)| Some((key, Value::Text(text?))));
    [("code", Value::Text(code_points(&code.to_string())))].into_iter().chain(said).collect()
}

fn drafted(fields: Vec<(&'static str, Value)>) -> Draft {
    fields.into_iter().fold(Draft::new(), |draft, (key, value)| draft.with(key, value))
}

/// The entry of a record; none where a person entered a code that is none.
fn of_record(record: &Visible) -> Option<ExternalCharacter> {
    let filled = |key| Some(text(record, key).to_owned()).filter(|text| !text.is_empty());
    Some(ExternalCharacter {
        code: parse_private(text(record, "code")).ok()?,
        mj: filled("mj").and_then(|mj| mj.parse().ok()),
        standard: filled("standard"),
        substitute: filled("substitute"),
    })
}
