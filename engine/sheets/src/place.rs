//! Where a cell is: `B12`, and `B12:F40` for an area.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The place of a cell, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The row, from 0.
    pub row: u32,
    /// The column, from 0.
    pub column: u32,
}

/// A rectangle of cells; both corners belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area {
    /// The upper left corner.
    pub first: Place,
    /// The lower right corner.
    pub last: Place,
}

/// A text that names no cell or area.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」はセルの位置として読めません。「B3」「B3:H120」のように入力してください。")]
pub struct NoPlace(pub String);

impl Place {
    /// A place by its row and column, from 0.
    pub const fn new(row: u32, column: u32) -> Self {
        Self { row, column }
    }
}

impl Area {
    /// Whether a cell lies in it.
    pub const fn has(&self, row: u32, column: u32) -> bool {
        self.first.row <= row && row <= self.last.row && self.first.column <= column && column <= self.last.column
    }

    /// How many columns it has.
    pub const fn width(&self) -> u32 {
        self.last.column - self.first.column + 1
    }

    /// How many rows it has.
    pub const fn height(&self) -> u32 {
        self.last.row - self.first.row + 1
    }
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
pub fn letters(column: u32) -> String {
    let mut rest = column;
    let mut out = Vec::new();
    loop {
        out.push(char::from(b'A' + (rest % 26) as u8));
        if rest < 26 {
            break;
        }
        rest = rest / 26 - 1;
    }
    out.iter().rev().collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", letters(self.column), u64::from(self.row) + 1)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { self.first.fmt(f) } else { write!(f, "{}:{}", self.first, self.last) }
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    /// Reads `B12`, also `$B$12`, in full width and in small letters.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let none = || NoPlace(text.chars().take(30).collect());
        if text.len() > 60 {
            return Err(none());
        }
        let folded: String = kawasemi_kernel::text::fold(text).chars().filter(|c| *c != '$').collect();
        let digits = folded.find(|c: char| c.is_ascii_digit()).ok_or_else(none)?;
        let (name, row) = folded.split_at(digits);
        if name.is_empty() || name.len() > 3 || !name.bytes().all(|c| c.is_ascii_lowercase()) {
            return Err(none());
        }
        let column = name.bytes().fold(0, |sum, c| sum * 26 + u32::from(c - b'a') + 1) - 1;
        let row: u32 = row.parse().map_err(|_| none())?;
        if (1..=1_048_576).contains(&row) && column < 16_384 { Ok(Self { row: row - 1, column }) } else { Err(none()) }
    }
}

impl FromStr for Area {
    type Err = NoPlace;

    /// Reads `B12:F40`, or one cell; the corners may come in any order.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (one, other) = text.split_once([':', '：']).unwrap_or((text, text));
        let (one, other): (Place, Place) = (one.parse()?, other.parse()?);
        Ok(Self {
            first: Place::new(one.row.min(other.row), one.column.min(other.column)),
            last: Place::new(one.row.max(other.row), one.column.max(other.column)),
        })
    }
}

macro_rules! as_text {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(Place);
as_text!(Area);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, area) in [
            ("B3", "B3"),
            ("ｂ３：ｈ１２０", "B3:H120"),
            ("$H$120:$B$3", "B3:H120"),
            ("AA1:XFD1048576", "AA1:XFD1048576"),
        ] {
            assert_eq!(text.parse::<Area>().map(|area| area.to_string()), Ok(area.to_owned()), "{text}");
        }
        for text in ["", "3", "B", "B0", "あ3", "AAAA1", "XFE1", "B1048577", "B3:", "B3.5", &"B".repeat(100_000)] {
            assert!(text.parse::<Area>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(row in 0_u32..1_048_576, column in 0_u32..16_384) {
            let place = Place::new(row, column);
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }
    }
}
