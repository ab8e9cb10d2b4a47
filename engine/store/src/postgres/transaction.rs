//! A unit as one transaction of PostgreSQL.
//!
//! All statements are sent at once and answered in order, so that a unit costs two round trips (three where it takes
//! numbers), however many statements it has. Isolation is READ COMMITTED: the preconditions of the statements, not the
//! isolation level, are what protects a record. Serialization failures and deadlocks are repeated here, since a unit is
//! a value and can be run again. So is a unit whose server went away, on the one that takes its place; its mark
//! ([`super::once`]) says whether it was done before.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::future::{MaybeDone, maybe_done};
use futures::{StreamExt as _, poll};
use tokio::sync::oneshot;

use super::connection::Connection;
use super::failure::{is_transient, says_aborted, translate};
use super::once::Mark;
use super::primary::Counts;
use super::{LOOK_AGAIN, Lease, Server, WAIT_FOR_CONNECTION, prepare, values, with_statement};
use crate::error::{Away, Result, StoreError};
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
    /// The answer to the COMMIT was lost: it is there or not, and this is what it answered before.
    Lost(StoreError, Receipt),
    /// It was done by an attempt whose answer was lost.
    Done,
    Final(StoreError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transient(error) | Self::Lost(error, _) | Self::Final(error) => {
                f.write_str(error.detail().unwrap_or_default())
            }
            Self::Done => Ok(()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

/// Who waits for the answer. A commit that takes too long is carried on with after they were told so.
struct Asker<'a> {
    sender: Option<oneshot::Sender<Result<Receipt>>>,
    /// Counts those who are told that the outcome is not known, and commits that are not answered.
    counts: &'a Counts,
}

impl Asker<'_> {
    fn tell(&mut self, answer: Result<Receipt>) {
        if let Some(sender) = self.sender.take() {
            if matches!(answer, Err(StoreError::Unknown { .. })) {
                self.counts.unknown.fetch_add(1, Ordering::Relaxed);
            }
            // Where nobody waits any more, the unit is carried through all the same.
            let _ = sender.send(answer);
        }
    }

    /// Whether they were told already that the outcome is not known. They may send the same again from then on, so that the
    /// unit must not be begun once more.
    const fn was_told(&self) -> bool {
        self.sender.is_none()
    }
}

/// Runs a unit to its end, and tells how it ended.
pub(super) async fn run(server: &Server, naming: &Naming, unit: &Unit, asker: oneshot::Sender<Result<Receipt>>) {
    let counts = &server.servers().counts;
    let mut asker = Asker { sender: Some(asker), counts };
    if let Err(error) = counts.refuse_to_wait() {
        return asker.tell(Err(error));
    }
    let turn = tokio::time::timeout(WAIT_FOR_CONNECTION, server.writers.acquire()).await;
    // Those that had their turn before may have begun to wait in the meantime.
    if let Err(error) = counts.refuse_to_wait() {
        return asker.tell(Err(error));
    }
    let Ok(Ok(_turn)) = turn else {
        return asker.tell(Err(StoreError::Busy { detail: "all writers are at work".to_owned() }));
    };
    // Changes of the database's shape look at what is there first, and begin before there is a place for marks.
    let mark = (!unit.patient).then(|| server.slots.mark());
    let work = Work { server, naming, unit, mark: mark.as_ref() };
    let (answer, is_settled) = work.run(&mut asker).await;
    if let Some(mark) = mark.filter(|_| is_settled) {
        mark.settle();
    }
    asker.tell(answer);
}

/// A unit on its way.
struct Work<'a> {
    server: &'a Server,
    naming: &'a Naming,
    unit: &'a Unit,
    mark: Option<&'a Mark>,
}

