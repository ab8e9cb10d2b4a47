//! Signing in through the hall's own identity provider (庁内の認証基盤).
//!
//! The browser leaves with a cookie and comes back with it: an answer that somebody else's browser brings is worth nothing.

use axum::response::{IntoResponse, Redirect, Response};
use kawasemi_identity::{Cookie, IdentityError, Provider, ProviderAnswer};

use super::sign_in::{self, refused};
use super::{add_cookie, own_path};
use crate::problem::Problem;
use crate::request::Cx;

/// `GET /auth/oidc/start`
pub async fn start(cx: Cx) -> Result<Response, Problem> {
    let (identity, next) = (&cx.city().identity, cx.query("next").unwrap_or_default());
    let visitor = identity.visitor_secret();
    // Who is signed in already was sent here to prove again who they are.
    let (next, again) = (own_path(&next), cx.is_signed_in());
    match identity.begin_provider_sign_in(&cx.visit(), provider(&cx)?, &visitor, next, again).await {
        Ok(request) => {
            let mut response = Redirect::to(request.url.as_str()).into_response();
            add_cookie(&mut response, &Cookie::Visitor.set(&visitor, cx.desk().settings().https));
            Ok(response)
        }
        Err(error) => refused(error, |message| sign_in::page(&cx, next, None, Some(message), "")),
    }
}

/// `GET /auth/oidc/callback`
pub async fn callback(cx: Cx) -> Result<Response, Problem> {
    let provider = provider(&cx)?;
    let cancelled = cx.query("error").is_some();
    let (Some(state), Some(code), Some(visitor), false) = (cx.query("state"), cx.query("code"), cx.begun(), cancelled)
    else {
        return refused(IdentityError::CeremonyOver, |message| sign_in::page(&cx, "", None, Some(message), ""));
    };
    let answer = ProviderAnswer { state, code, issuer: cx.query("iss") };
    let mut response = match cx.city().identity.sign_in_with_provider(&cx.visit(), provider, visitor, &answer).await {
        Ok((session, back_to)) => sign_in::signed_in(&cx, &session, &back_to, None),
        Err(error) => {
            tracing::warn!(reference = cx.reference(), error = %chain(&error), "a sign-in through the provider failed");
            refused(error, |message| sign_in::page(&cx, "", None, Some(message), ""))?
        }
    };
    add_cookie(&mut response, &Cookie::Visitor.clear(cx.desk().settings().https));
    Ok(response)
}

/// The city's provider; a city without one has no such page.
fn provider(cx: &Cx) -> Result<&Provider, Problem> {
    cx.city().provider.as_ref().ok_or_else(Problem::not_found)
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
