//! Takes in a paper: choose the file, look at what would happen, press one button.
//!
//! Nothing is written before the button. Between the two steps the file travels in the page, packed, so that the server keeps
//! nothing of it; what was shown is worked out again when the button is pressed, and shown again if it no longer holds.

use std::io::Read as _;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::desk::told;
use super::pieces::{BOARD, initiative_href};
use crate::definitions::INITIATIVE;
use crate::import::{self, Act, ImportError, Planned, Remark};
use crate::kernel::Lang;
use crate::kernel::fiscal::FiscalYear;
use crate::ledger::LedgerError;
use crate::paper::MAX_PAPER_BYTES;
use crate::platform::desk::{Cx, Entries, Problem, Uploads};
use crate::platform::ui::button::{LinkButton, Look, Submit};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::diff::{Change, Diff};
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::steps;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::schema::Action;

const STEPS: [&str; 3] = ["ファイルを選ぶ", "内容を確かめる", "取り込み"];

/// `GET /desk/policy/import`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    allowed(&cx)?;
    Ok(choose(&cx, None, "", StatusCode::OK))
}

/// Only who may import initiatives; to others who may see the board the page says so.
fn allowed(cx: &Cx) -> Result<(), Problem> {
    let (_, access) = cx.ledgers().open(cx.context(), INITIATIVE)?;
    if access.may(Action::Import) { Ok(()) } else { Err(LedgerError::Forbidden { action: Action::Import }.into()) }
}

#[derive(Template)]
#[template(path = "import_choose.html")]
struct Choose<'a> {
    steps: SafeHtml,
    year: &'a str,
    limit: String,
}

/// The page on which the file is chosen, with what was wrong with the one before.
fn choose(cx: &Cx, refused: Option<String>, year: &str, status: StatusCode) -> Response {
    let limit = said::bytes(u64::try_from(MAX_PAPER_BYTES).unwrap_or(u64::MAX));
    let body = Choose { steps: steps(Lang::Ja, &STEPS, 0), year, limit }.html();
    let site = cx.desk_site(BOARD);
    let mut page = Page::new(&site, "方針書の取り込み").crumb("ホーム", "/desk").crumb("部局運営方針", BOARD).lead(
        "部局から集めた方針書を読み取り、部局・重点項目・取り組みに分けて台帳に入れます。直した方針書をもう一度取り込むと、直したところだけが変わります。",
    );
    if let Some(sentence) = refused {
        page = page
            .notice(Notice::new(Tone::Error, "方針書を読み取れませんでした。何も書き込まれていません。").text(sentence))
            .with_mistakes();
    }
    (status, Html(page.body(body).render())).into_response()
}

/// A file as the form sends it.
struct Sent {
    name: String,
    bytes: Vec<u8>,
    year: Option<FiscalYear>,
}

