//! A file looked at by itself, before it meets the ledger: is it whole, of this city, built as the layout says?
//!
//! One reading, in memory bounded by ten thousand bad rows and sixteen bytes for each key. What is wrong with the whole file
//! (cut, shifted, another city's) refuses it; what is wrong with single rows puts those aside.

mod disguise;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::convert::{self, Converted, Days, RowProblem, text_of};
use crate::layout::{Counted, Layout, RecordKind, Repeats, Use};
use crate::read::{self, FaultKind, RawRow, ReadError};

/// Most bad rows that are kept one by one.
const KEPT: usize = 10_000;
/// A file with fewer failures of one kind is not called shifted.
const SHIFTED: u64 = 3;
/// Days by which a file may be dated ahead: senders write the next business day, also before long holidays. A date far ahead
/// would make every later file look old.
const AHEAD: i64 = 14;

/// Texts that somebody put in the place of those of bad rows, by line.
pub type Corrections = HashMap<u64, Vec<String>>;

/// What a look at a file found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// SHA-256 of the content in lower-case hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Data rows.
    pub rows: u64,
    /// The file's date.
    pub file_date: Option<Date>,
    /// Its number in its series.
    pub sequence: Option<i64>,
    /// For each key the line of its last row.
    pub last: HashMap<u64, u64>,
    /// Keys of several rows: what the last one says of the state before is about that within the file.
    pub repeated: HashSet<u64>,
    /// Rows that a later row of the same file takes the place of.
    pub superseded: u64,
    /// Rows that are alike in everything to the row before for the same record: many of them mean that the file was written
    /// twice.
    pub twins: u64,
    /// Rows that say that they are of another city.
    pub foreign: u64,
    /// Rows that are put aside.
    pub bad: u64,
    /// The first of them.
    pub quarantined: Vec<Quarantined>,
    /// Why the whole file is refused.
    pub refusal: Option<String>,
}

/// A row that is put aside.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Quarantined {
    /// The line.
    pub line: u64,
    /// The texts of its fields, in the order of the layout.
    pub values: Vec<String>,
    /// What is wrong.
    pub problems: Vec<RowProblem>,
}

/// Looks at a file. `city` is the code of this city.
///
/// # Errors
/// When the disk fails; what is wrong with the file is in the answer.
pub fn inspect(
    layout: &Layout,
    path: &Path,
    city: &str,
    today: Date,
    corrections: &Corrections,
) -> Result<Inspection, std::io::Error> {
    let (sha256, size) = hash(path)?;
    let days = Days { file: today, today };
    let mut look = Look {
        layout,
        city,
        days,
        corrections,
        found: Inspection { sha256, size, ..Inspection::default() },
        ..Look::of(layout)
    };
    let outcome = read::read(layout, path, &mut |row| look.row(&row));
    let mut found = match outcome {
        Ok(()) => look.finish(),
        Err(ReadError::Io(error)) => return Err(error),
        Err(error @ ReadError::Shape(_)) => look.refused(error.to_string()),
    };
    if found.refusal.is_some()
        && let Some(said) = disguise::what_it_is(layout, path)?
    {
        // Whatever else is wrong with it follows from that.
        found.refusal = Some(said);
    }
    Ok(found)
}

pub(crate) fn hash(path: &Path) -> Result<(String, u64), std::io::Error> {
    let (mut file, mut hash, mut block, mut size) = (std::fs::File::open(path)?, Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let length = file.read(&mut block)?;
        if length == 0 {
            return Ok((hex::encode(hash.finalize()), size));
        }
        hash.update(&block[..length]);
        size += length as u64;
    }
}

/// A text of a header or trailer for a message. Where the file has moved, something about a person may stand there: then
/// nothing is told.
fn told(text: &str) -> String {
    let text = text.trim();
    let is_code = text.len() <= 20 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-/.+".contains(c));
    if is_code { format!("「{text}」") } else { "（表示できない文字）".to_owned() }
}

struct Look<'a> {
    layout: &'a Layout,
    city: &'a str,
    days: Days,
    corrections: &'a Corrections,
    found: Inspection,
    records: u64,
    headers: u64,
    trailer: Option<Vec<String>>,
    /// The sums of the data fields that are totalled, at their decimals.
    sums: HashMap<String, i128>,
    /// For each key the hash of its last row.
    contents: HashMap<u64, u64>,
    /// How many rows fail in the same way: by the field, or by the fault of the whole record.
    failures: HashMap<String, u64>,
    faults: HashMap<FaultKind, (u64, String)>,
}

static NONE: std::sync::LazyLock<Corrections> = std::sync::LazyLock::new(Corrections::new);

