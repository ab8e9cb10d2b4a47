//! A record's form as it was sent: texts, files that were stored, references that were named instead of chosen.
//!
//! Without a script a reference is a text field. What is typed there is looked up by number and by name: one hit is taken,
//! several are offered to choose from.

use std::io;

use kawasemi_kernel::{FileRef, RecordId, Value};
use kawasemi_ledger::field::FieldError;
use kawasemi_ledger::{Draft, Entry, LedgerError, ListRequest, Visible};
use kawasemi_sanitize::Sanitizer;
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_store::files::FileError;
use kawasemi_ui::field::Choice;
use tempfile::NamedTempFile;
use tokio_util::io::ReaderStream;

use super::form::{Around, REASON, REVISION};
use super::kept_files;
use super::opened::{Opened, style};
use crate::problem::Problem;
use crate::request::Cx;
use crate::request::uploads::{Upload, Uploads};

/// References to ledgers of at most so many records are chosen from a list.
const FEW: u32 = 40;
/// Candidates that are offered for a name that several records have.
const CANDIDATES: u32 = 20;

/// A form as it was sent.
pub struct Sent {
    /// The texts, ready to be read by the ledger's types.
    pub entry: Entry,
    /// The files that are attached, with those that were stored now.
    pub stored: Vec<(String, FileRef)>,
    /// What the form needs to be shown again.
    pub around: Around,
    /// The revision that was edited.
    pub revision: i64,
    /// Why, in the person's own words.
    pub reason: String,
    /// Which button was pressed, if it was not the one that saves.
    pub rows: Option<RowChange>,
}

/// A child row to add or to take away, asked for by a button.
pub enum RowChange {
    /// A row more in a field.
    Add(String),
    /// A row less: the field and the row's number.
    Remove(String, usize),
}

impl Sent {
    /// Reads a form; its files are stored, those that were refused are mistakes.
    pub async fn read(cx: &Cx, opened: &Opened, record: Option<&Visible>, uploads: Uploads) -> Result<Self, Problem> {
        let texts = &uploads.entries;
        let mut sent = Self {
            revision: texts.text(REVISION).parse().unwrap_or_default(),
            reason: texts.text(REASON).to_owned(),
            rows: row_change(texts.text("_add_row"), texts.text("_remove_row")),
            entry: Entry::default(),
            stored: Vec::new(),
            around: Around::of(cx, opened).await?,
        };
        // What the conflict page left to the other person's version is not sent at all, so it stays as it is.
        let given_up: Vec<&str> = texts
            .0
            .iter()
            .filter(|(_, value)| value == "theirs")
            .filter_map(|(name, _)| name.strip_prefix("_take."))
            .collect();
        let is_given_up = |name: &str| given_up.contains(&name.split('.').next().unwrap_or_default());
        for (name, value) in texts.0.iter().filter(|(name, _)| !name.starts_with('_') && !is_given_up(name)) {
            sent.entry.add(name, value);
        }
        sent.join_parts(opened);
        sent.change_rows();
        sent.take_geometries(cx, opened, &uploads).await?;
        sent.take_files(cx, opened, record, uploads).await?;
        sent.look_references_up(cx, opened).await?;
        Ok(sent)
    }

    /// What was entered, for the engine.
    pub fn draft(&self, opened: &Opened) -> Draft {
        let mut draft = Draft::from_entry(&opened.def, &self.entry);
        for (field, file) in &self.stored {
            draft.attach(field, file.clone());
        }
        self.around.mistakes.iter().cloned().for_each(|mistake| draft.refuse(mistake));
        draft
    }

