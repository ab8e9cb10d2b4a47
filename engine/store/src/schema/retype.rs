//! Giving a field another type, where every value has one and only one counterpart.

use kawasemi_schema::ColumnType;
use kawasemi_schema::field::FieldKind;

use crate::sql::{Dialect, Sql};

/// How a column's values become those of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    /// Scaled up: a whole number to a decimal, a decimal to more places.
    Times(i64),
    /// A whole number as text.
    ToText,
}

/// The conversion between two kinds; none where values would be lost or are ambiguous.
pub(super) fn conversion(from: &FieldKind, to: &FieldKind) -> Option<Conversion> {
    // References and structured kinds have columns of their own meaning.
    if matches!(from, FieldKind::Reference { .. }) || matches!(to, FieldKind::Reference { .. }) {
        return None;
    }
    match (from.scalar()?, to.scalar()?) {
        (ColumnType::Integer, ColumnType::Decimal { scale }) => Some(Conversion::Times(10_i64.pow(scale.into()))),
        (ColumnType::Decimal { scale: from }, ColumnType::Decimal { scale: to }) if to > from => {
            Some(Conversion::Times(10_i64.pow((to - from).into())))
        }
        (ColumnType::Integer, ColumnType::Text) => Some(Conversion::ToText),
        _ => None,
    }
}

impl Conversion {
    /// The statement that fills a new column from the old one.
    pub fn statement(self, dialect: Dialect, table: &str, from: &str, to: &str) -> Sql {
        let mut sql = Sql::text("UPDATE ");
        sql.table(table).push(" SET ").ident(to).push(" = ");
        match (self, dialect) {
            (Self::Times(factor), _) => sql.ident(from).push(" * ").push(&factor.to_string()),
            (Self::ToText, _) => sql.push("CAST(").ident(from).push(" AS text)"),
        };
        sql.push(" WHERE ").ident(from).push(" IS NOT NULL");
        sql
    }
}
