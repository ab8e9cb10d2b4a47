//! A layer of a map: where its features come from, how they are coloured, and where a click leads.

use serde_json::{Value, json};

use super::Shape;
use super::palette::{PALETTE, REST, is_colour};
use crate::SafeHtml;

/// Where the features of a layer come from.
///
/// Features carry the properties `id` and `label`, and the one by which they are coloured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The address of a GeoJSON feature collection. Where it contains `{bbox}`, the script asks anew for each stretch of the map
    /// that comes into view (west, south, east, north in degrees); a member `more: true` in the answer says that it was cut.
    GeoJson(String),
    /// The address of a TileJSON of vector tiles; the layer within the tiles is called like this one.
    TileJson(String),
    /// A GeoJSON feature collection itself, for the few features of one record.
    Inline(Value),
}

/// By which property the features of a layer are coloured, and what its values are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colours {
    property: String,
    entries: Vec<LegendEntry>,
}

/// A line of a legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendEntry {
    /// The value of the property, as text.
    pub value: String,
    /// What people read.
    pub label: String,
    /// The colour, `#rrggbb`.
    pub colour: String,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its key; of vector tiles the name of the layer within them.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// What its features are.
    pub shape: Shape,
    /// Where they come from.
    pub source: Source,
    /// By what they are coloured; none for one colour.
    pub colours: Option<Colours>,
    /// The one colour of a layer that is not coloured by values, and of values that the legend does not know.
    pub colour: String,
    /// The address behind a feature, with `{id}` in place of its id.
    pub link: Option<String>,
    /// From which zoom on it is drawn.
    pub min_zoom: u8,
}

impl Colours {
    /// Colours by a property.
    pub fn new(property: impl Into<String>) -> Self {
        Self { property: property.into(), entries: Vec::new() }
    }

    /// Adds a value with its words. Without a colour of its own, or with one that is none, it gets the next of the palette.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>, label: impl Into<String>, colour: Option<String>) -> Self {
        let next = PALETTE[self.entries.len() % PALETTE.len()];
        let colour = colour.filter(|colour| is_colour(colour)).unwrap_or_else(|| next.to_owned());
        self.entries.push(LegendEntry { value: value.into(), label: label.into(), colour });
        self
    }

    /// The property.
    pub fn property(&self) -> &str {
        &self.property
    }

    /// The legend.
    pub fn entries(&self) -> &[LegendEntry] {
        &self.entries
    }
}

impl Layer {
    /// A layer of one colour, without links.
    pub fn new(key: impl Into<String>, title: impl Into<String>, shape: Shape, source: Source) -> Self {
        let (key, title, colour) = (key.into(), title.into(), PALETTE[0].to_owned());
        Self { key, title, shape, source, colours: None, colour, link: None, min_zoom: 0 }
    }

    /// Colours it by values.
    #[must_use]
    pub fn colours(mut self, colours: Colours) -> Self {
        self.colour = REST.to_owned();
        self.colours = Some(colours);
        self
    }

    /// Gives it the colour of its place among several layers.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        if self.colours.is_none() {
            self.colour = PALETTE[index % PALETTE.len()].to_owned();
        }
        self
    }

    /// Says where a click leads: an address with `{id}`.
    #[must_use]
    pub fn link(mut self, template: impl Into<String>) -> Self {
        self.link = Some(template.into());
        self
    }

    /// Draws it from a zoom on.
    #[must_use]
    pub fn min_zoom(mut self, zoom: u8) -> Self {
        self.min_zoom = zoom;
        self
    }

    /// What the script is told.
    pub(super) fn settings(&self) -> Value {
        let (kind, data) = match &self.source {
            Source::GeoJson(url) => ("geojson", Value::String(url.clone())),
            Source::TileJson(url) => ("tilejson", Value::String(url.clone())),
            Source::Inline(collection) => ("inline", collection.clone()),
        };
        let mut settings = json!({
            "key": self.key,
            "title": self.title,
            "shape": self.shape.key(),
            "source": kind,
            "data": data,
            "colour": self.colour,
            "minZoom": self.min_zoom,
        });
        if let Some(colours) = &self.colours {
            let entry = |entry: &LegendEntry| json!([entry.value, entry.colour, entry.label]);
            settings["property"] = Value::String(colours.property.clone());
            settings["values"] = colours.entries.iter().map(entry).collect();
        }
        if let Some(link) = &self.link {
            settings["link"] = Value::String(link.clone());
        }
        settings
    }

    /// Its part of the legend. `rest` is what values are called that the legend does not know.
    pub(super) fn legend(&self, rest: &str) -> SafeHtml {
        let title = SafeHtml::escape(&self.title);
        let Some(colours) = &self.colours else {
            return SafeHtml::trusted(format!("<li>{}<span>{title}</span></li>", self.swatch(&self.colour)));
        };
        let mut lines = String::new();
        let others = [LegendEntry { value: String::new(), label: rest.to_owned(), colour: REST.to_owned() }];
        for entry in colours.entries.iter().chain(&others) {
            let (swatch, label) = (self.swatch(&entry.colour), SafeHtml::escape(&entry.label));
            lines.push_str(&format!("<li>{swatch}<span>{label}</span></li>"));
        }
        SafeHtml::trusted(format!("<li class=\"map-legend-layer\"><span>{title}</span><ul>{lines}</ul></li>"))
    }

    /// A sign in the shape and colour in which features are drawn. The colour is an attribute, since pages have no inline style.
    fn swatch(&self, colour: &str) -> SafeHtml {
        let colour = SafeHtml::escape(if is_colour(colour) { colour } else { REST });
        let drawn = match self.shape {
            Shape::Point => format!("<circle cx=\"10\" cy=\"10\" r=\"6.5\" fill=\"{colour}\"/>"),
            Shape::Line => {
                format!("<path d=\"M2 15 8 6l4 7 6-8\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"3.5\"/>")
            }
            Shape::Polygon | Shape::Any => format!(
                "<rect x=\"2.5\" y=\"4\" width=\"15\" height=\"12\" fill=\"{colour}\" fill-opacity=\".35\" stroke=\"{colour}\" stroke-width=\"2.5\"/>"
            ),
        };
        SafeHtml::trusted(format!(
            "<svg class=\"map-swatch\" viewBox=\"0 0 20 20\" aria-hidden=\"true\" focusable=\"false\">{drawn}</svg>"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_a_colour_get_one_of_the_palette() {
        let colours = Colours::new("state")
            .value("open", "受付", None)
            .value("bad", "悪い色", Some("red\" onload=\"x".into()))
            .value("done", "完了", Some("#123456".into()));
        let all: Vec<&str> = colours.entries().iter().map(|entry| entry.colour.as_str()).collect();
        assert_eq!(all, [PALETTE[0], PALETTE[1], "#123456"]);
    }

    #[test]
    fn a_layer_tells_the_script_where_its_features_are() {
        let tiles = Layer::new("park", "公園", Shape::Polygon, Source::TileJson("/ogc/park/tilejson".into()));
        let said = tiles.at(1).link("/desk/ledgers/park/{id}").settings();
        assert_eq!((said["source"].as_str(), said["colour"].as_str()), (Some("tilejson"), Some(PALETTE[1])));
        assert_eq!(said["link"], "/desk/ledgers/park/{id}");
    }
}
