//! To which town a postcode belongs, for the address fields of forms: `GET /desk/postcode?code=252-1107`.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use kawasemi_ledger::LedgerError;
use kawasemi_registry::places::{PostalPlace, address_of_postcode};
use serde::Serialize;

use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get};

/// Where forms ask.
pub(crate) const PATH: &str = "/desk/postcode";

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route(PATH, get(towns))
}

/// The beginnings of addresses, prefecture to town; none for a code that is not known, several where it is shared.
#[derive(Serialize)]
struct Towns {
    towns: Vec<String>,
}

async fn towns(cx: Cx) -> Result<Response, Problem> {
    let code = cx.query("code").unwrap_or_default();
    let places = match address_of_postcode(cx.ledgers(), cx.context(), &code).await {
        // A caller, or a city, that has no register of postcodes types the address.
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => Vec::new(),
        places => places?,
    };
    let mut towns: Vec<String> = places.iter().map(PostalPlace::text).collect();
    towns.dedup();
    Ok(Json(Towns { towns }).into_response())
}
