//! The people of a real city in a training city: departments, posts and staff with the ids that they have, so that roles, which
//! name departments, mean the same; and the accounts with their roles. No password, second factor, session or token comes along,
//! not even as a hash, and of the staff nothing but who they are.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use kawasemi_identity::{AccountKind, AccountQuery, NewAccount, Roles};
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{Draft, Visible};
use kawasemi_registry::{ASSIGNMENT, DEPARTMENT, POST, STAFF, register};
use kawasemi_schema::{FieldKind, LedgerDef};
use serde::Serialize;

use crate::shell::{OpenCity, Shell};

/// The registers that say who works where, in the order in which they name one another.
const REGISTERS: [&str; 4] = [DEPARTMENT, POST, STAFF, ASSIGNMENT];
/// What of a member of the staff comes along.
const OF_STAFF: [&str; 4] = ["employee_number", "name", "hired_on", "left_on"];
/// Accounts read at once.
const PAGE: u32 = 200;

/// What was copied.
#[derive(Debug, Default, Serialize)]
pub struct Copied {
    /// Records of the organisation's registers.
    pub registers: usize,
    /// Accounts that are new.
    pub accounts: usize,
    /// Roles that were given.
    pub roles: usize,
    /// What could not be taken along, as sentences.
    pub left: Vec<String>,
}

impl Copied {
    /// Where there is no model.
    pub fn of_demo() -> Self {
        Self { accounts: crate::demo::ACCOUNTS.len(), ..Self::default() }
    }
}

/// Copies what the training city does not have yet. Running it again adds what is new.
///
/// # Errors
/// When one of the cities can't be read or written.
pub async fn copy(shell: &Shell, from: &OpenCity, to: &OpenCity, password: Option<&str>) -> anyhow::Result<Copied> {
    let mut copied = Copied::default();
    for register in REGISTERS {
        copied.registers += copy_register(shell, from, to, register, &mut copied.left).await?;
    }
    accounts(shell, from, to, password, &mut copied).await?;
    Ok(copied)
}

async fn copy_register(
    shell: &Shell,
    from: &OpenCity,
    to: &OpenCity,
    register: &str,
    left: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let context = shell.context("教育用の市に組織と職員を写す");
    let known: BTreeSet<RecordId> =
        register::all(&to.ledgers, &context, register).await?.into_iter().map(|record| record.id).collect();
    let (def, _) = to.ledgers.open(&context, register)?;
    let mut waiting = register::all(&from.ledgers, &context, register).await?;
    waiting.retain(|record| !known.contains(&record.id));
    let mut copied = 0;
    // A record waits until those of the same register are there that it names.
    while !waiting.is_empty() {
        let ids: BTreeSet<RecordId> = waiting.iter().map(|record| record.id).collect();
        let (now, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|record| !names_any(&def, record, register, &ids));
        if now.is_empty() {
            bail!("台帳 {register} の参照が輪になっているため、教育用の市に写せません。");
        }
        let drafts: Vec<Draft> = now.iter().map(|record| draft(&def, record)).collect();
        for (record, outcome) in now.iter().zip(to.ledgers.create_many(&context, register, &drafts).await?) {
            match outcome {
                Ok(_) => copied += 1,
                Err(error) => left.push(format!("台帳 {register} の記録 {}: {error}", record.id)),
            }
        }
        waiting = later;
    }
    Ok(copied)
}

/// Whether a record names one of these of its own register.
fn names_any(def: &LedgerDef, record: &Visible, register: &str, ids: &BTreeSet<RecordId>) -> bool {
    let own = def.fields.iter().filter(|field| match &field.kind {
        FieldKind::Reference { target } => target == register,
        _ => false,
    });
    own.into_iter().any(|field| match record.get(&field.key) {
        Value::Record(id) => *id != record.id && ids.contains(id),
        _ => false,
    })
}

/// What is copied of a record: the fields that the other city has as well, of the staff only who they are.
fn draft(def: &LedgerDef, record: &Visible) -> Draft {
    let mut draft = Draft::new().with_id(record.id);
    for (key, value) in record.fields() {
        let Some(field) = def.field(key) else { continue };
        let is_left = matches!(field.kind, FieldKind::Computed { .. } | FieldKind::Files { .. })
            || def.key == STAFF && !OF_STAFF.contains(&key.as_str());
        if !is_left {
            draft.set(key.clone(), value.clone());
        }
    }
    draft
}

async fn accounts(
    shell: &Shell,
    from: &OpenCity,
    to: &OpenCity,
    password: Option<&str>,
    copied: &mut Copied,
) -> anyhow::Result<()> {
    let context = shell.context("教育用の市に利用者を写す");
    let grants = to.ledgers.grants()?;
    let mut query = AccountQuery { limit: PAGE, ..AccountQuery::default() };
    loop {
        let page = from.identity.accounts(&context, &query).await?;
        let Some(last) = page.last() else { return Ok(()) };
        query.after = Some(last.summary.login.clone());
        for account in page {
            // Others than the staff are confined to their contract's records, and a vendor's access is a matter of approval.
            if account.disabled || account.summary.kind != AccountKind::Staff {
                continue;
            }
            let login = account.summary.login.clone();
            let id = match to.identity.lookup_account(&context, &login).await? {
                Some(known) => known.summary.id,
                None => {
                    let mut new = NewAccount::staff(&login);
                    new.display_name.clone_from(&account.summary.display_name);
                    new.person = account.summary.person;
                    new.password = password.map(str::to_owned);
                    copied.accounts += 1;
                    let added = to.identity.add_account(&context, new).await;
                    added.with_context(|| format!("利用者 {login} を写せません。"))?
                }
            };
            let given = roles(from, to, (account.summary.id, id), grants.roles(), &context, copied).await?;
            copied.roles += given;
        }
    }
}

async fn roles(
    from: &OpenCity,
    to: &OpenCity,
    (account, copy): (uuid::Uuid, uuid::Uuid),
    known: &Roles,
    context: &kawasemi_identity::Context,
    copied: &mut Copied,
) -> anyhow::Result<usize> {
    let have: Vec<_> =
        to.identity.roles_of(context, copy).await?.into_iter().map(|assigned| assigned.assignment).collect();
    let mut given = 0;
    for assigned in from.identity.roles_of(context, account).await? {
        if have.contains(&assigned.assignment) {
            continue;
        }
        let role = assigned.assignment.role.clone();
        match to.identity.assign_role(context, known, copy, assigned.assignment).await {
            Ok(_) => given += 1,
            Err(error) => copied.left.push(format!("役割 {role}: {error}")),
        }
    }
    Ok(given)
}
