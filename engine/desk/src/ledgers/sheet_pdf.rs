//! The printed sheet (調書) as a PDF: an official print, which stops with a list where a character can't be shown as it is
//! registered, or a print for use in the hall, which marks substitutes.

use axum::response::Response;
use futures::TryStreamExt as _;
use jiff::tz::TimeZone;
use kawasemi_kernel::{FileRef, Value};
use kawasemi_ledger::Visible;
use kawasemi_print::sheet::{Picture, Sheet};
use kawasemi_print::{Finding, Footer, Options, PrintError};
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::qr::qr_svg_image;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::at::At;
use super::cells;
use super::names::Names;
use super::opened::{Opened, record_href, style};
use crate::prints;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::when;

/// Bytes of pictures that are printed with one record; further ones are named only.
const PICTURES: u64 = 24 * 1024 * 1024;

/// `GET /desk/ledgers/{ledger}/{id}/sheet.pdf`; with `kind=ordinary` for use in the hall.
pub async fn show(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let opened = Opened::new(&cx, &ledger)?;
    let record = cx.ledgers().get(cx.context(), &ledger, id).await?;
    let labels = cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?;
    let names = Names::of(&cx, [&record]).await?;
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let changed = changed(&opened, &record, names.get(record.updated_by));
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
    match prints::print(&cx, job).await? {
        Ok(pdf) => Ok(prints::answer(&format!("{}調書.pdf", opened.title()), pdf)),
        Err(PrintError::Stopped(list)) => Ok(stopped(&cx, &opened, &name, (&href, may_update), &list.findings)),
        Err(error) => Err(error.into()),
    }
}

fn options(cx: &Cx, opened: &Opened, record: &Visible, is_official: bool) -> Options {
    let at = cx.context().act.at;
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let title = format!("{}調書", opened.title());
    let options = if is_official { Options::official(title, at, zone) } else { Options::ordinary(title, at, zone) };
    let by = cx.context().caller.account.as_ref().map(|account| account.display_name.as_str()).unwrap_or_default();
    let footer =
        Footer { reference: record.number.clone().unwrap_or_default(), printed: format!("出力 {}　{by}", when(at)) };
    Options { author: cx.city_name().to_owned(), footer, ..options }
}

/// As of which day another system's record is known, and when and by whom the record was changed.
pub(super) fn changed(opened: &Opened, record: &Visible, by: &str) -> String {
    let known = kawasemi_ledger::master::of(&opened.def, record.fields());
    let known = known.map(|mastered| format!("{}　", cells::known(&mastered))).unwrap_or_default();
    format!("{known}第{}版　{}　{by}", record.revision, when(record.updated_at))
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

/// What keeps the sheet from being printed, and the ways on.
fn stopped(cx: &Cx, opened: &Opened, name: &str, (record, may_update): (&str, bool), findings: &[Finding]) -> Response {
    let mut ways = SafeHtml::EMPTY;
    if may_update {
        let edit = LinkButton::new("記録を直す", format!("{record}/edit")).look(Look::Primary).icon(Icon::Edit);
        ways.push(&edit.html());
    }
    let ordinary = LinkButton::new("庁内用に代わりの文字で印刷", format!("{record}/sheet.pdf?kind=ordinary"));
    ways.push(&ordinary.icon(Icon::Print).html());
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "調書を印刷できません").crumb(name, record);
    prints::stopped(cx, page, &format!("「{name}」"), &ways, findings)
}
