//! Acts on a webhook: trying it, a new secret, stopping, going on, removing.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml};
use kawasemi_webhook::Restart;
use uuid::Uuid;

use super::super::{page, site};
use super::{PATH, detail, href};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{code, done_at, note};

/// `POST /desk/admin/webhooks/{id}/test`
pub async fn test(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let attempt = cx.city().webhooks.test(cx.context(), id).await?;
    let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
    let notice = match &attempt.error {
        None => Notice::new(Tone::Success, "試しの通知が届きました")
            .text(format!("受け取る側の答えは {status}、かかった時間は {} ミリ秒です。", attempt.duration_ms)),
        Some(error) => Notice::new(Tone::Error, "試しの通知は届きませんでした").text(error.clone()),
    };
    detail::render(&cx, id, Some(notice)).await
}

/// `POST /desk/admin/webhooks/{id}/rotate`
pub async fn rotate(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    let secret = cx.city().webhooks.rotate(cx.context(), id).await?;
    Ok(secret_shown(&cx, id, &secret, "新しい秘密を作りました"))
}

/// `POST /desk/admin/webhooks/{id}/stop`
pub async fn stop(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    cx.city().webhooks.stop(cx.context(), id).await?;
    Ok(done_at(&href(id), "stopped"))
}

/// `POST /desk/admin/webhooks/{id}/start`
pub async fn start(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    let from = if entries.text("from") == "now" { Restart::Now } else { Restart::WhereItStopped };
    cx.city().webhooks.start(cx.context(), id, from).await?;
    Ok(done_at(&href(id), "started"))
}

/// `POST /desk/admin/webhooks/{id}/delete`
pub async fn delete(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    cx.city().webhooks.remove(cx.context(), id).await?;
    Ok(done_at(PATH, "deleted"))
}

/// Shows a secret, once.
pub fn secret_shown(cx: &Cx, id: Uuid, secret: &str, title: &str) -> Response {
    let mut body: SafeHtml = facts(&[Fact::html("署名の秘密", code(secret))]);
    body.push(&note(
        "受け取る側のプログラムに設定し、届いた通知の署名（webhook-signature）をこれで確かめます。\
         作り直したときは、前の秘密による署名も24時間いっしょに付きます。",
    ));
    body.push(&row([LinkButton::new("控えました", href(id)).look(Look::Primary).html()]));
    let site = site(cx);
    let notice = Notice::new(Tone::Success, title).text("この画面を閉じると、秘密は二度と表示できません。");
    let page = page(&site, "署名の秘密").crumb("Webhook", PATH).notice(notice);
    Html(page.body(body).render()).into_response()
}
