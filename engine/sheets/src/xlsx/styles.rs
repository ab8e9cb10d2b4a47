//! What styles say about values: dates (和暦 among them), digits with leading zeros, and cells that stand out as headings.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::parts::{Parts, attribute, is_on};
use crate::error::Result;

/// How a number of a cell is shown, as far as that changes what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    /// As a number.
    #[default]
    Number,
    /// As a date, with or without a time.
    Date,
    /// As a time of the day.
    Time,
    /// As digits in a fixed number of places, `00000` or `000-0000`.
    Digits(Box<str>),
    /// In per cent: 0.5 is shown as 50%.
    Percent,
}

/// A style of cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) shown: Shown,
    /// Bold, or on a coloured ground: as headings are.
    pub(crate) stands_out: bool,
}

/// The styles of a workbook, by the number that cells have.
#[derive(Debug, Default)]
pub(crate) struct Styles(Vec<Style>);

impl Styles {
    pub(crate) fn read(parts: &mut Parts, name: &str) -> Result<Self> {
        let Some(mut xml) = parts.xml(name)? else { return Ok(Self::default()) };
        let mut formats: HashMap<u32, String> = HashMap::new();
        let (mut bold, mut filled) = (Vec::new(), Vec::new());
        let mut section = String::new();
        let mut styles = Vec::new();
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            let number = |name| -> Result<u32> {
                Ok(attribute(&tag, name)?.and_then(|text| text.parse().ok()).unwrap_or_default())
            };
            match tag.local_name().as_ref() {
                name @ ("fonts" | "fills" | "borders" | "cellStyleXfs" | "cellXfs" | "cellStyles" | "dxfs") => {
                    name.clone_into(&mut section);
                }
                "numFmt" if section.is_empty() => {
                    formats.insert(number("numFmtId")?, attribute(&tag, "formatCode")?.unwrap_or_default());
                }
                "font" if section == "fonts" => bold.push(false),
                "b" if section == "fonts" => {
                    if let Some(last) = bold.last_mut() {
                        *last = attribute(&tag, "val")?.is_none_or(|val| is_on(Some(&val)));
                    }
                }
                "patternFill" if section == "fills" => {
                    filled
                        .push(attribute(&tag, "patternType")?.is_some_and(|kind| kind != "none" && kind != "gray125"));
                }
                "gradientFill" if section == "fills" => filled.push(true),
                "xf" if section == "cellXfs" => {
                    let id = number("numFmtId")?;
                    let stands_out = bold.get(number("fontId")? as usize).copied().unwrap_or_default()
                        || filled.get(number("fillId")? as usize).copied().unwrap_or_default();
                    let shown = formats.get(&id).map_or_else(|| built_in(id), |code| shown(code));
                    styles.push(Style { shown, stands_out });
                }
                _ => {}
            }
        }
        Ok(Self(styles))
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Style> {
        self.0.get(index)
    }
}

/// The formats that have a number only. 27 to 36 and 50 to 58 are those of Japanese Excel: `[$-411]ge.m.d` and so on.
fn built_in(id: u32) -> Shown {
    match id {
        9 | 10 => Shown::Percent,
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=58 => Shown::Date,
        18..=21 | 32 | 33 | 45 | 47 => Shown::Time,
        _ => Shown::Number,
    }
}

/// What a format code shows.
pub(crate) fn shown(code: &str) -> Shown {
    let Some(marks) = Marks::of(code) else { return Shown::Number };
    if marks.has(&['y', 'd', 'g', 'e', 'b'])
        || (marks.has(&['m']) && !marks.has(&['h', 's']))
        || marks.text.contains("aaa")
    {
        return Shown::Date;
    }
    if marks.has(&['h', 's']) {
        return if marks.is_duration { Shown::Number } else { Shown::Time };
    }
    if marks.text.contains('%') {
        return Shown::Percent;
    }
    let zeros = marks.text.matches('0').count();
    let is_digits = zeros >= 2 && marks.text.chars().all(|c| matches!(c, '0' | '-' | ' ' | '\u{1}'));
    if is_digits { Shown::Digits(marks.places.into()) } else { Shown::Number }
}

/// The first section of a format code without what is only decoration.
struct Marks {
    /// Small letters; a literal is `\u{1}`.
    text: String,
    /// The same with its literals as they are shown.
    places: String,
    is_duration: bool,
}

