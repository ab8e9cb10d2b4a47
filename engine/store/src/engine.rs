//! The engines' own tables: how far a city's database has come, and the way to the present form.
//!
//! An engine declares the tables that it keeps beside the ledgers ([`Engine`]). What a city lacks of them (a table, a
//! column, an index) is added when it is opened: declared differences come first. What a difference can't say, such as a
//! renamed column or a value that moves, is a numbered [`Move`] of the engine that owns the table. Each engine counts for
//! itself, so that two of them never wait for one another's number.
//!
//! The table `format` has, for each engine, the number that a city has reached and the program that took it there. A
//! city is moved on in one transaction under one lock, so that of two nodes that start at once one does the work and the
//! other finds it done. Moves are written so that running one twice does no harm. What only adds is done while opening;
//! what changes or drops is left to `kawasemi schema apply --offline`. A program that meets a number, or an engine, that
//! it does not know refuses the city: it would read and write by rules that no longer hold.

use std::collections::BTreeMap;
use std::fmt;

use kawasemi_kernel::Clock;
use serde::Serialize;

use crate::city::City;
use crate::ddl::{self, Change, Shape};
use crate::error::{Result, StoreError};
use crate::schema::{Allow, Effect};
use crate::shape;
use crate::sql::{Dialect, Naming, Param, Sql};
use crate::table::Table;
use crate::unit::{Statement, Unit, Unmet};

/// The number of every engine that never needed a move.
const FIRST: i64 = 1;
/// How often a city is looked at again when somebody else moved it on meanwhile.
const TRIES: usize = 4;
/// The program, as a city remembers it.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// An engine's own tables and the moves that led to them.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Its name, by which a city remembers it.
    pub name: &'static str,
    /// Its tables as they are now.
    pub tables: Vec<Table>,
    /// The moves, numbered from 2 in order; 1 is what an engine begins with.
    pub moves: Vec<Move>,
}

/// One numbered move.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its number.
    pub number: i64,
    /// What it does, as a sentence for the operator.
    pub title: &'static str,
    /// How.
    pub work: Work,
}

/// What a move does. Each kind looks at what is there first, or is written so, and may run twice.
#[derive(Clone, Debug)]
pub enum Work {
    /// A column has another name from now on. Runs before what is missing is added.
    RenameColumn {
        /// The table.
        table: &'static str,
        /// The name before.
        from: &'static str,
        /// The name from now on.
        to: &'static str,
    },
    /// A table has another name from now on. Runs before what is missing is added.
    RenameTable {
        /// The name before.
        from: &'static str,
        /// The name from now on.
        to: &'static str,
    },
    /// Fills what was added from what is there, changing nothing else.
    Fill(fn(Dialect) -> Vec<Sql>),
    /// Changes values that are there.
    Rewrite(fn(Dialect) -> Vec<Sql>),
    /// Drops a column. Runs last.
    DropColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Drops a table. Runs last.
    DropTable(&'static str),
}

impl Engine {
    /// An engine whose tables never needed a move.
    #[must_use]
    pub fn new(name: &'static str, tables: Vec<Table>) -> Self {
        Self { name, tables, moves: Vec::new() }
    }

    /// The same with one more move.
    ///
    /// # Panics
    /// When the numbers do not count up from 2: a defect of the program that its first start shows.
    #[must_use]
    pub fn then(mut self, number: i64, title: &'static str, work: Work) -> Self {
        assert_eq!(number, self.number() + 1, "the moves of {} are numbered in order", self.name);
        self.moves.push(Move { number, title, work });
        self
    }

    /// The number that a city has once all moves are done.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.moves.last().map_or(FIRST, |last| last.number)
    }
}

impl Work {
    fn effect(&self) -> Effect {
        match self {
            Self::Fill(_) => Effect::Adds,
            _ => Effect::Changes,
        }
    }

    fn is_first(&self) -> bool {
        matches!(self, Self::RenameColumn { .. } | Self::RenameTable { .. })
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::DropColumn { .. } | Self::DropTable(_))
    }

    /// The changes, and what the shape is once they are done. Nothing where it is done already.
    fn changes(&self, shape: &mut Shape, dialect: Dialect) -> Vec<Change> {
        let mut sql = Sql::new();
        let subject = match *self {
            Self::RenameColumn { table, from, to } if shape.has_column(table, from) && !shape.has_column(table, to) => {
                sql.push("ALTER TABLE ").table(table).push(" RENAME COLUMN ").ident(from).push(" TO ").ident(to);
                shape.rename_column(table, from, to);
                format!("{table}.{to}")
            }
            Self::RenameTable { from, to } if shape.tables.contains_key(from) && !shape.tables.contains_key(to) => {
                sql.push("ALTER TABLE ").table(from).push(" RENAME TO ").ident(to);
                shape.rename_table(from, to);
                to.to_owned()
            }
            Self::DropColumn { table, column } if shape.has_column(table, column) => {
                sql.push("ALTER TABLE ").table(table).push(" DROP COLUMN ").ident(column);
                format!("{table}.{column}")
            }
            Self::DropTable(table) if shape.tables.contains_key(table) => {
                sql.push("DROP TABLE ").table(table);
                table.to_owned()
            }
            Self::Fill(statements) | Self::Rewrite(statements) => {
                return statements(dialect).into_iter().map(|sql| Change::new("values", sql)).collect();
            }
            _ => return Vec::new(),
        };
        vec![Change::new(subject, sql)]
    }
}

