//! The table of a workbook: XLSX, XLS or ODS. What it means is understood by [`kawasemi_sheets`]; here it meets the import.

use std::path::Path;
use std::sync::Arc;

use kawasemi_sheets::SheetRow;
use kawasemi_sheets::book::Book;
use kawasemi_sheets::table::{self, Table, TableOptions};

use super::file::{FileError, FileOptions, LOOK, Look, Source};

/// A workbook whose table was found.
#[derive(Debug)]
pub struct Workbook {
    table: Table,
}

/// Looks at a workbook.
pub(super) fn look(path: &Path, options: &FileOptions) -> Result<Look, FileError> {
    let mut book = Book::open(path)?;
    let survey = table::survey(&mut book, options.sheet.as_deref(), &of_table(options), LOOK)?;
    let mut look = Look::of_headings(survey.table.headings());
    look.sheets = book.sheets().iter().map(|sheet| sheet.name.clone()).collect();
    look.header = survey.table.header();
    look.header_rows = survey.table.header_rows();
    look.rows = survey.rows;
    look.understood = survey.report;
    look.source = Source::Workbook(Arc::new(Workbook { table: survey.table }));
    Ok(look)
}

impl Workbook {
    /// Hands the rows of the table over until `take` says false.
    pub(super) fn rows(
        &self,
        path: &Path,
        options: &FileOptions,
        take: &mut dyn FnMut(SheetRow) -> bool,
    ) -> Result<(), FileError> {
        Ok(self.table.rows(&mut Book::open(path)?, &of_table(options), take)?)
    }
}

/// What was said about the table; the row of the headings is said for every kind of file.
fn of_table(options: &FileOptions) -> TableOptions {
    TableOptions { header: options.header, ..options.table.clone() }
}
