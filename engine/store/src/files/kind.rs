//! What a file is, by its first bytes, held against what its name says.
//!
//! Only types that an office works with are taken. A name that promises another type than the content is refused, since
//! that is how harmful files travel. Web pages, scripts and programs are never taken.

/// A type of file that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The media type under which it is sent again.
    pub media_type: &'static str,
    /// Whether a browser may show it in place; anything else is offered for download.
    pub inline: bool,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// The name's ending is not among those that are taken.
    #[error(
        "「.{0}」のファイルは受け付けていません。PDF、画像、Word・Excel・PowerPoint、テキスト、CSV、ZIPのいずれかにしてください。"
    )]
    NotTaken(String),
    /// The name has no ending.
    #[error("ファイル名に「.pdf」などの拡張子がありません。拡張子を付けてから送ってください。")]
    NoEnding,
    /// The content is something else than the name says.
    #[error("ファイルの中身が、名前の「.{0}」と合っていません。元のアプリで保存し直してから送ってください。")]
    Mismatch(String),
}

/// How content is recognised.
#[derive(Clone, Copy)]
enum Mark {
    /// These bytes at an offset.
    At(usize, &'static [u8]),
    /// Text without control characters other than white space, in UTF-8 or CP932.
    Text,
}

const ZIP: Mark = Mark::At(0, b"PK\x03\x04");
const OLE: Mark = Mark::At(0, &[0xd0, 0xcf, 0x11, 0xe0]);
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Ending, media type, whether shown in place, and marks of which one must be there.
const KINDS: &[(&str, &str, bool, &[Mark])] = &[
    ("pdf", "application/pdf", true, &[Mark::At(0, b"%PDF-")]),
    ("png", "image/png", true, &[Mark::At(0, b"\x89PNG\r\n\x1a\n")]),
    ("jpg", "image/jpeg", true, &[Mark::At(0, b"\xff\xd8\xff")]),
    ("jpeg", "image/jpeg", true, &[Mark::At(0, b"\xff\xd8\xff")]),
    ("gif", "image/gif", true, &[Mark::At(0, b"GIF87a"), Mark::At(0, b"GIF89a")]),
    ("webp", "image/webp", true, &[Mark::At(8, b"WEBP")]),
    ("heic", "image/heic", false, &[Mark::At(4, b"ftypheic"), Mark::At(4, b"ftypmif1"), Mark::At(4, b"ftypheix")]),
    ("tif", "image/tiff", false, &[Mark::At(0, b"II*\0"), Mark::At(0, b"MM\0*")]),
    ("tiff", "image/tiff", false, &[Mark::At(0, b"II*\0"), Mark::At(0, b"MM\0*")]),
    ("mp4", "video/mp4", false, &[Mark::At(4, b"ftyp")]),
    ("mov", "video/quicktime", false, &[Mark::At(4, b"ftyp"), Mark::At(4, b"moov")]),
    ("docx", WORD, false, &[ZIP]),
    ("xlsx", EXCEL, false, &[ZIP]),
    ("pptx", SLIDES, false, &[ZIP]),
    ("odt", "application/vnd.oasis.opendocument.text", false, &[ZIP]),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet", false, &[ZIP]),
    ("doc", "application/msword", false, &[OLE]),
    ("xls", "application/vnd.ms-excel", false, &[OLE]),
    ("ppt", "application/vnd.ms-powerpoint", false, &[OLE]),
    ("mdb", "application/vnd.ms-access", false, &[Mark::At(4, b"Standard Jet DB")]),
    ("accdb", "application/vnd.ms-access", false, &[Mark::At(4, b"Standard ACE DB")]),
    ("zip", "application/zip", false, &[ZIP, Mark::At(0, b"PK\x05\x06")]),
    ("txt", "text/plain", false, &[Mark::Text]),
    ("csv", "text/csv", false, &[Mark::Text]),
    ("json", "application/json", false, &[Mark::Text]),
    ("geojson", "application/geo+json", false, &[Mark::Text]),
    ("geojsonl", "application/geo+json-seq", false, &[Mark::Text]),
    ("ndjson", "application/x-ndjson", false, &[Mark::Text]),
    ("shp", "application/vnd.shp", false, &[Mark::At(0, &[0, 0, 0x27, 0x0a])]),
    ("kml", "application/vnd.google-earth.kml+xml", false, &[Mark::Text]),
    ("kmz", "application/vnd.google-earth.kmz", false, &[ZIP]),
    ("gpx", "application/gpx+xml", false, &[Mark::Text]),
    ("gpkg", "application/geopackage+sqlite3", false, &[Mark::At(0, b"SQLite format 3\0")]),
];

/// Recognises a file by its name and its first bytes.
pub fn recognise(name: &str, head: &[u8]) -> Result<Kind, KindError> {
    let ending = match name.rsplit_once('.') {
        Some((_, ending)) if !ending.is_empty() => ending.to_lowercase(),
        _ => return Err(KindError::NoEnding),
    };
    let shown: String = ending.chars().take(12).collect();
    let Some((_, media_type, inline, marks)) = KINDS.iter().find(|(known, ..)| *known == ending) else {
        return Err(KindError::NotTaken(shown));
    };
    if marks.iter().any(|mark| mark.is_in(head)) {
        Ok(Kind { media_type, inline: *inline })
    } else {
        Err(KindError::Mismatch(shown))
    }
}

impl Mark {
    fn is_in(self, head: &[u8]) -> bool {
        match self {
            Self::At(offset, bytes) => head.get(offset..).is_some_and(|rest| rest.starts_with(bytes)),
            Self::Text => !head.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_an_office_works_with() {
        for (name, head, media_type) in [
            ("図面.PDF", b"%PDF-1.7".as_slice(), "application/pdf"),
            ("遊具.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("一覧.csv", "番号,名称\r\n1,公園".as_bytes(), "text/csv"),
            ("一覧.xlsx", b"PK\x03\x04rest", EXCEL),
        ] {
            assert_eq!(recognise(name, head).map(|kind| kind.media_type), Ok(media_type), "{name}");
        }
    }

    #[test]
    fn refuses_what_is_not_what_it_says() {
        for (name, head) in [
            ("写真.jpg", b"MZ\x90\0".as_slice()),
            ("一覧.csv", b"PK\x03\x04\0\0"),
            ("図面.pdf", b"<html>"),
            ("x.png", b""),
        ] {
            assert!(matches!(recognise(name, head), Err(KindError::Mismatch(_))), "{name}");
        }
        for name in ["x.exe", "x.html", "x.svg", "x.js", "x.pdf.lnk"] {
            assert!(matches!(recognise(name, b"%PDF-"), Err(KindError::NotTaken(_))), "{name}");
        }
        assert_eq!(recognise("README", b"text"), Err(KindError::NoEnding));
    }
}
