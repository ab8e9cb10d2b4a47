//! Whether two addresses are the same place.

use super::gazetteer::Gazetteer;
use super::read::{Address, Reading};
use crate::calculation::Step;

/// What comparing two addresses says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The same place, room included.
    Match,
    /// Perhaps the same: one side says less than the other. A person has to look.
    Review,
    /// Different places.
    NoMatch,
    /// One of the addresses could not be understood.
    Unresolved,
}

/// Two addresses, read and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The one.
    pub one: Reading,
    /// The other.
    pub other: Reading,
    /// What the comparison says.
    pub decision: Decision,
    /// Why, in a sentence.
    pub reason: Step,
}

impl Decision {
    /// Its key in files: `match`, `review`, `no_match`, `unresolved`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Review => "review",
            Self::NoMatch => "no_match",
            Self::Unresolved => "unresolved",
        }
    }
}

/// Reads two addresses and compares them. Which of them comes first makes no difference.
pub fn compare(gazetteer: &Gazetteer, one: &str, other: &str) -> Comparison {
    let (one, other) = (gazetteer.read(one), gazetteer.read(other));
    let (decision, why) = match (&one.outcome, &other.outcome) {
        (Ok(a), Ok(b)) if are_elsewhere(&one, &other) => {
            (Decision::NoMatch, format!("{}と{}は市が違います。", a.key(), b.key()))
        }
        (Ok(a), Ok(b)) => decide(a, b),
        (Err(why), _) | (_, Err(why)) => (Decision::Unresolved, why.to_string()),
    };
    Comparison { one, other, decision, reason: Step { rule: "判定".to_owned(), detail: why } }
}

/// Whether both name their city, and not the same. Only where the gazetteer does not say whose towns it has.
fn are_elsewhere(one: &Reading, other: &Reading) -> bool {
    !one.city.is_empty() && !other.city.is_empty() && !one.city.iter().any(|name| other.city.contains(name))
}

fn decide(a: &Address, b: &Address) -> (Decision, String) {
    if a.key() == b.key() {
        return (Decision::Match, "キーが同じです。".to_owned());
    }
    let is_same_block = a.town == b.town && a.chome == b.chome;
    let is_room_in_conflict = !a.room.is_empty() && !b.room.is_empty() && a.room != b.room;
    let begins = a.numbers.starts_with(&b.numbers) || b.numbers.starts_with(&a.numbers);
    match (is_same_block, begins, is_room_in_conflict) {
        (false, ..) => (Decision::NoMatch, "町または丁目が違います。".to_owned()),
        (true, false, _) => (Decision::NoMatch, "番地が違います。".to_owned()),
        (true, true, true) => (Decision::NoMatch, "部屋が違います。".to_owned()),
        (true, true, false) if a.numbers == b.numbers => (Decision::Review, "片方にだけ部屋があります。".to_owned()),
        (true, true, false) => (Decision::Review, "片方の番地が途中までです。".to_owned()),
    }
}
