//! Forms (様式): a sample is sent, the places of its values are guessed and put right, and the mapping is kept under a name.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_ledger::import::SavedForm;
use kawasemi_schema::{Action, FieldKind};
use kawasemi_sheets::form::{FormField, FormMapping, Grid, label_text};
use kawasemi_sheets::{Place, letters};
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::super::cells::shortened;
use super::super::opened::Opened;
use super::{fetch, kept, map, store};
use crate::problem::Problem;
use crate::request::uploads::Uploads;
use crate::request::{Cx, Entries};
use crate::view::{done, done_at, section};

/// Rows and columns of a sample that are shown.
const SHOWN: (u32, u32) = (80, 30);
/// What was done, for the page after it.
const DONE: [(&str, &str); 2] = [("saved", "様式を保存しました。"), ("deleted", "様式を削除しました。")];

/// `GET /desk/ledgers/{ledger}/import/forms`
pub async fn list(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    page(&cx, &opened, None).await
}

/// `POST /desk/ledgers/{ledger}/import/forms`
pub async fn sample(cx: Cx, Path(ledger): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let name = uploads.entries.text("name");
    if name.is_empty() {
        return page(&cx, &opened, Some(("name", "様式の名前を入力してください。".to_owned()))).await;
    }
    let Some(upload) = uploads.file("file") else {
        return page(&cx, &opened, Some(("file", "様式の見本のファイルを選んでください。".to_owned()))).await;
    };
    if let Err(error) = cx.ledgers().guess_form(cx.context(), &ledger, upload.file.path()).await {
        return page(&cx, &opened, Some(("file", format!("{}：{error}", upload.name)))).await;
    }
    match store(&cx, upload).await? {
        Ok(file) => {
            let kept = cx.ledgers().keep_import_file(cx.context(), &ledger, &file).await?;
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("file", &kept.to_string())
                .append_pair("name", name)
                .finish();
            Ok(Redirect::to(&format!("{}?{query}", opened.at("import/forms/edit"))).into_response())
        }
        Err(refusal) => page(&cx, &opened, Some(("file", format!("{}：{refusal}", upload.name)))).await,
    }
}

/// `GET /desk/ledgers/{ledger}/import/forms/edit`
pub async fn edit(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let query = cx.path().split_once('?').map_or("", |(_, query)| query);
    editor(&cx, &opened, &Entries::from_urlencoded(query.as_bytes()), None).await
}

/// `POST /desk/ledgers/{ledger}/import/forms/edit`
pub async fn save(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let kept = kept(&cx, &ledger, entries.text("file")).await?;
    let temporary = fetch(&cx, &kept.file).await?;
    let (guessed, grid) = cx.ledgers().guess_form(cx.context(), &ledger, temporary.path()).await?;
    let mapping = match read(&opened, &entries, &grid) {
        Ok(fields) => {
            FormMapping { fields, every_sheet: entries.has("every_sheet"), sheet: guessed.sheet }.beside(&grid)
        }
        Err(mistake) => return editor(&cx, &opened, &entries, Some(mistake)).await,
    };
    let form = SavedForm { name: entries.text("name").to_owned(), mapping };
    match cx.ledgers().save_form_mapping(cx.context(), &ledger, &form).await {
        Err(kawasemi_ledger::LedgerError::Refused(mistake)) => editor(&cx, &opened, &entries, Some(mistake)).await,
        saved => saved.map(|()| done_at(&opened.at("import/forms"), "saved")).map_err(Into::into),
    }
}

/// `POST /desk/ledgers/{ledger}/import/forms/delete`
pub async fn delete(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    cx.ledgers().delete_form_mapping(cx.context(), &ledger, entries.text("name")).await?;
    Ok(done_at(&opened.at("import/forms"), "deleted"))
}

async fn page(cx: &Cx, opened: &Opened, mistake: Option<(&str, String)>) -> Result<Response, Problem> {
    let of = |key: &str| mistake.iter().filter(|(field, _)| *field == key).map(|(_, text)| text.clone()).next();
    let limit = cx.desk().settings().upload_limit;
    let name = FieldView::new("name", "様式の名前", Control::Text { max: Some(60) })
        .hint("例「公園台帳（個票）」。同じ名前の様式は置き換わります。")
        .required();
    let kind = Control::Files { existing: Vec::new(), accept: ".xlsx,.xls,.ods".to_owned(), max_bytes: limit };
    let file = FieldView::new("file", "様式の見本", kind)
        .hint("空の様式でも、記入した様式でもかまいません。見出しの隣の欄を値とみて推測し、次の画面で直せます。")
        .required();
    let fields = [("name", name), ("file", file)];
    let fields = fields.into_iter().map(|(key, field)| of(key).into_iter().fold(field, FieldView::error)).collect();
    let form = Form::new(Lang::Ja, opened.at("import/forms")).fields(fields).submit("次へ").cancel(opened.at("import"));
    let form = form.plain();
    let mistaken = form.has_mistakes();
    let saved = cx.ledgers().form_mappings(cx.context(), opened.key()).await?;
    let mut body = SafeHtml::default();
    if !saved.is_empty() {
        body.push(&section("登録した様式", &table(opened, &saved)));
    }
    body.push(&section("様式を登録する", &form.html()));
    let lead = "1件につき1枚（1ファイル）で作られた Excel の様式から、どの欄をどの項目に入れるかを一度決めておくと、\
                同じ様式の何百ものファイルを、フォルダーごと ZIP にまとめて取り込めます。";
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "様式").crumb("ファイルから取り込む", opened.at("import")).lead(lead).body(body);
    let page = done(cx, &DONE).into_iter().fold(page, kawasemi_ui::page::Page::notice);
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

