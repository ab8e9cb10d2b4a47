//! Whether lines and polygons are drawn as the standard asks (OGC 06-103r4, §6.1).
//!
//! `geo` has this check too, but compares every edge of a ring with every other: 50 seconds for a coastline of 100,000
//! points. Here a sweep compares only edges that overlap on one axis, and a budget refuses drawings made to defeat it.
//! How rings lie to one another is asked of `geo`, which is quick and safe once each ring by itself is simple.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{BoundingRect, CoordsIter, Intersects, Line, LineString, Polygon, Relate, Validation};

use super::GeometryError;

/// Pairs of edges and points of compared rings that one check may look at: a second's work at most.
const BUDGET: usize = 10_000_000;

/// Checks a geometry of a supported kind with finite coordinates.
pub(super) fn check(geometry: &geo::Geometry<f64>) -> Result<(), GeometryError> {
    let mut budget = Budget(BUDGET);
    let valid = match geometry {
        geo::Geometry::Polygon(polygon) => are_polygons(std::slice::from_ref(polygon), &mut budget)?,
        geo::Geometry::MultiPolygon(polygons) => are_polygons(&polygons.0, &mut budget)?,
        // Points and lines, which may cross themselves, are checked in linear time.
        other => other.is_valid(),
    };
    if valid { Ok(()) } else { Err(GeometryError::Invalid) }
}

/// What is left of the work that a check may do.
struct Budget(usize);

impl Budget {
    fn spend(&mut self, cost: usize) -> Result<(), GeometryError> {
        self.0 = self.0.checked_sub(cost).ok_or(GeometryError::TooComplex)?;
        Ok(())
    }
}

/// Every ring is simple, holes lie inside, and interiors do not meet.
fn are_polygons(polygons: &[Polygon<f64>], budget: &mut Budget) -> Result<bool, GeometryError> {
    for polygon in polygons {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            if !is_simple_ring(ring, budget)? {
                return Ok(false);
            }
        }
        let outline = without_holes(polygon.exterior());
        let holes: Vec<Polygon<f64>> = polygon.interiors().iter().map(without_holes).collect();
        for hole in &holes {
            budget.spend(outline.coords_count() + hole.coords_count())?;
            let relation = outline.relate(hole);
            if !relation.is_contains() || share_an_edge(&relation) {
                return Ok(false);
            }
        }
        if !are_apart(&holes, budget)? {
            return Ok(false);
        }
    }
    are_apart(polygons, budget)
}

