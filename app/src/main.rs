//! The binary `kawasemi`: command line, configuration, server assembly, demo city.
//!
//! Nothing of the city hall is here. The engines are put together ([`shell`]), the systems named one by one ([`systems`]),
//! and what was asked on the command line ([`cli`]) is handed to its verb ([`verbs`]).

mod cli;
mod config;
mod daily;
mod demo;
mod output;
mod progress;
mod serve;
mod shell;
mod systems;
mod tracing_setup;
mod upkeep;
mod usage;
mod verbs;
#[cfg(test)]
mod walk;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::cli::{Cli, Verb};
use crate::config::Config;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let output = Output { json: cli.global.json, quiet: cli.global.quiet, verbose: cli.global.verbose };
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.failure(&error),
    }
}

fn run(cli: Cli, output: Output) -> anyhow::Result<()> {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let listen = match &cli.verb {
        Verb::Serve(serve) => serve.listen,
        _ => None,
    };
    let config = Config::read(&cli.global, listen, &variables)?;
    tracing_setup::begin(&config, matches!(cli.verb, Verb::Serve(_)), output.verbose)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("起動できません。")?;
    runtime.block_on(verbs::run(cli.verb, config, output))
}

/// A command line that can't be read, or a page of help.
fn misunderstood(error: &clap::Error) -> ExitCode {
    match usage::sentence(error) {
        Some(sentence) => {
            let _ = writeln!(std::io::stderr(), "kawasemi: {sentence}");
            ExitCode::from(2)
        }
        None if error.use_stderr() => {
            let _ = write!(std::io::stderr(), "{}", usage::help(error));
            ExitCode::from(2)
        }
        None => {
            let _ = write!(std::io::stdout(), "{}{}", usage::help(error), system_commands(error));
            ExitCode::SUCCESS
        }
    }
}

/// The commands that systems bring, for the first page of help.
fn system_commands(error: &clap::Error) -> String {
    let is_first_page = usage::help(error).starts_with(cli::ABOUT);
    match systems::all() {
        Ok(systems) if is_first_page => format!("\n業務システムのコマンド:\n{}\n", verbs::offered(&systems)),
        _ => String::new(),
    }
}
