//! A small font with the few rare characters of one page, for the screen.
//!
//! IPAmj明朝 has 45 MB, which no page can ask a browser to load; a page has one or two names that need it. So the glyphs of just these
//! characters are cut out of it, variation sequences and the city's external characters (外字) included: a browser then shows
//! U+845B U+E0100 and U+E000 wherever they stand, in text, in form fields and in lists of choices, without any change of the text.
//!
//! Some variations are in BIZ UDゴシック (those of Adobe-Japan1, such as U+E0100) and others in IPAmj明朝 (those of the 文字情報基盤), so a page may
//! need a font of either; what both have comes from BIZ UDゴシック, which goes with the rest of the page.
//!
//! The cut fonts are works derived under the licences of their sources; the IPA Font License 1.0 asks that they bear another name.

use std::collections::{BTreeMap, BTreeSet};

use kawasemi_kernel::text::cluster::is_private_use;
use kawasemi_kernel::text::external::ExternalCharacters;
use subsetter::GlyphRemapper;
use typst::text::FontInstance;

use crate::fonts::{Fonts, Role};

/// The family under which pages know the font.
pub const FAMILY: &str = "Kawasemi Names";
/// Characters of one font at most.
pub const MOST: usize = 200;

/// The characters of a font: single ones, and those with a variation selector.
#[derive(Default)]
struct Wanted {
    single: BTreeMap<char, u16>,
    varied: BTreeMap<(char, char), u16>,
}

/// The fonts out of which characters are cut, the better first.
pub const SOURCES: [Role; 2] = [Role::Gothic, Role::Names];

/// Out of which font a character is cut; none where no font has it. A character is one code point, or a kanji with its
/// variation selector.
pub fn source(fonts: &Fonts, external: &ExternalCharacters, character: &str) -> Option<Role> {
    let standard = standard(external, character)?;
    SOURCES.into_iter().find(|role| fonts.faces(*role).first().is_some_and(|face| glyph(face, standard).is_some()))
}

/// A TrueType font with these characters, as far as the source has them; none where it has none of them or isn't installed.
/// Of more than [`MOST`] the rest is left out.
pub fn cut<'a>(
    fonts: &Fonts,
    source: Role,
    external: &ExternalCharacters,
    characters: impl IntoIterator<Item = &'a str>,
) -> Option<Vec<u8>> {
    let face = fonts.faces(source).first()?;
    let mut wanted = Wanted::default();
    for character in characters.into_iter().take(MOST) {
        wanted.add(face, external, character);
    }
    if wanted.single.is_empty() && wanted.varied.is_empty() {
        return None;
    }
    let mut remapper = GlyphRemapper::new();
    for glyph in wanted.single.values_mut().chain(wanted.varied.values_mut()) {
        *glyph = remapper.remap(*glyph);
    }
    let font = face.font();
    let subset = subsetter::subset(font.data(), font.index(), &remapper).ok()?;
    let mut tables = tables(&subset)?;
    let os2 = face.ttf().raw_face().table(ttf_parser::Tag::from_bytes(b"OS/2"))?;
    tables.insert(*b"OS/2", os2.to_vec());
    tables.insert(*b"cmap", wanted.character_map());
    tables.insert(*b"name", name(source));
    Some(assemble(tables))
}

impl Wanted {
    fn add(&mut self, face: &FontInstance, external: &ExternalCharacters, character: &str) {
        let characters: Vec<char> = character.chars().collect();
        match characters.as_slice() {
            [base, selector] => {
                if let Some(varied) = glyph(face, character) {
                    self.varied.insert((*base, *selector), varied);
                    // A browser chooses the font by the kanji alone.
                    self.single
                        .entry(*base)
                        .or_insert_with(|| face.ttf().glyph_index(*base).map_or(varied, |own| own.0));
                }
            }
            [single] => {
                if let Some(glyph) = standard(external, character).and_then(|standard| glyph(face, standard)) {
                    self.single.insert(*single, glyph);
                }
            }
            _ => {}
        }
    }

