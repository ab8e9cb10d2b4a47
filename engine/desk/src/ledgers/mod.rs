//! The pages of every ledger (台帳): all ledgers, the list, one record, and everything that can be done with them.
//!
//! A handler opens the ledger for the person ([`opened`]), makes one call of the ledger engine and renders. What a list is
//! asked for stands in its address ([`asked`]); what a form sends is read in [`sent`]. Nothing here decides access: the
//! pages ask the engine what this person may do and leave out the rest; the engine decides again on every call.

mod areas;
pub mod asked;
mod at;
mod batches;
mod bulk;
mod calendar;
pub mod cells;
mod chart;
mod condition;
mod conflict;
mod delete;
mod design;
mod detail;
mod edit;
mod error;
mod explain;
mod export;
mod facets;
mod files;
mod fill;
mod form;
mod history;
pub(crate) mod import;
pub mod index;
pub(crate) mod kept_files;
pub mod list;
mod list_bar;
mod list_table;
mod lookup;
mod map;
mod names;
mod open;
pub mod opened;
pub mod recent;
mod sending;
mod sent;
mod sheet;
mod sheet_pdf;
mod views;

pub use files::disposition;

use crate::routes::{Routes, get, post};

/// The routes under `/desk/ledgers`.
pub fn routes() -> Routes {
    Routes::new()
        .merge(import::routes())
        .merge(design::routes())
        .route("/desk/ledgers", get(index::show))
        .route("/desk/ledgers/{ledger}", get(list::show))
        .route("/desk/ledgers/{ledger}/count", get(list::count))
        .route("/desk/ledgers/{ledger}/facets", get(facets::show))
        .route("/desk/ledgers/{ledger}/lookup", get(lookup::show))
        .route("/desk/ledgers/{ledger}/new", get(edit::new).post(edit::create))
        .route("/desk/ledgers/{ledger}/bulk", get(bulk::ask).post(bulk::step))
        .route("/desk/ledgers/{ledger}/calendar", get(calendar::show))
        .route("/desk/ledgers/{ledger}/chart", get(chart::show))
        .route("/desk/ledgers/{ledger}/condition", get(condition::show))
        .route("/desk/ledgers/{ledger}/export", get(export::ask))
        .route("/desk/ledgers/{ledger}/export/chosen", post(export::chosen))
        .route("/desk/ledgers/{ledger}/export/file", get(export::file))
        .route("/desk/ledgers/{ledger}/map", get(map::show))
        .route("/desk/ledgers/{ledger}/map/features", get(map::features))
        .route("/desk/ledgers/{ledger}/map/print", get(map::ask_paper))
        .route("/desk/ledgers/{ledger}/map/print.pdf", get(map::paper))
        .route("/desk/ledgers/{ledger}/sheet", get(sheet::many))
        .route("/desk/ledgers/{ledger}/views", get(views::list))
        .route("/desk/ledgers/{ledger}/views/new", get(views::ask).post(views::save))
        .route("/desk/ledgers/{ledger}/views/{view}", post(views::change))
        .route("/desk/ledgers/{ledger}/views/{view}/delete", post(views::delete))
        .route("/desk/ledgers/{ledger}/explain/{id}", get(explain::show))
        .route("/desk/ledgers/{ledger}/{id}", get(detail::show))
        .route("/desk/ledgers/{ledger}/{id}/edit", get(edit::edit).post(edit::update))
        .route("/desk/ledgers/{ledger}/{id}/open", get(open::ask).post(open::open))
        .route("/desk/ledgers/{ledger}/{id}/close", post(open::close))
        .route("/desk/ledgers/{ledger}/{id}/delete", get(delete::ask_delete).post(delete::delete))
        .route("/desk/ledgers/{ledger}/{id}/restore", get(delete::ask_restore).post(delete::restore))
        .route("/desk/ledgers/{ledger}/{id}/history", get(history::show))
        .route("/desk/ledgers/{ledger}/{id}/revert", post(history::revert))
        .route("/desk/ledgers/{ledger}/{id}/files/{file}", get(files::show))
        .route("/desk/ledgers/{ledger}/{id}/qr.svg", get(detail::qr))
        .route("/desk/ledgers/{ledger}/{id}/sheet", get(sheet::one))
        .route("/desk/ledgers/{ledger}/{id}/sheet.pdf", get(sheet_pdf::show))
}
