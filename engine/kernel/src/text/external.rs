//! External characters (外字): the kanji that a city had drawn for itself at private-use code points, and what they are.
//!
//! A resident's name that came from an older system may hold U+E000, of which every city means another character. The city's
//! table says which: the character of the 文字情報基盤 (its MJ number), the standard code point with its variation selector
//! where there is one, and the character that may be printed in its place where there is none. Nothing here changes what is
//! stored: conversions are for paper and for files that leave the city.
//!
//! Systems of the Shift_JIS age number the same characters from F040; [`from_cp932`] and [`to_cp932`] hold the correspondence
//! of code page 932 (F040–F9FC are U+E000–E757).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::cluster::{is_private_use, is_variation_selector};
use super::{fold, old_forms};

/// Code points in a row of the user-defined area of code page 932.
const ROW: u32 = 188;

/// One external character (外字) of a city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalCharacter {
    /// The private-use code point.
    pub code: char,
    /// The number in the 文字情報基盤, where the character was identified.
    pub mj: Option<MjNumber>,
    /// The standard character: one code point, with a variation selector where the shape needs one.
    pub standard: Option<String>,
    /// What may be printed in its place (代替文字), where there is no standard character or no font for it.
    pub substitute: Option<String>,
}

/// A number of the 文字情報基盤 (MJ文字図形名), such as `MJ010003`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MjNumber(u32);

impl fmt::Display for MjNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MJ{:06}", self.0)
    }
}

impl Serialize for MjNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for MjNumber {
    type Err = CodeError;

    /// Reads `MJ010003`, also in full width, in lower case or without its leading zeros.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let folded = fold(text);
        let digits = folded.strip_prefix("mj").map(|digits| digits.trim_start_matches([' ', '-']));
        digits
            .filter(|digits| (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| CodeError::MjNumber(text.to_owned()))
    }
}

/// Why a code in a table of external characters could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not a private-use code.
    #[error("「{0}」は外字の符号ではありません。U+E000 の形か、Shift_JIS の F040 から F9FC までの形で入れてください。")]
    Private(String),
    /// Not a standard character.
    #[error("「{0}」は標準の文字として読めません。「U+845B U+E0100」の形か、文字そのものを1文字だけ入れてください。")]
    Standard(String),
    /// Not an MJ number.
    #[error("「{0}」はMJ番号ではありません。MJ010003 の形で入れてください。")]
    MjNumber(String),
}

/// The private-use code point of a code as cities write it: `U+E000`, `E000`, `0xE000`, `&#xE000;`, the code of Shift_JIS
/// (`F040`, `0xF040`), or the character itself.
///
/// Four digits from F040 to F8FF could be either; they are read as Shift_JIS wherever they are a code of it, since Unicode
/// tables write `U+` and cities number external characters from U+E000. `U+F040` is the code point.
///
/// # Errors
/// Anything else.
pub fn parse_private(text: &str) -> Result<char, CodeError> {
    let refused = || CodeError::Private(text.to_owned());
    let trimmed = text.trim();
    let mut characters = trimmed.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return if is_private_use(character) { Ok(character) } else { Err(refused()) };
    }
    let (number, is_unicode) = hexadecimal(trimmed).ok_or_else(refused)?;
    let of_cp932 = || u16::try_from(number).ok().and_then(from_cp932);
    let of_unicode = || char::from_u32(number).filter(|c| is_private_use(*c));
    let found = if is_unicode { of_unicode() } else { of_cp932().or_else(of_unicode) };
    found.ok_or_else(refused)
}

/// A standard character as cities write it: `U+845B U+E0100`, `845B_E0100`, `<845B,E0100>` or the character itself.
///
/// # Errors
/// More than one character, a private-use one, or what is no code.
pub fn parse_standard(text: &str) -> Result<String, CodeError> {
    let refused = || CodeError::Standard(text.to_owned());
    let trimmed = text.trim();
    let is_coded = trimmed.len() > 3 && trimmed.is_ascii();
    let characters: Vec<char> = if is_coded {
        let parts = trimmed.split(|c: char| c.is_whitespace() || "_,<>+-".contains(c));
        let parts = parts.filter(|part| !part.is_empty() && !part.eq_ignore_ascii_case("u"));
        parts
            .map(|part| hexadecimal(part).and_then(|(n, _)| char::from_u32(n)))
            .collect::<Option<_>>()
            .ok_or_else(refused)?
    } else {
        trimmed.chars().collect()
    };
    let is_one = match characters.as_slice() {
        [base] => !is_private_use(*base) && !is_variation_selector(*base),
        [base, selector] => !is_private_use(*base) && !is_variation_selector(*base) && is_variation_selector(*selector),
        _ => false,
    };
    if is_one { Ok(characters.into_iter().collect()) } else { Err(refused()) }
}

