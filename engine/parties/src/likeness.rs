//! Why two parties look like one, and how surely.
//!
//! Points are given for what agrees and taken for what contradicts; the reasons are kept, since a person decides by them and not
//! by the number. Two people of the resident register (住民記録) are never a pair: the register has told them apart. What says
//! where somebody is to be found is marked, so that it is not shown of people under protection.

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::facts::Facts;

/// From so many points a pair is proposed.
pub const PROPOSED: i64 = 60;
/// From so many points it is probable.
pub const PROBABLE: i64 = 80;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $points:literal, $label:literal, $open:literal;)*) => {
        /// Something that agrees or contradicts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What the staff are told.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// How much it counts.
            pub const fn points(self) -> i64 {
                match self { $(Self::$name => $points,)* }
            }

            /// Whether it may be told of somebody under protection: it says nothing of where they are to be found.
            pub const fn is_open(self) -> bool {
                match self { $(Self::$name => $open,)* }
            }
        }
    };
}

reasons! {
    /// The same name.
    SameName = "same-name", 40, "氏名・名称が同じ", true;
    /// One's name is the other's alias or former name.
    OtherName = "other-name", 35, "氏名が、もう一方の通称・旧氏と同じ", true;
    /// Names that differ by one character.
    SimilarName = "similar-name", 25, "氏名・名称が1字違い", true;
    /// The same reading.
    SameReading = "same-reading", 30, "フリガナが同じ", true;
    /// The same reading of the given name.
    SameGivenName = "same-given-name", 20, "名（下の名前）のフリガナが同じ", true;
    /// The same date of birth.
    SameBirthDate = "same-birth-date", 40, "生年月日が同じ", true;
    /// Dates of birth that differ by one digit, or with day and month exchanged.
    NearBirthDate = "near-birth-date", 20, "生年月日が1か所だけ違う", true;
    /// The same address.
    SameAddress = "same-address", 25, "住所が同じ", false;
    /// The same telephone number.
    SamePhone = "same-phone", 25, "電話番号が同じ", false;
    /// The same mail address.
    SameMail = "same-mail", 25, "メールが同じ", false;
    /// Dates of birth that have nothing to do with one another.
    OtherBirthDate = "other-birth-date", -60, "生年月日が違う", true;
    /// Different sexes.
    OtherSex = "other-sex", -30, "性別が違う", true;
    /// Readings that have nothing to do with one another, though the characters are alike.
    OtherReading = "other-reading", -20, "フリガナが違う", true;
}

impl Reason {
    /// The reason with a stored key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.key() == key)
    }
}

/// How alike two parties are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// The sum of the points.
    pub points: i64,
    /// What agrees and what contradicts.
    pub reasons: Vec<Reason>,
}

impl Likeness {
    /// The likeness that reasons amount to.
    #[must_use]
    pub fn of(reasons: Vec<Reason>) -> Self {
        Self { points: reasons.iter().map(|reason| reason.points()).sum(), reasons }
    }

    /// As it may be told when one of the two is under protection.
    #[must_use]
    pub fn open(&self) -> Self {
        Self::of(self.reasons.iter().copied().filter(|reason| reason.is_open()).collect())
    }

    /// Whether it is worth a look.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.points >= PROPOSED
    }
}

/// Compares two parties; none where they can't be one.
#[must_use]
pub fn compare(one: &Facts, other: &Facts) -> Option<Likeness> {
    let are_both_registered = !one.resident_number.is_empty() && !other.resident_number.is_empty();
    if one.id == other.id || one.kind != other.kind || are_both_registered {
        return None;
    }
    let mut reasons = Vec::new();
    reasons.extend(names(one, other));
    reasons.extend(readings(one, other));
    reasons.extend(births(one.birth_date, other.birth_date));
    let same = |a: &str, b: &str| !a.is_empty() && a == b;
    if same(&one.address, &other.address) {
        reasons.push(Reason::SameAddress);
    }
    if one.phones.iter().any(|phone| other.phones.contains(phone)) {
        reasons.push(Reason::SamePhone);
    }
    if same(&one.mail, &other.mail) {
        reasons.push(Reason::SameMail);
    }
    if !one.sex.is_empty() && !other.sex.is_empty() && one.sex != other.sex {
        reasons.push(Reason::OtherSex);
    }
    Some(Likeness::of(reasons))
}

