//! The pages of the policy board. The staff's lie under `/desk/policy` behind the gate of the desk, the residents' under
//! `/board`. What they show is a [`Board`](crate::board::Board), which holds no more than the caller may see.
//!
//! - [`desk`]: the board, the filter, the acts on it
//! - [`initiative`]: everything about one initiative at one sight, its report and its figures
//! - [`import`]: a paper, its preview, and the one button that takes it in
//! - [`report`]: the year-end report, made for paper
//! - [`public`]: the residents' board in four languages
//! - [`export`]: all of it as CSV and JSON, for staff and for everybody

mod desk;
mod export;
mod import;
mod initiative;
mod pieces;
mod public;
mod report;
mod reporting;

use crate::platform::desk::Pages;
use crate::platform::desk::routes::{get, post};

/// The routes.
pub fn routes() -> Pages {
    Pages::new()
        .route("/desk/policy", get(desk::page))
        .route("/desk/policy/import", get(import::page).post(import::preview))
        .route("/desk/policy/import/apply", post(import::apply))
        .route("/desk/policy/report", get(report::page))
        .route("/desk/policy/export.csv", get(export::staff_csv))
        .route("/desk/policy/export.json", get(export::staff_json))
        .route("/desk/policy/record", post(desk::record))
        .route("/desk/policy/carry", post(desk::carry))
        .route("/desk/policy/publish", post(desk::publish))
        .route("/desk/policy/{id}", get(initiative::page))
        .route("/desk/policy/{id}/report", get(reporting::page).post(reporting::save))
        .route("/desk/policy/{id}/figures", post(initiative::record))
        .route("/board", get(public::board))
        .route("/board.csv", get(export::public_csv))
        .route("/board.json", get(export::public_json))
        .route("/board/{id}", get(public::initiative))
}
