//! The list of webhooks.

use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use kawasemi_webhook::Webhook;

use super::super::{page, site};
use super::{PATH, href, state};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, done, when_or};

/// `GET /desk/admin/webhooks`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let webhooks = cx.city().webhooks.list(cx.context()).await?;
    let add = || LinkButton::new("Webhookを作る", format!("{PATH}/new")).look(Look::Primary).icon(Icon::Add);
    let body = if webhooks.is_empty() {
        Empty::new("Webhookはまだありません")
            .text("台帳の記録が登録・変更されたことを、ほかのシステムにすぐ知らせたいときに作ります。")
            .icon(Icon::External)
            .actions(add().html())
            .html()
    } else {
        table(&cx, &webhooks)
    };
    let site = site(&cx);
    let mut page = page(&site, "Webhook")
        .lead("台帳の変更を、ほかのシステムへHTTPSで知らせます。だれの権限で何を知らせるかを、一つずつ決めます。")
        .body(body);
    if !webhooks.is_empty() {
        page = page.actions(row([add().shortcut("c").html()]));
    }
    if let Some(notice) = done(&cx, &[("deleted", "Webhookを削除しました。")]) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

fn table(cx: &Cx, webhooks: &[Webhook]) -> SafeHtml {
    let catalogue = cx.catalogue();
    let columns = vec![
        Column::new("title", "名前"),
        Column::new("ledger", "台帳"),
        Column::new("url", "送り先"),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("delivered", "最後に届いた時").align(Align::Tight),
    ];
    let rows = webhooks.iter().map(|webhook| {
        let wanted = &webhook.subscription;
        let ledger =
            catalogue.get(&wanted.ledger).map_or(wanted.ledger.as_str(), |ledger| ledger.def.title.get(Lang::Ja));
        Row::new(vec![
            SafeHtml::link(&href(webhook.id), &wanted.title),
            SafeHtml::escape(ledger),
            SafeHtml::escape(host(&wanted.url)),
            state(webhook),
            SafeHtml::escape(when_or(webhook.delivered_at, "まだありません")),
        ])
    });
    Table::new(Lang::Ja, "Webhook", columns, rows.collect()).html()
}

/// The host of an address: what fits into a column.
fn host(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| url.to_owned())
}
