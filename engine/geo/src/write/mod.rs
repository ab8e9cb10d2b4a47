//! Writing geographic files for other offices, feature by feature: what lies in memory is one feature.

mod geopackage;
mod shapefile;

use std::fs::File;

use kawasemi_kernel::geometry::GeometryKind;

pub use self::geopackage::GeoPackageWriter;
pub use self::shapefile::{Cut, ShapefileWriter, TextEncoder};
use crate::crs::{Crs, Reading, Transformer};

/// An attribute of the features that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
}

/// What the values of an attribute are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Real,
    /// Dates, as text `YYYY-MM-DD`.
    Date,
    /// Yes or no.
    Bool,
}

/// What is written.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The name by which programs know it: letters, digits and `_`.
    pub name: String,
    /// The name by which people know it.
    pub title: String,
    /// The attributes.
    pub columns: Vec<Column>,
    /// What its geometries are.
    pub kind: GeometryKind,
    /// The reference system in which they are written.
    pub crs: Crs,
}

impl Layer {
    fn transformer(&self) -> Transformer {
        Transformer::new(Reading::plain(self.crs))
    }
}

/// A geometry as several of its kind, so that all of a layer are of one type; points stay as they are.
fn as_multiple(geometry: geo::Geometry<f64>) -> geo::Geometry<f64> {
    match geometry {
        geo::Geometry::LineString(line) => geo::MultiLineString(vec![line]).into(),
        geo::Geometry::Polygon(polygon) => geo::MultiPolygon(vec![polygon]).into(),
        other => other,
    }
}

/// A finished file, read from its beginning.
pub type Finished = File;
