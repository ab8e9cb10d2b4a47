//! Feeding a ledger from another system's file: the difference first, then the writing of it.
//!
//! As an import, with three things more: rows that close a record, full files whose absent records are closed, and the right
//! of a master to write its own fields. Rows come from a [`RowSource`], which is read anew for each pass, so that memory is
//! bounded by a chunk and eight bytes for each key. New records are staged in units of five hundred and published at once;
//! changes follow, each noted, so that the whole can be undone; what fails in the middle is taken back.

use std::sync::Arc;

use kawasemi_filter::RecordView as _;
use kawasemi_identity::Context;
use kawasemi_kernel::{Fields, Value};
use kawasemi_schema::{Action, FieldKind};
use kawasemi_store::ledger::Order;
use kawasemi_store::list::ListQuery;
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::record::{RecordRow, RecordUnit, columns};
use kawasemi_store::{Sql, StoreError, batch};
use tokio::sync::mpsc;

use super::feed_report::{FeedAct, FeedReport};
use super::file::{FileError, SheetRow};
use super::mapping::Mapping;
use super::prepare::{Outcome, Preparation};
use super::report::Progress;
use super::run::{CHUNK, OnProgress, TRIES};
use super::staging::Staging;
use crate::bulk::note;
use crate::error::{LedgerError, Result};
use crate::field::{self, Cell, FieldError};
use crate::ledgers::{Gate, Ledgers};
use crate::record::RowView;
use crate::write::write_error;

/// Records of a page when absent ones are looked for.
const PAGE: usize = 2_000;
const NO_CLOSING: &str = "消除（削除）の行ですが、連携レイアウトに消除のしかた（close）が決められていません。";

/// What a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FedAct {
    /// The record is to be as the row says, whether it is there or not.
    Put,
    /// A record that is new in the other system.
    Add,
    /// A record that changed there.
    Change,
    /// A record that is gone there.
    Close,
    /// The row was found to be bad before; it only says that its record is still there.
    Bad,
}

/// A row with what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct FedRow {
    /// The cells, in the order of the mapping's columns.
    pub row: SheetRow,
    /// What it asks for.
    pub act: FedAct,
}

/// A file, read from its beginning as often as it is asked to.
pub trait RowSource: Send + Sync + 'static {
    /// Hands every row over, in order, until `each` answers that it wants no more.
    ///
    /// # Errors
    /// When the file can't be read to its end.
    fn read(&self, each: &mut dyn FnMut(FedRow) -> bool) -> std::result::Result<(), FileError>;
}

/// How rows become records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPlan {
    /// What people call the batch, such as the file's name.
    pub title: String,
    /// Where the cells go. `merge` is the key by which rows find their records.
    pub mapping: Mapping,
    /// What closes a record: fields and the texts that are entered in them.
    pub close: Vec<(String, String)>,
    /// For a full file: the records that it is about, by fields and texts. Those of them that it lacks are closed.
    pub full: Option<Vec<(String, String)>>,
    /// The file comes from the system that the ledger names as the master of its records.
    pub is_master: bool,
    /// Whose work the batch is, such as the id of an exchange's run; by it [`Ledgers::fed`] finds the batch again.
    pub origin: String,
}

impl Ledgers {
    /// Compares a file with the ledger and says what feeding it would do, without writing anything.
    ///
    /// # Errors
    /// [`LedgerError::File`] when the source fails, [`LedgerError::UnknownField`] for a column that goes nowhere,
    /// [`LedgerError::Forbidden`]; refused rows are no error but in the report.
    pub async fn feed_compare(
        &self,
        context: &Context,
        ledger: &str,
        plan: &FeedPlan,
        source: &Arc<dyn RowSource>,
        progress: OnProgress<'_>,
    ) -> Result<FeedReport> {
        let gate = self.gate_for_feed(context, ledger, plan)?;
        Feed::new(self, context, &gate, plan, source, progress)?.first_reading(false).await
    }

