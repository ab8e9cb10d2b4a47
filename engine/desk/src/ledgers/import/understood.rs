//! What was understood of a file, what was guessed, and what was left: shown before and after an import, and as a file.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_schema::Action;
use kawasemi_sheets::report::{Finding, Report, Sort};
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::super::files::disposition;
use super::super::opened::Opened;
use super::{fetch, kept, map};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::section_with;

/// Places that are named on the screen; the file has more.
const NAMED: usize = 8;

/// The section of a page; nothing where there is nothing to tell. `csv` is where the file of it is.
pub fn section(report: &Report, csv: &str) -> SafeHtml {
    if report.findings.is_empty() {
        return SafeHtml::default();
    }
    let button = LinkButton::new("この報告をCSVで保存", csv).icon(Icon::Download).download().html();
    let mut html = SafeHtml::default();
    for sort in Sort::ALL {
        let found: Vec<&Finding> = report.of(sort).collect();
        if found.is_empty() {
            continue;
        }
        html.push(&SafeHtml::trusted(format!("<h3>{}</h3><ul class=\"plain-list stack-small\">", sort.label())));
        for finding in found {
            html.push(&SafeHtml::trusted("<li>".to_owned()));
            html.push(&SafeHtml::escape(&finding.text));
            let places = places(finding);
            if !places.is_empty() {
                html.push(&SafeHtml::trusted(" <span class=\"text-small text-soft\">".to_owned()));
                html.push(&SafeHtml::escape(&places));
                html.push(&SafeHtml::trusted("</span>".to_owned()));
            }
            html.push(&SafeHtml::trusted("</li>".to_owned()));
        }
        html.push(&SafeHtml::trusted("</ul>".to_owned()));
    }
    section_with("ファイルをどう読んだか", &button, &html)
}

fn places(finding: &Finding) -> String {
    let shown = Finding { at: finding.at.iter().take(NAMED).cloned().collect(), ..finding.clone() };
    shown.places()
}

/// `GET /desk/ledgers/{ledger}/import/map/report.csv`
pub async fn of_file(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let query = cx.path().split_once('?').map_or("", |(_, query)| query);
    let entries = Entries::from_urlencoded(query.as_bytes());
    let kept = kept(&cx, opened.key(), entries.text("file")).await?;
    let temporary = fetch(&cx, &kept.file).await?;
    let options = map::options(&entries).unwrap_or_default();
    let (look, _) = cx.ledgers().look_at_file(cx.context(), opened.key(), temporary.path(), &options).await?;
    Ok(csv(&opened, &look.understood))
}

/// A report as a file to be saved.
pub fn csv(opened: &Opened, report: &Report) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{}_読み方の報告.csv", opened.title()))),
    ];
    (headers, report.to_csv()).into_response()
}
