//! A ledger as a month (カレンダー).

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use jiff::civil::Date;
use kawasemi_kernel::calendar::holiday_name;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::{Lang, Value, YearMonth, era};
use kawasemi_ledger::{Calendar, LedgerError};
use kawasemi_schema::{Action, SortKey};
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::calendar::MonthCalendar;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::steps::{Tab, tabs};
use kawasemi_ui::{Component, SafeHtml};

use super::asked::Asked;
use super::opened::{Look, Opened, record_href, style};
use crate::problem::Problem;
use crate::request::Cx;

/// Most records that are named on one day; the rest are counted.
const A_DAY: usize = 6;

/// `GET /desk/ledgers/{ledger}/calendar`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, format!("{}のカレンダー", opened.title()));
    let Some(field) = field(&cx, &opened) else {
        let empty =
            Empty::new("日付の項目がありません").text("この台帳には、カレンダーに並べられる日付の項目がありません。");
        let empty = empty.actions(LinkButton::new("一覧で見る", opened.href()).html());
        return Ok(Html(page.body(empty.html()).render()).into_response());
    };
    let month = month(&cx);
    let fields = opened.label_fields().map(|field| field.key.clone()).chain([field.clone()]).collect();
    let request = asked.request(&opened.def, Some(fields));
    let (first, last) = (month.first_day(), month.first_day().last_of_month());
    let found = cx.ledgers().calendar(cx.context(), &ledger, Some(&field), first, last, &request).await;
    let found = match found {
        Ok(found) => found,
        Err(error @ (LedgerError::Filter(_) | LedgerError::UnknownField { .. })) => {
            let notice = Notice::new(Tone::Error, "条件を読み取れません").text(error.to_string());
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.notice(notice).render())).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let mut body = opened.looks(Look::Calendar, &asked);
    body.push(&date_fields(&opened, &asked, &field, month));
    body.push(&sheet(&cx, &opened, &asked, &field, month, &found).await?);
    let page = if found.more {
        page.notice(
            Notice::new(Tone::Warning, "記録が多いため、この月の一部だけを表示しています。")
                .text("一覧で条件を付けて絞り込むと、すべて表示できます。"),
        )
    } else {
        page
    };
    Ok(Html(page.body(body).render()).into_response())
}

/// The date field: the one that is asked for, the ledger's own, or the first.
fn field(cx: &Cx, opened: &Opened) -> Option<String> {
    let is_date = |key: &String| opened.date_fields().any(|field| field.key == *key);
    let asked = cx.query("date").filter(is_date);
    let own = opened.def.list.calendar.clone().filter(is_date);
    asked.or(own).or_else(|| opened.date_fields().next().map(|field| field.key.clone()))
}

fn month(cx: &Cx) -> YearMonth {
    let asked = cx.query("month").and_then(|text| era::parse_year_month(&text).ok());
    asked.unwrap_or_else(|| YearMonth::of(cx.context().today()))
}

/// Other dates by which the calendar can be drawn.
fn date_fields(opened: &Opened, asked: &Asked, current: &str, month: YearMonth) -> SafeHtml {
    let tab = |field: &kawasemi_schema::FieldDef| {
        Tab::new(field.label.ja(), address(opened, asked, &field.key, month), field.key == current)
    };
    let all: Vec<Tab> = opened.date_fields().map(tab).collect();
    if all.len() > 1 { tabs("どの日付で並べるか", &all) } else { SafeHtml::EMPTY }
}

fn address(opened: &Opened, asked: &Asked, field: &str, month: YearMonth) -> String {
    let base = asked.with(|_| {}).href(&opened.at("calendar"));
    let sign = if base.contains('?') { '&' } else { '?' };
    format!("{base}{sign}date={field}&month={month}")
}

async fn sheet(
    cx: &Cx,
    opened: &Opened,
    asked: &Asked,
    field: &str,
    month: YearMonth,
    found: &Calendar,
) -> Result<SafeHtml, Problem> {
    let records: Vec<_> = found.days.values().flatten().cloned().collect();
    let labels = cx.ledgers().labels(cx.context(), opened.key(), &records).await?;
    let style = style().with_labels(&labels);
    let first = month.first_day();
    let before = YearMonth::of(first.yesterday().unwrap_or(first));
    let after = YearMonth::of(first.last_of_month().tomorrow().unwrap_or(first));
    let mut sheet = MonthCalendar::new(Lang::Ja, month)
        .today(cx.context().today())
        .around(address(opened, asked, field, before), address(opened, asked, field, after));
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| YearMonth::of(*day) == month) {
        if let Some(name) = holiday_name(day) {
            sheet = sheet.holiday(day, name);
        }
    }
    for (day, records) in &found.days {
        for record in records.iter().take(A_DAY) {
            sheet = sheet.event(*day, opened.name_of(record, &style), record_href(opened.key(), record.id));
        }
        if records.len() > A_DAY {
            let rest = format!("ほか{}件", records.len() - A_DAY);
            sheet = sheet.event(*day, rest, day_list(opened, asked, field, *day));
        }
    }
    let mut html = sheet.html();
    if found.days.is_empty() {
        html.push(&crate::view::note("この月に当たる記録はありません。"));
        if let Some(nearest) = nearest(cx, opened, asked, field).await?.filter(|nearest| *nearest != month) {
            let label = format!("{}（いちばん新しい記録）へ", era::long_month(nearest));
            let href = address(opened, asked, field, nearest);
            html.push(&kawasemi_ui::button::row([LinkButton::new(label, href).html()]));
        }
    }
    Ok(html)
}

/// The month of the record with the latest date, so that an empty month is no dead end.
async fn nearest(cx: &Cx, opened: &Opened, asked: &Asked, field: &str) -> Result<Option<YearMonth>, Problem> {
    let mut request = asked.request(&opened.def, Some(vec![field.to_owned()]));
    request.sort = vec![SortKey { field: field.to_owned(), descending: true }];
    request.also.push(format!("{field} IS NOT NULL"));
    request.limit = 1;
    let found = cx.ledgers().list(cx.context(), opened.key(), &request).await?;
    Ok(match found.records.first().map(|record| record.get(field)) {
        Some(Value::Date(day)) => Some(YearMonth::of(*day)),
        Some(Value::Instant(at)) => Some(YearMonth::of(civil_date(*at))),
        _ => None,
    })
}

/// The list of one day.
fn day_list(opened: &Opened, asked: &Asked, field: &str, day: Date) -> String {
    let of_day = |asked: &mut Asked| asked.facets.push((field.to_owned(), day.to_string()));
    asked.with(of_day).href(&opened.href())
}
