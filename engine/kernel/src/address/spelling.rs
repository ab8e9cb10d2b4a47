//! One spelling for the characters of an address, and one class for the variants of a place name.
//!
//! [`tidy`] changes what is typed for the same thing (width, hyphens beside figures, spaces) and is what people may be shown.
//! [`Skeleton`] goes further, for comparing only: 桜が丘, 桜ヶ丘 and 桜ケ丘 have one skeleton, and it knows where in the text
//! each of its characters came from.

use unicode_normalization::UnicodeNormalization as _;

use super::numeral::is_numeral;
use crate::text::{common_form, is_invisible};

/// The characters of an address in one spelling: NFKC, without variation selectors and other invisible marks; each run of
/// white space one space; everything that is typed for a hyphen `-` where it stands beside a figure. A long vowel mark after
/// a kana stays (タワー3). Tidying a tidy text changes nothing.
pub fn tidy(text: &str) -> Vec<char> {
    let plain: Vec<char> = text.chars().filter(|c| !is_invisible(*c)).nfkc().filter(|c| !is_invisible(*c)).collect();
    let mut out: Vec<char> = Vec::with_capacity(plain.len());
    for (place, &c) in plain.iter().enumerate() {
        let before = out.last().copied();
        let c = if is_hyphen(c) && is_between_figures(before, c, plain.get(place + 1..).unwrap_or_default()) {
            '-'
        } else {
            c
        };
        match c {
            c if c.is_whitespace() || c.is_control() => {
                if before.is_some_and(|last| last != ' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    if out.last() == Some(&' ') {
        out.pop();
    }
    out
}

/// Everything that is typed for a hyphen: after NFKC, which has made others one of these.
pub const fn is_hyphen(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{23AF}'
                | '\u{23E4}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | 'ー'
                | 'ｰ'
    )
}

/// Whether a hyphen stands beside a figure, spaces between them not counted.
fn is_between_figures(before: Option<char>, hyphen: char, after: &[char]) -> bool {
    if hyphen == 'ー' && before.is_some_and(is_kana) {
        return false;
    }
    let after = after.iter().find(|c| !c.is_whitespace()).copied();
    before.is_some_and(is_numeral) || after.is_some_and(is_numeral)
}

pub(super) const fn is_kana(character: char) -> bool {
    matches!(character, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー')
}

/// The letters of a place name under which variants meet, with the place of each in the text that it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skeleton {
    /// The letters.
    pub letters: Vec<char>,
    /// For each letter the end of what it stands for, in characters of the text.
    pub ends: Vec<usize>,
}

/// Words that have two spellings of different length; the first is the common one.
const WORDS: [(&[char], &[char]); 3] =
    [(&['通', 'り'], &['と', 'お', 'り']), (&['埠', '頭'], &['ふ', '頭']), (&['番', '町'], &['番', '丁'])];

impl Skeleton {
    /// The skeleton of tidy text. Spaces have no place in it.
    pub fn of(text: &[char]) -> Self {
        let mut skeleton = Self::default();
        let mut place = 0;
        while let Some(&c) = text.get(place) {
            let rest = &text[place..];
            if let Some((common, variant)) = WORDS.iter().find(|(_, variant)| rest.starts_with(variant)) {
                place += variant.len();
                common.iter().for_each(|c| skeleton.push(*c, place));
                continue;
            }
            place += 1;
            match c {
                ' ' => {}
                '々' => skeleton.push(skeleton.letters.last().copied().unwrap_or(c), place),
                c => skeleton.push(class(c), place),
            }
        }
        skeleton
    }

    fn push(&mut self, letter: char, end: usize) {
        self.letters.push(letter);
        self.ends.push(end);
    }
}

/// The class of characters that are taken for one another in place names.
fn class(character: char) -> char {
    match character {
        'ケ' | 'ヶ' | 'が' | 'ガ' | 'ヵ' | 'ゖ' | 'ゕ' => 'ケ',
        'の' | 'ノ' | '之' => 'の',
        'ツ' | 'ッ' | 'つ' | 'っ' => 'ツ',
        '船' | '舩' => '舟',
        '菟' => '莵',
        c if is_hyphen(c) => 'ー',
        c => common_form(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tidied(text: &str) -> String {
        tidy(text).into_iter().collect()
    }

    #[test]
    fn hyphens_are_changed_beside_figures_only() {
        for (text, expected) in [
            ("１－２−３‐４‑５–６—７―８─９━１０", "1-2-3-4-5-6-7-8-9-10"),
            ("三ー十ー五", "三-十-五"),
            ("1ｰ2 1﹣2 1﹘2 1⁃2 1⎯2 1⏤2", "1-2 1-2 1-2 1-2 1-2 1-2"),
            ("スカイタワー3", "スカイタワー3"),
            ("コーポセンター２０１", "コーポセンター201"),
            ("コーポ２ー１", "コーポ2-1"),
            ("葛\u{E0100}飾　区", "葛飾 区"),
            ("  ﾒｿﾞﾝ\t 101  ", "メゾン 101"),
        ] {
            assert_eq!(tidied(text), expected, "{text}");
        }
    }

    #[test]
    fn variants_have_one_skeleton() {
        let skeleton = |text: &str| Skeleton::of(&tidy(text)).letters;
        for (one, other) in [
            ("桜ケ丘", "桜が丘"),
            ("桜ヶ丘", "桜ｹ丘"),
            ("舟の戸", "船ノ戸"),
            ("三ツ境", "三ッ境"),
            ("渋沢", "澁澤"),
            ("大通り", "大とおり"),
            ("一番町", "一番丁"),
            ("ふ頭", "埠頭"),
            ("佐々木", "佐佐木"),
            ("斎藤曽根﨑條", "齊藤曾根崎条"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        assert_ne!(skeleton("早川"), skeleton("早河"));
    }

    proptest! {
        #[test]
        fn tidying_twice_is_tidying_once(text in "(\\PC|[0-9０-９一二三ーｰ‐− 　タぁ-んァ-ヴ\u{E0100}]){0,16}") {
            let once = tidied(&text);
            prop_assert_eq!(tidied(&once), once);
        }
    }
}
