//! The history of a record (履歴): who changed what, when and why, and the way back to an earlier version.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_ledger::{History, LedgerError, Revision, Visible};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::diff::{Change, Diff};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::timeline::{Entry, Mark, timeline};
use kawasemi_ui::{Component, SafeHtml, said};

use super::at::At;
use super::cells;
use super::form::REVISION;
use super::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done_at, note};

/// `GET /desk/ledgers/{ledger}/{id}/history`
pub async fn show(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    render(&cx, &ledger, id, None).await
}

/// `POST /desk/ledgers/{ledger}/{id}/revert`
pub async fn revert(cx: Cx, At { ledger, id }: At, entries: Entries) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    let number = |name: &str| entries.text(name).parse().unwrap_or_default();
    let to: i64 = number("to");
    let context = cx.because(&format!("第{to}版の内容に戻した"));
    match cx.ledgers().revert_to(&context, &ledger, id, number(REVISION), to).await {
        Ok(_) => Ok(done_at(&record_href(&ledger, id), "reverted")),
        Err(LedgerError::Conflict(_)) => {
            let text = "ほかの人が変更したため、戻しませんでした。今の履歴を確かめてから、もう一度操作してください。";
            render(&cx, &ledger, id, Some(text.to_owned())).await
        }
        Err(error @ (LedgerError::Invalid(_) | LedgerError::Duplicate { .. } | LedgerError::OutOfScope)) => {
            let text = format!("この版の内容は、今の台帳の決まりに合わないため戻せません。{error}");
            render(&cx, &ledger, id, Some(text)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn render(
    cx: &Cx,
    ledger: &str,
    id: kawasemi_kernel::RecordId,
    refusal: Option<String>,
) -> Result<Response, Problem> {
    let opened = Opened::new(cx, ledger)?;
    let record = cx.ledgers().get(cx.context(), ledger, id).await?;
    let before = cx.query("before").and_then(|before| before.parse().ok());
    let history = cx.ledgers().history(cx.context(), ledger, id, before).await?;
    let labels = cx.ledgers().labels(cx.context(), ledger, std::slice::from_ref(&record)).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let href = record_href(ledger, id);
    let site = cx.desk_site("ledgers");
    let mut page = opened
        .page(&site, "履歴")
        .crumb(&name, &href)
        .lead(format!("「{name}」の変更の記録です。新しい順に並んでいます。"));
    if let Some(mastered) = kawasemi_ledger::master::of(&opened.def, record.fields()) {
        page = page.beside_title(chip(State::Plain, &cells::known(&mastered)));
    }
    if let Some(text) = refusal {
        page = page.notice(Notice::new(Tone::Error, "元の版に戻せませんでした").text(text));
    }
    Ok(Html(page.body(body(&record, &history, &href)).render()).into_response())
}

fn body(record: &Visible, history: &History, href: &str) -> SafeHtml {
    let entries: Vec<Entry> = history.revisions.iter().map(|revision| entry(record, revision, href)).collect();
    let mut html = timeline(&entries);
    if let Some(older) = history.older {
        html.push(&LinkButton::new("これより前の履歴", format!("{href}/history?before={older}")).html());
    }
    html
}

fn entry(record: &Visible, revision: &Revision, href: &str) -> Entry {
    let mut more = SafeHtml::EMPTY;
    if !revision.reason.is_empty() {
        let reason = SafeHtml::escape(&revision.reason);
        more.push(&SafeHtml::trusted(format!("<p>理由：<span class=\"text-lines\">{reason}</span></p>")));
    }
    if revision.is_erased {
        more.push(&note("内容は、保存期間の満了などの手続きにより消去されました。"));
    } else if !revision.changes.is_empty() {
        more.push(&changes(revision));
    }
    let is_past = revision.no < record.revision && !revision.is_erased && !revision.changes.is_empty();
    if is_past && record.may.update && record.deleted_at.is_none() {
        more.push(&revert_button(record, revision, href));
    }
    Entry {
        what: format!("第{}版　{}", revision.no, revision.kind_label()),
        when: said::instant(Lang::Ja, revision.at),
        who: revision.actor_name.clone(),
        more,
        mark: match revision.kind.as_str() {
            "create" | "restore" => Mark::Done,
            "delete" => Mark::Bad,
            _ => Mark::Plain,
        },
    }
}

/// The first revision sets every field, which is no news: it is closed.
fn changes(revision: &Revision) -> SafeHtml {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let all: Vec<Change> = revision
        .changes
        .iter()
        .map(|change| Change {
            label: change.label.clone(),
            before: text(&change.before_text),
            after: text(&change.after_text),
        })
        .collect();
    let diff = Diff::new(Lang::Ja, &all).html();
    if revision.kind != "create" {
        return diff;
    }
    SafeHtml::trusted(format!("<details><summary>登録した内容（{}項目）</summary>{diff}</details>", all.len()))
}

fn revert_button(record: &Visible, revision: &Revision, href: &str) -> SafeHtml {
    let question = format!("第{}版の内容に戻します。今の内容は履歴に残ります。戻しますか。", revision.no);
    let button = Submit::new("この版の内容に戻す").look(Look::Quiet).question(question);
    Post::new(format!("{href}/revert"), button)
        .hidden(REVISION, record.revision.to_string())
        .hidden("to", revision.no.to_string())
        .html()
}
