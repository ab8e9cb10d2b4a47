//! The pages of the parks. The staff's lie under `/desk/parks` behind the gate of the desk, the residents' under `/parks`.
//!
//! - [`start`]: what waits, and the figures
//! - [`park`]: a park at one sight, with its shares and what does not add up
//! - [`inspecting`]: the inspection of all units of a park on one page, made for a phone
//! - [`unit`] and [`stopping`]: a unit, its way through stop, repair and reinspection
//! - [`plan`]: the board of a life-extension plan
//! - [`acceptance`]: a month under a contract
//! - [`workshop`]: what came of a workshop, for staff and for everybody
//! - [`papers`]: the ledger sheet, inspection sheets, the tables of the plan
//! - [`public`]: the residents' pages of parks

mod acceptance;
mod inspecting;
mod papers;
mod park;
mod photographs;
mod pieces;
mod plan;
mod public;
mod start;
mod stopping;
mod unit;
mod workshop;

use crate::platform::desk::Pages;
use crate::platform::desk::routes::{get, post};

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/desk/parks", get(start::page))
        .route("/desk/parks/follow", post(start::follow))
        .route("/desk/parks/acceptance", get(acceptance::page).post(acceptance::accept))
        .route("/desk/parks/acceptance.pdf", get(papers::acceptance))
        .route("/desk/parks/units/{id}", get(unit::page))
        .route("/desk/parks/units/{id}/stop", get(stopping::page).post(stopping::stop))
        .route("/desk/parks/units/{id}/repair", post(unit::repair))
        .route("/desk/parks/units/{id}/release", post(unit::release))
        .route("/desk/parks/units/{id}/remove", post(unit::remove))
        .route("/desk/parks/units/{id}/inspection.pdf", get(papers::unit_inspection))
        .route("/desk/parks/plans/{id}", get(plan::page))
        .route("/desk/parks/plans/{id}/spread", post(plan::spread))
        .route("/desk/parks/plans/{id}/plan.pdf", get(papers::plan_pdf))
        .route("/desk/parks/plans/{id}/plan.xlsx", get(papers::plan_xlsx))
        .route("/desk/parks/workshops/{id}", get(workshop::page))
        .route("/desk/parks/{id}", get(park::page))
        .route("/desk/parks/{id}/inspect", get(inspecting::page).post(inspecting::save))
        .route("/desk/parks/{id}/ledger.pdf", get(papers::ledger))
        .route("/desk/parks/{id}/inspection.pdf", get(papers::park_inspection))
        .route("/parks", get(public::list))
        .route("/parks/workshops/{id}", get(workshop::public))
        .route("/parks/{id}", get(public::park))
}
