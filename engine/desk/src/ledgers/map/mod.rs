//! A ledger as a map (地図): the same records as the list, narrowed by the same address, with other ledgers as further layers.
//!
//! The page is whole without a script: it lists what it would draw. Features come from [`features`], through the same grants as
//! every list; so a place that is hidden from this person (支援措置 included) is on no map of theirs.

mod features;
mod layers;
mod paper;

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_ledger::read::Page as Records;
use kawasemi_ledger::{LedgerError, Visible};
use kawasemi_schema::Action;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::list::with_facets;
use kawasemi_ui::map::MapView;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::{Component, Icon, SafeHtml};

pub use self::features::show as features;
use self::layers::Drawn;
pub use self::layers::{neighbours, record};
pub use self::paper::{ask as ask_paper, show as paper};
use super::asked::Asked;
use super::opened::{Look, MAP, Opened, record_href, style};
use super::{condition, facets, list_bar};
use crate::problem::Problem;
use crate::request::Cx;

/// Records that are listed where there is no script.
const LISTED: u32 = 100;

/// `GET /desk/ledgers/{ledger}/map`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, format!("{}の地図", opened.title()));
    let Some(map) = opened.map() else {
        let empty = Empty::new("位置の項目がありません").text("この台帳には、地図に描ける位置の項目がありません。");
        let empty = empty.actions(LinkButton::new("一覧で見る", opened.href()).html());
        return Ok(Html(page.body(empty.html()).render()).into_response());
    };
    if let Some(text) = cx.query("bbox") {
        let bbox = features::read_bbox(&text).ok_or_else(features::bad_bbox)?;
        let narrowed = condition::within(&asked, &map.geometry, bbox).unwrap_or(asked);
        return Ok(Redirect::to(&narrowed.href(&opened.at(MAP))).into_response());
    }
    let mut body = opened.looks(Look::Map, &asked);
    let found = match listed(&cx, &opened, &asked).await {
        Ok(found) => found,
        Err(error) if features::is_of_the_asker(&error) => {
            let notice = Notice::new(Tone::Error, "条件を読み取れません").text(error.to_string());
            let html = page.notice(notice).body(body).with_mistakes().render();
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let all = layers::readable(&cx, &opened);
    let mut main = bar(&cx, &opened, &asked, &all).await?;
    main.push(&drawn(&cx, &opened, &asked, &all, &found).await?);
    let facets = facets::uncounted(&opened, &asked, &opened.at(MAP));
    body.push(&if facets.is_empty() { main } else { with_facets(Lang::Ja, &main, &facets) });
    Ok(Html(page.body(body).render()).into_response())
}

/// The first of the records that are drawn, for who has no script.
async fn listed(cx: &Cx, opened: &Opened, asked: &Asked) -> Result<Records, LedgerError> {
    let mut request = features::request(opened, asked, None);
    request.limit = LISTED;
    cx.ledgers().list(cx.context(), opened.key(), &request).await
}

async fn drawn(cx: &Cx, opened: &Opened, asked: &Asked, all: &[Drawn], found: &Records) -> Result<SafeHtml, Problem> {
    let mut view = MapView::new(Lang::Ja, format!("{}の地図", opened.title())).tall().listed();
    // The ledger itself lies on top.
    for other in all.iter().filter(|other| asked.layers.iter().any(|key| key == other.opened.key())) {
        view = view.layer(other.layer(&Asked::default()));
    }
    let own = layers::own(opened);
    view = view.layer(own.layer(asked));
    let narrow = asked.with(|_| {}).href(&opened.at(MAP));
    let narrow = format!("{narrow}{}bbox={{bbox}}", if narrow.contains('?') { '&' } else { '?' });
    view = view.narrow(narrow, "この範囲で絞り込む");
    Ok(view.fallback(list(cx, opened, asked, found).await?).html())
}

/// The records as links, until the script lists what is in view.
async fn list(cx: &Cx, opened: &Opened, asked: &Asked, found: &Records) -> Result<SafeHtml, Problem> {
    if found.records.is_empty() {
        let text =
            if asked.is_narrowed() { "条件を外すか、ほかの条件でお試しください。" } else { "" };
        return Ok(Empty::new("地図に描く記録はありません").text(text).icon(Icon::Place).html());
    }
    let labels = cx.ledgers().labels(cx.context(), opened.key(), &found.records).await?;
    let style = style().with_labels(&labels);
    let item = |record: &Visible| {
        let link = SafeHtml::link(&record_href(opened.key(), record.id), &layers::name(opened, record, &style));
        SafeHtml::trusted(format!("<li>{link}</li>"))
    };
    let items: SafeHtml = found.records.iter().map(item).collect();
    let mut html = SafeHtml::trusted(format!("<ul class=\"map-links\">{items}</ul>"));
    if found.next.is_some() {
        let all = LinkButton::new("ほかの記録も一覧で見る", asked.with(|_| {}).href(&opened.href())).html();
        html.push(&kawasemi_ui::button::row([all]));
    }
    Ok(html)
}

async fn bar(cx: &Cx, opened: &Opened, asked: &Asked, all: &[Drawn]) -> Result<SafeHtml, Problem> {
    let href = opened.at(MAP);
    let views = cx.ledgers().views(cx.context(), opened.key()).await?;
    let conditions = if asked.filter.is_empty() { Vec::new() } else { condition::parts(cx, opened, asked).await? };
    let without_layers = asked.with(|asked| asked.layers.clear());
    let choice = |other: &Drawn| {
        let key = other.opened.key().to_owned();
        let chosen = asked.layers.contains(&key);
        (key, other.opened.title().to_owned(), chosen)
    };
    Ok(Bar {
        kept: pairs(&asked.with(|asked| asked.q.clear())),
        kept_without_layers: pairs(&without_layers),
        is_searchable: opened.fields().any(|field| field.search),
        opener: condition::opener(opened, asked, &href),
        views: list_bar::views(asked, &views, &href),
        active: list_bar::active(opened, asked, &conditions, &href),
        layers: all.iter().map(choice).collect(),
        print_href: asked.with(|_| {}).href(&opened.at("map/print")),
        q: &asked.q,
        href: &href,
    }
    .html())
}

fn pairs(asked: &Asked) -> Vec<(String, String)> {
    let plain = asked.with(|_| {});
    url::form_urlencoded::parse(plain.query().as_bytes()).into_owned().collect()
}

#[derive(Template)]
#[template(path = "ledgers/map_bar.html")]
struct Bar<'a> {
    href: &'a str,
    q: &'a str,
    is_searchable: bool,
    kept: Vec<(String, String)>,
    kept_without_layers: Vec<(String, String)>,
    opener: SafeHtml,
    views: Vec<list_bar::ViewLink>,
    active: SafeHtml,
    /// Key, title and whether it is shown, of every other ledger with a map.
    layers: Vec<(String, String, bool)>,
    print_href: String,
}

impl Bar<'_> {
    fn current_view(&self) -> &str {
        self.views.iter().find(|view| view.is_current).map_or("すべて", |view| &view.title)
    }

    fn shown_layers(&self) -> usize {
        self.layers.iter().filter(|(.., shown)| *shown).count()
    }
}
