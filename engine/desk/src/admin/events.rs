//! What happened with accounts: sign-ins, refusals, changes of roles.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::{Event, EventKind, EventQuery};
use kawasemi_kernel::Lang;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::list::{Count, Paging};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::names::{Names, account_of};
use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, narrowing, sought, when};

const PATH: &str = "/desk/admin/events";
/// Events on a page.
const PAGE: usize = 50;

/// `GET /desk/admin/events`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let login = cx.query("login").unwrap_or_default();
    let account = match login.as_str() {
        "" => None,
        login => Some(cx.city().identity.lookup_account(cx.context(), login).await?.map(|found| found.summary.id)),
    };
    let before = cx.query("before").and_then(|id| id.parse().ok());
    let mut events = match account {
        Some(None) => Vec::new(),
        account => {
            let query = EventQuery { account: account.flatten(), before, limit: PAGE as u32 + 1 };
            cx.city().identity.events(cx.context(), query).await?
        }
    };
    let next = if events.len() > PAGE { events.get(PAGE - 1).map(|event| event.id.to_string()) } else { None };
    events.truncate(PAGE);
    let named = events.iter().flat_map(|event| event.account.into_iter().chain(account_of(&event.actor)));
    let names = Names::load(&cx, named).await?;
    let mut body = narrowing(PATH, [sought("login", "利用者名", &login, None)], "絞り込む");
    if events.is_empty() {
        body.push(&Empty::new("当てはまる記録はありません").html());
    } else {
        body.push(&table(&events, &names));
    }
    let paging = Paging::new(Lang::Ja, Count::Unknown)
        .first(before.map(|_| address(PATH, &[("login", &login)])))
        .next(next.map(|next| address(PATH, &[("login", &login), ("before", &next)])));
    body.push(&paging.html());
    let site = site(&cx);
    Ok(Html(page(&site, "サインインの記録").body(body).render()).into_response())
}

/// Events as a table.
pub fn table(events: &[Event], names: &Names) -> SafeHtml {
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("kind", "できごと"),
        Column::new("account", "対象の利用者"),
        Column::new("actor", "行った人"),
        Column::new("from", "接続元"),
        Column::new("detail", "補足"),
    ];
    let rows = events.iter().map(|event| {
        Row::new(vec![
            SafeHtml::escape(when(event.at)),
            kind(event.kind),
            event.account.map_or_else(|| SafeHtml::or_dash(""), |account| names.account(account)),
            names.actor(&event.actor),
            SafeHtml::or_dash(&event.address),
            SafeHtml::or_dash(&event.detail),
        ])
    });
    Table::new(Lang::Ja, "サインインの記録", columns, rows.collect()).html()
}

fn kind(kind: Option<EventKind>) -> SafeHtml {
    let Some(kind) = kind else { return SafeHtml::escape("その他") };
    match kind {
        EventKind::SignInRefused => chip(State::Warning, kind.label()),
        EventKind::PasskeySuspect => chip(State::Bad, kind.label()),
        _ => SafeHtml::escape(kind.label()),
    }
}
