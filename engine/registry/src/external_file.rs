//! The city's table of external characters (外字) as a CSV file, in the words that cities and their suppliers use for its columns.
//!
//! Reading is pure: text in, rows out, with every mistake named by its line. What the rows change is decided in
//! [`crate::external`].

use std::collections::HashMap;

use kawasemi_kernel::text::cluster::{code_points, is_variation_selector};
use kawasemi_kernel::text::external::{ExternalCharacter, MjNumber, from_cp932, parse_private, parse_standard};
use kawasemi_kernel::text::{fold, tidy, tidy_line};

use crate::personnel_file::FileMistake;

/// An external character of a file, with its note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRow {
    /// The line of the file.
    pub line: u64,
    /// The character.
    pub character: ExternalCharacter,
    /// What the city noted about it; empty for nothing.
    pub note: String,
}

/// A column, with the headings under which cities have it, the surest first.
struct Column {
    name: &'static str,
    headings: &'static [&'static str],
}

const CODE: Column = Column {
    name: "外字の符号",
    headings: &[
        "外字の符号",
        "外字コード",
        "外字符号",
        "Unicode",
        "Unicode外字",
        "UCS外字",
        "私用領域",
        "PUA",
        "内部コード",
        "符号",
        "コード",
        "文字コード",
        "外字",
        "code",
    ],
};
const CP932: Column = Column {
    name: "Shift_JISの外字コード",
    headings: &["SJIS", "S-JIS", "Shift_JIS", "ShiftJIS", "シフトJIS", "SJISコード", "CP932", "MS932", "SJIS外字"],
};
const MJ: Column = Column {
    name: "MJ番号",
    headings: &["MJ番号", "MJ文字図形名", "MJコード", "MJ", "文字図形名", "mj"],
};
const STANDARD: Column = Column {
    name: "標準の文字",
    headings: &[
        "標準の文字",
        "標準文字",
        "対応文字",
        "正字",
        "同定文字",
        "標準コード",
        "対応UCS",
        "対応するUCS",
        "実装したUCS",
        "UCS",
        "IVS",
        "実装したMoji_JohoコレクションIVS",
        "standard",
    ],
};
/// Stands beside a base character in a column of its own.
const SELECTOR: Column = Column {
    name: "異体字セレクタ",
    headings: &["異体字セレクタ", "VS", "セレクタ", "IVS番号", "枝番"],
};
const SUBSTITUTE: Column = Column {
    name: "代替文字",
    headings: &["代替文字", "代替", "縮退文字", "縮退", "代用文字", "置換文字", "substitute"],
};
const NOTE: Column = Column { name: "備考", headings: &["備考", "注記", "メモ", "説明", "読み", "note"] };

/// Reads the file. It needs a column of the code, in Unicode or in Shift_JIS; all others may be missing.
///
/// # Errors
/// The mistakes of all lines at once; a code that stands twice is one.
pub fn read(text: &str) -> Result<Vec<ExternalRow>, Vec<FileMistake>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let unreadable = |line: u64| {
        let message = "CSVとして読めません。引用符の閉じ忘れがないか確かめてください。".to_owned();
        FileMistake { line, column: String::new(), message }
    };
    let headings: Vec<String> = match reader.headers() {
        Ok(headings) => headings.iter().map(bare).collect(),
        Err(_) => return Err(vec![unreadable(1)]),
    };
    let columns = Columns(&headings);
    if columns.of(&CODE).is_none() && columns.of(&CP932).is_none() {
        let message = "外字の符号の列がありません。見出しを「外字コード」か「SJIS」にしてください。".to_owned();
        return Err(vec![FileMistake { line: 1, column: CODE.name.to_owned(), message }]);
    }
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    let mut seen: HashMap<char, u64> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(unreadable(error.position().map_or(0, csv::Position::line)));
                continue;
            }
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        match row(&columns, &record, line) {
            Ok(row) => match seen.insert(row.character.code, line) {
                None => rows.push(row),
                Some(first) => mistakes.push(FileMistake {
                    line,
                    column: CODE.name.to_owned(),
                    message: format!(
                        "{}は{first}行目にもあります。どちらかを消してください。",
                        code_points(&row.character.code.to_string())
                    ),
                }),
            },
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

/// Headings are compared without width, case and the spaces and signs that people put between words.
fn bare(heading: &str) -> String {
    fold(heading).chars().filter(|c| !c.is_whitespace() && !"-_・()（）".contains(*c)).collect()
}

struct Columns<'a>(&'a [String]);

