//! All that the registers say of departments and people, read once: what checks, plans and the simulation work on.
//!
//! A city has some hundred departments and some thousand people, so that all of it is read together; nothing here is for a
//! page that opens often.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::text::fold;
use kawasemi_ledger::{LedgerError, Ledgers, Visible};

use crate::bundle::{ASSIGNMENT, DEPARTMENT, DEPARTMENT_SHARE, PERSONNEL_ORDER, POST, REORGANISATION_STEP, STAFF};
use crate::organisation::{Assignment, Department, Organisation, Share};
use crate::personnel_file::{AssignmentKind, Rank};
use crate::register::{all, text};
use crate::reorganisation::{Step, StepState};
use crate::transfer::career::{Career, HeldPost, Order};
use crate::transfer::kind::OrderKind;

/// A department with what people call it.
#[derive(Clone, Debug)]
pub struct KnownDepartment {
    /// What the organisation needs.
    pub department: Department,
    /// The record's revision.
    pub revision: i64,
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
    /// The place in the order of the organisation rules.
    pub sort_order: i64,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Person {
    /// The record.
    pub id: RecordId,
    /// The record's revision.
    pub revision: i64,
    /// The employee number.
    pub number: String,
    /// The name.
    pub name: String,
    /// The day of hiring.
    pub hired_on: Option<Date>,
    /// The last day in service.
    pub left_on: Option<Date>,
}

/// A post of the register.
#[derive(Clone, Debug)]
pub struct KnownPost {
    /// The department.
    pub department: Option<RecordId>,
    /// The title.
    pub title: String,
    /// The rank.
    pub rank: Option<Rank>,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Waits for its day.
    Planned,
    /// Is in the registers.
    InForce,
    /// Was taken back before its day.
    Withdrawn,
}

/// An order of the register.
#[derive(Clone, Debug)]
pub struct KnownOrder {
    /// The order.
    pub order: Order,
    /// The record.
    pub id: RecordId,
    /// The record's revision.
    pub revision: i64,
    /// What all orders brought in together are called.
    pub title: String,
    /// What became of it.
    pub state: OrderState,
    /// Why it could not take effect; empty where nothing was wrong.
    pub problem: String,
}

/// What the registers say.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    /// The departments.
    pub departments: BTreeMap<RecordId, KnownDepartment>,
    /// The staff.
    pub people: BTreeMap<RecordId, Person>,
    /// The posts.
    pub posts: BTreeMap<RecordId, KnownPost>,
    /// Who holds which post, by person; the second is the assignment's revision.
    pub held: BTreeMap<RecordId, Vec<(HeldPost, i64)>>,
    /// The orders, by the first day on which they make a difference.
    pub orders: Vec<KnownOrder>,
    /// Which of them are about whom.
    orders_of: BTreeMap<RecordId, Vec<usize>>,
    /// The steps of reorganisations.
    pub steps: Vec<Step>,
    /// The shares of departments that were split.
    pub shares: Vec<Share>,
}

impl OrderState {
    /// The key of the choice in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InForce => "in-force",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn from_key(key: &str) -> Self {
        match key {
            "in-force" => Self::InForce,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Planned,
        }
    }
}

