//! The list of accounts.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::{Account, AccountQuery};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::list::{Count, Paging};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::super::{page, site};
use super::{PATH, href};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, narrowing, sought, when_or};

/// Accounts on a page.
const PAGE: usize = 50;

/// `GET /desk/admin/users`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let text = cx.query("q").unwrap_or_default();
    let after = cx.query("after");
    let query = AccountQuery { text: text.clone(), after: after.clone(), limit: PAGE as u32 + 1 };
    let mut accounts = cx.city().identity.accounts(cx.context(), &query).await?;
    let next =
        if accounts.len() > PAGE { accounts.get(PAGE - 1).map(|account| account.summary.login.clone()) } else { None };
    accounts.truncate(PAGE);
    let mut body = narrowing(PATH, [sought("q", "利用者名または氏名", &text, None)], "探す");
    if accounts.is_empty() {
        let empty = Empty::new("当てはまる利用者はいません").text("氏名や利用者名の一部で探せます。");
        body.push(&empty.icon(Icon::People).html());
    } else {
        body.push(&table(&accounts));
    }
    let paging = Paging::new(Lang::Ja, Count::Unknown)
        .first(after.map(|_| address(PATH, &[("q", &text)])))
        .next(next.map(|next| address(PATH, &[("q", &text), ("after", &next)])));
    body.push(&paging.html());
    let add =
        LinkButton::new("利用者を登録する", format!("{PATH}/new")).look(Look::Primary).icon(Icon::Add).shortcut("c");
    let site = site(&cx);
    Ok(Html(page(&site, "利用者").actions(row([add.html()])).body(body).render()).into_response())
}

fn table(accounts: &[Account]) -> SafeHtml {
    let columns = vec![
        Column::new("name", "氏名"),
        Column::new("login", "利用者名"),
        Column::new("kind", "種別").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("signed_in", "最後のサインイン").align(Align::Tight),
    ];
    let rows = accounts.iter().map(|account| {
        let summary = &account.summary;
        Row::new(vec![
            SafeHtml::link(&href(summary.id), &summary.display_name),
            SafeHtml::escape(&summary.login),
            SafeHtml::escape(summary.kind.label()),
            state(account),
            SafeHtml::escape(when_or(account.signed_in_at, "まだありません")),
        ])
    });
    Table::new(Lang::Ja, "利用者", columns, rows.collect()).html()
}

/// The state of an account as a chip.
pub fn state(account: &Account) -> SafeHtml {
    if account.disabled {
        chip(State::Muted, "停止中")
    } else if account.password_must_change {
        chip(State::Warning, "仮パスワード")
    } else {
        chip(State::Good, "利用中")
    }
}
