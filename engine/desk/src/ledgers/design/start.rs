//! The beginning of a clerk's own ledger: what it is called, who answers for it, what it is for, and its first fields.

use std::collections::HashSet;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_ledger::design::{LedgerBuilder, guess_fields};
use kawasemi_ledger::import::{FileOptions, Look, look};
use kawasemi_schema::raw::{FieldType, RawField};
use kawasemi_ui::Component;
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::page::Page;
use kawasemi_ui::steps::steps;

use super::super::index::owners;
use super::super::opened::LEDGERS;
use super::{STEPS, editor, may_begin};
use crate::problem::Problem;
use crate::request::uploads::Uploads;
use crate::request::{Cx, Entries};

/// Most fields that are named one on each line.
const LINES: usize = 100;

/// `GET /desk/ledgers/design`
pub async fn ask(cx: Cx) -> Result<Response, Problem> {
    may_begin(&cx)?;
    page(&cx, &Entries::default(), Vec::new()).await
}

/// `POST /desk/ledgers/design`
pub async fn begin(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    may_begin(&cx)?;
    let entries = &uploads.entries;
    let mut mistakes: Vec<(&'static str, String)> = Vec::new();
    for (field, label) in [("title", "台帳の名前"), ("owner", "担当課"), ("purpose", "何のための台帳か")]
    {
        if entries.text(field).is_empty() {
            mistakes.push((field, format!("「{label}」を入力してください。")));
        }
    }
    let looked = match uploads.file("file") {
        Some(upload) => {
            let path = upload.file.path().to_owned();
            let looked = tokio::task::spawn_blocking(move || look(&path, &FileOptions::default())).await;
            match looked.map_err(|error| Problem::internal(&error))? {
                Ok(looked) => Some(looked),
                Err(error) => {
                    mistakes.push(("file", format!("{}：{error}", upload.name)));
                    None
                }
            }
        }
        None => of_lines(entries.text("lines")),
    };
    if looked.is_none() && mistakes.is_empty() {
        mistakes.push(("lines", "最初の項目を1行に1つ書くか、表計算ソフトのファイルを選んでください。".to_owned()));
    }
    let (Some(looked), true) = (looked, mistakes.is_empty()) else { return page(&cx, entries, mistakes).await };
    let key = key(&cx, entries);
    let builder = LedgerBuilder::new(&key, entries.text("title"), entries.text("owner"), entries.text("purpose"));
    let mut builder = builder.with_columns_of(&looked);
    if looked.rows.is_empty() {
        builder.raw_mut().field.iter_mut().for_each(by_name);
    }
    let editors = Some(entries.text("editor")).filter(|role| !role.is_empty()).unwrap_or("staff");
    let builder = builder.with_grants(editors);
    editor(&cx, &builder.to_toml(), &[])
}

/// Field names, one on each line, as a sheet without rows.
fn of_lines(text: &str) -> Option<Look> {
    let mut seen = HashSet::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let headings: Vec<String> =
        lines.filter(|line| seen.insert(line.to_lowercase())).take(LINES).map(str::to_owned).collect();
    (!headings.is_empty()).then(|| with_headings(headings))
}

/// Gives a field without values the type that its name suggests. People see it on the next page and may choose another.
fn by_name(field: &mut RawField) {
    const ENDINGS: [(&str, FieldType); 17] = [
        ("年度", FieldType::FiscalYear),
        ("年月", FieldType::YearMonth),
        ("日時", FieldType::DateTime),
        ("日", FieldType::Date),
        ("期限", FieldType::Date),
        ("金額", FieldType::Yen),
        ("価格", FieldType::Yen),
        ("単価", FieldType::Yen),
        ("費", FieldType::Yen),
        ("数", FieldType::Integer),
        ("氏名", FieldType::PersonName),
        ("住所", FieldType::Address),
        ("法人番号", FieldType::CorporateNumber),
        ("電話番号", FieldType::Phone),
        ("メール", FieldType::Mail),
        ("備考", FieldType::LongText),
        ("内容", FieldType::LongText),
    ];
    let label = field.label.ja().to_owned();
    if let Some((_, kind)) = ENDINGS.iter().find(|(ending, _)| label.ends_with(ending)) {
        field.r#type = *kind;
    }
}

/// A sheet that has only headings: from it come the keys of fields.
pub fn with_headings(headings: Vec<String>) -> Look {
    Look::of_headings(headings)
}

/// The ledger's key: the one that was typed; else made of the words of its name; else of the instant, which nobody has.
fn key(cx: &Cx, entries: &Entries) -> String {
    let typed = entries.text("key");
    if !typed.is_empty() {
        return typed.to_owned();
    }
    let guessed = guess_fields(&with_headings(vec![entries.text("title").to_owned()]));
    let guessed = guessed.first().map(|field| field.key.replace('_', "-")).unwrap_or_default();
    let is_taken = cx.ledgers().city().catalogue().get(&guessed).is_some();
    if guessed.is_empty() || guessed.starts_with("field-") || is_taken {
        return format!("own-{}", cx.context().act.at.as_second());
    }
    guessed
}

async fn page(cx: &Cx, entries: &Entries, mistakes: Vec<(&'static str, String)>) -> Result<Response, Problem> {
    let departments: Vec<Choice> = owners(cx).await?.into_iter().map(|(code, name)| Choice::new(code, name)).collect();
    let owner = if departments.is_empty() {
        Control::Text { max: Some(60) }
    } else {
        Control::FiscalYear { years: departments }
    };
    let mut editors = vec![Choice::new("staff", "職員全員")];
    editors.extend(
        cx.ledgers()
            .roles()
            .iter()
            .map(|role| Choice::new(&role.key, format!("「{}」の役割を持つ職員", role.title.ja()))),
    );
    let files = Control::Files {
        existing: Vec::new(),
        accept: ".csv,.tsv,.xlsx,.xls,.ods".to_owned(),
        max_bytes: cx.desk().settings().upload_limit,
    };
    let value = |name: &str| entries.text(name).to_owned();
    let editor = if value("editor").is_empty() { "staff".to_owned() } else { value("editor") };
    let about = vec![
        FieldView::new("title", "台帳の名前", Control::Text { max: Some(60) }).hint("例：備品、要望の受付").required(),
        FieldView::new("owner", "担当課", owner)
            .hint("この台帳に答える課です。長く使われないと、ここに確認が届きます。")
            .required(),
        FieldView::new("purpose", "何のための台帳か", Control::LongText { max: Some(400) })
            .hint("個人情報を持つときは、これが利用目的になります。")
            .required(),
        FieldView::new("editor", "登録・変更できる人", Control::FiscalYear { years: editors })
            .hint("ほかの職員は、内容を見るだけになります。")
            .value(editor)
            .required(),
        FieldView::new("key", "キー（任意）", Control::Text { max: Some(40) }).hint(
            "アドレスやAPIで使う英小文字の名前。空なら自動で付きます。あとから変えられません。例：office-equipment",
        ),
    ];
    let fields = vec![
        FieldView::new("file", "表計算ソフトのファイルから作る", files)
            .hint("見出しの行を項目の名前にし、値から種類を推測します。中身はまだ取り込みません。"),
        FieldView::new("lines", "または、項目の名前を書く", Control::LongText { max: None })
            .hint("1行に1つ。例：品名、購入日、金額"),
    ];
    let fill = |fields: Vec<FieldView>| -> Vec<FieldView> {
        let one = |field: FieldView| {
            let own: Vec<String> =
                mistakes.iter().filter(|(key, _)| *key == field.key).map(|(_, m)| m.clone()).collect();
            let typed = value(&field.key);
            let field = if typed.is_empty() { field } else { field.value(typed) };
            own.into_iter().fold(field, FieldView::error)
        };
        fields.into_iter().map(one).collect()
    };
    let form = Form::new(Lang::Ja, format!("{LEDGERS}/design"))
        .section("台帳について", fill(about))
        .section("最初の項目", fill(fields))
        .submit("次へ")
        .cancel(LEDGERS);
    let mistaken = form.has_mistakes();
    let mut body = steps(Lang::Ja, &STEPS, 0);
    body.push(&form.html());
    let site = cx.desk_site("ledgers");
    let lead = "自分たちの台帳を、その場で作れます。履歴・検索・書き出し・権限は、どの台帳にも付いてきます。";
    let page = Page::new(&site, "台帳を作る").crumb("ホーム", "/desk").crumb("台帳", LEDGERS).lead(lead).body(body);
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}
