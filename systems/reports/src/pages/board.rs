//! The triage board (通報の受付): what is new, late or waits to be shown, put together by place, so that one look and one visit does for
//! several reports.

use std::collections::HashMap;

use axum::response::{Html, IntoResponse as _, Response};
use jiff::Timestamp;

use super::{names, pieces};
use crate::definitions::{REPORT, TRIAGE};
use crate::kernel::{Lang, RecordId};
use crate::ledger::ListRequest;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::chip::{State as Chip, chip};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::{Tab, tabs};
use crate::platform::ui::table::{Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{Category, OPEN, Report, Settings, some};
use crate::rules::State;
use crate::rules::clusters::{Item, clusters};

/// Where the board lies.
pub const BOARD: &str = "/desk/reports";
/// Open reports that are put together at once.
const MOST: usize = 2_000;
/// Groups on the page; the rest is reached by narrowing.
const GROUPS: usize = 100;

/// The views of the board.
const VIEWS: [(&str, &str); 5] =
    [("", "すべて"), ("new", "新しい"), ("late", "期限を過ぎた"), ("held", "公開の確認待ち"), ("mine", "自分の課")];

/// `GET /desk/reports`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    crate::mirror::give(&cx).await?;
    let (ledgers, context) = (cx.ledgers(), cx.context());
    let settings = Settings::load(ledgers, context).await?;
    let categories = Category::all(ledgers, context).await?;
    let sections = names::departments(ledgers, context).await?;
    let request = ListRequest::filtered(OPEN);
    let records = some(ledgers, context, REPORT, request, MOST).await?;
    let reports: Vec<Report> = records.iter().map(Report::of).collect();
    let now = context.act.at;
    let asked = cx.query("view").unwrap_or_default();
    let shown: Vec<&Report> = reports.iter().filter(|report| is_in(report, &asked, &cx, now)).collect();
    let site = cx.desk_site(BOARD);
    let mut page = Page::new(&site, "通報の受付").crumb("ホーム", "/desk").head(pieces::style()).actions(actions(&cx));
    if let Some(disaster) = settings.disaster() {
        let since = view::when(disaster.from);
        let said =
            format!("「{}」（{since}から）。期限は進みません。新しい通報は災害対策本部が振り分けます。", disaster.name);
        page = page.notice(Notice::new(Tone::Warning, "災害モードです").text(said));
    }
    if let Some(notice) = view::done(&cx, &[("assign", "担当を決めました。通報はその課のものになりました。")])
    {
        page = page.notice(notice);
    }
    let mut body = tiles(&reports, now);
    body.push(&views(&asked));
    if shown.is_empty() {
        let text = if reports.is_empty() {
            "対応が終わっていない通報はありません。"
        } else {
            "この見方に当たる通報はありません。"
        };
        body.push(&Empty::new(text).icon(Icon::Check).html());
        return Ok(Html(page.body(body).render()).into_response());
    }
    let around = Around { categories: &categories, sections: &sections, now };
    body.push(&groups(&shown, &settings, &around));
    if records.len() == MOST {
        body.push(&view::note(&format!("新しい{MOST}件までをまとめています。ほかは台帳の一覧で見られます。")));
    }
    Ok(Html(page.body(body).render()).into_response())
}

struct Around<'a> {
    categories: &'a [Category],
    sections: &'a HashMap<RecordId, String>,
    now: Timestamp,
}

fn actions(cx: &Cx) -> SafeHtml {
    let mut buttons = vec![
        LinkButton::new("通報を登録", "/desk/ledgers/road-report/new").icon(Icon::Add).html(),
        LinkButton::new("統計", "/desk/reports/statistics").icon(Icon::Board).html(),
        LinkButton::new("台帳の一覧", "/desk/ledgers/road-report").icon(Icon::Ledger).look(Look::Quiet).html(),
    ];
    let caller = &cx.context().caller;
    if caller.has_role(TRIAGE) || caller.has_role(crate::definitions::HEADQUARTERS) {
        buttons.push(
            LinkButton::new("取込み・災害モード・設定", "/desk/reports/settings")
                .icon(Icon::Settings)
                .look(Look::Quiet)
                .html(),
        );
    }
    buttons.into_iter().collect()
}

/// Whether a report is late for its first check or its repair.
pub fn is_late(report: &Report, now: Timestamp) -> bool {
    if report.state.is_closed() || report.state.pauses() {
        return false;
    }
    let unchecked = report.checked_at.is_none() && report.check_due.is_some_and(|due| due < now);
    let today = crate::kernel::context::civil_date(now);
    unchecked || report.fix_due.is_some_and(|due| due < today)
}

fn is_in(report: &Report, view: &str, cx: &Cx, now: Timestamp) -> bool {
    match view {
        "new" => report.state == State::Received,
        "late" => is_late(report, now),
        "held" => report.public_state == "held",
        "mine" => report.department.is_some_and(|id| cx.context().caller.departments.contains(&id)),
        _ => true,
    }
}

