//! Registering and changing a record (登録・編集).
//!
//! A form with mistakes comes back with status 422 and everything that was typed, files included. A save that came too
//! late leads to the page that shows both versions ([`super::conflict`]).

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{FileRef, Value};
use kawasemi_ledger::field::FieldError;
use kawasemi_ledger::master;
use kawasemi_ledger::{LedgerError, Visible};
use kawasemi_schema::{Action, FieldKind};
use kawasemi_ui::Component;
use kawasemi_ui::button::Submit;
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;

use super::at::At;
use super::cells;
use super::form::{Around, Fill, REASON, REVISION, RecordForm, writable};
use super::opened::{Opened, record_href, style};
use super::sent::Sent;
use super::{conflict, kept_files, sending};
use crate::problem::Problem;
use crate::request::Cx;
use crate::request::uploads::Uploads;
use crate::view::done_at;

/// `GET /desk/ledgers/{ledger}/new`
pub async fn new(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Create)?;
    let around = Around::of(&cx, &opened).await?;
    let form = cx.desk().ids().next().to_string();
    Ok(page_of_new(&cx, &opened, &form, Fill::New, &around, &[]))
}

/// `POST /desk/ledgers/{ledger}/new`
pub async fn create(cx: Cx, Path(ledger): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Create)?;
    let texts = uploads.entries.clone();
    let (another, form) = (texts.has("_another"), texts.text(sending::FORM));
    let mut sent = Sent::read(&cx, &opened, None, uploads).await?;
    if sent.rows.is_none() {
        let mut draft = sent.draft(&opened);
        draft.id = sending::record_id(form, &texts, &sent.stored);
        match cx.ledgers().create(&cx.because(&sent.reason), &ledger, draft).await {
            Ok(_) if another => return Ok(done_at(&opened.at("new"), "created")),
            // Who may register but not read is told so at the ledger's page.
            Ok(_) if !opened.may(Action::Read) => return Ok(done_at(&opened.href(), "created")),
            Ok(saved) => return Ok(done_at(&record_href(&ledger, saved.id), "created")),
            Err(error) => sent.around.mistakes = mistakes(&opened, error)?,
        }
    }
    Ok(page_of_new(&cx, &opened, form, Fill::Typed(&sent.entry, None), &sent.around, &sent.stored))
}

/// `GET /desk/ledgers/{ledger}/{id}/edit`
pub async fn edit(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    let opened = Opened::for_action(&cx, &ledger, Action::Update)?;
    let record = changeable(&cx, &opened, id).await?;
    let mut around = Around::of(&cx, &opened).await?;
    around.labels = cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?;
    for field in opened.fields().filter(|field| matches!(field.kind, FieldKind::Files { .. })) {
        if let Value::Files(files) = record.get(&field.key) {
            around.files.insert(field.key.clone(), files.clone());
        }
    }
    let editing = Editing { opened: &opened, record: &record, revision: record.revision, reason: "" };
    Ok(editing.page(&cx, Fill::Stored(&record), &around, &[]))
}

/// `POST /desk/ledgers/{ledger}/{id}/edit`
pub async fn update(cx: Cx, At { ledger, id }: At, uploads: Uploads) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    let opened = Opened::for_action(&cx, &ledger, Action::Update)?;
    let record = changeable(&cx, &opened, id).await?;
    let texts = uploads.entries.clone();
    let mut sent = Sent::read(&cx, &opened, Some(&record), uploads).await?;
    sent.around.labels.extend(cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?);
    if sent.rows.is_none() {
        let draft = sent.draft(&opened);
        match cx.ledgers().update(&cx.because(&sent.reason), &ledger, id, sent.revision, draft).await {
            Ok(saved) if saved.revision == record.revision => {
                return Ok(done_at(&record_href(&ledger, id), "unchanged"));
            }
            Ok(saved) => return Ok(done_at(&record_href(&ledger, saved.id), "saved")),
            Err(LedgerError::Conflict(both)) => {
                return conflict::page(&cx, &opened, &sent, &both, &texts).await;
            }
            Err(error) => sent.around.mistakes = mistakes(&opened, error)?,
        }
    }
    let editing = Editing { opened: &opened, record: &record, revision: sent.revision, reason: &sent.reason };
    Ok(editing.page(&cx, Fill::Typed(&sent.entry, Some(&record)), &sent.around, &sent.stored))
}

