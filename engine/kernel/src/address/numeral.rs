//! Numbers as addresses have them: `550`, `５５０`, 五五〇, 五百五十, and the old forms 壱弐参.
//!
//! Positional kanji (五五〇) and kanji with units (五百五十) are both in use, in one address even. What is not a well-formed
//! number (二三十) is none, so that a name made of such characters is not read as a figure.

/// Largest number that an address may have; beyond it the digits are something else.
const LARGEST: u32 = 9_999_999;

/// A number at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeral {
    /// Its value.
    pub value: u32,
    /// How many characters it takes.
    pub length: usize,
    /// Whether it is written in ASCII digits alone.
    pub is_digits: bool,
    /// Whether it is written with a unit (十百千万).
    pub has_unit: bool,
}

/// The number at the beginning of a text; the text's width is folded already.
///
/// Kanji that a name goes on from are no number (三浦ハイツ, 千代田荘, 十五番館); digits always are.
pub fn leading(text: &[char]) -> Option<Numeral> {
    // A circle stands for zero only where a figure is before it: ○○ブロック begins with none.
    let first = *text.first().filter(|c| is_numeral(**c) && !is_circle(**c))?;
    let length = text.iter().take_while(|c| is_numeral(**c)).count();
    let (run, after) = text.split_at(length);
    let has_unit = run.iter().any(|c| unit(*c).is_some());
    // 5五 is two notations side by side; 3千9百 is one.
    let is_one_notation = !first.is_ascii_digit() || has_unit;
    if is_one_notation
        && ends_a_number(after)
        && let Some(value) = if has_unit { with_units(run) } else { positional(run) }
    {
        return Some(Numeral { value, length, is_digits: false, has_unit });
    }
    let length = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let value = positional(&text[..length]).filter(|_| length > 0)?;
    Some(Numeral { value, length, is_digits: true, has_unit: false })
}

/// Whether a number in kanji may end before this text: not where a name goes on.
fn ends_a_number(after: &[char]) -> bool {
    match after {
        ['番', '館', ..] | ['ツ' | 'ッ' | 'ケ' | 'ヶ', ..] => false,
        ['の' | 'ノ' | '之', next, ..] => is_numeral(*next),
        [c, ..] => matches!(c, '丁' | '番' | '号' | '地' | '階' | '室' | '棟' | '街') || !is_name_letter(*c),
        [] => true,
    }
}

/// A letter of which a name in kanji or hiragana is made.
const fn is_name_letter(character: char) -> bool {
    matches!(character, 'ぁ'..='ゖ' | '々' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a character can be part of a number.
pub fn is_numeral(character: char) -> bool {
    digit(character).is_some() || unit(character).is_some()
}

/// Whether a character is a kanji that can be part of a number.
pub fn is_kanji_numeral(character: char) -> bool {
    !character.is_ascii_digit() && !is_circle(character) && is_numeral(character)
}

/// A number from 1 to 9999 in kanji with units, as names of 丁目 have it (12 is 十二).
pub fn kanji(number: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let mut text = String::new();
    for (size, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / size % 10;
        if digit > 0 {
            if digit > 1 || size == 1 {
                text.push_str(DIGITS[digit as usize]);
            }
            text.push_str(name);
        }
    }
    text
}

const fn is_circle(character: char) -> bool {
    matches!(character, '○' | '◯')
}

/// The value of a digit, kanji and old forms (大字の数字) included.
fn digit(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => u32::from(character) - u32::from('0'),
        '〇' | '零' | '○' | '◯' => 0,
        '一' | '壱' | '壹' | '弌' => 1,
        '二' | '弐' | '貳' | '弍' => 2,
        '三' | '参' | '參' | '弎' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陸' => 6,
        '七' | '漆' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// The value of a unit.
const fn unit(character: char) -> Option<u32> {
    match character {
        '十' | '拾' => Some(10),
        '百' | '陌' => Some(100),
        '千' | '仟' | '阡' => Some(1_000),
        '万' | '萬' => Some(10_000),
        _ => None,
    }
}

fn positional(run: &[char]) -> Option<u32> {
    let value = run.iter().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(digit(*c)?))?;
    (value <= LARGEST).then_some(value)
}

/// `三千九百`, `3千9百`, `千五`: units in falling order, each with one digit before it or none.
fn with_units(run: &[char]) -> Option<u32> {
    let (mut total, mut section, mut pending) = (0_u32, 0_u32, None::<u32>);
    let (mut last_unit, mut has_man) = (u32::MAX, false);
    for c in run {
        match (digit(*c), unit(*c)) {
            (Some(digit), _) if pending.is_none() => pending = Some(digit),
            // Two digits side by side do not stand before or after a unit, but in 千〇一 the zero says nothing.
            (Some(digit), _) if pending == Some(0) => pending = Some(digit),
            (_, Some(10_000)) if !has_man => {
                total = (section + pending.take().unwrap_or(0)).max(1).checked_mul(10_000)?;
                (section, last_unit, has_man) = (0, u32::MAX, true);
            }
            (_, Some(unit)) if unit < last_unit && pending != Some(0) => {
                section += pending.take().unwrap_or(1) * unit;
                last_unit = unit;
            }
            _ => return None,
        }
    }
    let value = total.checked_add(section)?.checked_add(pending.unwrap_or(0))?;
    (value <= LARGEST).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<(u32, usize)> {
        let chars: Vec<char> = text.chars().collect();
        leading(&chars).map(|number| (number.value, number.length))
    }

    #[test]
    fn both_notations_and_old_forms_are_read() {
        for (text, value) in [
            ("550", 550),
            ("五五〇", 550),
            ("五五○", 550),
            ("五百五十", 550),
            ("三千九百", 3_900),
            ("十二", 12),
            ("二十", 20),
            ("二〇", 20),
            ("百一", 101),
            ("千〇五", 1_005),
            ("千", 1_000),
            ("壱", 1),
            ("壱弐参", 123),
            ("弐拾参", 23),
            ("3千9百", 3_900),
            ("一万二千三百四十五", 12_345),
            ("0201", 201),
        ] {
            assert_eq!(read(text), Some((value, text.chars().count())), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "号",
            "二三十",
            "十百",
            "○○ブロック",
            "99999999",
            "三三百",
            "〇十",
            "三浦",
            "三の丸",
            "三ツ塚",
            "千代田荘",
            "十五番館",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("12番"), Some((12, 2)));
        for text in ["5五番館", "5十五番館", "3千代田荘"] {
            assert_eq!(read(text).map(|(_, length)| length), Some(1), "{text}");
        }
    }

    proptest! {
        #[test]
        fn kanji_and_back(number in 1_u32..10_000) {
            let text = kanji(number);
            prop_assert_eq!(read(&text), Some((number, text.chars().count())));
        }
    }
}