/// `POST /desk/policy/import`: reads the file and shows what would happen.
pub async fn preview(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    allowed(&cx)?;
    let typed = uploads.entries.text("year").to_owned();
    match sent(&uploads).and_then(|sent| Ok((year(&typed)?, sent))) {
        Ok((year, (name, bytes))) => shown(&cx, Sent { name, bytes, year }, None, &typed).await,
        Err(sentence) => Ok(choose(&cx, Some(sentence), &typed, StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

fn year(typed: &str) -> Result<Option<FiscalYear>, String> {
    match typed {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|error| format!("年度「{typed}」を読めません。{error}")),
    }
}

/// The file that was chosen, if it may be a paper at all.
fn sent(uploads: &Uploads) -> Result<(String, Vec<u8>), String> {
    let upload = uploads.file("paper").ok_or("方針書のファイルを選んでください。")?;
    if upload.size > u64::try_from(MAX_PAPER_BYTES).unwrap_or(u64::MAX) {
        return Err(format!(
            "「{}」は大きすぎます（{}）。上限は{}です。方針書の表だけを書き出したテキストにしてください。",
            upload.name,
            said::bytes(upload.size),
            said::bytes(u64::try_from(MAX_PAPER_BYTES).unwrap_or(u64::MAX))
        ));
    }
    let bytes = std::fs::read(upload.file.path())
        .map_err(|_| "送られたファイルを開けませんでした。もう一度選んでください。")?;
    Ok((upload.name.clone(), bytes))
}

/// `POST /desk/policy/import/apply`: does what was shown.
pub async fn apply(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    allowed(&cx)?;
    let typed = entries.text("year").to_owned();
    let name = entries.text("name").to_owned();
    let unreadable = || {
        Problem::bad_request(
            "確かめた内容を受け取れませんでした。何も書き込まれていません。ファイルを選び直してください。",
        )
    };
    let bytes = unpack(entries.text("paper")).ok_or_else(unreadable)?;
    let year = year(&typed).map_err(Problem::bad_request)?;
    let sent = Sent { name, bytes, year };
    let planned = match plan(&cx, &sent).await {
        Ok(planned) => planned,
        Err(ImportError::Ledger(error)) => return Err(error.into()),
        Err(error) => return Ok(choose(&cx, Some(error.to_string()), &typed, StatusCode::UNPROCESSABLE_ENTITY)),
    };
    if planned.fingerprint() != entries.text("shown") {
        let changed = "確かめている間に台帳が変わったため、まだ取り込んでいません。新しい内容を確かめて、もう一度ボタンを押してください。";
        return shown(&cx, sent, Some(changed), &typed).await;
    }
    let outcome = import::apply(cx.ledgers(), cx.context(), &planned, &|_, _| {}).await?;
    let year = FiscalYear::new(planned.fiscal_year).map_err(|_| unreadable())?;
    let seen = planned.remarks.len();
    let refused: Vec<String> = outcome.warnings.iter().skip(seen).map(|remark| remark.message.clone()).collect();
    Ok(told(&cx, year, &format!("imported:{}", outcome.added + outcome.updated), &refused))
}

async fn plan(cx: &Cx, sent: &Sent) -> Result<Planned, ImportError> {
    let paper = import::read(cx.ledgers(), cx.context(), &sent.bytes, sent.year).await?;
    import::plan(cx.ledgers(), cx.context(), &paper, &sent.name).await
}

#[derive(Template)]
#[template(path = "import_preview.html")]
struct Preview<'a> {
    steps: SafeHtml,
    tiles: SafeHtml,
    warnings: SafeHtml,
    warning_count: usize,
    updates: Vec<(String, String, SafeHtml)>,
    added: SafeHtml,
    added_count: usize,
    left: Vec<(String, String)>,
    name: &'a str,
    year: &'a str,
    packed: String,
    shown: String,
    button: SafeHtml,
    again: SafeHtml,
}

/// The preview.
async fn shown(cx: &Cx, sent: Sent, changed: Option<&str>, typed: &str) -> Result<Response, Problem> {
    let planned = match plan(cx, &sent).await {
        Ok(planned) => planned,
        Err(ImportError::Ledger(error)) => return Err(error.into()),
        Err(error) => return Ok(choose(cx, Some(error.to_string()), typed, StatusCode::UNPROCESSABLE_ENTITY)),
    };
    let Some(packed) = pack(&sent.bytes) else {
        let sentence =
            "ファイルが大きすぎて、確かめる画面に入りません。方針書の表だけを書き出したテキストにしてください。";
        return Ok(choose(cx, Some(sentence.to_owned()), typed, StatusCode::UNPROCESSABLE_ENTITY));
    };
    let label = FiscalYear::new(planned.fiscal_year).map_or_else(|_| String::new(), FiscalYear::label);
    let again = LinkButton::new("別のファイルを選ぶ", format!("{BOARD}/import")).html();
    let button = if planned.changes_anything() {
        Submit::new("この内容で取り込む").look(Look::Primary).icon(Icon::Check).html()
    } else {
        SafeHtml::EMPTY
    };
    let body = Preview {
        steps: steps(Lang::Ja, &STEPS, 1),
        tiles: tiles(&planned),
        warnings: warnings(&planned.remarks),
        warning_count: planned.remarks.len(),
        updates: updates(&planned),
        added: added(&planned),
        added_count: planned.count(&Act::Add),
        left: planned
            .left
            .iter()
            .map(|one| (initiative_href(one.id), format!("{} {}", one.department, one.title)))
            .collect(),
        name: &sent.name,
        year: typed,
        packed,
        shown: planned.fingerprint(),
        button,
        again,
    }
    .html();
    let site = cx.desk_site(BOARD);
    let mut page = Page::new(&site, "取り込む内容の確認")
        .crumb("ホーム", "/desk")
        .crumb("部局運営方針", BOARD)
        .crumb("方針書の取り込み", format!("{BOARD}/import"))
        .lead(format!("{label}の方針書「{}」を読み取りました。まだ何も書き込まれていません。", sent.name));
    if let Some(sentence) = changed {
        page = page.notice(Notice::new(Tone::Warning, sentence));
    }
    if !planned.changes_anything() {
        page = page.notice(Notice::new(Tone::Info, "台帳はこの方針書のとおりです。取り込むものはありません。"));
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn tiles(planned: &Planned) -> SafeHtml {
    let tile = |label: &str, count: usize| Tile::new(label, count.to_string(), "件").html();
    let stays = planned.count(&Act::None) + planned.count(&Act::Note);
    let mut all = vec![
        Tile::new("部局", planned.departments.len().to_string(), "").html(),
        Tile::new("重点項目", planned.themes.len().to_string(), "").html(),
        tile("取り組み", planned.initiatives.len()),
        tile("加える", planned.count(&Act::Add)),
        tile("直す", planned.count(&Act::Update)),
        tile("そのまま", stays),
    ];
    if planned.count(&Act::LeaveOut) > 0 {
        all.push(tile("取り込めない", planned.count(&Act::LeaveOut)));
    }
    if !planned.left.is_empty() {
        all.push(tile("方針書にない", planned.left.len()));
    }
    card::grid("grid-tiles policy-tiles", all)
}

fn warnings(remarks: &[Remark]) -> SafeHtml {
    let columns = vec![
        Column::new("line", "行").align(Align::Tight),
        Column::new("message", "確かめてほしいこと"),
        Column::new("text", "その文"),
    ];
    let rows = remarks.iter().map(|remark| {
        let line = remark.line.map_or("—".to_owned(), |line| format!("{line}行目"));
        let text = SafeHtml::escape(remark.text.as_deref().unwrap_or_default());
        let text = SafeHtml::trusted(format!("<span class=\"text-lines\">{text}</span>"));
        Row::new(vec![SafeHtml::escape(line), SafeHtml::escape(&remark.message), text])
    });
    Table::new(Lang::Ja, "確かめてほしいこと", columns, rows.collect()).html()
}

fn updates(planned: &Planned) -> Vec<(String, String, SafeHtml)> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let updates = planned.initiatives.iter().filter(|one| one.act == Act::Update);
    let update = |one: &import::PlannedInitiative| {
        let changes: Vec<Change> = one
            .changes
            .iter()
            .map(|change| Change {
                label: import::field_label(change.field).to_owned(),
                before: some(&change.before),
                after: some(&change.after),
            })
            .collect();
        (one.department.clone(), one.title.clone(), Diff::new(Lang::Ja, &changes).html())
    };
    updates.map(update).collect()
}

fn added(planned: &Planned) -> SafeHtml {
    let columns = vec![
        Column::new("title", "取り組み"),
        Column::new("department", "部局"),
        Column::new("theme", "重点項目"),
        Column::new("line", "行").align(Align::Tight),
    ];
    let rows = planned.initiatives.iter().filter(|one| one.act == Act::Add).map(|one| {
        Row::new(vec![
            SafeHtml::escape(&one.title),
            SafeHtml::escape(&one.department),
            SafeHtml::or_dash(&one.theme),
            SafeHtml::escape(format!("{}行目", one.line)),
        ])
    });
    Table::new(Lang::Ja, "加える取り組み", columns, rows.collect()).html()
}

/// The most that a form may carry.
const PACKED_MAX: usize = 3 * 1024 * 1024;

/// The file as text for a form; none if even packed it is too much.
fn pack(bytes: &[u8]) -> Option<String> {
    let packed = zstd::encode_all(bytes, 0).ok()?;
    Some(STANDARD.encode(packed)).filter(|text| text.len() <= PACKED_MAX)
}

/// What [`pack`] packed; none if it is something else, or would unpack to more than a paper.
fn unpack(text: &str) -> Option<Vec<u8>> {
    let packed = STANDARD.decode(text).ok()?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_PAPER_BYTES).unwrap_or(u64::MAX);
    zstd::Decoder::new(packed.as_slice()).ok()?.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= MAX_PAPER_BYTES && !bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_travels_in_the_page_and_no_more_than_a_paper_comes_out() {
        assert_eq!(unpack(&pack(b"\x81\xff\0paper").unwrap()).unwrap(), b"\x81\xff\0paper");
        let bomb = zstd::encode_all(std::io::repeat(0).take(64 << 20), 0).unwrap();
        for text in ["", "%%%", "AAAA", &STANDARD.encode(bomb)] {
            assert_eq!(unpack(text), None);
        }
    }
}
