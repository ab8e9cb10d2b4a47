//! Ledgers that clerks make and change themselves (台帳の設計): from nothing or from a spreadsheet, always shown before it is
//! published, and always the same TOML as a system's.
//!
//! The design lives in the form until it is published: nothing half-made is kept on the server.

mod fields;
mod publish;
mod start;

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use kawasemi_kernel::Lang;
use kawasemi_ledger::LedgerError;
use kawasemi_schema::raw::RawLedger;
use kawasemi_schema::{Action, SourceFile, read_toml};
use kawasemi_ui::button::{LinkButton, Submit};
use kawasemi_ui::field::Choice;
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::steps::steps;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::files::disposition;
use super::opened::{LEDGERS, Opened};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::state::Desk;
use crate::view::{note, section};

/// The steps on the way.
const STEPS: [&str; 3] = ["はじめる", "項目を決める", "確かめて公開する"];

/// The routes.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/desk/ledgers/design", get(start::ask).post(start::begin))
        .route("/desk/ledgers/design/fields", post(fields::change))
        .route("/desk/ledgers/design/edit", post(edit))
        .route("/desk/ledgers/design/plan", post(publish::plan))
        .route("/desk/ledgers/design/publish", post(publish::publish))
        .route("/desk/ledgers/{ledger}/design", get(show))
        .route("/desk/ledgers/{ledger}/design/definition.toml", get(download))
}

/// `GET /desk/ledgers/{ledger}/design`: the definition as it is, ready to be added to.
async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Design)?;
    let toml = cx.ledgers().definition_toml(cx.context(), opened.key())?;
    editor(&cx, &toml, &[])
}

/// `POST /desk/ledgers/design/edit`: back to the fields of a design that is carried along.
async fn edit(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    editor(&cx, entries.text("toml"), &[])
}

/// `GET /desk/ledgers/{ledger}/design/definition.toml`
async fn download(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Design)?;
    let toml = cx.ledgers().definition_toml(cx.context(), opened.key())?;
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{ledger}.toml"))),
    ];
    Ok((headers, toml).into_response())
}

/// Reads a design; what is wrong with it as a sentence.
fn read(toml: &str) -> Result<RawLedger, LedgerError> {
    Ok(read_toml::<RawLedger>(&SourceFile::new("台帳の定義.toml", toml))?)
}

/// Who does not make ledgers is told that there is no such page; who changes one needs the right on that ledger, which the
/// engine asks for.
fn may_begin(cx: &Cx) -> Result<(), Problem> {
    if cx.ledgers().may_design(cx.context()) { Ok(()) } else { Err(Problem::not_found()) }
}

/// The page on which fields are decided.
fn editor(cx: &Cx, toml: &str, mistakes: &[String]) -> Result<Response, Problem> {
    let raw = read(toml);
    let is_known = raw.as_ref().is_ok_and(|raw| cx.ledgers().open(cx.context(), &raw.key).is_ok());
    let mut body = steps(Lang::Ja, &STEPS, 1);
    match &raw {
        Ok(raw) => {
            let visible = cx.ledgers().visible(cx.context())?;
            let ledgers: Vec<Choice> = visible.iter().map(|def| Choice::new(&def.key, def.title.ja())).collect();
            let form = fields::form(raw, toml, &ledgers, mistakes);
            body.push(&form.html());
        }
        Err(error) => {
            let notice = Notice::new(Tone::Error, "定義に誤りがあります").text(error.to_string());
            body.push(&notice.html());
        }
    }
    body.push(&section("定義のファイル", &source(toml, raw.is_err())));
    let site = cx.desk_site("ledgers");
    let title = raw.as_ref().map_or_else(|_| "台帳の設計".to_owned(), |raw| format!("「{}」の設計", raw.title.ja()));
    let mut page = Page::new(&site, title).crumb("ホーム", "/desk").crumb("台帳", LEDGERS);
    if let (Ok(raw), true) = (&raw, is_known) {
        let href = format!("{LEDGERS}/{}", raw.key);
        let file = LinkButton::new("定義を保存（TOML）", format!("{href}/design/definition.toml")).icon(Icon::Download);
        page = page
            .crumb(raw.title.ja(), href)
            .actions(file.download().html())
            .lead("公開中の台帳です。項目を足したり、名前や選択肢を直したりできます。項目をなくす変更は、システム管理者に依頼してください。");
    } else {
        page = page.lead("項目の名前と種類を確かめて、次へ進みます。まだ何も公開されていません。");
    }
    let is_wrong = raw.is_err() || !mistakes.is_empty();
    let page = page.body(body);
    if is_wrong {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// The TOML itself, for those who know it: everything that the form above can't say.
fn source(toml: &str, open: bool) -> SafeHtml {
    let lead =
        note("条件による表示、計算、権限、一覧の列などは、ここで直接書けます。書き方は開発者向けの文書にあります。");
    let text = SafeHtml::escape(toml);
    let button = Submit::new("この定義で確かめる").html();
    let open = if open { " open" } else { "" };
    SafeHtml::trusted(format!(
        "<details class=\"disclosure\"{open}><summary>TOMLを直接書く</summary><form class=\"stack-small\" method=\"post\" action=\"{LEDGERS}/design/plan\">{lead}\
         <label for=\"design-toml\">定義（TOML）</label><textarea class=\"input input-code\" id=\"design-toml\" name=\"toml\" rows=\"24\" spellcheck=\"false\">\n{text}</textarea>\
         <div class=\"button-row\">{button}</div></form></details>"
    ))
}

/// A form of the design, which carries the definition along.
fn carrying(action: &str, toml: &str) -> Form {
    Form::new(Lang::Ja, format!("{LEDGERS}/design/{action}"), None).hidden("toml", toml)
}
