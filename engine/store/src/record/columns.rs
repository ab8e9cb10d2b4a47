//! One field's value in the columns of its table, and back.
//!
//! The order of the parameters and cells is that of [`FieldDef::columns`]. Values come from records that were checked
//! against their definition; one of another kind is refused all the same, since a wrong value in a typed table would stay.

use jiff::Timestamp;
use kawasemi_kernel::{Decimal, FileRef, Geometry, PersonName, PostalAddress, RecordId, Value, kana, text};
use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{ColumnType, FieldDef};
use uuid::Uuid;

use crate::error::{Result, StoreError};
use crate::row::{Cell, FromCell};
use crate::sql::Param;

/// Lays a value out in the field's columns. Child rows have none.
///
/// # Errors
/// [`StoreError::Check`] when the value is not of the field's kind.
pub fn encode(field: &FieldDef, value: &Value) -> Result<Vec<Param>> {
    let refuse = || StoreError::Check { detail: format!("the field {} can't hold {value:?}", field.key) };
    match (&field.kind, value) {
        (FieldKind::Rows { .. }, _) => Ok(Vec::new()),
        (_, value) if value.is_null() => Ok(vec![Param::Null; field.columns().len()]),
        (FieldKind::PersonName, Value::Name(name)) => Ok(encode_name(name)),
        (FieldKind::Address, Value::Address(address)) => Ok(encode_address(address)),
        (FieldKind::Files { .. }, Value::Files(files)) => {
            let json = serde_json::to_string(files).map_err(|_| refuse())?;
            Ok(vec![Param::Text(json)])
        }
        (FieldKind::Point | FieldKind::Line | FieldKind::Polygon, Value::Geometry(geometry)) => {
            Ok(encode_geometry(geometry))
        }
        (kind, value) => {
            let ty = kind.scalar().ok_or_else(refuse)?;
            encode_scalar(ty, value).map(|param| vec![param]).ok_or_else(refuse)
        }
    }
}

fn encode_name(name: &PersonName) -> Vec<Param> {
    // Where the reading is not known, the written name has to do: names in kana or Latin letters still find their place.
    let sort = if name.kana.is_empty() { text::fold(&name.name) } else { kana::sort_key(&name.kana) };
    vec![Param::from(&name.name), filled(&name.kana), Param::Text(sort)]
}

fn encode_address(address: &PostalAddress) -> Vec<Param> {
    vec![Param::from(&address.text), filled(&address.postcode)]
}

fn encode_geometry(geometry: &Geometry) -> Vec<Param> {
    let bounds = geometry.bounding_box();
    let mut params = vec![Param::Blob(geometry.to_wkb())];
    params.extend([bounds.west, bounds.south, bounds.east, bounds.north].map(Param::Real));
    let spot = geometry.spot();
    params.extend([spot.cell, spot.rank].map(Param::Int));
    params
}

fn encode_scalar(ty: ColumnType, value: &Value) -> Option<Param> {
    Some(match (ty, value) {
        (ColumnType::Text, Value::Text(text)) => Param::from(text),
        (ColumnType::Integer, Value::Int(number)) => Param::Int(*number),
        (ColumnType::Decimal { scale }, Value::Decimal(decimal)) => Param::Int(decimal.exactly(scale)?.units()),
        (ColumnType::Bool, Value::Bool(answer)) => Param::Bool(*answer),
        (ColumnType::Date, Value::Date(date)) => Param::Text(date.to_string()),
        (ColumnType::Instant, Value::Instant(instant)) => Param::Int(instant.as_microsecond()),
        (ColumnType::YearMonth, Value::YearMonth(month)) => Param::Text(month.to_string()),
        (ColumnType::Id, Value::Record(id)) => Param::Id(id.0),
        (ColumnType::Many, Value::Many(keys)) => Param::Text(format!("|{}|", keys.join("|"))),
        _ => return None,
    })
}

fn filled(text: &str) -> Param {
    if text.is_empty() { Param::Null } else { text.into() }
}

