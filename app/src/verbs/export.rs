//! `kawasemi export`: a ledger as a file, or as a stream on standard output.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use kawasemi_kernel::text::cluster::code_points;
use kawasemi_ledger::export::{Cut, Replacement};
use kawasemi_ledger::{ExportReport, ExportRequest, ListRequest};
use kawasemi_store::Access;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::cli::{Encoding, Export, Format};
use crate::output::UsageError;
use crate::shell::Shell;

/// Parts that wait for a slow disk or reader.
const WAITING: usize = 4;

/// Runs the verb.
///
/// # Errors
/// When the ledger, a field or the condition is wrong, or the file can't be written; no half a file is left then.
pub async fn run(shell: &Shell, export: Export) -> anyhow::Result<()> {
    let mut request = request(&export)?;
    let (store, open) = shell.open(Access::Read).await?;
    shell.know_ledger(&open.city, &export.ledger)?;
    let context = shell.context("kawasemi export");
    if request.format.is_cp932() {
        request.external = kawasemi_registry::external::table(&open.ledgers, &context).await?.into();
    }
    open.ledgers.check_export(&context, &export.ledger, &request).await?;
    let (sender, receiver) = mpsc::channel::<Bytes>(WAITING);
    let target = export.output.clone();
    // Disk and pipe are written on a thread of their own, so that a slow reader stops the export and nothing else.
    let writing = tokio::task::spawn_blocking(move || match target {
        Some(path) => into_file(&path, receiver),
        None => drain(receiver, std::io::stdout().lock()).context("標準出力に書けません。"),
    });
    let exported = open.ledgers.export(&context, &export.ledger, &request, sender).await;
    let written = writing.await?;
    store.close().await;
    // When the reader went away, that is the reason and not what the export says of it.
    written?;
    let report = exported.with_context(|| format!("台帳 {} を書き出せません。", export.ledger))?;
    remark(shell, &export, &report);
    // Standard output is the file itself where none is named.
    match export.output {
        Some(file) if shell.output.json => {
            let ExportReport { records, replaced, replacements, cut } = report;
            shell.output.answer(&Answer { file, records, replaced, replacements, cut })
        }
        _ => Ok(()),
    }
}

/// What was written, for `--json`.
#[derive(Serialize)]
struct Answer {
    file: PathBuf,
    records: u64,
    replaced: u64,
    /// The first of what was replaced, each with its place.
    replacements: Vec<Replacement>,
    /// What the format had no room for.
    #[serde(skip_serializing_if = "Cut::is_none")]
    cut: Cut,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} 件", self.records)
    }
}

fn request(export: &Export) -> anyhow::Result<ExportRequest> {
    let format = match (export.format, export.encoding) {
        (Format::Csv, Encoding::Utf8) => kawasemi_ledger::Format::Csv,
        (Format::Csv, Encoding::Cp932) => kawasemi_ledger::Format::CsvCp932,
        (Format::Shp, Encoding::Cp932) => kawasemi_ledger::Format::Shapefile,
        (_, Encoding::Cp932) => {
            return Err(UsageError("--encoding cp932 は CSV と Shapefile だけに使えます。".to_owned()).into());
        }
        (Format::Xlsx, Encoding::Utf8) => kawasemi_ledger::Format::Xlsx,
        (Format::Geojson, Encoding::Utf8) => kawasemi_ledger::Format::GeoJson,
        (Format::Gpkg, Encoding::Utf8) => kawasemi_ledger::Format::GeoPackage,
        (Format::Shp, Encoding::Utf8) => kawasemi_ledger::Format::Shapefile,
    };
    let fields = (!export.fields.is_empty()).then(|| export.fields.clone());
    let list = ListRequest { filter: export.filter.clone(), fields, ..ListRequest::all() };
    Ok(ExportRequest { list, format, crs: export.crs.clone(), ..ExportRequest::default() })
}

fn remark(shell: &Shell, export: &Export, report: &ExportReport) {
    shell.output.remark(format!("{} 件を書き出しました。", report.records));
    if report.replaced > 0 {
        let example = |found: &Replacement| {
            let Replacement { line, column, character, written } = found;
            format!("（例 {line}行目「{column}」の {character} {} → {written}）", code_points(character))
        };
        let first = report.replacements.first().map(example).unwrap_or_default();
        shell.output.remark(format!(
            "Shift_JIS にない文字 {} 個を代わりの文字に置き換えました{first}。元の字が要るときは{} で書き出してください。",
            report.replaced,
            if export.format == Format::Shp { " --format gpkg" } else { " --encoding utf-8" }
        ));
    }
    if report.cut.texts > 0 {
        shell.output.remark(format!(
            "Shapefile に入りきらない値 {} 個の後ろを切りました。すべて要るときは --format gpkg で書き出してください。",
            report.cut.texts
        ));
    }
    if report.cut.shapes > 0 {
        shell.output.remark(format!("この形式で表せない図形 {} 個を空にしました。", report.cut.shapes));
    }
    if let Some(path) = &export.output {
        shell.output.remark(path.display());
    }
}

/// Writes beside the target and gives the file its name when it is whole. What is no plain file (a device, a named pipe) is
/// written into: it must not be replaced by a file.
fn into_file(path: &Path, parts: mpsc::Receiver<Bytes>) -> anyhow::Result<()> {
    let failed = || format!("{} に書けません。", path.display());
    let there = std::fs::metadata(path).ok().map(|found| found.file_type());
    if there.is_some_and(|kind| kind.is_dir()) {
        anyhow::bail!("{} はフォルダーです。書き出すファイルの名前まで指定してください。", path.display());
    }
    if there.is_some_and(|kind| !kind.is_file()) {
        let device = std::fs::OpenOptions::new().write(true).open(path).with_context(failed)?;
        return drain(parts, device).with_context(failed);
    }
    // A link stays a link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    drain(parts, std::io::BufWriter::new(&mut file)).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

fn drain(mut parts: mpsc::Receiver<Bytes>, mut out: impl Write) -> anyhow::Result<()> {
    while let Some(part) = parts.blocking_recv() {
        out.write_all(&part)?;
    }
    Ok(out.flush()?)
}
