//! Guessing a layout from a sample file (見本): its encoding, its format, where its fields lie, and what they hold.
//!
//! What is guessed is shown to a person, who corrects it; nothing is taken in by a guess. [`Guess::to_toml`] writes it down as
//! a layout, which then goes through the same reader as any other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use encoding_rs::SHIFT_JIS;
use kawasemi_ledger::import::{Encoding, detect};

use crate::convert::text_of;
use crate::layout::{Conversion, Format, Place, RawPlace};

/// How much of the sample is looked at.
const SAMPLE: u64 = 256 * 1024;
/// Records that are looked at.
const RECORDS: usize = 200;
/// Values that are shown of each column.
const SHOWN: usize = 5;

/// What a sample seems to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The encoding, as a layout writes it.
    pub encoding: &'static str,
    /// How records are written.
    pub format: Format,
    /// The character between columns (CSV).
    pub delimiter: char,
    /// Whether the first row names the columns (CSV).
    pub heading: bool,
    /// Bytes of a record (fixed width).
    pub record_length: usize,
    /// The end of a record, as a layout writes it (fixed width).
    pub line_end: &'static str,
    /// The columns.
    pub columns: Vec<Guessed>,
    /// The first records as text, for a ruler (fixed width).
    pub lines: Vec<String>,
}

/// A column of the sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Guessed {
    /// Its heading, or a name that says where it is.
    pub name: String,
    /// Bytes (fixed width).
    pub length: usize,
    /// What it seems to hold.
    pub kind: Conversion,
    /// Some of its values.
    pub samples: Vec<String>,
}

/// What becomes of a column: its name, the ledger's field (empty for none) and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What the other system calls it.
    pub name: String,
    /// The ledger's field.
    pub to: String,
    /// What it holds.
    pub kind: Conversion,
}

/// What a layout says besides its columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// The ledger.
    pub ledger: String,
    /// The ledger's unique field.
    pub find: String,
    /// Whether files hold everything; then the field that closes a record, with what is entered in it.
    pub close: Option<(String, String)>,
}

