//! `kawasemi keys`: the keys that seal the secrets in a city's database (封緘の鍵).

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use kawasemi_store::seal::Seals;
use kawasemi_store::{Access, SealError};
use serde::Serialize;

use crate::cli::Keys;
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When the keys can't be read or written, or something sealed does not open with them.
pub async fn run(shell: &Shell, keys: Keys) -> anyhow::Result<()> {
    let access = if matches!(keys, Keys::Rotate) { Access::Command } else { Access::Read };
    let (store, open) = shell.open(access).await?;
    let outcome = act(shell, &open, &keys).await;
    store.close().await;
    outcome
}

async fn act(shell: &Shell, open: &OpenCity, keys: &Keys) -> anyhow::Result<()> {
    let mut renewed = 0;
    if matches!(keys, Keys::Rotate) {
        shell.sealer(open.city.code())?.add_key(shell.new_key())?;
        renewed = renew(open).await?.renewed;
    }
    let state = State { renewed, ..State::of(shell, open).await? };
    let problem = state.problem.clone();
    shell.output.answer(&state)?;
    match problem {
        None => Ok(()),
        Some(problem) => bail!(problem),
    }
}

/// Seals anew what was sealed with an older key; says in the log what no key opens.
///
/// # Errors
/// When the keys or the database can't be read or written.
pub async fn renew(open: &OpenCity) -> anyhow::Result<Seals> {
    let seals =
        open.identity.renew_seals().await? + open.webhooks.renew_seals().await? + open.courier.renew_seals().await?;
    if seals.lost > 0 {
        tracing::error!(
            city = open.city.code(),
            lost = seals.lost,
            "sealed secrets do not open; see kawasemi keys show"
        );
    }
    Ok(seals)
}

/// How it stands with the keys of a city.
#[derive(Debug, Serialize)]
pub struct State {
    /// The file of the keys.
    pub path: PathBuf,
    /// Whether only the program's user may read it; none where there is none.
    pub private: Option<bool>,
    /// How many secrets are sealed.
    pub sealed: usize,
    /// How many of them do not open.
    pub lost: usize,
    /// How many were sealed anew.
    pub renewed: usize,
    /// What is wrong and what to do; none where all is well.
    #[serde(skip)]
    pub problem: Option<String>,
}

impl State {
    /// Looks at the keys and tries them on everything that is sealed. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn of(shell: &Shell, open: &OpenCity) -> anyhow::Result<Self> {
        let sealer = shell.sealer_as_it_is(open.city.code());
        let (codes, lost_codes) = open.identity.sealed_secrets().await?;
        let (webhooks, lost_webhooks) = open.webhooks.sealed_secrets().await?;
        let (couriers, lost_couriers) = open.courier.sealed_secrets().await?;
        let (sealed, lost) = (codes + webhooks + couriers, lost_codes + lost_webhooks + lost_couriers);
        let why = match sealer.check() {
            // A city in which nothing is sealed needs no key yet; serving makes one.
            Err(SealError::NoKey { .. }) if sealed == 0 => None,
            Err(error) => Some(error.to_string()),
            Ok(()) if lost > 0 => Some(format!(
                "封じたときの鍵が {} にありません。鍵の控えの行を足してください。",
                sealer.path().display()
            )),
            Ok(()) => None,
        };
        let problem = why.map(|why| format!("{why}{}", consequence(lost_codes, lost_webhooks, lost_couriers)));
        let (path, private) = (sealer.path().to_owned(), sealer.is_private());
        Ok(Self { path, private, sealed, lost, renewed: 0, problem })
    }
}

/// What a lost key means for people, and how they get in.
fn consequence(codes: usize, webhooks: usize, couriers: usize) -> String {
    let mut said = String::new();
    if codes > 0 {
        said.push_str(&format!(
            "確認コードの秘密{codes}件が開きません。鍵が戻るまで、その人は回復コードでサインインするか、\
             管理者が「管理 › 利用者」で確認コードを解除して設定し直します（管理者自身が入れないときは \
             kawasemi user reset-code 名前）。"
        ));
    }
    if webhooks > 0 {
        said.push_str(&format!(
            "Webhookの署名の秘密{webhooks}件が開きません。鍵が戻るまで送れません。鍵がもうないときは、\
             「管理 › Webhook」で秘密を作り直し、受け取る側に渡してください。"
        ));
    }
    if couriers > 0 {
        said.push_str(&format!(
            "受渡しの鍵{couriers}件が開きません。鍵が戻るまで、公開側と庁内側の受渡しができません。その鍵あてに封じた\
             受渡しは、鍵の控えがなければ読めません。"
        ));
    }
    said
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.private {
            None => "まだありません",
            Some(true) => "所有者だけが読めます",
            Some(false) => "ほかの利用者も読めます。chmod 600 を実行してください",
        };
        writeln!(f, "鍵: {}（{state}）", self.path.display())?;
        writeln!(
            f,
            "封じてある秘密: {}件（開かないもの {}件、封じ直したもの {}件）",
            self.sealed, self.lost, self.renewed
        )
    }
}
