//! Residents of the demo city, household by household, without end: whoever loads them takes as many as they want.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_kernel::{PersonName, PostalAddress};
use kawasemi_ledger::import::{FileOptions, ImportPlan, Mapping, Progress};

use super::draw::Draw;
use super::names::{self, Family, Sex};
use super::{RESIDENT, towns};
use crate::shell::{OpenCity, Shell};

/// A resident who does not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Resident {
    number: u64,
    household: u64,
    name: PersonName,
    birth_date: Date,
    sex: Sex,
    relationship: &'static str,
    town: String,
    address: PostalAddress,
    moved_in_on: Date,
    phone: String,
    language: &'static str,
    support: Option<&'static str>,
}

/// The kinds of households, how many of a hundred are such, and the ages of their heads.
const HOUSEHOLDS: [(Shape, u64, (i64, i64)); 8] = [
    (Shape::Single, 10, (20, 34)),
    (Shape::Single, 11, (35, 64)),
    (Shape::Single, 16, (65, 95)),
    (Shape::Couple, 7, (26, 59)),
    (Shape::Couple, 24, (62, 90)),
    (Shape::Family, 24, (27, 58)),
    (Shape::OneParent, 5, (25, 55)),
    (Shape::ThreeGenerations, 3, (35, 58)),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Single,
    Couple,
    Family,
    OneParent,
    ThreeGenerations,
}

/// All residents of a seed as of a day, in order of their numbers.
pub fn residents(seed: u64, today: Date) -> impl Iterator<Item = Resident> {
    let households = (1..).flat_map(move |number| household(seed, number, today));
    households.zip(1..).map(|(resident, number)| Resident { number, ..resident })
}

/// The members of one household, the head first.
fn household(seed: u64, number: u64, today: Date) -> Vec<Resident> {
    let mut home = Home::draw(seed, number, today);
    let (shape, _, (youngest, oldest)) = home.draw.weighted(&HOUSEHOLDS, |(_, weight, _)| *weight).to_owned();
    let age = home.draw.between(youngest, oldest);
    let sex = Sex::draw(&mut home.draw);
    home.add(age, sex, "head");
    if matches!(shape, Shape::Couple | Shape::Family | Shape::ThreeGenerations) {
        let spouse = (age + home.draw.between(-5, 5)).max(20);
        home.add(spouse, sex.other(), if sex == Sex::Male { "wife" } else { "husband" });
    }
    if matches!(shape, Shape::Family | Shape::OneParent | Shape::ThreeGenerations) {
        for _ in 0..home.draw.between(1, 3) {
            // A child is 20 to 42 years younger than the head, and has left home by 30.
            let (least, most) = ((age - 42).max(0), (age - 20).min(29));
            let child = home.draw.between(least, most);
            let sex = Sex::draw(&mut home.draw);
            home.add(child, sex, "child");
        }
    }
    if shape == Shape::ThreeGenerations {
        let parent = age + home.draw.between(22, 35);
        let sex = Sex::draw(&mut home.draw);
        home.add(parent, sex, "parent");
    }
    home.members
}

/// A household while it is made.
struct Home {
    draw: Draw,
    number: u64,
    today: Date,
    family: Option<Family>,
    language: &'static str,
    town: String,
    address: PostalAddress,
    moved_in_on: Date,
    members: Vec<Resident>,
}

impl Home {
    fn draw(seed: u64, number: u64, today: Date) -> Self {
        let mut draw = Draw::of(seed, "household", number);
        // About one household in twenty-five comes from abroad, as in the city itself.
        let family = if draw.chance(40) { None } else { Some(names::family(&mut draw)) };
        let language = match &family {
            Some(_) => "ja",
            None => draw.weighted(&["vi", "en", "ja-easy"], |_| 1),
        };
        let town = towns::town(&mut draw);
        let address = town.address(&mut draw);
        let moved_in_on = earlier(today, draw.between(30, 365 * 30));
        Self { number, today, family, language, town: town.town.clone(), address, moved_in_on, members: vec![], draw }
    }

    fn add(&mut self, age: i64, sex: Sex, relationship: &'static str) {
        let birth_date = earlier(self.today, age * 365 + age / 4 + self.draw.between(0, 364));
        let name = match &self.family {
            Some(family) => names::person(&mut self.draw, family, sex, i64::from(birth_date.year())),
            None => names::person_from_abroad(&mut self.draw, sex),
        };
        let support = match age {
            80.. if self.draw.chance(250) => Some("elderly"),
            65.. if self.draw.chance(60) => Some("elderly"),
            0..=5 if self.draw.chance(30) => Some("infant"),
            _ if self.draw.chance(12) => Some("disability"),
            _ => None,
        };
        self.members.push(Resident {
            number: 0,
            household: self.number,
            name,
            birth_date,
            sex,
            relationship,
            town: self.town.clone(),
            address: self.address.clone(),
            moved_in_on: self.moved_in_on.max(birth_date),
            // 0467-00 is no exchange of the telephone network, so nobody can be called by mistake.
            phone: format!("0467-00-{:04}", self.number % 10_000),
            language: self.language,
            support,
        });
    }
}

