//! `kawasemi training`: cities in which people practise (教育用の市).

use std::fmt;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;
use jiff::Timestamp;
use kawasemi_store::schema::Allow;
use kawasemi_store::training::{self as store, Reset};
use kawasemi_store::{Access, Store};
use serde::Serialize;

use crate::cli::{OnOff, Training, TrainingCreate};
use crate::drill::report::moment;
use crate::output::UsageError;
use crate::shell::{OpenCity, Shell};
use crate::training::{self, Copied, Made, Order};
use crate::verbs::user;

/// Runs the verb.
///
/// # Errors
/// When the city is a real one, or can't be made or written.
pub async fn run(shell: &Shell, wanted: Training) -> anyhow::Result<()> {
    match wanted {
        Training::Create(wanted) => create(shell, wanted).await,
        Training::Remove { yes } => remove(shell, yes).await,
        Training::Accounts { from, password_stdin } => accounts(shell, from.to_string(), password_stdin).await,
        other => {
            let (store, open) = open(shell).await?;
            let outcome = act(shell, &open, &other).await;
            store.close().await;
            outcome
        }
    }
}

async fn act(shell: &Shell, open: &OpenCity, wanted: &Training) -> anyhow::Result<()> {
    match wanted {
        Training::Reset => {
            let done = training::put_back(shell, open).await?;
            shell.output.answer(&PutBack {
                code: open.city.code().to_owned(),
                name: open.city.info().name.clone(),
                done,
            })
        }
        Training::Keep => {
            training::keep(shell, open).await?;
            shell.output.remark("いまの状態を、戻る状態にしました。");
            status(shell, open).await
        }
        Training::Nightly { wanted } => {
            store::set_nightly(&open.city, *wanted == OnOff::On).await?;
            status(shell, open).await
        }
        _ => status(shell, open).await,
    }
}

async fn create(shell: &Shell, wanted: TrainingCreate) -> anyhow::Result<()> {
    let TrainingCreate { from, code, name, host, residents, seed, password_stdin } = wanted;
    let password = if password_stdin { Some(user::password()?) } else { None };
    let is_open = from.is_some() && password.is_none();
    let order = Order { code, name, hosts: host, from, residents, seed, password };
    let made = training::create(shell, &order).await?;
    shell.output.answer(&Created(&made))?;
    for left in &made.copied.left {
        shell.output.remark(format!("写せなかったもの: {left}"));
    }
    if is_open {
        shell.output.remark(
            "利用者にパスワードはありません。庁内のディレクトリ（LDAP）か認証基盤でサインインします。パスワードで入るなら kawasemi user password で決めてください。",
        );
    }
    Ok(())
}

/// Opens the training city that is meant: the one that was named, or the only one.
async fn open(shell: &Shell) -> anyhow::Result<(Store, OpenCity)> {
    let store = shell.store(Access::Command).await?;
    let code = code(shell, &store).await?;
    let city = store.open_city(&code).await?;
    if city.is_training() {
        shell.publish(&city, Vec::new(), Allow::Additions).await?;
    }
    let open = shell.engines(city)?;
    Ok((store, open))
}

async fn code(shell: &Shell, store: &Store) -> anyhow::Result<String> {
    if shell.config.city.is_some() {
        return shell.code(store).await;
    }
    let mut found = Vec::new();
    for city in store.cities().await? {
        if store.is_training(&city.code).await? {
            found.push(city.code);
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => bail!("教育用の市がありません。kawasemi training create で作ってください。"),
        several => bail!("教育用の市が複数あります。--city で選んでください: {}。", several.join("、")),
    }
}

async fn accounts(shell: &Shell, from: String, password_stdin: bool) -> anyhow::Result<()> {
    let password = if password_stdin { Some(user::password()?) } else { None };
    let reader = shell.store(Access::Read).await?;
    let model = reader.open_city(&from).await?;
    anyhow::ensure!(!model.is_training(), "団体コード {from} は教育用の市です。手本には実際の市を指定してください。");
    let model = shell.engines(model)?;
    let (store, open) = open(shell).await?;
    training::put_back(shell, &open).await?;
    let copied = training::copy(shell, &model, &open, password.as_deref()).await?;
    let context = shell.context("教育用の市に利用者を写す");
    kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    training::keep(shell, &open).await?;
    store.close().await;
    reader.close().await;
    for left in &copied.left {
        shell.output.remark(format!("写せなかったもの: {left}"));
    }
    shell.output.answer(&Taken(copied))
}

async fn remove(shell: &Shell, yes: bool) -> anyhow::Result<()> {
    let access =
        if matches!(shell.config.place, crate::config::Place::Folder(_)) { Access::Serve } else { Access::Command };
    let store = shell.store(access).await?;
    let code = code(shell, &store).await?;
    if !yes && !confirmed(&code)? {
        bail!("消しませんでした。");
    }
    store.remove_training_city(&code).await?;
    store.close().await;
    shell.output.answer(&Removed { code })
}

/// Asks on the terminal; without one, nothing is removed.
fn confirmed(code: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(UsageError("消すときは --yes を付けてください。消した市は戻せません。".to_owned()).into());
    }
    write!(std::io::stderr(), "教育用の市 {code} を消します。戻せません。よろしいですか [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "はい"))
}

async fn status(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let known = store::state(&open.city).await?;
    shell.output.answer(&Status {
        code: open.city.code().to_owned(),
        name: open.city.info().name.clone(),
        since: known.since,
        kept_at: known.kept_at,
        reset_at: known.reset_at,
        nightly: known.nightly,
    })
}

#[derive(Serialize)]
#[serde(transparent)]
struct Created<'a>(&'a Made);

impl fmt::Display for Created<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Made { code, name, hosts, residents, copied } = self.0;
        writeln!(f, "教育用の市 {name}（{code}）を作りました。架空の住民 {residents} 人。")?;
        if !hosts.is_empty() {
            writeln!(f, "開くホスト名: {}", hosts.join("、"))?;
        }
        write!(f, "{}", Taken::said(copied))
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Taken(Copied);

impl Taken {
    fn said(copied: &Copied) -> String {
        format!(
            "組織の記録 {} 件、利用者 {} 人、役割 {} 件を入れました。\n",
            copied.registers, copied.accounts, copied.roles
        )
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::said(&self.0))
    }
}

#[derive(Serialize)]
struct PutBack {
    code: String,
    name: String,
    #[serde(flatten)]
    done: Reset,
}

impl fmt::Display for PutBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}（{}）を戻しました。利用者とパスワードはそのままです。", self.name, self.code)
    }
}

#[derive(Serialize)]
struct Removed {
    code: String,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "教育用の市 {} を消しました。", self.code)
    }
}

#[derive(Serialize)]
struct Status {
    code: String,
    name: String,
    since: Timestamp,
    kept_at: Option<Timestamp>,
    reset_at: Option<Timestamp>,
    nightly: bool,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = |at: Option<Timestamp>| at.map_or_else(|| "まだ".to_owned(), moment);
        writeln!(f, "{}（{}）: 教育用の市", self.name, self.code)?;
        writeln!(f, "  作った日時: {}", moment(self.since))?;
        writeln!(f, "  戻る状態を決めた日時: {}", when(self.kept_at))?;
        writeln!(f, "  最後に戻した日時: {}", when(self.reset_at))?;
        writeln!(f, "  毎晩の戻し: {}", if self.nightly { "する" } else { "しない" })
    }
}
