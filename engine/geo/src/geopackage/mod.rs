//! GeoPackage (OGC 12-128r19): a SQLite database of layers.
//!
//! The database is somebody else's: it is opened for reading and as unchanging, no function or trigger of it is run, views and
//! virtual tables are not read, and geometries are measured before they are believed.

pub(crate) mod header;

use std::path::{Path, PathBuf};

use encoding_rs::SHIFT_JIS;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use crate::crs::{Crs, Reading, from_prj};
use crate::error::{GeoError, Result};
use crate::feature::Attribute;
use crate::survey::{Options, Raw, Shape, Source, Stated};

const WHAT: &str = "GeoPackage";
/// The most attributes of a layer.
const ATTRIBUTES: usize = 1_000;

/// A layer of a GeoPackage.
#[derive(Debug)]
pub struct GeoPackage {
    path: PathBuf,
    table: String,
    geometry: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    is_bool: bool,
}

/// Opens a file and learns of a layer of it.
pub fn open(path: &Path, options: &Options) -> Result<(GeoPackage, Stated)> {
    let database = connect(path)?;
    let mut stated = Stated { layers: layers(&database)?, ..Stated::default() };
    if stated.layers.is_empty() {
        return Err(GeoError::Refused(
            "図形のレイヤがありません（地図の画像だけのGeoPackageか、別のデータベースです）。".to_owned(),
        ));
    }
    let wanted = options.layer.clone().unwrap_or_else(|| stated.layers[0].clone());
    if !stated.layers.contains(&wanted) {
        return Err(GeoError::NoLayer { layers: stated.layers.join("、") });
    }
    let (geometry, srs): (String, i64) = database
        .query_row(
            "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?1 LIMIT 1",
            [&wanted],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(damaged)?;
    let (columns, left) = columns(&database, &wanted, &geometry)?;
    stated.understood.push(format!("GeoPackageのレイヤ「{wanted}」を読みます。"));
    let others: Vec<&str> = stated.layers.iter().filter(|layer| **layer != wanted).map(String::as_str).collect();
    if !others.is_empty() {
        stated.doubts.push(format!("ほかのレイヤ（{}）は、それを選んで別に取り込んでください。", others.join("、")));
    }
    if !left.is_empty() {
        stated.doubts.push(format!("画像などの項目（{}）は読みません。", left.join("、")));
    }
    stated.reading = system(&database, srs, options, &mut stated.doubts)?;
    stated.count = database
        .query_row(&format!("SELECT COUNT(*) FROM {}", quoted(&wanted)), [], |row| row.get::<_, i64>(0))
        .map(|count| Some(count.unsigned_abs()))
        .map_err(damaged)?;
    stated.columns = columns.iter().map(|column| column.name.clone()).collect();
    stated.layer.clone_from(&wanted);
    Ok((GeoPackage { path: path.to_owned(), table: wanted, geometry, columns }, stated))
}

/// Opens a database that somebody else wrote.
fn connect(path: &Path) -> Result<Connection> {
    let path = std::path::absolute(path)?;
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
            byte if byte.is_ascii() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(uri, flags).map_err(damaged)?;
    database
        .execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA query_only = ON; \
             PRAGMA cache_size = -4000;",
        )
        .map_err(damaged)?;
    Ok(database)
}

/// The layers with geometries that are plain tables.
fn layers(database: &Connection) -> Result<Vec<String>> {
    let has_contents: Option<i64> = database
        .query_row("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_geometry_columns' AND type = 'table'", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(damaged)?;
    if has_contents.is_none() {
        return Ok(Vec::new());
    }
    let mut found = database
        .prepare(
            "SELECT g.table_name FROM gpkg_geometry_columns AS g JOIN sqlite_master AS m \
             ON m.name = g.table_name AND m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' \
             ORDER BY g.rowid LIMIT 1000",
        )
        .map_err(damaged)?;
    let names = found.query_map([], |row| row.get(0)).map_err(damaged)?;
    names.collect::<rusqlite::Result<_>>().map_err(damaged)
}

/// The columns that are attributes, and the names of those that can't be read.
fn columns(database: &Connection, table: &str, geometry: &str) -> Result<(Vec<Column>, Vec<String>)> {
    let mut found = database.prepare("SELECT name, type FROM pragma_table_info(?1)").map_err(damaged)?;
    let all = found.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).map_err(damaged)?;
    let (mut columns, mut left) = (Vec::new(), Vec::new());
    for each in all {
        let (name, kind): (String, String) = each.map_err(damaged)?;
        let kind = kind.to_ascii_uppercase();
        if name == geometry {
            continue;
        }
        if kind.starts_with("BLOB") {
            left.push(name);
        } else {
            columns.push(Column { name, is_bool: kind == "BOOLEAN" });
        }
    }
    if columns.len() > ATTRIBUTES {
        return Err(GeoError::Refused(format!("属性が多すぎます（{ATTRIBUTES}個まで）。")));
    }
    Ok((columns, left))
}

