//! What of a shape is mended, and what is refused, each with a sentence.
//!
//! Mended is only what changes no boundary: a ring that is not closed is closed, points that lie within a millimetre of the one
//! before are dropped, rings turn as RFC 7946 (§3.1.6) has them. A polygon that crosses itself is refused and told where: which
//! of its parts is meant only a person knows.

use std::borrow::Cow;

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Coord, Line, LineString, MultiLineString, MultiPolygon, Polygon, Winding as _};
use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::GeometryError;

/// Points nearer to each other than this many metres are one.
const SAME: f64 = 0.001;
/// Metres of a degree of latitude.
const DEGREE: f64 = 111_320.0;
/// Pairs of edges that the search for a crossing looks at.
const BUDGET: usize = 10_000_000;

/// Said of rings that were not closed.
pub const CLOSED: &str = "閉じていない輪を閉じました。";
/// Said of points that lay upon one another.
pub const DOUBLED: &str = "1mm未満で重なる点を除きました。";
/// Said of holes without an extent.
pub const EMPTY_HOLE: &str = "広がりのない穴を除きました。";
const NOWHERE: &str =
    "位置が緯度0・経度0になっています（位置が入っていません）。正しい位置を入れるか、空にしてください。";
const FLAT: &str = "面に広がりがありません（異なる3点以上が必要です）。描き直してください。";
const TANGLED: &str = "面の輪が互いに重なっているか、穴が外側の輪の外にあります。描き直してください。";

/// A shape that can be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleaned {
    /// The shape, checked.
    pub geometry: Geometry,
    /// What was mended.
    pub notes: Vec<Cow<'static, str>>,
}

/// Mends a shape in longitude and latitude.
///
/// # Errors
/// A sentence that says what is wrong, and of crossings where.
pub fn clean(geometry: geo::Geometry<f64>) -> Result<Cleaned, String> {
    let mut mender = Mender::default();
    let geometry = mender.geometry(geometry)?;
    // The place of a crossing is looked for only where there is one; the copy is cheap beside the check.
    match Geometry::new(geometry.clone()) {
        Ok(geometry) => Ok(Cleaned { geometry, notes: mender.notes() }),
        Err(GeometryError::Invalid) => Err(why_invalid(&geometry)),
        Err(error) => Err(error.to_string()),
    }
}

/// Why a shape that the kernel refuses as invalid is that, in a sentence with the place.
pub fn why_invalid(geometry: &geo::Geometry<f64>) -> String {
    let rings: Vec<&LineString<f64>> = match geometry {
        geo::Geometry::Polygon(polygon) => rings(polygon).collect(),
        geo::Geometry::MultiPolygon(polygons) => polygons.iter().flat_map(rings).collect(),
        _ => return GeometryError::Invalid.to_string(),
    };
    match crossing(&rings) {
        Some(at) => format!("面が {} のあたりで自分自身と交わっています。そこを直してください。", said(at)),
        None => TANGLED.to_owned(),
    }
}

/// A position as people read it.
pub fn said(position: Coord<f64>) -> String {
    format!("北緯{:.6}° 東経{:.6}°", position.y, position.x)
}

fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// What was done to a shape.
#[derive(Default)]
struct Mender {
    has_closed: bool,
    has_doubled: bool,
    has_empty_hole: bool,
}

