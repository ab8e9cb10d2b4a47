//! Bringing the personnel file into the registers.
//!
//! The yearly file is the truth about who works where, so importing it is idempotent: departments are known by code,
//! posts by department and title, staff by employee number, assignments by person, department, kind and first day. What is
//! there is changed where the file says something else; an empty cell says nothing. Nothing is removed: somebody who left
//! has a last day in the file, and a new main post ends the one before it the day before (異動).
//!
//! All codes are known before anything is written. If writing is interrupted, importing the same file again completes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::civil::Date;
use kawasemi_identity::{Context, IdentityError};
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{IdSource, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, Ledgers, Visible};
use serde::Serialize;

use crate::bundle::{ASSIGNMENT, DEPARTMENT, POST, STAFF};
use crate::personnel_file::{AssignmentKind, DepartmentRow, StaffRow};
use crate::register::{self, text};

/// Records written at once; the city's writer puts them into shared commits.
const AT_ONCE: usize = 32;

/// What an import did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PersonnelReport {
    /// Departments and sections.
    pub departments: Counts,
    /// Posts.
    pub posts: Counts,
    /// Members of staff.
    pub staff: Counts,
    /// Assignments.
    pub assignments: Counts,
}

/// What became of the records of one register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New records.
    pub added: usize,
    /// Changed records.
    pub updated: usize,
    /// Records that were as the file has them.
    pub unchanged: usize,
}

/// Why a personnel file was not brought in.
#[derive(Debug, thiserror::Error)]
pub enum PersonnelError {
    /// The file names departments that are nowhere.
    #[error("部局コード {} の部局が、台帳にも取り込むファイルにもありません。先に部局の一覧を直してください。", .0.join("、"))]
    UnknownDepartments(Vec<String>),
    /// Departments stand above or after one another in a circle.
    #[error("部局コード {0} の上位か引継ぎ先をたどると、元に戻ってしまいます。部局の一覧を直してください。")]
    Circle(String),
    /// The ledger engine refused a record.
    #[error("「{what}」を登録できません。")]
    Record {
        /// The record, by its code.
        what: String,
        /// Why.
        #[source]
        source: LedgerError,
    },
    /// The registers can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The accounts' departments can't be set.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Brings departments and staff into the registers. With `dry_run` nothing is written and the report says what would be.
///
/// New records get their ids before several are written at once, so that the same file gives the same ids where the source
/// of ids is a counter.
///
/// # Errors
/// [`PersonnelError`]; codes and circles before anything is written.
pub async fn import(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    (departments, staff): (Vec<DepartmentRow>, Vec<StaffRow>),
    dry_run: bool,
) -> Result<PersonnelReport, PersonnelError> {
    let writer = Writer { ledgers, context, ids, dry_run };
    let mut report = PersonnelReport::default();
    let mut known = ids_by(&register::all(ledgers, context, DEPARTMENT).await?, "code");
    check_codes(&known, &departments, &staff)?;
    report.departments = writer.departments(ordered(departments)?, &mut known).await?;
    let posts = writer.posts(&staff, &known, &mut report.posts).await?;
    let people = writer.staff(&staff, &mut report.staff).await?;
    report.assignments = writer.assignments(&staff, &known, &posts, &people).await?;
    Ok(report)
}

/// Refuses files that name departments which are nowhere.
fn check_codes(
    known: &HashMap<String, RecordId>,
    departments: &[DepartmentRow],
    staff: &[StaffRow],
) -> Result<(), PersonnelError> {
    let new: BTreeSet<&str> = departments.iter().map(|row| row.code.as_str()).collect();
    let named = departments.iter().flat_map(|row| [&row.parent, &row.successor]).flatten();
    let named = named.chain(staff.iter().map(|row| &row.department));
    let unknown: BTreeSet<&String> =
        named.filter(|code| !new.contains(code.as_str()) && !known.contains_key(*code)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(PersonnelError::UnknownDepartments(unknown.into_iter().cloned().collect()))
}

/// The departments with those to which another refers before it.
fn ordered(rows: Vec<DepartmentRow>) -> Result<Vec<DepartmentRow>, PersonnelError> {
    let mut waiting: Vec<DepartmentRow> = rows;
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let open: BTreeSet<String> = waiting.iter().map(|row| row.code.clone()).collect();
        let refers =
            |row: &DepartmentRow| [&row.parent, &row.successor].into_iter().flatten().any(|c| open.contains(c));
        let (later, now): (Vec<_>, Vec<_>) = waiting.into_iter().partition(refers);
        match (now.is_empty(), later.first()) {
            (true, Some(row)) => return Err(PersonnelError::Circle(row.code.clone())),
            _ => ordered.extend(now),
        }
        waiting = later;
    }
    Ok(ordered)
}

/// Record ids by a text field.
fn ids_by(records: &[Visible], field: &str) -> HashMap<String, RecordId> {
    records.iter().map(|record| (text(record, field).to_owned(), record.id)).collect()
}

struct Writer<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    ids: &'a dyn IdSource,
    dry_run: bool,
}