fn tiles(reports: &[Report], now: Timestamp) -> SafeHtml {
    let count = |test: &dyn Fn(&Report) -> bool| reports.iter().filter(|report| test(report)).count().to_string();
    let tile = |label: &str, value: String, view: &str| {
        Tile::new(label, value, "件").href(view::address(BOARD, &[("view", view)])).html()
    };
    card::grid(
        "grid-tiles",
        [
            tile("受付したまま", count(&|one| one.state == State::Received), "new"),
            tile("期限を過ぎた", count(&|one| is_late(one, now)), "late"),
            tile("公開の確認待ち", count(&|one| one.public_state == "held"), "held"),
            tile("対応が終わっていない", count(&|_| true), ""),
        ],
    )
}

fn views(asked: &str) -> SafeHtml {
    let all: Vec<Tab> = VIEWS
        .iter()
        .map(|(key, label)| Tab::new(*label, view::address(BOARD, &[("view", key)]), *key == asked))
        .collect();
    tabs("通報の見方", &all)
}

/// The reports in groups of one place, the most pressing group first: urgent, late, new, then the oldest.
fn groups(reports: &[&Report], settings: &Settings, around: &Around<'_>) -> SafeHtml {
    let items: Vec<Item> =
        reports.iter().map(|report| Item { place: report.location, asset: report.asset() }).collect();
    let mut groups = clusters(&items, settings.cluster_m);
    let urgency = |index: usize| {
        let report = reports[index];
        (!report.urgent, !is_late(report, around.now), report.state != State::Received, report.received_at)
    };
    groups.sort_by_key(|group| group.iter().map(|index| urgency(*index)).min());
    groups.iter_mut().for_each(|group| group.sort_by_key(|index| urgency(*index)));
    let (together, alone): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.len() > 1);
    let more = (together.len() + alone.len()).saturating_sub(GROUPS);
    let members = |group: &Vec<usize>| group.iter().map(|index| reports[*index]).collect::<Vec<&Report>>();
    let mut html: SafeHtml =
        together.iter().take(GROUPS).map(|group| one_group(&title(&members(group)), &members(group), around)).collect();
    let left = GROUPS.saturating_sub(together.len());
    let alone: Vec<&Report> = alone.iter().take(left).flat_map(members).collect();
    if !alone.is_empty() {
        let title = if together.is_empty() { "通報" } else { "近くにほかの通報がないもの" };
        html.push(&one_group(title, &alone, around));
    }
    if more > 0 {
        html.push(&view::note(&format!("ほかに{more}か所あります。見方を選ぶと、しぼり込めます。")));
    }
    html
}

/// What a place with several reports is called.
fn title(members: &[&Report]) -> String {
    let asset = members.iter().map(|one| one.asset_label.as_str()).find(|label| !label.is_empty());
    let area =
        members.iter().map(|one| one.area.as_str()).find(|area| !area.is_empty()).unwrap_or("地区の分からない場所");
    let asset = asset.map(|asset| format!(" {asset}")).unwrap_or_default();
    format!("{area}{asset}（{}件）", members.len())
}

fn one_group(title: &str, members: &[&Report], around: &Around<'_>) -> SafeHtml {
    let columns = vec![
        Column::new("number", "受付番号"),
        Column::new("category", "種類"),
        Column::new("state", "対応"),
        Column::new("due", "目標日"),
        Column::new("area", "地区"),
        Column::new("section", "担当課"),
        Column::new("received", "受付"),
    ];
    let rows = members.iter().map(|report| row(report, around)).collect();
    view::section(title, &Table::new(Lang::Ja, title, columns, rows).html())
}

fn row(report: &Report, around: &Around<'_>) -> Row {
    let category = around.categories.iter().find(|category| Some(category.id) == report.category);
    let mut name = SafeHtml::escape(category.map_or("", |category| category.name(Lang::Ja)));
    if report.urgent {
        name.push(&apart(chip(Chip::Bad, "緊急")));
    }
    if report.supporters > 0 {
        name.push(&apart(chip(Chip::Plain, &format!("ほか{}人", report.supporters))));
    }
    let mut state = pieces::staff_chip(report.state);
    if report.public_state == "held" {
        state.push(&apart(chip(Chip::Warning, "公開の確認待ち")));
    }
    let section = report.department.and_then(|id| around.sections.get(&id)).map_or("", String::as_str);
    Row::new(vec![
        SafeHtml::link(&format!("{BOARD}/{}", report.id), &report.reference),
        name,
        state,
        due(report, around.now),
        SafeHtml::or_dash(&report.area),
        SafeHtml::or_dash(section),
        SafeHtml::escape(view::when(report.received_at)),
    ])
}

/// A chip with a space before it.
fn apart(chip: SafeHtml) -> SafeHtml {
    let mut html = SafeHtml::trusted(" ");
    html.push(&chip);
    html
}

/// The next deadline of a report, with what is wrong with it.
pub fn due(report: &Report, now: Timestamp) -> SafeHtml {
    if report.state.pauses() {
        return chip(Chip::Muted, "期限を止めています");
    }
    let mut html = SafeHtml::or_dash(&report.fix_due.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default());
    let unchecked = report.checked_at.is_none() && report.check_due.is_some_and(|due| due < now);
    let today = crate::kernel::context::civil_date(now);
    if report.fix_due.is_some_and(|due| due < today) {
        html.push(&apart(chip(Chip::Bad, "目標日を過ぎた")));
    } else if unchecked {
        html.push(&apart(chip(Chip::Warning, "現場確認が遅れ")));
    }
    html
}
