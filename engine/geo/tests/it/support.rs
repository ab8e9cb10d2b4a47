//! Files, layers and features for tests.

use std::fs;
use std::path::{Path, PathBuf};

use geo::{Geometry, LineString, MultiPolygon, Point, Polygon, polygon};
use kawasemi_geo::crs::{Crs, Reading, Surroundings};
use kawasemi_geo::write::{Column, ColumnKind, GeoPackageWriter, Layer, ShapefileWriter, TextEncoder};
use kawasemi_geo::{Attribute, Feature, Options, Place, Survey, survey};
use kawasemi_kernel::geometry::GeometryKind;
use tempfile::TempDir;

/// Near the city hall of Ayase.
pub const HERE: (f64, f64) = (139.4267, 35.4374);

pub fn options() -> Options {
    Options { around: Surroundings::of_municipality("142182"), ..Options::default() }
}

pub fn reading(text: &str) -> Reading {
    text.parse().unwrap()
}

pub fn layer(kind: GeometryKind, crs: &str) -> Layer {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    Layer {
        name: "park".into(),
        title: "公園".into(),
        columns: vec![
            column("名称", ColumnKind::Text),
            column("面積（平方メートル）", ColumnKind::Real),
            column("遊具の数", ColumnKind::Integer),
            column("開園日", ColumnKind::Date),
            column("閉園", ColumnKind::Bool),
        ],
        kind,
        crs: Crs::from_name(crs).unwrap(),
    }
}

pub fn values(name: &str) -> Vec<Attribute> {
    vec![
        Attribute::Text(name.into()),
        Attribute::Real(1234.5),
        Attribute::Integer(7),
        Attribute::Text("2021-05-17".into()),
        Attribute::Bool(true),
    ]
}

pub fn point(dx: f64, dy: f64) -> Geometry<f64> {
    Point::new(HERE.0 + dx, HERE.1 + dy).into()
}

pub fn line() -> Geometry<f64> {
    LineString::from(vec![HERE, (HERE.0 + 0.001, HERE.1 + 0.002), (HERE.0 + 0.003, HERE.1)]).into()
}

/// Two areas, one of them with a hole.
pub fn areas() -> Geometry<f64> {
    let (x, y) = HERE;
    let one: Polygon<f64> = polygon!(
        exterior: [(x: x, y: y), (x: x + 0.004, y: y), (x: x + 0.004, y: y + 0.004), (x: x, y: y + 0.004)],
        interiors: [[(x: x + 0.001, y: y + 0.001), (x: x + 0.001, y: y + 0.002), (x: x + 0.002, y: y + 0.002)]],
    );
    let other = polygon![(x: x + 0.01, y: y), (x: x + 0.012, y: y), (x: x + 0.011, y: y + 0.003)];
    MultiPolygon(vec![one, other]).into()
}

/// Plain CP932.
pub struct Cp932;

impl TextEncoder for Cp932 {
    fn encode(&mut self, _: u64, _: usize, text: &str) -> Vec<u8> {
        encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
    }
}

/// A folder that is gone after the test, and files in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn geopackage(
        &self,
        name: &str,
        layer: Layer,
        features: &[(Option<Geometry<f64>>, Vec<Attribute>)],
    ) -> PathBuf {
        let mut writer = GeoPackageWriter::begin(layer, "2026-04-01T00:00:00.000Z").unwrap();
        for (geometry, values) in features {
            writer.feature(geometry.as_ref(), values).unwrap();
        }
        self.copy(name, writer.finish().unwrap())
    }

    pub fn shapefile(&self, name: &str, layer: Layer, features: &[(Option<Geometry<f64>>, Vec<Attribute>)]) -> PathBuf {
        let mut writer = ShapefileWriter::begin(layer, Cp932).unwrap();
        for (geometry, values) in features {
            writer.feature(geometry.as_ref(), values).unwrap();
        }
        let (file, cut, _) = writer.finish().unwrap();
        assert_eq!(cut, kawasemi_geo::write::Cut::default());
        self.copy(name, file)
    }

    fn copy(&self, name: &str, mut from: fs::File) -> PathBuf {
        let path = self.at(name);
        std::io::copy(&mut from, &mut fs::File::create(&path).unwrap()).unwrap();
        path
    }
}

/// The survey of a file and its features.
pub fn read(path: &Path, options: &Options) -> (Survey, Vec<Feature>) {
    let survey = survey(path, options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut features = Vec::new();
    survey
        .features(&mut |feature| {
            features.push(feature);
            true
        })
        .unwrap();
    (survey, features)
}

/// The geometry of a feature.
pub fn geometry(feature: &Feature) -> &Geometry<f64> {
    match &feature.place {
        Place::At(geometry) => geometry.as_geo(),
        other => panic!("{other:?}"),
    }
}

/// How far apart two geometries are at most, corner by corner, in metres; infinite where they are built otherwise. Lines and
/// areas of one part are the same as several of one part, and rings may begin anywhere.
pub fn apart(one: &Geometry<f64>, other: &Geometry<f64>) -> f64 {
    let corners = |geometry: &Geometry<f64>| {
        let mut all = Vec::new();
        kawasemi_geo::positions(geometry, &mut |position| all.push(position));
        all
    };
    let (one, other) = (corners(one), corners(other));
    if one.len() != other.len() {
        return f64::INFINITY;
    }
    let distance = |a: geo::Coord<f64>, b: geo::Coord<f64>| ((a.x - b.x) * 90_700.0).hypot((a.y - b.y) * 111_000.0);
    let nearest = |a: &geo::Coord<f64>| other.iter().map(|b| distance(*a, *b)).fold(f64::INFINITY, f64::min);
    one.iter().map(nearest).fold(0.0, f64::max)
}
