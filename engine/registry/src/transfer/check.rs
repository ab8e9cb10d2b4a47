//! A file of orders against the registers: what can be taken, and why the rest can't. Pure; nothing wrong is taken in, and
//! what is wrong keeps nothing else from being taken.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_kernel::text::fold;
use kawasemi_kernel::{IdSource, RecordId};

use super::career::{Career, Order};
use super::file::{OrderFile, OrderRow};
use super::kind::OrderKind;
use crate::personnel_file::Rank;
use crate::registers::{KnownOrder, Person, Registers};
use crate::sheet::LineProblem;

/// An order that can be taken.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The order.
    pub order: Order,
    /// The line it came from.
    pub row: OrderRow,
    /// Whether the person is to be put into the register of staff with it.
    pub is_new_person: bool,
    /// What a person should look at, though it is not wrong.
    pub warnings: Vec<String>,
}

/// What came of a file.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What can be taken, in the order of the file.
    pub accepted: Vec<Accepted>,
    /// How many lines say what is planned already.
    pub unchanged: usize,
    /// Why the other lines can't be taken, in the order of the file.
    pub refused: Vec<LineProblem>,
}

/// A line whose person and department are known.
struct Resolved {
    row: OrderRow,
    order: Order,
    is_new: bool,
}

/// Checks a file. `ids` is for people whom the file hires.
pub fn check(registers: &Registers, file: OrderFile, ids: &dyn IdSource) -> Checked {
    let mut checked = Checked { refused: file.problems, ..Checked::default() };
    let mut by_person: BTreeMap<RecordId, Vec<Resolved>> = BTreeMap::new();
    let mut hired: BTreeMap<String, RecordId> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in file.rows {
        match resolve(registers, &row, &mut hired, ids) {
            Ok((order, is_new)) => by_person.entry(order.staff).or_default().push(Resolved { row, order, is_new }),
            Err(message) => {
                checked.refuse(&row, message);
                wrong.push(row);
            }
        }
    }
    for (staff, lines) in by_person {
        let lines = checked.without_doubtful(lines, &wrong);
        let planned: Vec<&KnownOrder> = registers.planned(staff).collect();
        let lines = checked.without_what_is_known(lines, &planned);
        let lines = checked.without_contradictions(registers, lines, &planned);
        let base = registers.career(staff);
        checked.take(registers, &base, &planned, lines);
    }
    checked.accepted.sort_by_key(|accepted| accepted.row.line);
    checked.refused.sort_by_key(|problem| problem.line);
    checked
}

impl Checked {
    fn refuse(&mut self, row: &OrderRow, message: impl Into<String>) {
        self.refused.push(LineProblem { line: row.line, about: row.about(), message: message.into() });
    }

    /// Refuses lines that decide a post for a day on which a line that is wrong was to decide it as well: which of the two was
    /// meant is not ours to guess.
    fn without_doubtful(&mut self, lines: Vec<Resolved>, wrong: &[OrderRow]) -> Vec<Resolved> {
        let mut kept = Vec::new();
        for line in lines {
            let doubts = |other: &&OrderRow| {
                other.number == line.row.number
                    && other.effective_on == line.row.effective_on
                    && other.kind.sets_main_post()
                    && line.row.kind.sets_main_post()
            };
            match wrong.iter().find(doubts) {
                Some(other) => {
                    let said = format!(
                        "同じ人の同じ日の発令が{}行目にもあり、そちらに誤りがあります。どちらも取り込みません。",
                        other.line
                    );
                    self.refuse(&line.row, said);
                }
                None => kept.push(line),
            }
        }
        kept
    }

    /// Leaves out what is planned already, and what stands twice in the file.
    fn without_what_is_known(&mut self, lines: Vec<Resolved>, planned: &[&KnownOrder]) -> Vec<Resolved> {
        let mut kept: Vec<Resolved> = Vec::new();
        for line in lines {
            let known = planned.iter().any(|known| same(&known.order, &line.order))
                || kept.iter().any(|other| same(&other.order, &line.order));
            if known { self.unchanged += 1 } else { kept.push(line) }
        }
        kept
    }

