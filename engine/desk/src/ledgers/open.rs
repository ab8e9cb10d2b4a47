//! Opening the record of a protected person with a reason (支援措置対象者の閲覧), and what its pages say about the protection.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::{LedgerError, Visible, opening};
use kawasemi_ui::Component;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::button::{LinkButton, Look, Post, Submit};
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};

use super::at::At;
use super::form::REASON;
use super::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done_at, when};

/// `GET /desk/ledgers/{ledger}/{id}/open`
pub async fn ask(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    page(&cx, &ledger, id, None).await
}

/// `POST /desk/ledgers/{ledger}/{id}/open`
pub async fn open(cx: Cx, At { ledger, id }: At, entries: Entries) -> Result<Response, Problem> {
    let reason = entries.text(REASON);
    match cx.ledgers().open_protected(&cx.because(reason), &ledger, id).await {
        Ok(_) => Ok(done_at(&record_href(&ledger, id), "opened")),
        Err(LedgerError::Refused(message)) => page(&cx, &ledger, id, Some((message, reason))).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/ledgers/{ledger}/{id}/close`
pub async fn close(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    cx.ledgers().get(cx.context(), &ledger, id).await?;
    cx.ledgers().close_protected(cx.context(), &ledger, id).await?;
    Ok(done_at(&record_href(&ledger, id), "closed"))
}

async fn page(cx: &Cx, ledger: &str, id: RecordId, refused: Option<(String, &str)>) -> Result<Response, Problem> {
    let opened = Opened::new(cx, ledger)?;
    let record = cx.ledgers().get(cx.context(), ledger, id).await?;
    if !concerns(&opened, &record) {
        return Err(Problem::not_found());
    }
    let href = record_href(ledger, id);
    let labels = cx.ledgers().labels(cx.context(), ledger, std::slice::from_ref(&record)).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let typed = refused.as_ref().map_or("", |(_, reason)| reason);
    let reason = FieldView::new(REASON, "開く理由", Control::Text { max: Some(200) })
        .hint("だれの求めで、何のために見るかを書いてください。アクセスの記録に残り、監査と本人からの求めに応じて示されます。例：転居届の受付のため本人の申出により住所を確認")
        .required()
        .value(typed);
    let form = Form::new(Lang::Ja, format!("{href}/open"))
        .fields(vec![reason])
        .submit("理由を記録して開く")
        .look(Look::Danger)
        .cancel(href.clone())
        .plain();
    let is_refused = refused.is_some();
    let form = refused.into_iter().fold(form, |form, (message, _)| form.mistake(message));
    let lead = format!(
        "この記録には、支援措置（DV・ストーカー・虐待などの被害者の保護）を受けている人がいます。開いた住所や連絡先は、この画面だけに{}分間表示されます。加害者の側からの問合せでないことを必ず確かめてください。",
        opening::MINUTES
    );
    let site = cx.desk_site("ledgers");
    let page = opened
        .page(&site, "支援措置の対象者の記録を開く")
        .crumb(name, href)
        .narrow()
        .notice(Notice::new(Tone::Warning, "開く前に確かめてください").text(lead))
        .body(form.html());
    if is_refused {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// Whether the protection of a record's people makes a difference to the caller: some field that could be seen is protected.
pub fn concerns(opened: &Opened, record: &Visible) -> bool {
    record.protected && opened.fields().any(|field| field.protected && field.clearance <= record.clearance)
}

/// What the page of a record says about a protection: that something is hidden and how to open it, or until when it is open.
pub async fn notice(cx: &Cx, opened: &Opened, record: &Visible) -> Result<Option<Notice>, Problem> {
    if !concerns(opened, record) {
        return Ok(None);
    }
    let (ledger, href) = (opened.key(), record_href(opened.key(), record.id));
    if record.hidden {
        let may_open = cx.ledgers().may_open(cx.context(), ledger, record.id).await?;
        let text = match may_open {
            true => "住所・連絡先などは表示していません。必要なときだけ、理由を入れて開いてください。",
            false => "住所・連絡先などは表示していません。問合せには答えず、支援措置の担当課に引き継いでください。",
        };
        let button = match may_open {
            true => LinkButton::new("理由を入れて開く", format!("{href}/open")).look(Look::Danger).html(),
            false => SafeHtml::EMPTY,
        };
        return Ok(Some(Notice::new(Tone::Warning, "支援措置の対象です").text(text).more(button)));
    }
    let Some(opening) = cx.ledgers().opening(cx.context(), ledger, record.id).await? else { return Ok(None) };
    let text = format!(
        "理由：{}。{} に自動で閉じます。画面を他の人に見せないでください。",
        opening.reason,
        when(opening.until)
    );
    let button = Post::new(format!("{href}/close"), Submit::new("いま閉じる")).html();
    Ok(Some(Notice::new(Tone::Warning, "支援措置の対象者の記録を開いています").text(text).more(button)))
}