/// What a record is to be.
struct Wish {
    what: String,
    present: Option<Visible>,
    fields: Vec<(&'static str, Value)>,
}

enum Outcome {
    Added(RecordId),
    Updated(RecordId),
    Unchanged(RecordId),
    /// What a dry run would add has no id.
    WouldAdd,
}

impl Outcome {
    fn id(&self) -> Option<RecordId> {
        match self {
            Self::Added(id) | Self::Updated(id) | Self::Unchanged(id) => Some(*id),
            Self::WouldAdd => None,
        }
    }

    fn count(&self, counts: &mut Counts) {
        match self {
            Self::Added(_) | Self::WouldAdd => counts.added += 1,
            Self::Updated(_) => counts.updated += 1,
            Self::Unchanged(_) => counts.unchanged += 1,
        }
    }
}

impl Writer<'_> {
    async fn departments(
        &self,
        rows: Vec<DepartmentRow>,
        known: &mut HashMap<String, RecordId>,
    ) -> Result<Counts, PersonnelError> {
        let mut counts = Counts::default();
        let mut present =
            by(register::all(self.ledgers, self.context, DEPARTMENT).await?, |record| text(record, "code").to_owned());
        for row in rows {
            let reference =
                |code: &Option<String>| code.as_ref().and_then(|code| known.get(code)).map(|id| Value::Record(*id));
            let level = if row.parent.is_some() { "section" } else { "department" };
            let fields = vec![
                ("name", Some(Value::from(row.name))),
                ("kana", filled(row.kana)),
                ("level", Some(Value::from(level))),
                ("parent", reference(&row.parent)),
                ("sort_order", Some(Value::Int(row.sort_order))),
                ("first_fiscal_year", Some(year(row.first_fiscal_year))),
                ("last_fiscal_year", row.last_fiscal_year.map(year)),
                ("successor", reference(&row.successor)),
            ];
            let wish = Wish::of(("code", row.code.clone()), present.remove(&row.code), fields);
            let outcome = self.write(DEPARTMENT, self.new_id(), wish).await?;
            outcome.count(&mut counts);
            // A dry run has no id for what it would add; references to it are then left out of the comparison.
            if let Some(id) = outcome.id() {
                known.insert(row.code, id);
            }
        }
        Ok(counts)
    }