/// A hexadecimal number with what people write around it, and whether that says that it is a code point of Unicode.
fn hexadecimal(text: &str) -> Option<(u32, bool)> {
    let folded = fold(text);
    let bare = |prefixes: &[&str]| prefixes.iter().find_map(|prefix| folded.strip_prefix(prefix));
    let (digits, is_unicode) = match bare(&["u+", "u-", "\\u", "&#x"]) {
        Some(digits) => (digits.trim_end_matches(';'), true),
        None => (bare(&["0x", "x"]).unwrap_or(&folded), false),
    };
    if !(4..=6).contains(&digits.len()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, is_unicode))
}

/// The private-use code point of a code in the user-defined area of code page 932 (F040–F9FC).
pub fn from_cp932(code: u16) -> Option<char> {
    let [lead, trail] = code.to_be_bytes();
    let row = u32::from(lead.checked_sub(0xF0).filter(|row| *row < 10)?);
    let cell = match trail {
        0x40..=0x7E => trail - 0x40,
        0x80..=0xFC => trail - 0x41,
        _ => return None,
    };
    char::from_u32(0xE000 + row * ROW + u32::from(cell))
}

/// The code of a private-use code point in code page 932; none beyond U+E757.
pub fn to_cp932(character: char) -> Option<u16> {
    let index = u32::from(character).checked_sub(0xE000).filter(|index| *index < 10 * ROW)?;
    let cell = index % ROW;
    let trail = if cell < 0x3F { 0x40 + cell } else { 0x41 + cell };
    u16::try_from((0xF0 + index / ROW) << 8 | trail).ok()
}

/// A city's table of external characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalCharacters(BTreeMap<char, ExternalCharacter>);

impl FromIterator<ExternalCharacter> for ExternalCharacters {
    fn from_iter<T: IntoIterator<Item = ExternalCharacter>>(characters: T) -> Self {
        Self(characters.into_iter().map(|one| (one.code, one)).collect())
    }
}

impl ExternalCharacters {
    /// The entry of a private-use code point.
    pub fn get(&self, code: char) -> Option<&ExternalCharacter> {
        self.0.get(&code)
    }

