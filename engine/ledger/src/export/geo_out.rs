//! GeoPackage and Shapefile: the first geometry of a record with its other fields as attributes.

use kawasemi_geo::Attribute;
use kawasemi_geo::crs::Crs;
use kawasemi_geo::write::{Column as Written, ColumnKind, GeoPackageWriter, Layer, ShapefileWriter, TextEncoder};
use kawasemi_kernel::{Decimal, Value};
use kawasemi_schema::{FieldDef, FieldKind};

use super::columns::Column;
use super::csv_out::{Cp932, Replacement};
use super::{Cut, Writer};
use crate::error::{LedgerError, Result};
use crate::field::Style;
use crate::import::{FileError, kind_of};
use crate::record::Visible;

/// What is written, and how it is called.
pub(super) struct Target {
    /// The ledger's key.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The reference system.
    pub crs: Crs,
    /// The field with the geometry.
    pub field: FieldDef,
    /// Whether dates are written in the Japanese calendar, and so as text.
    pub is_wareki: bool,
    /// When, for files that say it.
    pub at: jiff::Timestamp,
}

impl Target {
    fn layer(&self, columns: &[Column]) -> Layer {
        let column = |column: &Column| Written {
            name: column.heading.clone(),
            kind: column.field().map_or(ColumnKind::Text, |field| self.kind(&field.kind)),
        };
        Layer {
            name: self.name.clone(),
            title: self.title.clone(),
            columns: columns.iter().map(column).collect(),
            kind: kind_of(&self.field).unwrap_or(kawasemi_kernel::geometry::GeometryKind::Point),
            crs: self.crs,
        }
    }

    fn kind(&self, kind: &FieldKind) -> ColumnKind {
        match kind {
            FieldKind::Integer { .. } | FieldKind::Yen { .. } | FieldKind::FiscalYear => ColumnKind::Integer,
            FieldKind::Decimal { .. } => ColumnKind::Real,
            FieldKind::Date if !self.is_wareki => ColumnKind::Date,
            FieldKind::YesNo => ColumnKind::Bool,
            FieldKind::Computed { result, .. } => self.kind(result),
            _ => ColumnKind::Text,
        }
    }
}

/// Writes a geographic file.
pub(super) struct GeoWriter {
    field: FieldDef,
    columns: Vec<Column>,
    kinds: Vec<ColumnKind>,
    /// Taken when the file is finished.
    out: Option<Out>,
    cut: Cut,
    replaced: (u64, Vec<Replacement>),
}

enum Out {
    GeoPackage(Box<GeoPackageWriter>),
    Shapefile(Box<ShapefileWriter<Texts>>),
}

/// Texts in CP932, with what it lacks.
struct Texts {
    cp932: Cp932,
    headings: Vec<String>,
}

impl TextEncoder for Texts {
    fn encode(&mut self, row: u64, column: usize, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let heading = self.headings.get(column).map_or("", String::as_str);
        self.cp932.encode(row, heading, text, &mut out);
        out
    }
}

impl GeoWriter {
    pub fn geopackage(target: Target, columns: Vec<Column>) -> Result<Self> {
        let layer = target.layer(&columns);
        let kinds = layer.columns.iter().map(|column| column.kind).collect();
        let at = target.at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        let out = GeoPackageWriter::begin(layer, &at).map_err(failed)?;
        Ok(Self::new(target.field, columns, kinds, Out::GeoPackage(Box::new(out))))
    }

    pub fn shapefile(target: Target, columns: Vec<Column>, cp932: Cp932) -> Result<Self> {
        let layer = target.layer(&columns);
        let kinds = layer.columns.iter().map(|column| column.kind).collect();
        let headings = columns.iter().map(|column| column.heading.clone()).collect();
        let out = ShapefileWriter::begin(layer, Texts { cp932, headings }).map_err(failed)?;
        Ok(Self::new(target.field, columns, kinds, Out::Shapefile(Box::new(out))))
    }

    fn new(field: FieldDef, columns: Vec<Column>, kinds: Vec<ColumnKind>, out: Out) -> Self {
        Self { field, columns, kinds, out: Some(out), cut: Cut::default(), replaced: <_>::default() }
    }

    fn attribute(column: &Column, kind: ColumnKind, record: &Visible, style: &Style<'_>) -> Attribute {
        match (kind, column.value(record).map(|(_, value)| value)) {
            (_, Some(Value::Null)) => Attribute::Null,
            (ColumnKind::Integer, Some(Value::Int(number))) => Attribute::Integer(*number),
            (ColumnKind::Real, Some(Value::Decimal(number))) => Attribute::Real(Decimal::to_f64(*number)),
            (ColumnKind::Date, Some(Value::Date(date))) => Attribute::Text(date.to_string()),
            (ColumnKind::Bool, Some(Value::Bool(answer))) => Attribute::Bool(*answer),
            _ => match column.text(record, style) {
                text if text.is_empty() => Attribute::Null,
                text => Attribute::Text(text),
            },
        }
    }
}

fn failed(error: kawasemi_geo::GeoError) -> LedgerError {
    FileError::from(error).into()
}

impl Writer for GeoWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn record(&mut self, record: &Visible, style: &Style<'_>, _: &mut Vec<u8>) -> Result<()> {
        let values: Vec<Attribute> = self
            .columns
            .iter()
            .zip(&self.kinds)
            .map(|(column, kind)| Self::attribute(column, *kind, record, style))
            .collect();
        let geometry = match record.get(&self.field.key) {
            Value::Geometry(geometry) => Some(geometry.as_geo()),
            _ => None,
        };
        match &mut self.out {
            Some(Out::GeoPackage(out)) => out.feature(geometry, &values).map_err(failed),
            Some(Out::Shapefile(out)) => out.feature(geometry, &values).map_err(failed),
            None => Ok(()),
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<std::fs::File>> {
        match self.out.take() {
            None => Ok(None),
            Some(Out::GeoPackage(out)) => out.finish().map(Some).map_err(failed),
            Some(Out::Shapefile(out)) => {
                let (file, cut, texts) = out.finish().map_err(failed)?;
                self.cut = Cut { texts: cut.texts, shapes: cut.shapes };
                self.replaced = texts.cp932.told();
                Ok(Some(file))
            }
        }
    }

    fn replacements(&mut self) -> (u64, Vec<Replacement>) {
        std::mem::take(&mut self.replaced)
    }

    fn cut(&self) -> Cut {
        self.cut
    }
}
