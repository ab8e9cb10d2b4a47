//! Addresses against published cases: the worked examples of matching, and two public test sets of other projects.
//!
//! The public sets cover all of Japan, and we know towns only of Kanagawa (from the postal codes). What we do not get right is
//! listed in `data/address/known-misses.txt`; a test holds that the list is exact, so that it can only shrink.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kawasemi_kernel::address::spelling::tidy;
use kawasemi_kernel::address::{Gazetteer, Split, compare, split};
use kawasemi_kernel::municipality::{Municipality, MunicipalityCode};

const MATCHES: &str = include_str!("data/address/address_match.csv");
const GAZETTEER: &str = include_str!("data/address/address_gazetteer.csv");
const NORMALISE: &str = include_str!("data/address/normalise-cases.csv");
const PARSER: &str = include_str!("data/address/parser-cases.csv");
const POSTAL: &str = include_str!("data/address/postal-kanagawa.csv");
const KNOWN_MISSES: &str = include_str!("data/address/known-misses.txt");

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("the table is well formed")).collect()
}

#[test]
fn the_worked_examples_come_out() {
    let towns =
        rows(GAZETTEER).into_iter().map(|row| (row["town"].clone(), row["max_chome"].parse().expect("a number")));
    let gazetteer = Gazetteer::new("142182".parse().ok(), towns).expect("is a gazetteer");
    let examples = rows(MATCHES);
    assert_eq!(examples.len(), 16);
    for row in examples {
        let compared = compare(&gazetteer, &row["address_a"], &row["address_b"]);
        let found = [compared.one.key(), compared.other.key(), compared.decision.key().to_owned()];
        let expected = ["expected_key_a", "expected_key_b", "expected_result"].map(|name| row[name].clone());
        assert_eq!(found, expected, "{}", row["case_id"]);
    }
}

/// The greatest 丁目 that a town may have, as far as anybody has seen.
const LAST_CHOME: u32 = 30;

/// The towns of Kanagawa's municipalities. The postal data say whether a town has 丁目, not how many.
fn kanagawa() -> HashMap<MunicipalityCode, Gazetteer> {
    let mut towns: HashMap<MunicipalityCode, Vec<(String, u32)>> = HashMap::new();
    for row in rows(POSTAL).into_iter().filter(|row| !row["town"].is_empty()) {
        let code = MunicipalityCode::from_five_digits(&row["jis"]).expect("a municipality code");
        towns.entry(code).or_default().push((row["town"].clone(), if row["chome"] == "1" { LAST_CHOME } else { 0 }));
    }
    let gazetteer = |(code, towns)| (code, Gazetteer::new(Some(code), towns).expect("is a gazetteer"));
    towns.into_iter().map(gazetteer).collect()
}

struct Case {
    text: String,
    prefecture: String,
    city: String,
    block: String,
    rest: String,
}

impl Case {
    fn found(&self, towns: &HashMap<MunicipalityCode, Gazetteer>) -> Split {
        split(&self.text, |city: &Municipality| towns.get(&city.code))
    }

    fn is_city_right(&self, found: &Split) -> bool {
        (&found.prefecture, format!("{}{}", found.county, found.city)) == (&self.prefecture, self.city.clone())
    }

    fn is_right(&self, found: &Split) -> bool {
        let squeeze = |text: &str| tidy(text).into_iter().filter(|c| !matches!(c, ' ' | '-')).collect::<String>();
        let rest = format!("{}{}", found.numbers, found.rest);
        self.is_city_right(found) && found.block() == self.block && squeeze(&rest) == squeeze(&self.rest)
    }
}

/// Numbers as both sets have them: 1798番地1 is 1798-1.
fn plain(rest: &str) -> String {
    rest.replace("番地", "-").replace(['番', '号', 'の', '−'], "-").trim_end_matches('-').to_owned()
}

fn cases() -> Vec<Case> {
    let one = rows(NORMALISE).into_iter().map(|row| Case {
        text: row["住所"].clone(),
        prefecture: row["都道府県"].clone(),
        city: row["市区町村"].clone(),
        block: row["町字"].clone(),
        rest: format!("{}{}", row["番地号"], row["その他"]),
    });
    let other = rows(PARSER).into_iter().map(|row| Case {
        text: row["address"].clone(),
        prefecture: row["prefecture"].clone(),
        city: row["city"].clone(),
        block: row["town"].clone(),
        rest: plain(&row["rest"]),
    });
    one.chain(other).collect()
}

#[test]
fn public_cases_are_taken_apart_but_for_the_known_misses() {
    let (towns, cases) = (kanagawa(), cases());
    let outcomes: Vec<(&Case, Split)> = cases.iter().map(|case| (case, case.found(&towns))).collect();
    let share = |right: usize, all: usize| right as f64 / all as f64;
    let city = outcomes.iter().filter(|(case, found)| case.is_city_right(found)).count();
    let missed: BTreeSet<&str> =
        outcomes.iter().filter(|(case, found)| !case.is_right(found)).map(|(case, _)| case.text.as_str()).collect();
    let of_kanagawa = outcomes.iter().filter(|(case, _)| case.prefecture == "神奈川県");
    let (right, wrong): (Vec<_>, Vec<_>) = of_kanagawa.partition(|(case, found)| case.is_right(found));
    // Where towns are known, nearly all; elsewhere what can be said without knowing them.
    assert!(share(city, cases.len()) >= 0.996 && share(right.len(), right.len() + wrong.len()) >= 0.998);
    assert!(share(missed.len(), cases.len()) <= 0.03);
    let known: BTreeSet<&str> = KNOWN_MISSES.lines().filter(|line| !line.is_empty()).collect();
    println!(
        "{} cases: city {:.4}, whole {:.4}; Kanagawa {:.4}",
        cases.len(),
        share(city, cases.len()),
        1.0 - share(missed.len(), cases.len()),
        share(right.len(), right.len() + wrong.len())
    );
    for (case, found) in
        outcomes.iter().filter(|(case, _)| !known.contains(case.text.as_str()) && missed.contains(case.text.as_str()))
    {
        println!(
            "{}\n   expected {} {} {} {}\n   found    {found:?}",
            case.text, case.prefecture, case.city, case.block, case.rest
        );
    }
    let new: Vec<&&str> = missed.difference(&known).collect();
    assert!(new.is_empty(), "newly missed: {new:#?}");
    let fixed: Vec<&&str> = known.difference(&missed).collect();
    assert!(fixed.is_empty(), "no longer missed, take them off the list: {fixed:#?}");
}