/// The table in which a city remembers how far each engine has come.
pub(crate) fn format_table() -> Table {
    use crate::table::Column;
    Table::new("format")
        .column(Column::text("engine"))
        .column(Column::int("number"))
        .column(Column::text("program"))
        .column(Column::int("at"))
        .key(["engine"])
        .clustered()
}

/// What a city lacks of the engines' present form.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Upgrade {
    /// The steps, in order; none when the city is as the program wants it.
    pub steps: Vec<UpgradeStep>,
    #[serde(skip)]
    changes: Vec<Change>,
    #[serde(skip)]
    records: Vec<Statement>,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradeStep {
    /// The engine.
    pub engine: &'static str,
    /// The number of the move; none for what is only missing.
    pub number: Option<i64>,
    /// What it means for what is there.
    pub effect: Effect,
    /// The step as a sentence.
    pub message: String,
}

impl Upgrade {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.records.is_empty()
    }

    /// The gravest effect of the steps.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.steps.iter().map(|step| step.effect).max().unwrap_or(Effect::Adds)
    }

    fn check(&self, allow: Allow) -> Result<()> {
        let beyond: Vec<String> = match allow {
            Allow::Changes => Vec::new(),
            Allow::Additions => {
                self.steps.iter().filter(|step| step.effect > Effect::Adds).map(ToString::to_string).collect()
            }
        };
        if beyond.is_empty() {
            return Ok(());
        }
        Err(StoreError::refused(format!(
            "この市のデータは前の版の形です。サーバーを止め、kawasemi schema plan で確かめてから kawasemi schema apply --offline \
             を実行してください（その前に控えが自動で取られます）。何も変更していません。\n{}",
            beyond.join("\n")
        )))
    }
}

impl fmt::Display for UpgradeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.effect.mark(), self.engine, self.message)
    }
}

/// What of the engines' present form a city lacks.
///
/// # Errors
/// [`StoreError::Refused`] when a newer program has moved the city on; as [`City::read`].
pub(crate) async fn plan(city: &City, engines: &[Engine]) -> Result<Upgrade> {
    let mut shape = Shape::read(city).await?;
    let reached = reached_in(city, &shape).await?;
    refuse_newer(&reached, engines)?;
    let mut upgrade = Upgrade::default();
    for engine in engines {
        let known = reached.get(engine.name).map(|(number, _)| *number);
        // An engine that is new to the city begins as the present program wants it; one that was there before the city
        // remembered numbers is as the first release left it.
        let is_new = !engine.tables.iter().any(|table| shape.tables.contains_key(&table.name));
        let from = known.unwrap_or(if is_new { engine.number() } else { FIRST });
        plan_engine(&mut upgrade, &mut shape, engine, from, city.dialect());
        upgrade.records.extend(record(engine, known));
    }
    Ok(upgrade)
}

fn plan_engine(upgrade: &mut Upgrade, shape: &mut Shape, engine: &Engine, from: i64, dialect: Dialect) {
    let due = || engine.moves.iter().filter(move |step| step.number > from);
    for step in due() {
        upgrade.steps.push(UpgradeStep {
            engine: engine.name,
            number: Some(step.number),
            effect: step.work.effect(),
            message: step.title.to_owned(),
        });
    }
    for step in due().filter(|step| step.work.is_first()) {
        upgrade.changes.extend(step.work.changes(shape, dialect));
    }
    let missing = shape.changes_to(&engine.tables, &[], dialect);
    for change in &missing {
        upgrade.steps.push(UpgradeStep {
            engine: engine.name,
            number: None,
            effect: Effect::Adds,
            message: message(change, &engine.tables),
        });
    }
    upgrade.changes.extend(missing);
    for step in due().filter(|step| !step.work.is_first() && !step.work.is_last()) {
        upgrade.changes.extend(step.work.changes(shape, dialect));
    }
    for step in due().filter(|step| step.work.is_last()) {
        upgrade.changes.extend(step.work.changes(shape, dialect));
    }
}

