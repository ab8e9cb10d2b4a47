//! What the desk gives the portal (公開), where they are separated (三層分離).
//!
//! The portal's own city has the same ledgers, and in them nothing but what everybody may see: of a report that was not checked yet
//! its number, category, state and rounded position, so that a reporter can follow it and others find it before they repeat it; of
//! one that is shown all its public fields and photographs. So the portal's pages are the same as in an installation that is both.
//! Departments stay inside: the portal has no organisation.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::definitions::{API_KEY, AUTHORITY, CATEGORY, REPORT, SETTING, UPDATE};
use crate::intake::arriving as parts_of;
use crate::kernel::{Fields, FileRef, RecordId, Value};
use crate::ledger::ListRequest;
use crate::platform::courier::{HandleError, Handler, HandlerParts, Parcel, Side};
use crate::platform::desk::{Cx, Problem};
use crate::platform::identity::Context;
use crate::platform::store::files::Files;
use crate::platform::store::record::{read, snapshot};
use crate::platform::store::{RecordRow, RecordUnit, StoreError, Unit};
use crate::records;
use crate::rules::tracking;
use crate::schema::{Clearance, FieldKind, LedgerDef};

/// The kind of parcel that goes out.
pub const MIRROR_PARCEL: &str = "road-report-public";

/// What goes out, in the order in which it must arrive: what others refer to comes first.
const LEDGERS: [&str; 6] = [SETTING, CATEGORY, AUTHORITY, API_KEY, REPORT, UPDATE];

/// Of a report that was not checked yet.
const UNCHECKED: [&str; 11] = [
    "reference",
    "category",
    "state",
    "received_at",
    "fix_due",
    "closed_at",
    "public_state",
    "public_point",
    "area",
    "duplicate_of",
    "supporters",
];

/// How far back a server that has just begun looks for what it may not have given out.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was being written when it was last looked bears an earlier time than that.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// A record as it goes out.
#[derive(Debug, Serialize, Deserialize)]
struct Outward {
    ledger: String,
    id: Uuid,
    /// Whether it is to be there no longer.
    gone: bool,
    fields: Json,
    /// The files that its fields name, by their hashes.
    files: Vec<(String, String)>,
}

/// Gives the portal what has changed since the last time. Does nothing where this is not the desk of a separated installation. What
/// was given before is known by its revision and not sent again.
///
/// # Errors
/// When the store or the courier fails.
pub async fn give(cx: &Cx) -> Result<usize, Problem> {
    static GIVEN: Mutex<Option<HashMap<String, Timestamp>>> = Mutex::new(None);
    let is_desk = matches!(cx.city().courier.side(), Ok(Side::Desk));
    // Until the portal's key is known there is nobody to give it to; nothing of the staff's work has to wait for that.
    if !is_desk || cx.city().courier.is_open().await.is_err() {
        return Ok(0);
    }
    let now = cx.context().act.at;
    let code = cx.city().city.code().to_owned();
    let since = {
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = given.get_or_insert_default().get(&code).copied();
        known.map_or(now - LOOK_BACK, |known| known - OVERLAP)
    };
    let sent = give_since(cx, since).await?;
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(code, now);
    Ok(sent)
}

/// Gives the portal everything, such as after it was set up anew.
///
/// # Errors
/// As [`give`].
pub async fn give_since(cx: &Cx, since: Timestamp) -> Result<usize, Problem> {
    let context = Context::system(cx.context().act.at, "公開側へ渡す");
    let mut sent = 0;
    for ledger in LEDGERS {
        let Some(table) = cx.catalogue().get(ledger).cloned() else { continue };
        for deleted in [false, true] {
            let request = ListRequest {
                deleted,
                fields: Some(vec![table.def.label[0].clone()]),
                ..ListRequest::filtered(format!("updated_at >= TIMESTAMP('{since}')"))
            };
            let changed = records::all(cx.ledgers(), &context, ledger, request).await?;
            for record in changed.iter().rev() {
                let row = read::record(&cx.city().city, &table, record.id).await?;
                let Some(row) = row else { continue };
                let body = outward(&cx.city().files, &table.def, &row).await?;
                let id = parcel_id(ledger, &row);
                cx.city().courier.submit_as(id, MIRROR_PARCEL, body).await?;
                sent += 1;
            }
        }
    }
    Ok(sent)
}

fn parcel_id(ledger: &str, row: &RecordRow) -> Uuid {
    let hashed = Sha256::new()
        .chain_update(ledger)
        .chain_update(row.id.0.as_bytes())
        .chain_update(row.revision.to_be_bytes())
        .finalize();
    tracking::id_from(&hashed)
}

