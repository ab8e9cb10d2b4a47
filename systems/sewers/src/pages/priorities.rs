//! In which order pipes are surveyed, and what a yearly budget allows: budget and weights are fields of the page, and the list is computed
//! anew with what stands in them. Nothing is stored; the address keeps the figures, so that it can be sent to somebody.

use std::collections::BTreeSet;

use axum::response::{Html, IntoResponse, Response};
use http::header;

use super::pieces::{self, HOME, number, record_href, urgency_chip};
use crate::definitions::PIPE;
use crate::kernel::Lang;
use crate::kernel::fiscal::FiscalYear;
use crate::papers::workbook as book;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Submit};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::rules::priority::{self, Order, Placed, Weights};
use crate::stock::{self, Span};

/// Rows of each kind on the page; the workbook has all of them.
const ROWS: usize = 50;
/// The figures that the page asks for first; the others are behind "更に詳しく".
const FIRST: [&str; 2] = ["budget_yen", "survey_yen_per_m"];

/// What the page was asked to compute with.
struct Asked {
    weights: Weights,
    /// The keys of figures that could not be read.
    mistakes: BTreeSet<String>,
}

impl Asked {
    fn of(cx: &Cx) -> Self {
        let mut weights = Weights::on(cx.context().today());
        let mut mistakes = BTreeSet::new();
        for key in keys() {
            let Some(text) = cx.query(&key).filter(|text| !text.is_empty()) else { continue };
            let folded = crate::kernel::text::fold(&text).replace(',', "");
            match folded.parse::<f64>() {
                Ok(value) if value.is_finite() && (0.0..1e13).contains(&value) => weights = weights.with(&key, value),
                _ => drop(mistakes.insert(key)),
            }
        }
        Self { weights, mistakes }
    }

    /// The address with these figures, of the page or the workbook.
    fn href(&self, path: &str) -> String {
        let values: Vec<(String, String)> =
            keys().into_iter().map(|key| (key.clone(), plain(self.weights.get(&key)))).collect();
        let pairs: Vec<(&str, &str)> = values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        view::address(path, &pairs)
    }
}

/// The keys of the figures, each once.
fn keys() -> Vec<String> {
    let mut seen = BTreeSet::new();
    priority::figures().into_iter().map(|figure| figure.key).filter(|key| seen.insert(key.clone())).collect()
}

/// A figure as it is typed.
fn plain(value: f64) -> String {
    format!("{value}")
}

async fn placed(cx: &Cx, weights: &Weights) -> Result<(Vec<Span>, Vec<Placed>), Problem> {
    let spans: Vec<Span> = stock::load(cx.ledgers(), cx.context()).await?.into_iter().filter(stock::is_sewer).collect();
    let pipes: Vec<priority::Pipe> = spans.iter().map(|span| span.pipe.clone()).collect();
    let year = i64::from(FiscalYear::of(cx.context().today()).year());
    let placed = priority::place(&pipes, year, weights);
    Ok((spans, placed))
}

