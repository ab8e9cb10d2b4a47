//! The write unit: everything that one act of the office changes, as a value.
//!
//! Reading and checking happen before; then the unit goes whole to the city's writer, which runs it in one transaction
//! and answers with a [`Receipt`] once it is durable. Nobody holds a transaction across an await, and a unit that fails
//! leaves nothing behind.
//!
//! A precondition is part of a statement ([`Expect`]): an `UPDATE … WHERE id = $1 AND revision = $2` that touches no row
//! makes the unit a [`StoreError::Conflict`].
//!
//! # Human numbers
//! A human number (公園-0001) comes from a counter in the same write, so that a refused unit leaves no gap. The number is
//! only known inside the transaction, but the record's row, its revision and its audit hash contain it. The unit
//! therefore carries a *finishing function*: it is given the numbers and answers the statements that need them. It must
//! be pure, since the writer may call it again: PostgreSQL asks for a repetition after a serialization failure, and the
//! SQLite writer repeats the units of a group one by one when the group's commit fails. For the same reason it must be
//! quick: it runs while the city's writer waits.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Param, Sql};

/// Makes the statements that need the unit's numbers, one number for each request, in the order of the requests.
pub type Finish = Box<dyn Fn(&[i64]) -> Result<Vec<Statement>> + Send + Sync>;

/// What one act changes. Runs in the order: statements, counters, what the finishing function adds.
#[derive(Default)]
pub struct Unit {
    pub(crate) statements: Vec<Statement>,
    pub(crate) numbers: Vec<NumberRequest>,
    pub(crate) finish: Option<Finish>,
    pub(crate) patient: bool,
}

impl Unit {
    /// Creates a unit that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a unit of the given statements.
    #[must_use]
    pub fn of(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { statements: statements.into_iter().collect(), ..Self::default() }
    }

    /// Adds a statement.
    pub fn add(&mut self, statement: impl Into<Statement>) -> &mut Self {
        self.statements.push(statement.into());
        self
    }

    /// Adds statements.
    pub fn extend(&mut self, statements: impl IntoIterator<Item = Statement>) -> &mut Self {
        self.statements.extend(statements);
        self
    }

    /// Asks for numbers, which the finishing function is given. A unit has one finishing function.
    pub fn finish_with(
        &mut self,
        numbers: Vec<NumberRequest>,
        finish: impl Fn(&[i64]) -> Result<Vec<Statement>> + Send + Sync + 'static,
    ) -> &mut Self {
        self.numbers = numbers;
        self.finish = Some(Box::new(finish));
        self
    }

    /// For changes of the database's shape: allows statements that take minutes (an index over a million rows), where
    /// PostgreSQL stops others after the store's time limit, and statements about tables that earlier ones make.
    pub fn patiently(&mut self) -> &mut Self {
        self.patient = true;
        self
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.numbers.is_empty() && self.finish.is_none()
    }

    /// A measure of the work, by which the writer bounds a group.
    pub(crate) fn weight(&self) -> usize {
        let numbered: i64 = self.numbers.iter().map(|request| request.count).sum();
        self.statements.len() + 4 * usize::try_from(numbered).unwrap_or_default() + 1
    }

    /// Asks the finishing function for its statements.
    pub(crate) fn finished(&self, numbers: &[i64]) -> Result<Vec<Statement>> {
        match &self.finish {
            Some(finish) => finish(numbers),
            None => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit")
            .field("statements", &self.statements)
            .field("numbers", &self.numbers)
            .field("finish", &self.finish.is_some())
            .finish_non_exhaustive()
    }
}

/// One statement of a unit, with its precondition.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub(crate) sql: Sql,
    pub(crate) expect: Expect,
    pub(crate) returning: bool,
    /// Where the row's values begin, in an insertion that may be joined with others like it.
    row: Option<usize>,
}

impl Statement {
    /// A statement that may touch any number of rows.
    #[must_use]
    pub fn any(sql: Sql) -> Self {
        Self { sql, expect: Expect::Any, returning: false, row: None }
    }

    /// The insertion of one row: `INSERT INTO … VALUES ` and the values in brackets. Neighbours in a unit that are alike but
    /// for their parameters may be run as one statement of many rows, which saves PostgreSQL most of the work.
    #[must_use]
    pub fn row(mut insertion: Sql, values: &Sql) -> Self {
        let row = Some(insertion.len());
        insertion.append(values);
        Self { row, ..Self::any(insertion) }
    }