impl Registers {
    /// Reads all of it, as far as the caller may see it.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Self, LedgerError> {
        let mut registers = Self::default();
        for record in all(ledgers, context, DEPARTMENT).await? {
            registers.departments.insert(record.id, department(&record));
        }
        for record in all(ledgers, context, STAFF).await? {
            registers.people.insert(record.id, person(&record));
        }
        for record in all(ledgers, context, POST).await? {
            let known = KnownPost {
                department: record.get("department").as_record(),
                title: text(&record, "title").to_owned(),
                rank: Rank::from_word(text(&record, "rank")),
            };
            registers.posts.insert(record.id, known);
        }
        for record in all(ledgers, context, ASSIGNMENT).await? {
            if let Some((staff, post)) = registers.held_post(&record) {
                registers.held.entry(staff).or_default().push((post, record.revision));
            }
        }
        registers.orders = all(ledgers, context, PERSONNEL_ORDER).await?.iter().filter_map(order).collect();
        registers.orders.sort_by_key(|known| (known.order.first_day(), known.id));
        for (n, known) in registers.orders.iter().enumerate() {
            registers.orders_of.entry(known.order.staff).or_default().push(n);
        }
        registers.steps =
            all(ledgers, context, REORGANISATION_STEP).await?.iter().filter_map(Step::of_record).collect();
        registers.shares = all(ledgers, context, DEPARTMENT_SHARE).await?.iter().filter_map(share).collect();
        Ok(registers)
    }

    fn held_post(&self, record: &Visible) -> Option<(RecordId, HeldPost)> {
        let post = record.get("post").as_record().and_then(|id| self.posts.get(&id));
        let held = HeldPost {
            record: Some(record.id),
            department: record.get("department").as_record()?,
            title: post.map(|post| post.title.clone()).unwrap_or_default(),
            rank: post.and_then(|post| post.rank),
            kind: AssignmentKind::from_word(record.get("kind").as_text().unwrap_or_default())?,
            starts_on: record.get("starts_on").as_date()?,
            ends_on: record.get("ends_on").as_date(),
        };
        Some((record.get("staff").as_record()?, held))
    }

    /// What a department is called.
    pub fn department_name(&self, id: RecordId) -> &str {
        self.departments.get(&id).map_or("（不明な部局）", |known| known.name.as_str())
    }

    /// The department with a code.
    pub fn department_by_code(&self, code: &str) -> Option<&KnownDepartment> {
        self.departments.values().find(|known| known.code == code)
    }

    /// The department that a file means by a code or by the only name of that kind on a day.
    pub fn department_by_word(&self, word: &str, day: Date) -> Option<&KnownDepartment> {
        if let Some(known) = self.department_by_code(word) {
            return Some(known);
        }
        let word = fold(word);
        let mut named: Vec<_> = self.departments.values().filter(|known| fold(&known.name) == word).collect();
        if named.len() > 1 {
            named.retain(|known| known.department.is_in_force_on(day));
        }
        if let [only] = named.as_slice() { Some(only) } else { None }
    }

    /// The member of staff with an employee number; where a workbook has lost leading zeros, the only one it can mean.
    pub fn person_by_number(&self, number: &str) -> Option<&Person> {
        if let Some(exact) = self.people.values().find(|person| person.number == number) {
            return Some(exact);
        }
        let bare = |number: &str| number.trim_start_matches('0').to_owned();
        let alike: Vec<_> = self.people.values().filter(|person| bare(&person.number) == bare(number)).collect();
        if let [only] = alike.as_slice() { Some(only) } else { None }
    }

    /// Somebody's career as the registers have it, with what orders in force tell besides.
    pub fn career(&self, staff: RecordId) -> Career {
        let Some(person) = self.people.get(&staff) else { return Career::not_begun() };
        let posts = self.held.get(&staff).into_iter().flatten().map(|(post, _)| post.clone()).collect();
        let mut career = Career::new(person.hired_on, person.left_on, posts);
        let orders = self.orders_about(staff).filter(|known| known.state == OrderState::InForce);
        orders.for_each(|known| career.remember(&known.order));
        career
    }

    /// The planned orders about somebody, in the order in which they take effect.
    pub fn planned(&self, staff: RecordId) -> impl Iterator<Item = &KnownOrder> {
        self.orders_about(staff).filter(|known| known.state == OrderState::Planned)
    }

    fn orders_about(&self, staff: RecordId) -> impl Iterator<Item = &KnownOrder> {
        self.orders_of.get(&staff).into_iter().flatten().map(|n| &self.orders[*n])
    }

    /// Somebody's career as it will be with everything that is planned. An order that can't be taken is passed over: it
    /// will not take effect either.
    pub fn career_ahead(&self, staff: RecordId) -> Career {
        let mut career = self.career(staff);
        for known in self.planned(staff) {
            let before = career.clone();
            if career.take(&known.order).is_err() {
                career = before;
            }
        }
        career
    }

    /// The organisation with all that is planned and settled.
    pub fn organisation_ahead(&self) -> Organisation {
        let careers = self.people.keys().map(|staff| (*staff, self.career_ahead(*staff)));
        self.organisation_of(careers)
    }

    /// The organisation as the registers have it, with what is settled, but without the planned orders.
    pub fn organisation(&self) -> Organisation {
        let careers = self.people.keys().map(|staff| (*staff, self.career(*staff)));
        self.organisation_of(careers)
    }

    fn organisation_of(&self, careers: impl Iterator<Item = (RecordId, Career)>) -> Organisation {
        let assignments = careers.flat_map(|(staff, career)| {
            career.posts.into_iter().map(move |post| Assignment {
                staff,
                department: post.department,
                is_main: post.kind == AssignmentKind::Main,
                starts_on: post.starts_on,
                ends_on: post.ends_on,
            })
        });
        Organisation::new(self.departments_ahead(), assignments).with_shares(self.shares.clone())
    }

    /// The departments with the moves that are settled and not in the register yet.
    fn departments_ahead(&self) -> Vec<Department> {
        let mut departments: BTreeMap<RecordId, Department> =
            self.departments.iter().map(|(id, known)| (*id, known.department.clone())).collect();
        for step in self.steps.iter().filter(|step| step.state == StepState::Settled) {
            let Some((code, parent)) = step.moves() else { continue };
            let (Some(moved), parent) = (self.department_by_code(code), self.department_by_code(parent)) else {
                continue;
            };
            if let (Some(department), Some(parent)) = (departments.get_mut(&moved.department.id), parent) {
                department.moves.push((step.fiscal_year.first_day(), Some(parent.department.id)));
                department.moves.sort_by_key(|(day, _)| *day);
            }
        }
        departments.into_values().collect()
    }
}

