//! One maintenance: what was asked for, who decided, and everything that was done. It prints as the report of the work.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_identity::IdentityError;
use kawasemi_identity::maintenance::{Maintenance, RecordedRequest};
use kawasemi_kernel::{Actor, Lang};
use kawasemi_ui::button::{Confirm, Look, Post, Submit, print, row};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::super::{page, site};
use super::{PATH, href, state};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done, done_at, note, section, when};

/// Requests in a report; beyond it the report says that there are more.
const MOST: u32 = 5_000;

const DONE: [(&str, &str); 3] = [
    ("requested", "申請しました。ほかのシステム管理者が承認すると、期間の始まりから使えます。"),
    ("approved", "承認しました。"),
    ("ended", "終わらせました。サインインしていた場合も、すぐに切れています。"),
];

/// `GET /desk/admin/maintenance/{id}`
pub async fn show(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let notice = done(&cx, &DONE);
    render(&cx, id, notice, false).await
}

/// `POST /desk/admin/maintenance/{id}/approve`
pub async fn approve(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    finished(&cx, id, cx.city().identity.approve_maintenance(cx.context(), id).await, "approved").await
}

/// `POST /desk/admin/maintenance/{id}/end`
pub async fn end(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    finished(&cx, id, cx.city().identity.end_maintenance(cx.context(), id).await, "ended").await
}

async fn finished(cx: &Cx, id: Uuid, outcome: Result<(), IdentityError>, done: &str) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(done_at(&href(id), done)),
        Err(IdentityError::Invalid(said)) => render(cx, id, Some(Notice::new(Tone::Error, said)), true).await,
        Err(error) => Err(error.into()),
    }
}

async fn render(cx: &Cx, id: Uuid, notice: Option<Notice>, mistaken: bool) -> Result<Response, Problem> {
    let identity = &cx.city().identity;
    let one = identity.maintenance(cx.context(), id).await?;
    let requests = identity.requests_of(cx.context(), id, MOST).await?;
    let mut body = what(cx, &one).await?;
    body.push(&section("操作の記録", &table(&requests)));
    let site = site(cx);
    let mut page = page(&site, &format!("保守作業 {}", one.ticket))
        .crumb("保守作業", PATH)
        .beside_title(state(&one, cx.context().act.at))
        .actions(actions(cx, &one));
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    Ok(answer(page.body(body), mistaken))
}

async fn what(cx: &Cx, one: &Maintenance) -> Result<SafeHtml, Problem> {
    let actor = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Actor>().ok());
    let (requested, approved, ended) =
        (actor(&Some(one.requested_by.clone())), actor(&one.approved_by), actor(&one.ended_by));
    let accounts: Vec<Uuid> =
        [requested, approved, ended].into_iter().flatten().filter_map(Actor::account).chain([one.account]).collect();
    let names = cx.city().identity.display_names(&accounts).await?;
    let name = |actor: Option<Actor>| match actor {
        None => String::new(),
        Some(actor) => match actor.account() {
            Some(account) => names.get(&account).cloned().unwrap_or_default(),
            None => "自動（期間の終わり）".to_owned(),
        },
    };
    let grants = cx.grants()?;
    let roles: Vec<&str> = one.roles.iter().map(|key| grants.roles().title(key).unwrap_or(key)).collect();
    let with_time =
        |who: String, at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| format!("{who}　{}", when(at)));
    Ok(facts(&[
        Fact::text("保守業者", names.get(&one.account).map_or("", String::as_str)),
        Fact::text("受付番号", &one.ticket),
        Fact::text("作業の内容と理由", &one.reason),
        Fact::text("役割", &roles.join("、")),
        Fact::text("期間", &format!("{} から {} まで", when(one.from), when(one.until))),
        Fact::text("使える時間帯", one.hours.as_deref().unwrap_or("終日")),
        Fact::text("申請", &name(requested)),
        Fact::text("承認", &with_time(name(approved), one.approved_at)),
        Fact::text("終了", &with_time(name(ended), one.ended_at)),
    ]))
}

fn actions(cx: &Cx, one: &Maintenance) -> SafeHtml {
    let mut buttons = Vec::new();
    let is_open = one.ended_at.is_none() && one.until > cx.context().act.at;
    // Who asked for it does not approve it; the engine refuses that as well.
    let is_own = one.requested_by == cx.context().act.actor.to_string();
    if is_open && one.approved_at.is_none() && !is_own {
        let approve = Submit::new("承認する").look(Look::Primary).icon(Icon::Check);
        buttons.push(Post::new(format!("{}/approve", href(one.id)), approve).html());
    }
    if one.ended_at.is_none() {
        let (label, text) = if one.approved_at.is_none() {
            ("承認しない", "この申請を取りやめます。")
        } else {
            ("いますぐ終わらせる", "保守業者のサインインを切り、役割を外します。")
        };
        let form = Post::new(format!("{}/end", href(one.id)), Submit::new(label).look(Look::Danger));
        buttons.push(Confirm::new(cx.lang(), label, text, form).html());
    }
    buttons.push(print("報告書を印刷する"));
    row(buttons)
}

fn table(requests: &[RecordedRequest]) -> SafeHtml {
    if requests.is_empty() {
        return Empty::new("操作はまだありません").icon(Icon::History).html();
    }
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("what", "操作").align(Align::Tight),
        Column::new("path", "アドレス（台帳と記録）"),
        Column::new("status", "答え").align(Align::Tight),
        Column::new("from", "接続元").align(Align::Tight),
        Column::new("number", "受付番号").align(Align::Tight),
    ];
    let rows = requests.iter().map(|one| {
        Row::new(vec![
            SafeHtml::escape(when(one.at)),
            SafeHtml::escape(&one.method),
            SafeHtml::escape(&one.path),
            SafeHtml::escape(one.status.map_or_else(|| "なし".to_owned(), |status| status.to_string())),
            SafeHtml::or_dash(&one.address),
            SafeHtml::escape(&one.request),
        ])
    });
    let mut html = Table::new(Lang::Ja, "操作の記録", columns, rows.collect()).html();
    html.push(&note(
        "アドレスに台帳と記録の番号が入っています。個人情報を表示した操作は、同じ受付番号で個人情報アクセスログにも残っています。",
    ));
    if requests.len() == MOST as usize {
        html.push(&note("記録が多いため、はじめの分だけを表示しています。"));
    }
    html
}
