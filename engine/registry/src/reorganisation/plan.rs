//! The rules of a plan. Pure: steps and registers in, findings out; what is wrong is told with its step, so that the rest can
//! go on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kawasemi_kernel::fiscal::FiscalYear;
use serde::Serialize;

use super::step::{Step, StepKind, StepState};
use crate::registers::{KnownDepartment, Registers};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The step can't be taken.
    Error,
    /// A person should look at it.
    Warning,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which step, by its place.
    #[serde(skip)]
    pub step: usize,
    /// How much it weighs.
    pub severity: Severity,
    /// The line of the file; 0 for a step of the register.
    pub line: u64,
    /// The department.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What is wrong with the ledger and the condition of a share; asked before, since it needs the ledgers' definitions.
pub type ShareMistakes = BTreeMap<(String, String), String>;

/// Checks the steps of one fiscal year together.
pub fn check(registers: &Registers, year: FiscalYear, steps: &[Step], mistakes: &ShareMistakes) -> Vec<Finding> {
    let plan = Plan { registers, year, steps, mistakes };
    let mut findings = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let mut found = |severity, message: String| {
            findings.push(Finding { step: n, severity, line: step.line, code: step.code.clone(), message });
        };
        plan.errors(n).into_iter().for_each(|message| found(Severity::Error, message));
        plan.warnings(step).into_iter().for_each(|message| found(Severity::Warning, message));
    }
    findings
}

/// The steps that can be taken together, and the findings that speak against the others.
///
/// Leaving one out may make another right or wrong, so that it is asked until nothing changes; and what is wrong only since
/// its successor would close by a step that is wrong itself is left until that one is out.
pub fn sound(
    registers: &Registers,
    year: FiscalYear,
    mut steps: Vec<Step>,
    mistakes: &ShareMistakes,
) -> (Vec<Step>, Vec<Finding>) {
    let mut refused = Vec::new();
    loop {
        let (errors, warnings): (Vec<_>, Vec<_>) =
            check(registers, year, &steps, mistakes).into_iter().partition(|found| found.severity == Severity::Error);
        let wrong: BTreeSet<usize> = errors.iter().map(|found| found.step).collect();
        let closers = |code: &str| -> Vec<usize> {
            (0..steps.len()).filter(|n| steps[*n].code == code && steps[*n].kind.closes()).collect()
        };
        let waits = |n: &usize| {
            let closers = closers(&steps[*n].successor);
            !closers.is_empty() && closers.iter().all(|closer| wrong.contains(closer) && closer != n)
        };
        let new = |n: &usize| steps[*n].record.is_none();
        let mut out: BTreeSet<usize> = wrong.iter().copied().filter(new).filter(|n| !waits(n)).collect();
        if out.is_empty() {
            out = wrong.iter().copied().filter(new).collect();
        }
        if out.is_empty() {
            refused.extend(errors.into_iter().chain(warnings));
            return (steps, refused);
        }
        refused.extend(errors.into_iter().filter(|found| out.contains(&found.step)));
        let mut n = 0;
        steps.retain(|_| {
            n += 1;
            !out.contains(&(n - 1))
        });
    }
}

struct Plan<'a> {
    registers: &'a Registers,
    year: FiscalYear,
    steps: &'a [Step],
    mistakes: &'a ShareMistakes,
}

