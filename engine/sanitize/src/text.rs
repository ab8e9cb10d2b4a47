//! Text and CSV: characters are kept, what is none is taken out.

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use crate::{Kind, Made, Refusal, Removed, Result, What};

/// Beginnings of texts that a program would run or follow; compared without case, after white space and a byte order mark.
const ACTIVE: &[&str] = &[
    "<!doctype",
    "<html",
    "<script",
    "<svg",
    "<?xml",
    "<?php",
    "<head",
    "<body",
    "<iframe",
    "<job",
    "<hta",
    "#!",
    "%!ps",
    "mime-version:",
    "[internetshortcut]",
    "windows registry editor",
    "regedit4",
    "[autorun]",
    "@echo",
    "id;p",
];

/// Whether content is text, and not one that would be run.
pub(crate) fn detect(content: &[u8]) -> Result<Kind> {
    let (text, _) = decode(content).ok_or(Refusal::Unknown)?;
    let controls = text.chars().filter(|&c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c')).count();
    // A stray control character is taken out; a file full of them, or with a NUL, is no text.
    if text.contains('\0') || controls > 8 && controls * 100 > text.chars().count() {
        return Err(Refusal::Unknown);
    }
    let beginning: String = text.trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    if ACTIVE.iter().any(|mark| beginning.starts_with(mark)) {
        return Err(Refusal::NotTaken(
            "HTML やスクリプトなど、開くと動くことのあるテキストは受け取れません。文章だけのテキストか PDF にして送ってください。",
        ));
    }
    Ok(Kind::Text)
}

/// Takes out control characters, and those that turn the direction of writing or hide it.
pub(crate) fn clean(name: &str, content: &[u8]) -> Result<Made> {
    let (text, encoding) = decode(content).ok_or(Refusal::Unknown)?;
    let kept: String = text.chars().filter(|&c| !is_taken_out(c)).collect();
    let is_table = name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("csv"));
    let kind = if is_table { Kind::Csv } else { Kind::Text };
    let mut removed = Vec::new();
    if is_table && has_formulas(&kept) {
        removed.push(Removed { what: What::FormulaLike, place: String::new() });
    }
    if kept.len() == text.len() {
        return Ok((content.to_vec(), kind, removed));
    }
    removed.push(Removed { what: What::Characters, place: String::new() });
    Ok((encode(&kept, encoding, content), kind, removed))
}

/// The encodings of an office's texts, the surest first. What is none of them is no text.
fn decode(content: &[u8]) -> Option<(String, &'static Encoding)> {
    if let Some((encoding, mark)) = Encoding::for_bom(content) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(&content[mark..])?;
        return Some((text.into_owned(), encoding));
    }
    [UTF_8, SHIFT_JIS].into_iter().find_map(|encoding| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(content)?;
        Some((text.into_owned(), encoding))
    })
}

fn encode(text: &str, encoding: &'static Encoding, original: &[u8]) -> Vec<u8> {
    let wide = |to_bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(to_bytes).collect::<Vec<u8>>()
    };
    match encoding {
        encoding if encoding == UTF_16LE => wide(u16::to_le_bytes),
        encoding if encoding == UTF_16BE => wide(u16::to_be_bytes),
        encoding if encoding == UTF_8 && original.starts_with(b"\xef\xbb\xbf") => {
            format!("\u{feff}{text}").into_bytes()
        }
        // All of its characters came from this encoding, so none is lost on the way back.
        encoding => encoding.encode(text).0.into_owned(),
    }
}

/// Characters that no text needs: controls, and what makes a line read otherwise than it is stored.
fn is_taken_out(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || is_hidden(c)
}

/// Characters that turn the direction of writing (which hide a name's true ending) or have no appearance. Variation
/// selectors are kept: they tell the forms of a name's characters apart.
pub(crate) const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a cell begins as a formula would. A minus or plus before a number is a number (and before a telephone number).
fn has_formulas(text: &str) -> bool {
    text.split([',', '\n', '\r', '\t', ';']).map(|cell| cell.trim_start_matches(['"', ' ', '　'])).any(|cell| {
        let mut characters = cell.chars();
        match characters.next() {
            Some('=' | '@' | '＝' | '＠') => true,
            Some('+' | '-' | '＋' | '－') => {
                characters.next().is_some_and(|next| !next.is_numeric() && !matches!(next, '.' | '"' | ' '))
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_kept_to_the_byte_in_each_encoding() {
        for encoding in [UTF_8, SHIFT_JIS] {
            let content = encoding.encode("番号,名称\r\n1,第一公園〜①\r\n").0.into_owned();
            assert_eq!(detect(&content), Ok(Kind::Text));
            assert_eq!(clean("一覧.CSV", &content), Ok((content, Kind::Csv, vec![])));
        }
    }

    #[test]
    fn controls_and_turned_writing_are_taken_out() {
        let (content, _, removed) = clean("x.txt", "申請\u{202e}書\u{7}です\n".as_bytes()).expect("is text");
        assert_eq!(String::from_utf8_lossy(&content), "申請書です\n");
        assert_eq!(removed[0].what, What::Characters);
        let sjis = SHIFT_JIS.encode("申請書\u{7}です").0;
        let (content, ..) = clean("x.txt", &sjis).expect("is text");
        assert_eq!(content, SHIFT_JIS.encode("申請書です").0.into_owned());
        let wide: Vec<u8> = "\u{feff}申\u{7}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (content, ..) = clean("x.txt", &wide).expect("is text");
        assert_eq!(content, b"\xff\xfe\x33\x75");
    }

    #[test]
    fn formulas_are_told_of_and_numbers_are_not() {
        let told = |text: &str| clean("a.csv", text.as_bytes()).is_ok_and(|(.., removed)| !removed.is_empty());
        for text in ["a,=1+1", "=cmd|'/c calc'!A0,1", "\"=HYPERLINK(1)\",2", "@SUM(1)", "-cmd()"] {
            assert!(told(text), "{text}");
        }
        for text in ["a,-12,3", "+81-467,5", "a=b,c", "a-b", "-,-"] {
            assert!(!told(text), "{text}");
        }
    }

    #[test]
    fn text_that_runs_is_refused() {
        for text in [
            "<html><script>x</script>",
            "  <!DOCTYPE html>",
            "#!/bin/sh\nls",
            "[InternetShortcut]\nURL=file://x",
            "\u{feff}<svg/>",
        ] {
            assert!(matches!(detect(text.as_bytes()), Err(Refusal::NotTaken(_))), "{text}");
        }
        assert_eq!(detect(b"a\0b"), Err(Refusal::Unknown));
    }
}
