//! What was typed into a form, in order, from either encoding that browsers use.
//!
//! Files of a multipart form are written to temporary files while they arrive, so that a 2 GB upload never lies in memory, and
//! are refused as soon as they pass the limit.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use http::header;

use crate::problem::Problem;

/// The most text that a form may carry.
const TEXT_LIMIT: usize = 4 * 1024 * 1024;
/// The most entries that a form may have.
const ENTRY_LIMIT: usize = 20_000;

/// The entries of a form without files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries(pub Vec<(String, String)>);

impl Entries {
    /// The first entry of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first entry of a name, without surrounding white space; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// All entries of a name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether an entry of this name was sent, such as the button that was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Reads `application/x-www-form-urlencoded`.
    pub fn from_urlencoded(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).take(ENTRY_LIMIT).map(|(n, v)| (n.into_owned(), v.into_owned())).collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for Entries {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            return from_multipart(request, state).await;
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Problem::too_large(TEXT_LIMIT >> 20))?;
        if bytes.len() > TEXT_LIMIT {
            return Err(Problem::too_large(TEXT_LIMIT >> 20));
        }
        Ok(Self::from_urlencoded(&bytes))
    }
}

async fn from_multipart<S: Send + Sync>(request: Request, state: &S) -> Result<Entries, Problem> {
    let broken = || Problem::bad_request("フォームの送信が途中で切れました。もう一度送ってください。");
    let mut multipart = Multipart::from_request(request, state).await.map_err(|_| broken())?;
    let (mut entries, mut size) = (Vec::new(), 0);
    while let Some(field) = multipart.next_field().await.map_err(|_| broken())? {
        if field.file_name().is_some_and(|name| !name.is_empty()) {
            return Err(Problem::bad_request("この画面ではファイルを送れません。"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.text().await.map_err(|_| broken())?;
        size += name.len() + value.len();
        if size > TEXT_LIMIT || entries.len() >= ENTRY_LIMIT {
            return Err(Problem::too_large(TEXT_LIMIT >> 20));
        }
        entries.push((name, value));
    }
    Ok(Entries(entries))
}
