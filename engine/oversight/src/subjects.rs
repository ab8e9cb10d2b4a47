//! Whom records are about (本人), as far as the ledgers say: a ledger with `[subject]` has one record for each person, and other
//! ledgers refer to these.
//!
//! Who belongs together can only be concluded from what is known. Somebody of the staff is the person of a ledger to whose
//! record theirs refers, or else one of exactly the same name; people live together who have the same household number, or the
//! same surname at the same address. Every conclusion says on what it rests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_kernel::text::fold;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{ListRequest, Visible};
use kawasemi_registry::{ASSIGNMENT, STAFF, register};
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use kawasemi_store::{Param, Sql};

use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// How somebody of the staff is close to a person (利害関係).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kin {
    /// The person is themselves.
    Own,
    /// The person lives with them.
    Household,
    /// The person works in the same department.
    Colleague,
}

impl Kin {
    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Own => "本人",
            Self::Household => "同じ世帯",
            Self::Colleague => "同じ部署の職員",
        }
    }
}

/// A record about somebody close, with what the conclusion rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// How close.
    pub kin: Kin,
    /// The ledger.
    pub ledger: String,
    /// On what the conclusion rests.
    pub because: &'static str,
}

const LINKED: &str = "職員台帳から参照";
const SAME_RECORD: &str = "職員台帳の記録";
const SAME_NAME: &str = "氏名が同じ（同姓同名の別人の可能性があります）";
const SAME_HOUSEHOLD: &str = "世帯番号が同じ";
const SAME_ADDRESS: &str = "姓と住所が同じ";

impl Oversight {
    /// The record and, in other ledgers, those that refer to it: all by which one person can be looked at.
    ///
    /// # Errors
    /// [`OversightError::NotFound`] for a ledger that is not there; as [`kawasemi_store::City::read`].
    pub async fn records_about(&self, ledger: &str, record: RecordId) -> Result<Vec<(String, RecordId)>> {
        let catalogue = self.city().catalogue();
        let definitions = catalogue.definitions();
        if definitions.get(ledger).is_none() {
            return Err(OversightError::NotFound);
        }
        let mut found = vec![(ledger.to_owned(), record)];
        for (other, field) in definitions.referring_to(ledger) {
            let mut sql = Sql::text("SELECT \"id\" FROM ");
            sql.table(&other.table()).push(" WHERE ").ident(&field.key).push(" = ").bind(record.0);
            for row in self.city().read(sql).await? {
                found.push((other.key.clone(), RecordId(row.get(0)?)));
            }
        }
        found.dedup();
        Ok(found)
    }

    /// The records that bear a number (番号): their own, or one that is unique among them, such as a resident's or an
    /// employee's. A number shows nothing of what it stands for, and whoever oversees has it from a letter or a receipt.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn numbered(&self, context: &Context, number: &str) -> Result<Vec<(String, RecordId)>> {
        context.require_overseer()?;
        let catalogue = self.city().catalogue();
        let mut found = Vec::new();
        for ledger in catalogue.iter() {
            let own = ledger.def.number.as_ref().map(|_| "number");
            let unique = ledger.def.fields.iter().filter(|field| is_number(field));
            let columns: Vec<&str> = own.into_iter().chain(unique.map(|field| field.key.as_str())).collect();
            if columns.is_empty() {
                continue;
            }
            let mut sql = Sql::text("SELECT \"id\" FROM ");
            sql.table(ledger.table()).push(" WHERE ");
            for (n, column) in columns.into_iter().enumerate() {
                sql.push(if n == 0 { "" } else { " OR " }).ident(column).push(" = ").bind(Param::from(number));
            }
            for row in self.city().read(sql).await? {
                found.push((ledger.key().to_owned(), RecordId(row.get(0)?)));
            }
        }
        Ok(found)
    }

    /// The records about somebody of the staff, those who live with them and those who work with them on a day.
    ///
    /// # Errors
    /// As [`kawasemi_ledger::Ledgers::list`].
    pub(crate) async fn close_to(&self, people: &People, staff: RecordId) -> Result<BTreeMap<RecordId, Close>> {
        let mut close = BTreeMap::new();
        let own = people.persons_of(staff);
        let mut add = |record: RecordId, kin: Kin, ledger: &str, because: &'static str| {
            close.entry(record).or_insert_with(|| Close { kin, ledger: ledger.to_owned(), because });
        };
        for person in own {
            add(person.record, Kin::Own, &person.ledger, person.because);
        }
        for colleague in people.colleagues(staff) {
            add(colleague, Kin::Colleague, STAFF, SAME_RECORD);
        }
        for person in own {
            for (record, because) in people.household(self, person).await? {
                close.entry(record).or_insert_with(|| Close {
                    kin: Kin::Household,
                    ledger: person.ledger.clone(),
                    because,
                });
            }
        }
        for colleague in people.colleagues(staff) {
            for person in people.persons_of(colleague) {
                close.entry(person.record).or_insert_with(|| Close {
                    kin: Kin::Colleague,
                    ledger: person.ledger.clone(),
                    because: person.because,
                });
            }
        }
        Ok(close)
    }
}

