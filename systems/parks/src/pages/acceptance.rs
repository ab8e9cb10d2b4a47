//! A month under a contract: its reports with what should be looked at, what they come to, and the acceptance.

use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, START, Words, record_href, said_day};
use crate::acts::accept::{self, Month, Report};
use crate::definitions::{ACCEPTANCE, CONTRACT, DAILY_REPORT};
use crate::kernel::era::parse_year_month;
use crate::kernel::{Lang, RecordId, YearMonth};
use crate::ledger::{LedgerError, ListRequest};
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{Choice, FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{self, Read};
use crate::schema::Action;

const PATH: &str = "/desk/parks/acceptance";

/// The contract and the month that the address asks for.
pub fn asked(cx: &Cx) -> Option<(RecordId, YearMonth)> {
    let contract = cx.query("contract")?.parse().ok()?;
    let month = cx.query("month").and_then(|month| parse_year_month(&month).ok());
    Some((contract, month.unwrap_or_else(|| YearMonth::of(cx.context().today()))))
}

/// A month in words: 令和8年4月.
pub fn said_month(month: YearMonth) -> String {
    let long = crate::kernel::era::long(month.first_day());
    long.trim_end_matches("1日").to_owned()
}

/// `GET /desk/parks/acceptance?contract=&month=`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    show(&cx, asked(&cx), &Entries::default(), &[]).await
}

/// `POST /desk/parks/acceptance`
pub async fn accept(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let (_, access) = cx.ledgers().open(cx.context(), ACCEPTANCE)?;
    if !access.may(Action::Create) {
        return Err(LedgerError::Forbidden { action: Action::Create }.into());
    }
    let contract: RecordId = entries.text("contract").parse().map_err(|_| Problem::not_found())?;
    let month = parse_year_month(entries.text("month")).map_err(|error| Problem::bad_request(error.to_string()))?;
    let found = accept::month(cx.ledgers(), cx.context(), contract, month).await?;
    let told = (entries.text("inspector"), entries.text("result"), entries.text("note"));
    let mistakes = match accept::accept(cx.ledgers(), cx.context(), cx.desk().ids(), &found, told).await {
        Ok(_) => return Ok(view::done_at(&href(contract, month), "accepted")),
        Err(error) => pieces::told(error)?,
    };
    show(&cx, Some((contract, month)), &entries, &mistakes).await
}

fn href(contract: RecordId, month: YearMonth) -> String {
    format!("{PATH}?contract={contract}&month={month}")
}

async fn show(
    cx: &Cx,
    asked: Option<(RecordId, YearMonth)>,
    entries: &Entries,
    mistakes: &[String],
) -> Result<Response, Problem> {
    let site = cx.desk_site(START);
    let mut page = pieces::page(&site, "出来高と検査");
    page = page.lead("契約と月を選ぶと、日報と出来高を確かめて検査を記録できます。");
    if let Some(notice) = view::done(cx, &[("accepted", "検査を記録しました。確認済みの日報は検査済みになりました。")])
    {
        page = page.notice(notice);
    }
    let contracts = records::all(cx.ledgers(), cx.context(), CONTRACT, ListRequest::all()).await?;
    if contracts.is_empty() {
        let add = LinkButton::new("契約を登録する", "/desk/ledgers/park-contract/new").look(Look::Primary).html();
        let empty = Empty::new("維持管理の契約がまだありません。").actions(add).html();
        return Ok(Html(page.body(empty).render()).into_response());
    }
    let names: Vec<(String, String)> =
        contracts.iter().map(|one| (one.id.to_string(), Read(one.fields()).text("name"))).collect();
    let month = asked.map_or_else(|| YearMonth::of(cx.context().today()), |(_, month)| month);
    let chosen = asked.map(|(contract, _)| contract.to_string()).unwrap_or_default();
    let options = names.iter().map(|(id, name)| (id.as_str(), name.as_str()));
    let when = FieldView::new("month", "月", FieldKind::YearMonth).value(month.to_string()).html(Lang::Ja);
    let mut body =
        view::narrowing(PATH, [view::chosen("contract", "契約", "選んでください", options, &chosen), when], "表示する");
    if let Some((contract, month)) = asked {
        let found = accept::month(cx.ledgers(), cx.context(), contract, month).await?;
        body.push(&of_month(cx, &found, entries, mistakes)?);
    }
    Ok(view::answer(page.body(body), !mistakes.is_empty()))
}

