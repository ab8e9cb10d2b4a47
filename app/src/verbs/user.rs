//! `kawasemi user`: accounts and their roles.

use std::fmt;
use std::io::BufRead as _;

use anyhow::{Context as _, bail};
use kawasemi_identity::{Account, AccountKind, AccountQuery, NewAccount, RoleAssignment, Roles};
use kawasemi_kernel::RecordId;
use kawasemi_registry::register;
use kawasemi_store::Access;
use serde::Serialize;
use uuid::Uuid;

use crate::cli::{RoleOf, User, UserAdd};
use crate::output::UsageError;
use crate::shell::{OpenCity, Shell};

/// Accounts read at once.
const PAGE: u32 = 200;

/// Runs the verb.
///
/// # Errors
/// When the account, role, department or member of staff is not there, or the password is too weak.
pub async fn run(shell: &Shell, user: User) -> anyhow::Result<()> {
    // What was typed is read before anything is opened, so that nothing waits for a terminal while it holds a store.
    let password = match &user {
        User::Add(UserAdd { password_stdin: true, .. }) | User::Password { .. } => Some(password()?),
        _ => None,
    };
    let (store, open) = shell.open(Access::Command).await?;
    let outcome = act(shell, &open, user, password).await;
    store.close().await;
    outcome
}

async fn act(shell: &Shell, open: &OpenCity, user: User, password: Option<String>) -> anyhow::Result<()> {
    let context = shell.context("kawasemi user");
    let identity = &open.identity;
    match user {
        User::Add(new) => add(shell, open, new, password).await,
        User::List => list(shell, open).await,
        User::Password { name, .. } => {
            let account = account(shell, open, &name).await?;
            identity.set_password(&context, account, &password.unwrap_or_default()).await?;
            shell.output.answer(&Changed::new(account, name, "パスワードを変えました"))
        }
        User::LdapCheck { name } => ldap_check(shell, open, &name).await,
        User::Grant(role) => {
            let account = account(shell, open, &role.name).await?;
            assign(shell, open, account, &role).await?;
            shell.output.answer(&Changed::new(account, role.name, format!("役割 {} を与えました", role.role)))
        }
        User::Revoke(role) => revoke(shell, open, role).await,
        User::ResetCode { name } => {
            let account = account(shell, open, &name).await?;
            identity.remove_second_factor(&context, account).await?;
            shell.output.answer(&Changed::new(account, name, "確認コードを解除しました"))
        }
        User::Disable { name } => {
            let account = account(shell, open, &name).await?;
            identity.disable_account(&context, account).await?;
            shell.output.answer(&Changed::new(account, name, "利用を止めました"))
        }
        User::Enable { name } => {
            let account = account(shell, open, &name).await?;
            identity.enable_account(&context, account).await?;
            shell.output.answer(&Changed::new(account, name, "利用を再開しました"))
        }
    }
}

/// Tries every server of the directory, and says what each answered.
async fn ldap_check(shell: &Shell, open: &OpenCity, name: &str) -> anyhow::Result<()> {
    let directory = open.identity.directory().context("設定ファイルに [ldap.団体コード] がありません。")?;
    let tried = directory.try_servers(name, shell.clock.now()).await;
    let fails = tried.iter().filter(|(_, outcome)| outcome.is_err()).count();
    let servers = tried
        .into_iter()
        .map(|(server, outcome)| match outcome {
            Ok(Some(found)) => Tried { server: server.to_string(), works: true, said: found },
            Ok(None) => Tried {
                server: server.to_string(),
                works: true,
                said: format!(
                    "つながりましたが、「{name}」は見つかりません。user_base と user_filter を確かめてください。"
                ),
            },
            Err(error) => Tried { server: server.to_string(), works: false, said: error },
        })
        .collect();
    shell.output.answer(&Servers { servers })?;
    if fails > 0 {
        bail!(
            "{fails}台のサーバーで確かめられませんでした。アドレス、証明書（authority）、bind_dn とパスワードを確かめてください。"
        );
    }
    Ok(())
}

/// What the servers of the directory answered.
#[derive(Serialize)]
struct Servers {
    servers: Vec<Tried>,
}

/// What one of them answered.
#[derive(Serialize)]
struct Tried {
    server: String,
    works: bool,
    said: String,
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.servers {
            writeln!(f, "{} {}: {}", if one.works { "○" } else { "×" }, one.server, one.said)?;
        }
        Ok(())
    }
}

/// The account with a login name.
pub(super) async fn account(shell: &Shell, open: &OpenCity, name: &str) -> anyhow::Result<Uuid> {
    let found = open.identity.lookup_account(&shell.context("kawasemi user"), name).await?;
    let found =
        found.with_context(|| format!("「{name}」という利用者はいません。kawasemi user list で確かめてください。"))?;
    Ok(found.summary.id)
}