fn table(opened: &Opened, saved: &[SavedForm]) -> SafeHtml {
    let columns = vec![Column::new("name", "名前"), Column::new("fields", "項目"), Column::new("act", "操作")];
    let row = |form: &SavedForm| {
        let fields: Vec<String> =
            form.mapping.fields.iter().map(|field| format!("{}（{}）", field.label, field.value_at)).collect();
        let delete =
            Submit::new("削除").question(format!("様式「{}」を削除します。取り込んだ記録は残ります。", form.name));
        Row::new(vec![
            SafeHtml::escape(&form.name),
            SafeHtml::escape(shortened(&fields.join("、"))),
            Post::new(opened.at("import/forms/delete"), delete).hidden("name", &form.name).html(),
        ])
    };
    Table::new(Lang::Ja, "登録した様式", columns, saved.iter().map(row).collect()).html()
}

async fn editor(cx: &Cx, opened: &Opened, entries: &Entries, mistake: Option<String>) -> Result<Response, Problem> {
    let kept = kept(cx, opened.key(), entries.text("file")).await?;
    let temporary = fetch(cx, &kept.file).await?;
    let (guessed, grid) = cx.ledgers().guess_form(cx.context(), opened.key(), temporary.path()).await?;
    let was_sent = entries.has("sent");
    let fields = map::targets(opened).into_iter().filter(|(target, _)| target != "id").map(|(target, label)| {
        let known = guessed.fields.iter().find(|field| field.target == target);
        let shown = |name: &str, place: Option<Place>| match was_sent {
            true => entries.text(&format!("{name}.{target}")).to_owned(),
            false => place.map_or_else(String::new, |place| place.to_string()),
        };
        Target {
            label_at: shown("label", known.map(|field| field.label_at)),
            value_at: shown("value", known.map(|field| field.value_at)),
            found: known.map_or_else(String::new, |field| field.label.clone()),
            target,
            label,
        }
    });
    let mistaken = mistake.is_some();
    let editor = Editor {
        action: opened.at("import/forms/edit"),
        cancel: opened.at("import/forms"),
        file: kept.id.to_string(),
        name: entries.text("name").to_owned(),
        file_name: kept.file.name.clone(),
        every_sheet: entries.has("every_sheet"),
        fields: fields.collect(),
        columns: Vec::new(),
        rows: Vec::new(),
        mistake: mistake.unwrap_or_default(),
    }
    .with_sample(&grid);
    let site = cx.desk_site("ledgers");
    let lead = "項目ごとに、見出しのセルと値のセルを確かめてください。使わない項目は空にします。";
    let page =
        opened.page(&site, "様式の欄を決める").crumb("様式", opened.at("import/forms")).lead(lead).body(editor.html());
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// The fields as they were entered; the sentence where one is wrong.
fn read(opened: &Opened, entries: &Entries, grid: &Grid) -> Result<Vec<FormField>, String> {
    let labels: Vec<String> = grid.labels().into_iter().map(|label| label.text).collect();
    let mut fields = Vec::new();
    for (target, name) in map::targets(opened) {
        let text = |part: &str| entries.text(&format!("{part}.{target}"));
        let (label_at, value_at) = (text("label"), text("value"));
        if label_at.is_empty() && value_at.is_empty() {
            continue;
        }
        let name = name.trim_end_matches('＊');
        if label_at.is_empty() || value_at.is_empty() {
            return Err(format!("「{name}」は、見出しのセルと値のセルの両方を入力してください（例 B3 と C3）。"));
        }
        let place = |text: &str| text.parse::<Place>().map_err(|error| format!("「{name}」：{error}"));
        let (label_at, value_at) = (place(label_at)?, place(value_at)?);
        let label = label_text(&grid.cell(label_at).to_text());
        if label.is_empty() {
            return Err(format!(
                "「{name}」の見出しのセル {label_at} には何も書かれていません。見出しの文字があるセルを指定してください。"
            ));
        }
        let key = target.split('.').next().unwrap_or_default();
        let choice = opened.field(key).is_some_and(|field| {
            matches!(field.kind, FieldKind::Choice { .. } | FieldKind::Choices { .. } | FieldKind::YesNo)
        });
        let repeated = labels.iter().filter(|other| **other == label).count() > 1;
        fields.push(FormField { target, label, label_at, value_at, repeated, choice, beside: None });
    }
    Ok(fields)
}

struct Target {
    target: String,
    label: String,
    label_at: String,
    value_at: String,
    /// What the label that was found says.
    found: String,
}

#[derive(Template)]
#[template(path = "ledgers/import_form.html")]
struct Editor {
    action: String,
    cancel: String,
    file: String,
    name: String,
    file_name: String,
    every_sheet: bool,
    fields: Vec<Target>,
    columns: Vec<String>,
    rows: Vec<(u32, Vec<String>)>,
    mistake: String,
}

impl Editor {
    /// The sample as a table with the addresses of its cells.
    fn with_sample(mut self, grid: &Grid) -> Self {
        let filled = grid.filled();
        let width = filled.iter().map(|(place, _)| place.column + 1).max().unwrap_or_default().min(SHOWN.1);
        self.columns = (0..width).map(letters).collect();
        let mut rows: Vec<u32> = filled.iter().map(|(place, _)| place.row).take_while(|row| *row < SHOWN.0).collect();
        rows.dedup();
        let text = |row: u32, column: u32| {
            let cell = filled.iter().find(|(place, _)| *place == Place::new(row, column));
            cell.map_or_else(String::new, |(_, cell)| shortened(&cell.to_text()).into_owned())
        };
        self.rows =
            rows.into_iter().map(|row| (row + 1, (0..width).map(|column| text(row, column)).collect())).collect();
        self
    }
}
