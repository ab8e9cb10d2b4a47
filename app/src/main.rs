//! The binary `kawasemi`: command line, configuration, server assembly, demo city.
//!
//! Nothing of the city hall is here. The engines are put together ([`shell`]), the systems named one by one ([`systems`]),
//! and what was asked on the command line ([`cli`]) is handed to its verb ([`verbs`]).

mod cli;
mod config;
mod daily;
mod demo;
mod drill;
mod operations;
mod output;
mod progress;
mod sanitize;
mod serve;
mod shell;
mod stopping;
mod systems;
mod tracing_setup;
mod training;
mod upkeep;
mod usage;
mod verbs;
#[cfg(test)]
mod walk;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Cli, Half, Verb};
use crate::config::Config;
use crate::output::{Interrupted, Output};

/// Allocations take a good part of the time of a page, and a server that was busy is to give memory back: this allocator is
/// quicker at the one and keeps less of the other than the system's. SQLite uses it as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long a thread for work that blocks waits for more: with it goes the memory that the allocator keeps for it.
const RESTING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let words = std::env::args_os().collect::<Vec<_>>();
    if let Some(code) = kawasemi_sanitize::answer_as_worker(&words) {
        return code;
    }
    let is_json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let cli = match Cli::read(words) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error, is_json),
    };
    let output = Output { json: cli.global.json, quiet: cli.global.quiet, verbose: cli.global.verbose };
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.failure(&error),
    }
}

fn run(cli: Cli, output: Output) -> anyhow::Result<()> {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let (listen, role) = match &cli.verb {
        Verb::Serve(serve) => (serve.listen, serve.role),
        Verb::Courier(courier) => (None, courier.role),
        _ => (None, None),
    };
    let config = Config::read(&cli.global, listen, role.map(Half::key), &variables)?;
    tracing_setup::begin(&config, matches!(cli.verb, Verb::Serve(_)), output.verbose)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(RESTING)
        .build()
        .context("起動できません。")?;
    let done = runtime.block_on(async {
        // A server finishes what it has accepted; every other verb is stopped where it stands.
        if matches!(cli.verb, Verb::Serve(_)) {
            return verbs::run(cli.verb, config, output).await;
        }
        let stopped = stopped()?;
        tokio::select! {
            done = verbs::run(cli.verb, config, output) => done,
            interrupted = stopped => Err(interrupted.into()),
        }
    });
    // Whatever still reads a terminal or a slow disk is not waited for.
    runtime.shutdown_background();
    done
}

/// Waits for Ctrl+C or SIGTERM, which are listened for from the call on: the work may keep its first poll for long.
fn stopped() -> anyhow::Result<impl Future<Output = Interrupted>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        let number = tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        };
        Interrupted(u8::try_from(number).unwrap_or_default())
    })
}

/// A command line that can't be read, or a page of help.
fn misunderstood(error: &clap::Error, is_json: bool) -> ExitCode {
    match usage::sentence(error) {
        Some(sentence) => {
            let said = if is_json { output::json_error(&sentence, &[]) } else { format!("kawasemi: {sentence}") };
            let _ = writeln!(std::io::stderr(), "{said}");
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
