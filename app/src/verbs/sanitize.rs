//! `kawasemi sanitize`: one file made anew, as files from outside are.

use std::fmt;

use anyhow::Context as _;
use kawasemi_sanitize::Cleaned;
use serde::Serialize;

use crate::cli::Sanitize;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// When the file is refused, with the reason; then nothing is written.
pub async fn run(shell: &Shell, wanted: Sanitize) -> anyhow::Result<()> {
    let Sanitize { input, output } = wanted;
    std::fs::metadata(&input).with_context(|| format!("{} を読めません。", input.display()))?;
    let name = input.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let sanitizer = shell.config.sanitizing.sanitizer.clone();
    // It waits for another process.
    let cleaned = tokio::task::spawn_blocking(move || sanitizer.clean_file(&name, &input, &output)).await??;
    shell.output.answer(&Answer(cleaned))
}

/// The report.
#[derive(Serialize)]
#[serde(transparent)]
struct Answer(Cleaned);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cleaned { name, media_type, size, removed } = &self.0;
        writeln!(f, "{name}（{media_type}、{size} バイト）")?;
        if removed.is_empty() {
            return writeln!(f, "除いたものはありません。");
        }
        for removed in removed {
            match removed.place.as_str() {
                "" => writeln!(f, "- {}", removed.what.label())?,
                place => writeln!(f, "- {place}: {}", removed.what.label())?,
            }
        }
        Ok(())
    }
}
