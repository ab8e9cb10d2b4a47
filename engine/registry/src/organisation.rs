//! Who belongs where: the departments of a member of staff, as row grants ask for them.
//!
//! Somebody assigned to a section works on the records of that section, of the department above it and, if they head a
//! department, of the sections below. Work of a closed department goes to its successor (引継ぎ先): whoever belongs to
//! the successor also belongs to what it took over, so that a reorganisation (機構改革) moves work instead of losing it.
//! Where a department was split, each successor has its share.
//!
//! Departments are valid by fiscal year, so all of it is asked for a day. Everything here is computed from the registers'
//! rows, without a clock: dates come out as they are in the register, and identity compares them with the day of the request.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kawasemi_identity::{Membership, Succession};
use kawasemi_kernel::RecordId;
use kawasemi_kernel::fiscal::FiscalYear;

/// What the organisation needs to know of a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its record.
    pub id: RecordId,
    /// The department above.
    pub parent: Option<RecordId>,
    /// The department that took over its work, or what is left of it after the shares of others.
    pub successor: Option<RecordId>,
    /// The first fiscal year in which it exists.
    pub first_fiscal_year: Option<FiscalYear>,
    /// The last one, once it is closed.
    pub last_fiscal_year: Option<FiscalYear>,
    /// Days from which it stands below another department than [`Department::parent`], in order (移管).
    pub moves: Vec<(Date, Option<RecordId>)>,
}

/// A part of a closed department's records that goes to another department than the rest (分割).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The department that was split.
    pub department: RecordId,
    /// Who has this part.
    pub successor: RecordId,
    /// The ledger.
    pub ledger: String,
    /// Only the records that meet this condition (CQL2); none for all of the ledger.
    pub condition: Option<String>,
}

/// What is left of a ledger after the shares of others, as a condition on its records; answered by whoever knows the ledgers.
pub trait Remainder {
    /// The ledgers whose records may belong to departments.
    fn ledgers(&self) -> Vec<String>;
    /// The condition under which a record of a ledger meets none of the conditions, those that can't be decided included.
    fn none_of(&self, ledger: &str, conditions: &[&str]) -> String;
}

/// What the organisation needs to know of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The member of staff.
    pub staff: RecordId,
    /// The department.
    pub department: RecordId,
    /// Whether it is the main post.
    pub is_main: bool,
    /// The first day.
    pub starts_on: Date,
    /// The last day, once it is known.
    pub ends_on: Option<Date>,
}

/// The departments of the city and who is assigned to them.
#[derive(Clone, Debug, Default)]
pub struct Organisation {
    departments: BTreeMap<RecordId, Department>,
    shares: Vec<Share>,
    assignments: BTreeMap<RecordId, Vec<Assignment>>,
}

impl Department {
    /// A department without dates, for those of which nothing else is known.
    pub fn new(id: RecordId) -> Self {
        Self { id, parent: None, successor: None, first_fiscal_year: None, last_fiscal_year: None, moves: Vec::new() }
    }

    /// The first day on which it is closed; none while it is not known.
    pub fn closed_from(&self) -> Option<Date> {
        self.last_fiscal_year.and_then(|year| year.last_day().tomorrow().ok())
    }

    /// Whether it is closed on a day.
    pub fn is_closed_on(&self, day: Date) -> bool {
        self.closed_from().is_some_and(|from| from <= day)
    }

    /// Whether it exists on a day.
    pub fn is_in_force_on(&self, day: Date) -> bool {
        self.first_fiscal_year.is_none_or(|year| year.first_day() <= day) && !self.is_closed_on(day)
    }

    /// The department above on a day.
    pub fn parent_on(&self, day: Date) -> Option<RecordId> {
        let moved = self.moves.iter().rev().find(|(from, _)| *from <= day);
        moved.map_or(self.parent, |(_, parent)| *parent)
    }
}

