//! The way in: from a raw request to a [`Cx`], and from a [`Problem`] back to an answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use jiff::Timestamp;
use kawasemi_identity::{Caller, Context, Identity};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::form::Form;
use kawasemi_ui::page::{Page, Site};
use kawasemi_ui::{Component, problem};

use crate::operations::{self, Failure};
use crate::problem::Problem;
use crate::request::arrival::Arrival;
use crate::request::context::Cx;
use crate::request::language::{AskedPath, PageLang};
use crate::request::reference;
use crate::request::typed::{Again, Typed};
use crate::roles::Role;
use crate::state::Desk;
use crate::words;

/// After how many seconds a program, or a search engine, should ask again for what can't be answered now.
const RETRY_AFTER_S: &str = "10";

/// Finds the city and the caller, hands the request on with its [`Cx`], and shows a problem that comes back.
pub async fn enter(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let reference = reference::new(desk.ids());
    let asked = Asked::of(&request);
    let started = desk.clock().now();
    let arrival = Arrival::of(&request, desk.settings(), reference.clone());
    let (response, cx, typed) = match Typed::keep(request).await {
        Ok((mut request, typed)) => match context(&desk, arrival).await {
            Ok(cx) => {
                request.extensions_mut().insert(cx.clone());
                (super::recorded::answer(&cx, request, next).await, Some(cx), typed)
            }
            Err(problem) => (problem.into_response(), None, typed),
        },
        Err(problem) => (problem.into_response(), None, None),
    };
    let again = match typed.filter(|_| !asked.program && may_pass(&response)) {
        Some(typed) => typed.again().await,
        None => None,
    };
    let response = shown(response, &asked, &reference, cx.as_ref().ok_or(&desk), again);
    let response = match &cx {
        Some(cx) => marked(response, cx),
        None => response,
    };
    let took = desk.clock().now().duration_since(started);
    crate::health::count(response.status());
    tracing::debug!(reference, status = response.status().as_u16(), micros = took.as_micros(), "answered");
    response
}

/// Says of everything that a training city (教育用の市) hands out that it is for practice: to programs in a header, to people in
/// the name of the file.
fn marked(mut response: Response, cx: &Cx) -> Response {
    if !cx.city().city.is_training() {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert("kawasemi-training", HeaderValue::from_static("true"));
    let named = headers.get(header::CONTENT_DISPOSITION).and_then(|value| value.to_str().ok());
    if let Some(renamed) = named.and_then(|named| HeaderValue::from_str(&practice_name(named)).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, renamed);
    }
    response
}

/// The same disposition with 教育用_ before the name of the file.
fn practice_name(disposition: &str) -> String {
    const PREFIX: &str = "%E6%95%99%E8%82%B2%E7%94%A8_";
    match disposition.split_once("filename*=UTF-8''") {
        Some((how, name)) => format!("{how}filename*=UTF-8''{PREFIX}{name}"),
        None => match disposition.split_once("filename=\"") {
            Some((how, name)) => format!("{how}filename=\"training_{name}"),
            None => disposition.to_owned(),
        },
    }
}

/// What is needed of the request to answer a problem, after the request itself is gone.
struct Asked {
    path: String,
    /// The address as the browser asked for it, with its query.
    href: String,
    /// Whether asking again does no harm.
    safe: bool,
    lang: Lang,
    program: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let path = request.uri().path().to_owned();
        let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let for_programs = ["/api/", "/ogc", "/open311/", "/courier/", "/healthz", "/metrics"];
        let program = for_programs.iter().any(|prefix| path.starts_with(prefix))
            || (accept.contains("json") && !accept.contains("html"));
        let lang = request.extensions().get::<PageLang>().map_or(Lang::Ja, |lang| lang.0);
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        // Two slashes at the beginning would lead to another site.
        let href = format!("/{}{query}", asked_path(request).trim_start_matches('/'));
        Self { path, href, safe: request.method().is_safe(), lang, program }
    }
}

async fn context(desk: &Desk, arrival: Arrival) -> Result<Cx, Problem> {
    let city = desk.city_of_host(arrival.host.as_deref()).await?;
    let at = desk.clock().now();
    // On the portal nobody is a member of the staff, whatever the request brings along.
    let caller = match desk.settings().role {
        Role::Portal => Caller::visitor(),
        Role::All | Role::Desk => caller(&city.identity, &arrival, at).await?,
    };
    let mut context = Context::new(caller, at);
    context.lang = arrival.lang;
    context.request = Some(arrival.reference.clone());
    context.address = arrival.address.map(|address| address.to_string()).unwrap_or_default();
    Ok(Cx::new(desk.clone(), city, context, arrival))
}

