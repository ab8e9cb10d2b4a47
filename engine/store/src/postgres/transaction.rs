//! A unit as one transaction of PostgreSQL.
//!
//! All statements are sent at once and answered in order, so that a unit costs two round trips (three where it takes
//! numbers), however many statements it has. Isolation is READ COMMITTED: the preconditions of the statements, not the
//! isolation level, are what protects a record. Serialization failures and deadlocks are repeated here, since a unit is
//! a value and can be run again.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::Object;
use futures::future::{MaybeDone, maybe_done};
use futures::{StreamExt as _, poll};

use super::failure::{is_transient, translate};
use super::{Lease, Server, prepare, values, with_statement};
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::Naming;
use crate::unit::{Receipt, Statement, Unit};

/// How often a unit is tried before the caller is told that the database is busy.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(3);
/// How many insertions of the same kind become one statement: few sizes, so that all of them stay prepared.
const ROWS_JOINED: [usize; 2] = [100, 10];
/// The protocol counts the parameters of a statement in 16 bits.
const MOST_PARAMETERS: usize = 65_535;

/// Why an attempt failed.
enum Failure {
    /// It may succeed when it is run again.
    Transient(StoreError),
    Final(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

/// Runs a unit to its end.
pub(super) async fn run(server: &Server, naming: &Naming, unit: &Unit) -> Result<Receipt> {
    let mut attempt = 1;
    loop {
        match attempt_once(server, naming, unit).await {
            Ok(receipt) => return Ok(receipt),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Transient(error)) if attempt == ATTEMPTS => return Err(error),
            Err(Failure::Transient(_)) => {
                // Longer with each attempt, and different for each connection, so that two units do not meet again.
                let spread = Duration::from_micros(u64::from(rand::random::<u16>() % 3_000));
                tokio::time::sleep(FIRST_PAUSE * attempt * attempt + spread).await;
                attempt += 1;
            }
        }
    }
}

async fn attempt_once(server: &Server, naming: &Naming, unit: &Unit) -> Result<Receipt, Failure> {
    let lease = server.lease().await?;
    let result = run_in_transaction(&lease, naming, unit).await;
    if result.is_err() {
        // A connection that can't even roll back is closed with its lease.
        lease.client().batch_execute("ROLLBACK").await.map_err(translate)?;
    }
    match result {
        Ok(receipt) => Ok(lease.settle(Ok(receipt))?),
        Err(Failure::Final(error)) => {
            Err(Failure::Final(lease.settle::<()>(Err(error.clone())).err().unwrap_or(error)))
        }
        Err(transient) => {
            lease.settle(Ok(()))?;
            Err(transient)
        }
    }
}

async fn run_in_transaction(lease: &Lease, naming: &Naming, unit: &Unit) -> Result<Receipt, Failure> {
    let client = lease.client();
    let counters: Vec<Statement> = unit.numbers.iter().map(|request| request.statement()).collect();
    let begin = match unit.patient {
        true => "BEGIN; SET LOCAL statement_timeout = 0",
        false => "BEGIN",
    };
    let joined = join(&unit.statements);
    let first: Vec<&Statement> = joined.iter().map(|(statement, _)| &**statement).chain(&counters).collect();
    let mut answers = match unit.patient {
        true => send_in_turn(client, naming, begin, &first).await?,
        false => send(client, naming, Some(begin), &first).await?,
    };

    let mut receipt = Receipt::default();
    let counted = answers.split_off(joined.len());
    take_answers(&mut receipt, &joined, answers)?;
    for (request, (_, rows)) in unit.numbers.iter().zip(counted) {
        receipt.numbers.push(request.first(&rows)?);
    }
    let rest = unit.finished(&receipt.numbers)?;
    if !rest.is_empty() {
        let joined = join(&rest);
        let rest: Vec<&Statement> = joined.iter().map(|(statement, _)| &**statement).collect();
        let answers = send(client, naming, None, &rest).await?;
        take_answers(&mut receipt, &joined, answers)?;
    }
    client.batch_execute("COMMIT").await.map_err(classify)?;
    Ok(receipt)
}

/// A statement, and how many of the unit's statements it stands for.
type Joined<'a> = (Cow<'a, Statement>, usize);