    /// A form sends names and addresses in parts, `owner.name` and `owner.text`; the ledger's types know that part by the
    /// field's own name.
    fn join_parts(&mut self, opened: &Opened) {
        let main = |field: &FieldDef| match field.kind {
            FieldKind::PersonName => Some("name"),
            FieldKind::Address => Some("text"),
            _ => None,
        };
        let mut joined: Vec<(String, String)> = Vec::new();
        let mut join = |entry: &Entry, at: String, field: &FieldDef| {
            let part = main(field).map(|part| format!("{at}.{part}")).filter(|part| entry.has(part));
            joined.extend(part.map(|part| (at, entry.one(&part).to_owned())));
        };
        for field in opened.fields() {
            if let FieldKind::Rows { fields, .. } = &field.kind {
                for number in super::fill::row_numbers(&self.entry.part(&field.key)) {
                    fields
                        .iter()
                        .for_each(|inner| join(&self.entry, format!("{}.{number}.{}", field.key, inner.key), inner));
                }
            } else {
                join(&self.entry, field.key.clone(), field);
            }
        }
        joined.into_iter().for_each(|(name, text)| self.entry.add(name, text));
    }

    /// Adds or takes away a child row where a button asked for it.
    fn change_rows(&mut self) {
        match &self.rows {
            Some(RowChange::Add(field)) => {
                let last = super::fill::row_numbers(&self.entry.part(field)).last().map_or(0, |last| last + 1);
                self.entry.add(format!("{field}.{last}.id"), "");
            }
            Some(RowChange::Remove(field, number)) => {
                let gone = format!("{field}.{number}.");
                let pairs: Vec<(String, String)> = self
                    .entry
                    .keys()
                    .filter(|name| !name.starts_with(&gone))
                    .flat_map(|name| self.entry.all(name).iter().map(|text| (name.to_owned(), text.clone())))
                    .collect();
                self.entry = Entry::from_pairs(pairs);
            }
            None => {}
        }
    }

    /// Reads the geometries that came as files: what the file says stands in the field as if it had been typed. Where anything was
    /// concluded or mended, the form comes back with it, so that a person looks at it before it is saved.
    async fn take_geometries(&mut self, cx: &Cx, opened: &Opened, uploads: &Uploads) -> Result<(), Problem> {
        let is_place =
            |field: &&FieldDef| matches!(field.kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon);
        for field in opened.fields().filter(is_place) {
            let Some(upload) = uploads.file(&format!("{}.file", field.key)) else { continue };
            let path = upload.file.path().to_owned();
            let code = cx.city().city.code().to_owned();
            let read = tokio::task::spawn_blocking(move || kawasemi_ledger::import::one_place(&code, &path)).await;
            match read.map_err(|error| Problem::internal(&error))? {
                Ok((geometry, said)) => {
                    self.replace(&field.key, geometry);
                    if !said.is_empty() {
                        let message = format!(
                            "{}から図形を読みました。{}確かめて、よければもう一度保存してください。",
                            upload.name,
                            said.join("")
                        );
                        self.around.mistakes.push(FieldError::new(field, message));
                    }
                }
                Err(error) => {
                    self.around.mistakes.push(FieldError::new(field, format!("{}：{error}", upload.name)));
                }
            }
        }
        Ok(())
    }

    /// Puts a text in place of what was sent under a name.
    fn replace(&mut self, name: &str, text: String) {
        let others = self.entry.keys().filter(|key| *key != name);
        let mut pairs: Vec<(String, String)> =
            others.flat_map(|key| self.entry.all(key).iter().map(|text| (key.to_owned(), text.clone()))).collect();
        pairs.push((name.to_owned(), text));
        self.entry = Entry::from_pairs(pairs);
    }

