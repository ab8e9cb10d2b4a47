//! The sign-in page and what follows a password.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use kawasemi_identity::{IdentityError, NewSession, Secret, SignIn};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Submit};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::kept::Kept;
use super::{PASSWORD_PAGE, lock, own_path, session_cookie};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// The address of the sign-in page that comes back to a path.
pub fn address(path: &str) -> String {
    format!("/auth/sign-in?{}", query_of_next(path))
}

/// `GET /auth/sign-in`
pub async fn show(cx: Cx) -> Response {
    let next = cx.query("next").unwrap_or_default();
    if cx.is_signed_in() {
        return Redirect::to(own_path(&next)).into_response();
    }
    page(&cx, &next, None, None, "").into_response()
}

/// `POST /auth/sign-in`
pub async fn password(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let (login, next) = (entries.text("login").to_owned(), own_path(entries.text("next")).to_owned());
    let kept = Kept::of(&entries);
    let password = entries.get("password").unwrap_or_default();
    match cx.city().identity.sign_in_with_password(&cx.visit(), &login, password).await {
        Ok(SignIn::Done(session)) => {
            let next = landing(&cx, &session, &next).await?;
            Ok(signed_in(&cx, &session, &next, kept.as_ref()))
        }
        Ok(SignIn::CodeNeeded(pending)) => {
            Ok(code_page(&cx, &pending.reveal(), &next, kept.as_ref(), None).into_response())
        }
        Err(error) => refused(error, |message| page(&cx, &next, kept.as_ref(), Some(message), &login)),
    }
}

/// `POST /auth/code`
pub async fn code(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let next = own_path(entries.text("next")).to_owned();
    let kept = Kept::of(&entries);
    let Some(pending) = Secret::parse(entries.text("pending")) else {
        return Err(IdentityError::CeremonyOver.into());
    };
    match cx.city().identity.sign_in_with_code(&cx.visit(), &pending, entries.text("code")).await {
        Ok(session) => {
            let next = landing(&cx, &session, &next).await?;
            Ok(signed_in(&cx, &session, &next, kept.as_ref()))
        }
        Err(error @ (IdentityError::WrongCode | IdentityError::Sealed(_))) => {
            refused(error, |message| code_page(&cx, &pending.reveal(), &next, kept.as_ref(), Some(message)))
        }
        Err(error) => refused(error, |message| page(&cx, &next, kept.as_ref(), Some(message), "")),
    }
}

