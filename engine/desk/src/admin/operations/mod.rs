//! How the installation stands (運用の状況): what has to be done first, then every subject by itself.
//!
//! The same looks as the doctor's. No content of records is shown: counts, ages, names of folders and servers. What takes long is not
//! waited for: the last look is shown with its time, and a button begins another.

mod parts;

use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use kawasemi_checkup::finding::span;
use kawasemi_checkup::{Finding, State as Standing, Subject};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::{page, site};
use crate::operations::Report;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, disclosure, note, section, when};
use kawasemi_kernel::Lang;

const PATH: &str = "/desk/admin/operations";
const LEAD: &str = "控え、ディスク、待ち行列、証明書などの様子です。サーバーで kawasemi doctor を実行したときと同じ点検で、記録の中身は出ません。";

/// `GET /desk/admin/operations`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let site = site(&cx);
    let code = cx.city().city.code();
    let Some(watched) = cx.desk().settings().operations.clone() else {
        let empty = Empty::new("このサーバーは点検の結果を持っていません")
            .text("サーバーで kawasemi doctor を実行してください。");
        return Ok(answer(page(&site, "運用の状況").lead(LEAD).body(empty.html()), false));
    };
    let report = watched.0.report(code).await?;
    let findings = all(&report, code);
    let amiss: Vec<&Finding> = findings.iter().filter(|finding| finding.state != Standing::Good).collect();
    let mut body = SafeHtml::EMPTY;
    if !amiss.is_empty() {
        body.push(&section("すること", &table("すること", amiss.iter().copied(), true)));
    }
    body.push(&section("サーバー", &parts::server(&cx, &report).await?));
    body.push(&section("控えとディスク", &parts::places(&cx, &report)));
    body.push(&section("待ち行列", &parts::queue(&cx).await?));
    body.push(&section("毎日の処理", &parts::daily(&report.daily)));
    body.push(&section("連携、受渡し、Webhook", &parts::exchanges(&cx).await?));
    body.push(&section("最近のエラー", &parts::failures(&cx)));
    body.push(&section("点検の結果", &subjects(&findings)));
    body.push(&section("くわしい点検", &further(&report, cx.context().act.at)));
    let page = page(&site, "運用の状況").lead(LEAD).body(body).notice(summary(&findings, report.looking_since));
    Ok(answer(page, false))
}

/// `POST /desk/admin/operations/look`
pub async fn look(cx: Cx) -> Result<Response, Problem> {
    if let Some(watched) = &cx.desk().settings().operations {
        watched.0.look(cx.city().city.code());
    }
    Ok(Redirect::to(PATH).into_response())
}

/// Everything that was found, the worst of each subject first. The city's own code goes without saying.
fn all(report: &Report, code: &str) -> Vec<Finding> {
    let older = [&report.slowly, &report.thoroughly].into_iter().flatten().flat_map(|(_, found)| &found.0);
    let mut all: Vec<Finding> = report.at_once.0.iter().chain(older).cloned().collect();
    for finding in &mut all {
        if let Some(rest) = finding.check.strip_prefix(code) {
            finding.check = rest.trim_start().to_owned();
        }
    }
    all.sort_by(|a, b| (b.state, a.subject).cmp(&(a.state, b.subject)));
    all
}

fn summary(findings: &[Finding], looking_since: Option<Timestamp>) -> Notice {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let mut more = String::new();
    let notice = match (count(Standing::Bad), count(Standing::Warning)) {
        (0, 0) => Notice::new(Tone::Success, "点検で問題は見つかっていません"),
        (0, warnings) => Notice::new(Tone::Warning, format!("見ておくことが{warnings}件あります")),
        (bad, warnings) => {
            if warnings > 0 {
                more.push_str(&format!("ほかに、見ておくことが{warnings}件あります。"));
            }
            Notice::new(Tone::Error, format!("直す必要のあることが{bad}件あります"))
        }
    };
    // Whoever has pressed the button sees at the top that it does something.
    if let Some(since) = looking_since {
        more.push_str(&format!("{}から、すべてを点検しています。", when(since)));
    }
    if more.is_empty() { notice } else { notice.text(more) }
}

fn mark(state: Standing) -> SafeHtml {
    let kind = match state {
        Standing::Good => State::Good,
        Standing::Warning => State::Warning,
        Standing::Bad => State::Bad,
    };
    chip(kind, state.label())
}

fn table<'a>(caption: &str, findings: impl Iterator<Item = &'a Finding>, with_subject: bool) -> SafeHtml {
    let mut columns = vec![Column::new("state", "状態").align(Align::Tight), Column::new("check", "見たもの")];
    if with_subject {
        columns.push(Column::new("subject", "種類"));
    }
    columns.push(Column::new("message", "様子とすること"));
    let rows = findings.map(|finding| {
        let mut cells = vec![mark(finding.state), SafeHtml::escape(&finding.check)];
        if with_subject {
            cells.push(SafeHtml::escape(finding.subject.label()));
        }
        cells.push(SafeHtml::escape(&finding.message));
        Row::new(cells)
    });
    Table::new(Lang::Ja, caption, columns, rows.collect()).html()
}

/// Each subject by itself, opened where something is amiss.
fn subjects(findings: &[Finding]) -> SafeHtml {
    let mut html = SafeHtml::EMPTY;
    for subject in Subject::ALL {
        let of: Vec<&Finding> = findings.iter().filter(|finding| finding.subject == subject).collect();
        let Some(worst) = of.iter().map(|finding| finding.state).max() else { continue };
        let summary = format!("{}（{}、{}件）", subject.label(), worst.label(), of.len());
        html.push(&disclosure(&summary, &table(subject.label(), of.into_iter(), false), worst == Standing::Bad));
    }
    html
}

/// When what takes long was last looked at, and the button for looking again.
fn further(report: &Report, now: Timestamp) -> SafeHtml {
    let ago = |looked: &Option<(Timestamp, _)>, none: &str| match looked {
        Some((at, _)) => format!("{}、{}前", when(*at), span(now.duration_since(*at).as_secs())),
        None => none.to_owned(),
    };
    let mut html = note(&format!(
        "ほかのサーバーの証明書、時計、台帳の定義、封緘の鍵は、1時間ごとに点検します（前回: {}）。データベース全体が壊れていないかは、求められたときに点検します（前回: {}）。",
        ago(&report.slowly, "まだ"),
        ago(&report.thoroughly, "まだ")
    ));
    match report.looking_since {
        Some(since) => {
            html.push(&note(&format!("{}から点検しています。データの多い市では数分かかります。", when(since))));
            html.push(&row([LinkButton::new("最新の様子を見る", PATH).html()]));
        }
        None => {
            let button = Submit::new("すべて点検する").look(Look::Primary);
            html.push(&Post::new(format!("{PATH}/look"), button).html());
        }
    }
    html
}
