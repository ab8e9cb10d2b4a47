//! Putting together what two installations wrote apart (災害後の突き合わせ): a laptop that ran alone in a disaster, and the hall.
//!
//! The laptop gives out a bundle: every record of reports that was made or changed since a moment, with what it was at that moment. Where
//! it is taken in, a new record keeps its id, so that taking it in twice doubles nothing; of a known one each field that changed on the
//! laptop alone is taken over; a field that changed on both sides stays as it is here, and an internal note says what the other side had.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Entry, enter, publish};
use crate::definitions::{AUTHORITY, CATEGORY, REPORT, SUPPORTER, UPDATE, WORK_ORDER};
use crate::kernel::{Fields, FileRef, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::desk::{Cx, Problem};
use crate::platform::identity::Context;
use crate::platform::store::record::{history, snapshot};
use crate::records::all;
use crate::schema::LedgerDef;

/// What a bundle says it is.
const FORMAT: &str = "kawasemi-reports/1";
/// The ledgers of a bundle, in the order in which they refer to one another.
const LEDGERS: [&str; 6] = [CATEGORY, AUTHORITY, REPORT, UPDATE, SUPPORTER, WORK_ORDER];

/// What was written since a moment.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bundle {
    format: String,
    /// The city's code: reports of one are not taken into another.
    pub city: String,
    /// Since when.
    pub since: Timestamp,
    records: Vec<Carried>,
    /// Contents of files by their hash, as base64.
    files: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Carried {
    ledger: String,
    id: Uuid,
    /// What it was at the moment; none if it was not there.
    before: Option<Json>,
    after: Json,
}

/// What became of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Records that are new here.
    pub created: usize,
    /// Records of which fields were taken over.
    pub changed: usize,
    /// Records that were the same already.
    pub same: usize,
    /// Fields that both sides had changed, in words.
    pub conflicts: Vec<String>,
    /// Records that could not be taken, with the reason.
    pub refused: Vec<String>,
}

/// Everything that was written since a moment, as far as the caller may see it.
///
/// # Errors
/// When the caller may not export reports; when the store fails.
pub async fn bundle(cx: &Cx, since: Timestamp) -> Result<Bundle, Problem> {
    let (ledgers, context) = (cx.ledgers(), cx.context());
    let (_, access) = ledgers.open(context, REPORT)?;
    if !access.may(crate::schema::Action::Import) {
        return Err(Problem::forbidden());
    }
    let mut made = Bundle {
        format: FORMAT.to_owned(),
        city: cx.city().city.code().to_owned(),
        since,
        records: Vec::new(),
        files: Vec::new(),
    };
    let mut files: Vec<FileRef> = Vec::new();
    for ledger in LEDGERS {
        let request = ListRequest::filtered(format!("updated_at >= TIMESTAMP('{since}')"));
        for record in all(ledgers, context, ledger, request).await?.iter().rev() {
            let before = before(cx, ledger, record.id, since).await?;
            files.extend(record.fields().values().flat_map(files_of).cloned());
            let after = snapshot::to_json(record.fields());
            made.records.push(Carried { ledger: ledger.to_owned(), id: record.id.0, before, after });
        }
    }
    files.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    files.dedup_by(|a, b| a.sha256 == b.sha256);
    for file in &files {
        let content = publish::content(cx, file).await.map_err(|error| Problem::internal(&error))?;
        made.files.push((file.sha256.clone(), STANDARD.encode(content)));
    }
    Ok(made)
}

/// What a record was at a moment.
async fn before(cx: &Cx, ledger: &str, id: RecordId, since: Timestamp) -> Result<Option<Json>, Problem> {
    let city = &cx.city().city;
    let revisions = history::revisions(city, id, None, 1_000).await?;
    let Some(known) = revisions.iter().find(|revision| revision.at < since) else { return Ok(None) };
    let (_, fields) = history::fields_at(city, ledger, id, known.revision).await?;
    Ok(Some(snapshot::to_json(&fields)))
}

/// Reads a bundle.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn read(bytes: &[u8], city: &str) -> Result<Bundle, String> {
    let bundle: Bundle = serde_json::from_slice(bytes)
        .map_err(|_| "このファイルは、通報の突き合わせのファイルではないか、途中で切れています。".to_owned())?;
    if bundle.format != FORMAT {
        return Err("このファイルは、この版のカワセミでは読めません。".to_owned());
    }
    if bundle.city != city {
        return Err(format!("別の市（{}）の通報のファイルです。", bundle.city));
    }
    Ok(bundle)
}

/// Takes a bundle in, with the caller's powers.
///
/// # Errors
/// When the store fails; what can't be taken of it is in the answer.
pub async fn take(cx: &Cx, bundle: &Bundle) -> Result<Outcome, Problem> {
    let context = cx.because("災害時に別に動かした通報の突き合わせ");
    for (sha256, content) in &bundle.files {
        let content = STANDARD.decode(content).map_err(|_| Problem::bad_request("写真を読み取れません。"))?;
        let kept = crate::intake::kept(&cx.city().files, cx.desk().ids().next(), &content).await;
        let kept = kept.map_err(|error| Problem::bad_request(error.to_string()))?;
        if kept.sha256 != *sha256 {
            return Err(Problem::bad_request("写真の中身が、書かれている値と違います。ファイルが壊れています。"));
        }
    }
    let mut outcome = Outcome::default();
    let mut records: Vec<&Carried> = bundle.records.iter().collect();
    // What is joined to another comes after it.
    records.sort_by_key(|record| (order(&record.ledger), record.after.get("duplicate_of").is_some()));
    for record in records {
        if !LEDGERS.contains(&record.ledger.as_str()) {
            continue;
        }
        match put(cx.ledgers(), &context, record, &mut outcome).await {
            Ok(()) => {}
            Err(LedgerError::Store(error)) => return Err(LedgerError::Store(error).into()),
            Err(error) => outcome.refused.push(format!("{} {}：{error}", record.ledger, named(record))),
        }
    }
    Ok(outcome)
}

