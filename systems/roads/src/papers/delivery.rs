//! The electronic delivery of a work (電子納品): folders with the approved papers and the photographs, and the lists that go with them.
//!
//! The folders and the names of files are those of 工事完成図書の電子納品等要領 and デジタル写真管理情報基準: `INDEX_C.XML` above, `MEET`, `PHOTO` and
//! the others below, names of eight capitals and three. The lists say what this program knows; drawings in SXF come from the
//! contractor's own program and are put in as they are.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::rules::works::{FOLDERS, folder};

/// A work, as its index says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Where it is done.
    pub place: String,
    /// The contractor.
    pub contractor: String,
    /// The client.
    pub client: String,
    /// The first and last day.
    pub term: (Option<Date>, Option<Date>),
}

/// A file of a paper or a photograph, with what the lists say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The category of a paper, or `photo`.
    pub category: String,
    /// The number of the paper, or of the photograph.
    pub number: usize,
    /// Its title.
    pub title: String,
    /// What kind it is, in words.
    pub kind: String,
    /// The day on which it was issued or taken.
    pub on: Option<Date>,
    /// Whether it represents the work (代表写真).
    pub representative: bool,
    /// The ending of the file's name.
    pub extension: String,
    /// The name under which it was handed in.
    pub original: String,
    /// The content's hash.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}

/// Where each piece lies in the delivery, in the order of the pieces.
pub fn places(pieces: &[Piece]) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let place = |piece: &Piece| {
        let extension: String =
            piece.extension.to_uppercase().chars().filter(char::is_ascii_alphanumeric).take(3).collect();
        let extension = if extension.is_empty() { "BIN".to_owned() } else { extension };
        if piece.category == "photo" {
            let n = counts.entry("PHOTO").or_default();
            *n += 1;
            // JPEG is what the standard knows the photographs by.
            let extension = if extension == "JPE" { "JPG".to_owned() } else { extension };
            return format!("PHOTO/PIC/P{n:07}.{extension}");
        }
        let folder = folder(&piece.category);
        let n = counts.entry(folder).or_default();
        *n += 1;
        let letter = match folder {
            "PLAN" => 'P',
            "MEET" => 'M',
            "DRAWINGF" => 'D',
            "REGISTER" => 'R',
            _ => 'O',
        };
        format!("{folder}/ORG/{letter}{:04}_{:02}.{extension}", piece.number.min(9_999), *n % 100)
    };
    pieces.iter().map(place).collect()
}

