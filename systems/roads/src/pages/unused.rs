//! Unused road land in its order, with what it costs and brings, and the photovoltaic plants on it.

use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;

use super::pieces::{self, HOME, record_href, shown};
use crate::definitions::{SOLAR, UNUSED};
use crate::kernel::Lang;
use crate::kernel::fiscal::FiscalYear;
use crate::ledger::{ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::{self, Read};
use crate::rules::solar::{self, Month, Plant};

/// Yen of a list of rows in a fiscal year.
fn yen_of(record: &Visible, rows: &str, year: FiscalYear) -> i64 {
    let rows = Read::of(record).rows(rows).iter().map(|row| Read(&row.fields));
    let of_year = rows.filter(|row| row.int("fiscal_year") == Some(i64::from(year.year())));
    of_year.filter_map(|row| row.int("yen")).sum()
}

/// Yen in thousands, as budgets are read: a tile has no room for more.
fn thousands(yen: i64) -> String {
    said::whole((yen + 500).div_euclid(1_000))
}

/// `GET /desk/roads/unused`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let today = cx.context().today();
    let year = FiscalYear::of(today);
    let all = read::all(cx.ledgers(), cx.context(), UNUSED, ListRequest::all()).await?;
    let is_open = |record: &&Visible| !["done", "kept"].contains(&Read::of(record).text("stage"));
    let mut open: Vec<&Visible> = all.iter().filter(is_open).collect();
    // The best first; what is not rated yet last.
    open.sort_by(|one, other| {
        Read::of(other).number("score").unwrap_or(-1.0).total_cmp(&Read::of(one).number("score").unwrap_or(-1.0))
    });
    let plants = read::all(cx.ledgers(), cx.context(), SOLAR, ListRequest::all()).await?;
    let mut body = tiles(&all, &open, year);
    body.push(&view::section("処分の順", &ranking(&cx, &open, year)?));
    body.push(&view::section("太陽光の売電", &solar_table(&plants, today)));
    let actions: SafeHtml = [
        LinkButton::new("土地を加える", "/desk/ledgers/unused-road-land/new").icon(Icon::Add).html(),
        LinkButton::new("土地の台帳", "/desk/ledgers/unused-road-land").icon(Icon::Ledger).html(),
        LinkButton::new("太陽光の台帳", "/desk/ledgers/solar-site").icon(Icon::Ledger).html(),
    ]
    .into_iter()
    .collect();
    let site = cx.desk_site(HOME);
    let page = Page::new(&site, "未利用の道路用地").crumb("道路台帳", HOME).actions(actions);
    let lead = "点数は、売れやすさ、維持費の減、危険・苦情をそれぞれ0〜5で評価し、決めた割合で足したものです。";
    Ok(Html(page.lead(lead).body(body).render()).into_response())
}

fn tiles(all: &[Visible], open: &[&Visible], year: FiscalYear) -> SafeHtml {
    let area: f64 = open.iter().filter_map(|record| Read::of(record).number("area_m2")).sum();
    let of = |rows: &str| -> i64 { all.iter().map(|record| yen_of(record, rows, year)).sum() };
    let (upkeep, income) = (of("upkeep"), of("income"));
    card::grid(
        "grid-tiles",
        [
            Tile::new("処分の済んでいない土地", open.len().to_string(), "件").html(),
            Tile::new("面積", said::grouped(area.round()), "㎡").html(),
            Tile::new(format!("{}の維持費", year.label()), thousands(upkeep), "千円").html(),
            Tile::new(format!("{}の収入", year.label()), thousands(income), "千円").html(),
        ],
    )
}

