//! Parties that are the same (名寄せ): what is proposed, two beside one another, and what was merged.
//!
//! For those who may change parties. The engine decides again on every call; of people under protection it tells nothing of
//! where they are to be found.

mod compare;
mod list;
mod merges;

use kawasemi_identity::Context;
use kawasemi_parties::Duplicates;
use kawasemi_registry::PARTY;
use kawasemi_schema::Action;
use kawasemi_ui::page::{Page, Site};

use crate::ledgers::opened::ledger_href;
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// The address of the pairs that are proposed.
pub const DUPLICATES: &str = "/desk/parties/duplicates";
/// The address of what was merged.
pub const MERGES: &str = "/desk/parties/merges";

/// The routes under `/desk/parties`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/parties/duplicates", get(list::show))
        .route("/desk/parties/duplicates/{one}/{other}", get(compare::show).post(compare::merge))
        .route("/desk/parties/duplicates/{one}/{other}/apart", post(compare::apart))
        .route("/desk/parties/duplicates/{one}/{other}/again", post(compare::again))
        .route("/desk/parties/merges", get(merges::show))
        .route("/desk/parties/merges/{id}/undo", post(merges::undo))
}

/// Refuses those who may not change parties: to them there is no such page.
fn gate(cx: &Cx) -> Result<Duplicates, Problem> {
    if may_merge(cx, cx.context()) { Ok(Duplicates::new(cx.ledgers().clone())) } else { Err(Problem::not_found()) }
}

/// Whether the caller may merge parties.
pub fn may_merge(cx: &Cx, context: &Context) -> bool {
    cx.ledgers().open(context, PARTY).is_ok_and(|(_, access)| access.may(Action::Update) && access.may(Action::Delete))
}

/// A page of this part.
fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("ホーム", "/desk").crumb("台帳", "/desk/ledgers").crumb("宛名", ledger_href(PARTY))
}
