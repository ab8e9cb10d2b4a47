//! The reference system of numbers that come without one.
//!
//! Numbers of degrees lie in Japan at 122–154 and 20–46; Web Mercator has eight digits; what is left within some hundred
//! kilometres of zero is the plane rectangular system, in the zones of the prefecture. Axes the other way round, millimetres
//! and the Tokyo Datum are tried where the city's surroundings say that the plain reading is wrong.

use geo::Coord;
use kawasemi_kernel::geometry::BoundingBox;

use super::{Crs, Reading, Surroundings, Transformer, Zone};

/// How far positions may lie from the origin of a zone, in metres: the farthest point of any zone and some more.
const FARTHEST: f64 = 500_000.0;

/// Positions that are kept of a file, spread over it.
const KEPT: usize = 4_096;

/// The box of all positions of a file, and some of them, whose middle a few wrong ones do not move.
#[derive(Clone, Debug, PartialEq)]
pub struct Extent {
    low: Coord<f64>,
    high: Coord<f64>,
    kept: Vec<Coord<f64>>,
    /// Every how many positions one is kept.
    step: u64,
    count: u64,
}

/// The reference system of a file, and why it is held to be that.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// How its numbers are read.
    pub reading: Reading,
    /// By what it was recognised, in a sentence.
    pub by: String,
    /// Whether the file says so itself and nothing speaks against it.
    pub is_sure: bool,
    /// Other readings that a person may choose, the likely ones first.
    pub others: Vec<Reading>,
}

impl Extent {
    /// Nothing yet.
    pub const fn new() -> Self {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { low: Coord { x: low, y: low }, high: Coord { x: high, y: high }, kept: Vec::new(), step: 1, count: 0 }
    }

    /// Takes a position in. What is no number or stands for none (0, 0) says nothing of the system.
    pub fn add(&mut self, position: Coord<f64>) {
        let Coord { x, y } = position;
        if !x.is_finite() || !y.is_finite() || (x == 0.0 && y == 0.0) {
            return;
        }
        self.low = Coord { x: self.low.x.min(x), y: self.low.y.min(y) };
        self.high = Coord { x: self.high.x.max(x), y: self.high.y.max(y) };
        if self.count.is_multiple_of(self.step) {
            if self.kept.len() == KEPT {
                let mut is_odd = false;
                self.kept.retain(|_| {
                    is_odd = !is_odd;
                    is_odd
                });
                self.step *= 2;
            }
            self.kept.push(position);
        }
        self.count += 1;
    }

    /// Whether no position was taken in.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The median of the positions that are kept.
    fn middle(&self) -> Option<Coord<f64>> {
        let median = |of: &dyn Fn(&Coord<f64>) -> f64| {
            let mut all: Vec<f64> = self.kept.iter().map(of).collect();
            all.sort_unstable_by(f64::total_cmp);
            all.get(all.len() / 2).copied()
        };
        Some(Coord { x: median(&|each| each.x)?, y: median(&|each| each.y)? })
    }

    /// The middle in degrees, as a reading has it.
    fn middle_as(&self, reading: Reading) -> Option<Coord<f64>> {
        Transformer::new(reading).to_degrees(self.middle()?)
    }
}

impl Default for Extent {
    fn default() -> Self {
        Self::new()
    }
}

/// Recognises the system of a file: by what it says itself (`said`, with where it says so), held against its numbers, or by
/// the numbers alone.
pub fn recognise(said: Option<(Reading, &str)>, extent: &Extent, around: &Surroundings) -> Recognised {
    let (reading, by, is_sure) = match said {
        Some((reading, place)) => checked(reading, place, extent, around),
        None if extent.is_empty() => {
            (Reading::plain(Crs::Jgd2011), "位置が一つもないため、緯度経度とみます。".into(), false)
        }
        None => guessed(extent, around),
    };
    let mut others = alternatives(reading, around);
    others.retain(|other| *other != reading);
    Recognised { reading, by, is_sure, others }
}

