//! What the operator decides about maps: base maps of tiles, and the outline of a city.

use std::collections::BTreeSet;

use kawasemi_ui::SafeHtml;
use url::Url;

use super::Outline;

/// The settings of maps.
#[derive(Clone, Debug, Default)]
pub struct MapSettings {
    /// Base maps of tiles, in the order in which they are offered. None are asked unless a person chooses one.
    pub bases: Vec<BaseMap>,
    /// The outline that is drawn instead of the one that comes with the program.
    pub outline: Option<Outline>,
}

/// A base map of raster tiles from somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseMap {
    /// Its key, by which a browser remembers the choice.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// The address of a tile with `{z}`, `{x}` and `{y}`.
    pub url: String,
    /// Who has to be named while it is shown.
    pub attribution: String,
    /// Where that leads; empty for nowhere.
    pub attribution_url: String,
    /// The farthest zoom that has tiles.
    pub min_zoom: u8,
    /// The closest zoom that has tiles; beyond it they are enlarged.
    pub max_zoom: u8,
}

/// The tiles of the Geospatial Information Authority (地理院タイル) as base maps: 標準, 淡色, 写真. Their terms ask for the words
/// 「地理院タイル」 with a link to the list of tiles wherever they are shown.
pub fn gsi() -> Vec<BaseMap> {
    let base = |id: &str, title: &str, extension: &str, min_zoom| BaseMap {
        key: format!("gsi-{id}"),
        title: format!("地理院地図（{title}）"),
        url: format!("https://cyberjapandata.gsi.go.jp/xyz/{id}/{{z}}/{{x}}/{{y}}.{extension}"),
        attribution: "地理院タイル".to_owned(),
        attribution_url: "https://maps.gsi.go.jp/development/ichiran.html".to_owned(),
        min_zoom,
        max_zoom: 18,
    };
    vec![base("std", "標準", "png", 5), base("pale", "淡色", "png", 5), base("seamlessphoto", "写真", "jpg", 2)]
}

impl MapSettings {
    /// The outline of a city: the operator's, or the one that comes with the program.
    pub fn outline_of(&self, city: &str) -> Option<&Outline> {
        self.outline.as_ref().or_else(|| Outline::built_in(city))
    }

    /// The servers that browsers are to be allowed to ask for tiles, `https://host:port` each once.
    pub fn hosts(&self) -> Vec<String> {
        let origin = |base: &BaseMap| Some(base.origin()?.ascii_serialization());
        self.bases.iter().filter_map(origin).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl BaseMap {
    /// Whether its address can be asked: http or https, without a name or password, and with the three places.
    pub fn has_good_address(&self) -> bool {
        self.origin().is_some() && ["{z}", "{x}", "{y}"].iter().all(|place| self.url.contains(place))
    }

    /// Who is named, as a link. The text is escaped, since a browser takes it for HTML.
    pub fn attribution_html(&self) -> String {
        if self.attribution_url.is_empty() {
            return SafeHtml::escape(&self.attribution).into_string();
        }
        SafeHtml::link(&self.attribution_url, &self.attribution).into_string()
    }

    fn origin(&self) -> Option<url::Origin> {
        let url = Url::parse(&self.url.replace(['{', '}'], "")).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.has_host();
        (matches!(url.scheme(), "http" | "https") && is_plain).then(|| url.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_configured_may_be_asked() {
        let settings = MapSettings { bases: gsi(), outline: None };
        assert_eq!(settings.hosts(), ["https://cyberjapandata.gsi.go.jp"]);
        assert!(MapSettings::default().hosts().is_empty());
        let good = |url: &str| BaseMap { url: url.to_owned(), ..gsi().remove(0) }.has_good_address();
        assert!(good("https://tiles.example.lg.jp:8443/{z}/{x}/{y}.png"));
        for wrong in [
            "ftp://a/{z}/{x}/{y}",
            "https://a/{z}/{x}.png",
            "https://u:p@a/{z}/{x}/{y}",
            "/tiles/{z}/{x}/{y}",
            "https://a; script-src *//{z}{x}{y}",
        ] {
            assert!(!good(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_source_is_named_with_a_link_and_never_with_markup() {
        let base = BaseMap { attribution: "<b>市</b>".to_owned(), ..gsi().remove(0) };
        assert_eq!(
            base.attribution_html(),
            "<a href=\"https://maps.gsi.go.jp/development/ichiran.html\">&#60;b&#62;市&#60;/b&#62;</a>"
        );
    }
}
