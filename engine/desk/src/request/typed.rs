//! What was typed into a form that can't be answered now.
//!
//! While the database is switched over, nobody can be found out about and nothing saved. What was typed must not be lost with
//! that, on a page without JavaScript either: the page that says so carries it along, with a button that sends it again.
//! So a form of usual size is read whole before it is handed on. What may be secret is not given back: passwords belong into no
//! page.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::extract::multipart::Field;
use http::header::{self, HeaderValue};
use http::{Method, request::Parts};

use super::entries::{Entries, Files, is_multipart, read_body, read_multipart};
use crate::problem::Problem;
use crate::security;

/// The largest form that is kept, its files included.
const KEPT: usize = 1024 * 1024;
/// Pages on which people show who they are, or change how they do.
const SECRET_PAGES: [&str; 2] = ["/auth", "/desk/account"];
/// Entries of forms that may be sent twice: the number of a new record's form, and the revision that a change is based on.
const ONCE: [&str; 2] = ["_form", "_revision"];
/// What stands in the names of entries that are secret.
const SECRETS: [&str; 4] = ["password", "pin", "secret", "token"];

/// A form as it was sent.
pub struct Typed {
    kind: HeaderValue,
    body: Bytes,
}

/// What of a form can be sent again.
pub struct Again {
    /// The entries that were typed.
    pub entries: Entries,
    /// Whether files came along, which have to be chosen again.
    pub had_files: bool,
}

impl Again {
    /// Whether sending it twice does no more than once.
    pub fn happens_once(&self) -> bool {
        ONCE.iter().any(|name| self.entries.has(name))
    }
}

impl Typed {
    /// Reads a form and hands the request on as it came. Other requests are not touched.
    pub async fn keep(request: Request) -> Result<(Request, Option<Self>), Problem> {
        let Some(kind) = kind(&request) else { return Ok((request, None)) };
        let (parts, body) = request.into_parts();
        let body = read_body(Request::new(body), KEPT).await?;
        let request = Request::from_parts(parts, Body::from(body.clone()));
        Ok((request, Some(Self { kind, body })))
    }

    /// What can be sent again; none where something in it is secret, or it can't be read.
    pub async fn again(self) -> Option<Again> {
        let (mut parts, ()): (Parts, ()) = http::Request::new(()).into_parts();
        parts.headers.insert(header::CONTENT_TYPE, self.kind);
        let request = Request::from_parts(parts, Body::from(self.body.clone()));
        let mut files = Skipped(false);
        let entries = match is_multipart(&request) {
            true => read_multipart(request, &(), &mut files).await.ok()?,
            false => Entries::from_urlencoded(&self.body),
        };
        let is_secret = |name: &str| SECRETS.iter().any(|secret| name.contains(secret));
        let open = !entries.0.iter().any(|(name, _)| is_secret(name));
        open.then_some(Again { entries, had_files: files.0 })
    }
}

/// The encoding of a form that a person has sent from a page of ours, and that is not too large.
fn kind(request: &Request) -> Option<HeaderValue> {
    let headers = request.headers();
    let path = request.uri().path();
    let length: usize = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    let is_kept = request.method() == Method::POST
        && length <= KEPT
        && !security::is_foreign(headers)
        && !SECRET_PAGES.iter().any(|page| path.starts_with(page));
    let kind = headers.get(header::CONTENT_TYPE).filter(|_| is_kept)?;
    let text = kind.to_str().ok()?;
    let is_form = text.starts_with("application/x-www-form-urlencoded") || text.starts_with("multipart/form-data");
    is_form.then(|| kind.clone())
}

/// Notes that there were files, and passes over them.
struct Skipped(bool);

impl Files for Skipped {
    async fn take(&mut self, mut field: Field<'_>) -> Result<(), Problem> {
        self.0 = true;
        while field.chunk().await.map_err(|error| super::entries::part_problem(&error))?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(path: &str, headers: &[(&str, &str)], body: &'static str) -> Option<Again> {
        let mut request = Request::post(path).header(header::CONTENT_LENGTH, body.len());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (request, typed) =
            Typed::keep(request.body(Body::from(body)).expect("a request")).await.expect("it is read");
        let handed_on = read_body(request, KEPT).await.expect("the body goes on");
        assert_eq!(handed_on, body, "the handler gets the whole form");
        typed?.again().await
    }

    #[tokio::test]
    async fn a_form_can_be_sent_again_unless_it_is_secret_or_another_sites() {
        const PLAIN: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        let again = kept("/desk/ledgers/park/new", &[PLAIN], "name=%E5%85%AC%E5%9C%92&a=1&a=2").await.expect("kept");
        assert_eq!(again.entries.text("name"), "公園");
        assert_eq!(again.entries.all("a").count(), 2);
        assert!(!again.had_files);
        let form = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\n\r\nxyz\r\n--x--\r\n";
        let again = kept("/desk", &[("content-type", "multipart/form-data; boundary=x")], form).await.expect("kept");
        assert_eq!((again.entries.0.len(), again.had_files), (1, true));
        assert!(kept("/auth/sign-in", &[PLAIN], "login=a").await.is_none());
        assert!(kept("/desk/admin/users", &[PLAIN], "login=a&new_password=b").await.is_none());
        assert!(kept("/desk", &[PLAIN, ("sec-fetch-site", "cross-site")], "a=1").await.is_none());
        assert!(kept("/desk", &[("content-type", "application/json")], "{}").await.is_none());
    }
}
