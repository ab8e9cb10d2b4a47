//! Deleting a record with a reason, and bringing it back (削除・復元).

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::{LedgerError, Visible};
use kawasemi_schema::Action;
use kawasemi_ui::Component;
use kawasemi_ui::button::Look;
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};

use super::at::At;
use super::form::{REASON, REVISION};
use super::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::done_at;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Delete,
    Restore,
}

/// `GET /desk/ledgers/{ledger}/{id}/delete`
pub async fn ask_delete(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    ask(&cx, &ledger, id, Act::Delete, None).await
}

/// `POST /desk/ledgers/{ledger}/{id}/delete`
pub async fn delete(cx: Cx, At { ledger, id }: At, entries: Entries) -> Result<Response, Problem> {
    let reason = entries.text(REASON);
    if reason.is_empty() {
        return ask(&cx, &ledger, id, Act::Delete, Some("「削除の理由」を入力してください。".to_owned())).await;
    }
    let revision = entries.text(REVISION).parse().unwrap_or_default();
    match cx.ledgers().delete(&cx.because(reason), &ledger, id, revision).await {
        Ok(_) => Ok(done_at(&super::opened::ledger_href(&ledger), "deleted")),
        Err(error) => refused(&cx, &ledger, id, Act::Delete, error).await,
    }
}

/// `GET /desk/ledgers/{ledger}/{id}/restore`
pub async fn ask_restore(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    ask(&cx, &ledger, id, Act::Restore, None).await
}

/// `POST /desk/ledgers/{ledger}/{id}/restore`
pub async fn restore(cx: Cx, At { ledger, id }: At, entries: Entries) -> Result<Response, Problem> {
    let revision = entries.text(REVISION).parse().unwrap_or_default();
    match cx.ledgers().restore(&cx.because(entries.text(REASON)), &ledger, id, revision).await {
        Ok(_) => Ok(done_at(&record_href(&ledger, id), "restored")),
        Err(error) => refused(&cx, &ledger, id, Act::Restore, error).await,
    }
}

/// Shows a refusal on the page that asked; what is no answer to the question is passed on.
async fn refused(cx: &Cx, ledger: &str, id: RecordId, act: Act, error: LedgerError) -> Result<Response, Problem> {
    match error {
        LedgerError::Referred { .. } | LedgerError::Duplicate { .. } | LedgerError::Refused(_) => {
            ask(cx, ledger, id, act, Some(error.to_string())).await
        }
        LedgerError::Conflict(_) => {
            let message = "確認している間に、ほかの人がこの記録を変更しました。今の内容を確かめてから、もう一度操作してください。";
            ask(cx, ledger, id, act, Some(message.to_owned())).await
        }
        error => Err(error.into()),
    }
}

async fn ask(cx: &Cx, ledger: &str, id: RecordId, act: Act, mistake: Option<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(cx, ledger, Action::Delete)?;
    let record = cx.ledgers().get(cx.context(), ledger, id).await?;
    if !record.may.delete {
        return Err(LedgerError::Forbidden { action: Action::Delete }.into());
    }
    let labels = cx.ledgers().labels(cx.context(), ledger, std::slice::from_ref(&record)).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let form = match act {
        Act::Delete => delete_form(&opened, &record),
        Act::Restore => restore_form(&opened, &record),
    };
    let mistaken = mistake.is_some();
    let form = mistake.into_iter().fold(form, Form::mistake);
    let (title, lead) = match act {
        Act::Delete => (
            format!("「{name}」を削除する"),
            "一覧や検索に出なくなります。内容と履歴は残り、「削除した記録」からいつでも復元できます。",
        ),
        Act::Restore => (format!("「{name}」を復元する"), "削除する前の内容に戻り、一覧や検索に出るようになります。"),
    };
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, title).narrow().notice(Notice::new(Tone::Info, lead)).body(form.html());
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

fn delete_form(opened: &Opened, record: &Visible) -> Form {
    let href = record_href(opened.key(), record.id);
    let reason = FieldView::new(REASON, "削除の理由", Control::Text { max: Some(200) })
        .hint("履歴に残ります。例：重複して登録したため")
        .required();
    Form::new(Lang::Ja, format!("{href}/delete"))
        .hidden(REVISION, record.revision.to_string())
        .fields(vec![reason])
        .submit("削除する")
        .look(Look::Danger)
        .cancel(href)
        .plain()
}

fn restore_form(opened: &Opened, record: &Visible) -> Form {
    let href = record_href(opened.key(), record.id);
    let reason = FieldView::new(REASON, "復元の理由（任意）", Control::Text { max: Some(200) });
    Form::new(Lang::Ja, format!("{href}/restore"))
        .hidden(REVISION, record.revision.to_string())
        .fields(vec![reason])
        .submit("復元する")
        .cancel(href)
        .plain()
}
