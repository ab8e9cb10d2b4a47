//! ledgers

use axum::Router;

use crate::state::Desk;

/// The routes.
pub fn routes() -> Router<Desk> {
    Router::new()
}
