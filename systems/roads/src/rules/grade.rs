//! Grades of structures (健全性の診断の区分): the worst member decides, the next inspection follows, and what is to be done.
//!
//! 道路法施行規則第4条の5の6 and the notice 平成26年国土交通省告示第426号: an inspection every five years, four grades. Intervals and
//! deadlines are `tables/inspection.csv`.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated};
use super::{Worked, step};

/// A grade, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Ⅰ 健全: no hindrance.
    I,
    /// Ⅱ 予防保全段階: no hindrance, preventive action desirable.
    Ii,
    /// Ⅲ 早期措置段階: may hinder, act early.
    Iii,
    /// Ⅳ 緊急措置段階: hinders or very likely will, act urgently.
    Iv,
}

impl Grade {
    /// Every grade, from good to bad.
    pub const ALL: [Self; 4] = [Self::I, Self::Ii, Self::Iii, Self::Iv];

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::I => "i",
            Self::Ii => "ii",
            Self::Iii => "iii",
            Self::Iv => "iv",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::I => "Ⅰ 健全",
            Self::Ii => "Ⅱ 予防保全段階",
            Self::Iii => "Ⅲ 早期措置段階",
            Self::Iv => "Ⅳ 緊急措置段階",
        }
    }

    /// The grade with a key, or with the numeral that people write.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.into_iter().zip([["Ⅰ", "1"], ["Ⅱ", "2"], ["Ⅲ", "3"], ["Ⅳ", "4"]]).find_map(|(grade, written)| {
            (grade.key().eq_ignore_ascii_case(text) || grade.label() == text || written.contains(&text))
                .then_some(grade)
        })
    }

    /// What the city does about it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::I => "措置は不要。次の点検まで見守る",
            Self::Ii => "予防保全の候補とする",
            Self::Iii => "次の点検までに措置する。着手日を記録する",
            Self::Iv => "その日のうちに通行止めか制限をし、記録して報告する",
        }
    }
}

/// A member's diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its grade.
    pub grade: Grade,
    /// Whether it is one of the main members, which decide.
    pub main: bool,
}

/// The grade of a structure: the worst of its main members; of all members where none is called main.
pub fn structure_grade(members: &[Member]) -> Option<Worked<Grade>> {
    let main = members.iter().filter(|member| member.main);
    let worst = main.clone().map(|member| member.grade).max();
    let (grade, of) = match worst {
        Some(grade) => (grade, "主要な部材"),
        None => (members.iter().map(|member| member.grade).max()?, "部材（主要な部材がありません）"),
    };
    let count = if worst.is_some() { main.count() } else { members.len() };
    Some(Worked::new(grade, vec![step("最も悪い部材", format!("{of}{count}個のうち {}", grade.label()))]))
}

#[derive(Deserialize)]
struct Row {
    effective_from: Date,
    grade: Grade,
    interval_years: i16,
    measure_years: Option<i16>,
}

impl Dated for Row {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// What follows from an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// By when it is inspected again.
    pub next_due_on: Date,
    /// By when a measure is done; none where none is needed.
    pub measure_due_on: Option<Date>,
}

/// By when the next inspection and the measure are due. A day that does not exist (29 February) is the last of its month.
pub fn follow(inspected_on: Date, grade: Grade) -> Option<Worked<Follow>> {
    let rows: Vec<Row> = table::built_in(include_str!("../../tables/inspection.csv"));
    let row = table::on(&rows, inspected_on).into_iter().find(|row| row.grade == grade)?;
    let after = |years: i16| inspected_on.checked_add(years.years()).ok();
    let next_due_on = after(row.interval_years)?;
    let measure_due_on = row.measure_years.and_then(after);
    let mut steps =
        vec![step("点検の間隔", format!("{inspected_on} から{}年後の {next_due_on} まで", row.interval_years))];
    if let Some(due) = measure_due_on {
        steps.push(step(grade.label(), format!("{}（{due} まで）", grade.action())));
    }
    Some(Worked::new(Follow { next_due_on, measure_due_on }, steps))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn member(grade: Grade, main: bool) -> Member {
        Member { grade, main }
    }

    #[test]
    fn the_worst_main_member_decides() {
        for (members, expected) in [
            (vec![member(Grade::I, true), member(Grade::Ii, true)], Some(Grade::Ii)),
            // A railing that is worse does not decide.
            (vec![member(Grade::Ii, true), member(Grade::Iv, false)], Some(Grade::Ii)),
            (vec![member(Grade::Iii, false)], Some(Grade::Iii)),
            (vec![], None),
        ] {
            assert_eq!(structure_grade(&members).map(|worked| worked.value), expected);
        }
    }

    #[test]
    fn five_years_later_and_the_measure_by_the_grade() {
        for (on, grade, next, measure) in [
            (date(2024, 10, 3), Grade::I, date(2029, 10, 3), None),
            (date(2024, 2, 29), Grade::Ii, date(2029, 2, 28), None),
            (date(2024, 2, 29), Grade::Iii, date(2029, 2, 28), Some(date(2029, 2, 28))),
            (date(2024, 10, 3), Grade::Iv, date(2029, 10, 3), Some(date(2024, 10, 3))),
        ] {
            let follow = follow(on, grade).unwrap().value;
            assert_eq!(follow, Follow { next_due_on: next, measure_due_on: measure }, "{on} {grade:?}");
        }
    }

    #[test]
    fn a_grade_is_read_as_people_write_it() {
        for grade in Grade::ALL {
            assert_eq!(Grade::read(grade.key()), Some(grade));
            assert_eq!(Grade::read(grade.label()), Some(grade));
        }
        assert_eq!(Grade::read(" Ⅳ "), Some(Grade::Iv));
        assert_eq!(Grade::read("5"), None);
    }
}
