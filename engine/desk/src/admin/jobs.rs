//! What waits to be done, what failed for good, and sending it round again (処理の待ち行列).

use axum::extract::Path;
use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_store::StoreError;
use kawasemi_store::jobs::{JobRow, MAX_ATTEMPTS};
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::steps::{Tab, tabs};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, code, done, done_at, when};

const PATH: &str = "/desk/admin/jobs";
/// Jobs on the page.
const PAGE: u32 = 100;

/// The states: key, name, and what it means that there are none.
const STATES: [(&str, &str, &str); 4] = [
    ("dead", "失敗", "失敗したままの処理はありません"),
    ("waiting", "待機中", "待っている処理はありません"),
    ("running", "実行中", "実行中の処理はありません"),
    ("done", "完了", "最近完了した処理はありません"),
];

/// `GET /desk/admin/jobs`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let asked = cx.query("state").unwrap_or_default();
    let (state, title, none) = STATES.into_iter().find(|(key, ..)| *key == asked).unwrap_or(STATES[0]);
    let jobs = cx.city().city.jobs(state, PAGE).await?;
    let all = STATES.map(|(key, title, _)| Tab::new(title, format!("{PATH}?state={key}"), key == state));
    let mut body = tabs("処理の状態", &all);
    body.push(&if jobs.is_empty() { Empty::new(none).html() } else { table(&jobs, title, state) });
    let site = site(&cx);
    let lead = format!(
        "通知や集計など、あとで行う処理です。失敗すると間隔を空けてやり直し、{MAX_ATTEMPTS}回失敗すると「失敗」に移ります。"
    );
    let mut page = page(&site, "処理の待ち行列").lead(lead).body(body);
    if let Some(notice) = done(&cx, &[("retry", "処理を待機中に戻しました。まもなくやり直します。")])
    {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// `POST /desk/admin/jobs/{id}/retry`
pub async fn retry(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    match cx.city().city.revive_job(id, cx.context().act.at).await {
        Ok(()) => Ok(done_at(&format!("{PATH}?state=dead"), "retry")),
        Err(StoreError::NotFound) => Err(Problem::not_found()),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// What a job is about; that of a webhook leads to it.
fn about(row: &JobRow) -> SafeHtml {
    let payload = || serde_json::from_str::<serde_json::Value>(&row.job.payload).ok();
    match row.job.topic.as_str() {
        kawasemi_webhook::TOPIC => match payload().and_then(|told| told.get("webhook")?.as_str()?.parse().ok()) {
            Some(id) => SafeHtml::link(&super::webhooks::href(id), "Webhook"),
            None => SafeHtml::escape("Webhook"),
        },
        topic => code(topic),
    }
}

/// Payloads are not shown: they may hold personal data.
fn table(jobs: &[JobRow], title: &str, state: &str) -> SafeHtml {
    let columns = vec![
        Column::new("topic", "処理"),
        Column::new("created", "登録").align(Align::Tight),
        Column::new("run", if state == "waiting" { "次の実行" } else { "最後の実行" }).align(Align::Tight),
        Column::new("attempts", "回数").align(Align::Number),
        Column::new("error", "最後のエラー"),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = jobs.iter().map(|row| {
        let act = if row.state == "dead" {
            Post::new(format!("{PATH}/{}/retry", row.job.id), Submit::new("やり直す")).html()
        } else {
            SafeHtml::or_dash("")
        };
        Row::new(vec![
            about(row),
            SafeHtml::escape(when(row.job.created_at)),
            SafeHtml::escape(when(row.run_at)),
            SafeHtml::escape(row.job.attempts),
            SafeHtml::or_dash(row.error.as_deref().unwrap_or_default()),
            act,
        ])
    });
    Table::new(Lang::Ja, format!("{title}の処理"), columns, rows.collect()).html()
}
