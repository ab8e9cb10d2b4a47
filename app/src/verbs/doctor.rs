//! `kawasemi doctor`: what is wrong, or soon will be, with an installation.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::bail;
use jiff::SignedDuration;
use kawasemi_courier::{CourierError, KeyState};
use kawasemi_store::batch;
use kawasemi_store::files::FileError;
use kawasemi_store::schema::Effect;
use kawasemi_store::{Access, Dialect, Sql, Store};
use serde::Serialize;

use crate::config::Place;
use crate::demo;
use crate::shell::{OpenCity, Shell};
use crate::verbs::keys;

/// After so long without a receipt, somebody should look.
const UNACKNOWLEDGED: SignedDuration = SignedDuration::from_hours(24);

/// What one look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// As it should be.
    Good,
    /// Somebody should look at it.
    Warning,
    /// It has to be mended.
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: String,
    state: State,
    message: String,
}

#[derive(Debug, Serialize)]
struct Findings {
    version: &'static str,
    findings: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, check: impl Into<String>, state: State, message: impl Into<String>) {
        self.findings.push(Finding { check: check.into(), state, message: message.into() });
    }
}

/// Runs the verb. Reads only; it may be run beside a server.
///
/// # Errors
/// When something has to be mended (after everything was looked at).
pub async fn run(shell: &Shell) -> anyhow::Result<()> {
    let mut found = Findings { version: env!("CARGO_PKG_VERSION"), findings: Vec::new() };
    if let Place::Folder(folder) = &shell.config.place {
        folder_is_private(folder, &mut found);
    }
    fonts(shell, &mut found);
    sanitizing_is_possible(shell, &mut found);
    let store = shell.store(Access::Read).await?;
    // A city that was named is the only one that is asked about.
    let named = if shell.config.city.is_some() { Some(shell.code(&store).await?) } else { None };
    for info in store.cities().await?.into_iter().filter(|info| named.as_ref().is_none_or(|code| *code == info.code)) {
        if let Err(error) = city(shell, &store, &info.code, &mut found).await {
            found.add(format!("{} を開く", info.code), State::Bad, format!("{error:#}"));
        }
    }
    store.close().await;
    let bad = found.findings.iter().filter(|finding| finding.state == State::Bad).count();
    shell.output.answer(&found)?;
    if bad > 0 {
        bail!("直す必要のあることが{bad}件あります。");
    }
    Ok(())
}

/// What sanitising (無害化) needs from the machine is there.
fn sanitizing_is_possible(shell: &Shell, found: &mut Findings) {
    let missing = shell.config.sanitizing.sanitizer.missing();
    if !missing.is_empty() {
        let message = format!(
            "{} がありません。それまで、外から来た PDF など、要るファイルを受け取れません。PDF には poppler-utils を入れ、製品には sanitize.command を確かめてください。",
            missing.join("、")
        );
        found.add("無害化", State::Warning, message);
    }
}

/// Nobody but the program's user may enter the data folder: it holds personal data.
fn folder_is_private(folder: &Path, found: &mut Findings) {
    let Ok(metadata) = folder.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let (state, message) = if mode & 0o077 == 0 {
        (State::Good, "所有者だけが読めます。".to_owned())
    } else {
        (
            State::Warning,
            format!("ほかの利用者も読めます（{mode:o}）。chmod 700 {} を実行してください。", folder.display()),
        )
    };
    found.add("データフォルダーの権限", state, message);
}

/// The fonts of prints and of names, and the packages that bring those that are missing.
fn fonts(shell: &Shell, found: &mut Findings) {
    for state in shell.printer().fonts().states() {
        let check = format!("書体: {}", state.role.label());
        match (&state.family, state.is_best) {
            (Some(family), true) => found.add(check, State::Good, format!("{family} があります。")),
            (Some(family), false) => {
                let message = format!("代わりに {family} を使います。よければ {} を入れてください。", state.package);
                found.add(check, State::Good, message);
            }
            (None, _) => found.add(
                check,
                State::Warning,
                format!(
                    "ありません。apt install {} で入れるか、書体のあるフォルダーを設定 print.fonts に書いてください。",
                    state.package
                ),
            ),
        }
    }
}

