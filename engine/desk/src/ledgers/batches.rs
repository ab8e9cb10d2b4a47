//! Taking back what was done to many records at once: an import, a bulk change (取消).

use std::collections::HashMap;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_ledger::LedgerError;
use kawasemi_ledger::import::BatchSummary;
use kawasemi_store::batch::State as BatchState;
use kawasemi_ui::button::{LinkButton, Post, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, said};

use super::opened::Opened;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::when;

/// `POST /desk/ledgers/{ledger}/batches/{batch}/undo`
pub async fn undo(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let ledger = at.get("ledger").map(String::as_str).unwrap_or_default();
    let opened = Opened::new(&cx, ledger)?;
    let batch = at.get("batch").and_then(|batch| batch.parse().ok()).ok_or_else(Problem::not_found)?;
    let undone = match cx.ledgers().undo_batch(&cx.because("まとめて取り消した"), ledger, batch).await {
        Ok(undone) => undone,
        Err(LedgerError::Refused(message)) => return Ok(refused(&cx, &opened, message)),
        Err(error) => return Err(error.into()),
    };
    let number = |count: u64| format!("{}件", said::whole(i64::try_from(count).unwrap_or(i64::MAX)));
    let mut body = facts(&[
        Fact::text("削除した新しい記録", &number(undone.deleted)),
        Fact::text("元の内容に戻した記録", &number(undone.reverted)),
        Fact::text("そのまま残した記録", &number(undone.kept)),
    ]);
    if undone.kept > 0 {
        body.push(&crate::view::note(
            "残した記録は、そのあとに誰かが変更したものです。必要なら1件ずつ履歴から戻してください。",
        ));
    }
    body.push(&LinkButton::new("一覧に戻る", opened.href()).html());
    let notice = Notice::new(Tone::Success, "取り消しました");
    let site = cx.desk_site("ledgers");
    Ok(Html(opened.page(&site, "取消の結果").notice(notice).body(body).render()).into_response())
}

fn refused(cx: &Cx, opened: &Opened, message: String) -> Response {
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "取り消せません").notice(Notice::new(Tone::Error, message));
    Html(page.body(LinkButton::new("一覧に戻る", opened.href()).html()).render()).into_response()
}

/// The latest batches of a ledger, each with the way to take it back.
pub fn table(opened: &Opened, batches: &[BatchSummary]) -> SafeHtml {
    let columns = vec![
        Column::new("title", "内容"),
        Column::new("at", "日時").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let row = |batch: &BatchSummary| {
        let (state, label) = match batch.state {
            BatchState::Published => (State::Good, "反映済み"),
            BatchState::Undone => (State::Muted, "取消済み"),
            BatchState::Swept => (State::Muted, "取り込まずに片付け済み"),
            BatchState::Open | BatchState::Updating => (State::Underway, "取込み中"),
        };
        let act = if batch.can_undo {
            let question =
                format!("「{}」で登録・変更した記録を元に戻します。そのあとに変更された記録は残ります。", batch.title);
            let undo = Submit::new("取り消す").question(question);
            Post::new(opened.at(&format!("batches/{}/undo", batch.id)), undo).html()
        } else {
            SafeHtml::EMPTY
        };
        Row::new(vec![
            SafeHtml::escape(&batch.title),
            SafeHtml::escape(when(batch.created_at)),
            chip(state, label),
            act,
        ])
    };
    Table::new(Lang::Ja, "最近の取込みと一括変更", columns, batches.iter().map(row).collect()).html()
}
