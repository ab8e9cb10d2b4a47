//! Where a geometry lies in the quadtree of web maps (WebMercatorQuad), as one number that an ordinary index can find.
//!
//! A [`Spot`] has two numbers. The *cell* is the smallest square of the quadtree that holds the geometry once the square is
//! doubled to the east and south (XZ-ordering, Böhm, Klump and Kriegel 1999): the Morton code of the square's corner, then
//! its level. So a square and everything below it are one range of cells, a tile of a map is one range, and [`ranges`] covers
//! any box by a few dozen ranges, with points, lines and polygons alike. The *rank* says what a crowded tile shows first: of
//! equals, one in four has a rank higher than the rest, whatever its neighbours are, and what is larger ranks higher. Both
//! follow from the coordinates alone, so that the same geometry has the same spot on every store and device.

use super::{BoundingBox, Geometry, GeometryKind};

/// The deepest level: squares of about half a metre in Japan.
pub const DEPTH: u32 = 26;
/// The highest rank.
pub const RANK_MAX: i64 = 31;
/// The most that chance adds to the rank that a geometry has by its size: one in some seventeen million has it.
pub const CHANCE: i64 = 12;
/// Bits of a cell that hold its level.
const LEVEL_BITS: u32 = 5;
/// A box is covered by squares of down to this part of its size: finer where that costs few ranges, coarser for a tile, which is
/// looked at rank by rank.
const OF_BOX_POINTS: u32 = 16;
const OF_BOX: u32 = 8;
const OF_TILE: u32 = 4;
/// Beyond this latitude the square map of the web ends.
const LATITUDE_MAX: f64 = 85.051_128_779_806_59;

/// Where a geometry lies, and how soon a crowded map shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The cell; greater than or equal to zero.
    pub cell: i64,
    /// From 0 to [`RANK_MAX`].
    pub rank: i64,
}

/// Cells from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellRange {
    /// The first cell.
    pub first: i64,
    /// The last cell.
    pub last: i64,
}

impl CellRange {
    /// The level of the square with which the range begins.
    pub fn level(self) -> u32 {
        u32::try_from(self.first & ((1 << LEVEL_BITS) - 1)).unwrap_or_default()
    }
}

/// What is to be found in a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Single points only, which lie in squares of the deepest level.
    Points,
    /// Anything.
    Any,
}

/// A rectangle of squares of the deepest level, its edges included.
#[derive(Clone, Copy)]
struct Squares {
    west: u32,
    north: u32,
    east: u32,
    south: u32,
}

impl Geometry {
    /// Where it lies.
    pub fn spot(&self) -> Spot {
        let bounds = self.bounding_box();
        let squares = Squares::of(bounds);
        let size = (squares.east - squares.west).max(squares.south - squares.north);
        // The smallest square that is at least as large as the box.
        let level = DEPTH - size.checked_next_power_of_two().map_or(DEPTH, u32::trailing_zeros).min(DEPTH);
        let extent = if self.kind() == GeometryKind::Point && size == 0 { 0 } else { i64::from(DEPTH - level) };
        let chance = i64::from(scatter(bounds).trailing_zeros() / 2).min(CHANCE);
        let rank = (extent + chance).min(RANK_MAX);
        Spot { cell: cell(level, aligned(squares.west, level), aligned(squares.north, level)), rank }
    }
}

/// The ranges of cells in which everything lies that meets a box, in order and apart; some of what lies in them does not meet it.
/// A box whose west is east of its east crosses the antimeridian.
pub fn ranges(bounds: BoundingBox, extent: Extent) -> Vec<CellRange> {
    let parts = match bounds.west > bounds.east {
        true => vec![BoundingBox { east: 180.0, ..bounds }, BoundingBox { west: -180.0, ..bounds }],
        false => vec![bounds],
    };
    let fineness = match extent {
        Extent::Points => OF_BOX_POINTS,
        Extent::Any => OF_BOX,
    };
    let mut found = Vec::new();
    for part in parts {
        cover(Squares::of(part), extent, fineness, &mut found);
    }
    merged(found)
}

/// The same for a tile of WebMercatorQuad; one range where it is asked for points. None where there is no such tile.
pub fn tile_ranges(zoom: u32, column: u32, row: u32, extent: Extent) -> Option<Vec<CellRange>> {
    if zoom > DEPTH || column >> zoom != 0 || row >> zoom != 0 {
        return None;
    }
    let (size, mut found) = (1_u32 << (DEPTH - zoom), Vec::new());
    let (west, north) = (column * size, row * size);
    cover(Squares { west, north, east: west + (size - 1), south: north + (size - 1) }, extent, OF_TILE, &mut found);
    Some(merged(found))
}

fn cover(wanted: Squares, extent: Extent, fineness: u32, found: &mut Vec<CellRange>) {
    let size = (wanted.east - wanted.west).max(wanted.south - wanted.north) + 1;
    let finest = (size / fineness).max(1).next_power_of_two();
    Cover { wanted, extent, finest, found }.visit(0, 0, 0);
}

