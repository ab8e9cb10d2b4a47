//! Where the desk fetches the portal's parcels (受渡し) and brings its own. Only the portal answers here; who asks is told by
//! the signature of what is sent ([`kawasemi_courier::line`]).

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_courier::line::{LARGEST, PATH};

use crate::problem::Problem;
use crate::request::Cx;
use crate::request::entries::read_body;
use crate::routes::{Routes, post};

/// The route.
pub fn routes() -> Routes {
    Routes::new().route(PATH, post(exchange))
}

/// `POST /courier/v1/exchange`
async fn exchange(cx: Cx, request: Request) -> Result<Response, Problem> {
    let bundle = read_body(request, LARGEST).await?;
    let answer = cx.city().courier.answer(bundle.to_vec()).await.inspect_err(|error| {
        tracing::warn!(reference = cx.reference(), %error, "a bundle of the desk was not taken");
    })?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}
