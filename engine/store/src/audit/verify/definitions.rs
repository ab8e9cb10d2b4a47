//! The published definitions, held against what their trail says was published: a definition edited by hand would let
//! revisions be read as something else.

use std::collections::HashMap;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Walk;
use super::report::{Broken, Problem};
use crate::audit::id_of_name;
use crate::error::Result;
use crate::sql::Sql;

/// Checks every version of every ledger's definition, and of what the city lays over it.
pub(super) async fn check(walk: &mut Walk<'_>) -> Result<()> {
    for table in ["definition", "overlay"] {
        let mut sql = Sql::text("SELECT DISTINCT ledger FROM ");
        sql.table(table).push(" ORDER BY ledger");
        for row in walk.city.read(sql).await? {
            check_ledger(walk, table, &row.get::<String>(0)?).await?;
        }
    }
    Ok(())
}

async fn check_ledger(walk: &mut Walk<'_>, table: &'static str, ledger: &str) -> Result<()> {
    let trail = id_of_name(table, ledger);
    let mut published = publications(walk, trail).await?;
    let mut sql = Sql::text("SELECT version, source FROM ");
    sql.table(table).push(" WHERE ledger = ").bind(ledger).push(" ORDER BY version");
    for row in walk.city.read(sql).await? {
        let (version, source): (i64, String) = (row.get(0)?, row.get(1)?);
        let publication = published.remove(&version);
        let is_same = publication.as_ref().is_some_and(|(_, hash)| *hash == hex::encode(Sha256::digest(&source)));
        if !is_same {
            found(walk, (table, trail), publication.and_then(|(seq, _)| seq), version);
        }
    }
    let mut gone: Vec<(i64, Option<i64>)> = published.into_iter().map(|(version, (seq, _))| (version, seq)).collect();
    gone.sort_unstable();
    for (version, seq) in gone {
        found(walk, (table, trail), seq, version);
    }
    Ok(())
}

/// The hashes of what was published, by version, with the entries' places.
async fn publications(walk: &Walk<'_>, trail: Uuid) -> Result<HashMap<i64, (Option<i64>, String)>> {
    let sql = Sql::with(
        "SELECT a.seq, p.payload FROM {audit} AS a JOIN {audit_payload} AS p ON p.audit_id = a.id \
         WHERE a.record = $1 AND a.kind = 'publish' ORDER BY a.revision",
        [trail.into()],
    );
    let mut published = HashMap::new();
    for row in walk.city.read(sql).await? {
        let payload: Json = serde_json::from_str(&row.get::<String>(1)?).unwrap_or_default();
        let version = payload.get("version").and_then(Json::as_i64);
        let hash = payload.get("hash").and_then(Json::as_str);
        if let (Some(version), Some(hash)) = (version, hash) {
            published.insert(version, (row.get(0)?, hash.to_owned()));
        }
    }
    Ok(published)
}

fn found(walk: &mut Walk<'_>, (subject, trail): (&str, Uuid), seq: Option<i64>, version: i64) {
    walk.found(Broken {
        seq,
        ledger: Some(subject.to_owned()),
        record: Some(trail),
        revision: None,
        problem: Problem::DefinitionAltered { version },
    });
}
