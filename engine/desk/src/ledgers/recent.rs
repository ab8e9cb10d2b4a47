//! Which ledgers this person used last, remembered in a cookie of this browser: it serves the person's own convenience and
//! is nobody else's business, so the server keeps nothing of it.
//!
//! The cookie names the account it belongs to, since machines at a counter are shared.

use axum::response::Response;
use http::header::{COOKIE as COOKIES, HeaderMap, HeaderValue, SET_COOKIE};

use crate::request::Cx;

const COOKIE: &str = "kawasemi-recent";
/// Ledgers that are remembered.
const MOST: usize = 12;
/// Half a year, in seconds.
const AGE_S: u32 = 15_552_000;

/// The keys of the ledgers that this person used last, the latest first.
pub fn ledgers(cx: &Cx, headers: &HeaderMap) -> Vec<String> {
    let Some(account) = &cx.context().caller.account else { return Vec::new() };
    let own = account.id.simple().to_string();
    let cookies = headers.get_all(COOKIES).iter().filter_map(|value| value.to_str().ok());
    let kept =
        cookies.flat_map(|all| all.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    let kept = kept.unwrap_or_default();
    let Some((owner, keys)) = kept.split_once('.') else { return Vec::new() };
    if owner != own {
        return Vec::new();
    }
    keys.split('.').filter(|key| is_key(key)).take(MOST).map(str::to_owned).collect()
}

/// Remembers that this person uses a ledger.
pub fn remember(cx: &Cx, headers: &HeaderMap, ledger: &str, response: &mut Response) {
    let Some(account) = &cx.context().caller.account else { return };
    let mut keys = ledgers(cx, headers);
    if keys.first().is_some_and(|first| first == ledger) || !is_key(ledger) {
        return;
    }
    keys.retain(|key| key != ledger);
    keys.insert(0, ledger.to_owned());
    keys.truncate(MOST);
    let secure = if cx.desk().settings().https { "; Secure" } else { "" };
    let value = format!(
        "{COOKIE}={}.{}; Path=/desk; Max-Age={AGE_S}; HttpOnly; SameSite=Lax{secure}",
        account.id.simple(),
        keys.join(".")
    );
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
