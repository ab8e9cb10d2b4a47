//! The parts of an address anywhere in Japan: prefecture, county, municipality, town, numbers and the rest.
//!
//! Municipalities are known by their codes. Towns are known where the caller has a gazetteer of the municipality; elsewhere
//! the town is taken to be what stands before the first number, which is right for most addresses and not for all (京都の
//! 通り名, イロハ and names with digits are beyond it).

use super::chain::{Link, Mark, chain};
use super::gazetteer::Gazetteer;
use super::head::Head;
use super::numeral;
use super::spelling::tidy;
use crate::municipality::Municipality;

/// An address in parts; each is empty where the text does not have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Seven digits.
    pub postcode: String,
    /// The prefecture: written, or that of the municipality where its name is unmistakable.
    pub prefecture: String,
    /// The county (郡), where it is written.
    pub county: String,
    /// The municipality, with the ward (政令指定都市の区).
    pub city: String,
    /// The town, without 丁目.
    pub town: String,
    /// The 丁目.
    pub chome: Option<u32>,
    /// The numbers, joined with hyphens.
    pub numbers: String,
    /// What follows: building, room, and whatever was not understood.
    pub rest: String,
}

impl Split {
    /// Town and 丁目 as one name: 大上九丁目.
    pub fn block(&self) -> String {
        let chome = self.chome.map(|chome| format!("{}丁目", numeral::kanji(chome)));
        format!("{}{}", self.town, chome.unwrap_or_default())
    }
}

/// Takes an address apart. `gazetteer_of` answers the towns of a municipality where they are known.
pub fn split<'a>(text: &str, gazetteer_of: impl Fn(&Municipality) -> Option<&'a Gazetteer>) -> Split {
    let text = tidy(text);
    let head = Head::of(&text);
    let prefecture = match (head.prefecture, head.cities.as_slice()) {
        (Some(written), _) => written,
        (None, [only]) => only.prefecture,
        _ => "",
    };
    let below = &text[head.end..];
    let known = match head.cities.as_slice() {
        [only] => gazetteer_of(only).and_then(|towns| Some((towns, towns.find(below)?))),
        _ => None,
    };
    let (town, max_chome, length) = match known {
        Some((towns, found)) => {
            let town = &towns.towns()[found.town];
            (town.name.clone(), town.max_chome, found.length)
        }
        None => {
            let length = before_number(below);
            (below[..length].iter().filter(|c| **c != ' ').collect(), 0, length)
        }
    };
    let (town, length) = with_cho(town, below, length);
    let (links, end) = chain(&below[length..]);
    let has_chome = |first: &Link| {
        first.mark == Mark::Chome
            || (first.mark == Mark::None && links.len() > 1 && (1..=max_chome).contains(&first.value))
    };
    let chome = links.first().filter(|first| has_chome(first)).map(|first| first.value);
    let numbers: Vec<String> =
        links.iter().skip(usize::from(chome.is_some())).map(|link| link.value.to_string()).collect();
    Split {
        postcode: head.postcode.unwrap_or_default(),
        prefecture: prefecture.to_owned(),
        county: head.county,
        city: head.cities.first().map_or("", |city| city.name).to_owned(),
        town,
        chome,
        numbers: numbers.join("-"),
        rest: below[length + end..].iter().collect::<String>().trim().to_owned(),
    }
}

/// The town with the 丁 that follows it: in 堺市 that is part of the name (北瓦町二丁) as 丁目 is elsewhere.
fn with_cho(town: String, text: &[char], length: usize) -> (String, usize) {
    match numeral::leading(&text[length..]) {
        Some(number) if matches!(text[length + number.length..], ['丁', next, ..] if next != '目') => {
            (format!("{town}{}丁", numeral::kanji(number.value)), length + number.length + 1)
        }
        _ => (town, length),
    }
}

/// How much of a text stands before its first number. Kanji are a number only where a mark of numbers follows: 三ツ境 and
/// 八幡 are names.
fn before_number(text: &[char]) -> usize {
    let begins = |place: &usize| {
        let is_inside = place.checked_sub(1).is_some_and(|before| numeral::is_numeral(text[before]));
        !is_inside
            && numeral::leading(&text[*place..]).is_some_and(|number| {
                let after = &text[place + number.length..];
                // 一番町 is a name, 一番1号 is none.
                let is_name = matches!(after, ['番', '町' | '丁', ..]);
                let has_mark = matches!(after, ['丁', '目', ..] | ['番' | '号' | '-' | 'の' | 'ノ' | '之', ..] | []);
                !is_name && (number.is_digits || has_mark)
            })
    };
    (0..text.len()).find(begins).unwrap_or(text.len())
}