impl Marks {
    fn of(code: &str) -> Option<Self> {
        if code.len() > 500 {
            return None;
        }
        let mut marks = Self { text: String::new(), places: String::new(), is_duration: false };
        let mut characters = code.chars();
        while let Some(c) = characters.next() {
            match c {
                ';' => break,
                '"' => {
                    for literal in characters.by_ref().take_while(|c| *c != '"') {
                        marks.literal(literal);
                    }
                }
                '\\' | '!' => {
                    if let Some(literal) = characters.next() {
                        marks.literal(literal);
                    }
                }
                // A space as wide as the next character, or that character over and over.
                '_' | '*' => drop(characters.next()),
                '[' => {
                    let inner: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    let inner = inner.to_ascii_lowercase();
                    if !inner.is_empty() && inner.chars().all(|c| matches!(c, 'h' | 'm' | 's')) {
                        marks.is_duration = true;
                        marks.text.push_str(&inner);
                    }
                }
                c => {
                    marks.text.extend(c.to_lowercase());
                    marks.places.push(c);
                }
            }
        }
        if marks.text.contains("general") || marks.text.contains("標準") {
            return None;
        }
        // The exponent of 0.00E+00 is no era.
        marks.text = marks.text.replace("e+", "").replace("e-", "").replace("am/pm", "").replace("a/p", "");
        Some(marks)
    }

    fn literal(&mut self, literal: char) {
        // A hyphen between digits is one of a postcode or a telephone number, however it is written.
        self.text.push(if literal == '-' { '-' } else { '\u{1}' });
        self.places.push(if literal == '0' { '０' } else { literal });
    }

    fn has(&self, letters: &[char]) -> bool {
        self.text.contains(letters)
    }
}

/// A whole number in its places: 2520000 in `000-0000` is `252-0000`. None where it is no number for them.
pub(crate) fn in_places(number: f64, places: &str) -> Option<String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds that are asked for")]
    let digits = (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then(|| (number as u64).to_string())?;
    let zeros = places.matches('0').count();
    let mut digits: Vec<char> = format!("{digits:0>zeros$}").chars().collect();
    let more = digits.len() - zeros;
    let first: String = digits.drain(..more).collect();
    let mut digits = digits.into_iter();
    let mut out = String::new();
    let mut is_before = true;
    for c in places.chars() {
        if c == '0' {
            if std::mem::take(&mut is_before) {
                out.push_str(&first);
            }
            out.extend(digits.next());
        } else {
            out.push(c);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_dates_by_their_format() {
        for code in [
            "yyyy/m/d",
            "[$-411]ggge\"年\"m\"月\"d\"日\"",
            "[$-411]ge.m.d;@",
            "[$-ja-JP-x-gannen]ggge\"年\"m\"月\"d\"日\";@",
            "yyyy\"年\"m\"月\"",
            "m/d;@",
            "[$-411]ggge\"年\"",
            "yyyy/m/d h:mm",
            "m\"月\"d\"日\"(aaa)",
        ] {
            assert_eq!(shown(code), Shown::Date, "{code}");
        }
        for code in ["h:mm", "h\"時\"mm\"分\"", "[$-409]h:mm AM/PM;@", "mm:ss"] {
            assert_eq!(shown(code), Shown::Time, "{code}");
        }
        for code in [
            "General",
            "G/標準",
            "#,##0",
            "0",
            "0.00E+00",
            "\"第\"0\"号\"",
            "[h]:mm",
            "#,##0\"円\"",
            "[Red]#,##0",
            "@",
            "",
            "#,##0;[Red]\"△\"#,##0",
            "0_ ",
            "\\¥#,##0",
            "0\"年\"",
        ] {
            assert_eq!(shown(code), Shown::Number, "{code}");
        }
        assert_eq!(shown("0.0%"), Shown::Percent);
        assert_eq!((built_in(57), built_in(14), built_in(49)), (Shown::Date, Shown::Date, Shown::Number));
    }

    #[test]
    fn keeps_leading_zeros() {
        let text = |code: &str, number| match shown(code) {
            Shown::Digits(places) => in_places(number, &places),
            other => panic!("{code}: {other:?}"),
        };
        for (code, number, expected) in [
            ("00000", 123.0, "00123"),
            ("000\\-0000", 2_521_107.0, "252-1107"),
            ("000-0000", 600_001.0, "060-0001"),
            ("\"A\"000", 7.0, "A007"),
            ("00", 1234.0, "1234"),
        ] {
            assert_eq!(text(code, number).as_deref(), Some(expected), "{code}");
        }
        assert_eq!(text("00000", 1.5), None);
        assert_eq!(text("00000", -1.0), None);
    }
}
