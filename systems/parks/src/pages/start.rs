//! The system's first page: what waits, what is stopped, and the figures.

use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, START, Words, day, due, grade_chip, list_href, park_href, park_of, state_chip, unit_href};
use crate::acts::inspect;
use crate::definitions::{CONTRACT, DAILY_REPORT, PARK, PLAN, POPULATION, STOP_NOTICE, UNIT, WORK_ORDER, WORKSHOP};
use crate::kernel::decimal::Rounding;
use crate::kernel::{Decimal, Lang, RecordId, Value};
use crate::ledger::{LedgerError, ListRequest};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look, Post, Submit, row};
use crate::platform::ui::card::{self, Card, Tile};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{self, Read, Unit};
use crate::schema::Action;

/// Rows of a table on the first page; the ledger shows the rest.
const SHOWN: usize = 20;
/// Up to which number records are counted one by one.
const COUNTED: u64 = 100_000;

/// `GET /desk/parks`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    let may_update = may(&cx, UNIT, Action::Update);
    let today = cx.context().today();
    let words = Words::of(cx.ledgers(), cx.context(), UNIT)?;
    let names = pieces::park_names(cx.ledgers(), cx.context()).await?;
    let stopping = pieces::units(&cx, "state = 'stopping'").await?;
    let closed = pieces::units(&cx, "state IN ('stopped', 'repaired', 'reinspected')").await?;
    let mut overdue =
        pieces::units(&cx, "state <> 'removed' AND (next_periodic_due < today OR last_periodic_on IS NULL)").await?;
    overdue.sort_by_key(|unit| unit.next_periodic_due);
    let waiting = if may_update { inspect::unfollowed(cx.ledgers(), cx.context()).await?.len() } else { 0 };

    let site = cx.desk_site(START);
    let mut page = Page::new(&site, "公園").crumb("ホーム", "/desk").actions(actions(&cx));
    page = page.lead("遊具の点検と使用停止、台帳、契約と検査、長寿命化計画の入口です。");
    if let Some(key) = cx.query("done").filter(|key| key.starts_with("followed")) {
        let count = key.split(':').nth(1).unwrap_or("0").to_owned();
        page = page.notice(Notice::new(Tone::Success, format!("{count}件の点検を遊具の状態に反映しました")));
    }
    if waiting > 0 {
        let button = Post::new(format!("{START}/follow"), Submit::new("いま反映する").look(Look::Primary)).html();
        let text =
            "台帳の画面や取込で登録された点検は、毎日1回、遊具の状態に反映されます。急ぐときはここで反映できます。";
        let notice = Notice::new(Tone::Warning, format!("遊具の状態に反映していない点検が{waiting}件あります"));
        page = page.notice(notice.text(text).more(row([button])));
    }
    let mut body = tiles(&cx, stopping.len(), closed.len()).await?;
    if !stopping.is_empty() {
        let rows = stopping.iter().map(|unit| stopping_row(&words, unit, &park_of(unit, &names), may_update)).collect();
        let columns = vec![
            Column::new("unit", "遊具"),
            Column::new("park", "公園"),
            Column::new("grade", "判定").align(Align::Tight),
            Column::new("since", "見つけた日").align(Align::Tight),
            Column::new("act", "すること").align(Align::Tight),
        ];
        let table = Table::new(Lang::Ja, "すぐに使用を止める遊具", columns, rows).html();
        body.push(&view::section("すぐに使用を止める遊具", &table));
    }
    body.push(&view::section_with(
        "点検の期限を過ぎた遊具",
        &more("overdue", overdue.len()),
        &if overdue.is_empty() {
            Empty::new("期限を過ぎた遊具はありません。").icon(Icon::Success).html()
        } else {
            overdue_table(&words, &overdue, today, |unit| park_of(unit, &names))
        },
    ));
    if !closed.is_empty() {
        let rows = closed.iter().take(SHOWN).map(|unit| {
            Row::new(vec![
                SafeHtml::link(&unit_href(unit.id), &pieces::unit_name(&words, unit)),
                SafeHtml::escape(park_of(unit, &names)),
                state_chip(unit.state),
                day(unit.stopped_on),
                SafeHtml::escape(next_step(unit)),
            ])
        });
        let columns = vec![
            Column::new("unit", "遊具"),
            Column::new("park", "公園"),
            Column::new("state", "状態").align(Align::Tight),
            Column::new("since", "止めた日").align(Align::Tight),
            Column::new("next", "次にすること"),
        ];
        let table = Table::new(Lang::Ja, "使用停止中の遊具", columns, rows.collect()).html();
        body.push(&view::section_with("使用停止中の遊具", &more("stopped", closed.len()), &table));
    }
    body.push(&work(&cx).await?);
    Ok(Html(page.body(body).render()).into_response())
}

/// `POST /desk/parks/follow`
pub async fn follow(cx: Cx) -> Result<Response, Problem> {
    if !may(&cx, UNIT, Action::Update) {
        return Err(LedgerError::Forbidden { action: Action::Update }.into());
    }
    let count = inspect::follow_all(cx.ledgers(), cx.context()).await?;
    Ok(view::done_at(START, &format!("followed:{count}")))
}