    async fn posts(
        &self,
        staff: &[StaffRow],
        departments: &HashMap<String, RecordId>,
        counts: &mut Counts,
    ) -> Result<HashMap<String, RecordId>, PersonnelError> {
        let mut present =
            by(register::all(self.ledgers, self.context, POST).await?, |record| text(record, "code").to_owned());
        let mut wanted: BTreeMap<String, &StaffRow> = BTreeMap::new();
        for row in staff {
            let earliest = wanted.entry(post_code(row)).or_insert(row);
            if row.starts_on < earliest.starts_on {
                *earliest = row;
            }
        }
        let wishes = wanted.into_iter().map(|(code, row)| {
            let present = present.remove(&code);
            let since = FiscalYear::of(row.starts_on);
            let first = match present.as_ref().and_then(|record| record.get("first_fiscal_year").as_int()) {
                Some(known) if known <= i64::from(since.year()) => None,
                _ => Some(year(since)),
            };
            let fields = vec![
                ("title", Some(Value::from(row.title.clone()))),
                ("department", departments.get(&row.department).map(|id| Value::Record(*id))),
                ("rank", Some(Value::from(row.rank.key()))),
                ("first_fiscal_year", first),
            ];
            (code.clone(), Wish::of(("code", code), present, fields))
        });
        self.write_all(POST, wishes.collect(), counts).await
    }

    async fn staff(&self, rows: &[StaffRow], counts: &mut Counts) -> Result<HashMap<String, RecordId>, PersonnelError> {
        let mut present = by(register::all(self.ledgers, self.context, STAFF).await?, |record| {
            text(record, "employee_number").to_owned()
        });
        // The last line of a person says what the person is called.
        let people: BTreeMap<&str, &StaffRow> = rows.iter().map(|row| (row.employee_number.as_str(), row)).collect();
        let wishes = people.into_iter().map(|(number, row)| {
            let fields = vec![
                ("name", Some(Value::Name(row.name.clone()))),
                ("mail", filled(row.mail.clone())),
                ("extension", filled(row.extension.clone())),
                ("hired_on", row.hired_on.map(Value::Date)),
                ("left_on", row.left_on.map(Value::Date)),
            ];
            (number.to_owned(), Wish::of(("employee_number", number.to_owned()), present.remove(number), fields))
        });
        self.write_all(STAFF, wishes.collect(), counts).await
    }

    async fn assignments(
        &self,
        rows: &[StaffRow],
        departments: &HashMap<String, RecordId>,
        posts: &HashMap<String, RecordId>,
        people: &HashMap<String, RecordId>,
    ) -> Result<Counts, PersonnelError> {
        let mut present = by(register::all(self.ledgers, self.context, ASSIGNMENT).await?, AssignmentKey::of_record);
        let mut counts = Counts::default();
        let mut wishes = Vec::new();
        let mut main_since: HashMap<RecordId, Date> = HashMap::new();
        for row in rows {
            let ids = (people.get(&row.employee_number), departments.get(&row.department));
            let (Some(staff), Some(department)) = (ids.0.copied(), ids.1.copied()) else {
                // Only a dry run gets here: the person or the department would be added, and so would this.
                counts.added += 1;
                continue;
            };
            if row.kind == AssignmentKind::Main {
                let since = main_since.entry(staff).or_insert(row.starts_on);
                *since = (*since).max(row.starts_on);
            }
            let key = AssignmentKey::of(staff, department, row.kind.key(), row.starts_on);
            let fields = vec![
                ("department", Some(Value::Record(department))),
                ("post", posts.get(&post_code(row)).map(|id| Value::Record(*id))),
                ("kind", Some(Value::from(row.kind.key()))),
                ("starts_on", Some(Value::Date(row.starts_on))),
                ("ends_on", row.ends_on.map(Value::Date)),
            ];
            let mut wish = Wish::of(("staff", staff), present.remove(&key), fields);
            wish.what = format!("{} の配属", row.employee_number);
            wishes.push((format!("{key:?}"), wish));
        }
        wishes.extend(ended(present, &main_since));
        self.write_all(ASSIGNMENT, wishes, &mut counts).await?;
        Ok(counts)
    }

    async fn write_all(
        &self,
        ledger: &'static str,
        wishes: Vec<(String, Wish)>,
        counts: &mut Counts,
    ) -> Result<HashMap<String, RecordId>, PersonnelError> {
        let wishes: Vec<(String, RecordId, Wish)> =
            wishes.into_iter().map(|(key, wish)| (key, self.new_id(), wish)).collect();
        let outcomes: Vec<(String, Outcome)> = futures::stream::iter(wishes)
            .map(|(key, id, wish)| async move { self.write(ledger, id, wish).await.map(|outcome| (key, outcome)) })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        outcomes.iter().for_each(|(_, outcome)| outcome.count(counts));
        Ok(outcomes.into_iter().filter_map(|(key, outcome)| Some((key, outcome.id()?))).collect())
    }

