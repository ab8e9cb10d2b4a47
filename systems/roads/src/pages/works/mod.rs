//! Construction works: how far each is, its papers with their approval, its checks, and its delivery.

mod delivering;
mod held;
mod tables;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

pub use self::delivering::delivery;
use self::held::Held;
use super::pieces::{self, HOME, day, id_of, record_href, shown};
use crate::acts::papers::{self, Decision};
use crate::definitions::{PAPER, PHOTO, WORK};
use crate::kernel::{Lang, RecordId};
use crate::ledger::{ListRequest, Visible};
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::read::{self, Read};
use crate::schema::LedgerDef;

const WORKS: &str = "/desk/roads/works";

/// `GET /desk/roads/works`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let all = read::all(cx.ledgers(), cx.context(), WORK, ListRequest::all()).await?;
    let (def, _) = cx.ledgers().open(cx.context(), WORK)?;
    let waiting =
        read::all(cx.ledgers(), cx.context(), PAPER, ListRequest::filtered("state IN ('submitted', 'checked')"))
            .await?;
    let body = if all.is_empty() {
        let add = LinkButton::new("工事を加える", "/desk/ledgers/construction-work/new").icon(Icon::Add).html();
        Empty::new("工事はまだありません。").actions(add).html()
    } else {
        let columns = vec![
            Column::new("number", "工事番号").align(Align::Tight),
            Column::new("title", "工事名"),
            Column::new("contractor", "受注者"),
            Column::new("ends", "工期の終わり").align(Align::Tight),
            Column::new("progress", "実施工程").align(Align::Number),
            Column::new("waiting", "承認待ち").align(Align::Number),
            Column::new("state", "状態").align(Align::Tight),
        ];
        let row = |record: &Visible| {
            let read = Read::of(record);
            let papers = waiting.iter().filter(|paper| Read::of(paper).record("work") == Some(record.id)).count();
            Row::new(vec![
                SafeHtml::escape(read.text("work_number")),
                SafeHtml::link(&format!("{WORKS}/{}", record.id), read.text("title")),
                SafeHtml::escape(read.text("contractor_name")),
                day(read.date("ends_on")),
                progress(&def, record),
                SafeHtml::or_dash(&if papers == 0 { String::new() } else { papers.to_string() }),
                SafeHtml::escape(shown(&def, record, "state", Lang::Ja)),
            ])
        };
        Table::new(Lang::Ja, "工事", columns, all.iter().map(row).collect()).html()
    };
    let site = cx.desk_site(HOME);
    let actions = LinkButton::new("工事の台帳", "/desk/ledgers/construction-work").icon(Icon::Ledger).html();
    let page = Page::new(&site, "工事の書類と進み具合").crumb("道路台帳", HOME).actions(actions).body(body);
    Ok(Html(page.render()).into_response())
}

fn progress(def: &LedgerDef, record: &Visible) -> SafeHtml {
    let mut html = SafeHtml::or_dash(&shown(def, record, "progress_percent", Lang::Ja));
    if Read::of(record).text("progress_note").contains("遅れ：") {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Warning, "遅れ"));
    }
    html
}

/// `GET /desk/roads/works/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    shown_work(&cx, id_of(&id)?, None).await
}

async fn shown_work(cx: &Cx, id: RecordId, refused: Option<String>) -> Result<Response, Problem> {
    let held = Held::load(cx, id).await?;
    let (def, _) = cx.ledgers().open(cx.context(), WORK)?;
    let (paper, _) = cx.ledgers().open(cx.context(), PAPER)?;
    let (photo, _) = cx.ledgers().open(cx.context(), PHOTO)?;
    let keys = [
        "state",
        "contractor_name",
        "site_agent",
        "supervisor",
        "chief_supervisor",
        "place",
        "starts_on",
        "ends_on",
        "amount_yen",
        "progress_percent",
        "progress_note",
    ];
    let known: Vec<Fact> = keys
        .iter()
        .map(|key| Fact::text(pieces::label(&def, key, Lang::Ja), &shown(&def, &held.work, key, Lang::Ja)))
        .collect();
    let mut body = facts(&known);
    let add = LinkButton::new("書類を加える", "/desk/ledgers/work-paper/new").icon(Icon::Add).html();
    body.push(&view::section_with("打合せ簿・提出書類", &add, &tables::papers(cx, &paper, &held.papers)));
    body.push(&view::section("段階確認・材料確認・立会", &tables::checks(&def, &held.work)));
    let pieces = held.pieces(&paper, &photo);
    body.push(&view::section("電子納品", &delivering::section(id, &held, &pieces)));
    let site = cx.desk_site(HOME);
    let read = Read::of(&held.work);
    let title = format!("{}　{}", read.text("work_number"), read.text("title"));
    let actions = [
        LinkButton::new("記録を開く", record_href(WORK, id)).icon(Icon::Ledger).html(),
        LinkButton::new(format!("写真（{}枚）", held.photographs.len()), "/desk/ledgers/work-photo")
            .icon(Icon::Attachment)
            .html(),
    ];
    let mut page = Page::new(&site, title)
        .crumb("道路台帳", HOME)
        .crumb("工事の書類", WORKS)
        .actions(actions.into_iter().collect());
    if let Some(said) = refused {
        let page = page.notice(Notice::new(Tone::Error, "書類を処理できませんでした").text(said)).body(body);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render())).into_response());
    }
    let sentences = [
        ("submitted", "書類を提出しました。"),
        ("approve", "書類を承認しました。"),
        ("return", "書類を差し戻しました。"),
    ];
    if let Some(notice) = view::done(cx, &sentences) {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// `POST /desk/roads/papers/{id}/decide`
pub async fn decide(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let paper = cx.ledgers().get(cx.context(), PAPER, id).await?;
    let work = Read::of(&paper).record("work").ok_or_else(Problem::not_found)?;
    let revision = entries.text("revision").parse().map_err(|_| Problem::bad_request("画面を開き直してください。"))?;
    let (done, result) = match entries.text("decision") {
        "submit" => ("submitted", papers::hand_in(cx.ledgers(), cx.context(), &paper, revision).await),
        key => {
            let decision = Decision::read(key).ok_or_else(|| Problem::bad_request("承認か差戻しを選んでください。"))?;
            let done = if decision == Decision::Approve { "approve" } else { "return" };
            let note = entries.text("note");
            (done, papers::decide(cx.ledgers(), cx.context(), (id, revision), decision, note).await)
        }
    };
    match pieces::refusal(result)? {
        Ok(()) => Ok(view::done_at(&format!("{WORKS}/{work}"), done)),
        Err(said) => shown_work(&cx, work, Some(said)).await,
    }
}
