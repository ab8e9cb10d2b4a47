//! The PIN for shared machines (窓口PIN).

use axum::response::Response;
use kawasemi_identity::IdentityError;
use kawasemi_ui::button::{Confirm, Look, Post, Submit};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::{Component, SafeHtml};

use super::{Part, own, page};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done, done_at, note};

const DONE: [(&str, &str); 2] =
    [("set", "PINを登録しました。窓口端末で使えます。"), ("removed", "PINを削除しました。")];

/// `GET /desk/account/pin`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    render(&cx, None).await
}

/// `POST /desk/account/pin`
pub async fn set(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    if entries.get("pin") != entries.get("again_pin") {
        return render(&cx, Some("2回の入力が違います。もう一度入力してください。".to_owned())).await;
    }
    match cx.city().identity.set_pin(cx.context(), entries.get("pin").unwrap_or_default()).await {
        Ok(()) => Ok(done_at(Part::Pin.href(), "set")),
        Err(IdentityError::Invalid(said)) => render(&cx, Some(said)).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/account/pin/remove`
pub async fn remove(cx: Cx) -> Result<Response, Problem> {
    cx.city().identity.remove_pin(cx.context(), own(&cx)?.id).await?;
    Ok(done_at(Part::Pin.href(), "removed"))
}

async fn render(cx: &Cx, mistake: Option<String>) -> Result<Response, Problem> {
    let has = cx.city().identity.has_pin(cx.context()).await?;
    let mut pin = FieldView::new("pin", "PIN", FieldKind::Password { new: true })
        .hint("6桁以上12桁以内の数字。同じ数字や並びの繰返しは使えません。")
        .required()
        .autocomplete("off");
    let mistaken = mistake.is_some();
    if let Some(mistake) = mistake {
        pin = pin.error(mistake);
    }
    let again = FieldView::new("again_pin", "PIN（もう一度）", FieldKind::Password { new: true }).required();
    let submit = if has { "PINを変える" } else { "PINを登録する" };
    let form =
        Form::new(cx.lang(), Part::Pin.href()).fields(vec![pin, again.autocomplete("off")]).submit(submit).plain();
    let mut body = note(
        "窓口端末で、その日の2回目からのサインインと画面ロックの解除に使います。ほかの端末では使えません。5回間違えると、パスワードでのサインインが必要になります。",
    );
    body.push(&form.html());
    if has {
        body.push(&removal(cx));
    }
    let site = cx.desk_site("");
    let mut page = page(cx, &site, Part::Pin, &body);
    if let Some(notice) = done(cx, &DONE) {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

fn removal(cx: &Cx) -> SafeHtml {
    let button = Submit::new("削除する").look(Look::Danger);
    let form = Post::new("/desk/account/pin/remove", button);
    Confirm::new(cx.lang(), "PINを削除する", "削除すると、窓口端末でもパスワードかパスキーが必要になります。", form)
        .html()
}
