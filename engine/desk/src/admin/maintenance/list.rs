//! All maintenance, the newest first.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::super::{page, site};
use super::{PATH, href, state};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{note, when};

/// `GET /desk/admin/maintenance`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let identity = &cx.city().identity;
    let all = identity.maintenances(cx.context()).await?;
    let accounts: Vec<_> = all.iter().map(|one| one.account).collect();
    let names = identity.display_names(&accounts).await?;
    let now = cx.context().act.at;
    let columns = vec![
        Column::new("ticket", "受付番号"),
        Column::new("who", "保守業者"),
        Column::new("from", "始まり").align(Align::Tight),
        Column::new("until", "終わり").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
    ];
    let rows: Vec<Row> = all
        .iter()
        .map(|one| {
            Row::new(vec![
                SafeHtml::link(&href(one.id), &one.ticket),
                SafeHtml::escape(names.get(&one.account).map_or("", String::as_str)),
                SafeHtml::escape(when(one.from)),
                SafeHtml::escape(when(one.until)),
                state(one, now),
            ])
        })
        .collect();
    let mut body = note(
        "保守業者は、ここで承認された期間だけサインインでき、その間のすべての操作が記録されます。申請した人は承認できません。",
    );
    body.push(&if rows.is_empty() {
        Empty::new("保守作業はまだありません").icon(Icon::Tasks).html()
    } else {
        Table::new(Lang::Ja, "保守作業", columns, rows).html()
    });
    let add = LinkButton::new("保守作業を申請する", format!("{PATH}/new")).look(Look::Primary).icon(Icon::Add);
    let site = site(&cx);
    Ok(Html(page(&site, "保守作業").actions(row([add.html()])).body(body).render()).into_response())
}
