//! "Why may I see this?" (なぜ見られるのか): the grants that the person's roles bring to one record, in sentences.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::grants::Reason;
use kawasemi_kernel::Lang;
use kawasemi_schema::Action;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::at::At;
use super::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{note, section};

/// `GET /desk/ledgers/{ledger}/explain/{id}`
pub async fn show(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let opened = Opened::new(&cx, &ledger)?;
    let record = cx.ledgers().get(cx.context(), &ledger, id).await?;
    let labels = cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let grants = cx.grants()?;
    let mut body = SafeHtml::EMPTY;
    for action in [Action::Read, Action::Update, Action::Delete, Action::Export] {
        let reasons = opened.access.explain(action, &record, grants.roles());
        body.push(&section(&format!("{}できる理由", action.label()), &table(action, &reasons)));
    }
    body.push(&note("権限に誤りがあると思われるときは、台帳の担当課かシステム管理者に知らせてください。"));
    let site = cx.desk_site("ledgers");
    let page = opened
        .page(&site, "なぜ見られるのか")
        .crumb(&name, record_href(&ledger, id))
        .lead(format!("「{name}」に対して、あなたの役割が持つ権限です。"));
    Ok(Html(page.body(body).render()).into_response())
}

fn table(action: Action, reasons: &[Reason]) -> SafeHtml {
    if reasons.is_empty() {
        return note(&format!("この台帳の記録を{}する権限はありません。", action.label()));
    }
    let columns = vec![
        Column::new("matches", "この記録").align(Align::Tight),
        Column::new("sentence", "説明"),
        Column::new("clearance", "見える範囲").align(Align::Tight),
    ];
    let row = |reason: &Reason| {
        let state = if reason.matches {
            chip(State::Good, "当てはまる")
        } else {
            chip(State::Muted, "当てはまらない")
        };
        Row::new(vec![state, SafeHtml::escape(&reason.sentence), SafeHtml::escape(reason.clearance.label())])
    };
    let caption = format!("{}の権限", action.label());
    Table::new(Lang::Ja, caption, columns, reasons.iter().map(row).collect()).html()
}
