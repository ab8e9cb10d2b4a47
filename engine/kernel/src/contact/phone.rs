//! Japanese telephone numbers.
//!
//! Law: 電気通信番号規則. A domestic number begins with 0 and has ten digits, or eleven for mobile and IP telephones and for
//! 0800. How long the area code is cannot be told from the digits without the ministry's list of over 500 codes, which
//! changes; so a number keeps the hyphens that were typed, unless its kind or its area (Kanagawa, its neighbours and
//! the great cities) leaves no doubt.

use std::fmt;
use std::str::FromStr;

use crate::text::fold;

/// A telephone number (電話番号) in half-width digits, with hyphens where they are known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// It contains something other than digits, hyphens and brackets.
    #[error("電話番号は数字とハイフンで入力してください（例：0467-77-1111）。内線番号は備考に入力してください。")]
    Syntax,
    /// It does not begin with 0 (or + and a country code).
    #[error("電話番号は市外局番から（0から始めて）入力してください（例：0467-77-1111）。")]
    NoAreaCode,
    /// The number of digits is not that of its kind.
    #[error("電話番号の桁数が合いません。固定電話は10桁、携帯電話は11桁です。番号を確かめてください。")]
    Length,
}

/// Sizes of the three groups, with the prefixes whose numbers are so written. The longest prefix that fits decides.
const SHAPES: [([usize; 3], &[&str]); 6] = [
    ([3, 4, 4], &["020", "050", "060", "070", "080", "090"]),
    ([4, 3, 4], &["0800"]),
    ([4, 3, 3], &["0120", "0170", "0180", "0570", "0990"]),
    ([2, 4, 4], &["03", "06", "0471"]),
    (
        [3, 3, 4],
        &[
            "011", "0222", "0227", "0423", "0424", "0425", "0426", "0427", "0432", "0433", "0434", "044", "045",
            "0462", "0468", "0473", "0474", "0482", "0486", "0487", "0488", "0489", "0492", "052", "075", "078",
        ],
    ),
    (
        [4, 2, 4],
        &[
            "0422", "0436", "0438", "0439", "0460", "0463", "0465", "0466", "0467", "0475", "0476", "0478", "0479",
            "0480", "0493", "0494", "0495",
        ],
    ),
];

impl Phone {
    /// The number as it is shown and stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone, with `+` for a foreign number: for comparing and for dialling.
    pub fn digits(&self) -> String {
        self.0.chars().filter(|c| *c != '-').collect()
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    /// Reads `0467-77-1111`, `０４６７（７７）１１１１`, `09012345678`, `+81 467 77 1111`, `+84-24-1234-5678` and the three-digit
    /// numbers of public services (110, 119, 188).
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        let hyphenated = hyphenated(text)?;
        match hyphenated.strip_prefix('+') {
            Some(foreign) => international(foreign),
            None => domestic(&hyphenated),
        }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Digits in groups joined by single hyphens, whatever stood between them; `+` may stand in front.
fn hyphenated(text: &str) -> Result<String, PhoneError> {
    if text.chars().nth(40).is_some() {
        return Err(PhoneError::Syntax);
    }
    let folded = fold(text);
    let (plus, rest) = folded.strip_prefix('+').map_or(("", folded.as_str()), |rest| ("+", rest));
    if !rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '(' | ')' | ' ')) {
        return Err(PhoneError::Syntax);
    }
    let groups: Vec<&str> = rest.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    if groups.is_empty() { Err(PhoneError::Syntax) } else { Ok(format!("{plus}{}", groups.join("-"))) }
}

/// A number after `+`: Japan's own becomes domestic, another keeps its groups.
fn international(groups: &str) -> Result<Phone, PhoneError> {
    if let Some(national) = groups.strip_prefix("81") {
        let national = national.trim_start_matches('-');
        let national = national.strip_prefix('0').unwrap_or(national).trim_start_matches('-');
        return domestic(&format!("0{national}"));
    }
    // ITU-T E.164: at most 15 digits.
    let count = groups.bytes().filter(u8::is_ascii_digit).count();
    if (8..=15).contains(&count) { Ok(Phone(format!("+{groups}"))) } else { Err(PhoneError::Length) }
}

