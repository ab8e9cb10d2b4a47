//! What is printed: a template, its data, its pictures and what the paper is like.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

/// A template in the Typst language. It begins with `#import "/paper.typ": *`, which gives it the pieces of a paper and its
/// `data`; its pictures are `/assets/NAME`. It can open nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is called in messages, such as `systems/parks/prints/permit.typ`.
    pub name: String,
    /// Its text.
    pub source: String,
}

impl Template {
    /// A template that is part of the program.
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self { name: name.into(), source: source.into() }
    }
}

/// Whether a print stops at what it can't show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// An official print (公文): it stops with a list.
    #[default]
    Official,
    /// For use in the hall: substitutes are printed and marked.
    Ordinary,
}

/// How large the paper is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperSize {
    /// A4, as official papers are.
    #[default]
    A4,
    /// A3, for maps and wide tables.
    A3,
}

/// Which way the paper lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Orientation {
    /// Upright (縦).
    #[default]
    Portrait,
    /// Across (横).
    Landscape,
}

/// Which standard for keeping the file is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archive {
    /// PDF/A-2b: looks the same for ever.
    #[default]
    A2b,
    /// PDF/A-2u: its text can be read out as well. Refused by the standard for private-use characters.
    A2u,
    /// PDF/A-3b: may carry other files.
    A3b,
    /// None.
    None,
}

/// What stands at the foot of each page beside its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Footer {
    /// The reference number (文書番号・照会番号); empty for none.
    pub reference: String,
    /// When and by whom it was printed, in words; empty for none.
    pub printed: String,
}

/// What the paper is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The title of the document, which a reader shows for its window.
    pub title: String,
    /// The author that the document names: the city or the department; empty for none.
    pub author: String,
    /// The language of the text, such as `ja`.
    pub language: &'static str,
    /// Official or not.
    pub kind: Kind,
    /// The size of the paper.
    pub paper: PaperSize,
    /// Which way it lies.
    pub orientation: Orientation,
    /// The standard for keeping it.
    pub archive: Archive,
    /// The foot of each page.
    pub footer: Footer,
    /// When it is made. The file carries it, so that the same job at the same instant gives the same bytes.
    pub at: Timestamp,
    /// The time zone of the city.
    pub zone: TimeZone,
    /// How long it may take to be made, before somebody who waits for it is told that it takes too long.
    pub patience: Duration,
    /// What stands across every page and above it, such as that the paper is from a training city; none for nothing.
    pub mark: Option<Mark>,
}

/// What says on every page that a paper is not what it looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Large and pale across the page, in a few characters: 練習.
    pub across: String,
    /// A sentence at the top of the page.
    pub above: String,
}

/// Somebody waits at a screen.
const PATIENCE: Duration = Duration::from_secs(60);

impl Options {
    /// An official paper, A4 upright, PDF/A-2b, in Japanese.
    pub fn official(title: impl Into<String>, at: Timestamp, zone: TimeZone) -> Self {
        Self {
            title: title.into(),
            author: String::new(),
            language: "ja",
            kind: Kind::Official,
            paper: PaperSize::A4,
            orientation: Orientation::Portrait,
            archive: Archive::A2b,
            footer: Footer::default(),
            at,
            zone,
            patience: PATIENCE,
            mark: None,
        }
    }

    /// The same, printing marked substitutes rather than stopping.
    pub fn ordinary(title: impl Into<String>, at: Timestamp, zone: TimeZone) -> Self {
        Self { kind: Kind::Ordinary, ..Self::official(title, at, zone) }
    }
}

/// A picture: a seal (公印), a QR code, a photograph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name in the template: small letters, digits and hyphens with `.png`, `.jpg`, `.svg` or `.gif`. A name is a word of the
    /// template, such as `seal.png`, and nothing from a record.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Asset {
    /// Whether the name is one that a template can use.
    pub(crate) fn has_good_name(&self) -> bool {
        let Some((stem, extension)) = self.name.rsplit_once('.') else { return false };
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=40).contains(&stem.len())
            && stem.chars().all(is_plain)
            && ["png", "jpg", "svg", "gif"].contains(&extension)
    }
}

/// What the parts of the data are called where a list of findings names them.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    subjects: Vec<(String, String)>,
    fields: HashMap<String, String>,
    derived: Vec<String>,
}

impl Naming {
    /// Everything under a place of the data (a JSON pointer; empty for all of it) belongs to this record or person. The
    /// narrowest place that was named counts.
    #[must_use]
    pub fn with_subject(mut self, pointer: impl Into<String>, words: impl Into<String>) -> Self {
        self.subjects.push((pointer.into(), words.into()));
        self
    }

    /// A key of the data is called so. Texts beside a `label` are called by that and need no naming.
    #[must_use]
    pub fn with_field(mut self, key: impl Into<String>, words: impl Into<String>) -> Self {
        self.fields.insert(key.into(), words.into());
        self
    }

    /// What stands under this key of the data is put together from other texts of it: a character that is found there as well is
    /// listed there alone.
    #[must_use]
    pub fn with_derived(mut self, key: impl Into<String>) -> Self {
        self.derived.push(key.into());
        self
    }

    pub(crate) fn is_derived(&self, path: &[String]) -> bool {
        path.last().is_some_and(|key| self.derived.contains(key))
    }

    pub(crate) fn subject(&self, path: &[String]) -> String {
        let pointer: String = path.iter().map(|part| format!("/{part}")).collect();
        let reaches = |place: &str| match pointer.strip_prefix(place) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        let named = self.subjects.iter().filter(|(place, _)| reaches(place));
        named.max_by_key(|(place, _)| place.len()).map(|(_, words)| words.clone()).unwrap_or_default()
    }

    pub(crate) fn field(&self, path: &[String], label: Option<&str>) -> String {
        let keys = path.iter().rev().filter(|part| !part.bytes().all(|b| b.is_ascii_digit()));
        let named = keys.clone().find_map(|key| self.fields.get(key));
        let words = named.map(String::as_str).or(label);
        words.or_else(|| keys.clone().next().map(String::as_str)).unwrap_or_default().to_owned()
    }
}

/// One print.
#[derive(Clone, Debug)]
pub struct Job {
    /// The template.
    pub template: Template,
    /// What it prints: the template's `data`.
    pub data: Value,
    /// What the parts of the data are called.
    pub naming: Naming,
    /// Its pictures.
    pub assets: Vec<Asset>,
    /// The paper.
    pub options: Options,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_subject_counts() {
        let naming = Naming::default()
            .with_subject("", "通知一式")
            .with_subject("/people/1", "第2号")
            .with_field("name", "氏名");
        let path = |text: &str| text.split('/').skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(naming.subject(&path("/people/1/name")), "第2号");
        assert_eq!(naming.subject(&path("/people/10/name")), "通知一式");
        assert_eq!(naming.field(&path("/people/1/name/0"), None), "氏名");
        assert_eq!(naming.field(&path("/rows/0/value"), Some("住所")), "住所");
        assert_eq!(naming.field(&path("/title"), None), "title");
    }

    #[test]
    fn names_of_pictures_are_words_of_the_template() {
        let named = |name: &str| Asset { name: name.to_owned(), bytes: Vec::new() }.has_good_name();
        assert!(named("seal.png") && named("qr-1.svg"));
        assert!(!named("../seal.png") && !named("印.png") && !named("seal.typ") && !named("seal") && !named(".png"));
    }
}
