//! `kawasemi token`: how other programs call the API.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::{ApiToken, NewToken};
use kawasemi_store::Access;
use serde::Serialize;
use uuid::Uuid;

use super::user::account;
use crate::cli::Token;
use crate::output::UsageError;
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When there is no such account or token.
pub async fn run(shell: &Shell, token: Token) -> anyhow::Result<()> {
    let (store, open) = shell.open(Access::Command).await?;
    let outcome = act(shell, &open, token).await;
    store.close().await;
    outcome
}

async fn act(shell: &Shell, open: &OpenCity, token: Token) -> anyhow::Result<()> {
    let context = shell.context("kawasemi token");
    match token {
        Token::Create { user, purpose, days, read_only } => {
            let account = account(shell, open, &user).await?;
            let expires_at = context.act.at.checked_add(SignedDuration::from_hours(24 * i64::from(days)))?;
            let new = NewToken { name: purpose, expires_at: Some(expires_at), read_only };
            let token = open.identity.create_token(&context, account, new).await?;
            shell.output.answer(&Created { token, user, expires_at, read_only })?;
            shell.output.remark("このトークンは二度と表示されません。");
            Ok(())
        }
        Token::List { user } => {
            let account = account(shell, open, &user).await?;
            let tokens = open.identity.tokens_of(&context, account).await?;
            shell.output.answer(&List { tokens: tokens.into_iter().map(Listed::of).collect() })
        }
        Token::Revoke { user, id } => {
            let wanted: Uuid = id.parse().map_err(|_| {
                UsageError(format!("「{id}」はトークンの番号ではありません。kawasemi token list で確かめてください。"))
            })?;
            let account = account(shell, open, &user).await?;
            let theirs = open.identity.tokens_of(&context, account).await?;
            anyhow::ensure!(
                theirs.iter().any(|token| token.id == wanted),
                "「{user}」にその番号のトークンはありません。"
            );
            open.identity.revoke_token(&context, wanted).await?;
            shell.output.answer(&Revoked { id: wanted })
        }
    }
}

/// A token, shown once. Without `--json` only its text is printed, so that a script can take it as it is.
#[derive(Debug, Serialize)]
struct Created {
    token: String,
    user: String,
    expires_at: Timestamp,
    read_only: bool,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.token)
    }
}

#[derive(Debug, Serialize)]
struct List {
    tokens: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: Uuid,
    purpose: String,
    read_only: bool,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
}

impl Listed {
    fn of(token: ApiToken) -> Self {
        Self {
            id: token.id,
            purpose: token.name,
            read_only: token.read_only,
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |at: Option<Timestamp>| at.map(kawasemi_kernel::context::civil_date).map(|day| day.to_string());
        for token in &self.tokens {
            let until = day(token.expires_at).unwrap_or_else(|| "無期限".to_owned());
            let used = day(token.used_at).unwrap_or_else(|| "未使用".to_owned());
            let kind = if token.read_only { "読取のみ" } else { "読み書き" };
            writeln!(f, "{}\t{}\t{kind}\t期限 {until}\t最後の利用 {used}", token.id, token.purpose)?;
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
struct Revoked {
    id: Uuid,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "トークン {} を止めました。", self.id)
    }
}