async fn put(ledgers: &Ledgers, context: &Context, record: &Carried, outcome: &mut Outcome) -> Result<(), LedgerError> {
    let (def, _) = ledgers.open(context, &record.ledger)?;
    let id = RecordId(record.id);
    let here = match ledgers.get(context, &record.ledger, id).await {
        Ok(here) => here,
        Err(LedgerError::NotFound) => {
            let fields = snapshot::from_json(&def.fields, &record.after)?;
            ledgers.create(context, &record.ledger, draft(&def, fields).with_id(id)).await?;
            outcome.created += 1;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let here_json = snapshot::to_json(here.fields());
    let (taken, conflicts) = merged(record.before.as_ref(), &record.after, &here_json);
    for (field, theirs) in &conflicts {
        let label = def.field(field).map_or(field.as_str(), |field| field.label.ja());
        outcome.conflicts.push(format!("{}「{label}」：こちらの値を残しました。相手の値：{theirs}", named(record)));
    }
    if record.ledger == REPORT && !conflicts.is_empty() {
        let lines: Vec<String> = conflicts.iter().map(|(field, theirs)| format!("{field}：{theirs}")).collect();
        let note = format!("突き合わせで、別に動かしたほうでは次の値でした。\n{}", lines.join("\n"));
        let note: String = note.chars().take(4_000).collect();
        enter(ledgers, context, id, &Entry { kind: "note", note: &note, ..Entry::default() }).await?;
    }
    if taken.is_empty() {
        outcome.same += 1;
        return Ok(());
    }
    let mut fields = snapshot::from_json(&def.fields, &Json::Object(taken.clone()))?;
    for (key, _) in taken.iter().filter(|(_, value)| value.is_null()) {
        fields.insert(key.clone(), Value::Null);
    }
    ledgers.update(context, &record.ledger, id, here.revision, draft(&def, fields)).await?;
    outcome.changed += 1;
    Ok(())
}

/// The fields to take over, and those that both sides changed. A field that is there no longer is null.
fn merged(before: Option<&Json>, theirs: &Json, here: &Json) -> (Map<String, Json>, Vec<(String, String)>) {
    let empty = Map::new();
    let object = |json: &Json| json.as_object().cloned().unwrap_or_default();
    let (theirs, here) = (object(theirs), object(here));
    let before = before.and_then(Json::as_object).unwrap_or(&empty);
    let at = |side: &Map<String, Json>, key: &str| side.get(key).cloned().unwrap_or(Json::Null);
    let keys: std::collections::BTreeSet<&String> = theirs.keys().chain(before.keys()).collect();
    let (mut taken, mut conflicts) = (Map::new(), Vec::new());
    for key in keys {
        let (old, their, ours) = (at(before, key), at(&theirs, key), at(&here, key));
        if their == old || their == ours {
            continue;
        }
        if ours == old {
            taken.insert(key.clone(), their);
        } else {
            conflicts.push((key.clone(), their.as_str().map_or_else(|| their.to_string(), str::to_owned)));
        }
    }
    (taken, conflicts)
}

/// A draft of fields; files count as stored for it, since their content was.
fn draft(def: &LedgerDef, fields: Fields) -> Draft {
    let mut draft = Draft::new();
    for (key, value) in fields {
        if def.field(&key).is_none_or(|field| matches!(field.kind, crate::schema::FieldKind::Computed { .. })) {
            continue;
        }
        match value {
            Value::Files(files) => {
                draft.set(&key, Value::Null);
                files.into_iter().for_each(|file| draft.attach(&key, file));
            }
            value => draft.set(key, value),
        }
    }
    draft
}

fn files_of(value: &Value) -> &[FileRef] {
    match value {
        Value::Files(files) => files,
        _ => &[],
    }
}

fn order(ledger: &str) -> usize {
    LEDGERS.iter().position(|known| *known == ledger).unwrap_or(LEDGERS.len())
}

/// What a record is called in the answer.
fn named(record: &Carried) -> String {
    let text = |key: &str| record.after.get(key).and_then(Json::as_str).map(str::to_owned);
    text("reference").or_else(|| text("name")).or_else(|| text("title")).unwrap_or_else(|| record.id.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_put_together_one_by_one() {
        let before = json!({ "state": "received", "note": "a", "gone": 1, "both": 1 });
        let theirs = json!({ "state": "done", "note": "a", "both": 2 });
        let here = json!({ "state": "received", "note": "b", "gone": 1, "both": 3 });
        let (taken, conflicts) = merged(Some(&before), &theirs, &here);
        assert_eq!(Json::Object(taken), json!({ "gone": null, "state": "done" }));
        assert_eq!(conflicts, [("both".to_owned(), "2".to_owned())]);
        let (taken, conflicts) = merged(Some(&before), &theirs, &theirs);
        assert!(taken.is_empty() && conflicts.is_empty(), "taken in twice");
    }

    #[test]
    fn what_is_no_bundle_gets_a_sentence() {
        assert!(read(b"{}", "142182").is_err_and(|said| said.contains("途中で切れて")));
        let other =
            json!({ "format": FORMAT, "city": "131016", "since": "2026-01-01T00:00:00Z", "records": [], "files": [] });
        assert!(read(other.to_string().as_bytes(), "142182").is_err_and(|said| said.contains("別の市")));
    }
}
