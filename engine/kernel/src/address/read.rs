//! Reading an address of the city: town, 丁目, numbers and room, with the working.

use std::fmt;

use super::chain::{Link, Mark, chain, room};
use super::gazetteer::{Gazetteer, Town, strip};
use super::head::Head;
use super::numeral;
use super::spelling::tidy;
use crate::calculation::Step;

/// An address of the city, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The town, as the gazetteer spells it.
    pub town: String,
    /// The 丁目, in towns that have them.
    pub chome: Option<u32>,
    /// One to three numbers: 番 and 号 of a 住居表示, or 本番 and 枝番 of a 地番.
    pub numbers: Vec<u32>,
    /// The room without leading zeros; empty where none is named.
    pub room: String,
    /// The rest of the text: the building, without the numbers before it. Says nothing in comparisons.
    pub building: String,
}

/// Why an address has no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// There is nothing to read.
    #[error("住所が空です。")]
    Empty,
    /// It names another municipality or prefecture.
    #[error("{0}の住所です。この市の町名の一覧では調べられません。")]
    OtherCity(String),
    /// No town of the gazetteer stands where the town should be.
    #[error("「{0}」で始まる町名が一覧にありません。")]
    UnknownTown(String),
    /// The text ends before a town.
    #[error("住所に町名がありません。")]
    NoTown,
    /// No number follows the town.
    #[error("「{0}」のあとに番地がありません。")]
    NoNumber(String),
    /// The town is divided into 丁目, and none is written.
    #[error("「{0}」には丁目がありますが、住所に丁目が書かれていません。")]
    NoChome(String),
    /// The town has no such 丁目.
    #[error("「{town}」に{chome}丁目はありません。")]
    UnknownChome {
        /// The town.
        town: String,
        /// The 丁目 that is written.
        chome: u32,
    },
    /// More numbers than an address has.
    #[error("番地の数字が多すぎて、どれが番地でどれが部屋か分かりません。")]
    TooManyNumbers,
}

/// An address with the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What was understood, or why it was not.
    pub outcome: Result<Address, Unresolved>,
    /// The working: each step with its rule.
    pub steps: Vec<Step>,
    /// The municipality that the text names; of several prefectures where it names no prefecture and the name is common.
    pub(super) city: Vec<String>,
}

impl Reading {
    /// The key; empty where the address is not resolved.
    pub fn key(&self) -> String {
        self.outcome.as_ref().map(Address::key).unwrap_or_default()
    }
}

impl Address {
    /// The canonical key: `深谷上1丁目2-3#201`, `早川550-1#`.
    pub fn key(&self) -> String {
        format!("{}#{}", self.place(), self.room)
    }

    /// The key without the room: the house or the lot.
    pub fn place(&self) -> String {
        let chome = self.chome.map(|chome| format!("{chome}丁目")).unwrap_or_default();
        let numbers: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        format!("{}{chome}{}", self.town, numbers.join("-"))
    }

