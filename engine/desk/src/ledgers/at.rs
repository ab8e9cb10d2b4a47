//! Which record an address names.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use kawasemi_kernel::RecordId;

use crate::problem::Problem;

/// The ledger and the record of `/desk/ledgers/{ledger}/{id}`. What is no id is a record that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The ledger's key.
    pub ledger: String,
    /// The record.
    pub id: RecordId,
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(mut named) = named.map_err(|_| Problem::not_found())?;
        let ledger = named.remove("ledger").ok_or_else(Problem::not_found)?;
        let id = named.get("id").and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)?;
        Ok(Self { ledger, id })
    }
}
