//! Runs (連携の記録): what became of each file, and the rows that somebody has to look at.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_kernel::Actor;
use kawasemi_ledger::import::{FeedReport, FeedSample};
use kawasemi_store::row::Row;
use kawasemi_store::{Param, Sql, Statement, StoreError, Unit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::inspect::Quarantined;
use crate::layout::Direction;

const COLUMNS: &str = "id, layout, version, direction, state, file, sha256, size, file_date, sequence, \"rows\", superseded, \
                       report, alarms, message, received_at, received_by, decided_at, decided_by, reason, batch, origin";

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// The difference waits for a person (承認待ち).
    Waiting,
    /// An alarm was raised: the difference waits for a person who says why it may go on (保留).
    Held,
    /// It is being written.
    Applying,
    /// The ledger is as the file says (適用済み).
    Applied,
    /// The file as a whole was refused (受付不可).
    Refused,
    /// The file was taken before; nothing was changed (取込済み).
    Duplicate,
    /// A person decided against it (取りやめ).
    Rejected,
    /// It was applied and taken back (取消済み).
    Undone,
    /// The file was given out (書出し済み).
    Given,
}

impl RunState {
    const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Held,
        Self::Applying,
        Self::Applied,
        Self::Refused,
        Self::Duplicate,
        Self::Rejected,
        Self::Undone,
        Self::Given,
    ];

    /// Its key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Undone => "undone",
            Self::Given => "given",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "承認待ち",
            Self::Held => "保留",
            Self::Applying => "適用中",
            Self::Applied => "適用済み",
            Self::Refused => "受付不可",
            Self::Duplicate => "取込済みのファイル",
            Self::Rejected => "取りやめ",
            Self::Undone => "取消済み",
            Self::Given => "書出し済み",
        }
    }

    /// Whether a person may still apply it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Held)
    }
}

/// What is amiss with a file that could still be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// A file between the last one and this is missing (欠番).
    Gap,
    /// It has far fewer rows than the files before (件数の減少).
    Shrunken,
    /// It has far more rows than the files before (件数の増加).
    Grown,
    /// Rows are there twice: the file may have been written twice (二重).
    Twice,
    /// It has the content of an earlier file.
    Again,
    /// Nearly every record changes in the same fields: columns may have moved (ずれ).
    Moved,
    /// Rows that were put aside are taken up after a later file was applied.
    Overtaken,
    /// Too many rows are bad.
    BadRows,
    /// Rows do not fit the state of the ledger: a file in between may be missing.
    Surprises,
    /// Unusually many records would be closed.
    Closing,
    /// A full file has rows that do not say whom they mean: nothing is closed.
    Keyless,
    /// It did not come in time (遅延).
    Late,
    /// The city is one for training (教育用の市), and the file is of people: somebody has to say that they are invented.
    Training,
}

/// An alarm (警報).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What is amiss.
    pub kind: AlarmKind,
    /// In words, with what to do.
    pub message: String,
}

/// A file that came or was given out, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// The key of the layout.
    pub layout: String,
    /// Its version.
    pub version: i64,
    /// In or out.
    pub direction: Direction,
    /// Where it stands.
    pub state: RunState,
    /// The file's name.
    pub file: String,
    /// The hash of its content.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// The date that it says of itself.
    pub file_date: Option<Date>,
    /// Its number in its series.
    pub sequence: Option<i64>,
    /// Data rows.
    pub rows: u64,
    /// Rows that a later one took the place of.
    pub superseded: u64,
    /// The difference, without its samples.
    pub report: FeedReport,
    /// What is amiss.
    pub alarms: Vec<Alarm>,
    /// Why it was refused, or what else there is to say.
    pub message: String,
    /// When it came.
    pub received_at: Timestamp,
    /// By whom.
    pub received_by: Actor,
    /// When it was decided about.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<Actor>,
    /// Why, in the person's words.
    pub reason: String,
    /// The batch of the ledger.
    pub batch: Option<i64>,
    /// The run whose put-aside rows this one takes up again.
    pub origin: Option<Uuid>,
}

