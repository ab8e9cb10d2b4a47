//! Town blocks (町丁目) as a table: the columns `town` and `koaza`, `lat` and `lon`, and what else a publisher has.
//!
//! Columns are known by several headings, and only those that the file has are brought in: what the staff entered beside them
//! stays. Files of other encodings are decoded by the caller.

use kawasemi_kernel::address::gazetteer::split_chome;

use super::SourceMistake;
use super::change::{Coverage, Entry, Wanted, point};
use crate::bundle::TOWN;

/// The columns with the headings under which they are known.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("town", &["town", "name", "町丁目", "町丁目名", "町名"]),
    ("koaza", &["koaza", "小字"]),
    ("kana", &["kana", "フリガナ", "町丁目名カナ"]),
    ("code", &["code", "machiaza_id", "町字ID", "町字id"]),
    ("residential", &["residential_addressing", "rsdt_addr_flg", "住居表示"]),
    ("latitude", &["lat", "latitude", "緯度"]),
    ("longitude", &["lon", "lng", "longitude", "経度"]),
];

/// Reads a table of town blocks. It covers the whole city.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(text: &str) -> Result<Wanted, SourceMistake> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let headings = reader.headers().map_err(|error| SourceMistake::whole(error.to_string()))?.clone();
    let column = |key: &str| {
        let known = COLUMNS.iter().find(|(own, _)| *own == key).map_or(&[][..], |(_, names)| names);
        headings.iter().position(|heading| known.contains(&heading.trim()))
    };
    let town = column("town").ok_or_else(|| SourceMistake::line(1, "町丁目名の列（town）がありません。"))?;
    let optional =
        [("kana", column("kana")), ("code", column("code")), ("residential_addressing", column("residential"))];
    let place = column("latitude").zip(column("longitude"));
    let mut columns = vec!["oaza", "chome"];
    columns.extend(optional.iter().filter(|(_, at)| at.is_some()).map(|(field, _)| *field));
    columns.extend(place.map(|_| "point"));
    let mut entries = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| SourceMistake::whole(format!("CSV として読めません（{error}）。")))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let name = format!("{}{}", cell(town), column("koaza").map(cell).unwrap_or_default());
        if cell(town).is_empty() {
            return Err(SourceMistake::line(line, "町丁目名がありません。"));
        }
        let (oaza, chome) = split_chome(&name);
        let mut values = vec![oaza, chome.map(|chome| chome.to_string()).unwrap_or_default()];
        for (field, at) in optional {
            let Some(at) = at else { continue };
            values.push(if field == "residential_addressing" { yes_no(line, cell(at))? } else { cell(at).to_owned() });
        }
        if let Some((latitude, longitude)) = place {
            values.push(position(line, cell(latitude), cell(longitude))?);
        }
        entries.push(Entry { key: name.clone(), name, values });
    }
    Ok(Wanted { ledger: TOWN, name_fields: &["name"], key_field: "name", columns, entries, coverage: Coverage::All })
}

fn yes_no(line: u64, text: &str) -> Result<String, SourceMistake> {
    match text {
        "" => Ok(String::new()),
        "1" | "true" | "はい" | "有" | "○" => Ok("true".to_owned()),
        "0" | "false" | "いいえ" | "無" | "×" => Ok("false".to_owned()),
        other => Err(SourceMistake::line(line, format!("住居表示の「{other}」は 1 か 0 で書いてください。"))),
    }
}

fn position(line: u64, latitude: &str, longitude: &str) -> Result<String, SourceMistake> {
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(String::new());
    }
    let number = |text: &str, limit: f64| text.parse::<f64>().ok().filter(|number| number.abs() <= limit);
    match (number(latitude, 90.0), number(longitude, 180.0)) {
        (Some(latitude), Some(longitude)) => Ok(point(latitude, longitude)),
        _ => {
            let message = format!("緯度・経度の「{latitude}」「{longitude}」が、度で表した数ではありません。");
            Err(SourceMistake::line(line, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_its_headings() {
        let wanted = read("\u{FEFF}町丁目,フリガナ,住居表示\n大上九丁目,オオガミ9チョウメ,1\n早川,ハヤカワ,\n")
            .expect("is a table");
        assert_eq!(wanted.columns, ["oaza", "chome", "kana", "residential_addressing"]);
        assert_eq!(wanted.entries[0].values, ["大上", "9", "オオガミ9チョウメ", "true"]);
        assert_eq!(wanted.entries[1].values, ["早川", "", "ハヤカワ", ""]);
        let wanted = read("town,koaza,lat,lon\n大上一丁目,,35.455648,139.429172\n").expect("is a table");
        assert_eq!(wanted.entries[0].values, ["大上", "1", "35.4556480, 139.4291720"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, expected) in [
            ("番号\n1\n", "1行目: 町丁目名の列（town）がありません"),
            ("town\n早川\n\"\"\n", "3行目: 町丁目名がありません"),
            ("town,lat,lon\n早川,139.4,35.4\n", "2行目: 緯度・経度"),
            ("town,住居表示\n早川,たぶん\n", "2行目: 住居表示の「たぶん」"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