impl Columns<'_> {
    fn of(&self, column: &Column) -> Option<usize> {
        column.headings.iter().find_map(|wanted| self.0.iter().position(|heading| *heading == bare(wanted)))
    }

    /// The cell of a column; none where the file lacks it or it is empty.
    fn cell(&self, column: &Column, record: &csv::StringRecord) -> Option<String> {
        let cell = tidy_line(record.get(self.of(column)?)?);
        (!cell.is_empty()).then_some(cell)
    }

    /// The cells of every heading of a column, the surest last.
    fn cells(&self, column: &Column, record: &csv::StringRecord) -> Vec<String> {
        let places = column.headings.iter().filter_map(|wanted| self.0.iter().position(|h| *h == bare(wanted)));
        places.filter_map(|at| record.get(at)).map(tidy_line).filter(|cell| !cell.is_empty()).collect()
    }
}

fn row(columns: &Columns<'_>, record: &csv::StringRecord, line: u64) -> Result<ExternalRow, FileMistake> {
    let mistake = |column: &Column, message: String| FileMistake { line, column: column.name.to_owned(), message };
    let code = match (columns.cell(&CODE, record), columns.cell(&CP932, record)) {
        (Some(code), _) => parse_private(&code).map_err(|error| mistake(&CODE, error.to_string()))?,
        (None, Some(code)) => of_cp932(&code)
            .ok_or_else(|| mistake(&CP932, format!("「{code}」は外字のコード（F040 から F9FC）ではありません。")))?,
        (None, None) => return Err(mistake(&CODE, "値がありません。".to_owned())),
    };
    let mj = columns.cell(&MJ, record).map(|text| text.parse::<MjNumber>()).transpose();
    let mj = mj.map_err(|error| mistake(&MJ, error.to_string()))?;
    let mut standard: Option<String> = None;
    for cell in columns.cells(&STANDARD, record) {
        let read = parse_standard(&cell).map_err(|error| mistake(&STANDARD, error.to_string()))?;
        // Of two columns the one with the selector says more: the code point alone, and the sequence beside it.
        let says_more = standard.as_ref().is_none_or(|known| read.chars().count() > known.chars().count());
        if says_more {
            standard = Some(read);
        }
    }
    if let (Some(base), Some(selector)) = (&mut standard, columns.cell(&SELECTOR, record)) {
        let selector =
            selector_of(&selector).ok_or_else(|| mistake(&SELECTOR, "E0100 の形で入れてください。".to_owned()))?;
        if base.chars().count() == 1 {
            base.push(selector);
        }
    }
    let substitute = columns.cell(&SUBSTITUTE, record);
    if let Some(substitute) = &substitute
        && (substitute.chars().count() > 8 || substitute.chars().any(|c| c == '〓'))
    {
        return Err(mistake(&SUBSTITUTE, "代わりの文字そのものを、8文字までで入れてください。".to_owned()));
    }
    let note = columns.cell(&NOTE, record).map(|note| tidy(&note)).unwrap_or_default();
    Ok(ExternalRow { line, character: ExternalCharacter { code, mj, standard, substitute }, note })
}

