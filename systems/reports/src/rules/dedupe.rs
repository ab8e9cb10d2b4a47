//! Whether two reports tell of the same damage (重複). What is asked of the reporter and of the staff is only how likely it is; a
//! person decides.
//!
//! Score = 0.5 · (1 − distance/radius) + 0.3 · similarity of the texts + 0.2 · (1 − age/days). Radius and days belong to the
//! category: a pothole is another one twenty metres on, rubbish in a thicket may be the same at fifty.

use crate::kernel::text::fold;
use crate::rules::Place;

/// How far and how long a category looks for the same damage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Metres.
    pub radius_m: f64,
    /// Days.
    pub days: f64,
}

/// What is compared of a report.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where.
    pub place: Place,
    /// What was written; may be empty.
    pub text: &'a str,
    /// The asset that was found at the position, if any.
    pub asset: Option<&'a str>,
}

/// How likely an earlier report, so many days old, tells of the same as a new one: 0 to 1; none where it is too far or too old.
/// On the same asset (the same lamp, the same playground unit) the distance counts as none, however badly the GPS measured.
pub fn score(new: Seen<'_>, earlier: Seen<'_>, age_days: f64, reach: Reach) -> Option<f64> {
    let is_same_asset = new.asset.is_some() && new.asset == earlier.asset;
    let distance = if is_same_asset { 0.0 } else { new.place.distance_m(earlier.place) };
    if distance > reach.radius_m || age_days > reach.days {
        return None;
    }
    let near = 1.0 - distance / reach.radius_m.max(1.0);
    let young = 1.0 - age_days.max(0.0) / reach.days.max(1.0);
    Some(0.5 * near + 0.3 * similarity(new.text, earlier.text) + 0.2 * young)
}

/// How alike two texts are, 0 to 1, by the pairs of letters that they share; Japanese has no spaces to cut at. Nothing is like
/// an empty text.
pub fn similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (fold(a), fold(b));
    if a.trim().is_empty() || b.trim().is_empty() {
        return 0.0;
    }
    strsim::sorensen_dice(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REACH: Reach = Reach { radius_m: 15.0, days: 30.0 };

    fn seen<'a>(metres_north: f64, text: &'a str, asset: Option<&'a str>) -> Seen<'a> {
        let place = Place::new(35.4378 + metres_north / 111_195.0, 139.4269).expect("a place");
        Seen { place, text, asset }
    }

    #[test]
    fn the_parts_of_the_score_weigh_as_they_should() {
        let new = seen(0.0, "穴があいています", None);
        let check = |earlier: Seen<'_>, age: f64, expected: Option<f64>| {
            let found = score(new, earlier, age, REACH);
            let alike = match (found, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 0.01,
                (None, None) => true,
                _ => false,
            };
            assert!(alike, "{found:?} is not {expected:?}");
        };
        check(seen(0.0, "穴があいています", None), 0.0, Some(1.0));
        check(seen(0.0, "", None), 0.0, Some(0.7));
        check(seen(7.5, "", None), 15.0, Some(0.35));
        check(seen(15.1, "穴があいています", None), 0.0, None);
        check(seen(0.0, "穴があいています", None), 30.1, None);
    }

    #[test]
    fn on_the_same_asset_the_distance_does_not_count() {
        let new = seen(0.0, "", Some("road-asset/1"));
        assert_eq!(score(new, seen(60.0, "", Some("road-asset/1")), 0.0, REACH), Some(0.7));
        assert_eq!(score(new, seen(60.0, "", Some("road-asset/2")), 0.0, REACH), None);
        assert_eq!(score(seen(0.0, "", None), seen(60.0, "", None), 0.0, REACH), None);
    }

    #[test]
    fn texts_are_compared_without_width_and_kana() {
        assert!(similarity("マンホールのフタ", "ﾏﾝﾎｰﾙのふた") > 0.9);
        assert_eq!(similarity("", ""), 0.0);
        assert!(similarity("街灯が消えている", "犬が死んでいる") < 0.4);
    }
}
