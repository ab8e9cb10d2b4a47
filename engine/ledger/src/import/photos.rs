//! Photographs of an import: those in a folder or archive, found by their names, and those that are pasted on a sheet.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use kawasemi_kernel::FileRef;
use kawasemi_schema::FieldKind;
use kawasemi_sheets::book::{Book, Picture};
use kawasemi_sheets::bundle::Bundle;
use kawasemi_sheets::photo::{match_names, normal};
use kawasemi_sheets::report::{Findings, Report, Sort};
use kawasemi_sheets::{SheetError, SheetRow};
use kawasemi_store::files::Files;

use super::file::{self, FileError, Look, Source};
use super::run::ImportPlan;
use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};

/// How photographs find their records.
#[derive(Clone)]
pub struct PhotoPlan {
    /// Where the city keeps files.
    pub files: Files,
    /// A folder or a ZIP archive of them; none for those on the sheet alone.
    pub path: Option<PathBuf>,
    /// The target of the column whose value stands in the names of the files.
    pub by: String,
    /// The field that keeps them.
    pub field: String,
}

impl std::fmt::Debug for PhotoPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, by, field, .. } = self;
        f.debug_struct("PhotoPlan").field("path", path).field("by", by).field("field", field).finish_non_exhaustive()
    }
}

/// Where one photograph is.
#[derive(Clone, Debug)]
enum Place {
    /// A file of the bundle.
    File(usize),
    /// On the sheet of the imported workbook.
    OnSheet(Picture),
    /// On all the sheets of a form.
    OnForm(usize, String),
}

/// The photographs, by whose they are.
pub(super) struct Photos {
    /// The field that keeps them.
    pub(super) field: String,
    /// The target of the column of keys.
    by: String,
    files: Files,
    by_key: HashMap<String, Vec<Place>>,
    by_line: HashMap<u64, Vec<Place>>,
    shelf: Arc<Mutex<Shelf>>,
    max_bytes: u64,
}

/// What is open to take photographs from.
struct Shelf {
    bundle: Option<Bundle>,
    book: Option<Book>,
    forms: Option<(Bundle, Option<String>)>,
}

impl Photos {
    /// Finds whose the photographs are; the report says which are nobody's.
    pub(super) async fn find(gate: &Gate, plan: &ImportPlan, look: &Look) -> Result<Option<(Self, Report)>> {
        let Some(wanted) = plan.photos.clone() else { return Ok(None) };
        let field = gate.def().field(&wanted.field).ok_or_else(|| gate.unknown_field(&wanted.field))?;
        let FieldKind::Files { max_bytes, .. } = field.kind else {
            return Err(LedgerError::Refused(format!("「{}」は添付ファイルの項目ではありません。", field.label.ja())));
        };
        if wanted.path.is_some() && !plan.mapping.columns.contains(&wanted.by) {
            let text = "写真のファイル名にある値の列が、取り込む列の中にありません。列を割り当てるか、別の列を選んでください。";
            return Err(LedgerError::Refused(text.to_owned()));
        }
        let (plan, look) = (plan.clone(), look.clone());
        let found = tokio::task::spawn_blocking(move || find(&plan, &look, &wanted, max_bytes)).await;
        Ok(Some(found.map_err(|_| FileError::Damaged)??))
    }

    /// The photographs of a row, stored as files of the city.
    pub(super) async fn stored(&self, ledgers: &Ledgers, row: &SheetRow, key: &str) -> Result<Vec<FileRef>> {
        let own = self.by_line.get(&row.line).into_iter().flatten();
        let places: Vec<Place> = self.by_key.get(&normal(key)).into_iter().flatten().chain(own).cloned().collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let shelf = self.shelf.clone();
        let taken = tokio::task::spawn_blocking(move || take(&shelf, &places)).await;
        let mut files = Vec::new();
        for (name, bytes) in taken.map_err(|_| FileError::Damaged)?? {
            let (id, size) = (ledgers.ids().next(), bytes.len() as u64);
            let content = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
            let stored = self.files.put(id, &name, self.max_bytes, content).await;
            let stored =
                stored.map_err(|error| LedgerError::File(format!("写真「{name}」を保存できません。{error}")))?;
            let media_type = stored.kind.media_type.to_owned();
            files.push(FileRef { id, name, media_type, size, sha256: stored.sha256 });
        }
        Ok(files)
    }

    /// The target of the column of keys.
    pub(super) fn by(&self) -> &str {
        &self.by
    }
}

