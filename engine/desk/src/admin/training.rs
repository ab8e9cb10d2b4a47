//! A training city (教育用の市): putting it back to its first state, and whether that happens every night. Of a real city there is
//! no such page.

use axum::response::Response;
use kawasemi_identity::tables::SPARED_IN_TRAINING;
use kawasemi_kernel::Lang;
use kawasemi_store::StoreError;
use kawasemi_store::training::{self, Training};
use kawasemi_ui::Component;
use kawasemi_ui::button::{Confirm, Look, Post, Submit};
use kawasemi_ui::facts::{Fact, facts};

use super::{page, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done, done_at, note, section, when, when_or};

const PATH: &str = "/desk/admin/training";

/// `GET /desk/admin/training`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let state = known(&cx).await?;
    let mut body = facts(&[
        Fact::text("市を作った日時", &when(state.since)),
        Fact::text("戻る状態を決めた日時", &when_or(state.kept_at, "まだ決まっていません")),
        Fact::text("最後に戻した日時", &when_or(state.reset_at, "まだ戻していません")),
        Fact::text("毎晩の戻し", if state.nightly { "毎日、日付が変わると戻します" } else { "しません" }),
    ]);
    let question = "記録、台帳、添付、履歴は、みな戻る状態になります。利用者とパスワード、役割は残ります。ほかの人の入力も消えます。戻しますか。";
    let button = Submit::new("データを戻す").look(Look::Danger);
    let reset = Confirm::new(Lang::Ja, "データを戻す", question, Post::new(format!("{PATH}/reset"), button));
    let mut part = note("練習で入力したものを消し、はじめの状態に戻します。数秒かかります。");
    part.push(&reset.html());
    body.push(&section("データを戻す", &part));
    let (label, value) = if state.nightly { ("毎晩戻すのをやめる", "off") } else { ("毎晩戻す", "on") };
    let nightly = Post::new(format!("{PATH}/nightly"), Submit::new(label)).hidden("nightly", value);
    body.push(&section("毎晩の戻し", &nightly.html()));
    let outward = note(
        "この市からは何も外に出ません。Webhook、連携の書出し、公開側との受渡し、SIEM への送信は、しないか、断ります。",
    );
    body.push(&section("外に出るもの", &outward));
    let site = site(&cx);
    let mut page = page(&site, "教育用の市").lead("職員が練習するための市です。住民はすべて架空です。").body(body);
    let said = [("reset", "はじめの状態に戻しました。"), ("nightly", "毎晩の戻しを変えました。")];
    if let Some(notice) = done(&cx, &said) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// `POST /desk/admin/training/reset`
pub async fn reset(cx: Cx) -> Result<Response, Problem> {
    known(&cx).await?;
    let (open, at) = (cx.city(), cx.context().act.at);
    let outcome = training::reset(&open.city, &open.keeper, &open.files, &SPARED_IN_TRAINING, at).await;
    outcome.map_err(problem)?;
    tracing::info!(city = open.city.code(), actor = %cx.context().act.actor, "a training city was put back");
    let context = kawasemi_identity::Context::system(at, "教育用の市を戻す");
    kawasemi_registry::sync_departments(cx.ledgers(), &open.identity, &context)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(done_at(PATH, "reset"))
}

/// `POST /desk/admin/training/nightly`
pub async fn nightly(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    known(&cx).await?;
    training::set_nightly(&cx.city().city, entries.text("nightly") == "on").await.map_err(problem)?;
    Ok(done_at(PATH, "nightly"))
}

/// What the city knows of its training; nothing at all for a real city.
async fn known(cx: &Cx) -> Result<Training, Problem> {
    if !cx.city().city.is_training() {
        return Err(Problem::not_found());
    }
    training::state(&cx.city().city).await.map_err(problem)
}

fn problem(error: StoreError) -> Problem {
    Problem::from(error)
}
