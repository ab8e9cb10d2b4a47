//! Guessing a layout from a sample file (見本): its encoding, its format, where its fields lie, and what they hold.
//!
//! What is guessed is shown to a person, who corrects it; nothing is taken in by a guess. [`Guess::to_toml`] writes it down as
//! a layout, which then goes through the same reader as any other.

mod frame;
mod write;

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use encoding_rs::SHIFT_JIS;
use kawasemi_ledger::import::{Encoding, detect};

pub use self::frame::{Found, Frame, Framing};
pub use self::write::{Choice, Head, KINDS, key_of, kind_of};
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
    /// The header and the trailer around the data, where there seem to be any; the columns are those of the data.
    pub frame: Option<Frame>,
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

/// What is known of a sample before it is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The bytes of the fields, where a person has said them; they make it fixed width.
    pub widths: Option<Vec<usize>>,
    /// Whether a person has said that every row is data, the first and the last as well.
    pub is_plain: bool,
    /// The code of the city, by which a header is known.
    pub city: String,
}

/// The records of a sample.
struct Sample<'a> {
    encoding: &'static str,
    bytes: &'a [u8],
    /// The first of them.
    lines: Vec<&'a [u8]>,
    /// How many there are.
    count: usize,
    /// The last of all.
    last: &'a [u8],
}

/// Looks at a sample.
///
/// # Errors
/// A sentence, where the file is no text.
pub fn guess(path: &Path, told: &Told) -> Result<Guess, String> {
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
    let bytes_of_text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut lines: Vec<&[u8]> = bytes_of_text.split(|byte| *byte == b'\n').map(frame::without_end).collect();
    // The last one is cut where the sample ends.
    if bytes.len() as u64 == SAMPLE && lines.len() > 1 {
        lines.pop();
    }
    lines.retain(|line| !line.is_empty());
    lines.truncate(RECORDS);
    if lines.is_empty() {
        return Err("ファイルに行がありません。".to_owned());
    }
    let (count, last) = frame::end_of(path).map_err(unreadable)?;
    let sample = Sample { encoding, bytes: bytes_of_text, lines, count, last: &last };
    match if told.widths.is_some() { None } else { delimiter(&sample.lines) } {
        Some(delimiter) => Ok(csv(&sample, delimiter, told)),
        None => fixed(sample, told),
    }
}

impl Sample<'_> {
    fn decode(&self, line: &[u8]) -> String {
        if self.encoding == "cp932" {
            SHIFT_JIS.decode_without_bom_handling(line).0.into_owned()
        } else {
            String::from_utf8_lossy(line).into_owned()
        }
    }
}

/// The delimiter with which most lines have the same number of columns; none where there is none. The first and the last may be
/// a header and a trailer, which have fewer.
fn delimiter(lines: &[&[u8]]) -> Option<char> {
    let lines = if lines.len() > 3 { &lines[1..lines.len() - 1] } else { lines };
    [',', '\t', ';'].into_iter().find(|delimiter| {
        let counts: Vec<usize> =
            lines.iter().map(|line| line.iter().filter(|byte| **byte == *delimiter as u8).count()).collect();
        let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
        usual > 0 && counts.iter().filter(|count| **count >= usual).count() * 10 >= counts.len() * 9
    })
}

/// The rows of a text.
fn rows(text: String, delimiter: char) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter as u8);
    reader.from_reader(std::io::Cursor::new(text)).into_records().filter_map(Result::ok).collect()
}

fn csv(sample: &Sample<'_>, delimiter: char, told: &Told) -> Guess {
    let text: String = sample.lines.iter().map(|line| sample.decode(line) + "\n").collect();
    let mut rows_of_data = rows(text, delimiter);
    let last = rows(sample.decode(sample.last), delimiter).pop().unwrap_or_default();
    // A row may have several lines, so they are counted only where they are not all seen.
    let is_whole = sample.lines.len() == sample.count;
    let count = if is_whole { rows_of_data.len() } else { sample.count };
    let frame = frame::of_csv(&rows_of_data, &last, count, &told.city).filter(|_| !told.is_plain);
    unframe(&mut rows_of_data, frame.as_ref(), is_whole);
    let rows = rows_of_data;
    let width = rows.iter().map(csv::StringRecord::len).max().unwrap_or(0);
    let is_name =
        |cell: &str| !cell.trim().is_empty() && !cell.trim().chars().all(|c| c.is_ascii_digit() || "-/.".contains(c));
    let heading = frame.is_none() && rows.len() > 1 && rows[0].iter().all(is_name) && {
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
        encoding: sample.encoding,
        format: Format::Csv,
        delimiter,
        heading,
        record_length: 0,
        line_end: "crlf",
        columns: columns.collect(),
        lines: Vec::new(),
        frame,
    }
}

/// Takes a header and a trailer away from the rows that were seen.
fn unframe<T>(rows: &mut Vec<T>, frame: Option<&Frame>, is_whole: bool) {
    let Some(frame) = frame else { return };
    if is_whole && frame.trailer.is_some() {
        rows.pop();
    }
    if frame.header.is_some() {
        rows.remove(0);
    }
}

