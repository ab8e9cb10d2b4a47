//! Looking at a geographic file, and reading its features in longitude and latitude.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;
use geo::{BoundingRect as _, CoordsIter as _};
use kawasemi_kernel::Geometry;
use kawasemi_kernel::geometry::{BoundingBox, GeometryKind};

use crate::crs::{Crs, Extent, Reading, Recognised, Surroundings, Transformer, recognise};
use crate::error::{GeoError, Result};
use crate::feature::{Attribute, Feature, Place};
use crate::format::{self, Format};
use crate::{geojson, geopackage, hygiene, shapefile, xml};

/// How many features say in which system the numbers are.
const SAMPLE: u64 = 5_000;

/// How a file is to be read. What is not said is found by looking.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The layer, of a file with several.
    pub layer: Option<String>,
    /// The encoding of the attributes of a Shapefile.
    pub encoding: Option<&'static Encoding>,
    /// How its numbers are read.
    pub reading: Option<Reading>,
    /// Where the city lies.
    pub around: Surroundings,
}

/// What a file is, and how it is read.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Its format.
    pub format: Format,
    /// Its layers.
    pub layers: Vec<String>,
    /// The layer that is read.
    pub layer: String,
    /// The names of its attributes; never two alike, never empty.
    pub columns: Vec<String>,
    /// How many features it has, where it says so.
    pub count: Option<u64>,
    /// The encoding of its attributes, where that is a question.
    pub encoding: Option<&'static Encoding>,
    /// How its numbers are read.
    pub reading: Reading,
    /// How they would be read if nobody had said anything, and what else they may be.
    pub recognised: Recognised,
    /// The kinds of geometry among its first features.
    pub kinds: Vec<GeometryKind>,
    /// What the file says itself.
    pub understood: Vec<String>,
    /// What was concluded and a person should look at.
    pub doubts: Vec<String>,
    around: Surroundings,
    source: Arc<dyn Source>,
}

/// A feature as the file has it.
pub(crate) struct Raw {
    /// Its number in the file, from 1.
    pub row: u64,
    /// Its attributes.
    pub values: Vec<Attribute>,
    /// Its geometry, in the numbers of the file.
    pub shape: Shape,
    /// What was found while it was read.
    pub notes: Vec<Cow<'static, str>>,
}

/// A geometry as the file has it.
pub(crate) enum Shape {
    /// None.
    None,
    /// One, unchecked.
    At(geo::Geometry<f64>),
    /// One that can't be read.
    Refused(String),
}

/// Where features come from.
pub(crate) trait Source: fmt::Debug + Send + Sync {
    /// Hands every feature over until `take` says false.
    fn each(&self, take: &mut dyn FnMut(Raw) -> Result<bool>) -> Result<()>;
}

/// What a file says of itself.
#[derive(Default)]
pub(crate) struct Stated {
    pub layers: Vec<String>,
    pub layer: String,
    pub columns: Vec<String>,
    pub count: Option<u64>,
    /// How its numbers are to be read, and where it says so.
    pub reading: Option<(Reading, String)>,
    pub encoding: Option<&'static Encoding>,
    pub understood: Vec<String>,
    pub doubts: Vec<String>,
}

