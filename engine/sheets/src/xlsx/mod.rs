//! XLSX: an archive of XML, read part by part and cell by cell, so that a sheet with one cell in its far corner costs
//! nothing. The library that reads the other formats leaves out what this crate is for (merges of a sheet as it streams,
//! notes, readings, pictures, hidden rows, Japanese formats of dates), so these parts are read here.

mod beside;
pub(crate) mod parts;
mod sheet;
mod strings;
mod styles;

use std::path::Path;

use quick_xml::events::Event;

use self::parts::{Parts, attribute, is_on};
use self::sheet::SheetReader;
use self::strings::Strings;
use self::styles::Styles;
use crate::book::{Frame, Note, Picture, RawRow, SheetName};
use crate::error::{Result, SheetError};

/// An open workbook.
pub(crate) struct Xlsx {
    parts: Parts,
    sheets: Vec<(SheetName, String)>,
    strings: Option<Strings>,
    styles: Styles,
    strings_part: String,
    is_1904: bool,
}

impl Xlsx {
    /// Opens a workbook; its texts are read when they are first needed.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut parts = Parts::open(path)?;
        let related = parts.related("xl/workbook.xml")?;
        let part = |kind: &str, usual: &str| {
            related.iter().find(|related| related.kind == kind).map_or(usual.to_owned(), |related| related.part.clone())
        };
        let styles = Styles::read(&mut parts, &part("styles", "xl/styles.xml"))?;
        let strings_part = part("sharedStrings", "xl/sharedStrings.xml");
        let mut xml = parts.xml("xl/workbook.xml")?.ok_or(SheetError::Damaged)?;
        let (mut sheets, mut is_1904) = (Vec::new(), false);
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            match tag.local_name().as_ref() {
                "workbookPr" => is_1904 = is_on(attribute(&tag, "date1904")?.as_deref()),
                "sheet" => {
                    let name = attribute(&tag, "name")?.unwrap_or_default();
                    let is_hidden = attribute(&tag, "state")?.is_some_and(|state| state != "visible");
                    let id = attribute(&tag, "id")?.unwrap_or_default();
                    // Sheets of charts have no cells.
                    if let Some(part) = related.iter().find(|part| part.id == id && part.kind == "worksheet") {
                        sheets.push((SheetName { name, is_hidden }, part.part.clone()));
                    }
                }
                _ => {}
            }
        }
        drop(xml);
        if sheets.is_empty() {
            return Err(SheetError::Damaged);
        }
        Ok(Self { parts, sheets, strings: None, styles, strings_part, is_1904 })
    }

    /// The sheets.
    pub(crate) fn sheets(&self) -> impl Iterator<Item = &SheetName> {
        self.sheets.iter().map(|(name, _)| name)
    }

    /// Hands the rows of a sheet over; what stands around them is whole once all were taken.
    pub(crate) fn rows(&mut self, sheet: usize, take: &mut dyn FnMut(RawRow) -> Result<bool>) -> Result<Frame> {
        let strings = match self.strings.take() {
            Some(strings) => strings,
            None => Strings::read(&mut self.parts, &self.strings_part)?,
        };
        let strings = self.strings.insert(strings);
        let part = &self.sheets.get(sheet).ok_or(SheetError::Damaged)?.1;
        let reader = SheetReader { strings, styles: &self.styles, is_1904: self.is_1904 };
        reader.read(&mut self.parts.xml(part)?.ok_or(SheetError::Damaged)?, take)
    }

    /// The notes of a sheet.
    pub(crate) fn notes(&mut self, sheet: usize) -> Result<Vec<Note>> {
        let part = self.sheets.get(sheet).ok_or(SheetError::Damaged)?.1.clone();
        beside::notes(&mut self.parts, &part)
    }

    /// The pictures of a sheet.
    pub(crate) fn pictures(&mut self, sheet: usize) -> Result<Vec<Picture>> {
        let part = self.sheets.get(sheet).ok_or(SheetError::Damaged)?.1.clone();
        beside::pictures(&mut self.parts, &part)
    }

    /// The bytes of a picture.
    pub(crate) fn picture(&mut self, part: &str) -> Result<Vec<u8>> {
        self.parts.bytes(part)
    }
}