    /// Stores the files that came, and joins them with those that the record has and those of an earlier attempt.
    async fn take_files(
        &mut self,
        cx: &Cx,
        opened: &Opened,
        record: Option<&Visible>,
        uploads: Uploads,
    ) -> Result<(), Problem> {
        let fields = opened.access.visible_fields(if record.is_some() { Action::Update } else { Action::Create });
        let fields: Vec<FieldDef> =
            fields.filter(|field| matches!(field.kind, FieldKind::Files { .. })).cloned().collect();
        // What is kept from the person stands on no form: nothing was said of it.
        let fields = fields.into_iter().filter(|field| record.is_none_or(|record| !record.is_masked(field)));
        for field in fields {
            let removed: Vec<String> = self.entry.all(&format!("{}.remove", field.key)).to_vec();
            let is_kept = |file: &FileRef| !removed.iter().any(|id| *id == file.id.to_string());
            let mut files: Vec<FileRef> = match record.map(|record| record.get(&field.key)) {
                Some(Value::Files(files)) => files.iter().filter(|file| is_kept(file)).cloned().collect(),
                _ => Vec::new(),
            };
            files.iter().for_each(|file| self.entry.add(&field.key, file.id.to_string()));
            // An empty text says that the field was on the form, so that taking the last file away is a change.
            self.entry.add(&field.key, "");
            let carried =
                uploads.entries.all(kept_files::KEPT).filter_map(|sealed| kept_files::open(cx, opened.key(), sealed));
            for (_, file) in carried.filter(|(key, file)| *key == field.key && is_kept(file)) {
                files.push(file.clone());
                self.stored.push((field.key.clone(), file));
            }
            for upload in uploads.files.iter().filter(|upload| upload.field == field.key) {
                match store(cx, &field, upload).await {
                    Ok(file) => {
                        files.push(file.clone());
                        self.stored.push((field.key.clone(), file));
                    }
                    Err(StoreFailure::Refused(message)) => self.around.mistakes.push(FieldError::new(&field, message)),
                    Err(StoreFailure::Failed(problem)) => return Err(problem),
                }
            }
            self.around.files.insert(field.key.clone(), files);
        }
        Ok(())
    }

    async fn look_references_up(&mut self, cx: &Cx, opened: &Opened) -> Result<(), Problem> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (field, target, name) in named_references(opened, &self.entry) {
            let typed = self.entry.one(&name).trim().to_owned();
            if typed.is_empty() {
                continue;
            }
            if let Ok(id) = typed.parse::<RecordId>() {
                let labels = cx.ledgers().labels_of(cx.context(), &target, &[id]).await?;
                self.around.labels.extend(labels);
                continue;
            }
            let mut candidates = candidates(cx, &target, &typed).await?;
            match candidates.len() {
                1 => found.push((name, candidates.remove(0).key)),
                0 => self.around.mistakes.push(FieldError {
                    field: name,
                    ..FieldError::new(
                        &field,
                        format!("「{typed}」に当たる記録が見つかりません。番号か名称の一部を入力してください。"),
                    )
                }),
                _ => {
                    let message =
                        format!("「{typed}」に当たる記録が{}件以上あります。選んでください。", candidates.len());
                    self.around.mistakes.push(FieldError { field: name.clone(), ..FieldError::new(&field, message) });
                    self.around.options.insert(name, candidates);
                }
            }
        }
        if !found.is_empty() {
            let others = self.entry.keys().filter(|name| found.iter().all(|(found, _)| found != name));
            let mut pairs: Vec<(String, String)> = others
                .flat_map(|name| self.entry.all(name).iter().map(|text| (name.to_owned(), text.clone())))
                .collect();
            pairs.extend(found);
            self.entry = Entry::from_pairs(pairs);
        }
        Ok(())
    }
}

impl Around {
    /// What a form of a ledger needs to know: the records to choose from for references to small ledgers.
    pub async fn of(cx: &Cx, opened: &Opened) -> Result<Self, Problem> {
        let mut around = Self { today: Some(cx.context().today()), ..Self::default() };
        let inner = opened.fields().flat_map(|field| match &field.kind {
            FieldKind::Rows { fields, .. } => fields.iter().collect(),
            _ => vec![field],
        });
        let mut known: Vec<(String, Option<Vec<Choice>>)> = Vec::new();
        for field in inner {
            let FieldKind::Reference { target } = &field.kind else { continue };
            let few = match known.iter().find(|(ledger, _)| ledger == target) {
                Some((_, few)) => few.clone(),
                None => {
                    let few = few(cx, target).await?;
                    known.push((target.clone(), few.clone()));
                    few
                }
            };
            if let Some(few) = few {
                around.options.insert(field.key.clone(), few);
            }
        }
        Ok(around)
    }
}

