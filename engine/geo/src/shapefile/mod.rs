//! Shapefile (ESRI, July 1998): `.shp` and `.dbf` beside one another, in an archive or in a folder.
//!
//! The formats are read here and not by a library, since what is asked of them is what libraries leave out: memory bounded by
//! one record, no trust in any count of a header, the encodings of Japan, and a sentence for each thing that is missing.

pub(crate) mod dbf;
mod parts;

mod shp;

use std::path::Path;

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use self::dbf::Dbf;
pub(crate) use self::parts::NAMES;
use self::parts::Parts;
use self::shp::Shp;
pub(crate) use self::shp::turning;
use crate::crs::from_prj;
use crate::error::{GeoError, Result};
use crate::format::Format;
use crate::survey::{Options, Raw, Source, Stated};

/// Records that are looked at for their encoding.
const SAMPLE: usize = 2_000;

/// A Shapefile that is understood.
#[derive(Debug)]
pub struct Shapefile {
    parts: Parts,
    encoding: &'static Encoding,
}

/// Opens a Shapefile, or one of those of an archive.
pub fn open(path: &Path, format: Format, options: &Options) -> Result<(Shapefile, Stated)> {
    let (parts, layers) = match format {
        Format::ShapefileZip => parts::unpack(path, options.layer.as_deref())?,
        _ => parts::beside(path)?,
    };
    let mut stated = Stated { layers, layer: parts.layer.clone(), ..Stated::default() };
    let shp = Shp::open(&parts.shp)?;
    stated.understood.push(format!("Shapefile「{}」（{}）を読みます。", parts.layer, shp.label()?));
    if !parts.has_shx {
        stated.doubts.push(
            "索引（.shx）がありません。図形と属性は読めますが、途中で切れていないか確かめてください。".to_owned(),
        );
    }
    let mut encoding = options.encoding.unwrap_or(SHIFT_JIS);
    match &parts.dbf {
        None => stated.doubts.push("属性（.dbf）がありません。図形だけを読みます。".to_owned()),
        Some(path) => {
            let dbf = Dbf::open(path)?;
            encoding = find_encoding(options, &parts, &dbf, path, &mut stated)?;
            stated.encoding = Some(encoding);
            stated.count = Some(dbf.records());
            let names = dbf.names(encoding);
            stated.columns =
                names.into_iter().map(|name| parts.long_names.get(&name).cloned().unwrap_or(name)).collect();
            let memos = dbf.unread(encoding);
            if !memos.is_empty() {
                stated.doubts.push(format!("メモや図の項目（{}）は読めません。", memos.join("、")));
            }
        }
    }
    match &parts.prj {
        None => stated.doubts.push("座標系の定義（.prj）がありません。".to_owned()),
        Some(text) => match from_prj(text) {
            Ok(reading) => stated.reading = Some((reading, ".prjファイル".to_owned())),
            // A person may still say what it is.
            Err(said) if options.reading.is_some() => stated.doubts.push(said),
            Err(said) => return Err(GeoError::Refused(said)),
        },
    }
    Ok((Shapefile { parts, encoding }, stated))
}

/// The encoding: as a person says, as `.cpg` or the table's language byte say, unless the bytes can't be that.
fn find_encoding(
    options: &Options,
    parts: &Parts,
    dbf: &Dbf,
    path: &Path,
    stated: &mut Stated,
) -> Result<&'static Encoding> {
    if let Some(encoding) = options.encoding {
        return Ok(encoding);
    }
    let said = parts.cpg.as_deref().and_then(of_code_page).map(|encoding| (encoding, ".cpgファイル"));
    let said = said.or_else(|| dbf.language().map(|encoding| (encoding, ".dbfファイル")));
    let sample = Dbf::open(path)?.sample(SAMPLE)?;
    let fits = |encoding: &'static Encoding| sample.iter().all(|bytes| fits(bytes, encoding));
    let has_wide = sample.iter().any(|bytes| !bytes.is_ascii());
    let named = |encoding: &'static Encoding| if encoding == UTF_8 { "UTF-8" } else { "Shift_JIS（CP932）" };
    if let Some((encoding, place)) = said {
        let other = if encoding == UTF_8 { SHIFT_JIS } else { UTF_8 };
        if fits(encoding) || !fits(other) {
            stated.understood.push(format!("{place}により、属性の文字コードを {} とみます。", encoding.name()));
            return Ok(encoding);
        }
        stated.doubts.push(format!(
            "{place}では属性の文字コードは {} ですが、そうは読めないため {} とみます。",
            encoding.name(),
            named(other)
        ));
        return Ok(other);
    }
    let encoding = if has_wide && fits(UTF_8) { UTF_8 } else { SHIFT_JIS };
    if has_wide {
        stated.doubts.push(format!("属性の文字コードを表すものがないため、文字から {} とみます。", named(encoding)));
    }
    Ok(encoding)
}

/// Whether bytes are text of an encoding; the last character of a full field may be cut.
fn fits(bytes: &[u8], encoding: &'static Encoding) -> bool {
    (0..4.min(bytes.len() + 1))
        .any(|cut| encoding.decode_without_bom_handling_and_without_replacement(&bytes[..bytes.len() - cut]).is_some())
}

/// The encoding of a `.cpg` file.
fn of_code_page(text: &str) -> Option<&'static Encoding> {
    let name: String = text.trim().to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    match name.as_str() {
        "utf8" | "65001" | "88591utf8" => Some(UTF_8),
        "932" | "cp932" | "ms932" | "ansi932" | "oem932" | "sjis" | "shiftjis" | "windows31j" | "xsjis" => {
            Some(SHIFT_JIS)
        }
        _ => Encoding::for_label(text.trim().as_bytes()),
    }
}

impl Source for Shapefile {
    fn each(&self, take: &mut dyn FnMut(Raw) -> Result<bool>) -> Result<()> {
        let mut shapes = Shp::open(&self.parts.shp)?;
        let mut table = self.parts.dbf.as_deref().map(Dbf::open).transpose()?;
        let mut row = 0;
        while let Some(shape) = shapes.next_shape()? {
            row += 1;
            let mut notes = Vec::new();
            let values = match &mut table {
                None => Some(Vec::new()),
                Some(table) => match table.next_record(self.encoding, &mut notes)? {
                    Some(values) => values,
                    None => {
                        return Err(GeoError::Refused(format!(
                            "図形（.shp）は{row}件以上ありますが、属性（.dbf）は{}件しかありません。組になるファイルか確かめてください。",
                            row - 1
                        )));
                    }
                },
            };
            // A record that was marked as deleted is gone for every program.
            let Some(values) = values else { continue };
            if !take(Raw { row, values, shape, notes })? {
                return Ok(());
            }
        }
        Ok(())
    }
}
