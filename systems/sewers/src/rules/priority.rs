//! In which order pipes are surveyed (ストックマネジメントの優先順位): risk = likelihood × impact (発生確率 × 被害規模).
//!
//! Likelihood: P = 1/(1 + exp(−k(age/L − 1))) with a life L by material. Impact: the diameter, and weights for shallow cover, what lies
//! upstream, emergency roads, crossings and vital places. Ranks are given within sanitary and storm pipes separately, since large storm
//! pipes would take all the upper ranks. A rank says what is surveyed first and never stands for an urgency. Figures are
//! `tables/priority.csv`; the page lets them be changed for the moment.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::table::{self, Figure};
use super::{Worked, step};

/// The figures of a calculation.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights(BTreeMap<String, f64>);

impl Weights {
    /// The figures in force on a day.
    pub fn on(day: Date) -> Self {
        let rows = figures();
        Self(rows.iter().map(|row| (row.key.clone(), table::figure(&rows, &row.key, day).value)).collect())
    }

    /// A figure.
    pub fn get(&self, key: &str) -> f64 {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// The same with another figure; what the table does not know, is no number or negative is passed over.
    #[must_use]
    pub fn with(mut self, key: &str, value: f64) -> Self {
        if let Some(known) = self.0.get_mut(key)
            && value.is_finite()
            && value >= 0.0
        {
            *known = value;
        }
        self
    }

    fn life(&self, material: &str) -> (f64, f64) {
        let factor = match material {
            "ceramic" => self.get("factor_ceramic"),
            "hume" => self.get("factor_hume"),
            "pvc-thin" | "pvc-thick" | "pvc-rigid" => self.get("factor_pvc"),
            _ => 1.0,
        };
        (self.get("life_years") * factor, factor)
    }
}

/// The figures of all times, for a form that changes them.
pub fn figures() -> Vec<Figure> {
    table::built_in(include_str!("../../tables/priority.csv"))
}

/// A pipe, as far as its priority needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipe {
    /// Whether it belongs to the storm pipes.
    pub is_storm: bool,
    /// The key of its material.
    pub material: String,
    /// The fiscal year in which it was built; none where it is not known.
    pub built: Option<i64>,
    /// Whether that year is a guess already.
    pub is_imputed: bool,
    /// The inner diameter, millimetres.
    pub diameter_mm: i64,
    /// The least cover, millimetres; none where it is not known.
    pub cover_mm: Option<i64>,
    /// Its length, metres.
    pub length_m: f64,
    /// What lies upstream, metres.
    pub upstream_m: f64,
    /// Under an emergency road.
    pub emergency: bool,
    /// Crosses a railway or river.
    pub crossing: bool,
    /// Serves shelters, hospitals or headquarters.
    pub vital: bool,
}

/// A rank of the order (A first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Surveyed first.
    A,
    /// Next.
    B,
    /// Then.
    C,
    /// The rest.
    D,
}

/// What came out for a pipe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Its position in the list that was given.
    pub pipe: usize,
    /// Its age, years; by the material's median where the year is not known.
    pub age: f64,
    /// Whether the age is a guess.
    pub is_imputed: bool,
    /// The likelihood, from 0 to 1.
    pub likelihood: f64,
    /// The impact.
    pub impact: f64,
    /// Their product.
    pub risk: f64,
    /// Its rank within its kind.
    pub order: Order,
    /// The year of the plan in which the budget reaches it, from 1.
    pub year: u32,
    /// What its survey costs, yen.
    pub yen: i64,
    /// Whether it alone costs more than a year's budget.
    pub is_over: bool,
}

/// The likelihood of a pipe of an age, from 0 to 1.
pub fn likelihood(age: f64, material: &str, weights: &Weights) -> Worked<f64> {
    let (life, factor) = weights.life(material);
    let k = weights.get("steepness");
    let value = 1.0 / (1.0 + (-k * (age / life - 1.0)).exp());
    let told =
        format!("経過{age:.0}年、基準{}年 × {factor} = {life:.1}年、k = {k} で {value:.3}", weights.get("life_years"));
    Worked::new(value, vec![step("発生確率", told)])
}

