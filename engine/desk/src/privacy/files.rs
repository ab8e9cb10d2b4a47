//! 個人情報ファイル簿: the list, one sheet on A4, and all of it as CSV.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_oversight::file_register::PersonalFile;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, button};

use crate::audit::sheet::{Cell, Sheet};
use crate::audit::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::note;

const PATH: &str = "/desk/privacy/files";

/// `GET /desk/privacy/files`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let files = cx.city().oversight.file_register(cx.context()).await?;
    if cx.query("format").as_deref() == Some("csv") {
        return Ok(all(&files).answer(&cx, SafeHtml::EMPTY, PATH));
    }
    let unsaid = files.iter().filter(|file| !file.missing.is_empty()).count();
    let rows = files.iter().map(|file| {
        vec![
            Cell::link(file.name.clone(), format!("{PATH}/{}", file.ledger)),
            file.department.clone().into(),
            file.purpose.clone().into(),
            file.records.to_string().into(),
            if file.sensitive.is_empty() { "含まない".into() } else { "含む".into() },
            if file.is_published() { "公表".into() } else { "1,000人未満".into() },
            file.missing.join("、").into(),
        ]
    });
    let sheet = Sheet {
        title: "個人情報ファイル簿",
        lead: "台帳の定義から作られます。定義を直すと、この帳簿も変わります。".to_owned(),
        columns: vec![
            ("name", "個人情報ファイルの名称", Align::Text),
            ("department", "事務をつかさどる組織", Align::Text),
            ("purpose", "利用目的", Align::Text),
            ("records", "件数", Align::Number),
            ("sensitive", "要配慮個人情報", Align::Tight),
            ("published", "公表", Align::Tight),
            ("missing", "まだ書かれていない項目", Align::Text),
        ],
        rows: rows.collect(),
        none: "個人情報を含む台帳はありません",
        remark: "本人の数が1,000人に満たないファイルは、公表の対象になりません（法第74条第2項第9号、同法施行令第20条）。",
        notice: (unsaid > 0).then(|| {
            Notice::new(Tone::Warning, format!("定義に書かれていない項目のある台帳が{unsaid}件あります"))
                .text("台帳の定義（TOML）の [personal_file] に persons と collected_from を書いてください。")
        }),
    };
    Ok(sheet.answer(&cx, SafeHtml::EMPTY, &format!("{PATH}?format=csv")))
}

/// Every item of every sheet, one line for each file.
fn all(files: &[PersonalFile]) -> Sheet {
    let columns = files.first().map(|file| file.lines()).unwrap_or_default();
    Sheet {
        title: "個人情報ファイル簿",
        lead: String::new(),
        columns: columns.iter().map(|(label, _)| (*label, *label, Align::Text)).collect(),
        rows: files.iter().map(|file| file.lines().into_iter().map(|(_, text)| text.into()).collect()).collect(),
        none: "個人情報を含む台帳はありません",
        remark: "",
        notice: None,
    }
}

/// `GET /desk/privacy/files/{ledger}`: one sheet.
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let files = cx.city().oversight.file_register(cx.context()).await?;
    let file = files.into_iter().find(|file| file.ledger == ledger).ok_or_else(Problem::not_found)?;
    let columns = vec![Column::new("item", "項目"), Column::new("text", "内容")];
    let rows = file.lines().into_iter().map(|(label, text)| {
        Row::new(vec![
            SafeHtml::trusted(format!("<strong>{}</strong>", SafeHtml::escape(label))),
            SafeHtml::escape(text),
        ])
    });
    let mut body =
        Table::new(Lang::Ja, format!("個人情報ファイル簿（単票）{}", file.name), columns, rows.collect()).html();
    let day = kawasemi_kernel::era::long(cx.context().today());
    body.push(&note(&format!("{}　{day}現在", cx.city_name())));
    let site = site(&cx);
    let page = page(&site, "個人情報ファイル簿（単票）").crumb("個人情報ファイル簿", PATH);
    let page = page.lead(file.name.clone()).actions(button::print("印刷する")).body(body);
    Ok(Html(page.render()).into_response())
}
