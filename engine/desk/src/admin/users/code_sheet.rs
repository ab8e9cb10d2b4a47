//! A printed sheet of one-time codes (確認コード表) for somebody: issued here, handed over on paper, never shown again.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::{Account, IdentityError};
use kawasemi_ui::button::{LinkButton, Post, Submit, print, row};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::super::{page, site};
use super::{account, detail, href};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{code, note, section, when};

/// `POST /desk/admin/users/{id}/code-sheet`
pub async fn issue(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    let found = account(&cx, id).await?;
    match cx.city().identity.issue_code_sheet(cx.context(), id).await {
        Ok(codes) => Ok(sheet(&cx, &found, &codes)),
        Err(IdentityError::Invalid(said)) => detail::refused(&cx, id, said).await,
        Err(error) => Err(error.into()),
    }
}

/// What the page of an account says of its sheet, with the button that issues one.
pub async fn part(cx: &Cx, found: &Account) -> Result<SafeHtml, Problem> {
    if !found.summary.kind.may_sign_in() {
        return Ok(SafeHtml::EMPTY);
    }
    let left = cx.city().identity.codes_left(cx.context(), found.summary.id).await?;
    let mut body = note(&match left {
        None => "発行していません。スマートフォンもセキュリティーキーも使わない人に、紙で渡せます。".to_owned(),
        Some(left) => format!("使っていないコードは残り{left}個です。"),
    });
    let question = "新しい確認コード表を発行しますか。前の表は使えなくなります。";
    let issue = Submit::new("確認コード表を発行する").icon(Icon::Print).question(question);
    body.push(&row([Post::new(format!("{}/code-sheet", href(found.summary.id)), issue).html()]));
    Ok(section("確認コード表", &body))
}

fn sheet(cx: &Cx, found: &Account, codes: &[String]) -> Response {
    let items: SafeHtml = codes.iter().map(|one| SafeHtml::trusted(format!("<li>{}</li>", code(one)))).collect();
    let mut body = note(&format!(
        "{}（{}）　発行 {}　{}",
        found.summary.display_name,
        found.summary.login,
        when(cx.context().act.at),
        cx.city_name()
    ));
    body.push(&SafeHtml::trusted(format!("<ol class=\"grid grid-tiles\">{items}</ol>")));
    body.push(&note(
        "サインインのとき、パスワードに続けて、上のコードのどれか一つを入力します。一つのコードは一回だけ使えます。使ったら線で消してください。なくしたときは、すぐにシステム管理者に連絡してください。",
    ));
    body.push(&SafeHtml::trusted(format!(
        "<div class=\"no-print\">{}</div>",
        row([print("印刷する"), LinkButton::new("渡しました", href(found.summary.id)).html()])
    )));
    let site = site(cx);
    let notice = Notice::new(Tone::Success, "確認コード表を発行しました")
        .text("印刷して本人に手渡してください。この画面を閉じると、二度と表示できません。");
    let page = page(&site, "確認コード表").crumb("利用者", super::PATH).notice(notice);
    Html(page.body(body).render()).into_response()
}