fn department(record: &Visible) -> KnownDepartment {
    let year = |key: &str| {
        record.get(key).as_int().and_then(|year| i32::try_from(year).ok()).and_then(|year| FiscalYear::new(year).ok())
    };
    KnownDepartment {
        department: Department {
            id: record.id,
            parent: record.get("parent").as_record(),
            successor: record.get("successor").as_record(),
            first_fiscal_year: year("first_fiscal_year"),
            last_fiscal_year: year("last_fiscal_year"),
            moves: Vec::new(),
        },
        revision: record.revision,
        code: text(record, "code").to_owned(),
        name: text(record, "name").to_owned(),
        sort_order: record.get("sort_order").as_int().unwrap_or(0),
    }
}

fn person(record: &Visible) -> Person {
    Person {
        id: record.id,
        revision: record.revision,
        number: text(record, "employee_number").to_owned(),
        name: record.get("name").as_text().unwrap_or_default().to_owned(),
        hired_on: record.get("hired_on").as_date(),
        left_on: record.get("left_on").as_date(),
    }
}

fn order(record: &Visible) -> Option<KnownOrder> {
    let order = Order {
        id: Some(record.id),
        staff: record.get("staff").as_record()?,
        kind: OrderKind::from_word(record.get("kind").as_text()?)?,
        effective_on: record.get("effective_on").as_date()?,
        until: record.get("until").as_date(),
        department: record.get("department").as_record(),
        title: text(record, "post_title").to_owned(),
        rank: Rank::from_word(text(record, "rank")),
    };
    Some(KnownOrder {
        order,
        id: record.id,
        revision: record.revision,
        title: text(record, "title").to_owned(),
        state: OrderState::from_key(record.get("state").as_text().unwrap_or_default()),
        problem: text(record, "problem").to_owned(),
    })
}

fn share(record: &Visible) -> Option<Share> {
    Some(Share {
        department: record.get("department").as_record()?,
        successor: record.get("successor").as_record()?,
        ledger: record.get("target_ledger").as_text()?.to_owned(),
        condition: record.get("condition").as_text().map(str::to_owned),
    })
}