/// The reference system of a layer, as the file says it.
fn system(
    database: &Connection,
    srs: i64,
    options: &Options,
    doubts: &mut Vec<String>,
) -> Result<Option<(Reading, String)>> {
    let row: Option<(String, i64, String)> = database
        .query_row(
            "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [srs],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()
        .map_err(damaged)?;
    let undefined = "座標系が定められていません。";
    let Some((organization, code, definition)) = row.filter(|_| srs > 0) else {
        doubts.push(undefined.to_owned());
        return Ok(None);
    };
    let place = "GeoPackageの座標系の表".to_owned();
    let by_code = u32::try_from(code).ok().and_then(Crs::from_epsg);
    if let Some(crs) = by_code.filter(|_| organization.eq_ignore_ascii_case("EPSG")) {
        return Ok(Some((Reading::plain(crs), place)));
    }
    match from_prj(&definition) {
        Ok(reading) => Ok(Some((reading, place))),
        Err(_) if definition.trim().is_empty() || definition.eq_ignore_ascii_case("undefined") => {
            doubts.push(undefined.to_owned());
            Ok(None)
        }
        Err(said) if options.reading.is_some() => {
            doubts.push(said);
            Ok(None)
        }
        Err(said) => Err(GeoError::Refused(said)),
    }
}

impl Source for GeoPackage {
    fn each(&self, take: &mut dyn FnMut(Raw) -> Result<bool>) -> Result<()> {
        let database = connect(&self.path)?;
        let names = self.columns.iter().map(|column| column.name.as_str()).chain([self.geometry.as_str()]);
        let list = names.map(quoted).collect::<Vec<_>>().join(", ");
        let mut found = database.prepare(&format!("SELECT {list} FROM {}", quoted(&self.table))).map_err(damaged)?;
        let mut rows = found.query([]).map_err(damaged)?;
        let mut number = 0;
        while let Some(row) = rows.next().map_err(damaged)? {
            number += 1;
            let mut values = Vec::with_capacity(self.columns.len());
            for (at, column) in self.columns.iter().enumerate() {
                values.push(attribute(row.get_ref(at).map_err(damaged)?, column.is_bool));
            }
            let shape = match row.get_ref(self.columns.len()).map_err(damaged)? {
                ValueRef::Blob(bytes) => header::read(bytes),
                ValueRef::Null => Shape::None,
                _ => Shape::Refused("図形の欄に図形でないものが入っています。".to_owned()),
            };
            if !take(Raw { row: number, values, shape, notes: Vec::new() })? {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn attribute(value: ValueRef<'_>, is_bool: bool) -> Attribute {
    match value {
        ValueRef::Integer(answer) if is_bool => Attribute::Bool(answer != 0),
        ValueRef::Integer(number) => Attribute::Integer(number),
        ValueRef::Real(number) => Attribute::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Attribute::text(text),
            // Some programs of Japan write CP932 where the standard asks for UTF-8.
            Err(_) => Attribute::text(&SHIFT_JIS.decode(bytes).0),
        },
        ValueRef::Null | ValueRef::Blob(_) => Attribute::Null,
    }
}

/// A name in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Damage, or the disk.
pub(crate) fn damaged(error: rusqlite::Error) -> GeoError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            GeoError::Io(std::io::Error::other(error))
        }
        _ => GeoError::Damaged { what: WHAT },
    }
}
