//! Rare characters of a page: kanji of names that the font of the pages doesn't have.
//!
//! The font of the pages (BIZ UDPゴシック) has all of code page 932. A kanji outside of it, one with a variation selector and an external
//! character (外字) are shown from a font that is made for just these characters and linked where a page has any of them;
//! other pages load nothing and are searched in microseconds.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use encoding_rs::SHIFT_JIS;
use kawasemi_kernel::text::cluster::{clusters, is_ideograph, is_private_use, is_variation_selector};

/// Where the fonts are served.
pub const PREFIX: &str = "/names/";
/// Characters of one font at most; a page with more of them links several.
const TOGETHER: usize = 100;
/// Fonts of one page at most.
const LINKS: usize = 20;

/// The links to the fonts that a page needs; none for most pages.
pub(crate) fn links(html: &str) -> String {
    let rare = characters(html);
    let rare: Vec<&str> = rare.into_iter().collect();
    let link = |part: &[&str]| format!("<link rel=\"stylesheet\" href=\"{PREFIX}{}.css\">\n", list(part));
    rare.chunks(TOGETHER).take(LINKS).map(link).collect()
}

/// The rare characters of a text.
fn characters(text: &str) -> BTreeSet<&str> {
    if !text.chars().any(|c| is_variation_selector(c) || is_rare(c)) {
        return BTreeSet::new();
    }
    let is_wanted = |cluster: &&str| {
        let mut characters = cluster.chars();
        let first = characters.next().unwrap_or_default();
        match characters.next() {
            Some(selector) if is_variation_selector(selector) => is_ideograph(first) && characters.next().is_none(),
            Some(_) => false,
            None => is_rare(first),
        }
    };
    clusters(text).filter(is_wanted).collect()
}

/// A list of characters as it stands in an address: `845B-E0100_20BB7`.
pub fn list(characters: &[&str]) -> String {
    let code = |c: char| format!("{:X}", u32::from(c));
    let one = |text: &&str| text.chars().map(code).collect::<Vec<_>>().join("-");
    characters.iter().map(one).collect::<Vec<_>>().join("_")
}

/// Reads such a list; none where it is none.
pub fn read_list(text: &str) -> Option<Vec<String>> {
    let one = |part: &str| part.split('-').map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)).collect();
    let characters: Vec<String> = text.split('_').map(one).collect::<Option<_>>()?;
    (characters.len() <= TOGETHER).then_some(characters)
}

/// Whether a character is one that the font of the pages lacks.
fn is_rare(character: char) -> bool {
    match character {
        '\u{0}'..='\u{33FF}' => false,
        c if is_private_use(c) => true,
        c if !is_ideograph(c) => false,
        c => !COMMON.has(c),
    }
}

/// The kanji of code page 932, by a bit for each.
struct Common(Vec<u64>);

static COMMON: LazyLock<Common> = LazyLock::new(|| {
    let mut bits = vec![0; (usize::from(u16::MAX) + 1) / 64];
    for character in ('\u{3400}'..='\u{9FFF}').chain('\u{F900}'..='\u{FAFF}') {
        let (_, _, is_missing) = SHIFT_JIS.encode(character.encode_utf8(&mut [0; 4]));
        if !is_missing {
            let place = character as usize;
            bits[place / 64] |= 1 << (place % 64);
        }
    }
    Common(bits)
});

impl Common {
    fn has(&self, character: char) -> bool {
        let place = character as usize;
        self.0.get(place / 64).is_some_and(|bits| bits & (1 << (place % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_pages_link_nothing() {
        for text in ["", "綾瀬市 髙橋 山﨑 神 \u{FA19} 彅", "<p>abc ☎\u{FE0F} が か\u{3099} 👨\u{200D}👩</p>"]
        {
            assert_eq!(links(text), "", "{text}");
        }
    }

    #[test]
    fn rare_characters_are_linked_once_and_read_again() {
        let text = "葛\u{E0100}城 𠮷田 葛\u{E0100} 渡\u{E000} 䯂 葛";
        let expected = ["䯂", "葛\u{E0100}", "\u{E000}", "𠮷"];
        assert_eq!(characters(text).into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(links(text), "<link rel=\"stylesheet\" href=\"/names/4BC2_845B-E0100_E000_20BB7.css\">\n");
        assert_eq!(read_list("4BC2_845B-E0100_E000_20BB7").expect("is a list"), expected);
        for text in ["", "xyz", "845B__20BB7", "D800", "110000"] {
            assert_eq!(read_list(text), None, "{text}");
        }
    }

    #[test]
    fn a_page_with_very_many_links_several_fonts() {
        let text: String = ('\u{20000}'..'\u{200FF}').collect();
        assert_eq!(links(&text).matches("<link").count(), 3);
    }
}
