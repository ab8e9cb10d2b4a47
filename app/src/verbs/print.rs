//! `kawasemi print`: papers from the command line.

mod template;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use kawasemi_kernel::context::civil_date_time;
use kawasemi_kernel::{Lang, RecordId, era};
use kawasemi_ledger::{Style, field};
use kawasemi_print::sheet::Sheet;
use kawasemi_print::{Finding, Footer, Job, Options, PrintError, StopList};
use kawasemi_schema::Action;
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::{Print, PrintRecord};
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When there is no such record, it can't be printed as it stands, or the file can't be written.
pub async fn run(shell: &Shell, print: Print) -> anyhow::Result<()> {
    let wanted = match print {
        Print::Record(wanted) => wanted,
        Print::Template(wanted) => return template::run(shell, wanted).await,
    };
    let (store, open) = shell.open(Access::Command).await?;
    let outcome = record(shell, &open, &wanted).await;
    store.close().await;
    outcome
}

async fn record(shell: &Shell, open: &OpenCity, wanted: &PrintRecord) -> anyhow::Result<()> {
    shell.know_ledger(&open.city, &wanted.ledger)?;
    let context = shell.context("kawasemi print record");
    let external = kawasemi_registry::external::table(&open.ledgers, &context).await?;
    let id: RecordId = wanted.record.parse().with_context(|| {
        format!("「{}」は記録の番号（UUID）ではありません。記録のページのアドレスの最後の部分です。", wanted.record)
    })?;
    let job = job(shell, open, &wanted.ledger, id, wanted.ordinary).await?;
    let printer = shell.printer();
    let printed = tokio::task::spawn_blocking(move || printer.print(&job, &external)).await?;
    let pdf = match printed {
        Ok(pdf) => pdf,
        Err(PrintError::Stopped(list)) => {
            shell.output.answer(&Stopped { stopped: &list })?;
            bail!("印刷を止めました。{} は書いていません。", wanted.out.display());
        }
        Err(error) => return Err(error.into()),
    };
    write(&wanted.out, &pdf.bytes)?;
    let (file, pages) = (wanted.out.clone(), pdf.pages);
    shell.output.answer(&Answer { file, pages, substituted: pdf.substituted })
}

/// The job that prints the sheet (調書) of a record.
///
/// # Errors
/// When there is no such record.
pub async fn job(shell: &Shell, open: &OpenCity, ledger: &str, id: RecordId, ordinary: bool) -> anyhow::Result<Job> {
    let context = shell.context("kawasemi print record");
    let (def, access) = open.ledgers.open(&context, ledger)?;
    let record = open.ledgers.get(&context, ledger, id).await?;
    let labels = open.ledgers.labels(&context, ledger, std::slice::from_ref(&record)).await?;
    let fields: Vec<_> = access.visible_fields(Action::Read).collect();
    let style = Style::page(Lang::Ja).in_wareki(true).with_labels(&labels);
    let parts = def.label.iter().filter_map(|key| fields.iter().find(|field| field.key == *key));
    let parts: Vec<String> = parts.map(|def| field::show(def, record.get(&def.key), &style)).collect();
    let named = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let number = record.number.clone().unwrap_or_default();
    let name = if named.is_empty() { number.clone() } else { named };
    let changed = format!("第{}版　{}", record.revision, when(record.updated_at));
    let at = context.act.at;
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let title = format!("{}調書", def.title.ja());
    let options = if ordinary { Options::ordinary(title, at, zone) } else { Options::official(title, at, zone) };
    let footer = Footer { reference: number, printed: format!("出力 {}", when(at)) };
    let mark = kawasemi_desk::prints::mark(&open.city);
    let options = Options { author: open.city.info().name.clone(), footer, mark, ..options };
    let sheet =
        Sheet { ledger: &def, fields: &fields, record: &record, labels: &labels, name: &name, changed: &changed };
    Ok(sheet.job(options, None, Vec::new()))
}

fn when(at: jiff::Timestamp) -> String {
    let local = civil_date_time(at);
    format!("{} {:02}:{:02}", era::short(local.date()), local.hour(), local.minute())
}

/// Writes beside the target and gives the file its name when it is whole.
///
/// # Errors
/// When it can't be written.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("{} に書けません。", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    std::io::Write::write_all(&mut file, bytes).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

#[derive(Serialize)]
struct Answer {
    file: PathBuf,
    pages: usize,
    substituted: Vec<Finding>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} に{}ページを書きました。", self.file.display(), self.pages)?;
        if !self.substituted.is_empty() {
            writeln!(f, "代わりの文字や符号で印刷した文字があります。正式な書類には使えません。")?;
        }
        self.substituted.iter().try_for_each(|finding| writeln!(f, "  {finding}"))
    }
}

#[derive(Serialize)]
struct Stopped<'a> {
    stopped: &'a StopList,
}

impl fmt::Display for Stopped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.stopped)
    }
}
