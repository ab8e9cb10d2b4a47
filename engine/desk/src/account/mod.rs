//! One's own account (自分の設定): who one is here and why, proofs of identity, sessions, API tokens.

mod overview;
mod passkeys;
mod password;
mod pin;
mod second_factor;
mod sessions;
mod tokens;

use kawasemi_identity::AccountSummary;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::page::{Page, Site};
use kawasemi_ui::steps::{Tab, tabs};

pub use self::sessions::table as sessions_table;
pub use self::tokens::read_day;
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// The routes under `/desk/account`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/account", get(overview::show))
        .route("/desk/account/password", get(password::show).post(password::change))
        .route("/desk/account/second-factor", get(second_factor::show))
        .route("/desk/account/second-factor/begin", post(second_factor::begin))
        .route("/desk/account/second-factor/confirm", post(second_factor::confirm))
        .route("/desk/account/second-factor/recovery-codes", post(second_factor::renew))
        .route("/desk/account/second-factor/remove", post(second_factor::remove))
        .route("/desk/account/passkeys", get(passkeys::show))
        .route("/desk/account/passkeys/{id}/rename", post(passkeys::rename))
        .route("/desk/account/passkeys/{id}/remove", post(passkeys::remove))
        .route("/desk/account/pin", get(pin::show).post(pin::set))
        .route("/desk/account/pin/remove", post(pin::remove))
        .route("/desk/account/sessions", get(sessions::show))
        .route("/desk/account/sessions/revoke-others", post(sessions::revoke_others))
        .route("/desk/account/sessions/{id}/revoke", post(sessions::revoke))
        .route("/desk/account/tokens", get(tokens::show).post(tokens::create))
        .route("/desk/account/tokens/{id}/revoke", post(tokens::revoke))
}

/// A part of one's own account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Overview,
    Password,
    SecondFactor,
    Passkeys,
    Pin,
    Sessions,
    Tokens,
}

impl Part {
    const ALL: [Self; 7] =
        [Self::Overview, Self::Password, Self::SecondFactor, Self::Passkeys, Self::Pin, Self::Sessions, Self::Tokens];

    const fn title(self) -> &'static str {
        match self {
            Self::Overview => "自分の設定",
            Self::Password => "パスワード",
            Self::SecondFactor => "確認コード",
            Self::Passkeys => "パスキー",
            Self::Pin => "窓口PIN",
            Self::Sessions => "サインイン中の端末",
            Self::Tokens => "APIトークン",
        }
    }

    const fn tab(self) -> &'static str {
        match self {
            Self::Overview => "概要",
            other => other.title(),
        }
    }

    /// Whether only members of the hall's own staff have it.
    const fn is_for_staff(self) -> bool {
        matches!(self, Self::Pin | Self::Tokens)
    }

    const fn href(self) -> &'static str {
        match self {
            Self::Overview => "/desk/account",
            Self::Password => crate::auth::PASSWORD_PAGE,
            Self::SecondFactor => "/desk/account/second-factor",
            Self::Passkeys => "/desk/account/passkeys",
            Self::Pin => "/desk/account/pin",
            Self::Sessions => "/desk/account/sessions",
            Self::Tokens => "/desk/account/tokens",
        }
    }
}

/// The account behind a request.
fn own(cx: &Cx) -> Result<&AccountSummary, Problem> {
    cx.context().caller.account.as_ref().ok_or_else(Problem::not_found)
}

/// A page of a part, with the tabs above what it shows.
fn page<'a>(cx: &Cx, site: &'a Site, part: Part, body: &SafeHtml) -> Page<'a> {
    let is_staff = cx.context().caller.is_staff();
    let parts = Part::ALL.into_iter().filter(|each| is_staff || !each.is_for_staff());
    let all: Vec<Tab> = parts.map(|each| Tab::new(each.tab(), each.href(), each == part)).collect();
    let mut with_tabs = tabs(Part::Overview.title(), &all);
    with_tabs.push(body);
    let page = Page::new(site, part.title()).body(with_tabs);
    if part == Part::Overview { page } else { page.crumb(Part::Overview.title(), Part::Overview.href()) }
}