    /// The `cmap` table: the characters (format 12) and the variation sequences (format 14).
    fn character_map(&self) -> Vec<u8> {
        let (plain, varied) = (self.plain(), self.variations());
        let mut out = Vec::new();
        put16(&mut out, 0);
        put16(&mut out, 2);
        let first = 4 + 2 * 8;
        // Unicode variation sequences, then Windows UCS-4, in the order that the format asks for.
        for (platform, encoding, offset) in [(0, 5, first + plain.len()), (3, 10, first)] {
            put16(&mut out, platform);
            put16(&mut out, encoding);
            put32(&mut out, offset);
        }
        out.extend(plain);
        out.extend(varied);
        out
    }

    fn plain(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put16(&mut out, 12);
        put16(&mut out, 0);
        put32(&mut out, 16 + 12 * self.single.len());
        put32(&mut out, 0);
        put32(&mut out, self.single.len());
        for (character, glyph) in &self.single {
            put32(&mut out, *character as usize);
            put32(&mut out, *character as usize);
            put32(&mut out, usize::from(*glyph));
        }
        out
    }

    fn variations(&self) -> Vec<u8> {
        let selectors: BTreeSet<char> = self.varied.keys().map(|(_, selector)| *selector).collect();
        let (mut records, mut mappings) = (Vec::new(), Vec::new());
        let start = 10 + 11 * selectors.len();
        for selector in &selectors {
            let of_selector: Vec<(char, u16)> = self
                .varied
                .iter()
                .filter(|((_, own), _)| own == selector)
                .map(|((base, _), glyph)| (*base, *glyph))
                .collect();
            put24(&mut records, *selector as usize);
            put32(&mut records, 0);
            put32(&mut records, start + mappings.len());
            put32(&mut mappings, of_selector.len());
            for (base, glyph) in of_selector {
                put24(&mut mappings, base as usize);
                put16(&mut mappings, usize::from(glyph));
            }
        }
        let mut out = Vec::new();
        put16(&mut out, 14);
        put32(&mut out, start + mappings.len());
        put32(&mut out, selectors.len());
        out.extend(records);
        out.extend(mappings);
        out
    }
}

/// The character itself, or for an external one what the table says it is.
fn standard<'a>(external: &'a ExternalCharacters, character: &'a str) -> Option<&'a str> {
    match character.chars().next()? {
        code if is_private_use(code) => external.get(code).and_then(|entry| entry.standard.as_deref()),
        _ => Some(character),
    }
}

/// The glyph of a character in the very shape that it asks for.
fn glyph(face: &FontInstance, character: &str) -> Option<u16> {
    let mut characters = character.chars();
    let base = characters.next()?;
    let found = match characters.next() {
        None => face.ttf().glyph_index(base),
        Some(selector) => face.ttf().glyph_variation_index(base, selector),
    };
    found.map(|glyph| glyph.0).filter(|glyph| *glyph != 0)
}

/// The `name` table with the family, the style and the licence, in English for Windows.
fn name(source: Role) -> Vec<u8> {
    let licence = match source {
        Role::Names => "IPA Font License Agreement v1.0",
        Role::Gothic | Role::Mincho => "SIL Open Font License, Version 1.1",
    };
    let postscript = FAMILY.replace(' ', "");
    let names = [(1, FAMILY), (2, "Regular"), (4, FAMILY), (6, postscript.as_str()), (13, licence)];
    let (mut records, mut texts) = (Vec::new(), Vec::new());
    for (id, text) in names {
        let encoded: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for part in [3, 1, 0x409, id, encoded.len(), texts.len()] {
            put16(&mut records, part);
        }
        texts.extend(encoded);
    }
    let mut out = Vec::new();
    put16(&mut out, 0);
    put16(&mut out, names.len());
    put16(&mut out, 6 + records.len());
    out.extend(records);
    out.extend(texts);
    out
}

/// The tables of a font file.
fn tables(font: &[u8]) -> Option<BTreeMap<[u8; 4], Vec<u8>>> {
    let face = ttf_parser::RawFace::parse(font, 0).ok()?;
    let records = face.table_records.into_iter();
    let read = records.filter_map(|record| Some((record.tag.to_bytes(), face.table(record.tag)?.to_vec())));
    Some(read.collect())
}

