//! The gate of the staff desk: who is not signed in is asked to, and loses nothing by it.
//!
//! A page leads to the sign-in page and comes back afterwards. A form that was sent after the session ended is kept:
//! the sign-in page carries its entries along, and after signing in the person sees them and sends them again with one button.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, Method, StatusCode, header};
use kawasemi_identity::{AccountKind, Strength};
use kawasemi_kernel::Lang;

use crate::auth::kept::Kept;
use crate::auth::{PASSWORD_PAGE, lock, sign_in};
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
    if let Some(refused) = confined(&cx, path) {
        return refused;
    }
    let is_token = cx.context().caller.strength == Strength::Token;
    let is_form = !is_page && !is_below(path, "/api") && !is_below(path, "/courier");
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
        let locked = cx.locked().is_some();
        let address = if locked { lock::address(cx.path()) } else { sign_in::address(cx.path()) };
        return Redirect::to(&address).into_response();
    }
    match carried(request).await {
        // At a shared machine the next person sits before the screen: nothing of it goes into a page.
        Some(entries) if cx.locked().is_some() || cx.device().is_some() => lock::keep(&cx, entries).await,
        Some(entries) => {
            let kept = Kept::new(cx.path(), entries);
            (StatusCode::UNAUTHORIZED, sign_in::page_with_kept(&cx, &kept)).into_response()
        }
        None => stale().into_response(),
    }
}

/// What is refused to who may see a part of the desk only: members of outside organisations, and whoever has a role that needs a
/// second factor and has none.
fn confined(cx: &Cx, path: &str) -> Option<Response> {
    let caller = &cx.context().caller;
    let kind = caller.account.as_ref().map(|account| account.kind);
    let in_folder = |folders: &[&str]| folders.iter().any(|folder| is_below(path, folder));
    let at_desk = is_below(path, "/desk") || is_below(path, "/api");
    if kind == Some(AccountKind::Outside) && at_desk && !PAGES.contains(&path) && !in_folder(&OUTSIDE) {
        return Some(Problem::not_found().into_response());
    }
    let lacks = cx.city().identity.lacks_second_factor(caller);
    if lacks && at_desk && !in_folder(&PROOFS) {
        return Some(if is_below(path, "/api") {
            second_factor_first().into_response()
        } else {
            Redirect::to(SECOND_FACTOR_PAGE).into_response()
        });
    }
    None
}

/// The pages of the desk that members of outside organisations have: their first one and who they are here.
const PAGES: [&str; 2] = ["/desk", "/desk/account"];
/// Where members of outside organisations may go besides; what they see there, grants decide.
const OUTSIDE: [&str; 5] = [
    "/desk/ledgers",
    "/desk/account/password",
    "/desk/account/second-factor",
    "/desk/account/passkeys",
    "/desk/account/sessions",
];
/// Where proofs of who one is are set up.
const PROOFS: [&str; 3] = ["/desk/account/second-factor", "/desk/account/passkeys", "/desk/account/password"];
/// Where who needs a second factor and has none is sent.
const SECOND_FACTOR_PAGE: &str = "/desk/account/second-factor?done=needed";

fn second_factor_first() -> Problem {
    let detail = "あなたの役割では、確認コードかパスキーが必要です。画面からサインインして設定してください。";
    Problem::new(StatusCode::FORBIDDEN, "second-factor-needed", "確認コードの設定が必要です", detail)
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
