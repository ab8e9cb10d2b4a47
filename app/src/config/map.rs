//! The settings of maps: base maps of tiles, and the outline of the city.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kawasemi_desk::MapSettings;
use kawasemi_desk::map::{BaseMap, Outline, gsi};
use serde::Deserialize;

/// The closest zoom of a map.
const CLOSEST: u8 = 22;

/// `[map]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MapFile {
    /// Whether the tiles of the Geospatial Information Authority (地理院タイル) are offered.
    gsi: Option<bool>,
    /// A file with the outline of the city, GeoJSON.
    outline: Option<PathBuf>,
    /// Who is named for it.
    outline_attribution: Option<String>,
    /// Further base maps. Not in the environment.
    base: Option<Vec<BaseFile>>,
}

/// `[[map.base]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BaseFile {
    /// A key of small letters, digits and hyphens.
    key: String,
    /// What it is called.
    title: String,
    /// The address of a tile with `{z}`, `{x}`, `{y}`.
    url: String,
    /// Who is named.
    attribution: String,
    /// Where that leads.
    #[serde(default)]
    attribution_url: String,
    /// The farthest zoom.
    #[serde(default)]
    min_zoom: u8,
    /// The closest zoom.
    #[serde(default = "usual_closest")]
    max_zoom: u8,
}

const fn usual_closest() -> u8 {
    18
}

impl MapFile {
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            gsi: over.gsi.or(self.gsi),
            outline: over.outline.or(self.outline),
            outline_attribution: over.outline_attribution.or(self.outline_attribution),
            base: over.base.or(self.base),
        }
    }

    /// What lies under maps. The file of the outline is read here, so that a mistake in it is told before serving.
    pub fn settled(self) -> anyhow::Result<MapSettings> {
        let mut bases = if self.gsi.unwrap_or(false) { gsi() } else { Vec::new() };
        for base in self.base.unwrap_or_default() {
            bases.push(base.settled(&bases)?);
        }
        let Some(path) = self.outline else { return Ok(MapSettings { bases, outline: None }) };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("map.outline のファイル {} を読めません。", path.display()))?;
        let outline = Outline::read(&text, &self.outline_attribution.unwrap_or_default())
            .with_context(|| format!("map.outline のファイル {} を使えません。", path.display()))?;
        Ok(MapSettings { bases, outline: Some(outline) })
    }
}

impl BaseFile {
    fn settled(self, before: &[BaseMap]) -> anyhow::Result<BaseMap> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.key.is_empty() || !self.key.chars().all(is_plain) {
            bail!("map.base の key「{}」は、英小文字・数字・ハイフンにしてください。", self.key);
        }
        if before.iter().any(|base| base.key == self.key) {
            bail!("map.base の key「{}」が二つあります。", self.key);
        }
        if self.min_zoom > self.max_zoom || self.max_zoom > CLOSEST {
            bail!(
                "map.base の「{}」の min_zoom と max_zoom は、0 から {CLOSEST} までの小さい順にしてください。",
                self.key
            );
        }
        if self.attribution.trim().is_empty() {
            bail!("map.base の「{}」の attribution に、出典の表示を書いてください。", self.key);
        }
        let is_web = |address: &str| address.starts_with("https://") || address.starts_with("http://");
        if !self.attribution_url.is_empty() && !is_web(&self.attribution_url) {
            bail!("map.base の「{}」の attribution_url は https:// か http:// で始めてください。", self.key);
        }
        let base = BaseMap {
            key: self.key,
            title: self.title,
            url: self.url,
            attribution: self.attribution,
            attribution_url: self.attribution_url,
            min_zoom: self.min_zoom,
            max_zoom: self.max_zoom,
        };
        if !base.has_good_address() {
            bail!(
                "map.base の「{}」の url は https://名前/{{z}}/{{x}}/{{y}}.png の形にしてください（いまは {}）。",
                base.key,
                base.url
            );
        }
        Ok(base)
    }
}
