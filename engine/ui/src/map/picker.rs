//! A field for a place, line or area: an ordinary input, and beside it a map to draw on.

use askama::Template;
use kawasemi_kernel::Lang;
use serde_json::{Value, json};

use super::{Layer, PICKER_WORDS, Shape, VIEW_WORDS, attributes, sentences};
use crate::{Component, Icon, SafeHtml, Text, words};

/// The input of a geometry with a map beside it.
///
/// The input takes, and the map writes: for one point `緯度,経度` in degrees, for everything else WKT, and it reads GeoJSON as
/// well. Without a script the input is all there is. Forms of ledgers get this by [`FieldView`](crate::field::FieldView); a page that
/// lays out its own form puts the label before it (`<label for="ID">`).
#[derive(Clone, Debug)]
pub struct MapPicker {
    lang: Lang,
    id: String,
    name: String,
    label: String,
    shape: Shape,
    value: String,
    is_multiple: bool,
    layers: Vec<Layer>,
    attributes: SafeHtml,
}

impl MapPicker {
    /// A picker whose value is sent under `name`; the id of its input is `f-NAME`. `label` is what the field is called.
    pub fn new(lang: Lang, name: impl Into<String>, label: impl Into<String>, shape: Shape) -> Self {
        let name = name.into();
        Self {
            lang,
            id: format!("f-{name}"),
            name,
            label: label.into(),
            shape,
            value: String::new(),
            is_multiple: !matches!(shape, Shape::Point),
            layers: Vec::new(),
            attributes: SafeHtml::EMPTY,
        }
    }

    /// Gives the input another id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets what stands in the input.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Says whether several may be drawn (MultiPoint and so on); at first lines and areas may, a point may not.
    #[must_use]
    pub fn multiple(mut self, is_multiple: bool) -> Self {
        self.is_multiple = is_multiple;
        self
    }

    /// Shows other features below what is drawn; new corners snap to theirs.
    #[must_use]
    pub fn layers(mut self, layers: Vec<Layer>) -> Self {
        self.layers = layers;
        self
    }

    /// Adds attributes to the input (`aria-describedby` and the like).
    #[must_use]
    pub fn attributes(mut self, attributes: SafeHtml) -> Self {
        self.attributes = attributes;
        self
    }

    /// Its HTML.
    pub fn html(&self) -> SafeHtml {
        Frame { t: words(self.lang), picker: self, settings: attributes(self.lang, &self.settings()) }.html()
    }

    fn settings(&self) -> Value {
        let t = words(self.lang);
        let mut said = sentences(self.lang, &VIEW_WORDS);
        if let (Value::Object(all), Value::Object(more)) = (&mut said, sentences(self.lang, &PICKER_WORDS)) {
            all.extend(more);
        }
        json!({
            "kind": "picker",
            "label": t.say("map-picker").with("label", self.label.as_str()).to_string(),
            "input": self.id,
            "shape": self.shape.key(),
            "multiple": self.is_multiple,
            "layers": self.layers.iter().map(Layer::settings).collect::<Vec<Value>>(),
            "words": said,
        })
    }

    const fn is_point(&self) -> bool {
        matches!(self.shape, Shape::Point) && !self.is_multiple
    }
}

// A browser drops the first line break of a textarea, so one is written before the value.
#[derive(Template)]
#[template(
    source = r#"<div class="map-picker"{{ settings }}>{% if picker.is_point() %}<div class="row"><input class="input input-geometry width-short" type="text" id="{{ picker.id }}" name="{{ picker.name }}" value="{{ picker.value }}"{{ picker.attributes }}><button class="button needs-script" type="button" data-locates="{{ picker.id }}">{{ Icon::Place }}{{ t.say("use-location") }}</button></div>{% else %}<textarea class="input input-geometry" id="{{ picker.id }}" name="{{ picker.name }}" rows="4"{{ picker.attributes }}>
{{ picker.value }}</textarea>{% endif %}<div class="map-frame needs-script" data-map-frame></div></div>"#,
    ext = "html"
)]
struct Frame<'a> {
    t: Text,
    picker: &'a MapPicker,
    settings: SafeHtml,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_works_alone() {
        let html = MapPicker::new(Lang::Vi, "place", "場所", Shape::Point).value("35.4,139.4").html().into_string();
        assert!(html.contains("type=\"text\" id=\"f-place\" name=\"place\" value=\"35.4,139.4\""), "{html}");
        let area = MapPicker::new(Lang::Ja, "area", "区域", Shape::Polygon).value("<b>").html().into_string();
        assert!(area.contains("<textarea") && area.contains("&#60;b&#62;"), "{area}");
    }
}
