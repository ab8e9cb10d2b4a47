//! Who one is here: name, departments, roles and the reason for each.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::EventQuery;
use kawasemi_identity::caller::{HeldBecause, HeldRole};
use kawasemi_kernel::Lang;
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::{Part, own, page};
use crate::problem::Problem;
use crate::registers::Departments;
use crate::request::Cx;
use crate::request::language::localised;
use crate::view::{note, paragraph, section, when};

/// How many sign-in events are shown.
const EVENTS: u32 = 10;

/// `GET /desk/account`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let departments = Departments::load(&cx).await?;
    let account = own(&cx)?;
    let caller = &cx.context().caller;
    let who = facts(&[
        Fact::text("氏名", &account.display_name),
        Fact::text("利用者名", &account.login),
        Fact::text("種別", account.kind.label()),
        Fact::text("所属", &departments.names(&caller.departments)),
        Fact::text("今回のサインイン", caller.strength.label()),
    ]);
    let mut body = who;
    body.push(&section("役割", &roles(&cx, &departments)?));
    body.push(&section("最近のサインインと変更", &events(&cx).await?));
    body.push(&section("言語", &languages()));
    let site = cx.desk_site("");
    Ok(Html(page(&cx, &site, Part::Overview, &body).render()).into_response())
}

fn roles(cx: &Cx, departments: &Departments) -> Result<SafeHtml, Problem> {
    let grants = cx.grants()?;
    let row = |held: &HeldRole| {
        let title = grants.roles().title(&held.key).unwrap_or(&held.key);
        let within = held.departments.as_deref().map_or_else(|| "限定なし".to_owned(), |some| departments.names(some));
        let description = grants.roles().description(&held.key).unwrap_or_default();
        Row::new(vec![
            SafeHtml::escape(title),
            SafeHtml::escape(because(held)),
            SafeHtml::or_dash(&within),
            SafeHtml::or_dash(description),
        ])
    };
    let columns = vec![
        Column::new("role", "役割"),
        Column::new("because", "持っている理由"),
        Column::new("within", "部署の限定"),
        Column::new("description", "できること"),
    ];
    let rows = cx.context().caller.roles.iter().map(row).collect();
    let mut html = Table::new(Lang::Ja, "自分の役割", columns, rows).html();
    html.push(&note("所属や役割が違うときは、システム管理者に連絡してください。"));
    Ok(html)
}

/// Why a role is held.
pub fn because(held: &HeldRole) -> String {
    match &held.because {
        HeldBecause::Everybody => "誰でも持ちます".to_owned(),
        HeldBecause::SignedIn => "サインインした職員が持ちます".to_owned(),
        HeldBecause::Assigned { from, until } => {
            let day = |day: &jiff::civil::Date| kawasemi_ui::said::short_date(Lang::Ja, *day);
            match (from, until) {
                (None, None) => "割り当てられています".to_owned(),
                (Some(from), None) => format!("{}から割り当てられています", day(from)),
                (None, Some(until)) => format!("{}まで割り当てられています", day(until)),
                (Some(from), Some(until)) => format!("{}から{}まで割り当てられています", day(from), day(until)),
            }
        }
    }
}

async fn events(cx: &Cx) -> Result<SafeHtml, Problem> {
    let query = EventQuery { account: Some(own(cx)?.id), before: None, limit: EVENTS };
    let events = cx.city().identity.events(cx.context(), query).await?;
    let rows = events.iter().map(|event| {
        Row::new(vec![
            SafeHtml::escape(when(event.at)),
            SafeHtml::escape(event.kind.map_or("その他", |kind| kind.label())),
            SafeHtml::or_dash(&event.address),
        ])
    });
    let columns = vec![Column::new("at", "日時"), Column::new("kind", "できごと"), Column::new("from", "接続元")];
    let mut html = Table::new(Lang::Ja, "自分の最近のサインインと変更", columns, rows.collect()).html();
    html.push(&note("心当たりのないものがあれば、すぐにパスワードを変え、システム管理者に連絡してください。"));
    Ok(html)
}

fn languages() -> SafeHtml {
    let mut html = paragraph(
        "職員の画面は日本語です。市民ポータルは次の言語で見られます。窓口で相手に画面を見せるときに使えます。",
    );
    let links: SafeHtml = Lang::ALL
        .into_iter()
        .map(|lang| {
            let (href, code, name) = (localised(lang, "/"), lang.bcp47(), lang.own_name());
            SafeHtml::trusted(format!("<li><a href=\"{href}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a></li>"))
        })
        .collect();
    html.push(&SafeHtml::trusted(format!("<ul class=\"link-list\">{links}</ul>")));
    html
}