impl Mender {
    fn notes(&self) -> Vec<Cow<'static, str>> {
        let all = [(self.has_closed, CLOSED), (self.has_doubled, DOUBLED), (self.has_empty_hole, EMPTY_HOLE)];
        all.into_iter().filter(|(is, _)| *is).map(|(_, note)| Cow::Borrowed(note)).collect()
    }

    fn geometry(&mut self, geometry: geo::Geometry<f64>) -> Result<geo::Geometry<f64>, String> {
        use geo::Geometry as G;
        Ok(match geometry {
            G::Point(point) => {
                if is_nowhere(point.0) {
                    return Err(NOWHERE.to_owned());
                }
                point.into()
            }
            G::MultiPoint(points) => {
                if points.iter().any(|point| is_nowhere(point.0)) {
                    return Err(NOWHERE.to_owned());
                }
                points.into()
            }
            G::Line(line) => self.line(LineString::from(line))?.into(),
            G::LineString(line) => self.line(line)?.into(),
            G::MultiLineString(lines) => {
                MultiLineString(lines.0.into_iter().map(|line| self.line(line)).collect::<Result<_, _>>()?).into()
            }
            G::Polygon(polygon) => self.polygon(polygon)?.into(),
            G::MultiPolygon(polygons) => {
                let polygons = polygons.0.into_iter().map(|polygon| self.polygon(polygon));
                MultiPolygon(polygons.collect::<Result<_, _>>()?).into()
            }
            G::GeometryCollection(mut parts) if parts.0.len() == 1 => self.geometry(parts.0.remove(0))?,
            _ => return Err(GeometryError::Unsupported.to_string()),
        })
    }

    fn line(&mut self, line: LineString<f64>) -> Result<LineString<f64>, String> {
        if line.0.iter().all(|position| is_nowhere(*position)) && !line.0.is_empty() {
            return Err(NOWHERE.to_owned());
        }
        Ok(LineString(self.without_doubles(line.0, 2)))
    }

    fn polygon(&mut self, polygon: Polygon<f64>) -> Result<Polygon<f64>, String> {
        let (exterior, holes) = polygon.into_inner();
        if exterior.0.iter().all(|position| is_nowhere(*position)) && !exterior.0.is_empty() {
            return Err(NOWHERE.to_owned());
        }
        let mut exterior = self.ring(exterior.0).ok_or(FLAT)?;
        exterior.make_ccw_winding();
        let mut kept = Vec::with_capacity(holes.len());
        for hole in holes {
            match self.ring(hole.0) {
                Some(mut hole) => {
                    hole.make_cw_winding();
                    kept.push(hole);
                }
                None => self.has_empty_hole = true,
            }
        }
        Ok(Polygon::new(exterior, kept))
    }

    /// A closed ring without doubled points; none where it has no extent.
    fn ring(&mut self, mut positions: Vec<Coord<f64>>) -> Option<LineString<f64>> {
        let (first, last) = (*positions.first()?, *positions.last()?);
        if first != last {
            if is_same(first, last) {
                // Rounding pulled the ends apart.
                positions.pop();
            }
            positions.push(first);
            self.has_closed = true;
        }
        let positions = self.without_doubles(positions, 4);
        (positions.len() >= 4).then_some(LineString(positions))
    }

    /// Positions without those that lie within a millimetre of the one before; the last one stays as it is.
    fn without_doubles(&mut self, positions: Vec<Coord<f64>>, least: usize) -> Vec<Coord<f64>> {
        let doubled = positions.windows(2).any(|two| is_same(two[0], two[1]));
        if !doubled || positions.len() <= least {
            return positions;
        }
        self.has_doubled = true;
        let last = positions[positions.len() - 1];
        let mut kept: Vec<Coord<f64>> = Vec::with_capacity(positions.len());
        for position in positions {
            if kept.last().is_none_or(|before| !is_same(*before, position)) {
                kept.push(position);
            }
        }
        if kept.len() > 1 && kept.last() != Some(&last) {
            kept.pop();
            kept.push(last);
        }
        kept
    }
}

/// Whether a position stands for none: 0, 0 in degrees, to some metres.
fn is_nowhere(position: Coord<f64>) -> bool {
    position.x.abs() < 1e-4 && position.y.abs() < 1e-4
}

fn is_same(one: Coord<f64>, other: Coord<f64>) -> bool {
    let north = (one.y - other.y) * DEGREE;
    let east = (one.x - other.x) * DEGREE * one.y.to_radians().cos();
    north.abs() < SAME && east.abs() < SAME && north.hypot(east) < SAME
}

/// An edge of a ring.
struct Edge {
    line: Line<f64>,
    ring: usize,
    index: usize,
    /// How many edges its ring has.
    of: usize,
}

