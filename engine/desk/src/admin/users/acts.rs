//! Acts on an account: disabling, a one-time password, ending sessions, revoking tokens.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_identity::{IdentityError, SessionId};
use uuid::Uuid;

use super::{account, detail, href, one_time};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::done_at;

/// `POST /desk/admin/users/{id}/disable`
pub async fn disable(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    finished(&cx, id, cx.city().identity.disable_account(cx.context(), id).await, "disabled").await
}

/// `POST /desk/admin/users/{id}/enable`
pub async fn enable(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    finished(&cx, id, cx.city().identity.enable_account(cx.context(), id).await, "enabled").await
}

/// `POST /desk/admin/users/{id}/password`
pub async fn reset_password(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    let found = account(&cx, id).await?;
    let password = one_time::password(cx.city().identity.entropy());
    match cx.city().identity.set_password(cx.context(), id, &password).await {
        Ok(()) => Ok(one_time::shown(&cx, &found.summary, &password, "仮パスワードを発行しました")),
        Err(error) => finished(&cx, id, Err(error), "").await,
    }
}

/// `POST /desk/admin/users/{id}/second-factor/remove`
pub async fn remove_second_factor(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    finished(&cx, id, cx.city().identity.remove_second_factor(cx.context(), id).await, "second-factor").await
}

/// `POST /desk/admin/users/{id}/pin/remove`
pub async fn remove_pin(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    finished(&cx, id, cx.city().identity.remove_pin(cx.context(), id).await, "pin").await
}

/// `POST /desk/admin/users/{id}/sessions/revoke`
pub async fn revoke_sessions(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    finished(&cx, id, cx.city().identity.revoke_sessions(cx.context(), id).await, "sessions").await
}

/// `POST /desk/admin/users/{id}/sessions/{session}/revoke`
pub async fn revoke_session(cx: Cx, Path((id, session)): Path<(Uuid, Uuid)>) -> Result<Response, Problem> {
    finished(&cx, id, cx.city().identity.revoke_session(cx.context(), SessionId(session)).await, "sessions").await
}

/// `POST /desk/admin/users/{id}/tokens/{token}/revoke`
pub async fn revoke_token(cx: Cx, Path((id, token)): Path<(Uuid, Uuid)>) -> Result<Response, Problem> {
    finished(&cx, id, cx.city().identity.revoke_token(cx.context(), token).await, "token").await
}

/// Back to the account, with what was done or why it was refused.
pub async fn finished(cx: &Cx, id: Uuid, outcome: Result<(), IdentityError>, done: &str) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(done_at(&href(id), done)),
        Err(IdentityError::Invalid(message)) => detail::refused(cx, id, message).await,
        Err(error) => Err(error.into()),
    }
}
