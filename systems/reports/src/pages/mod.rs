//! The pages: what residents see under `/report` and `/reports`, and the staff's under `/desk/reports`.
//!
//! - [`form`](mod@form): a report in three steps, and what was sent before it is sent again
//! - [`tracking`]: one report under its number
//! - [`list`](mod@list): all of them, as a list, as map data, as a feed
//! - [`board`]: the staff's triage board
//! - [`case`]: one report for the staff, and all acts on it
//! - [`statistics`], [`settings`](mod@settings): figures; keys, the former app's reports, disaster mode

pub mod board;
pub mod case;
mod case_acts;
mod case_forms;
mod case_parts;
mod form;
mod form_view;
mod icons;
mod list;
pub mod names;
mod pieces;
mod settings;
mod settings_view;
mod statistics;
mod tracking;
mod waiting;

use axum::response::{IntoResponse as _, Response};
use http::header;
use uuid::Uuid;

use crate::platform::desk::Pages;
use crate::platform::desk::routes::{get, post};

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/report", get(form::empty).post(form::send))
        .route("/report/nearby", get(form::nearby))
        .route("/report/sent", get(form::sent))
        .route("/report/find", get(tracking::find))
        .route("/report/app.js", get(async || script(include_str!("../../assets/report.js"))))
        .route("/report/sw.js", get(worker))
        .route("/report/report.css", get(style))
        .route("/report/{id}", get(tracking::page))
        .route("/reports", get(list::page))
        .route("/reports/map.geojson", get(list::geojson))
        .route("/reports/feed.atom", get(list::feed))
        .route("/reports/{id}/photos/{file}", get(list::photo))
        .route("/desk/reports", get(board::page))
        .route("/desk/reports/statistics", get(statistics::page))
        .route("/desk/reports/statistics.csv", get(statistics::csv))
        .route("/desk/reports/settings", get(settings::page))
        .route("/desk/reports/settings/key", post(settings::key))
        .route("/desk/reports/settings/import", post(settings::import))
        .route("/desk/reports/settings/disaster", post(settings::disaster))
        .route("/desk/reports/settings/bundle", get(settings::bundle).post(settings::reconcile))
        .route("/desk/reports/settings/outward", post(settings::outward))
        .route("/desk/reports/paint.js", get(async || script(include_str!("../../assets/paint.js"))))
        .route("/desk/reports/{id}", get(case::page))
        .route("/desk/reports/{id}/state", post(case_acts::state))
        .route("/desk/reports/{id}/publish", post(case_acts::publish))
        .route("/desk/reports/{id}/assign", post(case_acts::assign))
        .route("/desk/reports/{id}/order", post(case_acts::order))
        .route("/desk/reports/{id}/pass-on", post(case_acts::pass_on))
        .route("/desk/reports/{id}/merge", post(case_acts::merge))
        .route("/desk/reports/{id}/split", post(case_acts::split))
        .route("/desk/reports/{id}/reply", post(case_acts::reply))
        .route("/desk/reports/{id}/repaired", post(case_acts::repaired))
        .route("/desk/reports/{id}/release", post(case_acts::release))
}

/// Where a photograph that is shown lies.
pub fn photo_path(reference: &str, file: Uuid) -> String {
    format!("/reports/{reference}/photos/{file}")
}

/// How long a browser may keep what belongs to the program: a release changes it seldom, and within a day nobody notices.
const KEPT: &str = "public, max-age=3600";

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], text).into_response()
}

async fn style() -> Response {
    let text = include_str!("../../assets/report.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], text).into_response()
}

/// The service worker: it answers for `/report` in each language, though it lies below.
async fn worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("service-worker-allowed"), "/"),
    ];
    (headers, include_str!("../../assets/sw.js")).into_response()
}
