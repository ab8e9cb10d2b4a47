//! Positions as people write them: `35.4378, 139.4269`, `北緯35度26分16.1秒 東経139度25分36.8秒`, `N35.26.16.1 E139.25.36.8`.
//!
//! Latitude stands first where nothing says otherwise, as map services show it and as tables of city halls have it.

use geo::Coord;

/// Longest text that is looked at, in characters.
const LONGEST: usize = 200;
/// Where Japan lies, in degrees: what is exchanged is seen by it.
const LATITUDES: std::ops::RangeInclusive<f64> = 20.0..=46.0;
const LONGITUDES: std::ops::RangeInclusive<f64> = 122.0..=154.5;

const UNREADABLE: &str =
    "位置は「緯度, 経度」で入力してください（例：35.4378, 139.4269、北緯35度26分16秒 東経139度25分37秒）。";

/// An angle, and which one it says that it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angle {
    /// Degrees; negative in the south and west.
    pub degrees: f64,
    /// Whether it says that it is a latitude; none where it says nothing.
    pub is_latitude: Option<bool>,
}

/// Reads latitude and longitude from one text.
///
/// # Errors
/// A sentence with the form that is expected, or with the proposal to exchange the two.
pub fn read(text: &str) -> Result<Coord<f64>, String> {
    if text.chars().count() > LONGEST {
        return Err(UNREADABLE.to_owned());
    }
    let angles = angles(text).ok_or(UNREADABLE)?;
    let [one, other] = angles[..] else { return Err(UNREADABLE.to_owned()) };
    let (latitude, longitude) = match (one.is_latitude, other.is_latitude) {
        (Some(true), Some(false) | None) | (None, Some(false)) => (one.degrees, other.degrees),
        (Some(false), Some(true) | None) | (None, Some(true)) => (other.degrees, one.degrees),
        (None, None) => (one.degrees, other.degrees),
        (Some(_), Some(_)) => return Err(UNREADABLE.to_owned()),
    };
    checked(latitude, longitude)
}

/// A position whose numbers can be latitude and longitude.
///
/// # Errors
/// A sentence; with the proposal to exchange the two where that would be in Japan.
pub fn checked(latitude: f64, longitude: f64) -> Result<Coord<f64>, String> {
    if LONGITUDES.contains(&latitude) && LATITUDES.contains(&longitude) {
        return Err(format!(
            "緯度と経度が逆のようです。「{longitude}, {latitude}」のように、緯度、経度の順に入力してください。"
        ));
    }
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
        return Err("緯度（-90〜90）、経度（-180〜180）の順に入力してください。".to_owned());
    }
    Ok(Coord { x: longitude, y: latitude })
}

