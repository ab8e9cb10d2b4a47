//! The organisation and the staff as the personnel section hands them over: two CSV files with Japanese headings.
//!
//! The first has a line for each department and section, the second a line for each assignment, so that a member of staff
//! with a concurrent post (兼務) has two lines. Reading is pure: text in, rows out, with every mistake of the file named by
//! its line. What the rows change in the registers is decided in [`crate::import`].

use std::collections::HashMap;

use jiff::civil::Date;
use kawasemi_kernel::PersonName;
use kawasemi_kernel::era::parse_date;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::text::{fold, tidy_line};

/// A department or section (部局・課).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartmentRow {
    /// The stable code.
    pub code: String,
    /// The name.
    pub name: String,
    /// The reading; empty where it is not known.
    pub kana: String,
    /// The code of the department above; none for a department of its own (部).
    pub parent: Option<String>,
    /// Its place in the order of the organisation rules (建制順).
    pub sort_order: i64,
    /// The fiscal year from which it exists.
    pub first_fiscal_year: FiscalYear,
    /// The last fiscal year, once it is closed.
    pub last_fiscal_year: Option<FiscalYear>,
    /// The code of the department that took over its work.
    pub successor: Option<String>,
}

/// One assignment of a member of staff (配属), with what is known of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRow {
    /// The employee number.
    pub employee_number: String,
    /// The name with its reading.
    pub name: PersonName,
    /// The mail address at work; empty where there is none.
    pub mail: String,
    /// The internal extension; empty where there is none.
    pub extension: String,
    /// The day of hiring.
    pub hired_on: Option<Date>,
    /// The last day in service.
    pub left_on: Option<Date>,
    /// The code of the department.
    pub department: String,
    /// The title of the post, such as 課長.
    pub title: String,
    /// The rank of the post.
    pub rank: Rank,
    /// Main, concurrent or acting.
    pub kind: AssignmentKind,
    /// The first day.
    pub starts_on: Date,
    /// The last day, once it is known.
    pub ends_on: Option<Date>,
}

/// The rank of a post (職位), from the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// 部長級
    Director,
    /// 次長級
    DeputyDirector,
    /// 課長級
    Head,
    /// 課長補佐級
    DeputyHead,
    /// 係長級
    Chief,
    /// 主任・主事級
    Officer,
    /// 会計年度任用職員
    FiscalYear,
}

impl Rank {
    /// Every rank, from the highest, with its key in the ledger and the words that a file may use for it.
    const ALL: [(Self, &'static str, &'static [&'static str]); 7] = [
        (Self::Director, "r1-director", &["部長級", "部長"]),
        (Self::DeputyDirector, "r2-deputy-director", &["次長級", "次長"]),
        (Self::Head, "r3-head", &["課長級", "課長"]),
        (Self::DeputyHead, "r4-deputy-head", &["課長補佐級", "課長補佐"]),
        (Self::Chief, "r5-chief", &["係長級", "係長"]),
        (Self::Officer, "r6-officer", &["主任・主事級", "主任級", "主事級", "主任", "主事"]),
        (Self::FiscalYear, "r7-fiscal-year", &["会計年度任用職員", "会計年度任用"]),
    ];

    /// The key of the choice in the ledger of posts.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(rank, ..)| *rank == self).map_or("r6-officer", |(_, key, _)| key)
    }

    /// The rank that a key or a word of a file means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, key, words)| *key == word || words.contains(&word)).map(|(rank, ..)| *rank)
    }
}

/// How a member of staff holds a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentKind {
    /// 主務
    Main,
    /// 兼務
    Concurrent,
    /// 事務取扱
    Acting,
}

impl AssignmentKind {
    /// The key of the choice in the ledger of assignments.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Concurrent => "concurrent",
            Self::Acting => "acting",
        }
    }

    /// The kind that a key or a word of a file means; a main post where nothing is said.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "" | "主務" | "本務" | "main" => Some(Self::Main),
            "兼務" | "併任" | "concurrent" => Some(Self::Concurrent),
            "事務取扱" | "acting" => Some(Self::Acting),
            _ => None,
        }
    }
}

/// A mistake in a file, in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}行目{}: {message}", if column.is_empty() { String::new() } else { format!("「{column}」") })]
pub struct FileMistake {
    /// The line, the heading being line 1.
    pub line: u64,
    /// The heading of the column; empty where the whole line is meant.
    pub column: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// The text of a file in UTF-8 or CP932 (Shift_JIS); none if it is neither.
pub fn text(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into),
    }
}