/// The parcel of a record: no more of it than everybody may see.
///
/// # Errors
/// When a file can't be read.
pub async fn outward(kept: &Files, def: &LedgerDef, row: &RecordRow) -> Result<Vec<u8>, Problem> {
    let mut fields = public_fields(def, &row.fields);
    let mut gone = row.deleted_at.is_some();
    match def.key.as_str() {
        REPORT => match fields.get("public_state").and_then(Value::as_text) {
            Some("shown") => {}
            Some("hidden") => fields.retain(|key, _| UNCHECKED.contains(&key.as_str()) && key != "public_point"),
            _ => fields.retain(|key, _| UNCHECKED.contains(&key.as_str())),
        },
        UPDATE => {
            let published = matches!(row.fields.get("published"), Some(Value::Bool(true)));
            gone |= !published;
            fields.insert("published".to_owned(), Value::Bool(published));
        }
        // The portal has to know who may send; of the key there is a hash only.
        API_KEY => {
            let kept = row.fields.iter().filter(|(key, _)| key.as_str() != "contact");
            fields.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        }
        _ => {}
    }
    let mut files = Vec::new();
    if !gone {
        for file in fields.values().flat_map(files_of) {
            let content = kept.get(&file.sha256).await.map_err(|error| Problem::internal(&error))?;
            let parts: Vec<bytes::Bytes> = content.try_collect().await.map_err(|error| Problem::internal(&error))?;
            files.push((file.sha256.clone(), STANDARD.encode(parts.concat())));
        }
    }
    let outward = Outward { ledger: def.key.clone(), id: row.id.0, gone, fields: snapshot::to_json(&fields), files };
    serde_json::to_vec(&outward).map_err(|error| Problem::internal(&error))
}

/// The public fields, but for references to what the portal does not have.
fn public_fields(def: &LedgerDef, fields: &Fields) -> Fields {
    let goes = |key: &str| {
        let field = def.field(key)?;
        let is_known = match &field.kind {
            FieldKind::Reference { target } => LEDGERS.contains(&target.as_str()),
            _ => true,
        };
        (field.clearance == Clearance::Public && is_known).then_some(())
    };
    let public = fields.iter().filter(|(key, _)| goes(key).is_some());
    let mut public: Fields = public.map(|(key, value)| (key.clone(), value.clone())).collect();
    if let Some(Value::Rows(rows)) = public.get_mut("disasters") {
        rows.iter_mut().for_each(|row| drop(row.fields.remove("department")));
    }
    public
}

fn files_of(value: &Value) -> &[FileRef] {
    match value {
        Value::Files(files) => files,
        _ => &[],
    }
}

/// Keeps on the portal what the desk gave.
pub struct Mirrored {
    /// The portal's engines.
    pub parts: HandlerParts,
}

#[async_trait]
impl Handler for Mirrored {
    async fn prepare(&self, parcel: &Parcel) -> Result<Unit, HandleError> {
        let outward: Outward = parts_of::read_body(parcel)?;
        if !LEDGERS.contains(&outward.ledger.as_str()) {
            return Err(HandleError::Refused("この台帳は公開側に渡されません。".to_owned()));
        }
        let table = parts_of::ledger(&self.parts, &outward.ledger)?;
        let city = self.parts.ledgers.city();
        let failed = |error: StoreError| parts_of::stored(&error);
        let mut fields = snapshot::from_json(&table.def.fields, &outward.fields).map_err(failed)?;
        self.drop_dangling(&table.def, &mut fields).await?;
        for (_, content) in &outward.files {
            let content = STANDARD.decode(content);
            let content = content.map_err(|_| HandleError::Refused("写真を読み取れません。".to_owned()))?;
            parts_of::keep(&self.parts, &content).await?;
        }
        let context = Context::system(self.parts.clock.now(), "庁内側が公開した");
        let known = read::record(city, &table, RecordId(outward.id)).await.map_err(failed)?;
        let mut unit = RecordUnit::new(city.dialect(), &context.act, &*self.parts.ids);
        match known {
            None if outward.gone => {}
            None => unit.create(&table, RecordId(outward.id), &fields).map_err(failed)?,
            Some(row) if outward.gone => {
                if row.deleted_at.is_none() {
                    unit.delete(&table, &row);
                }
            }
            Some(row) if row.deleted_at.is_some() => unit.restore(&table, &row),
            Some(row) if row.fields == fields => {}
            Some(row) => unit.update(&table, &row, &fields).map_err(failed)?,
        }
        Ok(unit.into_unit())
    }
}

impl Mirrored {
    /// Leaves out references to what did not arrive, lest the whole record be refused for it.
    async fn drop_dangling(&self, def: &LedgerDef, fields: &mut Fields) -> Result<(), HandleError> {
        for field in &def.fields {
            let FieldKind::Reference { target } = &field.kind else { continue };
            let Some(id) = fields.get(&field.key).and_then(Value::as_record) else { continue };
            let table = parts_of::ledger(&self.parts, target)?;
            let city = self.parts.ledgers.city();
            let there = read::record(city, &table, id).await.map_err(|error| parts_of::stored(&error))?;
            if there.is_none() {
                fields.remove(&field.key);
            }
        }
        Ok(())
    }
}
