//! The life-extension plan (公園施設長寿命化計画): how urgent a facility is, and in which year it gets its measure.
//!
//! After 公園施設長寿命化計画策定指針: the soundness of a survey gives an urgency, urgency and importance give a priority. The spreading
//! is greedy: in the order of urgency, importance and age each item goes into the first year whose ceiling still has room. What
//! is of soundness D goes into the first year even above the ceiling, and is marked. What fits nowhere stays unplaced.

use jiff::civil::Date;

use super::tables::{self, in_force};

/// Whether harm would be grave: play equipment, a bridge or tall structure, or a park where people seek shelter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Harm {
    /// Play equipment (遊戯施設).
    pub is_play: bool,
    /// A bridge or a tall structure.
    pub is_tall_or_bridge: bool,
    /// A park that is an evacuation site.
    pub is_evacuation_site: bool,
}

/// The urgency (緊急度: `high`, `middle`, `low`) of a soundness (健全度: `a`–`d`) on a day.
pub fn urgency(soundness: &str, harm: Harm, on: Date) -> Option<&'static str> {
    let row = in_force(tables::urgencies(), on).find(|row| row.soundness == soundness)?;
    let is_grave = harm.is_play || harm.is_tall_or_bridge || harm.is_evacuation_site;
    Some(if is_grave { &row.urgency_where_harm_is_grave } else { &row.urgency })
}

/// The priority (優先順位, 1 first) of an urgency and an importance on a day.
pub fn priority(urgency: &str, importance: &str, on: Date) -> Option<i64> {
    let mut rows = in_force(tables::priorities(), on);
    rows.find(|row| row.urgency == urgency && row.importance == importance).map(|row| row.priority)
}

/// Something that a plan means to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<K> {
    /// What it is known by.
    pub key: K,
    /// The priority, 1 first.
    pub priority: i64,
    /// Whether its soundness is D.
    pub is_soundness_d: bool,
    /// The year in which it was installed; what is not known comes last.
    pub installed_year: Option<i64>,
    /// What the measure costs, yen.
    pub cost_yen: i64,
    /// The fiscal year that somebody has fixed for it.
    pub fixed: Option<i32>,
}

/// A year of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// The fiscal year.
    pub fiscal_year: i32,
    /// What may be spent in it, yen.
    pub ceiling_yen: i64,
}

/// Where an item was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<K> {
    /// What it is known by.
    pub key: K,
    /// The fiscal year; none where it fits into no year of the plan.
    pub fiscal_year: Option<i32>,
    /// Whether the year's ceiling is passed with it.
    pub is_over: bool,
}

