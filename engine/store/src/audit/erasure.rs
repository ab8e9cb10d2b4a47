//! Erasing a record (廃棄・消去): its row, its child rows, what search finds of it, and the payload of every revision.
//!
//! What remains is the trail without its payloads, each with a signed [`Tombstone`] that names the rule and who approved, so
//! that a verification still finds every other change. Erasures are also written down outside the database, in the keeper's
//! folder (`erasures.jsonl`), before they are committed: a backup of before holds what was erased, and a restore repeats the
//! erasures from there ([`repeat`]).

use jiff::Timestamp;
use kawasemi_kernel::RecordId;
use uuid::Uuid;

use super::keeper::{Erased as Line, Keeper};
use super::sealing::blocking;
use super::{COLUMNS, Entry, Tombstone};
use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::record::search_entry;
use crate::sql::Sql;
use crate::unit::{Statement, Unit, Unmet};

/// On what ground something is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The rule, such as a paragraph of the document regulation or of the act on personal data.
    pub rule: String,
    /// Who approved it, as [`kawasemi_kernel::Actor`] writes itself.
    pub approver: String,
    /// When it is done.
    pub at: Timestamp,
}

/// What an erasure took away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries of the trail whose payload is gone.
    pub entries: u64,
    /// The hashes of the files that the record named in any of its revisions. Their content is still there: another record
    /// may name it ([`unnamed`]).
    pub files: Vec<String>,
}

/// Erases a record, deleted or not, stopped or not. `also` are statements of the same unit, such as the note that it is done.
///
/// # Errors
/// [`StoreError::NotFound`] where there is no such record; [`StoreError::ForeignKey`] while another record refers to it;
/// [`StoreError::Conflict`] where it was changed meanwhile. As [`City::write`]; nothing is erased then.
pub async fn erase(
    city: &City,
    keeper: &Keeper,
    ledger: &Ledger,
    record: RecordId,
    ground: &Ground,
    also: Vec<Statement>,
) -> Result<Erased> {
    let entries = entries(city, ledger.key(), record).await?;
    let Some(last) = entries.last() else { return Err(StoreError::NotFound) };
    let chain = last.hash.clone();
    let files = files_of(city, record).await?;
    let (code, known, why) = (city.code().to_owned(), entries.clone(), ground.clone());
    let stones = blocking(keeper, move |keeper| {
        let mut stones = Vec::new();
        for entry in &known {
            stones.push(Tombstone::sign(keeper, &code, entry, (&why.rule, &why.approver), why.at)?);
        }
        Ok(stones)
    })
    .await?;
    let held = with_payload(city, record).await?;
    let stones: Vec<Tombstone> = stones.into_iter().filter(|stone| held.contains(&stone.entry)).collect();
    let mut lines: Vec<Line> = stones.iter().map(|stone| Line::of(ledger.key(), record.0, stone)).collect();
    if let Some(first) = lines.first_mut() {
        first.files.clone_from(&files);
    }
    blocking(keeper, move |keeper| keeper.note_erasures(&lines)).await?;
    let mut unit = removal(city, ledger, record, Some(&chain));
    unit.extend(stones.iter().flat_map(Tombstone::statements));
    unit.extend(also);
    city.write(unit).await?;
    Ok(Erased { entries: stones.len() as u64, files })
}

/// Repeats the erasures that the keeper knows of and the database does not, if a backup was restored since the last time. A
/// server does this before it lets anybody in.
///
/// # Errors
/// As [`City::write`], and when the keeper's folder can't be read or written.
pub async fn repeat(city: &City, keeper: &Keeper) -> Result<Erased> {
    let mut repeated = Erased::default();
    if !blocking(keeper, |keeper| Ok(keeper.owes_erasures())).await? {
        return Ok(repeated);
    }
    let lines = blocking(keeper, Keeper::erasures).await?;
    for lines in lines.chunk_by(|one, other| one.record == other.record) {
        let Some(first) = lines.first() else { continue };
        let record = RecordId(first.record);
        let held = with_payload(city, record).await?;
        let missing: Vec<Tombstone> =
            lines.iter().filter(|line| held.contains(&line.entry)).map(Line::tombstone).collect();
        if missing.is_empty() {
            continue;
        }
        let catalogue = city.catalogue();
        let mut unit = match catalogue.get(&first.ledger) {
            Some(ledger) => removal(city, ledger, record, None),
            None => Unit::new(),
        };
        unit.extend(missing.iter().flat_map(Tombstone::statements));
        city.write(unit).await?;
        repeated.entries += missing.len() as u64;
        repeated.files.extend(lines.iter().flat_map(|line| line.files.iter().cloned()));
    }
    blocking(keeper, Keeper::has_repeated).await?;
    Ok(repeated)
}

