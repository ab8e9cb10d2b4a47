//! How pipes deteriorate with age (健全率の予測): a Weibull curve for each class, F(t) = 1 − exp(−(t/η)^m).
//!
//! A curve comes from two points of somebody's knowledge ([`through`]), or from the city's own surveys by maximum likelihood ([`fit`]).
//! A survey only tells whether a pipe of some age is bad by then, which is a generalised linear model: ln(−ln(1 − F)) = m·ln t − m·ln η
//! with the complementary log-log link, solved by Fisher scoring; its information gives the 95 % band. National coefficients could
//! not be obtained and none are built in; fewer spans than the setting says (30) are refused.

use super::{Worked, step};

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    /// The shape m.
    pub shape: f64,
    /// The scale η, years: at this age 63.2 % are bad.
    pub scale: f64,
}

impl Weibull {
    /// The share that is bad at an age, from 0 to 1.
    pub fn share(self, age: f64) -> f64 {
        if age <= 0.0 { 0.0 } else { -(-(age / self.scale).powf(self.shape)).exp_m1() }
    }

    /// The age at which a share is bad.
    pub fn age(self, share: f64) -> f64 {
        self.scale * (-(-share).ln_1p()).powf(1.0 / self.shape)
    }
}

/// The curve through two points: at an age, a share from 0 to 1.
///
/// # Errors
/// A sentence where the points are no ages and shares, or do not rise.
pub fn through(first: (f64, f64), second: (f64, f64)) -> Result<Weibull, String> {
    let ((t1, p1), (t2, p2)) = (first, second);
    let is_point = |(age, share): (f64, f64)| age.is_finite() && age > 0.0 && share > 0.0 && share < 1.0;
    if !is_point(first) || !is_point(second) {
        return Err("年数は0より大きく、割合は0％より大きく100％より小さく入れてください。".to_owned());
    }
    if !(t2 > t1 && p2 > p1) {
        return Err("2点目は、1点目より年数も割合も大きくしてください。".to_owned());
    }
    let hazard = |share: f64| -(-share).ln_1p();
    let shape = (hazard(p2) / hazard(p1)).ln() / (t2 / t1).ln();
    let scale = t1 / hazard(p1).powf(1.0 / shape);
    Ok(Weibull { shape, scale })
}

/// Surveyed spans of an age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surveyed {
    /// Their age at the survey, years; of a band, its middle.
    pub age: f64,
    /// How many spans.
    pub spans: u32,
    /// How many of them are bad.
    pub bad: u32,
}

/// A curve from surveys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted {
    /// The curve.
    pub curve: Weibull,
    /// How many spans it rests on.
    pub spans: u32,
    /// How many of them are bad.
    pub bad: u32,
    /// The covariance of intercept and slope: (var α, cov, var m).
    covariance: (f64, f64, f64),
}

/// The 95 % quantile of the normal distribution, both sides.
const Z95: f64 = 1.959_963_984_540_054;

impl Fitted {
    /// The share at an age with its 95 % band.
    pub fn band(&self, age: f64) -> (f64, f64, f64) {
        let x = age.ln();
        let (intercept, slope) = (-self.curve.shape * self.curve.scale.ln(), self.curve.shape);
        let (aa, am, mm) = self.covariance;
        let spread = Z95 * (aa + 2.0 * x * am + x * x * mm).max(0.0).sqrt();
        let share = |predictor: f64| -(-predictor.exp()).exp_m1();
        let middle = intercept + slope * x;
        (share(middle - spread), share(middle), share(middle + spread))
    }
}

