//! What waits for this person: ledgers of theirs that nobody uses any more ask whether they are still needed.

use jiff::ToSpan as _;
use kawasemi_kernel::Lang;
use kawasemi_schema::Action;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml, said};

use crate::ledgers::opened::{Opened, ledger_href};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::note;

/// After how many days without use a ledger asks its owner.
const UNUSED_DAYS: i64 = 180;

/// What waits.
pub async fn list(cx: &Cx) -> Result<SafeHtml, Problem> {
    let mut all = SafeHtml::EMPTY;
    for unused in unused(cx).await? {
        all.push(&unused);
    }
    if all.is_empty() {
        return Ok(note("今日やることはありません。確認や期限のある仕事が届くと、ここに並びます。"));
    }
    Ok(SafeHtml::trusted(format!("<div class=\"stack-small\">{all}</div>")))
}

/// Ledgers made on the desk that this person may change and that nobody used for half a year.
async fn unused(cx: &Cx) -> Result<Vec<SafeHtml>, Problem> {
    let today = cx.context().today();
    let since = today.saturating_sub(UNUSED_DAYS.days());
    let found = cx.ledgers().unused_since(since).await?;
    let own = found.into_iter().filter(|last| last.is_own);
    let asked = own.filter(|last| Opened::new(cx, &last.ledger).is_ok_and(|opened| opened.may(Action::Design)));
    Ok(asked
        .map(|last| {
            let used = last.read_on.max(last.changed_on);
            let used = used.map_or_else(
                || "まだ使われていません".to_owned(),
                |day| format!("最後に使われたのは{}です", said::date(Lang::Ja, day)),
            );
            let open = LinkButton::new("台帳を確かめる", ledger_href(&last.ledger)).html();
            Notice::new(Tone::Info, format!("台帳「{}」はまだ必要ですか", last.title))
                .text(format!("{used}。不要なら、設計の画面から利用を終えられます。"))
                .more(SafeHtml::trusted(format!("<div class=\"button-row\">{open}</div>")))
                .html()
        })
        .collect())
}
