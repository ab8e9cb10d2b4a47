//! What the program reads of the system's ledgers: typed views of what a caller may see of a record.
//!
//! A field that the caller may not see is empty here, like one in which nothing was entered. Ledgers are read through
//! [`all`], which follows the pages of a list to its end.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::kernel::{ChildRow, Decimal, Fields, FileRef, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest, May, Visible};
use crate::platform::identity::Context;
use crate::rules::Progress;

/// Records read at once.
const AT_ONCE: u32 = 500;

/// Reads all records of a list.
pub async fn all(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
) -> Result<Vec<Visible>, LedgerError> {
    let mut request = ListRequest { limit: AT_ONCE, ..request };
    let mut found = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        found.extend(page.records);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(found),
        }
    }
}

/// A priority theme (重点項目).
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// The record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub aim: String,
}

/// The policy of a department for a year (部局運営方針).
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: i64,
    /// What the caller may do with it.
    pub may: May,
    /// The department.
    pub department: Option<RecordId>,
    /// The basic idea (基本的考え方), a line for each.
    pub basic_idea: String,
    /// The situation and its issues (現状と課題).
    pub situation: String,
    /// The key of the stage.
    pub state: String,
    /// When it was published.
    pub published_on: Option<Date>,
    /// The version, and why it differs from the one before.
    pub version: i64,
    /// The reason for this version; empty for the first.
    pub change_reason: String,
    /// Regular staff.
    pub staff_regular: Option<i64>,
    /// Staff for the fiscal year (会計年度任用職員).
    pub staff_fiscal_year: Option<i64>,
    /// The initial budget, yen.
    pub budget_initial_yen: Option<i64>,
    /// The final budget, yen.
    pub budget_final_yen: Option<i64>,
    /// What was settled, yen.
    pub settled_yen: Option<i64>,
    /// What the last imported paper said.
    pub paper_basic_idea: Option<String>,
}

/// An initiative (取り組み).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `policy-initiative`")]
pub struct Initiative {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub updated_at: Timestamp,
    pub fiscal_year: i32,
    pub department: Option<RecordId>,
    pub section: Option<RecordId>,
    pub theme: Option<RecordId>,
    pub sort_order: i64,
    pub title: String,
    pub summary: String,
    pub description: String,
    pub deliverable: String,
    pub due: Option<Date>,
    pub proof: String,
    pub proof_files: Vec<FileRef>,
    pub milestones: Vec<Milestone>,
    pub status: Option<Progress>,
    pub status_note: String,
    pub done_on: Option<Date>,
    pub next_step: String,
    pub disposition: Option<String>,
    pub merged_into: Option<RecordId>,
    pub plan_direction: Vec<String>,
    pub plan_measure: String,
    pub budget_project: String,
    pub budget_yen: Option<i64>,
    pub actual_yen: Option<i64>,
    pub related: Vec<Link>,
    pub previous: Option<RecordId>,
    pub published: bool,
    pub version: i64,
    pub change_reason: String,
    pub paper_department: Option<String>,
    pub paper_theme: Option<String>,
    pub paper_title: Option<String>,
    pub paper_summary: Option<String>,
    pub paper_note: String,
}

/// A step on the way of an initiative (節目).
#[derive(Clone, Debug, PartialEq)]
pub struct Milestone {
    /// What is to be done.
    pub what: String,
    /// By when.
    pub due: Option<Date>,
    /// When it was done.
    pub done_on: Option<Date>,
}

/// Something that an initiative has to do with: a system, a record, a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The key of its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its address, empty if it has none.
    pub link: String,
}

/// An indicator (指標).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `policy-indicator`")]
pub struct Indicator {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub initiative: Option<RecordId>,
    pub name: String,
    pub kind: String,
    pub unit: String,
    pub direction: String,
    pub base_value: Option<Decimal>,
    pub target_value: Option<Decimal>,
    pub weight: u32,
    pub source: String,
    pub actual: Option<Decimal>,
    pub actual_on: Option<Date>,
    pub kpi_ledger: Option<String>,
    pub kpi_filter: Option<String>,
    pub kpi_aggregate: Option<String>,
    pub kpi_field: Option<String>,
    pub published: bool,
    /// All fields, for the rules.
    pub fields: Fields,
}

/// An actual figure as of a day (実績の記録).
#[derive(Clone, Debug, PartialEq)]
pub struct Actual {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: i64,
    /// The indicator.
    pub indicator: Option<RecordId>,
    /// The day.
    pub as_of: Date,
    /// The figure.
    pub value: Decimal,
    /// The key of how it came in.
    pub origin: String,
    /// A note.
    pub note: String,
}

/// A review (振り返り).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `policy-review`")]
pub struct Review {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub initiative: Option<RecordId>,
    pub phase: String,
    pub reviewed_on: Option<Date>,
    pub progress: Option<Progress>,
    pub done: String,
    pub result: String,
    pub issue: String,
    pub next_action: String,
    pub grade: Option<String>,
    pub disposition: Option<String>,
    pub planner_comment: String,
    pub published: bool,
}

impl Theme {
    /// What is visible of a theme.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self { id: record.id, name: read.text("name"), aim: read.text("aim") }
    }
}

impl Statement {
    /// What is visible of a statement.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            department: read.record("department"),
            basic_idea: read.text("basic_idea"),
            situation: read.text("situation"),
            state: read.text("state"),
            published_on: read.date("published_on"),
            version: read.int("version").unwrap_or(1),
            change_reason: read.text("change_reason"),
            staff_regular: read.int("staff_regular"),
            staff_fiscal_year: read.int("staff_fiscal_year"),
            budget_initial_yen: read.int("budget_initial_yen"),
            budget_final_yen: read.int("budget_final_yen"),
            settled_yen: read.int("settled_yen"),
            paper_basic_idea: read.optional("paper_basic_idea"),
        }
    }
}