/// Reads one angle: `35.4378`, `35度26分16.1秒`, `35°26'16.1"N`, `北緯35.4378°`, `35.26.16.1`.
pub fn angle(text: &str) -> Option<Angle> {
    if text.chars().count() > LONGEST {
        return None;
    }
    match angles(text)?[..] {
        [angle] => Some(angle),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Number(f64),
    /// Degrees, minutes and seconds in one word with points between them: 35.26.16.1.
    Dotted(f64),
    /// The mark of degrees (0), minutes (1) or seconds (2).
    Unit(usize),
    /// North, east, south or west.
    Side(Side),
    Comma,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Side {
    is_latitude: bool,
    is_negative: bool,
}

/// The angles of a text; none where something else stands in it.
fn angles(text: &str) -> Option<Vec<Angle>> {
    let tokens = tokens(text)?;
    let is_before = matches!(tokens.first(), Some(Token::Side(_)));
    let mut done = Vec::new();
    let mut current: Option<Building> = None;
    for token in tokens {
        match token {
            Token::Side(side) if is_before => {
                finish(&mut done, current.take())?;
                current = Some(Building { side: Some(side), ..Building::default() });
            }
            Token::Side(side) => {
                let mut building = current.take()?;
                building.side = Some(side);
                finish(&mut done, Some(building))?;
            }
            Token::Number(number) => match &mut current {
                Some(building) if building.takes_another() => building.parts.push(number),
                _ => {
                    finish(&mut done, current.take())?;
                    current = Some(Building { parts: vec![number], ..Building::default() });
                }
            },
            Token::Dotted(degrees) => {
                let side = current.take_if(|building| building.parts.is_empty()).and_then(|building| building.side);
                finish(&mut done, current.take())?;
                current = Some(Building { parts: vec![degrees], units: 3, side });
            }
            Token::Unit(unit) => {
                let building = current.as_mut()?;
                if building.parts.len() != unit + 1 || building.units != unit {
                    return None;
                }
                building.units = unit + 1;
            }
            Token::Comma => {
                finish(&mut done, current.take())?;
            }
        }
    }
    finish(&mut done, current)?;
    Some(done)
}

/// An angle of which not all was read.
#[derive(Default)]
struct Building {
    parts: Vec<f64>,
    /// How many of the parts have their mark.
    units: usize,
    side: Option<Side>,
}

impl Building {
    /// Whether another number belongs to the same angle: the first one after its side, or minutes after degrees.
    fn takes_another(&self) -> bool {
        self.parts.is_empty() || self.parts.len() < 3 && self.units == self.parts.len()
    }
}

fn finish(done: &mut Vec<Angle>, building: Option<Building>) -> Option<()> {
    let Some(building) = building else { return Some(()) };
    let first = *building.parts.first()?;
    let minutes = building.parts.get(1).copied().unwrap_or(0.0);
    let seconds = building.parts.get(2).copied().unwrap_or(0.0);
    if !(0.0..60.0).contains(&minutes) || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let size = first.abs() + minutes / 60.0 + seconds / 3600.0;
    let is_negative = first.is_sign_negative() || building.side.is_some_and(|side| side.is_negative);
    let degrees = if is_negative { -size } else { size };
    done.push(Angle { degrees, is_latitude: building.side.map(|side| side.is_latitude) });
    Some(())
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let text: String = text.chars().map(narrow).collect();
    let mut rest = text.as_str();
    let mut tokens = Vec::new();
    while let Some(next) = rest.chars().next() {
        if let Some((token, length)) = word(rest) {
            tokens.push(token);
            rest = &rest[length..];
        } else if next.is_ascii_digit() || matches!(next, '-' | '+' | '.') {
            let end = rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| end + 1);
            tokens.push(number(&rest[..end])?);
            rest = &rest[end..];
        } else if next.is_whitespace() || matches!(next, ':' | '(' | ')') {
            rest = &rest[next.len_utf8()..];
        } else {
            return None;
        }
    }
    Some(tokens)
}

/// Words and marks, and how many bytes they take.
fn word(rest: &str) -> Option<(Token, usize)> {
    let side = |is_latitude, is_negative| Token::Side(Side { is_latitude, is_negative });
    let words = [
        ("北緯", side(true, false)),
        ("南緯", side(true, true)),
        ("東経", side(false, false)),
        ("西経", side(false, true)),
        ("緯度", side(true, false)),
        ("経度", side(false, false)),
        ("N", side(true, false)),
        ("S", side(true, true)),
        ("E", side(false, false)),
        ("W", side(false, true)),
        ("度", Token::Unit(0)),
        ("°", Token::Unit(0)),
        ("º", Token::Unit(0)),
        ("˚", Token::Unit(0)),
        ("分", Token::Unit(1)),
        ("秒", Token::Unit(2)),
        ("''", Token::Unit(2)),
        ("′′", Token::Unit(2)),
        ("’’", Token::Unit(2)),
        ("″", Token::Unit(2)),
        ("”", Token::Unit(2)),
        ("“", Token::Unit(2)),
        ("\"", Token::Unit(2)),
        ("'", Token::Unit(1)),
        ("′", Token::Unit(1)),
        ("’", Token::Unit(1)),
        ("‘", Token::Unit(1)),
        (",", Token::Comma),
        ("/", Token::Comma),
        (";", Token::Comma),
    ];
    let upper = rest.chars().next()?.to_ascii_uppercase();
    let found = words.into_iter().find(|(word, _)| {
        rest.starts_with(word) || word.len() == 1 && upper.is_ascii_alphabetic() && word.starts_with(upper)
    });
    found.map(|(word, token)| (token, word.len()))
}

/// A number, or degrees, minutes and seconds with points between them.
fn number(text: &str) -> Option<Token> {
    if text.matches('.').count() < 2 {
        return text.parse().ok().map(Token::Number);
    }
    let mut parts = text.splitn(3, '.');
    let degrees: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    if !(0.0..60.0).contains(&minutes) || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let size = degrees.abs() + minutes / 60.0 + seconds / 3600.0;
    Some(Token::Dotted(if degrees.is_sign_negative() { -size } else { size }))
}

/// Full-width letters and digits as half-width ones, and what stands for minus and comma.
const fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => match char::from_u32(c as u32 - 0xFEE0) {
            Some(narrow) => narrow,
            None => c,
        },
        '\u{2212}' | '\u{2010}' | '\u{2013}' => '-',
        '、' => ',',
        '\u{3000}' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_positions_in_the_forms_of_city_halls() {
        for text in [
            "35.4375, 139.425",
            "35.4375 139.425",
            "35.4375/139.425",
            "３５．４３７５，１３９．４２５",
            "北緯35.4375° 東経139.425°",
            "北緯35度26分15秒 東経139度25分30秒",
            "北緯３５度２６分１５．０秒、東経１３９度２５分３０秒",
            "東経139度25分30秒 北緯35度26分15秒",
            "35°26′15″N 139°25′30″E",
            "35°26'15\"N, 139°25'30\"E",
            "N35.26.15.0 E139.25.30.0",
            "35度26.25分, 139度25.5分",
            "緯度：35.4375　経度：139.425",
            "(35.4375, 139.425)",
        ] {
            let found = read(text).unwrap_or_else(|said| panic!("{text}: {said}"));
            assert!((found.y - 35.4375).abs() < 1e-9 && (found.x - 139.425).abs() < 1e-9, "{text}: {found:?}");
        }
        assert_eq!(read("南緯35度 西経139.5度"), Ok(Coord { x: -139.5, y: -35.0 }));
    }

    #[test]
    fn refuses_with_a_proposal() {
        for (text, piece) in [
            ("139.425, 35.4375", "逆のようです"),
            ("35.4375", "「緯度, 経度」"),
            ("中央公園", "「緯度, 経度」"),
            ("35.4, 139.4, 12", "「緯度, 経度」"),
            ("35度75分 139度", "「緯度, 経度」"),
            ("95, 139", "-90〜90"),
            ("北緯35 北緯36", "「緯度, 経度」"),
            ("-, -", "「緯度, 経度」"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(piece), "{text}: {said}");
        }
        assert!(read(&"1".repeat(10_000)).is_err());
    }

    #[test]
    fn reads_one_angle() {
        for (text, degrees, is_latitude) in [
            ("35.5", 35.5, None),
            ("35°30′", 35.5, None),
            ("北緯35度30分", 35.5, Some(true)),
            ("139.30.0", 139.5, None),
            ("-12.5", -12.5, None),
        ] {
            assert_eq!(angle(text), Some(Angle { degrees, is_latitude }), "{text}");
        }
        assert_eq!(angle("35,139"), None);
        assert_eq!(angle(""), None);
    }
}
