//! XML: records are elements, read one at a time. Names count without their prefixes; entities of a document's own are not
//! resolved, so that none can grow.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use kawasemi_ledger::import::Decoding;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Fault, FaultKind, LONGEST, RawRow, ReadError};
use crate::layout::{Layout, Record};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

pub(super) fn read(layout: &Layout, path: &Path, each: &mut dyn FnMut(RawRow) -> bool) -> Result<(), ReadError> {
    let file = Decoding::new(BufReader::with_capacity(1 << 16, File::open(path)?), layout.encoding());
    let mut reader = Reader::from_reader(BufReader::new(file));
    let mut walk = Walk { layout, path: Vec::new(), open: None, count: 0 };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| broken(&error.to_string()))?;
        let done = match event {
            Event::Start(start) => {
                walk.enter(&start)?;
                None
            }
            Event::Empty(start) => {
                walk.enter(&start)?;
                walk.leave()
            }
            Event::Text(text) => {
                walk.text(&text.xml10_content())?;
                None
            }
            Event::CData(text) => {
                walk.text(text.as_ref())?;
                None
            }
            Event::GeneralRef(name) => {
                walk.text(&entity(name.as_ref())?)?;
                None
            }
            Event::End(_) => walk.leave(),
            Event::Eof if walk.path.is_empty() => return Ok(()),
            Event::Eof => {
                return Err(ReadError::Shape("XMLが途中で切れています。相手に送り直してもらってください。".to_owned()));
            }
            _ => None,
        };
        if done.is_some_and(|row| !each(row)) {
            return Ok(());
        }
    }
}

/// A character that was written by its number, or one of the five names that every document knows.
fn entity(name: &str) -> Result<String, ReadError> {
    let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
    let number = number.or_else(|| name.strip_prefix('#').map(str::parse));
    let found = match (number, name) {
        (Some(number), _) => number.ok().and_then(char::from_u32).map(String::from),
        (None, name) => quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned),
    };
    found.ok_or_else(|| ReadError::Shape(format!("XMLに使えない実体参照「&{name};」があります。")))
}

fn broken(_error: &str) -> ReadError {
    ReadError::Shape("XMLとして読めません。文字コードと、ファイルが壊れていないかを確かめてください。".to_owned())
}

/// Where in the document we are.
struct Walk<'a> {
    layout: &'a Layout,
    path: Vec<String>,
    open: Option<Open<'a>>,
    count: u64,
}

/// A record that is being read.
struct Open<'a> {
    index: usize,
    record: &'a Record,
    depth: usize,
    values: Vec<String>,
    /// Which elements were there already.
    met: Vec<bool>,
    fault: Option<Fault>,
}

impl Open<'_> {
    /// Notes that an element begins. One that comes again would otherwise be joined to the first.
    fn meet(&mut self, inside: &str) {
        let Some(place) = self.record.places.iter().position(|place| place.raw.path == inside) else { return };
        if std::mem::replace(&mut self.met[place], true) {
            let message = format!("「{}」が二つ以上あります。", self.record.places[place].raw.name);
            self.fault.get_or_insert(Fault { kind: FaultKind::Repeated, message });
        }
    }
}

impl Walk<'_> {
    fn enter(&mut self, start: &BytesStart<'_>) -> Result<(), ReadError> {
        if self.path.len() >= DEEPEST {
            return Err(ReadError::Shape("XMLの入れ子が深すぎます。".to_owned()));
        }
        self.path.push(start.local_name().as_ref().to_owned());
        if self.open.is_none()
            && let Some(index) = self.layout.records.iter().position(|record| record.element == self.path)
        {
            let record = &self.layout.records[index];
            let values = vec![String::new(); record.places.len()];
            let met = vec![false; record.places.len()];
            self.open = Some(Open { index, record, depth: self.path.len(), values, met, fault: None });
            self.count += 1;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let inside = self.path[open.depth..].join("/");
        open.meet(&inside);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| broken(&error.to_string()))?;
            let name = attribute.key.local_name().as_ref().to_owned();
            let wanted = if inside.is_empty() { format!("@{name}") } else { format!("{inside}/@{name}") };
            if let Some(place) = open.record.places.iter().position(|place| place.raw.path == wanted) {
                let value =
                    quick_xml::escape::unescape(&attribute.value).map_err(|error| broken(&error.to_string()))?;
                open.values[place] = value.into_owned();
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ReadError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let inside = self.path[open.depth..].join("/");
        let wanted = if inside.is_empty() { "." } else { inside.as_str() };
        if let Some(place) = open.record.places.iter().position(|place| place.raw.path == wanted) {
            if open.values[place].len() + text.len() > LONGEST {
                return Err(ReadError::Shape(format!("{}件目の「{wanted}」が長すぎます。", self.count)));
            }
            open.values[place].push_str(text);
        }
        Ok(())
    }

    /// Leaves an element; the record that ended with it.
    fn leave(&mut self) -> Option<RawRow> {
        let ended = self.open.take_if(|open| open.depth == self.path.len());
        self.path.pop();
        let open = ended?;
        Some(RawRow { line: self.count, record: Some(open.index), values: open.values, fault: open.fault })
    }
}
