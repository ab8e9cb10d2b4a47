//! Forms (様式): a mapping that is made once, kept under a name, and read for a folder or an archive of files.

use std::path::Path;
use std::sync::Arc;

use kawasemi_identity::Context;
use kawasemi_schema::{Action, FieldKind};
use kawasemi_sheets::book::Book;
use kawasemi_sheets::bundle::Bundle;
use kawasemi_sheets::form::{FormField, FormMapping, Grid};
use kawasemi_sheets::report::{Findings, Sort};
use kawasemi_sheets::{Cell, SheetRow};
use kawasemi_store::{Sql, StoreError, Unit};

use super::file::{FileError, Look, Refused, Source};
use super::mapping::Mapping;
use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;

/// Most forms that are read at once: their values are held in memory.
const FORMS: usize = 20_000;
/// Longest name of a mapping in characters.
const NAME: usize = 60;
/// Most mappings of a ledger.
const MOST: usize = 200;
/// The heading of the column that says from which file a record comes.
const FILE: &str = "ファイル名";

/// A mapping of a form that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedForm {
    /// Its name.
    pub name: String,
    /// Where the values are.
    pub mapping: FormMapping,
}

/// Where a form was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormPlace {
    /// The number of the file among the files.
    pub(super) index: usize,
    /// The sheet; empty for the one that the mapping names.
    pub(super) sheet: String,
}

/// The forms that were read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forms {
    /// Where each was read from, the first line first.
    pub(super) places: Vec<FormPlace>,
}

/// Reads all forms of a folder, an archive or a file. Files that are no workbooks are told and passed over.
pub(super) fn look(path: &Path, mapping: &FormMapping) -> Result<Look, FileError> {
    let mut bundle = Bundle::open(path)?;
    let mut findings = Findings::default();
    let mut headings: Vec<String> = Vec::new();
    for label in mapping.fields.iter().map(|field| field.label.clone()).chain([FILE.to_owned()]) {
        let new = std::iter::once(label.clone()).chain((2..).map(|n| format!("{label}（{n}）")));
        let name = new.into_iter().find(|name| !headings.contains(name)).unwrap_or(label);
        headings.push(name);
    }
    let (mut rows, mut refused, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (index, name) in bundle.names().to_vec().into_iter().enumerate() {
        if !is_workbook(&name) {
            findings.add(Sort::Left, "Excel（xlsx・xls）でもODSでもないファイルは、様式として読みません。", &name);
            continue;
        }
        let read = bundle.fetch(index).and_then(|file| mapping.read(file.path(), &name, &mut findings));
        let forms = read.unwrap_or_else(|error| vec![(String::new(), Err(error.to_string()))]);
        for (sheet, form) in forms {
            let shown = if sheet.is_empty() { name.clone() } else { format!("{name}「{sheet}」") };
            places.push(FormPlace { index, sheet });
            let line = places.len() as u64;
            match form {
                Ok(mut cells) => {
                    cells.push(Cell::Text(shown));
                    rows.push(SheetRow { line, cells });
                }
                Err(reason) => {
                    findings.add(
                        Sort::Left,
                        "様式に合わないため読まなかったファイルがあります。",
                        format!("{shown}：{reason}"),
                    );
                    refused.push(Refused { line, file: shown, reason });
                }
            }
        }
        if places.len() > FORMS {
            return Err(FileError::Refused(format!(
                "様式のファイルが多すぎます（{FORMS}件まで）。いくつかに分けてください。"
            )));
        }
    }
    if places.is_empty() {
        return Err(FileError::Refused("様式として読めるファイル（xlsx・xls・ods）がありません。".to_owned()));
    }
    findings.add(Sort::Understood, format!("{}件の様式を読み、{}件が様式に合いました。", places.len(), rows.len()), "");
    let mut look = Look::of_headings(headings);
    look.header = 0;
    look.rows = rows.iter().take(super::file::LOOK).cloned().collect();
    look.refused = refused;
    look.understood = findings.into_report();
    look.source = Source::Rows(Arc::new(rows), Arc::new(Forms { places }));
    Ok(look)
}

fn is_workbook(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "xlsx" | "xlsm" | "xls" | "ods")
}

/// The mapping of columns that a form's fields say.
pub(super) fn columns(mapping: &FormMapping) -> Mapping {
    let targets = mapping.fields.iter().map(|field| field.target.clone());
    Mapping { columns: targets.chain([String::new()]).collect(), ..Mapping::default() }
}

