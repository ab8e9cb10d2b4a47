//! What a file is, by its content alone.
//!
//! A reader that looks for its mark anywhere (PDF in the first kilobyte, ZIP from the end) lets one file be two things: a
//! picture to the scanner, an archive to the person who opens it. Such files are refused, though writing anew would take
//! the second one away, because nobody makes them by accident.

use crate::unpack::{directory_at_end, member_names};
use crate::{Refusal, Result};

/// The kinds that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PNG picture.
    Png,
    /// JPEG picture.
    Jpeg,
    /// GIF picture or animation.
    Gif,
    /// WebP picture.
    WebP,
    /// PDF.
    Pdf,
    /// Word document (docx, docm and templates).
    Word,
    /// Excel workbook (xlsx, xlsm and templates).
    Excel,
    /// PowerPoint presentation (pptx, pptm, shows and templates).
    Slides,
    /// Text.
    Text,
    /// Text that its name calls a table.
    Csv,
    /// ZIP archive that is no Office file.
    Zip,
}

impl Kind {
    /// The media type of what is written.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Word => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Excel => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Slides => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Zip => "application/zip",
        }
    }

    /// The endings that belong to it; the first is given where the name has another.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Gif => &["gif"],
            Self::WebP => &["webp"],
            Self::Pdf => &["pdf"],
            Self::Word => &["docx"],
            Self::Excel => &["xlsx"],
            Self::Slides => &["pptx"],
            Self::Text => &["txt", "json", "geojson"],
            Self::Csv => &["csv"],
            Self::Zip => &["zip"],
        }
    }

    /// The name with an ending that belongs to the content, without folders and without characters that hide its ending.
    pub(crate) fn name_for(self, name: &str) -> String {
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|&c| !crate::text::is_hidden(c) && !c.is_control()).collect();
        let name = name.trim().trim_end_matches('.');
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        if self.endings().contains(&ending.to_ascii_lowercase().as_str()) && !stem.is_empty() {
            return name.to_owned();
        }
        let stem = if stem.is_empty() { "file" } else { stem };
        format!("{stem}.{}", self.endings()[0])
    }
}

/// What a file is.
///
/// # Errors
/// Unless it is exactly one of the kinds that are taken.
pub fn detect(content: &[u8]) -> Result<Kind> {
    if content.is_empty() {
        return Err(Refusal::Empty);
    }
    let kind = first_mark(content)?;
    let is_archive = matches!(kind, Kind::Word | Kind::Excel | Kind::Slides | Kind::Zip);
    let hides_archive = !is_archive && directory_at_end(content).is_some();
    let head = &content[..content.len().min(1024)];
    let hides_pdf = !matches!(kind, Kind::Pdf | Kind::Text) && holds(head, b"%PDF-");
    if hides_archive || hides_pdf {
        return Err(Refusal::TwoKinds);
    }
    Ok(kind)
}

fn first_mark(content: &[u8]) -> Result<Kind> {
    let starts = |mark: &[u8]| content.starts_with(mark);
    Ok(match () {
        () if starts(b"\x89PNG\r\n\x1a\n") => Kind::Png,
        () if starts(b"\xff\xd8\xff") => Kind::Jpeg,
        () if starts(b"GIF87a") || starts(b"GIF89a") => Kind::Gif,
        () if starts(b"RIFF") && content.get(8..12) == Some(b"WEBP") => Kind::WebP,
        () if starts(b"%PDF-") => Kind::Pdf,
        () if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => return zipped(content),
        () if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => return Err(compound(content)),
        () if starts(b"{\\rtf") => {
            return Err(Refusal::NotTaken(
                "リッチテキスト（RTF）は受け取れません。Word 形式（docx）か PDF にして送ってください。",
            ));
        }
        () if starts(b"II*\0") || starts(b"MM\0*") => {
            return Err(Refusal::NotTaken("TIFF の画像は受け取れません。PDF か PNG、JPEG にして送ってください。"));
        }
        () if content.get(4..8) == Some(b"ftyp") => {
            return Err(Refusal::NotTaken(
                "動画と HEIC の画像は無害化できないため受け取れません。写真は JPEG にして送ってください。",
            ));
        }
        () => return crate::text::detect(content),
    })
}