/// A code of Shift_JIS, or the character that a file in Shift_JIS holds itself.
fn of_cp932(text: &str) -> Option<char> {
    let folded = fold(text);
    let digits = folded.strip_prefix("0x").unwrap_or(&folded);
    let number = if digits.len() == 4 { u16::from_str_radix(digits, 16).ok() } else { None };
    number.and_then(from_cp932).or_else(|| parse_private(text).ok().filter(|_| text.chars().count() == 1))
}

/// A variation selector: `E0100`, `U+E0100`, `VS17` or the selector itself.
fn selector_of(text: &str) -> Option<char> {
    let folded = fold(text);
    let number = match folded.strip_prefix("vs") {
        // VS1–VS16 are U+FE00–FE0F, VS17–VS256 are U+E0100–E01EF.
        Some(number) => match number.parse::<u32>().ok()? {
            n @ 1..=16 => 0xFE00 + n - 1,
            n @ 17..=256 => 0xE0100 + n - 17,
            _ => return None,
        },
        None if folded.is_empty() => u32::from(text.chars().next()?),
        None => u32::from_str_radix(folded.trim_start_matches("u+"), 16).ok()?,
    };
    char::from_u32(number).filter(|c| is_variation_selector(*c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personnel_file;

    #[test]
    fn reads_tables_as_cities_have_them() {
        for (text, code, mj, standard, substitute) in [
            ("外字コード,MJ文字図形名,代替文字\nE000,MJ026193,邉\n", '\u{E000}', Some("MJ026193"), None, Some("邉")),
            ("ＳＪＩＳ,標準文字\nF040,葛\u{E0100}\n", '\u{E000}', None, Some("葛\u{E0100}"), None),
            ("SJIS,UCS,IVS\n0xF080,U+845B,845B_E0100\n", '\u{E03F}', None, Some("葛\u{E0100}"), None),
            ("Unicode,対応文字,異体字セレクタ\nU+E000,葛,VS17\n", '\u{E000}', None, Some("葛\u{E0100}"), None),
            ("外字,縮退文字,備考\n\u{E7FF},高,はしご高の別体\n", '\u{E7FF}', None, None, Some("高")),
        ] {
            let rows = read(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
            let found = &rows[0].character;
            assert_eq!(found.code, code, "{text}");
            assert_eq!(found.mj.map(|mj| mj.to_string()).as_deref(), mj, "{text}");
            assert_eq!((found.standard.as_deref(), found.substitute.as_deref()), (standard, substitute), "{text}");
        }
    }

    #[test]
    fn the_characters_themselves_come_from_a_file_in_shift_jis() {
        // The bytes F0 40 stand for the character itself.
        let mut bytes = encoding_rs::SHIFT_JIS.encode("外字,代替文字\n").0.into_owned();
        bytes.extend([0xF0, 0x40, b',', 0x8D, 0x82, b'\n']);
        let rows = read(&personnel_file::text(&bytes).expect("is Shift_JIS")).expect("is a good file");
        assert_eq!(rows[0].character.code, '\u{E000}');
        assert_eq!(rows[0].character.substitute.as_deref(), Some("高"));
    }

    #[test]
    fn names_every_mistake_with_its_line() {
        for (text, expected) in [
            ("氏名\n綾瀬\n", "1行目「外字の符号」: 外字の符号の列がありません"),
            ("外字コード\n葛\n", "2行目「外字の符号」: 「葛」は外字の符号ではありません"),
            ("外字コード,MJ番号\nE000,10003x\n", "2行目「MJ番号」"),
            ("外字コード,標準文字\nE000,葛城\n", "2行目「標準の文字」"),
            ("SJIS\n8140\n", "2行目「Shift_JISの外字コード」"),
            ("外字コード,代替文字\nE000,〓\n", "2行目「代替文字」"),
            ("外字コード\nE000\nF040\n", "3行目「外字の符号」: U+E000は2行目にもあります"),
        ] {
            let mistakes = read(text).expect_err("is refused");
            assert!(mistakes[0].to_string().starts_with(expected), "{text}: {}", mistakes[0]);
        }
    }
}
