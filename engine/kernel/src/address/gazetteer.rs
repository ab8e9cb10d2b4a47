//! The towns of one city (町・大字), and which of them an address begins with.

use std::collections::BTreeMap;

use super::numeral;
use super::spelling::{Skeleton, tidy};
use crate::municipality::{Municipality, MunicipalityCode};

/// A town (町・大字) of the gazetteer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Town {
    /// Its name as the city writes it, without 丁目; keys are written with it.
    pub name: String,
    /// The number of its last 丁目; 0 where it has none.
    pub max_chome: u32,
    /// Whether it has addresses without 丁目: always where `max_chome` is 0, and where a part of a town that has 丁目 is
    /// still addressed by lot number (蓼川 beside 蓼川一丁目).
    pub has_lots: bool,
}

/// The towns of a city.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gazetteer {
    city: Option<MunicipalityCode>,
    towns: Vec<Town>,
    /// For each town the skeletons under which it is found: its name, and the name without 町.
    forms: Vec<Form>,
}

/// A way to write a town.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    letters: Vec<char>,
    town: usize,
    is_whole: bool,
}

/// Why a table is no gazetteer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GazetteerError {
    /// A town without a name.
    #[error("町名の一覧の{0}番目に、町名がありません。")]
    NoName(usize),
    /// There is no town at all.
    #[error("町名の一覧に町がありません。列 town と max_chome のある CSV を渡してください。")]
    Empty,
}

/// What an address begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The town's place in the gazetteer.
    pub town: usize,
    /// How many characters of the text it takes.
    pub length: usize,
    /// Whether the text has it under its whole name.
    pub is_whole: bool,
}

impl Gazetteer {
    /// A gazetteer of towns with their greatest 丁目. A town that is there both with and without 丁目 has lots beside them.
    ///
    /// # Errors
    /// [`GazetteerError`] for a town without a name, or none at all.
    pub fn new(
        city: Option<MunicipalityCode>,
        towns: impl IntoIterator<Item = (String, u32)>,
    ) -> Result<Self, GazetteerError> {
        let mut found: Vec<Town> = Vec::new();
        let mut places = BTreeMap::new();
        for (place, (name, max_chome)) in towns.into_iter().enumerate() {
            let name = name.trim().to_owned();
            if name.is_empty() {
                return Err(GazetteerError::NoName(place + 1));
            }
            let at = *places.entry(name.clone()).or_insert_with(|| {
                found.push(Town { name, max_chome: 0, has_lots: false });
                found.len() - 1
            });
            found[at].max_chome = found[at].max_chome.max(max_chome);
            found[at].has_lots |= max_chome == 0;
        }
        if found.is_empty() {
            return Err(GazetteerError::Empty);
        }
        let forms = forms(&found);
        Ok(Self { city, towns: found, forms })
    }

    /// A gazetteer of town blocks (町丁目) by their whole names, such as 大上九丁目.
    ///
    /// # Errors
    /// As [`Gazetteer::new`].
    pub fn of_blocks<'a>(
        city: Option<MunicipalityCode>,
        blocks: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, GazetteerError> {
        Self::new(
            city,
            blocks.into_iter().map(|block| {
                let (name, chome) = split_chome(block);
                (name, chome.unwrap_or(0))
            }),
        )
    }

    /// The city whose towns these are, where it is known.
    pub const fn city(&self) -> Option<MunicipalityCode> {
        self.city
    }

    /// The same towns, of this city.
    #[must_use]
    pub fn of_city(self, city: Option<MunicipalityCode>) -> Self {
        Self { city, ..self }
    }

    /// The towns, in the order of the table.
    pub fn towns(&self) -> &[Town] {
        &self.towns
    }

    /// The town with a name, whatever variant of its characters is given.
    pub fn town(&self, name: &str) -> Option<&Town> {
        let text = tidy(name);
        self.find(&text).filter(|found| found.length == text.len()).map(|found| &self.towns[found.town])
    }

    /// The city's name as addresses have it, and its prefecture's.
    pub(super) fn names(&self) -> Option<&'static Municipality> {
        self.city.and_then(MunicipalityCode::lookup)
    }

    /// The town that a tidy text begins with: the longest, and under its whole name where two are equally long.
    pub(super) fn find(&self, text: &[char]) -> Option<Found> {
        let skeleton = Skeleton::of(text);
        self.forms
            .iter()
            .filter_map(|form| {
                let letters = prefix(&skeleton.letters, &form.letters)?;
                Some(Found { town: form.town, length: skeleton.ends[letters - 1], is_whole: form.is_whole })
            })
            .max_by_key(|found| (found.length, found.is_whole))
    }
}

/// The name of a town block without its 丁目, and the 丁目: 大上九丁目 → (大上, 9). A town that is called 六丁目 has none.
pub fn split_chome(block: &str) -> (String, Option<u32>) {
    let text = tidy(block);
    if let Some(stem) = text.strip_suffix(&['丁', '目'][..]) {
        let name = stem.iter().rposition(|c| !numeral::is_numeral(*c)).map_or(0, |last| last + 1);
        // 三 in front of 六丁目 could be a town of its own: only what is one number is the 丁目.
        if let Some(number) = numeral::leading(&text[name..])
            && name > 0
            && number.length == stem.len() - name
        {
            return (stem[..name].iter().collect(), Some(number.value));
        }
    }
    (block.trim().to_owned(), None)
}

