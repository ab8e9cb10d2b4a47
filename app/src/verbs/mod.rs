//! What each verb of the command line does, one file for each.

mod audit;
pub mod backup;
mod calc;
mod courier;
pub mod doctor;
mod drill;
mod exchange;
mod export;
mod import;
mod init;
pub mod keys;
mod names;
mod notes;
mod organisation;
mod personnel;
pub mod print;
mod reference;
mod sanitize;
mod schema;
mod simulate;
mod staff;
mod system;
mod token;
mod training;
pub mod user;
mod year;

pub use system::offered;

use crate::cli::Verb;
use crate::config::Config;
use crate::output::Output;
use crate::shell::Shell;
use crate::{demo, serve};

/// Runs what was asked.
///
/// # Errors
/// Whatever the verb says.
pub async fn run(verb: Verb, config: Config, output: Output) -> anyhow::Result<()> {
    let shell = Shell::new(config, output)?;
    match verb {
        Verb::Init(init) => init::run(&shell, init).await,
        Verb::Demo(wanted) => demo::run(shell, wanted).await,
        Verb::Serve(_) => serve::run(shell).await,
        Verb::Import(import) => import::run(&shell, *import).await,
        Verb::Export(export) => export::run(&shell, export).await,
        Verb::Exchange(exchange) => exchange::run(&shell, exchange).await,
        Verb::Calc(calc) => calc::run(&calc, &shell.offer.calculations, shell.context("").today(), output),
        Verb::Staff(staff) => staff::run(&shell, staff).await,
        Verb::Reference(wanted) => reference::run(&shell, wanted).await,
        Verb::Names(names) => names::run(&shell, names).await,
        Verb::Notes(wanted) => notes::run(&shell, &wanted),
        Verb::Print(print) => print::run(&shell, print).await,
        Verb::Personnel(wanted) => personnel::run(&shell, wanted).await,
        Verb::Organisation(wanted) => organisation::run(&shell, wanted).await,
        Verb::Simulate(wanted) => simulate::run(&shell, wanted).await,
        Verb::Year(wanted) => year::run(&shell, wanted).await,
        Verb::User(user) => user::run(&shell, user).await,
        Verb::Token(token) => token::run(&shell, token).await,
        Verb::Schema(schema) => schema::run(&shell, schema).await,
        Verb::Audit(audit) => audit::run(&shell, audit).await,
        Verb::Backup(file) => backup::take(&shell, file).await,
        Verb::Restore(file) => backup::restore(&shell, file).await,
        Verb::Drill(wanted) => drill::run(&shell, wanted).await,
        Verb::Training(wanted) => training::run(&shell, wanted).await,
        Verb::Keys(wanted) => keys::run(&shell, wanted).await,
        Verb::Sanitize(wanted) => sanitize::run(&shell, wanted).await,
        Verb::Courier(courier) => courier::run(&shell, courier.act).await,
        Verb::Doctor(_) => doctor::run(&shell).await,
        Verb::System(words) => system::run(&shell, words).await,
    }
}