/// Whether a field is a number by which people are known outside: unique, of text, and not one that protection hides.
fn is_number(field: &FieldDef) -> bool {
    field.unique && !field.protected && matches!(field.kind, FieldKind::Text { .. } | FieldKind::CorporateNumber)
}

/// What the registers say of the staff, read once for a report.
pub(crate) struct People {
    context: Context,
    /// The records about each member of the staff.
    persons: BTreeMap<RecordId, Vec<Person>>,
    departments: BTreeMap<RecordId, BTreeSet<RecordId>>,
    ledgers: Vec<LedgerDef>,
}

/// A record about somebody.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub ledger: String,
    pub record: RecordId,
    pub because: &'static str,
}

impl People {
    /// Reads the staff register as it was on the day of an instant.
    pub async fn read(oversight: &Oversight, at: Timestamp) -> Result<Self> {
        let context = oversight.system(at);
        let today = context.today();
        let staff = register::all(oversight.ledgers(), &context, STAFF).await?;
        let mut departments: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
        for assignment in register::all(oversight.ledgers(), &context, ASSIGNMENT).await? {
            let is_present = assignment.get("starts_on").as_date().is_some_and(|from| from <= today)
                && assignment.get("ends_on").as_date().is_none_or(|until| until >= today);
            if let (true, Some(staff), Some(department)) =
                (is_present, assignment.get("staff").as_record(), assignment.get("department").as_record())
            {
                departments.entry(department).or_default().insert(staff);
            }
        }
        let catalogue = oversight.city().catalogue();
        let ledgers = catalogue.iter().filter(|ledger| ledger.def.subject.is_some() && ledger.key() != STAFF);
        let ledgers: Vec<LedgerDef> = ledgers.map(|ledger| (*ledger.def).clone()).collect();
        let mut people = Self { context, persons: BTreeMap::new(), departments, ledgers };
        people.find_persons(oversight, &staff).await?;
        Ok(people)
    }

    /// Who works in a department with somebody.
    fn colleagues(&self, staff: RecordId) -> BTreeSet<RecordId> {
        let same = self.departments.values().filter(|members| members.contains(&staff));
        same.flatten().copied().filter(|other| *other != staff).collect()
    }

    /// The records about somebody of the staff: their own in the register, those it refers to, and those of the same name.
    fn persons_of(&self, staff: RecordId) -> &[Person] {
        self.persons.get(&staff).map_or(&[], Vec::as_slice)
    }

    async fn find_persons(&mut self, oversight: &Oversight, staff: &[Visible]) -> Result<()> {
        let catalogue = oversight.city().catalogue();
        let register = catalogue.get(STAFF).map(|ledger| &ledger.def);
        let mut persons: BTreeMap<RecordId, Vec<Person>> = BTreeMap::new();
        for member in staff {
            let own = Person { ledger: STAFF.to_owned(), record: member.id, because: SAME_RECORD };
            persons.insert(member.id, vec![own]);
        }
        for ledger in &self.ledgers {
            let mut by_name: BTreeMap<String, Vec<RecordId>> = BTreeMap::new();
            for member in staff {
                let linked = register.into_iter().flat_map(|def| &def.fields).filter_map(|field| match &field.kind {
                    FieldKind::Reference { target } if *target == ledger.key => member.get(&field.key).as_record(),
                    _ => None,
                });
                let linked: Vec<Person> =
                    linked.map(|record| Person { ledger: ledger.key.clone(), record, because: LINKED }).collect();
                match member.get("name").as_text() {
                    Some(name) if linked.is_empty() => by_name.entry(bare(name)).or_default().push(member.id),
                    _ => persons.entry(member.id).or_default().extend(linked),
                }
            }
            let spellings = staff.iter().filter_map(|member| member.get("name").as_text()).flat_map(spellings);
            for (name, record) in named(oversight, ledger, spellings.collect()).await? {
                for member in by_name.get(&bare(&name)).into_iter().flatten() {
                    let person = Person { ledger: ledger.key.clone(), record, because: SAME_NAME };
                    persons.entry(*member).or_default().push(person);
                }
            }
        }
        self.persons = persons;
        Ok(())
    }

