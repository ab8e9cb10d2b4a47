//! One layout: what it says, a file taken in by hand, its files so far.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::layout::Apply;
use kawasemi_exchange::{Direction, Mode, Published};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Confirm, Look, Post, Submit};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::overview::latest;
use super::{PATH, layout_href, page, run_href, site};
use crate::problem::Problem;
use crate::request::{Cx, Uploads};
use crate::view::{answer, code, disclosure, done, done_at, note, section, when_or};

/// Files that are listed.
const LATEST: u32 = 50;

/// `GET /desk/exchange/layouts/{layout}`
pub async fn show(cx: Cx, Path(key): Path<String>) -> Result<Response, Problem> {
    let published = cx.city().exchange.layout(cx.context(), &key).await?;
    let runs = cx.city().exchange.runs(cx.context(), Some(&key), LATEST).await?;
    let raw = &published.layout.raw;
    let mut body = said(&cx, &published);
    if raw.direction == Direction::In {
        body.push(&section("ファイルを取り込む", &form(&key)));
    }
    body.push(&section("これまでのファイル", &latest(&runs)));
    body.push(&disclosure("レイアウトの定義（TOML）", &definition(&published.layout.source.text), false));
    if published.published_at.is_some() {
        let retire = Submit::new("使用をやめる").look(Look::Danger);
        let question = "このレイアウトでの受け渡しを止めます。これまでの記録は残ります。";
        let form = Post::new(format!("{}/retire", layout_href(&key)), retire);
        body.push(&Confirm::new(Lang::Ja, "使用をやめる", question, form).html());
    }
    let site = site(&cx);
    let mut page = page(&site, raw.title.ja()).lead(raw.description.ja()).body(body);
    if let Some(notice) =
        done(&cx, &[("published", "レイアウトを公開しました。試しにファイルを取り込んでみてください。")])
    {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

fn said(cx: &Cx, published: &Published) -> SafeHtml {
    let raw = &published.layout.raw;
    let catalogue = cx.catalogue();
    let ledger = match catalogue.get(&raw.ledger) {
        Some(ledger) => SafeHtml::link(&format!("/desk/ledgers/{}", raw.ledger), ledger.def.title.get(Lang::Ja)),
        None => code(&raw.ledger),
    };
    let mode = match (raw.direction, raw.mode) {
        (Direction::Out, _) => "書出し",
        (Direction::In, Mode::Difference) => "取込（差分）",
        (Direction::In, Mode::Full) => "取込（全件。ファイルにない記録は消除の印を付けて残します）",
    };
    let apply = match raw.apply {
        Apply::Approval => "差分を人が確かめてから",
        Apply::Auto => "警報がなければ自動",
    };
    let due = published.layout.due.map_or_else(|| "決めていない".to_owned(), |due| due.to_string());
    let files = raw.schedule.as_ref().map_or("", |schedule| schedule.files.as_str());
    facts(&[
        Fact::html("台帳", ledger),
        Fact::text("向き", mode),
        Fact::text("版", &format!("第{}版", raw.version)),
        Fact::text("公開", &when_or(published.published_at, "業務システムに付属")),
        Fact::text("反映", apply),
        Fact::text("予定", &due),
        Fact::html("ファイル名", if files.is_empty() { SafeHtml::or_dash("") } else { code(files) }),
    ])
}

fn definition(toml: &str) -> SafeHtml {
    SafeHtml::trusted(format!("<pre><code>{}</code></pre>", SafeHtml::escape(toml)))
}

fn form(key: &str) -> SafeHtml {
    let submit = Submit::new("台帳と比べる").look(Look::Primary).icon(Icon::Upload).html();
    let mut html = SafeHtml::trusted(format!(
        "<form class=\"form\" method=\"post\" enctype=\"multipart/form-data\" action=\"{}/files\">\
         <div class=\"field\"><label class=\"field-label\" for=\"f-file\">ファイル</label>\
         <input class=\"input\" type=\"file\" id=\"f-file\" name=\"file\" required></div>\
         <div class=\"button-row\">{submit}</div></form>",
        SafeHtml::escape(layout_href(key))
    ));
    html.push(&note("まず差分だけを作ります。確かめて承認するまで、台帳は変わりません。"));
    html
}

/// `POST /desk/exchange/layouts/{layout}/files`
pub async fn upload(cx: Cx, Path(key): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let Some(file) = uploads.file("file").filter(|file| !file.name.is_empty()) else {
        return Err(Problem::bad_request("ファイルを選んでから送ってください。"));
    };
    let exchange = &cx.city().exchange;
    let context = cx.because("画面からの取込");
    let taken = exchange.receive(&context, &key, file.file.path(), &file.name, Wish::AsTheLayoutSays, &|_| {}).await?;
    Ok(Redirect::to(&run_href(taken.run.id)).into_response())
}

/// `POST /desk/exchange/layouts/{layout}/retire`
pub async fn retire(cx: Cx, Path(key): Path<String>) -> Result<Response, Problem> {
    cx.city().exchange.retire_layout(&cx.because("使用をやめた"), &key).await?;
    Ok(done_at(PATH, "retired"))
}