fn fixed(mut sample: Sample<'_>, told: &Told) -> Result<Guess, String> {
    let record_length = sample.lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let line_end = match sample.bytes {
        bytes if bytes.windows(2).any(|pair| pair == b"\r\n") => "crlf",
        bytes if bytes.contains(&b'\n') => "lf",
        _ => {
            return Err(
                "改行も区切り文字もないファイルです。レコード長をレイアウトのTOMLに書いて公開してください。".to_owned()
            );
        }
    };
    let lines = sample.lines.iter().take(SHOWN).map(|line| sample.decode(line)).collect();
    let frame = frame::of_fixed(&sample.lines, sample.last, sample.count, &told.city).filter(|_| !told.is_plain);
    let is_whole = sample.lines.len() == sample.count;
    unframe(&mut sample.lines, frame.as_ref(), is_whole);
    let widths = told.widths.clone().unwrap_or_else(|| cuts(&sample.lines, record_length));
    let mut start = 0;
    let mut columns = Vec::with_capacity(widths.len());
    for width in widths.into_iter().filter(|width| *width > 0) {
        let end = start + width;
        if end > record_length {
            return Err(format!("幅の合計が、レコード長（{record_length}バイト）を超えています。"));
        }
        let cell = |line: &&[u8]| sample.decode(line.get(start..end.min(line.len())).unwrap_or_default());
        columns.push(column(format!("{}〜{end}バイト", start + 1), width, sample.lines.iter().map(cell).collect()));
        start = end;
    }
    Ok(Guess {
        encoding: sample.encoding,
        format: Format::Fixed,
        delimiter: ',',
        heading: false,
        record_length,
        line_end,
        columns,
        lines,
        frame,
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::layout::Layout;

    fn guessed(content: &[u8], widths: Option<&[usize]>) -> Guess {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(content).expect("is written");
        let told = Told { widths: widths.map(<[usize]>::to_vec), city: "142182".into(), ..Told::default() };
        guess(file.path(), &told).expect("is guessed")
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

    fn host_file(people: usize) -> Vec<u8> {
        let mut text = format!("{:<34}\r\n", "114218220260428000012");
        for n in 1..=people {
            text += &format!("2{n:05}ｶﾜｾﾐ     3550401{:>12}\r\n", "x");
        }
        text += &format!("{:<34}\r\n\x1A", format!("9{people:08}"));
        SHIFT_JIS.encode(&text).0.into_owned()
    }

    #[test]
    fn a_header_and_a_trailer_are_known_by_their_sign_and_what_stands_in_them() {
        // Longer than what is looked at, or not.
        for people in [3, 1000] {
            let guess = guessed(&host_file(people), Some(&[1, 5, 9, 7, 12]));
            let frame = guess.frame.as_ref().expect("has a frame");
            let found = |framing: &Option<Framing>| -> Vec<(&str, usize, usize)> {
                framing
                    .iter()
                    .flat_map(|framing| &framing.found)
                    .map(|found| (found.used, found.at, found.length))
                    .collect()
            };
            assert_eq!(found(&frame.header), [("city-code", 2, 6), ("file-date", 8, 8), ("sequence", 16, 6)]);
            assert_eq!(found(&frame.trailer), [("count", 2, 8)]);
            assert_eq!(guess.columns[1].samples[0], "00001", "the header is no data");
            assert_eq!(guess.columns[3].kind, Conversion::EraDate);
            let layout = layout(&guess);
            assert_eq!((layout.records.len(), layout.data().is.as_str()), (3, "2"));
            let header = layout.record(crate::layout::RecordKind::Header).expect("has a header");
            assert_eq!(header.places[header.used(crate::layout::Use::Sequence).expect("is used")].start, 15);
        }
        let csv = guessed(b"H,142182,20260428,12\r\nD,1,a,20260401,2\r\nD,2,b,20260402,2\r\nT,2\r\n", None);
        let layout = layout(&csv);
        assert_eq!((csv.columns.len(), layout.records.len(), csv.columns[1].samples[0].as_str()), (5, 3, "1"));
        let frame = csv.frame.expect("has a frame");
        assert_eq!(frame.header.map(|header| header.found.len()), Some(3));
        assert_eq!(frame.trailer.map(|trailer| trailer.found[0].at), Some(2));
    }

    #[test]
    fn data_is_not_taken_for_a_frame() {
        let fixed = |from: usize, to: usize| -> Vec<u8> {
            (from..=to).flat_map(|n| format!("{n:03} 20260401 x\r\n").into_bytes()).collect()
        };
        for (name, content) in [
            ("ends at a hundred", fixed(1, 100)),
            ("from one hundred to the next", fixed(99, 200)),
            ("starts before a hundred", fixed(99, 180)),
            ("kinds of people", b"1,20200401,a\r\n2,20200401,b\r\n2,20200401,c\r\n1,20200401,d\r\n".to_vec()),
            ("one of another kind", b"1,20200401,a\r\n2,20200401,b\r\n2,20200401,c\r\n".to_vec()),
        ] {
            assert_eq!(guessed(&content, None).frame, None, "{name}");
        }
        let told = Told { is_plain: true, city: "142182".into(), ..Told::default() };
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&host_file(3)).expect("is written");
        assert_eq!(guess(file.path(), &told).expect("is guessed").frame, None);
    }
}