fn names(one: &Facts, other: &Facts) -> Option<Reason> {
    if one.name.is_empty() || other.name.is_empty() {
        return None;
    }
    if one.name == other.name {
        return Some(Reason::SameName);
    }
    let is_known_as = |who: &Facts, name: &str| who.others.iter().any(|known| known == name);
    if is_known_as(one, &other.name) || is_known_as(other, &one.name) {
        return Some(Reason::OtherName);
    }
    let shortest = one.name.chars().count().min(other.name.chars().count());
    (shortest >= 3 && strsim::generic_levenshtein(&chars(&one.name), &chars(&other.name)) == 1)
        .then_some(Reason::SimilarName)
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn readings(one: &Facts, other: &Facts) -> Option<Reason> {
    if one.kana.is_empty() || other.kana.is_empty() {
        return None;
    }
    if one.kana == other.kana {
        return Some(Reason::SameReading);
    }
    if !one.given_kana.is_empty() && one.given_kana == other.given_kana {
        return Some(Reason::SameGivenName);
    }
    // A slip of one sound is no contradiction.
    let distance = strsim::generic_levenshtein(&chars(&one.kana), &chars(&other.kana));
    (distance > 2).then_some(Reason::OtherReading)
}

fn births(one: Option<Date>, other: Option<Date>) -> Option<Reason> {
    let (one, other) = (one?, other?);
    if one == other {
        return Some(Reason::SameBirthDate);
    }
    let exchanged = one.year() == other.year() && one.month() == other.day() && one.day() == other.month();
    let differing = one.to_string().bytes().zip(other.to_string().bytes()).filter(|(a, b)| a != b).count();
    Some(if exchanged || differing == 1 { Reason::NearBirthDate } else { Reason::OtherBirthDate })
}

/// The keys under which a party is looked for. Two that could be proposed have at least one in common; what many have in common
/// (a family name, a town) is no key.
#[must_use]
pub fn keys(facts: &Facts) -> Vec<i64> {
    let birth = facts.birth_date.map(|date| date.to_string()).unwrap_or_default();
    let names = std::iter::once(&facts.name).chain(&facts.others).filter(|name| !name.is_empty());
    let mut texts: Vec<String> = Vec::new();
    for name in names.clone() {
        match facts.kind.as_str() {
            "person" if !birth.is_empty() => texts.push(format!("n|{name}|{birth}")),
            "person" => {}
            kind => texts.push(format!("o|{kind}|{name}")),
        }
        if !facts.address.is_empty() {
            texts.push(format!("a|{name}|{}", facts.address));
        }
    }
    if !facts.kana.is_empty() {
        if !birth.is_empty() {
            texts.push(format!("k|{}|{birth}", facts.kana));
            texts.push(format!("y|{}|{}", facts.kana, &birth[..4]));
            // The last digit of the year may be the one that was mistyped.
            texts.push(format!("d|{}|{}", facts.kana, &birth[5..]));
        }
        if !facts.address.is_empty() {
            texts.push(format!("b|{}|{}", facts.kana, facts.address));
        }
    }
    if !facts.given_kana.is_empty() && !birth.is_empty() {
        texts.push(format!("g|{}|{birth}|{}", facts.given_kana, facts.sex));
    }
    texts.extend(facts.phones.iter().map(|phone| format!("p|{phone}")));
    if !facts.mail.is_empty() {
        texts.push(format!("m|{}", facts.mail));
    }
    let mut keys: Vec<i64> = texts.iter().map(|text| hashed(text)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The first eight bytes of a hash. Two texts of one number cost a comparison and nothing else.
fn hashed(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kawasemi_kernel::{Fields, PersonName, RecordId, Value};
    use uuid::Uuid;

    use super::*;

    fn person(n: u128, name: &str, kana: &str, birth: Option<Date>) -> Facts {
        let mut fields = Fields::new();
        fields.insert("kind".into(), Value::from("person"));
        fields.insert("name".into(), Value::Name(PersonName { name: name.into(), kana: kana.into() }));
        if let Some(birth) = birth {
            fields.insert("birth_date".into(), Value::Date(birth));
        }
        Facts::of(RecordId(Uuid::from_u128(n)), &fields, &|_| None)
    }

    fn points(one: &Facts, other: &Facts) -> i64 {
        compare(one, other).map_or(i64::MIN, |likeness| likeness.points)
    }

    fn share_a_key(one: &Facts, other: &Facts) -> bool {
        keys(one).iter().any(|key| keys(other).contains(key))
    }

    const BORN: Date = date(1980, 3, 12);

    #[test]
    fn other_forms_of_the_same_characters_are_the_same_name() {
        let one = person(1, "渡邉 花子", "ワタナベ ハナコ", Some(BORN));
        let other = person(2, "渡辺　花子", "ﾜﾀﾅﾍﾞ ﾊﾅｺ", Some(BORN));
        assert!(points(&one, &other) >= PROBABLE && share_a_key(&one, &other));
    }

    #[test]
    fn a_mistyped_date_or_character_is_still_found() {
        let one = person(1, "斎藤 一郎", "サイトウ イチロウ", Some(BORN));
        for other in [
            person(2, "斎藤 一郎", "サイトウ イチロウ", Some(date(1980, 12, 3))),
            person(2, "斎藤 一郎", "サイトウ イチロウ", Some(date(1981, 3, 12))),
            person(2, "斎藤 市郎", "サイトウ イチロウ", Some(BORN)),
        ] {
            assert!(points(&one, &other) >= PROPOSED, "{other:?}");
            assert!(share_a_key(&one, &other), "{other:?}");
        }
    }

    #[test]
    fn somebody_who_married_is_found_by_the_former_name() {
        let one = person(1, "高橋 花子", "タカハシ ハナコ", Some(BORN));
        let mut other = person(2, "鈴木 花子", "スズキ ハナコ", Some(BORN));
        assert!(points(&one, &other) >= PROPOSED && share_a_key(&one, &other));
        other.others.push(one.name.clone());
        assert!(points(&one, &other) >= PROBABLE);
    }

    #[test]
    fn a_family_at_one_address_is_not_one_person() {
        let mut mother = person(1, "鈴木 花子", "スズキ ハナコ", Some(BORN));
        let mut son = person(2, "鈴木 太郎", "スズキ タロウ", Some(date(2010, 5, 1)));
        for who in [&mut mother, &mut son] {
            who.address = "深谷中123".into();
            who.phones = vec!["0467701111".into()];
        }
        assert!(points(&mother, &son) < PROPOSED);
        let twin = Facts { id: RecordId(Uuid::from_u128(3)), birth_date: mother.birth_date, ..son };
        assert!(!compare(&mother, &twin).expect("they are compared").open().is_proposed());
    }

    #[test]
    fn the_resident_register_has_told_its_people_apart() {
        let mut one = person(1, "佐藤 一", "サトウ ハジメ", Some(BORN));
        let mut other = person(2, "佐藤 一", "サトウ ハジメ", Some(BORN));
        one.resident_number = "1".into();
        assert!(points(&one, &other) >= PROBABLE);
        other.resident_number = "2".into();
        assert_eq!(compare(&one, &other), None);
    }

    #[test]
    fn a_company_is_found_however_its_form_is_written() {
        let company = |n, name: &str| Facts { kind: "organisation".into(), ..person(n, "", "", None) }.named(name);
        let (one, other) = (company(1, "株式会社 綾瀬工業"), company(2, "綾瀬工業（株）"));
        assert_eq!(one.name, other.name);
        assert!(share_a_key(&one, &other));
    }

    impl Facts {
        fn named(self, name: &str) -> Self {
            let mut fields = Fields::new();
            fields.insert("kind".into(), Value::from(self.kind.as_str()));
            fields.insert("name".into(), Value::Name(PersonName { name: name.into(), kana: String::new() }));
            Facts::of(self.id, &fields, &|_| None)
        }
    }

    #[test]
    fn what_tells_of_a_place_is_left_out_for_protected_people() {
        let likeness = Likeness::of(vec![Reason::SameName, Reason::SameAddress, Reason::SamePhone]);
        assert!(likeness.is_proposed());
        assert_eq!(likeness.open().reasons, [Reason::SameName]);
        assert!(!likeness.open().is_proposed());
    }
}
