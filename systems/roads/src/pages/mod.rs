//! The pages of the road ledger. The staff's lie under `/desk/roads` behind the gate of the desk, the public ones under `/roads`, made
//! with a visitor's powers.
//!
//! - [`start`]: what is due, ends, is open
//! - [`routes`]: a route with its sections summed up, and its written record as PDF
//! - [`permits`]: permits that end, their letters, the fee of one
//! - [`unused`]: unused land in its order, with what it costs and brings, and photovoltaic plants
//! - [`drawings`]: how well a plan sheet fits, and its world file
//! - [`works`]: a construction work with its papers, and its delivery
//! - [`public`]: the viewer for surveyors and utilities

mod drawings;
mod permits;
mod pieces;
mod public;
mod routes;
mod start;
mod unused;
mod works;

use crate::platform::desk::Pages;
use crate::platform::desk::routes::{get, post};

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/desk/roads", get(start::page))
        .route("/desk/roads/bring-over", post(start::bring_over))
        .route("/desk/roads/structures.pdf", get(start::structures_pdf))
        .route("/desk/roads/routes", get(routes::list))
        .route("/desk/roads/routes/{id}", get(routes::page))
        .route("/desk/roads/routes/{id}/sheet.pdf", get(routes::sheet))
        .route("/desk/roads/permits", get(permits::page))
        .route("/desk/roads/permits.pdf", get(permits::list))
        .route("/desk/roads/permits/letters.pdf", get(permits::letters))
        .route("/desk/roads/permits/told", post(permits::told))
        .route("/desk/roads/permits/{id}", get(permits::one))
        .route("/desk/roads/permits/{id}/charge", post(permits::charge))
        .route("/desk/roads/permits/{id}/renew", post(permits::renew))
        .route("/desk/roads/unused", get(unused::page))
        .route("/desk/roads/drawings", get(drawings::list))
        .route("/desk/roads/drawings/{id}", get(drawings::page))
        .route("/desk/roads/drawings/{id}/world", get(drawings::world))
        .route("/desk/roads/works", get(works::list))
        .route("/desk/roads/works/{id}", get(works::page))
        .route("/desk/roads/works/{id}/delivery.zip", get(works::delivery))
        .route("/desk/roads/papers/{id}/decide", post(works::decide))
        .route("/roads", get(public::search))
        .route("/roads/{id}", get(public::route))
}
