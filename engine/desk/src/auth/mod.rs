//! Signing in and out: password with a second factor, passkey, and the hall's own identity provider.

pub mod again;
pub mod kept;
pub mod lock;
pub mod oidc;
pub mod passkey;
pub mod sign_in;
pub mod sign_out;

use axum::response::Response;
use http::header::{self, HeaderValue};
use kawasemi_identity::{Cookie, Secret};

use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// The routes under `/auth`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/auth/sign-in", get(sign_in::show).post(sign_in::password))
        .route("/auth/code", post(sign_in::code))
        .route("/auth/again", get(again::show).post(again::prove))
        .route("/auth/lock", post(lock::lock))
        .route("/auth/locked", get(lock::show))
        .route("/auth/pin", post(lock::pin))
        .route("/auth/resume", get(lock::offer).post(lock::resume))
        .route("/auth/sign-out", post(sign_out::sign_out))
        .route("/auth/passkey/login/start", post(passkey::login_start))
        .route("/auth/passkey/login/finish", post(passkey::login_finish))
        .route("/auth/passkey/register/start", post(passkey::register_start))
        .route("/auth/passkey/register/finish", post(passkey::register_finish))
        .route("/auth/oidc/start", get(oidc::start))
        .route("/auth/oidc/callback", get(oidc::callback))
}

/// Where people choose a new password.
pub const PASSWORD_PAGE: &str = "/desk/account/password";

/// A path of this site; anything else leads to the desk, so that a link can't send people elsewhere.
pub fn own_path(path: &str) -> &str {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    if own && !path.contains(|c: char| c.is_control()) { path } else { "/desk" }
}

/// Gives the browser its session's secret with an answer.
pub fn session_cookie(cx: &Cx, response: &mut Response, secret: &Secret) {
    add_cookie(response, &Cookie::Session.set(secret, cx.desk().settings().https));
}

/// Adds a cookie to an answer.
fn add_cookie(response: &mut Response, cookie: &str) {
    let value = HeaderValue::from_str(cookie).expect("a cookie of ours is plain ASCII");
    response.headers_mut().append(header::SET_COOKIE, value);
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn signing_in_never_leads_to_another_site() {
        for path in
            ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "", "/a\r\nset-cookie: x", "/\t/b"]
        {
            assert_eq!(own_path(path), "/desk", "{path}");
        }
        assert_eq!(own_path("/desk/ledgers/park?q=a"), "/desk/ledgers/park?q=a");
    }
}
