//! Imports and dry runs that go on, or have ended.
//!
//! A run belongs to the person who began it, and its row in the database says how far it is: so every node answers for every
//! run, and a restart forgets none. A run whose process is gone is cleared away and can be begun anew with one button.

use std::collections::HashMap;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_ledger::LedgerError;
use kawasemi_ledger::import::{ImportPlan, ImportRun, Progress, RunState};
use kawasemi_schema::Action;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::steps::steps;
use uuid::Uuid;

use super::super::opened::Opened;
use super::{STEPS, fetch, kept, map, photos, report, saved_form};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// After how many seconds a page without a script looks again.
const AGAIN_S: u32 = 2;

/// `POST /desk/ledgers/{ledger}/import/run`
pub async fn start(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let mapping = map::mapping(&entries);
    let is_invented = entries.has("invented");
    let unsaid = (map::asks_invented(&cx, &opened) && !is_invented).then(|| map::UNSAID.to_owned());
    if let Some(mistake) = mistake(&mapping).or(unsaid) {
        return map::render(&cx, &opened, &entries, Some(mistake)).await;
    }
    let mut options = match map::options(&entries) {
        Ok(options) => options,
        Err(mistake) => return map::render(&cx, &opened, &entries, Some(mistake)).await,
    };
    options.form = saved_form(&cx, &ledger, entries.text("form")).await?;
    let (photos, archive) = photos::plan(&cx, &opened, &entries).await?;
    let of = kept(&cx, &ledger, entries.text("file")).await?;
    let temporary = fetch(&cx, &of.file).await?;
    let title = of.file.name.clone();
    let context = cx.because(&format!("「{title}」の取込み"));
    let plan = ImportPlan { path: temporary.path().to_owned(), options, mapping, title, photos, is_invented };
    let is_dry = entries.text("mode") != "import";
    let chosen = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&entries.0).finish();
    let id = cx.ledgers().begin_import(&context, &of, plan, is_dry, &chosen, (temporary, archive)).await?;
    Ok(Redirect::to(&opened.at(&format!("import/runs/{id}"))).into_response())
}

/// `GET /desk/ledgers/{ledger}/import/runs/{run}`
pub async fn show(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let (opened, run) = open(&cx, &at).await?;
    let Some(run) = run else { return Ok(report::forgotten(&cx, &opened)) };
    Ok(match &run.state {
        RunState::Chosen => Redirect::to(&map::address(&opened, run.id)).into_response(),
        RunState::Running(progress) => going_on(&cx, &opened, &run, *progress),
        RunState::Ended(outcome) => report::page(&cx, &opened, &run, &Ok(outcome.clone())),
        RunState::Failed(message) => report::page(&cx, &opened, &run, &Err(message.clone())),
        RunState::BrokenOff => {
            cx.ledgers().recover_imports(cx.context().act.at).await?;
            report::broken_off(&cx, &opened, &run)
        }
    })
}

/// The ledger and the run of an address; no run where this person has none of that id.
pub async fn open(cx: &Cx, at: &HashMap<String, String>) -> Result<(Opened, Option<ImportRun>), Problem> {
    let ledger = at.get("ledger").map(String::as_str).unwrap_or_default();
    let opened = Opened::for_action(cx, ledger, Action::Import)?;
    let id = at.get("run").and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(Problem::not_found)?;
    match cx.ledgers().import_run(cx.context(), ledger, id).await {
        Ok(run) => Ok((opened, Some(run))),
        Err(LedgerError::NotFound) => Ok((opened, None)),
        Err(error) => Err(error.into()),
    }
}

/// What can be said of a mapping before the file is read.
fn mistake(mapping: &kawasemi_ledger::import::Mapping) -> Option<String> {
    let used: Vec<&String> = mapping.columns.iter().filter(|column| !column.is_empty()).collect();
    if used.is_empty() {
        return Some("取り込む項目が1つも選ばれていません。".to_owned());
    }
    let twice = used.iter().enumerate().any(|(index, column)| used[..index].contains(column));
    if twice {
        return Some("同じ項目に2つの列が割り当てられています。どちらかを「取り込まない」にしてください。".to_owned());
    }
    let missing = mapping.merge.iter().find(|key| !mapping.columns.contains(key));
    missing.map(|_| "更新の手がかりにする項目の列がありません。列を割り当てるか、「すべて新しい記録として登録する」を選んでください。".to_owned())
}

fn going_on(cx: &Cx, opened: &Opened, run: &ImportRun, progress: Progress) -> Response {
    let site = cx.desk_site("ledgers");
    let title = if run.is_dry { "試しに読んでいます" } else { "取り込んでいます" };
    let mut body = steps(Lang::Ja, &STEPS, if run.is_dry { 2 } else { 3 });
    body.push(&counts(progress));
    let lead = format!("「{}」。この画面を閉じても処理は続きます。", run.file.name);
    let page = opened.page(&site, title).lead(lead).body(body);
    ([(header::REFRESH, AGAIN_S.to_string())], Html(page.render())).into_response()
}

fn counts(progress: Progress) -> SafeHtml {
    let what = if progress.is_updating { "更新しています" } else { "読んでいます" };
    let rows = kawasemi_ui::said::whole(i64::try_from(progress.rows).unwrap_or(i64::MAX));
    let bad = kawasemi_ui::said::whole(i64::try_from(progress.bad).unwrap_or(i64::MAX));
    SafeHtml::trusted(format!(
        "<div class=\"stack-small\" role=\"status\"><p>{what}：<strong class=\"text-number\">{rows}行</strong>（間違いのある行 {bad}）</p><progress aria-label=\"処理中\"></progress></div>"
    ))
}
