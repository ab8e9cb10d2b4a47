//! Search across all ledgers (すべての台帳から探す).

use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use kawasemi_kernel::Lang;
use kawasemi_ledger::Hits;
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::list::Count;
use kawasemi_ui::notice::Empty;
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use crate::ledgers::asked::Asked;
use crate::ledgers::cells;
use crate::ledgers::opened::{Opened, item, ledger_href, record_href, style};
use crate::ledgers::recent;
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get};
use crate::view::{section_with, when};

/// Hits that are shown of each ledger.
const FIRST: u32 = 5;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/desk/search", get(show))
}

/// `GET /desk/search?q=`
async fn show(cx: Cx, headers: HeaderMap) -> Result<Response, Problem> {
    let text = cx.query("q").unwrap_or_default();
    let mut hits = cx.ledgers().search_all(cx.context(), &text, FIRST).await?;
    let used = recent::ledgers(&cx, &headers);
    hits.sort_by_key(|hits| used.iter().position(|key| *key == hits.ledger).unwrap_or(usize::MAX));
    let mut site = cx.desk_site("");
    if let Some(search) = &mut site.search {
        search.value.clone_from(&text);
    }
    let mut body = SafeHtml::EMPTY;
    for hits in &hits {
        body.push(&of_ledger(&cx, hits, &text).await?);
    }
    if body.is_empty() {
        body = nothing(&text);
    }
    let title = if text.is_empty() {
        "すべての台帳から探す".to_owned()
    } else {
        format!("「{text}」の検索結果")
    };
    Ok(Html(Page::new(&site, title).crumb("ホーム", "/desk").body(body).render()).into_response())
}

async fn of_ledger(cx: &Cx, hits: &Hits, text: &str) -> Result<SafeHtml, Problem> {
    let opened = Opened::new(cx, &hits.ledger)?;
    let records: Vec<_> = hits.records.iter().map(|(record, _)| record.clone()).collect();
    let labels = cx.ledgers().labels(cx.context(), &hits.ledger, &records).await?;
    let style = style().with_labels(&labels);
    let items: SafeHtml = records
        .iter()
        .map(|record| {
            let number = record.number.as_deref().unwrap_or_default();
            let known = kawasemi_ledger::master::of(&opened.def, record.fields());
            let known = known.map(|mastered| format!("　{}", cells::known(&mastered))).unwrap_or_default();
            let note = format!("{number}{known}　更新 {}", when(record.updated_at));
            item(&record_href(&hits.ledger, record.id), &opened.name_of(record, &style), note.trim())
        })
        .collect();
    let count = if hits.count.more { Count::AtLeast(hits.count.count) } else { Count::Exactly(hits.count.count) };
    let all = Asked { q: text.to_owned(), ..Asked::default() }.href(&ledger_href(&hits.ledger));
    let all = LinkButton::new("一覧で見る", all).look(Look::Quiet).html();
    let title = format!("{}（{}）", hits.title, kawasemi_ui::list::count(Lang::Ja, count));
    let list = SafeHtml::trusted(format!("<ul class=\"link-list\">{items}</ul>"));
    Ok(section_with(&title, &all, &list))
}

fn nothing(text: &str) -> SafeHtml {
    let all = LinkButton::new("台帳の一覧へ", "/desk/ledgers").icon(Icon::Ledger).html();
    if text.is_empty() {
        return Empty::new("探したい言葉を入力してください")
            .text("画面上の検索欄から、閲覧できるすべての台帳をまとめて探せます。")
            .icon(Icon::Search)
            .actions(all)
            .html();
    }
    Empty::new(format!("「{text}」に当たる記録はありません"))
        .text("言葉を短くするか、別の書き方でお試しください。2文字から探せます。ひらがな・カタカナ、全角・半角、新旧の字体は区別しません。")
        .icon(Icon::Search)
        .actions(all)
        .html()
}
