//! The script, styles, fonts and icons, embedded into the binary under names that carry the hash of their content.
//!
//! Whoever serves them answers `/assets/{file}` from [`find`] with `Cache-Control: public, max-age=31536000, immutable`: a changed
//! file has another name. Text files carry compressed twins, so that nothing is compressed while serving.

use std::collections::HashMap;
use std::sync::LazyLock;

/// An embedded file.
#[derive(Debug)]
pub struct Asset {
    /// The name in the sources, such as `app.css`.
    pub logical: &'static str,
    /// The name under which it is served, such as `app-2198795716.css`; it changes with the content and serves as ETag.
    pub file: &'static str,
    /// The value of `Content-Type`.
    pub media_type: &'static str,
    /// The content.
    pub bytes: &'static [u8],
    /// The content compressed for `Content-Encoding: br`.
    pub brotli: Option<&'static [u8]>,
    /// The content compressed for `Content-Encoding: gzip`.
    pub gzip: Option<&'static [u8]>,
}

/// The path under which the files are served.
pub const PREFIX: &str = "/assets/";

/// The file of a served name: what follows [`PREFIX`] in the address.
pub fn find(file: &str) -> Option<&'static Asset> {
    static BY_FILE: LazyLock<HashMap<&'static str, &'static Asset>> =
        LazyLock::new(|| table::ASSETS.iter().map(|asset| (asset.file, asset)).collect());
    BY_FILE.get(file).copied()
}

/// The address of a file by its name in the sources; an unknown name gives an address that is not found.
pub fn url(logical: &str) -> String {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static str>> =
        LazyLock::new(|| table::ASSETS.iter().map(|asset| (asset.logical, asset.file)).collect());
    format!("{PREFIX}{}", BY_NAME.get(logical).copied().unwrap_or(logical))
}

/// Every embedded file.
pub fn all() -> &'static [Asset] {
    table::ASSETS
}

mod table {
    use super::Asset;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_pages_link_to() {
        for (logical, media_type) in
            [("app.css", "text/css"), ("app.js", "text/javascript"), ("icons/kawasemi.svg", "image/svg+xml")]
        {
            let address = url(logical);
            let asset = find(address.strip_prefix(PREFIX).expect("starts with the prefix")).expect(logical);
            assert!(asset.media_type.starts_with(media_type) && !asset.bytes.is_empty());
        }
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn the_first_visit_stays_small() {
        let sent = |logical: &str| {
            let asset = all().iter().find(|asset| asset.logical == logical).expect(logical);
            asset.brotli.map_or(asset.bytes.len(), <[u8]>::len)
        };
        let total = sent("app.css") + sent("app.js") + sent("fonts.css");
        assert!(total < 64 * 1024, "{total} bytes");
    }
}