/// Spreads the items over the years.
pub fn spread<K: Clone + Ord>(items: &[Item<K>], years: &[Year]) -> Vec<Placed<K>> {
    let mut spent: Vec<i64> = vec![0; years.len()];
    let mut placed = Vec::with_capacity(items.len());
    let mut order: Vec<&Item<K>> = items.iter().collect();
    order.sort_by_key(|item| (item.priority, item.installed_year.unwrap_or(i64::MAX), item.key.clone()));
    // What is fixed or has to be done at once takes its money before anything else is placed.
    let (first, rest): (Vec<&Item<K>>, Vec<&Item<K>>) =
        order.into_iter().partition(|item| item.fixed.is_some() || item.is_soundness_d);
    for item in first.into_iter().chain(rest) {
        let fits = |index: usize| spent[index].saturating_add(item.cost_yen) <= years[index].ceiling_yen;
        let index = match item.fixed {
            Some(fixed) => years.iter().position(|year| year.fiscal_year == fixed),
            None if item.is_soundness_d => (!years.is_empty()).then_some(0),
            None => (0..years.len()).find(|index| fits(*index)),
        };
        let is_over = index.is_some_and(|index| !fits(index));
        if let Some(index) = index {
            spent[index] = spent[index].saturating_add(item.cost_yen);
        }
        let fiscal_year = index.map(|index| years[index].fiscal_year);
        placed.push(Placed { key: item.key.clone(), fiscal_year, is_over });
    }
    placed
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const DAY: Date = date(2026, 4, 1);

    fn item(key: u32, priority: i64, installed: i64, cost: i64) -> Item<u32> {
        Item { key, priority, is_soundness_d: false, installed_year: Some(installed), cost_yen: cost, fixed: None }
    }

    fn years(ceiling_yen: i64) -> Vec<Year> {
        (2026..2029).map(|fiscal_year| Year { fiscal_year, ceiling_yen }).collect()
    }

    fn where_is(placed: &[Placed<u32>], key: u32) -> (Option<i32>, bool) {
        placed.iter().find(|one| one.key == key).map(|one| (one.fiscal_year, one.is_over)).unwrap()
    }

    #[test]
    fn urgency_is_higher_where_harm_would_be_grave() {
        let play = Harm { is_play: true, ..Harm::default() };
        for (soundness, plain, grave) in
            [("a", "low", "low"), ("b", "low", "low"), ("c", "middle", "high"), ("d", "high", "high")]
        {
            assert_eq!(urgency(soundness, Harm::default(), DAY), Some(plain));
            assert_eq!(urgency(soundness, play, DAY), Some(grave));
        }
        assert_eq!(urgency("e", play, DAY), None);
        assert_eq!((priority("high", "high", DAY), priority("low", "low", DAY)), (Some(1), Some(9)));
    }

    #[test]
    fn the_urgent_and_the_old_come_first_and_what_is_d_comes_at_once() {
        let mut items =
            vec![item(1, 5, 1980, 600), item(2, 2, 2000, 600), item(3, 2, 1990, 600), item(4, 9, 2010, 300)];
        items.push(Item { is_soundness_d: true, ..item(5, 1, 1985, 900) });
        let placed = spread(&items, &years(1_000));
        assert_eq!(where_is(&placed, 5), (Some(2026), false));
        assert_eq!(where_is(&placed, 3), (Some(2027), false));
        assert_eq!(where_is(&placed, 2), (Some(2028), false));
        assert_eq!(where_is(&placed, 1), (None, false), "there is no room for it in three years");
        assert_eq!(where_is(&placed, 4), (Some(2027), false), "what is small fills what is left");
        items.push(Item { is_soundness_d: true, ..item(6, 1, 1970, 200) });
        assert_eq!(
            where_is(&spread(&items, &years(1_000)), 5),
            (Some(2026), true),
            "D goes above the ceiling, and is marked"
        );
    }

    #[test]
    fn a_year_that_is_fixed_stays() {
        let items = [
            Item { fixed: Some(2028), ..item(1, 9, 2000, 900) },
            item(2, 1, 2000, 200),
            Item { fixed: Some(2040), ..item(3, 1, 2000, 1) },
        ];
        let placed = spread(&items, &years(1_000));
        assert_eq!((where_is(&placed, 1), where_is(&placed, 2)), ((Some(2028), false), (Some(2026), false)));
        assert_eq!(where_is(&placed, 3), (None, false), "a year outside the plan");
    }

    proptest! {
        #[test]
        fn no_year_passes_its_ceiling_but_by_what_is_marked(costs in prop::collection::vec((1_i64..500, 1_i64..10, any::<bool>()), 0..60), ceiling in 1_i64..1_500) {
            let items: Vec<Item<u32>> = (0..).zip(&costs).map(|(key, (cost, priority, d))| Item { is_soundness_d: *d, ..item(key, *priority, 2000, *cost) }).collect();
            let placed = spread(&items, &years(ceiling));
            prop_assert_eq!(placed.len(), items.len());
            for year in years(ceiling) {
                let in_year: Vec<_> = placed.iter().filter(|one| one.fiscal_year == Some(year.fiscal_year)).collect();
                let spent: i64 = in_year.iter().map(|one| costs[one.key as usize].0).sum();
                prop_assert!(spent <= ceiling || in_year.iter().any(|one| one.is_over));
            }
            prop_assert!(placed.iter().filter(|one| costs[one.key as usize].2).all(|one| one.fiscal_year == Some(2026)));
        }
    }
}
