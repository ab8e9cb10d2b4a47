//! Points, lines and polygons.

/// A geometry in longitude and latitude.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry(pub geo::Geometry<f64>);