/// Reads a field's value from its columns' cells, which are taken from the iterator.
///
/// # Errors
/// [`StoreError::Decode`] when a cell is missing or of another type than was written.
pub fn decode(field: &FieldDef, cells: &mut impl Iterator<Item = Cell>) -> Result<Value> {
    let mut reader = Reader { field, cells };
    match &field.kind {
        FieldKind::Rows { .. } => Ok(Value::Null),
        FieldKind::PersonName => {
            let (name, kana, _sort) = (reader.text()?, reader.text()?, reader.text()?);
            Ok(name.map_or(Value::Null, |name| Value::Name(PersonName { name, kana: kana.unwrap_or_default() })))
        }
        FieldKind::Address => {
            let (text, postcode) = (reader.text()?, reader.text()?);
            let address = |text| PostalAddress { postcode: postcode.unwrap_or_default(), text };
            Ok(text.map_or(Value::Null, |text| Value::Address(address(text))))
        }
        FieldKind::Files { .. } => reader.text()?.map_or(Ok(Value::Null), |json| {
            let files: Vec<FileRef> = serde_json::from_str(&json).map_err(|error| reader.error(&error.to_string()))?;
            Ok(Value::Files(files))
        }),
        FieldKind::Point | FieldKind::Line | FieldKind::Polygon => {
            let wkb: Option<Vec<u8>> = reader.next()?;
            for _ in 0..4 {
                reader.next::<Option<f64>>()?;
            }
            for _ in 0..2 {
                reader.next::<Option<i64>>()?;
            }
            wkb.map_or(Ok(Value::Null), |wkb| {
                let geometry = Geometry::from_stored_wkb(&wkb).map_err(|error| reader.error(&error.to_string()))?;
                Ok(Value::Geometry(geometry))
            })
        }
        kind => {
            let ty = kind.scalar().ok_or_else(|| reader.error("a field without columns"))?;
            reader.scalar(ty)
        }
    }
}

struct Reader<'a, I> {
    field: &'a FieldDef,
    cells: &'a mut I,
}

impl<I: Iterator<Item = Cell>> Reader<'_, I> {
    fn next<T: FromCell>(&mut self) -> Result<T> {
        let cell = self.cells.next().ok_or_else(|| self.error("the row is too short"))?;
        T::from_cell(cell).map_err(|_| self.error(&format!("expected {}", T::KIND)))
    }

    fn text(&mut self) -> Result<Option<String>> {
        self.next()
    }

    fn scalar(&mut self, ty: ColumnType) -> Result<Value> {
        let value = match ty {
            ColumnType::Text => self.text()?.map(Value::Text),
            ColumnType::Integer => self.next::<Option<i64>>()?.map(Value::Int),
            ColumnType::Decimal { scale } => {
                self.next::<Option<i64>>()?.map(|units| Value::Decimal(Decimal::new(units, scale)))
            }
            ColumnType::Bool => self.next::<Option<bool>>()?.map(Value::Bool),
            ColumnType::Id => self.next::<Option<Uuid>>()?.map(|id| Value::Record(RecordId(id))),
            ColumnType::Instant => {
                let micros: Option<i64> = self.next()?;
                micros
                    .map(|micros| Timestamp::from_microsecond(micros).map(Value::Instant))
                    .transpose()
                    .map_err(|error| self.error(&error.to_string()))?
            }
            ColumnType::Date => self.parsed(|text| text.parse().map(Value::Date))?,
            ColumnType::YearMonth => self.parsed(|text| text.parse().map(Value::YearMonth))?,
            ColumnType::Many => self.text()?.map(|bars| Value::Many(split_keys(&bars))),
            ColumnType::Wkb | ColumnType::Real | ColumnType::Json => return Err(self.error("not a scalar column")),
        };
        Ok(value.unwrap_or_default())
    }

    fn parsed<E: std::fmt::Display>(&mut self, parse: impl FnOnce(&str) -> Result<Value, E>) -> Result<Option<Value>> {
        let text = self.text()?;
        text.map(|text| parse(&text)).transpose().map_err(|error| self.error(&error.to_string()))
    }

    fn error(&self, detail: &str) -> StoreError {
        StoreError::Decode { column: self.field.key.clone(), detail: detail.to_owned() }
    }
}

/// `|a|b|` as its keys.
fn split_keys(bars: &str) -> Vec<String> {
    bars.split('|').filter(|key| !key.is_empty()).map(str::to_owned).collect()
}
