//! Names of people who do not exist: common family and given names, put together by chance.

use std::sync::LazyLock;

use kawasemi_kernel::PersonName;
use serde::Deserialize;

use super::draw::Draw;

/// The sex by which a given name is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// Female (女).
    Female,
    /// Male (男).
    Male,
}

impl Sex {
    /// Either, as likely as the other.
    pub fn draw(draw: &mut Draw) -> Self {
        if draw.chance(500) { Self::Female } else { Self::Male }
    }

    /// The key of the choice in a ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Female => Self::Male,
            Self::Male => Self::Female,
        }
    }
}

/// A family name with its reading.
#[derive(Clone, Debug, Deserialize)]
pub struct Family {
    name: String,
    kana: String,
    weight: u64,
}

#[derive(Debug, Deserialize)]
struct Given {
    sex: Sex,
    popular_around: i64,
    name: String,
    kana: String,
    weight: u64,
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| super::rows(include_str!("../../data/family-names.csv")));
static GIVEN: LazyLock<Vec<Given>> = LazyLock::new(|| super::rows(include_str!("../../data/given-names.csv")));

/// Names as they are written in the residence record of people from abroad: family name first, in Latin letters, with a
/// reading in katakana.
const ABROAD: [(&str, &str, &str, &str, Sex); 12] = [
    ("NGUYEN", "グエン", "THI LAN", "ティラン", Sex::Female),
    ("NGUYEN", "グエン", "VAN HUNG", "ヴァンフン", Sex::Male),
    ("TRAN", "チャン", "THI MAI", "ティマイ", Sex::Female),
    ("TRAN", "チャン", "QUOC ANH", "クオックアイン", Sex::Male),
    ("LE", "レ", "THI HOA", "ティホア", Sex::Female),
    ("PHAM", "ファム", "MINH DUC", "ミンドゥック", Sex::Male),
    ("SILVA", "シルバ", "ANA PAULA", "アナパウラ", Sex::Female),
    ("SANTOS", "サントス", "CARLOS", "カルロス", Sex::Male),
    ("GARCIA", "ガルシア", "MARIA", "マリア", Sex::Female),
    ("REYES", "レイエス", "JOSE", "ホセ", Sex::Male),
    ("PERERA", "ペレラ", "NADEESHA", "ナディーシャ", Sex::Female),
    ("KUMAR", "クマール", "RAJ", "ラジ", Sex::Male),
];

/// Draws a family name.
pub fn family(draw: &mut Draw) -> Family {
    draw.weighted(&FAMILIES, |family| family.weight).clone()
}

/// Draws a given name that was common when somebody was born, and puts it behind the family name.
pub fn person(draw: &mut Draw, family: &Family, sex: Sex, birth_year: i64) -> PersonName {
    let generation = GIVEN.iter().map(|given| given.popular_around).min_by_key(|year| (year - birth_year).abs());
    let candidates: Vec<&Given> =
        GIVEN.iter().filter(|given| given.sex == sex && Some(given.popular_around) == generation).collect();
    let given = draw.weighted(&candidates, |given| given.weight);
    PersonName { name: format!("{} {}", family.name, given.name), kana: format!("{} {}", family.kana, given.kana) }
}

/// Draws the name of somebody from abroad.
pub fn person_from_abroad(draw: &mut Draw, sex: Sex) -> PersonName {
    let candidates: Vec<_> = ABROAD.iter().filter(|(.., known)| *known == sex).collect();
    let (family, ..) = draw.weighted(&candidates, |_| 1);
    let (_, _, given, given_kana, _) = draw.weighted(&candidates, |_| 1);
    let family_kana = ABROAD.iter().find(|(known, ..)| known == family).map_or("", |(_, kana, ..)| kana);
    PersonName { name: format!("{family} {given}"), kana: format!("{family_kana} {given_kana}") }
}

#[cfg(test)]
mod tests {
    use kawasemi_kernel::kana::is_reading;

    use super::*;

    #[test]
    fn every_name_has_a_reading_in_katakana() {
        for n in 0..2000 {
            let mut draw = Draw::of(1, "name", n);
            let sex = Sex::draw(&mut draw);
            let name = match n % 20 {
                0 => person_from_abroad(&mut draw, sex),
                _ => {
                    let family = family(&mut draw);
                    person(&mut draw, &family, sex, 1930 + i64::try_from(n % 95).expect("small"))
                }
            };
            assert!(name.name.contains(' ') && is_reading(&name.kana), "{name:?}");
        }
    }

    #[test]
    fn given_names_follow_the_generation() {
        let family = family(&mut Draw::of(1, "family", 0));
        let born = |year| {
            let draws = (0..50).map(|n| person(&mut Draw::of(1, "given", n), &family, Sex::Female, year).name);
            draws.collect::<std::collections::BTreeSet<String>>()
        };
        assert!(born(1938).is_disjoint(&born(2015)));
    }
}