impl<'a> Look<'a> {
    fn of(layout: &'a Layout) -> Self {
        Self {
            layout,
            city: "",
            days: Days { file: Date::constant(2000, 1, 1), today: Date::constant(2000, 1, 1) },
            corrections: &NONE,
            found: Inspection::default(),
            records: 0,
            headers: 0,
            trailer: None,
            contents: HashMap::new(),
            sums: totalled(layout).map(|name| (name.to_owned(), 0)).collect(),
            failures: HashMap::new(),
            faults: HashMap::new(),
        }
    }

    fn refused(mut self, reason: String) -> Inspection {
        self.found.refusal = Some(reason);
        self.found
    }

    /// Takes a record in; whether the next is wanted.
    fn row(&mut self, row: &RawRow) -> bool {
        self.records += 1;
        if self.trailer.is_some() {
            self.found.refusal = Some(format!(
                "{}行目: トレーラーの後にまだレコードがあります。二つのファイルがつながっていないか確かめてください。",
                row.line
            ));
            return false;
        }
        let kind = row.record.map(|record| self.layout.records[record].kind);
        match kind {
            Some(RecordKind::Header) if row.fault.is_none() => self.header(row),
            Some(RecordKind::Trailer) if row.fault.is_none() => self.trailer = Some(row.values.clone()),
            _ => self.data(row),
        }
        self.found.refusal.is_none()
    }

    fn header(&mut self, row: &RawRow) {
        self.headers += 1;
        if self.records != 1 {
            self.found.refusal = Some(format!("{}行目: ヘッダーが先頭にありません。", row.line));
            return;
        }
        let Some(record) = self.layout.record(RecordKind::Header) else { return };
        for (place, text) in record.places.iter().zip(&row.values) {
            let value = match text_of(place, text) {
                Ok(value) => value,
                Err(reason) => {
                    self.found.refusal = Some(format!("ヘッダーの「{}」{}: {reason}", place.raw.name, told(text)));
                    return;
                }
            };
            match place.raw.used {
                Use::FileDate => {
                    self.found.file_date = value.parse().ok();
                    self.days.file = self.found.file_date.unwrap_or(self.days.today);
                    let latest = self.days.today.saturating_add(AHEAD.days());
                    if self.days.file > latest {
                        let day = self.days.file;
                        self.found.refusal = Some(format!(
                            "作成日（{day}）が先の日付です。相手のシステムの日付と、このサーバーの時計を確かめてください。"
                        ));
                    }
                }
                Use::Sequence => match value.parse() {
                    Ok(number) => self.found.sequence = Some(number),
                    Err(_) => {
                        self.found.refusal = Some(format!("ヘッダーの通番{}を数として読めません。", told(&value)));
                    }
                },
                Use::CityCode if !self.is_this_city(&value) => {
                    let (theirs, ours) = (told(&value), self.city);
                    self.found.refusal = Some(format!(
                        "別の団体のファイルです。団体コード{theirs}は、この市（{ours}）のものではありません。取り違えていないか確かめてください。"
                    ));
                }
                _ => {}
            }
        }
    }

    /// The code has six digits with its check digit, or five without.
    fn is_this_city(&self, value: &str) -> bool {
        value == self.city || (value.len() == 5 && self.city.starts_with(value))
    }

    fn data(&mut self, row: &RawRow) {
        self.found.rows += 1;
        let corrected = self.corrections.get(&row.line).map(|values| RawRow {
            line: row.line,
            record: Some(self.layout.data),
            values: values.clone(),
            fault: None,
        });
        let row = corrected.as_ref().unwrap_or(row);
        if let Some(fault) = &row.fault {
            self.faults.entry(fault.kind).or_insert_with(|| (0, fault.message.clone())).0 += 1;
        }
        let Converted { key, problems, .. } = convert::row(self.layout, row, self.days);
        for problem in &problems {
            *self.failures.entry(problem.field.clone()).or_default() += 1;
        }
        self.sum(row);
        self.found.foreign += u64::from(self.is_foreign(row));
        if let Some(key) = key {
            self.repeat(key, row);
        }
        if !problems.is_empty() {
            self.found.bad += 1;
            if self.found.quarantined.len() < KEPT {
                self.found.quarantined.push(Quarantined { line: row.line, values: row.values.clone(), problems });
            }
        }
    }

    /// Notes the row of a record, which may be there already.
    fn repeat(&mut self, key: u64, row: &RawRow) {
        let mut hasher = DefaultHasher::new();
        row.values.hash(&mut hasher);
        let content = hasher.finish();
        let before = self.contents.insert(key, content);
        if self.found.last.insert(key, row.line).is_some() {
            self.found.repeated.insert(key);
            self.found.superseded += u64::from(self.layout.repeats() == Repeats::Last);
            self.found.twins += u64::from(before == Some(content));
        }
    }