    /// The town block (町丁目) as registers name it: 深谷上一丁目.
    pub fn block(&self) -> String {
        match self.chome {
            Some(chome) => format!("{}{}丁目", self.town, numeral::kanji(chome)),
            None => self.town.clone(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl Gazetteer {
    /// Reads an address as people write it. Prefecture and city may be missing; another city's address is not resolved.
    pub fn read(&self, text: &str) -> Reading {
        let tidy = tidy(text);
        let mut work = Work { steps: Vec::new(), city: Vec::new() };
        work.step("文字をそろえる", || format!("全角・半角、ハイフン、空白をそろえて「{}」", word(&tidy)));
        let outcome = self.resolve(&tidy, &mut work);
        match &outcome {
            Ok(address) => work.step("キー", || format!("「{}」", address.key())),
            Err(why) => work.step("特定できない", || why.to_string()),
        }
        Reading { outcome, steps: work.steps, city: work.city }
    }

    fn resolve(&self, text: &[char], work: &mut Work) -> Result<Address, Unresolved> {
        if text.is_empty() {
            return Err(Unresolved::Empty);
        }
        let head = Head::of(text);
        let rest = &text[self.head_end(text, &head, work)?..];
        let rest = match ["大字", "字"].iter().find_map(|mark| strip(rest, mark)) {
            Some(bare) => {
                work.step("大字・字を除く", || format!("町名の前の字を除いて「{}」", word(bare)));
                bare
            }
            None => rest,
        };
        if rest.is_empty() {
            return Err(Unresolved::NoTown);
        }
        let found = self.find(rest).ok_or_else(|| Unresolved::UnknownTown(rest.iter().take(6).collect()))?;
        let town = &self.towns()[found.town];
        work.step("町名（最も長く一致するもの）", || {
            format!("「{}」は「{}」", word(&rest[..found.length]), town.name)
        });
        let rest = without_small_area(&rest[found.length..], work);
        let (links, end) = chain(rest);
        let building = &rest[end..];
        self.numbers(town, &links, building, work)
    }

    /// Where the town begins: after the prefecture and the city, if they are this city's.
    fn head_end(&self, text: &[char], head: &Head, work: &mut Work) -> Result<usize, Unresolved> {
        let other = |name: &str| Err(Unresolved::OtherCity(name.to_owned()));
        let own = self.names();
        if let (Some(own), Some(prefecture)) = (own, head.prefecture)
            && own.prefecture != prefecture
        {
            return other(prefecture);
        }
        let is_own = |name: &str| own.is_none_or(|own| name.starts_with(own.name));
        let end = match head.cities.as_slice() {
            [] => head.end,
            // A town of this city may be called as another municipality is, such as 府中町.
            _ if head.prefecture.is_none() && self.begins_with_town(text, head) => head.city_at,
            [city, ..] if !is_own(city.name) => return other(&city.full_name()),
            cities => {
                let of_own = |city: &&&crate::municipality::Municipality| {
                    own.is_none_or(|own| own.prefecture == city.prefecture)
                };
                work.city = cities.iter().filter(of_own).map(|city| city.full_name()).collect();
                head.end
            }
        };
        if end > 0 {
            work.step("郵便番号・都道府県・市を除く", || format!("「{}」を除く", word(&text[..end])));
        }
        Ok(end)
    }

    fn begins_with_town(&self, text: &[char], head: &Head) -> bool {
        let found = self.find(&text[head.city_at..]);
        found.is_some_and(|found| found.is_whole && head.city_at + found.length >= head.end)
    }

    fn numbers(&self, town: &Town, links: &[Link], building: &[char], work: &mut Work) -> Result<Address, Unresolved> {
        let first = *links.first().ok_or_else(|| Unresolved::NoNumber(town.name.clone()))?;
        let chome = chome(town, first, links.len())?;
        let numbers = if chome.is_some() { &links[1..] } else { links };
        if numbers.is_empty() {
            return Err(Unresolved::NoNumber(format!("{}{}丁目", town.name, first.value)));
        }
        if let Some(chome) = chome {
            work.step("丁目", || format!("{chome}丁目（{}は{}丁目まで）", town.name, town.max_chome));
        }
        let is_hyphenated = chome.is_some() && first.mark != Mark::Chome;
        let building: &[char] = trim(building);
        let (count, room) = rooms(numbers, is_hyphenated, building)?;
        let numbers: Vec<u32> = numbers[..count].iter().map(|link| link.value).collect();
        work.step("番地・番・号", || {
            format!("番号は {}", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("-"))
        });
        let building: String = building.iter().collect();
        if !building.is_empty() || !room.is_empty() {
            let named = if room.is_empty() { "部屋の番号なし".to_owned() } else { format!("部屋は {room}") };
            work.step("建物・部屋", || format!("残り「{building}」、{named}"));
        }
        Ok(Address { town: town.name.clone(), chome, numbers, room, building })
    }
}

/// The working in the making.
struct Work {
    steps: Vec<Step>,
    city: Vec<String>,
}

impl Work {
    fn step(&mut self, rule: &str, detail: impl FnOnce() -> String) {
        self.steps.push(Step { rule: rule.to_owned(), detail: detail() });
    }
}

/// The 丁目 of an address in a town whose first number is given; none where the town's lots are meant.
fn chome(town: &Town, first: Link, count: usize) -> Result<Option<u32>, Unresolved> {
    let is_there = |chome: u32| (1..=town.max_chome).contains(&chome);
    let unknown = |chome: u32| Err(Unresolved::UnknownChome { town: town.name.clone(), chome });
    match first.mark {
        Mark::Chome if is_there(first.value) => Ok(Some(first.value)),
        Mark::Chome => unknown(first.value),
        _ if town.max_chome == 0 => Ok(None),
        Mark::None if count > 1 && is_there(first.value) => Ok(Some(first.value)),
        // What is left of the town beside its 丁目 is addressed by lots: 蓼川1234番地, never 蓼川2番3号.
        Mark::Banchi if town.has_lots => Ok(None),
        Mark::None | Mark::Ban if town.has_lots && (count == 1 || !is_there(first.value)) => Ok(None),
        Mark::None if count > 1 => unknown(first.value),
        _ => Err(Unresolved::NoChome(town.name.clone())),
    }
}

/// How many of the numbers are the address's, and the room.
fn rooms(numbers: &[Link], is_hyphenated: bool, building: &[char]) -> Result<(usize, String), Unresolved> {
    let surplus = |place: usize| numbers.get(place).map(|link| link.value.to_string()).unwrap_or_default();
    let named = room(building);
    match (numbers.len(), named) {
        (count @ 0..=2, named) => Ok((count, named.unwrap_or_default())),
        (3, Some(named)) => Ok((3, named)),
        // Written with hyphens throughout, 丁目 included, the fourth number is the room; else it has to look like one.
        (3, None) if is_hyphenated && building.is_empty() || numbers[2].digits >= 3 => Ok((2, surplus(2))),
        (3, None) => Ok((3, String::new())),
        (4, None) => Ok((3, surplus(3))),
        _ => Err(Unresolved::TooManyNumbers),
    }
}

/// The text after a town without the name of a small area (字・小字), which lot numbers do not need.
fn without_small_area<'a>(text: &'a [char], work: &mut Work) -> &'a [char] {
    let Some(named) = ["字", "小字"].iter().find_map(|mark| strip(text, mark)) else { return text };
    let is_start =
        |place: &usize| !numeral::is_numeral(named[place - 1]) && numeral::leading(&named[*place..]).is_some();
    let start = (1..named.len()).find(is_start).unwrap_or(named.len());
    work.step("大字・字を除く", || format!("小字「{}」は地番に要らないので除く", word(&named[..start])));
    &named[start..]
}

fn trim(text: &[char]) -> &[char] {
    let start = text.iter().take_while(|c| matches!(c, ' ' | '-' | '、' | ',')).count();
    &text[start..]
}

fn word(text: &[char]) -> String {
    text.iter().collect()
}
