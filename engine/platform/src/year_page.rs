//! The page of the turn of the fiscal year, for those who edit the organisation.

use std::sync::Arc;

use axum::response::{Html, IntoResponse as _, Response};
use kawasemi_desk::routes::get;
use kawasemi_desk::view::{answer, note, section};
use kawasemi_desk::{Cx, Entries, Pages, Problem, Routes};
use kawasemi_identity::Context;
use kawasemi_kernel::Lang;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_registry::handover::Inventory;
use kawasemi_ui::button::{LinkButton, Look, Post, Submit, row};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component as _, SafeHtml};

use crate::system::System;
use crate::work::Work;
use crate::year::{StepReport, Turn, YearReport, rollover};

const PATH: &str = "/desk/organisation/year";

/// The page; `systems` answers the systems of the program, whose steps are done.
pub fn pages(systems: fn() -> Vec<System>) -> Pages {
    Routes::new().route(
        PATH,
        get(move |cx: Cx| async move { show(&cx, systems).await })
            .post(move |cx: Cx, entries: Entries| async move { turn(&cx, systems, &entries).await }),
    )
}

fn editors_only(cx: &Cx) -> Result<(), Problem> {
    let caller = &cx.context().caller;
    if caller.has_role("organisation-editor") && !caller.read_only { Ok(()) } else { Err(Problem::not_found()) }
}

/// The year that begins next, or the one that has just begun: from April to September it is this one.
fn usual(cx: &Cx) -> FiscalYear {
    let today = cx.context().today();
    let this = FiscalYear::of(today);
    if (4..=9).contains(&today.month()) { this } else { this.next() }
}

fn work(cx: &Cx) -> Work {
    let city = cx.city();
    let mut context = Context::system(cx.context().act.at, "年度更新");
    context.act.actor = cx.context().act.actor;
    let inventory = Inventory::new(&city.ledgers, &city.identity);
    Work {
        city: city.city.clone(),
        ledgers: city.ledgers.clone(),
        identity: city.identity.clone(),
        context,
        inventory: Arc::new(inventory.and(kawasemi_desk::organisation::webhooks(cx))),
        ids: cx.desk().shared_ids(),
        arguments: Vec::new(),
        progress: Arc::new(|_, _| {}),
    }
}

async fn show(cx: &Cx, systems: fn() -> Vec<System>) -> Result<Response, Problem> {
    editors_only(cx)?;
    let to = usual(cx);
    let report = rollover(&work(cx), &systems(), Turn { to, dry_run: true }).await;
    let report = report.map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut body = section("すること", &table(&report));
    let post = Post::new(PATH, Submit::new("年度更新をする").look(Look::Primary)).hidden("to", to.year().to_string());
    body.push(&row([post.html()]));
    body.push(&note("くり返してもかまいません。済んだことは、もう一度は行いません。"));
    body.push(&note(
        "権限の切替え、番号の付け直し、部局の入れ替わりは、年度更新をしなくても4月1日の午前0時に起こります。",
    ));
    let lead = format!("{}を始めるときにすることです。まだ何も変えていません。", to.label());
    Ok(Html(page(cx, |page| page.lead(lead).body(body))).into_response())
}

async fn turn(cx: &Cx, systems: fn() -> Vec<System>, entries: &Entries) -> Result<Response, Problem> {
    editors_only(cx)?;
    let to: FiscalYear = entries.text("to").parse().map_err(|_| Problem::bad_request("年度を選んでください。"))?;
    let report = rollover(&work(cx), &systems(), Turn { to, dry_run: false }).await;
    let report = report.map_err(|error| Problem::bad_request(error.to_string()))?;
    let notice = if report.is_whole() {
        Notice::new(Tone::Success, format!("{}の年度更新をしました", to.label()))
    } else {
        let text = "下の表の理由を直して、もう一度実行してください。ほかの処理は終わっています。";
        Notice::new(Tone::Error, "終わらなかった処理があります").text(text)
    };
    let mut body = section("したこと", &table(&report));
    body.push(&row([LinkButton::new("組織と異動に戻る", "/desk/organisation").html()]));
    let site = cx.desk_site("organisation");
    let page = Page::new(&site, "年度更新").crumb("組織と異動", "/desk/organisation").notice(notice).body(body);
    Ok(answer(page, !report.is_whole()))
}

fn page(cx: &Cx, with: impl FnOnce(Page<'_>) -> Page<'_>) -> String {
    let site = cx.desk_site("organisation");
    with(Page::new(&site, "年度更新").crumb("組織と異動", "/desk/organisation")).render()
}

fn table(report: &YearReport) -> SafeHtml {
    let columns = vec![Column::new("step", "処理"), Column::new("said", "内容")];
    let rows = report.steps.iter().map(|step: &StepReport| {
        let lines = step.said.iter().chain(&step.failed);
        let items: SafeHtml =
            lines.map(|line| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(line)))).collect();
        let said = SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"));
        Row::new(vec![SafeHtml::escape(&step.about), said])
    });
    Table::new(Lang::Ja, "年度更新の処理", columns, rows.collect()).html()
}
