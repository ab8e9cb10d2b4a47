//! The head of an address: postcode, prefecture, county (郡) and municipality, each of them optional.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::gazetteer::strip;
use super::spelling::Skeleton;
use crate::municipality::Municipality;

/// Longest county name with its 郡, in characters.
const COUNTY: usize = 7;

/// What stands before the town.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Seven digits.
    pub postcode: Option<String>,
    /// The prefecture, where it is written.
    pub prefecture: Option<&'static str>,
    /// The county as it is written, with its 郡.
    pub county: String,
    /// The municipalities that the name may mean: several where a name occurs twice and no prefecture is written.
    pub cities: Vec<&'static Municipality>,
    /// Where the municipality begins.
    pub city_at: usize,
    /// Where the head ends.
    pub end: usize,
}

/// Municipalities with the letters of their name, by the first of these.
type ByFirst = HashMap<char, Vec<(Vec<char>, &'static Municipality)>>;

/// All municipalities.
static BY_FIRST: LazyLock<ByFirst> = LazyLock::new(|| {
    let mut index = ByFirst::new();
    for municipality in Municipality::all().iter().filter(|municipality| !municipality.is_prefecture()) {
        let letters = Skeleton::of(&municipality.name.chars().collect::<Vec<_>>()).letters;
        if let Some(first) = letters.first() {
            index.entry(*first).or_default().push((letters, municipality));
        }
    }
    index
});

static PREFECTURES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    Municipality::all().iter().filter(|municipality| municipality.is_prefecture()).map(|m| m.prefecture).collect()
});

impl Head {
    /// Reads the head of a tidy text.
    pub fn of(text: &[char]) -> Self {
        let mut head = Self::default();
        let mut at = skip_spaces(text, 0);
        if let Some((postcode, end)) = postcode(&text[at..]) {
            head.postcode = Some(postcode);
            at = skip_spaces(text, at + end);
        }
        if let Some(prefecture) = PREFECTURES.iter().find(|name| strip(&text[at..], name).is_some()) {
            head.prefecture = Some(prefecture);
            at = skip_spaces(text, at + prefecture.chars().count());
        }
        (head.city_at, head.end) = (at, at);
        let (cities, length) = head.municipalities(&text[at..]);
        if !cities.is_empty() {
            (head.cities, head.end) = (cities, at + length);
        } else if let Some(county) = text[at..].iter().take(COUNTY).position(|c| *c == '郡').filter(|place| *place > 0)
        {
            let below = at + county + 1;
            let (mut cities, length) = head.municipalities(&text[below..]);
            cities.retain(|city| city.name.ends_with(['町', '村']));
            if !cities.is_empty() {
                head.county = text[at..below].iter().filter(|c| **c != ' ').collect();
                (head.cities, head.end) = (cities, below + length);
            }
        }
        head.end = skip_spaces(text, head.end);
        head
    }

    /// The municipalities with the longest name that a text begins with, and how many characters it takes.
    fn municipalities(&self, text: &[char]) -> (Vec<&'static Municipality>, usize) {
        // No name of a municipality has more than twelve letters, spaces between them aside.
        let skeleton = Skeleton::of(&text[..text.len().min(24)]);
        let candidates = skeleton.letters.first().and_then(|first| BY_FIRST.get(first));
        let fits = candidates.into_iter().flatten().filter(|(letters, municipality)| {
            skeleton.letters.starts_with(letters) && self.prefecture.is_none_or(|name| name == municipality.prefecture)
        });
        let fits: Vec<_> = fits.collect();
        let longest = fits.iter().map(|(letters, _)| letters.len()).max().unwrap_or(0);
        let end = longest.checked_sub(1).and_then(|last| skeleton.ends.get(last)).copied().unwrap_or(0);
        (fits.into_iter().filter(|(letters, _)| letters.len() == longest).map(|(_, city)| *city).collect(), end)
    }
}

fn skip_spaces(text: &[char], from: usize) -> usize {
    from + text[from..].iter().take_while(|c| **c == ' ').count()
}

/// `〒252-1107`, `〒2521107` or `252-1107` at the beginning, and where it ends.
fn postcode(text: &[char]) -> Option<(String, usize)> {
    let mark = text.first() == Some(&'〒');
    let mut at = skip_spaces(text, usize::from(mark));
    let mut digits = String::new();
    let mut has_hyphen = false;
    while let Some(c) = text.get(at) {
        match c {
            c if c.is_ascii_digit() => digits.push(*c),
            '-' if digits.len() == 3 && !has_hyphen => has_hyphen = true,
            _ => break,
        }
        at += 1;
    }
    let ends = text.get(at).is_none_or(|c| *c != '-');
    (digits.len() == 7 && ends && (mark || has_hyphen)).then_some((digits, at))
}

#[cfg(test)]
mod tests {
    use super::super::spelling::tidy;
    use super::*;

    #[test]
    fn every_part_may_be_missing() {
        for (text, postcode, prefecture, county, city, end) in [
            ("〒252-1107 神奈川県綾瀬市寺尾中", Some("2521107"), Some("神奈川県"), "", "綾瀬市", 17),
            ("２５２－１１０７　綾瀬市", Some("2521107"), None, "", "綾瀬市", 12),
            ("〒2521107綾瀬市", Some("2521107"), None, "", "綾瀬市", 11),
            ("神奈川県高座郡寒川町一之宮", None, Some("神奈川県"), "高座郡", "寒川町", 10),
            ("寒川町一之宮", None, None, "", "寒川町", 3),
            ("横浜市鶴見区", None, None, "", "横浜市鶴見区", 6),
            ("福島県郡山市", None, Some("福島県"), "", "郡山市", 6),
            ("茅ヶ崎市", None, None, "", "茅ヶ崎市", 4),
            ("神奈川県 綾瀬市 早川", None, Some("神奈川県"), "", "綾瀬市", 9),
            ("550-1", None, None, "", "", 0),
            ("早川550", None, None, "", "", 0),
        ] {
            let head = Head::of(&tidy(text));
            assert_eq!(head.postcode.as_deref(), postcode, "{text}");
            assert_eq!((head.prefecture, head.county.as_str(), head.end), (prefecture, county, end), "{text}");
            assert_eq!(head.cities.first().map_or("", |city| city.name), city, "{text}");
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_told_apart_by_its_prefecture() {
        assert_eq!(Head::of(&tidy("府中市宮町1-1")).cities.len(), 2);
        assert_eq!(Head::of(&tidy("広島県府中市府川町")).cities.len(), 1);
    }
}
