//! The file of a plan: a line for each step, in CSV or a workbook.

use std::path::Path;

use kawasemi_kernel::fiscal::FiscalYear;

use super::step::{Step, StepKind, StepState};
use crate::sheet::{self, Line, LineProblem};

const KIND: &[&str] = &["区分", "改革区分", "内容"];
const CODE: &[&str] = &["部局コード", "コード", "所属コード"];
const NAME: &[&str] = &["名称", "新名称", "部局名"];
const KANA: &[&str] = &["ふりがな", "フリガナ"];
const PARENT: &[&str] = &["上位部局コード", "新上位部局コード", "上位コード"];
const ORDER: &[&str] = &["建制順", "順"];
const SUCCESSOR: &[&str] = &["引継ぎ先コード", "引継先コード", "統合先コード", "分割先コード"];
const LEDGER: &[&str] = &["引き継ぐ台帳", "台帳"];
const CONDITION: &[&str] = &["引き継ぐ記録の条件", "条件"];
const SECTION: &[&str] = &["引き継ぐ係コード", "引き継ぐ係", "係コード"];
const YEAR: &[&str] = &["施行年度", "年度"];

/// Reads a file. `year` is the fiscal year of steps whose line names none.
///
/// # Errors
/// When the file can't be read as rows or lacks a column, in words for the person who made it.
pub fn read(path: &Path, year: Option<FiscalYear>) -> Result<(Vec<Step>, Vec<LineProblem>), String> {
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    for line in sheet::read(path, &[KIND, CODE])? {
        match step(&line, year) {
            Ok(step) => steps.push(step),
            Err(message) => {
                let about = line.get(CODE).unwrap_or("（部局コードなし）").to_owned();
                problems.push(LineProblem { line: line.number, about, message });
            }
        }
    }
    Ok((steps, problems))
}

fn step(line: &Line, year: Option<FiscalYear>) -> Result<Step, String> {
    let word = line.get(KIND).ok_or("区分がありません。")?;
    let kind = StepKind::from_word(word).ok_or_else(|| {
        format!("「{word}」という区分はありません。使えるのは新設、改称、移管、統合、分割、廃止です。")
    })?;
    let fiscal_year = match line.get(YEAR) {
        Some(cell) => cell.parse().map_err(|error: kawasemi_kernel::fiscal::FiscalYearError| error.to_string())?,
        None => year.ok_or("施行年度がありません。列に入れるか、取込のときに指定してください。")?,
    };
    let sort_order = match line.get(ORDER) {
        Some(cell) => Some(cell.parse().map_err(|_| "建制順は整数で入れてください。".to_owned())?),
        None => None,
    };
    Ok(Step {
        record: None,
        line: line.number,
        fiscal_year,
        kind,
        code: line.get(CODE).ok_or("部局コードがありません。")?.to_owned(),
        name: line.text(NAME),
        kana: line.text(KANA),
        parent: line.text(PARENT),
        sort_order,
        successor: line.text(SUCCESSOR),
        ledger: line.text(LEDGER),
        condition: line.text(CONDITION),
        section: line.text(SECTION),
        state: StepState::Draft,
    })
}
