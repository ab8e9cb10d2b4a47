//! The organisations for which one answers, and their members, the next to end first.

use axum::response::{Html, IntoResponse, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_identity::outside::{Member, Responsibility};
use kawasemi_kernel::Lang;
use kawasemi_registry::outside::Host;
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::{PATH, hosts, href};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{done, note, section_with, when_or};

/// Days before its last one from which an access is said to end soon.
pub const SOON: i32 = 30;

const DONE: [(&str, &str); 2] = [
    ("extended", "期限を変えました。"),
    ("ended", "利用を終わらせました。サインインしていた場合も、すぐに切れています。"),
];

/// `GET /desk/outside`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let hosts = hosts(&cx).await?;
    let answers: Vec<Responsibility> = hosts.iter().map(|host| host.answers_for).collect();
    let members = cx.city().identity.members_of(&answers).await?;
    let today = cx.context().today();
    let mut body = SafeHtml::EMPTY;
    for host in &hosts {
        let own: Vec<&Member> =
            members.iter().filter(|member| member.organisation == host.answers_for.organisation).collect();
        body.push(&organisation(host, &own, today));
    }
    let site = cx.desk_site("outside");
    let mut page = Page::new(&site, "外部の利用者")
        .lead("あなたが担当する外部団体（委託先、指定管理者など）の人です。期限は契約の終わりまでで、過ぎると自動でサインインできなくなります。");
    let ending = members.iter().filter(|member| is_soon(member, today)).count();
    if ending > 0 {
        let text = "続けて使う人は期限を延ばし、使わない人は終わらせてください。";
        page =
            page.notice(Notice::new(Tone::Warning, format!("{SOON}日以内に期限が来る人が{ending}人います")).text(text));
    }
    if let Some(notice) = done(&cx, &DONE) {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// Whether somebody's access ends soon.
pub fn is_soon(member: &Member, today: Date) -> bool {
    let by = today.checked_add(SOON.days()).unwrap_or(Date::MAX);
    member.ended_at.is_none() && member.until >= today && member.until <= by
}

fn organisation(host: &Host, members: &[&Member], today: Date) -> SafeHtml {
    let id = host.answers_for.organisation;
    let until = host.answers_for.until;
    let is_over = until < today;
    let actions = if is_over {
        chip(State::Muted, "契約終了")
    } else {
        row([LinkButton::new("利用者を登録する", format!("{PATH}/{id}/new"))
            .look(Look::Primary)
            .icon(Icon::Add)
            .html()])
    };
    let mut body = note(&format!("{}　契約の終わり：{}", host.contract, said::date(Lang::Ja, until)));
    body.push(&if members.is_empty() {
        Empty::new("利用者はいません").icon(Icon::People).html()
    } else {
        table(id.0, members, today)
    });
    section_with(&host.name, &actions, &body)
}

fn table(organisation: uuid::Uuid, members: &[&Member], today: Date) -> SafeHtml {
    let columns = vec![
        Column::new("name", "氏名"),
        Column::new("login", "利用者名"),
        Column::new("until", "期限").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("signed_in", "最後のサインイン").align(Align::Tight),
    ];
    let rows = members.iter().map(|member| {
        Row::new(vec![
            SafeHtml::link(&href(organisation, member.account.id), &member.account.display_name),
            SafeHtml::escape(&member.account.login),
            SafeHtml::escape(said::short_date(Lang::Ja, member.until)),
            state(member, today),
            SafeHtml::escape(when_or(member.signed_in_at, "まだありません")),
        ])
    });
    Table::new(Lang::Ja, "外部の利用者", columns, rows.collect()).html()
}

/// The state of a membership as a chip.
pub fn state(member: &Member, today: Date) -> SafeHtml {
    if member.ended_at.is_some() {
        chip(State::Muted, "終了")
    } else if member.until < today {
        chip(State::Muted, "期限切れ")
    } else if is_soon(member, today) {
        chip(State::Warning, "まもなく期限")
    } else {
        chip(State::Good, "利用中")
    }
}
