//! Maps: one to look at ([`MapView`]), and one to draw on beside a field ([`MapPicker`]).
//!
//! Both are plain HTML first: a legend and a list or links for looking, an ordinary input for drawing. A script (the chunk
//! `map.js`, which a page without a map never fetches) reads what stands in `data-map` and puts the map beside it. What lies
//! under every map of the city (outline, town names, other base maps, how far it reaches) the script asks at [`BASE`].
//!
//! ```
//! use kawasemi_kernel::Lang;
//! use kawasemi_ui::map::{Colours, Layer, MapView, Shape, Source};
//!
//! let open = Layer::new("road-report", "通報", Shape::Point, Source::GeoJson("/reports.geojson".into()))
//!     .colours(Colours::new("state").value("open", "受付", None).value("done", "完了", Some("#005f60".into())))
//!     .link("/report/{id}");
//! let html = MapView::new(Lang::Ja, "通報の地図").layer(open).html();
//! assert!(html.as_str().contains("data-map="));
//! ```

mod layer;
mod palette;
mod picker;
mod view;

use kawasemi_kernel::Lang;
use serde_json::{Map, Value};

pub use self::layer::{Colours, Layer, LegendEntry, Source};
pub use self::palette::{PALETTE, REST, is_colour};
pub use self::picker::MapPicker;
pub use self::view::MapView;
use crate::{SafeHtml, assets, words};

/// Where a map's script asks for what lies under every map of the city.
pub const BASE: &str = "/map/style.json";

/// What a geometry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A place (点).
    Point,
    /// A line (線).
    Line,
    /// An area (面).
    Polygon,
    /// Any of these, where a layer holds several kinds.
    Any,
}

impl Shape {
    /// Its name in the script's settings.
    const fn key(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Line => "line",
            Self::Polygon => "polygon",
            Self::Any => "any",
        }
    }
}

/// The sentences that the script of a view says.
const VIEW_WORDS: [&str; 18] = [
    "map-loading",
    "map-failed",
    "map-unsupported-view",
    "map-unsupported-input",
    "map-data-failed",
    "map-more",
    "map-zoom-in",
    "map-zoom-out",
    "map-home",
    "map-locate",
    "map-bases",
    "map-attribution",
    "map-open-record",
    "map-here-are",
    "map-in-view",
    "map-none-in-view",
    "map-close",
    "map-keys-view",
];

/// The sentences that the script of a picker says besides.
const PICKER_WORDS: [&str; 36] = [
    "map-draw-point",
    "map-draw-line",
    "map-draw-polygon",
    "map-keys-draw",
    "map-tool-draw",
    "map-tool-add",
    "map-tool-finish",
    "map-tool-undo",
    "map-tool-redo",
    "map-tool-delete",
    "map-tool-split",
    "map-tool-clear",
    "map-tool-cancel",
    "map-edit-hint",
    "map-split-hint",
    "map-split-here",
    "map-split-failed",
    "map-length",
    "map-area",
    "map-perimeter",
    "map-crosses",
    "map-not-read",
    "map-said-point",
    "map-said-vertex",
    "map-said-snapped",
    "map-said-removed",
    "map-said-moved",
    "map-said-picked",
    "map-said-finished",
    "map-said-too-few",
    "map-said-cancelled",
    "map-said-undone",
    "map-said-redone",
    "map-said-cleared",
    "map-said-split",
    "map-said-place",
];

/// The words by key, without the beginning `map-`.
fn sentences(lang: Lang, keys: &[&str]) -> Value {
    let t = words(lang);
    let pair = |key: &&str| (key.trim_start_matches("map-").to_owned(), Value::String(t.get(key)));
    Value::Object(keys.iter().map(pair).collect::<Map<_, _>>())
}

/// The attributes of an element that the script takes over: its settings, and the addresses of the chunk that does it.
fn attributes(lang: Lang, settings: &Value) -> SafeHtml {
    // The language is a prefix of the path, as on every page; Japanese has none.
    let base = if lang == Lang::Ja { BASE.to_owned() } else { format!("/{lang}{BASE}") };
    let mut all = String::new();
    for (name, value) in [
        ("data-map", settings.to_string()),
        ("data-map-script", assets::url("map.js")),
        ("data-map-styles", assets::url("map.css")),
        ("data-map-worker", assets::url("map-worker.js")),
        ("data-map-base", base),
    ] {
        all.push_str(&format!(" {name}=\"{}\"", SafeHtml::escape(value)));
    }
    SafeHtml::trusted(all)
}
