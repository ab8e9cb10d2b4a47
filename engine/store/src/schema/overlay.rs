//! What a city lays over the ledgers of the program (市の上書き), kept in its database.
//!
//! An overlay is versioned and audited like a definition. It is kept whole, beside the definition that was made with it,
//! since the next release of the program brings another definition to lay it over: on every node, and also after a restore
//! to a machine that has none of the city's files.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_kernel::{Act, IdSource};
use kawasemi_schema::error::nearest;
use kawasemi_schema::{LedgerDef, Overlay, SchemaErrors, SourceFile};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::audit::{Trail, id_of_name};
use crate::city::City;
use crate::ddl::Shape;
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::unit::Statement;

/// The definitions of the program with what the city lays over them.
#[derive(Debug, Clone, Default)]
pub struct Overlaid {
    /// What is to be published.
    pub definitions: Vec<Arc<LedgerDef>>,
    /// Overlays that are new or changed, to be kept with it ([`super::Plan::keeping`]).
    pub overlays: Vec<Overlay>,
    /// What does not fit, with file, line and hint. Such a ledger stays as it is published, so that the city can go on.
    pub held: Vec<Held>,
}

/// A ledger that stays as it is, since what the city lays over it does not fit what the program brings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Held {
    /// The ledger's key.
    pub ledger: String,
    /// Why, with file, line and hint.
    pub message: String,
}

/// The overlays in force, by ledger.
///
/// # Errors
/// As [`City::read`].
pub async fn overlays(city: &City) -> Result<BTreeMap<String, Overlay>> {
    // A reader of a city that no program with overlays has opened yet finds none.
    if !Shape::read(city).await?.tables.contains_key("overlay") {
        return Ok(BTreeMap::new());
    }
    let sql = Sql::with(
        "SELECT o.file, o.source FROM {overlay} AS o \
         WHERE o.version = (SELECT max(l.version) FROM {overlay} AS l WHERE l.ledger = o.ledger)",
        [],
    );
    let mut found = BTreeMap::new();
    for row in city.read(sql).await? {
        let source = SourceFile::new(row.get::<String>(0)?, row.get::<String>(1)?);
        let overlay = Overlay::read(source).map_err(|errors| StoreError::refused(errors.to_string()))?;
        found.insert(overlay.raw.ledger.clone(), overlay);
    }
    Ok(found)
}

/// Lays a city's overlays over the definitions of the program: those of `files` and, for other ledgers, those that were
/// published before. `check` says whether a definition's conditions hold water.
///
/// # Errors
/// As [`City::read`].
pub async fn overlaid(
    city: &City,
    definitions: &[Arc<LedgerDef>],
    files: Vec<Overlay>,
    check: &(dyn Fn(&Arc<LedgerDef>) -> Result<(), SchemaErrors> + Sync),
) -> Result<Overlaid> {
    let published = overlays(city).await?;
    let mut wanted = published.clone();
    let mut outcome = Overlaid::default();
    for file in files {
        let ledger = file.raw.ledger.clone();
        if !definitions.iter().any(|def| def.key == ledger) {
            outcome.held.push(Held { message: unknown(&file, definitions, city).to_string(), ledger });
        } else if wanted.get(&ledger).is_none_or(|known| known.source.text != file.source.text) {
            outcome.overlays.push(file.clone());
            wanted.insert(ledger, file);
        }
    }
    for def in definitions {
        let Some(overlay) = wanted.get(&def.key) else {
            outcome.definitions.push(Arc::clone(def));
            continue;
        };
        match overlay
            .lay_over(def, published.get(&def.key))
            .map(Arc::new)
            .and_then(|whole| check(&whole).map(|()| whole))
        {
            Ok(whole) => outcome.definitions.push(whole),
            Err(errors) => {
                outcome.overlays.retain(|new| new.raw.ledger != def.key);
                outcome.held.push(Held { ledger: def.key.clone(), message: errors.to_string() });
                // A ledger that is not there at all comes as the program brings it.
                if city.catalogue().get(&def.key).is_none() {
                    outcome.definitions.push(Arc::clone(def));
                }
            }
        }
    }
    Ok(outcome)
}

fn unknown(file: &Overlay, definitions: &[Arc<LedgerDef>], city: &City) -> SchemaErrors {
    let key = &file.raw.ledger;
    if city.catalogue().get(key).is_some() {
        let hint = "画面の「台帳の設計」か kawasemi schema apply で、定義そのものを変えてください";
        return file
            .source
            .error("ledger", format!("台帳「{key}」は市が作ったものなので、上書きは要りません"), hint)
            .into();
    }
    let hint = nearest(key, definitions.iter().map(|def| def.key.as_str()))
        .map(|near| format!("「{near}」のことですか"))
        .unwrap_or_default();
    file.source.error("ledger", format!("「{key}」という製品の台帳はありません"), hint).into()
}

/// The statements that keep a new version of an overlay, with its audit entry.
pub(super) async fn publish(city: &City, overlay: &Overlay, act: &Act, ids: &dyn IdSource) -> Result<Vec<Statement>> {
    let ledger = overlay.raw.ledger.as_str();
    let last = Sql::with("SELECT coalesce(max(version), 0) FROM {overlay} WHERE ledger = $1", [ledger.into()]);
    let version: i64 = city.read_one(last).await?.map_or(Ok(0), |row| row.get(0))? + 1;
    let sql = Sql::with(
        "INSERT INTO {overlay} (ledger, version, file, source, published_at, published_by, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            ledger.into(),
            version.into(),
            overlay.source.name.as_str().into(),
            overlay.source.text.as_str().into(),
            act.at.as_microsecond().into(),
            act.actor.to_string().into(),
            act.reason.as_str().into(),
        ],
    );
    let trail = Trail::of(city, "overlay", id_of_name("overlay", ledger)).await?;
    let payload = json!({
        "ledger": ledger,
        "version": version,
        "hash": hex::encode(Sha256::digest(overlay.source.text.as_bytes())),
        "reason": act.reason,
    });
    let mut statements = vec![Statement::any(sql)];
    statements.extend(trail.statements("publish", act, ids, &payload.to_string()));
    Ok(statements)
}
