//! What importing a paper would do, worked out without writing anything.

use std::collections::HashSet;

use serde::Serialize;

use super::ImportError;
use super::register::{Register, text};
use super::remark::{ImportKind, Remark};
use super::settle::{Settled, settle};
use crate::definitions::{INITIATIVE, STATEMENT};
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::paper::matching::{Change, ChangedField, Known, Position, match_initiatives};
use crate::paper::{Paper, PaperDepartment, PaperInitiative, fold_title};
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
            || self.departments.iter().any(|one| matches!(one.record, Written::New(_)))
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
    let may_add_departments = ledgers.open(context, DEPARTMENT).is_ok_and(|(_, access)| access.may(Action::Create));
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
    planner.departments(may_add_departments);
    planner.themes();
    planner.statements(&statements);
    planner.initiatives(&initiatives);
    planner.planned.remarks.sort_by_key(|remark| remark.line.unwrap_or(usize::MAX));
    Ok(planner.planned)
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

    fn departments(&mut self, may_add: bool) {
        let mut taken = HashSet::new();
        for (index, department) in self.paper.departments.iter().enumerate() {
            let name = &department.name;
            let record = match self.register.department(name) {
                Some(id) => Written::Found(id),
                None if may_add => {
                    let mut n = index + 1;
                    let mut code = self.register.free_code(n);
                    while !taken.insert(code.clone()) {
                        n += 1;
                        code = self.register.free_code(n);
                    }
                    let message = format!("部局「{name}」は部局台帳のこの年度になかったため、加えます。");
                    self.remark(Remark::new(Some(department.line), ImportKind::NewDepartment, message));
                    Written::New(code)
                }
                None => {
                    let message = format!(
                        "部局「{name}」が部局台帳のこの年度にないため、その取り組み{}件は取り込めません。組織の担当に部局の登録を頼んでから、もう一度取り込んでください。",
                        department.initiatives.len()
                    );
                    self.remark(Remark::new(Some(department.line), ImportKind::UnknownDepartment, message));
                    Written::Refused
                }
            };
            self.planned.departments.push(PlannedDepartment { name: name.clone(), record });
        }
    }

    fn themes(&mut self) {
        for name in &self.paper.themes {
            let record = self.register.theme(name);
            self.planned.themes.push(PlannedTheme { name: name.clone(), record });
        }
    }

    fn statements(&mut self, known: &[Statement]) {
        for (index, department) in self.paper.departments.iter().enumerate() {
            let stated = department.basic_ideas.join("\n");
            let mut draft = Draft::new();
            let existing = match self.planned.departments[index].record {
                Written::Found(id) => known.iter().find(|one| one.department == Some(id)),
                Written::New(_) => None,
                Written::Refused => continue,
            };
            let act = match existing {
                None => {
                    draft.set("fiscal_year", i64::from(self.planned.fiscal_year));
                    draft.set("sort_order", order(index));
                    draft.set("basic_idea", text(&stated));
                    Act::Add
                }
                Some(_) if stated.is_empty() => continue,
                Some(known) => {
                    let now = Some(&known.basic_idea).filter(|idea| !idea.is_empty());
                    match settle(known.paper_basic_idea.as_ref(), now, &stated) {
                        Settled::Taken => {
                            draft.set("basic_idea", text(&stated));
                            Act::Update
                        }
                        Settled::Kept => {
                            let message = format!(
                                "「{}」の基本的考え方は、職員が書いた文があるため、そのまま残しました。方針書の文は「方針書の基本的考え方」に入れました。",
                                department.name
                            );
                            self.remark(Remark::new(Some(department.line), ImportKind::Kept, message).about(&stated));
                            Act::Note
                        }
                        Settled::Stays if known.paper_basic_idea.as_ref() != Some(&stated) => Act::Note,
                        Settled::Stays => Act::None,
                    }
                }
            };
            draft.set("paper_basic_idea", text(&stated));
            draft.set("paper", text(&self.planned.file));
            if let Some(dated) = self.paper.dated {
                draft.set("paper_dated", dated);
            }
            let record = existing.map(|known| (known.id, known.revision));
            self.planned.statements.push(PlannedStatement { department: index, act, record, draft });
        }
    }

    fn initiatives(&mut self, known: &[Initiative]) {
        let sides: Vec<Known<usize>> = known.iter().enumerate().map(|(index, one)| self.side(index, one)).collect();
        let matched = match_initiatives(&sides, self.paper);
        let mut found: Vec<(Position, Option<usize>)> = matched.added.iter().map(|at| (*at, None)).collect();
        found.extend(matched.updated.iter().map(|update| (update.position, Some(update.id))));
        found.extend(matched.unchanged.iter().map(|(id, at)| (*at, Some(*id))));
        found.sort_unstable();
        let orders = self.orders(&found, known);
        for ((position, partner), order) in found.into_iter().zip(orders) {
            let Some((department, stated)) = self.paper.at(position) else { continue };
            let planned = match partner {
                _ if self.planned.departments[position.department].record == Written::Refused => {
                    PlannedInitiative { act: Act::LeaveOut, ..self.blank(position, department, stated) }
                }
                None => self.addition(position, department, stated, order),
                Some(index) => self.correction(position, department, stated, &known[index]),
            };
            self.planned.initiatives.push(planned);
        }
        for index in matched.missing {
            let one = &known[index];
            let department = self.register.name(one.department);
            let message = format!(
                "「{department}」の取り組み「{}」は台帳にありますが、この方針書にはありません。削除はしていません。やめた取り組みなら「中止」か「廃止」にしてください。",
                one.title
            );
            self.remark(Remark::new(None, ImportKind::Missing, message));
            self.planned.left.push(Left { id: one.id, department, title: one.title.clone() });
        }
    }

    /// A known initiative as the last paper named it, else as it is.
    fn side(&self, id: usize, one: &Initiative) -> Known<usize> {
        let said = |paper: &Option<String>, now: String| paper.clone().unwrap_or(now);
        Known {
            id,
            department: said(&one.paper_department, self.register.name(one.department)),
            theme: said(&one.paper_theme, self.register.theme_name(one.theme)),
            title: said(&one.paper_title, one.title.clone()),
            summary: said(&one.paper_summary, one.summary.clone()),
        }
    }

    /// The place of each initiative in the order: a known one keeps its own, a new one goes behind its neighbour.
    fn orders(&self, found: &[(Position, Option<usize>)], known: &[Initiative]) -> Vec<i64> {
        if found.iter().all(|(_, partner)| partner.is_none()) {
            return (0..found.len()).map(order).collect();
        }
        let mut last = 0;
        let place = |(_, partner): &(Position, Option<usize>)| {
            last = partner.map_or(last + 1, |index| known[index].sort_order);
            last
        };
        found.iter().map(place).collect()
    }

    fn blank(&self, position: Position, department: &PaperDepartment, stated: &PaperInitiative) -> PlannedInitiative {
        PlannedInitiative {
            position,
            line: stated.line,
            department: department.name.clone(),
            theme: stated.theme.clone(),
            title: stated.title.clone(),
            act: Act::None,
            changes: Vec::new(),
            kept: Vec::new(),
            record: None,
            draft: Draft::new(),
            sets_department: false,
            sets_theme: false,
        }
    }

    fn addition(
        &mut self,
        position: Position,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        order: i64,
    ) -> PlannedInitiative {
        let mut planned = PlannedInitiative {
            act: Act::Add,
            sets_department: true,
            sets_theme: !stated.theme.is_empty(),
            ..self.blank(position, department, stated)
        };
        planned.draft.set("fiscal_year", i64::from(self.planned.fiscal_year));
        planned.draft.set("sort_order", order);
        planned.draft.set("title", text(&stated.title));
        planned.draft.set("summary", text(&stated.summary));
        if let Some(section) = self.section(position, stated) {
            planned.draft.set("section", section);
        }
        said_by_paper(&mut planned.draft, department, stated);
        planned
    }

    fn correction(
        &mut self,
        position: Position,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        known: &Initiative,
    ) -> PlannedInitiative {
        let mut planned =
            PlannedInitiative { record: Some((known.id, known.revision)), ..self.blank(position, department, stated) };
        self.correct_places(&mut planned, department, stated, known);
        let (title, summary) = (Some(known.title.clone()), Some(known.summary.clone()).filter(|text| !text.is_empty()));
        for (field, key, last, now, stated) in [
            (ChangedField::Title, "title", &known.paper_title, title, &stated.title),
            (ChangedField::Summary, "summary", &known.paper_summary, summary, &stated.summary),
        ] {
            if stated.is_empty() {
                continue;
            }
            match settle(last.as_ref(), now.as_ref(), stated) {
                Settled::Stays => {}
                Settled::Kept => planned.kept.push(field),
                Settled::Taken => {
                    planned.draft.set(key, text(stated));
                    let change = Change { field, before: now.unwrap_or_default(), after: stated.clone() };
                    planned.changes.push(change);
                }
            }
        }
        if !planned.kept.is_empty() {
            self.remark_on_kept(&planned, department, stated);
        }
        let noted = [
            (&known.paper_department, &department.name),
            (&known.paper_theme, &stated.theme),
            (&known.paper_title, &stated.title),
            (&known.paper_summary, &stated.summary),
        ];
        let is_noted = noted.iter().all(|(last, stated)| last.as_deref().unwrap_or_default() == stated.as_str());
        planned.act = match (planned.changes.is_empty(), is_noted) {
            (false, _) => Act::Update,
            (true, false) => Act::Note,
            (true, true) => Act::None,
        };
        said_by_paper(&mut planned.draft, department, stated);
        planned
    }

    /// Moves an initiative to the department and theme of the paper, unless a clerk had moved it.
    fn correct_places(
        &mut self,
        planned: &mut PlannedInitiative,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        known: &Initiative,
    ) {
        let folded = |name: &str| Some(fold_title(name)).filter(|name| !name.is_empty());
        let now = self.register.name(known.department);
        let last = known.paper_department.as_deref().and_then(folded);
        match settle(last.as_ref(), folded(&now).as_ref(), &fold_title(&department.name)) {
            Settled::Stays => {}
            Settled::Kept => planned.kept.push(ChangedField::Department),
            Settled::Taken => {
                planned.sets_department = true;
                let after = department.name.clone();
                planned.changes.push(Change { field: ChangedField::Department, before: now, after });
            }
        }
        if stated.theme.is_empty() {
            return;
        }
        let now = self.register.theme_name(known.theme);
        let last = known.paper_theme.as_deref().and_then(folded);
        match settle(last.as_ref(), folded(&now).as_ref(), &fold_title(&stated.theme)) {
            Settled::Stays => {}
            Settled::Kept => planned.kept.push(ChangedField::Theme),
            Settled::Taken => {
                planned.sets_theme = true;
                let after = stated.theme.clone();
                planned.changes.push(Change { field: ChangedField::Theme, before: now, after });
            }
        }
    }

    fn remark_on_kept(&mut self, planned: &PlannedInitiative, department: &PaperDepartment, stated: &PaperInitiative) {
        let fields: Vec<&str> = planned.kept.iter().map(|field| field_label(*field)).collect();
        let message = format!(
            "「{}」の取り組み「{}」の{}は、職員が書いた内容があるため、そのまま残しました。方針書に合わせるときは、取り組みの画面で直してください。",
            department.name,
            stated.title,
            fields.join("・")
        );
        let said = planned.kept.iter().map(|field| match field {
            ChangedField::Department => department.name.as_str(),
            ChangedField::Theme => &stated.theme,
            ChangedField::Title => &stated.title,
            ChangedField::Summary => &stated.summary,
        });
        let said = said.collect::<Vec<_>>().join("\n");
        self.remark(Remark::new(Some(stated.line), ImportKind::Kept, message).about(said));
    }

    /// The section in charge, where the paper has a column for it.
    fn section(&mut self, position: Position, stated: &PaperInitiative) -> Option<RecordId> {
        let Written::Found(department) = self.planned.departments[position.department].record else { return None };
        let named = stated.extras.iter().find(|extra| {
            let label = extra.label.as_str();
            label.ends_with("課") || label.ends_with("課名") || label.ends_with("担当")
        })?;
        let name = named.text.trim();
        let found = self.register.section(department, name);
        if found.is_none() && !name.is_empty() {
            let message = format!(
                "担当課「{name}」が部局台帳のこの部局にないため、担当課は空欄にしました。文は「方針書のその他の列」に残しています。"
            );
            self.remark(Remark::new(Some(stated.line), ImportKind::UnknownSection, message));
        }
        found
    }
}

/// The place of the n-th.
fn order(n: usize) -> i64 {
    i64::try_from(n + 1).unwrap_or(i64::MAX / ORDER_STEP) * ORDER_STEP
}

/// Notes what the paper says.
fn said_by_paper(draft: &mut Draft, department: &PaperDepartment, stated: &PaperInitiative) {
    draft.set("paper_department", text(&department.name));
    draft.set("paper_theme", text(&stated.theme));
    draft.set("paper_title", text(&stated.title));
    draft.set("paper_summary", text(&stated.summary));
    let note = stated.extras.iter().map(|extra| format!("{}：{}", extra.label, extra.text));
    draft.set("paper_note", text(&note.collect::<Vec<_>>().join("\n")));
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
