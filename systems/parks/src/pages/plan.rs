//! The board of a life-extension plan: what falls into which year, what stays out, and what preventive maintenance saves.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, START, Words, id_of, park_names, record_href};
use crate::acts::spread::{self, Plan};
use crate::definitions::{PLAN, PLAN_ITEM};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Lang, RecordId};
use crate::ledger::{LedgerError, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look, Post, Submit};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::Read;
use crate::schema::Action;

/// The address of a plan's board.
pub fn href(id: RecordId) -> String {
    format!("{START}/plans/{id}")
}

/// `GET /desk/parks/plans/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let plan = Plan::load(cx.ledgers(), cx.context(), id_of(&id)?).await?;
    show(&cx, &plan, &[]).await
}

/// `POST /desk/parks/plans/{id}/spread`
pub async fn spread(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (_, access) = cx.ledgers().open(cx.context(), PLAN_ITEM)?;
    if !access.may(Action::Update) {
        return Err(LedgerError::Forbidden { action: Action::Update }.into());
    }
    let plan = Plan::load(cx.ledgers(), cx.context(), id_of(&id)?).await?;
    match spread::write(cx.ledgers(), cx.context(), &plan).await {
        Ok(told) => {
            let done = format!("spread:{}:{}:{}", told.moved, told.unplaced, told.over);
            Ok(view::done_at(&href(plan.record.id), &done))
        }
        Err(error) => show(&cx, &plan, &pieces::told(error)?).await,
    }
}

async fn show(cx: &Cx, plan: &Plan, mistakes: &[String]) -> Result<Response, Problem> {
    let read = Read(plan.record.fields());
    let (name, is_decided) = (read.text("name"), read.text("state") == "decided");
    let may_spread = cx.ledgers().open(cx.context(), PLAN_ITEM).is_ok_and(|(_, access)| access.may(Action::Update));
    let site = cx.desk_site(START);
    let own = href(plan.record.id);
    let mut buttons = SafeHtml::EMPTY;
    buttons.push(&LinkButton::new("Excel", format!("{own}/plan.xlsx")).icon(Icon::Download).download().html());
    buttons.push(&LinkButton::new("PDF", format!("{own}/plan.pdf")).icon(Icon::Print).html());
    buttons.push(&LinkButton::new("計画の記録", record_href(PLAN, plan.record.id)).look(Look::Quiet).html());
    let state = if is_decided { chip(State::Done, "決定") } else { chip(State::Underway, "検討中") };
    let mut page = pieces::page(&site, &name).beside_title(state).actions(buttons);
    page = page.lead("緊急度・重要度・古さの順に、上限の中で早い年度から割り振ります。健全度Dは上限を超えても初年度に入れ、印を付けます。");
    if let Some(done) = cx.query("done") {
        let counts: Vec<&str> = done.split(':').collect();
        if let ["spread", moved, unplaced, over] = counts[..] {
            let number = |text: &str| text.parse::<i64>().map(said::whole).unwrap_or_default();
            let text = format!(
                "年度が変わった施設{}、期間内に入らない施設{}、上限を超えた施設{}。",
                number(moved),
                number(unplaced),
                number(over)
            );
            page = page.notice(Notice::new(Tone::Success, "配分しました").text(text));
        }
    }
    if !mistakes.is_empty() {
        page = page.notice(Notice::new(Tone::Error, "配分できませんでした").text(mistakes.join("\n")));
    }
    if plan.items.is_empty() {
        let add = LinkButton::new("施設を加える", format!("/desk/ledgers/{PLAN_ITEM}/new")).look(Look::Primary).html();
        let empty = Empty::new("この計画の施設がまだありません。").actions(add).html();
        return Ok(Html(page.body(empty).render()).into_response());
    }
    let mut body = tiles(plan);
    if may_spread && !is_decided {
        let button = Submit::new("上限の中で配分し直す").look(Look::Primary).icon(Icon::Calendar);
        body.push(&Post::new(format!("{own}/spread"), button).html());
    }
    body.push(&view::section("年度ごとの費用", &years(plan)));
    let parks = park_names(cx.ledgers(), cx.context()).await?;
    let words = Words::of(cx.ledgers(), cx.context(), PLAN_ITEM)?;
    let park = |record: &Visible| {
        Read(record.fields()).record("park").and_then(|park| parks.get(&park)).cloned().unwrap_or_default()
    };
    body.push(&view::section("施設", &items(plan, &words, park)));
    Ok(view::answer(page.body(body), !mistakes.is_empty()))
}

fn label(year: i32) -> String {
    FiscalYear::new(year).map_or_else(|_| year.to_string(), FiscalYear::label)
}

fn placed(record: &Visible) -> Option<i32> {
    Read(record.fields()).int("placed_fiscal_year").and_then(|year| i32::try_from(year).ok())
}

fn cost(record: &Visible) -> i64 {
    Read(record.fields()).int("cost_yen").unwrap_or(0)
}

/// Thousands of yen, as plans are read.
fn thousands(yen: i64) -> String {
    said::whole((yen + 500).div_euclid(1_000))
}

