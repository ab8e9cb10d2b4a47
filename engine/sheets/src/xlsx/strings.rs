//! The shared texts (sharedStrings.xml), with the readings that Excel keeps beside them (ふりがな).

use std::collections::HashMap;

use quick_xml::events::Event;

use super::parts::{Parts, add_text, attribute, unescape};
use crate::error::Result;

/// The shared texts of a workbook.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    texts: Vec<Box<str>>,
    /// Few texts have a reading.
    readings: HashMap<u32, Box<str>>,
}

impl Strings {
    pub(crate) fn read(parts: &mut Parts, name: &str) -> Result<Self> {
        let mut strings = Self::default();
        let Some(mut xml) = parts.xml(name)? else { return Ok(strings) };
        let mut text = RichText::default();
        while let Some(event) = xml.next()? {
            if let Event::Start(tag) = &event
                && tag.local_name().as_ref() == "si"
            {
                text = RichText::default();
            }
            text.take(&event)?;
            if let Event::End(tag) = &event
                && tag.local_name().as_ref() == "si"
            {
                let (plain, reading) = std::mem::take(&mut text).finish();
                if let Some(reading) = reading {
                    let index = u32::try_from(strings.texts.len()).unwrap_or(u32::MAX);
                    strings.readings.insert(index, reading.into());
                }
                strings.texts.push(plain.into());
            }
        }
        Ok(strings)
    }

    /// A text.
    pub(crate) fn text(&self, index: u32) -> Option<&str> {
        self.texts.get(index as usize).map(AsRef::as_ref)
    }

    /// The reading of a text, where it has one.
    pub(crate) fn reading(&self, index: u32) -> Option<&str> {
        self.readings.get(&index).map(AsRef::as_ref)
    }
}

/// A text of several runs under construction. Its phonetic guides (rPh) say how a stretch of it is read, counted in
/// UTF-16; they are never part of the text.
#[derive(Debug, Default)]
pub(crate) struct RichText {
    text: String,
    guides: Vec<Guide>,
    in_guide: bool,
    in_text: bool,
}

#[derive(Debug, Default)]
struct Guide {
    from: usize,
    to: usize,
    reading: String,
}

impl RichText {
    pub(crate) fn take(&mut self, event: &Event<'_>) -> Result<()> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "rPh" => {
                    let number = |name| -> Result<usize> {
                        Ok(attribute(tag, name)?.and_then(|text| text.parse().ok()).unwrap_or_default())
                    };
                    self.guides.push(Guide { from: number("sb")?, to: number("eb")?, reading: String::new() });
                    self.in_guide = true;
                }
                "t" => self.in_text = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "rPh" => self.in_guide = false,
                "t" => self.in_text = false,
                _ => {}
            },
            event if self.in_text => match self.guides.last_mut().filter(|_| self.in_guide) {
                Some(guide) => add_text(event, &mut guide.reading),
                None => add_text(event, &mut self.text),
            },
            _ => {}
        }
        Ok(())
    }

    /// The text, and how the whole of it is read where it has guides.
    pub(crate) fn finish(self) -> (String, Option<String>) {
        let text = unescape(&self.text);
        let reading = if self.guides.is_empty() { None } else { reading(&text, &self.guides) };
        (text, reading)
    }
}

/// The text with its guided stretches written as they are read; none where the guides do not fit the text.
fn reading(text: &str, guides: &[Guide]) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut out = String::new();
    let mut at = 0;
    for guide in guides {
        if guide.from < at || guide.to < guide.from || guide.to > units.len() {
            return None;
        }
        out.push_str(&String::from_utf16(&units[at..guide.from]).ok()?);
        out.push_str(&guide.reading);
        at = guide.to;
    }
    out.push_str(&String::from_utf16(&units[at..]).ok()?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(from: usize, to: usize, reading: &str) -> Guide {
        Guide { from, to, reading: reading.into() }
    }

    #[test]
    fn a_reading_covers_what_has_no_guide() {
        assert_eq!(
            reading("綾瀬 花子", &[guide(0, 2, "アヤセ"), guide(3, 5, "ハナコ")]).as_deref(),
            Some("アヤセ ハナコ")
        );
        assert_eq!(reading("𠮷田さん", &[guide(0, 3, "ヨシダ")]).as_deref(), Some("ヨシダさん"));
        assert_eq!(reading("綾", &[guide(0, 5, "ア")]), None);
        assert_eq!(reading("綾瀬", &[guide(1, 2, "セ"), guide(0, 1, "アヤ")]), None);
    }
}
