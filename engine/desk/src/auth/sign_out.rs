//! Signing out.

use axum::response::{IntoResponse, Redirect, Response};
use http::header::{self, HeaderValue};
use kawasemi_identity::cookie::Cookie;

use crate::problem::Problem;
use crate::request::Cx;

/// `POST /auth/sign-out`
pub async fn sign_out(cx: Cx) -> Result<Response, Problem> {
    cx.city().identity.sign_out(cx.context()).await?;
    let mut response = Redirect::to("/").into_response();
    let cookie = Cookie::Session.clear(cx.desk().settings().https);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    // What a shared machine still shows after signing out should not come back from its cache.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
