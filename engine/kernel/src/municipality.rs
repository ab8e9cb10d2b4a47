//! Municipality codes (全国地方公共団体コード): the six digits that name a prefecture, city, ward, town or village.
//!
//! Two digits of the prefecture (JIS X 0401), three of the municipality (JIS X 0402) and a check digit. Files of other
//! offices often leave the check digit out; [`MunicipalityCode::from_five_digits`] adds it. The names are built in;
//! readings are known for prefectures and for the municipalities of Kanagawa.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Every municipality, in the order of the codes.
static MUNICIPALITIES: LazyLock<Vec<Municipality>> = LazyLock::new(|| {
    let rows = include_str!("../data/municipalities.csv").lines().skip(1);
    rows.map(|row| municipality(row).expect("the built-in list of municipalities is well formed")).collect()
});

/// A municipality code whose check digit is right. It need not be in the list: codes change with every merger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MunicipalityCode(u32);

/// A prefecture, or a municipality or ward in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// The code.
    pub code: MunicipalityCode,
    /// The prefecture, such as 神奈川県.
    pub prefecture: &'static str,
    /// The municipality or ward, such as 綾瀬市 or 横浜市鶴見区; empty for the prefecture itself.
    pub name: &'static str,
    /// The reading of the name (for a prefecture, of the prefecture) in katakana; empty where it is not known.
    pub kana: &'static str,
}

/// Why a text is not a municipality code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MunicipalityCodeError {
    /// It is not six digits.
    #[error("団体コードは6桁の数字（例：綾瀬市は142182）で入力してください。")]
    Syntax,
    /// The first two digits are not those of a prefecture.
    #[error("団体コードの先頭2桁が都道府県（01〜47）ではありません。コードを確かめてください。")]
    NoSuchPrefecture,
    /// The last digit does not fit the others.
    #[error("団体コードの検査数字（6桁目）が合いません。打ち間違いがないか確かめてください。")]
    CheckDigit,
}

impl MunicipalityCode {
    /// Adds the check digit to five digits, such as `14218`.
    pub fn from_five_digits(text: &str) -> Result<Self, MunicipalityCodeError> {
        let body = digits(text, 5)?;
        Self::checked(body * 10 + check_digit(body))
    }

    /// The six digits as a number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The five digits without the check digit, as postal and statistical files have them.
    pub fn five_digits(self) -> String {
        format!("{:05}", self.0 / 10)
    }

    /// The number of the prefecture, 1 to 47.
    pub const fn prefecture_number(self) -> u32 {
        self.0 / 10_000
    }

    /// What the built-in list says of it; `None` for a code that is not in it.
    pub fn lookup(self) -> Option<&'static Municipality> {
        let index = MUNICIPALITIES.binary_search_by_key(&self, |municipality| municipality.code).ok()?;
        MUNICIPALITIES.get(index)
    }

    fn checked(number: u32) -> Result<Self, MunicipalityCodeError> {
        if !(1..=47).contains(&(number / 10_000)) {
            Err(MunicipalityCodeError::NoSuchPrefecture)
        } else if number % 10 == check_digit(number / 10) {
            Ok(Self(number))
        } else {
            Err(MunicipalityCodeError::CheckDigit)
        }
    }
}

impl Municipality {
    /// Every prefecture, municipality and ward, in the order of the codes.
    pub fn all() -> &'static [Self] {
        &MUNICIPALITIES
    }

    /// Whether it is a prefecture.
    pub const fn is_prefecture(&self) -> bool {
        self.name.is_empty()
    }

    /// The name with its prefecture: 神奈川県綾瀬市.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.prefecture, self.name)
    }
}

impl FromStr for MunicipalityCode {
    type Err = MunicipalityCodeError;

    /// Reads six ASCII digits.
    fn from_str(text: &str) -> Result<Self, MunicipalityCodeError> {
        Self::checked(digits(text, 6)?)
    }
}

impl fmt::Display for MunicipalityCode {
    /// Six digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl TryFrom<String> for MunicipalityCode {
    type Error = MunicipalityCodeError;
    fn try_from(text: String) -> Result<Self, MunicipalityCodeError> {
        text.parse()
    }
}

impl From<MunicipalityCode> for String {
    fn from(code: MunicipalityCode) -> Self {
        code.to_string()
    }
}

/// The check digit of five digits: weights 6 to 2, the sum taken from 11, the last digit of that. (A sum below 11 is
/// taken from 11 directly, which gives the same digit.)
const fn check_digit(body: u32) -> u32 {
    let (mut sum, mut rest, mut weight) = (0, body, 2);
    while weight <= 6 {
        sum += rest % 10 * weight;
        rest /= 10;
        weight += 1;
    }
    (11 - sum % 11) % 10
}

fn digits(text: &str, count: usize) -> Result<u32, MunicipalityCodeError> {
    if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MunicipalityCodeError::Syntax);
    }
    text.parse().map_err(|_| MunicipalityCodeError::Syntax)
}

/// A row `142182,神奈川県,綾瀬市,アヤセシ`.
fn municipality(row: &'static str) -> Option<Municipality> {
    let mut cells = row.split(',');
    let code = cells.next()?.parse().ok()?;
    Some(Municipality { code, prefecture: cells.next()?, name: cells.next()?, kana: cells.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_city() {
        let code: MunicipalityCode = "142182".parse().expect("the code of Ayase");
        let ayase = code.lookup().expect("Ayase is in the list");
        assert_eq!((ayase.full_name().as_str(), ayase.kana), ("神奈川県綾瀬市", "アヤセシ"));
        assert_eq!(MunicipalityCode::from_five_digits("14218"), Ok(code));
        assert_eq!((code.to_string().as_str(), code.five_digits().as_str()), ("142182", "14218"));
        assert_eq!("010006".parse::<MunicipalityCode>().map(|code| code.to_string()), Ok("010006".to_owned()));
    }

    #[test]
    fn every_listed_code_has_the_right_check_digit() {
        // Parsing the list checks each code; the order is what the lookup relies on.
        assert!(Municipality::all().is_sorted_by(|one, other| one.code < other.code));
        assert_eq!(Municipality::all().iter().filter(|municipality| municipality.is_prefecture()).count(), 47);
        assert_eq!(Municipality::all().len(), 1965);
    }

    #[test]
    fn a_slip_of_the_finger_is_noticed() {
        for (text, error) in [
            ("142183", MunicipalityCodeError::CheckDigit),
            ("142812", MunicipalityCodeError::CheckDigit),
            ("482182", MunicipalityCodeError::NoSuchPrefecture),
            ("14218", MunicipalityCodeError::Syntax),
            ("１４２１８２", MunicipalityCodeError::Syntax),
            ("+14218", MunicipalityCodeError::Syntax),
        ] {
            assert_eq!(text.parse::<MunicipalityCode>(), Err(error), "{text}");
        }
    }
}