impl Organisation {
    /// Puts the rows of the registers together.
    pub fn new(
        departments: impl IntoIterator<Item = Department>,
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Self {
        let departments = departments.into_iter().map(|department| (department.id, department)).collect();
        let mut organisation = Self { departments, ..Self::default() };
        for assignment in assignments {
            organisation.assignments.entry(assignment.staff).or_default().push(assignment);
        }
        for assignments in organisation.assignments.values_mut() {
            // The main post first, then the latest.
            assignments.sort_by_key(|assignment| (!assignment.is_main, std::cmp::Reverse(assignment.starts_on)));
        }
        organisation
    }

    /// The same with the shares of departments that were split.
    #[must_use]
    pub fn with_shares(mut self, shares: Vec<Share>) -> Self {
        self.shares = shares;
        self
    }

    /// The departments.
    pub fn departments(&self) -> impl Iterator<Item = &Department> {
        self.departments.values()
    }

    /// A department.
    pub fn department(&self, id: RecordId) -> Option<&Department> {
        self.departments.get(&id)
    }

    /// Whether a department's work goes to several.
    pub fn is_split(&self, id: RecordId) -> bool {
        self.shares.iter().any(|share| share.department == id)
    }

    /// The assignments of a member of staff, the main post first.
    pub fn assignments_of(&self, staff: RecordId) -> &[Assignment] {
        self.assignments.get(&staff).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everybody who has or had an assignment.
    pub fn people(&self) -> impl Iterator<Item = RecordId> {
        self.assignments.keys().copied()
    }

    /// The departments on whose records somebody works on a day who is assigned to one: the department itself first, then
    /// those above it from near to far, and those below. What these took over is told by [`Organisation::successions`].
    pub fn reach(&self, department: RecordId, day: Date) -> Vec<RecordId> {
        let known = |id: &RecordId| self.departments.get(id);
        let mut reached = Reached::default();
        // A closed department leads on to where its work went.
        reached.follow([department], |id| {
            let closed = known(id).filter(|department| department.is_closed_on(day));
            Vec::from_iter(closed.and_then(|department| department.successor))
        });
        // What it left behind comes back by the successions, to each successor its share.
        let is_open = |id: &RecordId| known(id).is_none_or(|one| !one.is_closed_on(day) || one.successor.is_none());
        if reached.order.iter().any(is_open) {
            let open: Vec<RecordId> = reached.order.iter().copied().filter(is_open).collect();
            reached = Reached::default();
            reached.add(open);
        }
        let own = reached.order.clone();
        reached.follow(own.clone(), |id| Vec::from_iter(known(id).and_then(|department| department.parent_on(day))));
        let mut downwards = Reached::default();
        downwards.follow(own, |id| self.below(*id, day));
        reached.add(downwards.order);
        reached.order
    }

    /// The departments that stand below one on a day. One that is closed stands there no longer once another has its work.
    fn below(&self, id: RecordId, day: Date) -> Vec<RecordId> {
        let is_below = |department: &&Department| {
            department.parent_on(day) == Some(id) && !(department.is_closed_on(day) && department.successor.is_some())
        };
        self.departments.values().filter(is_below).map(|department| department.id).collect()
    }

    /// The departments of every member of staff with the dates between which they belong to them, as identity keeps them.
    pub fn memberships(&self) -> BTreeMap<RecordId, Vec<Membership>> {
        let turns = self.turns();
        let of = |assignments: &Vec<Assignment>| -> Vec<Membership> {
            assignments.iter().flat_map(|one| self.memberships_by(one, &turns)).collect()
        };
        self.assignments.iter().map(|(staff, assignments)| (*staff, of(assignments))).collect()
    }

    /// The departments of a member of staff on a day, those of the main post first, and last what these took over wholly.
    pub fn departments_of(&self, staff: RecordId, day: Date) -> Vec<RecordId> {
        let mut reached = Reached::default();
        for assignment in self.assignments_of(staff).iter().filter(|assignment| assignment.is_on(day)) {
            reached.add(self.reach(assignment.department, day));
        }
        reached.follow(reached.order.clone(), |id| {
            let successor = |department: &&Department| {
                department.is_closed_on(day) && department.successor == Some(*id) && !self.is_split(department.id)
            };
            self.departments.values().filter(successor).map(|department| department.id).collect()
        });
        reached.order
    }

    /// Who took over whose records from which day, with all chains closed, as identity keeps it.
    pub fn successions(&self, remainder: &dyn Remainder) -> Vec<Succession> {
        let mut edges: BTreeMap<RecordId, Vec<Succession>> = BTreeMap::new();
        for department in self.departments.values() {
            for edge in self.steps_from(department, remainder) {
                edges.entry(edge.successor).or_default().push(edge);
            }
        }
        let mut closed = Vec::new();
        for successor in edges.keys() {
            let mut path = vec![*successor];
            follow_back(&edges, *successor, None, &mut path, &mut closed);
        }
        closed
    }

    /// Where the work of a closed department went, step by step.
    fn steps_from(&self, department: &Department, remainder: &dyn Remainder) -> Vec<Succession> {
        let Some(from) = department.closed_from() else { return Vec::new() };
        let step = |successor, ledger: Option<&str>, condition: Option<String>| Succession {
            predecessor: department.id,
            successor,
            from,
            ledger: ledger.map(str::to_owned),
            condition,
        };
        let shares: Vec<&Share> = self.shares.iter().filter(|share| share.department == department.id).collect();
        let mut steps: Vec<Succession> =
            shares.iter().map(|share| step(share.successor, Some(&share.ledger), share.condition.clone())).collect();
        let Some(rest) = department.successor else { return steps };
        if shares.is_empty() {
            return vec![step(rest, None, None)];
        }
        for ledger in remainder.ledgers() {
            let of_ledger = || shares.iter().filter(|share| share.ledger == ledger);
            if of_ledger().any(|share| share.condition.is_none()) {
                continue;
            }
            let conditions: Vec<&str> = of_ledger().filter_map(|share| share.condition.as_deref()).collect();
            let left = (!conditions.is_empty()).then(|| remainder.none_of(&ledger, &conditions));
            steps.push(step(rest, Some(&ledger), left));
        }
        steps
    }

    /// The days on which the organisation changes.
    fn turns(&self) -> BTreeSet<Date> {
        let of = |department: &Department| {
            let years = [department.first_fiscal_year.map(FiscalYear::first_day), department.closed_from()];
            let moves: Vec<Date> = department.moves.iter().map(|(day, _)| *day).collect();
            years.into_iter().flatten().chain(moves)
        };
        self.departments.values().flat_map(of).collect()
    }

    /// The memberships that an assignment brings: what it reaches in each stretch between two turns, put together again
    /// where the next stretch reaches the same.
    fn memberships_by(&self, assignment: &Assignment, turns: &BTreeSet<Date>) -> Vec<Membership> {
        let inside = turns.iter().copied().filter(|day| assignment.starts_on < *day && assignment.is_on(*day));
        let starts: Vec<Date> = [assignment.starts_on].into_iter().chain(inside).collect();
        let mut found: Vec<Membership> = Vec::new();
        for (n, from) in starts.iter().enumerate() {
            let until = starts.get(n + 1).map_or(assignment.ends_on, |next| next.yesterday().ok());
            for department in self.reach(assignment.department, *from) {
                let before = from.yesterday().ok();
                let goes_on = |known: &&mut Membership| known.department == department && known.until == before;
                match found.iter_mut().find(goes_on) {
                    Some(known) => known.until = until,
                    None => found.push(Membership { department, from: Some(*from), until }),
                }
            }
        }
        found
    }
}

/// Adds what led to a department, and what led there, each with the restrictions of the whole way.
fn follow_back(
    edges: &BTreeMap<RecordId, Vec<Succession>>,
    at: RecordId,
    way: Option<&Succession>,
    path: &mut Vec<RecordId>,
    found: &mut Vec<Succession>,
) {
    for edge in edges.get(&at).into_iter().flatten() {
        if path.contains(&edge.predecessor) {
            continue;
        }
        let Some(joined) = joined(edge, way) else { continue };
        path.push(edge.predecessor);
        follow_back(edges, edge.predecessor, Some(&joined), path, found);
        path.pop();
        found.push(joined);
    }
}

/// Two steps as one; none where they let nothing through together.
fn joined(edge: &Succession, way: Option<&Succession>) -> Option<Succession> {
    let Some(way) = way else { return Some(edge.clone()) };
    let ledger = match (&edge.ledger, &way.ledger) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    let condition = match (&edge.condition, &way.condition) {
        (Some(one), Some(other)) => Some(format!("({one}) AND ({other})")),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    let (predecessor, successor) = (edge.predecessor, way.successor);
    Some(Succession { predecessor, successor, from: edge.from.max(way.from), ledger, condition })
}

impl Assignment {
    /// Whether it holds on a day.
    pub fn is_on(&self, day: Date) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|last| day <= last)
    }
}

/// Departments in the order in which they were reached, each once. A circle in the register ends where it began.
#[derive(Default)]
struct Reached {
    order: Vec<RecordId>,
    seen: BTreeSet<RecordId>,
}

impl Reached {
    fn add(&mut self, ids: impl IntoIterator<Item = RecordId>) {
        for id in ids {
            if self.seen.insert(id) {
                self.order.push(id);
            }
        }
    }

