//! Which column of a file goes into which field.

use std::collections::HashSet;

use kawasemi_kernel::Lang;
use kawasemi_kernel::era::Era;
use kawasemi_kernel::text::fold;
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use kawasemi_sheets::report::{Findings, Report, Sort};
use kawasemi_sheets::value::{Tidied, Wanted, era_of_heading, other_readings};
use serde::{Deserialize, Serialize};

use super::file::{Look, SheetRow};
use crate::draft::{Draft, is_entered};
use crate::field::{self, Cell, Entry, FieldError};

/// Where the columns of a file go, and how its rows meet records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// For each column the field's key (`area`), a part of a field (`name.kana`), `id`, `number`, or nothing to leave it
    /// out.
    pub columns: Vec<String>,
    /// By what a row finds the record that it changes; empty where every row is a new record. `id`, `number`, or the
    /// fields of a unique key.
    pub merge: Vec<String>,
    /// An empty cell empties the field of a record that is changed, instead of leaving it as it is.
    pub clear: bool,
    /// Rows with mistakes are left out, instead of refusing the whole file.
    pub skip_bad: bool,
}

impl Mapping {
    /// Guesses where columns go, by their headings: keys, labels in any language, `label（フリガナ）`.
    pub fn guess<'a>(look: &Look, ledger: &LedgerDef, fields: impl IntoIterator<Item = &'a FieldDef>) -> Self {
        let fields: Vec<&FieldDef> = fields.into_iter().filter(|field| is_entered(field)).collect();
        let mut names: Vec<(String, String)> = vec![("id".to_owned(), "id".to_owned())];
        if ledger.number.is_some() {
            names.extend(["number", "番号"].map(|name| (fold(name), "number".to_owned())));
        }
        for field in &fields {
            names.push((fold(&field.key), field.key.clone()));
            for label in Lang::ALL.map(|lang| field.label.get(lang)) {
                names.push((fold(label), field.key.clone()));
                for (part, words) in parts(field) {
                    names.extend(
                        words.iter().map(|word| (fold(&format!("{label}（{word}）")), format!("{}.{part}", field.key))),
                    );
                    names.extend(
                        words.iter().map(|word| (fold(&format!("{label}{word}")), format!("{}.{part}", field.key))),
                    );
                }
            }
            for (part, words) in parts(field) {
                let target = format!("{}.{part}", field.key);
                names.push((fold(&target), target.clone()));
                names.extend(words.iter().map(|word| (fold(word), target.clone())));
            }
        }
        names.extend(loose_names(&fields));
        let mut taken = HashSet::new();
        let column = |heading: &String| {
            // What is a place by itself goes to the first field that takes it, whatever that is called.
            if let Some(place) = look.place.as_ref().filter(|place| place.heading == *heading) {
                let fits = |field: &&&FieldDef| place.fits(field) && !taken.contains(&field.key);
                let target = fields.iter().find(fits).map(|field| field.key.clone()).unwrap_or_default();
                taken.insert(target.clone());
                return target;
            }
            let wanted = spellings(heading, &look.headings);
            let known = |wanted: &String| names.iter().find(|(name, target)| name == wanted && !taken.contains(target));
            let found = wanted.iter().find_map(known);
            let target = found.map(|(_, target)| target.clone()).unwrap_or_default();
            taken.insert(target.clone());
            target
        };
        let columns: Vec<String> = look.headings.iter().map(column).collect();
        let merge = if columns.iter().any(|target| target == "id") { vec!["id".to_owned()] } else { Vec::new() };
        Self { columns, merge, clear: false, skip_bad: false }
    }

    /// Where the columns go, for the report: what goes into which field, and what is left.
    pub(super) fn told(&self, ledger: &LedgerDef, look: &Look) -> Report {
        let mut findings = Findings::default();
        for (at, heading) in look.headings.iter().enumerate() {
            let target = self.columns.get(at).map_or("", String::as_str);
            if !target.is_empty() {
                let label = target_label(ledger, target);
                findings.add(Sort::Understood, "列を項目に入れます。", format!("「{heading}」→{label}"));
            } else if look.place.as_ref().is_some_and(|place| place.used.contains(&at)) {
                // Its values go in as the place.
            } else if look.rows.iter().any(|row| !row.cell(at).is_blank()) {
                findings.add(Sort::Left, "入れる項目を決めていない列は取り込みません。", format!("「{heading}」"));
            }
        }
        findings.into_report()
    }

    /// The positions of the columns that go to a target.
    fn column(&self, target: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == target)
    }

    /// The cell that goes to a target.
    pub(super) fn cell<'a>(&self, row: &'a SheetRow, target: &str) -> &'a Cell {
        self.column(target).map_or(&Cell::Empty, |column| row.cell(column))
    }

    /// The fields that some column goes to.
    pub(super) fn fields<'a>(&'a self, ledger: &'a LedgerDef) -> impl Iterator<Item = &'a FieldDef> {
        let is_target = |field: &FieldDef| {
            let parts = format!("{}.", field.key);
            self.columns.iter().any(|target| *target == field.key || target.starts_with(&parts))
        };
        ledger.fields.iter().filter(move |field| is_entered(field) && is_target(field))
    }

    /// Names in the mapping that are no targets.
    pub(super) fn unknown<'a>(&'a self, ledger: &LedgerDef) -> Option<&'a str> {
        let is_known = |target: &str| {
            let (field, part) = target.split_once('.').map_or((target, None), |(field, part)| (field, Some(part)));
            match (ledger.field(field), part) {
                _ if matches!(target, "" | "id" | "number") => true,
                (Some(field), None) => is_entered(field),
                (Some(field), Some(part)) => parts(field).iter().any(|(known, _)| *known == part),
                (None, _) => false,
            }
        };
        self.columns.iter().chain(&self.merge).map(String::as_str).find(|target| !is_known(target))
    }

    /// Reads a row. References are left out: they name records, which are looked up for many rows at once.
    /// Without `reading`, as for files of other systems, a value that does not fit as it stands is a mistake and nothing is guessed.
    /// `note` is told of values that did not read as they stand: the heading, and what was concluded.
    pub(super) fn draft(
        &self,
        ledger: &LedgerDef,
        row: &SheetRow,
        is_new: bool,
        reading: Option<Reading<'_>>,
        note: &dyn Fn(&str, &str),
    ) -> Draft {
        let mut draft = Draft::new();
        for field in self.fields(ledger).filter(|field| !matches!(field.kind, FieldKind::Reference { .. })) {
            let otherwise = || reading.and_then(|reading| self.read_otherwise(field, row, reading, note));
            let read = self.read(field, row).or_else(|errors| otherwise().ok_or(errors));
            // A new record keeps its defaults where a cell is empty.
            if matches!(&read, Ok(value) if value.is_null()) && (is_new || !self.clear) {
                continue;
            }
            draft.take(&field.key, read);
        }
        draft
    }

    /// Another reading of a cell that the field's own has refused, where there is one that fits.
    fn read_otherwise(
        &self,
        field: &FieldDef,
        row: &SheetRow,
        reading: Reading<'_>,
        note: &dyn Fn(&str, &str),
    ) -> Option<kawasemi_kernel::Value> {
        let wanted = match field.kind {
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Yen { .. } => Wanted::Number,
            FieldKind::Date | FieldKind::DateTime => Wanted::Date,
            FieldKind::YearMonth => Wanted::Month,
            FieldKind::YesNo => Wanted::YesNo,
            FieldKind::Choice { .. } => Wanted::Choice,
            _ => Wanted::Other,
        };
        let heading = self.column(&field.key).and_then(|column| reading.headings.get(column));
        let heading = heading.map_or_else(|| field.label.ja(), String::as_str);
        let era = era_of_heading(heading).or(reading.era);
        let readings = other_readings(self.cell(row, &field.key), wanted, era);
        let fits = |tidied: Tidied| Some((field::from_cell(field, &tidied.cell).ok()?, tidied.guess));
        let (value, guess) = readings.into_iter().find_map(fits)?;
        note(heading, guess);
        Some(value)
    }

    fn read(&self, field: &FieldDef, row: &SheetRow) -> Result<kawasemi_kernel::Value, Vec<FieldError>> {
        let parts: Vec<String> = parts(field).iter().map(|(part, _)| format!("{}.{part}", field.key)).collect();
        if parts.iter().all(|part| self.column(part).is_none()) {
            return field::from_cell(field, self.cell(row, &field.key));
        }
        let mut entry = Entry::default();
        for target in parts.iter().chain([&field.key]) {
            entry.add(target.clone(), self.cell(row, target).to_text());
        }
        field::from_entry(field, &entry)
    }
}

