//! What a file is, by its content and never by its name alone.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use zip::ZipArchive;

use crate::error::{GeoError, Result};

/// How much of a text is looked at.
const HEAD: u64 = 64 * 1024;

/// A format of geographic files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// GeoJSON, whole or one feature on each line.
    GeoJson,
    /// A Shapefile's parts in an archive.
    ShapefileZip,
    /// A Shapefile's parts beside one another.
    Shapefile,
    /// GeoPackage.
    GeoPackage,
    /// KML.
    Kml,
    /// KML in an archive.
    Kmz,
    /// GPX.
    Gpx,
}

impl Format {
    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::ShapefileZip | Self::Shapefile => "Shapefile",
            Self::GeoPackage => "GeoPackage",
            Self::Kml => "KML",
            Self::Kmz => "KMZ",
            Self::Gpx => "GPX",
        }
    }
}

/// Recognises a geographic file; none for anything else, a damaged archive included.
///
/// # Errors
/// [`GeoError::Io`] when the disk fails.
pub fn format_of(path: &Path) -> Result<Option<Format>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Some(Format::GeoPackage));
    }
    if head.starts_with(&[0, 0, 0x27, 0x0A]) {
        return Ok(Some(Format::Shapefile));
    }
    if head.starts_with(b"PK\x03\x04") {
        return of_archive(path);
    }
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start_matches(['\u{FEFF}', '\u{1E}', ' ', '\r', '\n', '\t']);
    if text.starts_with('{') {
        let is_ours = ["\"Feature", "\"coordinates\"", "\"features\"", "\"geometry\"", "\"GeometryCollection\""];
        return Ok(is_ours.iter().any(|word| text.contains(word)).then_some(Format::GeoJson));
    }
    if text.starts_with('<') {
        // The first element, whatever stands before it.
        let first =
            |name: &str| text.match_indices(name).any(|(at, _)| text[..at].ends_with('<') || text[..at].ends_with(':'));
        return Ok(if first("kml") {
            Some(Format::Kml)
        } else if first("gpx") {
            Some(Format::Gpx)
        } else {
            None
        });
    }
    Ok(None)
}

fn of_archive(path: &Path) -> Result<Option<Format>> {
    let Ok(archive) = ZipArchive::new(BufReader::new(File::open(path)?)) else { return Ok(None) };
    let has = |ending: &str| archive.file_names().any(|name| name.to_ascii_lowercase().ends_with(ending));
    if archive.index_for_name("[Content_Types].xml").is_some() || archive.index_for_name("content.xml").is_some() {
        return Ok(None);
    }
    Ok(if has(".shp") {
        Some(Format::ShapefileZip)
    } else if has(".kml") {
        Some(Format::Kmz)
    } else {
        None
    })
}

/// Says of a file that is none of ours what its name made people expect.
pub(crate) fn refuse(path: &Path) -> GeoError {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let said = match ending.as_str() {
        "shp" | "shx" | "dbf" | "prj" | "cpg" => {
            "Shapefileとして読めません。同じ名前の .shp・.shx・.dbf・.prj を一つのzipにまとめて、もう一度選んでください。"
        }
        "gpkg" => "GeoPackageとして読めません。中身が別のものか、途中で切れています。",
        "kml" | "kmz" | "gpx" => "KML・GPXとして読めません。中身が別のものか、途中で切れています。",
        "geojson" | "json" => "GeoJSONとして読めません。中身が別のものか、途中で切れています。",
        _ => return GeoError::NotGeographic,
    };
    GeoError::Refused(said.to_owned())
}
