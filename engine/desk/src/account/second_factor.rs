//! One-time codes (確認コード): setting up with a QR code, recovery codes, removing.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::IdentityError;
use kawasemi_identity::totp::Enrolment;
use kawasemi_ui::button::{Confirm, LinkButton, Look, Post, Submit, row};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::qr::qr_svg;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{Part, own, page};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, code, disclosure, done, done_at, note, paragraph};

const BEGIN: &str = "/desk/account/second-factor/begin";

/// `GET /desk/account/second-factor`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let identity = &cx.city().identity;
    let left = identity.second_factor_of(cx.context(), own(&cx)?.id).await?;
    let sheet = identity.codes_left(cx.context(), own(&cx)?.id).await?;
    let mut body = match left {
        None => absent(),
        Some(left) => present(&cx, left),
    };
    body.push(&paper(sheet));
    let site = cx.desk_site("");
    let mut page = page(&cx, &site, Part::SecondFactor, &body);
    if identity.lacks_second_factor(&cx.context().caller) {
        page = page.notice(needed());
    }
    if let Some(notice) =
        done(&cx, &[("removed", "確認コードを解除しました。次からはパスワードだけでサインインします。")])
    {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// `POST /desk/account/second-factor/begin`
pub async fn begin(cx: Cx) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    let Enrolment { typed, url, .. } = cx.city().identity.begin_second_factor(cx.context()).await?;
    enrolment(&cx, &typed, &url, None)
}

/// `POST /desk/account/second-factor/confirm`
pub async fn confirm(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    match cx.city().identity.confirm_second_factor(cx.context(), entries.text("code")).await {
        Ok(codes) => Ok(recovery_codes(&cx, &codes, "確認コードを設定しました")),
        Err(error @ IdentityError::WrongCode) => {
            enrolment(&cx, entries.text("typed"), entries.text("url"), Some(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/account/second-factor/recovery-codes`
pub async fn renew(cx: Cx) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    let codes = cx.city().identity.renew_recovery_codes(cx.context()).await?;
    Ok(recovery_codes(&cx, &codes, "回復コードを作り直しました"))
}

/// `POST /desk/account/second-factor/remove`
pub async fn remove(cx: Cx) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    cx.city().identity.remove_second_factor(cx.context(), own(&cx)?.id).await?;
    Ok(done_at(Part::SecondFactor.href(), "removed"))
}

/// What is said of the printed sheet, which an administrator issues.
fn paper(left: Option<usize>) -> SafeHtml {
    let said = match left {
        None => {
            "スマートフォンを使わない人は、セキュリティーキーや職員証をパスキーとして登録するか、システム管理者から紙の確認コード表を受け取れます。"
                .to_owned()
        }
        Some(left) => format!("紙の確認コード表が発行されています。使っていないコードは残り{left}個です。"),
    };
    note(&said)
}

/// What is said to who has a role that needs a second factor.
fn needed() -> Notice {
    Notice::new(Tone::Warning, "あなたの役割では、確認コードかパスキーが必要です").text(
        "下で確認コードを設定するか、「パスキー」で登録して、サインインし直してください。どちらも使えないときは、システム管理者に確認コード表の発行を依頼してください。",
    )
}

fn absent() -> SafeHtml {
    let button = Submit::new("確認コードを設定する").look(Look::Primary).icon(Icon::Key);
    Empty::new("確認コードは設定されていません")
        .text(
            "設定すると、サインインのときにパスワードに加えて、スマートフォンの認証アプリが示す6桁の数字を入力します。\
             パスワードが漏れても、ほかの人はサインインできません。",
        )
        .icon(Icon::Key)
        .actions(Post::new(BEGIN, button).html())
        .html()
}

fn present(cx: &Cx, left: usize) -> SafeHtml {
    let mut body = match left {
        0..=2 => Notice::new(Tone::Warning, format!("使える回復コードは残り{left}個です"))
            .text("端末をなくしたときに備えて、作り直して控えてください。")
            .html(),
        _ => Notice::new(Tone::Success, "確認コードが設定されています")
            .text(format!("使える回復コードは残り{left}個です。"))
            .html(),
    };
    let renew = Post::new(
        "/desk/account/second-factor/recovery-codes",
        Submit::new("回復コードを作り直す").question("いまの回復コードは使えなくなります。作り直しますか。"),
    );
    let remove = Confirm::new(
        cx.lang(),
        "確認コードを解除する",
        "解除すると、パスワードだけでサインインできるようになります。端末を替えるときは、解除してから新しい端末で設定し直します。",
        Post::new("/desk/account/second-factor/remove", Submit::new("解除する").look(Look::Danger)),
    );
    body.push(&row([renew.html()]));
    body.push(&remove.html());
    body
}

fn enrolment(cx: &Cx, typed: &str, url: &str, mistake: Option<String>) -> Result<Response, Problem> {
    // The address comes back with a mistyped code; whatever else came instead is not drawn.
    if !url.starts_with("otpauth://totp/") {
        return Err(Problem::bad_request("手続きの内容を読み取れません。最初からやり直してください。"));
    }
    let drawn = qr_svg(url, "認証アプリで読み取るQRコード").map_err(|error| Problem::internal(&error))?;
    let mut body = paragraph("1. スマートフォンの認証アプリで、下のQRコードを読み取ってください。");
    body.push(&drawn);
    let mut typing = paragraph("認証アプリで「手動で入力」を選び、次の文字を入力してください。");
    typing.push(&code(&spaced(typed)));
    body.push(&disclosure("QRコードを読み取れないとき", &typing, false));
    let mut field = FieldView::new("code", "2. 認証アプリに表示された6桁の数字", FieldKind::Code).required();
    let mistaken = mistake.is_some();
    if let Some(mistake) = mistake {
        field = field.error(mistake);
    }
    let form = Form::new(cx.lang(), "/desk/account/second-factor/confirm")
        .hidden("typed", typed)
        .hidden("url", url)
        .fields(vec![field])
        .submit("設定を終える")
        .cancel(Part::SecondFactor.href())
        .plain();
    body.push(&form.html());
    let site = cx.desk_site("");
    Ok(answer(page(cx, &site, Part::SecondFactor, &body), mistaken))
}

/// In groups of four, so that it can be typed.
fn spaced(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn recovery_codes(cx: &Cx, codes: &[String], title: &str) -> Response {
    let items: SafeHtml = codes.iter().map(|each| SafeHtml::trusted(format!("<li>{}</li>", code(each)))).collect();
    let mut body = SafeHtml::trusted(format!("<ol class=\"plain-list grid grid-tiles\">{items}</ol>"));
    body.push(&note("1つの回復コードは1回だけ使えます。印刷するか書き写して、端末とは別の場所に保管してください。"));
    body.push(&row([LinkButton::new("控えました", Part::SecondFactor.href()).look(Look::Primary).html()]));
    let site = cx.desk_site("");
    let notice = Notice::new(Tone::Success, title.to_owned())
        .text("端末をなくしたときに使う回復コードです。この画面を閉じると、二度と表示できません。");
    Html(page(cx, &site, Part::SecondFactor, &body).notice(notice).render()).into_response()
}
