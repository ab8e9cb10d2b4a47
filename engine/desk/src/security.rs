//! Headers and checks that every answer and every request get.
//!
//! Pages have no inline script and no inline style, so the content security policy forbids both. A request that changes
//! something must come from our own pages: browsers say so in `Sec-Fetch-Site`, older ones in `Origin`, the oldest in
//! `Referer`, which our pages send to ourselves alone. One that says it comes from elsewhere is refused, signed in or not,
//! so that nobody is signed in to a stranger's account; one that says nothing is a program's, and is refused only if it
//! carries a cookie. Cookies are `SameSite=Lax` besides. This needs no token in forms, so a form that lay open over night
//! can still be sent.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::problem::Problem;
use crate::state::Desk;

const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(self), microphone=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the security headers, unless a handler set its own, and keeps pages out of shared caches.
pub async fn headers(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| desk.content_security_policy().clone());
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if desk.settings().https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What a page may load and ask. `tiles` are the servers of the base maps that the operator has set; without any, nothing but
/// this server is ever asked. A map's worker is a file of ours like any script.
pub(crate) fn content_security_policy(tiles: &[String]) -> HeaderValue {
    let others: String = tiles.iter().map(|host| format!(" {host}")).collect();
    let policy = format!(
        "default-src 'self'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:{others}; \
         font-src 'self'; connect-src 'self'{others}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self'"
    );
    HeaderValue::try_from(policy).expect("origins of web addresses are plain ASCII")
}

/// Refuses a change that another site's page asks for in the name of the person at the browser.
pub async fn same_origin(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_foreign(request.headers()) && !safe { Problem::cross_site().into_response() } else { next.run(request).await }
}

/// Whether another site's page has sent a request.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    match origin(headers) {
        Origin::Ours => false,
        Origin::Foreign => true,
        Origin::Unsaid => headers.contains_key(header::COOKIE),
    }
}

/// Whose page made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
    Unsaid,
}

fn origin(headers: &HeaderMap) -> Origin {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = |ours: bool| if ours { Origin::Ours } else { Origin::Foreign };
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return is_ours(matches!(site, "same-origin" | "none"));
    }
    let from = text(&header::ORIGIN).or_else(|| text(&header::REFERER).filter(|page| !page.is_empty()));
    let Some(from) = from else { return Origin::Unsaid };
    let host = from.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    is_ours(host.is_some() && host == text(&header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Origin {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"));
        }
        origin(&headers)
    }

    #[test]
    fn the_policy_names_no_other_server_but_those_of_tiles() {
        let plain = content_security_policy(&[]);
        assert!(!plain.to_str().expect("is text").contains("http"), "{plain:?}");
        let wider = content_security_policy(&["https://tiles.example.lg.jp".to_owned()]);
        let wider = wider.to_str().expect("is text");
        assert!(wider.contains("data: blob: https://tiles.example.lg.jp;"), "{wider}");
        assert!(wider.contains("connect-src 'self' https://tiles.example.lg.jp;"), "{wider}");
        assert!(wider.contains("script-src 'self'; worker-src 'self'; style-src 'self';"), "{wider}");
    }

    #[test]
    fn tells_our_own_pages_from_others() {
        assert_eq!(of(&[("sec-fetch-site", "same-origin")]), Origin::Ours);
        assert_eq!(of(&[("origin", "https://a.lg.jp"), ("host", "a.lg.jp")]), Origin::Ours);
        let sibling = [("sec-fetch-site", "same-site"), ("origin", "https://a.lg.jp"), ("host", "a.lg.jp")];
        assert_eq!(of(&sibling), Origin::Foreign);
        assert_eq!(of(&[("sec-fetch-site", "cross-site")]), Origin::Foreign);
        assert_eq!(of(&[("origin", "https://b.lg.jp"), ("host", "a.lg.jp")]), Origin::Foreign);
        assert_eq!(of(&[("origin", "null"), ("host", "a.lg.jp")]), Origin::Foreign);
        assert_eq!(of(&[("host", "a.lg.jp")]), Origin::Unsaid);
        let refers = |page: &str| of(&[("referer", page), ("host", "a.lg.jp")]);
        assert_eq!(refers("https://a.lg.jp/desk?next=https://b.lg.jp/"), Origin::Ours);
        for other in
            ["https://b.lg.jp/https://a.lg.jp/", "https://a.lg.jp@b.lg.jp/", "https://a.lg.jp.b.lg.jp", "a.lg.jp"]
        {
            assert_eq!(refers(other), Origin::Foreign, "{other}");
        }
        assert_eq!(of(&[("origin", "null"), ("referer", "https://a.lg.jp/"), ("host", "a.lg.jp")]), Origin::Foreign);
        assert_eq!(refers(""), Origin::Unsaid);
    }
}
