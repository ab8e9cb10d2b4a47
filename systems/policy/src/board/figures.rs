//! Figures of the board: an indicator's achievement with its working and its curve, a theme's roll-up.

use super::Board;
use crate::calculators::measure;
use crate::kernel::{Decimal, RecordId, Value};
use crate::records::{Indicator, Initiative};
use crate::rules::{
    Achievement, Grade, GradeTable, IndicatorKind, ThemeRollUp, WeightedAchievement, Worked, achievement, grade,
    roll_up,
};

/// An indicator with what the rules make of it, from its latest figure.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The latest figure and its day.
    pub latest: Option<(jiff::civil::Date, Decimal)>,
    /// The achievement rate, with the steps.
    pub achievement: Worked<Achievement>,
    /// The grade, with the thresholds.
    pub grade: Worked<Option<Grade>>,
}

impl Board {
    /// What the rules make of an indicator. The figure is the latest of the records, not the indicator's copy of it.
    pub fn measured(&self, indicator: &Indicator) -> Measured {
        let recorded = self.actuals(indicator.id).last().map(|actual| (actual.as_of, actual.value));
        let latest = recorded.or_else(|| Some((indicator.actual_on?, indicator.actual?)));
        let mut fields = indicator.fields.clone();
        if let Some((day, figure)) = latest {
            fields.insert("actual".to_owned(), Value::Decimal(figure));
            fields.insert("actual_on".to_owned(), Value::Date(day));
        }
        let achievement = achievement(&measure(&fields));
        let on = latest.map_or(self.as_of, |(day, _)| day);
        let grade = grade(achievement.value, &GradeTable::built_in(), on);
        Measured { latest, achievement, grade }
    }

    /// The roll-up of a group of initiatives: the mean of what can be computed, and the worst progress.
    pub fn roll_up<'a>(&self, initiatives: impl Iterator<Item = &'a Initiative> + Clone) -> Worked<ThemeRollUp> {
        let indicators = initiatives.clone().flat_map(|one| self.indicators(one.id));
        let weighted = indicators.map(|indicator| WeightedAchievement {
            kind: if indicator.kind == "activity" { IndicatorKind::Activity } else { IndicatorKind::Outcome },
            achievement: self.measured(indicator).achievement.value,
            weight: indicator.weight,
        });
        let progress: Vec<_> = initiatives.clone().map(|one| one.status).collect();
        roll_up(&weighted.collect::<Vec<_>>(), &progress)
    }

    /// The figures of an indicator as numbers for a curve.
    pub fn curve(&self, indicator: RecordId) -> Vec<f64> {
        self.actuals(indicator).iter().map(|actual| actual.value.to_f64()).collect()
    }
}
