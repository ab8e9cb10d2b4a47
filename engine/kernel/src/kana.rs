//! Kana: from one script and width to another, and the order of the syllabary (五十音順).
//!
//! Lists of people are sorted by reading. The code points of kana do not sort so (が comes between か and き, ー after
//! everything), hence [`sort_key`], which is stored beside the text and compared by code point on both databases.
//! The half-width forms are for files of other systems (bank transfers, CP932 exports), never for the screen.

use unicode_normalization::UnicodeNormalization;

use crate::text::fold;

/// Half-width kana and punctuation in code point order from U+FF61, with their full-width forms.
const FULL_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// The kana of each vowel in the order あいうえお: what the long vowel mark stands for after them.
const BY_VOWEL: [(char, &str); 6] = [
    ('あ', "あかさたなはまやらわ"),
    ('い', "いきしちにひみりゐ"),
    ('う', "うくすつぬふむゆる"),
    ('え', "えけせてねへめれゑ"),
    ('お', "おこそとのほもよろを"),
    ('ん', "ん"),
];

/// Separates the levels of a sort key: below the space, so that a shorter word comes first.
const LEVEL: char = '\u{1F}';

/// Whether a character is hiragana, katakana of either width, or one of their marks (ー, ゛, ゝ).
pub const fn is_kana(character: char) -> bool {
    matches!(
        character,
        'ぁ'..='ゖ' | '\u{3099}'..='ゟ' | 'ァ'..='ヺ' | 'ー'..='ヿ' | '\u{31F0}'..='\u{31FF}' | 'ｦ'..='ﾟ'
    )
}

/// Whether a text can be a reading (フリガナ): kana, with spaces, middle dots and hyphens between. Not empty.
pub fn is_reading(text: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '・' | '･' | '＝' | '-' | '‐');
    text.chars().any(is_kana) && text.chars().all(|c| is_kana(c) || is_between(c))
}

/// Katakana of either width as hiragana; the rest stays. `ヷヸヹヺ` have no hiragana and stay too.
pub fn to_hiragana(text: &str) -> String {
    to_full_width(text)
        .chars()
        .map(|c| if matches!(c, 'ァ'..='ヶ' | 'ヽ' | 'ヾ') { shifted(c, -0x60) } else { c })
        .collect()
}

/// Hiragana and half-width katakana as full-width katakana; the rest stays.
pub fn to_katakana(text: &str) -> String {
    to_full_width(text)
        .chars()
        .map(|c| if matches!(c, 'ぁ'..='ゖ' | 'ゝ' | 'ゞ') { shifted(c, 0x60) } else { c })
        .collect()
}

/// Half-width kana and their punctuation as full-width, voice marks composed (`ｶﾞ` → `ガ`); the rest stays.
pub fn to_full_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let mark = match character {
            'ﾞ' => '\u{3099}',
            'ﾟ' => '\u{309A}',
            c => {
                out.push(full_width(c));
                continue;
            }
        };
        let composed = out.chars().next_back().and_then(|base| unicode_normalization::char::compose(base, mark));
        match composed {
            Some(composed) => {
                out.pop();
                out.push(composed);
            }
            None => out.push(if character == 'ﾞ' { '゛' } else { '゜' }),
        }
    }
    out
}

/// Katakana and its punctuation as half-width, voice marks apart (`ガ` → `ｶﾞ`); the rest, hiragana included, stays.
pub fn to_half_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match half_width(character) {
            Some((half, mark)) => {
                out.push(half);
                out.extend(mark);
            }
            None => out.push(character),
        }
    }
    out
}

/// The key under which a reading sorts in the order of the syllabary when keys are compared by code point.
///
/// The first level has every kana large and unvoiced and the long vowel mark as its vowel, so that かあど, カード and
/// がーど are neighbours. Two further levels break ties: unvoiced before voiced before half-voiced, then large before
/// small before long mark. Text other than kana is folded; digits and Latin letters come before kana, kanji after.
pub fn sort_key(reading: &str) -> String {
    let mut levels = [String::with_capacity(reading.len()), String::new(), String::new()];
    for character in fold(reading).chars() {
        let (base, voice, shape) = weigh(character, levels[0].chars().next_back());
        levels[0].push(base);
        levels[1].push(voice);
        levels[2].push(shape);
    }
    let [mut key, voices, shapes] = levels;
    // '0' is the least weight, so leaving it out at the end changes no order.
    let (voices, shapes) = (voices.trim_end_matches('0'), shapes.trim_end_matches('0'));
    if !voices.is_empty() || !shapes.is_empty() {
        key.push(LEVEL);
        key.push_str(voices);
    }
    if !shapes.is_empty() {
        key.push(LEVEL);
        key.push_str(shapes);
    }
    key
}

/// Base letter, weight of its voice, weight of its shape.
fn weigh(character: char, before: Option<char>) -> (char, char, char) {
    if character == 'ー' {
        return match before.and_then(vowel) {
            Some(vowel) => (vowel, '0', '2'),
            None => (character, '0', '0'),
        };
    }
    let mut parts = std::iter::once(character).nfd();
    let (bare, mark) = (parts.next().unwrap_or(character), parts.next());
    let (voice, bare) = match mark {
        Some('\u{3099}') => ('1', bare),
        Some('\u{309A}') => ('2', bare),
        _ => ('0', character),
    };
    match large(bare) {
        Some(large) => (large, voice, '1'),
        None => (bare, voice, '0'),
    }
}

