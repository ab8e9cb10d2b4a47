//! Taking records out as a file (書き出し): what, in which format; the file streams while it is read.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::StreamExt as _;
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::text::cluster::code_points;
use kawasemi_ledger::export::{Headings, Replacement};
use kawasemi_ledger::{ExportReport, ExportRequest, Format, LedgerError};
use kawasemi_schema::{Action, FieldKind};
use kawasemi_ui::button::{self, LinkButton, Look};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::list::count as count_words;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::asked::Asked;
use super::files::disposition;
use super::list::{COUNTED, said};
use super::opened::Opened;
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// Parts of a file that wait to be sent.
const WAITING: usize = 4;
/// Characters that are shown one by one, where Shift_JIS has none for them.
const SHOWN: usize = 50;
/// Says that a file may hold 〓 in place of what Shift_JIS does not have.
const SURE: &str = "sure";
/// Most records that are named one by one in a condition.
const CHOSEN: usize = 500;

/// `GET /desk/ledgers/{ledger}/export`: what to take out, and how.
pub async fn ask(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Export)?;
    let asked = Asked::of(cx.path()).with(|asked| asked.size = 0);
    let request = asked.request(&opened.def, None);
    let counted = match cx.ledgers().count(cx.context(), &ledger, &request, COUNTED).await {
        Ok(counted) => said(counted),
        Err(LedgerError::NotFound) => kawasemi_ui::list::Count::Unknown,
        Err(error) => return Err(error.into()),
    };
    let what = if asked.is_narrowed() { "絞り込んだ記録" } else { "すべての記録" };
    let notice = Notice::new(Tone::Info, format!("{what}を書き出します（{}）", count_words(Lang::Ja, counted)))
        .text("見える記録と項目だけが書き出されます。個人情報を含むときは、閲覧の記録に残ります。");
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "書き出す").notice(notice).body(form(&cx, &opened, &asked).html());
    Ok(Html(page.render()).into_response())
}

/// `POST /desk/ledgers/{ledger}/export/chosen`: the records that were ticked in the list.
pub async fn chosen(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Export)?;
    let ids = super::bulk::chosen(&entries, CHOSEN);
    if ids.is_empty() {
        return Err(Problem::bad_request("書き出す記録が選ばれていません。一覧に戻り、記録の左の欄で選んでください。"));
    }
    let asked = Asked { filter: super::bulk::condition(&ids), ..Asked::default() };
    Ok(Redirect::to(&asked.href(&opened.at("export"))).into_response())
}

/// `GET /desk/ledgers/{ledger}/export/file`: the file. What would fail is refused before the first byte is sent.
pub async fn file(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Export)?;
    let mut request = request(&cx, &opened);
    if request.format.is_cp932() {
        request.external = crate::prints::external_characters(&cx).await?.into();
    }
    cx.ledgers().check_export(cx.context(), &ledger, &request).await?;
    if request.format.is_cp932() && cx.query(SURE).is_none() {
        let report = tried(&cx, &ledger, &request).await?;
        if report.replaced > 0 || !report.cut.is_none() {
            return Ok(missing(&cx, &opened, &report, request.format));
        }
    }
    let (sender, receiver) = mpsc::channel(WAITING);
    let (ledgers, context) = (cx.ledgers().clone(), cx.context().clone());
    let (key, format, reference) = (ledger.clone(), request.format, cx.reference().to_owned());
    let (failed, failure) = mpsc::channel::<std::io::Error>(1);
    tokio::spawn(async move {
        if let Err(error) = ledgers.export(&context, &key, &request, sender).await {
            tracing::warn!(reference, error = %error, "an export did not finish");
            // The connection is broken off, so that nobody takes half a file for a whole one.
            drop(failed.send(std::io::Error::other("the export failed")).await);
        }
    });
    let parts = ReceiverStream::new(receiver).map(Ok::<_, std::io::Error>);
    let content = parts.chain(ReceiverStream::new(failure).map(Err));
    let day = civil_date(cx.context().act.at).strftime("%Y%m%d").to_string();
    let name = format!("{}_{day}.{}", opened.title(), format.extension());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition("attachment", &name)),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

/// Writes a file to nobody, to know beforehand what it could not hold.
async fn tried(cx: &Cx, ledger: &str, request: &ExportRequest) -> Result<ExportReport, Problem> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let thrown_away = async { while receiver.recv().await.is_some() {} };
    let (report, ()) = tokio::join!(cx.ledgers().export(cx.context(), ledger, request, sender), thrown_away);
    Ok(report?)
}

