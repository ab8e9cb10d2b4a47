//! `kawasemi print template`: a template with its data and pictures, without a city.
//!
//! For whoever writes a template and wants to see it, and for the project's own manuals, which are set this way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_print::{Asset, Job, Naming, Options, PrintError, Template};

use super::{Answer, Stopped, write};
use crate::cli::PrintTemplate;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// When a file can't be read or written, the template has a mistake, or a character can't be shown.
pub async fn run(shell: &Shell, wanted: PrintTemplate) -> anyhow::Result<()> {
    let job = job(shell, &wanted)?;
    let printer = shell.printer();
    let printed = tokio::task::spawn_blocking(move || printer.print(&job, &ExternalCharacters::default())).await?;
    let pdf = match printed {
        Ok(pdf) => pdf,
        Err(PrintError::Stopped(list)) => {
            shell.output.answer(&Stopped { stopped: &list })?;
            bail!("印刷を止めました。{} は書いていません。", wanted.out.display());
        }
        Err(error) => return Err(error.into()),
    };
    write(&wanted.out, &pdf.bytes)?;
    shell.output.answer(&Answer { file: wanted.out, pages: pdf.pages, substituted: pdf.substituted })
}

fn job(shell: &Shell, wanted: &PrintTemplate) -> anyhow::Result<Job> {
    let at = match wanted.at {
        Some(seconds) => Timestamp::from_second(seconds).context("--at は 1970年からの秒で書いてください。")?,
        None => shell.context("kawasemi print template").act.at,
    };
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let options = if wanted.ordinary {
        Options::ordinary(&wanted.title, at, zone)
    } else {
        Options::official(&wanted.title, at, zone)
    };
    let data = serde_json::from_slice(&read(&wanted.data)?)
        .with_context(|| format!("{} は JSON として読めません。", wanted.data.display()))?;
    let source = String::from_utf8(read(&wanted.template)?)
        .with_context(|| format!("{} は UTF-8 の文章ではありません。", wanted.template.display()))?;
    let assets = wanted.assets.as_deref().map(assets).transpose()?.unwrap_or_default();
    let template = Template::new(wanted.template.display().to_string(), source);
    // A book of many pictures takes its time, and nobody waits at a screen.
    let options = Options { author: wanted.author.clone(), patience: Duration::from_secs(900), ..options };
    Ok(Job { template, data, naming: Naming::default(), assets, options })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} を読めません。", path.display()))
}

/// The pictures of a folder, in the order of their names.
fn assets(folder: &Path) -> anyhow::Result<Vec<Asset>> {
    let failed = || format!("{} を読めません。", folder.display());
    let entries = std::fs::read_dir(folder).with_context(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().with_context(failed)?;
    paths.sort();
    let named = paths.iter().filter(|path| path.is_file());
    named
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Asset { name, bytes: read(path)? })
        })
        .collect()
}
