//! Proving again who one is, before an act that a stranger at an unlocked machine should not be able to do (再認証).
//!
//! A handler of such an act calls [`first`] and answers with what it gets. The page asks for the password, or for a passkey,
//! and goes on with the act that was interrupted.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_ui::Component;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::page::Page;

use super::kept::Kept;
use super::sign_in::{passkey_form, provider_link, refused};
use super::{own_path, session_cookie};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// The page that asks for a fresh proof, if the caller's last one is too old for a dangerous act.
pub fn first(cx: &Cx, entries: &Entries) -> Option<Response> {
    cx.city().identity.require_fresh(cx.context()).err()?;
    let kept = Kept::new(cx.path(), entries.clone());
    Some((StatusCode::FORBIDDEN, page(cx, "/desk", Some(&kept), None)).into_response())
}

/// `GET /auth/again`
pub async fn show(cx: Cx) -> Response {
    let next = cx.query("next").unwrap_or_default();
    if !cx.is_signed_in() {
        return Redirect::to(&super::sign_in::address(own_path(&next))).into_response();
    }
    page(&cx, &next, None, None).into_response()
}

/// `POST /auth/again`
pub async fn prove(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let kept = Kept::of(&entries);
    let next = own_path(entries.text("next"));
    let password = entries.get("password").unwrap_or_default();
    match cx.city().identity.prove_again(cx.context(), &cx.visit(), password).await {
        Ok(secret) => {
            let mut response = match &kept {
                Some(kept) => kept.resume(&cx).into_response(),
                None => Redirect::to(next).into_response(),
            };
            session_cookie(&cx, &mut response, &secret);
            Ok(response)
        }
        Err(error) => refused(error, |message| page(&cx, next, kept.as_ref(), Some(message))),
    }
}

fn page(cx: &Cx, next: &str, kept: Option<&Kept>, mistake: Option<String>) -> Html<String> {
    let mut field = FieldView::new("password", "パスワード", FieldKind::Password { new: false })
        .required()
        .autocomplete("current-password");
    let mistaken = mistake.is_some();
    if let Some(mistake) = mistake {
        field = field.error(mistake);
    }
    let form = Form::new(Lang::Ja, "/auth/again").hidden("next", own_path(next)).fields(vec![field]);
    let mut body = Kept::carry(kept, form).submit("確認する").plain().html();
    body.push(&passkey_form(next));
    body.push(&provider_link(cx, next));
    let site = cx.door_site();
    let page = Page::new(&site, "本人確認")
        .narrow()
        .lead("大切な操作のため、もう一度本人確認をします。確認のあと、操作の続きに戻ります。")
        .body(body);
    Html(if mistaken { page.with_mistakes() } else { page }.render())
}