/// Shows a form again with what was refused; a failure of ours stays a problem.
pub(super) fn refused(error: IdentityError, again: impl FnOnce(String) -> Html<String>) -> Result<Response, Problem> {
    let status = match &error {
        IdentityError::TooManyAttempts { seconds } => {
            let after = (header::RETRY_AFTER, seconds.to_string());
            return Ok((StatusCode::TOO_MANY_REQUESTS, [after], again(error.to_string())).into_response());
        }
        IdentityError::WrongCredentials | IdentityError::WrongCode | IdentityError::CeremonyOver => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        IdentityError::Busy => StatusCode::TOO_MANY_REQUESTS,
        IdentityError::NotLinked | IdentityError::StepUpNeeded => StatusCode::FORBIDDEN,
        IdentityError::Blocked(_) => StatusCode::FORBIDDEN,
        IdentityError::DirectoryDown => StatusCode::SERVICE_UNAVAILABLE,
        IdentityError::Provider(_) => StatusCode::BAD_GATEWAY,
        IdentityError::Sealed(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => return Err(error.into()),
    };
    Ok((status, again(error.to_string())).into_response())
}

/// The answer that signs the browser in: back to where it was going, or to the form that was kept.
pub(super) fn signed_in(cx: &Cx, session: &NewSession, next: &str, kept: Option<&Kept>) -> Response {
    let mut response = match kept {
        _ if session.password_must_change => Redirect::to(PASSWORD_PAGE).into_response(),
        Some(kept) => kept.resume(cx).into_response(),
        None => Redirect::to(own_path(next)).into_response(),
    };
    session_cookie(cx, &mut response, &session.secret);
    response
}

/// The sign-in page for somebody whose form came after the session had ended.
pub fn page_with_kept(cx: &Cx, kept: &Kept) -> Html<String> {
    page(cx, "", Some(kept), None, "")
}

pub(super) fn page(cx: &Cx, next: &str, kept: Option<&Kept>, mistake: Option<String>, login: &str) -> Html<String> {
    let site = cx.door_site();
    let fields = vec![
        FieldView::new("login", "利用者名", FieldKind::Text { max: None })
            .value(login)
            .required()
            .autocomplete("username"),
        FieldView::new("password", "パスワード", FieldKind::Password { new: false })
            .required()
            .autocomplete("current-password"),
    ];
    let form = Form::new(Lang::Ja, "/auth/sign-in").hidden("next", own_path(next)).fields(fields);
    let mut form = Kept::carry(kept, form).submit("サインイン").plain();
    if let Some(mistake) = mistake {
        form = form.mistake(mistake);
    }
    let mistaken = form.has_mistakes();
    let mut body = form.html();
    body.push(&passkey_form(next));
    body.push(&provider_link(cx, next));
    body.push(&counter_link(cx));
    let mut page = Page::new(&site, "職員サインイン").narrow().body(body);
    if cx.city().identity.directory().is_some_and(|directory| directory.is_down(cx.context().act.at)) {
        page = page.notice(directory_down());
    }
    if kept.is_some() {
        let notice = Notice::new(Tone::Warning, "時間がたったため、サインインが切れました")
            .text("入力した内容は保管しています。サインインすると、続けて送れます。");
        page = page.notice(notice);
    }
    if mistaken {
        page = page.with_mistakes();
    }
    Html(page.render())
}

fn code_page(cx: &Cx, pending: &str, next: &str, kept: Option<&Kept>, mistake: Option<String>) -> Html<String> {
    let site = cx.door_site();
    let mut field = FieldView::new("code", "確認コード", FieldKind::Code)
        .hint("認証アプリに表示されている6桁の数字か、紙の確認コード表のコードを入力してください。端末がないときは、控えてある回復コードも使えます。")
        .required();
    let mistaken = mistake.is_some();
    if let Some(mistake) = mistake {
        field = field.error(mistake);
    }
    let form = Form::new(Lang::Ja, "/auth/code").hidden("next", own_path(next)).hidden("pending", pending);
    let form = Kept::carry(kept, form).fields(vec![field]).submit("サインイン").plain();
    let page = Page::new(&site, "確認コードの入力").narrow().body(form.html());
    Html(if mistaken { page.with_mistakes() } else { page }.render())
}

/// The button that signs in with a passkey; it appears where the browser has passkeys.
pub(super) fn passkey_form(next: &str) -> SafeHtml {
    let button = Submit::new("パスキーでサインイン").icon(Icon::Key).html();
    let next = SafeHtml::escape(own_path(next));
    SafeHtml::trusted(format!(
        "<form class=\"sign-in-other\" method=\"post\" action=\"/auth/sign-in\" data-passkey=\"login\" hidden>\
         <input type=\"hidden\" name=\"next\" value=\"{next}\">{button}</form>"
    ))
}

/// The link to the hall's own identity provider, if the city has one.
pub(super) fn provider_link(cx: &Cx, next: &str) -> SafeHtml {
    if cx.city().provider.is_none() {
        return SafeHtml::EMPTY;
    }
    let address = format!("/auth/oidc/start?{}", query_of_next(own_path(next)));
    let link = LinkButton::new("庁内アカウントでサインイン", address).icon(Icon::People).html();
    SafeHtml::trusted(format!("<div class=\"sign-in-other\">{link}</div>"))
}

/// Where somebody lands: at a shared machine never on another's page.
pub(super) async fn landing(cx: &Cx, session: &NewSession, next: &str) -> Result<String, Problem> {
    if cx.device().is_none() && cx.locked().is_none() {
        return Ok(next.to_owned());
    }
    lock::landing(cx, session, next).await
}

/// The way to the people of a shared machine.
fn counter_link(cx: &Cx) -> SafeHtml {
    if cx.device().is_none() {
        return SafeHtml::EMPTY;
    }
    let link = LinkButton::new("窓口端末の利用者から選ぶ", lock::PATH).icon(Icon::People).html();
    SafeHtml::trusted(format!("<div class=\"sign-in-other\">{link}</div>"))
}

/// What is wrong, for everybody who stands at the door while no server of the directory answers.
fn directory_down() -> Notice {
    Notice::new(Tone::Warning, "庁内のアカウントを確かめるサーバー（LDAP）につながりません").text(
        "復旧の確認を続けています。すでに開いている画面はそのまま使えます。最近サインインした人と、\
         このシステムだけのパスワードを持つ人は、いつもどおりサインインできることがあります。",
    )
}

fn query_of_next(next: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
}