    /// Adds departments and everything to which `next` leads from them.
    fn follow(&mut self, from: impl IntoIterator<Item = RecordId>, next: impl Fn(&RecordId) -> Vec<RecordId>) {
        let mut waiting: Vec<RecordId> = from.into_iter().collect();
        let mut walked = BTreeSet::new();
        waiting.reverse();
        while let Some(id) = waiting.pop() {
            if walked.insert(id) {
                self.add([id]);
                waiting.extend(next(&id).into_iter().rev());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    const BEFORE: Date = date(2026, 4, 1);
    const AFTER: Date = date(2027, 4, 1);

    /// Departments by small numbers: (number, parent, successor); one with a successor is closed after fiscal year 2026.
    fn organisation(rows: &[(u128, u128, u128)], assignments: &[(u128, &str, &str)]) -> Organisation {
        let some = |n: u128| (n > 0).then(|| id(n));
        let closed = FiscalYear::new(2026).expect("is a year");
        let departments = rows.iter().map(|(n, parent, successor)| Department {
            parent: some(*parent),
            successor: some(*successor),
            last_fiscal_year: some(*successor).map(|_| closed),
            ..Department::new(id(*n))
        });
        let assignments = assignments.iter().map(|(department, from, until)| Assignment {
            staff: id(100),
            department: id(*department),
            is_main: *department < 50,
            starts_on: from.parse().expect("is a date"),
            ends_on: until.parse().ok(),
        });
        Organisation::new(departments, assignments)
    }

    fn id(n: u128) -> RecordId {
        RecordId(Uuid::from_u128(n))
    }

    fn reach(rows: &[(u128, u128, u128)], department: u128, day: Date) -> Vec<u128> {
        organisation(rows, &[]).reach(id(department), day).into_iter().map(|id| id.0.as_u128()).collect()
    }

    /// Two ledgers, and the plainest words for what is left.
    struct Ledgers;

    impl Remainder for Ledgers {
        fn ledgers(&self) -> Vec<String> {
            vec!["park".into(), "road".into()]
        }

        fn none_of(&self, _: &str, conditions: &[&str]) -> String {
            format!("NOT ({})", conditions.join(" OR "))
        }
    }

    fn successions(organisation: &Organisation) -> Vec<(u128, u128, String)> {
        let said = |one: &Succession| {
            let part = [one.ledger.clone(), one.condition.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ");
            (one.predecessor.0.as_u128(), one.successor.0.as_u128(), part)
        };
        let mut all: Vec<_> = organisation.successions(&Ledgers).iter().map(said).collect();
        all.sort();
        all
    }

    #[test]
    fn a_section_reaches_up_and_a_department_down() {
        let rows = [(1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 2, 0), (9, 0, 0)];
        assert_eq!(reach(&rows, 2, BEFORE), [2, 1, 4]);
        assert_eq!(reach(&rows, 1, BEFORE), [1, 2, 4, 3]);
        assert_eq!(reach(&rows, 4, BEFORE), [4, 2, 1]);
    }

    #[test]
    fn a_closed_department_leads_to_its_successor_from_its_day_on() {
        // 5 below 1 goes to 2 below 9.
        let rows = [(1, 0, 0), (9, 0, 0), (2, 9, 0), (5, 1, 2)];
        assert_eq!(reach(&rows, 5, BEFORE), [5, 1]);
        assert_eq!(reach(&rows, 5, AFTER), [2, 9]);
        assert_eq!(reach(&rows, 1, BEFORE), [1, 5], "still below");
        assert_eq!(reach(&rows, 1, AFTER), [1], "its work went elsewhere");
    }

    #[test]
    fn work_of_a_closed_department_follows_its_successor_through_chains() {
        // 5 is taken over by 2; 6 had been taken over by 5.
        let organisation = organisation(&[(2, 0, 0), (5, 0, 2), (6, 0, 5)], &[(2, "2020-04-01", "")]);
        let whole = String::new;
        assert_eq!(successions(&organisation), [(5, 2, whole()), (6, 2, whole()), (6, 5, whole())]);
        assert_eq!(organisation.departments_of(id(100), BEFORE), [id(2)]);
        assert_eq!(organisation.departments_of(id(100), AFTER), [id(2), id(5), id(6)]);
    }

    #[test]
    fn a_split_gives_each_successor_its_share_and_the_rest_to_one() {
        let share = |successor, ledger: &str, condition: Option<&str>| Share {
            department: id(5),
            successor: id(successor),
            ledger: ledger.into(),
            condition: condition.map(str::to_owned),
        };
        let shares = vec![share(3, "park", Some("area = 1")), share(4, "road", None)];
        let organisation = organisation(&[(2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 2)], &[]).with_shares(shares);
        let expected = [(5, 2, "park: NOT (area = 1)"), (5, 3, "park: area = 1"), (5, 4, "road")];
        assert_eq!(successions(&organisation), expected.map(|(from, to, part)| (from, to, part.to_owned())));
    }

    #[test]
    fn a_circle_in_the_register_ends() {
        assert_eq!(reach(&[(1, 2, 2), (2, 1, 1)], 1, AFTER), [1, 2]);
        assert_eq!(reach(&[(1, 1, 1)], 1, AFTER), [1]);
        assert_eq!(successions(&organisation(&[(1, 0, 2), (2, 0, 1)], &[])).len(), 2);
    }

    #[test]
    fn a_department_moves_on_its_day() {
        let mut moved = Department { parent: Some(id(1)), ..Department::new(id(2)) };
        moved.moves.push((AFTER, Some(id(9))));
        let organisation = Organisation::new([Department::new(id(1)), Department::new(id(9)), moved], []);
        assert_eq!(organisation.reach(id(2), BEFORE), [id(2), id(1)]);
        assert_eq!(organisation.reach(id(2), AFTER), [id(2), id(9)]);
        assert_eq!(organisation.reach(id(9), AFTER), [id(9), id(2)]);
    }

    #[test]
    fn membership_keeps_to_the_dates_of_the_assignment_and_the_turns_of_the_organisation() {
        let rows = [(1, 0, 0), (2, 1, 0), (7, 0, 2), (60, 0, 0)];
        let organisation =
            organisation(&rows, &[(60, "2021-10-01", ""), (2, "2021-04-01", "2022-03-31"), (7, "2022-04-01", "")]);
        let on = |day| organisation.departments_of(id(100), day);
        assert_eq!(on(date(2021, 3, 31)), []);
        assert_eq!(on(date(2021, 10, 1)), [id(2), id(1), id(60)], "the main post first");
        let all = organisation.memberships();
        let of = |n| all[&id(100)].iter().filter(move |one| one.department == id(n)).copied().collect::<Vec<_>>();
        let (from, until) = (Some(date(2022, 4, 1)), Some(date(2027, 3, 31)));
        assert_eq!(of(7), [Membership { department: id(7), from, until }]);
        assert_eq!(of(2)[0].from, Some(AFTER), "whoever stayed behind follows the work");
        assert_eq!(of(60), [Membership { department: id(60), from: Some(date(2021, 10, 1)), until: None }]);
    }
}
