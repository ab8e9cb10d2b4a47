//! From a chunk of rows to what is to be written: new records, changed records, and mistakes.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Mutex;

use kawasemi_identity::Context;
use kawasemi_kernel::text::tidy_line;
use kawasemi_kernel::{Fields, FileRef, RecordId, Value};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_sheets::report::{Findings, Report, Sort};
use kawasemi_store::record::{Projection, RecordRow};

use super::file::SheetRow;
use super::lookup::{self, References};
use super::mapping::{Mapping, Reading};
use super::photos::Photos;
use crate::check::Checked;
use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::field::FieldError;
use crate::ledgers::{Gate, Ledgers};
use crate::record::RowView;

const REPEATED: &str = "同じキーの行がファイルの中に二つ以上あります。一つにまとめてください。";
const TAKEN: &str = "同じ値の記録がすでにあります。値を変えるか、更新する取込（キーの指定）にしてください。";
const NOT_FOUND: &str = "この番号（id）の記録が見つかりません。";
const UNREADABLE: &str = "読み取れない文字があります。文字コードの指定を確かめてください。";

/// What becomes of a row.
pub(super) enum Outcome {
    /// A new record.
    Create(RecordId, Fields),
    /// A record that changes.
    Update(Box<RecordRow>, Fields),
    /// A record that says the same already; whether somebody of it is under protection.
    Unchanged(bool),
    /// Nothing, for these reasons.
    Bad(Vec<FieldError>),
}

/// Reads rows, chunk after chunk.
pub(super) struct Preparation<'a> {
    pub ledgers: &'a Ledgers,
    pub context: &'a Context,
    pub gate: &'a Gate,
    pub mapping: &'a Mapping,
    reading: Option<Reading<'a>>,
    guesses: Mutex<Findings>,
    photos: Option<Photos>,
    /// The photographs of the rows of the chunk, stored, by line.
    attached: HashMap<u64, Vec<FileRef>>,
    references: References,
    /// Hashes of the keys of rows that were read, so that a file of any length needs eight bytes for each.
    seen: HashSet<u64>,
    /// Those of the last chunk.
    recent: Vec<u64>,
}

impl<'a> Preparation<'a> {
    pub fn new(
        ledgers: &'a Ledgers,
        context: &'a Context,
        gate: &'a Gate,
        mapping: &'a Mapping,
        reading: Option<Reading<'a>>,
    ) -> Self {
        Self {
            ledgers,
            context,
            gate,
            mapping,
            reading,
            guesses: Mutex::default(),
            photos: None,
            attached: HashMap::new(),
            references: References::default(),
            seen: HashSet::new(),
            recent: Vec::new(),
        }
    }

    /// Keeps photographs with their records.
    pub fn keep_photos(&mut self, photos: Photos) {
        self.photos = Some(photos);
    }

    async fn store_photos(&mut self, rows: &[SheetRow]) -> Result<()> {
        self.attached.clear();
        let Some(photos) = &self.photos else { return Ok(()) };
        for row in rows {
            let key = self.mapping.cell(row, photos.by()).to_text();
            let files = photos.stored(self.ledgers, row, &key).await?;
            if !files.is_empty() {
                self.attached.insert(row.line, files);
            }
        }
        Ok(())
    }

    /// Adds the photographs of a row to those that its record has; one that is there already is not added again.
    fn attach(&self, draft: &mut Draft, row: &SheetRow, before: Option<&RecordRow>) {
        let (Some(photos), Some(files)) = (&self.photos, self.attached.get(&row.line)) else { return };
        let known = match before.and_then(|before| before.fields.get(&photos.field)) {
            Some(Value::Files(known)) => known.clone(),
            _ => Vec::new(),
        };
        let new: Vec<&FileRef> =
            files.iter().filter(|file| known.iter().all(|known| known.sha256 != file.sha256)).collect();
        if new.is_empty() {
            return;
        }
        if !known.is_empty() {
            draft.restore(&photos.field, Value::Files(known));
        }
        new.into_iter().for_each(|file| draft.attach(&photos.field, file.clone()));
    }

    /// What was concluded of values that did not read as they stand.
    pub fn guesses(self) -> Report {
        self.guesses.into_inner().unwrap_or_default().into_report()
    }

    /// Forgets the keys of the last chunk, which is to be read again.
    pub fn forget_chunk(&mut self) {
        for key in self.recent.drain(..) {
            self.seen.remove(&key);
        }
    }

    /// Whether a key was not read before.
    fn is_new_key(&mut self, key: u64) -> bool {
        let is_new = self.seen.insert(key);
        if is_new {
            self.recent.push(key);
        }
        is_new
    }

    /// Notes that the file has a row for a record, though the row itself is no good. Answers whether it says for which.
    pub fn mark(&mut self, row: &SheetRow) -> bool {
        match self.merge_key(row) {
            Some(key) => {
                self.is_new_key(hash(&("merge", key)));
                true
            }
            None => false,
        }
    }

