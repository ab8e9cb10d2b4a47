//! The file of orders as the personnel section makes it: a line for each order, in CSV or a workbook.

use std::path::Path;

use jiff::civil::Date;
use kawasemi_kernel::era::parse_date;

use super::kind::OrderKind;
use crate::personnel_file::Rank;
use crate::sheet::{self, Line, LineProblem};

const NUMBER: &[&str] = &["職員番号", "職員コード", "職員NO", "番号"];
const NAME: &[&str] = &["氏名", "職員氏名", "名前"];
const KANA: &[&str] = &["フリガナ", "ふりがな", "氏名カナ", "カナ"];
const KIND: &[&str] = &["発令区分", "異動区分", "発令種別", "区分", "発令内容"];
const DAY: &[&str] = &["発令日", "異動日", "発令年月日", "効力発生日"];
const UNTIL: &[&str] = &["終了日", "任期満了日", "期間満了日", "任期", "至", "まで"];
const DEPARTMENT: &[&str] = &["所属コード", "新所属コード", "異動先コード", "新所属", "異動先", "所属"];
const TITLE: &[&str] = &["新職名", "職名", "新職", "補職"];
const RANK: &[&str] = &["職位", "新職位", "級"];
const NOTE: &[&str] = &["備考", "摘要"];

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The line in the file.
    pub line: u64,
    /// The employee number.
    pub number: String,
    /// The name, empty where the file has none.
    pub name: String,
    /// The reading of the name.
    pub kana: String,
    /// What is ordered.
    pub kind: OrderKind,
    /// From which day; the last day of a service for a retirement.
    pub effective_on: Date,
    /// Until which day.
    pub until: Option<Date>,
    /// The code or the name of the department.
    pub department: Option<String>,
    /// The title of the post.
    pub title: String,
    /// The rank of the post.
    pub rank: Option<Rank>,
    /// A remark.
    pub note: String,
}

impl OrderRow {
    /// Whom it is about, for a message.
    pub fn about(&self) -> String {
        about(&self.number, &self.name)
    }
}

/// What a file says: the lines that can be read and what is wrong with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFile {
    /// The lines that can be read.
    pub rows: Vec<OrderRow>,
    /// What is wrong with the others.
    pub problems: Vec<LineProblem>,
}

/// Reads a file. `effective` is the day of orders whose line names none.
///
/// # Errors
/// When the file can't be read as rows or lacks a column, in words for the person who made it.
pub fn read(path: &Path, effective: Option<Date>) -> Result<OrderFile, String> {
    let lines = sheet::read(path, &[NUMBER, KIND])?;
    let mut file = OrderFile::default();
    for line in lines {
        match row(&line, effective) {
            Ok(row) => file.rows.push(row),
            Err(message) => file.problems.push(LineProblem {
                line: line.number,
                about: about(line.get(NUMBER).unwrap_or_default(), line.get(NAME).unwrap_or_default()),
                message,
            }),
        }
    }
    Ok(file)
}

fn row(line: &Line, effective: Option<Date>) -> Result<OrderRow, String> {
    let number = line.get(NUMBER).ok_or("職員番号がありません。")?.to_owned();
    let word = line.get(KIND).ok_or("発令区分がありません。")?;
    let kind = OrderKind::from_word(word).ok_or_else(|| {
        let known = OrderKind::all().map(OrderKind::label).collect::<Vec<_>>().join("、");
        format!("「{word}」という発令区分はありません。使えるのは{known}です。")
    })?;
    let day = |headings: &[&str]| -> Result<Option<Date>, String> {
        let Some(cell) = line.get(headings) else { return Ok(None) };
        parse_date(cell).map(Some).map_err(|error| format!("「{cell}」を日付として読めません。{error}"))
    };
    let effective_on =
        day(DAY)?.or(effective).ok_or("発令日がありません。列に入れるか、取込のときに指定してください。")?;
    let until = day(UNTIL)?;
    if until.is_some_and(|until| until < effective_on) {
        return Err("終了日が発令日より前です。".to_owned());
    }
    let rank = match line.get(RANK) {
        None => None,
        Some(word) => Some(
            Rank::from_word(word)
                .ok_or_else(|| format!("「{word}」という職位はありません。「課長級」のように入れてください。"))?,
        ),
    };
    let department = line.get(DEPARTMENT).map(str::to_owned);
    if kind.needs_department() && department.is_none() {
        return Err(format!("{}には所属（部局コード）が要ります。", kind.label()));
    }
    Ok(OrderRow {
        line: line.number,
        number,
        name: line.text(NAME),
        kana: line.text(KANA),
        kind,
        effective_on,
        until,
        department,
        title: line.text(TITLE),
        rank,
        note: line.text(NOTE),
    })
}

fn about(number: &str, name: &str) -> String {
    match (number, name) {
        ("", "") => "（だれの発令か不明）".to_owned(),
        (number, "") => format!("職員番号{number}"),
        ("", name) => name.to_owned(),
        (number, name) => format!("{name}（{number}）"),
    }
}
