//! Using what was restored: opening files, reading ledgers, searching, printing a page.

use std::collections::BTreeSet;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use kawasemi_ledger::ListRequest;
use kawasemi_print::PrintError;
use kawasemi_schema::FieldKind;
use kawasemi_store::files::{FileError, Files};
use kawasemi_store::{City, Sql};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::shell::{OpenCity, Shell};
use crate::verbs::print;

/// Records that a page of each ledger shows.
const PAGE: u32 = 20;
/// Rows of a ledger whose files are looked at together.
const ROWS: usize = 500;
/// Findings that are named one by one.
const NAMED: usize = 5;

/// What was found of a city's files.
#[derive(Debug, Default)]
pub struct FilesFound {
    /// How many there are.
    pub found: u64,
    /// How many were read and hashed.
    pub checked: u64,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// What came of reading.
#[derive(Debug, Default)]
pub struct Looked {
    /// What is wrong.
    pub problems: Vec<String>,
    /// What this machine lacks.
    pub remarks: Vec<String>,
}

/// What of a file's reference matters here.
#[derive(Deserialize)]
struct Named {
    sha256: String,
}

/// Looks whether every file that a record names is there, and reads some at random (all for 0), holding their bytes against the
/// hash by which they are known. `seed` decides which.
///
/// # Errors
/// When the store or the files can't be read at all.
pub async fn files(files: &Files, city: &City, wanted: usize, seed: [u8; 32]) -> anyhow::Result<FilesFound> {
    let listed: Vec<(String, u64)> = files.list().try_collect().await?;
    let known: BTreeSet<&str> = listed.iter().map(|(hash, _)| hash.as_str()).collect();
    let mut found = FilesFound { found: listed.len() as u64, ..FilesFound::default() };
    let missing: Vec<String> = named(city).await?.into_iter().filter(|hash| !known.contains(hash.as_str())).collect();
    if !missing.is_empty() {
        let first = missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join("、");
        found
            .problems
            .push(format!("記録が指す添付ファイルのうち {} 件が控えにありません（例 {first}）。", missing.len()));
    }
    // A shuffle by hash: unforeseeable with a fresh seed, and without a generator of its own.
    let mut order: Vec<([u8; 32], &str)> = known
        .into_iter()
        .map(|hash| (Sha256::new().chain_update(seed).chain_update(hash).finalize().into(), hash))
        .collect();
    order.sort_unstable();
    let wanted = if wanted == 0 { order.len() } else { wanted };
    for (_, hash) in order.into_iter().take(wanted) {
        found.checked += 1;
        match hashed(files, hash).await {
            Ok(same) if same == hash => {}
            Ok(_) => found.problems.push(format!("添付ファイル {hash} の中身が、記録されたときと違います。")),
            Err(error) => found.problems.push(format!("添付ファイル {hash} を読めません（{error}）。")),
        }
    }
    Ok(found)
}

async fn hashed(files: &Files, hash: &str) -> Result<String, FileError> {
    let mut content = std::pin::pin!(files.get(hash).await?);
    let mut hasher = Sha256::new();
    while let Some(chunk) = content.try_next().await.map_err(FileError::Storage)? {
        hasher.update(&chunk);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// The hashes of the files that records name.
async fn named(city: &City) -> anyhow::Result<BTreeSet<String>> {
    let mut hashes = BTreeSet::new();
    for ledger in city.catalogue().iter() {
        let with_files = ledger.def.fields.iter().filter(|field| matches!(field.kind, FieldKind::Files { .. }));
        for field in with_files {
            let Some(column) = field.columns().into_iter().next() else { continue };
            let mut sql = Sql::text("SELECT ");
            sql.ident(&column.name).push(" FROM ").table(ledger.table()).push(" WHERE ");
            sql.ident(&column.name).push(" IS NOT NULL");
            let mut rows = std::pin::pin!(city.stream(sql, ROWS));
            while let Some(batch) = rows.next().await {
                for row in batch? {
                    let text: String = row.get(0)?;
                    let files: Vec<Named> = serde_json::from_str(&text).unwrap_or_default();
                    hashes.extend(files.into_iter().map(|file| file.sha256));
                }
            }
        }
    }
    Ok(hashes)
}

/// Opens the first page of every ledger, searches for a record of the largest one, and prints its sheet.
///
/// # Errors
/// When the store can't be read at all.
pub async fn read(shell: &Shell, open: &OpenCity) -> anyhow::Result<Looked> {
    let context = shell.context("復元訓練");
    let mut looked = Looked::default();
    let mut sample = None;
    for ledger in open.city.catalogue().iter() {
        let request = ListRequest { limit: PAGE, ..ListRequest::all() };
        match open.ledgers.list(&context, ledger.key(), &request).await {
            Ok(page) => {
                let (size, has_search) = (page.records.len(), !ledger.levels.is_empty());
                let better =
                    sample.as_ref().is_none_or(|(_, best, searched, _)| (has_search, size) > (*searched, *best));
                if let (Some(first), true) = (page.records.first(), better) {
                    sample = Some((ledger.key().to_owned(), size, has_search, first.id));
                }
            }
            Err(error) => looked.problems.push(format!("台帳 {} を開けません: {error}", ledger.key())),
        }
    }
    let Some((ledger, _, has_search, id)) = sample else {
        looked.remarks.push("記録がまだないので、検索と印刷は試していません。".to_owned());
        return Ok(looked);
    };
    if has_search {
        let labels = open.ledgers.labels_of(&context, &ledger, &[id]).await?;
        let name = labels.get(&id).cloned().unwrap_or_default();
        let hits = open.ledgers.search_all(&context, &name, PAGE).await?;
        if !name.is_empty() && hits.iter().all(|hits| hits.ledger != ledger) {
            // Not with its name: the report goes on paper.
            looked.problems.push(format!("台帳 {ledger} の記録（{id}）を、その名前で検索しても見つかりません。"));
        }
    }
    let job = print::job(shell, open, &ledger, id, true).await?;
    let external = kawasemi_registry::external::table(&open.ledgers, &context).await?;
    let printer = shell.printer();
    let printed = tokio::task::spawn_blocking(move || printer.print(&job, &external)).await.context("印刷")?;
    match printed {
        Ok(_) => {}
        Err(error @ PrintError::NoFonts(_)) => looked.remarks.push(format!("印刷は試せませんでした: {error}")),
        Err(error) => looked.problems.push(format!("台帳 {ledger} の記録を印刷できません: {error}")),
    }
    Ok(looked)
}