/// Whether no two of the polygons have more than single points in common.
fn are_apart(polygons: &[Polygon<f64>], budget: &mut Budget) -> Result<bool, GeometryError> {
    let boxes: Vec<_> = polygons.iter().map(BoundingRect::bounding_rect).collect();
    for (index, polygon) in polygons.iter().enumerate() {
        budget.spend(polygons.len() - index)?;
        for other in index + 1..polygons.len() {
            let (Some(one_box), Some(other_box)) = (boxes[index], boxes[other]) else { return Ok(false) };
            if !one_box.intersects(&other_box) {
                continue;
            }
            budget.spend(polygon.coords_count() + polygons[other].coords_count())?;
            let relation = polygon.relate(&polygons[other]);
            if relation.get(CoordPos::Inside, CoordPos::Inside) != Dimensions::Empty || share_an_edge(&relation) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn share_an_edge(relation: &geo::relate::IntersectionMatrix) -> bool {
    relation.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional
}

fn without_holes(ring: &LineString<f64>) -> Polygon<f64> {
    Polygon::new(ring.clone(), Vec::new())
}

/// Whether a closed ring has three corners and no edge meets another but its neighbours at their common corner.
fn is_simple_ring(ring: &LineString<f64>, budget: &mut Budget) -> Result<bool, GeometryError> {
    let edges: Vec<Line<f64>> = ring.lines().filter(|edge| edge.start != edge.end).collect();
    if edges.len() < 3 {
        return Ok(false);
    }
    let along_x: Vec<Span> = edges.iter().map(|edge| Span::of(edge.start.x, edge.end.x)).collect();
    let along_y: Vec<Span> = edges.iter().map(|edge| Span::of(edge.start.y, edge.end.y)).collect();
    let (pairs_x, pairs_y) = (overlapping_pairs(&along_x), overlapping_pairs(&along_y));
    budget.spend(pairs_x.min(pairs_y))?;
    let (swept, across) = if pairs_x <= pairs_y { (along_x, along_y) } else { (along_y, along_x) };

    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_unstable_by(|one, other| swept[*one].low.total_cmp(&swept[*other].low));
    let mut active: Vec<usize> = Vec::new();
    for edge in order {
        active.retain(|other| swept[*other].high >= swept[edge].low);
        let meets = |other: &usize| across[*other].overlaps(across[edge]) && !may_meet(&edges, edge, *other);
        if active.iter().any(meets) {
            return Ok(false);
        }
        active.push(edge);
    }
    Ok(true)
}

/// Whether two edges of a ring do not meet, or are neighbours that meet at a corner only.
fn may_meet(edges: &[Line<f64>], one: usize, other: usize) -> bool {
    let distance = one.abs_diff(other);
    let are_neighbours = distance == 1 || distance == edges.len() - 1;
    match line_intersection(edges[one], edges[other]) {
        None => true,
        Some(LineIntersection::SinglePoint { .. }) => are_neighbours,
        Some(LineIntersection::Collinear { intersection }) => are_neighbours && intersection.start == intersection.end,
    }
}

/// What an edge covers of one axis.
#[derive(Clone, Copy)]
struct Span {
    low: f64,
    high: f64,
}

impl Span {
    fn of(one: f64, other: f64) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    fn overlaps(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// How many pairs of spans overlap: all pairs but those where one ends before the other begins.
fn overlapping_pairs(spans: &[Span]) -> usize {
    let mut highs: Vec<f64> = spans.iter().map(|span| span.high).collect();
    highs.sort_unstable_by(f64::total_cmp);
    let apart: usize = spans.iter().map(|span| highs.partition_point(|high| *high < span.low)).sum();
    spans.len() * (spans.len() - 1) / 2 - apart
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring() -> impl Strategy<Value = LineString<f64>> {
        prop::collection::vec((0_u8..6, 0_u8..6), 3..8).prop_map(|corners| {
            corners.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect::<LineString<f64>>()
        })
    }

    #[test]
    fn a_long_coastline_is_checked_at_once() {
        let corner = |index: u32| {
            let angle = f64::from(index) / 99_999.0 * std::f64::consts::TAU;
            let radius = 1.0 + 0.1 * (angle * 500.0).sin();
            (139.0 + radius * angle.cos(), 35.0 + radius * angle.sin())
        };
        let coast = Polygon::new((0..99_999).map(corner).collect(), Vec::new());
        assert_eq!(check(&coast.into()), Ok(()));
    }

    #[test]
    fn a_drawing_made_to_defeat_the_check_is_refused() {
        // A comb on its diagonal: every tooth overlaps every other on both axes.
        let corner = |index: u32| {
            let shift = f64::from(index / 2) * 1e-6;
            if index % 4 < 2 { (shift, -shift) } else { (10.0 + shift, 10.0 - shift) }
        };
        let comb = Polygon::new((0..20_000).map(corner).collect(), Vec::new());
        assert_eq!(check(&comb.into()), Err(GeometryError::TooComplex));
    }

    /// Whether a ring runs back over itself at a corner, which `geo` lets pass.
    fn has_spike(polygon: &Polygon<f64>) -> bool {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).any(|ring| {
            let edges: Vec<_> = ring.lines().map(|edge| edge.delta()).filter(|d| d.x != 0.0 || d.y != 0.0).collect();
            (0..edges.len()).any(|index| {
                let (one, next) = (edges[index], edges[(index + 1) % edges.len()]);
                one.x * next.y == one.y * next.x && one.x * next.x + one.y * next.y < 0.0
            })
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_check(rings in prop::collection::vec(ring(), 1..3)) {
            let mut rings = rings.into_iter();
            let polygon = Polygon::new(rings.next().expect("one ring"), rings.collect());
            prop_assert_eq!(check(&polygon.clone().into()).is_ok(), polygon.is_valid() && !has_spike(&polygon));
        }

        #[test]
        fn agrees_with_the_plain_check_on_several(rings in prop::collection::vec(ring(), 1..4)) {
            let polygons = geo::MultiPolygon(rings.iter().map(without_holes).collect());
            let plain = polygons.is_valid() && !polygons.iter().any(has_spike);
            prop_assert_eq!(check(&polygons.clone().into()).is_ok(), plain);
        }
    }
}