fn merged(mut found: Vec<CellRange>) -> Vec<CellRange> {
    found.sort_unstable();
    let mut merged: Vec<CellRange> = Vec::new();
    for range in found {
        match merged.last_mut() {
            Some(before) if range.first <= before.last + 1 => before.last = before.last.max(range.last),
            _ => merged.push(range),
        }
    }
    merged
}

/// The box of a tile of WebMercatorQuad; none where there is no such tile.
pub fn tile_bounds(zoom: u32, column: u32, row: u32) -> Option<BoundingBox> {
    if zoom > DEPTH || column >> zoom != 0 || row >> zoom != 0 {
        return None;
    }
    let tiles = f64::from(1_u32 << zoom);
    Some(BoundingBox {
        west: longitude(f64::from(column) / tiles),
        south: latitude(f64::from(row + 1) / tiles),
        east: longitude(f64::from(column + 1) / tiles),
        north: latitude(f64::from(row) / tiles),
    })
}

/// Where a coordinate lies on the square map of the web: from 0 to 1 eastwards and southwards.
pub fn on_square(longitude: f64, latitude: f64) -> (f64, f64) {
    let latitude = latitude.clamp(-LATITUDE_MAX, LATITUDE_MAX).to_radians();
    (f64::midpoint(longitude / 180.0, 1.0), (1.0 - latitude.tan().asinh() / std::f64::consts::PI) / 2.0)
}

fn longitude(x: f64) -> f64 {
    x.mul_add(360.0, -180.0)
}

fn latitude(y: f64) -> f64 {
    (std::f64::consts::PI * y.mul_add(-2.0, 1.0)).sinh().atan().to_degrees()
}

impl Squares {
    fn of(bounds: BoundingBox) -> Self {
        let (west, north) = on_square(bounds.west, bounds.north);
        let (east, south) = on_square(bounds.east, bounds.south);
        Self { west: square(west), north: square(north), east: square(east), south: square(south) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to the squares there are"
)]
fn square(part: f64) -> u32 {
    let squares = f64::from(1_u32 << DEPTH);
    (part * squares).floor().clamp(0.0, squares - 1.0) as u32
}

/// Walks down the quadtree and notes what lies in a rectangle.
struct Cover<'a> {
    wanted: Squares,
    extent: Extent,
    /// The size of the smallest squares that are looked at.
    finest: u32,
    found: &'a mut Vec<CellRange>,
}

impl Cover<'_> {
    /// Looks at the square with this level and corner.
    fn visit(&mut self, level: u32, west: u32, north: u32) {
        let size = 1_u32 << (DEPTH - level);
        // What lies in the square reaches over its own edge by no more than its size.
        let reach = match self.extent {
            Extent::Points => size - 1,
            Extent::Any => 2 * size - 1,
        };
        let (east, south) = (west.saturating_add(reach), north.saturating_add(reach));
        let Squares { west: from_x, north: from_y, east: to_x, south: to_y } = self.wanted;
        if west > to_x || north > to_y || east < from_x || south < from_y {
            return;
        }
        let is_within = west >= from_x && north >= from_y && east <= to_x && south <= to_y;
        let first = cell(level, west, north);
        if is_within || size <= self.finest {
            let last = ((first >> LEVEL_BITS) + (i64::from(size) * i64::from(size))) << LEVEL_BITS;
            self.found.push(CellRange { first, last: last - 1 });
            return;
        }
        if self.extent == Extent::Any {
            self.found.push(CellRange { first, last: first });
        }
        let half = size / 2;
        for (x, y) in [(0, 0), (half, 0), (0, half), (half, half)] {
            self.visit(level + 1, west + x, north + y);
        }
    }
}

/// The number of a square.
fn cell(level: u32, west: u32, north: u32) -> i64 {
    let morton = spread(west) | (spread(north) << 1);
    (morton << LEVEL_BITS) | i64::from(level)
}

/// The edge of the square of a level in which a square of the deepest level lies.
const fn aligned(square: u32, level: u32) -> u32 {
    square >> (DEPTH - level) << (DEPTH - level)
}

/// Puts a zero bit between any two bits.
fn spread(value: u32) -> i64 {
    let mut bits = u64::from(value);
    bits = (bits | (bits << 16)) & 0x0000_ffff_0000_ffff;
    bits = (bits | (bits << 8)) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | (bits << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | (bits << 2)) & 0x3333_3333_3333_3333;
    bits = (bits | (bits << 1)) & 0x5555_5555_5555_5555;
    i64::try_from(bits).expect("a square has 26 bits")
}