/// A font file of these tables.
fn assemble(mut tables: BTreeMap<[u8; 4], Vec<u8>>) -> Vec<u8> {
    if let Some(adjustment) = tables.get_mut(b"head").and_then(|head| head.get_mut(8..12)) {
        adjustment.fill(0);
    }
    let count = tables.len();
    let power = count.ilog2();
    let range = 16 << power;
    let mut out = vec![0, 1, 0, 0];
    for part in [count, range, power as usize, count * 16 - range] {
        put16(&mut out, part);
    }
    let mut offset = 12 + 16 * count;
    let mut head = None;
    for (tag, table) in &tables {
        if tag == b"head" {
            head = Some(offset);
        }
        out.extend(tag);
        out.extend(checksum(table).to_be_bytes());
        put32(&mut out, offset);
        put32(&mut out, table.len());
        offset += table.len().next_multiple_of(4);
    }
    for table in tables.values() {
        out.extend(table);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    if let Some(head) = head {
        let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&out));
        out[head + 8..head + 12].copy_from_slice(&adjustment.to_be_bytes());
    }
    out
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum: u32, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

/// The numbers below come from a font of at most 65,535 glyphs and [`MOST`] characters, so they fit.
fn put16(out: &mut Vec<u8>, number: usize) {
    out.extend(&number.to_be_bytes()[6..]);
}

fn put24(out: &mut Vec<u8>, number: usize) {
    out.extend(&number.to_be_bytes()[5..]);
}

fn put32(out: &mut Vec<u8>, number: usize) {
    out.extend(&number.to_be_bytes()[4..]);
}

#[cfg(test)]
mod tests {
    use kawasemi_kernel::text::external::ExternalCharacter;

    use super::*;

    #[test]
    fn a_small_font_knows_variations_and_external_characters() {
        let fonts = Fonts::find(&[]);
        assert!(!fonts.faces(Role::Names).is_empty(), "run dev/setup-packages.sh test");
        let standard = Some("邉\u{E0111}".to_owned());
        let entry = ExternalCharacter { code: '\u{E000}', mj: None, standard, substitute: None };
        let external = [entry].into_iter().collect();
        let characters = ["葛\u{E0104}", "\u{2CF00}", "\u{E000}", "\u{E001}", "a\u{E0100}"];
        let sources = characters.map(|character| source(&fonts, &external, character));
        assert_eq!(sources, [Some(Role::Names), Some(Role::Names), Some(Role::Names), None, None]);
        assert_eq!(source(&fonts, &external, "葛\u{E0100}"), Some(Role::Gothic));
        assert!(cut(&fonts, Role::Gothic, &external, ["葛\u{E0100}"]).is_some());
        let bytes = cut(&fonts, Role::Names, &external, characters).expect("a font");
        assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
        let face = ttf_parser::Face::parse(&bytes, 0).expect("is a font");
        let varied = face.glyph_variation_index('葛', '\u{E0104}').expect("has the variation");
        assert!(face.glyph_index('葛').is_some_and(|plain| plain != varied));
        assert!(face.glyph_index('\u{2CF00}').is_some() && face.glyph_index('\u{E000}').is_some());
        assert_eq!(face.glyph_index('\u{E001}'), None);
        let names: Vec<String> = face.names().into_iter().filter_map(|name| name.to_string()).collect();
        assert!(names.iter().all(|name| !name.contains("IPAmj")), "{names:?}");
        // The same outline as in the whole font.
        let whole = &fonts.faces(Role::Names)[0];
        let expected =
            whole.ttf().glyph_variation_index('葛', '\u{E0104}').and_then(|id| whole.ttf().glyph_bounding_box(id));
        assert_eq!(face.glyph_bounding_box(varied), expected);
        assert!(expected.is_some());
    }

    #[test]
    fn nothing_to_show_is_no_font() {
        let fonts = Fonts::find(&[]);
        assert_eq!(cut(&fonts, Role::Names, &ExternalCharacters::default(), ["\u{E001}", "a\u{E0100}"]), None);
    }
}