    /// Feeds a ledger from a file. Rows that are refused are left out; whether that may be is decided before.
    ///
    /// # Errors
    /// As [`Ledgers::feed_compare`]; then the ledger is as before.
    pub async fn feed(
        &self,
        context: &Context,
        ledger: &str,
        plan: &FeedPlan,
        source: &Arc<dyn RowSource>,
        progress: OnProgress<'_>,
    ) -> Result<FeedReport> {
        self.recover_imports(context.act.at).await?;
        let gate = self.gate_for_feed(context, ledger, plan)?;
        let mut feed = Feed::new(self, context, &gate, plan, source, progress)?;
        match feed.first_reading(true).await {
            Ok(report) => feed.finish(report).await,
            Err(error) => {
                feed.staging.sweep().await?;
                Err(error)
            }
        }
    }

    /// The batch that a feed of an origin wrote to its end and nobody has undone since: what remains of a process that died
    /// before it could note so itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fed(&self, ledger: &str, origin: &str) -> Result<Option<i64>> {
        let found = batch::of_meta(self.city(), ledger, &meta(origin)).await?;
        Ok(found.filter(|batch| batch.state == batch::State::Published).map(|batch| batch.id))
    }

    fn gate_for_feed(&self, context: &Context, ledger: &str, plan: &FeedPlan) -> Result<Gate> {
        let mut gate = self.gate_for(context, ledger, Action::Import)?;
        let of_rules = plan.close.iter().chain(plan.full.iter().flatten()).map(|(field, _)| field.as_str());
        let unknown = plan.mapping.unknown(gate.def());
        if let Some(name) = unknown.or_else(|| of_rules.into_iter().find(|key| gate.def().field(key).is_none())) {
            return Err(gate.unknown_field(name));
        }
        if plan.mapping.merge.is_empty() || !gate.def().unique.contains(&plan.mapping.merge) {
            let message = "連携のキーには、台帳で重複を許さない項目を指定してください。";
            return Err(LedgerError::Refused(message.to_owned()));
        }
        gate.is_master = plan.is_master;
        Ok(gate)
    }
}

/// A record that is closed.
struct Closing {
    line: Option<u64>,
    before: RecordRow,
    fields: Fields,
}

struct Feed<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    gate: &'a Gate,
    plan: &'a FeedPlan,
    source: Arc<dyn RowSource>,
    progress: OnProgress<'a>,
    close: Vec<(String, Value)>,
    scope: Vec<(String, Value)>,
    staging: Staging<'a>,
    /// Something changes that may not be counted (see [`Feed::changes_openly`]).
    changes_unseen: bool,
}

impl<'a> Feed<'a> {
    fn new(
        ledgers: &'a Ledgers,
        context: &'a Context,
        gate: &'a Gate,
        plan: &'a FeedPlan,
        source: &Arc<dyn RowSource>,
        progress: OnProgress<'a>,
    ) -> Result<Self> {
        let close = read_texts(gate, &plan.close)?;
        let scope = read_texts(gate, plan.full.as_deref().unwrap_or_default())?;
        let staging = Staging::new(ledgers, context, gate, plan.title.clone(), meta(&plan.origin));
        Ok(Self {
            ledgers,
            context,
            gate,
            plan,
            source: Arc::clone(source),
            progress,
            close,
            scope,
            staging,
            changes_unseen: false,
        })
    }

    async fn first_reading(&mut self, writes: bool) -> Result<FeedReport> {
        let mut report = FeedReport::default();
        let mut preparation = self.preparation();
        let mut chunks = self.chunks();
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            report.rows += chunk.len() as u64;
            let (outcomes, closings) = self.prepare(&mut preparation, &chunk, Some(&mut report)).await?;
            let mut new = Vec::new();
            for (fed, outcome) in outcomes {
                let line = fed.row.line;
                match outcome {
                    Outcome::Create(id, fields) => {
                        report.surprises += u64::from(fed.act == FedAct::Change);
                        report.sample(self.gate.def(), FeedAct::Created, Some(line), None, &fields);
                        new.push((id, fields));
                    }
                    Outcome::Update(before, fields) => {
                        report.surprises += u64::from(fed.act == FedAct::Add);
                        if !self.changes_openly(&before, &fields) {
                            report.sealed += 1;
                            self.changes_unseen = true;
                            continue;
                        }
                        report.sample(self.gate.def(), FeedAct::Updated, Some(line), Some(&before), &fields);
                    }
                    Outcome::Unchanged(true) => report.sealed += 1,
                    Outcome::Unchanged(false) => report.unchanged += 1,
                    Outcome::Bad(errors) => {
                        report.keyless += u64::from(!preparation.mark(&fed.row));
                        report.refuse(line, errors);
                    }
                }
            }
            for closing in closings {
                report.sample(self.gate.def(), FeedAct::Closed, closing.line, Some(&closing.before), &closing.fields);
            }
            if writes {
                self.staging.create(new, report.rows).await?;
            }
            (self.progress)(Progress { rows: report.rows, bad: report.bad, is_updating: false });
        }
        self.staging.written().await?;
        if self.closes_absent(&report) {
            let mut after = None;
            loop {
                let (page, next) = self.absent(&preparation, after).await?;
                for closing in page {
                    report.sample(self.gate.def(), FeedAct::Closed, None, Some(&closing.before), &closing.fields);
                }
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(report)
    }

    fn closes_absent(&self, report: &FeedReport) -> bool {
        self.plan.full.is_some() && !self.close.is_empty() && report.keyless == 0
    }

    fn preparation(&self) -> Preparation<'a> {
        Preparation::new(self.ledgers, self.context, self.gate, &self.plan.mapping, None)
    }

