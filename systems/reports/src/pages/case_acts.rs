//! The acts of a report's page: each reads its form, does one thing and goes back to the page. What is refused is said there, and
//! nothing is changed.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::board::BOARD;
use super::case::{self, Case};
use crate::acts::{
    self, assign as assigning, merge as merging, publish as publishing, reply as replying, state as states,
};
use crate::definitions::{REPORT, UPDATE};
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError};
use crate::photo::{self, Part, PhotoError};
use crate::platform::desk::{Cx, Entries, Problem, Uploads, view};
use crate::records::Report;
use crate::rules::{State, tracking};

/// What the page says after an act.
pub const DONE: [(&str, &str); 9] = [
    ("state", "対応を記録しました。"),
    ("publish", "公開を決めました。"),
    ("assign", "担当を決めました。"),
    ("order", "作業を指示しました。"),
    ("pass-on", "他機関へ連絡したことを記録しました。"),
    ("merge", "まとめました。「分ける」で元に戻せます。"),
    ("split", "分けました。"),
    ("reply", "返信しました。"),
    ("repaired", "写真を加えました。"),
];

/// The case and the revision that the form was made from, for somebody who may change the report.
async fn acting(cx: &Cx, id: &str, entries: &Entries) -> Result<(Case, i64), Problem> {
    let (_, access) = cx.ledgers().open(cx.context(), REPORT)?;
    if !access.may(crate::schema::Action::Update) {
        return Err(Problem::forbidden());
    }
    let case = Case::load(cx, id).await?;
    if !case.report.may.update {
        return Err(Problem::forbidden());
    }
    let revision = entries.text("revision").parse().unwrap_or(case.report.revision);
    Ok((case, revision))
}

/// Goes back to the page: with what was done, or with what was refused.
async fn answered(cx: &Cx, case: &Case, done: &str, result: Result<(), LedgerError>) -> Result<Response, Problem> {
    let said = match result {
        Ok(()) => {
            crate::mirror::give(cx).await?;
            return Ok(view::done_at(&format!("{BOARD}/{}", case.report.id), done));
        }
        Err(LedgerError::Conflict(_)) => {
            "ほかの人が、この通報を先に変えました。下の内容を確かめて、もう一度操作してください。".to_owned()
        }
        Err(LedgerError::Invalid(mistakes)) => {
            mistakes.iter().map(|mistake| mistake.message.as_str()).collect::<Vec<_>>().join(" ")
        }
        Err(LedgerError::Refused(reason)) => reason,
        Err(error) => return Err(error.into()),
    };
    refused(cx, case, &said).await
}