/// Who calls, by the token or the session cookie.
pub(super) async fn caller(identity: &Identity, arrival: &Arrival, at: Timestamp) -> Result<Caller, Problem> {
    Ok(match (&arrival.bearer, &arrival.secret) {
        (Some(token), _) => identity.bearer(token, at).await?.ok_or_else(Problem::unauthorized)?,
        (None, Some(secret)) => identity.caller(secret, at).await?.unwrap_or_else(Caller::visitor),
        (None, None) => Caller::visitor(),
    })
}

/// Turns a problem into a page or into `application/problem+json`; any other answer stays as it is.
fn shown(
    mut response: Response,
    asked: &Asked,
    reference: &str,
    found_by: Result<&Cx, &Desk>,
    again: Option<Again>,
) -> Response {
    let cx = found_by.ok();
    let Some(found) = response.extensions_mut().remove::<Arc<Problem>>() else { return response };
    if let Some(cause) = &found.log {
        tracing::error!(reference, path = asked.path, kind = found.kind, cause, "a request failed");
        let desk = found_by.map_or_else(|desk| desk, Cx::desk);
        desk.failures().add(Failure {
            at: desk.clock().now(),
            reference: reference.to_owned(),
            place: operations::place(&asked.path),
            city: cx.map(|cx| cx.city().city.code().to_owned()),
        });
    }
    let mut answer = if asked.program {
        let body = found.to_json(reference, &asked.path).to_string();
        let kind = HeaderValue::from_static("application/problem+json");
        (found.status, [(header::CONTENT_TYPE, kind)], body).into_response()
    } else {
        (found.status, Html(problem_page(&found, asked, reference, cx, again))).into_response()
    };
    if found.may_pass() {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
    }
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            answer.headers_mut().append(name, value.clone());
        }
    }
    if found.status == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

/// Whether an answer carries a problem that may pass.
fn may_pass(response: &Response) -> bool {
    response.extensions().get::<Arc<Problem>>().is_some_and(|problem| problem.may_pass())
}

fn problem_page(found: &Problem, asked: &Asked, reference: &str, cx: Option<&Cx>, again: Option<Again>) -> String {
    let site = match cx {
        Some(cx) if cx.is_signed_in() && asked.path.starts_with("/desk") => cx.desk_site(""),
        Some(cx) => cx.portal_site(),
        None => Site::portal(asked.lang, "カワセミ"),
    };
    let t = words(asked.lang);
    let home = LinkButton::new(t.get("problem-home"), site.home_href.clone());
    let (title, detail) = found.said(asked.lang);
    let mut body = problem::Problem::new(asked.lang, detail).reference(reference);
    let mut form = None;
    match again {
        Some(again) => {
            let kept = match found.kind {
                "outcome-unknown" if again.happens_once() => "again-kept-once",
                // Whoever is not sure that nothing was saved looks first.
                "outcome-unknown" => "again-kept-unsure",
                _ => "again-kept",
            };
            body = body.kept(t.get(kept));
            if again.had_files {
                body = body.advice(t.get("again-files"));
            }
            let empty = Form::new(asked.lang, asked.href.clone()).plain().submit(t.get("again-send"));
            form = Some(again.entries.0.into_iter().fold(empty, |form, (name, value)| form.hidden(name, value)));
        }
        None if found.may_pass() && asked.safe => {
            body = body.actions(LinkButton::new(t.get("again-open"), asked.href.clone()).html());
        }
        None => body = body.actions(home.html()),
    }
    let mut html = body.html();
    if let Some(form) = form {
        html.push(&form.html());
    }
    Page::new(&site, title).narrow().body(html).render()
}

/// The path that the browser asked for, for links back.
pub fn asked_path(request: &Request) -> &str {
    request.extensions().get::<AskedPath>().map_or_else(|| request.uri().path(), |asked| &asked.0)
}

#[cfg(test)]
mod tests {
    use super::practice_name;

    #[test]
    fn a_file_of_a_training_city_says_so_in_its_name() {
        for (before, after) in [
            (
                "attachment; filename*=UTF-8''park.csv",
                "attachment; filename*=UTF-8''%E6%95%99%E8%82%B2%E7%94%A8_park.csv",
            ),
            ("attachment; filename=\"park.csv\"", "attachment; filename=\"training_park.csv\""),
            ("inline", "inline"),
        ] {
            assert_eq!(practice_name(before), after);
        }
    }
}
