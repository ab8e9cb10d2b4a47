//! Merging two records of one party (名寄せ), with a trace by which they are taken apart again.
//!
//! The duplicate is deleted, its references lead to the survivor, and the survivor takes the values that were chosen: all in one
//! unit. Undoing brings the duplicate back and leads those references home that were moved and have not been changed since.
//! Who is under protection is never merged by somebody whom the protection does not name, and two protected people never.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_kernel::{RecordId, text};
use kawasemi_ledger::{Draft, LedgerError, Ledgers, Moved, Own, OwnAct, Visible};
use kawasemi_registry::PARTY;
use kawasemi_store::record::history;
use kawasemi_store::{Row, Sql, Statement, Unmet};
use uuid::Uuid;

type Result<T> = std::result::Result<T, LedgerError>;

/// What is to be merged.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The record that stays, and the revision at which it was read.
    pub survivor: (RecordId, i64),
    /// The record that goes.
    pub duplicate: (RecordId, i64),
    /// The fields whose values are taken from the duplicate.
    pub taken: Vec<String>,
}

/// A merge that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Its id.
    pub id: Uuid,
    /// The record that stayed.
    pub survivor: RecordId,
    /// The record that went.
    pub duplicate: RecordId,
    /// When, UTC.
    pub at: Timestamp,
    /// By whom, as history names them.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
    /// How many references were moved.
    pub moved: u64,
}

/// What an undoing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// References that lead to the record again.
    pub moved: u64,
    /// References that somebody has changed since; they stay as they are.
    pub kept: u64,
}

/// Merges two records, with the reason of the context. Answers the id of the merge.
///
/// # Errors
/// [`LedgerError::Refused`] with the reason; nothing is changed then. [`LedgerError::Forbidden`] and the others of changing.
pub async fn merge(ledgers: &Ledgers, context: &Context, wanted: &Merge) -> Result<Uuid> {
    if text::tidy_line(&context.act.reason).is_empty() {
        return Err(refused("「同じ人・団体と判断した理由」を入力してください。"));
    }
    let (survivor, duplicate) = (wanted.survivor.0, wanted.duplicate.0);
    let stays = ledgers.get(context, PARTY, survivor).await?;
    let goes = ledgers.get(context, PARTY, duplicate).await?;
    check(ledgers, context, &stays, &goes).await?;
    let mut draft = Draft::new();
    let known: BTreeSet<&str> = wanted.taken.iter().map(String::as_str).collect();
    for (key, value) in goes.fields().iter().filter(|(key, _)| known.contains(key.as_str()) && *key != "kind") {
        draft.restore(key, value.clone());
    }
    let references = ledgers.referring(PARTY, duplicate).await?;
    let id = ledgers.new_id();
    let own = vec![
        // The duplicate first: what may exist only once is free for the survivor then.
        Own { record: duplicate, revision: wanted.duplicate.1, act: OwnAct::Delete },
        Own { record: survivor, revision: wanted.survivor.1, act: OwnAct::Change(draft) },
    ];
    let taken = wanted.taken.join(",");
    let also = |moved: &[Moved]| remember(context, id, wanted, &taken, moved);
    ledgers.relink(context, PARTY, (duplicate, survivor), references, own, also).await?;
    Ok(id)
}

async fn check(ledgers: &Ledgers, context: &Context, stays: &Visible, goes: &Visible) -> Result<()> {
    if stays.id == goes.id {
        return Err(refused("同じ記録どうしはまとめられません。"));
    }
    if stays.deleted_at.is_some() || goes.deleted_at.is_some() {
        return Err(refused("どちらかの記録がすでに削除されています。一覧を開き直してください。"));
    }
    if stays.get("kind") != goes.get("kind") {
        return Err(refused("個人と世帯と法人は、互いにまとめられません。"));
    }
    let is_registered =
        |party: &Visible| party.get("resident_number").as_text().is_some_and(|number| !number.is_empty());
    if is_registered(stays) && is_registered(goes) {
        return Err(refused(
            "どちらも住民記録にある別の人です。住民記録の誤りと思われるときは、住民記録の担当課に直してもらってください。",
        ));
    }
    if goes.get("source").as_text() == Some("resident-register") {
        return Err(refused("住民記録から来た記録は消せません。住民記録の方を残してください。"));
    }
    match (stays.protected, goes.protected) {
        (false, false) => Ok(()),
        (true, true) => Err(refused(
            "どちらも支援措置の対象です。まとめると一方の保護の範囲が変わるため、受け付けません。支援措置の担当課が、支援措置の記録を一つにしてから行ってください。",
        )),
        (stays_hidden, _) => {
            let hidden = if stays_hidden { stays.id } else { goes.id };
            match ledgers.may_open(context, PARTY, hidden).await? {
                true => Ok(()),
                false => Err(refused(
                    "一方が支援措置の対象です。支援措置の台帳に担当として載っている職員だけがまとめられます。",
                )),
            }
        }
    }
}

fn remember(context: &Context, id: Uuid, wanted: &Merge, taken: &str, moved: &[Moved]) -> Vec<Statement> {
    let mut statements = vec![Statement::any(Sql::with(
        "INSERT INTO {party_merge} (id, survivor, duplicate, at, actor, reason, filled, survivor_before) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            id.into(),
            wanted.survivor.0.0.into(),
            wanted.duplicate.0.0.into(),
            context.act.at.as_microsecond().into(),
            context.act.actor.to_string().into(),
            context.act.reason.as_str().into(),
            taken.into(),
            wanted.survivor.1.into(),
        ],
    ))];
    for (position, each) in moved.iter().enumerate() {
        let (row, field) = each.row.as_ref().map_or((None, None), |(row, field)| (Some(*row), Some(field.as_str())));
        statements.push(Statement::any(Sql::with(
            "INSERT INTO {party_merge_move} (merge, position, ledger, record, field, row, row_field) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                i64::try_from(position).unwrap_or(i64::MAX).into(),
                each.ledger.as_str().into(),
                each.record.0.into(),
                each.field.as_str().into(),
                row.into(),
                field.into(),
            ],
        )));
    }
    // They are no pair any more, whatever others think of them.
    for side in ["one", "other"] {
        let sql = format!("DELETE FROM {{party_pair}} WHERE {side} = $1");
        statements.push(Statement::any(Sql::with(&sql, [wanted.duplicate.0.0.into()])));
    }
    statements
}