/// A number that is the same for the same box and looks like chance beside others (the finisher of SplitMix64).
fn scatter(bounds: BoundingBox) -> u64 {
    let mut mixed = 0_u64;
    for side in [bounds.west, bounds.south, bounds.east, bounds.north] {
        mixed = mixed.wrapping_add(side.to_bits()).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxes() -> impl Strategy<Value = BoundingBox> {
        let city = (139.35..139.5_f64, 35.38..35.5_f64);
        (city, -16..1_i32, -16..1_i32).prop_map(|((west, south), wide, high)| BoundingBox {
            west,
            south,
            east: west + 2_f64.powi(wide) / 10.0,
            north: south + 2_f64.powi(high) / 10.0,
        })
    }

    fn has(found: &[CellRange], cell: i64) -> bool {
        found.iter().any(|range| range.first <= cell && cell <= range.last)
    }

    #[test]
    fn a_tile_is_where_everybody_finds_it() {
        let (x, y) = on_square(139.4267, 35.4374);
        let at = |zoom: i32| ((x * 2_f64.powi(zoom)).floor(), (y * 2_f64.powi(zoom)).floor());
        assert_eq!((at(15), at(18)), ((29074.0, 12930.0), (232_599.0, 103_444.0)));
        let tile = tile_bounds(15, 29074, 12930).unwrap();
        assert!(tile.west < 139.4267 && 139.4267 < tile.east && tile.south < 35.4374 && 35.4374 < tile.north);
        assert_eq!((tile_bounds(1, 2, 0), tile_bounds(27, 0, 0)), (None, None));
    }

    #[test]
    fn a_tile_of_points_is_one_range() {
        let (x, y) = on_square(139.4267, 35.4374);
        let (hall, line) = (Geometry::point(139.4267, 35.4374).unwrap(), "LINESTRING(139.4267 35.4374, 139.43 35.44)");
        let line: Geometry = line.parse().unwrap();
        for zoom in 0..=20 {
            let at = |part: f64| square(part) >> (DEPTH - zoom);
            let (points, all) = (Extent::Points, Extent::Any);
            let found = |extent| tile_ranges(zoom, at(x), at(y), extent).unwrap();
            assert!(found(points).len() == 1 && has(&found(points), hall.spot().cell), "{zoom}");
            assert!(has(&found(all), line.spot().cell) && has(&found(all), hall.spot().cell), "{zoom}");
            assert!(found(all).len() < 150, "{zoom}: {}", found(all).len());
        }
        assert_eq!(tile_ranges(3, 8, 0, Extent::Points), None);
    }

    #[test]
    fn one_in_four_ranks_higher() {
        let points = (0..40_000_u32).map(|n| {
            let (x, y) = (f64::from(n % 200) / 1e4, f64::from(n / 200) / 1e4);
            Geometry::point(139.4 + x, 35.4 + y).unwrap().spot().rank
        });
        let ranks: Vec<i64> = points.collect();
        for rank in 1..5 {
            let share =
                ranks.iter().filter(|found| **found >= rank).count() * 4_usize.pow(u32::try_from(rank).unwrap());
            assert!((36_000..44_000).contains(&share), "{rank}: {share}");
        }
    }

    proptest! {
        #[test]
        fn whatever_meets_a_box_lies_in_its_ranges(bounds in boxes(), other in boxes()) {
            let (found, points) = (ranges(bounds, Extent::Any), ranges(bounds, Extent::Points));
            let spot = Geometry::rectangle(other).unwrap().spot();
            if bounds.intersects(other) {
                prop_assert!(has(&found, spot.cell));
            }
            let corner = Geometry::point(other.west, other.south).unwrap().spot();
            if bounds.west <= other.west && other.west <= bounds.east && bounds.south <= other.south && other.south <= bounds.north {
                prop_assert!(has(&points, corner.cell) && has(&found, corner.cell));
            }
            prop_assert!(found.len() < 200 && points.len() < 150, "{} {}", found.len(), points.len());
            prop_assert!(found.is_sorted() && points.is_sorted());
        }

        #[test]
        fn what_is_far_lies_elsewhere(bounds in boxes(), shift in 2.0..20.0_f64) {
            let span = (bounds.east - bounds.west).max(bounds.north - bounds.south);
            let far = Geometry::point(bounds.east + span * shift, bounds.south).unwrap();
            prop_assert!(!has(&ranges(bounds, Extent::Points), far.spot().cell));
        }

        #[test]
        fn a_box_over_the_date_line_is_both_its_ends(latitude in -60.0..60.0_f64, half in 0.1..5.0_f64) {
            let over = BoundingBox { west: 180.0 - half, south: latitude, east: -180.0 + half, north: latitude + 1.0 };
            let found = ranges(over, Extent::Points);
            for longitude in [180.0 - half / 2.0, -180.0 + half / 2.0] {
                prop_assert!(has(&found, Geometry::point(longitude, latitude + 0.5).unwrap().spot().cell));
            }
            prop_assert!(!has(&found, Geometry::point(0.0, latitude + 0.5).unwrap().spot().cell));
        }
    }
}