/// Looks at a file.
///
/// # Errors
/// A sentence for the person who chose it; [`GeoError::Empty`] where it has no feature.
pub fn survey(path: &Path, options: &Options) -> Result<Survey> {
    let format = format::format_of(path)?.ok_or_else(|| format::refuse(path))?;
    let (source, mut stated): (Arc<dyn Source>, Stated) = match format {
        Format::GeoJson => with(geojson::open(path)?),
        Format::Shapefile | Format::ShapefileZip => with(shapefile::open(path, format, options)?),
        Format::GeoPackage => with(geopackage::open(path, options)?),
        Format::Kml | Format::Kmz | Format::Gpx => with(xml::open(path, format)?),
    };
    let sample = Sample::of(source.as_ref())?;
    if sample.features == 0 {
        return Err(GeoError::Empty);
    }
    let said = stated.reading.as_ref().map(|(reading, place)| (*reading, place.as_str()));
    let recognised = recognise(said, &sample.extent, &options.around);
    let reading = options.reading.unwrap_or(recognised.reading);
    match options.reading {
        Some(reading) => stated.understood.push(format!("指定により、{} とみます。", reading.label())),
        None if recognised.is_sure => stated.understood.push(recognised.by.clone()),
        None => stated.doubts.push(recognised.by.clone()),
    }
    stated.doubts.extend(of_datum(reading.crs).map(str::to_owned));
    Ok(Survey {
        format,
        layers: stated.layers,
        layer: stated.layer,
        columns: distinct(stated.columns),
        count: stated.count,
        encoding: stated.encoding,
        reading,
        recognised,
        kinds: sample.kinds,
        understood: stated.understood,
        doubts: stated.doubts,
        around: options.around.clone(),
        source,
    })
}

fn with<S: Source + 'static>((source, stated): (S, Stated)) -> (Arc<dyn Source>, Stated) {
    (Arc::new(source), stated)
}

/// What a person has to know of a conversion.
pub fn of_datum(crs: Crs) -> Option<&'static str> {
    match crs {
        Crs::Tokyo | Crs::PlaneTokyo(_) => Some("旧日本測地系からは3つのパラメータで変換します。数mの誤差があります。"),
        Crs::Jgd2000 | Crs::Plane2000(_) => {
            Some("JGD2000の座標は、JGD2011と同じとみます（2011年の地震による数十cm程度の動きは直しません）。")
        }
        _ => None,
    }
}

/// Names that differ from one another and are not empty.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.into_iter().enumerate() {
        let name = kawasemi_kernel::text::tidy_line(&name);
        let name = if name.is_empty() { format!("列{}", at + 1) } else { name.chars().take(100).collect() };
        let is_new = |name: &String| !all.contains(name);
        let variants = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}（{n}）")));
        let name = { variants }.find(is_new).unwrap_or(name);
        all.push(name);
    }
    all
}

/// What the first features say.
struct Sample {
    features: u64,
    extent: Extent,
    kinds: Vec<GeometryKind>,
}

impl Sample {
    fn of(source: &dyn Source) -> Result<Self> {
        let mut sample = Self { features: 0, extent: Extent::new(), kinds: Vec::new() };
        source.each(&mut |raw| {
            sample.features += 1;
            if let Shape::At(geometry) = &raw.shape {
                geometry.coords_iter().for_each(|position| sample.extent.add(position));
                if let Some(kind) = kind(geometry).filter(|kind| !sample.kinds.contains(kind)) {
                    sample.kinds.push(kind);
                }
            }
            Ok(sample.features < SAMPLE)
        })?;
        Ok(sample)
    }
}

/// Whether it is made of points, lines or polygons; none of what is none of these.
pub(crate) fn kind(geometry: &geo::Geometry<f64>) -> Option<GeometryKind> {
    use geo::Geometry as G;
    match geometry {
        G::Point(_) | G::MultiPoint(_) => Some(GeometryKind::Point),
        G::Line(_) | G::LineString(_) | G::MultiLineString(_) => Some(GeometryKind::Line),
        G::Polygon(_) | G::MultiPolygon(_) => Some(GeometryKind::Polygon),
        _ => None,
    }
}

impl Survey {
    /// Hands every feature over, in longitude and latitude, until `take` says false.
    ///
    /// # Errors
    /// When the file is damaged further on, or the disk fails.
    pub fn features(&self, take: &mut dyn FnMut(Feature) -> bool) -> Result<()> {
        let placer = Placer::new(self.reading, self.around.clone());
        self.source.each(&mut |raw| {
            let (place, more) = match raw.shape {
                Shape::None => (Place::None, Vec::new()),
                Shape::Refused(said) => (Place::Refused(said), Vec::new()),
                Shape::At(geometry) => placer.place(&geometry),
            };
            let mut notes = raw.notes;
            notes.extend(more);
            Ok(take(Feature { row: raw.row, values: raw.values, place, notes }))
        })
    }
}

