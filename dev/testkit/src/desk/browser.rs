//! A browser: sends requests as one does, and keeps cookies.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::Answer;

/// A browser.
pub struct Browser {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    host: String,
}

impl Browser {
    pub(super) fn new(router: Router) -> Self {
        Self { router, cookies: Mutex::default(), host: "localhost".to_owned() }
    }

    /// The same browser, asking another host.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header(header::ACCEPT, "text/html").body(Body::empty())).await
    }

    /// Asks for JSON.
    pub async fn get_json(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header(header::ACCEPT, "application/json").body(Body::empty())).await
    }

    /// Sends a form of one of our own pages.
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, entries: &[(N, V)]) -> Answer {
        self.post_from("same-origin", path, entries).await
    }

    /// Sends a form as a page would that the browser calls `same-origin`, `same-site` or `cross-site`.
    pub async fn post_from<N: AsRef<str>, V: AsRef<str>>(&self, site: &str, path: &str, entries: &[(N, V)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in entries {
            body.append_pair(name.as_ref(), value.as_ref());
        }
        let request = self
            .request("POST", path)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        self.send(request.body(Body::from(body.finish()))).await
    }

    /// Sends JSON as a script of one of our own pages does.
    pub async fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self
            .request(method, path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::from(body.to_string()))).await
    }

    /// Sends any request. Its cookies are kept. A stream of events, which has no end to wait for, is left unread.
    ///
    /// # Panics
    /// When the request is not well formed.
    pub async fn send(&self, request: axum::http::Result<Request<Body>>) -> Answer {
        let response = self.respond(request).await;
        if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
            return Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                text: String::new(),
            };
        }
        read(response).await
    }

    /// Opens a stream of events and reads it until the server ends it.
    ///
    /// # Panics
    /// When the request is not well formed.
    pub async fn read_to_end(&self, request: axum::http::request::Builder) -> Answer {
        read(self.respond(request.body(Body::empty())).await).await
    }

    async fn respond(&self, request: axum::http::Result<Request<Body>>) -> Response {
        let request = request.expect("a well-formed request");
        let response = self.router.clone().oneshot(request).await.expect("a router always answers");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().expect("cookies are ASCII"));
        }
        response
    }

    /// The beginning of a request, with host and cookies.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    /// Loses all cookies, as when the browser is closed.
    pub fn forget(&self) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn keep(&self, set: &str) {
        let mut parts = set.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.any(|part| part == "Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// A whole answer.
async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().collect().await.expect("a body in memory arrives").to_bytes();
    Answer { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
}
