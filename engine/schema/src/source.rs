//! A definition file and the places in it.

use std::fmt;
use std::ops::Range;

use toml_edit::{Document, Item};

use crate::error::SchemaError;

/// A line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A definition as it was written, kept so that a mistake found late can still be shown in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFile {
    /// The name shown in messages, such as `systems/parks/ledgers/park.toml`.
    pub name: String,
    /// The text.
    pub text: String,
    /// Places of the text that stand in another file: those of a city's overlay.
    laid: Vec<Laid>,
}

/// A place of a definition that stands in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Laid {
    /// The place in the whole definition.
    pub at: String,
    /// The place in the file.
    pub path: String,
    /// The file.
    pub source: SourceFile,
}

impl SourceFile {
    /// A file by name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), laid: Vec::new() }
    }

    /// The same, with the places that stand elsewhere.
    pub(crate) fn with_laid(mut self, laid: Vec<Laid>) -> Self {
        self.laid = laid;
        self
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// The position of a value by its path, such as `field.3.target` or `list.sort`. Falls back to the nearest
    /// enclosing table that is there, and to the first line.
    pub fn locate(&self, path: &str) -> Position {
        let Ok(document) = Document::parse(self.text.as_str()) else { return Position { line: 1, column: 1 } };
        let mut span: Option<Range<usize>> = None;
        let mut item: &Item = document.as_item();
        for step in path.split('.').filter(|step| !step.is_empty()) {
            let next = match step.parse::<usize>() {
                Ok(index) => match item {
                    Item::ArrayOfTables(tables) => {
                        let Some(table) = tables.get(index) else { break };
                        span = table.span().or(span);
                        if let Some(rest) = path_after(path, step) {
                            return self.locate_in_table(table, rest, span);
                        }
                        break;
                    }
                    other => other.get(index),
                },
                Err(_) => item.get(step),
            };
            let Some(next) = next else { break };
            span = next.span().or(span);
            item = next;
        }
        self.position(span.map_or(0, |s| s.start))
    }

    fn locate_in_table(&self, table: &toml_edit::Table, path: &str, outer: Option<Range<usize>>) -> Position {
        let mut span = outer;
        let mut steps = path.split('.');
        let mut item = steps.next().and_then(|key| table.get(key));
        if let Some(Item::ArrayOfTables(tables)) = item {
            let index = steps.next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
            if let Some(child) = tables.get(index) {
                let rest: Vec<&str> = steps.collect();
                return self.locate_in_table(child, &rest.join("."), child.span().or(span));
            }
        }
        while let Some(found) = item {
            span = found.span().or(span);
            item = steps.next().and_then(|step| match step.parse::<usize>() {
                Ok(index) => found.get(index),
                Err(_) => found.get(step),
            });
        }
        self.position(span.map_or(0, |s| s.start))
    }

    /// A mistake at a path of this file.
    pub fn error(&self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> SchemaError {
        let laid = self.laid.iter().find_map(|laid| {
            let rest = path.strip_prefix(&laid.at).filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
            Some((laid, format!("{}{rest}", laid.path)))
        });
        if let Some((laid, path)) = laid {
            return laid.source.error(&path, message, hint);
        }
        SchemaError { file: self.name.clone(), position: self.locate(path), message: message.into(), hint: hint.into() }
    }
}

/// What follows the first step `step` of a dotted path; none if nothing does.
fn path_after<'a>(path: &'a str, step: &str) -> Option<&'a str> {
    let mut rest = path;
    loop {
        let (head, tail) = rest.split_once('.')?;
        if head == step {
            return Some(tail);
        }
        rest = tail;
    }
}
