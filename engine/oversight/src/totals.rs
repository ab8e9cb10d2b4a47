//! Counters over the access log, written in the unit that seals the entries they count: so they are never behind the sealed
//! entries nor ahead of them, and [`crate::seals`] can hold one against the other.

use std::collections::{BTreeMap, BTreeSet};

use kawasemi_identity::AccessRow;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::calendar::Calendar;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::{Actor, RecordId};
use kawasemi_store::{City, Param, Sql, SqlType, Statement};
use uuid::Uuid;

use crate::error::Result;
use crate::hours::{OpeningHours, day_number};

/// Rows of one statement: eight parameters each stay far below SQLite's limit.
const ROWS: usize = 500;

/// The id that counters have where there is none: no department, or somebody who is no account.
pub const NOBODY: Uuid = Uuid::nil();

/// Who a look is counted for, by the stored text of the actor.
#[must_use]
pub fn account_of(actor: &str) -> Uuid {
    actor.parse().ok().and_then(Actor::account).unwrap_or(NOBODY)
}

type DayKey = (i64, Uuid, Uuid, String, Manner);
type SubjectKey = (Uuid, i64, Uuid);

#[derive(Default)]
struct DayCount {
    entries: i64,
    records: i64,
    after_hours: i64,
}

struct Subject {
    ledger: String,
    department: Uuid,
    looks: i64,
    first_at: i64,
    last_at: i64,
    manners: i64,
}

/// The statements that count some entries.
///
/// # Errors
/// As [`City::read`].
pub async fn statements(
    city: &City,
    entries: &[AccessRow],
    calendar: &Calendar,
    hours: OpeningHours,
) -> Result<Vec<Statement>> {
    let mut days: BTreeMap<DayKey, DayCount> = BTreeMap::new();
    let mut subjects: BTreeMap<SubjectKey, Subject> = BTreeMap::new();
    for row in entries {
        let day = day_number(civil_date(row.at));
        let department = row.department.map_or(NOBODY, |department| department.0);
        let account = account_of(&row.actor);
        let manner = row.entry.manner;
        let count = days.entry((day, department, account, row.entry.ledger.clone(), manner)).or_default();
        count.entries += 1;
        count.records += i64::try_from(row.entry.records.len()).unwrap_or(i64::MAX);
        count.after_hours += i64::from(hours.is_outside(calendar, row.at));
        let at = row.at.as_microsecond();
        for RecordId(record) in &row.entry.records {
            let subject = subjects.entry((*record, day, account)).or_insert_with(|| Subject {
                ledger: row.entry.ledger.clone(),
                department,
                looks: 0,
                first_at: at,
                last_at: at,
                manners: 0,
            });
            subject.looks += 1;
            subject.first_at = subject.first_at.min(at);
            subject.last_at = subject.last_at.max(at);
            subject.manners |= manner.bit();
        }
    }
    let fresh = fresh(city, subjects.keys()).await?;
    let mut readers: BTreeMap<(i64, Uuid, &str, Uuid), i64> = BTreeMap::new();
    for (key, subject) in subjects.iter().filter(|(key, _)| fresh.contains(key)) {
        *readers.entry((key.1, key.2, &subject.ledger, subject.department)).or_default() += 1;
    }
    let mut statements = of_days(&days);
    statements.extend(of_readers(&readers));
    statements.extend(of_subjects(&subjects));
    Ok(statements)
}

/// Which of these nobody has counted yet.
async fn fresh(city: &City, keys: impl Iterator<Item = &SubjectKey>) -> Result<BTreeSet<SubjectKey>> {
    let mut fresh: BTreeSet<SubjectKey> = keys.copied().collect();
    let keys: Vec<SubjectKey> = fresh.iter().copied().collect();
    for some in keys.chunks(ROWS) {
        // Joined in this order, each key is looked up; as `IN (VALUES …)` SQLite reads the whole table.
        let mut sql = Sql::text("SELECT s.record, s.day, s.account FROM (VALUES ");
        for (n, (record, day, account)) in some.iter().enumerate() {
            sql.push(if n > 0 { ", (" } else { "(" });
            sql.bind_as(*record, SqlType::Id).push(", ").bind_as(*day, SqlType::Int).push(", ");
            sql.bind_as(*account, SqlType::Id).push(")");
        }
        sql.push(") AS v CROSS JOIN ").table("access_subject");
        sql.push(" AS s WHERE s.record = v.column1 AND s.day = v.column2 AND s.account = v.column3");
        for row in city.read(sql).await? {
            fresh.remove(&(row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    Ok(fresh)
}

fn of_days(days: &BTreeMap<DayKey, DayCount>) -> Vec<Statement> {
    let rows = days.iter().map(|((day, department, account, ledger, manner), count)| {
        vec![
            Param::Int(*day),
            Param::Id(*department),
            Param::Id(*account),
            ledger.as_str().into(),
            manner.key().into(),
            count.entries.into(),
            count.records.into(),
            count.after_hours.into(),
        ]
    });
    upserts(
        "INSERT INTO {access_day} (day, department, account, ledger, manner, entries, records, after_hours) VALUES ",
        " ON CONFLICT (day, department, account, ledger, manner) DO UPDATE SET \
         entries = \"access_day\".entries + excluded.entries, records = \"access_day\".records + excluded.records, \
         after_hours = \"access_day\".after_hours + excluded.after_hours",
        rows,
    )
}

fn of_readers(readers: &BTreeMap<(i64, Uuid, &str, Uuid), i64>) -> Vec<Statement> {
    let rows = readers.iter().map(|((day, account, ledger, department), persons)| {
        vec![Param::Int(*day), Param::Id(*account), (*ledger).into(), Param::Id(*department), (*persons).into()]
    });
    upserts(
        "INSERT INTO {access_reader} (day, account, ledger, department, persons) VALUES ",
        " ON CONFLICT (day, account, ledger, department) DO UPDATE SET \
         persons = \"access_reader\".persons + excluded.persons",
        rows,
    )
}

fn of_subjects(subjects: &BTreeMap<SubjectKey, Subject>) -> Vec<Statement> {
    let rows = subjects.iter().map(|((record, day, account), subject)| {
        vec![
            Param::Id(*record),
            Param::Int(*day),
            Param::Id(*account),
            subject.ledger.as_str().into(),
            subject.looks.into(),
            subject.first_at.into(),
            subject.last_at.into(),
            subject.manners.into(),
        ]
    });
    upserts(
        "INSERT INTO {access_subject} (record, day, account, ledger, looks, first_at, last_at, manners) VALUES ",
        " ON CONFLICT (record, day, account) DO UPDATE SET looks = \"access_subject\".looks + excluded.looks, \
         first_at = CASE WHEN excluded.first_at < \"access_subject\".first_at THEN excluded.first_at \
         ELSE \"access_subject\".first_at END, \
         last_at = CASE WHEN excluded.last_at > \"access_subject\".last_at THEN excluded.last_at \
         ELSE \"access_subject\".last_at END, manners = \"access_subject\".manners | excluded.manners",
        rows,
    )
}

fn upserts(head: &str, tail: &str, rows: impl Iterator<Item = Vec<Param>>) -> Vec<Statement> {
    let rows: Vec<Vec<Param>> = rows.collect();
    let statement = |rows: &[Vec<Param>]| {
        let mut sql = Sql::with(head, []);
        for (n, row) in rows.iter().enumerate() {
            sql.push(if n > 0 { ", (" } else { "(" }).bind_list(row.iter().cloned()).push(")");
        }
        sql.push(tail);
        Statement::any(sql)
    };
    rows.chunks(ROWS).map(statement).collect()
}
