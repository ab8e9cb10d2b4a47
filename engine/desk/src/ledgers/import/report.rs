//! What an import did, or would do: figures, a line for each bad row, and the way on.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_ledger::import::{ImportReport, ImportRun, RunState};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit};
use kawasemi_ui::card::{Tile, grid};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::steps::steps;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::super::cells::shortened;
use super::super::files::disposition;
use super::super::opened::Opened;
use super::runs::open;
use super::{STEPS, map};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::section_with;

/// Bad rows that are shown; the file of mistakes has more.
const SHOWN: usize = 100;

/// The page of a run that has ended.
pub fn page(cx: &Cx, opened: &Opened, run: &ImportRun, outcome: &Result<Arc<ImportReport>, String>) -> Response {
    let site = cx.desk_site("ledgers");
    let title = if run.is_dry { "試しに読んだ結果" } else { "取込みの結果" };
    let page = opened.page(&site, title).lead(format!("「{}」", run.file.name));
    let mut body = steps(Lang::Ja, &STEPS, if run.is_dry { 2 } else { 3 });
    let page = match outcome {
        Err(message) => {
            let text = format!("{message}\n何も取り込まれていません。");
            body.push(&kawasemi_ui::button::row([again(opened, run)]));
            page.notice(Notice::new(Tone::Error, "処理できませんでした").text(text))
        }
        Ok(report) => {
            body.push(&figures(run, report));
            if report.bad > 0 {
                let csv = opened.at(&format!("import/runs/{}/problems.csv", run.id));
                let button = LinkButton::new("間違いの一覧をCSVで保存", csv).icon(Icon::Download).download().html();
                body.push(&section_with("間違いのある行", &button, &bad_rows(report)));
            }
            let csv = opened.at(&format!("import/runs/{}/report.csv", run.id));
            body.push(&super::understood::section(&report.understood, &csv));
            body.push(&kawasemi_ui::button::row(buttons(opened, run, report)));
            page.notice(notice(run, report))
        }
    };
    Html(page.body(body).render()).into_response()
}

/// The page of a run that was broken off: nothing of it remains, and it can be begun anew.
pub fn broken_off(cx: &Cx, opened: &Opened, run: &ImportRun) -> Response {
    let notice = Notice::new(Tone::Warning, "この取込みは途中で止まりました").text(
        "サーバーが途中で止まったため、書きかけのものをすべて片付けました。何も取り込まれていません。\
         ファイルは残っているので、そのままもう一度始められます。二重にはなりません。",
    );
    let label = if run.is_dry { "もう一度試しに読む" } else { "もう一度取り込む" };
    let mode = if run.is_dry { "dry" } else { "import" };
    let body = kawasemi_ui::button::row([go_on(opened, run, label.to_owned(), mode, false), again(opened, run)]);
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "取込みの経過").lead(format!("「{}」", run.file.name)).notice(notice);
    Html(page.body(body).render()).into_response()
}

/// The page of a run that nobody remembers.
pub fn forgotten(cx: &Cx, opened: &Opened) -> Response {
    let notice = Notice::new(Tone::Info, "この取込みの経過は、もう表示できません")
        .text("時間がたちました。取り込まれたかどうかは「最近の取込み」で確かめられます。");
    let site = cx.desk_site("ledgers");
    let body = LinkButton::new("最近の取込みを見る", opened.at("import")).html();
    Html(opened.page(&site, "取込みの経過").notice(notice).body(body).render()).into_response()
}

/// `GET …/import/runs/{run}/problems.csv`
pub async fn problems(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let (opened, run) = open(&cx, &at).await?;
    let Some(RunState::Ended(report)) = run.map(|run| run.state) else { return Err(Problem::not_found()) };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{}_取込みの間違い.csv", opened.title()))),
    ];
    Ok((headers, report.to_csv()).into_response())
}

/// `GET …/import/runs/{run}/report.csv`
pub async fn understood(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let (opened, run) = open(&cx, &at).await?;
    let Some(RunState::Ended(report)) = run.map(|run| run.state) else { return Err(Problem::not_found()) };
    Ok(super::understood::csv(&opened, &report.understood))
}

