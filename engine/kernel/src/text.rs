//! How Japanese text is compared: one folded form for search, sort and duplicate checks.
//!
//! The same name is typed as `ﾜﾀﾅﾍﾞ`, `ワタナベ` or `わたなべ`, as 渡邉 or 渡辺, with a full-width or a half-width hyphen.
//! [`fold`] brings them to one form. The folded form is never shown and never stored in place of the text: names keep
//! their code points and variation selectors. What input may do to text that *is* stored is [`tidy`], and no more.

pub mod cluster;
pub mod external;
mod old_forms;

pub(crate) use old_forms::common_form;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Which way of folding this is. It grows whenever [`fold`] begins to answer otherwise for any text, so that a city makes the texts
/// that it searches anew (2: more variants of kanji).
pub const FOLDING: i64 = 2;

/// The form of a text under which it is searched, sorted and compared.
///
/// - width: full-width letters and digits become ASCII, half-width kana become full-width with their marks composed
///   (NFKC, which also resolves ligatures such as ㈱ and ㌔);
/// - case: lower case;
/// - kana: katakana becomes hiragana, `ヵ` and `ヶ` become `か` and `け`, iteration marks (々ゝゞ) are written out;
/// - kanji: old and variant forms become the common form, variation selectors disappear;
/// - hyphens and dashes of all kinds become `-`, but the long vowel mark `ー` where they follow a kana;
/// - white space: each run becomes one space, none at the ends; invisible format characters disappear.
///
/// Folding a folded text changes nothing.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { out: String::with_capacity(text.len()), pending_space: false };
    if text.is_ascii() {
        text.chars().for_each(|c| folded.push(c.to_ascii_lowercase()));
        return folded.out;
    }
    text.chars()
        .filter(|c| !is_invisible(*c) && (!c.is_control() || c.is_whitespace()))
        .map(combining_voice_mark)
        .nfkc()
        .flat_map(lower)
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .for_each(|c| folded.push(c));
    folded.out
}

/// What entering a text may change in it before it is stored, for a field of one or more lines.
///
/// Line ends become LF; control characters other than LF and TAB, byte order marks and marks that turn the writing
/// direction are removed (they hide what is really there); white space at the ends, U+3000 included, is removed;
/// and canonically equal spellings become one (NFC: `か` + U+3099 is が) except for CJK compatibility ideographs, which
/// NFC would replace by another glyph. Variation selectors, private-use characters (外字) and every width stay.
pub fn tidy(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace(['\r', '\u{0B}', '\u{0C}', '\u{85}'], "\n");
    let clean: String = unified.chars().filter(|c| matches!(c, '\n' | '\t') || !is_hidden_control(*c)).collect();
    compose_keeping_ideographs(clean.trim())
}

/// [`tidy`] for a field of one line: line ends and tabs become spaces.
pub fn tidy_line(text: &str) -> String {
    tidy(text).replace(['\n', '\t', '\u{2028}', '\u{2029}'], " ")
}

/// The text under construction. It looks back at what was written, since dashes and iteration marks depend on it.
struct Folded {
    out: String,
    pending_space: bool,
}

impl Folded {
    fn push(&mut self, character: char) {
        if character.is_whitespace() {
            self.pending_space = !self.out.is_empty();
            return;
        }
        // A voice mark that NFKC could not compose has nothing to voice.
        if matches!(character, '\u{3099}' | '\u{309A}') {
            return;
        }
        if std::mem::take(&mut self.pending_space) {
            self.out.push(' ');
        }
        let last = self.out.chars().next_back();
        match character {
            c if is_dash(c) => self.out.push(if last.is_some_and(is_hiragana) { 'ー' } else { '-' }),
            '々' | '〻' => self.out.push(last.filter(|c| is_ideograph(*c)).unwrap_or(character)),
            'ゝ' | 'ヽ' => self.out.push(last.filter(|c| is_hiragana(*c) && *c != 'ー').unwrap_or('ゝ')),
            'ゞ' | 'ヾ' => self.out.push(last.and_then(voiced).unwrap_or('ゞ')),
            'ヷ' => self.out.push_str("ゔぁ"),
            'ヸ' => self.out.push_str("ゔぃ"),
            'ヹ' => self.out.push_str("ゔぇ"),
            'ヺ' => self.out.push_str("ゔぉ"),
            'ヵ' | 'ゕ' => self.out.push('か'),
            'ヶ' | 'ゖ' => self.out.push('け'),
            '〜' => self.out.push('~'),
            c => self.out.push(old_forms::common_form(hiragana(c))),
        }
    }
}

/// A katakana letter as hiragana; anything else as it is.
fn hiragana(character: char) -> char {
    match character {
        'ァ'..='ヴ' => char::from_u32(u32::from(character) - 0x60).unwrap_or(character),
        c => c,
    }
}

/// Hiragana and the long vowel mark: after these a dash is a long vowel.
const fn is_hiragana(character: char) -> bool {
    matches!(character, 'ぁ'..='ゖ' | 'ー')
}

const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〆' | '〇')
}

