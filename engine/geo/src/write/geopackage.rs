//! GeoPackage 1.3 with a spatial index (OGC 12-128r17, Annex F.3): the version that programs of some years read without a
//! warning; the tables are those of 1.4, whose triggers alone are others.

use std::fs::File;

use geo::{BoundingRect as _, Geometry};
use kawasemi_kernel::geometry::GeometryKind;
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use tempfile::NamedTempFile;

use super::{ColumnKind, Finished, Layer, as_multiple};
use crate::crs::{Crs, Transformer};
use crate::error::{GeoError, Result};
use crate::feature::Attribute;
use crate::geopackage::{damaged, header, quoted};

/// The columns that are not attributes.
const OWN: [&str; 2] = ["fid", "geom"];

/// Writes one layer.
pub struct GeoPackageWriter {
    file: NamedTempFile,
    database: Connection,
    layer: Layer,
    transformer: Transformer,
    insert: String,
    index: String,
    bounds: Option<geo::Rect<f64>>,
    blob: Vec<u8>,
}

impl GeoPackageWriter {
    /// Begins a file. `at` is when, as `YYYY-MM-DDTHH:MM:SS.SSSZ`.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails.
    pub fn begin(layer: Layer, at: &str) -> Result<Self> {
        let file = NamedTempFile::with_prefix("kawasemi-gpkg-")?;
        let database = Connection::open(file.path()).map_err(damaged)?;
        let table = quoted(&layer.name);
        let srs = layer.crs.epsg();
        let kind = match layer.kind {
            GeometryKind::Point => "POINT",
            GeometryKind::Line => "MULTILINESTRING",
            GeometryKind::Polygon => "MULTIPOLYGON",
        };
        let names = distinct(&layer);
        let columns: String = names
            .iter()
            .zip(&layer.columns)
            .map(|(name, column)| format!(", {} {}", quoted(name), declared(column.kind)))
            .collect();
        // A file that breaks off is thrown away, so nothing has to be durable before its end.
        database
            .execute_batch(&format!(
                "PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10300; PRAGMA journal_mode = OFF;
                 PRAGMA synchronous = OFF; PRAGMA cache_size = -16000; BEGIN; {BASE}
                 CREATE TABLE {table} (\"fid\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \"geom\" {kind}{columns});
                 CREATE VIRTUAL TABLE {index} USING rtree(id, minx, maxx, miny, maxy);",
                index = quoted(&rtree(&layer.name)),
            ))
            .map_err(damaged)?;
        for crs in [Crs::Wgs84, layer.crs] {
            database
                .execute(
                    "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?1, ?2, 'EPSG', ?2, ?3, NULL)",
                    params![crs.registered_name(), crs.epsg(), crs.wkt()],
                )
                .map_err(damaged)?;
        }
        let inserts = [(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id) \
                 VALUES (?1, 'features', ?2, ?3, ?4)",
            params![layer.name, layer.title, at, srs],
        )];
        for (sql, values) in inserts {
            database.execute(sql, values).map_err(damaged)?;
        }
        database
            .execute(
                "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)",
                params![layer.name, kind, srs],
            )
            .map_err(damaged)?;
        database
            .execute(
                "INSERT INTO gpkg_extensions VALUES (?1, 'geom', 'gpkg_rtree_index', \
                 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
                params![layer.name],
            )
            .map_err(damaged)?;
        let places: String = (0..layer.columns.len()).map(|at| format!(", ?{}", at + 2)).collect();
        let insert = format!(
            "INSERT INTO {table} (\"geom\"{}) VALUES (?1{places})",
            names.iter().map(|name| format!(", {}", quoted(name))).collect::<String>()
        );
        let index = format!("INSERT INTO {} VALUES (?1, ?2, ?3, ?4, ?5)", quoted(&rtree(&layer.name)));
        let transformer = layer.transformer();
        Ok(Self { file, database, layer, transformer, insert, index, bounds: None, blob: Vec::new() })
    }

