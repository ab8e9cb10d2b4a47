//! Importing: a dry run, or the real thing.
//!
//! The file is read twice at most. The first reading makes new records in units of five hundred under a batch that nobody
//! sees yet, and counts what would change; if a row is bad and bad rows are not to be left out, the batch is swept and
//! nothing has happened. Then the batch is published in one statement. Only where records change, a second reading
//! changes them, each unit noting what it changed, so that the whole can be undone. What a process leaves that dies in the
//! middle is found by the next one and removed or taken back ([`Ledgers::recover_imports`]), so that the same file can
//! simply be imported again.

use std::path::{Path, PathBuf};

use kawasemi_identity::Context;
use kawasemi_schema::Action;
use kawasemi_store::StoreError;
use kawasemi_store::batch;
use kawasemi_store::record::RecordUnit;
use tokio::sync::mpsc;

use super::file::{self, FileError, FileOptions, Look, SheetRow};
use super::mapping::{Mapping, Reading};
use super::photos::{PhotoPlan, Photos};
use super::places::Ground;
use super::prepare::{Outcome, Preparation};
use super::report::{ImportReport, Progress};
use super::staging::Staging;
use crate::bulk::note;
use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::write::write_error;

/// Rows of one unit.
pub(super) const CHUNK: usize = 500;
/// Bytes of texts in rows, the longest of each, that go into one unit at most: drawings are larger than words.
const HEAVY: usize = 8 * 1024 * 1024;
/// How often a unit is tried again when somebody changed one of its records meanwhile.
pub(super) const TRIES: usize = 3;

/// What is imported, and how.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    /// The file, on this machine's disk.
    pub path: PathBuf,
    /// How it is read.
    pub options: FileOptions,
    /// Where its columns go.
    pub mapping: Mapping,
    /// What people call it, such as the file's name.
    pub title: String,
    /// Photographs that go with the records.
    pub photos: Option<PhotoPlan>,
    /// Somebody has said that the people in it are invented. A training city (教育用の市) asks for it, so that no list of real
    /// residents gets there unnoticed.
    pub is_invented: bool,
}

/// What a training city says to a list of people of whom nobody said that they are invented.
const ASK_INVENTED: &str = "教育用の市です。本物の住民や職員のファイルは取り込めません。架空の人のファイルであることを確かめ、そう選んで（コマンドでは --invented を付けて）から取り込んでください。";

/// Is told how far an import has come.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        Self::File(error.to_string())
    }
}

impl Ledgers {
    /// Looks at a file and guesses where its columns go.
    ///
    /// # Errors
    /// [`LedgerError::File`] with a sentence when it can't be read, [`LedgerError::Forbidden`].
    pub async fn look_at_file(
        &self,
        context: &Context,
        ledger: &str,
        path: &Path,
        options: &FileOptions,
    ) -> Result<(Look, Mapping)> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        let look = look_at(self.ground(&gate), path, options).await?;
        if let Some(form) = &options.form {
            return Ok((look, super::forms::columns(form)));
        }
        let mapping = Mapping::guess(&look, gate.def(), gate.access.visible_fields(Action::Import));
        Ok((look, mapping))
    }

    /// Reads a file and says what an import would do, without writing anything.
    ///
    /// # Errors
    /// As [`Ledgers::import`].
    pub async fn import_dry_run(
        &self,
        context: &Context,
        ledger: &str,
        plan: &ImportPlan,
        progress: OnProgress<'_>,
    ) -> Result<ImportReport> {
        let gate = self.gate_for_import(context, ledger, plan)?;
        let look = look_at(self.ground(&gate), &plan.path, &plan.options).await?;
        let mut import = Import::new(self, context, &gate, plan, &look, progress);
        import.first_reading(Mode::Try).await
    }

    /// Imports a file.
    ///
    /// # Errors
    /// [`LedgerError::File`] when it can't be read, [`LedgerError::UnknownField`] for a column that goes nowhere,
    /// [`LedgerError::Forbidden`]; [`LedgerError::Refused`] in a training city for people of whom nobody said that they are
    /// invented; bad rows are no error but in the report.
    pub async fn import(
        &self,
        context: &Context,
        ledger: &str,
        plan: &ImportPlan,
        progress: OnProgress<'_>,
    ) -> Result<ImportReport> {
        let gate = self.gate_for_import(context, ledger, plan)?;
        if self.city().is_training() && gate.def().holds_personal_data() && !plan.is_invented {
            return Err(LedgerError::Refused(ASK_INVENTED.to_owned()));
        }
        let look = look_at(self.ground(&gate), &plan.path, &plan.options).await?;
        let mut import = Import::new(self, context, &gate, plan, &look, progress);
        match import.first_reading(Mode::Write).await {
            Ok(report) if report.bad > 0 && !plan.mapping.skip_bad => {
                import.staging.sweep().await?;
                Ok(ImportReport { batch: None, ..report })
            }
            Ok(report) => import.finish(report).await,
            Err(error) => {
                import.staging.sweep().await?;
                Err(error)
            }
        }
    }

    fn ground(&self, gate: &Gate) -> Ground {
        Ground::of(self.city().code(), gate.def())
    }

    fn gate_for_import(&self, context: &Context, ledger: &str, plan: &ImportPlan) -> Result<Gate> {
        let gate = self.gate_for(context, ledger, Action::Import)?;
        if let Some(name) = plan.mapping.unknown(gate.def()) {
            return Err(gate.unknown_field(name));
        }
        let fields = plan.mapping.columns.iter().filter(|target| !matches!(target.as_str(), "" | "id" | "number"));
        let photos = plan.photos.iter().map(|photos| &photos.field);
        let names = fields.chain(plan.mapping.merge.iter()).chain(photos).map(String::as_str);
        gate.access.needed(Action::Import, names).map_err(|hidden| gate.unknown_field(&hidden.name))?;
        let merge = &plan.mapping.merge;
        let is_key = matches!(merge.as_slice(), [] | [_]) && merge.iter().all(|by| by == "id" || by == "number")
            || gate.def().unique.iter().any(|key| key == merge);
        if is_key {
            Ok(gate)
        } else {
            Err(LedgerError::Refused("更新のキーには、番号か重複を許さない項目を選んでください。".to_owned()))
        }
    }
}