async fn city(shell: &Shell, store: &Store, code: &str, found: &mut Findings) -> anyhow::Result<()> {
    let city = store.open_city(code).await?;
    if !store.pending(code).await?.is_empty() {
        let message = "前の版の形です。kawasemi schema plan で確かめてから、serve か schema apply で上げてください。";
        found.add(format!("{code} データの形"), State::Warning, message);
        return Ok(());
    }
    let open = shell.engines(city)?;
    database(&open, found).await?;
    definitions(shell, &open, found).await?;
    accounts(&open, found).await?;
    sealed(shell, &open, found).await?;
    files(shell, &open, found).await?;
    exchange(shell, &open, found).await?;
    courier(shell, &open, found).await?;
    work(&open, found).await
}

/// Files of other systems that are late, and those that wait for a person.
async fn exchange(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let mut is_quiet = true;
    for status in open.exchange.overview(&shell.context("")).await? {
        let check = format!("{} 連携「{}」", open.city.code(), status.layout.layout.raw.title.ja());
        if status.open > 0 {
            is_quiet = false;
            let message = format!("承認を待つファイルが{}件あります。", status.open);
            found.add(check.clone(), State::Warning, message);
        }
        for alarm in status.alarms {
            is_quiet = false;
            found.add(check.clone(), State::Warning, alarm.message);
        }
    }
    if is_quiet {
        found.add(
            format!("{} 連携", open.city.code()),
            State::Good,
            "遅れているファイルも、承認を待つファイルもありません。",
        );
    }
    Ok(())
}

async fn database(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let check = format!("{} データベース", open.city.code());
    match open.city.dialect() {
        Dialect::Sqlite => {
            let limit = std::time::Duration::from_secs(600);
            let rows = open.city.read_within(Sql::text("PRAGMA quick_check"), limit).await?;
            let said: Vec<String> = rows.iter().filter_map(|row| row.get(0).ok()).collect();
            match said.as_slice() {
                [ok] if ok == "ok" => found.add(check, State::Good, "壊れていません。"),
                _ => found.add(
                    check,
                    State::Bad,
                    format!("壊れています。止めて、控えから kawasemi restore で戻してください: {}", said.join("、")),
                ),
            }
        }
        Dialect::Postgres => {
            let row = open.city.read_one(Sql::text("SELECT current_setting('server_version_num')::bigint")).await?;
            let version: i64 = row.map_or(Ok(0), |row| row.get(0))?;
            let (state, advice) =
                if version >= 150_000 { (State::Good, "") } else { (State::Bad, " 15 以降が必要です。") };
            found.add(check, state, format!("PostgreSQL {}.{}。{advice}", version / 10_000, version % 10_000));
        }
    }
    Ok(())
}

async fn definitions(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let outlook = shell.plan(&open.city, Vec::new()).await?;
    for held in &outlook.held {
        found.add(format!("{} 市の上書き", open.city.code()), State::Warning, held.message.clone());
    }
    let plan = outlook.plan;
    let (state, message) = match (plan.is_empty(), plan.effect()) {
        (true, _) => (State::Good, "プログラムの定義と同じです。"),
        (false, Effect::Adds) => (State::Good, "足すだけの変更があります。次に serve したとき反映されます。"),
        (false, Effect::Changes) => {
            (State::Warning, "止めてから反映する変更があります。kawasemi schema plan で確かめてください。")
        }
        (false, Effect::Refused) => {
            (State::Bad, "反映できない変更があります。kawasemi schema plan で確かめてください。")
        }
    };
    found.add(format!("{} 台帳の定義", open.city.code()), state, message);
    Ok(())
}

async fn accounts(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let check = format!("{} 利用者", open.city.code());
    if open.identity.is_empty().await? {
        found.add(check, State::Warning, "まだいません。kawasemi user add 名前 --role admin で作ってください。");
    } else if open.city.is_training() {
        found.add(check, State::Good, "教育用の市です。住民は架空で、外には何も出ません。");
    } else if demo::is_demo(&open.city) {
        found.add(
            check,
            State::Warning,
            "デモの市です。パスワードが公開されているので、外から届くところに置かないでください。",
        );
    } else {
        found.add(check, State::Good, "います。");
    }
    Ok(())
}