/// The forms of all towns. A name without its 町 stands for the town only where no other town is called so.
fn forms(towns: &[Town]) -> Vec<Form> {
    let whole: Vec<Vec<char>> = towns.iter().map(|town| name_letters(&town.name)).collect();
    let mut forms: Vec<Form> = whole
        .iter()
        .enumerate()
        .map(|(town, letters)| Form { letters: letters.clone(), town, is_whole: true })
        .collect();
    for (town, letters) in whole.iter().enumerate() {
        if let Some(short) = without_cho(letters)
            && !whole.contains(&short)
        {
            forms.push(Form { letters: short, town, is_whole: false });
        }
    }
    forms
}

fn name_letters(name: &str) -> Vec<char> {
    let text = tidy(name);
    let bare = ["大字", "字"].iter().find_map(|mark| strip(&text, mark)).unwrap_or(&text);
    Skeleton::of(bare).letters
}

/// A tidy text without a word at its beginning.
pub(super) fn strip<'a>(text: &'a [char], word: &str) -> Option<&'a [char]> {
    word.chars().try_fold(text, |rest, c| rest.strip_prefix(&[c][..]))
}

/// The name without the 町 at its end or within; not where a number is before it (一番町 is no 一番).
fn without_cho(letters: &[char]) -> Option<Vec<char>> {
    let is_cho = |place: usize| {
        let before = letters[..place].last().copied();
        letters[place] == '町' && before.is_some_and(|c| c != '番' && !numeral::is_numeral(c))
    };
    let short: Vec<char> = (0..letters.len()).filter(|place| !is_cho(*place)).map(|place| letters[place]).collect();
    (short.len() < letters.len()).then_some(short)
}

/// How many letters of a text a name takes at its beginning; digits and old forms in the text may stand for the name's numbers.
fn prefix(text: &[char], name: &[char]) -> Option<usize> {
    let (mut at, mut rest) = (0, name);
    while let Some(first) = rest.first() {
        let next = *text.get(at)?;
        if next == *first {
            at += 1;
            rest = &rest[1..];
            continue;
        }
        let figure = numeral::leading(&text[at..])?;
        let length = rest.iter().take_while(|c| numeral::is_kanji_numeral(**c)).count();
        let kanji = numeral::leading(&rest[..length])?;
        if kanji.length != length || kanji.value != figure.value {
            return None;
        }
        at += figure.length;
        rest = &rest[length..];
    }
    (at > 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gazetteer() -> Gazetteer {
        let towns = [
            ("早川", 0),
            ("早川城山", 5),
            ("寺尾本町", 3),
            ("一番町", 0),
            ("桜ケ丘", 3),
            ("六丁目", 0),
            ("大字深谷", 0),
        ];
        Gazetteer::new(None, towns.map(|(name, chome)| (name.to_owned(), chome))).expect("is a gazetteer")
    }

    fn found(text: &str) -> Option<(String, usize)> {
        let gazetteer = gazetteer();
        gazetteer.find(&tidy(text)).map(|found| (gazetteer.towns()[found.town].name.clone(), found.length))
    }

    #[test]
    fn the_longest_town_is_found_under_every_spelling() {
        for (text, town, length) in [
            ("早川550", "早川", 2),
            ("早川城山1-2-3", "早川城山", 4),
            ("早 川 城山1", "早川城山", 6),
            ("寺尾本1-2", "寺尾本町", 3),
            ("寺尾本町1-2", "寺尾本町", 4),
            ("一番町五番", "一番町", 3),
            ("1番町5番", "一番町", 3),
            ("一番丁5番", "一番町", 3),
            ("桜が丘2", "桜ケ丘", 3),
            ("六丁目3-1", "六丁目", 3),
            ("6丁目3-1", "六丁目", 3),
            ("深谷12", "大字深谷", 2),
        ] {
            assert_eq!(found(text), Some((town.to_owned(), length)), "{text}");
        }
        for text in ["", "中央1-2-3", "一番5", "12"] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn blocks_become_towns_with_their_last_chome() {
        let blocks = ["大上一丁目", "大上九丁目", "蓼川", "蓼川三丁目", "六丁目", "上十二丁目"];
        let gazetteer = Gazetteer::of_blocks(None, blocks).expect("is a gazetteer");
        let towns: Vec<(&str, u32, bool)> =
            gazetteer.towns().iter().map(|town| (town.name.as_str(), town.max_chome, town.has_lots)).collect();
        assert_eq!(towns, [("大上", 9, false), ("蓼川", 3, true), ("六丁目", 0, true), ("上", 12, false)]);
    }

    #[test]
    fn a_table_without_towns_is_refused() {
        assert_eq!(Gazetteer::new(None, []), Err(GazetteerError::Empty));
        assert_eq!(Gazetteer::new(None, [("  ".to_owned(), 1)]), Err(GazetteerError::NoName(1)));
    }
}
