//! The departments of a paper and their statements: which are there, which are new, and which were called otherwise before.

use std::collections::HashSet;

use super::super::register::text;
use super::super::remark::{ImportKind, Remark};
use super::super::settle::{Settled, settle};
use super::{Act, PlannedDepartment, PlannedStatement, Planner, Powers, Written, order, reason_for};
use crate::kernel::RecordId;
use crate::ledger::Draft;
use crate::paper::{PaperDepartment, fold_title};
use crate::records::{Initiative, Statement};

impl Planner<'_> {
    pub(super) fn departments(&mut self, powers: Powers, known: &[Initiative], renamed: &[(usize, String)]) {
        let mut taken = HashSet::new();
        // In a city that has just been made every department is new, which needs no look at each of them.
        let is_first = self.register.is_empty();
        for (index, department) in self.paper.departments.iter().enumerate() {
            let former = renamed.iter().find(|(of, _)| *of == index).map(|(_, name)| name.as_str());
            let record = match self.registered(&department.name, known) {
                Some(id) => Written::Found(id),
                None => match self.rename_of(former, known, powers) {
                    Some(id) => Written::Renamed(id),
                    None if powers.may_add => self.addition_to_register(index, former, is_first, &mut taken),
                    None => self.refusal(department),
                },
            };
            let former = former.and_then(|former| self.registered(former, known));
            self.planned.departments.push(PlannedDepartment { name: department.name.clone(), record, former });
        }
    }

    /// The department of a name: that of the register, else the one under which the initiatives lie that the last paper gave to
    /// it, since the register may have got another name for it meanwhile.
    fn registered(&self, name: &str, known: &[Initiative]) -> Option<RecordId> {
        let folded = fold_title(name);
        let named =
            |one: &&Initiative| one.paper_department.as_deref().is_some_and(|paper| fold_title(paper) == folded);
        self.register.department(name).or_else(|| {
            let mut theirs = known.iter().filter(named).map(|one| one.department);
            let first = theirs.next().flatten()?;
            (theirs.all(|id| id == Some(first)) && self.register.has(first)).then_some(first)
        })
    }

    /// The department that takes its new name from the paper: one that an earlier paper added. Those that the organisation
    /// section keeps are its own to rename.
    fn rename_of(&self, former: Option<&str>, known: &[Initiative], powers: Powers) -> Option<RecordId> {
        let id = self.registered(former?, known)?;
        (powers.may_rename && self.register.is_of_a_paper(id)).then_some(id)
    }

    fn addition_to_register(
        &mut self,
        index: usize,
        former: Option<&str>,
        is_first: bool,
        taken: &mut HashSet<String>,
    ) -> Written {
        let department = &self.paper.departments[index];
        let mut n = index + 1;
        let mut code = self.register.free_code(n);
        while !taken.insert(code.clone()) {
            n += 1;
            code = self.register.free_code(n);
        }
        if !is_first {
            let name = &department.name;
            let was = former.map(|former| {
                format!("前の方針書の「{former}」の取り組みを移します。「{former}」は部局台帳に残っています。")
            });
            let message =
                format!("部局「{name}」は部局台帳のこの年度になかったため、加えます。{}", was.unwrap_or_default());
            self.remark(Remark::new(Some(department.line), ImportKind::NewDepartment, message));
        }
        Written::New(code)
    }

    fn refusal(&mut self, department: &PaperDepartment) -> Written {
        let message = format!(
            "部局「{}」が部局台帳のこの年度にないため、その取り組み{}件は取り込めません。組織の担当に部局の登録を頼んでから、もう一度取り込んでください。",
            department.name,
            department.initiatives.len()
        );
        self.remark(Remark::new(Some(department.line), ImportKind::UnknownDepartment, message));
        Written::Refused
    }

    pub(super) fn statements(&mut self, known: &[Statement]) {
        for (index, department) in self.paper.departments.iter().enumerate() {
            let stated = department.basic_ideas.join("\n");
            let mut draft = Draft::new();
            let of = |id: RecordId| known.iter().find(|one| one.department == Some(id));
            let (existing, moves) = match &self.planned.departments[index] {
                PlannedDepartment { record: Written::Found(id) | Written::Renamed(id), .. } => (of(*id), false),
                // The statement of a renamed department goes along with its initiatives.
                PlannedDepartment { record: Written::New(_), former, .. } => (former.and_then(of), true),
                PlannedDepartment { record: Written::Refused, .. } => continue,
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
                        settled @ (Settled::Kept | Settled::Differs) => {
                            let message = format!(
                                "「{}」の基本的考え方は、職員が書いた文があるため、そのまま残しました。方針書の文は「方針書の基本的考え方」に入れました。",
                                department.name
                            );
                            self.remark(Remark::new(Some(department.line), ImportKind::Kept, message).about(&stated));
                            if settled == Settled::Kept || moves { Act::Note } else { Act::None }
                        }
                        Settled::Stays if moves || known.paper_basic_idea.as_ref() != Some(&stated) => Act::Note,
                        Settled::Stays => Act::None,
                    }
                }
            };
            if let Some(known) = existing.filter(|known| known.published_on.is_some() && (moves || act == Act::Update))
            {
                draft.set("change_reason", reason_for(known.version, &self.planned.file));
            }
            draft.set("paper_basic_idea", text(&stated));
            draft.set("paper", text(&self.planned.file));
            if let Some(dated) = self.paper.dated {
                draft.set("paper_dated", dated);
            }
            let record = existing.map(|known| (known.id, known.revision));
            self.planned.statements.push(PlannedStatement { department: index, act, moves, record, draft });
        }
    }
}
