//! An XML part, read and written anew in one pass: elements that lead to what is gone, and those that run or call something,
//! are left out.

use std::collections::HashMap;
use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::fields::{Fields, is_harmless};
use crate::{Refusal, Result, What};

/// The namespaces of references to relationships, of both editions of the standard.
const REFERENCES: [&str; 2] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
];

/// Elements that are never kept, with all that is in them.
const NEVER: [(&str, What); 19] = [
    ("OLEObject", What::Embedded),
    ("oleObject", What::Embedded),
    ("oleObjects", What::Embedded),
    ("oleObj", What::Embedded),
    ("altChunk", What::Embedded),
    ("externalData", What::Embedded),
    ("control", What::Control),
    ("controls", What::Control),
    ("FmlaMacro", What::Macro),
    ("MultiSel", What::Control),
    ("customUI", What::Macro),
    ("imgProps", What::Picture),
    ("externalReferences", What::External),
    ("attachedTemplate", What::External),
    ("mailMerge", What::External),
    ("saveThroughXslt", What::External),
    ("webPublishItems", What::External),
    ("subDoc", What::External),
    ("hlinkMouseOver", What::External),
];

/// Elements that do without their reference: the words of a link, the settings of a page, the frame of a picture.
const WITHOUT_REFERENCE: [&str; 5] = ["hyperlink", "pageSetup", "blip", "imagedata", "fill"];

/// Lists that the standard does not allow to be empty.
const NEVER_EMPTY: [&str; 5] = ["hyperlinks", "definedNames", "tableParts", "embeddedFontLst", "custDataLst"];

/// Calls in formulas that reach other files, sites or programs.
const REACHING: [&str; 8] =
    ["WEBSERVICE(", "RTD(", "CALL(", "REGISTER", "EXEC(", "IMAGE(", "HYPERLINK(", "SQL.REQUEST("];

/// A part that was written anew.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// Its text.
    pub content: Vec<u8>,
    /// What was left out.
    pub removed: Vec<What>,
}

/// Writes a part anew.
///
/// # Errors
/// [`Refusal::Broken`] unless it is well-formed, in UTF-8 and without a document type.
pub(super) fn rewrite(content: &[u8], gone: &HashMap<String, What>) -> Result<Rewritten> {
    let text = text_of(content)?;
    let mut reader = NsReader::from_str(text);
    let mut writer = Writer::new(gone);
    loop {
        let event = reader.read_event().map_err(|_| broken("XML として読めません"))?;
        match event {
            Event::Eof => break,
            Event::DocType(_) => return Err(broken("文書型の宣言があります")),
            Event::Decl(_) => writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"),
            Event::Start(element) => writer.start(&reader, &element, false)?,
            Event::Empty(element) => writer.start(&reader, &element, true)?,
            Event::End(element) => writer.end(element.name().as_ref()),
            Event::Text(text) => writer.text(text.as_ref())?,
            Event::CData(text) => writer.text(&escaped(text.as_ref()))?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| broken("文字参照が誤っています"))?;
                writer.reference(reference.as_ref(), character)?;
            }
            Event::Comment(_) | Event::PI(_) => {}
        }
    }
    if writer.fields.close(&mut writer.out) {
        writer.note(What::Field);
    }
    if !writer.open.is_empty() || writer.skipping > 0 || writer.roots != 1 {
        return Err(broken("XML が途中で終わっています"));
    }
    Ok(Rewritten { content: writer.out.into_bytes(), removed: writer.removed })
}

/// What an open element is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// A frame that has no sense without the object in it.
    Frame,
    /// The formula of a cell, or a name that stands for one.
    Formula,
    /// A part of a field's instruction.
    Instruction,
    /// A list that goes with its last item.
    List,
}

struct Open {
    role: Role,
    /// Where it begins in what is written.
    begins: usize,
    /// Where what is in it begins.
    inside: usize,
    /// Why it is to go at its end.
    doomed: Option<What>,
    /// The group of a formula that others in the sheet share.
    shared: Option<String>,
}

struct Writer<'a> {
    out: String,
    open: Vec<Open>,
    /// How many elements are open in one that is left out, that one included.
    skipping: usize,
    /// How many elements stand at the top.
    roots: usize,
    gone: &'a HashMap<String, What>,
    removed: Vec<What>,
    /// The text of the formula that is open.
    formula: String,
    /// Groups of formulas whose first went.
    ungrouped: Vec<String>,
    fields: Fields,
}

impl<'a> Writer<'a> {
    fn new(gone: &'a HashMap<String, What>) -> Self {
        Self {
            gone,
            out: String::new(),
            open: Vec::new(),
            skipping: 0,
            roots: 0,
            removed: Vec::new(),
            formula: String::new(),
            ungrouped: Vec::new(),
            fields: Fields::default(),
        }
    }