/// Millions of yen, one place, for a tile.
fn millions(yen: i64) -> String {
    let tenths = (yen + 50_000).div_euclid(100_000);
    format!("{}.{}", said::whole(tenths.div_euclid(10)), tenths.rem_euclid(10))
}

fn tiles(plan: &Plan) -> SafeHtml {
    let all: i64 = plan.items.iter().map(cost).sum();
    let unplaced = plan.items.iter().filter(|record| placed(record).is_none()).count();
    let over = plan.items.iter().filter(|record| Read(record.fields()).yes("over_ceiling")).count();
    let reductions: Vec<i64> =
        plan.items.iter().filter_map(|record| Read(record.fields()).int("lcc_reduction_yen")).collect();
    let saves = reductions.iter().filter(|yen| **yen > 0).count();
    let sum: i64 = reductions.iter().filter(|yen| **yen > 0).sum();
    let whole = |count: usize| said::whole(i64::try_from(count).unwrap_or(i64::MAX));
    let note = format!("{}施設は予防保全が有利（{}施設で比較）", saves, reductions.len());
    card::grid(
        "grid-tiles",
        [
            Tile::new("施設", whole(plan.items.len()), "件").html(),
            Tile::new("費用の合計", millions(all), "百万円").html(),
            Tile::new("年度が決まらない", whole(unplaced), "件").html(),
            Tile::new("上限を超えて配分", whole(over), "件").html(),
            Tile::new("予防保全による縮減", thousands(sum), "千円/年").below(view::note(&note)).html(),
        ],
    )
}

fn years(plan: &Plan) -> SafeHtml {
    let row = |year: &crate::rules::plan::Year| {
        let of: Vec<&Visible> = plan.items.iter().filter(|record| placed(record) == Some(year.fiscal_year)).collect();
        let spent: i64 = of.iter().map(|record| cost(record)).sum();
        let state = if spent > year.ceiling_yen {
            chip(State::Bad, "上限を超えています")
        } else {
            chip(State::Good, "上限の中")
        };
        Row::new(vec![
            SafeHtml::escape(label(year.fiscal_year)),
            SafeHtml::escape(format!("{}件", of.len())),
            SafeHtml::escape(thousands(spent)),
            SafeHtml::escape(thousands(year.ceiling_yen)),
            SafeHtml::escape(thousands(year.ceiling_yen - spent)),
            state,
        ])
    };
    let columns = vec![
        Column::new("year", "年度"),
        Column::new("count", "施設").align(Align::Number),
        Column::new("cost", "費用（千円）").align(Align::Number),
        Column::new("ceiling", "上限（千円）").align(Align::Number),
        Column::new("left", "残り（千円）").align(Align::Number),
        Column::new("state", "判定").align(Align::Tight),
    ];
    Table::new(Lang::Ja, "年度ごとの費用", columns, plan.years.iter().map(row).collect()).html()
}

fn items(plan: &Plan, words: &Words, park: impl Fn(&Visible) -> String) -> SafeHtml {
    let mut items: Vec<&Visible> = plan.items.iter().collect();
    items.sort_by_key(|record| {
        let read = Read(record.fields());
        (placed(record).unwrap_or(i32::MAX), read.int("priority").unwrap_or(i64::MAX), read.int("installed_year"))
    });
    let row = |record: &Visible| {
        let read = Read(record.fields());
        let year = match (placed(record), read.yes("over_ceiling"), read.int("fixed_fiscal_year").is_some()) {
            (None, _, _) => chip(State::Warning, "未配分"),
            (Some(year), true, _) => chip(State::Bad, &format!("{}（上限超過）", label(year))),
            (Some(year), false, true) => SafeHtml::escape(format!("{}（固定）", label(year))),
            (Some(year), false, false) => SafeHtml::escape(label(year)),
        };
        let soundness = match read.text("soundness").as_str() {
            "a" => chip(State::Good, "A"),
            "b" => chip(State::Underway, "B"),
            "c" => chip(State::Warning, "C"),
            "d" => chip(State::Bad, "D"),
            _ => SafeHtml::or_dash(""),
        };
        let choice = |field: &str| {
            let key = read.text(field);
            SafeHtml::or_dash(&if key.is_empty() { String::new() } else { words.choice(field, &key) })
        };
        Row::new(vec![
            SafeHtml::link(&record_href(PLAN_ITEM, record.id), &read.text("name")),
            SafeHtml::escape(park(record)),
            soundness,
            choice("urgency"),
            choice("importance"),
            choice("measure"),
            SafeHtml::escape(thousands(cost(record))),
            year,
        ])
    };
    let columns = vec![
        Column::new("name", "施設"),
        Column::new("park", "公園"),
        Column::new("soundness", "健全度").align(Align::Tight),
        Column::new("urgency", "緊急度").align(Align::Tight),
        Column::new("importance", "重要度").align(Align::Tight),
        Column::new("measure", "措置").align(Align::Tight),
        Column::new("cost", "費用（千円）").align(Align::Number),
        Column::new("year", "年度").align(Align::Tight),
    ];
    Table::new(Lang::Ja, "施設", columns, items.into_iter().map(row).collect()).html()
}