/// The large form of a small kana.
const fn large(kana: char) -> Option<char> {
    Some(match kana {
        'ぁ' => 'あ',
        'ぃ' => 'い',
        'ぅ' => 'う',
        'ぇ' => 'え',
        'ぉ' => 'お',
        'っ' => 'つ',
        'ゃ' => 'や',
        'ゅ' => 'ゆ',
        'ょ' => 'よ',
        'ゎ' => 'わ',
        _ => return None,
    })
}

/// The vowel of a large, unvoiced kana.
fn vowel(kana: char) -> Option<char> {
    BY_VOWEL.iter().find(|(_, row)| row.contains(kana)).map(|(vowel, _)| *vowel)
}

/// Moves a character between the hiragana and the katakana block.
fn shifted(character: char, by: i32) -> char {
    u32::from(character).checked_add_signed(by).and_then(char::from_u32).unwrap_or(character)
}

fn full_width(character: char) -> char {
    let index = u32::from(character).checked_sub(0xFF61).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| FULL_WIDTH.chars().nth(index)).unwrap_or(character)
}

/// The half-width form of katakana or its punctuation, with its voice mark apart.
fn half_width(character: char) -> Option<(char, Option<char>)> {
    let (base, mark) = match character {
        '゛' => return Some(('ﾞ', None)),
        '゜' => return Some(('ﾟ', None)),
        'ヵ' => ('カ', None),
        'ヶ' => ('ケ', None),
        'ヮ' => ('ワ', None),
        'ヰ' => ('イ', None),
        'ヱ' => ('エ', None),
        'ァ'..='ヺ' => {
            let mut parts = std::iter::once(character).nfd();
            (parts.next()?, parts.next().map(|mark| if mark == '\u{309A}' { 'ﾟ' } else { 'ﾞ' }))
        }
        c => (c, None),
    };
    let index = u32::try_from(FULL_WIDTH.chars().position(|c| c == base)?).ok()?;
    Some((char::from_u32(0xFF61 + index)?, mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn converts_between_scripts() {
        assert_eq!(to_hiragana("カワセミ ｶﾞｯｺｳ ヴァ A漢"), "かわせみ がっこう ゔぁ A漢");
        assert_eq!(to_katakana("かわせみ ｶﾞｯｺｳ いすゞ A漢"), "カワセミ ガッコウ イスヾ A漢");
    }

    #[test]
    fn converts_between_widths() {
        assert_eq!(to_full_width("ｶﾞｷﾞ ﾊﾟｰ｡｢｣､･ ｱﾞ ﾞ ABC"), "ガギ パー。「」、・ ア゛ ゛ ABC");
        assert_eq!(to_half_width("ガギ パー。「」、・ヰヱヮヵヶ ひらがな 漢"), "ｶﾞｷﾞ ﾊﾟｰ｡｢｣､･ｲｴﾜｶｹ ひらがな 漢");
        assert_eq!(to_half_width("ヴヷ"), "ｳﾞﾜﾞ");
    }

    #[test]
    fn knows_readings() {
        for (text, expected) in [
            ("アヤセ　タロウ", true),
            ("ジョン・スミス", true),
            ("ｱﾔｾ", true),
            ("", false),
            (" ", false),
            ("綾瀬", false),
            ("A", false),
        ] {
            assert_eq!(is_reading(text), expected, "{text}");
        }
    }

    #[test]
    fn sorts_in_the_order_of_the_syllabary() {
        let sorted = [
            "",
            "1",
            "abc",
            "あ",
            "ああ",
            "アー",
            "あい",
            "あいう",
            "いう",
            "カード",
            "がーど",
            "かき",
            "かぎ",
            "がき",
            "きよう",
            "きょう",
            "さとう",
            "さとう いちろう",
            "さとう じろう",
            "さとうだ",
            "は",
            "ば",
            "ぱ",
            "はつか",
            "はっか",
            "はは",
            "はば",
            "ばは",
            "わ",
            "ん",
            "綾",
        ];
        for pair in sorted.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{} before {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn script_and_width_do_not_change_the_order() {
        assert_eq!(sort_key("ガッコウ"), sort_key("がっこう"));
        assert_eq!(sort_key("ｶﾞｯｺｳ"), sort_key("がっこう"));
        assert_eq!(sort_key("さくら"), "さくら");
    }

    proptest! {
        #[test]
        fn scripts_and_widths_convert_back(text in "[ァ-ヴー。「」、・]{0,12}") {
            // The letters that have no half-width form of their own come back as their nearest.
            let exact: String = text.chars().filter(|c| !"ヮヰヱ".contains(*c)).collect();
            prop_assert_eq!(to_full_width(&to_half_width(&exact)), exact.clone());
            prop_assert_eq!(to_katakana(&to_hiragana(&exact)), exact);
        }

        #[test]
        fn voice_and_size_only_break_ties(one in "[あ-ん]{1,4}", other in "[あ-ん]{1,4}") {
            let first_level = |text: &str| sort_key(text).split(LEVEL).next().map(str::to_owned);
            let (a, b) = (first_level(&one), first_level(&other));
            if a != b {
                prop_assert_eq!(sort_key(&one).cmp(&sort_key(&other)), a.cmp(&b));
            }
        }
    }
}
