//! A character as a person counts it: a code point together with the variation selector or the combining marks that belong
//! to it (葛 + U+E0100 is one character, か + U+309A is one).

use unicode_normalization::char::is_combining_mark;

/// Whether a code point is private use (私用領域): what it looks like is agreed inside one organisation, and no font knows it.
pub const fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Whether a code point selects a variant of the character before it (異体字セレクタ): U+FE00–FE0F and U+E0100–E01EF.
pub const fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether a code point is a kanji, compatibility ideographs included.
pub const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The characters of a text, each with the selectors and marks that follow it.
pub fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut characters = rest.char_indices();
        characters.next()?;
        let end = characters.find(|(_, c)| !belongs_to_the_one_before(*c)).map_or(rest.len(), |(at, _)| at);
        let (cluster, after) = rest.split_at(end);
        rest = after;
        Some(cluster)
    })
}

/// The code points of a character as they are written in tables: `U+845B U+E0100`.
pub fn code_points(cluster: &str) -> String {
    let each: Vec<String> = cluster.chars().map(|c| format!("U+{:04X}", u32::from(c))).collect();
    each.join(" ")
}

fn belongs_to_the_one_before(character: char) -> bool {
    is_variation_selector(character) || is_combining_mark(character) || character == '\u{200D}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_belongs_to_its_character() {
        let cut = |text| clusters(text).map(code_points).collect::<Vec<_>>().join(", ");
        assert_eq!(cut("葛\u{E0100}城 カ\u{309A}"), "U+845B U+E0100, U+57CE, U+0020, U+30AB U+309A");
        assert_eq!(cut("\u{E0100}𠮷"), "U+E0100, U+20BB7");
        assert_eq!(cut(""), "");
    }
}