    /// Refuses every line that contradicts another of the same day, or what is planned for that day.
    fn without_contradictions(
        &mut self,
        registers: &Registers,
        lines: Vec<Resolved>,
        planned: &[&KnownOrder],
    ) -> Vec<Resolved> {
        let said = |order: &Order| describe(registers, order);
        let against = |n: usize| -> Option<String> {
            let line = &lines[n];
            let others = lines.iter().enumerate().filter(|(other, _)| *other != n);
            let other = others.map(|(_, other)| other).find(|other| contradict(&line.order, &other.order));
            if let Some(other) = other {
                return Some(format!(
                    "同じ人の同じ日の発令が食い違っています（{}行目の「{}」）。どちらも取り込みません。正しいほうだけを残してください。",
                    other.row.line,
                    said(&other.order)
                ));
            }
            let known = planned.iter().find(|known| contradict(&line.order, &known.order))?;
            Some(format!(
                "取込済みの発令待ち「{}」と食い違っています。先にその発令を取り消してください。",
                said(&known.order)
            ))
        };
        let refusals: Vec<Option<String>> = (0..lines.len()).map(against).collect();
        let mut kept = Vec::new();
        for (line, refusal) in lines.into_iter().zip(refusals) {
            match refusal {
                Some(message) => self.refuse(&line.row, message),
                None => kept.push(line),
            }
        }
        kept
    }

    /// Takes what one person's career bears, line by line in the order of the days.
    fn take(&mut self, registers: &Registers, base: &Career, planned: &[&KnownOrder], mut lines: Vec<Resolved>) {
        lines.sort_by_key(|line| (line.order.first_day(), !line.order.kind.begins_service(), line.row.line));
        let mut taken: Vec<Order> = planned.iter().map(|known| known.order.clone()).collect();
        let mut person_is_made = false;
        for line in lines {
            let mut with = taken.clone();
            with.push(line.order.clone());
            match run(base, &mut with, &line.order) {
                Ok(career) => {
                    taken = with;
                    let is_new_person = line.is_new && !std::mem::replace(&mut person_is_made, true);
                    let warnings = warnings(registers, &career, &line.order);
                    self.accepted.push(Accepted { order: line.order, row: line.row, is_new_person, warnings });
                }
                Err(message) => self.refuse(&line.row, message),
            }
        }
    }
}

/// Runs all orders of somebody; the career after them, or why one of them can't be.
fn run(base: &Career, orders: &mut [Order], added: &Order) -> Result<Career, String> {
    orders.sort_by_key(|order| (order.first_day(), !order.kind.begins_service()));
    let mut career = base.clone();
    for order in orders.iter() {
        career.take(order).map_err(|message| {
            if order == added {
                message
            } else {
                format!(
                    "この発令を入れると、{}の{}の発令が成り立ちません。{message}",
                    order.effective_on,
                    order.kind.label()
                )
            }
        })?;
    }
    Ok(career)
}

fn warnings(registers: &Registers, career: &Career, order: &Order) -> Vec<String> {
    let mut warnings = Vec::new();
    let day = order.first_day();
    if matches!(order.kind, OrderKind::Transfer) {
        let kept: Vec<&str> = career
            .posts_on(day)
            .iter()
            .filter(|post| post.kind != crate::personnel_file::AssignmentKind::Main && post.starts_on < day)
            .map(|post| registers.department_name(post.department))
            .collect();
        if !kept.is_empty() {
            warnings.push(format!("兼務（{}）が残ります。解くときは兼務解除の発令が要ります。", kept.join("、")));
        }
    }
    if matches!(order.kind, OrderKind::Leave | OrderKind::ChildcareLeave | OrderKind::Dispatch) && order.until.is_none()
    {
        warnings.push("終了日がないため、復職の発令まで権限が止まります。".to_owned());
    }
    warnings
}

fn same(one: &Order, other: &Order) -> bool {
    one.kind == other.kind
        && one.effective_on == other.effective_on
        && one.until == other.until
        && one.department == other.department
        && one.title == other.title
}