fn may(cx: &Cx, ledger: &str, action: Action) -> bool {
    cx.ledgers().open(cx.context(), ledger).is_ok_and(|(_, access)| access.may(action))
}

/// What is to be done next with a unit that may not be used.
fn next_step(unit: &Unit) -> &'static str {
    use crate::rules::unit_state::State;
    match unit.state {
        State::Stopped => "修理か撤去",
        State::Repaired => "再点検",
        State::Reinspected => "使用を再開する",
        _ => "",
    }
}

fn actions(cx: &Cx) -> SafeHtml {
    let mut buttons = Vec::new();
    buttons.push(LinkButton::new("公園の一覧", "/desk/ledgers/park").icon(Icon::Ledger).html());
    buttons.push(LinkButton::new("出来高と検査", format!("{START}/acceptance")).icon(Icon::Check).html());
    if may(cx, PARK, Action::Create) {
        buttons.push(LinkButton::new("公園を加える", "/desk/ledgers/park/new").icon(Icon::Add).html());
    }
    buttons.into_iter().collect()
}

fn more(view: &str, count: usize) -> SafeHtml {
    if count <= SHOWN {
        return SafeHtml::EMPTY;
    }
    LinkButton::new(format!("{count}基すべて"), list_href(UNIT, "view", view)).look(Look::Quiet).html()
}

fn stopping_row(words: &Words, unit: &Unit, park: &str, may_update: bool) -> Row {
    let act = if may_update {
        LinkButton::new("使用を止める", format!("{}/stop", unit_href(unit.id))).look(Look::Danger).html()
    } else {
        SafeHtml::EMPTY
    };
    Row::new(vec![
        SafeHtml::link(&unit_href(unit.id), &pieces::unit_name(words, unit)),
        SafeHtml::escape(park),
        grade_chip(unit.overall),
        day(unit.state_since),
        act,
    ])
}

fn overdue_table(words: &Words, units: &[Unit], today: jiff::civil::Date, park: impl Fn(&Unit) -> String) -> SafeHtml {
    let row = |unit: &Unit| {
        let act = unit.park.map(|park| LinkButton::new("点検する", format!("{}/inspect", park_href(park))).html());
        Row::new(vec![
            SafeHtml::link(&unit_href(unit.id), &pieces::unit_name(words, unit)),
            SafeHtml::escape(park(unit)),
            due(unit.next_periodic_due, today),
            grade_chip(unit.overall),
            act.unwrap_or_default(),
        ])
    };
    let columns = vec![
        Column::new("unit", "遊具"),
        Column::new("park", "公園"),
        Column::new("due", "定期点検の期限"),
        Column::new("grade", "前回の判定").align(Align::Tight),
        Column::new("act", "すること").align(Align::Tight),
    ];
    Table::new(Lang::Ja, "点検の期限を過ぎた遊具", columns, units.iter().take(SHOWN).map(row).collect()).html()
}

async fn tiles(cx: &Cx, stopping: usize, closed: usize) -> Result<SafeHtml, Problem> {
    let count = async |ledger: &str, filter: &str| -> Result<String, Problem> {
        let found = cx.ledgers().count(cx.context(), ledger, &ListRequest::filtered(filter), COUNTED).await?;
        Ok(said::whole(i64::try_from(found.count).unwrap_or(i64::MAX)))
    };
    let overdue = count(UNIT, "state <> 'removed' AND next_periodic_due < today").await?;
    let daily = count(UNIT, "state <> 'removed' AND next_daily_due < today").await?;
    let (time, time_note) = time_to_stop(cx).await?;
    let (per_resident, near, as_of) = per_resident(cx).await?;
    let whole = |count: usize| said::whole(i64::try_from(count).unwrap_or(i64::MAX));
    Ok(card::grid(
        "grid-tiles",
        [
            Tile::new("すぐに止める", whole(stopping), "基").href(list_href(UNIT, "view", "to-stop")).html(),
            Tile::new("使用停止中", whole(closed), "基").href(list_href(UNIT, "view", "stopped")).html(),
            Tile::new("定期点検の期限切れ", overdue, "基").href(list_href(UNIT, "view", "overdue")).html(),
            Tile::new("日常点検の期限切れ", daily, "基").href(list_href(UNIT, "view", "daily-overdue")).html(),
            Tile::new("止めるまでの時間", time, "時間")
                .below(view::note(&time_note))
                .href("/desk/ledgers/playground-stop-notice")
                .html(),
            Tile::new("1人あたりの公園", per_resident, "㎡")
                .below(view::note(&as_of))
                .href("/desk/ledgers/park-population")
                .html(),
            Tile::new("250m以内に公園", near, "％").below(view::note("公園から250m以内に住む人の割合")).html(),
        ],
    ))
}