/// What helps to read values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// The headings of the columns.
    pub(super) headings: &'a [String],
    /// The era of years that are written without one.
    pub(super) era: Option<Era>,
}

/// What people call a target.
fn target_label(ledger: &LedgerDef, target: &str) -> String {
    let (key, part) = target.split_once('.').unwrap_or((target, ""));
    let Some(field) = ledger.field(key) else {
        return if target == "id" { "記録のID".to_owned() } else { "番号".to_owned() };
    };
    let words = parts(field).iter().find(|(known, _)| *known == part).and_then(|(_, words)| words.first());
    words.map_or_else(|| field.label.ja().to_owned(), |word| format!("{}（{word}）", field.label.ja()))
}

/// Shorter names of fields: the parts of a label such as 氏名・名称, what stands before brackets, 漢字 for a name beside its
/// reading, 電話番号 for 電話. One that might mean two fields means none.
fn loose_names(fields: &[&FieldDef]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for field in fields {
        let label = field.label.ja().split(['（', '(']).next().unwrap_or_default();
        let pieces: Vec<&str> =
            label.split(['・', '／', '/', '、']).filter(|piece| piece.chars().count() > 1).collect();
        for piece in &pieces {
            found.push((fold(piece), field.key.clone()));
            for (part, words) in parts(field) {
                let target = format!("{}.{part}", field.key);
                found.extend(words.iter().map(|word| (fold(&format!("{piece}{word}")), target.clone())));
            }
        }
        if matches!(field.kind, FieldKind::Phone) {
            found.extend(pieces.iter().map(|piece| (fold(&format!("{piece}番号")), field.key.clone())));
        }
        if matches!(field.kind, FieldKind::PersonName) {
            found.push((fold("漢字"), field.key.clone()));
            found.extend(pieces.iter().map(|piece| (fold(&format!("{piece}漢字")), field.key.clone())));
        }
    }
    let all = found.clone();
    found.retain(|(name, target)| all.iter().all(|(other, known)| other != name || known == target));
    found
}