/// Whether two orders of one person for one day can't both be meant.
fn contradict(one: &Order, other: &Order) -> bool {
    use OrderKind::{Acting, Concurrent, ConcurrentEnd, Promotion, Retirement, Return, Secondment};
    if one.effective_on != other.effective_on {
        return false;
    }
    let decides_post = |order: &Order| {
        order.kind.sets_main_post() || order.kind == Secondment || order.kind == Return && order.department.is_some()
    };
    let begins = |order: &Order| order.kind.begins_absence();
    let further = |order: &Order| matches!(order.kind, Concurrent | Acting);
    let pairs = |a: &Order, b: &Order| {
        // A promotion on the last day (退職時の昇任) is usual; any other post on it is not.
        let leaves = a.kind == Retirement && b.kind != Promotion;
        let returns = a.kind == Return && begins(b);
        let undone = further(a) && b.kind == ConcurrentEnd && (b.department.is_none() || a.department == b.department);
        leaves || returns || undone
    };
    decides_post(one) && decides_post(other)
        || begins(one) && begins(other)
        || one.kind == other.kind && !further(one) && one.kind != ConcurrentEnd
        || pairs(one, other)
        || pairs(other, one)
}

/// An order in a few words.
pub fn describe(registers: &Registers, order: &Order) -> String {
    let place = order.department.map(|id| registers.department_name(id)).unwrap_or_default();
    let words = [order.kind.label(), place, order.title.as_str()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn resolve(
    registers: &Registers,
    row: &OrderRow,
    hired: &mut BTreeMap<String, RecordId>,
    ids: &dyn IdSource,
) -> Result<(Order, bool), String> {
    let department = row.department.as_deref().map(|word| department(registers, word, row.effective_on)).transpose()?;
    let (staff, is_new) = match registers.person_by_number(&row.number) {
        Some(person) => {
            same_name(person, row)?;
            (person.id, false)
        }
        None if row.kind.begins_service() => {
            if row.name.is_empty() {
                return Err("新しく採用する人の氏名がありません。".to_owned());
            }
            (*hired.entry(row.number.clone()).or_insert_with(|| RecordId(ids.next())), true)
        }
        None => match hired.get(&row.number) {
            Some(id) => (*id, true),
            None => return Err("この職員番号の職員は台帳にいません。番号を確かめてください。".to_owned()),
        },
    };
    let rank = rank(registers, row, department)?;
    let (kind, effective_on, until, title) = (row.kind, row.effective_on, row.until, row.title.clone());
    Ok((Order { id: None, staff, kind, effective_on, until, department, title, rank }, is_new))
}

/// A wrong number must not move somebody else.
fn same_name(person: &Person, row: &OrderRow) -> Result<(), String> {
    let bare = |name: &str| fold(name).chars().filter(|c| !c.is_whitespace()).collect::<String>();
    if row.name.is_empty() || bare(&row.name) == bare(&person.name) {
        return Ok(());
    }
    Err(format!(
        "職員番号{}は台帳では「{}」さんです。番号か氏名を直してください（改姓のときは、先に職員の台帳を直します）。",
        person.number, person.name
    ))
}

fn department(registers: &Registers, word: &str, day: Date) -> Result<RecordId, String> {
    let known = registers.department_by_word(word, day).ok_or_else(|| {
        format!("「{word}」という部局は台帳にありません。新しい部局なら、先に機構改革の計画を確定してください。")
    })?;
    let department = &known.department;
    if department.is_closed_on(day) {
        let to = department.successor.map(|id| registers.department_name(id));
        let to = to.map(|name| format!("引継ぎ先は「{name}」です。")).unwrap_or_default();
        return Err(format!("「{}」は{day}には廃止されています。{to}", known.name));
    }
    if !department.is_in_force_on(day) {
        let first = department.first_fiscal_year.map(|year| year.label()).unwrap_or_default();
        return Err(format!("「{}」は{day}にはまだありません（{first}から）。", known.name));
    }
    Ok(department.id)
}

/// The rank of the post that a line names: as it says, else as the register has it for a post of that title.
fn rank(registers: &Registers, row: &OrderRow, department: Option<RecordId>) -> Result<Option<Rank>, String> {
    if row.title.is_empty() {
        return Ok(row.rank);
    }
    let titled = || registers.posts.values().filter(|post| post.title == row.title);
    let here = titled().find(|post| post.department == department).and_then(|post| post.rank);
    let elsewhere = || titled().find_map(|post| post.rank);
    let fiscal_year = (row.kind == OrderKind::FiscalYearAppointment).then_some(Rank::FiscalYear);
    let found = row.rank.or(fiscal_year).or(here).or_else(|| Rank::from_word(&row.title)).or_else(elsewhere);
    found.map(Some).ok_or_else(|| {
        format!(
            "「{}」という職はどの部局にもありません。職名を確かめるか、職位の列（例 課長級）を入れてください。",
            row.title
        )
    })
}
