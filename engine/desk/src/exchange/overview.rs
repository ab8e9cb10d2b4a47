//! How every layout stands, and the latest files.

use axum::response::Response;
use kawasemi_exchange::{AlarmKind, Direction, Run, Status};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{PATH, layout_href, run_href, site, state};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, done, section, when};

/// Files that are listed.
const LATEST: u32 = 30;

/// `GET /desk/exchange`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let exchange = &cx.city().exchange;
    let all = exchange.overview(cx.context()).await?;
    let runs = exchange.runs(cx.context(), None, LATEST).await?;
    let make = LinkButton::new("見本からレイアウトを作る", format!("{PATH}/sample")).icon(Icon::Add);
    let mut body = match alarms(&all) {
        Some(notice) => notice.html(),
        None => SafeHtml::EMPTY,
    };
    if all.is_empty() {
        let empty = Empty::new("連携レイアウトはまだありません")
            .text("相手のシステムのファイルの見本があれば、画面からレイアウトを作れます。")
            .actions(LinkButton::new("見本から作る", format!("{PATH}/sample")).look(Look::Primary).html());
        body.push(&empty.html());
    } else {
        body.push(&section("連携レイアウト", &layouts(&all)));
    }
    body.push(&section("最近のファイル", &latest(&runs)));
    let site = site(&cx);
    let mut page = kawasemi_ui::page::Page::new(&site, "連携")
        .lead("ほかのシステムと受け渡すファイルです。届いたファイルは、台帳との差分を確かめてから反映します。")
        .actions(make.html())
        .body(body);
    if let Some(notice) =
        done(&cx, &[("retired", "レイアウトの使用をやめました。"), ("published", "レイアウトを公開しました。")])
    {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// Everything that is amiss, in one place.
fn alarms(all: &[Status]) -> Option<Notice> {
    let mut items = SafeHtml::EMPTY;
    for status in all {
        let raw = &status.layout.layout.raw;
        // What is amiss with a file is decided on its own page; that none has come is a matter of the layout.
        let late = status.alarms.iter().filter(|alarm| alarm.kind == AlarmKind::Late);
        let late = late.map(|alarm| (layout_href(&raw.key), raw.title.ja().to_owned(), alarm));
        let of_file = |run: &Run| (run_href(run.id), format!("{}「{}」", raw.title.ja(), run.file));
        let files = status.waiting.iter().flat_map(|run| {
            let (href, name) = of_file(run);
            run.alarms.iter().map(move |alarm| (href.clone(), name.clone(), alarm))
        });
        for (href, name, alarm) in late.chain(files) {
            let link = SafeHtml::link(&href, &name);
            items.push(&SafeHtml::trusted(format!("<li>{link}: {}</li>", SafeHtml::escape(&alarm.message))));
        }
    }
    let list = SafeHtml::trusted(format!("<ul>{items}</ul>"));
    (!items.is_empty()).then(|| Notice::new(Tone::Warning, "確かめることがあります").more(list))
}

fn layouts(all: &[Status]) -> SafeHtml {
    let columns = vec![
        Column::new("title", "レイアウト"),
        Column::new("direction", "向き").align(Align::Tight),
        Column::new("last", "最後のファイル"),
        Column::new("next", "次の予定").align(Align::Tight),
        Column::new("open", "承認待ち").align(Align::Number),
    ];
    let rows = all.iter().map(|status| {
        let raw = &status.layout.layout.raw;
        let last = status.last.as_ref().map_or_else(
            || SafeHtml::or_dash(""),
            |run| SafeHtml::trusted(format!("{} {}", state(run.state), SafeHtml::escape(when(run.received_at)))),
        );
        let next = status.next.map(|at| at.strftime("%-m月%-d日 %H:%M").to_string()).unwrap_or_default();
        let direction = if raw.direction == Direction::In { "取込" } else { "書出し" };
        Row::new(vec![
            SafeHtml::link(&layout_href(&raw.key), raw.title.ja()),
            SafeHtml::escape(direction),
            last,
            SafeHtml::or_dash(&next),
            SafeHtml::escape(status.waiting.len()),
        ])
    });
    Table::new(Lang::Ja, "連携レイアウト", columns, rows.collect()).html()
}

/// Files with what became of them.
pub fn latest(runs: &[Run]) -> SafeHtml {
    if runs.is_empty() {
        return Empty::new("まだファイルを受け渡していません").html();
    }
    let columns = vec![
        Column::new("file", "ファイル"),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("at", "受付").align(Align::Tight),
        Column::new("rows", "行").align(Align::Number),
        Column::new("created", "追加").align(Align::Number),
        Column::new("updated", "変更").align(Align::Number),
        Column::new("closed", "消除").align(Align::Number),
        Column::new("bad", "誤り").align(Align::Number),
    ];
    let number = |count: u64| SafeHtml::escape(kawasemi_ui::said::whole(i64::try_from(count).unwrap_or(i64::MAX)));
    let rows = runs.iter().map(|run| {
        Row::new(vec![
            SafeHtml::link(&run_href(run.id), &run.file),
            state(run.state),
            SafeHtml::escape(when(run.received_at)),
            number(run.rows),
            number(run.report.created),
            number(run.report.updated),
            number(run.report.closed),
            number(run.report.bad),
        ])
    });
    Table::new(Lang::Ja, "最近のファイル", columns, rows.collect()).html()
}
