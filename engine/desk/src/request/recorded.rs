//! Writing down what a vendor's technician (保守業者) asks for, before it is looked at.
//!
//! What can't be written down is not answered: maintenance without its record is no maintenance.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kawasemi_identity::{AccountKind, IdentityError};

use crate::problem::Problem;
use crate::request::Cx;

/// Answers a request; a vendor's is recorded around it.
pub async fn answer(cx: &Cx, request: Request, next: Next) -> Response {
    let vendor = cx.context().caller.account.as_ref().filter(|account| account.kind == AccountKind::Vendor);
    let Some(vendor) = vendor else { return next.run(request).await };
    let identity = &cx.city().identity;
    let recorded = identity.record_request(&cx.visit(), vendor.id, request.method().as_str(), cx.path()).await;
    let id = match recorded {
        Ok(id) => id,
        Err(IdentityError::Forbidden) => return Problem::forbidden().into_response(),
        Err(error) => return Problem::from(error).into_response(),
    };
    let response = next.run(request).await;
    if let Err(error) = identity.record_answer(id, response.status().as_u16()).await {
        tracing::error!(reference = cx.reference(), %error, "the answer to a vendor's request was not recorded");
    }
    response
}
