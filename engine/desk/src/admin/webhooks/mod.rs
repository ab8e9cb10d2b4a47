//! Webhooks (変更の通知先): which other systems are told what changed in a ledger, on whose behalf, and how that fares.

mod acts;
mod detail;
mod form;
mod list;

use kawasemi_store::record::write::Kind;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::chip::{State as Look, chip};
use kawasemi_webhook::{State, Webhook};
use uuid::Uuid;

use crate::routes::{Routes, get, post};

const PATH: &str = "/desk/admin/webhooks";

/// The routes, below the gate of the administration.
pub fn routes() -> Routes {
    Routes::new()
        .route(PATH, get(list::list))
        .route("/desk/admin/webhooks/new", get(form::empty).post(form::add))
        .route("/desk/admin/webhooks/{id}", get(detail::show))
        .route("/desk/admin/webhooks/{id}/edit", get(form::edit).post(form::change))
        .route("/desk/admin/webhooks/{id}/test", post(acts::test))
        .route("/desk/admin/webhooks/{id}/rotate", post(acts::rotate))
        .route("/desk/admin/webhooks/{id}/stop", post(acts::stop))
        .route("/desk/admin/webhooks/{id}/start", post(acts::start))
        .route("/desk/admin/webhooks/{id}/delete", post(acts::delete))
}

/// The page of a webhook.
pub fn href(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// What the staff call an act on a record.
const fn kind_label(kind: Kind) -> &'static str {
    match kind {
        Kind::Create => "登録",
        Kind::Update => "変更",
        Kind::Delete => "削除",
        Kind::Restore => "復元",
    }
}

/// The state of a webhook as a chip.
fn state(webhook: &Webhook) -> SafeHtml {
    match webhook.state {
        State::Active if webhook.failures > 0 => chip(Look::Warning, "送り直し中"),
        State::Active => chip(Look::Good, "動作中"),
        State::Stopped => chip(Look::Muted, "停止中"),
        State::Failed => chip(Look::Bad, "失敗で停止"),
    }
}