fn domestic(groups: &str) -> Result<Phone, PhoneError> {
    let digits: String = groups.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 3 && digits.starts_with('1') {
        return Ok(Phone(digits));
    }
    if !digits.starts_with('0') || digits.starts_with("00") {
        return Err(PhoneError::NoAreaCode);
    }
    let known = known_groups(&digits);
    let expected = known.map_or(10, |sizes| sizes.iter().sum());
    if digits.len() != expected {
        return Err(PhoneError::Length);
    }
    Ok(Phone(match known {
        Some([area, exchange, _]) => {
            format!("{}-{}-{}", &digits[..area], &digits[area..area + exchange], &digits[area + exchange..])
        }
        None if is_plausible(groups) => groups.to_owned(),
        None => digits,
    }))
}

/// The sizes of the groups where the digits leave no doubt.
fn known_groups(digits: &str) -> Option<[usize; 3]> {
    let prefixes =
        SHAPES.iter().flat_map(|(sizes, prefixes)| prefixes.iter().map(move |prefix| (prefix.len(), *prefix, *sizes)));
    let fitting = prefixes.filter(|(_, prefix, _)| digits.starts_with(prefix));
    fitting.max_by_key(|(length, ..)| *length).map(|(.., sizes)| sizes)
}

/// Area code, exchange and four digits.
fn is_plausible(groups: &str) -> bool {
    let sizes: Vec<usize> = groups.split('-').map(str::len).collect();
    matches!(sizes[..], [2..=5, 1..=4, 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_one_form() {
        for (text, shown) in [
            ("0467-77-1111", "0467-77-1111"),
            ("０４６７－７７－１１１１", "0467-77-1111"),
            ("0467(77)1111", "0467-77-1111"),
            ("(0467)77-1111", "0467-77-1111"),
            ("0467ー77ー1111", "0467-77-1111"),
            ("0467771111", "0467-77-1111"),
            ("046-777-1111", "0467-77-1111"),
            ("0462251111", "046-225-1111"),
            ("0452001234", "045-200-1234"),
            ("0312345678", "03-1234-5678"),
            ("090 1234 5678", "090-1234-5678"),
            ("0801234-5678", "080-1234-5678"),
            ("0800-123-4567", "0800-123-4567"),
            ("0120123456", "0120-123-456"),
            ("01267-1-2345", "01267-1-2345"),
            ("0126712345", "0126712345"),
            ("0985-12-3456", "0985-12-3456"),
            ("+81-467-77-1111", "0467-77-1111"),
            ("+81(0)467771111", "0467-77-1111"),
            ("+84 24 1234 5678", "+84-24-1234-5678"),
            ("119", "119"),
        ] {
            assert_eq!(text.parse::<Phone>().map(|phone| phone.to_string()), Ok(shown.to_owned()), "{text}");
        }
        assert_eq!("0467-77-1111".parse::<Phone>().map(|phone| phone.digits()), Ok("0467771111".to_owned()));
    }

    #[test]
    fn refuses_what_cannot_be_dialled() {
        for (text, error) in [
            ("", PhoneError::Syntax),
            ("-", PhoneError::Syntax),
            ("0467-77-1111 内線123", PhoneError::Syntax),
            ("0467-77-1111/2", PhoneError::Syntax),
            ("77-1111", PhoneError::NoAreaCode),
            ("0081-467-77-1111", PhoneError::NoAreaCode),
            ("0467-77-111", PhoneError::Length),
            ("090-1234-567", PhoneError::Length),
            ("0467-77-11111", PhoneError::Length),
            ("+84-1", PhoneError::Length),
        ] {
            assert_eq!(text.parse::<Phone>(), Err(error), "{text}");
        }
    }
}
