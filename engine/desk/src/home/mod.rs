//! The first page of the staff desk (ホーム): what to do, the ledgers one works with, the systems, one's own latest changes.

mod changes;
mod tasks;

use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use kawasemi_identity::AccountKind;
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use crate::ledgers::index::{self, Entry};
use crate::ledgers::recent;
use crate::outside;
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get};
use crate::state::Place;
use crate::view::{section, section_with};

/// Ledgers that are shown on the first page.
const LEDGERS: usize = 6;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/desk", get(show)).route("/desk/changes", get(changes::show))
}

/// `GET /desk`
async fn show(cx: Cx, headers: HeaderMap) -> Result<Response, Problem> {
    let used = recent::ledgers(&cx, &headers);
    let mut ledgers = index::named_entries(&cx).await?;
    // Those that were used last stand first, then those in which the person works; the others keep their order.
    let place = |entry: &Entry| used.iter().position(|key| *key == entry.key).unwrap_or(usize::MAX);
    ledgers.sort_by_key(|entry| (place(entry), !entry.may_change));
    let is_outside = cx.context().caller.account.as_ref().is_some_and(|one| one.kind == AccountKind::Outside);
    let mut body = SafeHtml::EMPTY;
    if !is_outside {
        body.push(&search());
        body.push(&outside::notice(&cx).await?);
        body.push(&section("やること", &tasks::list(&cx).await?));
    }
    body.push(&my_ledgers(&cx, &ledgers, !used.is_empty()));
    if !is_outside {
        body.push(&systems(&cx));
        body.push(&section("自分の最近の変更", &changes::later()));
    }
    let name = cx.context().caller.account.as_ref().map(|account| account.display_name.clone()).unwrap_or_default();
    let today = kawasemi_ui::said::date(Lang::Ja, cx.context().today());
    let site = cx.desk_site("home");
    let mut page = Page::new(&site, "ホーム").lead(format!("{name}さん、今日は{today}です。")).body(body);
    if cx.context().caller.on_leave {
        let text = "復職の発令があるか、終了日を過ぎると、役割と所属の権限が戻ります。";
        page =
            page.notice(Notice::new(Tone::Info, "休職・休業・派遣などの期間中のため、権限が止まっています").text(text));
    }
    Ok(Html(page.render()).into_response())
}

/// The search box, where it can't be overlooked.
fn search() -> SafeHtml {
    SafeHtml::trusted(format!(
        "<form class=\"list-search\" role=\"search\" action=\"/desk/search\" method=\"get\" aria-label=\"すべての台帳から探す\">\
         <label class=\"visually-hidden\" for=\"home-q\">すべての台帳から探す</label>\
         <input class=\"input\" type=\"search\" id=\"home-q\" name=\"q\" placeholder=\"名称・番号・住所など、2文字以上で探せます\">\
         <button class=\"button button-primary\" type=\"submit\">{}探す</button></form>",
        Icon::Search
    ))
}

fn my_ledgers(cx: &Cx, ledgers: &[Entry], are_used: bool) -> SafeHtml {
    let all = LinkButton::new("すべての台帳", "/desk/ledgers").look(Look::Quiet).icon(Icon::Ledger).html();
    if ledgers.is_empty() {
        let mut actions = SafeHtml::EMPTY;
        if cx.ledgers().may_design(cx.context()) {
            let make = LinkButton::new("台帳を作る", "/desk/ledgers/design").look(Look::Primary).icon(Icon::Add);
            actions.push(&make.html());
        }
        let empty = Empty::new("使える台帳がまだありません")
            .text("所属や役割が登録されると、ここに台帳が並びます。心当たりがないときは、システム管理者に連絡してください。")
            .icon(Icon::Ledger)
            .actions(actions);
        return section("自分の台帳", &empty.html());
    }
    let cards = grid("", ledgers.iter().take(LEDGERS).map(Entry::card));
    section_with(if are_used { "最近使った台帳" } else { "自分の台帳" }, &all, &cards)
}

fn systems(cx: &Cx) -> SafeHtml {
    let cards: Vec<SafeHtml> = cx
        .desk()
        .links(Place::Desk)
        .map(|link| {
            let lead = link.lead.get(Lang::Ja);
            Card::new(link.title.get(Lang::Ja)).href(link.href).icon(Icon::Board).note(lead).html()
        })
        .collect();
    if cards.is_empty() { SafeHtml::EMPTY } else { section("業務", &grid("", cards)) }
}