/// Which of these files no record names any more, in its present state or an earlier one. It looks through every payload:
/// ask for many files at once.
///
/// # Errors
/// As [`City::read`].
pub async fn unnamed(city: &City, files: &[String]) -> Result<Vec<String>> {
    use futures::StreamExt as _;
    let mut left: Vec<String> = files.to_vec();
    left.sort_unstable();
    left.dedup();
    let naming = Sql::with("SELECT payload FROM {audit_payload} WHERE payload LIKE '%\"sha256\"%'", []);
    let mut payloads = std::pin::pin!(city.stream(naming, 200));
    while let Some(rows) = payloads.next().await {
        for row in rows? {
            let payload: String = row.get(0)?;
            left.retain(|hash| !payload.contains(hash.as_str()));
        }
        if left.is_empty() {
            break;
        }
    }
    Ok(left)
}

/// The statements that take a record's row out, with what hangs on it. With `chain`, only in the state in which it was read.
fn removal(city: &City, ledger: &Ledger, record: RecordId, chain: Option<&[u8]>) -> Unit {
    let mut unit = Unit::new();
    if !ledger.levels.is_empty() {
        unit.add(search_entry::remove(ledger, city.dialect(), record));
    }
    for (field, _) in ledger.child_fields() {
        let mut sql = Sql::text("DELETE FROM ");
        sql.table(&ledger.child_table(&field.key)).push(" WHERE \"_record\" = ").bind(record.0);
        unit.add(sql);
    }
    let mut sql = Sql::text("DELETE FROM ");
    sql.table(ledger.table()).push(" WHERE \"id\" = ").bind(record.0);
    match chain {
        Some(chain) => {
            sql.push(" AND \"chain\" = ").bind(chain.to_vec());
            unit.add(Statement::one_row(sql, Unmet::Conflict));
        }
        None => drop(unit.add(sql)),
    }
    unit
}

async fn entries(city: &City, ledger: &str, record: RecordId) -> Result<Vec<Entry>> {
    let mut sql = Sql::text("SELECT ");
    sql.push(COLUMNS).push(" FROM ").table("audit").push(" WHERE record = ").bind(record.0);
    sql.push(" AND ledger = ").bind(ledger).push(" ORDER BY revision");
    city.read(sql).await?.iter().map(Entry::read).collect()
}

/// The entries of a record that have a payload.
async fn with_payload(city: &City, record: RecordId) -> Result<Vec<Uuid>> {
    let sql = Sql::with(
        "SELECT a.id FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id WHERE a.record = $1",
        [record.0.into()],
    );
    city.read(sql).await?.iter().map(|row| row.get(0)).collect()
}

/// The hashes of the files that a record names in any of its revisions.
///
/// # Errors
/// As [`City::read`].
pub async fn files_of(city: &City, record: RecordId) -> Result<Vec<String>> {
    let sql = Sql::with(
        "SELECT p.payload FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id WHERE a.record = $1",
        [record.0.into()],
    );
    let mut files = Vec::new();
    for row in city.read(sql).await? {
        let payload: String = row.get(0)?;
        let parsed: serde_json::Value = serde_json::from_str(&payload).unwrap_or_default();
        collect(&parsed, &mut files);
    }
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

fn collect(json: &serde_json::Value, files: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(members) => {
            files.extend(members.get("sha256").and_then(|hash| hash.as_str()).map(str::to_owned));
            members.values().for_each(|member| collect(member, files));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, files)),
        _ => {}
    }
}
