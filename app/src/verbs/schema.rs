//! `kawasemi schema`: what the program's definitions would change in the database, doing it, and dropping what was retired.

use std::fmt;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;
use kawasemi_kernel::Act;
use kawasemi_store::Access;
use kawasemi_store::schema::{self, Allow, Plan, Retired};
use serde::Serialize;

use crate::cli::Schema;
use crate::output::UsageError;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// When a change is refused, or the installation is served while it must not be.
pub async fn run(shell: &Shell, schema: Schema) -> anyhow::Result<()> {
    match schema {
        Schema::Plan => plan(shell).await,
        Schema::Apply { offline } => apply(shell, offline).await,
        Schema::Purge { columns, yes } => purge(shell, &columns, yes).await,
    }
}

/// A plan and what earlier ones left behind.
#[derive(Debug, Serialize)]
struct Planned {
    #[serde(flatten)]
    plan: Plan,
    retired: Vec<Retired>,
}

async fn plan(shell: &Shell) -> anyhow::Result<()> {
    let store = shell.store(Access::Read).await?;
    let city = store.open_city(&shell.code(&store).await?).await?;
    let plan = shell.plan(&city, Vec::new()).await?;
    let retired = schema::retired(&city).await?;
    store.close().await;
    shell.output.answer(&Planned { plan, retired })
}

async fn apply(shell: &Shell, offline: bool) -> anyhow::Result<()> {
    // The lock of a server keeps two processes from changing the shape of tables that one of them serves.
    let access = if offline { Access::Serve } else { Access::Command };
    let store = shell.store(access).await?;
    let city = store.open_city(&shell.code(&store).await?).await?;
    let allow = if offline { Allow::Changes } else { Allow::Additions };
    let plan = shell.publish(&city, Vec::new(), allow).await?;
    store.close().await;
    shell.output.answer(&Planned { plan, retired: Vec::new() })
}

/// What was dropped.
#[derive(Debug, Serialize)]
struct Purged {
    purged: Vec<Retired>,
}

async fn purge(shell: &Shell, columns: &[String], yes: bool) -> anyhow::Result<()> {
    let named: Vec<(&str, &str)> = columns
        .iter()
        .map(|column| {
            column
                .split_once('.')
                .ok_or_else(|| UsageError(format!("「{column}」は「台帳.項目」の形ではありません。例: park.old_name")))
        })
        .collect::<Result<_, _>>()?;
    if !yes && !confirmed(columns)? {
        bail!("消しませんでした。");
    }
    let store = shell.store(Access::Command).await?;
    let city = store.open_city(&shell.code(&store).await?).await?;
    let act = Act::system(shell.clock.now(), "kawasemi schema purge");
    let mut purged = Vec::new();
    for (ledger, field) in named {
        purged.extend(schema::purge(&city, ledger, field, &act, &*shell.ids).await?);
    }
    store.close().await;
    shell.output.answer(&Purged { purged })
}

/// Asks on the terminal; without one, nothing is dropped.
fn confirmed(columns: &[String]) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(UsageError("消すときは --yes を付けてください。消した列は戻せません。".to_owned()).into());
    }
    write!(std::io::stderr(), "{} を消します。戻せません。よろしいですか [y/N] ", columns.join("、"))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "はい"))
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.plan)?;
        if !self.retired.is_empty() {
            writeln!(f, "使われていない列（schema purge で消せる）:")?;
            self.retired.iter().try_for_each(|retired| writeln!(f, "  {}", name(retired)))?;
        }
        Ok(())
    }
}

impl fmt::Display for Purged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.purged.iter().try_for_each(|retired| writeln!(f, "{} を消しました。", name(retired)))
    }
}

fn name(retired: &Retired) -> String {
    match &retired.column {
        Some(column) => format!("{}.{column}", retired.ledger),
        None => format!("{}（表 {}）", retired.ledger, retired.table),
    }
}