/// The keys that seal secrets: whether they are there, private, and open what is sealed.
async fn sealed(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let keys = keys::State::of(shell, open).await?;
    let path = keys.path.display();
    let (state, message) = match (keys.problem, keys.private) {
        (Some(problem), _) => (State::Bad, problem),
        (None, None) => (State::Good, "まだありません。serve したとき作られます。".to_owned()),
        (None, Some(false)) => {
            (State::Warning, format!("ほかの利用者も読めます。chmod 600 {path} を実行してください。"))
        }
        (None, Some(true)) => (
            State::Good,
            format!("封じてある{}件が開きます。{path} の控えをデータとは別の場所に置いてください。", keys.sealed),
        ),
    };
    found.add(format!("{} 封緘の鍵", open.city.code()), state, message);
    Ok(())
}

/// Whether the bucket of attached files answers. A folder lies beside what was looked at already.
async fn files(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    if shell.config.bucket.is_none() {
        return Ok(());
    }
    let check = format!("{} 添付ファイルの置き場所", open.city.code());
    match shell.files(open.city.code())?.reach().await {
        Ok(()) => found.add(check, State::Good, "読めます。"),
        Err(FileError::Storage(said)) => found.add(check, State::Bad, format!("読めません: {said}")),
        Err(error) => found.add(check, State::Bad, error.to_string()),
    }
    Ok(())
}

/// Whether parcels go between the two halves of a separated installation.
async fn courier(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let status = match open.courier.status().await {
        Err(CourierError::NotSeparated) => return Ok(()),
        status => status?,
    };
    let check = format!("{} 受渡し", open.city.code());
    let now = shell.clock.now();
    let before = found.findings.len();
    let mut warn = |message: String| found.add(check.clone(), State::Warning, message);
    for (own, missing) in [
        (true, "この設置の鍵がありません。kawasemi courier key rotate で作ってください。"),
        (false, "相手の鍵が登録されていません。相手の courier key show の行を courier key trust で登録してください。"),
    ] {
        if !status.keys.iter().any(|key| key.own == own && key.state == KeyState::Current) {
            warn(missing.to_owned());
        }
    }
    if let Some(missing) = status.incoming.missing {
        warn(format!(
            "番号 {missing} が届かず、{}件を保留しています。相手で受渡しを作り直してください。",
            status.incoming.kept
        ));
    }
    if !status.incoming.refused.is_empty() {
        warn(format!(
            "受け取れなかった受渡しが{}件あります。kawasemi courier status で理由を確かめ、直して courier retry を実行してください。",
            status.incoming.refused.len()
        ));
    }
    if let Some(oldest) = status.outgoing.oldest.filter(|oldest| now.duration_since(*oldest) > UNACKNOWLEDGED) {
        warn(format!("{oldest} の受渡しの受取が、1日たっても相手から届いていません。"));
    }
    if let Some((at, failure)) = status.line_failure {
        warn(format!("接続での受渡しが止まっています（{at}）。{failure}"));
    }
    if found.findings.len() == before {
        found.add(check, State::Good, "滞りはありません。");
    }
    Ok(())
}

async fn work(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let dead = open.city.jobs("dead", 100).await?;
    let (state, message) = match dead.first() {
        None => (State::Good, "滞りはありません。".to_owned()),
        Some(job) => {
            let why = job.error.as_deref().unwrap_or("理由の記録なし");
            (State::Warning, format!("届かなかった仕事が{}件あります（例 {}: {why}）。", dead.len(), job.job.topic))
        }
    };
    found.add(format!("{} 送信と後続の仕事", open.city.code()), state, message);
    let unfinished = batch::unfinished(&open.city).await?;
    let (state, message) = match unfinished.first() {
        None => (State::Good, "途中のものはありません。".to_owned()),
        Some(batch) => (
            State::Warning,
            format!(
                "終わっていない取込が{}件あります（例「{}」）。動いているものでなければ、次の serve か import が片付けます。",
                unfinished.len(),
                batch.title
            ),
        ),
    };
    found.add(format!("{} 取込", open.city.code()), state, message);
    Ok(())
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kawasemi {}", self.version)?;
        for finding in &self.findings {
            let mark = match finding.state {
                State::Good => "○",
                State::Warning => "△",
                State::Bad => "×",
            };
            writeln!(f, "{mark} {}: {}", finding.check, finding.message)?;
        }
        Ok(())
    }
}