async fn add(shell: &Shell, open: &OpenCity, new: UserAdd, password: Option<String>) -> anyhow::Result<()> {
    let context = shell.context("kawasemi user add");
    let roles = Roles::new(&shell.offer.roles);
    // An account with half of its roles would be a trap, so every role is known before the account is made.
    for role in &new.role {
        if roles.assignable().all(|(key, _)| key != role) {
            let known: Vec<&str> = roles.assignable().map(|(key, _)| key).collect();
            return Err(
                UsageError(format!("役割「{role}」はありません。使えるのは {} です。", known.join("、"))).into()
            );
        }
    }
    let person = match &new.employee {
        Some(number) => Some(person(shell, open, number).await?),
        None => None,
    };
    let display_name = new.display_name.or_else(|| person.as_ref().map(|(_, name)| name.clone())).unwrap_or_default();
    let account = NewAccount {
        login: new.name.clone(),
        display_name,
        kind: if new.service { AccountKind::Service } else { AccountKind::Staff },
        mail: None,
        person: person.map(|(id, _)| id),
        password,
        password_must_change: false,
    };
    let id = open.identity.add_account(&context, account).await?;
    for role in new.role {
        open.identity.assign_role(&context, &roles, id, RoleAssignment::of(role)).await?;
    }
    kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    shell.output.answer(&Changed::new(id, new.name, "利用者を足しました"))
}

async fn person(shell: &Shell, open: &OpenCity, number: &str) -> anyhow::Result<(RecordId, String)> {
    register::staff(&open.ledgers, &shell.context("kawasemi user"), number)
        .await?
        .with_context(|| format!("職員番号 {number} の職員は職員台帳にいません。"))
}

async fn assign(shell: &Shell, open: &OpenCity, account: Uuid, role: &RoleOf) -> anyhow::Result<()> {
    let mut assignment = RoleAssignment::of(role.role.as_str());
    assignment.department = department(shell, open, role.department.as_deref()).await?;
    let roles = Roles::new(&shell.offer.roles);
    open.identity.assign_role(&shell.context("kawasemi user grant"), &roles, account, assignment).await?;
    Ok(())
}

async fn revoke(shell: &Shell, open: &OpenCity, role: RoleOf) -> anyhow::Result<()> {
    let context = shell.context("kawasemi user revoke");
    let account = account(shell, open, &role.name).await?;
    let department = department(shell, open, role.department.as_deref()).await?;
    let held = open.identity.roles_of(&context, account).await?;
    let mut removed = 0;
    for assigned in held {
        let same_department = role.department.is_none() || assigned.assignment.department == department;
        if assigned.assignment.role == role.role && same_department {
            open.identity.remove_role(&context, assigned.id).await?;
            removed += 1;
        }
    }
    if removed == 0 {
        bail!("「{}」は役割 {} を持っていません。", role.name, role.role);
    }
    shell.output.answer(&Changed::new(account, role.name, format!("役割 {} を取り上げました", role.role)))
}

async fn department(shell: &Shell, open: &OpenCity, code: Option<&str>) -> anyhow::Result<Option<RecordId>> {
    let Some(code) = code else { return Ok(None) };
    let found = register::department(&open.ledgers, &shell.context("kawasemi user"), code).await?;
    Ok(Some(found.with_context(|| format!("部局コード {code} の部局はありません。"))?))
}

async fn list(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let context = shell.context("kawasemi user list");
    let mut query = AccountQuery { limit: PAGE, ..AccountQuery::default() };
    let mut users = Vec::new();
    loop {
        let page = open.identity.accounts(&context, &query).await?;
        query.after = page.last().map(|account| account.summary.login.clone());
        let is_last = page.len() < PAGE as usize;
        for account in page {
            let roles = open.identity.roles_of(&context, account.summary.id).await?;
            users.push(Listed::of(account, roles.into_iter().map(|role| role.assignment.role).collect()));
        }
        if is_last {
            return shell.output.answer(&List { users });
        }
    }
}

/// The first line of standard input.
///
/// # Errors
/// When there is none.
pub fn password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("標準入力からパスワードを読めません。")?;
    let password = line.trim_end_matches(['\n', '\r']).to_owned();
    if password.is_empty() {
        return Err(UsageError("標準入力にパスワードがありません。一行目に書いて渡してください。".to_owned()).into());
    }
    Ok(password)
}

/// What became of an account.
#[derive(Debug, Serialize)]
struct Changed {
    id: Uuid,
    name: String,
    #[serde(skip)]
    what: String,
}

impl Changed {
    fn new(id: Uuid, name: String, what: impl Into<String>) -> Self {
        Self { id, name, what: what.into() }
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}。", self.name, self.what)
    }
}

#[derive(Debug, Serialize)]
struct List {
    users: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: Uuid,
    name: String,
    display_name: String,
    kind: &'static str,
    roles: Vec<String>,
    disabled: bool,
    last_sign_in: Option<jiff::Timestamp>,
}

impl Listed {
    fn of(account: Account, roles: Vec<String>) -> Self {
        let summary = account.summary;
        Self {
            id: summary.id,
            name: summary.login,
            display_name: summary.display_name,
            kind: summary.kind.key(),
            roles,
            disabled: account.disabled,
            last_sign_in: account.signed_in_at,
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for user in &self.users {
            let state = if user.disabled { "（停止中）" } else { "" };
            writeln!(f, "{}\t{}\t{}{state}", user.name, user.display_name, user.roles.join(","))?;
        }
        Ok(())
    }
}