/// Fits a curve to surveys.
///
/// # Errors
/// A sentence where there are fewer spans than `least`, all are of one age, none or all are bad, the share falls with age, or no
/// curve is found.
pub fn fit(surveyed: &[Surveyed], least: u32) -> Result<Worked<Fitted>, String> {
    if surveyed.iter().any(|one| one.bad > one.spans || !one.age.is_finite() || one.age <= 0.0) {
        return Err("年数は0より大きく、不良のスパン数は調査したスパン数以下にしてください。".to_owned());
    }
    let rows: Vec<Surveyed> = surveyed.iter().copied().filter(|one| one.spans > 0).collect();
    let (spans, bad) = (rows.iter().map(|one| one.spans).sum::<u32>(), rows.iter().map(|one| one.bad).sum::<u32>());
    if spans < least {
        return Err(format!("調査したスパンが{spans}しかありません。{least}スパン以上の調査から曲線を求めます。"));
    }
    let first = rows[0].age;
    if rows.iter().all(|one| one.age == first) {
        return Err("すべて同じ年数のスパンなので、曲線を求められません。".to_owned());
    }
    if bad == 0 || bad == spans {
        return Err("不良のスパンがまったくないか、すべて不良なので、曲線を求められません。".to_owned());
    }
    let (intercept, slope, covariance) =
        score(&rows).ok_or("曲線が定まりません。年数の幅を広げた調査の結果を足してください。")?;
    if slope <= 0.0 {
        return Err("年数とともに不良が増える傾向がないので、曲線を求められません。".to_owned());
    }
    let curve = Weibull { shape: slope, scale: (-intercept / slope).exp() };
    let fitted = Fitted { curve, spans, bad, covariance };
    let steps = vec![
        step("最尤法", format!("{spans}スパン（うち不良{bad}）、m = {:.3}、η = {:.1}年", curve.shape, curve.scale)),
        step("半数になる年数", format!("{:.1}年", curve.age(0.5))),
    ];
    Ok(Worked::new(fitted, steps))
}

/// Fisher scoring with the complementary log-log link, on centred ln t; none where it does not settle.
fn score(rows: &[Surveyed]) -> Option<(f64, f64, (f64, f64, f64))> {
    let total: f64 = rows.iter().map(|one| f64::from(one.spans)).sum();
    let centre = rows.iter().map(|one| f64::from(one.spans) * one.age.ln()).sum::<f64>() / total;
    let share = rows.iter().map(|one| f64::from(one.bad)).sum::<f64>() / total;
    let (mut a, mut m) = ((-(1.0 - share).ln()).ln(), 1.0);
    for _ in 0..200 {
        let (mut g0, mut g1, mut i00, mut i01, mut i11) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for one in rows {
            let (n, k, x) = (f64::from(one.spans), f64::from(one.bad), one.age.ln() - centre);
            let predictor = (a + m * x).clamp(-30.0, 4.0);
            let hazard = predictor.exp();
            let p = -(-hazard).exp_m1();
            let slope = hazard * (-hazard).exp();
            let weight = slope * slope / (p * (1.0 - p)).max(1e-300);
            let pull = (k - n * p) * slope / (p * (1.0 - p)).max(1e-300);
            g0 += pull;
            g1 += pull * x;
            i00 += n * weight;
            i01 += n * weight * x;
            i11 += n * weight * x * x;
        }
        let determinant = i00 * i11 - i01 * i01;
        if !determinant.is_finite() || determinant <= 0.0 {
            return None;
        }
        let (step_a, step_m) = ((i11 * g0 - i01 * g1) / determinant, (i00 * g1 - i01 * g0) / determinant);
        // A long step from a bad start is shortened: the likelihood is well behaved only near its top.
        let short = (2.0 / step_a.abs().max(step_m.abs()).max(1e-12)).min(1.0);
        a += short * step_a;
        m += short * step_m;
        if !a.is_finite() || !m.is_finite() || m.abs() > 100.0 {
            return None;
        }
        if step_a.abs().max(step_m.abs()) < 1e-10 {
            let (va, cov, vm) = (i11 / determinant, -i01 / determinant, i00 / determinant);
            // Back from centred ln t: α = a − m·centre.
            let covariance = (va - 2.0 * centre * cov + centre * centre * vm, cov - centre * vm, vm);
            return Some((a - m * centre, m, covariance));
        }
    }
    None
}