/// What the file says, unless its numbers can't be that.
fn checked(reading: Reading, place: &str, extent: &Extent, around: &Surroundings) -> (Reading, String, bool) {
    let label = reading.label();
    if extent.is_empty() || is_near(extent, reading, around.near()) {
        return (reading, format!("{place}により、{label} とみます。"), true);
    }
    let japan = Surroundings::japan().bounds;
    let swapped = reading.swapped();
    if is_near(extent, swapped, around.near()) || !is_near(extent, reading, japan) && is_near(extent, swapped, japan) {
        let by = format!(
            "{place}では {label} ですが、そのままでは{}から外れ、縦と横を入れ替えると合うため、{} とみます。",
            around.place(),
            swapped.label()
        );
        return (swapped, by, false);
    }
    let (found, by, _) = guessed(extent, around);
    if is_near(extent, found, around.near()) {
        return (found, format!("{place}では {label} ですが、数値が合いません。{by}"), false);
    }
    // Data of the whole prefecture: the middle of the file need not lie in the city.
    if is_near(extent, reading, around.bounds) {
        return (reading, format!("{place}により、{label} とみます。"), true);
    }
    let by = format!(
        "{place}により、{label} とみます。ただし、位置は{}の外です。座標系を確かめてください。",
        around.place()
    );
    (reading, by, false)
}

/// What the numbers alone say.
fn guessed(extent: &Extent, around: &Surroundings) -> (Reading, String, bool) {
    let near = around.near();
    let japan = Surroundings::japan().bounds;
    let degrees = Reading::plain(Crs::Jgd2011);
    if is_near(extent, degrees, japan) {
        return by_datum(degrees, "緯度経度の範囲の数値です。", extent, around);
    }
    if is_near(extent, degrees.swapped(), japan) {
        let why = "緯度経度の範囲の数値で、緯度が先に書かれています。";
        return by_datum(degrees.swapped(), why, extent, around);
    }
    let mercator = Reading::plain(Crs::WebMercator);
    if is_near(extent, mercator, japan) {
        return (mercator, "Webメルカトルの範囲の数値です。".to_owned(), false);
    }
    let ways = [near, around.bounds].into_iter().flat_map(|area| [(area, 1.0, false), (area, 1_000.0, true)]);
    for (area, factor, is_millimetres) in ways {
        let largest = [extent.low.x, extent.low.y, extent.high.x, extent.high.y].map(f64::abs);
        if largest.iter().any(|number| *number > FARTHEST * factor) {
            continue;
        }
        for zone in &around.zones {
            let plain = Reading { is_millimetres, ..Reading::plain(Crs::Plane2011(*zone)) };
            for reading in [plain, plain.swapped()] {
                if is_near(extent, reading, area) {
                    let why = format!("{}での平面直角座標系の範囲の数値です。", around.place());
                    let (found, mut by, is_sure) = by_datum(reading, &why, extent, around);
                    if is_near(extent, reading.swapped(), area) {
                        by.push_str("ただし、縦と横を入れ替えても合います。位置を確かめてください。");
                    }
                    return (found, by, is_sure);
                }
            }
        }
    }
    let zone = around.zones.first().copied().or_else(|| Zone::new(9));
    let fallback = zone.map_or(Reading::plain(Crs::Jgd2011), |zone| Reading::plain(Crs::Plane2011(zone)));
    let by = format!(
        "座標系を表すものがなく、数値も{}のどの座標系にも合いません。仮に {} とします。座標系を選んでください。",
        around.place(),
        fallback.label()
    );
    (fallback, by, false)
}

/// The Tokyo Datum where the numbers lie outside of the city as they stand and inside of it on the old datum.
fn by_datum(reading: Reading, why: &str, extent: &Extent, around: &Surroundings) -> (Reading, String, bool) {
    let old = reading.crs.on_tokyo_datum().map(|crs| Reading { crs, ..reading });
    if let (Some(city), Some(old)) = (around.city, old)
        && !has_all(extent, reading, city)
        && has_all(extent, old, city)
    {
        let by = format!(
            "{why}そのままでは市の外に出る位置が、旧日本測地系（約400mのずれ）とみると市の中に収まるため、{} とみます。",
            old.label()
        );
        return (old, by, false);
    }
    (reading, format!("座標系を表すものがありません。{why}{} とみます。", reading.label()), false)
}

/// Whether the middle of the file lies in a box.
fn is_near(extent: &Extent, reading: Reading, bounds: BoundingBox) -> bool {
    extent.middle_as(reading).is_some_and(|middle| lies_in(middle, bounds))
}

/// Whether the file's corners lie in a box.
fn has_all(extent: &Extent, reading: Reading, bounds: BoundingBox) -> bool {
    let transformer = Transformer::new(reading);
    [extent.low, extent.high]
        .into_iter()
        .all(|corner| transformer.to_degrees(corner).is_some_and(|corner| lies_in(corner, bounds)))
}

