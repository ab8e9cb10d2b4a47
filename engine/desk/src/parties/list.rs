//! The pairs that are proposed (名寄せの候補).

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_ledger::Visible;
use kawasemi_parties::likeness::PROBABLE;
use kawasemi_parties::{Likeness, Pair, PairState};
use kawasemi_registry::PARTY;
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::steps::{Tab, tabs};
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{DUPLICATES, MERGES, gate, page};
use crate::ledgers::cells;
use crate::ledgers::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{done, note};

/// Pairs on a page.
const PAGE: u32 = 30;

pub(super) const DONE: &[(&str, &str)] = &[
    ("merged", "二つの記録を一つにまとめました。「まとめた記録」から元に戻せます。"),
    ("apart", "別人・別の団体として記録しました。候補には出なくなります。"),
    ("again", "候補に戻しました。"),
    ("undone", "名寄せを元に戻しました。"),
];

/// `GET /desk/parties/duplicates`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let duplicates = gate(&cx)?;
    let is_apart = cx.query("state").as_deref() == Some("different");
    let state = if is_apart { PairState::Different } else { PairState::Open };
    let skip: u32 = cx.query("skip").and_then(|skip| skip.parse().ok()).unwrap_or_default();
    let pairs = duplicates.list(cx.context(), state, skip, PAGE).await?;
    let opened = Opened::new(&cx, PARTY)?;
    let mut body = tabs(
        "候補の種類",
        &[
            Tab::new("候補", DUPLICATES, !is_apart),
            Tab::new("別人と判断したもの", format!("{DUPLICATES}?state=different"), is_apart),
            Tab::new("まとめた記録", MERGES, false),
        ],
    );
    if pairs.is_empty() {
        let (title, text) = match (is_apart, skip) {
            (true, _) => ("別人と判断したものはありません", "候補の画面で「別人」を選ぶと、ここに残ります。"),
            (false, 0) => (
                "候補はありません",
                "同じ人と思われる記録が入ると、10秒ほどでここに出ます。氏名・フリガナ・生年月日・住所・電話を比べています。",
            ),
            (false, _) => ("これ以上の候補はありません", "前のページに戻ってください。"),
        };
        body.push(&Empty::new(title).text(text).icon(Icon::Person).html());
    } else {
        body.push(&table(&opened, &pairs));
        body.push(&pager(&pairs, state, skip));
    }
    body.push(&note("支援措置の対象者がいる組では、住所・電話・メールの一致は理由に出しません。"));
    let site = cx.desk_site("ledgers");
    let mut page = page(&site, "名寄せの候補").lead(
        "同じ人・団体が二つの記録になっていると思われる組です。並べて見て、まとめるか、別人かを判断してください。",
    );
    if let Some(notice) = done(&cx, DONE) {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn table(opened: &Opened, pairs: &[Pair]) -> SafeHtml {
    let columns = vec![
        Column::new("pair", "二つの記録"),
        Column::new("reasons", "似ている理由"),
        Column::new("sure", "確からしさ"),
        Column::new("act", ""),
    ];
    let row = |pair: &Pair| {
        let [one, other] = &pair.parties;
        let both: SafeHtml = [one, other].into_iter().map(|party| brief(opened, party)).collect();
        let look = LinkButton::new("並べて見る", format!("{DUPLICATES}/{}/{}", one.id, other.id)).look(Look::Primary);
        Row::new(vec![both, reasons(&pair.likeness), sure(&pair.likeness), look.html()])
    };
    Table::new(Lang::Ja, "名寄せの候補", columns, pairs.iter().map(row).collect()).head(0).html()
}

/// A party in a line: name, date of birth, number.
fn brief(opened: &Opened, party: &Visible) -> SafeHtml {
    let name = SafeHtml::link(&record_href(PARTY, party.id), &opened.name_of(party, &style()));
    let birth =
        opened.field("birth_date").map(|field| kawasemi_ledger::field::show(field, party.get("birth_date"), &style()));
    let known = kawasemi_ledger::master::of(&opened.def, party.fields()).as_ref().map(cells::known);
    let facts = [birth.unwrap_or_default(), party.number.clone().unwrap_or_default(), known.unwrap_or_default()];
    let facts: Vec<&str> = facts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let mark = if party.protected { chip(State::Warning, "支援措置") } else { SafeHtml::EMPTY };
    let facts = SafeHtml::escape(facts.join("　"));
    SafeHtml::trusted(format!("<p>{name} <span class=\"text-soft text-small\">{facts}</span>{mark}</p>"))
}

/// The reasons as chips: what agrees, and what contradicts.
pub fn reasons(likeness: &Likeness) -> SafeHtml {
    let one = |reason: &kawasemi_parties::Reason| {
        chip(if reason.points() > 0 { State::Plain } else { State::Warning }, reason.label())
    };
    let chips: SafeHtml = likeness.reasons.iter().map(one).collect();
    SafeHtml::trusted(format!("<div class=\"row\">{chips}</div>"))
}

/// How sure it is, in a word.
pub fn sure(likeness: &Likeness) -> SafeHtml {
    match likeness.points {
        points if points >= PROBABLE => chip(State::Bad, "高い"),
        _ => chip(State::Underway, "あり得る"),
    }
}

fn pager(pairs: &[Pair], state: PairState, skip: u32) -> SafeHtml {
    let at = |skip: u32| format!("{DUPLICATES}?state={}&skip={skip}", state.key());
    let mut all = SafeHtml::EMPTY;
    if skip > 0 {
        all.push(&LinkButton::new("前の組", at(skip.saturating_sub(PAGE))).html());
    }
    // Pairs of which somebody may see only one do not count, so that a page may be short and still have a next one.
    if !pairs.is_empty() {
        all.push(&LinkButton::new("次の組", at(skip + PAGE)).html());
    }
    kawasemi_ui::button::row([all])
}