    /// Whether a row says itself that it is of another city: its code, or one that begins with it, such as that of a town.
    fn is_foreign(&self, row: &RawRow) -> bool {
        let Some(at) = self.layout.data().used(Use::CityCode) else { return false };
        let text = row.values.get(at).map_or("", String::as_str);
        let code = text_of(&self.layout.data().places[at], text).unwrap_or_default();
        let ours = self.city.get(..5).unwrap_or(self.city);
        code.len() >= 5 && code.bytes().all(|byte| byte.is_ascii_digit()) && !code.starts_with(ours)
    }

    fn sum(&mut self, row: &RawRow) {
        for (name, sum) in &mut self.sums {
            let Some(position) = self.layout.data().named(name) else { continue };
            let Some(text) = row.values.get(position) else { continue };
            let value = text_of(&self.layout.data().places[position], text).unwrap_or_default();
            *sum += units(&value, self.layout.data().places[position].raw.decimals).unwrap_or(0);
        }
    }

    fn finish(mut self) -> Inspection {
        if self.found.refusal.is_none() {
            self.found.refusal = self.whole().err().or_else(|| self.others()).or_else(|| self.shifted());
        }
        self.found
    }

    /// Whether the file is whole: header and trailer are there and the trailer counts right.
    fn whole(&self) -> Result<(), String> {
        if self.records == 0 {
            return Err("ファイルにレコードが一つもありません。送信に失敗していないか確かめてください。".to_owned());
        }
        if self.layout.record(RecordKind::Header).is_some() && self.headers == 0 {
            return Err("ヘッダーがありません。ファイルの先頭が欠けているか、別のファイルです。".to_owned());
        }
        let Some(record) = self.layout.record(RecordKind::Trailer) else { return Ok(()) };
        let Some(values) = &self.trailer else {
            return Err(
                "トレーラーがありません。ファイルが途中で切れています。相手に送り直してもらってください。".to_owned()
            );
        };
        for (place, text) in record.places.iter().zip(values) {
            let value =
                text_of(place, text).map_err(|reason| format!("トレーラーの「{}」: {reason}", place.raw.name))?;
            match place.raw.used {
                Use::Count => {
                    let counted = match self.layout.raw.checks.count {
                        Counted::Data => self.found.rows,
                        Counted::All => self.records,
                    };
                    if value.parse::<u64>() != Ok(counted) {
                        return Err(format!(
                            "件数が合いません（トレーラーは{}、実際は{counted}件）。ファイルが途中で欠けています。",
                            told(&value)
                        ));
                    }
                }
                Use::Total => {
                    let summed =
                        self.layout.data().named(&place.raw.of).map(|n| self.layout.data().places[n].raw.decimals);
                    let (mine, theirs) = (summed.unwrap_or(0), place.raw.decimals);
                    let sum = self.sums.get(&place.raw.of).copied().unwrap_or(0) * power(theirs);
                    let said = units(&value, theirs).unwrap_or(0) * power(mine);
                    if sum != said {
                        return Err(format!(
                            "「{}」の合計が合いません（トレーラーは{}）。中身が欠けているか、書き換わっています。",
                            place.raw.of,
                            told(&value)
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Why the file counts as another city's, by what its rows say.
    fn others(&self) -> Option<String> {
        let Inspection { foreign, rows, .. } = self.found;
        let share = u64::from(self.layout.raw.checks.bad_percent);
        (foreign * 100 > rows * share).then(|| {
            let ours = self.city;
            format!(
                "{rows}件のうち{foreign}件が別の団体の行です（この市は {ours}）。取り違えていないか確かめてください。"
            )
        })
    }

    /// Why the file counts as shifted: many rows fail in the same way.
    fn shifted(&self) -> Option<String> {
        let rows = self.found.rows;
        let many = |count: u64| {
            let share = u64::from(self.layout.raw.checks.shift_percent);
            count >= SHIFTED.min(rows) && count * 100 >= rows * share.max(1)
        };
        if let Some((count, message)) = self.faults.values().filter(|(count, _)| many(*count)).max() {
            return Some(format!(
                "{rows}件のうち{count}件で同じ誤りです: {message}連携レイアウトの版が合っているか確かめてください。"
            ));
        }
        let failing = self.failures.iter().filter(|(field, count)| !field.is_empty() && many(**count));
        let (field, count) = failing.max_by_key(|(field, count)| (**count, (*field).clone()))?;
        Some(format!(
            "{rows}件のうち{count}件で「{field}」が正しく読めません。項目がずれているか、連携レイアウトの版が違います。"
        ))
    }
}

fn totalled(layout: &Layout) -> impl Iterator<Item = &str> {
    let places = layout.records.iter().flat_map(|record| &record.places);
    places.filter(|place| place.raw.used == Use::Total).map(|place| place.raw.of.as_str())
}

fn power(decimals: u8) -> i128 {
    10_i128.pow(u32::from(decimals.min(18)))
}

/// A number in units of its last decimal place.
pub(crate) fn units(value: &str, decimals: u8) -> Option<i128> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    digits.parse().ok()
}