/// Whether a position in degrees lies in a box.
pub(crate) fn lies_in(position: Coord<f64>, bounds: BoundingBox) -> bool {
    (bounds.west..=bounds.east).contains(&position.x) && (bounds.south..=bounds.north).contains(&position.y)
}

/// What a person may choose instead: the same the other way round, and the systems of the place.
fn alternatives(reading: Reading, around: &Surroundings) -> Vec<Reading> {
    let mut all = vec![reading.swapped()];
    all.extend(reading.crs.on_tokyo_datum().map(|crs| Reading { crs, ..reading }));
    all.extend([Crs::Jgd2011, Crs::Tokyo].map(Reading::plain));
    all.push(Reading::plain(Crs::Jgd2011).swapped());
    for zone in around.zones.iter().copied() {
        let plain = Reading::plain(Crs::Plane2011(zone));
        all.extend([plain, plain.swapped(), Reading { is_millimetres: true, ..plain }]);
        all.extend([Crs::Plane2000(zone), Crs::PlaneTokyo(zone)].map(Reading::plain));
    }
    all.push(Reading::plain(Crs::WebMercator));
    let mut seen = Vec::new();
    all.retain(|reading| {
        let is_new = !seen.contains(reading);
        seen.push(*reading);
        is_new
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ayase() -> Surroundings {
        Surroundings::of_municipality("142182")
    }

    fn extent(positions: &[(f64, f64)]) -> Extent {
        let mut extent = Extent::new();
        positions.iter().for_each(|(x, y)| extent.add(Coord { x: *x, y: *y }));
        extent
    }

    fn check(positions: &[(f64, f64)], expected: &str) -> Recognised {
        let found = recognise(None, &extent(positions), &ayase());
        assert_eq!(found.reading.to_string(), expected, "{}", found.by);
        found
    }

    #[test]
    fn numbers_alone_tell_the_system() {
        check(&[(139.4267, 35.4374), (139.43, 35.44)], "EPSG:6668");
        check(&[(35.4374, 139.4267)], "EPSG:6668+swapped");
        check(&[(-36_918.6, -62_340.4)], "EPSG:6677");
        check(&[(-62_340.4, -36_918.6)], "EPSG:6677+swapped");
        check(&[(-36_918_607.0, -62_340_403.0)], "EPSG:6677+mm");
        check(&[(15_520_000.0, 4_220_000.0)], "EPSG:3857");
        // Empty positions say nothing.
        check(&[(0.0, 0.0), (139.4267, 35.4374)], "EPSG:6668");
        let unknown = check(&[(1e12, -4e12)], "EPSG:6677");
        assert!(unknown.by.contains("座標系を選んでください"), "{}", unknown.by);
    }

    #[test]
    fn where_the_prefecture_alone_is_known_both_ways_may_fit() {
        let around = Surroundings { city: None, ..ayase() };
        let found = recognise(None, &extent(&[(-62_340.4, -36_918.6)]), &around);
        assert!(found.by.contains("縦と横を入れ替えても合います"), "{}", found.by);
    }

    #[test]
    fn the_old_datum_is_suspected_where_the_outline_is_known() {
        let city = BoundingBox { west: 139.40, south: 35.41, east: 139.46, north: 35.47 };
        let around = ayase().with_city(city);
        // Eleven seconds south and east: the south-western corner falls out of the city.
        let old = extent(&[(139.4034, 35.4072), (139.45, 35.46)]);
        let found = recognise(None, &old, &around);
        assert_eq!(found.reading.to_string(), "EPSG:4301", "{}", found.by);
        let new = extent(&[(139.41, 35.42), (139.45, 35.46)]);
        assert_eq!(recognise(None, &new, &around).reading.to_string(), "EPSG:6668");
    }

    #[test]
    fn what_the_file_says_is_held_against_its_numbers() {
        let plane: Reading = "EPSG:6677".parse().expect("is a reading");
        let said = |positions: &[(f64, f64)]| recognise(Some((plane, ".prjファイル")), &extent(positions), &ayase());
        assert!(said(&[(-36_918.6, -62_340.4)]).is_sure);
        assert_eq!(said(&[(-62_340.4, -36_918.6)]).reading.to_string(), "EPSG:6677+swapped");
        assert_eq!(said(&[(139.4267, 35.4374)]).reading.to_string(), "EPSG:6668");
        // Another prefecture is only doubted.
        let away = said(&[(100_000.0, 100_000.0)]);
        assert_eq!((away.reading, away.is_sure), (plane, false));
        assert!(away.others.len() > 5);
    }
}
