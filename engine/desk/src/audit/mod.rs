//! What the auditor asks (監査担当の報告書): who looked at whom, in reports that can be read, taken along as CSV and printed.
//!
//! For the roles `auditor`, `privacy-officer` and `admin`; to everybody else none of it exists ([`gate::overseer`]). Who oversees
//! sees ids, names of ledgers and of members of the staff, and no record: that takes a grant like anybody else's.

mod asked;
mod logs;
mod meant;
mod overview;
mod people;
mod reports;
mod seen;
pub(crate) mod sheet;

pub(crate) use meant::{LABEL as MEANT, Meant, meant};
pub(crate) use people::{People, ledger};

use axum::middleware::from_fn;
use kawasemi_ui::page::{Page, Site};

use crate::request::{Cx, gate};
use crate::routes::{Routes, get, post};

/// The address of all of it.
pub const PATH: &str = "/desk/audit";

/// The routes under `/desk/audit`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/audit", get(overview::show))
        .route("/desk/audit/monthly", get(reports::monthly))
        .route("/desk/audit/seen", get(seen::show))
        .route("/desk/audit/mass", get(reports::mass))
        .route("/desk/audit/exports", get(reports::exports))
        .route("/desk/audit/close", get(reports::close))
        .route("/desk/audit/after-hours", get(reports::after_hours))
        .route("/desk/audit/entries", get(logs::entries))
        .route("/desk/audit/logs", get(logs::show))
        .route("/desk/audit/logs/verify", post(logs::verify))
        .behind(|router| router.layer(from_fn(gate::overseer)))
}

/// A page of oversight.
pub(crate) fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("監査・個人情報保護", PATH)
}

/// The shell of its pages.
pub(crate) fn site(cx: &Cx) -> Site {
    cx.desk_site("audit")
}
