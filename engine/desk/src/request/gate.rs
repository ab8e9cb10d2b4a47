//! The gate of the staff desk: who is not signed in is asked to, and loses nothing by it.
//!
//! A page leads to the sign-in page and comes back afterwards. A form that was sent after the session ended is kept:
//! the sign-in page carries its entries along, and after signing in the person sees them and sends them again with one button.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, Method, StatusCode, header};
use kawasemi_identity::Strength;
use kawasemi_kernel::Lang;

use crate::auth::kept::Kept;
use crate::auth::{PASSWORD_PAGE, sign_in};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// The most that is carried along; a longer form is asked to be sent again from its own page.
const CARRIED: usize = 1024 * 1024;

/// Stands before everything: lets visitors see what is public, and staff everything once they are signed in.
pub async fn staff(cx: Cx, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_page && cx.lang() != Lang::Ja && (is_below(path, "/desk") || is_below(path, "/auth")) {
        // What is for staff speaks one language; under another prefix the page would say it speaks what it does not.
        return Redirect::to(cx.path()).into_response();
    }
    if cx.context().caller.password_must_change && path != PASSWORD_PAGE {
        if is_below(path, "/desk") {
            return Redirect::to(PASSWORD_PAGE).into_response();
        }
        if is_below(path, "/api") {
            return password_first().into_response();
        }
    }
    let is_token = cx.context().caller.strength == Strength::Token;
    let is_form = !is_page && (is_below(path, "/desk") || is_below(path, "/auth"));
    if is_token && (is_form || is_below(path, "/desk/account")) {
        // Forms are for people: what a token was limited to is decided where programs call. And whoever has got hold of a
        // token is not shown where its owner is signed in.
        return for_people().into_response();
    }
    if !is_below(path, "/desk") || cx.is_signed_in() {
        return next.run(request).await;
    }
    if cx.is_fragment() {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
        return response;
    }
    if is_page {
        return Redirect::to(&sign_in::address(cx.path())).into_response();
    }
    match carried(request).await {
        Some(entries) => {
            let kept = Kept::new(cx.path(), entries);
            (StatusCode::UNAUTHORIZED, sign_in::page_with_kept(&cx, &kept)).into_response()
        }
        None => stale().into_response(),
    }
}

/// Whether a path is a folder's or lies in it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn for_people() -> Problem {
    let detail = "APIトークンでは画面の操作を送れません。/api/ を呼び出してください（使い方は /api/openapi.json）。";
    Problem::new(StatusCode::FORBIDDEN, "for-people", "画面の操作です", detail)
}

fn password_first() -> Problem {
    let detail = "仮パスワードのままでは使えません。画面からサインインして、新しいパスワードに変えてください。";
    Problem::new(StatusCode::FORBIDDEN, "password-change-needed", "パスワードの変更が必要です", detail)
}

/// Lets administrators pass; to everybody else nothing of the administration exists.
pub async fn admin(cx: Cx, request: Request, next: Next) -> Response {
    let caller = &cx.context().caller;
    // A token is no administrator: who gets hold of one must not be able to make themselves more.
    if caller.is_admin() && caller.strength != Strength::Token {
        return next.run(request).await;
    }
    Problem::not_found().into_response()
}

/// Lets those pass who oversee access (監査担当, 個人情報保護担当) and administrators; to everybody else nothing of it exists.
pub async fn overseer(cx: Cx, request: Request, next: Next) -> Response {
    if cx.context().require_overseer().is_ok() {
        return next.run(request).await;
    }
    Problem::not_found().into_response()
}

/// Lets those pass who answer for the protection of personal data (個人情報保護担当).
pub async fn privacy_officer(cx: Cx, request: Request, next: Next) -> Response {
    if cx.context().require_privacy_officer().is_ok() {
        return next.run(request).await;
    }
    Problem::not_found().into_response()
}

/// The entries of a form without files, if they are few enough to be carried along.
async fn carried(request: Request) -> Option<Entries> {
    let (parts, body) = request.into_parts();
    let bytes: Bytes = to_bytes(body, CARRIED).await.ok()?;
    let kind = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Some(Entries::from_urlencoded(&bytes));
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    <Entries as axum::extract::FromRequest<()>>::from_request(request, &()).await.ok()
}

fn stale() -> Problem {
    let detail = "時間がたったため、サインインが切れました。送られた内容は保存されていません。\
                  前の画面に戻ると入力が残っています。別のタブでサインインしてから、もう一度送ってください。";
    Problem::new(StatusCode::UNAUTHORIZED, "signed-out", "サインインが切れています", detail)
}
