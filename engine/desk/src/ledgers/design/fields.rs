//! The fields of a ledger in the making, as rows of a form: name, type, whether it must be filled in, who may see it.
//!
//! What the rows don't say (hints, conditions, limits) stays as the definition has it.

use axum::response::Response;
use kawasemi_ledger::Entry;
use kawasemi_ledger::design::{LedgerBuilder, guess_fields};
use kawasemi_schema::Clearance;
use kawasemi_schema::raw::{FieldType, RawChoice, RawField, RawLedger};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView, RowView};
use kawasemi_ui::form::Form;

use super::super::fill::row_numbers;
use super::start::with_headings;
use super::{carrying, editor, may_go_on, publish, read};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// The name under which rows are sent.
const ROWS: &str = "fields";

/// Types that a clerk chooses from, with the words for them.
const TYPES: [(FieldType, &str, &str); 21] = [
    (FieldType::Text, "text", "文字（1行）"),
    (FieldType::LongText, "long-text", "文字（複数行）"),
    (FieldType::Integer, "integer", "整数"),
    (FieldType::Decimal, "decimal", "小数"),
    (FieldType::Yen, "yen", "金額（円）"),
    (FieldType::Date, "date", "日付"),
    (FieldType::DateTime, "date-time", "日時"),
    (FieldType::YearMonth, "year-month", "年月"),
    (FieldType::FiscalYear, "fiscal-year", "年度"),
    (FieldType::YesNo, "yes-no", "はい・いいえ"),
    (FieldType::Choice, "choice", "選択（1つ）"),
    (FieldType::Choices, "choices", "選択（複数）"),
    (FieldType::PersonName, "person-name", "氏名・名称"),
    (FieldType::Address, "address", "住所"),
    (FieldType::CorporateNumber, "corporate-number", "法人番号"),
    (FieldType::Phone, "phone", "電話番号"),
    (FieldType::Mail, "mail", "メールアドレス"),
    (FieldType::Url, "url", "ホームページのアドレス"),
    (FieldType::Reference, "reference", "ほかの台帳の記録"),
    (FieldType::Point, "point", "位置（緯度・経度）"),
    (FieldType::Files, "files", "ファイル"),
];

/// `POST /desk/ledgers/design/fields`
pub async fn change(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    may_go_on(&cx)?;
    let toml = entries.text("toml").to_owned();
    let Ok(raw) = read(&toml) else { return editor(&cx, &toml, &[]) };
    let entry = Entry::from_pairs(entries.0.clone());
    let rows = entry.part(ROWS);
    let mut raw = with_rows(raw, &rows, entries.text("_remove_row"));
    if entries.has("_add_row") {
        let label = format!("項目{}", raw.field.len() + 1);
        add(&mut raw, &label);
    }
    shift(&mut raw, &rows, entries.text("_move_row"));
    let toml = LedgerBuilder::from_raw(raw).to_toml();
    if ["_add_row", "_remove_row", "_move_row"].iter().any(|button| entries.has(button)) {
        return editor(&cx, &toml, &[]);
    }
    publish::show_plan(&cx, &toml).await
}

/// The form of the fields. `ledgers` are those that a field can refer to.
pub fn form(raw: &RawLedger, toml: &str, ledgers: &[Choice], mistakes: &[String]) -> Form {
    let row = |field| row(field, ledgers);
    let rows = raw.field.iter().map(|field| RowView { id: field.key.clone(), fields: row(Some(field)) }).collect();
    let kind = Control::Rows { prototype: row(None), rows, ordered: true };
    let fields = FieldView::new(ROWS, "項目", kind).hint("上から順に、登録の画面に並びます。");
    let form = carrying("fields", toml).fields(vec![fields]).submit("内容を確かめる").cancel(super::LEDGERS);
    mistakes.iter().fold(form, |form, mistake| form.mistake(mistake.clone()))
}

