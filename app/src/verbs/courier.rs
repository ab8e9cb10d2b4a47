//! `kawasemi courier`: transfer between the portal and the desk (三層分離), by file and by connection.

use std::fmt;

use anyhow::bail;
use kawasemi_courier::{Key, Packed, Round, Status, Unpacked};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::{CourierAct, CourierKey};
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When a file or a key is refused, or the portal can't be reached.
pub async fn run(shell: &Shell, act: CourierAct) -> anyhow::Result<()> {
    let reads = matches!(act, CourierAct::Status | CourierAct::Key(CourierKey::Show));
    let (store, open) = shell.open(if reads { Access::Read } else { Access::Command }).await?;
    let outcome = run_in(shell, &open, act).await;
    store.close().await;
    outcome
}

async fn run_in(shell: &Shell, open: &OpenCity, act: CourierAct) -> anyhow::Result<()> {
    let (courier, context) = (&open.courier, shell.context("kawasemi courier"));
    match act {
        CourierAct::Status => shell.output.answer(&Shown(courier.status().await?)),
        CourierAct::Pack { out } => shell.output.answer(&Shown(courier.pack(&context, &out).await?)),
        CourierAct::Unpack { file } => shell.output.answer(&Shown(courier.unpack(&context, &file).await?)),
        CourierAct::Poll => match shell.portal(open)? {
            Some(client) => shell.output.answer(&Shown(courier.poll(&client).await?)),
            None => bail!("つなぐ先がありません。庁内側の設定 courier.portal に公開側のアドレスを書いてください。"),
        },
        CourierAct::Retry { seq } => {
            courier.retry(seq).await?;
            shell.output.answer(&Shown(courier.status().await?))
        }
        CourierAct::Key(CourierKey::Show) => keys(shell, open).await,
        CourierAct::Key(CourierKey::Rotate) => {
            courier.rotate_key(&context).await?;
            shell
                .output
                .remark("新しい鍵を作りました。下の行を、相手の kawasemi courier key trust で登録してください。");
            keys(shell, open).await
        }
        CourierAct::Key(CourierKey::Retire { id }) => {
            courier.retire_key(&context, &id).await?;
            keys(shell, open).await
        }
        CourierAct::Key(CourierKey::Trust { line }) => {
            courier.trust_key(&context, &line.join(" ")).await?;
            keys(shell, open).await
        }
    }
}

async fn keys(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let keys = open.courier.keys().await?;
    let own = keys.iter().find(|key| key.own && key.state == kawasemi_courier::KeyState::Current);
    let line = own.map(|key| key.line(open.city.code()));
    shell.output.answer(&Keys { keys, line })
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
    /// What the other side is to trust.
    line: Option<String>,
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.keys {
            writeln!(f, "{}", key_line(key))?;
        }
        match &self.line {
            Some(line) => writeln!(f, "相手に登録する行:\n{line}"),
            None => writeln!(f, "この設置の鍵がまだありません。kawasemi courier key rotate で作ってください。"),
        }
    }
}

fn key_line(key: &Key) -> String {
    let whose = if key.own { "この設置" } else { "相手" };
    let until = key.until.map(|until| format!("、{until} まで")).unwrap_or_default();
    format!("{}  {whose}（{}{until}）", key.id, key.state.label())
}

/// What was done, in words.
#[derive(Serialize)]
#[serde(transparent)]
struct Shown<T>(T);

impl fmt::Display for Shown<Packed> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = self.0.range.map(|(first, last)| format!("（番号 {first}～{last}）")).unwrap_or_default();
        writeln!(f, "受渡し {}件{range}、受取 {}件をファイルにしました。", self.0.parcels, self.0.receipts)?;
        if self.0.more {
            writeln!(f, "入りきらないものがあります。相手の受取を取り込んでから、もう一度作ってください。")?;
        }
        Ok(())
    }
}

impl fmt::Display for Shown<Unpacked> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = &self.0;
        writeln!(
            f,
            "反映 {}件、受け取れず {}件、前に届いていたもの {}件、保留 {}件。こちらの {}件が相手に届き、中身を消しました。",
            done.applied, done.refused, done.known, done.kept, done.acknowledged
        )?;
        done.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

impl fmt::Display for Shown<Round> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = &self.0;
        writeln!(
            f,
            "反映 {}件、受け取れず {}件。こちらの {}件が公開側に届きました。",
            done.applied, done.refused, done.acknowledged
        )
    }
}

impl fmt::Display for Shown<Status> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { side, keys, outgoing, incoming, line_at, line_failure, files } = &self.0;
        writeln!(f, "この設置: {}", side.label())?;
        writeln!(
            f,
            "こちらから: 未送 {}件、受取待ち {}件、受取済み {}件（うち相手が受け取れず {}件）",
            outgoing.new, outgoing.sent, outgoing.acknowledged, outgoing.refused
        )?;
        writeln!(
            f,
            "相手から: 反映済み {}件、保留 {}件、受け取れず {}件",
            incoming.applied,
            incoming.kept,
            incoming.refused.len()
        )?;
        if let Some(missing) = incoming.missing {
            writeln!(f, "番号 {missing} が届いていません。")?;
        }
        for parcel in &incoming.refused {
            writeln!(f, "× 番号 {}（{}）: {}", parcel.seq, parcel.kind, parcel.reason)?;
        }
        if let Some(at) = line_at {
            writeln!(f, "最後につながった時: {at}")?;
        }
        if let Some((at, failure)) = line_failure {
            writeln!(f, "× 接続の失敗 {at}: {failure}")?;
        }
        for file in files.iter().filter(|file| file.outcome == "refused") {
            writeln!(f, "× ファイル {}（{}）: {}", file.name, file.at, file.reason)?;
        }
        keys.iter().try_for_each(|key| writeln!(f, "鍵 {}", key_line(key)))
    }
}