fn ranking(cx: &Cx, open: &[&Visible], year: FiscalYear) -> Result<SafeHtml, Problem> {
    if open.is_empty() {
        return Ok(Empty::new("処分の済んでいない土地はありません。").html());
    }
    let (def, _) = cx.ledgers().open(cx.context(), UNUSED)?;
    let columns = vec![
        Column::new("score", "点数").align(Align::Number),
        Column::new("parcel", "地番"),
        Column::new("area", "面積").align(Align::Number),
        Column::new("stage", "段階").align(Align::Tight),
        Column::new("use", "使い道の案").align(Align::Tight),
        Column::new("yen", "維持費・収入（円）").align(Align::Number),
        Column::new("why", "点数の理由"),
    ];
    let row = |record: &&Visible| {
        let of = |key: &str| shown(&def, record, key, Lang::Ja);
        let mut stage = SafeHtml::escape(of("stage"));
        if !Read::of(record).yes("boundary_fixed") {
            stage.push(&SafeHtml::trusted("<br>"));
            stage.push(&chip(State::Warning, "境界未確定"));
        }
        let yen =
            format!("{}・{}", said::whole(yen_of(record, "upkeep", year)), said::whole(yen_of(record, "income", year)));
        Row::new(vec![
            SafeHtml::or_dash(&of("score")),
            SafeHtml::link(&record_href(UNUSED, record.id), &of("parcel")),
            SafeHtml::escape(of("area_m2")),
            stage,
            SafeHtml::or_dash(&of("proposed_use")),
            SafeHtml::escape(yen),
            SafeHtml::escape(of("score_note")),
        ])
    };
    Ok(Table::new(Lang::Ja, "処分の順", columns, open.iter().map(row).collect()).html())
}

/// The plant of a record, with its months; none while what is needed is not filled in.
fn plant(record: &Visible) -> Option<(Plant, Vec<Month>)> {
    let read = Read::of(record);
    let plant = Plant {
        capacity_kw: read.number("capacity_dc_kw").filter(|kw| *kw > 0.0)?,
        started_on: read.date("started_on")?,
        term_months: read.int("term_months")?,
        unit_price: read.number("unit_price_yen")?,
    };
    let month = |row: &crate::kernel::ChildRow| {
        let row = Read(&row.fields);
        Some(Month { month: row.month("month")?, sold_kwh: row.int("sold_kwh")?, yen: row.int("yen") })
    };
    Some((plant, read.rows("months").iter().filter_map(month).collect()))
}

/// The price of a plant, with a chip where the scheme's table for its certification says another.
fn price(record: &Visible, plant: Plant) -> SafeHtml {
    let mut html = SafeHtml::escape(plant.unit_price);
    let certified = Read::of(record).int("certified_fiscal_year").and_then(|year| i32::try_from(year).ok());
    let certified = certified.and_then(|year| FiscalYear::new(year).ok());
    let scheme = certified.and_then(|year| solar::scheme_price(solar::class(plant.capacity_kw), year.first_day()));
    if let Some(scheme) = scheme.filter(|scheme| *scheme != plant.unit_price) {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Warning, &format!("認定の年度の調達価格は{scheme}")));
    }
    html
}

fn solar_table(plants: &[Visible], today: Date) -> SafeHtml {
    if plants.is_empty() {
        return Empty::new("太陽光の売電の登録はありません。").html();
    }
    let columns = vec![
        Column::new("name", "名称"),
        Column::new("price", "単価（円/kWh）").align(Align::Number),
        Column::new("kwh", "年間の平均（kWh）").align(Align::Number),
        Column::new("left", "残りの月数").align(Align::Number),
        Column::new("yen", "残りの期間の収入の見通し（円）").align(Align::Number),
        Column::new("odd", "おかしな月"),
    ];
    let row = |record: &Visible| {
        let name = SafeHtml::link(&record_href(SOLAR, record.id), Read::of(record).text("name"));
        let dash = || SafeHtml::or_dash("");
        let Some((plant, months)) = plant(record) else {
            return Row::new(vec![name, dash(), dash(), dash(), dash(), dash()]);
        };
        let price = price(record, plant);
        let odd = solar::oddities(plant, &months, today);
        let odd: Vec<String> = odd.iter().map(|one| format!("{}（いつもの{:.0}％）", one.month, one.percent)).collect();
        let odd = if odd.is_empty() { dash() } else { chip(State::Warning, &odd.join("、")) };
        match solar::forecast(plant, &months, today) {
            Ok(worked) => Row::new(vec![
                name,
                price,
                SafeHtml::escape(said::grouped(worked.value.yearly_kwh.round())),
                SafeHtml::escape(worked.value.months_left),
                SafeHtml::escape(said::whole(worked.value.yen)),
                odd,
            ]),
            Err(why) => Row::new(vec![name, price, SafeHtml::escape(why), dash(), dash(), odd]),
        }
    };
    Table::new(Lang::Ja, "太陽光の売電", columns, plants.iter().map(row).collect()).html()
}