/// The voiced form of a kana (か → が), for the iteration mark ゞ.
fn voiced(kana: char) -> Option<char> {
    let mut composed = [kana, '\u{3099}'].into_iter().nfc();
    let first = composed.next()?;
    match composed.next() {
        None => Some(first),
        Some(_) => Some(kana).filter(|c| is_hiragana(*c) && *c != 'ー'),
    }
}

/// Everything that is typed for a hyphen, a minus or a long vowel mark.
const fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2501}'
                | 'ー'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | 'ｰ'
    )
}

/// The voice marks that stand for themselves (゛゜), as the combining ones: else NFKC makes a space of them.
const fn combining_voice_mark(character: char) -> char {
    match character {
        '゛' => '\u{3099}',
        '゜' => '\u{309A}',
        c => c,
    }
}

/// Simple lower case with the two foldings that it leaves open (ß and the final sigma).
fn lower(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ß' | 'ẞ' => ('s', Some('s')),
        'ς' => ('σ', None),
        c => (c, None),
    };
    // U+0307 appears only when İ is lowered; without it the dotted I meets the plain one.
    first.to_lowercase().filter(|c| *c != '\u{307}').chain(second)
}

/// Format characters that have no look of their own: variation selectors, joiners, direction marks, byte order marks.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Characters that would hide what a stored text says.
fn is_hidden_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{FEFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// NFC of everything between CJK compatibility ideographs, and those as they are.
fn compose_keeping_ideographs(text: &str) -> String {
    let is_kept = |c: char| matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}');
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(is_kept) {
        let kept = part.chars().next_back().filter(|c| is_kept(*c));
        let plain = kept.map_or(part, |c| &part[..part.len() - c.len_utf8()]);
        out.extend(plain.nfc());
        out.extend(kept);
    }
    out
}

/// Whether a character belongs to a word that search can find: a letter or a digit of any script.
pub(crate) fn is_word(character: char) -> bool {
    // Enclosed letters count as alphabetic in Unicode but are symbols to the databases' tokenisers.
    let is_enclosed = matches!(character, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}');
    character.is_alphanumeric() && !is_combining_mark(character) && !is_enclosed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_to_one_form() {
        for (text, folded) in [
            ("ＡＢＣ　１２３", "abc 123"),
            ("ﾜﾀﾅﾍﾞ ﾊﾟﾝ", "わたなべ ぱん"),
            ("か\u{3099}っこう", "がっこう"),
            ("は゜ん", "ぱん"),
            ("渡邉　渡邊", "渡辺 渡辺"),
            ("齋藤 齊藤 斎藤", "斉藤 斉藤 斉藤"),
            ("辻\u{E0100}本 葛\u{FE00}城", "辻本 葛城"),
            ("﨑 髙 神\u{FA19}", "崎 高 神神"),
            ("茅ヶ崎 茅ケ崎", "茅け崎 茅け崎"),
            ("コーヒー ｺｰﾋｰ コ−ヒ―", "こーひー こーひー こーひー"),
            ("３−５ 3‐5 3ー5 3—5", "3-5 3-5 3-5 3-5"),
            ("佐々木 いすゞ 金子みすゝ", "佐佐木 いすず 金子みすす"),
            ("㈱ＡＢＣ ㌔ ㍻", "(株)abc きろ 平成"),
            ("  a \t\n\u{3000} b  ", "a b"),
            ("Straße ΣΑΣ İ", "strasse σασ i"),
            ("ヴァ ヷ", "ゔぁ ゔぁ"),
            ("Nguyễn", "nguyễn"),
            ("公\u{200B}園\u{FEFF}", "公園"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn stored_text_keeps_its_code_points() {
        for text in [
            "辻\u{E0100}本",
            "葛\u{FE00}城",
            "\u{FA19}社 \u{FA11} \u{2F81A}",
            "\u{E000}外字",
            "ｶﾅ Ａ",
            "👨\u{200D}👩",
            "a\tb\nc",
        ] {
            assert_eq!(tidy(text), text);
        }
    }

    #[test]
    fn tidying_removes_what_hides() {
        for (text, stored) in [
            ("\u{FEFF}綾瀬\r\n市\r役所\n", "綾瀬\n市\n役所"),
            ("\u{3000}綾瀬 \u{3000}市\u{3000}", "綾瀬 \u{3000}市"),
            ("a\u{0}b\u{7}c\u{202E}d", "abcd"),
            ("か\u{3099}", "が"),
        ] {
            assert_eq!(tidy(text), stored);
        }
        assert_eq!(tidy_line("一行目\r\n二行目\t三"), "一行目 二行目 三");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "(\\PC|[ぁ-ヾｦ-ﾟ゛゜々ー−\u{3099}\u{309A}\u{FE00}İßΣ一-龠豈-龎]){0,12}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn tidying_twice_is_tidying_once(text in any::<String>()) {
            let once = tidy(&text);
            prop_assert_eq!(tidy(&once), once.clone());
            prop_assert_eq!(fold(&once), fold(&text));
        }
    }
}
