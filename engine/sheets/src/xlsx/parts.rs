//! The parts of the archive: opening one within bounds, and what is related to it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;

use crate::error::{Result, SheetError};

/// Largest unpacked part of a workbook, in bytes. A hundred thousand rows of a ledger have about 100 MB.
const PART: u64 = 1024 * 1024 * 1024;
/// Largest unpacked list of shared texts, which is held in memory.
const TEXTS: u64 = 256 * 1024 * 1024;
/// Largest unpacked picture.
const PICTURE: u64 = 50 * 1024 * 1024;
/// Most parts of an archive.
const PARTS: usize = 100_000;

/// An open archive.
pub(crate) struct Parts {
    archive: ZipArchive<BufReader<File>>,
}

impl Parts {
    /// Opens an archive whose parts unpack to no more than we are ready to read.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
        if archive.len() > PARTS {
            return Err(SheetError::TooMany { most: PARTS });
        }
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index)?;
            let most = limit(part.name());
            if part.size() > most {
                return Err(too_large(most));
            }
        }
        Ok(Self { archive })
    }

    /// Whether a part is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// The XML of a part; none if it is not there. What the archive says of its size is not believed.
    pub(crate) fn xml(&mut self, name: &str) -> Result<Option<Xml<impl Read + '_>>> {
        let Some(index) = self.find(name) else { return Ok(None) };
        let part = self.archive.by_index(index)?;
        Ok(Some(Xml::new(part.take(limit(name)))))
    }

    /// The bytes of a part, such as a picture.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>> {
        let index = self.find(name).ok_or(SheetError::Damaged)?;
        let mut bytes = Vec::new();
        self.archive.by_index(index)?.take(PICTURE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > PICTURE { Err(too_large(PICTURE)) } else { Ok(bytes) }
    }

    /// What a part names as related to it: id, kind (the last word of the type), and the name of the other part.
    pub(crate) fn related(&mut self, name: &str) -> Result<Vec<Related>> {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let Some(mut xml) = self.xml(&format!("{folder}/_rels/{file}.rels"))? else { return Ok(Vec::new()) };
        let mut related = Vec::new();
        while let Some(event) = xml.next()? {
            if let Event::Start(tag) = event
                && tag.local_name().as_ref() == "Relationship"
                && attribute(&tag, "TargetMode")?.as_deref() != Some("External")
            {
                let target = attribute(&tag, "Target")?.unwrap_or_default();
                let kind = attribute(&tag, "Type")?.unwrap_or_default();
                related.push(Related {
                    id: attribute(&tag, "Id")?.unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    part: resolve(folder, &target),
                });
            }
        }
        Ok(related)
    }

    /// Some programs write the names of parts in other letters than they refer to them.
    fn find(&self, name: &str) -> Option<usize> {
        self.archive.index_for_name(name).or_else(|| {
            let same = self.archive.file_names().find(|known| known.eq_ignore_ascii_case(name))?.to_owned();
            self.archive.index_for_name(&same)
        })
    }
}

/// A part that another names.
#[derive(Clone, Debug)]
pub(crate) struct Related {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) part: String,
}

fn limit(name: &str) -> u64 {
    if name.to_ascii_lowercase().ends_with("sharedstrings.xml") { TEXTS } else { PART }
}

fn too_large(most: u64) -> SheetError {
    SheetError::TooLarge { megabytes: most / (1024 * 1024) }
}

/// The name of a part that is given relative to a folder, or from the top.
fn resolve(folder: &str, target: &str) -> String {
    let start = if target.starts_with('/') { "" } else { folder };
    let mut steps: Vec<&str> = start.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/').filter(|step| !matches!(*step, "" | ".")) {
        if step == ".." {
            steps.pop();
        } else {
            steps.push(step);
        }
    }
    steps.join("/")
}

/// A part that is read tag by tag; an empty tag is a start and an end.
pub(crate) struct Xml<R> {
    reader: Reader<BufReader<R>>,
    buffer: Vec<u8>,
}

impl<R: Read> Xml<R> {
    fn new(part: R) -> Self {
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, part));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'_>>> {
        self.buffer.clear();
        match self.reader.read_event_into(&mut self.buffer)? {
            Event::Eof => Ok(None),
            event => Ok(Some(event)),
        }
    }
}

/// An attribute by its name without a prefix.
pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for found in tag.attributes().with_checks(false) {
        let found = found?;
        if found.key.local_name().as_ref() == name {
            let value = found.normalized_value(XmlVersion::default()).map_err(|_| SheetError::Damaged)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Whether an attribute says yes.
pub(crate) fn is_on(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "true" | "on"))
}

/// Adds the text of an event; anything else adds nothing.
pub(crate) fn add_text(event: &Event<'_>, out: &mut String) {
    match event {
        Event::Text(text) => out.push_str(&text.xml10_content()),
        Event::CData(text) => out.push_str(text.as_ref()),
        Event::GeneralRef(reference) => out.extend(entity(reference)),
        _ => {}
    }
}

fn entity(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Writes out what spreadsheets escape in texts: `_x000D_` is a carriage return, `_x005F_` an underscore.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        if let Some(character) = character {
            out.push(character);
            rest = &rest[at + 7..];
        } else {
            out.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved() {
        for (folder, target, name) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/worksheets", "../drawings/drawing1.xml", "xl/drawings/drawing1.xml"),
            ("xl", "/xl/worksheets/a.xml", "xl/worksheets/a.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), name);
        }
    }

    #[test]
    fn escapes_are_written_out() {
        for (text, plain) in [
            ("一行目_x000D_\n二行目", "一行目\r\n二行目"),
            ("_x005F_x000D_", "_x000D_"),
            ("a_xb", "a_xb"),
            ("_xDC00_", "_xDC00_"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }
}
