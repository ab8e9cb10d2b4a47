//! Reading files of former reports into [`Old`] ones.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value as Json;

use crate::kernel::text::fold;
use crate::rules::{Place, State};

/// The largest file that is read.
pub const LARGEST: usize = 100 * 1024 * 1024;

/// A report of the former app.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of a request of Open311")]
pub struct Old {
    pub id: String,
    pub status: Option<State>,
    pub status_notes: String,
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    pub address: String,
    pub requested: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub place: Option<Place>,
    pub media_urls: Vec<String>,
}

/// Something that happened to one.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of an update of Open311")]
pub struct OldUpdate {
    pub id: String,
    pub report: String,
    pub status: Option<State>,
    pub text: String,
    pub at: Option<Timestamp>,
}

/// Why a file is not read, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unread(pub String);

/// One thing of a file, by the names of its members; what is repeated is joined by line breaks.
type Item = BTreeMap<String, String>;

/// Reads reports.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub fn read_reports(bytes: &[u8]) -> Result<Vec<Old>, Unread> {
    let items = items(bytes, &["request"])?;
    let reports: Vec<Old> = items.iter().map(old).filter(|old| !old.id.is_empty()).collect();
    if reports.is_empty() {
        return Err(Unread(
            "番号（service_request_id、id、番号）のある通報が見つかりません。列の名前を確かめてください。".to_owned(),
        ));
    }
    Ok(reports)
}

/// Reads what happened to reports.
///
/// # Errors
/// As [`read_reports`].
pub fn read_updates(bytes: &[u8]) -> Result<Vec<OldUpdate>, Unread> {
    let items = items(bytes, &["request_update", "update"])?;
    let updates: Vec<OldUpdate> = items.iter().map(old_update).filter(|update| !update.report.is_empty()).collect();
    if updates.is_empty() {
        return Err(Unread(
            "通報の番号（service_request_id）のある経過が見つかりません。列の名前を確かめてください。".to_owned(),
        ));
    }
    Ok(updates)
}

fn old(item: &Item) -> Old {
    let one = |names: &[&str]| names.iter().find_map(|name| item.get(*name)).cloned().unwrap_or_default();
    let number = |names: &[&str]| fold(&one(names)).parse::<f64>().ok();
    let latitude = number(&["lat", "latitude", "緯度"]);
    let longitude = number(&["long", "lon", "lng", "longitude", "経度"]);
    let title = one(&["title", "件名"]);
    let detail = one(&["detail", "description", "内容", "本文", "通報内容"]);
    let description =
        if title.is_empty() || detail.starts_with(&title) { detail } else { format!("{title}\n{detail}") };
    let media = one(&["media_url", "photo", "写真"]);
    Old {
        id: one(&["service_request_id", "id", "番号", "受付番号"]),
        status: State::from_extended(&one(&["extended_status", "status", "state", "状態"])).or_else(|| {
            let label = one(&["status", "state", "状態", "対応", "対応状況"]);
            State::ALL.into_iter().find(|state| state.label() == label.trim())
        }),
        status_notes: one(&["status_notes", "状態の説明"]),
        service_code: one(&["service_code", "種類コード"]),
        service_name: one(&["service_name", "category", "種類", "カテゴリ", "区分"]),
        description,
        address: one(&["address", "address_string", "場所", "住所"]),
        requested: instant(&one(&["requested_datetime", "created", "confirmed", "受付日時", "日時", "投稿日時"])),
        updated: instant(&one(&["updated_datetime", "lastupdate", "更新日時"])),
        place: latitude.zip(longitude).and_then(|(latitude, longitude)| Place::new(latitude, longitude)),
        media_urls: media.split_whitespace().map(str::to_owned).collect(),
    }
}

fn old_update(item: &Item) -> OldUpdate {
    let one = |names: &[&str]| names.iter().find_map(|name| item.get(*name)).cloned().unwrap_or_default();
    OldUpdate {
        id: one(&["update_id", "id", "番号"]),
        report: one(&["service_request_id", "problem_id", "受付番号", "通報番号"]),
        status: State::from_extended(&one(&["status", "state", "状態"])),
        text: one(&["description", "text", "内容"]),
        at: instant(&one(&["updated_datetime", "created", "日時"])),
    }
}

/// An instant with a zone, or the city's own time without one.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let plain = fold(text).replace('/', "-").to_uppercase();
    let plain = if plain.contains(':') { plain.replace(' ', "T") } else { format!("{plain}T00:00:00") };
    let civil: DateTime = plain.parse().ok()?;
    jiff::tz::offset(9).to_timestamp(civil).ok()
}

