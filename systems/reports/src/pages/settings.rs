//! What is done seldom: keys for other programs, reports of the former app, disaster mode, and putting together what ran apart.

use std::collections::HashMap;

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use jiff::Timestamp;

use super::settings_view::{listed, show};
use crate::acts::{disaster as disasters, reconcile as apart};
use crate::definitions::{HEADQUARTERS, REPORT, TRIAGE};
use crate::history;
use crate::ledger::{Draft, LedgerError};
use crate::open311::keys;
use crate::platform::desk::{Cx, Entries, Problem, Upload, Uploads, view};
use crate::platform::ui::SafeHtml;
use crate::platform::ui::notice::{Notice, Tone};

/// Where they lie.
const PATH: &str = "/desk/reports/settings";
/// The largest file that is read here, in bytes.
pub const LARGEST: u64 = 200 * 1024 * 1024;

/// Those who sort reports out, and the headquarters; not by a token that may only read, since the page shows keys being made.
fn require(cx: &Cx) -> Result<(), Problem> {
    let caller = &cx.context().caller;
    let may = !caller.read_only && (caller.has_role(TRIAGE) || caller.has_role(HEADQUARTERS));
    if may { Ok(()) } else { Err(Problem::forbidden()) }
}

/// `GET /desk/reports/settings`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    Ok(show(&cx, None).await?.into_response())
}

/// `POST /desk/reports/settings/key`
pub async fn key(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    require(&cx)?;
    keys::require(cx.ledgers(), cx.context())?;
    if entries.text("name").is_empty() {
        return refused(&cx, "アプリの名前を書いてください。").await;
    }
    let draft = Draft::new()
        .with("name", entries.text("name"))
        .with("contact", crate::intake::text(entries.text("contact")))
        .with("may_update", entries.all("may_update").any(|value| value == "true"));
    let key = keys::issue(&cx, &cx.because("Open311 のキーの発行"), draft).await?;
    crate::mirror::give(&cx).await?;
    let shown = SafeHtml::trusted(format!("<p><code class=\"report-key\">{}</code></p>", SafeHtml::escape(key)));
    let notice = Notice::new(Tone::Success, "キーを発行しました")
        .text("いま書き写して、アプリの担当者に渡してください。この画面を閉じると、もう見られません。")
        .more(shown);
    Ok(show(&cx, Some(notice)).await?.into_response())
}

async fn refused(cx: &Cx, said: &str) -> Result<Response, Problem> {
    let notice = Notice::new(Tone::Error, "何も変えていません").text(said);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(cx, Some(notice)).await?).into_response())
}

fn bytes(upload: &Upload) -> Result<Vec<u8>, Problem> {
    if upload.size > LARGEST {
        return Err(Problem::too_large(usize::try_from(LARGEST >> 20).unwrap_or(usize::MAX)));
    }
    std::fs::read(upload.file.path()).map_err(|error| Problem::internal(&error))
}

/// `POST /desk/reports/settings/import`
pub async fn import(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    require(&cx)?;
    let Some(file) = uploads.file("reports") else {
        return refused(&cx, "通報のファイルを選んでください。").await;
    };
    let reports = match history::read_reports(&bytes(file)?) {
        Ok(reports) => reports,
        Err(error) => return refused(&cx, &error.to_string()).await,
    };
    let updates = match uploads.file("updates") {
        None => Vec::new(),
        Some(file) => match history::read_updates(&bytes(file)?) {
            Ok(updates) => updates,
            Err(error) => return refused(&cx, &format!("経過のファイル：{error}")).await,
        },
    };
    let entries = &uploads.entries;
    let lines = entries.text("named").lines().filter_map(|line| line.split_once(['=', '＝']));
    let named: HashMap<String, String> =
        lines.map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned())).collect();
    let was_public = entries.all("was_public").any(|value| value == "true");
    let context = cx.because("以前のアプリの通報の取込み");
    let outcome = history::apply(cx.ledgers(), &context, &reports, &updates, &named, was_public).await?;
    crate::mirror::give(&cx).await?;
    let said = format!(
        "通報{}件と経過{}件を取り込みました。すでにあった通報は{}件です。",
        outcome.added, outcome.updates, outcome.known
    );
    let tone = if outcome.refused.is_empty() { Tone::Success } else { Tone::Warning };
    let notice =
        Notice::new(tone, "取込みが終わりました").text(said).more(listed("取り込めなかったもの", &outcome.refused));
    Ok(show(&cx, Some(notice)).await?.into_response())
}

/// `POST /desk/reports/settings/disaster`
pub async fn disaster(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    require(&cx)?;
    let context = cx.because("災害モードの切替え");
    let (result, done) = match entries.text("act") {
        "end" => (disasters::end(cx.ledgers(), &context).await, "ended"),
        _ => {
            let department = entries.text("department").parse().ok();
            (disasters::begin(cx.ledgers(), &context, entries.text("name"), department).await, "begun")
        }
    };
    match result {
        Ok(_) => {
            crate::mirror::give(&cx).await?;
            Ok(view::done_at(PATH, done))
        }
        Err(LedgerError::Refused(reason)) => refused(&cx, &reason).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/reports/settings/bundle?since=`
pub async fn bundle(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    let asked = cx.query("since").unwrap_or_default();
    let Some(since) = instant(&asked) else {
        return refused(&cx, "書き出しの始まりの日時を入れてください。").await;
    };
    let bundle = apart::bundle(&cx, since).await?;
    let body = serde_json::to_vec(&bundle).map_err(|error| Problem::internal(&error))?;
    let name = format!("reports-{}-{}.json", bundle.city, cx.context().today());
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

fn instant(text: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::offset(9).to_timestamp(civil).ok()
}

/// `POST /desk/reports/settings/bundle`
pub async fn reconcile(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    require(&cx)?;
    let (_, access) = cx.ledgers().open(cx.context(), REPORT)?;
    if !access.may(crate::schema::Action::Import) {
        return Err(Problem::forbidden());
    }
    let Some(file) = uploads.file("bundle") else {
        return refused(&cx, "書き出したファイルを選んでください。").await;
    };
    let bundle = match apart::read(&bytes(file)?, cx.city().city.code()) {
        Ok(bundle) => bundle,
        Err(reason) => return refused(&cx, &reason).await,
    };
    let outcome = apart::take(&cx, &bundle).await?;
    crate::mirror::give(&cx).await?;
    let said = format!(
        "新しい記録{}件、変わった記録{}件、同じだった記録{}件。",
        outcome.created, outcome.changed, outcome.same
    );
    let mut more = listed("両方で変えていた項目", &outcome.conflicts);
    more.push(&listed("読み込めなかった記録", &outcome.refused));
    let is_clean = outcome.conflicts.is_empty() && outcome.refused.is_empty();
    let notice = Notice::new(if is_clean { Tone::Success } else { Tone::Warning }, "突き合わせが終わりました")
        .text(said)
        .more(more);
    Ok(show(&cx, Some(notice)).await?.into_response())
}

/// `POST /desk/reports/settings/outward`
pub async fn outward(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    crate::mirror::give_since(&cx, Timestamp::UNIX_EPOCH).await?;
    Ok(view::done_at(PATH, "given"))
}