async fn refused(cx: &Cx, case: &Case, said: &str) -> Result<Response, Problem> {
    let case = Case::load(cx, &case.report.id.to_string()).await?;
    let page = case::show(cx, &case, Some(said)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /desk/reports/{id}/state`
pub async fn state(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let Some(state) = State::from_key(entries.text("state")) else {
        return refused(&cx, &case, "対応を選んでください。").await;
    };
    let new = states::NewState { state, note: entries.text("note"), revision };
    let result = states::set(cx.ledgers(), &cx.because("対応の記録"), &case.report, &new).await;
    answered(&cx, &case, "state", result).await
}

/// `POST /desk/reports/{id}/publish`
pub async fn publish(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let report = &case.report;
    let keeps: Vec<&str> = entries.all("keep").collect();
    let mut photos: Vec<_> =
        report.public_photos.iter().filter(|file| keeps.contains(&file.id.to_string().as_str())).cloned().collect();
    for wanted in entries.all("photo") {
        let Some(file) = report.photos.iter().find(|file| file.id.to_string() == wanted) else { continue };
        let parts = Part::parse_all(entries.text(&format!("paint-{wanted}")));
        match publishing::public_copy(&cx, file, parts).await {
            Ok(copy) => photos.push(copy),
            Err(PhotoError::Ours(reason)) => return Err(Problem::internal(&std::io::Error::other(reason))),
            Err(_) => {
                return refused(&cx, &case, "写真を読み取れません。公開しないで、内容だけを公開してください。").await;
            }
        }
    }
    let decision = publishing::Decision {
        shown: entries.text("public_state") == "shown",
        description: entries.text("description").to_owned(),
        address: entries.text("address").to_owned(),
        private_premises: yes(&entries, "private_premises"),
        photos,
        revision,
    };
    let result = publishing::decide(cx.ledgers(), &cx.because("公開の確認"), report, &decision).await;
    answered(&cx, &case, "publish", result).await
}

/// `POST /desk/reports/{id}/assign`
pub async fn assign(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let record = |name: &str| entries.text(name).parse::<RecordId>().ok();
    let (department, category, urgent) = (record("department"), record("category"), yes(&entries, "urgent"));
    let context = cx.because("担当の決定");
    let result = assigning::section(cx.ledgers(), &context, &case.report, revision, department, category, urgent).await;
    // A section that gives a report away may not see it any more.
    if result.is_ok() && cx.ledgers().get(cx.context(), REPORT, case.report.id).await.is_err() {
        return Ok(view::done_at(BOARD, "assign"));
    }
    answered(&cx, &case, "assign", result).await
}

/// `POST /desk/reports/{id}/order`
pub async fn order(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    if entries.text("title").is_empty() || entries.text("instruction").is_empty() {
        return refused(&cx, &case, "件名と指示を書いてください。").await;
    }
    let due = entries.text("due");
    let date = crate::kernel::era::parse_date(due);
    let Some(due) = (if due.is_empty() { Some(None) } else { date.ok().map(Some) }) else {
        return refused(&cx, &case, "期限の日付が読めません。令和8年9月10日か2026-09-10のように書いてください。").await;
    };
    let order = assigning::Order {
        title: entries.text("title"),
        instruction: entries.text("instruction"),
        contractor: entries.text("contractor").parse().ok(),
        due,
        revision,
    };
    let result = assigning::order(cx.ledgers(), &cx.because("作業の指示"), &case.report, &order).await;
    answered(&cx, &case, "order", result.map(drop)).await
}

/// `POST /desk/reports/{id}/pass-on`
pub async fn pass_on(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let Ok(authority) = entries.text("authority").parse::<RecordId>() else {
        return refused(&cx, &case, "連絡先の機関を選んでください。").await;
    };
    let context = cx.because("他機関への連絡");
    let note = entries.text("note");
    let result = assigning::pass_on(cx.ledgers(), &context, &case.report, revision, authority, note).await;
    answered(&cx, &case, "pass-on", result).await
}

/// `POST /desk/reports/{id}/merge`
pub async fn merge(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let number = tracking::read(entries.text("into"));
    let into = match number {
        Some(number) => Report::by_reference(cx.ledgers(), cx.context(), &number).await?,
        None => None,
    };
    let Some(into) = into else {
        return refused(&cx, &case, "まとめ先の受付番号が見つかりません。7K3Q9-FMA2X のような番号です。").await;
    };
    let result = merging::merge(cx.ledgers(), &cx.because("重複した通報"), &case.report, revision, &into).await;
    answered(&cx, &case, "merge", result).await
}

/// `POST /desk/reports/{id}/split`
pub async fn split(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &entries).await?;
    let result = merging::split(cx.ledgers(), &cx.because("別の通報だった"), &case.report, revision).await;
    answered(&cx, &case, "split", result).await
}

/// `POST /desk/reports/{id}/reply`
pub async fn reply(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, _) = acting(&cx, &id, &entries).await?;
    let result = replying::reply(cx.ledgers(), &cx.because("返信"), &case.report, entries.text("text")).await;
    answered(&cx, &case, "reply", result).await
}

/// `POST /desk/reports/{id}/repaired`
pub async fn repaired(cx: Cx, Path(id): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let (case, revision) = acting(&cx, &id, &uploads.entries).await?;
    let mut draft = Draft::new();
    draft.set("repair_photos", Value::Null);
    case.report.repair_photos.iter().for_each(|file| draft.attach("repair_photos", file.clone()));
    let mut taken = 0;
    for upload in uploads.files.iter().filter(|upload| upload.field == "photo") {
        let photo = match photo::take(&cx, upload).await {
            Ok(photo) => photo,
            Err(PhotoError::Ours(reason)) => return Err(Problem::internal(&std::io::Error::other(reason))),
            Err(error) => {
                let said = crate::words(crate::kernel::Lang::Ja).get(error.word());
                return refused(&cx, &case, &said).await;
            }
        };
        let kept = crate::intake::kept(&cx.city().files, cx.desk().ids().next(), &photo.jpeg).await;
        draft.attach("repair_photos", kept.map_err(|error| Problem::internal(&error))?);
        taken += 1;
    }
    if taken == 0 {
        return refused(&cx, &case, "写真を選んでください。").await;
    }
    let result = acts::change(cx.ledgers(), &cx.because("直した後の写真"), &case.report, revision, draft).await;
    answered(&cx, &case, "repaired", result).await
}

/// `POST /desk/reports/{id}/release`: shows an entry that came from outside.
pub async fn release(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let (case, _) = acting(&cx, &id, &entries).await?;
    let update: RecordId = entries.text("update").parse().map_err(|_| Problem::not_found())?;
    let record = cx.ledgers().get(cx.context(), UPDATE, update).await?;
    if record.get("report").as_record() != Some(case.report.id) {
        return Err(Problem::not_found());
    }
    let draft = Draft::new().with("published", true);
    let context = cx.because("外からの知らせの公開");
    let result = cx.ledgers().update(&context, UPDATE, update, record.revision, draft).await;
    answered(&cx, &case, "publish", result.map(drop)).await
}

fn yes(entries: &Entries, name: &str) -> bool {
    entries.all(name).any(|value| value == "true" || value == "on")
}
