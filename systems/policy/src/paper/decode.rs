//! From bytes to text: which encoding, and is it text at all.
//!
//! A byte-order mark decides; then valid UTF-8 is UTF-8; else UTF-8, CP932 and the encodings of older machines are tried, and
//! the one in which the paper's own words can be read wins. A single damaged byte therefore costs one character and not the
//! whole file, which a plain fallback to CP932 would turn into nonsense without an error.

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::PaperError;

/// The largest paper that is read; a real one has about 30 kB.
pub const MAX_PAPER_BYTES: usize = 10 * 1024 * 1024;

/// One damaged byte in this many characters is still a paper; so are the three marks that one damaged character can leave.
const CHARS_FOR_ONE_DAMAGED: usize = 200;
const DAMAGED_MIN: usize = 3;

/// Words that any such paper contains.
const LANDMARKS: [&str; 6] = ["部局", "取り組み", "取組", "重点", "方針", "年度"];

/// The text of a file.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The text without a byte-order mark.
    pub(super) text: String,
    /// Whether the file ends within a character.
    pub(super) ends_within_character: bool,
}

/// Reads the bytes as text, or says why they are none. Characters that cannot be read become U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, PaperError> {
    if bytes.len() > MAX_PAPER_BYTES {
        return Err(PaperError::TooLarge { bytes: bytes.len() });
    }
    if let Some(what) = known_file_kind(bytes) {
        return Err(PaperError::Binary { what });
    }
    let decoded = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => decode_as(encoding, &bytes[mark..]),
        None if bytes.contains(&0) => unmarked_utf16(bytes)?,
        None => most_readable(bytes),
    };
    check(decoded)
}

/// UTF-16 without a byte-order mark: NULs stand beside its tabs and line breaks, and the paper's words are whole.
fn unmarked_utf16(bytes: &[u8]) -> Result<Decoded, PaperError> {
    let read = [UTF_16LE, UTF_16BE].map(|encoding| decode_as(encoding, bytes));
    let readable = read.into_iter().find(|decoded| landmarks(&decoded.text) > 1 && damaged(&decoded.text) == 0);
    readable.ok_or(PaperError::Binary { what: "文字以外を含むファイル" })
}

fn most_readable(bytes: &[u8]) -> Decoded {
    let is_marked_jis = bytes.windows(3).any(|three| matches!(three, b"\x1B$B" | b"\x1B$@"));
    if is_marked_jis {
        return decode_as(ISO_2022_JP, bytes);
    }
    let utf8 = decode_as(UTF_8, bytes);
    if damaged(&utf8.text) == 0 {
        return utf8;
    }
    let readability = |decoded: &Decoded| (landmarks(&decoded.text), std::cmp::Reverse(damaged(&decoded.text)));
    // Of equally readable ones the first: CP932 is what offices use.
    let mut best = decode_as(SHIFT_JIS, bytes);
    for other in [utf8, decode_as(EUC_JP, bytes)] {
        if readability(&other) > readability(&best) {
            best = other;
        }
    }
    best
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let mut text = composed(&text);
    // A half character at the very end is no damage but the place where the file was cut.
    let ends_within_character = text.ends_with('\u{FFFD}') && damaged(&text) == 1;
    if ends_within_character {
        text.pop();
    }
    Decoded { text, ends_within_character }
}

/// Kana and their voice marks as one character, which PDF viewers and some file systems take apart. Nothing else is composed:
/// that would replace old forms of characters in names.
fn composed(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for c in text.chars() {
        let before = whole.chars().next_back().filter(|_| matches!(c, '\u{3099}' | '\u{309A}'));
        match before.and_then(|before| unicode_normalization::char::compose(before, c)) {
            Some(one) => {
                whole.pop();
                whole.push(one);
            }
            None => whole.push(c),
        }
    }
    whole
}