/// The name without its folders.
pub fn name(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

/// Writes the delivery. `content` gives the bytes of a piece by its position.
///
/// # Errors
/// When a piece can't be read or the archive can't be written.
pub fn write(work: &Work, pieces: &[Piece], content: &[Vec<u8>]) -> Result<Vec<u8>, std::io::Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // Photographs are compressed already.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let places = places(pieces);
    archive.start_file("INDEX_C.XML", packed)?;
    archive.write_all(index(work, pieces).as_bytes())?;
    for (file, text) in lists(pieces, &places) {
        archive.start_file(file, packed)?;
        archive.write_all(text.as_bytes())?;
    }
    for (place, bytes) in places.iter().zip(content) {
        archive.start_file(place, stored)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A text between its tags.
fn element(out: &mut String, name: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // Writing to a text can't fail.
    let _ = writeln!(out, "<{name}>{text}</{name}>");
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// `INDEX_C.XML`: what the delivery is of and which folders it has.
fn index(work: &Work, pieces: &[Piece]) -> String {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<constdata DTD_version=\"05\">\n<基礎情報>\n");
    element(&mut xml, "メディア番号", "1");
    element(&mut xml, "メディア総枚数", "1");
    element(&mut xml, "適用要領基準", "土木202303-01");
    for (folder, ..) in FOLDERS {
        if pieces.iter().any(|piece| piece.category != "photo" && self::folder(&piece.category) == folder) {
            element(&mut xml, "電子納品フォルダ名", folder);
        }
    }
    if pieces.iter().any(|piece| piece.category == "photo") {
        element(&mut xml, "写真フォルダ名", "PHOTO");
    }
    xml.push_str("</基礎情報>\n<工事件名等>\n");
    element(&mut xml, "工事番号", &work.number);
    element(&mut xml, "工事名称", &work.title);
    element(&mut xml, "工事場所", &work.place);
    element(&mut xml, "工期開始日", &day(work.term.0));
    element(&mut xml, "工期終了日", &day(work.term.1));
    xml.push_str("</工事件名等>\n<発注者情報>\n");
    element(&mut xml, "発注者名", &work.client);
    xml.push_str("</発注者情報>\n<受注者情報>\n");
    element(&mut xml, "受注者名", &work.contractor);
    xml.push_str("</受注者情報>\n</constdata>\n");
    xml
}

/// The list of each folder: `PHOTO/PHOTO.XML`, `MEET/MEET.XML` and so on.
fn lists(pieces: &[Piece], places: &[String]) -> Vec<(String, String)> {
    let mut lists = Vec::new();
    let all: Vec<(&Piece, &String)> = pieces.iter().zip(places).collect();
    let photographs: Vec<_> = all.iter().filter(|(piece, _)| piece.category == "photo").collect();
    if !photographs.is_empty() {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<photodata DTD_version=\"05\">\n");
        for (n, (piece, place)) in photographs.into_iter().enumerate() {
            xml.push_str("<写真情報>\n");
            element(&mut xml, "シリアル番号", &(n + 1).to_string());
            element(&mut xml, "写真ファイル名", name(place));
            element(&mut xml, "写真ファイル日本語名", &piece.original);
            element(&mut xml, "写真区分", &piece.kind);
            element(&mut xml, "写真タイトル", &piece.title);
            element(&mut xml, "代表写真", if piece.representative { "1" } else { "0" });
            element(&mut xml, "撮影年月日", &day(piece.on));
            xml.push_str("</写真情報>\n");
        }
        xml.push_str("</photodata>\n");
        lists.push(("PHOTO/PHOTO.XML".to_owned(), xml));
    }
    for (folder, label, _) in FOLDERS {
        let of: Vec<_> = all
            .iter()
            .filter(|(piece, _)| piece.category != "photo" && self::folder(&piece.category) == folder)
            .collect();
        if of.is_empty() {
            continue;
        }
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<documents>\n");
        for (piece, place) in of {
            xml.push_str("<書類情報>\n");
            element(&mut xml, "書類種別", label);
            element(&mut xml, "シリアル番号", &piece.number.to_string());
            element(&mut xml, "書類名称", &piece.title);
            element(&mut xml, "発議事項", &piece.kind);
            element(&mut xml, "作成年月日", &day(piece.on));
            element(&mut xml, "オリジナルファイル名", name(place));
            element(&mut xml, "オリジナルファイル日本語名", &piece.original);
            xml.push_str("</書類情報>\n");
        }
        xml.push_str("</documents>\n");
        lists.push((format!("{folder}/{folder}.XML"), xml));
    }
    lists
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::rules::works::is_delivery_name;

    fn piece(category: &str, number: usize, extension: &str) -> Piece {
        Piece {
            category: category.to_owned(),
            number,
            title: "舗装 <打換え> & 区画線".to_owned(),
            kind: "協議".to_owned(),
            on: None,
            representative: false,
            extension: extension.to_owned(),
            original: "写真 1.jpeg".to_owned(),
            sha256: String::new(),
            size: 3,
        }
    }

    #[test]
    fn every_piece_has_a_name_of_the_standard() {
        let pieces = [
            piece("photo", 1, "jpeg"),
            piece("photo", 2, "png"),
            piece("meeting", 12, "pdf"),
            piece("meeting", 12, "xlsx"),
            piece("drawing", 1, "p21"),
            piece("quality", 3, ""),
        ];
        let places = places(&pieces);
        assert_eq!(places[0], "PHOTO/PIC/P0000001.JPG");
        assert_eq!(places[2..4], ["MEET/ORG/M0012_01.PDF", "MEET/ORG/M0012_02.XLS"]);
        assert!(places.iter().all(|place| is_delivery_name(name(place))), "{places:?}");
    }

    #[test]
    fn the_archive_holds_index_lists_and_content() {
        let pieces = [piece("photo", 1, "jpg"), piece("plan", 1, "pdf")];
        let work = Work { number: "R8-12".to_owned(), title: "舗装<補修>".to_owned(), ..Work::default() };
        let bytes = write(&work, &pieces, &[b"one".to_vec(), b"two".to_vec()]).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut names: Vec<String> = archive.file_names().map(str::to_owned).collect();
        names.sort();
        assert_eq!(
            names,
            ["INDEX_C.XML", "PHOTO/PHOTO.XML", "PHOTO/PIC/P0000001.JPG", "PLAN/ORG/P0001_01.PDF", "PLAN/PLAN.XML"]
        );
        let mut text = String::new();
        archive.by_name("INDEX_C.XML").unwrap().read_to_string(&mut text).unwrap();
        assert!(
            text.contains("<工事名称>舗装&lt;補修&gt;</工事名称>")
                && text.contains("<電子納品フォルダ名>PLAN</電子納品フォルダ名>"),
            "{text}"
        );
        let mut content = Vec::new();
        archive.by_name("PHOTO/PIC/P0000001.JPG").unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, b"one");
    }
}
