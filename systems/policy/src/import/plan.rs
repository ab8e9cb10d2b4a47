//! What importing a paper would do, worked out without writing anything.

mod departments;
mod initiatives;

use serde::Serialize;

use super::ImportError;
use super::register::Register;
use super::remark::Remark;
use crate::definitions::{INITIATIVE, STATEMENT};
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::paper::Paper;
use crate::paper::matching::{Change, ChangedField, Known, Position, match_initiatives};
use crate::platform::identity::Context;
use crate::platform::registry::DEPARTMENT;
use crate::platform::schema::Action;
use crate::records::{self, Initiative, Statement};

/// The distance of two neighbours in the order of the paper, so that one can be put between them later.
const ORDER_STEP: i64 = 100;

/// What importing a paper would do.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The fiscal year.
    pub fiscal_year: i32,
    /// The name of the file, as the records will name it.
    pub file: String,
    /// The departments of the paper, in its order.
    pub departments: Vec<PlannedDepartment>,
    /// Its themes.
    pub themes: Vec<PlannedTheme>,
    /// The departments' statements.
    pub statements: Vec<PlannedStatement>,
    /// Its initiatives, in its order.
    pub initiatives: Vec<PlannedInitiative>,
    /// Initiatives that the ledger has and the paper does not name.
    pub left: Vec<Left>,
    /// Everything that is to be said about it.
    pub remarks: Vec<Remark>,
}

/// A department of the paper.
#[derive(Clone, Debug)]
pub struct PlannedDepartment {
    /// Its name.
    pub name: String,
    /// Its record.
    pub record: Written,
    /// The department that an earlier paper named in its place.
    pub(super) former: Option<RecordId>,
}

/// A theme of the paper.
#[derive(Clone, Debug)]
pub struct PlannedTheme {
    /// Its name.
    pub name: String,
    /// Its record, if the ledger has it.
    pub record: Option<RecordId>,
}

/// Whether a record is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is.
    Found(RecordId),
    /// It is, and gets this name.
    Renamed(RecordId),
    /// It is to be added, under this code.
    New(String),
    /// It is not, and the caller may not add it.
    Refused,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It is added.
    Add,
    /// It is changed.
    Update,
    /// It stays; what the paper said is noted.
    Note,
    /// It stays as it is.
    None,
    /// It can't be placed.
    LeaveOut,
}

/// The statement of a department.
#[derive(Clone, Debug)]
pub struct PlannedStatement {
    /// The index of the department.
    pub department: usize,
    /// What becomes of it.
    pub act: Act,
    /// Whether it goes from one department to another.
    pub(super) moves: bool,
    pub(super) record: Option<(RecordId, i64)>,
    pub(super) draft: Draft,
}

/// An initiative of the paper.
#[derive(Clone, Debug)]
pub struct PlannedInitiative {
    /// Where it stands in the paper.
    pub position: Position,
    /// The line of its row.
    pub line: usize,
    /// The name of its department.
    pub department: String,
    /// The name of its theme, empty if it has none.
    pub theme: String,
    /// Its name.
    pub title: String,
    /// What becomes of it.
    pub act: Act,
    /// What changes, if it is changed.
    pub changes: Vec<Change>,
    /// The fields in which a clerk's word stays.
    pub kept: Vec<ChangedField>,
    pub(super) record: Option<(RecordId, i64)>,
    pub(super) draft: Draft,
    /// Whether department and theme are yet to be entered, since they may be new.
    pub(super) sets_department: bool,
    pub(super) sets_theme: bool,
}

/// An initiative that the paper does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The record.
    pub id: RecordId,
    /// Its department.
    pub department: String,
    /// Its name.
    pub title: String,
}

impl Planned {
    /// How many initiatives get this.
    pub fn count(&self, act: &Act) -> usize {
        self.initiatives.iter().filter(|one| one.act == *act).count()
    }

    /// Whether applying it would write anything.
    pub fn changes_anything(&self) -> bool {
        let writes = |act: &Act| matches!(act, Act::Add | Act::Update | Act::Note);
        self.themes.iter().any(|theme| theme.record.is_none())
            || self.departments.iter().any(|one| matches!(one.record, Written::New(_) | Written::Renamed(_)))
            || self.statements.iter().any(|one| writes(&one.act))
            || self.initiatives.iter().any(|one| writes(&one.act))
    }

