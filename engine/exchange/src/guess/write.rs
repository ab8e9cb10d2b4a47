//! Writing down a guess as a layout, with what a person has made of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Guess;
use crate::layout::{Conversion, Format};

/// What becomes of a column: its name, the ledger's field (empty for none) and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What the other system calls it.
    pub name: String,
    /// The ledger's field.
    pub to: String,
    /// What it holds.
    pub kind: Conversion,
}

/// What a layout says besides its columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// The ledger.
    pub ledger: String,
    /// The ledger's unique field.
    pub find: String,
    /// Whether files hold everything; then the field that closes a record, with what is entered in it.
    pub close: Option<(String, String)>,
}

impl Guess {
    /// The layout that it makes with what a person has chosen.
    #[must_use]
    pub fn to_toml(&self, head: &Head, choices: &[Choice]) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = String::new();
        let format = if self.format == Format::Fixed { "fixed" } else { "csv" };
        let mode = if head.close.is_some() { "full" } else { "difference" };
        for (key, value) in [
            ("key", quoted(&head.key)),
            ("version", head.version.to_string()),
            ("title", quoted(&head.title)),
            ("ledger", quoted(&head.ledger)),
            ("encoding", quoted(self.encoding)),
            ("format", quoted(format)),
            ("mode", quoted(mode)),
            ("find", format!("[{}]", quoted(&head.find))),
        ] {
            // Writing to a text can't fail.
            let _ = writeln!(text, "{key} = {value}");
        }
        if self.format == Format::Fixed {
            let (length, end) = (self.record_length, self.line_end);
            let _ = write!(text, "\n[fixed]\nrecord_length = {length}\nline_end = \"{end}\"\n");
        } else {
            let (delimiter, columns) = (quoted(&self.delimiter.to_string()), self.columns.len());
            let _ = write!(text, "\n[csv]\ndelimiter = {delimiter}\nheading = {}\ncolumns = {columns}\n", self.heading);
        }
        if let Some((field, value)) = &head.close {
            let _ = write!(text, "\n[close]\n{field} = {}\n", quoted(value));
        }
        if let Some(frame) = &self.frame {
            text.push_str(&frame.to_toml(self.format));
        }
        text.push_str("\n[[record]]\nkind = \"data\"\n");
        if let Some(frame) = &self.frame {
            let _ = writeln!(text, "is = {}", quoted(&frame.data));
        }
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (column, choice) in self.columns.iter().zip(choices) {
            // Two columns may be called alike; a layout tells them apart.
            let count = names.entry(choice.name.as_str()).or_default();
            *count += 1;
            let name = if *count == 1 { choice.name.clone() } else { format!("{}({count})", choice.name) };
            let _ = write!(text, "\n[[record.field]]\nname = {}\n", quoted(&name));
            if self.format == Format::Fixed {
                let _ = writeln!(text, "length = {}", column.length);
            }
            if !choice.to.is_empty() {
                let _ = writeln!(text, "to = {}", quoted(&choice.to));
            }
            if choice.to == head.find {
                text.push_str("required = true\n");
            }
            let kind = key_of(choice.kind);
            if kind != "text" {
                let _ = writeln!(text, "type = \"{kind}\"");
            }
        }
        text
    }
}

/// The kinds of content with their keys and what people call them.
pub const KINDS: [(&str, &str, Conversion); 5] = [
    ("text", "文字", Conversion::Text),
    ("number", "数字（前の0を取る）", Conversion::Number),
    ("date", "日付（年月日8桁）", Conversion::Date),
    ("era-date", "和暦の日付（7桁）", Conversion::EraDate),
    ("year-month", "年月（6桁）", Conversion::YearMonth),
];

/// The key of a kind of content.
#[must_use]
pub fn key_of(kind: Conversion) -> &'static str {
    KINDS.iter().find(|(_, _, known)| *known == kind).map_or("text", |(key, ..)| key)
}

/// The kind of content with a key.
#[must_use]
pub fn kind_of(key: &str) -> Conversion {
    KINDS.iter().find(|(known, ..)| *known == key).map_or(Conversion::Text, |(_, _, kind)| *kind)
}
