//! The ground of the sample: the city's outline and its towns, and a street grid that is drawn into it. None of its streets exists.

use serde::Deserialize;

use crate::rules::table;

#[derive(Deserialize)]
struct Corner {
    longitude: f64,
    latitude: f64,
}

#[derive(Deserialize)]
struct Town {
    name: String,
    latitude: f64,
    longitude: f64,
}

/// The city, as far as the sample needs it.
pub struct Ground {
    outline: Vec<Corner>,
    towns: Vec<Town>,
}

/// A street of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Street {
    /// Whether it runs from west to east.
    pub is_across: bool,
    /// Its points, one for each crossing with a street of the other way.
    pub points: Vec<(f64, f64)>,
}

/// Degrees between two streets of the grid, across and along: about 360 m.
const SPACING: (f64, f64) = (0.004, 0.0033);
/// The shortest street, in crossings.
const LEAST: usize = 4;

impl Ground {
    /// Reads it.
    pub fn read() -> Self {
        Self {
            outline: table::built_in(include_str!("../../sample/outline.csv")),
            towns: table::built_in(include_str!("../../sample/towns.csv")),
        }
    }

    /// Whether a point lies in the city: a ray to the east crosses the outline an odd number of times.
    pub fn contains(&self, (longitude, latitude): (f64, f64)) -> bool {
        let ends = self.outline.iter().zip(self.outline.iter().cycle().skip(1));
        let crosses = |(a, b): &(&Corner, &Corner)| {
            let is_between = (a.latitude > latitude) != (b.latitude > latitude);
            let at = a.longitude + (latitude - a.latitude) / (b.latitude - a.latitude) * (b.longitude - a.longitude);
            is_between && longitude < at
        };
        ends.filter(crosses).count() % 2 == 1
    }

    /// The name of the town around a point.
    pub fn town(&self, (longitude, latitude): (f64, f64)) -> &str {
        let distance = |town: &Town| (town.longitude - longitude).hypot(town.latitude - latitude);
        let nearest = self.towns.iter().min_by(|one, other| distance(one).total_cmp(&distance(other)));
        nearest.map_or("", |town| town.name.as_str())
    }

    /// The streets, first those across from south to north, then those along from west to east.
    pub fn streets(&self) -> Vec<Street> {
        let extent = |of: fn(&Corner) -> f64| {
            let values = self.outline.iter().map(of);
            (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
        };
        let (west, east) = extent(|corner| corner.longitude);
        let (south, north) = extent(|corner| corner.latitude);
        let steps =
            |from: f64, to: f64, by: f64| (1..).map(move |n| from + by * f64::from(n)).take_while(move |at| *at < to);
        let (mut streets, latitudes, longitudes) = (
            Vec::new(),
            steps(south, north, SPACING.1).collect::<Vec<_>>(),
            steps(west, east, SPACING.0).collect::<Vec<_>>(),
        );
        for latitude in &latitudes {
            let points = longitudes.iter().map(|longitude| (*longitude, *latitude));
            streets.extend(self.longest(points).map(|points| Street { is_across: true, points }));
        }
        for longitude in &longitudes {
            let points = latitudes.iter().map(|latitude| (*longitude, *latitude));
            streets.extend(self.longest(points).map(|points| Street { is_across: false, points }));
        }
        streets
    }

    /// The longest run of points that lie in the city; none where it is too short for a street.
    fn longest(&self, points: impl Iterator<Item = (f64, f64)>) -> Option<Vec<(f64, f64)>> {
        let points: Vec<(f64, f64)> = points.collect();
        let runs = points.split(|point| !self.contains(*point));
        runs.max_by_key(|run| run.len()).filter(|run| run.len() >= LEAST).map(<[_]>::to_vec)
    }
}

/// The distance between two points in centimetres.
pub fn centimetres(from: (f64, f64), to: (f64, f64)) -> i64 {
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let (x, y) = ((to.0 - from.0) * from.1.to_radians().cos(), to.1 - from.1);
    (x.hypot(y) * METRES_PER_DEGREE * 100.0).round() as i64
}

/// Draws figures that look like chance and are the same every time.
pub struct Draw(u64);

impl Draw {
    /// Draws from a beginning.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A whole number below another.
    pub fn below(&mut self, count: u64) -> u64 {
        // The multiplier of Knuth's MMIX; the upper bits are the better ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count.max(1)
    }

    /// A whole number from a first to a last.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        first + i64::try_from(self.below(u64::try_from(last - first + 1).unwrap_or(1))).unwrap_or(0)
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streets_lie_in_the_city() {
        let ground = Ground::read();
        let streets = ground.streets();
        assert!(streets.len() > 20, "{}", streets.len());
        assert!(streets.iter().flat_map(|street| &street.points).all(|point| ground.contains(*point)));
        assert!(!ground.contains((139.0, 35.0)) && !ground.town(streets[0].points[0]).is_empty());
        let length = centimetres(streets[0].points[0], streets[0].points[1]);
        assert!((30_000..40_000).contains(&length), "{length}");
    }

    #[test]
    fn chance_is_the_same_every_time() {
        let all = |seed| {
            let mut draw = Draw::new(seed);
            (0..5).map(|_| draw.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert!(all(2).iter().all(|n| (3..=9).contains(n)));
    }
}