/// Brings geometries of a file to where they are, mended and checked.
pub struct Placer {
    reading: Reading,
    transformer: Transformer,
    around: Surroundings,
}

impl Placer {
    /// For numbers that are read in some way, around a city.
    pub fn new(reading: Reading, around: Surroundings) -> Self {
        Self { reading, transformer: Transformer::new(reading), around }
    }

    /// A geometry in longitude and latitude, with what was mended or looks doubtful.
    pub fn place(&self, geometry: &geo::Geometry<f64>) -> (Place, Vec<Cow<'static, str>>) {
        let is_origin = |position: geo::Coord<f64>| position.x == 0.0 && position.y == 0.0;
        if geometry.coords_count() > 0 && geometry.coords_iter().all(is_origin) {
            let said = "座標が0, 0になっています（位置が入っていません）。正しい位置を入れるか、空にしてください。";
            return (Place::Refused(said.to_owned()), Vec::new());
        }
        let Some(converted) = self.transformer.geometry_to_degrees(geometry) else {
            let said = format!("{} の座標として変換できません。座標系の指定を確かめてください。", self.reading.label());
            return (Place::Refused(said), Vec::new());
        };
        let bounds = converted.bounding_rect();
        let lies = |is_swapped: bool, area: BoundingBox| {
            bounds.is_some_and(|rect| {
                [rect.min(), rect.max()].into_iter().all(|corner| {
                    let corner = if is_swapped { geo::Coord { x: corner.y, y: corner.x } } else { corner };
                    crate::crs::lies_in(corner, area)
                })
            })
        };
        let japan = Surroundings::japan().bounds;
        if self.reading.crs.is_geographic() && !lies(false, japan) && lies(true, japan) {
            let said = "緯度と経度が逆のようです。元の値を入れ替えるか、座標系で「縦と横を入れ替え」を選んで読み直してください。";
            return (Place::Refused(said.to_owned()), Vec::new());
        }
        match hygiene::clean(converted) {
            Err(said) => (Place::Refused(said), Vec::new()),
            Ok(cleaned) => {
                let mut notes = cleaned.notes;
                if !lies(false, self.around.near()) {
                    notes.push(format!("{}の外にあります。位置を確かめてください。", self.around.place()).into());
                }
                (Place::At(cleaned.geometry), notes)
            }
        }
    }
}

/// The one geometry of a file, as a form takes it, with what was concluded and mended.
///
/// # Errors
/// A sentence for the person who chose the file: also where it has several features, or none that can be taken.
pub fn single(path: &Path, options: &Options) -> Result<(Geometry, Vec<String>)> {
    let survey = survey(path, options)?;
    if survey.layers.len() > 1 && options.layer.is_none() {
        return Err(GeoError::Refused("レイヤが二つ以上あります。図形一つだけのファイルを選んでください。".to_owned()));
    }
    let mut found: Option<Feature> = None;
    let mut has_more = false;
    survey.features(&mut |feature| {
        has_more = found.is_some();
        found.get_or_insert(feature);
        !has_more
    })?;
    if has_more {
        return Err(GeoError::Refused("図形が二つ以上あります。図形一つだけのファイルを選んでください。".to_owned()));
    }
    let feature = found.ok_or(GeoError::Empty)?;
    let mut said = survey.doubts.clone();
    said.extend(feature.notes.into_iter().map(Cow::into_owned));
    match feature.place {
        Place::At(geometry) => Ok((geometry, said)),
        Place::None => Err(GeoError::Empty),
        Place::Refused(reason) => Err(GeoError::Refused(reason)),
    }
}
