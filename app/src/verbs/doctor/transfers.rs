//! What is exchanged with other systems, with the other half of a separated installation, and what is done after an act.

use jiff::SignedDuration;
use kawasemi_checkup::{Findings, State, Subject, queue};
use kawasemi_courier::{CourierError, KeyState};
use kawasemi_store::batch;
use kawasemi_webhook::State as WebhookState;

use crate::shell::{OpenCity, Shell};

/// After so long without a receipt, somebody should look.
const UNACKNOWLEDGED: SignedDuration = SignedDuration::from_hours(24);
/// So many attempts of a webhook have to fail in a row before somebody should look: a receiver may be started anew.
const FAILURES: i64 = 5;

/// Files of other systems that are late, and those that wait for a person.
///
/// # Errors
/// When the store fails.
pub async fn exchange(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let mut is_quiet = true;
    for status in open.exchange.overview(&shell.context("")).await? {
        let check = format!("{} 連携「{}」", open.city.code(), status.layout.layout.raw.title.ja());
        if !status.waiting.is_empty() {
            is_quiet = false;
            let message = format!("承認を待つファイルが{}件あります。", status.waiting.len());
            found.add(Subject::Transfer, check.clone(), State::Warning, message);
        }
        for alarm in status.alarms {
            is_quiet = false;
            found.add(Subject::Transfer, check.clone(), State::Warning, alarm.message);
        }
    }
    if is_quiet {
        found.add(
            Subject::Transfer,
            format!("{} 連携", open.city.code()),
            State::Good,
            "遅れているファイルも、承認を待つファイルもありません。",
        );
    }
    Ok(())
}

/// Whether parcels go between the two halves of a separated installation.
///
/// # Errors
/// When the store fails.
pub async fn courier(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    let status = match open.courier.status().await {
        Err(CourierError::NotSeparated) => return Ok(()),
        status => status?,
    };
    let check = format!("{} 受渡し", open.city.code());
    let now = shell.clock.now();
    let before = found.0.len();
    let mut warn = |message: String| found.add(Subject::Transfer, check.clone(), State::Warning, message);
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
    if found.0.len() == before {
        found.add(Subject::Transfer, check, State::Good, "滞りはありません。");
    }
    Ok(())
}

/// Jobs that failed or wait too long, and imports that were broken off.
///
/// # Errors
/// When the store fails.
pub async fn work(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    queue::of_city(&open.city, shell.clock.now(), found).await?;
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
    found.add(Subject::Queue, format!("{} 取込", open.city.code()), state, message);
    Ok(())
}

/// Webhooks that have stopped by themselves, and those whose receiver does not answer.
///
/// # Errors
/// When the store fails.
pub async fn webhooks(shell: &Shell, open: &OpenCity, found: &mut Findings) -> anyhow::Result<()> {
    for webhook in open.webhooks.list(&shell.context("")).await? {
        let check = format!("{} Webhook「{}」", open.city.code(), webhook.subscription.title);
        let message = match webhook.state {
            WebhookState::Failed => format!(
                "止まっています（{}）。受け取る側を直し、「管理 › Webhook」で再開してください。",
                webhook.reason
            ),
            WebhookState::Active if webhook.failures >= FAILURES => format!(
                "続けて{}回届いていません。受け取る側が動いているかを確かめてください。直れば、続きから届きます。",
                webhook.failures
            ),
            WebhookState::Active | WebhookState::Stopped => continue,
        };
        found.add(Subject::Queue, check, State::Warning, message);
    }
    Ok(())
}
