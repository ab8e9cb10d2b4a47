//! Choosing a new password.

use axum::response::{IntoResponse, Response};
use kawasemi_identity::IdentityError;
use kawasemi_ui::Component;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};

use super::{Part, own, page};
use crate::auth::session_cookie;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done, done_at, note};

/// What is wrong with the form.
#[derive(Default)]
struct Mistakes {
    present: Option<String>,
    new: Option<String>,
    again: Option<String>,
    status: Option<http::StatusCode>,
}

/// `GET /desk/account/password`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    render(&cx, Mistakes::default()).await
}

/// `POST /desk/account/password`
pub async fn change(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let present = entries.get("password").unwrap_or_default();
    let new = entries.get("new_password").unwrap_or_default();
    if new != entries.get("again_password").unwrap_or_default() {
        let again = Some("新しいパスワードの2回の入力が違います。もう一度入力してください。".to_owned());
        return render(&cx, Mistakes { again, ..Mistakes::default() }).await;
    }
    let was_forced = cx.context().caller.password_must_change;
    match cx.city().identity.change_password(cx.context(), &cx.visit(), present, new).await {
        Ok(secret) => {
            let path = if was_forced { "/desk" } else { Part::Password.href() };
            let mut response = done_at(path, "password");
            session_cookie(&cx, &mut response, &secret);
            Ok(response)
        }
        Err(error) => {
            let said = Some(error.to_string());
            let mistakes = match error {
                IdentityError::WrongCredentials => {
                    let present = Some("現在のパスワードが正しくありません。入力し直してください。".to_owned());
                    Mistakes { present, ..Mistakes::default() }
                }
                IdentityError::TooManyAttempts { .. } | IdentityError::Busy => {
                    let status = Some(http::StatusCode::TOO_MANY_REQUESTS);
                    Mistakes { present: said, status, ..Mistakes::default() }
                }
                IdentityError::WeakPassword(_) | IdentityError::Invalid(_) => {
                    Mistakes { new: said, ..Mistakes::default() }
                }
                other => return Err(other.into()),
            };
            render(&cx, mistakes).await
        }
    }
}

async fn render(cx: &Cx, mistakes: Mistakes) -> Result<Response, Problem> {
    let account = cx.city().identity.account(cx.context(), own(cx)?.id).await?;
    let site = cx.desk_site("");
    if !account.has_password {
        let body = note("この利用者にはパスワードがありません。パスキーまたは庁内の認証基盤でサインインします。");
        return Ok(answer(page(cx, &site, Part::Password, &body), false));
    }
    let field = |key: &str, label: &str, new: bool, mistake: Option<String>| {
        let token = if new { "new-password" } else { "current-password" };
        let field = FieldView::new(key, label, FieldKind::Password { new }).required().autocomplete(token);
        match mistake {
            Some(mistake) => field.error(mistake),
            None => field,
        }
    };
    let hint =
        "12文字以上。いくつかの言葉を空白で区切って並べると、覚えやすく安全です。記号や数字は必須ではありません。";
    let fields = vec![
        field("password", "現在のパスワード", false, mistakes.present),
        field("new_password", "新しいパスワード", true, mistakes.new).hint(hint),
        field("again_password", "新しいパスワード（もう一度）", true, mistakes.again),
    ];
    let form = Form::new(cx.lang(), Part::Password.href()).fields(fields).submit("パスワードを変える");
    let mistaken = form.has_mistakes();
    let mut body = form.html();
    body.push(&note("パスワードを変えると、この端末以外のサインインはすべて終わります。"));
    let mut page = page(cx, &site, Part::Password, &body);
    if let Some(notice) = done(cx, &[("password", "パスワードを変えました。ほかの端末のサインインは終わりました。")])
    {
        page = page.notice(notice);
    }
    if account.password_must_change {
        let notice = Notice::new(Tone::Warning, "新しいパスワードを決めてください")
            .text("いまのパスワードは管理者が決めた仮のものです。自分だけが知るものに変えると、続けて使えます。");
        page = page.notice(notice);
    }
    let mut response = answer(page, mistaken);
    if let Some(status) = mistakes.status {
        *response.status_mut() = status;
    }
    Ok(response.into_response())
}
