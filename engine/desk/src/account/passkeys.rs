//! One's own passkeys: adding, naming, removing.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use kawasemi_identity::{IdentityError, PasskeyInfo};
use kawasemi_ui::button::{Confirm, LinkButton, Look, Post, Submit};
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::{Part, own, page};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, disclosure, done, done_at, note, paragraph, section, when, when_or};

const DONE: [(&str, &str); 3] = [
    ("added", "パスキーを登録しました。次からはパスワードなしでサインインできます。"),
    ("renamed", "パスキーの名前を変えました。"),
    ("removed", "パスキーを削除しました。端末に残っているものは、端末の設定で消してください。"),
];

/// `GET /desk/account/passkeys`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let notice = done(&cx, &DONE);
    render(&cx, notice, false).await
}

/// `POST /desk/account/passkeys/{id}/rename`
pub async fn rename(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    match cx.city().identity.rename_passkey(cx.context(), id, entries.text(&renamed(id))).await {
        Ok(()) => Ok(done_at(Part::Passkeys.href(), "renamed")),
        Err(IdentityError::Invalid(message)) => render(&cx, Some(Notice::new(Tone::Error, message)), true).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/account/passkeys/{id}/remove`
pub async fn remove(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    cx.city().identity.remove_passkey(cx.context(), id).await?;
    Ok(Redirect::to(&format!("{}?done=removed", Part::Passkeys.href())).into_response())
}

async fn render(cx: &Cx, notice: Option<Notice>, mistaken: bool) -> Result<Response, Problem> {
    let passkeys = cx.city().identity.passkeys_of(cx.context(), own(cx)?.id).await?;
    let mut body = if passkeys.is_empty() {
        Empty::new("パスキーはありません")
            .text("パスキーは、顔・指紋・暗証番号で端末のロックを解くだけでサインインできる仕組みです。偽の画面にパスワードを入力してしまう心配がありません。")
            .icon(Icon::Key)
            .html()
    } else {
        section("登録したパスキー", &grid("grid-wide", passkeys.iter().map(|passkey| card(cx, passkey))))
    };
    body.push(&section("パスキーを登録する", &register(cx)));
    let site = cx.desk_site("");
    let mut page = page(cx, &site, Part::Passkeys, &body);
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

fn card(cx: &Cx, passkey: &PasskeyInfo) -> SafeHtml {
    let address = |act: &str| format!("{}/{}/{act}", Part::Passkeys.href(), passkey.id);
    let used = when_or(passkey.used_at, "まだ使われていません");
    let rename = form(&address("rename"), "名前を変える", &name_field(cx, &renamed(passkey.id), &passkey.name), "");
    let rename = disclosure("名前を変える", &rename, false);
    let remove = Confirm::new(
        cx.lang(),
        "削除する",
        format!("「{}」ではサインインできなくなります。", passkey.name),
        Post::new(address("remove"), Submit::new("削除する").look(Look::Danger)),
    );
    let mut acts = rename;
    acts.push(&remove.html());
    Card::new(&passkey.name)
        .icon(Icon::Key)
        .note(format!("登録 {}　最後の利用 {used}", when(passkey.created_at)))
        .actions(acts)
        .html()
}

fn register(cx: &Cx) -> SafeHtml {
    if cx.city().identity.require_fresh(cx.context()).is_err() {
        let mut html = paragraph("パスキーを登録する前に、もう一度本人確認をします。");
        let address = format!("/auth/again?next={}", Part::Passkeys.href());
        html.push(&LinkButton::new("本人確認をする", address).look(Look::Primary).html());
        return html;
    }
    let mut html = SafeHtml::trusted(
        "<p class=\"without-script\">パスキーの登録には、JavaScriptを使えるブラウザーが必要です。</p>",
    );
    html.push(&form(
        "/auth/passkey/register/finish",
        "登録する",
        &name_field(cx, "name", ""),
        "data-passkey=\"register\" hidden",
    ));
    html.push(&note("この端末や、手元のスマートフォン・セキュリティキーに登録できます。"));
    html
}

/// The entry with a passkey's new name: each of the page's fields has a name of its own, since its label finds it by that.
fn renamed(id: Uuid) -> String {
    format!("name-{id}")
}

fn name_field(cx: &Cx, entry: &str, name: &str) -> SafeHtml {
    FieldView::new(entry, "名前", FieldKind::Text { max: Some(50) })
        .hint("見分けるための名前です。例：業務用スマートフォン")
        .value(name)
        .required()
        .html(cx.lang())
}

fn form(action: &str, submit: &str, field: &SafeHtml, attributes: &str) -> SafeHtml {
    let button = Submit::new(submit).html();
    SafeHtml::trusted(format!(
        "<form class=\"form\" method=\"post\" action=\"{action}\" {attributes}>{field}<div>{button}</div></form>"
    ))
}
