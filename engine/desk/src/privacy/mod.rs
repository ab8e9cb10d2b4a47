//! Protection of personal data (個人情報保護): the register of files, disposal with approval, stop of use and erasure, and
//! disclosure to the person concerned.
//!
//! The register and the state of disposals are open to whoever oversees; acts are the officer's alone
//! ([`gate::privacy_officer`]), to whom no grant opens a record: what they see here of one is noted like any other look.

mod disclosure;
mod disposals;
mod files;
mod holds;
mod stops;

use axum::middleware::from_fn;
use axum::response::Response;
use kawasemi_identity::PRIVACY_OFFICER;
use kawasemi_kernel::RecordId;
use kawasemi_oversight::OversightError;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;

use crate::audit::{Meant, meant};
use crate::problem::Problem;
use crate::request::{Cx, Entries, gate};
use crate::routes::{Routes, get, post};
use crate::view::address;

/// The routes under `/desk/privacy`.
pub fn routes() -> Routes {
    let open = Routes::new()
        .route("/desk/privacy/files", get(files::list))
        .route("/desk/privacy/files/{ledger}", get(files::show))
        .route("/desk/privacy/disposals", get(disposals::list))
        .route("/desk/privacy/disposals/{disposal}", get(disposals::show))
        .route("/desk/privacy/holds", get(holds::list))
        .behind(|router| router.layer(from_fn(gate::overseer)));
    let own = Routes::new()
        .route("/desk/privacy/due/{ledger}", get(disposals::candidates).post(disposals::propose))
        .route("/desk/privacy/disposals/{disposal}/decide", post(disposals::decide))
        .route("/desk/privacy/holds/new", post(holds::add))
        .route("/desk/privacy/holds/{hold}/end", post(holds::end))
        .route("/desk/privacy/stops", get(stops::list).post(stops::add))
        .route("/desk/privacy/stops/{stop}", get(stops::show))
        .route("/desk/privacy/stops/{stop}/end", post(stops::end))
        .route("/desk/privacy/disclosure", get(disclosure::choose))
        .route("/desk/privacy/disclosure/{ledger}/{record}", get(disclosure::show).post(disclosure::package))
        .behind(|router| router.layer(from_fn(gate::privacy_officer)));
    open.merge(own)
}

/// Whether the caller may act here, so that buttons are shown.
fn is_officer(cx: &Cx) -> bool {
    cx.context().caller.has_role(PRIVACY_OFFICER)
}

/// The sentence of a refusal, to be shown above the form; other failures go on.
fn refused<T>(outcome: Result<T, OversightError>) -> Result<Result<T, String>, Problem> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(OversightError::Refused(sentence)) => Ok(Err(sentence)),
        Err(error) => Err(error.into()),
    }
}

/// A page with what was refused above it.
fn with_refusal(page: Page<'_>, refusal: Option<String>) -> Response {
    with_answer(page, refusal.map(refusal_of))
}

/// A page with what an entry was answered above it: a refusal, or records to choose from.
fn with_answer(page: Page<'_>, answer: Option<Notice>) -> Response {
    let mistaken = answer.is_some();
    let page = match answer {
        Some(notice) => page.notice(notice),
        None => page,
    };
    crate::view::answer(page, mistaken)
}

/// The notice of a refusal.
fn refusal_of(sentence: impl Into<String>) -> Notice {
    Notice::new(Tone::Error, sentence)
}

/// Which record an act is meant for; otherwise the notice that says what is missing, whose choices lead back to the same
/// form with everything else as it was entered.
async fn chosen(cx: &Cx, path: &str, entries: &Entries) -> Result<Result<Option<(String, RecordId)>, Notice>, Problem> {
    let again = |ledger: &str, id: RecordId| {
        let id = id.to_string();
        let kept = entries.0.iter().filter(|(name, _)| !matches!(name.as_str(), "ledger" | "record"));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let asked: Vec<_> = kept.chain([("ledger", ledger), ("record", id.as_str())]).collect();
        address(path, &asked)
    };
    Ok(match meant(cx, entries.text("ledger"), entries.text("record"), again).await? {
        Meant::Nothing => Ok(None),
        Meant::Record(ledger, id) => Ok(Some((ledger, id))),
        Meant::Several(list) => Err(list),
        Meant::None(sentence) => Err(refusal_of(sentence)),
    })
}

/// What the address of a form brings for its entries.
fn brought(cx: &Cx, names: &[&str]) -> Entries {
    Entries(names.iter().filter_map(|name| Some(((*name).to_owned(), cx.query(name)?))).collect())
}
