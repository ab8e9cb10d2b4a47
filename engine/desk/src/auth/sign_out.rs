//! Signing out.

use axum::response::{IntoResponse, Redirect, Response};
use http::header::HeaderValue;
use kawasemi_identity::cookie::Cookie;

use super::add_cookie;
use crate::problem::Problem;
use crate::request::Cx;

/// `POST /auth/sign-out`
pub async fn sign_out(cx: Cx) -> Result<Response, Problem> {
    cx.city().identity.sign_out(cx.context()).await?;
    let mut response = Redirect::to("/").into_response();
    add_cookie(&mut response, &Cookie::Session.clear(cx.desk().settings().https));
    // What a shared machine still shows after signing out should not come back from its cache.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