/// Joins neighbouring insertions of the same kind into statements of many rows: the server then parses, plans and answers one
/// statement in place of a hundred.
fn join(statements: &[Statement]) -> Vec<Joined<'_>> {
    let mut all = Vec::with_capacity(statements.len());
    let mut rest = statements;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take(ROWS_JOINED[0]).take_while(|next| first.is_row_like(next)).count();
        let fits = |size: &usize| *size <= alike && size * first.sql.params().len() <= MOST_PARAMETERS;
        let (taken, after) = rest.split_at(ROWS_JOINED.into_iter().find(fits).unwrap_or(1));
        all.push((Statement::joined(taken), taken.len()));
        rest = after;
    }
    all
}

fn take_answers(receipt: &mut Receipt, statements: &[Joined<'_>], answers: Vec<Answer>) -> Result<()> {
    for ((statement, size), (affected, rows)) in statements.iter().zip(answers) {
        statement.expect.check(affected)?;
        // Each of the joined insertions wrote its row.
        let each = if *size == 1 { affected } else { 1 };
        receipt.affected.extend(std::iter::repeat_n(each, *size));
        if statement.returning {
            receipt.rows.push(rows);
        }
    }
    Ok(())
}

type Answer = (u64, Vec<Row>);
type Running<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// Sends the statements one after the other without waiting, then takes their answers in the same order.
async fn send(
    client: &Object,
    naming: &Naming,
    begin: Option<&str>,
    statements: &[&Statement],
) -> Result<Vec<Answer>, Failure> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        let text = statement.sql.render(naming);
        // Within a transaction an unknown statement still costs a round trip, once for each connection.
        let known = prepare(client, &text).await?;
        prepared.push((known, text));
    }
    let mut running: Vec<MaybeDone<Running<'_>>> = Vec::with_capacity(statements.len() + 1);
    if let Some(begin) = begin {
        let begun = async move {
            client.batch_execute(begin).await.map_err(classify)?;
            Ok((0, Vec::new()))
        };
        running.push(maybe_done(Box::pin(begun)));
    }
    for (statement, (known, text)) in statements.iter().zip(&prepared) {
        running.push(maybe_done(Box::pin(run_statement(client, statement, known, text))));
    }
    // The first poll of each writes its message to the connection; the order of the polls is the order of execution.
    for future in &mut running {
        let _ = poll!(&mut *future);
    }
    let mut answers = Vec::with_capacity(statements.len());
    let mut failed = None;
    for mut future in running {
        (&mut future).await;
        match Pin::new(&mut future).take_output() {
            Some(Ok(answer)) => answers.push(answer),
            // Those after the first failure only say that the transaction is aborted.
            Some(Err(failure)) => failed = failed.or(Some(failure)),
            None => failed = failed.or(Some(Failure::Final(StoreError::Closed))),
        }
    }
    let answers = answers.split_off(usize::from(begin.is_some()).min(answers.len()));
    let Some(failure) = failed else { return Ok(answers) };
    // What failed was sent before the answers to those ahead of it were known. An unmet precondition among these is why.
    for (statement, (affected, _)) in statements.iter().zip(&answers) {
        statement.expect.check(*affected)?;
    }
    Err(failure)
}

/// Sends each statement after the answer to the one before it: a statement about a table that the one before makes can't
/// be prepared earlier.
async fn send_in_turn(
    client: &Object,
    naming: &Naming,
    begin: &str,
    statements: &[&Statement],
) -> Result<Vec<Answer>, Failure> {
    client.batch_execute(begin).await.map_err(classify)?;
    let mut answers = Vec::with_capacity(statements.len());
    for statement in statements {
        answers.extend(send(client, naming, None, &[*statement]).await?);
    }
    Ok(answers)
}

async fn run_statement(
    client: &Object,
    statement: &Statement,
    known: &tokio_postgres::Statement,
    text: &str,
) -> Result<Answer, Failure> {
    let classify = |error: tokio_postgres::Error| match is_transient(&error) {
        true => Failure::Transient(translate(error)),
        false => Failure::Final(with_statement(error, text)),
    };
    let stream = client.query_raw(known, statement.sql.params()).await.map_err(classify)?;
    let mut stream = Box::pin(stream);
    let columns = values::columns(known);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(values::row(&columns, &row.map_err(classify)?)?);
    }
    let affected = stream.rows_affected().unwrap_or(rows.len() as u64);
    Ok((affected, rows))
}

fn classify(error: tokio_postgres::Error) -> Failure {
    match is_transient(&error) {
        true => Failure::Transient(translate(error)),
        false => Failure::Final(translate(error)),
    }
}
