//! What was typed into a form, in order, from either encoding that browsers use.
//!
//! A form with files is read by [`super::uploads`].

use axum::body::{Bytes, to_bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use http::{StatusCode, header};

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
        Self(
            url::form_urlencoded::parse(bytes)
                .take(ENTRY_LIMIT)
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect(),
        )
    }
}

impl<S: Send + Sync> FromRequest<S> for Entries {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if is_multipart(&request) {
            let form = read_multipart(request, state, &mut NoFiles).await?;
            return Ok(form);
        }
        Ok(Self::from_urlencoded(&read_body(request, TEXT_LIMIT).await?))
    }
}

/// The body of a request, if it is not longer than so many bytes.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    to_bytes(request.into_body(), limit).await.map_err(|error| body_problem(&error, limit))
}

/// A body that was too long, or the connection that broke.
fn body_problem(error: &axum::Error, limit: usize) -> Problem {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return Problem::too_large(limit >> 20);
        }
        cause = error.source();
    }
    broken()
}

fn broken() -> Problem {
    Problem::bad_request("送信が途中で切れました。何も保存されていません。もう一度送ってください。")
}

pub(super) fn is_multipart(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("multipart/form-data")
}

/// Takes the files of a multipart form.
pub(super) trait Files {
    /// Takes one file, reading it to its end.
    async fn take(&mut self, field: Field<'_>) -> Result<(), Problem>;
}

/// For pages that have no field for files.
struct NoFiles;

impl Files for NoFiles {
    async fn take(&mut self, _: Field<'_>) -> Result<(), Problem> {
        Err(Problem::bad_request("この画面ではファイルを送れません。"))
    }
}

/// Reads a multipart form: texts into entries, files as `files` takes them.
pub(super) async fn read_multipart<S: Send + Sync>(
    request: Request,
    state: &S,
    files: &mut impl Files,
) -> Result<Entries, Problem> {
    let mut multipart = Multipart::from_request(request, state).await.map_err(|_| broken())?;
    let (mut entries, mut size) = (Vec::new(), 0);
    while let Some(mut field) = multipart.next_field().await.map_err(|error| part_problem(&error))? {
        match field.file_name() {
            // A field for files that was left empty comes as a file without a name.
            Some("") => continue,
            Some(_) => {
                files.take(field).await?;
                continue;
            }
            None => {}
        }
        let name = field.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| part_problem(&error))? {
            size += chunk.len();
            if size > TEXT_LIMIT {
                return Err(Problem::too_large(TEXT_LIMIT >> 20));
            }
            value.extend_from_slice(&chunk);
        }
        if entries.len() >= ENTRY_LIMIT {
            return Err(Problem::too_large(TEXT_LIMIT >> 20));
        }
        entries.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok(Entries(entries))
}

/// What is wrong with a part of a multipart form.
pub(super) fn part_problem(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "送られたファイルが大きすぎます。何も保存されていません。ファイルを分けるか、小さくしてから送ってください。";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "ファイルが大きすぎます", detail);
    }
    broken()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(kind: &str, body: impl Into<Body>) -> Result<Entries, StatusCode> {
        let request = Request::post("/").header(header::CONTENT_TYPE, kind).body(body.into()).expect("a request");
        Entries::from_request(request, &()).await.map_err(|problem| problem.status)
    }

    #[tokio::test]
    async fn both_encodings_say_the_same() {
        let plain = read("application/x-www-form-urlencoded", "a=1&b=%E5%85%AC%E5%9C%92&a=2").await;
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n公園\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n--x--\r\n";
        let multipart = read("multipart/form-data; boundary=x", body).await;
        assert_eq!(plain, multipart);
        let entries = plain.expect("a form");
        assert_eq!(entries.text("b"), "公園");
        assert_eq!(entries.all("a").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[tokio::test]
    async fn what_is_too_long_or_broken_is_refused() {
        let long = format!("a={}", "x".repeat(TEXT_LIMIT));
        assert_eq!(read("application/x-www-form-urlencoded", long).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let cut = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1";
        assert_eq!(read("multipart/form-data; boundary=x", cut).await, Err(StatusCode::BAD_REQUEST));
        let file = "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n\r\n1\r\n--x--\r\n";
        assert_eq!(read("multipart/form-data; boundary=x", file).await, Err(StatusCode::BAD_REQUEST));
    }
}