    /// Every entry, by code point.
    pub fn iter(&self) -> impl Iterator<Item = &ExternalCharacter> {
        self.0.values()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the city has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with standard characters in place of external ones, where the table knows them. For files that go to systems
    /// which know Unicode; external characters without a standard one stay as they are.
    pub fn standardise<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !text.chars().any(is_private_use) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            match self.get(character).and_then(|entry| entry.standard.as_deref()) {
                Some(standard) => out.push_str(standard),
                None => out.push(character),
            }
        }
        Cow::Owned(out)
    }

    /// What stands best for a character that a narrow character set doesn't have, the best first: what the city's table says,
    /// the character without its variation selector, its common form. Each is a guess that the caller reports.
    pub fn stand_ins(&self, cluster: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut add = |text: &str| {
            if !text.is_empty() && text != cluster && !found.iter().any(|one| one == text) {
                found.push(text.to_owned());
            }
        };
        let first = cluster.chars().next();
        let own = first.and_then(|first| self.get(first));
        let listed = own.into_iter().chain(self.iter().filter(|entry| entry.standard.as_deref() == Some(cluster)));
        for substitute in listed.filter_map(|entry| entry.substitute.as_deref()) {
            add(substitute);
        }
        let standard = own.and_then(|entry| entry.standard.as_deref()).unwrap_or(cluster);
        let bare: String = standard.chars().filter(|c| !is_variation_selector(*c)).collect();
        add(&bare);
        let common: String = bare.chars().map(old_forms::common_form).collect();
        add(&common);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_as_cities_write_them() {
        for (text, code) in [
            ("U+E000", '\u{E000}'),
            ("e000", '\u{E000}'),
            ("Ｕ＋Ｅ０００", '\u{E000}'),
            ("0xF040", '\u{E000}'),
            ("F040", '\u{E000}'),
            ("U+F07F", '\u{F07F}'),
            ("F9FC", '\u{E757}'),
            // No second byte of Shift_JIS, so that they can only be code points.
            ("F07F", '\u{F07F}'),
            ("F0FD", '\u{F0FD}'),
            ("&#xE001;", '\u{E001}'),
            ("\u{E0A1}", '\u{E0A1}'),
            ("U+F0001", '\u{F0001}'),
        ] {
            assert_eq!(parse_private(text), Ok(code), "{text}");
        }
        for text in ["", "葛", "U+845B", "E00", "8440", "外字1", "U+110000"] {
            assert_eq!(parse_private(text), Err(CodeError::Private(text.to_owned())));
        }
    }

    #[test]
    fn reads_standard_characters() {
        for text in ["U+845B U+E0100", "845B_E0100", "<845B,E0100>", "葛\u{E0100}", " u+845b+e0100 "] {
            assert_eq!(parse_standard(text).as_deref(), Ok("葛\u{E0100}"), "{text}");
        }
        assert_eq!(parse_standard("U+20BB7").as_deref(), Ok("𠮷"));
        for text in ["葛城", "U+E000", "U+E0100", "", "U+D800", "abc"] {
            assert_eq!(parse_standard(text), Err(CodeError::Standard(text.to_owned())));
        }
    }

    #[test]
    fn code_page_932_numbers_the_same_characters() {
        let both = |code: u16| from_cp932(code).map(|c| (u32::from(c), to_cp932(c)));
        assert_eq!(both(0xF040), Some((0xE000, Some(0xF040))));
        assert_eq!(both(0xF07E), Some((0xE03E, Some(0xF07E))));
        assert_eq!(both(0xF080), Some((0xE03F, Some(0xF080))));
        assert_eq!(both(0xF0FC), Some((0xE0BB, Some(0xF0FC))));
        assert_eq!(both(0xF9FC), Some((0xE757, Some(0xF9FC))));
        for code in [0xEFFC, 0xF03F, 0xF07F, 0xF0FD, 0xFA40] {
            assert_eq!(from_cp932(code), None, "{code:X}");
        }
        assert_eq!(to_cp932('\u{E758}'), None);
    }

    #[test]
    fn mj_numbers_have_one_form() {
        for text in ["MJ010003", "mj10003", "ＭＪ０１０００３"] {
            assert_eq!(text.parse::<MjNumber>().map(|n| n.to_string()).as_deref(), Ok("MJ010003"));
        }
        for text in ["", "MJ", "MJ0000000", "MJ000000", "10003", "MJ01000x"] {
            assert!(text.parse::<MjNumber>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_table_gives_the_standard_and_stand_ins() {
        let entry = |code, standard: Option<&str>, substitute: Option<&str>| ExternalCharacter {
            code,
            mj: None,
            standard: standard.map(str::to_owned),
            substitute: substitute.map(str::to_owned),
        };
        let table: ExternalCharacters =
            [entry('\u{E000}', Some("邉\u{E0101}"), Some("邊")), entry('\u{E001}', None, Some("高"))]
                .into_iter()
                .collect();
        assert_eq!(table.standardise("渡\u{E000}\u{E001}\u{E002}"), "渡邉\u{E0101}\u{E001}\u{E002}");
        assert_eq!(table.stand_ins("\u{E000}"), ["邊", "邉", "辺"]);
        assert_eq!(table.stand_ins("邉\u{E0101}"), ["邊", "邉", "辺"]);
        assert_eq!(table.stand_ins("\u{E001}"), ["高"]);
        assert_eq!(table.stand_ins("𠮷"), ["吉"]);
        assert_eq!(table.stand_ins("葛\u{E0100}"), ["葛"]);
    }
}