    /// What becomes of a chunk. With a report, what was bad before and what does not fit is counted in it.
    async fn prepare<'c>(
        &self,
        preparation: &mut Preparation<'_>,
        chunk: &'c [FedRow],
        mut report: Option<&mut FeedReport>,
    ) -> Result<(Vec<(&'c FedRow, Outcome)>, Vec<Closing>)> {
        let (mut puts, mut closes) = (Vec::new(), Vec::new());
        for fed in chunk {
            match fed.act {
                FedAct::Put | FedAct::Add | FedAct::Change => puts.push(fed),
                FedAct::Close => closes.push(fed),
                FedAct::Bad => {
                    let is_known = preparation.mark(&fed.row);
                    if let Some(report) = report.as_deref_mut() {
                        report.bad += 1;
                        report.keyless += u64::from(!is_known);
                    }
                }
            }
        }
        let rows: Vec<SheetRow> = puts.iter().map(|fed| fed.row.clone()).collect();
        let outcomes = preparation.chunk(&rows).await?.into_iter().map(|outcome| self.without_mere_stamp(outcome));
        let mut closings = Vec::new();
        let named: Vec<SheetRow> = closes.iter().map(|fed| fed.row.clone()).collect();
        for (fed, found) in closes.into_iter().zip(preparation.named(&named).await?) {
            preparation.mark(&fed.row);
            match (self.closing(Some(&fed.row), found), report.as_deref_mut()) {
                (Ok(Some(closing)), _) => closings.push(closing),
                // Closed before, or never here: after it, the ledger is as the other system says.
                (Ok(None), Some(report)) => {
                    report.unchanged += 1;
                }
                (Err(LedgerError::Store(error)), _) => return Err(error.into()),
                (Err(error), Some(report)) => report.refuse(fed.row.line, mistakes(error)),
                (Ok(None) | Err(_), None) => {}
            }
        }
        Ok((puts.into_iter().zip(outcomes).collect(), closings))
    }

    /// A new day as of which a record is known is no change by itself: a full file would otherwise change every record.
    fn without_mere_stamp(&self, outcome: Outcome) -> Outcome {
        let Some(master) = self.gate.def().master.as_ref().filter(|_| self.plan.is_master) else { return outcome };
        match outcome {
            Outcome::Update(before, fields) => {
                let others = self.gate.def().fields.iter().filter(|field| field.key != master.stamp);
                let is_same = others.into_iter().all(|field| before.fields.get(&field.key) == fields.get(&field.key));
                if is_same { Outcome::Unchanged(before.protected) } else { Outcome::Update(before, fields) }
            }
            outcome => outcome,
        }
    }

    /// Whether a change may be counted and shown. Of somebody under protection, that a file says another address than the
    /// ledger would tell the address to whoever sends files with guesses.
    fn changes_openly(&self, before: &RecordRow, after: &Fields) -> bool {
        let stamp = self.gate.def().master.as_ref().map(|master| master.stamp.as_str());
        let mut open =
            self.gate.def().fields.iter().filter(|field| !field.protected && Some(field.key.as_str()) != stamp);
        !before.protected || open.any(|field| before.fields.get(&field.key) != after.get(&field.key))
    }

    /// A record as it will be once it is closed, with what the row says besides; none where it is so already, or not there.
    fn closing(&self, row: Option<&SheetRow>, before: Option<RecordRow>) -> Result<Option<Closing>> {
        if self.close.is_empty() {
            return Err(LedgerError::Refused(NO_CLOSING.to_owned()));
        }
        let Some(before) = before.filter(|before| !self.is_closed(before)) else { return Ok(None) };
        // A row that closes may hold no more than the key: what it leaves empty says nothing.
        let said = row.map(|row| self.plan.mapping.draft(self.gate.def(), row, true, None, &|_, _| {}));
        let mut draft = said.unwrap_or_default();
        for (key, value) in &self.close {
            // The day that the row says is the day; the file's own only stands in for it.
            if !(self.is_date(key) && draft.get(key).is_some()) {
                draft.set(key.clone(), value.clone());
            }
        }
        let checked = self.ledgers.check_change(self.context, self.gate, &before, &draft)?;
        let line = row.map(|row| row.line);
        Ok(checked.is_changed().then(|| Closing { line, before, fields: checked.into_fields() }))
    }

    /// Whether a record is closed already. It keeps the day on which that was.
    fn is_closed(&self, record: &RecordRow) -> bool {
        let view = RowView(record);
        self.close.iter().all(|(key, value)| match self.is_date(key) {
            true => !view.value(key).is_null(),
            false => *view.value(key) == *value,
        })
    }

    fn is_date(&self, key: &str) -> bool {
        self.gate.def().field(key).is_some_and(|field| matches!(field.kind, FieldKind::Date))
    }

    /// A page of records that the full file is about and lacks.
    async fn absent(
        &self,
        preparation: &Preparation<'_>,
        after: Option<kawasemi_store::list::Cursor>,
    ) -> Result<(Vec<Closing>, Option<kawasemi_store::list::Cursor>)> {
        let mut query = ListQuery::new(&self.gate.ledger);
        query.order = Order::default();
        query.limit = PAGE;
        query.after = after;
        query.condition = Some(self.scope_condition()?);
        let page = query.page(self.ledgers.city()).await?;
        let mut closings = Vec::new();
        for row in page.records {
            if !preparation.has_seen(&row) {
                closings.extend(self.closing(None, Some(row))?);
            }
        }
        Ok((closings, page.next))
    }

    /// The records that a full file is about: those of the scope that have a key.
    fn scope_condition(&self) -> Result<Sql> {
        let mut sql = Sql::new();
        for (n, key) in self.plan.mapping.merge.iter().enumerate() {
            sql.push(if n > 0 { " AND " } else { "" }).column(RECORDS, key).push(" IS NOT NULL");
        }
        for (key, value) in &self.scope {
            let Some(field) = self.gate.def().field(key) else { continue };
            let param = columns::encode(field, value)?.into_iter().next();
            if let Some(param) = param {
                sql.push(" AND ").column(RECORDS, key).push(" = ").bind(param);
            }
        }
        Ok(sql)
    }

    async fn finish(&mut self, mut report: FeedReport) -> Result<FeedReport> {
        report.is_applied = true;
        if report.created + report.updated + report.closed == 0 && !self.changes_unseen {
            return Ok(report);
        }
        let id = self.staging.batch().await?;
        let (city, at) = (self.ledgers.city(), self.context.act.at);
        report.batch = Some(id);
        if report.updated + report.closed == 0 && !self.changes_unseen {
            batch::publish(city, id, at).await?;
            return Ok(report);
        }
        batch::publish_and_go_on(city, id, at).await?;
        match self.second_reading(id, &report).await {
            Ok((updated, closed)) => (report.updated, report.closed) = (updated, closed),
            Err(error) => {
                // Nothing half-written remains: what was changed so far is as before.
                self.ledgers.take_back(self.context, self.gate.ledger.key(), id).await?;
                return Err(error);
            }
        }
        batch::finish(city, id, at).await?;
        Ok(report)
    }

    /// Changes and closes records that were there.
    async fn second_reading(&self, batch: i64, first: &FeedReport) -> Result<(u64, u64)> {
        let mut preparation = self.preparation();
        let mut chunks = self.chunks();
        let (mut updated, mut closed, mut rows) = (0, 0, 0);
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            rows += chunk.len() as u64;
            let (changes, closings) = self.change(&mut preparation, batch, &chunk).await?;
            updated += changes;
            closed += closings;
            (self.progress)(Progress { rows, bad: first.bad, is_updating: true });
        }
        if self.closes_absent(first) {
            let mut after = None;
            loop {
                let (page, next) = self.absent(&preparation, after).await?;
                for part in page.chunks(CHUNK) {
                    let changes = part.iter().map(|closing| (&closing.before, &closing.fields));
                    self.write(batch, changes).await.map_err(|error| write_error(self.gate, error))?;
                    closed += part.len() as u64;
                }
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok((updated, closed))
    }

    async fn change(&self, preparation: &mut Preparation<'_>, batch: i64, chunk: &[FedRow]) -> Result<(u64, u64)> {
        for attempt in 1.. {
            if attempt > 1 {
                preparation.forget_chunk();
            }
            let (outcomes, closings) = self.prepare(preparation, chunk, None).await?;
            let mut changes = Vec::new();
            for (fed, outcome) in &outcomes {
                match outcome {
                    // What this very feed has made is as the file says, whatever defaults were added.
                    Outcome::Update(before, fields) if before.batch != batch => changes.push((&**before, fields)),
                    Outcome::Bad(_) => drop(preparation.mark(&fed.row)),
                    _ => {}
                }
            }
            let open = changes.iter().filter(|(before, fields)| self.changes_openly(before, fields));
            let (updated, closed) = (open.count() as u64, closings.len() as u64);
            let closings = closings.iter().map(|closing| (&closing.before, &closing.fields));
            match self.write(batch, changes.into_iter().chain(closings)).await {
                Ok(()) => return Ok((updated, closed)),
                // Somebody changed one of the records between our look and our write: look again.
                Err(StoreError::Conflict) if attempt < TRIES => {}
                Err(error) => return Err(write_error(self.gate, error)),
            }
        }
        Ok((0, 0))
    }

    async fn write(
        &self,
        batch: i64,
        changes: impl Iterator<Item = (&RecordRow, &Fields)>,
    ) -> std::result::Result<(), StoreError> {
        let mut unit = RecordUnit::new(self.ledgers.dialect(), &self.context.act, self.ledgers.ids());
        let mut any = false;
        for (before, fields) in changes {
            unit.update(&self.gate.ledger, before, fields)?;
            unit.add(note(batch, before));
            any = true;
        }
        if !any {
            return Ok(());
        }
        unit.add(batch::still_updating(batch, self.context.act.at));
        self.ledgers.city().write(unit.into_unit()).await.map(drop)
    }

    /// The rows in chunks, read by a thread of its own that waits when we are slower.
    fn chunks(&self) -> mpsc::Receiver<std::result::Result<Vec<FedRow>, FileError>> {
        let (sender, receiver) = mpsc::channel(2);
        let source = Arc::clone(&self.source);
        tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            let outcome = source.read(&mut |row| {
                chunk.push(row);
                chunk.len() < CHUNK || sender.blocking_send(Ok(std::mem::take(&mut chunk))).is_ok()
            });
            match outcome {
                Ok(()) if chunk.is_empty() => {}
                Ok(()) => drop(sender.blocking_send(Ok(chunk))),
                Err(error) => drop(sender.blocking_send(Err(error))),
            }
        });
        receiver
    }
}

/// What the batch of a feed notes of itself.
fn meta(origin: &str) -> String {
    serde_json::json!({ "feed": origin }).to_string()
}

/// Texts of a layout as values of their fields.
fn read_texts(gate: &Gate, texts: &[(String, String)]) -> Result<Vec<(String, Value)>> {
    let mut values = Vec::with_capacity(texts.len());
    for (key, text) in texts {
        let field = gate.def().field(key).ok_or_else(|| gate.unknown_field(key))?;
        let value = field::from_cell(field, &Cell::Text(text.clone())).map_err(LedgerError::Invalid)?;
        values.push((key.clone(), value));
    }
    Ok(values)
}

fn mistakes(error: LedgerError) -> Vec<FieldError> {
    match error {
        LedgerError::Invalid(mistakes) => mistakes,
        error => vec![FieldError { field: String::new(), label: String::new(), message: error.to_string() }],
    }
}
