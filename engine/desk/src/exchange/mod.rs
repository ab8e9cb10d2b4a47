//! Other systems' files (連携): layouts and how they stand, runs with their differences, and layouts made from a sample.
//!
//! For the role `exchange-operator`; to everybody else none of it exists. An operator approves a difference but sees of its
//! values only what the grants on the ledger show.

mod layout;
mod overview;
mod rows;
mod run;
mod sample;
mod seen;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use kawasemi_exchange::{Exchange, RunState};
use kawasemi_ui::SafeHtml;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::page::{Page, Site};
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// The first page.
pub const PATH: &str = "/desk/exchange";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/exchange", get(overview::show))
        .route("/desk/exchange/sample", get(sample::ask).post(sample::upload))
        .route("/desk/exchange/sample/fields", post(sample::fields))
        .route("/desk/exchange/layouts/{layout}", get(layout::show))
        .route("/desk/exchange/layouts/{layout}/files", post(layout::upload))
        .route("/desk/exchange/layouts/{layout}/retire", post(layout::retire))
        .route("/desk/exchange/runs/{run}", get(run::show))
        .route("/desk/exchange/runs/{run}/apply", post(run::apply))
        .route("/desk/exchange/runs/{run}/reject", post(run::reject))
        .route("/desk/exchange/runs/{run}/undo", post(run::undo))
        .route("/desk/exchange/runs/{run}/retry", post(run::retry))
        .route("/desk/exchange/runs/{run}/rows/{row}", get(rows::show).post(rows::correct))
        .behind(|router| router.layer(from_fn(operators)))
}

/// Lets operators pass; to everybody else nothing of this exists.
async fn operators(cx: Cx, request: Request, next: Next) -> Response {
    if Exchange::may_operate(cx.context()) {
        return next.run(request).await;
    }
    Problem::not_found().into_response()
}

fn site(cx: &Cx) -> Site {
    cx.desk_site("exchange")
}

fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("連携", PATH)
}

fn layout_href(key: &str) -> String {
    format!("{PATH}/layouts/{key}")
}

fn run_href(id: Uuid) -> String {
    format!("{PATH}/runs/{id}")
}

/// Where a run stands.
fn state(state: RunState) -> SafeHtml {
    let look = match state {
        RunState::Applied | RunState::Given => State::Good,
        RunState::Waiting | RunState::Applying => State::Underway,
        RunState::Held => State::Warning,
        RunState::Refused => State::Bad,
        RunState::Duplicate | RunState::Rejected | RunState::Undone => State::Muted,
    };
    chip(look, state.label())
}