/// A day so many days before another.
fn earlier(day: Date, days: i64) -> Date {
    day.saturating_sub(days.days())
}

/// The columns of a resident: fields of the ledger, and parts of them.
const COLUMNS: [&str; 14] = [
    "resident_number",
    "name",
    "name.kana",
    "birth_date",
    "sex",
    "town",
    "address",
    "address.postcode",
    "household_number",
    "relationship",
    "moved_in_on",
    "phone",
    "language",
    "support",
];

impl Resident {
    /// The cells of [`COLUMNS`].
    pub fn cells(self) -> [String; COLUMNS.len()] {
        [
            format!("S{:08}", self.number),
            self.name.name,
            self.name.kana,
            self.birth_date.to_string(),
            self.sex.key().to_owned(),
            self.town,
            self.address.text,
            self.address.postcode,
            format!("H{:07}", self.household),
            self.relationship.to_owned(),
            self.moved_in_on.to_string(),
            self.phone,
            self.language.to_owned(),
            self.support.unwrap_or_default().to_owned(),
        ]
    }
}

/// Loads residents into the sample ledger, through the same door as everybody's files: checked, with history and audit, in
/// units of a batch that is published at the end. Memory does not grow with their number.
///
/// # Errors
/// When the table can't be written or a row is refused.
pub async fn load(shell: &Shell, open: &OpenCity, seed: u64, count: u64, today: Date) -> anyhow::Result<u64> {
    if count == 0 {
        return Ok(0);
    }
    let file = tempfile::NamedTempFile::with_suffix(".csv").context("作業用のファイルを作れません。")?;
    write(file.path(), seed, count, today)?;
    let mapping = Mapping { columns: COLUMNS.map(str::to_owned).into(), ..Mapping::default() };
    let title = "デモの住民".to_owned();
    let plan = ImportPlan {
        path: file.path().to_owned(),
        options: FileOptions::default(),
        mapping,
        title,
        photos: None,
        is_invented: true,
    };
    let bar = crate::progress::Progress::begin("架空の住民", shell.output.shows_progress());
    let shown = |progress: Progress| bar.reach(progress.rows, Some(count));
    let report = open.ledgers.import(&shell.context("デモの市"), RESIDENT, &plan, &shown).await?;
    if let Some(problem) = report.problems.first() {
        bail!("{}行目の{}「{}」: {}", problem.line, problem.column, problem.value, problem.reason);
    }
    Ok(report.created)
}

fn write(path: &Path, seed: u64, count: u64, today: Date) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(COLUMNS)?;
    for (resident, _) in residents(seed, today).zip(0..count) {
        writer.write_record(resident.cells())?;
    }
    Ok(writer.flush()?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2021, 10, 1);

    fn some(seed: u64, count: usize) -> Vec<Resident> {
        residents(seed, TODAY).take(count).collect()
    }

    #[test]
    fn a_small_city_is_the_beginning_of_a_large_one() {
        assert_eq!(some(1, 100), some(1, 1000)[..100]);
        assert_ne!(some(1, 100), some(2, 100));
    }

    #[test]
    fn households_are_households() {
        let all = some(1, 5000);
        for members in all.chunk_by(|a, b| a.household == b.household).take(1000) {
            let heads = members.iter().filter(|member| member.relationship == "head").count();
            assert_eq!(heads, 1, "{members:?}");
            assert!(members.iter().all(|member| member.address == members[0].address));
            let youngest_parent = members[0].birth_date.saturating_add(18.years());
            let children = members.iter().filter(|member| member.relationship == "child");
            assert!(children.into_iter().all(|child| child.birth_date > youngest_parent), "{members:?}");
        }
    }

    #[test]
    fn the_city_is_about_as_old_as_a_city() {
        let all = some(1, 20_000);
        let share = |least: i16, most: i16| {
            let years = all.iter().map(|resident| TODAY.year() - resident.birth_date.year());
            years.filter(|age| (least..=most).contains(age)).count() * 100 / all.len()
        };
        assert!((10..=20).contains(&share(0, 14)), "{} % are children", share(0, 14));
        assert!((22..=34).contains(&share(65, 120)), "{} % are old", share(65, 120));
    }

    #[test]
    fn numbers_are_given_in_order() {
        let last = some(1, 300).pop().map(Resident::cells);
        assert_eq!(last.map(|[number, ..]| number).as_deref(), Some("S00000300"));
    }
}
