//! The report of a reading: what was understood, what was guessed, and what was left (理解したこと・推測したこと・残したもの).

use std::collections::BTreeMap;
use std::fmt;

use kawasemi_kernel::csv_safe::guard;
use serde::{Deserialize, Serialize};

/// Most places that a finding names; it counts the rest.
const NAMED: usize = 30;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// What the file says itself (理解したこと).
    Understood,
    /// What was concluded, and a person should look at (推測したこと).
    Guessed,
    /// What was not taken in (残したもの).
    Left,
}

impl Sort {
    /// Every sort, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Understood, Self::Guessed, Self::Left];

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Understood => "理解したこと",
            Self::Guessed => "推測したこと",
            Self::Left => "残したもの",
        }
    }
}

/// One thing that was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How sure it is.
    pub sort: Sort,
    /// What it is, in a sentence.
    pub text: String,
    /// How many times it was found.
    pub count: u64,
    /// Where: addresses of cells, rows or files, the first thirty of them.
    pub at: Vec<String>,
}

impl Finding {
    /// The places in one line: `B4、B5 ほか12か所`.
    pub fn places(&self) -> String {
        let more = self.count.saturating_sub(self.at.len() as u64);
        let named = self.at.join("、");
        if more > 0 && !self.at.is_empty() { format!("{named} ほか{more}か所") } else { named }
    }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The findings, the sure ones first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The findings of a sort.
    pub fn of(&self, sort: Sort) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.sort == sort)
    }

    /// Whether a person has to look: something was guessed or left.
    pub fn has_doubts(&self) -> bool {
        self.findings.iter().any(|finding| finding.sort != Sort::Understood)
    }

    /// Adds the findings of another report.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.findings.sort_by_key(|finding| finding.sort);
    }

    /// The report as CSV in UTF-8 with a byte order mark.
    pub fn to_csv(&self) -> String {
        let mut out = String::from("\u{FEFF}区分,内容,件数,場所\r\n");
        for finding in &self.findings {
            let cells =
                [finding.sort.label().to_owned(), finding.text.clone(), finding.count.to_string(), finding.places()];
            let quoted = cells.map(|cell| format!("\"{}\"", guard(&cell).replace('"', "\"\"")));
            out.push_str(&quoted.join(","));
            out.push_str("\r\n");
        }
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sort in Sort::ALL {
            let mut found = self.of(sort).peekable();
            if found.peek().is_some() {
                writeln!(f, "{}:", sort.label())?;
            }
            for finding in found {
                let places = finding.places();
                let places = if places.is_empty() { String::new() } else { format!("（{places}）") };
                writeln!(f, "  {}{places}", finding.text)?;
            }
        }
        Ok(())
    }
}

/// Findings while they are collected: the same thing at many places is one finding.
#[derive(Debug, Default)]
pub struct Findings {
    found: BTreeMap<(Sort, String), (u64, Vec<String>, usize)>,
}

impl Findings {
    /// Notes a thing at a place; an empty place counts without being named.
    pub fn add(&mut self, sort: Sort, text: impl Into<String>, place: impl fmt::Display) {
        let order = self.found.len();
        let (count, at, _) = self.found.entry((sort, text.into())).or_insert_with(|| (0, Vec::new(), order));
        *count += 1;
        if at.len() < NAMED {
            let place = place.to_string();
            if !place.is_empty() && !at.contains(&place) {
                at.push(place);
            }
        }
    }

    /// The report, each sort in the order in which things were first found.
    pub fn into_report(self) -> Report {
        let mut all: Vec<_> = self.found.into_iter().collect();
        all.sort_by_key(|((sort, _), (_, _, order))| (*sort, *order));
        let finding = |((sort, text), (count, at, _))| Finding { sort, text, count, at };
        Report { findings: all.into_iter().map(finding).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_counted() {
        let mut findings = Findings::default();
        (1..=100).for_each(|n| findings.add(Sort::Guessed, "〃を読みました。", format!("B{n}")));
        findings.add(Sort::Understood, "表です。", "");
        let report = findings.into_report();
        assert_eq!(report.findings[0].places(), "");
        assert!(report.findings[1].places().ends_with("B30 ほか70か所"));
        assert!(report.to_csv().contains("\"推測したこと\",\"〃を読みました。\",\"100\""));
        assert!(report.to_string().starts_with("理解したこと:\n  表です。\n推測したこと:"));
    }
}