fn notice(run: &ImportRun, report: &ImportReport) -> Notice {
    match (run.is_dry, report.is_applied, report.bad) {
        (false, true, 0) => Notice::new(Tone::Success, "取り込みました"),
        (false, true, _) => Notice::new(Tone::Warning, "間違いのある行を飛ばして取り込みました"),
        (false, false, _) => Notice::new(Tone::Error, "間違いのある行があるため、何も取り込みませんでした"),
        (true, _, 0) => Notice::new(Tone::Success, "間違いは見つかりませんでした")
            .text("まだ何も変わっていません。内容を確かめて取り込んでください。"),
        (true, _, _) => Notice::new(Tone::Warning, "間違いのある行があります").text(
            "まだ何も変わっていません。元のファイルを直して選び直すか、間違いのある行を飛ばして取り込んでください。",
        ),
    }
}

fn figures(run: &ImportRun, report: &ImportReport) -> SafeHtml {
    let tile =
        |label: &str, count: u64| Tile::new(label, said::whole(i64::try_from(count).unwrap_or(i64::MAX)), "行").html();
    let (created, updated) =
        if run.is_dry { ("新しく登録する", "更新する") } else { ("新しく登録した", "更新した") };
    grid(
        "grid-tiles",
        [
            tile("読んだ行", report.rows),
            tile(created, report.created),
            tile(updated, report.updated),
            tile("変わらない", report.unchanged),
            tile("間違いがある", report.bad),
        ],
    )
}

fn bad_rows(report: &ImportReport) -> SafeHtml {
    let columns = vec![
        Column::new("line", "行").align(Align::Number),
        Column::new("column", "列"),
        Column::new("value", "値"),
        Column::new("reason", "直し方"),
    ];
    let row = |problem: &kawasemi_ledger::import::Problem| {
        Row::new(vec![
            SafeHtml::escape(format!("{}行目", problem.line)),
            SafeHtml::or_dash(&problem.column),
            SafeHtml::or_dash(&shortened(&problem.value)),
            SafeHtml::escape(&problem.reason),
        ])
    };
    let mut html =
        Table::new(Lang::Ja, "間違いのある行", columns, report.problems.iter().take(SHOWN).map(row).collect()).html();
    if report.problems.len() > SHOWN {
        html.push(&crate::view::note(&format!("最初の{SHOWN}件を表示しています。すべてはCSVで確かめられます。")));
    }
    html
}

fn buttons(opened: &Opened, run: &ImportRun, report: &ImportReport) -> Vec<SafeHtml> {
    let mut all = Vec::new();
    if run.is_dry {
        let count = report.created + report.updated;
        if count > 0 && (report.bad == 0 || entries(run).has("skip_bad")) {
            let label = format!("{}件を取り込む", said::whole(i64::try_from(count).unwrap_or(i64::MAX)));
            all.push(go_on(opened, run, label, "import", false));
        } else if count > 0 {
            let label = format!(
                "間違いのある行を飛ばして{}件を取り込む",
                said::whole(i64::try_from(count).unwrap_or(i64::MAX))
            );
            all.push(go_on(opened, run, label, "import", true));
        }
        all.push(again(opened, run));
        all.push(LinkButton::new("別のファイルを選ぶ", opened.at("import")).look(Look::Quiet).html());
        return all;
    }
    all.push(LinkButton::new("一覧を見る", opened.href()).look(Look::Primary).html());
    if let Some(batch) = report.batch {
        let question = "この取込みで登録・変更した記録を元に戻します。そのあとに変更された記録は残ります。";
        let undo = Submit::new("この取込みを取り消す").question(question);
        all.push(Post::new(opened.at(&format!("batches/{batch}/undo")), undo).html());
    }
    all
}

/// The same again, in a mode.
fn go_on(opened: &Opened, run: &ImportRun, label: String, mode: &str, skip_bad: bool) -> SafeHtml {
    let mut post = Post::new(opened.at("import/run"), Submit::new(label).look(Look::Primary)).hidden("mode", mode);
    for (name, value) in entries(run).0.iter().filter(|(name, _)| name != "mode") {
        post = post.hidden(name, value);
    }
    if skip_bad {
        post = post.hidden("skip_bad", "1");
    }
    post.html()
}

fn again(opened: &Opened, run: &ImportRun) -> SafeHtml {
    LinkButton::new("列の割り当てに戻る", map::address_with(opened, &entries(run))).html()
}

/// What was chosen for a run.
fn entries(run: &ImportRun) -> Entries {
    Entries::from_urlencoded(run.entries.as_bytes())
}