/// Takes a merge apart again, with the reason of the context.
///
/// # Errors
/// [`LedgerError::NotFound`] for no such merge; [`LedgerError::Refused`] when it is undone already, or the survivor was merged
/// on since.
pub async fn undo(ledgers: &Ledgers, context: &Context, id: Uuid) -> Result<Undone> {
    if text::tidy_line(&context.act.reason).is_empty() {
        return Err(refused("「元に戻す理由」を入力してください。"));
    }
    let sql = Sql::with(
        "SELECT survivor, duplicate, filled, survivor_before, undone_at FROM {party_merge} WHERE id = $1",
        [id.into()],
    );
    let row = ledgers.city().read_one(sql).await?.ok_or(LedgerError::NotFound)?;
    let (survivor, duplicate) = (RecordId(row.get(0)?), RecordId(row.get(1)?));
    if row.get::<Option<i64>>(4)?.is_some() {
        return Err(refused("この名寄せは、すでに元に戻されています。"));
    }
    let stays = ledgers.get(context, PARTY, survivor).await?;
    let goes = ledgers.get(context, PARTY, duplicate).await?;
    if stays.deleted_at.is_some() {
        return Err(refused(
            "まとめた先の記録が、そのあと別の記録にまとめられたか、削除されています。新しい名寄せから順に元に戻してください。",
        ));
    }
    if goes.deleted_at.is_none() {
        return Err(refused("まとめられた記録は、すでに復元されています。"));
    }
    let filled: String = row.get(2)?;
    let draft = given_back(ledgers, &stays, &goes, &filled, row.get(3)?).await?;
    let references = moves(ledgers, id).await?;
    let all = references.len() as u64;
    let own = vec![
        Own { record: survivor, revision: stays.revision, act: OwnAct::Change(draft) },
        Own { record: duplicate, revision: goes.revision, act: OwnAct::Restore },
    ];
    let undone = Sql::with(
        "UPDATE {party_merge} SET undone_at = $1, undone_by = $2, undone_because = $3 WHERE id = $4 AND undone_at IS NULL",
        [
            context.act.at.as_microsecond().into(),
            context.act.actor.to_string().into(),
            context.act.reason.as_str().into(),
            id.into(),
        ],
    );
    let also = |_: &[Moved]| vec![Statement::one_row(undone, Unmet::Conflict)];
    let moved = ledgers.relink(context, PARTY, (survivor, duplicate), references, own, also).await?.len() as u64;
    Ok(Undone { moved, kept: all - moved })
}

/// What the survivor gives back: the values that it took and that nobody has changed since.
async fn given_back(ledgers: &Ledgers, stays: &Visible, goes: &Visible, filled: &str, before: i64) -> Result<Draft> {
    let mut draft = Draft::new();
    let (_, then) = history::fields_at(ledgers.city(), PARTY, stays.id, before).await?;
    for key in filled.split(',').filter(|key| !key.is_empty() && stays.get(key) == goes.get(key)) {
        draft.restore(key, then.get(key).cloned().unwrap_or_default());
    }
    Ok(draft)
}

async fn moves(ledgers: &Ledgers, id: Uuid) -> Result<Vec<Moved>> {
    let sql = Sql::with(
        "SELECT ledger, record, field, row, row_field FROM {party_merge_move} WHERE merge = $1 ORDER BY position",
        [id.into()],
    );
    let moved = |row: &Row| -> Result<Moved> {
        let (within, field): (Option<Uuid>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Moved { ledger: row.get(0)?, record: RecordId(row.get(1)?), field: row.get(2)?, row: within.zip(field) })
    };
    ledgers.city().read(sql).await?.iter().map(moved).collect()
}

/// The merges of a party, or the newest of all.
///
/// # Errors
/// When the store fails.
pub async fn list(ledgers: &Ledgers, party: Option<RecordId>, limit: u32) -> Result<Vec<Merged>> {
    let mut sql = Sql::with(
        "SELECT m.id, m.survivor, m.duplicate, m.at, m.actor, m.reason, m.undone_at, \
         (SELECT count(*) FROM {party_merge_move} AS v WHERE v.merge = m.id) FROM {party_merge} AS m",
        [],
    );
    if let Some(party) = party {
        sql.push(" WHERE m.survivor = ").bind(party.0).push(" OR m.duplicate = ").bind(party.0);
    }
    sql.push(" ORDER BY m.at DESC, m.id DESC LIMIT ").bind(i64::from(limit));
    let instant = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let merged = |row: &Row| -> Result<Merged> {
        Ok(Merged {
            id: row.get(0)?,
            survivor: RecordId(row.get(1)?),
            duplicate: RecordId(row.get(2)?),
            at: instant(row.get(3)?),
            actor: row.get(4)?,
            reason: row.get(5)?,
            undone_at: row.get::<Option<i64>>(6)?.map(instant),
            moved: row.get::<i64>(7)?.unsigned_abs(),
        })
    };
    ledgers.city().read(sql).await?.iter().map(merged).collect()
}

fn refused(text: &str) -> LedgerError {
    LedgerError::Refused(text.to_owned())
}