/// How a heading may be written as a field's name, the nearest first: as it stands, without what is in brackets, with its
/// parent and without. A part alone stands for the field only where no other column has the same part.
fn spellings(heading: &str, all: &[String]) -> Vec<String> {
    let bare = |text: &str| fold(text.split(['（', '(']).next().unwrap_or_default());
    let mut wanted = vec![fold(heading), bare(heading)];
    if let Some((_, last)) = heading.rsplit_once('／') {
        wanted.push(fold(&heading.replace('／', "")));
        wanted.push(fold(&heading.replace('／', "の")));
        let same = all.iter().filter(|other| other.rsplit('／').next() == Some(last)).count();
        if same == 1 {
            wanted.extend([fold(last), bare(last)]);
        }
    }
    // Headings are spread over their column: 氏　名.
    let closed = wanted.iter().map(|name| name.split_whitespace().collect::<String>());
    let closed: Vec<String> = closed.collect();
    wanted.extend(closed);
    wanted.retain(|name| !name.is_empty());
    wanted
}

/// The parts of a field that have a column of their own, with the words for them.
fn parts(field: &FieldDef) -> &'static [(&'static str, &'static [&'static str])] {
    match field.kind {
        FieldKind::PersonName => &[("kana", &["フリガナ", "ふりがな", "カナ", "かな"])],
        FieldKind::Address => &[("postcode", &["郵便番号"])],
        _ => &[],
    }
}
