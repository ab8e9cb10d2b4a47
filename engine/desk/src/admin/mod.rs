//! Administration (管理): accounts and roles, who may see what and why, what happened, and what runs.
//!
//! For the role `admin` only; to everybody else none of it exists ([`gate::admin`]). An administrator sees here who may do
//! what, but no record: that takes a grant like anybody else's.

mod access;
pub(crate) mod audit;
mod courier;
mod definitions;
mod devices;
mod events;
mod grants;
mod jobs;
mod maintenance;
mod names;
mod notes;
mod operations;
mod overview;
mod roles;
mod training;
mod users;
mod webhooks;
mod why;

pub(crate) use grants::clearance;

use axum::middleware::from_fn;
use kawasemi_ui::page::{Page, Site};

use crate::request::{Cx, gate};

use crate::routes::{Routes, get, post};
pub(crate) use users::one_time_password;

/// The routes under `/desk/admin`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/admin", get(overview::show))
        .merge(users::routes())
        .merge(webhooks::routes())
        .merge(maintenance::routes())
        .route("/desk/admin/devices", get(devices::list).post(devices::register))
        .route("/desk/admin/devices/{id}/remove", post(devices::remove))
        .route("/desk/admin/roles", get(roles::list))
        .route("/desk/admin/roles/{role}", get(roles::holders))
        .route("/desk/admin/grants", get(grants::matrix))
        .route("/desk/admin/grants/why", get(why::show))
        .route("/desk/admin/events", get(events::list))
        .route("/desk/admin/access", get(access::list))
        .route("/desk/admin/audit", get(audit::show))
        .route("/desk/admin/audit/verify", post(audit::start))
        .route("/desk/admin/definitions", get(definitions::list))
        .route("/desk/admin/definitions/{ledger}", get(definitions::show))
        .route("/desk/admin/definitions/{ledger}/source", get(definitions::source))
        .route("/desk/admin/definitions/{ledger}/overlay", get(definitions::overlay))
        .route("/desk/admin/courier", get(courier::show))
        .route("/desk/admin/courier/{seq}/retry", post(courier::retry))
        .route("/desk/admin/notes", get(notes::show))
        .route("/desk/admin/operations", get(operations::show))
        .route("/desk/admin/operations/look", post(operations::look))
        .route("/desk/admin/training", get(training::show))
        .route("/desk/admin/training/reset", post(training::reset))
        .route("/desk/admin/training/nightly", post(training::nightly))
        .route("/desk/admin/jobs", get(jobs::list))
        .route("/desk/admin/jobs/{id}/retry", post(jobs::retry))
        .behind(|router| router.layer(from_fn(gate::admin)))
}

/// A page of the administration.
fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("管理", "/desk/admin")
}

/// The shell of the administration's pages.
fn site(cx: &Cx) -> Site {
    cx.desk_site("admin")
}