    /// Writes a feature whose geometry is in longitude and latitude.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails.
    pub fn feature(&mut self, geometry: Option<&Geometry<f64>>, values: &[Attribute]) -> Result<()> {
        let converted = geometry.and_then(|geometry| self.transformer.geometry_to_file(geometry)).map(as_multiple);
        let mut bound = Vec::with_capacity(values.len() + 1);
        bound.push(match &converted {
            None => Value::Null,
            Some(geometry) => {
                self.blob.clear();
                header::write(geometry, i32::try_from(self.layer.crs.epsg()).unwrap_or(0), &mut self.blob);
                Value::Blob(self.blob.clone())
            }
        });
        bound.extend(values.iter().map(stored));
        let mut insert = self.database.prepare_cached(&self.insert).map_err(damaged)?;
        let id = insert.insert(rusqlite::params_from_iter(bound)).map_err(damaged)?;
        if let Some(bounds) = converted.and_then(|geometry| geometry.bounding_rect()) {
            let mut index = self.database.prepare_cached(&self.index).map_err(damaged)?;
            let (min, max) = (bounds.min(), bounds.max());
            index.execute(params![id, min.x, max.x, min.y, max.y]).map_err(damaged)?;
            self.bounds = Some(self.bounds.map_or(bounds, |known| {
                geo::Rect::new(
                    (known.min().x.min(min.x), known.min().y.min(min.y)),
                    (known.max().x.max(max.x), known.max().y.max(max.y)),
                )
            }));
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`GeoError::Io`] when the disk fails.
    pub fn finish(self) -> Result<Finished> {
        if let Some(bounds) = self.bounds {
            self.database
                .execute(
                    "UPDATE gpkg_contents SET min_x = ?1, min_y = ?2, max_x = ?3, max_y = ?4",
                    params![bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y],
                )
                .map_err(damaged)?;
        }
        // Only now: while this file is written, the functions that the triggers call are not there.
        self.database.execute_batch(&triggers(&self.layer.name)).map_err(damaged)?;
        self.database.execute_batch("COMMIT").map_err(damaged)?;
        self.database.close().map_err(|(_, error)| damaged(error))?;
        File::open(self.file.path()).map_err(GeoError::Io)
    }
}

/// The names of the columns: like those of the layer, but none of them the table's own, and none twice in other letters.
fn distinct(layer: &Layer) -> Vec<String> {
    let mut taken: Vec<String> = OWN.map(str::to_owned).to_vec();
    let name = |column: &super::Column| {
        let is_new = |name: &String| !taken.contains(&name.to_lowercase());
        let variants = std::iter::once(column.name.clone()).chain((2..).map(|n| format!("{}_{n}", column.name)));
        let name = { variants }.find(is_new).unwrap_or_default();
        taken.push(name.to_lowercase());
        name
    };
    layer.columns.iter().map(name).collect()
}

const fn declared(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "TEXT",
        ColumnKind::Integer => "INTEGER",
        ColumnKind::Real => "REAL",
        ColumnKind::Date => "DATE",
        ColumnKind::Bool => "BOOLEAN",
    }
}

fn stored(value: &Attribute) -> Value {
    match value {
        Attribute::Null => Value::Null,
        Attribute::Text(text) => Value::Text(text.clone()),
        Attribute::Integer(number) => Value::Integer(*number),
        Attribute::Real(number) => Value::Real(*number),
        Attribute::Bool(answer) => Value::Integer(i64::from(*answer)),
    }
}

fn rtree(table: &str) -> String {
    format!("rtree_{table}_geom")
}

/// The tables of every GeoPackage (Annex C), and the systems that it always has.
const BASE: &str = "
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL,
  description TEXT
);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system');
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY,
  data_type TEXT NOT NULL,
  identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE,
  min_y DOUBLE,
  max_x DOUBLE,
  max_y DOUBLE,
  srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL,
  m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);
CREATE TABLE gpkg_extensions (
  table_name TEXT,
  column_name TEXT,
  extension_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);";

/// The triggers that keep the index right while others edit the file.
fn triggers(table: &str) -> String {
    let (t, i) = (quoted(table), quoted(&rtree(table)));
    let name = |what: &str| quoted(&format!("{}_{what}", rtree(table)));
    let filled = |row: &str| format!("({row}.\"geom\" NOTNULL AND NOT ST_IsEmpty({row}.\"geom\"))");
    let empty = |row: &str| format!("({row}.\"geom\" ISNULL OR ST_IsEmpty({row}.\"geom\"))");
    let insert = format!(
        "INSERT OR REPLACE INTO {i} VALUES (NEW.\"fid\", ST_MinX(NEW.\"geom\"), ST_MaxX(NEW.\"geom\"), \
         ST_MinY(NEW.\"geom\"), ST_MaxY(NEW.\"geom\"));"
    );
    let (same, other) = ("OLD.\"fid\" = NEW.\"fid\"", "OLD.\"fid\" != NEW.\"fid\"");
    let all = [
        ("insert", format!("AFTER INSERT ON {t} WHEN {}", filled("NEW")), insert.clone()),
        ("update1", format!("AFTER UPDATE OF \"geom\" ON {t} WHEN {same} AND {}", filled("NEW")), insert.clone()),
        (
            "update2",
            format!("AFTER UPDATE OF \"geom\" ON {t} WHEN {same} AND {}", empty("NEW")),
            format!("DELETE FROM {i} WHERE id = OLD.\"fid\";"),
        ),
        (
            "update3",
            format!("AFTER UPDATE ON {t} WHEN {other} AND {}", filled("NEW")),
            format!("DELETE FROM {i} WHERE id = OLD.\"fid\"; {insert}"),
        ),
        (
            "update4",
            format!("AFTER UPDATE ON {t} WHEN {other} AND {}", empty("NEW")),
            format!("DELETE FROM {i} WHERE id IN (OLD.\"fid\", NEW.\"fid\");"),
        ),
        (
            "delete",
            format!("AFTER DELETE ON {t} WHEN OLD.\"geom\" NOT NULL"),
            format!("DELETE FROM {i} WHERE id = OLD.\"fid\";"),
        ),
    ];
    all.iter().map(|(what, when, act)| format!("CREATE TRIGGER {} {when} BEGIN {act} END;\n", name(what))).collect()
}
