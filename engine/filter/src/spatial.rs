//! Geometries in filters: literals with their bounding boxes, and the eight relations, exactly.

use geo::{
    BoundingRect as _, Coord, Geometry, Intersects as _, Line, MultiPolygon, Point, Rect, Relate as _, Validation as _,
};

/// A relation of two geometries (DE-9IM).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Intersects,
    Disjoint,
    Equals,
    Touches,
    Within,
    Overlaps,
    Crosses,
    Contains,
}

/// A geometry literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) geometry: Geometry<f64>,
    /// West, south, east, north.
    pub(crate) bounds: [f64; 4],
}

/// Why a literal is no geometry that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// A longitude beyond 180 degrees or a latitude beyond 90.
    OffTheMap,
    /// South is north of north.
    UpsideDown,
    /// It crosses itself or has a line without length.
    Invalid,
}

impl Shape {
    /// A geometry literal in longitude and latitude.
    pub(crate) fn of_geometry(geometry: &Geometry<f64>) -> Result<Self, Unusable> {
        use geo::CoordsIter as _;
        if geometry.coords_iter().any(|c| c.x.abs() > 180.0 || c.y.abs() > 90.0) {
            return Err(Unusable::OffTheMap);
        }
        let bounds = bounds(geometry).filter(|_| geometry.is_valid()).ok_or(Unusable::Invalid)?;
        Ok(Self { geometry: geometry.clone(), bounds })
    }

    /// A geometry of a record, which was checked when it was made.
    pub(crate) fn of_checked(geometry: &kawasemi_kernel::Geometry) -> Self {
        let bounds = geometry.bounding_box();
        let bounds = [bounds.west, bounds.south, bounds.east, bounds.north];
        Self { geometry: geometry.as_geo().clone(), bounds }
    }

    /// A box; two boxes if it crosses the antimeridian, a line or a point if it has no area.
    pub(crate) fn of_box([west, south, east, north]: [f64; 4]) -> Result<Self, Unusable> {
        if [west, east].iter().any(|x| x.abs() > 180.0) || [south, north].iter().any(|y| y.abs() > 90.0) {
            return Err(Unusable::OffTheMap);
        }
        if south > north {
            return Err(Unusable::UpsideDown);
        }
        if west > east {
            let halves = [(west, 180.0), (-180.0, east)].into_iter().filter(|(from, to)| from < to);
            let polygons = halves.map(|(from, to)| rect(from, south, to, north).to_polygon()).collect();
            return Self::of_geometry(&Geometry::MultiPolygon(MultiPolygon(polygons)));
        }
        let (low, high) = (Coord { x: west, y: south }, Coord { x: east, y: north });
        let geometry = match (west < east, south < north) {
            (true, true) => Geometry::Rect(Rect::new(low, high)),
            (false, false) => Geometry::Point(Point(low)),
            _ => Geometry::Line(Line::new(low, high)),
        };
        Ok(Self { geometry, bounds: [west, south, east, north] })
    }

    /// Whether it is all of its bounding box, so that a point in the box is a point in it.
    pub(crate) fn fills_bounds(&self) -> bool {
        matches!(self.geometry, Geometry::Rect(_) | Geometry::Point(_))
    }
}

impl Relation {
    /// Whether the relation holds; unknown beside a geometry without points. Both are valid: literals were checked when
    /// they were lowered, records when they were saved.
    pub(crate) fn holds(self, left: &Geometry<f64>, right: &Geometry<f64>) -> Option<bool> {
        match self {
            Self::Intersects => return Some(left.intersects(right)),
            Self::Disjoint => return Some(!left.intersects(right)),
            _ => {}
        }
        if !boxes_meet(left, right)? {
            return Some(false);
        }
        let matrix = left.relate(right);
        Some(match self {
            Self::Intersects => matrix.is_intersects(),
            Self::Disjoint => matrix.is_disjoint(),
            Self::Equals => matrix.is_equal_topo(),
            Self::Touches => matrix.is_touches(),
            Self::Within => matrix.is_within(),
            Self::Overlaps => matrix.is_overlaps(),
            Self::Crosses => matrix.is_crosses(),
            Self::Contains => matrix.is_contains(),
        })
    }
}

/// The bounding box of a geometry that has any point.
pub(crate) fn bounds(geometry: &Geometry<f64>) -> Option<[f64; 4]> {
    let rect = geometry.bounding_rect()?;
    Some([rect.min().x, rect.min().y, rect.max().x, rect.max().y])
}

fn boxes_meet(left: &Geometry<f64>, right: &Geometry<f64>) -> Option<bool> {
    let (a, b) = (bounds(left)?, bounds(right)?);
    Some(a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1])
}

fn rect(west: f64, south: f64, east: f64, north: f64) -> Rect<f64> {
    Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north })
}
