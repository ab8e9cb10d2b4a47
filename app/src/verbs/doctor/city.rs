//! What concerns one city by itself: its database, definitions, accounts, keys and files.

use kawasemi_checkup::{Findings, State, Subject};
use kawasemi_store::files::FileError;
use kawasemi_store::schema::Effect;
use kawasemi_store::{Dialect, Sql};

use crate::demo;
use crate::shell::{OpenCity, Shell};
use crate::verbs::keys;

/// Whether the database is whole. It reads all of SQLite's file.
///
/// # Errors
/// When the store fails.
pub async fn database(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let check = format!("{} データベース", open.city.code());
    match open.city.dialect() {
        Dialect::Sqlite => {
            let limit = std::time::Duration::from_secs(600);
            let rows = open.city.read_within(Sql::text("PRAGMA quick_check"), limit).await?;
            let said: Vec<String> = rows.iter().filter_map(|row| row.get(0).ok()).collect();
            match said.as_slice() {
                [ok] if ok == "ok" => found.add(Subject::Database, check, State::Good, "壊れていません。"),
                _ => found.add(
                    Subject::Database,
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
            found.add(
                Subject::Database,
                check,
                state,
                format!("PostgreSQL {}.{}。{advice}", version / 10_000, version % 10_000),
            );
        }
    }
    Ok(())
}

/// Whether the program's definitions are those that are published.
///
/// # Errors
/// When they can't be compared.
pub async fn definitions(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let outlook = shell.plan(&open.city, Vec::new()).await?;
    for held in &outlook.held {
        found.add(Subject::Database, format!("{} 市の上書き", open.city.code()), State::Warning, held.message.clone());
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
    found.add(Subject::Database, format!("{} 台帳の定義", open.city.code()), state, message);
    Ok(())
}

/// Whether anybody can sign in, and whether everybody can.
///
/// # Errors
/// When the store fails.
pub async fn accounts(open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let check = format!("{} 利用者", open.city.code());
    if open.identity.is_empty().await? {
        found.add(
            Subject::Accounts,
            check,
            State::Warning,
            "まだいません。kawasemi user add 名前 --role admin で作ってください。",
        );
    } else if open.city.is_training() {
        found.add(Subject::Accounts, check, State::Good, "教育用の市です。住民は架空で、外には何も出ません。");
    } else if demo::is_demo(&open.city) {
        found.add(
            Subject::Accounts,
            check,
            State::Warning,
            "デモの市です。パスワードが公開されているので、外から届くところに置かないでください。",
        );
    } else {
        found.add(Subject::Accounts, check, State::Good, "います。");
    }
    Ok(())
}

/// The keys that seal secrets: whether they are there, private, and open what is sealed.
///
/// # Errors
/// When the store fails.
pub async fn sealed(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
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
    found.add(Subject::Accounts, format!("{} 封緘の鍵", open.city.code()), state, message);
    Ok(())
}

/// Whether the bucket of attached files answers. A folder lies beside what was looked at already.
///
/// # Errors
/// When the bucket can't be made out.
pub async fn files(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    if shell.config.bucket.is_none() {
        return Ok(());
    }
    let check = format!("{} 添付ファイルの置き場所", open.city.code());
    match shell.files(open.city.code())?.reach().await {
        Ok(()) => found.add(Subject::Disk, check, State::Good, "読めます。"),
        Err(FileError::Storage(said)) => found.add(Subject::Disk, check, State::Bad, format!("読めません: {said}")),
        Err(error) => found.add(Subject::Disk, check, State::Bad, error.to_string()),
    }
    Ok(())
}
