//! The files that a Shapefile is made of.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::SHIFT_JIS;
use tempfile::TempDir;
use zip::ZipArchive;

use crate::error::{GeoError, Result};

/// The most bytes that an archive may unfold to.
const UNFOLDED: u64 = 2 << 30;
/// The most members of an archive that are looked at.
const MEMBERS: usize = 10_000;
/// The largest `.prj`, `.cpg` and table of names.
const SMALL: u64 = 256 * 1024;
/// What the table of long names of attributes is called, after the layer.
pub(crate) const NAMES: &str = "_fields.csv";

/// The files of a Shapefile.
#[derive(Debug)]
pub struct Parts {
    /// Its name.
    pub layer: String,
    pub shp: PathBuf,
    pub dbf: Option<PathBuf>,
    pub has_shx: bool,
    pub prj: Option<String>,
    pub cpg: Option<String>,
    /// The full names of attributes whose names the table could not hold.
    pub long_names: HashMap<String, String>,
    /// Where unpacked files lie until nobody reads them any more.
    _folder: Option<Arc<TempDir>>,
}

/// The parts that lie beside a `.shp` file.
pub fn beside(shp: &Path) -> Result<(Parts, Vec<String>)> {
    let stem = shp.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = shp.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder)?.take(MEMBERS) {
        let path = entry?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if let Some(part) = part_of(&name, &stem) {
            found.insert(part, path);
        }
    }
    found.insert("shp", shp.to_owned());
    Ok((assemble(stem.clone(), &found, None)?, vec![stem]))
}

/// The parts of an archive, and the names of all its Shapefiles.
pub fn unpack(path: &Path, wanted: Option<&str>) -> Result<(Parts, Vec<String>)> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    if archive.len() > MEMBERS {
        return Err(GeoError::Refused(format!("zipの中のファイルが多すぎます（{MEMBERS}個まで）。分けてください。")));
    }
    // Names with their folders: two folders may hold a Shapefile of the same name.
    let mut names = Vec::with_capacity(archive.len());
    for at in 0..archive.len() {
        let member = archive.by_index_raw(at)?;
        names.push(decoded(member.name_raw()));
    }
    let stem_of = |name: &str| name.len().checked_sub(4).and_then(|end| name.get(..end)).map(str::to_owned);
    let is_shp = |name: &&String| name.to_ascii_lowercase().ends_with(".shp") && !name.contains("__MACOSX");
    let stems: Vec<String> = names.iter().filter(is_shp).filter_map(|name| stem_of(name)).collect();
    let stem =
        wanted.map_or_else(|| stems.first().cloned(), |wanted| stems.iter().find(|stem| *stem == wanted).cloned());
    let stem = stem.ok_or_else(|| GeoError::NoLayer { layers: stems.join("、") })?;
    let folder = Arc::new(TempDir::with_prefix("kawasemi-shapefile-")?);
    let mut left = UNFOLDED;
    let mut found = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        let Some(part) = part_of(name, &stem).filter(|part| !found.contains_key(part)) else { continue };
        let target = folder.path().join(format!("part.{part}"));
        let mut member = archive.by_index(at).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(_) => GeoError::Refused(
                "zipにパスワードが付いているか、読めない圧縮です。付けずに作り直してもらってください。".to_owned(),
            ),
            error => error.into(),
        })?;
        let limit = if matches!(part, "shp" | "dbf") { left } else { SMALL.max(left.min(64 << 20)) };
        let copied = std::io::copy(&mut (&mut member).take(limit + 1), &mut File::create(&target)?);
        let size = copied.map_err(GeoError::reading("zipファイル"))?;
        if size > limit {
            return Err(GeoError::TooLarge { what: "zipの中身", megabytes: UNFOLDED >> 20 });
        }
        left -= size;
        found.insert(part, target);
    }
    Ok((assemble(stem, &found, Some(folder))?, stems))
}

fn assemble(stem: String, found: &HashMap<&'static str, PathBuf>, folder: Option<Arc<TempDir>>) -> Result<Parts> {
    let small = |part: &str| -> Result<Option<String>> {
        let Some(path) = found.get(part) else { return Ok(None) };
        let mut bytes = Vec::new();
        File::open(path)?.take(SMALL).read_to_end(&mut bytes)?;
        Ok(Some(decoded(&bytes)))
    };
    let shp = found.get("shp").cloned().ok_or(GeoError::NotGeographic)?;
    let layer = stem.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Ok(Parts {
        layer: if folder.is_some() { stem } else { layer },
        shp,
        dbf: found.get("dbf").cloned(),
        has_shx: found.contains_key("shx"),
        prj: small("prj")?,
        cpg: small("cpg")?,
        long_names: small("names")?.map(|text| long_names(&text)).unwrap_or_default(),
        _folder: folder,
    })
}

/// Which part of a Shapefile a file is, by its name.
fn part_of(name: &str, stem: &str) -> Option<&'static str> {
    let ending = name.strip_prefix(stem)?.to_ascii_lowercase();
    match ending.as_str() {
        ".shp" => Some("shp"),
        ".shx" => Some("shx"),
        ".dbf" => Some("dbf"),
        ".prj" => Some("prj"),
        ".cpg" => Some("cpg"),
        ending if ending == NAMES => Some("names"),
        _ => None,
    }
}

/// The table of names that our own writer puts beside: short name, full name, both in quotation marks.
fn long_names(text: &str) -> HashMap<String, String> {
    let rows = text.lines().skip(1).filter_map(|line| {
        let (short, long) = line.trim_end().strip_prefix('"')?.strip_suffix('"')?.split_once("\",\"")?;
        Some((short.replace("\"\"", "\""), long.replace("\"\"", "\"")))
    });
    rows.collect()
}

/// Names and small texts: UTF-8, or else CP932, in which archives of Windows have them.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{FEFF}').to_owned(),
        Err(_) => SHIFT_JIS.decode(bytes).0.into_owned(),
    }
}