impl Plan<'_> {
    fn day(&self) -> Date {
        self.year.first_day()
    }

    fn of(&self, code: &str) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.code == code)
    }

    fn known(&self, code: &str) -> Option<&KnownDepartment> {
        self.registers.department_by_code(code)
    }

    fn makes(&self, code: &str) -> bool {
        self.of(code).any(|step| step.kind == StepKind::New)
    }

    fn closes(&self, code: &str) -> bool {
        self.of(code).any(|step| step.kind.closes())
    }

    /// Whether a department exists from the day on, apart from what the plan closes.
    fn exists(&self, code: &str) -> bool {
        self.makes(code) || self.known(code).is_some_and(|known| self.is_there(known))
    }

    /// Whether the register has it up to the day, what a settled step of this plan closes included.
    fn is_there(&self, known: &KnownDepartment) -> bool {
        let department = &known.department;
        let closed_by_plan = department.closed_from() == Some(self.day()) && self.closes(&known.code);
        department.is_in_force_on(self.day()) || closed_by_plan
    }

    fn errors(&self, n: usize) -> Vec<String> {
        let step = &self.steps[n];
        let mut errors = Vec::from_iter(self.clash(n));
        match step.kind {
            StepKind::New => errors.extend(self.new_one(step)),
            _ => errors.extend(self.present(step)),
        }
        match step.kind {
            StepKind::Rename if step.name.is_empty() => errors.push("改称には新しい名称が要ります。".to_owned()),
            StepKind::Move if step.parent.is_empty() => {
                errors.push("移管には新しい上位部局のコードが要ります。".to_owned());
            }
            kind if kind.closes() => {
                errors.extend(self.successor(step));
                errors.extend(self.children_left(step));
            }
            _ => {}
        }
        if step.kind == StepKind::Split {
            errors.extend(self.split(step));
        }
        errors.extend(self.parent(step));
        errors
    }

    /// Steps that can't both be meant.
    fn clash(&self, n: usize) -> Option<String> {
        let step = &self.steps[n];
        let others = self.steps.iter().enumerate().filter(|(other, s)| *other != n && s.code == step.code);
        let against = |other: &Step| {
            let both_split = step.kind == StepKind::Split && other.kind == StepKind::Split;
            !both_split && (step.kind == other.kind || step.kind.closes() || other.kind.closes())
        };
        let other = others.map(|(_, other)| other).find(|other| against(other))?;
        let place = if other.line > 0 { format!("{}行目", other.line) } else { "計画済み".to_owned() };
        Some(format!(
            "同じ部局の{}（{place}）と両立しません。どちらも取り込みません。正しいほうだけを残してください。",
            other.kind.label()
        ))
    }

    fn new_one(&self, step: &Step) -> Vec<String> {
        let mut errors = Vec::new();
        let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if step.code.chars().any(|c| !is_code(c)) || step.code.len() > 40 {
            errors.push("部局コードは英小文字・数字・ハイフンの40文字以内で決めてください。".to_owned());
        }
        if step.name.is_empty() {
            errors.push("新設には名称が要ります。".to_owned());
        }
        if let Some(known) = self.known(&step.code) {
            let made_by_this =
                step.state == StepState::Settled && known.department.first_fiscal_year == Some(self.year);
            if !made_by_this {
                errors.push(format!(
                    "部局コード「{}」は「{}」が使っています。別のコードにしてください。",
                    step.code, known.name
                ));
            }
        }
        errors
    }

    fn present(&self, step: &Step) -> Option<String> {
        let Some(known) = self.known(&step.code) else {
            return Some(format!("部局コード「{}」の部局は台帳にありません。", step.code));
        };
        if !self.is_there(known) {
            let closed = known.department.is_closed_on(self.day());
            let said = if closed { "それまでに廃止されています" } else { "まだありません" };
            return Some(format!("「{}」は{}には{said}。", known.name, self.day()));
        }
        let opens_that_day = known.department.first_fiscal_year == Some(self.year);
        (step.kind.closes() && opens_that_day)
            .then(|| format!("「{}」は{}に設置されるため、同じ日に廃止できません。", known.name, self.day()))
    }

    fn successor(&self, step: &Step) -> Option<String> {
        if step.successor.is_empty() {
            return Some(format!(
                "{}には引継ぎ先の部局コードが要ります。仕事と記録の行き先がなくなります。",
                step.kind.label()
            ));
        }
        if step.successor == step.code {
            return Some("引継ぎ先が自分自身になっています。".to_owned());
        }
        if !self.exists(&step.successor) {
            return Some(format!(
                "引継ぎ先「{}」の部局がありません。台帳にある部局か、この計画で新設する部局のコードにしてください。",
                step.successor
            ));
        }
        if !self.closes(&step.successor) {
            return None;
        }
        Some(match self.end_of_chain(&step.successor) {
            Some(end) if end != step.code => format!(
                "引継ぎ先「{}」は同じ日に廃止されます。その先の「{end}」へつなぐときは、引継ぎ先を「{end}」にしてください。",
                step.successor
            ),
            _ => format!("引継ぎ先「{}」をたどると元に戻ります。引継ぎ先を直してください。", step.successor),
        })
    }

    /// Where the work ends up that goes to a department which the plan closes; none where it goes round in a circle.
    fn end_of_chain(&self, from: &str) -> Option<String> {
        let (mut at, mut seen) = (from.to_owned(), BTreeSet::new());
        while self.closes(&at) {
            if !seen.insert(at.clone()) {
                return None;
            }
            let next = self.of(&at).find(|step| step.takes_rest())?.successor.clone();
            at = next;
        }
        Some(at)
    }

    /// Sections that would stand below a department that is there no longer.
    fn children_left(&self, step: &Step) -> Option<String> {
        let known = self.known(&step.code)?;
        let moved: BTreeSet<&str> = self.steps.iter().filter_map(|step| step.moves().map(|(code, _)| code)).collect();
        let left: Vec<&str> = self
            .registers
            .departments
            .values()
            .filter(|child| child.department.parent_on(self.day()) == Some(known.department.id))
            .filter(|child| child.department.is_in_force_on(self.day()))
            .filter(|child| !self.closes(&child.code) && !moved.contains(child.code.as_str()))
            .map(|child| child.name.as_str())
            .collect();
        (!left.is_empty())
            .then(|| format!("配下の「{}」が残ります。移管するか、統合・廃止の行を足してください。", left.join("」「")))
    }

    fn split(&self, step: &Step) -> Vec<String> {
        let mut errors = Vec::new();
        let rests = self.of(&step.code).filter(|other| other.takes_rest()).count();
        if rests != 1 {
            let found = if rests == 0 { "ありません" } else { "二つ以上あります" };
            errors.push(format!(
                "分割では、台帳も係も書かない行（残りすべての引継ぎ先）を一つだけ入れてください。いまは{found}。"
            ));
        }
        let successors: BTreeSet<&str> = self.of(&step.code).map(|other| other.successor.as_str()).collect();
        if successors.len() < 2 {
            errors.push("分割の引継ぎ先が一つしかありません。一つなら統合にしてください。".to_owned());
        }
        if step.is_share() {
            errors.extend(self.mistakes.get(&(step.ledger.clone(), step.condition.clone())).cloned());
            if step.takes_section() {
                errors.push("一つの行に台帳と係の両方は書けません。行を分けてください。".to_owned());
            }
        } else if !step.condition.is_empty() {
            errors.push("記録の条件には、どの台帳かも書いてください。".to_owned());
        }
        if step.takes_section() {
            let section = self.known(&step.section);
            let parent = self.known(&step.code).map(|known| known.department.id);
            if section.is_none_or(|section| section.department.parent != parent && !self.is_moved_by_settled(step)) {
                errors.push(format!("係「{}」は、分割する部局の下にありません。", step.section));
            }
        }
        errors
    }

    fn is_moved_by_settled(&self, step: &Step) -> bool {
        step.state != StepState::Draft
    }

    fn parent(&self, step: &Step) -> Option<String> {
        if step.parent.is_empty() || step.kind.closes() {
            return None;
        }
        if step.parent == step.code {
            return Some("上位の部局が自分自身になっています。".to_owned());
        }
        if !self.exists(&step.parent) {
            return Some(format!("上位の部局「{}」がありません。", step.parent));
        }
        if self.closes(&step.parent) {
            return Some(format!("上位の部局「{}」は同じ日に廃止されます。", step.parent));
        }
        let (mut at, mut seen) = (step.parent.clone(), BTreeSet::from([step.code.clone()]));
        loop {
            if !seen.insert(at.clone()) {
                return Some("上位の部局をたどると元に戻ります。".to_owned());
            }
            match self.parent_of(&at) {
                Some(parent) => at = parent,
                None => return None,
            }
        }
    }

    /// The code of the department above, as the plan has it.
    fn parent_of(&self, code: &str) -> Option<String> {
        let planned = self.steps.iter().find_map(|step| match step.moves() {
            Some((moved, parent)) if moved == code => Some(parent.to_owned()),
            _ => (step.kind == StepKind::New && step.code == code && !step.parent.is_empty())
                .then(|| step.parent.clone()),
        });
        planned.or_else(|| {
            let parent = self.known(code)?.department.parent_on(self.day())?;
            self.registers.departments.get(&parent).map(|known| known.code.clone())
        })
    }

    /// People who would still be posted to a department that is there no longer.
    fn warnings(&self, step: &Step) -> Option<String> {
        if !step.takes_rest() {
            return None;
        }
        let id = self.known(&step.code)?.department.id;
        let stays = |staff: &&kawasemi_kernel::RecordId| {
            let career = self.registers.career_ahead(**staff);
            career.is_in_service(self.day()) && career.posts_on(self.day()).iter().any(|post| post.department == id)
        };
        let left: Vec<&str> = self
            .registers
            .people
            .keys()
            .filter(stays)
            .filter_map(|staff| self.registers.people.get(staff))
            .map(|person| person.name.as_str())
            .collect();
        if left.is_empty() {
            return None;
        }
        let some = left.iter().take(5).copied().collect::<Vec<_>>().join("、");
        let more = if left.len() > 5 { format!("ほか{}人", left.len() - 5) } else { String::new() };
        Some(format!(
            "この部局に配属されたままの職員が{}人います（{some}{more}）。人事発令がなければ、引継ぎ先「{}」の職員として扱います。",
            left.len(),
            step.successor
        ))
    }
}