    /// Who lives with a person, as far as their ledger tells.
    async fn household(&self, oversight: &Oversight, person: &Person) -> Result<Vec<(RecordId, &'static str)>> {
        let Some(ledger) = self.ledgers.iter().find(|ledger| ledger.key == person.ledger) else {
            return Ok(Vec::new());
        };
        let Some(subject) = &ledger.subject else { return Ok(Vec::new()) };
        let record = match oversight.ledgers().get(&self.context, &ledger.key, person.record).await {
            Ok(record) => record,
            Err(kawasemi_ledger::LedgerError::NotFound) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut found = Vec::new();
        let by = subject.household.as_ref().map(|key| (key, record.get(key)));
        if let Some((key, value)) = by.filter(|(_, value)| !value.is_null()) {
            for other in self.with(oversight, ledger, key, value).await? {
                found.push((other.id, SAME_HOUSEHOLD));
            }
        } else if let Some(key) = subject.address.as_ref().filter(|key| !record.get(key).is_null()) {
            let surname = surname(record.get(&subject.name).as_text().unwrap_or_default());
            for other in self.with(oversight, ledger, key, record.get(key)).await? {
                if !surname.is_empty()
                    && self::surname(other.get(&subject.name).as_text().unwrap_or_default()) == surname
                {
                    found.push((other.id, SAME_ADDRESS));
                }
            }
        }
        found.retain(|(record, _)| *record != person.record);
        Ok(found)
    }

    async fn with(&self, oversight: &Oversight, ledger: &LedgerDef, key: &str, value: &Value) -> Result<Vec<Visible>> {
        let literal = match value {
            Value::Address(address) => Some(kawasemi_ledger::select::cql_text(&address.text)),
            other => kawasemi_ledger::select::cql_literal(other),
        };
        let Some(literal) = literal else { return Ok(Vec::new()) };
        let request = ListRequest { limit: 100, ..ListRequest::filtered(format!("{key} = {literal}")) };
        Ok(oversight.ledgers().list(&self.context, &ledger.key, &request).await?.records)
    }
}

/// The records of a ledger under any of these names, with the name.
async fn named(oversight: &Oversight, ledger: &LedgerDef, names: BTreeSet<String>) -> Result<Vec<(String, RecordId)>> {
    let Some(subject) = &ledger.subject else { return Ok(Vec::new()) };
    let names: Vec<String> = names.into_iter().collect();
    let mut found = Vec::new();
    for some in names.chunks(1_000) {
        let mut sql = Sql::text("SELECT ");
        sql.ident(&subject.name).push(", \"id\" FROM ").table(&ledger.table()).push(" WHERE ");
        sql.ident(&subject.name).push(" IN (").bind_list(some.iter().map(Param::from)).push(")");
        for row in oversight.city().read(sql).await? {
            found.push((row.get(0)?, RecordId(row.get(1)?)));
        }
    }
    Ok(found)
}

/// The ways in which a name is spaced.
fn spellings(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split_whitespace().collect();
    let mut all: Vec<String> = ["", " ", "　"].map(|space| parts.join(space)).into();
    all.push(name.to_owned());
    all
}

/// A name without the spaces between its parts.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The surname, where a name is written with a space behind it.
fn surname(name: &str) -> String {
    let mut parts = name.split_whitespace();
    match (parts.next(), parts.next()) {
        (Some(surname), Some(_)) => fold(surname),
        _ => String::new(),
    }
}