/// A record that this person may change. A deleted one is restored first.
async fn changeable(cx: &Cx, opened: &Opened, id: kawasemi_kernel::RecordId) -> Result<Visible, Problem> {
    let record = cx.ledgers().get(cx.context(), opened.key(), id).await?;
    if record.deleted_at.is_some() {
        return Err(
            LedgerError::Refused("この記録は削除されています。復元してから変更してください。".to_owned()).into()
        );
    }
    if record.may.update { Ok(record) } else { Err(LedgerError::Forbidden { action: Action::Update }.into()) }
}

/// What is wrong with what was entered; what is no mistake of the form is passed on.
pub fn mistakes(opened: &Opened, error: LedgerError) -> Result<Vec<FieldError>, Problem> {
    let whole = |message: String| vec![FieldError { field: String::new(), label: String::new(), message }];
    match error {
        LedgerError::Invalid(mistakes) => Ok(mistakes),
        LedgerError::Duplicate { ref fields } => {
            let named = opened.fields().filter(|field| fields.iter().any(|label| label == field.label.ja()));
            let all: Vec<FieldError> =
                named.map(|field| FieldError::new(field, "同じ値の記録がすでにあります。")).collect();
            Ok(if all.is_empty() { whole(error.to_string()) } else { all })
        }
        LedgerError::OutOfScope | LedgerError::IdTaken | LedgerError::Refused(_) | LedgerError::UnknownField { .. } => {
            Ok(whole(error.to_string()))
        }
        error => Err(error.into()),
    }
}

fn page_of_new(
    cx: &Cx,
    opened: &Opened,
    number: &str,
    fill: Fill<'_>,
    around: &Around,
    stored: &[(String, FileRef)],
) -> Response {
    let form = RecordForm { opened, fill, around, clearance: writable(opened, None) };
    let form = form.build(opened.at("new"), opened.href(), None).submit("登録する").hidden(sending::FORM, number);
    let another = Submit::new("登録して続けて入力する").sends("_another", "1").html();
    let form = carry(cx, opened, form.more_buttons(another), stored);
    let lead = "「必須」の付いた項目は必ず入力してください。";
    answer(cx, opened, &format!("{}に登録する", opened.title()), lead, form)
}

/// A change of a record.
struct Editing<'a> {
    opened: &'a Opened,
    record: &'a Visible,
    revision: i64,
    reason: &'a str,
}

impl Editing<'_> {
    fn page(&self, cx: &Cx, fill: Fill<'_>, around: &Around, stored: &[(String, FileRef)]) -> Response {
        let (opened, record) = (self.opened, self.record);
        let href = record_href(opened.key(), record.id);
        let form = RecordForm { opened, fill, around, clearance: writable(opened, Some(record)) };
        let form = form
            .build(format!("{href}/edit"), href, Some(record.id))
            .hidden(REVISION, self.revision.to_string())
            .section("変更の理由", vec![reason_field(self.reason)]);
        let form = carry(cx, opened, form, stored);
        let style = style().with_labels(&around.labels);
        let title = format!("「{}」を編集する", opened.name_of(record, &style));
        let lead = master::of(&opened.def, record.fields()).map(|mastered| {
            let name = &mastered.name;
            format!(
                "{}です。{name}の項目はここでは変えられません。{name}で直すと、次の連携で反映されます。",
                cells::known(&mastered)
            )
        });
        answer(cx, opened, &title, &lead.unwrap_or_default(), form)
    }
}

/// The field for the reason of a change.
pub fn reason_field(reason: &str) -> FieldView {
    FieldView::new(REASON, "理由（任意）", Control::Text { max: Some(200) })
        .hint("履歴に残ります。例：現地確認の結果を反映、入力誤りの訂正")
        .value(reason)
}

/// Lets a form carry along the files that came with it.
fn carry(cx: &Cx, opened: &Opened, form: Form, stored: &[(String, FileRef)]) -> Form {
    let sealed = stored.iter().filter_map(|(field, file)| kept_files::seal(cx, opened.key(), field, file));
    sealed.fold(form, |form, sealed| form.hidden(kept_files::KEPT, sealed))
}

fn answer(cx: &Cx, opened: &Opened, title: &str, lead: &str, form: Form) -> Response {
    let mistaken = form.has_mistakes();
    let site = cx.desk_site("ledgers");
    let mut page = opened.page(&site, title).body(form.html());
    if !lead.is_empty() {
        page = page.lead(lead);
    }
    if let Some(notice) = crate::view::done(cx, &[("created", "登録しました。続けて入力できます。")]) {
        page = page.notice(notice);
    }
    if mistaken {
        return (StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response();
    }
    Html(page.render()).into_response()
}
