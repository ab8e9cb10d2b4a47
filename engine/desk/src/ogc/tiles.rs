//! One vector tile of a ledger.

use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use kawasemi_kernel::{Geometry, Value};
use kawasemi_ledger::{ListRequest, PlaceRequest, Style, TileAddress, Visible, field};
use kawasemi_schema::FieldDef;
use kawasemi_tiles::{Property, Square, Tile};

use super::collection::Collection;
use super::page::shared;
use super::query::parameters;
use crate::problem::Problem;
use crate::request::Cx;

/// Features of a tile at most; beyond it a tile is a sample.
const LIMIT: usize = 2_000;
/// The deepest zoom level of tiles.
pub(super) const ZOOM_MAX: u32 = 20;
const KIND: &str = "application/vnd.mapbox-vector-tile";

/// `GET /ogc/collections/{ledger}/tiles/WebMercatorQuad/{matrix}/{row}/{column}`
pub async fn show(
    cx: Cx,
    Path((key, zoom, row, column)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let collection = Collection::open(&cx, &key)?;
    let (mut list, mut f) = (ListRequest::default(), None);
    for (name, value) in parameters(query.as_deref()) {
        match name.as_str() {
            "f" => f = Some(value),
            "filter" => list.filter = Some(value).filter(|text| !text.trim().is_empty()),
            "q" => list.q = value,
            "view" => list.view = Some(value).filter(|view| !view.is_empty()),
            name => list.also.push(collection.equals(name, &value, &["f", "filter", "q", "view"])?),
        }
    }
    if f.as_deref().is_some_and(|f| !matches!(f, "mvt" | "pbf")) {
        return Err(Problem::bad_request("f に指定できるのは mvt です。"));
    }
    // "14.pbf" is how others call it.
    let column = column.trim_end_matches(".pbf").trim_end_matches(".mvt");
    let number = |text: &str| text.parse::<u32>().map_err(|_| Problem::not_found());
    let (zoom, row, column) = (number(&zoom)?, number(&row)?, number(column)?);
    if zoom > ZOOM_MAX {
        return Err(Problem::not_found());
    }
    let shown = Shown::of(&collection);
    list.fields = Some(shown.fields());
    let request = PlaceRequest { list, field: Some(collection.geometry.key.clone()), bounds: None };
    let address = TileAddress { zoom, column, row };
    let content = cx.ledgers().tile(cx.context(), &key, address, &request, LIMIT).await?;
    let ids: Vec<String> = content.records.iter().map(|record| record.id.to_string()).collect();
    let features = content.records.iter().zip(&ids).filter_map(|(record, id)| {
        let Value::Geometry(geometry) = record.get(&content.field) else { return None };
        Some((geometry, shown.properties(record, id)))
    });
    let features: Vec<(&Geometry, Vec<(&str, Property)>)> = features.collect();
    let mut tile = Tile::new(Square { zoom, column, row });
    tile.add_layer(&key, features).map_err(|error| Problem::internal(&error))?;
    let bytes = tile.into_bytes().map_err(|error| Problem::internal(&error))?;
    let mut response = match bytes.is_empty() {
        true => StatusCode::NO_CONTENT.into_response(),
        false => ([(header::CONTENT_TYPE, KIND)], bytes).into_response(),
    };
    // What staff see is theirs alone, and what is asked again within a map's movement is the same.
    let cache = if cx.is_signed_in() { "private, max-age=10" } else { "public, max-age=60" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    let is_complete = if content.is_complete { "all" } else { "sample" };
    response.headers_mut().insert("kawasemi-content", HeaderValue::from_static(is_complete));
    Ok(shared(&cx, response))
}

/// What a tile says of each feature: its id, its name, and what the legend is drawn from.
pub(super) struct Shown<'a> {
    label: Vec<&'a FieldDef>,
    legend: Vec<&'a FieldDef>,
}

impl<'a> Shown<'a> {
    pub fn of(collection: &'a Collection) -> Self {
        let named = |key: &String| collection.fields.iter().find(|field| field.key == *key);
        let label = collection.def.label.iter().filter_map(named).collect();
        let is_legend =
            |field: &&FieldDef| !field.kind.choices().is_empty() || field.kind == kawasemi_schema::FieldKind::YesNo;
        Self { label, legend: collection.fields.iter().filter(is_legend).collect() }
    }

    fn fields(&self) -> Vec<String> {
        self.label.iter().chain(&self.legend).map(|field| field.key.clone()).collect()
    }

    /// The keys of properties, for the description of the layer.
    pub fn keys(&self) -> impl Iterator<Item = (&str, String)> {
        let legend = self.legend.iter().map(|field| (field.key.as_str(), field.label.ja().to_owned()));
        [("id", "ID".to_owned()), ("label", "名称".to_owned())].into_iter().chain(legend)
    }

    fn properties(&self, record: &Visible, id: &str) -> Vec<(&'a str, Property)> {
        let style = Style::page(kawasemi_kernel::Lang::Ja);
        let label: Vec<String> = self
            .label
            .iter()
            .map(|of| field::show(of, record.get(&of.key), &style))
            .filter(|text| !text.is_empty())
            .collect();
        let label = if label.is_empty() { record.number.clone().unwrap_or_default() } else { label.join(" ") };
        let mut properties = vec![("id", Property::Text(id.to_owned())), ("label", Property::Text(label))];
        for of in &self.legend {
            match record.get(&of.key) {
                Value::Text(key) => properties.push((&of.key, Property::Text(key.clone()))),
                Value::Bool(answer) => properties.push((&of.key, Property::Bool(*answer))),
                Value::Many(keys) => properties.push((&of.key, Property::Text(keys.join("|")))),
                _ => {}
            }
        }
        properties
    }
}