/// All records of a ledger, if they are few.
pub async fn few(cx: &Cx, ledger: &str) -> Result<Option<Vec<Choice>>, Problem> {
    let (records, more) = named(cx, ledger, ListRequest { limit: FEW, ..ListRequest::all() }).await?;
    Ok((!more && !records.is_empty()).then_some(records))
}

/// Records that a text may mean: the one with this id or number, else those whose text has it.
pub async fn candidates(cx: &Cx, ledger: &str, text: &str) -> Result<Vec<Choice>, Problem> {
    let Ok(opened) = Opened::for_action(cx, ledger, Action::Read) else { return Ok(Vec::new()) };
    if let Ok(id) = text.parse() {
        return match cx.ledgers().get(cx.context(), ledger, id).await {
            Ok(record) => labelled(cx, &opened, &[record]).await,
            Err(LedgerError::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        };
    }
    if opened.def.number.is_some() {
        match cx.ledgers().get_by_number(cx.context(), ledger, text).await {
            Ok(record) => return labelled(cx, &opened, &[record]).await,
            Err(LedgerError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let request = ListRequest { q: text.to_owned(), limit: CANDIDATES, ..ListRequest::all() };
    Ok(named(cx, ledger, request).await?.0)
}

async fn named(cx: &Cx, ledger: &str, request: ListRequest) -> Result<(Vec<Choice>, bool), Problem> {
    let Ok(opened) = Opened::for_action(cx, ledger, Action::Read) else { return Ok((Vec::new(), false)) };
    let fields = opened.label_fields().map(|field| field.key.clone()).collect();
    let request = ListRequest { fields: Some(fields), ..request };
    let page = cx.ledgers().list(cx.context(), ledger, &request).await?;
    Ok((labelled(cx, &opened, &page.records).await?, page.next.is_some()))
}

async fn labelled(cx: &Cx, opened: &Opened, records: &[Visible]) -> Result<Vec<Choice>, Problem> {
    let labels = cx.ledgers().labels(cx.context(), opened.key(), records).await?;
    let style = style().with_labels(&labels);
    Ok(records.iter().map(|record| Choice::new(record.id.to_string(), opened.name_of(record, &style))).collect())
}

/// Every reference of a form with the ledger it points to and the name under which it was sent.
fn named_references(opened: &Opened, entry: &Entry) -> Vec<(FieldDef, String, String)> {
    let mut all = Vec::new();
    for field in opened.fields() {
        match &field.kind {
            FieldKind::Reference { target } => all.push((field.clone(), target.clone(), field.key.clone())),
            FieldKind::Rows { fields, .. } => {
                for number in super::fill::row_numbers(&entry.part(&field.key)) {
                    all.extend(fields.iter().filter_map(|inner| match &inner.kind {
                        FieldKind::Reference { target } => {
                            Some((inner.clone(), target.clone(), format!("{}.{number}.{}", field.key, inner.key)))
                        }
                        _ => None,
                    }));
                }
            }
            _ => {}
        }
    }
    all
}

fn row_change(add: &str, remove: &str) -> Option<RowChange> {
    if !add.is_empty() {
        return Some(RowChange::Add(add.to_owned()));
    }
    let (field, number) = remove.rsplit_once('.')?;
    Some(RowChange::Remove(field.to_owned(), number.parse().ok()?))
}

enum StoreFailure {
    Refused(String),
    Failed(Problem),
}

async fn store(cx: &Cx, field: &FieldDef, upload: &Upload) -> Result<FileRef, StoreFailure> {
    let FieldKind::Files { accept, max_bytes, .. } = &field.kind else {
        return Err(StoreFailure::Refused("ファイルを添付できない項目です。".to_owned()));
    };
    let failed = |error: &dyn std::error::Error| StoreFailure::Failed(Problem::internal(error));
    let ToStore { name, file } = match &cx.desk().settings().sanitizer {
        Some(sanitizer) => made_anew(sanitizer.clone(), upload).await?,
        None => ToStore { name: upload.name.clone(), file: upload.file.reopen() },
    };
    let reopened = file.map_err(|error| failed(&error))?;
    let content = ReaderStream::new(tokio::fs::File::from_std(reopened));
    let id = cx.desk().ids().next();
    let stored = match cx.city().files.put(id, &name, *max_bytes, content).await {
        Ok(stored) => stored,
        Err(error @ (FileError::Storage(_) | FileError::Missing)) => return Err(failed(&error)),
        Err(error) => return Err(StoreFailure::Refused(format!("{name}：{error}"))),
    };
    let media_type = stored.kind.media_type.to_owned();
    if !is_accepted(accept, &media_type) {
        let message = format!("{name}：この項目には{}を添付してください。", accept.join("、"));
        return Err(StoreFailure::Refused(message));
    }
    Ok(FileRef { id, name, media_type, size: stored.size, sha256: stored.sha256 })
}

/// A file as it is to be stored.
struct ToStore {
    name: String,
    file: io::Result<std::fs::File>,
}

/// Makes a file anew (無害化). What was left out of it is logged without its name, which may be a person's.
async fn made_anew(sanitizer: Sanitizer, upload: &Upload) -> Result<ToStore, StoreFailure> {
    let (name, input) = (upload.name.clone(), upload.file.path().to_owned());
    let output = NamedTempFile::new().map_err(|error| StoreFailure::Failed(Problem::internal(&error)))?;
    let path = output.path().to_owned();
    let made = tokio::task::spawn_blocking(move || sanitizer.clean_file(&name, &input, &path)).await;
    match made.map_err(|error| StoreFailure::Failed(Problem::internal(&error)))? {
        Ok(cleaned) => {
            let removed: Vec<_> = cleaned.removed.iter().map(|removed| removed.what).collect();
            tracing::info!(
                media_type = cleaned.media_type,
                size = cleaned.size,
                ?removed,
                "an attached file was made anew"
            );
            Ok(ToStore { name: cleaned.name, file: output.reopen() })
        }
        Err(refusal) if refusal.is_ours() => Err(StoreFailure::Failed(Problem::internal(&refusal))),
        Err(refusal) => Err(StoreFailure::Refused(format!("{}：{refusal}", upload.name))),
    }
}

/// Whether a field takes files of a type; `image/*` takes every image.
fn is_accepted(accept: &[String], media_type: &str) -> bool {
    let matches = |wanted: &String| match wanted.strip_suffix("/*") {
        Some(family) => media_type.split('/').next() == Some(family),
        None => wanted == media_type,
    };
    accept.is_empty() || accept.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_what_it_says() {
        let accept = ["image/*".to_owned(), "application/pdf".to_owned()];
        for (media_type, taken) in
            [("image/png", true), ("application/pdf", true), ("text/csv", false), ("imagery/x", false)]
        {
            assert_eq!(is_accepted(&accept, media_type), taken, "{media_type}");
        }
        assert!(is_accepted(&[], "text/csv"));
    }

    #[test]
    fn a_button_names_its_row() {
        assert!(matches!(row_change("items", ""), Some(RowChange::Add(field)) if field == "items"));
        assert!(matches!(row_change("", "items.12"), Some(RowChange::Remove(field, 12)) if field == "items"));
        assert!(row_change("", "items").is_none() && row_change("", "items.x").is_none());
    }
}
