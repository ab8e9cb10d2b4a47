//! What waits for this person: the views that ledgers declare as work (`task = true`), other systems' files for those who look
//! after them, and ledgers of theirs that nobody uses any more, which ask whether they are still needed.

use jiff::ToSpan as _;
use kawasemi_exchange::{AlarmKind, Exchange, Status};
use kawasemi_kernel::Lang;
use kawasemi_ledger::{LedgerError, ListRequest};
use kawasemi_schema::Action;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml, said};

use crate::ledgers::asked::Asked;
use crate::ledgers::list::said as counted_words;
use crate::ledgers::opened::{Opened, item, ledger_href};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::note;

/// After how many days without use a ledger asks its owner.
const UNUSED_DAYS: i64 = 180;

/// How far what waits is counted.
const COUNTED: u64 = 99;

/// What waits.
pub async fn list(cx: &Cx) -> Result<SafeHtml, Problem> {
    let mut items = waiting(cx).await?;
    items.push(&files(cx).await?);
    let mut all = SafeHtml::EMPTY;
    if !items.is_empty() {
        all.push(&SafeHtml::trusted(format!("<ul class=\"link-list\">{items}</ul>")));
    }
    for unused in unused(cx).await? {
        all.push(&unused);
    }
    if all.is_empty() {
        return Ok(note("今日やることはありません。確認や期限のある仕事が届くと、ここに並びます。"));
    }
    Ok(SafeHtml::trusted(format!("<div class=\"stack-small\">{all}</div>")))
}

/// The views that ledgers declare as work, as far as this person may do it and there is any.
async fn waiting(cx: &Cx) -> Result<SafeHtml, Problem> {
    let mut items = SafeHtml::EMPTY;
    for def in cx.ledgers().visible(cx.context())? {
        if !def.views.iter().any(|view| view.task) || !Opened::new(cx, &def.key)?.may(Action::Update) {
            continue;
        }
        for view in &def.views {
            if !view.task {
                continue;
            }
            let request = ListRequest { view: Some(view.key.clone()), ..ListRequest::all() };
            let counted = match cx.ledgers().count(cx.context(), &def.key, &request, COUNTED).await {
                Ok(counted) => counted,
                // The view asks about a field that this person may not see: it is no work of theirs.
                Err(LedgerError::UnknownField { .. } | LedgerError::Filter(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            if counted.count > 0 {
                let count = kawasemi_ui::list::count(Lang::Ja, counted_words(counted));
                let asked = Asked { view: Some(view.key.clone()), ..Asked::default() };
                items.push(&item(&asked.href(&ledger_href(&def.key)), view.title.ja(), &count));
            }
        }
    }
    Ok(items)
}

/// Other systems' files that wait for a decision, and those that should have come.
async fn files(cx: &Cx) -> Result<SafeHtml, Problem> {
    let mut items = SafeHtml::EMPTY;
    if !Exchange::may_operate(cx.context()) {
        return Ok(items);
    }
    let all = cx.city().exchange.overview(cx.context()).await?;
    let is_late = |status: &&Status| status.alarms.iter().any(|alarm| alarm.kind == AlarmKind::Late);
    let open: usize = all.iter().map(|status| status.waiting.len()).sum();
    for (count, said) in [
        (open, "連携：承認を待つファイル"),
        (all.iter().filter(is_late).count(), "連携：届くはずのファイルが届いていないレイアウト"),
    ] {
        if count > 0 {
            items.push(&item(crate::exchange::PATH, said, &format!("{count}件")));
        }
    }
    Ok(items)
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
                .text(format!("{used}。使わないときは、システム管理者に廃止を依頼できます。"))
                .more(SafeHtml::trusted(format!("<div class=\"button-row\">{open}</div>")))
                .html()
        })
        .collect())
}