/// The impact of a pipe; `longest_m` is the longest upstream length of its kind.
pub fn impact(pipe: &Pipe, longest_m: f64, weights: &Weights) -> Worked<f64> {
    let diameter =
        (pipe.diameter_mm as f64 / 1_000.0).max(weights.get("diameter_min_m")).min(weights.get("diameter_max_m"));
    let mut value = diameter;
    let mut steps = vec![step("口径", format!("{diameter:.2}"))];
    let shallow = weights.get("shallow_m") * 1_000.0;
    let upstream = if longest_m > 0.0 { pipe.upstream_m.max(0.0).ln_1p() / longest_m.ln_1p() } else { 0.0 };
    let parts = [
        (
            "浅い土被り",
            weights.get("weight_shallow"),
            f64::from(u8::from(pipe.cover_mm.is_some_and(|cover| (cover as f64) < shallow))),
        ),
        ("上流の延長", weights.get("weight_upstream"), upstream),
        ("緊急輸送道路の下", weights.get("weight_emergency"), f64::from(u8::from(pipe.emergency))),
        ("鉄道・河川の横断", weights.get("weight_crossing"), f64::from(u8::from(pipe.crossing))),
        ("防災拠点などの下流", weights.get("weight_vital"), f64::from(u8::from(pipe.vital))),
    ];
    for (name, weight, share) in parts.into_iter().filter(|(_, _, share)| *share > 0.0) {
        value += weight * share;
        steps.push(step(name, format!("+ {weight} × {share:.2}")));
    }
    Worked::new(value, steps)
}

/// Puts pipes in their order, the most urgent to look at first, and into the years of a plan. Sanitary and storm pipes are two lists that
/// share the budget in the order of their ranks, then of their risk within the rank.
pub fn place(pipes: &[Pipe], fiscal_year: i64, weights: &Weights) -> Vec<Placed> {
    let medians = medians(pipes);
    let longest = |is_storm: bool| {
        pipes.iter().filter(|pipe| pipe.is_storm == is_storm).map(|pipe| pipe.upstream_m).fold(0.0, f64::max)
    };
    let longest = [longest(false), longest(true)];
    let mut placed: Vec<Placed> = pipes
        .iter()
        .enumerate()
        .map(|(n, pipe)| {
            let (built, is_guess) = match pipe.built {
                Some(year) => (Some(year), pipe.is_imputed),
                None => (medians.get(pipe.material.as_str()).or_else(|| medians.get("")).copied(), true),
            };
            // Where no year of any pipe is known, every pipe is taken to be as old as its life: nothing better is known.
            let age = built.map_or(weights.life(&pipe.material).0, |year| (fiscal_year - year).max(0) as f64);
            let likelihood = likelihood(age, &pipe.material, weights).value;
            let impact = impact(pipe, longest[usize::from(pipe.is_storm)], weights).value;
            let yen = (pipe.length_m * weights.get("survey_yen_per_m")).round() as i64;
            let risk = likelihood * impact;
            Placed {
                pipe: n,
                age,
                is_imputed: is_guess,
                likelihood,
                impact,
                risk,
                order: Order::D,
                year: 0,
                yen,
                is_over: false,
            }
        })
        .collect();
    placed.sort_by(|one, other| other.risk.total_cmp(&one.risk).then(one.pipe.cmp(&other.pipe)));
    rank(&mut placed, pipes, weights);
    placed.sort_by(|one, other| {
        one.order.cmp(&other.order).then(other.risk.total_cmp(&one.risk)).then(one.pipe.cmp(&other.pipe))
    });
    spread(&mut placed, weights.get("budget_yen").round() as i64);
    placed
}

/// Ranks each kind by itself: the first share is A, up to the next B, up to the next C.
fn rank(placed: &mut [Placed], pipes: &[Pipe], weights: &Weights) {
    for is_storm in [false, true] {
        let mut of_kind: Vec<&mut Placed> =
            placed.iter_mut().filter(|one| pipes[one.pipe].is_storm == is_storm).collect();
        let count = of_kind.len() as f64;
        for (n, one) in of_kind.iter_mut().enumerate() {
            // A pipe belongs to a rank when the share before it lies within: so the first is always A where A has a share.
            let before = 100.0 * n as f64 / count;
            one.order = if before < weights.get("rank_a_percent") {
                Order::A
            } else if before < weights.get("rank_b_percent") {
                Order::B
            } else if before < weights.get("rank_c_percent") {
                Order::C
            } else {
                Order::D
            };
        }
    }
}

/// Fills the years in the order of the list. Nothing overtakes: what does not fit begins the next year, and what alone costs more than a
/// year's budget has a year for itself and says so.
fn spread(placed: &mut [Placed], budget: i64) {
    if budget <= 0 {
        return;
    }
    let (mut year, mut left) = (1, budget);
    for one in placed {
        if one.yen > left && left < budget {
            year += 1;
            left = budget;
        }
        one.year = year;
        one.is_over = one.yen > budget;
        left -= one.yen;
        if left <= 0 {
            year += 1;
            left = budget;
        }
    }
}