/// Where rings cross themselves or one another; none where they do not, or where the search would take too long.
fn crossing(rings: &[&LineString<f64>]) -> Option<Coord<f64>> {
    let mut edges = Vec::new();
    for (ring, line) in rings.iter().enumerate() {
        let own: Vec<Line<f64>> = line.lines().filter(|edge| edge.start != edge.end).collect();
        let of = own.len();
        edges.extend(own.into_iter().enumerate().map(|(index, line)| Edge { line, ring, index, of }));
    }
    edges.sort_by(|one, other| {
        low(one.line.start.x, one.line.end.x).total_cmp(&low(other.line.start.x, other.line.end.x))
    });
    let mut budget = BUDGET;
    let mut active: Vec<usize> = Vec::new();
    for (at, edge) in edges.iter().enumerate() {
        let west = low(edge.line.start.x, edge.line.end.x);
        active.retain(|other| edges[*other].line.start.x.max(edges[*other].line.end.x) >= west);
        budget = budget.checked_sub(active.len())?;
        for other in &active {
            if let Some(found) = meet(edge, &edges[*other]) {
                return Some(found);
            }
        }
        active.push(at);
    }
    None
}

fn low(one: f64, other: f64) -> f64 {
    one.min(other)
}

/// Where two edges meet that must not.
fn meet(one: &Edge, other: &Edge) -> Option<Coord<f64>> {
    let is_same_ring = one.ring == other.ring;
    let distance = one.index.abs_diff(other.index);
    let are_neighbours = is_same_ring && (distance == 1 || distance == one.of - 1);
    match line_intersection(one.line, other.line)? {
        LineIntersection::Collinear { intersection } if intersection.start != intersection.end => {
            Some(intersection.start)
        }
        // Rings may touch one another in single points, edges of one ring only their neighbours.
        LineIntersection::SinglePoint { intersection, is_proper } => {
            (is_proper || is_same_ring && !are_neighbours).then_some(intersection)
        }
        LineIntersection::Collinear { intersection } => (is_same_ring && !are_neighbours).then_some(intersection.start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[(f64, f64)]) -> geo::Geometry<f64> {
        // The constructor of a polygon would close it.
        let ring = corners.iter().map(|(x, y)| Coord { x: 139.0 + x / 1000.0, y: 35.0 + y / 1000.0 }).collect();
        Polygon::new(LineString(ring), Vec::new()).into()
    }

    #[test]
    fn mends_what_changes_no_boundary() {
        let mut mender = Mender::default();
        let open = vec![(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 1.0 + 1e-9), (1.0, 0.0)];
        let ring = mender.ring(open.into_iter().map(|(x, y)| Coord { x, y }).collect()).expect("has an extent");
        assert_eq!(ring.0.len(), 5);
        assert_eq!(mender.notes(), [CLOSED, DOUBLED]);

        let cleaned = clean(polygon(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)])).expect("is sound");
        assert_eq!(cleaned.notes, Vec::<Cow<'_, str>>::new());
        let geo::Geometry::Polygon(polygon) = cleaned.geometry.as_geo() else { panic!("is a polygon") };
        assert!(polygon.exterior().is_ccw());
    }

    #[test]
    fn names_the_place_of_a_crossing() {
        let bow = polygon(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]);
        let said = clean(bow).expect_err("crosses itself");
        assert!(said.contains("北緯35.000500° 東経139.000500°"), "{said}");
        let spike = polygon(&[(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]);
        assert!(clean(spike).is_err());
        let flat = polygon(&[(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)]);
        assert!(clean(flat).expect_err("has no extent").contains("広がり"));
    }

    #[test]
    fn a_hole_outside_is_told() {
        let square = |at: f64, size: f64| {
            LineString::from(vec![(at, at), (at + size, at), (at + size, at + size), (at, at + size), (at, at)])
        };
        let outside = Polygon::new(square(35.0, 0.1), vec![square(36.0, 0.1)]);
        assert_eq!(clean(outside.into()), Err(TANGLED.to_owned()));
    }

    #[test]
    fn nowhere_is_refused() {
        assert!(clean(geo::Point::new(0.0, 0.0).into()).is_err());
        let line = LineString::from(vec![(139.0, 35.0), (139.0, 35.0)]);
        assert!(clean(line.into()).expect_err("has no extent").contains("異なる2点以上"));
    }
}
