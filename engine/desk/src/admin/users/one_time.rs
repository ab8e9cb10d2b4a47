//! Passwords for the first sign-in (仮パスワード): made by the program, shown once, changed by their owner.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::{AccountSummary, Entropy};
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml};

use super::super::{page, site};
use super::href;
use crate::request::Cx;
use crate::view::{code, note};

/// Letters that are told apart on paper and on the telephone.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password of sixteen letters (80 bits) in groups of four.
pub fn password(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Shows a password, once.
pub fn shown(cx: &Cx, account: &AccountSummary, password: &str, title: &str) -> Response {
    let mut body: SafeHtml = facts(&[
        Fact::text("氏名", &account.display_name),
        Fact::text("利用者名", &account.login),
        Fact::html("仮パスワード", code(password)),
    ]);
    body.push(&note("本人だけに伝えてください。最初のサインインのときに、本人が新しいパスワードに変えます。"));
    body.push(&row([LinkButton::new("伝えました", href(account.id)).look(Look::Primary).html()]));
    let site = site(cx);
    let notice = Notice::new(Tone::Success, title).text("この画面を閉じると、仮パスワードは二度と表示できません。");
    let page = page(&site, "仮パスワード").crumb("利用者", super::PATH).notice(notice);
    Html(page.body(body).render()).into_response()
}

#[cfg(test)]
mod tests {
    use kawasemi_identity::{SeededEntropy, password::check};

    use super::*;

    #[test]
    fn the_rules_accept_it() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (password(&entropy), password(&entropy));
        assert_ne!(one, two);
        assert_eq!(check(&one, "tanaka"), Ok(()));
    }
}