/// A row that was put aside, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// Its number in the run.
    pub n: i64,
    /// The row with its problems.
    pub row: Quarantined,
    /// The texts that somebody put in the place of its own.
    pub corrected: Option<Vec<String>>,
}

impl Exchange {
    /// The latest runs, of one layout or of all.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`]; when the store fails.
    pub async fn runs(&self, context: &Context, layout: Option<&str>, limit: u32) -> Result<Vec<Run>> {
        Self::require_operator(context)?;
        let condition = layout.map_or_else(|| Sql::text("1 = 1"), |key| Sql::with("layout = $1", [key.into()]));
        self.select_runs(&condition, limit).await
    }

    /// One run.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::Forbidden`].
    pub async fn run(&self, context: &Context, id: Uuid) -> Result<Run> {
        Self::require_operator(context)?;
        self.select_runs(&Sql::with("id = $1", [id.into()]), 1).await?.pop().ok_or(ExchangeError::NotFound)
    }

    /// The rows of a run that were put aside, a page at a time.
    ///
    /// # Errors
    /// As [`Exchange::run`].
    pub async fn bad_rows(&self, context: &Context, run: Uuid, from: i64, limit: u32) -> Result<Vec<BadRow>> {
        Self::require_operator(context)?;
        let mut rows = self.bad_rows_whole(run, from, limit).await?;
        let run = self.run(context, run).await?;
        self.hide_protected(&run, &mut rows).await?;
        Ok(rows)
    }

    /// The same with nothing hidden, for the program itself.
    pub(crate) async fn bad_rows_whole(&self, run: Uuid, from: i64, limit: u32) -> Result<Vec<BadRow>> {
        let rows = self.kept_rows(run, "bad", from, limit).await?;
        let bad = |row: &Row| {
            let corrected = row.get::<Option<String>>(2)?.and_then(|text| serde_json::from_str(&text).ok());
            Ok(BadRow { n: row.get(0)?, row: json(row, 1, "exchange_row.content")?, corrected })
        };
        rows.iter().map(bad).collect()
    }

    /// Some of the difference of a run, a page at a time.
    ///
    /// # Errors
    /// As [`Exchange::run`].
    pub async fn samples(&self, context: &Context, run: Uuid, from: i64, limit: u32) -> Result<Vec<(i64, FeedSample)>> {
        Self::require_operator(context)?;
        let rows = self.kept_rows(run, "sample", from, limit).await?;
        let samples = rows.iter().map(|row| Ok((row.get(0)?, json(row, 1, "exchange_row.content")?)));
        let mut samples: Vec<(i64, FeedSample)> = samples.collect::<Result<_>>()?;
        let run = self.run(context, run).await?;
        self.hide_in_samples(&run, &mut samples).await?;
        Ok(samples)
    }

    async fn kept_rows(&self, run: Uuid, kind: &str, from: i64, limit: u32) -> Result<Vec<Row>> {
        let sql = Sql::with(
            "SELECT n, content, corrected FROM {exchange_row} WHERE run = $1 AND kind = $2 AND n >= $3 ORDER BY n LIMIT $4",
            [run.into(), kind.into(), from.into(), i64::from(limit).into()],
        );
        Ok(self.city().read(sql).await?)
    }

    pub(crate) async fn select_runs(&self, condition: &Sql, limit: u32) -> Result<Vec<Run>> {
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(" FROM ").table("exchange_run").push(" WHERE ").append(condition);
        sql.push(" ORDER BY received_at DESC, id DESC LIMIT ").number(i64::from(limit));
        self.city().read(sql).await?.iter().map(read).collect()
    }

