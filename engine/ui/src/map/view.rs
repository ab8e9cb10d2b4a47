//! A map to look at.

use askama::Template;
use kawasemi_kernel::Lang;
use kawasemi_kernel::geometry::BoundingBox;
use serde_json::{Value, json};

use super::{Layer, VIEW_WORDS, attributes, sentences};
use crate::{Component, Icon, SafeHtml, words};

/// A map with layers, their legend, and what is shown where there is no script or no map.
#[derive(Clone, Debug)]
pub struct MapView {
    lang: Lang,
    label: String,
    layers: Vec<Layer>,
    bounds: Option<BoundingBox>,
    fallback: SafeHtml,
    listed: bool,
    narrow: Option<(String, String)>,
    is_tall: bool,
}

impl MapView {
    /// An empty map under a name, which a screen reader says.
    pub fn new(lang: Lang, label: impl Into<String>) -> Self {
        Self {
            lang,
            label: label.into(),
            layers: Vec::new(),
            bounds: None,
            fallback: SafeHtml::EMPTY,
            listed: false,
            narrow: None,
            is_tall: false,
        }
    }

    /// Adds a layer; later ones lie above earlier ones.
    #[must_use]
    pub fn layer(mut self, layer: Layer) -> Self {
        let index = self.layers.len();
        self.layers.push(layer.at(index));
        self
    }

    /// Shows this rectangle first instead of the whole city.
    #[must_use]
    pub fn bounds(mut self, bounds: BoundingBox) -> Self {
        self.bounds = Some(bounds);
        self
    }

    /// What is shown in place of the map where there is no script: a list or links.
    #[must_use]
    pub fn fallback(mut self, html: SafeHtml) -> Self {
        self.fallback = html;
        self
    }

    /// Lists what is in view below the map, for keyboards and screen readers. The fallback stands there until the map is loaded.
    #[must_use]
    pub fn listed(mut self) -> Self {
        self.listed = true;
        self
    }

    /// Adds a button that leads to an address in which `{bbox}` is what is in view (west, south, east, north).
    #[must_use]
    pub fn narrow(mut self, template: impl Into<String>, label: impl Into<String>) -> Self {
        self.narrow = Some((template.into(), label.into()));
        self
    }

    /// Makes it as high as the window allows, for a page that is about the map.
    #[must_use]
    pub fn tall(mut self) -> Self {
        self.is_tall = true;
        self
    }

    /// Its HTML.
    pub fn html(&self) -> SafeHtml {
        let t = words(self.lang);
        let rest = t.get("map-rest");
        let legend: SafeHtml = self.layers.iter().map(|layer| layer.legend(&rest)).collect();
        Frame {
            legend_title: t.get("map-legend"),
            attributes: attributes(self.lang, &self.settings()),
            legend,
            fallback: &self.fallback,
            listed: self.listed,
            narrow: self.narrow.as_ref(),
            is_tall: self.is_tall,
        }
        .html()
    }

    fn settings(&self) -> Value {
        let layers: Vec<Value> = self.layers.iter().map(Layer::settings).collect();
        let bounds = self.bounds.map(|bounds| [bounds.west, bounds.south, bounds.east, bounds.north]);
        json!({
            "kind": "view",
            "label": self.label,
            "layers": layers,
            "bounds": bounds,
            "words": sentences(self.lang, &VIEW_WORDS),
        })
    }
}

#[derive(Template)]
#[template(
    source = r#"<div class="map{% if is_tall %} map-tall{% endif %}"{{ attributes }}>
<div class="map-frame needs-script no-print" data-map-frame></div>
<div class="map-below">
{%- if !legend.is_empty() %}<div class="map-legend"><p class="map-legend-title">{{ legend_title }}</p><ul>{{ legend }}</ul></div>{% endif %}
{%- if let Some((template, label)) = narrow %}<p class="needs-script no-print"><button class="button" type="button" data-map-narrow="{{ template }}">{{ Icon::Filter }}{{ label }}</button></p>{% endif %}
</div>
<div class="map-list{% if !listed %} without-script{% endif %}"{% if listed %} data-map-list{% endif %}>{{ fallback }}</div>
</div>"#,
    ext = "html"
)]
struct Frame<'a> {
    legend_title: String,
    attributes: SafeHtml,
    legend: SafeHtml,
    fallback: &'a SafeHtml,
    listed: bool,
    narrow: Option<&'a (String, String)>,
    is_tall: bool,
}

#[cfg(test)]
mod tests {
    use super::super::{Colours, PALETTE, Shape, Source};
    use super::*;

    #[test]
    fn the_legend_and_the_list_need_no_script() {
        let layer = Layer::new("park", "公園", Shape::Point, Source::GeoJson("/x?bbox={bbox}".into()))
            .colours(Colours::new("state").value("open", "開園", None));
        let html = MapView::new(Lang::En, "<公園>")
            .layer(layer)
            .fallback(SafeHtml::link("/desk/ledgers/park", "公園の一覧"))
            .html()
            .into_string();
        assert!(html.contains("開園") && html.contains(PALETTE[0]) && html.contains("公園の一覧"), "{html}");
        assert!(!html.contains("<公園>") && !html.contains(" style="), "{html}");
    }
}