fn find(plan: &ImportPlan, look: &Look, wanted: &PhotoPlan, max_bytes: u64) -> Result<(Photos, Report), FileError> {
    let (mut keys, mut lines) = (Vec::new(), HashSet::new());
    let mut failed = None;
    file::rows_below(&plan.path, &plan.options, look, &mut |row| match row {
        Ok(row) => {
            keys.push(plan.mapping.cell(&row, &wanted.by).to_text().into_owned());
            lines.insert(row.line);
            true
        }
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut findings = Findings::default();
    let mut shelf = Shelf { bundle: None, book: None, forms: None };
    let mut by_key: HashMap<String, Vec<Place>> = HashMap::new();
    if let Some(path) = &wanted.path {
        let bundle = Bundle::open(path)?;
        let matched = match_names(bundle.names(), keys.iter().map(String::as_str));
        let name = |index: usize| bundle.names().get(index).cloned().unwrap_or_default();
        for index in &matched.unmatched {
            findings.add(
                Sort::Left,
                "どの記録のものか分からない写真です。ファイル名を確かめてください。",
                name(*index),
            );
        }
        for (index, keys) in &matched.ambiguous {
            let place = format!("{}（{}）", name(*index), keys.join("・"));
            findings.add(Sort::Left, "二つ以上の記録に当てはまるため、付けなかった写真です。", place);
        }
        let count: usize = matched.of.values().map(Vec::len).sum();
        let text = format!("ファイル名から、写真{count}枚を{}件の記録に付けます。", matched.of.len());
        findings.add(Sort::Guessed, text, "");
        for (key, files) in matched.of {
            by_key.insert(key, files.into_iter().map(Place::File).collect());
        }
        shelf.bundle = Some(bundle);
    }
    let by_line = on_sheets(plan, look, &lines, &mut shelf, &mut findings)?;
    let photos = Photos {
        field: wanted.field.clone(),
        by: wanted.by.clone(),
        files: wanted.files.clone(),
        by_key,
        by_line,
        shelf: Arc::new(Mutex::new(shelf)),
        max_bytes,
    };
    Ok((photos, findings.into_report()))
}

/// The pictures that are pasted on the sheet, by the row on which they hang; on a form all of them are of its record.
fn on_sheets(
    plan: &ImportPlan,
    look: &Look,
    lines: &HashSet<u64>,
    shelf: &mut Shelf,
    findings: &mut Findings,
) -> Result<HashMap<u64, Vec<Place>>, FileError> {
    let mut by_line: HashMap<u64, Vec<Place>> = HashMap::new();
    match &look.source {
        Source::Workbook(_) => {
            let mut book = Book::open(&plan.path)?;
            let sheet = book.find(plan.options.sheet.as_deref())?;
            for picture in book.pictures(sheet)? {
                let line = u64::from(picture.place.row) + 1;
                if lines.contains(&line) {
                    findings.add(Sort::Guessed, "表に貼られた写真を、その行の記録に付けます。", picture.place);
                    by_line.entry(line).or_default().push(Place::OnSheet(picture));
                }
            }
            shelf.book = Some(book);
        }
        Source::Rows(_, forms) => {
            let form_sheet = plan.options.form.as_ref().and_then(|form| form.sheet.clone());
            shelf.forms = Some((Bundle::open(&plan.path)?, form_sheet));
            for (line, place) in (1_u64..).zip(&forms.places).filter(|(line, _)| lines.contains(line)) {
                by_line.insert(line, vec![Place::OnForm(place.index, place.sheet.clone())]);
            }
            findings.add(Sort::Guessed, "様式に貼られた写真・図を、その記録に付けます。", "");
        }
        _ => {}
    }
    Ok(by_line)
}

/// Takes photographs from where they are: their names and bytes.
fn take(shelf: &Mutex<Shelf>, places: &[Place]) -> Result<Vec<(String, Vec<u8>)>, FileError> {
    let mut shelf = shelf.lock().map_err(|_| FileError::Damaged)?;
    let shelf = &mut *shelf;
    let mut taken = Vec::new();
    for place in places {
        match place {
            Place::File(index) => {
                let bundle = shelf.bundle.as_mut().ok_or(FileError::Damaged)?;
                let name = bundle.names().get(*index).cloned().unwrap_or_default();
                let bytes = std::fs::read(bundle.fetch(*index)?.path())?;
                taken.push((name.rsplit('/').next().unwrap_or_default().to_owned(), bytes));
            }
            Place::OnSheet(picture) => {
                let book = shelf.book.as_mut().ok_or(FileError::Damaged)?;
                taken.push((picture_name(picture, taken.len()), book.picture(picture)?));
            }
            Place::OnForm(index, sheet) => {
                let (bundle, form_sheet) = shelf.forms.as_mut().ok_or(FileError::Damaged)?;
                let file = bundle.fetch(*index)?;
                let mut book = Book::open(file.path())?;
                let sheet = Some(sheet.as_str()).filter(|sheet| !sheet.is_empty()).or(form_sheet.as_deref());
                let number = book.find(sheet)?;
                for picture in book.pictures(number)? {
                    let bytes = book.picture(&picture)?;
                    taken.push((picture_name(&picture, taken.len()), bytes));
                }
            }
        }
    }
    Ok(taken)
}

fn picture_name(picture: &Picture, before: usize) -> String {
    let ending = picture.part.rsplit('.').next().unwrap_or("png");
    format!("貼付{}_{}.{ending}", before + 1, picture.place)
}

impl From<SheetError> for LedgerError {
    fn from(error: SheetError) -> Self {
        FileError::from(error).into()
    }
}
