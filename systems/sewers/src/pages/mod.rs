//! The pages of the sewer ledger. The staff's lie under `/desk/sewers` behind the gate of the desk, the public ones under `/sewers`, made
//! with a visitor's powers.
//!
//! - [`start`]: what is urgent, due, open, and the written record as PDF
//! - [`priorities`]: in which order pipes are surveyed under a budget, with weights that can be changed, as a page and a workbook
//! - [`forecast`]: how pipes deteriorate with age, from the city's own surveys
//! - [`public`]: the viewer for plumbers, surveyors and utilities

mod forecast;
mod pieces;
mod priorities;
mod public;
mod start;

use crate::platform::desk::Pages;
use crate::platform::desk::routes::{get, post};

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/desk/sewers", get(start::page))
        .route("/desk/sewers/bring-over", post(start::bring_over))
        .route("/desk/sewers/sheet.pdf", get(start::sheet))
        .route("/desk/sewers/priorities", get(priorities::page))
        .route("/desk/sewers/priorities.xlsx", get(priorities::workbook))
        .route("/desk/sewers/forecast", get(forecast::page))
        .route("/sewers", get(public::search))
        .route("/sewers/pipes/{id}", get(public::pipe))
        .route("/sewers/manholes/{id}", get(public::manhole))
}