/// `GET /desk/sewers/priorities`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let asked = Asked::of(&cx);
    let (spans, placed) = placed(&cx, &asked.weights).await?;
    let mut body = form(&cx, &asked);
    if placed.is_empty() {
        body.push(
            &Empty::new("管きょがまだ登録されていません。")
                .text("管きょの台帳に登録するか、標準のファイルを取り込んでください。")
                .html(),
        );
    } else {
        body.push(&view::section("年ごとの調査", &years(&spans, &placed)));
        for (title, is_storm) in [("汚水・合流の管きょ", false), ("雨水の管きょ", true)] {
            let of_kind: Vec<&Placed> = placed.iter().filter(|one| spans[one.pipe].pipe.is_storm == is_storm).collect();
            body.push(&view::section(title, &table(&spans, &of_kind, title)));
        }
    }
    let book = LinkButton::new("すべての順位（Excel）", asked.href("/desk/sewers/priorities.xlsx"))
        .icon(Icon::Download)
        .download()
        .html();
    let site = cx.desk_site(HOME);
    let mut page = Page::new(&site, "調査の優先順位").crumb("下水道台帳", HOME).actions(book);
    page = page.lead("発生確率と被害規模を掛けたリスクの順に、汚水と雨水を別々に並べます。順位は調査の順番で、緊急度の代わりにはなりません。");
    if !asked.mistakes.is_empty() {
        let labels = priority::figures();
        let wrong = asked.mistakes.iter().filter_map(|key| labels.iter().find(|figure| figure.key == *key));
        let wrong: Vec<&str> = wrong.map(|figure| figure.label.as_str()).collect();
        let said = format!("「{}」は0以上の数で入れてください。決められた値で計算しました。", wrong.join("」「"));
        page = page.notice(Notice::new(Tone::Warning, "読めない値があります").text(said));
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn form(cx: &Cx, asked: &Asked) -> SafeHtml {
    let labels = priority::figures();
    let field = |key: &str| {
        let label = labels.iter().find(|figure| figure.key == key).map_or("", |figure| figure.label.as_str());
        // What could not be read is shown as it was typed.
        let is_wrong = asked.mistakes.contains(key);
        let value = if is_wrong { cx.query(key).unwrap_or_default() } else { plain(asked.weights.get(key)) };
        view::sought(key, label, &value, is_wrong.then_some("0以上の数で入れてください。"))
    };
    let first: SafeHtml = FIRST.iter().map(|key| field(key)).collect();
    let rest: SafeHtml = keys().iter().filter(|key| !FIRST.contains(&key.as_str())).map(|key| field(key)).collect();
    let is_open = asked.mistakes.iter().any(|key| !FIRST.contains(&key.as_str()));
    let rest = view::disclosure(
        "重みと劣化の条件を変える",
        &SafeHtml::trusted(format!("<div class=\"form-columns\">{rest}</div>")),
        is_open,
    );
    let button = Submit::new("計算し直す").icon(Icon::Check).html();
    let reset = LinkButton::new("決められた値に戻す", "/desk/sewers/priorities").html();
    SafeHtml::trusted(format!(
        "<form class=\"form no-print\" method=\"get\" action=\"/desk/sewers/priorities\"><div class=\"form-columns\">{first}</div>{rest}<div class=\"button-row\">{button}{reset}</div></form>"
    ))
}

/// What each year of the plan surveys and costs.
fn years(spans: &[Span], placed: &[Placed]) -> SafeHtml {
    let last = placed.iter().map(|one| one.year).max().unwrap_or(0);
    if last == 0 {
        return view::paragraph("予算が0円なので、年には分けていません。");
    }
    let columns = vec![
        Column::new("year", "年次").align(Align::Tight),
        Column::new("spans", "スパン").align(Align::Number),
        Column::new("length", "延長（m）").align(Align::Number),
        Column::new("ranks", "うちランクA・B").align(Align::Number),
        Column::new("yen", "調査費（円）").align(Align::Number),
    ];
    // A plan runs for ten years; what comes after is one line.
    let line = |label: String, of: &dyn Fn(u32) -> bool| {
        let chosen: Vec<&Placed> = placed.iter().filter(|one| of(one.year)).collect();
        let length: f64 = chosen.iter().map(|one| spans[one.pipe].pipe.length_m).sum();
        let upper = chosen.iter().filter(|one| one.order <= Order::B).count();
        let mut yen = SafeHtml::escape(said::whole(chosen.iter().map(|one| one.yen).sum()));
        if chosen.iter().any(|one| one.is_over) {
            yen.push(&chip(State::Warning, "1スパンで予算を超過"));
        }
        Row::new(vec![
            SafeHtml::escape(label),
            SafeHtml::escape(number(chosen.len())),
            SafeHtml::escape(said::grouped(length.round())),
            SafeHtml::escape(number(upper)),
            yen,
        ])
    };
    let mut rows: Vec<Row> = (1..=last.min(10)).map(|year| line(format!("{year}年目"), &|one| one == year)).collect();
    if last > 10 {
        rows.push(line(format!("11〜{last}年目"), &|one| one > 10));
    }
    Table::new(Lang::Ja, "年ごとの調査", columns, rows).html()
}

fn table(spans: &[Span], placed: &[&Placed], title: &str) -> SafeHtml {
    if placed.is_empty() {
        return Empty::new("この種類の管きょはありません。").html();
    }
    let columns = vec![
        Column::new("n", "順位").align(Align::Number),
        Column::new("rank", "ランク").align(Align::Tight),
        Column::new("number", "施設番号").align(Align::Tight),
        Column::new("place", "所在"),
        Column::new("age", "年数").align(Align::Number),
        Column::new("p", "発生確率").align(Align::Number),
        Column::new("i", "被害規模").align(Align::Number),
        Column::new("risk", "リスク").align(Align::Number),
        Column::new("year", "年次").align(Align::Number),
        Column::new("urgency", "最新の緊急度").align(Align::Tight),
    ];
    let row = |(n, one): (usize, &&Placed)| {
        let span = &spans[one.pipe];
        let mut age = SafeHtml::escape(format!("{:.0}", one.age));
        if one.is_imputed {
            age.push(&SafeHtml::trusted(" "));
            age.push(&chip(State::Muted, "推定"));
        }
        let state = match one.order {
            Order::A => State::Bad,
            Order::B => State::Warning,
            Order::C => State::Underway,
            Order::D => State::Plain,
        };
        let year = if one.year == 0 { String::new() } else { one.year.to_string() };
        Row::new(vec![
            SafeHtml::escape(n),
            chip(state, &format!("{:?}", one.order)),
            SafeHtml::link(&record_href(PIPE, span.id), &span.number),
            SafeHtml::or_dash(&span.place),
            age,
            SafeHtml::escape(format!("{:.3}", one.likelihood)),
            SafeHtml::escape(format!("{:.2}", one.impact)),
            SafeHtml::escape(format!("{:.3}", one.risk)),
            SafeHtml::or_dash(&year),
            urgency_chip(span.survey.as_ref().and_then(|survey| survey.urgency)),
        ])
    };
    let mut html = Table::new(Lang::Ja, title, columns, (1..).zip(placed).take(ROWS).map(row).collect()).html();
    if placed.len() > ROWS {
        html.push(&view::note(&format!("上位{ROWS}スパンです。全{}スパンは Excel にあります。", number(placed.len()))));
    }
    html
}

/// `GET /desk/sewers/priorities.xlsx`
pub async fn workbook(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let asked = Asked::of(&cx);
    let (spans, placed) = placed(&cx, &asked.weights).await?;
    let bytes = book::priorities(&spans, &placed, &asked.weights).map_err(|error| Problem::internal(&error))?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let name = format!("attachment; filename=\"sewer-priorities-{}.xlsx\"", cx.context().today());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}
