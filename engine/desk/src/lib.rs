//! Pages and API: the only engine that knows HTTP.
//!
//! A request comes in through [`request::enter`], which finds the city and the caller and hands a [`Cx`] to the handler. A
//! handler extracts, makes one call of an engine, and renders; what goes wrong is a [`Problem`], which becomes a page for
//! people and `application/problem+json` for programs on the way out.
//!
//! Staff screens speak Japanese; what residents see speaks the four languages of [`words`].
//!
//! Start reading at [`router`], the table of contents.

pub mod account;
pub mod admin;
pub mod api;
mod assets;
pub mod audit;
pub mod auth;
mod courier;
mod enquiry;
pub mod exchange;
mod health;
pub mod home;
pub mod ledgers;
pub mod map;
mod name_fonts;
pub mod notes;
mod ogc;
pub mod operations;
pub mod organisation;
pub mod outside;
pub mod parties;
pub mod portal;
mod postcode;
pub mod prints;
pub mod privacy;
pub mod problem;
pub mod registers;
pub mod request;
pub mod roles;
pub mod routes;
pub mod search;
pub mod security;
pub mod state;
pub mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use kawasemi_kernel::Lang;
use kawasemi_ui::{Catalogue, Text};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::routes::{Route, get};
pub use problem::Problem;

pub use map::MapSettings;
pub use request::{Cx, Entries, Upload, Uploads};
pub use roles::Role;
pub use routes::Routes;
pub use state::{CityDesk, Desk, Opener, Place, Settings, Site, SiteLink};

/// Pages that a system brings: routes over the running server.
pub type Pages = Routes;

/// This crate's words in a language.
pub fn words(lang: Lang) -> Text {
    static WORDS: std::sync::LazyLock<Catalogue> = kawasemi_ui::catalogue!("../text");
    WORDS.lang(lang)
}

/// The whole site. `pages` are the pages that systems bring.
///
/// Serve it with the peer's address as [`axum::extract::ConnectInfo`], so that attempts to sign in are counted by address.
pub fn router(desk: Desk, pages: Pages) -> Router {
    let limit = usize::try_from(desk.settings().upload_limit).unwrap_or(usize::MAX);
    let site = inside(pages)
        .into_router()
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(
                http::StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "この操作は使えません",
                "アドレスと操作をお確かめください。",
            )
        })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(request::gate::staff))
        .layer(from_fn_with_state(desk.clone(), roles::gate))
        .layer(from_fn(security::same_origin))
        .layer(from_fn_with_state(desk.clone(), request::enter::enter))
        .layer(DefaultBodyLimit::max(limit))
        .layer(CompressionLayer::new())
        .merge(outside().into_router())
        .layer(from_fn_with_state(desk.clone(), security::headers))
        .with_state(desk);
    // Routing looks at the path, so the language is taken off it by a router around this one.
    Router::new().fallback_service(site).layer(map_request(async |request| request::language::strip_prefix(request)))
}

/// Every method of every address of the whole site, for whoever has to know all of them.
pub fn listed(pages: Pages) -> Vec<Route> {
    [inside(pages).listed(), outside().listed()].concat()
}

/// What knows the city and the caller.
fn inside(pages: Pages) -> Routes {
    Routes::new()
        .merge(portal::routes())
        .merge(enquiry::routes())
        .merge(courier::routes())
        .merge(auth::routes())
        .merge(api::routes())
        .merge(ogc::routes())
        .merge(home::routes())
        .merge(search::routes())
        .merge(name_fonts::routes())
        .merge(postcode::routes())
        .merge(map::routes())
        .merge(ledgers::routes())
        .merge(parties::routes())
        .merge(account::routes())
        .merge(outside::routes())
        .merge(admin::routes())
        .merge(exchange::routes())
        .merge(organisation::routes())
        .merge(audit::routes())
        .merge(privacy::routes())
        .merge(pages)
}

/// What is the same for everybody and everywhere: it knows neither city nor caller.
fn outside() -> Routes {
    Routes::new().route("/assets/{*file}", get(assets::asset)).merge(health::routes())
}

/// A panic is a defect of ours: it is logged, and the person gets a page with a number like for any other failure.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    let problem = Problem::internal(&std::io::Error::other(text.unwrap_or("panicked").to_owned()));
    axum::response::IntoResponse::into_response(problem)
}