/// The median year of each material, of years that are known; under the empty key that of all.
fn medians(pipes: &[Pipe]) -> BTreeMap<&str, i64> {
    let mut years: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for pipe in pipes.iter().filter(|pipe| !pipe.is_imputed) {
        if let Some(year) = pipe.built {
            years.entry(&pipe.material).or_default().push(year);
            years.entry("").or_default().push(year);
        }
    }
    let median = |mut years: Vec<i64>| {
        years.sort_unstable();
        years[(years.len() - 1) / 2]
    };
    years.into_iter().map(|(material, years)| (material, median(years))).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn weights() -> Weights {
        Weights::on(date(2026, 4, 1))
    }

    fn pipe(material: &str, built: Option<i64>, diameter_mm: i64, length_m: f64) -> Pipe {
        Pipe { material: material.to_owned(), built, diameter_mm, length_m, cover_mm: Some(2_000), ..Pipe::default() }
    }

    #[test]
    fn at_the_end_of_its_life_a_pipe_is_as_likely_as_not_to_fail() {
        for (material, life) in [("rc", 50.0), ("ceramic", 40.0), ("hume", 45.0), ("pvc-thick", 55.0)] {
            let at = |age| likelihood(age, material, &weights()).value;
            assert!((at(life) - 0.5).abs() < 1e-12, "{material}");
            assert!(at(life - 10.0) < 0.5 && at(life + 10.0) > 0.5);
        }
        // k = 6, age 0: 1/(1+e^6).
        assert!((likelihood(0.0, "rc", &weights()).value - 0.002_472_6).abs() < 1e-6);
    }

    #[test]
    fn impact_adds_up() {
        let plain = pipe("rc", None, 250, 30.0);
        assert!((impact(&plain, 0.0, &weights()).value - 0.25).abs() < 1e-12);
        let small = pipe("rc", None, 100, 30.0);
        assert!((impact(&small, 0.0, &weights()).value - 0.15).abs() < 1e-12);
        let all = Pipe {
            cover_mm: Some(999),
            upstream_m: 500.0,
            emergency: true,
            crossing: true,
            vital: true,
            ..pipe("rc", None, 2_000, 30.0)
        };
        let worked = impact(&all, 500.0, &weights());
        assert!((worked.value - (1.0 + 0.2 + 0.3 + 0.9)).abs() < 1e-12, "{worked:?}");
        assert_eq!(worked.steps.len(), 6);
    }

    #[test]
    fn sanitary_and_storm_pipes_are_ranked_apart() {
        let mut pipes: Vec<Pipe> = (0..100).map(|n| pipe("hume", Some(1970 + n / 4), 200, 10.0)).collect();
        pipes.extend((0..50).map(|n| Pipe { is_storm: true, ..pipe("rc", Some(1980 + n / 2), 1_500, 10.0) }));
        let placed = place(&pipes, 2026, &weights());
        let count = |is_storm, order| {
            placed.iter().filter(|one| pipes[one.pipe].is_storm == is_storm && one.order == order).count()
        };
        assert_eq!([Order::A, Order::B, Order::C, Order::D].map(|order| count(false, order)), [2, 18, 30, 50]);
        assert_eq!([Order::A, Order::B, Order::C, Order::D].map(|order| count(true, order)), [1, 9, 15, 25]);
        assert!(placed.windows(2).all(|pair| pair[0].order <= pair[1].order));
    }

    #[test]
    fn an_unknown_year_is_the_material_s_median_and_says_so() {
        let mut pipes = vec![
            pipe("hume", Some(1970), 200, 10.0),
            pipe("hume", Some(1980), 200, 10.0),
            pipe("hume", Some(2000), 200, 10.0),
        ];
        pipes.push(pipe("hume", None, 200, 10.0));
        pipes.push(Pipe { is_imputed: true, ..pipe("hume", Some(1900), 200, 10.0) });
        let placed = place(&pipes, 2026, &weights());
        let of = |n| placed.iter().find(|one| one.pipe == n).unwrap();
        assert_eq!((of(3).age, of(3).is_imputed), (46.0, true));
        assert_eq!((of(4).age, of(4).is_imputed), (126.0, true));
        assert!(!of(0).is_imputed);
    }

    #[test]
    fn the_budget_fills_the_years_in_order() {
        let pipes: Vec<Pipe> = [40.0, 30.0, 50.0, 200.0, 10.0]
            .iter()
            .zip(0..)
            .map(|(length, n)| pipe("hume", Some(1960 + n), 200, *length))
            .collect();
        let weights = weights().with("budget_yen", 100_000.0).with("survey_yen_per_m", 1_000.0);
        // All are of different ranks in the order of their age, so the order is that of the list.
        let placed = place(&pipes, 2026, &weights);
        let years: Vec<(usize, u32, bool)> = placed.iter().map(|one| (one.pipe, one.year, one.is_over)).collect();
        assert_eq!(years, [(0, 1, false), (1, 1, false), (2, 2, false), (3, 3, true), (4, 4, false)]);
        let none = place(&pipes, 2026, &weights.with("budget_yen", 0.0));
        assert!(none.iter().all(|one| one.year == 0));
    }

    #[test]
    fn nonsense_does_not_become_a_weight() {
        let weights = weights();
        let same = weights.clone().with("steepness", f64::NAN).with("steepness", -1.0).with("unknown", 3.0);
        assert_eq!(weights, same);
        assert!(place(&[], 2026, &weights).is_empty());
    }
}
