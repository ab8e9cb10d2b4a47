//! Who belongs where: the departments of a member of staff, as row grants ask for them.
//!
//! Somebody assigned to a section works on the records of that section, of the department above it and, if they head a
//! department, of the sections below. Work of a closed department goes to its successor (引継ぎ先): whoever belongs to
//! the successor also belongs to what it took over, so that a reorganisation (機構改革) moves work instead of losing it.
//!
//! Everything here is computed from the registers' rows, without a clock: dates come out as they are in the register, and
//! identity compares them with the day of the request.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kawasemi_identity::Membership;
use kawasemi_kernel::RecordId;

/// What the organisation needs to know of a department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its record.
    pub id: RecordId,
    /// The department above.
    pub parent: Option<RecordId>,
    /// The department that took over its work.
    pub successor: Option<RecordId>,
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
    below: BTreeMap<RecordId, Vec<RecordId>>,
    taken_over: BTreeMap<RecordId, Vec<RecordId>>,
    assignments: BTreeMap<RecordId, Vec<Assignment>>,
}

impl Organisation {
    /// Puts the rows of the registers together.
    pub fn new(
        departments: impl IntoIterator<Item = Department>,
        assignments: impl IntoIterator<Item = Assignment>,
    ) -> Self {
        let mut organisation = Self::default();
        for department in departments {
            if let Some(parent) = department.parent {
                organisation.below.entry(parent).or_default().push(department.id);
            }
            if let Some(successor) = department.successor {
                organisation.taken_over.entry(successor).or_default().push(department.id);
            }
            organisation.departments.insert(department.id, department);
        }
        for assignment in assignments {
            organisation.assignments.entry(assignment.staff).or_default().push(assignment);
        }
        for assignments in organisation.assignments.values_mut() {
            // The main post first, then the latest.
            assignments.sort_by_key(|assignment| (!assignment.is_main, std::cmp::Reverse(assignment.starts_on)));
        }
        organisation
    }

    /// The departments on whose records somebody works who is assigned to one: the department itself first, then those above
    /// it from near to far, those below, and what all of these took over.
    pub fn reach(&self, department: RecordId) -> Vec<RecordId> {
        let parent = |id: &RecordId| self.departments.get(id)?.parent;
        let successor = |id: &RecordId| self.departments.get(id)?.successor;
        let children = |id: &RecordId| self.below.get(id).cloned().unwrap_or_default();
        let taken_over = |id: &RecordId| self.taken_over.get(id).cloned().unwrap_or_default();
        let mut reached = Reached::default();
        // A closed department leads on to where its work went.
        reached.follow([department], |id| Vec::from_iter(successor(id)));
        let own = reached.order.clone();
        reached.follow(own.clone(), |id| Vec::from_iter(parent(id)));
        let mut downwards = Reached::default();
        downwards.follow(own, children);
        reached.add(downwards.order);
        reached.follow(reached.order.clone(), taken_over);
        reached.order
    }

    /// The departments of every member of staff with the dates between which they belong to them, as identity keeps them.
    pub fn memberships(&self) -> BTreeMap<RecordId, Vec<Membership>> {
        self.assignments.iter().map(|(staff, assignments)| (*staff, self.memberships_by(assignments))).collect()
    }

    /// The departments of a member of staff on a day, those of the main post first.
    pub fn departments_of(&self, staff: RecordId, day: Date) -> Vec<RecordId> {
        let assignments = self.assignments.get(&staff).map(Vec::as_slice).unwrap_or_default();
        let present: Vec<Assignment> = assignments.iter().filter(|assignment| assignment.is_on(day)).copied().collect();
        let mut reached = Reached::default();
        for assignment in present {
            reached.add(self.reach(assignment.department));
        }
        reached.order
    }

    fn memberships_by(&self, assignments: &[Assignment]) -> Vec<Membership> {
        let of = |assignment: &Assignment| {
            let (from, until) = (Some(assignment.starts_on), assignment.ends_on);
            self.reach(assignment.department).into_iter().map(move |department| Membership { department, from, until })
        };
        assignments.iter().flat_map(of).collect()
    }
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

    /// Departments by small numbers: (number, parent, successor).
    fn organisation(rows: &[(u128, u128, u128)], assignments: &[(u128, &str, &str)]) -> Organisation {
        let some = |n: u128| (n > 0).then(|| id(n));
        let departments = rows.iter().map(|(n, parent, successor)| Department {
            id: id(*n),
            parent: some(*parent),
            successor: some(*successor),
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

    fn reach(rows: &[(u128, u128, u128)], department: u128) -> Vec<u128> {
        organisation(rows, &[]).reach(id(department)).into_iter().map(|id| id.0.as_u128()).collect()
    }

    #[test]
    fn a_section_reaches_up_and_a_department_down() {
        let rows = [(1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 2, 0), (9, 0, 0)];
        assert_eq!(reach(&rows, 2), [2, 1, 4]);
        assert_eq!(reach(&rows, 1), [1, 2, 4, 3]);
        assert_eq!(reach(&rows, 4), [4, 2, 1]);
    }

    #[test]
    fn work_of_a_closed_department_follows_its_successor() {
        // 5 was closed and taken over by 2; 6 had been taken over by 5 before.
        let rows = [(1, 0, 0), (2, 1, 0), (5, 1, 2), (6, 0, 5)];
        assert_eq!(reach(&rows, 2), [2, 1, 5, 6]);
        assert_eq!(reach(&rows, 5), [5, 2, 1, 6]);
    }

    #[test]
    fn a_circle_in_the_register_ends() {
        assert_eq!(reach(&[(1, 2, 2), (2, 1, 1)], 1), [1, 2]);
        assert_eq!(reach(&[(1, 1, 1)], 1), [1]);
    }

    #[test]
    fn membership_keeps_to_the_dates_of_the_assignment() {
        let rows = [(1, 0, 0), (2, 1, 0), (60, 0, 0)];
        let organisation =
            organisation(&rows, &[(60, "2021-10-01", ""), (2, "2021-04-01", "2022-03-31"), (1, "2022-04-01", "")]);
        let on = |day| organisation.departments_of(id(100), day);
        assert_eq!(on(date(2021, 3, 31)), []);
        assert_eq!(on(date(2021, 10, 1)), [id(2), id(1), id(60)], "the main post first");
        assert_eq!(on(date(2022, 4, 1)), [id(1), id(2), id(60)]);
        let all = organisation.memberships();
        assert_eq!(all[&id(100)].len(), 5);
        assert_eq!(all[&id(100)][0].until, None, "the latest main post comes first");
    }
}
