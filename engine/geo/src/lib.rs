//! Geographic files as city halls have them.
//!
//! Drawings come from a GIS contractor as a Shapefile in CP932 without a `.prj`, from another office as a GeoPackage, from a
//! phone as GPX, and most often as a table with two columns 緯度 and 経度. This crate reads them without a city's database and
//! without a screen: [`survey`] says what a file is, which layers and attributes it has and in which reference system its
//! numbers are, [`Survey::features`] hands its features over one at a time, in longitude and latitude, and [`mod@write`]
//! writes files for others. [`crs`] knows the reference systems, [`hygiene`] what of a shape is mended and what is refused,
//! and [`columns`] finds coordinates in tables.
//!
//! Nothing is silently dropped or changed: what was concluded is told by the survey, what was mended by each feature, and a
//! shape that can't be taken comes as a sentence that says where it is wrong.
//!
//! Every file is taken to be hostile: nothing is read into memory but one feature at a time, parts of archives are measured as
//! they are unpacked, counts in headers are never believed, and a GeoPackage is read as a database that somebody else wrote.

pub mod columns;
pub mod crs;
mod error;
mod feature;
mod format;
mod geojson;
mod geopackage;
pub mod hygiene;
pub mod position;
mod shapefile;
mod survey;
mod typed;
mod wkb;
mod wkt;
pub mod write;
mod xml;

pub use error::{GeoError, Result};
pub use feature::{Attribute, Feature, Place};
pub use format::{Format, format_of};
pub use survey::{Options, Placer, Survey, of_datum, single, survey};
pub use typed::{Position, of_positions, one_point, only_geometry, positions, why_invalid_geojson, why_invalid_wkt};