fn items(bytes: &[u8], names: &[&str]) -> Result<Vec<Item>, Unread> {
    if bytes.len() > LARGEST {
        return Err(Unread("ファイルが大きすぎます（100MBまで）。期間で分けてください。".to_owned()));
    }
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Unread("ファイルの中身が空です。".to_owned())),
        Some(b'{' | b'[') => from_json(start),
        Some(b'<') => from_xml(start, names),
        Some(_) => from_csv(start),
    }
}

fn from_json(bytes: &[u8]) -> Result<Vec<Item>, Unread> {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| {
        Unread(format!("JSONとして読めません（{}行目）。途中で切れていないか確かめてください。", error.line()))
    })?;
    let list = first_list(&json).ok_or_else(|| Unread("JSONの中に、通報の並びが見つかりません。".to_owned()))?;
    Ok(list
        .iter()
        .filter_map(Json::as_object)
        .map(|object| object.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        .collect())
}

/// The list itself, or the first one inside: `{"requests": [..]}`, `{"service_requests": {"request": [..]}}`.
fn first_list(json: &Json) -> Option<&Vec<Json>> {
    match json {
        Json::Array(list) => Some(list),
        Json::Object(object) => object.values().find_map(first_list),
        _ => None,
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.trim().to_owned(),
        Json::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

fn from_xml(bytes: &[u8], names: &[&str]) -> Result<Vec<Item>, Unread> {
    let broken =
        |at: u64| Unread(format!("XMLとして読めません（{at}バイト目の近く）。途中で切れていないか確かめてください。"));
    let text = std::str::from_utf8(bytes).map_err(|_| Unread("XMLの文字コードがUTF-8ではありません。".to_owned()))?;
    let mut reader = Reader::from_str(text);
    let (mut items, mut item): (Vec<Item>, Option<Item>) = (Vec::new(), None);
    let mut path: Vec<String> = Vec::new();
    let mut words = String::new();
    loop {
        match reader.read_event().map_err(|_| broken(reader.error_position()))? {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if path.len() > 32 {
                    return Err(broken(reader.buffer_position()));
                }
                if item.is_none() && names.contains(&name.as_str()) && !path.is_empty() {
                    item = Some(Item::new());
                }
                path.push(name);
                words.clear();
            }
            Event::Text(part) => words.push_str(&part),
            Event::CData(part) => words.push_str(&part),
            Event::GeneralRef(part) => words.push_str(&resolved(&part)),
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                if names.contains(&name.as_str()) && !path.iter().any(|above| names.contains(&above.as_str())) {
                    items.extend(item.take());
                } else if let Some(item) = &mut item
                    && !words.trim().is_empty()
                {
                    let known = item.entry(name).or_default();
                    if !known.is_empty() {
                        known.push('\n');
                    }
                    known.push_str(words.trim());
                }
                words.clear();
            }
            // Entities of a document type's own are not looked up: nothing unfolds here.
            Event::DocType(_) => return Err(Unread("DOCTYPEのあるXMLは読みません。".to_owned())),
            Event::Eof if !path.is_empty() => return Err(broken(reader.buffer_position())),
            Event::Eof => return Ok(items),
            _ => {}
        }
    }
}

/// The five entities of XML, and characters by their number.
fn resolved(name: &str) -> String {
    let number = name.strip_prefix('#').map(|number| match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    });
    match (name, number) {
        ("amp", _) => "&".to_owned(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        (_, Some(Ok(number))) => char::from_u32(number).map(String::from).unwrap_or_default(),
        _ => String::new(),
    }
}

fn from_csv(bytes: &[u8]) -> Result<Vec<Item>, Unread> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let (text, _, bad) = encoding_rs::SHIFT_JIS.decode(bytes);
            if bad {
                return Err(Unread("文字コードが分かりません。UTF-8かShift_JISのCSVにしてください。".to_owned()));
            }
            text.into_owned()
        }
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let heads: Vec<String> = match reader.headers() {
        Ok(heads) => heads.iter().map(|head| head.trim().to_owned()).collect(),
        Err(_) => return Err(Unread("CSVの1行目が読めません。".to_owned())),
    };
    let mut items = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            Unread(format!("CSVの{line}行目が読めません。"))
        })?;
        items.push(
            heads
                .iter()
                .cloned()
                .zip(row.iter().map(|cell| cell.trim().to_owned()))
                .filter(|(_, cell)| !cell.is_empty())
                .collect(),
        );
    }
    Ok(items)
}

#[cfg(test)]
mod tests;
