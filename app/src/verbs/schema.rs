//! `kawasemi schema`: what a new program, the city's overlay or a new definition would change in the database, doing it, and
//! dropping what was retired. Before what can't be taken back, a backup is taken.

use std::fmt;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use kawasemi_kernel::Act;
use kawasemi_schema::{LedgerDef, SourceFile};
use kawasemi_store::backup::{self, Beside};
use kawasemi_store::schema::{self, Allow, Effect, Held, Plan, Retired};
use kawasemi_store::{Access, City, Store, Upgrade};
use serde::Serialize;

use crate::cli::{Before, Schema};
use crate::output::UsageError;
use crate::shell::{Outlook, Shell};

/// Runs the verb.
///
/// # Errors
/// When a change is refused, or the installation is served while it must not be.
pub async fn run(shell: &Shell, schema: Schema) -> anyhow::Result<()> {
    match schema {
        Schema::Plan { files } => plan(shell, &files).await,
        Schema::Apply { files, offline, before } => apply(shell, &files, offline, &before).await,
        Schema::Purge { columns, yes, before } => purge(shell, &columns, yes, &before).await,
    }
}

/// A plan, what does not fit, and what earlier ones left behind.
#[derive(Debug, Serialize)]
struct Planned {
    /// The engines' own tables.
    engines: Upgrade,
    #[serde(flatten)]
    plan: Plan,
    held: Vec<Held>,
    retired: Vec<Retired>,
    /// The backup that was taken before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<PathBuf>,
}

async fn plan(shell: &Shell, files: &[PathBuf]) -> anyhow::Result<()> {
    let store = shell.store(Access::Read).await?;
    let code = shell.code(&store).await?;
    let engines = store.pending(&code).await?;
    let city = store.open_city(&code).await?;
    let Outlook { plan, held } = shell.plan(&city, own_definitions(shell, &city, files)?).await?;
    let retired = schema::retired(&city).await?;
    store.close().await;
    shell.output.answer(&Planned { engines, plan, held, retired, backup: None })
}

async fn apply(shell: &Shell, files: &[PathBuf], offline: bool, before: &Before) -> anyhow::Result<()> {
    // The lock of a server keeps two processes from changing the shape of tables that one of them serves.
    let (access, allow) = if offline { (Access::Serve, Allow::Changes) } else { (Access::Command, Allow::Additions) };
    let store = shell.store_allowing(access, allow).await?;
    let code = shell.code(&store).await?;
    let engines = store.pending(&code).await?;
    let mut backup = None;
    if offline {
        let reader = shell.store(Access::Read).await?;
        let city = reader.open_city(&code).await?;
        let outlook = shell.plan(&city, own_definitions(shell, &city, files)?).await?;
        anyhow::ensure!(
            outlook.plan.effect() < Effect::Refused,
            "できない変更が含まれています。何も変更していません。\n{}",
            outlook.plan
        );
        if engines.effect().max(outlook.plan.effect()) > Effect::Adds {
            backup = back_up(shell, &reader, &code, before).await?;
        }
        reader.close().await;
    }
    let city = store.open_city(&code).await?;
    let Outlook { plan, held } = shell.publish(&city, own_definitions(shell, &city, files)?, allow).await?;
    store.close().await;
    let is_whole = held.is_empty();
    shell.output.answer(&Planned { engines, plan, held, retired: Vec::new(), backup })?;
    anyhow::ensure!(
        is_whole,
        "合わない市の上書きがあります。直してから、もう一度反映してください。ほかは反映しました。"
    );
    Ok(())
}

/// Reads new definitions of ledgers that the city made itself.
fn own_definitions(shell: &Shell, city: &City, files: &[PathBuf]) -> anyhow::Result<Vec<Arc<LedgerDef>>> {
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} を読めません。", file.display()))?;
        let shown = file.display().to_string();
        let key = LedgerDef::read(SourceFile::new(&shown, &text))?.key;
        if shell.offer.ledgers.iter().any(|ledger| ledger.key == key) {
            bail!(
                "{shown}: 台帳「{key}」は製品のものです。足したいことは、市の上書き（overlay/{key}.toml）に書いてください。"
            );
        }
        // A definition is known by the name under which it was first published, wherever the file lies.
        let known = city.catalogue().get(&key).map(|known| known.def.source.name.clone());
        let name = known.unwrap_or_else(|| kawasemi_ledger::design::own_name(&key));
        Ok(Arc::new(LedgerDef::read(SourceFile::new(name, text))?))
    };
    files.iter().map(read).collect()
}

/// Takes the backup that leads back from a change, unless the operator has one.
async fn back_up(shell: &Shell, store: &Store, code: &str, before: &Before) -> anyhow::Result<Option<PathBuf>> {
    if before.no_backup {
        return Ok(None);
    }
    let file = match &before.backup {
        Some(file) => file.clone(),
        None => {
            let folder = shell.config.folder.join("backups");
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let now = kawasemi_kernel::context::civil_date_time(shell.clock.now());
            folder.join(format!("{code}-変更前-{}.kwsm", now.strftime("%Y%m%d-%H%M%S")))
        }
    };
    if file.exists() {
        bail!("{} はもうあります。別の名前にするか、先に消してください。", file.display());
    }
    let (files, keeper) = (|code: &str| shell.files(code), |code: &str| shell.keeper_as_it_is(code));
    let (beside, progress) = (
        Beside { files: &files, apart: shell.config.bucket.is_some(), keeper: &keeper, staging: None, across: false },
        |_: &str, _: u64| {},
    );
    backup::take(store, &shell.location(), beside, &file, shell.clock.now(), &progress)
        .await
        .with_context(|| format!("変える前の控えを {} に書けません。何も変更していません。", file.display()))?;
    shell.output.remark(format!("変える前の控え: {}", file.display()));
    Ok(Some(file))
}

/// What was dropped.
#[derive(Debug, Serialize)]
struct Purged {
    purged: Vec<Retired>,
    /// The backup that was taken before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<PathBuf>,
}

async fn purge(shell: &Shell, columns: &[String], yes: bool, before: &Before) -> anyhow::Result<()> {
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
    let code = shell.code(&store).await?;
    let city = store.open_city(&code).await?;
    let backup = back_up(shell, &store, &code, before).await?;
    let act = Act::system(shell.clock.now(), "kawasemi schema purge");
    let mut purged = Vec::new();
    for (ledger, field) in named {
        purged.extend(schema::purge(&city, ledger, field, &act, &*shell.ids).await?);
    }
    store.close().await;
    shell.output.answer(&Purged { purged, backup })
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
        self.engines.steps.iter().try_for_each(|step| writeln!(f, "{step}"))?;
        if !self.plan.is_empty() || self.engines.is_empty() && self.held.is_empty() {
            writeln!(f, "{}", self.plan)?;
        }
        for held in &self.held {
            writeln!(f, "× 台帳 {} は、市の上書きが合わないため今の定義のままにする\n  {}", held.ledger, held.message)?;
        }
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
