//! Accounts (利用者) as administrators keep them.

mod acts;
mod code_sheet;
mod detail;
mod form;
mod list;
mod one_time;
mod roles;

use kawasemi_identity::Account;

pub(crate) use one_time::password as one_time_password;
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// Where the accounts are listed.
const PATH: &str = "/desk/admin/users";

/// The routes under `/desk/admin/users`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/admin/users", get(list::list))
        .route("/desk/admin/users/new", get(form::empty).post(form::add))
        .route("/desk/admin/users/{id}", get(detail::show))
        .route("/desk/admin/users/{id}/edit", get(form::edit).post(form::update))
        .route("/desk/admin/users/{id}/disable", post(acts::disable))
        .route("/desk/admin/users/{id}/enable", post(acts::enable))
        .route("/desk/admin/users/{id}/password", post(acts::reset_password))
        .route("/desk/admin/users/{id}/code-sheet", post(code_sheet::issue))
        .route("/desk/admin/users/{id}/pin/remove", post(acts::remove_pin))
        .route("/desk/admin/users/{id}/second-factor/remove", post(acts::remove_second_factor))
        .route("/desk/admin/users/{id}/sessions/revoke", post(acts::revoke_sessions))
        .route("/desk/admin/users/{id}/sessions/{session}/revoke", post(acts::revoke_session))
        .route("/desk/admin/users/{id}/tokens/{token}/revoke", post(acts::revoke_token))
        .route("/desk/admin/users/{id}/roles", post(roles::assign))
        .route("/desk/admin/users/{id}/roles/{assigned}/remove", post(roles::remove))
}

/// The page of an account.
fn href(account: Uuid) -> String {
    format!("{PATH}/{account}")
}

/// The account of a page.
async fn account(cx: &Cx, id: Uuid) -> Result<Account, Problem> {
    Ok(cx.city().identity.account(cx.context(), id).await?)
}
