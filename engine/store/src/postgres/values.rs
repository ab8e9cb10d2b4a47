//! Parameters into PostgreSQL and cells out of it.
//!
//! The server infers each parameter's type from the statement; a value adapts to it where nothing is lost, and is
//! refused otherwise. Answers of the types that we declare, and of what aggregates make of them (`numeric`), are read.

use std::error::Error;
use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::Statement;
use uuid::Uuid;

use crate::error::{Result, StoreError};
use crate::row::{Cell, Row};
use crate::sql::Param;

type BoxedError = Box<dyn Error + Sync + Send>;

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxedError> {
        match (self, ty) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Bool(value), &Type::BOOL) => return value.to_sql(ty, out),
            (Self::Bool(value), _) => return Self::Int((*value).into()).to_sql(ty, out),
            (Self::Int(value), &Type::INT8) => return value.to_sql(ty, out),
            (Self::Int(value), &Type::INT4) => return i32::try_from(*value)?.to_sql(ty, out),
            (Self::Int(value), &Type::INT2) => return i16::try_from(*value)?.to_sql(ty, out),
            (Self::Int(value), &Type::NUMERIC) => write_numeric(*value, out),
            (Self::Int(value), &Type::FLOAT8) => {
                #[expect(clippy::cast_precision_loss, reason = "the statement compares with a floating-point number")]
                return (*value as f64).to_sql(ty, out);
            }
            (Self::Real(value), &Type::FLOAT8) => return value.to_sql(ty, out),
            (
                Self::Text(value),
                &Type::JSON | &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN,
            ) => {
                out.put_slice(value.as_bytes());
            }
            (Self::Text(value), &Type::JSONB) => {
                out.put_u8(1);
                out.put_slice(value.as_bytes());
            }
            (Self::Blob(value), &Type::BYTEA) => return value.as_slice().to_sql(ty, out),
            (Self::Id(value), &Type::UUID) => return value.to_sql(ty, out),
            (other, ty) => return Err(format!("{} does not fit a parameter of type {ty}", kind(other)).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn kind(param: &Param) -> &'static str {
    match param {
        Param::Null => "NULL",
        Param::Bool(_) => "a boolean",
        Param::Int(_) => "an integer",
        Param::Real(_) => "a real number",
        Param::Text(_) => "text",
        Param::Blob(_) => "bytes",
        Param::Id(_) => "an id",
    }
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxedError> {
        Ok(match *ty {
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::OID => Self::Int(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => read_numeric(raw)?,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
                Self::Text(std::str::from_utf8(raw)?.to_owned())
            }
            Type::JSONB => Self::Text(std::str::from_utf8(raw.get(1..).unwrap_or_default())?.to_owned()),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::UUID => Self::Id(Uuid::from_sql(ty, raw)?),
            ref other => return Err(format!("a column of type {other} can't be read").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxedError> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(super) fn columns(statement: &Statement) -> Arc<[String]> {
    statement.columns().iter().map(|column| column.name().to_owned()).collect()
}

pub(super) fn row(columns: &Arc<[String]>, row: &tokio_postgres::Row) -> Result<Row> {
    let mut cells = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let cell = row
            .try_get::<_, Cell>(index)
            .map_err(|error| StoreError::Decode { column: column.clone(), detail: error.to_string() })?;
        cells.push(cell);
    }
    Ok(Row::new(Arc::clone(columns), cells))
}

const NUMERIC_NEGATIVE: u16 = 0x4000;
const NUMERIC_SPECIAL: u16 = 0xC000;

/// Writes an integer in PostgreSQL's binary `numeric`: base-10,000 digits, most significant first.
fn write_numeric(value: i64, out: &mut BytesMut) {
    let mut digits = Vec::new();
    let mut rest = value.unsigned_abs();
    while rest > 0 {
        digits.push((rest % 10_000) as i16);
        rest /= 10_000;
    }
    let count = digits.len() as i16;
    out.put_i16(count);
    out.put_i16((count - 1).max(0));
    out.put_u16(if value < 0 { NUMERIC_NEGATIVE } else { 0 });
    out.put_i16(0);
    for digit in digits.into_iter().rev() {
        out.put_i16(digit);
    }
}

/// Reads a `numeric`: a sum of integers as the integer it is, anything with decimals as the nearest real number.
fn read_numeric(raw: &[u8]) -> Result<Cell, BoxedError> {
    let word = |index: usize| -> Result<i16, BoxedError> {
        let bytes = raw.get(2 * index..2 * index + 2).ok_or("a numeric is too short")?;
        Ok(i16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let (count, weight, sign) = (word(0)?, word(1)?, word(2)? as u16);
    if sign & NUMERIC_SPECIAL == NUMERIC_SPECIAL {
        return Err("a numeric is not a number".into());
    }
    let negative = sign == NUMERIC_NEGATIVE;
    let (mut whole, mut real, mut exact) = (0_i128, 0.0_f64, true);
    for position in 0..count.max(weight + 1).max(0) {
        let digit = if position < count { word(4 + position as usize)? } else { 0 };
        let power = i32::from(weight) - i32::from(position);
        real += f64::from(digit) * 10_000_f64.powi(power);
        if power < 0 {
            exact &= digit == 0;
        } else {
            whole = whole
                .checked_mul(10_000)
                .and_then(|whole| whole.checked_add(digit.into()))
                .ok_or("a numeric is too large")?;
        }
    }
    if !exact {
        return Ok(Cell::Real(if negative { -real } else { real }));
    }
    Ok(Cell::Int(i64::try_from(if negative { -whole } else { whole })?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_the_numeric_form() {
        for value in [0, 1, -1, 9_999, 10_000, 100_000_000, i64::MAX, i64::MIN] {
            let mut out = BytesMut::new();
            write_numeric(value, &mut out);
            assert_eq!(read_numeric(&out).ok(), Some(Cell::Int(value)), "{value}");
        }
    }

    #[test]
    fn a_fraction_is_read_as_a_real_number() {
        // 12.5: two digits (12 and 5000), weight 0, positive, one place shown.
        let raw = [0, 2, 0, 0, 0, 0, 0, 1, 0, 12, 0x13, 0x88];
        assert_eq!(read_numeric(&raw).ok(), Some(Cell::Real(12.5)));
        assert!(read_numeric(&raw[..5]).is_err());
    }
}