fn row(field: Option<&RawField>, ledgers: &[Choice]) -> Vec<FieldView> {
    let mut types: Vec<Choice> = TYPES.iter().map(|(_, key, label)| Choice::new(*key, *label)).collect();
    let key = field.map_or("text", |field| type_key(field.r#type));
    if key.is_empty() {
        types.push(Choice::new("", "このまま（定義で指定）"));
    }
    let clearances = Clearance::ALL.iter().map(|each| Choice::new(each.key(), each.label())).collect();
    let clearance = field.and_then(|field| field.clearance).unwrap_or(Clearance::Internal);
    let labels = field
        .map(|field| field.choices.iter().filter(|c| !c.retired).map(|c| c.label.ja()).collect::<Vec<_>>().join("、"));
    vec![
        FieldView::new("label", "名前", Control::Text { max: None })
            .value(field.map(|field| field.label.ja().to_owned()).unwrap_or_default())
            .required(),
        FieldView::new("type", "種類", Control::FiscalYear { years: types }).value(key).required(),
        FieldView::new("choices", "選択肢", Control::Text { max: None })
            .hint("種類が「選択」のとき。「、」で区切ります。")
            .value(labels.unwrap_or_default()),
        FieldView::new("target", "どの台帳の記録か", Control::FiscalYear { years: ledgers.to_vec() })
            .hint("種類が「ほかの台帳の記録」のとき。")
            .value(field.and_then(|field| field.target.clone()).unwrap_or_default()),
        FieldView::new("unit", "単位", Control::Text { max: None })
            .hint("種類が「整数」「小数」のとき。例：㎡、人")
            .value(field.and_then(|field| field.unit.clone()).unwrap_or_default()),
        FieldView::new("hint", "入力の手がかり", Control::Text { max: None })
            .hint("登録の画面で、名前の下に出ます。")
            .value(field.map(|field| field.hint.ja().to_owned()).unwrap_or_default()),
        FieldView::new("clearance", "見られる範囲", Control::FiscalYear { years: clearances })
            .value(clearance.key())
            .required(),
        FieldView::new("required", "必ず入力する", Control::YesNo)
            .value(field.is_some_and(|field| field.required).to_string())
            .required(),
    ]
}

fn type_key(wanted: FieldType) -> &'static str {
    TYPES.iter().find(|(known, _, _)| *known == wanted).map_or("", |(_, key, _)| key)
}

/// The definition with the rows as they were sent: known fields changed, new ones added, one perhaps taken away.
fn with_rows(mut raw: RawLedger, rows: &Entry, removed: &str) -> RawLedger {
    let removed: Option<usize> = removed.rsplit_once('.').and_then(|(_, number)| number.parse().ok());
    let known = std::mem::take(&mut raw.field);
    for number in row_numbers(rows) {
        let row = rows.part(&number.to_string());
        let label = row.one("label").trim();
        if removed == Some(number) || label.is_empty() {
            continue;
        }
        let before = known.iter().find(|field| field.key == row.one("id")).cloned();
        let index = match before {
            Some(field) => {
                raw.field.push(field);
                raw.field.len() - 1
            }
            None => add(&mut raw, label),
        };
        change_field(&mut raw.field[index], &row, label);
    }
    raw
}

/// Moves a row up or down, where a button asked for it: `fields.3.up`.
fn shift(raw: &mut RawLedger, rows: &Entry, asked: &str) {
    let mut parts = asked.rsplitn(3, '.');
    let (Some(way), Some(Ok(number))) = (parts.next(), parts.next().map(str::parse::<usize>)) else { return };
    let named = row_numbers(rows).into_iter().filter(|row| !rows.one(&format!("{row}.label")).trim().is_empty());
    let Some(at) = named.collect::<Vec<_>>().iter().position(|row| *row == number) else { return };
    let other = if way == "up" { at.checked_sub(1) } else { Some(at + 1) };
    if let Some(other) = other.filter(|other| *other < raw.field.len()) {
        raw.field.swap(at, other);
    }
}

/// Adds a field with a name; its key comes from the words of the name and is taken by no other.
fn add(raw: &mut RawLedger, label: &str) -> usize {
    let mut headings: Vec<String> = raw.field.iter().map(|field| field.label.ja().to_owned()).collect();
    headings.push(label.to_owned());
    let mut field = guess_fields(&with_headings(headings)).pop().unwrap_or_default();
    let base = field.key.clone();
    let mut number = 2;
    while raw.field.iter().any(|known| known.key == field.key) {
        field.key = format!("{base}_{number}");
        number += 1;
    }
    raw.field.push(field);
    raw.field.len() - 1
}

fn change_field(field: &mut RawField, row: &Entry, label: &str) {
    if field.label.ja() != label {
        field.label = label.into();
    }
    if let Some((kind, _, _)) = TYPES.iter().find(|(_, key, _)| *key == row.one("type")) {
        if *kind == FieldType::Decimal && field.scale.is_none() {
            field.scale = Some(2);
        }
        field.r#type = *kind;
    }
    if let Some(clearance) = Clearance::ALL.into_iter().find(|each| each.key() == row.one("clearance")) {
        field.clearance = Some(clearance);
    }
    field.required = row.one("required") == "true";
    let text = |name: &str| Some(row.one(name).trim().to_owned()).filter(|text| !text.is_empty());
    if field.hint.ja() != row.one("hint").trim() {
        field.hint = row.one("hint").trim().into();
    }
    // What the form can't say, such as a computed field, keeps what the definition says.
    if !type_key(field.r#type).is_empty() {
        field.unit = text("unit").filter(|_| matches!(field.r#type, FieldType::Integer | FieldType::Decimal));
        field.target = text("target").filter(|_| field.r#type == FieldType::Reference);
    }
    if matches!(field.r#type, FieldType::Choice | FieldType::Choices) {
        field.choices = choices(&field.choices, row.one("choices"));
    } else {
        field.choices.clear();
    }
}

/// The choices by their labels: known ones keep their keys, those that are no longer named are retired, since records may
/// have them.
fn choices(known: &[RawChoice], text: &str) -> Vec<RawChoice> {
    let labels: Vec<&str> = text.split(['、', ',', '，']).map(str::trim).filter(|label| !label.is_empty()).collect();
    let mut all: Vec<RawChoice> = Vec::new();
    let mut number = known.len();
    for label in &labels {
        if all.iter().any(|choice| choice.label.ja() == *label) {
            continue;
        }
        let choice = known.iter().find(|choice| choice.label.ja() == *label).cloned();
        all.push(choice.map_or_else(
            || {
                number += 1;
                RawChoice { key: format!("choice-{number}"), label: (*label).into(), ..RawChoice::default() }
            },
            |choice| RawChoice { retired: false, ..choice },
        ));
    }
    let gone = known.iter().filter(|choice| !labels.contains(&choice.label.ja()));
    all.extend(gone.map(|choice| RawChoice { retired: true, ..choice.clone() }));
    all
}