/// Looks at a sample. `widths` are the bytes of the fields where a person has said them; they make it fixed width.
///
/// # Errors
/// A sentence, where the file is no text.
pub fn guess(path: &Path, widths: Option<&[usize]>) -> Result<Guess, String> {
    let unreadable = |_| "ファイルを読み込めませんでした。もう一度お試しください。".to_owned();
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(SAMPLE).read_to_end(&mut bytes).map_err(unreadable)?;
    let found = detect(&mut BufReader::new(File::open(path).map_err(unreadable)?)).map_err(unreadable)?;
    let encoding = match found {
        Some(Encoding::Cp932) => "cp932",
        Some(Encoding::Utf8) if bytes.starts_with(b"\xEF\xBB\xBF") => "utf-8-bom",
        Some(Encoding::Utf8) => "utf-8",
        _ => {
            return Err("文字のファイルとして読めません。文字コードが Shift_JIS か UTF-8 のファイルを選んでください。"
                .to_owned());
        }
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut lines: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    // The last one is cut where the sample ends.
    if lines.len() > 1 {
        lines.pop();
    }
    lines.retain(|line| !line.is_empty());
    lines.truncate(RECORDS);
    if lines.is_empty() {
        return Err("ファイルに行がありません。".to_owned());
    }
    let decode = |line: &[u8]| {
        if encoding == "cp932" {
            SHIFT_JIS.decode_without_bom_handling(line).0.into_owned()
        } else {
            String::from_utf8_lossy(line).into_owned()
        }
    };
    let delimiter = if widths.is_some() { None } else { delimiter(&lines) };
    match delimiter {
        Some(delimiter) => Ok(csv(encoding, delimiter, &lines, decode)),
        None => fixed(encoding, bytes, &lines, widths, decode),
    }
}

/// The delimiter with which most lines have the same number of columns; none where there is none.
fn delimiter(lines: &[&[u8]]) -> Option<char> {
    [',', '\t', ';'].into_iter().find(|delimiter| {
        let counts: Vec<usize> =
            lines.iter().map(|line| line.iter().filter(|byte| **byte == *delimiter as u8).count()).collect();
        let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
        usual > 0 && counts.iter().filter(|count| **count >= usual).count() * 10 >= counts.len() * 9
    })
}

fn csv(encoding: &'static str, delimiter: char, lines: &[&[u8]], decode: impl Fn(&[u8]) -> String) -> Guess {
    let text: String = lines.iter().map(|line| decode(line) + "\n").collect();
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(std::io::Cursor::new(text));
    let rows: Vec<csv::StringRecord> = reader.into_records().filter_map(Result::ok).collect();
    let width = rows.iter().map(csv::StringRecord::len).max().unwrap_or(0);
    let is_name =
        |cell: &str| !cell.trim().is_empty() && !cell.trim().chars().all(|c| c.is_ascii_digit() || "-/.".contains(c));
    let heading = rows.len() > 1 && rows[0].iter().all(is_name) && {
        let mut names: Vec<&str> = rows[0].iter().collect();
        names.sort_unstable();
        names.windows(2).all(|pair| pair[0] != pair[1])
    };
    let columns = (0..width).map(|n| {
        let name = rows.first().filter(|_| heading).and_then(|row| row.get(n)).map(|name| name.trim().to_owned());
        let values = rows.iter().skip(usize::from(heading)).filter_map(|row| row.get(n).map(str::to_owned)).collect();
        column(name.unwrap_or_else(|| format!("{}列目", n + 1)), 0, values)
    });
    Guess {
        encoding,
        format: Format::Csv,
        delimiter,
        heading,
        record_length: 0,
        line_end: "crlf",
        columns: columns.collect(),
        lines: Vec::new(),
    }
}

fn fixed(
    encoding: &'static str,
    bytes: &[u8],
    lines: &[&[u8]],
    widths: Option<&[usize]>,
    decode: impl Fn(&[u8]) -> String,
) -> Result<Guess, String> {
    let record_length = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let line_end = match bytes {
        bytes if bytes.windows(2).any(|pair| pair == b"\r\n") => "crlf",
        bytes if bytes.contains(&b'\n') => "lf",
        _ => {
            return Err(
                "改行も区切り文字もないファイルです。レコード長をレイアウトのTOMLに書いて公開してください。".to_owned()
            );
        }
    };
    let widths = match widths {
        Some(widths) => widths.to_vec(),
        None => cuts(lines, record_length),
    };
    let mut start = 0;
    let mut columns = Vec::with_capacity(widths.len());
    for width in widths.into_iter().filter(|width| *width > 0) {
        let end = start + width;
        if end > record_length {
            return Err(format!("幅の合計が、レコード長（{record_length}バイト）を超えています。"));
        }
        let values =
            lines.iter().map(|line| decode(line.get(start..end.min(line.len())).unwrap_or_default())).collect();
        columns.push(column(format!("{}〜{end}バイト", start + 1), width, values));
        start = end;
    }
    let lines = lines.iter().take(SHOWN).map(|line| decode(line)).collect();
    Ok(Guess {
        encoding,
        format: Format::Fixed,
        delimiter: ',',
        heading: false,
        record_length,
        line_end,
        columns,
        lines,
    })
}

/// Widths that end where space ends in every record.
fn cuts(lines: &[&[u8]], length: usize) -> Vec<usize> {
    let is_space = |at: usize| lines.iter().all(|line| line.get(at).is_none_or(|byte| *byte == b' '));
    let mut widths = Vec::new();
    let mut start = 0;
    for at in 1..length {
        if is_space(at - 1) && !is_space(at) {
            widths.push(at - start);
            start = at;
        }
    }
    widths.push(length - start);
    widths
}

fn column(name: String, length: usize, values: Vec<String>) -> Guessed {
    let filled: Vec<&String> = values.iter().filter(|value| !value.trim().is_empty()).collect();
    let is_all = |kind: Conversion, at: usize| {
        let place = Place { raw: RawPlace { r#type: kind, ..RawPlace::default() }, start: 0, length: 0, column: 0 };
        !filled.is_empty()
            && filled
                .iter()
                .all(|value| (at == 0 || value.trim().chars().count() == at) && text_of(&place, value).is_ok())
    };
    let has_separators = filled.iter().any(|value| value.contains(['-', '/']));
    let kind = match () {
        () if is_all(Conversion::Date, 8) || (has_separators && is_all(Conversion::Date, 0)) => Conversion::Date,
        () if is_all(Conversion::EraDate, 7) => Conversion::EraDate,
        () => Conversion::Text,
    };
    let mut samples: Vec<String> = Vec::new();
    for value in filled {
        let value: String = value.trim().chars().take(40).collect();
        if samples.len() < SHOWN && !samples.contains(&value) {
            samples.push(value);
        }
    }
    Guessed { name, length, kind, samples }
}

impl Guess {
    /// The layout that it makes with what a person has chosen.
    #[must_use]
    pub fn to_toml(&self, head: &Head, choices: &[Choice]) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = String::new();
        let format = if self.format == Format::Fixed { "fixed" } else { "csv" };
        let mode = if head.close.is_some() { "full" } else { "difference" };
        for (key, value) in [
            ("key", quoted(&head.key)),
            ("version", head.version.to_string()),
            ("title", quoted(&head.title)),
            ("ledger", quoted(&head.ledger)),
            ("encoding", quoted(self.encoding)),
            ("format", quoted(format)),
            ("mode", quoted(mode)),
            ("find", format!("[{}]", quoted(&head.find))),
        ] {
            // Writing to a text can't fail.
            let _ = writeln!(text, "{key} = {value}");
        }
        if self.format == Format::Fixed {
            let (length, end) = (self.record_length, self.line_end);
            let _ = write!(text, "\n[fixed]\nrecord_length = {length}\nline_end = \"{end}\"\n");
        } else {
            let (delimiter, columns) = (quoted(&self.delimiter.to_string()), self.columns.len());
            let _ = write!(text, "\n[csv]\ndelimiter = {delimiter}\nheading = {}\ncolumns = {columns}\n", self.heading);
        }
        if let Some((field, value)) = &head.close {
            let _ = write!(text, "\n[close]\n{field} = {}\n", quoted(value));
        }
        text.push_str("\n[[record]]\nkind = \"data\"\n");
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for (column, choice) in self.columns.iter().zip(choices) {
            // Two columns may be called alike; a layout tells them apart.
            let count = names.entry(choice.name.as_str()).or_default();
            *count += 1;
            let name = if *count == 1 { choice.name.clone() } else { format!("{}({count})", choice.name) };
            let _ = write!(text, "\n[[record.field]]\nname = {}\n", quoted(&name));
            if self.format == Format::Fixed {
                let _ = writeln!(text, "length = {}", column.length);
            }
            if !choice.to.is_empty() {
                let _ = writeln!(text, "to = {}", quoted(&choice.to));
            }
            if choice.to == head.find {
                text.push_str("required = true\n");
            }
            let kind = key_of(choice.kind);
            if kind != "text" {
                let _ = writeln!(text, "type = \"{kind}\"");
            }
        }
        text
    }
}

/// The kinds of content with their keys and what people call them.
pub const KINDS: [(&str, &str, Conversion); 5] = [
    ("text", "文字", Conversion::Text),
    ("number", "数字（前の0を取る）", Conversion::Number),
    ("date", "日付（年月日8桁）", Conversion::Date),
    ("era-date", "和暦の日付（7桁）", Conversion::EraDate),
    ("year-month", "年月（6桁）", Conversion::YearMonth),
];

/// The key of a kind of content.
#[must_use]
pub fn key_of(kind: Conversion) -> &'static str {
    KINDS.iter().find(|(_, _, known)| *known == kind).map_or("text", |(key, ..)| key)
}

/// The kind of content with a key.
#[must_use]
pub fn kind_of(key: &str) -> Conversion {
    KINDS.iter().find(|(known, ..)| *known == key).map_or(Conversion::Text, |(_, _, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::layout::Layout;

    fn guessed(content: &[u8], widths: Option<&[usize]>) -> Guess {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(content).expect("is written");
        guess(file.path(), widths).expect("is guessed")
    }

    fn layout(guess: &Guess) -> Layout {
        let choices: Vec<Choice> = guess
            .columns
            .iter()
            .enumerate()
            .map(|(n, column)| Choice {
                name: column.name.clone(),
                to: if n == 0 { "code".into() } else { String::new() },
                kind: column.kind,
            })
            .collect();
        let head = Head {
            key: "sample".into(),
            version: 1,
            title: "見本".into(),
            ledger: "park".into(),
            find: "code".into(),
            close: None,
        };
        let toml = guess.to_toml(&head, &choices);
        Layout::read(kawasemi_schema::SourceFile::new("sample.toml", &toml))
            .unwrap_or_else(|errors| panic!("{errors}\n{toml}"))
    }

    #[test]
    fn a_csv_is_known_by_its_delimiter_and_headings() {
        let guess = guessed(
            "番号,名称,設置日,設置日\r\n1,中央公園,20200401,x\r\n2,\"北,公園\",20210401,y\r\n".as_bytes(),
            None,
        );
        assert_eq!(
            (guess.encoding, guess.format, guess.heading, guess.columns.len()),
            ("utf-8", Format::Csv, false, 4)
        );
        let guess = guessed("番号,名称,設置日\r\n1,中央公園,20200401\r\n2,\"北,公園\",20210401\r\n".as_bytes(), None);
        assert_eq!(
            (guess.heading, guess.columns[1].samples.clone()),
            (true, vec!["中央公園".to_owned(), "北,公園".to_owned()])
        );
        assert_eq!(guess.columns[2].kind, Conversion::Date);
        assert_eq!(layout(&guess).data().places[2].raw.name, "設置日");
    }

    #[test]
    fn fixed_width_is_cut_where_space_ends_or_where_a_person_says() {
        let text = "001  中央公園  3550401\r\n002  北公園    4010108\r\n";
        let (bytes, ..) = SHIFT_JIS.encode(text);
        let guess = guessed(&bytes, None);
        assert_eq!((guess.encoding, guess.format, guess.record_length), ("cp932", Format::Fixed, 22));
        assert_eq!(guess.columns.iter().map(|c| c.length).collect::<Vec<_>>(), [5, 10, 7]);
        assert_eq!(guess.columns[2].kind, Conversion::EraDate);
        let told = guessed(&bytes, Some(&[3, 12, 7]));
        assert_eq!((told.columns[0].samples[0].as_str(), told.columns[1].samples[1].as_str()), ("001", "北公園"));
        assert_eq!(layout(&told).data().places[2].start, 15);
    }
}
