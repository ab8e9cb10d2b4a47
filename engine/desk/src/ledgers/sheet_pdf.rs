//! The printed sheet (調書) as a PDF: an official print, which stops with a list where a character can't be shown as it is
//! registered, or a print for use in the hall, which marks substitutes.

use axum::response::{Html, IntoResponse, Response};
use futures::TryStreamExt as _;
use http::{StatusCode, header};
use jiff::tz::TimeZone;
use kawasemi_identity::Context;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_kernel::{FileRef, Lang, Value};
use kawasemi_ledger::Visible;
use kawasemi_print::sheet::{Picture, Sheet};
use kawasemi_print::{Finding, Footer, Options, Pdf, PrintError};
use kawasemi_schema::Action;
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::qr::qr_svg_image;
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::at::At;
use super::files::disposition;
use super::names::Names;
use super::opened::{Opened, ledger_href, record_href, style};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{note, when};

/// Bytes of pictures that are printed with one record; further ones are named only.
const PICTURES: u64 = 24 * 1024 * 1024;

/// `GET /desk/ledgers/{ledger}/{id}/sheet.pdf`; with `kind=ordinary` for use in the hall.
pub async fn show(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let opened = Opened::new(&cx, &ledger)?;
    let record = cx.ledgers().get(cx.context(), &ledger, id).await?;
    let labels = cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?;
    let names = Names::of(&cx, [&record]).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let changed = changed(&record, names.get(record.updated_by));
    let fields: Vec<_> = opened.fields().collect();
    let sheet = Sheet {
        ledger: &opened.def,
        fields: &fields,
        record: &record,
        labels: &labels,
        name: &name,
        changed: &changed,
    };
    let href = record_href(&ledger, id);
    let may_update = record.may.update && record.deleted_at.is_none();
    let address = cx.origin().and_then(|origin| origin.join(&href).ok());
    let qr = address.and_then(|address| qr_svg_image(address.as_str()).ok());
    let pictures = pictures(&cx, &opened, &record).await?;
    let is_official = cx.query("kind").as_deref() != Some("ordinary");
    let job = sheet.job(options(&cx, &opened, &record, is_official), qr.map(String::into_bytes), pictures);
    let external = external(&cx).await?;
    let printer = cx.desk().settings().printer.clone();
    let printed = tokio::task::spawn_blocking(move || printer.print(&job, &external)).await;
    match printed.map_err(|error| Problem::internal(&error))? {
        Ok(pdf) => Ok(file(&format!("{}調書.pdf", opened.title()), pdf)),
        Err(PrintError::Stopped(list)) => {
            Ok(stopped(&cx, &opened, &name, (&href, may_update), &list.findings))
        }
        Err(error) => Err(error.into()),
    }
}

/// The city's external characters, whoever asks: they decide how a name is shown, not what is seen.
pub async fn external(cx: &Cx) -> Result<ExternalCharacters, Problem> {
    let context = Context::system(cx.context().act.at, "");
    Ok(kawasemi_registry::external::table(cx.ledgers(), &context).await?)
}

fn options(cx: &Cx, opened: &Opened, record: &Visible, is_official: bool) -> Options {
    let at = cx.context().act.at;
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let title = format!("{}調書", opened.title());
    let options = if is_official { Options::official(title, at, zone) } else { Options::ordinary(title, at, zone) };
    let by = cx.context().caller.account.as_ref().map(|account| account.display_name.as_str()).unwrap_or_default();
    let footer = Footer {
        reference: record.number.clone().unwrap_or_default(),
        printed: format!("出力 {}　{by}", when(at)),
    };
    Options { author: cx.city_name().to_owned(), footer, ..options }
}

fn changed(record: &Visible, by: &str) -> String {
    format!("第{}版　{}　{by}", record.revision, when(record.updated_at))
}

/// The pictures among the files that the caller may see, as many as fit.
async fn pictures(cx: &Cx, opened: &Opened, record: &Visible) -> Result<Vec<Picture>, Problem> {
    let mut found = Vec::new();
    let mut left = PICTURES;
    for field in opened.fields().filter(|field| !record.is_masked(field)) {
        let Value::Files(files) = record.get(&field.key) else { continue };
        for file in files {
            let Some(extension) = extension(file).filter(|_| file.size <= left) else { continue };
            let content = cx.city().files.get(&file.sha256).await.map_err(|error| Problem::internal(&error))?;
            let parts: Vec<_> = content.try_collect().await.map_err(|error| Problem::internal(&error))?;
            left -= file.size;
            found.push(Picture {
                label: field.label.ja().to_owned(),
                name: file.name.clone(),
                extension,
                bytes: parts.concat(),
            });
        }
    }
    Ok(found)
}

fn extension(file: &FileRef) -> Option<&'static str> {
    match file.media_type.as_str() {
        "image/png" => Some("png"),
        "image/jpeg" => Some("jpg"),
        "image/gif" => Some("gif"),
        _ => None,
    }
}

fn file(name: &str, pdf: Pdf) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, disposition("inline", name)),
    ];
    (headers, pdf.bytes).into_response()
}

/// What keeps the sheet from being printed, and the ways on.
fn stopped(cx: &Cx, opened: &Opened, name: &str, (record, may_update): (&str, bool), findings: &[Finding]) -> Response {
    let heads = vec![
        Column::new("field", "項目"),
        Column::new("text", "前後の文字"),
        Column::new("character", "符号"),
        Column::new("advice", "どうすればよいか"),
    ];
    let row = |finding: &Finding| {
        let cells = [&finding.field, &finding.text, &finding.code_points].map(SafeHtml::escape);
        Row::new(cells.into_iter().chain([SafeHtml::escape(finding.reason.advice())]).collect())
    };
    let caption = format!("印刷できない文字（{}か所）", findings.len());
    let table = Table::new(Lang::Ja, caption, heads, findings.iter().map(row).collect()).show_caption();
    let mut buttons = SafeHtml::EMPTY;
    if may_update {
        let edit = LinkButton::new("記録を直す", format!("{record}/edit")).look(Look::Primary).icon(Icon::Edit);
        buttons.push(&edit.html());
    }
    let characters = kawasemi_registry::EXTERNAL_CHARACTER;
    if Opened::for_action(cx, characters, Action::Read).is_ok() {
        buttons.push(&LinkButton::new("外字の台帳を開く", ledger_href(characters)).html());
    }
    let ordinary = LinkButton::new("庁内用に代わりの文字で印刷", format!("{record}/sheet.pdf?kind=ordinary"));
    buttons.push(&ordinary.icon(Icon::Print).html());
    let mut body = table.html();
    body.push(&SafeHtml::trusted(format!("<div class=\"button-row\">{buttons}</div>")));
    body.push(&note("庁内用の印刷では、代わりの文字に点線を、表せない文字に枠と符号を付けます。正式な書類には使えません。"));
    let site = cx.desk_site("ledgers");
    let text = format!(
        "「{name}」に、登録のとおりの字形で印刷できない文字があります。誤った文字や空白の書類を出さないよう、印刷を止めました。"
    );
    let page = opened
        .page(&site, "調書を印刷できません")
        .crumb(name, record)
        .notice(Notice::new(Tone::Warning, "印刷を止めました").text(text))
        .body(body);
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
