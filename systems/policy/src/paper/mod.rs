//! Reads the paper of the department policies (部局運営方針の概要) as the departments hand it in.
//!
//! The paper is a text of table rows between page headings: for each department its name and its basic ideas, then a table
//! of priority themes (重点項目) with the initiatives (取り組み) under each. It comes out of a word processor, a spreadsheet
//! or a PDF, so its form varies: the reader goes by the labels and the heading row, not by positions, and whatever it
//! cannot place it returns as a warning with the line and the text. Nothing is dropped silently and nothing is guessed into
//! existence: a row that the end of the file cuts off is reported, not taken in.
//!
//! Everything here is a pure function of the bytes. The stages, in the order in which to read them: [`decode`] (bytes to
//! text), [`rows`] (text to cells; [`layout`] and [`loose`] where only spaces part them), [`markup`] and [`clean`] (cells to plain text), [`labels`] and [`heading`] (what a row
//! is), [`assemble`] (rows to a [`Paper`]). [`matching`] then compares a paper with what the ledgers already hold.

mod assemble;
mod clean;
mod decode;
mod heading;
mod labels;
mod layout;
mod loose;
mod markup;
pub mod matching;
mod rows;
mod table;
mod warning;

pub use clean::fold_title;
pub use decode::MAX_PAPER_BYTES;
pub use warning::{Warning, WarningKind};

use jiff::civil::Date;
use serde::Serialize;

use crate::kernel::fiscal::FiscalYear;

/// The priority themes of the plan period, which need no remark when a paper names them. A theme that is not among them
/// is taken in all the same, with a warning that it is new.
pub const USUAL_THEMES: [&str; 3] = ["財務体質の強化", "スマート自治体の推進", "公共施設の適正管理"];

/// The most rows that a paper may have; a real one has about two hundred.
pub const MAX_PAPER_ROWS: usize = 20_000;

/// One year's department policies as a paper states them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// The fiscal year (年度) of the heading.
    pub fiscal_year: Option<FiscalYear>,
    /// The day on which the paper was made (作成日).
    pub dated: Option<Date>,
    /// The heading of the first page, or nothing if there is none.
    pub title: String,
    /// The departments (部局) in the order of the paper.
    pub departments: Vec<PaperDepartment>,
    /// The priority themes in the order of their first appearance.
    pub themes: Vec<String>,
    /// What could not be placed, or was placed with a doubt, by line.
    pub warnings: Vec<Warning>,
}

/// The block of one department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PaperDepartment {
    /// Its name, without spaces set for layout.
    pub name: String,
    /// Its basic ideas (基本的考え方), one paragraph or list item each.
    pub basic_ideas: Vec<String>,
    /// Its initiatives in the order of the paper.
    pub initiatives: Vec<PaperInitiative>,
    /// The line of its name, from 1.
    pub line: usize,
}

/// One initiative (取り組み).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PaperInitiative {
    /// The priority theme, empty if the paper gives none (a warning says so).
    pub theme: String,
    /// Its name. A name that a department uses twice under one theme carries its number: `名称（2）`.
    pub title: String,
    /// Its outline (取り組みの概要); paragraphs are separated by a line feed.
    pub summary: String,
    /// Cells of columns that the reader does not know, such as the section in charge, with the column's heading.
    pub extras: Vec<Extra>,
    /// The line of its row, from 1.
    pub line: usize,
}

/// A cell of a column whose heading the reader does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extra {
    /// The heading of the column.
    pub label: String,
    /// The text of the cell.
    pub text: String,
}

/// Why a file is no paper at all. The sentence is for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// There is nothing in the file.
    #[error("ファイルに文字がありません。部局運営方針の表が入ったファイルを選んでください。")]
    Empty,
    /// The file is larger than any such paper.
    #[error(
        "ファイルが大きすぎます（{}MB。{}MBまで）。部局運営方針の表だけを書き出したテキストにしてください。",
        bytes.div_ceil(1 << 20),
        MAX_PAPER_BYTES >> 20
    )]
    TooLarge {
        /// The size of the file.
        bytes: usize,
    },
    /// The file has more rows than any such paper.
    #[error(
        "行が多すぎます（{rows}行。上限は{}行）。部局運営方針の表だけを書き出したテキストにしてください。",
        MAX_PAPER_ROWS
    )]
    TooManyRows {
        /// The number of rows.
        rows: usize,
    },
    /// The file is no text.
    #[error(
        "これは{what}で、文字だけのファイルではありません。表を「テキスト（タブ区切り）」か「CSV」で書き出してから取り込んでください。"
    )]
    Binary {
        /// What the file seems to be.
        what: &'static str,
    },
    /// The text is in no encoding that the reader knows, or is damaged.
    #[error("文字コードを読み取れません。UTF-8 か Shift_JIS（CP932）で保存し直してから取り込んでください。")]
    Encoding,
    /// The text has neither the label of a department nor the heading row of a table.
    #[error(
        "部局運営方針の表が見つかりません。「部局名」の行と「重点項目・取り組み名・取り組みの概要」の見出しがあるか確かめてください。"
    )]
    NotAPaper,
    /// The words of a paper are there, but the columns of its tables are lost.
    #[error(
        "表の列の区切りが見つかりません。列がタブ、コンマ、または二つ以上の空白で分かれたファイルにしてください。PDF から取り出すときは、列の位置を残して（pdftotext -layout など）取り出してください。"
    )]
    NoColumns,
}

impl Paper {
    /// The number of initiatives of all departments.
    pub fn initiative_count(&self) -> usize {
        self.departments.iter().map(|department| department.initiatives.len()).sum()
    }
}

/// Reads a paper, knowing only the [`USUAL_THEMES`].
pub fn parse_paper(bytes: &[u8]) -> Result<Paper, PaperError> {
    parse_paper_knowing(bytes, &USUAL_THEMES)
}

/// Reads a paper, knowing these priority themes (those already in the ledger). A known theme is recognised when it stands
/// alone in a row, and causes no warning.
pub fn parse_paper_knowing<T: AsRef<str>>(bytes: &[u8], known_themes: &[T]) -> Result<Paper, PaperError> {
    let text = decode::decode(bytes)?;
    let known = known_themes.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
    let rows = rows::read(&text.text, |text| layout::knows(&known, text))?;
    assemble::assemble(rows, &text, &known)
}
