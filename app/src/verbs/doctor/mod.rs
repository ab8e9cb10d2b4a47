//! `kawasemi doctor`: what is wrong, or soon will be, with an installation.
//!
//! The operations page and the metrics of a server look with the same functions ([`crate::operations`]). What answers at once and
//! what waits for others or reads much are therefore apart.

pub mod certificates;
mod city;
pub mod installation;
mod transfers;

use std::fmt;

use anyhow::bail;
use kawasemi_checkup::certificates::Holder;
use kawasemi_checkup::{Finding, Findings, State, Subject, clock, disk, mail, replication};
use kawasemi_store::{Access, Store};
use serde::Serialize;

use crate::shell::{OpenCity, Shell};

/// What the verb answers.
#[derive(Debug, Serialize)]
struct Said {
    version: &'static str,
    findings: Vec<Finding>,
}

/// Runs the verb. Reads only; it may be run beside a server.
///
/// # Errors
/// When something has to be mended (after everything was looked at).
pub async fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut found = Findings::default();
    installation_at_once(shell, &mut found);
    installation_slowly(shell, &mut found).await;
    let store = shell.store(Access::Read).await?;
    servers(&store, &mut found).await;
    // A city that was named is the only one that is asked about.
    let named = if shell.config.city.is_some() { Some(shell.code(&store).await?) } else { None };
    for info in store.cities().await?.into_iter().filter(|info| named.as_ref().is_none_or(|code| *code == info.code)) {
        if let Err(error) = city(shell, &store, &info.code, &mut found).await {
            let check = format!("{} を開く", info.code);
            found.add(Subject::Database, check, State::Bad, format!("{error:#}"));
        }
    }
    store.close().await;
    let bad = found.count(State::Bad);
    shell.output.answer(&Said { version: env!("CARGO_PKG_VERSION"), findings: found.0 })?;
    if bad > 0 {
        bail!("直す必要のあることが{bad}件あります。");
    }
    Ok(())
}

/// What concerns the installation and answers at once.
pub fn installation_at_once(shell: &Shell, found: &mut Findings) {
    installation::look(shell, found);
    let now = shell.clock.now();
    found.extend(certificates::named(&shell.config, &shell.location()).iter().map(|holder| holder.finding(now)));
}

/// What concerns the installation and waits for others. Answers the certificates that servers have shown.
pub async fn installation_slowly(shell: &Shell, found: &mut Findings) -> Vec<Holder> {
    let relay = async {
        match &shell.config.mail {
            Some(relay) => relay.look().await,
            None => mail::none(),
        }
    };
    let location = shell.location();
    let (clock, shown, relay) =
        futures::join!(clock::synchronised(), certificates::shown(&shell.config, &location), relay);
    found.extend([clock::machine(clock), relay]);
    let now = shell.clock.now();
    found.extend(shown.iter().map(|holder| holder.finding(now)));
    shown
}

/// The servers of the database, which are all asked: the answer takes some seconds where one is away.
pub async fn servers(store: &Store, found: &mut Findings) {
    match store.replication().await {
        Ok(servers) => servers.iter().for_each(|servers| replication::concerns(servers, found)),
        Err(error) => found.add(Subject::Replication, "データベースのサーバー", State::Warning, error.to_string()),
    }
}

/// What concerns a city and answers at once.
///
/// # Errors
/// When the store fails.
pub async fn city_at_once(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    transfers::work(shell, open, found).await?;
    transfers::webhooks(shell, open, found).await?;
    transfers::exchange(shell, open, found).await?;
    transfers::courier(shell, open, found).await?;
    // All cities lie in one database, so once is enough.
    let is_told = |finding: &Finding| finding.subject == Subject::Replication && finding.check == replication::CHECK;
    if !found.0.iter().any(is_told) {
        replication::look(&open.city).await?.findings(found);
    }
    clock::of_city(&open.city, &*shell.clock, found).await?;
    found.extend(disk::of_database(&open.city, is_here(shell)).await?);
    city::accounts(open, found).await
}

/// What concerns a city and waits for others.
///
/// # Errors
/// When the store fails.
pub async fn city_slowly(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    city::definitions(shell, open, found).await?;
    city::sealed(shell, open, found).await?;
    city::files(shell, open, found).await
}

/// What reads all of a city's database.
///
/// # Errors
/// When the store fails.
pub async fn city_thoroughly(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    city::database(open, found).await
}

async fn city(shell: &Shell, store: &Store, code: &str, found: &mut Findings) -> anyhow::Result<()> {
    let city = store.open_city(code).await?;
    if !store.pending(code).await?.is_empty() {
        let message = "前の版の形です。kawasemi schema plan で確かめてから、serve か schema apply で上げてください。";
        found.add(Subject::Database, format!("{code} データの形"), State::Warning, message);
        return Ok(());
    }
    let open = shell.engines(city)?;
    city_thoroughly(&open, found).await?;
    city_slowly(shell, &open, found).await?;
    city_at_once(shell, &open, found).await
}

/// Whether PostgreSQL runs on this machine, so that its folder is one of ours.
fn is_here(shell: &Shell) -> bool {
    shell.location().reach().ok().flatten().is_some_and(|reach| reach.is_here)
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kawasemi {}", self.version)?;
        for finding in &self.findings {
            writeln!(f, "{} {}: {}", finding.state.mark(), finding.check, finding.message)?;
        }
        Ok(())
    }
}
