//! Single entries of one person's day, and whether the logs are whole.

use axum::response::{Html, IntoResponse, Redirect, Response};
use kawasemi_identity::{AccessLog, AccessQuery};
use kawasemi_kernel::context::start_of;
use kawasemi_oversight::seals::LogReport;
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::reports::{ENTRY_COLUMNS, entry_rows};
use super::sheet::Sheet;
use super::{PATH, page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, paragraph};

const ENTRIES: &str = "/desk/audit/entries";
const LOGS: &str = "/desk/audit/logs";

/// `GET /desk/audit/entries`: one person's entries of one day.
pub async fn entries(cx: Cx) -> Result<Response, Problem> {
    let entered = |name: &str| cx.query(name).unwrap_or_default();
    let (account, day, record) = (entered("account"), entered("day"), entered("record"));
    let (Ok(id), Ok(date)) = (account.parse::<Uuid>(), day.parse::<jiff::civil::Date>()) else {
        return Ok(Redirect::to(PATH).into_response());
    };
    let query = AccessQuery {
        account: Some(id),
        record: record.parse().ok(),
        from: Some(start_of(date)),
        until: Some(start_of(date.tomorrow().unwrap_or(date))),
        limit: 1_000,
        ..AccessQuery::default()
    };
    let found = AccessLog::list(&cx.city().city, cx.context(), &query).await?;
    let sheet = Sheet {
        title: "アクセスの記録",
        lead: format!("{}の1日分", kawasemi_kernel::era::long(date)),
        columns: ENTRY_COLUMNS.to_vec(),
        rows: entry_rows(&cx, &found).await?,
        none: "この日の記録はありません",
        remark: "新しいものから1,000件までです。",
        notice: None,
    };
    let csv = address(ENTRIES, &[("account", &account), ("day", &day), ("record", &record), ("format", "csv")]);
    Ok(sheet.answer(&cx, SafeHtml::EMPTY, &csv))
}

/// `GET /desk/audit/logs`: what protects the logs.
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    Ok(checked(&cx, None))
}

/// `POST /desk/audit/logs/verify`
pub async fn verify(cx: Cx) -> Result<Response, Problem> {
    let report = cx.city().oversight.verify_logs().await?;
    Ok(checked(&cx, Some(&report)))
}

fn checked(cx: &Cx, report: Option<&LogReport>) -> Response {
    let mut body = paragraph(
        "アクセスログと認証の記録は足すことしかできません。10秒ごとに通し番号と署名付きの検印が付き、1時間ごとに検印の控えが監査の記録に\
         入ります。書換え、削除、差込みは、ここで確かめると見つかります。",
    );
    body.push(&Post::new(format!("{LOGS}/verify"), Submit::new("記録が書き換えられていないか確かめる")).html());
    let site = site(cx);
    let mut page = page(&site, "ログの確認");
    if let Some(report) = report {
        let count = |number: u64| format!("{number}件");
        body.push(&facts(&[
            Fact::text("確かめた記録", &count(report.entries)),
            Fact::text("検印", &count(report.seals)),
            Fact::text("検印がまだの記録", &count(report.unsealed)),
            Fact::text("保存期間が満了し廃棄した記録", &count(report.purged)),
        ]));
        page = page.notice(match report.broken {
            0 => Notice::new(Tone::Success, "書き換えは見つかりませんでした"),
            broken => {
                let items: SafeHtml = report
                    .findings
                    .iter()
                    .map(|finding| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(finding))))
                    .collect();
                Notice::new(Tone::Error, format!("{broken}か所に問題があります"))
                    .more(SafeHtml::trusted(format!("<ul>{items}</ul>")))
            }
        });
    }
    Html(page.body(body).render()).into_response()
}
