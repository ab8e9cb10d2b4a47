//! Figures about reports by category, area, section and month (統計).

use std::collections::BTreeMap;

use axum::response::{Html, IntoResponse as _, Response};
use http::header;

use super::board::BOARD;
use super::names;
use crate::definitions::REPORT;
use crate::kernel::Lang;
use crate::kernel::context::civil_date;
use crate::kernel::fiscal::FiscalYear;
use crate::ledger::ListRequest;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::chart::{Bar, BarChart};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::{Tab, tabs};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::records::{Category, Report, some};
use crate::rules::figures::{Counted, Figures};

/// Reports that are counted at once: more than a city of a hundred thousand has in ten years.
const MOST: usize = 50_000;
/// By what they are counted.
const BY: [(&str, &str); 4] = [("category", "種類"), ("area", "地区"), ("department", "担当課"), ("month", "月")];

struct Counting {
    year: FiscalYear,
    by: &'static str,
    label: &'static str,
    groups: Vec<(String, Figures)>,
    whole: Figures,
    is_partial: bool,
}

async fn counted(cx: &Cx) -> Result<Counting, Problem> {
    let (ledgers, context) = (cx.ledgers(), cx.context());
    let asked = cx.query("by").unwrap_or_default();
    let (by, label) = BY.into_iter().find(|(key, _)| *key == asked).unwrap_or(BY[0]);
    let year = cx.query("fy").and_then(|text| text.parse().ok()).unwrap_or_else(|| FiscalYear::of(context.today()));
    let (from, until) =
        (crate::kernel::context::start_of(year.first_day()), crate::kernel::context::start_of(year.next().first_day()));
    let fields = ["category", "area", "department", "state", "received_at", "closed_at", "fix_due"];
    let request = ListRequest {
        fields: Some(fields.map(str::to_owned).to_vec()),
        ..ListRequest::filtered(format!("received_at >= TIMESTAMP('{from}') AND received_at < TIMESTAMP('{until}')"))
    };
    let records = some(ledgers, context, REPORT, request, MOST).await?;
    let categories = Category::all(ledgers, context).await?;
    let sections = names::departments(ledgers, context).await?;
    let mut groups: BTreeMap<(usize, String), Vec<Counted>> = BTreeMap::new();
    let mut all = Vec::with_capacity(records.len());
    for record in &records {
        let report = Report::of(record);
        let one = Counted {
            state: report.state,
            received_at: report.received_at,
            closed_at: report.closed_at,
            fix_due: report.fix_due,
        };
        let day = civil_date(report.received_at);
        let key = match by {
            "area" => (0, report.area.clone()),
            "department" => (0, report.department.and_then(|id| sections.get(&id)).cloned().unwrap_or_default()),
            "month" => (usize::try_from((day.month() + 8) % 12).unwrap_or(0), format!("{}月", day.month())),
            _ => {
                let place = categories.iter().position(|category| Some(category.id) == report.category);
                let name = place.map_or("", |place| categories[place].name(Lang::Ja));
                (place.unwrap_or(usize::MAX), name.to_owned())
            }
        };
        groups.entry(key).or_default().push(one);
        all.push(one);
    }
    let named = |name: String| if name.is_empty() { "（なし）".to_owned() } else { name };
    Ok(Counting {
        year,
        by,
        label,
        groups: groups.into_iter().map(|((_, name), some)| (named(name), Figures::of(some))).collect(),
        whole: Figures::of(all),
        is_partial: records.len() == MOST,
    })
}

