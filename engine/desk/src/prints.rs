//! Papers as answers: making a job's PDF, and the page with which an official print stops.
//!
//! Every page that prints does it through here, so that a stop looks the same everywhere and tells a person what to do.

use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};
use kawasemi_identity::Context;
use kawasemi_kernel::Lang;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_print::{Finding, Job, Mark, Pdf, PrintError};
use kawasemi_schema::Action;
use kawasemi_store::City;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use crate::ledgers::opened::{Opened, ledger_href};
use crate::problem::Problem;
use crate::request::Cx;

/// Prints a job with the city's external characters. What keeps it from being printed comes back, so that the page can show it in
/// its own frame ([`stopped`]); [`PrintError`] is a [`Problem`] as well.
///
/// # Errors
/// When the table of external characters can't be read.
pub async fn print(cx: &Cx, mut job: Job) -> Result<Result<Pdf, PrintError>, Problem> {
    job.options.mark = mark(&cx.city().city);
    let external = external_characters(cx).await?;
    let printer = cx.desk().settings().printer.clone();
    let printed = tokio::task::spawn_blocking(move || printer.print(&job, &external)).await;
    printed.map_err(|error| Problem::internal(&error))
}

/// What stands on every paper of a training city.
pub fn mark(city: &City) -> Option<Mark> {
    let t = crate::words(Lang::Ja);
    city.is_training().then(|| Mark { across: t.get("training-mark"), above: t.get("training-paper") })
}

/// The city's external characters (外字), whoever asks: they decide how a name is shown, not what is seen.
///
/// # Errors
/// When the register can't be read.
pub async fn external_characters(cx: &Cx) -> Result<ExternalCharacters, Problem> {
    let context = Context::system(cx.context().act.at, "");
    Ok(kawasemi_registry::external::table(cx.ledgers(), &context).await?)
}

/// A PDF that the browser shows, under a name in any script.
pub fn answer(name: &str, pdf: Pdf) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, crate::ledgers::disposition("inline", name)),
    ];
    (headers, pdf.bytes).into_response()
}

/// The page with which an official print stops: every character that can't be shown, where it stands, why, and what to do. `ways`
/// are the page's own buttons: to what is to be mended, or to an ordinary print.
pub fn stopped(cx: &Cx, page: Page<'_>, what: &str, ways: &SafeHtml, findings: &[Finding]) -> Response {
    let several = findings.iter().any(|finding| finding.subject != findings[0].subject);
    let mut heads = vec![
        Column::new("field", "項目"),
        Column::new("text", "前後の文字"),
        Column::new("character", "符号").align(Align::Tight),
        Column::new("advice", "どうすればよいか"),
    ];
    if several {
        heads.insert(0, Column::new("subject", "記録"));
    }
    let row = |finding: &Finding| {
        let Finding { subject, field, text, code_points, reason, .. } = finding;
        let cells = several.then_some(subject.as_str()).into_iter().chain([
            field.as_str(),
            text.as_str(),
            code_points.as_str(),
            reason.advice(),
        ]);
        Row::new(cells.map(SafeHtml::escape).collect())
    };
    let caption = format!("印刷できない文字（{}か所）", findings.len());
    let mut body = Table::new(Lang::Ja, caption, heads, findings.iter().map(row).collect()).show_caption().html();
    let mut buttons = ways.clone();
    let register = kawasemi_registry::EXTERNAL_CHARACTER;
    if Opened::for_action(cx, register, Action::Read).is_ok() {
        buttons.push(&LinkButton::new("外字の台帳を開く", ledger_href(register)).html());
    }
    body.push(&SafeHtml::trusted(format!("<div class=\"button-row\">{buttons}</div>")));
    let text = format!(
        "{what}に、登録のとおりの字形で印刷できない文字があります。誤った文字や空白の書類を出さないよう、印刷を止めました。"
    );
    let page = page.notice(Notice::new(Tone::Warning, "印刷を止めました").text(text)).body(body);
    (StatusCode::UNPROCESSABLE_ENTITY, Html(page.render())).into_response()
}

impl From<PrintError> for Problem {
    fn from(error: PrintError) -> Self {
        let said = error.to_string();
        let refused = |status, kind, title: &str| Self::new(status, kind, title, said.clone());
        match error {
            PrintError::Stopped(_) => refused(StatusCode::UNPROCESSABLE_ENTITY, "print-stopped", "印刷を止めました"),
            PrintError::NoFonts(_) => refused(StatusCode::SERVICE_UNAVAILABLE, "no-fonts", "印刷の書体がありません"),
            PrintError::TooLarge | PrintError::TooSlow => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "print-too-large", "印刷できませんでした")
            }
            PrintError::Busy => refused(StatusCode::SERVICE_UNAVAILABLE, "busy", "混み合っています"),
            // A mistake of ours or of the city's template: the person can do nothing about it.
            PrintError::Blank { .. } | PrintError::Template { .. } => Self::internal(&error),
        }
    }
}
