//! How pipes deteriorate with age (健全率の見通し), from the city's own surveys: a curve for each class where there are enough of them, and a
//! sentence where there are not.

use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, HOME, number};
use crate::kernel::Lang;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::chart::{LineChart, Series};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::{Tab, tabs};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, SafeHtml};
use crate::rules::table;
use crate::rules::urgency::Urgency;
use crate::rules::weibull::{self, Fitted};
use crate::stock::{self, Group, Span};

/// The ages of the chart, years.
const AGES: [i64; 16] = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80];
/// The classes: their name, and the least bad urgency that belongs to them.
const CLASSES: [(&str, Urgency); 3] =
    [("緊急度Ⅰ", Urgency::One), ("緊急度Ⅰ＋Ⅱ", Urgency::Two), ("緊急度Ⅰ＋Ⅱ＋Ⅲ", Urgency::Three)];

/// `GET /desk/sewers/forecast`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let today = cx.context().today();
    let spans = stock::load(cx.ledgers(), cx.context()).await?;
    let group = Group::read(&cx.query("material").unwrap_or_default());
    let choices: Vec<Tab> = Group::ALL
        .iter()
        .map(|(one, key, name)| Tab::new(*name, format!("/desk/sewers/forecast?material={key}"), *one == group))
        .collect();
    let least = table::setting("fit_min_spans", today) as u32;
    let fits: Vec<Result<Fitted, String>> = CLASSES
        .iter()
        .map(|(_, urgency)| weibull::fit(&stock::surveyed(&spans, group, *urgency), least).map(|worked| worked.value))
        .collect();
    let mut body = tabs("管の種類", &choices);
    body.push(&curves(&fits));
    body.push(&view::section("曲線の係数", &parameters(&fits)));
    body.push(&view::section("使った調査", &basis(&spans, group)));
    let site = cx.desk_site(HOME);
    let page = Page::new(&site, "劣化の見通し").crumb("下水道台帳", HOME).notice(
        Notice::new(Tone::Info, "この市の調査だけから求めた曲線です")
            .text("国の予測式の係数は使っていません。会計上の耐用年数（50年）は減価償却のためのもので、実際の寿命ではありません。"),
    );
    Ok(Html(page.body(body).render()).into_response())
}

/// The curves of the classes for which there is one, each at least as high as the one before.
fn curves(fits: &[Result<Fitted, String>]) -> SafeHtml {
    if fits.iter().all(Result::is_err) {
        let why = fits.iter().find_map(|fit| fit.as_ref().err()).cloned().unwrap_or_default();
        return Empty::new("曲線をまだ求められません").text(why).html();
    }
    let share = |fit: &Result<Fitted, String>, age: f64| fit.as_ref().map_or(0.0, |fit| fit.curve.share(age));
    let at = |age: f64| weibull::in_order([share(&fits[0], age), share(&fits[1], age), share(&fits[2], age)]);
    let series = CLASSES.iter().enumerate().filter(|(n, _)| fits[*n].is_ok()).map(|(n, (name, _))| Series {
        name: (*name).to_owned(),
        values: AGES.iter().map(|age| Some((1_000.0 * at(*age as f64)[n]).round() / 10.0)).collect(),
        target: false,
    });
    LineChart {
        title: "年数と、悪くなった管の割合".to_owned(),
        label_name: "年数".to_owned(),
        unit: "％".to_owned(),
        labels: AGES.iter().map(|age| format!("{age}年")).collect(),
        series: series.collect(),
    }
    .html(Lang::Ja)
}

fn parameters(fits: &[Result<Fitted, String>]) -> SafeHtml {
    let columns = vec![
        Column::new("class", "区分"),
        Column::new("n", "スパン（うち該当）").align(Align::Number),
        Column::new("m", "m").align(Align::Number),
        Column::new("eta", "η（年）").align(Align::Number),
        Column::new("half", "50％になる年数").align(Align::Number),
        Column::new("band", "50年での割合（95％の幅）").align(Align::Number),
    ];
    let row = |((name, _), fit): (&(&str, Urgency), &Result<Fitted, String>)| match fit {
        Ok(fit) => {
            let (low, middle, high) = fit.band(50.0);
            Row::new(vec![
                SafeHtml::escape(name),
                SafeHtml::escape(format!("{}（{}）", fit.spans, fit.bad)),
                SafeHtml::escape(format!("{:.3}", fit.curve.shape)),
                SafeHtml::escape(format!("{:.1}", fit.curve.scale)),
                SafeHtml::escape(format!("{:.1}", fit.curve.age(0.5))),
                SafeHtml::escape(format!("{:.1}％（{:.1}〜{:.1}）", 100.0 * middle, 100.0 * low, 100.0 * high)),
            ])
        }
        Err(why) => {
            let dash = || SafeHtml::or_dash("");
            Row::new(vec![SafeHtml::escape(format!("{name}：{why}")), dash(), dash(), dash(), dash(), dash()])
        }
    };
    let mut html = Table::new(Lang::Ja, "曲線の係数", columns, CLASSES.iter().zip(fits).map(row).collect()).html();
    if let Ok(fit) = &fits[1] {
        html.push(&view::paragraph(&format!(
            "目標耐用年数の目安は、緊急度Ⅰ＋Ⅱが半数になる{:.1}年です。",
            fit.curve.age(0.5)
        )));
    }
    html
}

fn basis(spans: &[Span], group: Group) -> SafeHtml {
    let used: u32 = stock::surveyed(spans, group, Urgency::Three).iter().map(|one| one.spans).sum();
    let surveyed = spans.iter().filter(|span| span.survey.is_some()).count();
    let imputed = spans
        .iter()
        .filter(|span| span.survey.is_some() && (span.pipe.is_imputed || span.pipe.built.is_none()))
        .count();
    view::paragraph(&format!(
        "調査のある{}スパンのうち、この種類で年数の分かる{used}スパンを使いました。竣工年度が推定・不明の{}スパンは使いません。",
        number(surveyed),
        number(imputed)
    ))
}
