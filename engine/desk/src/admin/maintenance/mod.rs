//! Maintenance by vendors (保守作業): asking for it, approving what somebody else asked for, and the report of what was done.

mod form;
mod list;
mod report;

use jiff::Timestamp;
use kawasemi_identity::maintenance::Maintenance;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::chip::{State, chip};
use uuid::Uuid;

use crate::routes::{Routes, get, post};

const PATH: &str = "/desk/admin/maintenance";

/// The routes, below the gate of the administration.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/admin/maintenance", get(list::show))
        .route("/desk/admin/maintenance/new", get(form::empty).post(form::request))
        .route("/desk/admin/maintenance/{id}", get(report::show))
        .route("/desk/admin/maintenance/{id}/approve", post(report::approve))
        .route("/desk/admin/maintenance/{id}/end", post(report::end))
}

/// The page of a maintenance.
fn href(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// How a maintenance stands, as a chip.
fn state(one: &Maintenance, now: Timestamp) -> SafeHtml {
    match (one.approved_at, one.ended_at) {
        (None, Some(_)) => chip(State::Muted, "承認せず"),
        (Some(_), Some(_)) => chip(State::Done, "終了"),
        (None, None) if one.until <= now => chip(State::Muted, "期間切れ"),
        (None, None) => chip(State::Warning, "承認待ち"),
        (Some(_), None) if one.from > now => chip(State::Muted, "開始前"),
        (Some(_), None) => chip(State::Good, "作業中"),
    }
}
