//! The ledgers of a map: which there are for a person, how they are coloured, and what their records are called.

use kawasemi_kernel::{Geometry, Value};
use kawasemi_ledger::{Style, Visible};
use kawasemi_schema::{Action, FieldDef, FieldKind, MapDef};
use kawasemi_ui::map::{Colours, Layer, Shape, Source};
use serde_json::{Value as Json, json};

use super::super::asked::Asked;
use super::super::opened::Opened;
use crate::request::Cx;

/// A ledger that can be drawn for this person.
pub struct Drawn {
    /// The ledger.
    pub opened: Opened,
}

/// A geometry of a record that is larger than this, written as GeoJSON, is not put into its page.
const INLINE: usize = 256 * 1024;

impl Drawn {
    /// How it is drawn.
    pub fn map(&self) -> &MapDef {
        self.opened.map().expect("only a ledger with a map is drawn")
    }

    /// The layer of the records that were asked for.
    pub fn layer(&self, asked: &Asked) -> Layer {
        layer_of(&self.opened, self.map(), source(&self.opened, asked))
    }
}

/// The ledger of the page itself.
pub fn own(opened: &Opened) -> Drawn {
    Drawn { opened: Opened { def: opened.def.clone(), access: opened.access.clone() } }
}

/// Every other ledger that this person can see on a map, by its name.
pub fn readable(cx: &Cx, without: &Opened) -> Vec<Drawn> {
    let catalogue = cx.catalogue();
    let others = catalogue.definitions().iter().filter(|def| def.map.is_some() && def.key != without.key());
    let opened = others.filter_map(|def| Opened::new(cx, &def.key).ok());
    let mut all: Vec<Drawn> = opened
        .filter(|opened| opened.may(Action::Read) && opened.map().is_some())
        .map(|opened| Drawn { opened })
        .collect();
    all.sort_by(|one, other| one.opened.title().cmp(other.opened.title()));
    all
}

/// The other records of a ledger, shown on the map of a form: new corners snap to theirs.
pub fn neighbours(opened: &Opened) -> Vec<Layer> {
    let Some(map) = opened.map().filter(|_| opened.may(Action::Read)) else { return Vec::new() };
    vec![layer_of(opened, map, source(opened, &Asked::default()))]
}

/// One record's geometries as a layer, for its page. None where it has none that this person sees, or none that is small enough.
pub fn record(opened: &Opened, record: &Visible, name: &str) -> Option<Layer> {
    let geometries = opened.fields().filter(|field| field.kind.is_geometry() && !record.is_masked(field));
    let features: Vec<Json> = geometries
        .filter_map(|field| match record.get(&field.key) {
            Value::Geometry(geometry) => Some(feature(geometry, &json!({ "id": record.id, "label": name }))),
            _ => None,
        })
        .collect();
    let collection = json!({ "type": "FeatureCollection", "features": features });
    let is_small = !features.is_empty() && collection.to_string().len() <= INLINE;
    is_small.then(|| Layer::new(opened.key(), opened.title(), Shape::Any, Source::Inline(collection)))
}

/// A GeoJSON feature.
pub fn feature(geometry: &Geometry, properties: &Json) -> Json {
    json!({ "type": "Feature", "geometry": geometry.to_geojson(), "properties": properties })
}

/// What a record is called on the map.
pub fn name(opened: &Opened, record: &Visible, style: &Style<'_>) -> String {
    let own = opened.map().and_then(|map| map.label.as_ref()).and_then(|key| opened.field(key));
    match own {
        Some(field) => Opened::name_by([field].into_iter(), record, style),
        None => opened.name_of(record, style),
    }
}

/// The fields by which records are called and coloured, and the geometry itself.
pub fn fields(opened: &Opened, map: &MapDef) -> Vec<String> {
    let mut all = vec![map.geometry.clone()];
    all.extend(colour_field(opened, map).map(|field| field.key.clone()));
    match map.label.as_ref().filter(|key| opened.field(key).is_some()) {
        Some(key) => all.push(key.clone()),
        None => all.extend(opened.label_fields().map(|field| field.key.clone())),
    }
    all
}

/// The field by which records are coloured, if this person may see it.
pub fn colour_field<'a>(opened: &'a Opened, map: &MapDef) -> Option<&'a FieldDef> {
    map.colour.as_ref().and_then(|key| opened.field(key))
}

/// Where the features come from: GeoJSON of what is in view, up to a number, which follows the list's conditions.
fn source(opened: &Opened, asked: &Asked) -> Source {
    let address = asked.with(|asked| asked.layers.clear()).href(&opened.at("map/features"));
    let sign = if address.contains('?') { '&' } else { '?' };
    Source::GeoJson(format!("{address}{sign}bbox={{bbox}}"))
}

fn layer_of(opened: &Opened, map: &MapDef, source: Source) -> Layer {
    let shape = match opened.field(&map.geometry).map(|field| &field.kind) {
        Some(FieldKind::Point) => Shape::Point,
        Some(FieldKind::Line) => Shape::Line,
        _ => Shape::Polygon,
    };
    let layer = Layer::new(opened.key(), opened.title(), shape, source)
        .link(format!("{}/{{id}}", opened.href()))
        .min_zoom(map.min_zoom);
    match colour_field(opened, map) {
        Some(field) => layer.colours(colours(field)),
        None => layer,
    }
}

/// The legend of a field: its choices, those no longer offered included, since records may have them.
pub fn colours(field: &FieldDef) -> Colours {
    let colours = Colours::new(&field.key);
    if matches!(field.kind, FieldKind::YesNo) {
        return colours.value("true", "はい", None).value("false", "いいえ", None);
    }
    let choices = field.kind.choices().iter();
    choices.fold(colours, |colours, choice| colours.value(&choice.key, choice.label.ja(), choice.colour.clone()))
}