/// Shares of several classes at one age, each at least as large as the one before: F(Ⅰ) ≤ F(Ⅰ+Ⅱ) ≤ F(Ⅰ+Ⅱ+Ⅲ).
pub fn in_order(shares: [f64; 3]) -> [f64; 3] {
    let [one, two, three] = shares;
    let two = two.max(one);
    [one, two, three.max(two)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_through_the_paper_s_two_points() {
        let curve = through((25.0, 0.10), (47.0, 0.50)).unwrap();
        assert!((curve.shape - 2.984).abs() < 0.001, "{curve:?}");
        assert!((curve.scale - 53.1).abs() < 0.05, "{curve:?}");
        assert!((curve.share(60.0) - 0.762).abs() < 0.001);
        assert!((curve.age(0.5) - 47.0).abs() < 1e-9);
        assert_eq!(curve.share(0.0), 0.0);
    }

    #[test]
    fn points_that_are_none_are_refused() {
        for (first, second) in [
            ((0.0, 0.1), (40.0, 0.5)),
            ((25.0, 0.0), (40.0, 0.5)),
            ((25.0, 0.1), (25.0, 0.5)),
            ((25.0, 0.5), (40.0, 0.1)),
            ((25.0, 0.1), (40.0, 1.0)),
        ] {
            assert!(through(first, second).is_err(), "{first:?} {second:?}");
        }
    }

    /// Surveys of a curve, as large as wanted, so that the fit has to find it.
    fn of(curve: Weibull, spans: u32) -> Vec<Surveyed> {
        (1..=12)
            .map(|n| f64::from(n) * 5.0)
            .map(|age| Surveyed { age, spans, bad: (curve.share(age) * f64::from(spans)).round() as u32 })
            .collect()
    }

    #[test]
    fn the_likelihood_finds_the_curve_that_made_the_data() {
        for (shape, scale) in [(1.2, 40.0), (2.984, 53.1), (5.0, 70.0)] {
            let curve = Weibull { shape, scale };
            let fitted = fit(&of(curve, 100_000), 30).unwrap().value;
            assert!((fitted.curve.shape / shape - 1.0).abs() < 0.005, "{fitted:?}");
            assert!((fitted.curve.scale / scale - 1.0).abs() < 0.005, "{fitted:?}");
        }
    }

    #[test]
    fn the_band_holds_the_curve_and_narrows_with_more_spans() {
        let curve = Weibull { shape: 2.984, scale: 53.1 };
        let width = |spans| {
            let (low, middle, high) = fit(&of(curve, spans), 30).unwrap().value.band(45.0);
            assert!(low < middle && middle < high && low > 0.0 && high < 1.0);
            assert!(low < curve.share(45.0) && curve.share(45.0) < high);
            high - low
        };
        let (few, many) = (width(20), width(2_000));
        assert!(many < few / 5.0, "{few} {many}");
    }

    #[test]
    fn the_top_of_the_likelihood_is_where_it_was_found() {
        // No neighbour is likelier.
        let rows = [
            Surveyed { age: 12.0, spans: 40, bad: 1 },
            Surveyed { age: 28.0, spans: 60, bad: 9 },
            Surveyed { age: 44.0, spans: 50, bad: 22 },
        ];
        let likelihood = |curve: Weibull| -> f64 {
            rows.iter()
                .map(|one| {
                    f64::from(one.bad) * curve.share(one.age).ln()
                        + f64::from(one.spans - one.bad) * (1.0 - curve.share(one.age)).ln()
                })
                .sum()
        };
        let top = fit(&rows, 30).unwrap().value.curve;
        for (shape, scale) in [(0.999, 1.0), (1.001, 1.0), (1.0, 0.999), (1.0, 1.001)] {
            let near = Weibull { shape: top.shape * shape, scale: top.scale * scale };
            assert!(likelihood(near) < likelihood(top), "{near:?} {top:?}");
        }
    }

    #[test]
    fn too_little_knowledge_is_refused() {
        let refused = |rows: &[Surveyed], word: &str| {
            let said = fit(rows, 30).unwrap_err();
            assert!(said.contains(word), "{said}");
        };
        let one = |age, spans, bad| Surveyed { age, spans, bad };
        refused(&[one(10.0, 14, 1), one(40.0, 15, 8)], "29しか");
        assert!(fit(&[one(10.0, 15, 1), one(40.0, 15, 8)], 30).is_ok());
        refused(&[one(30.0, 50, 10), one(30.0, 20, 3)], "同じ年数");
        refused(&[one(10.0, 50, 0), one(40.0, 50, 0)], "まったくない");
        refused(&[one(10.0, 50, 50), one(40.0, 50, 50)], "すべて不良");
        refused(&[one(10.0, 50, 40), one(40.0, 50, 5)], "傾向がない");
        refused(&[one(10.0, 5, 6)], "以下");
        refused(&[], "0しか");
    }

    #[test]
    fn classes_stay_in_order() {
        assert_eq!(in_order([0.2, 0.1, 0.15]), [0.2, 0.2, 0.2]);
        assert_eq!(in_order([0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]);
    }
}