/// Reads the file of departments. Headings: 部局コード, 名称, ふりがな, 上位部局コード, 建制順, 設置年度, 廃止年度, 引継ぎ先コード.
///
/// # Errors
/// The mistakes of all lines at once.
pub fn read_departments(text: &str) -> Result<Vec<DepartmentRow>, Vec<FileMistake>> {
    read(text, &["部局コード", "名称", "設置年度"], |row| {
        Some(DepartmentRow {
            code: row.required("部局コード"),
            name: row.required("名称"),
            kana: row.optional("ふりがな").unwrap_or_default(),
            parent: row.optional("上位部局コード"),
            sort_order: row
                .parsed("建制順", |cell| cell.parse().map_err(|_| "整数を入れてください。".to_owned()))?
                .unwrap_or(i64::try_from(row.line).unwrap_or(0)),
            first_fiscal_year: row.parsed("設置年度", fiscal_year)??,
            last_fiscal_year: row.parsed("廃止年度", fiscal_year)?,
            successor: row.optional("引継ぎ先コード"),
        })
    })
}

/// Reads the file of staff. Headings: 職員番号, 氏名, フリガナ, メール, 内線, 採用日, 退職日, 所属コード, 職名, 職位, 主務兼務, 発令日, 終了日.
///
/// # Errors
/// The mistakes of all lines at once.
pub fn read_staff(text: &str) -> Result<Vec<StaffRow>, Vec<FileMistake>> {
    read(text, &["職員番号", "氏名", "所属コード", "発令日"], |row| {
        let title = row.optional("職名").unwrap_or_else(|| "主事".to_owned());
        let rank = row.parsed("職位", |word| {
            Rank::from_word(word)
                .ok_or_else(|| format!("「{word}」という職位はありません。「課長級」のように入れてください。"))
        })?;
        Some(StaffRow {
            employee_number: row.required("職員番号"),
            name: PersonName { name: row.required("氏名"), kana: row.optional("フリガナ").unwrap_or_default() },
            mail: row.optional("メール").unwrap_or_default(),
            extension: row.optional("内線").unwrap_or_default(),
            hired_on: row.parsed("採用日", date)?,
            left_on: row.parsed("退職日", date)?,
            department: row.required("所属コード"),
            rank: rank.or_else(|| Rank::from_word(&title)).unwrap_or(Rank::Officer),
            title,
            kind: row
                .parsed("主務兼務", |word| {
                    AssignmentKind::from_word(word)
                        .ok_or_else(|| "「主務」「兼務」「事務取扱」のどれかを入れてください。".to_owned())
                })?
                .unwrap_or(AssignmentKind::Main),
            starts_on: row.parsed("発令日", date)??,
            ends_on: row.parsed("終了日", date)?,
        })
    })
}

fn fiscal_year(cell: &str) -> Result<FiscalYear, String> {
    cell.parse().map_err(|error: kawasemi_kernel::fiscal::FiscalYearError| error.to_string())
}

fn date(cell: &str) -> Result<Date, String> {
    parse_date(cell).map_err(|error| error.to_string())
}

/// Reads a CSV text line by line; `make` answers nothing for a line with a mistake, which it has noted then.
fn read<T>(
    text: &str,
    required: &[&str],
    make: impl Fn(&mut Line<'_>) -> Option<T>,
) -> Result<Vec<T>, Vec<FileMistake>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headings = match reader.headers() {
        Ok(headings) => headings.iter().map(fold).enumerate().map(|(n, name)| (name, n)).collect::<HashMap<_, _>>(),
        Err(error) => return Err(vec![unreadable(1, &error)]),
    };
    let missing: Vec<FileMistake> = required
        .iter()
        .filter(|name| !headings.contains_key(&fold(name)))
        .map(|name| FileMistake {
            line: 1,
            column: (*name).to_owned(),
            message: "この見出しの列がありません。見出しの行を確かめてください。".to_owned(),
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(unreadable(error.position().map_or(0, csv::Position::line), &error));
                continue;
            }
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let mut line = Line { line, record: &record, headings: &headings, required, mistakes: Vec::new() };
        let row = make(&mut line);
        line.check_required();
        match row {
            Some(row) if line.mistakes.is_empty() => rows.push(row),
            _ => mistakes.append(&mut line.mistakes),
        }
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

fn unreadable(line: u64, error: &csv::Error) -> FileMistake {
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "文字コードを読み取れません。UTF-8で保存し直してください。",
        _ => "CSVとして読めません。引用符の閉じ忘れがないか確かめてください。",
    };
    FileMistake { line, column: String::new(), message: message.to_owned() }
}

/// One line of a file while it is read.
struct Line<'a> {
    line: u64,
    record: &'a csv::StringRecord,
    headings: &'a HashMap<String, usize>,
    required: &'a [&'a str],
    mistakes: Vec<FileMistake>,
}