/// `GET /desk/reports/statistics`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    let counting = counted(&cx).await?;
    let year = counting.year;
    let href = |by: &str, year: FiscalYear| {
        view::address("/desk/reports/statistics", &[("fy", &year.to_string()), ("by", by)])
    };
    let site = cx.desk_site(BOARD);
    let csv = view::address("/desk/reports/statistics.csv", &[("fy", &year.to_string()), ("by", counting.by)]);
    let download = LinkButton::new("CSV", csv).icon(Icon::Download).download().html();
    let by: Vec<Tab> =
        BY.iter().map(|(key, label)| Tab::new(format!("{label}ごと"), href(key, year), *key == counting.by)).collect();
    let years = [year.previous(), year, year.next()];
    let years: Vec<Tab> =
        years.into_iter().map(|one| Tab::new(one.label(), href(counting.by, one), one == year)).collect();
    let mut body = tabs("数え方", &by);
    body.push(&tabs("年度", &years));
    if counting.whole.all == 0 {
        body.push(&Empty::new(format!("{}の通報はありません。", year.label())).html());
    } else {
        body.push(&table(&counting));
        body.push(&chart(&counting));
    }
    if counting.is_partial {
        body.push(&view::note(&format!("新しい{MOST}件だけを数えています。")));
    }
    body.push(&view::note(
        "「目標までに」は、完了した通報のうち目標日のあったものの割合です。重複とした通報は、完了に数えません。",
    ));
    let page =
        Page::new(&site, "通報の統計").crumb("ホーム", "/desk").crumb("通報の受付", BOARD).actions(download).body(body);
    Ok(Html(page.render()).into_response())
}

fn cells(figures: &Figures) -> [String; 5] {
    let or_dash = |number: Option<String>| number.unwrap_or_else(|| "—".to_owned());
    [
        figures.all.to_string(),
        figures.open.to_string(),
        figures.done.to_string(),
        or_dash(figures.in_time_percent().map(|percent| format!("{percent}％"))),
        or_dash(figures.median_days.map(|days| format!("{days}日"))),
    ]
}

fn table(counting: &Counting) -> SafeHtml {
    let heads = ["通報", "対応中", "完了", "目標までに", "日数（中央値）"];
    let columns = std::iter::once(Column::new("name", counting.label))
        .chain(heads.iter().enumerate().map(|(n, head)| Column::new(format!("f{n}"), *head).align(Align::Number)));
    let row = |name: &str, figures: &Figures| {
        let numbers = cells(figures).map(SafeHtml::escape);
        std::iter::once(SafeHtml::escape(name)).chain(numbers).collect::<Vec<_>>()
    };
    let rows = counting.groups.iter().map(|(name, figures)| Row::new(row(name, figures))).collect();
    let caption = format!("{}の通報（{}ごと）", counting.year.label(), counting.label);
    Table::new(Lang::Ja, caption, columns.collect(), rows).foot(row("合計", &counting.whole)).html()
}

fn chart(counting: &Counting) -> SafeHtml {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    BarChart {
        title: format!("{}ごとの通報", counting.label),
        label_name: counting.label.to_owned(),
        value_name: "通報".to_owned(),
        unit: "件".to_owned(),
        bars: counting.groups.iter().map(|(name, figures)| Bar::new(name, count(figures.all))).collect(),
    }
    .html()
}

/// `GET /desk/reports/statistics.csv`
pub async fn csv(cx: Cx) -> Result<Response, Problem> {
    let counting = counted(&cx).await?;
    let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let failed = |error: csv::Error| Problem::internal(&error);
    writer
        .write_record([counting.label, "通報", "対応中", "完了", "目標までに完了", "目標のあった完了", "日数の中央値"])
        .map_err(failed)?;
    let whole = ("合計".to_owned(), counting.whole);
    for (name, figures) in counting.groups.iter().chain([&whole]) {
        // A spreadsheet takes such a beginning for a formula.
        let name = if name.starts_with(['=', '+', '-', '@']) { format!("'{name}") } else { name.clone() };
        let numbers =
            [figures.all, figures.open, figures.done, figures.in_time, figures.measured].map(|n| n.to_string());
        let median = figures.median_days.map(|days| days.to_string()).unwrap_or_default();
        writer.write_record([name].into_iter().chain(numbers).chain([median])).map_err(failed)?;
    }
    let body = writer.into_inner().map_err(|error| Problem::internal(error.error()))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"reports-{}-{}.csv\"", counting.year, counting.by),
        ),
    ];
    Ok((headers, body).into_response())
}