    /// Whether a record's key was read in the file. By the hash, so that a file of any length needs eight bytes for each.
    pub fn has_seen(&self, record: &RecordRow) -> bool {
        let key = match self.mapping.merge.as_slice() {
            [] => None,
            [by] if by == "id" => Some(record.id.to_string()),
            [by] if by == "number" => record.number.clone(),
            key => lookup::key_of(self.gate.def(), key, &record.fields),
        };
        key.is_some_and(|key| self.seen.contains(&hash(&("merge", &key))))
    }

    /// The records that rows name, each with the key under which it was found.
    pub async fn named(&self, rows: &[SheetRow]) -> Result<Vec<Option<RecordRow>>> {
        let mut known = self.known_records(rows).await?;
        Ok(rows.iter().map(|row| self.merge_key(row).and_then(|key| known.remove(&key))).collect())
    }

    /// What becomes of the rows of a chunk, in their order.
    pub async fn chunk(&mut self, rows: &[SheetRow]) -> Result<Vec<Outcome>> {
        self.recent.clear();
        self.references.learn(self.ledgers, self.context, self.gate.def(), self.mapping, rows).await?;
        self.store_photos(rows).await?;
        let known = self.known_records(rows).await?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let outcome = match self.one(row, &known) {
                Ok(outcome) => self.without_dangling_rows(outcome).await?,
                Err(LedgerError::Invalid(errors)) => Prepared::Bad(errors),
                Err(error @ LedgerError::Store(_)) => return Err(error),
                Err(error) => Prepared::Bad(vec![whole_row(error.to_string())]),
            };
            outcomes.push(match outcome {
                Prepared::Create(id, checked) => Outcome::Create(id, checked.into_fields()),
                Prepared::Update(row, checked) if checked.is_changed() => Outcome::Update(row, checked.into_fields()),
                Prepared::Update(row, _) => Outcome::Unchanged(row.protected),
                Prepared::Bad(errors) => Outcome::Bad(errors),
            });
        }
        self.refuse_taken_keys(&mut outcomes).await?;
        Ok(outcomes)
    }

    /// The records that rows of the chunk change, by the text of their key.
    async fn known_records(&self, rows: &[SheetRow]) -> Result<HashMap<String, RecordRow>> {
        match self.mapping.merge.as_slice() {
            [] => Ok(HashMap::new()),
            [by] if by == "id" || by == "number" => {
                let texts = rows.iter().map(|row| self.text(row, by)).filter(|text| !text.is_empty());
                lookup::by_name(self.ledgers, self.gate, by, &texts.collect::<Vec<_>>()).await
            }
            key => {
                let fields: Vec<Fields> = rows.iter().map(|row| self.key_fields(row)).collect();
                let wanted: Vec<&Fields> = fields.iter().collect();
                let projection = Projection::all(&self.gate.ledger);
                lookup::holders(self.ledgers, self.gate, key, &wanted, projection).await
            }
        }
    }

    fn text(&self, row: &SheetRow, target: &str) -> String {
        tidy_line(&self.mapping.cell(row, target).to_text().chars().take(100).collect::<String>())
    }

    /// The fields of the merge key, read from a row.
    fn key_fields(&self, row: &SheetRow) -> Fields {
        let draft = self.draft(row, true, false);
        let own = draft.fields().filter(|(key, _)| self.mapping.merge.iter().any(|merge| merge == key));
        own.map(|(key, value)| (key.to_owned(), value.clone())).collect()
    }

    /// The key of a row by which it finds its record; none where it is empty.
    fn merge_key(&self, row: &SheetRow) -> Option<String> {
        match self.mapping.merge.as_slice() {
            [] => None,
            [by] if by == "id" || by == "number" => Some(self.text(row, by)).filter(|text| !text.is_empty()),
            key => lookup::key_of(self.gate.def(), key, &self.key_fields(row)),
        }
    }

    fn draft(&self, row: &SheetRow, is_new: bool, tells: bool) -> Draft {
        let note = |heading: &str, guess: &str| {
            if tells && let Ok(mut guesses) = self.guesses.lock() {
                guesses.add(Sort::Guessed, format!("「{heading}」：{guess}"), format!("{}行目", row.line));
            }
        };
        let mut draft = self.mapping.draft(self.gate.def(), row, is_new, self.reading, &note);
        for field in self.mapping.fields(self.gate.def()) {
            match self.references.of(self.mapping, row, field) {
                Some(Ok(id)) => draft.take(&field.key, Ok(Value::Record(id))),
                Some(Err(message)) => draft.refuse(FieldError::new(field, message)),
                None if !is_new && self.mapping.clear && matches!(field.kind, FieldKind::Reference { .. }) => {
                    draft.take(&field.key, Ok(Value::Null));
                }
                None => {}
            }
        }
        draft
    }

    fn one(&mut self, row: &SheetRow, known: &HashMap<String, RecordRow>) -> Result<Prepared> {
        if let Some(field) = self.unreadable(row) {
            return Ok(Prepared::Bad(vec![FieldError::new(field, UNREADABLE)]));
        }
        let key = self.merge_key(row);
        if let Some(key) = &key
            && !self.is_new_key(hash(&("merge", key)))
        {
            return Ok(Prepared::Bad(vec![whole_row(REPEATED)]));
        }
        match key.as_ref().map(|key| known.get(key)) {
            Some(Some(record)) => self.change(row, record),
            // An id or a number that is not there is a mistake; another key makes a new record.
            Some(None) if self.mapping.merge.iter().any(|by| by == "id" || by == "number") => {
                Ok(Prepared::Bad(vec![whole_row(NOT_FOUND)]))
            }
            _ => self.new_record(row),
        }
    }

    fn change(&self, row: &SheetRow, record: &RecordRow) -> Result<Prepared> {
        let view = RowView(record);
        let may = |action| self.gate.access.row_clearance(action, &view).is_some();
        if !may(Action::Read) {
            return Ok(Prepared::Bad(vec![whole_row(TAKEN)]));
        }
        if !may(Action::Import) {
            return Err(LedgerError::Forbidden { action: Action::Import });
        }
        let mut draft = self.draft(row, false, true);
        self.attach(&mut draft, row, Some(record));
        let checked = self.ledgers.check_change(self.context, self.gate, record, &draft)?;
        Ok(Prepared::Update(Box::new(record.clone()), checked))
    }

    fn new_record(&mut self, row: &SheetRow) -> Result<Prepared> {
        let mut draft = self.draft(row, true, true);
        self.attach(&mut draft, row, None);
        let (id, checked) = self.ledgers.check_new(self.context, self.gate, Action::Import, &draft)?;
        for key in &self.gate.def().unique {
            let Some(text) = lookup::key_of(self.gate.def(), key, checked.fields()) else { continue };
            if !self.is_new_key(hash(&(key, text))) {
                return Ok(Prepared::Bad(vec![self.of_key(key, REPEATED)]));
            }
        }
        Ok(Prepared::Create(id, checked))
    }

    /// References in child rows are looked up one by one: few files have them.
    async fn without_dangling_rows(&self, prepared: Prepared) -> Result<Prepared> {
        let (Prepared::Create(_, checked) | Prepared::Update(_, checked)) = &prepared else { return Ok(prepared) };
        let of_rows: Vec<_> = checked.references().iter().filter(|r| r.field.contains('.')).cloned().collect();
        let mistakes = self.ledgers.dangling(self.context, &of_rows).await?;
        Ok(if mistakes.is_empty() { prepared } else { Prepared::Bad(mistakes) })
    }

    async fn refuse_taken_keys(&self, outcomes: &mut [Outcome]) -> Result<()> {
        for key in &self.gate.def().unique {
            let new: Vec<&Fields> = outcomes
                .iter()
                .filter_map(|outcome| match outcome {
                    Outcome::Create(_, fields) => Some(fields),
                    _ => None,
                })
                .collect();
            let projection = Projection::fields(&self.gate.ledger, key.iter().map(String::as_str));
            let holders = lookup::holders(self.ledgers, self.gate, key, &new, projection).await?;
            for outcome in outcomes.iter_mut() {
                let Outcome::Create(_, fields) = outcome else { continue };
                let taken =
                    lookup::key_of(self.gate.def(), key, fields).is_some_and(|text| holders.contains_key(&text));
                if taken {
                    *outcome = Outcome::Bad(vec![self.of_key(key, TAKEN)]);
                }
            }
        }
        Ok(())
    }

    /// A mistake in a unique key, at its first field; at none where the caller may not see all of the key.
    fn of_key(&self, key: &[String], message: &str) -> FieldError {
        let names = key.iter().map(String::as_str);
        let is_open = self.gate.access.needed(Action::Read, names).is_ok();
        let field = key.first().filter(|_| is_open).and_then(|key| self.gate.def().field(key));
        field.map_or_else(|| whole_row(message), |field| FieldError::new(field, message))
    }

    /// The first field whose cell has a character that the encoding does not know.
    fn unreadable(&self, row: &SheetRow) -> Option<&'a FieldDef> {
        let mapping = self.mapping;
        let gate = self.gate;
        mapping.fields(gate.def()).find(|field| mapping.cell(row, &field.key).to_text().contains('\u{FFFD}'))
    }
}

enum Prepared {
    Create(RecordId, Checked),
    Update(Box<RecordRow>, Checked),
    Bad(Vec<FieldError>),
}

fn whole_row(message: impl Into<String>) -> FieldError {
    FieldError { field: String::new(), label: String::new(), message: message.into() }
}

fn hash(key: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
