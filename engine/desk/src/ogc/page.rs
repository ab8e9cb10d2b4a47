//! Which form an answer has, its links, and the plain pages for people.

use axum::response::{Html, IntoResponse, Response};
use http::header::{self, HeaderValue};
use kawasemi_ui::SafeHtml;
use kawasemi_ui::page::Page;
use serde_json::{Value as Json, json};

use super::ROOT;
use crate::problem::Problem;
use crate::request::Cx;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For programs.
    Json,
    /// For people.
    Html,
}

impl Form {
    /// `f=`, else what the request accepts. `names` are those of the program's form.
    pub fn of(cx: &Cx, accept: &str, names: &[&str]) -> Result<Self, Problem> {
        match cx.query("f").as_deref() {
            None | Some("") => {}
            Some("html") => return Ok(Self::Html),
            Some(name) if names.contains(&name) => return Ok(Self::Json),
            Some(_) => {
                let known = names.join("、");
                return Err(Problem::bad_request(format!("f に指定できるのは {known}、html です。")));
            }
        }
        let kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
        for kind in kinds {
            match kind {
                "text/html" | "application/xhtml+xml" => return Ok(Self::Html),
                "" | "*/*" | "application/*" => return Ok(Self::Json),
                kind if kind.contains("json") || kind.contains("mapbox-vector-tile") || kind.contains("protobuf") => {
                    return Ok(Self::Json);
                }
                _ => {}
            }
        }
        Err(Problem::new(
            http::StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            "その形式では返せません",
            "Accept に application/json、application/geo+json、text/html のどれかを含めてください。",
        ))
    }
}

/// An absolute address below the services' root.
pub fn href(cx: &Cx, path: &str) -> String {
    let path = format!("{ROOT}{path}");
    cx.origin().and_then(|origin| origin.join(&path).ok()).map_or(path, String::from)
}

/// A link.
pub fn link(cx: &Cx, rel: &str, kind: &str, title: &str, path: &str) -> Json {
    json!({ "href": href(cx, path), "rel": rel, "type": kind, "title": title })
}

/// The two links of an answer to itself, in both forms.
pub fn own_links(cx: &Cx, path: &str, kind: &str) -> Vec<Json> {
    let with = |form: &str| format!("{path}{}f={form}", if path.contains('?') { '&' } else { '?' });
    let json = link(cx, "self", kind, "この文書", path);
    vec![json, link(cx, "alternate", "text/html", "この文書（HTML）", &with("html"))]
}

/// A JSON answer that other sites may read as well, as it holds nothing that a cookie would open.
pub fn json_of(body: &Json, kind: &'static str) -> Response {
    let mut response = axum::Json(body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Lets pages of other sites read what anybody may see. With a cookie or token of somebody it is not said.
pub fn shared(cx: &Cx, mut response: Response) -> Response {
    if !cx.is_signed_in() {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("Content-Crs, Link");
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// A page for people: what it is, and a list of links.
pub fn page(cx: &Cx, title: &str, lead: &str, body: SafeHtml) -> Response {
    let site = cx.portal_site();
    let page = Page::new(&site, title).lead(lead).crumb("地理データの公開（OGC API）", ROOT).body(body);
    Html(page.render()).into_response()
}

/// A list of links.
pub fn links(entries: impl IntoIterator<Item = (String, String)>) -> SafeHtml {
    let mut list = SafeHtml::trusted("<ul class=\"link-list\">".to_owned());
    for (href, text) in entries {
        list.push(&SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::link(&href, &text))));
    }
    list.push(&SafeHtml::trusted("</ul>".to_owned()));
    list
}