/// A ZIP: an Office file by what lies in it, or an archive.
fn zipped(content: &[u8]) -> Result<Kind> {
    // Both ends of the file must be the archive's own: nothing before the first member, nothing after the directory.
    let end = directory_at_end(content).ok_or_else(|| Refusal::Broken("ZIP の目録がありません".to_owned()))?;
    if !end.is_whole {
        return Err(Refusal::TwoKinds);
    }
    let names = member_names(content)?;
    let has = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if !has("[Content_Types].xml") {
        if has("mimetype") && has("META-INF/manifest.xml") {
            return Err(Refusal::NotTaken(
                "OpenDocument（odt・ods など）は受け取れません。Word・Excel・PowerPoint の形式か PDF にして送ってください。",
            ));
        }
        return Ok(Kind::Zip);
    }
    let holds = |folder: &str| names.iter().any(|name| name.to_ascii_lowercase().starts_with(folder));
    match (holds("word/"), holds("xl/"), holds("ppt/")) {
        (true, false, false) => Ok(Kind::Word),
        (false, true, false) => Ok(Kind::Excel),
        (false, false, true) => Ok(Kind::Slides),
        (false, false, false) => Err(Refusal::Unknown),
        _ => Err(Refusal::TwoKinds),
    }
}

/// A compound file: the old Office formats, or the shell around an encrypted new one.
fn compound(content: &[u8]) -> Refusal {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    if holds(content, &wide("EncryptedPackage")) {
        return Refusal::Protected;
    }
    Refusal::NotTaken(
        "古い形式の Office ファイル（doc・xls・ppt など）は受け取れません。いまの形式（docx・xlsx・pptx）で保存し直してから送ってください。",
    )
}

/// Whether bytes occur in others.
pub(crate) fn holds(content: &[u8], sought: &[u8]) -> bool {
    content.windows(sought.len()).any(|window| window == sought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_content() {
        for (kind, name, expected) in [
            (Kind::Pdf, "図面.PDF", "図面.PDF"),
            (Kind::Word, "申請書.docm", "申請書.docx"),
            (Kind::Jpeg, "写真.jpeg", "写真.jpeg"),
            (Kind::Png, "写真.exe", "写真.png"),
            (Kind::Png, "C:\\tmp\\..\\x", "x.png"),
            (Kind::Text, "../../etc/passwd", "passwd.txt"),
            (Kind::Png, "写真\u{202e}gnp.exe", "写真gnp.png"),
            (Kind::Png, ".png", "file.png"),
            (Kind::Csv, "", "file.csv"),
        ] {
            assert_eq!(kind.name_for(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_refused_with_a_reason() {
        assert_eq!(detect(b""), Err(Refusal::Empty));
        for content in
            [b"MZ\x90\0\x03\0\0\0".as_slice(), b"\x7fELF\x02\x01\x01\0", b"7z\xbc\xaf\x27\x1c\0\0", b"Rar!\x1a\x07\0"]
        {
            assert_eq!(detect(content), Err(Refusal::Unknown));
        }
        let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of a document";
        assert!(matches!(detect(old), Err(Refusal::NotTaken(said)) if said.contains("docx")));
        let mut locked = old.to_vec();
        locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(detect(&locked), Err(Refusal::Protected));
    }

    #[test]
    fn a_pdf_behind_a_picture_is_refused() {
        let mut content = b"GIF89a".to_vec();
        content.extend_from_slice(b"\0\0\0\0%PDF-1.7");
        assert_eq!(detect(&content), Err(Refusal::TwoKinds));
    }
}