impl Initiative {
    /// What is visible of an initiative.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            updated_at: record.updated_at,
            fiscal_year: read.int("fiscal_year").and_then(|year| i32::try_from(year).ok()).unwrap_or_default(),
            department: read.record("department"),
            section: read.record("section"),
            theme: read.record("theme"),
            sort_order: read.int("sort_order").unwrap_or_default(),
            title: read.text("title"),
            summary: read.text("summary"),
            description: read.text("description"),
            deliverable: read.text("deliverable"),
            due: read.date("due"),
            proof: read.text("proof"),
            proof_files: read.files("proof_files"),
            milestones: read.rows("milestones").iter().map(Milestone::of).collect(),
            status: read.progress("status"),
            status_note: read.text("status_note"),
            done_on: read.date("done_on"),
            next_step: read.text("next_step"),
            disposition: read.optional("disposition"),
            merged_into: read.record("merged_into"),
            plan_direction: read.many("plan_direction"),
            plan_measure: read.text("plan_measure"),
            budget_project: read.text("budget_project"),
            budget_yen: read.int("budget_yen"),
            actual_yen: read.int("actual_yen"),
            related: read.rows("related").iter().map(Link::of).collect(),
            previous: read.record("previous"),
            published: read.yes("published"),
            version: read.int("version").unwrap_or(1),
            change_reason: read.text("change_reason"),
            paper_department: read.optional("paper_department"),
            paper_theme: read.optional("paper_theme"),
            paper_title: read.optional("paper_title"),
            paper_summary: read.optional("paper_summary"),
            paper_note: read.text("paper_note"),
        }
    }
}

impl Milestone {
    fn of(row: &ChildRow) -> Self {
        let read = Read(&row.fields);
        Self { what: read.text("what"), due: read.date("due"), done_on: read.date("done_on") }
    }
}

impl Link {
    fn of(row: &ChildRow) -> Self {
        let read = Read(&row.fields);
        Self { kind: read.text("kind"), name: read.text("name"), link: read.text("link") }
    }
}

impl Indicator {
    /// What is visible of an indicator.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            initiative: read.record("initiative"),
            name: read.text("name"),
            kind: read.text("kind"),
            unit: read.text("unit"),
            direction: read.text("direction"),
            base_value: read.figure("base_value"),
            target_value: read.figure("target_value"),
            weight: read.int("weight").and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1),
            source: read.text("source"),
            actual: read.figure("actual"),
            actual_on: read.date("actual_on"),
            kpi_ledger: read.optional("kpi_ledger"),
            kpi_filter: read.optional("kpi_filter"),
            kpi_aggregate: read.optional("kpi_aggregate"),
            kpi_field: read.optional("kpi_field"),
            published: read.yes("published"),
            fields: record.fields().clone(),
        }
    }

    /// Whether its figure is counted from a ledger.
    pub fn is_live(&self) -> bool {
        self.kpi_ledger.is_some()
    }
}

impl Actual {
    /// What is visible of an actual figure; none if day or figure may not be seen.
    pub fn of(record: &Visible) -> Option<Self> {
        let read = Read(record.fields());
        Some(Self {
            id: record.id,
            revision: record.revision,
            indicator: read.record("indicator"),
            as_of: read.date("as_of")?,
            value: read.figure("value")?,
            origin: read.text("origin"),
            note: read.text("note"),
        })
    }
}

impl Review {
    /// What is visible of a review.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            initiative: read.record("initiative"),
            phase: read.text("phase"),
            reviewed_on: read.date("reviewed_on"),
            progress: read.progress("progress"),
            done: read.text("done"),
            result: read.text("result"),
            issue: read.text("issue"),
            next_action: read.text("next_action"),
            grade: read.optional("grade"),
            disposition: read.optional("disposition"),
            planner_comment: read.text("planner_comment"),
            published: read.yes("published"),
        }
    }
}

/// Fields, by type.
struct Read<'a>(&'a Fields);

impl Read<'_> {
    fn optional(&self, key: &str) -> Option<String> {
        self.0.get(key).and_then(Value::as_text).map(str::to_owned)
    }

    fn text(&self, key: &str) -> String {
        self.optional(key).unwrap_or_default()
    }

    fn int(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_int)
    }

    fn date(&self, key: &str) -> Option<Date> {
        self.0.get(key).and_then(Value::as_date)
    }

    fn record(&self, key: &str) -> Option<RecordId> {
        self.0.get(key).and_then(Value::as_record)
    }

    fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    fn figure(&self, key: &str) -> Option<Decimal> {
        match self.0.get(key) {
            Some(Value::Decimal(figure)) => Some(*figure),
            _ => None,
        }
    }

    fn progress(&self, key: &str) -> Option<Progress> {
        self.0.get(key).and_then(Value::as_text).and_then(|text| text.parse().ok())
    }

    fn many(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::Many(keys)) => keys.to_vec(),
            _ => Vec::new(),
        }
    }

    fn rows(&self, key: &str) -> &[ChildRow] {
        match self.0.get(key) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }

    fn files(&self, key: &str) -> Vec<FileRef> {
        match self.0.get(key) {
            Some(Value::Files(files)) => files.clone(),
            _ => Vec::new(),
        }
    }
}