fn of_month(cx: &Cx, month: &Month, entries: &Entries, mistakes: &[String]) -> Result<SafeHtml, Problem> {
    let words = Words::of(cx.ledgers(), cx.context(), DAILY_REPORT)?;
    let paper = format!("{PATH}.pdf?contract={}&month={}", month.contract.id, month.month);
    let print = LinkButton::new("検査表（PDF）", paper).icon(Icon::Print).html();
    let mut body = view::section_with("出来高", &print, &lines(month));
    body.push(&view::section("日報", &reports(&month.reports, &words)));
    let (_, access) = cx.ledgers().open(cx.context(), ACCEPTANCE)?;
    match &month.accepted {
        Some(accepted) => {
            let read = Read(accepted.fields());
            let open = SafeHtml::link(&record_href(ACCEPTANCE, accepted.id), "検査の記録を開く");
            body.push(&view::section(
                "検査",
                &facts(&[
                    Fact::text("検査日", &said_day(read.date("accepted_on"))),
                    Fact::text("検査した職員", &read.text("inspector")),
                    Fact::html("記録", open),
                ]),
            ));
        }
        None if access.may(Action::Create) => body.push(&view::section("検査", &form(cx, month, entries, mistakes))),
        None => {}
    }
    Ok(body)
}

fn lines(month: &Month) -> SafeHtml {
    if month.lines.is_empty() && month.total_yen == 0 {
        return Empty::new("確認済みの日報がないため、出来高はまだありません。").html();
    }
    let number = |yen: i64| SafeHtml::escape(said::yen(Lang::Ja, yen));
    let rows = month.lines.iter().map(|line| {
        Row::new(vec![
            SafeHtml::escape(format!("{} {}", line.item_no, line.name)),
            SafeHtml::escape(format!("{}{}", said::grouped(line.quantity.to_f64()), line.unit)),
            number(line.unit_price_yen),
            number(line.amount_yen),
        ])
    });
    let columns = vec![
        Column::new("name", "作業"),
        Column::new("quantity", "数量").align(Align::Number),
        Column::new("price", "単価").align(Align::Number),
        Column::new("amount", "金額").align(Align::Number),
    ];
    let is_group = Read(month.contract.fields()).text("kind") == "group";
    let total = if is_group { "謝礼" } else { "合計（税抜き）" };
    let foot = vec![SafeHtml::escape(total), SafeHtml::EMPTY, SafeHtml::EMPTY, number(month.total_yen)];
    Table::new(Lang::Ja, "出来高", columns, rows.collect()).foot(foot).html()
}

fn reports(reports: &[Report], words: &Words) -> SafeHtml {
    if reports.is_empty() {
        return Empty::new("この月の日報はありません。").html();
    }
    let row = |report: &Report| {
        let read = Read(report.record.fields());
        let state = read.text("state");
        let look = match state.as_str() {
            "submitted" => State::Underway,
            "returned" => State::Warning,
            _ => State::Good,
        };
        let remarks: SafeHtml = report.remarks.iter().map(|remark| view::note(remark)).collect();
        let quantity = read.figure("quantity").map(|quantity| said::grouped(quantity.to_f64())).unwrap_or_default();
        Row::new(vec![
            SafeHtml::link(&record_href(DAILY_REPORT, report.record.id), &said_day(read.date("worked_on"))),
            SafeHtml::escape(&report.park),
            SafeHtml::escape(words.choice("work", &read.text("work"))),
            SafeHtml::escape(format!("{quantity}{}", read.text("unit"))),
            chip(look, &words.choice("state", &state)),
            if remarks.is_empty() { SafeHtml::or_dash("") } else { remarks },
        ])
    };
    let columns = vec![
        Column::new("day", "作業日").align(Align::Tight),
        Column::new("park", "公園"),
        Column::new("work", "作業"),
        Column::new("quantity", "数量").align(Align::Number),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("remarks", "確かめること"),
    ];
    Table::new(Lang::Ja, "日報", columns, reports.iter().map(row).collect()).html()
}

fn form(cx: &Cx, month: &Month, entries: &Entries, mistakes: &[String]) -> SafeHtml {
    let waiting = month.reports.iter().filter(|report| !report.is_checked()).count();
    let mut html = SafeHtml::EMPTY;
    if waiting > 0 {
        let text = "日報を開いて「確認済み」か「差戻し」にしてください。確認していない日報は出来高に入りません。";
        html.push(&Notice::new(Tone::Warning, format!("確認していない日報が{waiting}件あります")).text(text).html());
    }
    let name = cx.context().caller.account.as_ref().map(|account| account.display_name.clone()).unwrap_or_default();
    let typed = |key: &str, usual: String| if entries.has(key) { entries.text(key).to_owned() } else { usual };
    let results = [("passed", "合格"), ("mended", "手直しのうえ合格"), ("rejected", "不合格")];
    let results = results.map(|(key, label)| Choice::new(key, label)).to_vec();
    let mut form = Form::new(Lang::Ja, PATH)
        .hidden("contract", month.contract.id.to_string())
        .hidden("month", month.month.to_string())
        .fields(vec![
            FieldView::new("result", "検査の結果", FieldKind::Choice { choices: results })
                .required()
                .value(typed("result", "passed".to_owned())),
            FieldView::new("inspector", "検査した職員", FieldKind::Text { max: Some(120) })
                .required()
                .value(typed("inspector", name)),
            FieldView::new("note", "備考", FieldKind::Text { max: Some(400) }).value(typed("note", String::new())),
        ])
        .submit("検査を記録する");
    form = mistakes.iter().fold(form, |form, sentence| form.mistake(sentence.clone()));
    html.push(&form.html());
    html
}
