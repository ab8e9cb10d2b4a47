//! The public portal: the front page for residents, in their language.

use axum::response::Html;
use kawasemi_ui::card::{self, Card};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use crate::request::Cx;
use crate::routes::{Routes, get};
use crate::state::Place;

/// The portal's routes.
pub fn routes() -> Routes {
    Routes::new().route("/", get(front))
}

/// `GET /`
async fn front(cx: Cx) -> Html<String> {
    let (lang, t) = (cx.lang(), cx.t());
    let site = cx.portal_site();
    let links: Vec<_> = cx
        .desk()
        .links(Place::Portal)
        .map(|link| Card::new(link.title.get(lang)).href(cx.href(link.href)).note(link.lead.get(lang)).html())
        .collect();
    let body = if links.is_empty() {
        Empty::new(t.get("portal-empty")).icon(Icon::Home).html()
    } else {
        let mut body = SafeHtml::trusted(format!("<h2>{}</h2>", SafeHtml::escape(t.get("portal-services"))));
        body.push(&card::grid("grid-wide", links));
        body
    };
    let title = t.say("portal-title").with("city", cx.city_name()).to_string();
    Html(Page::new(&site, title).lead(t.get("portal-lead")).body(body).render())
}
