//! `kawasemi notes`: what the versions ask of whoever runs the program.

use std::fmt;

use anyhow::bail;
use kawasemi_desk::notes::{Release, is_version, releases, since};
use serde::Serialize;

use crate::cli::Notes;
use crate::shell::Shell;

/// Runs the verb. It needs no city.
///
/// # Errors
/// When `--from` is no version.
pub fn run(shell: &Shell, wanted: &Notes) -> anyhow::Result<()> {
    let found = match wanted.from.as_deref() {
        Some(from) if !is_version(from) => {
            bail!("「{from}」は版ではありません。「kawasemi --version」が示すように、1.2.3 の形で書いてください。")
        }
        Some(from) => since(from),
        None => releases(),
    };
    shell.output.answer(&Answer { version: env!("CARGO_PKG_VERSION"), releases: found.iter().map(Note::of).collect() })
}

#[derive(Serialize)]
struct Answer<'a> {
    version: &'static str,
    releases: Vec<Note<'a>>,
}

#[derive(Serialize)]
struct Note<'a> {
    version: &'a str,
    date: &'a str,
    points: &'a [String],
}

impl<'a> Note<'a> {
    fn of(release: &'a Release) -> Self {
        Self { version: &release.version, date: &release.date, points: &release.points }
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "この kawasemi は {} です。", self.version)?;
        if self.releases.is_empty() {
            writeln!(f, "それより新しい版はありません。")?;
        }
        for Note { version, date, points } in &self.releases {
            writeln!(f, "\n{version}（{date}）を使い始めるとき")?;
            points.iter().try_for_each(|point| writeln!(f, "  - {}", point.replace('`', "")))?;
        }
        Ok(())
    }
}
