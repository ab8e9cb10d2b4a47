//! What a request says of itself before anything is looked up: whom it asks, from where, with which proof.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::header::{self, HeaderMap, HeaderName};
use kawasemi_identity::{Cookie, Secret};
use kawasemi_kernel::Lang;

use crate::request::language::PageLang;
use crate::state::Settings;

/// A request as it arrives. It is taken out of the request at once, since a body can't be shared between threads.
#[derive(Clone)]
pub struct Arrival {
    /// The request's number.
    pub reference: String,
    /// The `Host` header, or the host of the address.
    pub host: Option<String>,
    /// The path without the language prefix, with its query.
    pub path: String,
    /// The language that the prefix names.
    pub lang: Lang,
    /// From which address, as far as the server can believe it.
    pub address: Option<IpAddr>,
    /// The browser's `User-Agent`.
    pub agent: String,
    /// An API token.
    pub bearer: Option<String>,
    /// The session cookie's secret.
    pub secret: Option<Secret>,
    /// The cookie's secret of what the browser has begun and not finished.
    pub begun: Option<Secret>,
    /// The cookie's secret of the shared machine at which the browser runs.
    pub device: Option<Secret>,
    /// Whether JSON is wanted and no page.
    pub json: bool,
    /// Whether htmx asks for a fragment.
    pub fragment: bool,
}

impl Arrival {
    /// Reads a request.
    pub fn of(request: &Request, settings: &Settings, reference: String) -> Self {
        let (headers, uri) = (request.headers(), request.uri());
        let text = |name: HeaderName| text(headers, &name);
        let cookies = text(header::COOKIE);
        Self {
            reference,
            host: text(header::HOST).or_else(|| uri.host()).map(str::to_owned),
            path: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
            lang: request.extensions().get::<PageLang>().map_or(Lang::Ja, |lang| lang.0),
            address: address(request, settings),
            agent: text(header::USER_AGENT).unwrap_or_default().to_owned(),
            bearer: text(header::AUTHORIZATION).and_then(bearer).map(str::to_owned),
            secret: cookies.and_then(|cookies| Cookie::Session.find(cookies, settings.https)),
            begun: cookies.and_then(|cookies| Cookie::Visitor.find(cookies, settings.https)),
            device: cookies.and_then(|cookies| Cookie::Device.find(cookies, settings.https)),
            json: text(header::ACCEPT).is_some_and(|accept| accept.contains("json") && !accept.contains("html")),
            fragment: headers.contains_key("hx-request"),
        }
    }
}

/// The peer's address; behind a proxy of ours the one that the proxy names last, since all before it may be made up.
fn address(request: &Request, settings: &Settings) -> Option<IpAddr> {
    let forwarded = text(request.headers(), &HeaderName::from_static("x-forwarded-for"));
    let forwarded = forwarded.filter(|_| settings.behind_proxy).and_then(|list| list.rsplit(',').next());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    forwarded.and_then(|address| address.trim().parse().ok()).or(peer)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