/// Which characters Shift_JIS does not have, and what can be done about it. Nothing has been written yet.
fn missing(cx: &Cx, opened: &Opened, report: &ExportReport, format: Format) -> Response {
    let path = cx.path();
    // What holds every character of the same thing.
    let (better, better_label) = if format == Format::Shapefile {
        ("gpkg", "GeoPackageで書き出す")
    } else {
        ("csv", "UTF-8のCSVで書き出す")
    };
    let again = |change: &str| {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let pairs =
            url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| change != better || name != "format");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let pair = if change == better { ("format", change) } else { (SURE, "1") };
        format!("{}?{}", opened.at("export/file"), query.append_pair(pair.0, pair.1).finish())
    };
    let columns = vec![
        Column::new("line", "行").align(Align::Number),
        Column::new("column", "列"),
        Column::new("character", "文字"),
        Column::new("code", "文字コード"),
        Column::new("written", "代わりの文字"),
    ];
    let row = |each: &Replacement| {
        let texts = [
            format!("{}行目", each.line),
            each.column.clone(),
            each.character.clone(),
            code_points(&each.character),
            each.written.clone(),
        ];
        Row::new(texts.iter().map(SafeHtml::escape).collect())
    };
    let rows = report.replacements.iter().take(SHOWN).map(row).collect();
    let mut body = SafeHtml::default();
    for (count, what) in [
        (report.cut.texts, "個の値は長すぎて入りきらず、後ろが切れます。"),
        (report.cut.shapes, "個の図形はこの形式で表せず、空になります。"),
    ] {
        if count > 0 {
            body.push(&crate::view::note(&format!("{}{what}", said_number(count))));
        }
    }
    if report.replaced > 0 {
        body.push(&Table::new(Lang::Ja, "Shift_JISにない文字", columns, rows).html());
    }
    if report.replaced > SHOWN as u64 {
        body.push(&crate::view::note(&format!("最初の{SHOWN}字を表示しています。")));
    }
    body.push(&button::row([
        LinkButton::new(better_label, again(better)).look(Look::Primary).icon(Icon::Download).download().html(),
        LinkButton::new("代わりの文字で書き出す", again(SURE)).icon(Icon::Download).download().html(),
        LinkButton::new("書き出しの設定に戻る", opened.at("export")).look(Look::Quiet).html(),
    ]));
    let title = if report.replaced > 0 {
        format!("Shift_JISで表せない文字が{}字あります", said_number(report.replaced))
    } else {
        "この形式に入りきらないものがあります".to_owned()
    };
    let text = if format == Format::Shapefile {
        "まだ書き出していません。GeoPackageなら、すべてをそのまま書き出せます。このまま書き出すと、元には戻せません。"
    } else {
        "まだ書き出していません。UTF-8なら、すべての文字をそのまま書き出せます。代わりの文字にすると、元の文字には戻せません。"
    };
    let notice = Notice::new(Tone::Warning, title).text(text);
    let site = cx.desk_site("ledgers");
    Html(opened.page(&site, "表せない文字があります").notice(notice).body(body).render()).into_response()
}

fn said_number(number: u64) -> String {
    kawasemi_ui::said::whole(i64::try_from(number).unwrap_or(i64::MAX))
}

fn request(cx: &Cx, opened: &Opened) -> ExportRequest {
    let asked = Asked::of(cx.path()).with(|asked| asked.size = 0);
    let fields = (!asked.columns.is_empty()).then(|| asked.columns.clone());
    let is = |name: &str, value: &str| cx.query(name).as_deref() == Some(value);
    ExportRequest {
        list: asked.request(&opened.def, fields),
        format: cx.query("format").and_then(|key| Format::from_key(&key)).unwrap_or_default(),
        headings: if is("headings", "keys") { Headings::Keys } else { Headings::Labels },
        keys: is("values", "keys"),
        wareki: is("dates", "wareki"),
        crs: cx.query("crs").filter(|crs| !crs.is_empty()),
        external: <_>::default(),
    }
}

/// The form is sent by GET: the file has an address that can be kept and used again.
fn form(cx: &Cx, opened: &Opened, asked: &Asked) -> Form {
    let has_place =
        opened.fields().any(|field| matches!(field.kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon));
    let formats = Format::ALL.into_iter().filter(|format| has_place || !format.is_geographic());
    let formats = formats.map(|format| Choice::new(format.key(), format.label())).collect();
    let columns: Vec<Choice> =
        opened.access.visible_fields(Action::Export).map(|field| Choice::new(&field.key, field.label.ja())).collect();
    let all: Vec<String> = if asked.columns.is_empty() {
        columns.iter().map(|choice| choice.key.clone()).collect()
    } else {
        asked.columns.clone()
    };
    let two = |one: (&str, &str), other: (&str, &str)| Control::Choice {
        choices: vec![Choice::new(one.0, one.1), Choice::new(other.0, other.1)],
    };
    let mut fields = vec![
        FieldView::new("format", "形式", Control::Choice { choices: formats })
            .hint("Excelで開くならExcel形式、古い業務システムへ渡すならCSV（Shift_JIS）を選びます。Shift_JISにない文字があるときは、書き出す前に知らせます。")
            .value("xlsx")
            .required(),
        FieldView::new("dates", "日付", two(("iso", "西暦（2026-04-01）"), ("wareki", "和暦（令和8年4月1日）")))
            .value("iso")
            .required(),
        FieldView::new("values", "選択肢と参照", two(("labels", "名称"), ("keys", "キー・ID（取り込み直すとき）")))
            .value("labels")
            .required(),
        FieldView::new("headings", "見出し", two(("labels", "項目名"), ("keys", "キー"))).value("labels").required(),
        FieldView::new("columns", "書き出す項目", Control::ManyChoices { choices: columns }).value(all),
    ];
    if has_place {
        let around = kawasemi_ledger::import::around(cx.city().city.code());
        let choices = around.into_iter().map(|(key, label)| Choice::new(key, label)).collect();
        let field = FieldView::new("crs", "座標系（GeoPackage・Shapefile）", Control::Choice { choices })
            .hint("GISや測量の図面に重ねるなら平面直角座標系、それ以外は緯度経度を選びます。GeoJSONはいつも緯度経度です。")
            .value("EPSG:6668");
        fields.insert(1, field);
    }
    let hidden = asked.with(|asked| asked.columns.clear());
    let form = Form::new(Lang::Ja, opened.at("export/file")).get().fields(fields);
    let pairs = url::form_urlencoded::parse(hidden.query().as_bytes()).into_owned().collect::<Vec<_>>();
    pairs
        .into_iter()
        .fold(form, |form, (name, value)| form.hidden(name, value))
        .submit("書き出す")
        .cancel(asked.href(&opened.href()))
        .plain()
}
