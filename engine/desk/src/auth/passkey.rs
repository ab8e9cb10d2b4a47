//! Passkeys: what `passkey.ts` asks, in two steps for each ceremony.
//!
//! `start` answers `{"publicKey": …}` for the browser's own dialogue and gives it a cookie with the ceremony's secret;
//! `finish` takes the credential and answers `{"redirect": "/…"}`.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_identity::{Cookie, IdentityError, PasskeyRequest, Secret, Site};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{add_cookie, own_path, session_cookie};
use crate::problem::Problem;
use crate::request::{Cx, read_body};

/// Where one's own passkeys are listed.
pub const PASSKEY_PAGE: &str = "/desk/account/passkeys";

/// The longest answer of a browser that is read.
const LONGEST: usize = 128 * 1024;

/// What the browser answers.
#[derive(Deserialize)]
pub struct Finish {
    #[serde(default)]
    next: String,
    #[serde(default)]
    name: String,
    credential: Value,
}

/// `POST /auth/passkey/login/start`
pub async fn login_start(cx: Cx) -> Result<Response, Problem> {
    let request = cx.city().identity.begin_passkey_sign_in(&cx.visit(), &site(&cx)?).await?;
    Ok(started(&cx, request))
}

/// `POST /auth/passkey/login/finish`: signs in, or proves again who is signed in already.
pub async fn login_finish(cx: Cx, finish: Finish) -> Result<Response, Problem> {
    let (site, secret, visit) = (site(&cx)?, begun(&cx)?, cx.visit());
    let credential = finish.credential.to_string();
    let identity = &cx.city().identity;
    let mut next = own_path(&finish.next).to_owned();
    let session = if cx.is_signed_in() {
        identity.prove_again_with_passkey(cx.context(), &visit, &site, &secret, &credential).await?
    } else {
        let session = identity.sign_in_with_passkey(&visit, &site, &secret, &credential).await?;
        next = super::sign_in::landing(&cx, &session, &next).await?;
        session.secret
    };
    let mut response = Json(json!({ "redirect": next })).into_response();
    session_cookie(&cx, &mut response, &session);
    Ok(ended(&cx, response))
}

/// `POST /auth/passkey/register/start`
pub async fn register_start(cx: Cx) -> Result<Response, Problem> {
    let request = cx.city().identity.begin_passkey(cx.context(), &site(&cx)?).await?;
    Ok(started(&cx, request))
}

/// `POST /auth/passkey/register/finish`
pub async fn register_finish(cx: Cx, finish: Finish) -> Result<Response, Problem> {
    let (site, secret) = (site(&cx)?, begun(&cx)?);
    let credential = finish.credential.to_string();
    cx.city().identity.finish_passkey(cx.context(), &site, &secret, &finish.name, &credential).await?;
    let response = Json(json!({ "redirect": format!("{PASSKEY_PAGE}?done=added") })).into_response();
    Ok(ended(&cx, response))
}

/// The place for which this city's passkeys are good.
fn site(cx: &Cx) -> Result<Site, Problem> {
    let nameless = || Problem::bad_request("このアドレスではパスキーを使えません。ホスト名で開いてください。");
    Ok(Site::new(&cx.origin().ok_or_else(nameless)?, cx.city_name())?)
}

fn begun(cx: &Cx) -> Result<Secret, Problem> {
    Ok(cx.begun().cloned().ok_or(IdentityError::CeremonyOver)?)
}

fn started(cx: &Cx, request: PasskeyRequest) -> Response {
    let mut response = Json(request.options).into_response();
    let cookie = Cookie::Visitor.set(&request.secret, cx.desk().settings().https);
    add_cookie(&mut response, &cookie);
    response
}

fn ended(cx: &Cx, mut response: Response) -> Response {
    add_cookie(&mut response, &Cookie::Visitor.clear(cx.desk().settings().https));
    response
}

impl<S: Send + Sync> FromRequest<S> for Finish {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let unread = || Problem::bad_request("パスキーの応答を読み取れません。もう一度お試しください。");
        if !kind.starts_with("application/json") {
            return Err(unread());
        }
        let bytes = read_body(request, LONGEST).await?;
        serde_json::from_slice(&bytes).map_err(|_| unread())
    }
}