fn check(decoded: Decoded) -> Result<Decoded, PaperError> {
    let text = &decoded.text;
    if text.trim().is_empty() {
        return Err(PaperError::Empty);
    }
    let length = text.chars().count();
    let controls = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    if controls * 50 > length {
        return Err(PaperError::Binary { what: "文字以外を含むファイル" });
    }
    let damaged = damaged(text);
    if damaged > 0 && (landmarks(text) == 0 || damaged > DAMAGED_MIN + length / CHARS_FOR_ONE_DAMAGED) {
        return Err(PaperError::Encoding);
    }
    Ok(decoded)
}

fn damaged(text: &str) -> usize {
    text.matches('\u{FFFD}').count()
}

fn landmarks(text: &str) -> usize {
    LANDMARKS.iter().map(|word| text.matches(word).count()).sum()
}

/// What a file is by its first bytes, for the kinds that people send by mistake.
fn known_file_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 9] = [
        (b"%PDF", "PDF"),
        (b"PK\x03\x04", "Excel・Word または ZIP のファイル"),
        (b"\xD0\xCF\x11\xE0", "古い形式の Excel・Word のファイル"),
        (b"\x89PNG", "画像（PNG）"),
        (b"\xFF\xD8\xFF", "画像（JPEG）"),
        (b"GIF8", "画像（GIF）"),
        (b"\x1F\x8B", "圧縮ファイル（gzip）"),
        (b"7z\xBC\xAF", "圧縮ファイル（7-Zip）"),
        (b"{\\rtf", "リッチテキスト（RTF）"),
    ];
    KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = "令和3年度部局運営方針の概要\n部局名\t市長室";

    fn text_of(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text
    }

    #[test]
    fn reads_every_encoding_of_japanese_offices() {
        let marked = [b"\xEF\xBB\xBF", PAPER.as_bytes()].concat();
        let (cp932, _, _) = SHIFT_JIS.encode(PAPER);
        let utf16 =
            [0xFEFF_u16].into_iter().chain(PAPER.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (euc, _, _) = EUC_JP.encode(PAPER);
        let (jis, _, _) = ISO_2022_JP.encode(PAPER);
        for bytes in [PAPER.as_bytes(), &marked, &cp932, &utf16, &utf16[2..], &euc, &jis] {
            assert_eq!(text_of(bytes), PAPER);
        }
    }

    #[test]
    fn one_damaged_byte_costs_one_character_in_either_encoding() {
        let long = format!("{PAPER}{}", "を検討する。".repeat(60));
        let mut utf8 = long.clone().into_bytes();
        utf8[4] = 0xFF;
        assert!(text_of(&utf8).contains("部局名\t市長室"));
        let mut cp932 = SHIFT_JIS.encode(&long).0.into_owned();
        cp932[0] = 0xFF;
        assert!(text_of(&cp932).contains("部局名\t市長室"));
    }

    #[test]
    fn a_file_cut_within_a_character_says_so() {
        for bytes in [PAPER.as_bytes().to_vec(), SHIFT_JIS.encode(PAPER).0.into_owned()] {
            let cut = decode(&bytes[..bytes.len() - 1]).unwrap();
            assert!(cut.ends_within_character);
            assert!(cut.text.ends_with("市長"));
        }
    }

    #[test]
    fn refuses_what_is_no_text_with_a_reason() {
        let binary = |what| PaperError::Binary { what };
        let too_large = vec![b'a'; MAX_PAPER_BYTES + 1];
        for (bytes, error) in [
            (&b""[..], PaperError::Empty),
            (b" \r\n\t\xE3\x80\x80", PaperError::Empty),
            (b"\xEF\xBB\xBF", PaperError::Empty),
            (b"%PDF-1.7 ...", binary("PDF")),
            (b"PK\x03\x04abc", binary("Excel・Word または ZIP のファイル")),
            (b"abc\0def", binary("文字以外を含むファイル")),
            (b"\x01\x02\x03\x04", binary("文字以外を含むファイル")),
            (b"\xFF\xFF\xFE\xFD\xFC", PaperError::Encoding),
            (&too_large, PaperError::TooLarge { bytes: MAX_PAPER_BYTES + 1 }),
        ] {
            assert_eq!(decode(bytes).unwrap_err(), error);
        }
    }
}
