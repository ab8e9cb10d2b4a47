//! Which font shows a character, asked of the fonts themselves before anything is laid out.
//!
//! A font that lacks a variation shows the ordinary shape instead and nobody is told; a private-use code point is another
//! character in every font. So the answer is taken from the tables that the typesetter will use: the character map with its
//! variation sequences (format 14), and for a kana or kanji with a combining mark the shaping itself.

use kawasemi_kernel::text::cluster::{is_ideograph, is_private_use, is_variation_selector};
use kawasemi_kernel::text::external::ExternalCharacters;
use rustybuzz::UnicodeBuffer;
use typst::text::FontInstance;
use unicode_normalization::UnicodeNormalization as _;

use crate::fonts::{Fonts, Role};
use crate::stop::Reason;

/// How a character gets onto the paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The fonts of the text have it, or it has no look of its own (a line end, a joiner).
    Text,
    /// The font of names has it.
    Names,
    /// It is an external character (外字) that the city's table identifies: this standard character is shown.
    Standard(String),
    /// Nothing that is at hand shows it.
    Missing(Reason),
}

/// What answers for a job.
#[derive(Clone, Copy)]
pub struct Coverage<'a> {
    /// The fonts.
    pub fonts: &'a Fonts,
    /// The city's external characters.
    pub external: &'a ExternalCharacters,
}

impl Coverage<'_> {
    /// How a character, with its selector or marks, gets onto the paper.
    pub fn of(&self, cluster: &str) -> Shown {
        let Some(first) = cluster.chars().next() else { return Shown::Text };
        match first {
            '\u{FFFD}' => Shown::Missing(Reason::Lost),
            '〓' => Shown::Missing(Reason::Geta),
            c if is_private_use(c) => self.private(c),
            c if is_format(c) && cluster.chars().all(is_format) => Shown::Text,
            c => self.standard(c, cluster),
        }
    }

    fn private(&self, code: char) -> Shown {
        let Some(entry) = self.external.get(code) else { return Shown::Missing(Reason::UnknownExternal) };
        let Some(standard) = entry.standard.as_deref() else { return Shown::Missing(Reason::ExternalWithoutStandard) };
        let first = standard.chars().next().unwrap_or_default();
        match self.standard(first, standard) {
            Shown::Missing(_) => Shown::Missing(Reason::ExternalWithoutGlyph),
            _ => Shown::Standard(standard.to_owned()),
        }
    }

    fn standard(&self, first: char, cluster: &str) -> Shown {
        if self.in_all_text_fonts(cluster) {
            return Shown::Text;
        }
        if self.fonts.faces(Role::Names).iter().any(|face| shows(face, cluster)) {
            return Shown::Names;
        }
        Shown::Missing(match cluster.chars().nth(1) {
            _ if self.fonts.faces(Role::Names).is_empty() && is_ideograph(first) => Reason::NoNamesFont,
            Some(second) if is_variation_selector(second) => Reason::NoVariant,
            _ => Reason::NoGlyph,
        })
    }

    /// The text is set in 明朝 or ゴシック, regular or bold, as the template likes: a character must be in all of them, else it
    /// is set in the font of names wherever it stands.
    fn in_all_text_fonts(&self, cluster: &str) -> bool {
        let mut faces = [Role::Mincho, Role::Gothic].iter().flat_map(|role| self.fonts.faces(*role)).peekable();
        faces.peek().is_some() && faces.all(|face| shows(face, cluster))
    }
}

/// Characters without a look of their own.
const fn is_format(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\t' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{FEFF}'
    ) || is_variation_selector(character)
}

/// Whether a font shows a character in the very shape that it asks for.
pub(crate) fn shows(face: &FontInstance, cluster: &str) -> bool {
    let characters: Vec<char> = cluster.chars().collect();
    match characters.as_slice() {
        [single] => face.ttf().glyph_index(*single).is_some_and(|glyph| glyph.0 != 0),
        // U+FE0E and U+FE0F after a sign ask for text or for colour: any shape of the sign is the right one.
        [base, '\u{FE0E}' | '\u{FE0F}'] if !is_ideograph(*base) => {
            face.ttf().glyph_index(*base).is_some_and(|glyph| glyph.0 != 0)
        }
        [base, selector] if is_variation_selector(*selector) => {
            face.ttf().glyph_variation_index(*base, *selector).is_some_and(|glyph| glyph.0 != 0)
        }
        _ => shapes(face, cluster),
    }
}

/// Whether a font has one glyph for a letter with combining marks, or places the marks by itself.
fn shapes(face: &FontInstance, cluster: &str) -> bool {
    let composed: String = cluster.nfc().collect();
    let is_one = composed.chars().nth(1).is_none();
    if is_one {
        return shows(face, &composed);
    }
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&composed);
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(face.rusty(), &[], buffer);
    let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
    let is_whole = infos.iter().all(|info| info.glyph_id != 0);
    // A mark that keeps an advance of its own stands beside its letter instead of on it.
    let marks_are_placed = positions.iter().skip(1).all(|position| position.x_advance == 0);
    is_whole && !infos.is_empty() && marks_are_placed
}