/// How long it took on average, over the last year, from finding a danger to stopping the use.
async fn time_to_stop(cx: &Cx) -> Result<(String, String), Problem> {
    let since = cx.context().today().saturating_sub(jiff::ToSpan::years(1));
    let request = ListRequest::filtered(format!("stopped_at >= TIMESTAMP('{since}T00:00:00Z')"));
    let found = records::all(cx.ledgers(), cx.context(), STOP_NOTICE, request).await?;
    let hours: Vec<Decimal> = found.iter().filter_map(|record| Read(record.fields()).figure("hours_to_stop")).collect();
    let sum: i128 = hours.iter().map(|hours| i128::from(hours.units())).sum();
    let mean = Decimal::from_ratio(sum, hours.len() as i128 * 10, 1, Rounding::HalfUp);
    let note = match hours.iter().max() {
        None => "この1年に使用停止はありません".to_owned(),
        Some(longest) => format!("この1年の{}件の平均。最も長いもの{longest}時間", hours.len()),
    };
    Ok((mean.map_or("—".to_owned(), |mean| mean.to_string()), note))
}

/// Park area for each resident, and how many of a hundred live near a park, by the latest population.
async fn per_resident(cx: &Cx) -> Result<(String, String, String), Problem> {
    let none = || "—".to_owned();
    let population =
        cx.ledgers().list(cx.context(), POPULATION, &ListRequest { limit: 1, ..ListRequest::all() }).await?;
    let Some(population) = population.records.first() else {
        return Ok((none(), none(), "人口が未登録です".to_owned()));
    };
    let fields = Some(vec!["site_area_m2".to_owned()]);
    let request = ListRequest { fields, ..ListRequest::filtered("closed_on IS NULL") };
    let parks = records::all(cx.ledgers(), cx.context(), PARK, request).await?;
    let area: i128 = parks
        .iter()
        .filter_map(|park| match park.get("site_area_m2") {
            Value::Decimal(area) => Some(i128::from(area.units())),
            _ => None,
        })
        .sum();
    let read = Read(population.fields());
    let residents = i128::from(read.int("residents").unwrap_or(0));
    let mean = Decimal::from_ratio(area, residents * 100, 2, Rounding::HalfUp);
    let near = read.int("residents_within_250m");
    let near = near.and_then(|near| Decimal::from_ratio(i128::from(near) * 100, residents, 1, Rounding::HalfUp));
    let said = |figure: Option<Decimal>| figure.map_or_else(none, |figure| figure.to_string());
    Ok((said(mean), said(near), format!("人口は{}時点", pieces::said_day(read.date("as_of")))))
}

/// The other work of the section, as cards.
async fn work(cx: &Cx) -> Result<SafeHtml, Problem> {
    let count = async |ledger: &str, filter: &str| -> Result<u64, Problem> {
        let found = cx.ledgers().count(cx.context(), ledger, &ListRequest::filtered(filter), COUNTED).await?;
        Ok(found.count)
    };
    let reports = count(DAILY_REPORT, "state = 'submitted'").await?;
    let orders = count(WORK_ORDER, "state IN ('ordered', 'doing')").await?;
    let ending = count(CONTRACT, "until >= today AND days(today, until) <= 60").await?;
    let listed = async |ledger: &str, field: &str, path: &str| -> Result<SafeHtml, Problem> {
        let found = cx.ledgers().list(cx.context(), ledger, &ListRequest { limit: 5, ..ListRequest::all() }).await?;
        let item = |id: RecordId, name: &str| {
            SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::link(&format!("{START}/{path}/{id}"), name)))
        };
        let items: SafeHtml =
            found.records.iter().map(|one| item(one.id, one.get(field).as_text().unwrap_or_default())).collect();
        Ok(if items.is_empty() {
            view::note("まだありません。")
        } else {
            SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))
        })
    };
    let open = |label: &str, href: &str| LinkButton::new(label, href).look(Look::Quiet).html();
    let cards = [
        Card::new("作業日報").note(format!("確認待ち {reports}件")).actions(
            [
                open("確認する", &list_href(DAILY_REPORT, "view", "to-check")),
                open("出来高と検査", &format!("{START}/acceptance")),
            ]
            .into_iter()
            .collect(),
        ),
        Card::new("作業指示")
            .note(format!("終わっていない {orders}件"))
            .actions(open("一覧", &list_href(WORK_ORDER, "view", "open"))),
        Card::new("契約")
            .note(format!("60日以内に終わる {ending}件"))
            .actions(open("一覧", "/desk/ledgers/park-contract")),
        Card::new("長寿命化計画")
            .body(listed(PLAN, "name", "plans").await?)
            .actions(open("計画の台帳", "/desk/ledgers/park-plan")),
        Card::new("ワークショップ")
            .body(listed(WORKSHOP, "title", "workshops").await?)
            .actions(open("ワークショップの台帳", "/desk/ledgers/park-workshop")),
    ];
    Ok(view::section("そのほかの仕事", &card::grid("grid-wide", cards.map(|card| card.html()))))
}
