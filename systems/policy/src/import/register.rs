//! The departments and themes that the ledgers have, as a paper names them.

use std::collections::HashMap;

use crate::definitions::THEME;
use crate::kernel::{RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::paper::fold_title;
use crate::platform::identity::Context;
use crate::platform::registry::DEPARTMENT;
use crate::records::{self, Theme};

/// How the codes of departments begin that a paper has added.
const PAPER_CODES: &str = "policy-";

/// A department or section of the register.
#[derive(Clone, Debug)]
struct Entry {
    id: RecordId,
    name: String,
    code: String,
    level: String,
    parent: Option<RecordId>,
    first: Option<i64>,
    last: Option<i64>,
}

/// What the ledgers have.
pub(super) struct Register {
    departments: Vec<Entry>,
    names: HashMap<RecordId, String>,
    themes: Vec<Theme>,
    fiscal_year: i64,
}

impl Register {
    /// Reads departments and themes, for a fiscal year.
    pub async fn load(ledgers: &Ledgers, context: &Context, fiscal_year: i32) -> Result<Self, LedgerError> {
        let rows = records::all(ledgers, context, DEPARTMENT, ListRequest::all()).await?;
        let departments: Vec<Entry> = rows
            .iter()
            .map(|row| {
                let text = |key: &str| row.get(key).as_text().unwrap_or_default().to_owned();
                Entry {
                    id: row.id,
                    name: text("name"),
                    code: text("code"),
                    level: text("level"),
                    parent: row.get("parent").as_record(),
                    first: row.get("first_fiscal_year").as_int(),
                    last: row.get("last_fiscal_year").as_int(),
                }
            })
            .collect();
        let names = departments.iter().map(|one| (one.id, one.name.clone())).collect();
        let themes = records::all(ledgers, context, THEME, ListRequest::all()).await?;
        let themes = themes.iter().map(Theme::of).collect();
        Ok(Self { departments, names, themes, fiscal_year: i64::from(fiscal_year) })
    }

    /// The department with a name that is valid in the fiscal year; a 部 before a 課 of the same name.
    pub fn department(&self, name: &str) -> Option<RecordId> {
        let folded = fold_title(name);
        let mut found: Vec<&Entry> = self.valid().filter(|one| fold_title(&one.name) == folded).collect();
        found.sort_by_key(|one| (one.level != "department", one.parent.is_some()));
        found.first().map(|one| one.id)
    }

    /// Whether no department is valid in the fiscal year, as in a city that has just been made.
    pub fn is_empty(&self) -> bool {
        self.valid().next().is_none()
    }

    /// Whether a department is valid in the fiscal year.
    pub fn has(&self, id: RecordId) -> bool {
        self.valid().any(|one| one.id == id)
    }

    /// Whether a department was added by the import of a paper, and not by those who keep the register.
    pub fn is_of_a_paper(&self, id: RecordId) -> bool {
        self.departments.iter().any(|one| one.id == id && one.code.starts_with(PAPER_CODES))
    }

    /// The section with a name under a department, valid in the fiscal year.
    pub fn section(&self, department: RecordId, name: &str) -> Option<RecordId> {
        let folded = fold_title(name);
        let below = self.valid().filter(|one| one.parent == Some(department));
        below.filter(|one| fold_title(&one.name) == folded).map(|one| one.id).next()
    }

    /// The name of a department.
    pub fn name(&self, id: Option<RecordId>) -> String {
        id.and_then(|id| self.names.get(&id)).cloned().unwrap_or_default()
    }

    /// The theme with a name.
    pub fn theme(&self, name: &str) -> Option<RecordId> {
        let folded = fold_title(name);
        self.themes.iter().find(|theme| fold_title(&theme.name) == folded).map(|theme| theme.id)
    }

    /// The name of a theme.
    pub fn theme_name(&self, id: Option<RecordId>) -> String {
        let theme = id.and_then(|id| self.themes.iter().find(|theme| theme.id == id));
        theme.map(|theme| theme.name.clone()).unwrap_or_default()
    }

    /// A code for the n-th department that a paper adds.
    pub fn free_code(&self, n: usize) -> String {
        let is_free = |code: &String| self.departments.iter().all(|one| one.code != *code);
        let codes = (n..).map(|n| format!("{PAPER_CODES}{}-{n:02}", self.fiscal_year));
        codes.into_iter().find(is_free).unwrap_or_default()
    }

    fn valid(&self) -> impl Iterator<Item = &Entry> {
        let year = self.fiscal_year;
        self.departments
            .iter()
            .filter(move |one| one.first.is_none_or(|first| first <= year) && one.last.is_none_or(|last| year <= last))
    }
}

/// A text as a value; an empty one is nothing.
pub(super) fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}