    /// Writes a run with its rows, which refer to it.
    pub(crate) async fn keep_run(&self, run: &Run, bad: &[Quarantined], samples: &[FeedSample]) -> Result<()> {
        let kept = FeedReport { samples: Vec::new(), refused: Vec::new(), ..run.report.clone() };
        let mut unit = Unit::of([Statement::any(insertion(run, &kept))]);
        let contents = bad.iter().map(|row| ("bad", Some(row.line), serde_json::to_string(row)));
        let contents =
            contents.chain(samples.iter().map(|sample| ("sample", sample.line, serde_json::to_string(sample))));
        for (n, (kind, line, content)) in (1_i64..).zip(contents) {
            let content = content.map_err(|error| StoreError::Io { detail: error.to_string() })?;
            let line = line.map_or(Param::Null, |line| Param::Int(i64::try_from(line).unwrap_or(i64::MAX)));
            let values =
                Sql::with("($1, $2, $3, $4, $5)", [run.id.into(), n.into(), kind.into(), line, content.into()]);
            let insertion = Sql::with("INSERT INTO {exchange_row} (run, n, kind, line, content) VALUES ", []);
            unit.add(Statement::row(insertion, &values));
        }
        // In one unit: a run without some of its rows would be taken for whole.
        self.city().write(unit).await?;
        Ok(())
    }
}

fn insertion(run: &Run, report: &FeedReport) -> Sql {
    let text = |value: &dyn erased::Json| Param::Text(value.text());
    let optional = |value: Option<String>| value.map_or(Param::Null, Param::from);
    let count = |value: u64| Param::Int(i64::try_from(value).unwrap_or(i64::MAX));
    let direction = if run.direction == Direction::In { "in" } else { "out" };
    Sql::with(
        &format!(
            "INSERT INTO {{exchange_run}} ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
             $15, $16, $17, $18, $19, $20, $21, $22)"
        ),
        [
            run.id.into(),
            run.layout.as_str().into(),
            run.version.into(),
            direction.into(),
            run.state.key().into(),
            run.file.as_str().into(),
            run.sha256.as_str().into(),
            count(run.size),
            optional(run.file_date.map(|day| day.to_string())),
            run.sequence.map_or(Param::Null, Param::Int),
            count(run.rows),
            count(run.superseded),
            text(report),
            text(&run.alarms),
            run.message.as_str().into(),
            run.received_at.as_microsecond().into(),
            run.received_by.to_string().into(),
            run.decided_at.map_or(Param::Null, |at| Param::Int(at.as_microsecond())),
            optional(run.decided_by.map(|by| by.to_string())),
            run.reason.as_str().into(),
            run.batch.map_or(Param::Null, Param::Int),
            run.origin.map_or(Param::Null, Param::Id),
        ],
    )
}

mod erased {
    /// Anything that is kept as JSON text.
    pub trait Json {
        fn text(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn text(&self) -> String {
            // Only a map with keys that are no texts could fail.
            serde_json::to_string(self).unwrap_or_default()
        }
    }
}

fn json<T: for<'de> Deserialize<'de>>(row: &Row, index: usize, column: &str) -> Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text)
        .map_err(|error| StoreError::Decode { column: column.to_owned(), detail: error.to_string() }.into())
}

fn read(row: &Row) -> Result<Run> {
    let state: String = row.get(4)?;
    let state = RunState::ALL.into_iter().find(|known| known.key() == state).unwrap_or(RunState::Refused);
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let count = |index| row.get::<i64>(index).map(i64::unsigned_abs);
    Ok(Run {
        id: row.get(0)?,
        layout: row.get(1)?,
        version: row.get(2)?,
        direction: if row.get::<String>(3)? == "out" { Direction::Out } else { Direction::In },
        state,
        file: row.get(5)?,
        sha256: row.get(6)?,
        size: count(7)?,
        file_date: row.get::<Option<String>>(8)?.and_then(|text| text.parse().ok()),
        sequence: row.get(9)?,
        rows: count(10)?,
        superseded: count(11)?,
        report: json(row, 12, "exchange_run.report")?,
        alarms: json(row, 13, "exchange_run.alarms")?,
        message: row.get(14)?,
        received_at: instant(row.get(15)?),
        received_by: row.get::<String>(16)?.parse().unwrap_or(Actor::System),
        decided_at: row.get::<Option<i64>>(17)?.map(instant),
        decided_by: row.get::<Option<String>>(18)?.and_then(|text| text.parse().ok()),
        reason: row.get(19)?,
        batch: row.get(20)?,
        origin: row.get(21)?,
    })
}
