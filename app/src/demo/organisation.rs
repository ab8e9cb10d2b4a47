//! The demo city's organisation and its staff: departments that exist in the paper, sections and people that don't.

use jiff::civil::Date;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_registry::personnel_file::{AssignmentKind, DepartmentRow, Rank, StaffRow};
use serde::Deserialize;

use super::draw::Draw;
use super::names::{self, Sex};

/// A line of `organisation.csv`.
#[derive(Debug, Deserialize)]
struct Line {
    code: String,
    parent: Option<String>,
    name: String,
    kana: String,
    staff: u64,
}

/// The departments and sections, all in force since the fiscal year.
pub fn departments(since: FiscalYear) -> Vec<DepartmentRow> {
    let row = |(order, line): (i64, Line)| DepartmentRow {
        code: line.code,
        name: line.name,
        kana: line.kana,
        parent: line.parent,
        sort_order: order * 10,
        first_fiscal_year: since,
        last_fiscal_year: None,
        successor: None,
    };
    (1..).zip(lines()).map(row).collect()
}

/// The staff of every department, about five hundred people, as of a day. Every twentieth head of a section holds a second
/// post.
pub fn staff(seed: u64, today: Date) -> Vec<StaffRow> {
    let mut rows: Vec<StaffRow> = Vec::new();
    let mut heads: Vec<StaffRow> = Vec::new();
    let mut number = 0;
    for line in lines() {
        for place in 0..line.staff {
            number += 1;
            let row = member(seed, number, &line, place, today);
            if row.rank == Rank::Head {
                heads.push(row.clone());
            }
            rows.push(row);
        }
    }
    // Concurrent posts: a head looks after the section behind the next one as well.
    let second_posts: Vec<StaffRow> = heads
        .iter()
        .zip(heads.iter().skip(2))
        .step_by(8)
        .map(|(holder, other)| StaffRow {
            department: other.department.clone(),
            title: "担当課長".to_owned(),
            kind: AssignmentKind::Concurrent,
            ..holder.clone()
        })
        .collect();
    rows.extend(second_posts);
    rows
}

fn lines() -> Vec<Line> {
    super::rows(include_str!("../../data/organisation.csv"))
}

/// The member of staff at a place of a department, the head at place 0.
fn member(seed: u64, number: u64, line: &Line, place: u64, today: Date) -> StaffRow {
    let mut draw = Draw::of(seed, "staff", number);
    let (title, rank) = post(line, place, &mut draw);
    let age = match rank {
        Rank::Director | Rank::DeputyDirector => draw.between(54, 60),
        Rank::Head | Rank::DeputyHead => draw.between(47, 60),
        Rank::Chief => draw.between(38, 55),
        Rank::Officer => draw.between(19, 45),
        Rank::FiscalYear => draw.between(24, 64),
    };
    let fiscal_year = FiscalYear::of(today);
    let hired = match rank {
        Rank::FiscalYear => fiscal_year,
        _ => FiscalYear::new(fiscal_year.year() - i32::try_from((age - 22).max(0)).unwrap_or(0)).unwrap_or(fiscal_year),
    };
    // Assignments change every three or four years, but not before somebody was hired.
    let since = FiscalYear::new(fiscal_year.year() - i32::try_from(draw.below(4)).unwrap_or(0)).unwrap_or(fiscal_year);
    let sex = Sex::draw(&mut draw);
    let family = names::family(&mut draw);
    let birth_year = i64::from(today.year()) - age;
    StaffRow {
        employee_number: format!("D{number:04}"),
        name: names::person(&mut draw, &family, sex, birth_year),
        mail: format!("d{number:04}@example.jp"),
        extension: format!("{}", 2000 + number),
        hired_on: Some(hired.first_day()),
        left_on: None,
        department: line.code.clone(),
        title: title.to_owned(),
        rank,
        kind: AssignmentKind::Main,
        starts_on: since.max(hired).first_day(),
        ends_on: None,
    }
}

fn post(line: &Line, place: u64, draw: &mut Draw) -> (&'static str, Rank) {
    let is_department = line.parent.is_none();
    match place {
        0 if is_department => ("部長", Rank::Director),
        _ if is_department => ("次長", Rank::DeputyDirector),
        0 => ("課長", Rank::Head),
        1 if line.staff >= 10 => ("課長補佐", Rank::DeputyHead),
        _ if place <= 1 + line.staff / 6 => ("係長", Rank::Chief),
        _ if draw.chance(180) => ("会計年度任用職員", Rank::FiscalYear),
        _ if draw.chance(400) => ("主任", Rank::Officer),
        _ => ("主事", Rank::Officer),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn there_are_thirteen_departments_and_every_section_belongs_to_one() {
        let all = departments(FiscalYear::of(date(2021, 10, 1)));
        let codes: HashSet<&str> = all.iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes.len(), all.len());
        assert_eq!(all.iter().filter(|row| row.parent.is_none()).count(), 13);
        assert!(all.iter().filter_map(|row| row.parent.as_deref()).all(|parent| codes.contains(parent)));
    }

    #[test]
    fn every_section_has_one_head_and_some_hold_a_second_post() {
        let all = staff(1, date(2021, 10, 1));
        let people: HashSet<&str> = all.iter().map(|row| row.employee_number.as_str()).collect();
        assert!((480..560).contains(&people.len()), "{}", people.len());
        let heads = all.iter().filter(|row| row.title == "課長").count();
        let sections = departments(FiscalYear::of(date(2021, 10, 1))).iter().filter(|row| row.parent.is_some()).count();
        assert_eq!(heads, sections);
        assert!(all.len() > people.len());
        assert!(all.iter().all(|row| row.hired_on <= Some(row.starts_on)));
    }
}