async fn look_at(ground: Ground, path: &Path, options: &FileOptions) -> Result<Look> {
    let (path, options) = (path.to_owned(), options.clone());
    let look = tokio::task::spawn_blocking(move || file::look_on(&path, &options, &ground)).await;
    Ok(look.map_err(|_| FileError::Damaged)??)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Try,
    Write,
}

struct Import<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    gate: &'a Gate,
    plan: &'a ImportPlan,
    look: &'a Look,
    progress: OnProgress<'a>,
    staging: Staging<'a>,
}

impl<'a> Import<'a> {
    fn new(
        ledgers: &'a Ledgers,
        context: &'a Context,
        gate: &'a Gate,
        plan: &'a ImportPlan,
        look: &'a Look,
        progress: OnProgress<'a>,
    ) -> Self {
        let meta = serde_json::json!({ "mapping": plan.mapping, "options": plan.options }).to_string();
        let staging = Staging::new(ledgers, context, gate, plan.title.clone(), meta);
        Self { ledgers, context, gate, plan, look, progress, staging }
    }

    /// What makes records of rows; photographs are only kept when it is no dry run.
    async fn preparation(&self, mode: Mode, report: &mut ImportReport) -> Result<Preparation<'a>> {
        let reading = Reading { headings: &self.look.headings, era: self.plan.options.table.era() };
        let mapping = &self.plan.mapping;
        let mut preparation = Preparation::new(self.ledgers, self.context, self.gate, mapping, Some(reading));
        if let Some((photos, found)) = Photos::find(self.gate, self.plan, self.look).await? {
            report.understood.extend(found);
            if mode == Mode::Write {
                preparation.keep_photos(photos);
            }
        }
        Ok(preparation)
    }

    /// Makes new records and counts the rest.
    async fn first_reading(&mut self, mode: Mode) -> Result<ImportReport> {
        let mut report = ImportReport { understood: self.look.understood.clone(), ..ImportReport::default() };
        report.refuse_files(&self.look.refused);
        let refused = report.rows;
        let mut preparation = self.preparation(mode, &mut report).await?;
        let mut chunks = self.chunks();
        while let Some(rows) = chunks.recv().await {
            let rows = rows?;
            let outcomes = preparation.chunk(&rows).await?;
            report.rows += rows.len() as u64;
            let mut new = Vec::new();
            for (row, outcome) in rows.iter().zip(outcomes) {
                match outcome {
                    Outcome::Create(id, fields) => new.push((id, fields)),
                    Outcome::Update(..) => report.updated += 1,
                    Outcome::Unchanged(_) => report.unchanged += 1,
                    Outcome::Bad(errors) => report.refuse(row, &self.plan.mapping, self.look, errors),
                }
            }
            report.created += new.len() as u64;
            // A file that will be refused need not be written further.
            let is_refused = report.bad > 0 && !self.plan.mapping.skip_bad;
            if mode == Mode::Write && !is_refused {
                self.staging.create(new, report.rows - refused).await?;
            }
            (self.progress)(Progress { rows: report.rows, bad: report.bad, is_updating: false });
        }
        self.staging.written().await?;
        report.understood.extend(self.plan.mapping.told(self.gate.def(), self.look));
        report.understood.extend(preparation.guesses());
        report.understood.extend(self.look.told_of_places());
        Ok(report)
    }

    /// Publishes the new records, then changes those that were there.
    async fn finish(&mut self, mut report: ImportReport) -> Result<ImportReport> {
        if report.created + report.updated > 0 {
            let id = self.staging.batch().await?;
            let (city, at) = (self.ledgers.city(), self.context.act.at);
            report.batch = Some(id);
            if report.updated == 0 {
                batch::publish(city, id, at).await?;
            } else {
                batch::publish_and_go_on(city, id, at).await?;
                match self.second_reading(id, &report).await {
                    Ok(updated) => report.updated = updated,
                    Err(error) => {
                        // Nothing half-written remains: what was changed so far is as before.
                        self.ledgers.take_back(self.context, self.gate.ledger.key(), id).await?;
                        return Err(error);
                    }
                }
                batch::finish(city, id, at).await?;
            }
        }
        report.is_applied = true;
        Ok(report)
    }

    async fn second_reading(&mut self, batch: i64, report: &ImportReport) -> Result<u64> {
        let mut preparation = self.preparation(Mode::Write, &mut ImportReport::default()).await?;
        let mut chunks = self.chunks();
        let (mut updated, mut rows_read) = (0, 0);
        while let Some(rows) = chunks.recv().await {
            let rows = rows?;
            rows_read += rows.len() as u64;
            updated += self.update(&mut preparation, batch, &rows).await?;
            (self.progress)(Progress { rows: rows_read, bad: report.bad, is_updating: true });
        }
        Ok(updated)
    }

    async fn update(&self, preparation: &mut Preparation<'_>, batch: i64, rows: &[SheetRow]) -> Result<u64> {
        for attempt in 1.. {
            if attempt > 1 {
                preparation.forget_chunk();
            }
            let outcomes = preparation.chunk(rows).await?;
            let mut unit = RecordUnit::new(self.ledgers.dialect(), &self.context.act, self.ledgers.ids());
            let mut changed = 0;
            for outcome in outcomes {
                // What this very import has made is as the file says, whatever defaults were added.
                if let Outcome::Update(before, fields) = outcome
                    && before.batch != batch
                {
                    unit.update(&self.gate.ledger, &before, &fields)?;
                    unit.add(note(batch, &before));
                    changed += 1;
                }
            }
            if changed == 0 {
                return Ok(0);
            }
            unit.add(batch::still_updating(batch, self.context.act.at));
            match self.ledgers.city().write(unit.into_unit()).await {
                Ok(_) => return Ok(changed),
                // Somebody changed one of the records between our look and our write: look again.
                Err(StoreError::Conflict) if attempt < TRIES => {}
                Err(error) => return Err(write_error(self.gate, error)),
            }
        }
        Ok(0)
    }

    /// The rows of the file in chunks, read by a thread of its own that waits when we are slower.
    fn chunks(&self) -> mpsc::Receiver<Result<Vec<SheetRow>, FileError>> {
        let (sender, receiver) = mpsc::channel(2);
        let (path, options, look) = (self.plan.path.clone(), self.plan.options.clone(), self.look.clone());
        tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            let mut weight = 0;
            let outcome = file::rows_below(&path, &options, &look, &mut |row| match row {
                Ok(row) => {
                    weight += row.cells.iter().map(|cell| cell.to_text().len()).max().unwrap_or(0);
                    chunk.push(row);
                    if chunk.len() < CHUNK && weight < HEAVY {
                        return true;
                    }
                    weight = 0;
                    sender.blocking_send(Ok(std::mem::take(&mut chunk))).is_ok()
                }
                Err(error) => {
                    drop(sender.blocking_send(Err(error)));
                    chunk.clear();
                    false
                }
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
