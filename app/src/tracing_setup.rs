//! The log: for people on a terminal, JSON for collectors. Personal data never enters a log line; records are named by id.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Begins to log to standard error. A command logs warnings only, unless it was asked to be verbose.
///
/// # Errors
/// When the level can't be read.
pub fn begin(config: &Config, serving: bool, verbose: bool) -> anyhow::Result<()> {
    let level = match (serving, verbose) {
        (true, _) => config.log_level.as_str(),
        (false, true) => "info",
        (false, false) => "warn",
    };
    let filter = EnvFilter::try_new(level)
        .with_context(|| format!("log.level の「{level}」を読めません。例: info、warn,kawasemi_store=debug"))?;
    let is_terminal = std::io::stderr().is_terminal();
    let format = config.log_format.unwrap_or(if is_terminal || !serving { LogFormat::Human } else { LogFormat::Json });
    // A log that nobody reads any more must not end the server, so a line that can't be written is let go.
    let log = tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Human => log.with_ansi(is_terminal).with_target(false).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).init(),
    }
    Ok(())
}