    fn start(&mut self, reader: &NsReader<&[u8]>, element: &BytesStart<'_>, is_empty: bool) -> Result<()> {
        if self.skipping > 0 {
            self.skipping += usize::from(!is_empty);
            return Ok(());
        }
        if self.open.is_empty() {
            self.roots += 1;
        }
        let local = element.local_name();
        let local = local.as_ref();
        let begins = self.out.len();
        let mut verdict = NEVER.iter().find(|(name, _)| *name == local).map(|(_, what)| *what);
        let mut shared = None;
        self.out.push('<');
        self.out.push_str(element.name().as_ref());
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|_| broken("XML の属性が誤っています"))?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| broken("XML の属性が誤っています"))?;
            let (space, name) = reader.resolver().resolve_attribute(attribute.key);
            let name = name.as_ref();
            let is_reference = matches!(&space, ResolveResult::Bound(space) if REFERENCES.contains(&space.as_ref()))
                || name.eq_ignore_ascii_case("relid");
            let is_declaration = attribute.key.as_namespace_binding().is_some();
            if let Some(what) = self.gone.get(value.as_ref()).filter(|_| is_reference) {
                if WITHOUT_REFERENCE.contains(&local) && !(local == "hyperlink" && is_sheet_link(element)) {
                    continue;
                }
                verdict = verdict.or(Some(*what));
            }
            let value = match name {
                _ if is_declaration || is_reference => value,
                "macro" | "vbProcedure" | "xlm" if !value.is_empty() && value != "0" && value != "false" => {
                    if local == "definedName" {
                        verdict = verdict.or(Some(What::Macro));
                    }
                    self.note(What::Macro);
                    "".into()
                }
                "action" if value.starts_with("ppaction://") && !is_within_show(&value) => {
                    verdict = verdict.or(Some(What::External));
                    value
                }
                "href" | "src" | "link" if is_address(&value) => {
                    self.note(What::External);
                    continue;
                }
                "instr" if !is_harmless(&value) => {
                    self.note(What::Field);
                    "".into()
                }
                "name" if local == "definedName" && value.to_lowercase().starts_with("_xlnm.auto_") => {
                    verdict = verdict.or(Some(What::Macro));
                    value
                }
                "si" if local == "f" => {
                    shared = Some(value.clone().into_owned());
                    value
                }
                "fldCharType" if local == "fldChar" => {
                    if self.fields.mark(&value, &mut self.out) {
                        self.note(What::Field);
                    }
                    value
                }
                _ => value,
            };
            let _ = write!(self.out, " {}=\"{}\"", attribute.key.as_ref(), escaped(&value));
        }
        let belongs_to_gone = local == "f" && shared.as_ref().is_some_and(|group| self.ungrouped.contains(group));
        if let Some(what) = verdict.or(belongs_to_gone.then_some(What::Formula)) {
            self.out.truncate(begins);
            self.note(what);
            let frame = self.open.iter_mut().rev().find(|open| open.role == Role::Frame);
            if let Some(frame) = frame.filter(|_| matches!(what, What::Embedded | What::Control)) {
                frame.doomed = Some(what);
            }
            self.skipping = usize::from(!is_empty);
            return Ok(());
        }
        self.out.push_str(if is_empty { "/>" } else { ">" });
        if !is_empty {
            let role = match local {
                "graphicFrame" => Role::Frame,
                "f" | "definedName" => Role::Formula,
                "instrText" | "delInstrText" => Role::Instruction,
                local if NEVER_EMPTY.contains(&local) => Role::List,
                _ => Role::Plain,
            };
            self.formula.clear();
            self.open.push(Open { role, begins, inside: self.out.len(), doomed: None, shared });
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        let Some(mut open) = self.open.pop() else { return };
        if open.role == Role::Formula && reaches_out(&self.formula) {
            open.doomed = Some(What::Formula);
        }
        if open.role == Role::List && self.out[open.inside..].trim().is_empty() {
            self.out.truncate(open.begins);
            return;
        }
        if let Some(what) = open.doomed {
            self.out.truncate(open.begins);
            self.note(what);
            self.ungrouped.extend(open.shared);
            return;
        }
        let _ = write!(self.out, "</{name}>");
    }

    fn text(&mut self, raw: &str) -> Result<()> {
        if self.open.is_empty() && self.skipping == 0 {
            return if raw.trim().is_empty() { Ok(()) } else { Err(broken("要素の外に文字があります")) };
        }
        self.piece(raw, raw);
        Ok(())
    }

    /// Only references to characters, by number or by one of the five names, have a meaning without a document type.
    fn reference(&mut self, raw: &str, character: Option<char>) -> Result<()> {
        let named = match raw {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
        let character =
            character.filter(|&c| !is_no_xml(c)).or(named).ok_or_else(|| broken("知らない実体参照があります"))?;
        if self.open.is_empty() && self.skipping == 0 {
            return Err(broken("要素の外に文字があります"));
        }
        self.piece(&format!("&{raw};"), character.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn piece(&mut self, raw: &str, meaning: &str) {
        if self.skipping > 0 {
            return;
        }
        let begins = self.out.len();
        self.out.push_str(raw);
        match self.open.last().map(|open| open.role) {
            Some(Role::Formula) => self.formula.push_str(meaning),
            Some(Role::Instruction) => self.fields.instruction(meaning, begins..self.out.len()),
            _ => {}
        }
    }

    fn note(&mut self, what: What) {
        if !self.removed.contains(&what) {
            self.removed.push(what);
        }
    }
}

/// A link of a sheet stands apart from its cell, as an element of its own; without its target it is nothing.
fn is_sheet_link(element: &BytesStart<'_>) -> bool {
    element.attributes().flatten().any(|attribute| attribute.key.as_ref() == "ref")
}

/// Whether an action of a slide stays within the show.
fn is_within_show(action: &str) -> bool {
    ["ppaction://hlinkshowjump", "ppaction://hlinksldjump", "ppaction://noaction", "ppaction://customshow"]
        .iter()
        .any(|known| action.starts_with(known))
}

fn is_address(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let scheme = value
        .split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    scheme || value.starts_with("\\\\") || value.starts_with("//")
}

/// Whether a formula asks another file or program: `[1]Sheet1!A1`, `cmd|'/c calc'!A0`, or a call that does.
fn reaches_out(formula: &str) -> bool {
    let upper = formula.to_uppercase();
    if formula.contains('|') || formula.contains("\\\\") || formula.contains("://") {
        return true;
    }
    if REACHING.iter().any(|call| {
        upper
            .match_indices(call)
            .any(|(at, _)| !upper[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_'))
    }) {
        return true;
    }
    names_another_book(formula)
}

/// Whether a formula names another workbook by its number: `[2]` at the beginning of a name. `Table1[2024]` is a column of a
/// table, and so is what lies within its brackets; brackets that don't close are nobody's formula.
fn names_another_book(formula: &str) -> bool {
    let (mut depth, mut is_text, mut before) = (0_u32, false, None);
    for (at, c) in formula.char_indices() {
        match c {
            '"' => is_text = !is_text,
            _ if is_text => {}
            '[' => {
                let inside = formula[at + 1..].split(']').next().unwrap_or_default();
                let is_number = !inside.is_empty() && inside != "0" && inside.chars().all(|c| c.is_ascii_digit());
                let is_column = before.is_some_and(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ']'));
                if depth == 0 && is_number && !is_column {
                    return true;
                }
                depth += 1;
            }
            ']' if depth == 0 => return true,
            ']' => depth -= 1,
            _ => {}
        }
        before = Some(c);
    }
    depth != 0 || is_text
}

/// The elements of a small part in order, with their attributes, for parts that are only looked up.
pub(super) fn flat(content: &[u8]) -> Result<Vec<(String, HashMap<String, String>)>> {
    let mut reader = NsReader::from_str(text_of(content)?);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().map_err(|_| broken("XML として読めません"))? {
            Event::Eof => return Ok(elements),
            Event::DocType(_) => return Err(broken("文書型の宣言があります")),
            Event::Start(element) | Event::Empty(element) => {
                let mut attributes = HashMap::new();
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(|_| broken("XML の属性が誤っています"))?;
                    let value = attribute
                        .normalized_value(XmlVersion::Implicit1_0)
                        .map_err(|_| broken("XML の属性が誤っています"))?;
                    attributes.insert(attribute.key.as_ref().to_owned(), value.into_owned());
                }
                elements.push((element.local_name().as_ref().to_owned(), attributes));
            }
            _ => {}
        }
    }
}

/// A part's text: UTF-8 without the characters that XML has no place for.
fn text_of(content: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(content).map_err(|_| broken("UTF-8 ではありません"))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.chars().any(is_no_xml) {
        return Err(broken("XML に使えない文字があります"));
    }
    Ok(text)
}

/// Characters that XML has no place for, not even as a reference.
const fn is_no_xml(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Text as XML has it, in elements and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A reader turns these into spaces in an attribute.
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn broken(said: &str) -> Refusal {
    Refusal::Broken(said.to_owned())
}
