//! Open311 GeoReport v2: other programs read what the city takes and what became of reports, and send some.
//!
//! <https://wiki.open311.org/GeoReport_v2/>, with FixMyStreet's updates. XML is the standard's own form and what is answered where
//! nobody says otherwise; JSON is given to whoever asks by `.json`. An error is said in the form that was asked for.
//!
//! - `answer`: one description of an answer, written as XML or JSON
//! - `refusal`: what goes wrong
//! - `asked`: parameters
//! - `services`: what can be reported, and discovery
//! - `requests`: reading reports
//! - `create`: sending one
//! - `updates`: what happened to them, both ways
//! - `keys`: who may send

mod answer;
mod asked;
mod create;
pub mod keys;
mod refusal;
mod requests;
mod services;
mod updates;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use answer::{Answer, Format};
use refusal::Refusal;

use crate::platform::desk::routes::get;
use crate::platform::desk::{Cx, Pages, Uploads};

/// Where it lies.
pub const BASE: &str = "/open311/v2";

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/open311/{name}", get(discovery))
        .route("/open311/v2/{name}", get(read).post(write))
        .route("/open311/v2/services/{name}", get(definition))
        .route("/open311/v2/requests/{name}", get(one))
        .route("/open311/v2/tokens/{name}", get(token))
        .route("/open311/v2", get(base))
}

/// The answer of a call.
type Answered = Result<Answer, Refusal>;

/// `GET /open311/discovery.json`
async fn discovery(cx: Cx, Path(document): Path<String>) -> Response {
    let (name, format) = named(&cx, &document);
    let answered = match name.as_str() {
        "discovery" => services::discovery(&cx).await,
        _ => Err(Refusal::not_found("There is no such call.")),
    };
    written(format, answered)
}

/// `GET /open311/v2/services.json` and the other lists.
async fn read(cx: Cx, Path(document): Path<String>) -> Response {
    let (name, format) = named(&cx, &document);
    let answered = match name.as_str() {
        "discovery" => services::discovery(&cx).await,
        "services" => services::list(&cx).await,
        "requests" => requests::list(&cx).await,
        "servicerequestupdates" => updates::list(&cx).await,
        _ => Err(Refusal::not_found("There is no such call.")),
    };
    written(format, answered)
}

/// `POST /open311/v2/requests.json` and `servicerequestupdates.json`
async fn write(cx: Cx, Path(document): Path<String>, uploads: Uploads) -> Response {
    let (name, format) = named(&cx, &document);
    let answered = match name.as_str() {
        "requests" => create::create(&cx, &uploads).await,
        "servicerequestupdates" => updates::create(&cx, &uploads.entries).await,
        _ => Err(Refusal::not_found("There is no such call.")),
    };
    written(format, answered)
}

/// `GET /open311/v2/services/road.pothole.json`
async fn definition(cx: Cx, Path(document): Path<String>) -> Response {
    let (code, format) = named(&cx, &document);
    written(format, services::definition(&cx, &code).await)
}

/// `GET /open311/v2/requests/7K3Q9-FMA2X.json`
async fn one(cx: Cx, Path(document): Path<String>) -> Response {
    let (id, format) = named(&cx, &document);
    written(format, requests::one(&cx, &id).await)
}

/// `GET /open311/v2/tokens/….json`
async fn token(cx: Cx, Path(document): Path<String>) -> Response {
    let (token, format) = named(&cx, &document);
    written(format, requests::token(&cx, &token).await)
}

/// `GET /open311/v2`: what the base address is for.
async fn base(cx: Cx) -> Response {
    let format = if cx.wants_json() { Format::Json } else { Format::Xml };
    written(format, services::discovery(&cx).await)
}

/// A document's name without its ending, and the form that the ending asks for; without one what the program accepts. A code of a
/// service has points of its own.
fn named(cx: &Cx, document: &str) -> (String, Format) {
    match document.rsplit_once('.') {
        Some((name, "json")) => (name.to_owned(), Format::Json),
        Some((name, "xml")) => (name.to_owned(), Format::Xml),
        _ if cx.wants_json() => (document.to_owned(), Format::Json),
        _ => (document.to_owned(), Format::Xml),
    }
}

fn written(format: Format, answered: Answered) -> Response {
    match answered {
        Ok(answer) => answer.response(format, StatusCode::OK),
        Err(refusal) => refusal.response(format),
    }
}