fn message(change: &Change, tables: &[Table]) -> String {
    let subject = &change.subject;
    if tables.iter().any(|table| table.name == *subject) {
        return format!("表 {subject} を加える");
    }
    match subject.split_once('.') {
        Some((table, column)) => format!("表 {table} に列 {column} を加える"),
        None => format!("索引 {subject} を整える"),
    }
}

/// The number and the program of each engine that a city remembers.
pub(crate) type Reached = BTreeMap<String, (i64, String)>;

/// How far a city has come.
pub(crate) async fn reached(city: &City) -> Result<Reached> {
    reached_in(city, &Shape::read(city).await?).await
}

async fn reached_in(city: &City, shape: &Shape) -> Result<Reached> {
    if !shape.tables.contains_key("format") {
        return Ok(Reached::new());
    }
    let rows = city.read(Sql::with("SELECT engine, number, program FROM {format}", [])).await?;
    rows.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).collect()
}

/// Refuses a city that a newer program has moved on.
pub(crate) async fn refuse_if_newer(city: &City, engines: &[Engine]) -> Result<()> {
    refuse_newer(&reached(city).await?, engines)
}

/// The same for numbers that were read.
pub(crate) fn refuse_newer(reached: &Reached, engines: &[Engine]) -> Result<()> {
    for (name, (number, program)) in reached {
        let known = engines.iter().find(|engine| engine.name == name).map(Engine::number);
        if known.is_some_and(|known| *number <= known) {
            continue;
        }
        let ours = known.map_or_else(|| "なし".to_owned(), |known| known.to_string());
        return Err(StoreError::refused(format!(
            "この市のデータは、より新しい kawasemi {program} の形になっています（{name} {number}、この kawasemi {PROGRAM} は {ours} まで）。\
             この版では開けません。何も変更していません。新しい kawasemi を使うか、版を上げる前の控えを kawasemi restore で戻してください。"
        )));
    }
    Ok(())
}

/// The statement that remembers an engine's number. It fails where somebody else has moved the city on meanwhile.
fn record(engine: &Engine, known: Option<i64>) -> Option<Statement> {
    let number = engine.number();
    let (name, program) = (Param::from(engine.name), Param::from(PROGRAM));
    match known {
        Some(known) if known == number => None,
        Some(known) => Some(Statement::one_row(
            Sql::with(
                "UPDATE {format} SET number = $1, program = $2 WHERE engine = $3 AND number = $4",
                [number.into(), program, name, known.into()],
            ),
            Unmet::Conflict,
        )),
        None => Some(Statement::any(Sql::with(
            "INSERT INTO {format} (engine, number, program, \"at\") VALUES ($1, $2, $3, 0)",
            [name, number.into(), program],
        ))),
    }
}

/// Brings a city to the engines' present form.
///
/// # Errors
/// [`StoreError::Refused`] when that needs more than is allowed, or a newer program has moved the city on; nothing is
/// changed then.
pub(crate) async fn bring_up_to_date(city: &City, engines: &[Engine], allow: Allow, clock: &dyn Clock) -> Result<()> {
    if let Naming::Schema(schema) = city.naming() {
        // Asked first: a write would wait for a synchronous standby, and a city can be opened and read without it.
        let there = Sql::with("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [Param::from(schema)]);
        if city.read_one(there).await?.is_none() {
            city.write(Unit::of(ddl::create_schema(city.naming()).map(Statement::any))).await?;
        }
    }
    let mut tried = 0;
    loop {
        let upgrade = plan(city, engines).await?;
        if upgrade.is_empty() {
            return Ok(());
        }
        upgrade.check(allow)?;
        tried += 1;
        match apply(city, upgrade, clock.now().as_microsecond()).await {
            // Another process may have done the same between our look and our change: look again.
            Err(StoreError::Conflict | StoreError::Statement { .. } | StoreError::Unique { .. }) if tried < TRIES => {}
            other => return other,
        }
    }
}

async fn apply(city: &City, upgrade: Upgrade, at: i64) -> Result<()> {
    let mut unit = Unit::new();
    unit.patiently();
    unit.extend(lock(city.naming()));
    unit.extend(upgrade.changes.iter().map(|change| Statement::any(change.sql.clone())));
    unit.extend(shape::log_entries(&upgrade.changes, at, "system"));
    unit.extend(upgrade.records);
    unit.add(Sql::with("UPDATE {format} SET \"at\" = $1 WHERE \"at\" = 0", [at.into()]));
    city.write(unit).await.map(|_| ())
}

/// Holds back others who would change the shape of the same city until this unit has ended. SQLite has one writer.
pub(crate) fn lock(naming: &Naming) -> Option<Statement> {
    let Naming::Schema(schema) = naming else { return None };
    Some(Statement::any(Sql::with("SELECT pg_advisory_xact_lock(hashtext($1)) IS NULL", [Param::from(schema)])))
}
