//! Imports and dry runs that go on, or have ended, in this process.
//!
//! A run belongs to the person who began it. It lives in memory: after a restart its page says so and leads to the ledger's
//! list of imports, which is kept in the database; what a run had not finished has changed nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_ledger::import::{ImportPlan, ImportReport, Progress};
use kawasemi_schema::Action;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::steps::steps;
use uuid::Uuid;

use super::super::opened::Opened;
use super::{STEPS, fetch, map, report};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// Runs that are remembered; the oldest go first.
const REMEMBERED: usize = 100;
/// After how many seconds a page without a script looks again.
const AGAIN_S: u32 = 2;

/// A run.
pub struct Run {
    /// Who began it.
    pub account: Uuid,
    /// The ledger.
    pub ledger: String,
    /// What the file is called.
    pub title: String,
    /// Whether it only tries.
    pub is_dry: bool,
    /// What was sent, to go on to the next step with it.
    pub entries: Entries,
    progress: Mutex<Progress>,
    outcome: Mutex<Option<Result<Arc<ImportReport>, String>>>,
}

impl Run {
    /// How it ended; none while it goes on.
    pub fn outcome(&self) -> Option<Result<Arc<ImportReport>, String>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, outcome: Result<ImportReport, String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome.map(Arc::new));
    }
}

/// Ids made one after the other sort by time, so the first is the oldest.
static RUNS: LazyLock<Mutex<BTreeMap<Uuid, Arc<Run>>>> = LazyLock::new(Mutex::default);

/// `POST /desk/ledgers/{ledger}/import/run`
pub async fn start(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let mapping = map::mapping(&entries);
    if let Some(mistake) = mistake(&mapping) {
        return map::render(&cx, &opened, &entries, Some(mistake)).await;
    }
    let (file, temporary) = fetch(&cx, &ledger, entries.text("file")).await?;
    let account = cx.context().caller.account.as_ref().map(|account| account.id).ok_or_else(Problem::not_found)?;
    let run = Arc::new(Run {
        account,
        ledger: ledger.clone(),
        title: file.name.clone(),
        is_dry: entries.text("mode") != "import",
        progress: Mutex::new(Progress { rows: 0, bad: 0, is_updating: false }),
        outcome: Mutex::new(None),
        entries: entries.clone(),
    });
    let id = cx.desk().ids().next();
    remember(id, &run);
    let plan =
        ImportPlan { path: temporary.path().to_owned(), options: map::options(&entries), mapping, title: file.name };
    let (ledgers, context) = (cx.ledgers().clone(), cx.because(&format!("「{}」の取込み", plan.title)));
    tokio::spawn(async move {
        let note = |progress| *run.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        let outcome = if run.is_dry {
            ledgers.import_dry_run(&context, &run.ledger, &plan, &note).await
        } else {
            ledgers.import(&context, &run.ledger, &plan, &note).await
        };
        if let Err(error) = &outcome {
            tracing::warn!(ledger = run.ledger, error = %error, "an import was refused or failed");
        }
        run.end(outcome.map_err(|error| error.to_string()));
        drop(temporary);
    });
    Ok(Redirect::to(&opened.at(&format!("import/runs/{id}"))).into_response())
}

/// `GET /desk/ledgers/{ledger}/import/runs/{run}`
pub async fn show(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let (opened, run) = open(&cx, &at)?;
    let Some(run) = run else { return Ok(report::forgotten(&cx, &opened)) };
    if let Some(outcome) = run.outcome() {
        return Ok(report::page(&cx, &opened, &run, at.get("run").map_or("", String::as_str), &outcome));
    }
    let site = cx.desk_site("ledgers");
    let title = if run.is_dry { "試しに読んでいます" } else { "取り込んでいます" };
    let mut body = steps(Lang::Ja, &STEPS, if run.is_dry { 2 } else { 3 });
    body.push(&going_on(&run));
    let page =
        opened.page(&site, title).lead(format!("「{}」。この画面を閉じても処理は続きます。", run.title)).body(body);
    Ok(([(header::REFRESH, AGAIN_S.to_string())], Html(page.render())).into_response())
}

/// The ledger and the run of an address; no run if this process knows none of this person's.
pub fn open(cx: &Cx, at: &HashMap<String, String>) -> Result<(Opened, Option<Arc<Run>>), Problem> {
    let ledger = at.get("ledger").map(String::as_str).unwrap_or_default();
    let opened = Opened::for_action(cx, ledger, Action::Import)?;
    let id = at.get("run").and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(Problem::not_found)?;
    let run = RUNS.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
    let own = cx.context().caller.account.as_ref().map(|account| account.id);
    Ok((opened, run.filter(|run| Some(run.account) == own && run.ledger == ledger)))
}

fn remember(id: Uuid, run: &Arc<Run>) {
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    runs.insert(id, Arc::clone(run));
    while runs.len() > REMEMBERED {
        // Only what has ended is forgotten.
        let Some(oldest) = runs.iter().find(|(_, run)| run.outcome().is_some()).map(|(id, _)| *id) else { break };
        runs.remove(&oldest);
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

fn going_on(run: &Run) -> SafeHtml {
    let progress = run.progress();
    let what = if progress.is_updating { "更新しています" } else { "読んでいます" };
    let rows = kawasemi_ui::said::whole(i64::try_from(progress.rows).unwrap_or(i64::MAX));
    let bad = kawasemi_ui::said::whole(i64::try_from(progress.bad).unwrap_or(i64::MAX));
    SafeHtml::trusted(format!(
        "<div class=\"stack-small\" role=\"status\"><p>{what}：<strong class=\"text-number\">{rows}行</strong>（間違いのある行 {bad}）</p><progress aria-label=\"処理中\"></progress></div>"
    ))
}