    fn new_id(&self) -> RecordId {
        RecordId(self.ids.next())
    }

    /// Writes what a record is to be; `id` is for a new one.
    async fn write(&self, ledger: &str, id: RecordId, wish: Wish) -> Result<Outcome, PersonnelError> {
        let Wish { what, present, fields } = wish;
        let failed = |source| PersonnelError::Record { what, source };
        match present {
            None if self.dry_run => Ok(Outcome::WouldAdd),
            None => {
                let saved =
                    self.ledgers.create(self.context, ledger, draft(fields).with_id(id)).await.map_err(failed)?;
                Ok(Outcome::Added(saved.id))
            }
            Some(record) => {
                let changed: Vec<_> = fields.into_iter().filter(|(key, value)| record.get(key) != value).collect();
                if changed.is_empty() {
                    return Ok(Outcome::Unchanged(record.id));
                }
                if !self.dry_run {
                    let update = self.ledgers.update(self.context, ledger, record.id, record.revision, draft(changed));
                    update.await.map_err(failed)?;
                }
                Ok(Outcome::Updated(record.id))
            }
        }
    }
}

impl Wish {
    /// What a record is to be, by its key; a field of which the file says nothing stays as it is.
    fn of<K: Into<Value> + ToString>(
        (key_field, key): (&'static str, K),
        present: Option<Visible>,
        fields: Vec<(&'static str, Option<Value>)>,
    ) -> Self {
        let what = key.to_string();
        let said = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
        Self { what, present, fields: [(key_field, key.into())].into_iter().chain(said).collect() }
    }
}

fn draft(fields: Vec<(&'static str, Value)>) -> Draft {
    fields.into_iter().fold(Draft::new(), |draft, (key, value)| draft.with(key, value))
}

/// Open main posts that a later main post ends.
fn ended(
    present: HashMap<AssignmentKey, Visible>,
    main_since: &HashMap<RecordId, Date>,
) -> impl Iterator<Item = (String, Wish)> {
    present.into_iter().filter_map(|(key, record)| {
        let since = *main_since.get(&key.staff)?;
        let is_open_main = key.kind == "main" && record.get("ends_on").is_null();
        if !is_open_main || key.starts_on >= since {
            return None;
        }
        let fields = vec![("ends_on", Value::Date(since.yesterday().ok()?))];
        Some((format!("{key:?}"), Wish { what: "前の配属".to_owned(), present: Some(record), fields }))
    })
}

/// By what an assignment is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct AssignmentKey {
    staff: RecordId,
    department: RecordId,
    kind: String,
    starts_on: Date,
}

impl AssignmentKey {
    fn of(staff: RecordId, department: RecordId, kind: &str, starts_on: Date) -> Self {
        Self { staff, department, kind: kind.to_owned(), starts_on }
    }

    fn of_record(record: &Visible) -> Self {
        let nobody = RecordId(uuid::Uuid::nil());
        Self::of(
            record.get("staff").as_record().unwrap_or(nobody),
            record.get("department").as_record().unwrap_or(nobody),
            text(record, "kind"),
            record.get("starts_on").as_date().unwrap_or(Date::MIN),
        )
    }
}

fn by<K: std::hash::Hash + Eq>(records: Vec<Visible>, key: impl Fn(&Visible) -> K) -> HashMap<K, Visible> {
    records.into_iter().map(|record| (key(&record), record)).collect()
}

fn post_code(row: &StaffRow) -> String {
    format!("{}/{}", row.department, row.title)
}

fn filled(text: String) -> Option<Value> {
    (!text.is_empty()).then_some(Value::Text(text))
}

fn year(year: FiscalYear) -> Value {
    Value::Int(i64::from(year.year()))
}