impl Line<'_> {
    fn optional(&self, heading: &str) -> Option<String> {
        let cell = self.headings.get(&fold(heading)).and_then(|index| self.record.get(*index))?;
        let cell = tidy_line(cell);
        (!cell.is_empty()).then_some(cell)
    }

    /// The cell of a column that [`Line::check_required`] asks for; empty where it is missing.
    fn required(&self, heading: &str) -> String {
        self.optional(heading).unwrap_or_default()
    }

    /// A parsed cell: none inside where it is empty, none outside where it has a mistake, which is noted.
    fn parsed<T>(&mut self, heading: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Option<T>> {
        let Some(cell) = self.optional(heading) else { return Some(None) };
        match parse(&cell) {
            Ok(value) => Some(Some(value)),
            Err(message) => {
                self.mistakes.push(FileMistake { line: self.line, column: heading.to_owned(), message });
                None
            }
        }
    }

    fn check_required(&mut self) {
        for heading in self.required {
            if self.optional(heading).is_none() {
                let message = "値がありません。".to_owned();
                self.mistakes.push(FileMistake { line: self.line, column: (*heading).to_owned(), message });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const STAFF: &str = "職員番号,氏名,ﾌﾘｶﾞﾅ,所属コード,職名,主務兼務,発令日\n";

    #[test]
    fn reads_files_of_spreadsheets() {
        assert_eq!(text("職員番号".as_bytes()).as_deref(), Some("職員番号"));
        assert_eq!(text(&encoding_rs::SHIFT_JIS.encode("職員番号,ｻﾄｳ").0).as_deref(), Some("職員番号,ｻﾄｳ"));
        assert_eq!(text(&[0x89, b'P', b'N', b'G', 0x0d, 0xff, 0xff]), None);
    }

    #[test]
    fn reads_departments_in_the_words_of_the_office() {
        let text = "\u{feff}部局コード,名称,上位部局コード,設置年度,廃止年度\nwelfare,福祉部,,令和3年度,\nold,旧福祉課,welfare,H27,2020\n";
        let rows = read_departments(text).expect("is a good file");
        assert_eq!(rows[0].first_fiscal_year.year(), 2021);
        assert_eq!(
            (rows[1].parent.as_deref(), rows[1].last_fiscal_year.map(FiscalYear::year)),
            (Some("welfare"), Some(2020))
        );
    }

    #[test]
    fn reads_staff_and_takes_the_rank_from_the_title() {
        let rows = read_staff(&format!("{STAFF}0012,佐藤　花子,サトウ ハナコ,welfare,課長,,R3.4.1\n0012,佐藤　花子,サトウ ハナコ,planning,主事,兼務,2021-10-01\n"))
            .expect("is a good file");
        assert_eq!(
            (rows[0].rank, rows[0].kind, rows[0].starts_on),
            (Rank::Head, AssignmentKind::Main, date(2021, 4, 1))
        );
        assert_eq!(rows[1].kind, AssignmentKind::Concurrent);
    }

    #[test]
    fn names_every_mistake_with_line_and_column() {
        for (lines, expected) in [
            ("1,佐藤,,welfare,課長,,令和3年2月30日\n", "2行目「発令日」: 「"),
            ("1,佐藤,,welfare,課長,,\n", "2行目「発令日」: 値がありません。"),
            (",,,,,,\n1,佐藤,,welfare,課長,専務,2021-04-01\n", "3行目「主務兼務」: 「主務」"),
            ("1,,,,課長,,2021-04-01\n", "2行目「氏名」"),
        ] {
            let mistakes = read_staff(&format!("{STAFF}{lines}")).expect_err("is refused");
            let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            assert!(said.iter().any(|line| line.starts_with(expected)), "{lines}: {said:?}");
        }
        let said = read_staff("番号,氏名\n1,佐藤\n").expect_err("is refused");
        assert_eq!(said.len(), 3, "{said:?}");
    }
}
