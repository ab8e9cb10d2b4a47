//! The REST API under `/api`: records of every ledger, calculations, and the OpenAPI document that describes them.
//!
//! A program signs in with `Authorization: Bearer` and is held to the same grants as its owner. A record is one flat JSON
//! object: system properties (`id`, `number`, `revision`, `created_at`, …) and fields by key, under the names that `filter=`,
//! `sort=` and `fields=` use. Errors are `application/problem+json` (RFC 9457).

mod calculations;
mod changes;
mod definitions;
mod feed;
mod openapi;
mod openapi_changes;
mod openapi_schema;
mod query;
mod records;
pub mod shape;
mod stream;
mod streams;

use crate::routes::{Routes, get, post};

pub(crate) use streams::Streams;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/calc", get(calculations::list))
        .route("/api/calc/{name}", post(calculations::run))
        .route("/api/v1/ledgers", get(definitions::list))
        .route("/api/v1/ledgers/{ledger}", get(definitions::show))
        .route("/api/v1/ledgers/{ledger}/count", get(records::count))
        .route("/api/v1/ledgers/{ledger}/changes", get(feed::list))
        .route("/api/v1/ledgers/{ledger}/changes/stream", get(stream::open))
        .route("/api/v1/ledgers/{ledger}/records", get(records::list).post(changes::create))
        .route(
            "/api/v1/ledgers/{ledger}/records/{id}",
            get(records::show).patch(changes::update).delete(changes::delete),
        )
        .route("/api/v1/ledgers/{ledger}/records/{id}/history", get(records::history))
        .route("/api/v1/ledgers/{ledger}/records/{id}/restore", post(changes::restore))
}
