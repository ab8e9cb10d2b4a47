//! What the tests of the paper reader share.

pub mod city;

use kawasemi_policy::paper::{Paper, PaperError, WarningKind, parse_paper};

/// The real paper.
pub const PAPER: &[u8] = include_bytes!("../../data/department-policy-fy2021.txt");

/// The real paper as text.
pub fn paper_text() -> &'static str {
    std::str::from_utf8(PAPER).expect("the paper is UTF-8")
}

/// The real paper, read.
pub fn paper() -> Paper {
    read(paper_text()).expect("the paper can be read")
}

/// Reads a text as a paper.
pub fn read(text: &str) -> Result<Paper, PaperError> {
    parse_paper(text.as_bytes())
}

/// Everything that a paper states, a line for each department and initiative, for comparing at a glance.
pub fn outline(paper: &Paper) -> Vec<String> {
    let mut lines = Vec::new();
    for department in &paper.departments {
        lines.push(format!("{}：{}", department.name, department.basic_ideas.join("／")));
        for initiative in &department.initiatives {
            let summary = initiative.summary.replace('\n', "／");
            lines.push(format!("{}＞{}＞{summary}", initiative.theme, initiative.title));
        }
    }
    lines
}

/// The remarks as line and kind.
pub fn remarks(paper: &Paper) -> Vec<(usize, WarningKind)> {
    paper.warnings.iter().map(|warning| (warning.line, warning.kind)).collect()
}