impl Work<'_> {
    /// The answer, and whether what became of the unit is known.
    async fn run(&self, asker: &mut Asker<'_>) -> (Result<Receipt>, bool) {
        let (mut attempt, mut lost, mut was_lost) = (1, None, false);
        let until = Instant::now() + self.server.settings.patience;
        loop {
            let error = match self.attempt(until, &mut lost, asker).await {
                Ok(receipt) => {
                    self.tell_settled(was_lost, "again");
                    return (Ok(receipt), true);
                }
                Err(Failure::Done) => {
                    self.tell_settled(true, "before");
                    return (lost.take().ok_or(StoreError::Closed), true);
                }
                Err(Failure::Transient(_)) if attempt < ATTEMPTS && !asker.was_told() => {
                    // Longer with each attempt, and different for each connection, so that two units do not meet again.
                    let spread = Duration::from_micros(u64::from(rand::random::<u16>() % 3_000));
                    tokio::time::sleep(FIRST_PAUSE * attempt * attempt + spread).await;
                    attempt += 1;
                    continue;
                }
                Err(Failure::Lost(error, receipt)) => {
                    tracing::warn!(%error, detail = error.detail(), "the answer to a commit was lost");
                    (lost, was_lost) = (Some(receipt), true);
                    error
                }
                Err(Failure::Transient(error) | Failure::Final(error)) => error,
            };
            // What has no mark is not run again once it may have been done.
            let again = match lost {
                Some(_) => self.mark.is_some(),
                None => error.is_away() && self.server.servers().may_come_back(),
            };
            if again && !asker.was_told() && Instant::now() < until {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            if lost.is_none() {
                return match error {
                    StoreError::Unique { .. } => self.assure(until, error, asker).await,
                    error => (Err(error), true),
                };
            }
            let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
            return (Err(StoreError::Unknown { detail }), false);
        }
    }

    /// A violated index says that something is there already, and whoever sent the same before takes that for done. It must
    /// then not be lost: after a crash the server may have it alone, so its standby is waited for before that is said.
    async fn assure(&self, until: Instant, error: StoreError, asker: &mut Asker<'_>) -> (Result<Receipt>, bool) {
        let Some(mark) = self.mark else { return (Err(error), true) };
        let waited = async {
            let lease = self.server.lease(until).await?;
            send(lease.client(), self.naming, Some("BEGIN"), &[&mark.statement()]).await?;
            self.commit(lease.client(), asker).await?;
            Ok::<_, Failure>(lease.settle(Ok(()))?)
        };
        match waited.await {
            Ok(()) => (Err(error), true),
            Err(failure) => (Err(StoreError::Unknown { detail: failure.to_string() }), false),
        }
    }

    fn tell_settled(&self, was_lost: bool, done: &str) {
        if was_lost {
            self.server.servers().counts.settled.fetch_add(1, Ordering::Relaxed);
            tracing::info!(done, "the outcome of a commit whose answer was lost is known");
        }
    }

    /// Runs the unit once. What an earlier attempt has left is found out first, and `lost` is emptied where it left nothing.
    async fn attempt(
        &self,
        until: Instant,
        lost: &mut Option<Receipt>,
        asker: &mut Asker<'_>,
    ) -> Result<Receipt, Failure> {
        let lease = self.server.lease(until).await?;
        let result = self.run_in_transaction(&lease, lost, asker).await;
        match result {
            Ok(receipt) => Ok(lease.settle(Ok(receipt))?),
            // The connection is not used again: nobody knows what it is still doing.
            Err(Failure::Lost(error, receipt)) => Err(Failure::Lost(error, receipt)),
            Err(Failure::Done) => {
                lease.settle(Ok(()))?;
                Err(Failure::Done)
            }
            // A connection that can't even roll back is closed with its lease.
            Err(Failure::Final(error)) if error.is_away() => Err(Failure::Final(error)),
            Err(failure) => {
                lease.client().batch_execute("ROLLBACK").await.map_err(translate)?;
                match failure {
                    Failure::Final(error) => {
                        Err(Failure::Final(lease.settle::<()>(Err(error.clone())).err().unwrap_or(error)))
                    }
                    other => {
                        lease.settle(Ok(()))?;
                        Err(other)
                    }
                }
            }
        }
    }

    async fn run_in_transaction(
        &self,
        lease: &Lease,
        lost: &mut Option<Receipt>,
        asker: &mut Asker<'_>,
    ) -> Result<Receipt, Failure> {
        let (client, naming, unit) = (lease.client(), self.naming, self.unit);
        let mut begin = Some(match unit.patient {
            true => "BEGIN; SET LOCAL statement_timeout = 0",
            false => "BEGIN",
        });
        let mut mark: Option<Statement> = self.mark.map(Mark::statement);
        if let (Some(statement), true) = (&mark, lost.is_some()) {
            let answers = send(client, naming, begin.take(), &[statement]).await?;
            if answers.iter().any(|(written, _)| *written == 0) {
                return self.confirm(client, asker).await;
            }
            // The mark was not there, so the attempt before came to nothing.
            (*lost, mark) = (None, None);
        }
        let counters: Vec<Statement> = unit.numbers.iter().map(|request| request.statement()).collect();
        let joined = join(&unit.statements);
        let first: Vec<&Statement> =
            mark.iter().chain(joined.iter().map(|(statement, _)| &**statement)).chain(&counters).collect();
        let mut answers = match (unit.patient, begin) {
            (true, Some(begin)) => send_in_turn(client, naming, begin, &first).await?,
            _ => send(client, naming, begin, &first).await?,
        };
        answers.drain(..usize::from(mark.is_some()));

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
        match self.commit(client, asker).await {
            Ok(()) => Ok(receipt),
            Err(Failure::Lost(error, _)) => Err(Failure::Lost(error, receipt)),
            Err(failure) => Err(failure),
        }
    }

    /// Ends the transaction that found the mark of an earlier attempt, and with it waits until a synchronous standby has what
    /// that attempt wrote: after a crash the server may have it alone.
    async fn confirm(&self, client: &Connection, asker: &mut Asker<'_>) -> Result<Receipt, Failure> {
        if let Some(mark) = self.mark {
            send(client, self.naming, None, &[&mark.confirmation()]).await?;
        }
        match self.commit(client, asker).await {
            Ok(()) => Err(Failure::Done),
            // The attempt before stays what is to be found out.
            Err(Failure::Lost(error, _)) => Err(Failure::Final(error)),
            Err(failure) => Err(failure),
        }
    }

    /// Commits. Where that is not answered within the patience, it may wait for a synchronous standby that is not there. The
    /// asker is told that the outcome is not known yet, and the commit is waited for, as long as its server is the primary:
    /// one that another server has replaced waits for a standby that follows it no more.
    async fn commit(&self, client: &Connection, asker: &mut Asker<'_>) -> Result<(), Failure> {
        client.was_not_replicated();
        let (until, mut waiting) = (Instant::now() + self.server.settings.patience, None);
        let mut running = std::pin::pin!(client.batch_execute("COMMIT"));
        let answer = loop {
            if let Ok(answer) = tokio::time::timeout(LOOK_AGAIN, &mut running).await {
                break answer;
            }
            if !self.server.servers().is_present(&client.facts) {
                let detail = "another server took over during the commit".to_owned();
                return Err(Failure::Lost(StoreError::Away { why: Away::OldPrimary, detail }, Receipt::default()));
            }
            if waiting.is_none() && Instant::now() >= until {
                tracing::error!("a commit is not answered: is the synchronous standby attached?");
                waiting = Some(asker.counts.wait());
                asker.tell(Err(StoreError::Unknown { detail: "the commit is not answered".to_owned() }));
            }
        };
        match answer {
            Ok(()) if client.was_not_replicated() => {
                let error = StoreError::Unknown { detail: "the commit was not replicated".to_owned() };
                Err(Failure::Lost(error, Receipt::default()))
            }
            Ok(()) => Ok(()),
            Err(error) if is_transient(&error) || says_aborted(&error) => Err(classify(error)),
            Err(error) => Err(Failure::Lost(translate(error), Receipt::default())),
        }
    }
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
    client: &Connection,
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
    client: &Connection,
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
    client: &Connection,
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
