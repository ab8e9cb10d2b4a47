//! What each half of a separated installation (三層分離) serves.
//!
//! A page that no half is named for here is served by an installation that is both, and by no half: a new one has to be
//! decided on. What a half does not serve does not exist there.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use kawasemi_courier::Side;

use crate::problem::Problem;
use crate::state::Desk;

/// Which half of a separated installation a server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Both: a demo, or a small installation in one network.
    #[default]
    All,
    /// The half on the internet: what residents use, and the desk's way to fetch it. No staff page, no sign-in.
    Portal,
    /// The half inside the hall: what staff use.
    Desk,
}

/// Folders of the portal: an address is one of them or lies below.
const PORTAL: [&str; 8] = ["/board", "/board.csv", "/board.json", "/enquiry", "/api", "/courier", "/names", "/map"];
/// Folders of the desk.
const DESK: [&str; 5] = ["/desk", "/auth", "/api", "/names", "/map"];
/// What an installation that is both has no use for.
const BETWEEN: &str = "/courier";

impl Role {
    /// The role of a name in settings.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "all" => Some(Self::All),
            "portal" => Some(Self::Portal),
            "desk" => Some(Self::Desk),
            _ => None,
        }
    }

    /// The half; none for both.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::All => None,
            Self::Portal => Some(Side::Portal),
            Self::Desk => Some(Side::Desk),
        }
    }

    /// Whether it serves a path. What knows neither city nor caller (assets, health) is outside this and served by each.
    #[must_use]
    pub fn serves(self, path: &str) -> bool {
        let is_in = |folders: &[&str]| folders.iter().any(|folder| is_below(path, folder));
        match self {
            Self::All => !is_below(path, BETWEEN),
            Self::Portal => path == "/" || is_in(&PORTAL),
            Self::Desk => is_in(&DESK),
        }
    }
}

/// Stands before every page: answers 404 to what is not this half's. The desk's first page leads to the staff's.
pub async fn gate(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let (role, path) = (desk.settings().role, request.uri().path());
    if role.serves(path) {
        return next.run(request).await;
    }
    if role == Role::Desk && path == "/" && *request.method() == Method::GET {
        return Redirect::to("/desk").into_response();
    }
    Problem::not_found().into_response()
}

/// Whether a path is a folder's or lies in it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_serves_its_own_and_nothing_that_only_begins_alike() {
        for (path, portal, desk) in [
            ("/", true, false),
            ("/board/0190", true, false),
            ("/enquiry", true, false),
            ("/enquiryx", false, false),
            ("/courier/v1/exchange", true, false),
            ("/api/v1/ledgers", true, true),
            ("/desk", false, true),
            ("/desk/admin/courier", false, true),
            ("/desks", false, false),
            ("/auth/sign-in", false, true),
            ("//desk", false, false),
        ] {
            assert_eq!((Role::Portal.serves(path), Role::Desk.serves(path)), (portal, desk), "{path}");
        }
        assert!(Role::All.serves("/anything") && !Role::All.serves("/courier/v1/exchange"));
    }
}
