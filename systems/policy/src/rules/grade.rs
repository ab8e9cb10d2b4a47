//! The grade of an achievement rate (評価), by thresholds that are data.
//!
//! The city may change the thresholds from a day on; grades already given keep those of their own day. `tables/grades.csv`
//! has one row for each grade and effective day, and the grade below which nothing comes has no threshold.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Achievement, Worked};
use crate::kernel::Decimal;

/// A grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Far less than planned.
    D,
    /// Less than planned.
    C,
    /// Nearly as planned.
    B,
    /// As planned.
    A,
    /// More than planned.
    S,
}

impl Grade {
    /// What the grade means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::S => "目標を大きく上回った",
            Self::A => "目標を達成した",
            Self::B => "目標をおおむね達成した",
            Self::C => "目標を下回った",
            Self::D => "目標を大きく下回った",
        }
    }
}

/// The thresholds of all times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeTable {
    /// The rows, the latest day first, and within a day the best grade first.
    rows: Vec<GradeRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct GradeRow {
    effective_from: Date,
    grade: Grade,
    #[serde(rename = "at_least_percent", deserialize_with = "decimal_or_nothing")]
    at_least: Option<Decimal>,
}

/// Why a table of thresholds cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GradeTableError {
    /// A line cannot be read.
    #[error("評価基準の表を読めません: {0}")]
    Csv(#[from] csv::Error),
    /// The thresholds of a day do not fall from S to D, or the lowest has a threshold.
    #[error("評価基準（{0}から）は、SからDへ下がる順に、最後だけしきい値なしで書いてください。")]
    Order(Date),
    /// There is no row.
    #[error("評価基準の表に行がありません。")]
    Empty,
}

impl GradeTable {
    /// The thresholds that come with the system.
    pub fn built_in() -> Self {
        Self::read(include_str!("../../tables/grades.csv")).expect("invariant: a test reads the table that is built in")
    }

    /// Reads a table: `effective_from,grade,at_least_percent`.
    pub fn read(text: &str) -> Result<Self, GradeTableError> {
        let mut rows =
            csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<Vec<GradeRow>, _>>()?;
        rows.sort_by(|one, other| other.effective_from.cmp(&one.effective_from).then(other.grade.cmp(&one.grade)));
        for day in rows.chunk_by(|one, other| one.effective_from == other.effective_from) {
            let falls = day.windows(2).all(|pair| match (pair[0].at_least, pair[1].at_least) {
                (Some(upper), Some(lower)) => upper > lower,
                (upper, None) => upper.is_some(),
                (None, Some(_)) => false,
            });
            if !falls || day.last().is_some_and(|lowest| lowest.at_least.is_some()) {
                return Err(GradeTableError::Order(day[0].effective_from));
            }
        }
        if rows.is_empty() { Err(GradeTableError::Empty) } else { Ok(Self { rows }) }
    }

    /// The thresholds in force on a day, the best grade first; before the first day, the first ones.
    fn on(&self, day: Date) -> &[GradeRow] {
        let mut days = self.rows.chunk_by(|one, other| one.effective_from == other.effective_from);
        let first = self.rows.chunk_by(|one, other| one.effective_from == other.effective_from).last();
        days.find(|rows| rows[0].effective_from <= day).or(first).unwrap_or_default()
    }
}

fn decimal_or_nothing<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Grades a rate by the thresholds of a day. The rounded rate decides, as it is shown. A rate that is not computable has no
/// grade.
pub fn grade(achievement: Achievement, table: &GradeTable, on: Date) -> Worked<Option<Grade>> {
    let rate = match achievement {
        Achievement::Rate(rate) => rate,
        Achievement::NotComputable(reason) => return Worked::by(None, "算定不能なら評価なし", reason.label()),
    };
    let row = table.on(on).iter().find(|row| row.at_least.is_none_or(|at_least| rate >= at_least));
    let Some(row) = row else { return Worked::by(None, "評価基準なし", "評価基準がありません") };
    let detail = match row.at_least {
        Some(at_least) => format!("達成率{rate}％は{at_least}％以上なので{:?}", row.grade),
        None => format!("達成率{rate}％はどの基準にも届かないので{:?}", row.grade),
    };
    Worked::by(Some(row.grade), "評価基準（達成率のしきい値）", detail)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn grade_of(rate: &str, table: &GradeTable, on: Date) -> Option<Grade> {
        grade(Achievement::Rate(rate.parse().unwrap()), table, on).value
    }

    #[test]
    fn thresholds_belong_to_the_better_grade() {
        let table = GradeTable::built_in();
        for (rate, expected) in [
            ("250.0", Grade::S),
            ("110.0", Grade::S),
            ("109.9", Grade::A),
            ("100.0", Grade::A),
            ("99.9", Grade::B),
            ("80.0", Grade::B),
            ("79.9", Grade::C),
            ("50.0", Grade::C),
            ("49.9", Grade::D),
            ("-20.0", Grade::D),
        ] {
            assert_eq!(grade_of(rate, &table, date(2022, 3, 31)), Some(expected), "{rate}");
        }
    }

    #[test]
    fn new_thresholds_hold_from_their_day() {
        let later = "effective_from,grade,at_least_percent\n2021-04-01,A,100\n2021-04-01,D,\n2023-04-01,A,95.5\n2023-04-01,D,\n";
        let table = GradeTable::read(later).unwrap();
        for (on, expected) in
            [(date(2020, 1, 1), Grade::D), (date(2023, 3, 31), Grade::D), (date(2023, 4, 1), Grade::A)]
        {
            assert_eq!(grade_of("96.0", &table, on), Some(expected), "{on}");
        }
    }

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let read = |rows: &str| GradeTable::read(&format!("effective_from,grade,at_least_percent\n{rows}"));
        assert!(matches!(read(""), Err(GradeTableError::Empty)));
        assert!(matches!(read("2021-04-01,A,x"), Err(GradeTableError::Csv(_))));
        for rows in
            ["2021-04-01,A,100", "2021-04-01,A,80\n2021-04-01,B,90\n2021-04-01,D,", "2021-04-01,A,\n2021-04-01,D,"]
        {
            assert!(matches!(read(rows), Err(GradeTableError::Order(_))), "{rows}");
        }
    }

    #[test]
    fn what_is_not_computable_has_no_grade() {
        let worked = grade(
            Achievement::NotComputable(super::super::NotComputable::NoActual),
            &GradeTable::built_in(),
            date(2022, 3, 31),
        );
        assert_eq!((worked.value, worked.steps[0].detail.as_str()), (None, "実績値がありません"));
    }
}
