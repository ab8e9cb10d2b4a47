//! Taking records out as a file (書き出し): what, in which format; the file streams while it is read.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::StreamExt as _;
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::civil_date;
use kawasemi_ledger::export::Headings;
use kawasemi_ledger::{ExportRequest, Format, LedgerError};
use kawasemi_schema::{Action, FieldKind};
use kawasemi_ui::Component;
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::list::count as count_words;
use kawasemi_ui::notice::{Notice, Tone};
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
    let page = opened.page(&site, "書き出す").notice(notice).body(form(&opened, &asked).html());
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
    let request = request(&cx, &opened);
    cx.ledgers().check_export(cx.context(), &ledger, &request).await?;
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
    }
}

/// The form is sent by GET: the file has an address that can be kept and used again.
fn form(opened: &Opened, asked: &Asked) -> Form {
    let has_place =
        opened.fields().any(|field| matches!(field.kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon));
    let formats = Format::ALL.into_iter().filter(|format| has_place || *format != Format::GeoJson);
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
    let fields = vec![
        FieldView::new("format", "形式", Control::Choice { choices: formats })
            .hint("Excelで開くならExcel形式、古い業務システムへ渡すならCSV（Shift_JIS）を選びます。Shift_JISにない文字は〓になります。")
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