    /// Whether another statement inserts a row of the same kind.
    pub(crate) fn is_row_like(&self, other: &Self) -> bool {
        self.row.is_some() && other.row.is_some() && self.sql.is_alike(&other.sql)
    }

    /// One statement for some that insert rows of the same kind.
    pub(crate) fn joined(alike: &[Self]) -> Cow<'_, Self> {
        let (first, others) = alike.split_first().expect("there is a statement to begin with");
        if others.is_empty() {
            return Cow::Borrowed(first);
        }
        let mut sql = first.sql.clone();
        for other in others {
            sql.push(", ").append_from(&other.sql, first.row.unwrap_or_default());
        }
        Cow::Owned(Self { sql, ..first.clone() })
    }

    /// A statement that must touch exactly one row; otherwise the unit fails with the given meaning.
    #[must_use]
    pub fn one_row(sql: Sql, otherwise: Unmet) -> Self {
        Self::rows(sql, 1, otherwise)
    }

    /// A statement that must touch so many rows; otherwise the unit fails with the given meaning.
    #[must_use]
    pub fn rows(sql: Sql, count: u64, otherwise: Unmet) -> Self {
        Self { sql, expect: Expect::Rows { count, otherwise }, returning: false, row: None }
    }

    /// A statement with `RETURNING`, whose rows the receipt has.
    #[must_use]
    pub fn returning(sql: Sql) -> Self {
        Self { sql, expect: Expect::Any, returning: true, row: None }
    }

    /// The statement's SQL.
    #[must_use]
    pub fn sql(&self) -> &Sql {
        &self.sql
    }
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Self {
        Self::any(sql)
    }
}

/// How many rows a statement has to touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// It does not matter.
    Any,
    /// Exactly so many.
    Rows {
        /// The number of rows.
        count: u64,
        /// What it means when it is another number.
        otherwise: Unmet,
    },
}

impl Expect {
    pub(crate) fn check(&self, affected: u64) -> Result<()> {
        match self {
            Self::Rows { count, otherwise } if *count != affected => Err(otherwise.clone().into()),
            _ => Ok(()),
        }
    }
}

/// What an unmet precondition means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    /// Somebody else changed the record.
    Conflict,
    /// There is no such record.
    NotFound,
    /// Something particular, in Japanese.
    Refused(String),
}

impl From<Unmet> for StoreError {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Conflict => Self::Conflict,
            Unmet::NotFound => Self::NotFound,
            Unmet::Refused(message) => Self::Refused { message },
        }
    }
}

/// A request for the next numbers of a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRequest {
    /// The counter's key, for example `park/2026`.
    pub counter: String,
    /// How many consecutive numbers; the finishing function is given the first of them.
    pub count: i64,
}

impl NumberRequest {
    /// Asks for one number.
    #[must_use]
    pub fn one(counter: impl Into<String>) -> Self {
        Self { counter: counter.into(), count: 1 }
    }

    /// The statement that takes the numbers and answers the last of them. Counters start at 1.
    pub(crate) fn statement(&self) -> Statement {
        Statement::returning(Sql::with(
            "INSERT INTO {counter} (\"key\", \"value\") VALUES ($1, $2) \
             ON CONFLICT (\"key\") DO UPDATE SET \"value\" = \"counter\".\"value\" + excluded.\"value\" \
             RETURNING \"value\"",
            [Param::Text(self.counter.clone()), Param::Int(self.count)],
        ))
    }

    /// Reads the first of the numbers from the statement's answer.
    pub(crate) fn first(&self, rows: &[Row]) -> Result<i64> {
        let last: i64 = rows.first().ok_or(StoreError::NotFound)?.get(0)?;
        Ok(last - self.count + 1)
    }
}

/// The answer to a unit that is durable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Receipt {
    /// How many rows each statement touched: those of the unit, then those of the finishing function.
    pub affected: Vec<u64>,
    /// The first number of each request.
    pub numbers: Vec<i64>,
    /// The rows of the statements with `RETURNING`, one list for each such statement.
    pub rows: Vec<Vec<Row>>,
}
