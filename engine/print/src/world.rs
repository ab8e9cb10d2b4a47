//! What a template can see: itself, `/paper.typ`, the data, the pictures of its job and the fonts. No file, no network, no clock.

use std::collections::HashMap;

use jiff::civil::DateTime;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use crate::fonts::Fonts;

/// The world of one job.
pub(crate) struct JobWorld {
    library: LazyHash<Library>,
    fonts: Fonts,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    today: DateTime,
}

impl JobWorld {
    /// A world whose main file is `/main.typ`.
    pub fn new(fonts: Fonts, sources: &[(&str, &str)], files: Vec<(String, Vec<u8>)>, today: DateTime) -> Self {
        let sources: HashMap<FileId, Source> = sources
            .iter()
            .filter_map(|(path, text)| id(path).map(|id| (id, Source::new(id, (*text).to_owned()))))
            .collect();
        let files = files.into_iter().filter_map(|(path, bytes)| id(&path).map(|id| (id, Bytes::new(bytes)))).collect();
        let main = id("/main.typ").expect("is a plain path");
        Self { library: LazyHash::new(Library::default()), fonts, main, sources, files, today }
    }
}

/// The typesetter keeps the id of every path for as long as the program runs, so paths are few and fixed.
fn id(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_with_slash().into())
}

impl World for JobWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match self.files.get(&id) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.source(id).map(|source| Bytes::from_string(source.text().to_owned())),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    /// The day of the job in the city, whatever zone a template asks for: the machine's clock is not consulted.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        datetime(self.today)
    }
}

/// A civil instant as the typesetter has it.
pub(crate) fn datetime(at: DateTime) -> Option<Datetime> {
    let part = |value: i8| u8::try_from(value).ok();
    Datetime::from_ymd_hms(
        i32::from(at.year()),
        part(at.month())?,
        part(at.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
    )
}
