//! The little curve of an indicator's history (スパークライン): points for a chart, and the sentence that says the same.

use jiff::civil::Date;
use serde::Serialize;

use crate::kernel::Decimal;

/// A curve within a box of whole units, the origin at the upper left as in SVG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// The points from left to right.
    pub points: Vec<(i32, i32)>,
    /// The height of the target line, if a target was given.
    pub target_y: Option<i32>,
    /// What the curve shows, for those who do not see it.
    pub description: String,
}

/// Draws a history into a box. Points lie by their dates, in any order given; of several on one day the last counts. The
/// target is always within the box.
pub fn trend(history: &[(Date, Decimal)], target: Option<Decimal>, width: i32, height: i32) -> Trend {
    let mut days = std::collections::BTreeMap::new();
    days.extend(history.iter().copied());
    let (Some((first_day, first)), Some((last_day, last))) = (days.first_key_value(), days.last_key_value()) else {
        return Trend { points: Vec::new(), target_y: None, description: "記録はまだありません".to_owned() };
    };
    let figures = days.values().copied().chain(target);
    let (low, high) = figures.fold((*first, *first), |(low, high), figure| (low.min(figure), high.max(figure)));
    let y = |figure: Decimal| height - portion(distance(low, figure), distance(low, high), height);
    let x = |day: Date| portion(days_from(*first_day, day), days_from(*first_day, *last_day), width);
    let points = match days.len() {
        // A single figure is a dash across the box, not an invisible point.
        1 => vec![(0, y(*first)), (width, y(*first))],
        _ => days.iter().map(|(day, figure)| (x(*day), y(*figure))).collect(),
    };
    let direction = match last.cmp(first) {
        std::cmp::Ordering::Greater => "増えています",
        std::cmp::Ordering::Less => "減っています",
        std::cmp::Ordering::Equal => "変わっていません",
    };
    let goal = target.map_or(String::new(), |target| format!("目標は{target}です。"));
    let description = match days.len() {
        1 => format!("{last_day}の記録は{last}です。{goal}"),
        count => format!("{first_day}から{last_day}まで{count}回の記録で、{first}から{last}に{direction}。{goal}"),
    };
    Trend { points, target_y: target.map(y), description }
}

fn distance(from: Decimal, to: Decimal) -> i128 {
    let scale = from.scale().max(to.scale());
    let wide = |figure: Decimal| i128::from(figure.units()) * 10_i128.pow(u32::from(scale - figure.scale()));
    // The part and the whole of a proportion must have one scale, whatever the figures' own.
    (wide(to) - wide(from)) * 10_i128.pow(u32::from(crate::kernel::decimal::MAX_SCALE.saturating_sub(scale)))
}

fn days_from(first: Date, day: Date) -> i128 {
    first.until(day).map_or(0, |span| i128::from(span.get_days()))
}

/// `length × part ÷ whole`, rounded down; the middle if there is no whole.
fn portion(part: i128, whole: i128, length: i32) -> i32 {
    if whole == 0 {
        return length / 2;
    }
    i32::try_from(i128::from(length) * part / whole).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn figure(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn points_lie_by_date_and_figure() {
        let history =
            [(date(2021, 9, 30), figure("15")), (date(2021, 7, 1), figure("10.0")), (date(2021, 12, 30), figure("20"))];
        let drawn = trend(&history, Some(figure("30")), 100, 20);
        assert_eq!(drawn.points, [(0, 20), (50, 15), (100, 10)]);
        assert_eq!(drawn.target_y, Some(0));
        assert_eq!(
            drawn.description,
            "2021-07-01から2021-12-30まで3回の記録で、10から20に増えています。目標は30です。"
        );
    }

    #[test]
    fn little_history_still_draws() {
        assert_eq!(trend(&[], None, 100, 20).points, []);
        assert_eq!(trend(&[(date(2021, 7, 1), figure("10"))], None, 100, 20).points, [(0, 10), (100, 10)]);
        let flat = [(date(2021, 7, 1), figure("10")), (date(2021, 8, 1), figure("10"))];
        assert_eq!(trend(&flat, None, 100, 20).points, [(0, 10), (100, 10)]);
    }

    proptest! {
        #[test]
        fn every_point_lies_in_the_box(
            history in prop::collection::vec((0..4000_i32, any::<i64>(), 0..=12_u8), 0..20),
            target in prop::option::of((any::<i64>(), 0..=12_u8)),
        ) {
            use jiff::ToSpan;
            let history = history
                .into_iter()
                .map(|(day, units, scale)| (date(2021, 4, 1).saturating_add(day.days()), Decimal::new(units, scale)))
                .collect::<Vec<_>>();
            let drawn = trend(&history, target.map(|(units, scale)| Decimal::new(units, scale)), 120, 24);
            for (x, y) in drawn.points.iter().copied().chain(drawn.target_y.map(|y| (0, y))) {
                prop_assert!((0..=120).contains(&x) && (0..=24).contains(&y));
            }
        }
    }
}