impl Ledgers {
    /// Guesses a mapping from a form: each label that names a field has its value to the right, or below where another
    /// label stands to the right.
    ///
    /// # Errors
    /// [`LedgerError::File`] when it can't be read, [`LedgerError::Forbidden`].
    pub async fn guess_form(&self, context: &Context, ledger: &str, path: &Path) -> Result<(FormMapping, Grid)> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || -> Result<Grid, FileError> {
            let mut book = Book::open(&path)?;
            let sheet = book.find(None)?;
            Ok(Grid::read(&mut book, sheet)?)
        });
        let grid = read.await.map_err(|_| FileError::Damaged)??;
        let labels = grid.labels();
        let texts: Vec<String> = labels.iter().map(|label| label.text.clone()).collect();
        let look = Look::of_headings(texts.clone());
        let guessed = Mapping::guess(&look, gate.def(), gate.access.visible_fields(Action::Import));
        let targets: Vec<&String> = guessed.columns.iter().collect();
        let is_label =
            |place| labels.iter().zip(&targets).any(|(label, target)| label.at == place && !target.is_empty());
        let field = |(label, target): (&kawasemi_sheets::form::Label, &&String)| {
            let key = target.split('.').next().unwrap_or_default();
            let kind = gate.def().field(key).map(|field| &field.kind);
            FormField {
                target: (*target).clone(),
                label: label.text.clone(),
                label_at: label.at,
                value_at: if is_label(label.right) { label.below } else { label.right },
                repeated: texts.iter().filter(|text| **text == label.text).count() > 1,
                choice: matches!(kind, Some(FieldKind::Choice { .. } | FieldKind::Choices { .. } | FieldKind::YesNo)),
                beside: None,
            }
        };
        let fields = labels.iter().zip(&targets).filter(|(_, target)| !matches!(target.as_str(), "" | "id")).map(field);
        let mapping = FormMapping { fields: fields.collect(), ..FormMapping::default() }.beside(&grid);
        Ok((mapping, grid))
    }

    /// The mappings of forms that are kept for a ledger, by name: those whose fields the caller may all import, since the
    /// very names of others would tell of them.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] without the right to import.
    pub async fn form_mappings(&self, context: &Context, ledger: &str) -> Result<Vec<SavedForm>> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        let sql = Sql::with("SELECT name, body FROM {form_mapping} WHERE ledger = $1 ORDER BY name", [ledger.into()]);
        let mut forms = Vec::new();
        for row in self.city().read(sql).await? {
            let body: String = row.get(1)?;
            let mapping: FormMapping = serde_json::from_str(&body).map_err(|error| StoreError::Decode {
                column: "form_mapping.body".to_owned(),
                detail: error.to_string(),
            })?;
            let targets = mapping.fields.iter().map(|field| field.target.as_str()).filter(|target| *target != "number");
            if gate.access.needed(Action::Import, targets).is_ok() {
                forms.push(SavedForm { name: row.get(0)?, mapping });
            }
        }
        Ok(forms)
    }

    /// Keeps a mapping under a name; one of the same name is replaced.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] for a name that is empty or too long, a mapping without fields, or too many of them;
    /// [`LedgerError::UnknownField`], [`LedgerError::Forbidden`].
    pub async fn save_form_mapping(&self, context: &Context, ledger: &str, form: &SavedForm) -> Result<()> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        let name = kawasemi_kernel::text::tidy_line(&form.name);
        if name.is_empty() || name.chars().count() > NAME {
            return Err(LedgerError::Refused(format!("様式の名前を{NAME}文字までで入力してください。")));
        }
        if form.mapping.fields.is_empty() {
            return Err(LedgerError::Refused("様式から取り込む項目が一つもありません。".to_owned()));
        }
        if let Some(name) = columns(&form.mapping).unknown(gate.def()) {
            return Err(gate.unknown_field(name));
        }
        let known = self.form_mappings(context, ledger).await?;
        if known.len() >= MOST && known.iter().all(|other| other.name != name) {
            return Err(LedgerError::Refused(format!("様式は{MOST}件まで残せます。使わないものを削除してください。")));
        }
        let body =
            serde_json::to_string(&form.mapping).map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let sql = Sql::with(
            "INSERT INTO {form_mapping} (ledger, name, body, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (ledger, name) DO UPDATE SET body = $3, changed_by = $4, changed_at = $5",
            [
                ledger.into(),
                name.into(),
                body.into(),
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
            ],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }

    /// Forgets a mapping; one that is not there is forgotten already.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] without the right to import.
    pub async fn delete_form_mapping(&self, context: &Context, ledger: &str, name: &str) -> Result<()> {
        self.gate_for(context, ledger, Action::Import)?;
        let sql = Sql::with("DELETE FROM {form_mapping} WHERE ledger = $1 AND name = $2", [ledger.into(), name.into()]);
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }
}