    /// A text that is the same only for the same plan, to find out whether a plan that was shown still holds.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        let mut add = |part: String| {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        };
        self.departments.iter().for_each(|one| add(format!("{} {:?}", one.name, one.record)));
        self.themes.iter().for_each(|one| add(format!("{} {:?}", one.name, one.record)));
        self.statements.iter().for_each(|one| add(format!("{:?} {:?} {:?}", one.act, one.record, one.draft)));
        self.initiatives.iter().for_each(|one| add(format!("{:?} {:?} {:?}", one.act, one.record, one.draft)));
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Works out what importing a paper would do. The caller needs the right to import initiatives.
pub async fn plan(ledgers: &Ledgers, context: &Context, paper: &Paper, file: &str) -> Result<Planned, ImportError> {
    let (_, access) = ledgers.open(context, INITIATIVE)?;
    if !access.may(Action::Import) {
        return Err(LedgerError::Forbidden { action: Action::Import }.into());
    }
    let fiscal_year = paper.fiscal_year.ok_or(ImportError::NoFiscalYear)?.year();
    let register = Register::load(ledgers, context, fiscal_year).await?;
    let may = |action| ledgers.open(context, DEPARTMENT).is_ok_and(|(_, access)| access.may(action));
    let powers = Powers { may_add: may(Action::Create), may_rename: may(Action::Update) };
    let of_year = || ListRequest::filtered(format!("fiscal_year = {fiscal_year}"));
    let initiatives = records::all(ledgers, context, INITIATIVE, of_year()).await?;
    let initiatives: Vec<Initiative> = initiatives.iter().map(Initiative::of).collect();
    let statements = records::all(ledgers, context, STATEMENT, of_year()).await?;
    let statements: Vec<Statement> = statements.iter().map(Statement::of).collect();
    let mut planner = Planner {
        paper,
        register,
        planned: Planned {
            fiscal_year,
            file: file.to_owned(),
            departments: Vec::new(),
            themes: Vec::new(),
            statements: Vec::new(),
            initiatives: Vec::new(),
            left: Vec::new(),
            remarks: paper.warnings.iter().cloned().map(Remark::from).collect(),
        },
    };
    let sides: Vec<Known<usize>> =
        initiatives.iter().enumerate().map(|(index, one)| planner.side(index, one)).collect();
    let matched = match_initiatives(&sides, paper);
    planner.departments(powers, &initiatives, &matched.renamed);
    planner.themes();
    planner.statements(&statements);
    planner.initiatives(&initiatives, matched);
    planner.planned.remarks.sort_by_key(|remark| remark.line.unwrap_or(usize::MAX));
    Ok(planner.planned)
}

/// What the caller may do to the register of departments.
#[derive(Clone, Copy)]
struct Powers {
    may_add: bool,
    may_rename: bool,
}

struct Planner<'a> {
    paper: &'a Paper,
    register: Register,
    planned: Planned,
}

impl Planner<'_> {
    fn remark(&mut self, remark: Remark) {
        self.planned.remarks.push(remark);
    }

    fn themes(&mut self) {
        for name in &self.paper.themes {
            let record = self.register.theme(name);
            self.planned.themes.push(PlannedTheme { name: name.clone(), record });
        }
    }
}

/// The place of the n-th.
fn order(n: usize) -> i64 {
    i64::try_from(n + 1).unwrap_or(i64::MAX / ORDER_STEP) * ORDER_STEP
}

/// Why a paper changes what was published: the reason for the new version, which no earlier one had.
fn reason_for(version: i64, file: &str) -> String {
    let file: String = file.chars().take(200).collect();
    format!("第{}版：方針書「{file}」の訂正による", version.saturating_add(1))
}

/// What the staff call a field.
pub(crate) fn field_label(field: ChangedField) -> &'static str {
    match field {
        ChangedField::Department => "部局",
        ChangedField::Theme => "重点項目",
        ChangedField::Title => "取り組み名",
        ChangedField::Summary => "概要",
    }
}
