//! One's own latest changes, in the ledgers one used last. They are looked up after the page is shown, since no index is
//! kept for them: writing a record must not cost more for this.

use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use kawasemi_ledger::select::cql_text;
use kawasemi_ledger::{LedgerError, ListRequest};
use kawasemi_schema::{Action, SortKey};
use kawasemi_ui::SafeHtml;
use kawasemi_ui::page::Page;

use crate::ledgers::opened::{Opened, item, record_href, style};
use crate::ledgers::recent;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{note, when};

/// Ledgers that are looked at.
const LEDGERS: usize = 5;
/// Changes that are shown.
const SHOWN: usize = 10;

/// Where the changes will stand: fetched where there is a script, behind a link where there is none.
pub fn later() -> SafeHtml {
    SafeHtml::trusted(
        "<div hx-get=\"/desk/changes\" hx-trigger=\"load\" hx-swap=\"outerHTML\"><p><a href=\"/desk/changes\">自分の最近の変更を見る</a></p></div>",
    )
}

/// `GET /desk/changes`
pub async fn show(cx: Cx, headers: HeaderMap) -> Result<Response, Problem> {
    let list = list(&cx, &recent::ledgers(&cx, &headers)).await?;
    if cx.is_fragment() {
        return Ok(Html(list.into_string()).into_response());
    }
    let site = cx.desk_site("home");
    Ok(Html(Page::new(&site, "自分の最近の変更").crumb("ホーム", "/desk").body(list).render()).into_response())
}

async fn list(cx: &Cx, ledgers: &[String]) -> Result<SafeHtml, Problem> {
    let mut found: Vec<(jiff::Timestamp, SafeHtml)> = Vec::new();
    for key in ledgers.iter().take(LEDGERS) {
        let Ok(opened) = Opened::for_action(cx, key, Action::Read) else { continue };
        let request = ListRequest {
            sort: vec![SortKey { field: "updated_at".to_owned(), descending: true }],
            fields: Some(opened.label_fields().map(|field| field.key.clone()).collect()),
            limit: u32::try_from(SHOWN).unwrap_or_default(),
            ..ListRequest::filtered(format!("updated_by = {}", cql_text(&cx.context().act.actor.to_string())))
        };
        let page = match cx.ledgers().list(cx.context(), key, &request).await {
            Ok(page) => page,
            // Who only sees what is public does not see who changed it.
            Err(LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let labels = cx.ledgers().labels(cx.context(), key, &page.records).await?;
        let style = style().with_labels(&labels);
        found.extend(page.records.iter().map(|record| {
            let note = format!("{}　{}", opened.title(), when(record.updated_at));
            (record.updated_at, item(&record_href(key, record.id), &opened.name_of(record, &style), &note))
        }));
    }
    if found.is_empty() {
        return Ok(note("まだありません。最近使った台帳で記録を登録・変更すると、ここに並びます。"));
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let items: SafeHtml = found.into_iter().take(SHOWN).map(|(_, item)| item).collect();
    Ok(SafeHtml::trusted(format!("<ul class=\"link-list\">{items}</ul>")))
}
