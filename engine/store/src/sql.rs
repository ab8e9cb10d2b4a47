//! SQL text with its parameters, written once for both stores.
//!
//! Everything above this crate says what it wants of the database as an [`Sql`] value: text, bound parameters and
//! table names, never a string with a value pasted into it. The value is rendered for SQLite or PostgreSQL at the last
//! moment, so that a fragment (a lowered filter, a grant) can be written without knowing where it will be used:
//! parameters are numbered when the whole statement is rendered, and table names are qualified with the city's schema
//! then.
//!
//! ```
//! use kawasemi_store::sql::Sql;
//! let mut condition = Sql::new();
//! condition.ident("department").push(" = ").bind("10");
//! let mut query = Sql::new();
//! query.push("SELECT id FROM ").table("l_park").push(" WHERE ").append(&condition);
//! assert_eq!(query.to_string(), r#"SELECT id FROM "l_park" WHERE "department" = $1"#);
//!
//! let same = Sql::with("SELECT id FROM {l_park} WHERE \"department\" = $1", ["10".into()]);
//! assert_eq!(same.to_string(), query.to_string());
//! ```

use std::fmt;

use uuid::Uuid;

/// Stands in the text where the next parameter goes.
const PARAMETER: char = '\u{1}';
/// Stands before a letter of [`SqlType`]: a parameter whose type PostgreSQL can't infer from its surroundings.
const CAST_PARAMETER: char = '\u{2}';
/// Opens a table name, which [`TABLE_END`] closes.
const TABLE: char = '\u{3}';
const TABLE_END: char = '\u{4}';

/// One bound value. Physical encodings are those of `ARCHITECTURE.md` ("Encodings").
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL NULL of whatever type the place wants.
    Null,
    /// Yes or no; 0 or 1 on SQLite.
    Bool(bool),
    /// An integer, yen, scaled decimal, fiscal year or instant (UTC microseconds).
    Int(i64),
    /// A coordinate or an average.
    Real(f64),
    /// Text, a date (`YYYY-MM-DD`), a year and month (`YYYY-MM`), a choice key.
    Text(String),
    /// Bytes: a hash, a geometry (WKB).
    Blob(Vec<u8>),
    /// A record's id; 16 bytes on SQLite, `uuid` on PostgreSQL.
    Id(Uuid),
}

/// The physical type of a column, and what a parameter is cast to on PostgreSQL where its surroundings do not tell
/// (`$1 IS NULL`, `$1 + 1`). SQLite needs no cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// `boolean`
    Bool,
    /// `bigint`
    Int,
    /// `double precision`
    Real,
    /// `text`
    Text,
    /// `bytea`
    Blob,
    /// `uuid`
    Id,
}

impl SqlType {
    const ALL: [(Self, char, &'static str); 6] = [
        (Self::Bool, 'b', "::boolean"),
        (Self::Int, 'i', "::bigint"),
        (Self::Real, 'r', "::double precision"),
        (Self::Text, 't', "::text"),
        (Self::Blob, 'x', "::bytea"),
        (Self::Id, 'u', "::uuid"),
    ];

    fn letter(self) -> char {
        Self::ALL.iter().find(|(cast, ..)| *cast == self).map_or('t', |(_, letter, _)| *letter)
    }

    fn suffix(letter: char) -> &'static str {
        Self::ALL.iter().find(|(_, known, _)| *known == letter).map_or("", |(.., suffix)| *suffix)
    }
}

/// A statement or a fragment of one, with its parameters in the order in which they occur.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    text: String,
    params: Vec<Param>,
}

impl Sql {
    /// Creates an empty fragment.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a fragment of plain text without parameters.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut sql = Self::new();
        sql.push(text);
        sql
    }

    /// Creates a statement from readable text: `{name}` is a table of the city, `$1`, `$2` … are the given parameters,
    /// in any order and as often as wanted. Inside quotes both are left alone.
    ///
    /// # Panics
    /// When the text names a parameter that was not given: the text is written by us, so this is a defect that the
    /// first test of the statement shows.
    #[must_use]
    pub fn with(text: &str, params: impl IntoIterator<Item = Param>) -> Self {
        let params: Vec<Param> = params.into_iter().collect();
        let mut sql = Self::new();
        let mut quote = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some(open), _) => {
                    if c == open {
                        quote = None;
                    }
                    sql.text.push(c);
                }
                (None, '\'' | '"') => {
                    quote = Some(c);
                    sql.text.push(c);
                }
                (None, '{') => {
                    let name: String = chars.by_ref().take_while(|&c| c != '}').collect();
                    sql.table(&name);
                }
                (None, '$') => {
                    let mut number = 0;
                    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                        number = number * 10 + digit as usize;
                        chars.next();
                    }
                    let param = number.checked_sub(1).and_then(|index| params.get(index));
                    sql.bind(param.expect("the statement names only parameters that were given").clone());
                }
                (None, _) => sql.text.push(c),
            }
        }
        sql
    }

    /// Adds text that the program wrote. Values and names from outside go through [`Sql::bind`] and [`Sql::ident`].
    pub fn push(&mut self, text: &str) -> &mut Self {
        debug_assert!(!text.contains(|c: char| c < '\u{5}'), "SQL text has no control characters");
        self.text.push_str(text);
        self
    }

    /// Adds a whole number as text, where few are ever asked for: SQLite plans a statement anew whenever the parameter of its
    /// LIMIT is bound.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.push(&number.to_string())
    }

    /// Adds a parameter, whose type PostgreSQL infers from its surroundings.
    pub fn bind(&mut self, param: impl Into<Param>) -> &mut Self {
        self.text.push(PARAMETER);
        self.params.push(param.into());
        self
    }

    /// Adds a parameter with its type, for places from which PostgreSQL can't infer it.
    pub fn bind_as(&mut self, param: impl Into<Param>, cast: SqlType) -> &mut Self {
        self.text.push(CAST_PARAMETER);
        self.text.push(cast.letter());
        self.params.push(param.into());
        self
    }

    /// Adds parameters with commas between them: `$1, $2, $3`.
    pub fn bind_list(&mut self, params: impl IntoIterator<Item = Param>) -> &mut Self {
        for (index, param) in params.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(param);
        }
        self
    }

    /// Adds another fragment; its parameters follow those already here.
    pub fn append(&mut self, other: &Sql) -> &mut Self {
        self.text.push_str(&other.text);
        self.params.extend(other.params.iter().cloned());
        self
    }

    /// Adds what follows a place of another statement in which no parameter stands before that place.
    pub(crate) fn append_from(&mut self, other: &Sql, place: usize) -> &mut Self {
        debug_assert!(!other.text[..place].contains([PARAMETER, CAST_PARAMETER]), "the head has no parameters");
        self.text.push_str(&other.text[place..]);
        self.params.extend(other.params.iter().cloned());
        self
    }

    /// Whether another statement is the same but for its parameters.
    pub(crate) fn is_alike(&self, other: &Sql) -> bool {
        self.text == other.text
    }

    /// The length of the text, as a place for [`Sql::append_from`].
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Adds a quoted column, index or alias name.
    ///
    /// # Panics
    /// When the name is none (see [`is_identifier`]): names come from declarations which were checked when they were
    /// loaded, and a statement with any other must not be built.
    pub fn ident(&mut self, name: &str) -> &mut Self {
        assert!(is_identifier(name), "column names are checked when the definition is loaded: {name:?}");
        self.text.push('"');
        self.text.push_str(name);
        self.text.push('"');
        self
    }

    /// Adds a column of a table or alias: `"a"."column"`.
    pub fn column(&mut self, alias: &str, name: &str) -> &mut Self {
        self.ident(alias).push(".").ident(name)
    }

    /// Adds a table of the city, which is qualified with the city's schema when rendered for PostgreSQL.
    ///
    /// # Panics
    /// As [`Sql::ident`].
    pub fn table(&mut self, name: &str) -> &mut Self {
        assert!(is_identifier(name), "table names are checked when the definition is loaded: {name:?}");
        self.text.push(TABLE);
        self.text.push_str(name);
        self.text.push(TABLE_END);
        self
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The parameters, in the order of their numbers.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// Renders the text for one store.
    #[must_use]
    pub fn render(&self, naming: &Naming) -> String {
        let mut out = String::with_capacity(self.text.len() + 4 * self.params.len() + 16);
        let mut number = 0;
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(|c: char| c < '\u{5}') {
            out.push_str(&rest[..at]);
            let marker = rest.as_bytes()[at];
            rest = &rest[at + 1..];
            match char::from(marker) {
                TABLE => {
                    let end = rest.find(TABLE_END).unwrap_or(rest.len());
                    naming.write_table(&mut out, &rest[..end]);
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                CAST_PARAMETER => {
                    number += 1;
                    naming.write_parameter(&mut out, number);
                    let letter = rest.chars().next().unwrap_or('t');
                    if naming.dialect() == Dialect::Postgres {
                        out.push_str(SqlType::suffix(letter));
                    }
                    rest = rest.get(letter.len_utf8()..).unwrap_or_default();
                }
                _ => {
                    number += 1;
                    naming.write_parameter(&mut out, number);
                }
            }
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Display for Sql {
    /// The text with `$1`-style parameters and unqualified tables, for logs and tests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Naming::Bare))
    }
}

/// How names are written in one city's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// SQLite: the city is the file.
    Bare,
    /// PostgreSQL: the city is a schema, and every table is qualified with it (never `search_path`, which a pooled
    /// connection would carry to the next city).
    Schema(String),
}

impl Naming {
    /// The SQL dialect that goes with the naming.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Bare => Dialect::Sqlite,
            Self::Schema(_) => Dialect::Postgres,
        }
    }

    fn write_table(&self, out: &mut String, name: &str) {
        if let Self::Schema(schema) = self {
            out.push('"');
            out.push_str(schema);
            out.push_str("\".");
        }
        out.push('"');
        out.push_str(name);
        out.push('"');
    }

    fn write_parameter(&self, out: &mut String, number: usize) {
        use fmt::Write as _;
        let _ = write!(out, "${number}");
    }
}

/// The two SQL dialects, with the few things that differ between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The embedded store.
    Sqlite,
    /// PostgreSQL 15 and what is wire-compatible with it.
    Postgres,
}

impl Dialect {
    /// The function that answers at which character (from 1, 0 for nowhere) the second text occurs in the first.
    #[must_use]
    pub fn position(self) -> &'static str {
        match self {
            Self::Sqlite => "instr",
            Self::Postgres => "strpos",
        }
    }

    /// Writes a test whether a text, in a column, holds a part.
    pub(crate) fn holds(self, sql: &mut Sql, alias: &str, column: &str, part: &str) {
        match self {
            Self::Sqlite => sql.push("holds(").column(alias, column).push(", ").bind(part).push(")"),
            Self::Postgres => sql.push("strpos(").column(alias, column).push(", ").bind(part).push(") > 0"),
        };
    }

    /// The aggregate that answers the greater of two scalar values (`max(a, b)` or `greatest(a, b)`).
    #[must_use]
    pub fn greatest(self) -> &'static str {
        match self {
            Self::Sqlite => "max",
            Self::Postgres => "greatest",
        }
    }

    /// The operator that compares with NULL as a value like any other (`a IS b`).
    #[must_use]
    pub fn is_same(self) -> &'static str {
        match self {
            Self::Sqlite => "IS",
            Self::Postgres => "IS NOT DISTINCT FROM",
        }
    }

    /// The operator that matches a pattern with distinction of case. SQLite's LIKE is set to the same at connection.
    #[must_use]
    pub fn like(self) -> &'static str {
        "LIKE"
    }
}

/// Whether a name may stand in SQL as a table or column: lower-case ASCII letters, digits and underscores, not
/// starting with a digit, at most 63 bytes (PostgreSQL's limit).
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
    starts_well && name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Param {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Param {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Param {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Vec<u8>> for Param {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<&[u8]> for Param {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Param {
    fn from(value: [u8; N]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl From<Uuid> for Param {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city() -> Naming {
        Naming::Schema("city_142182".into())
    }

    #[test]
    fn appended_fragments_are_renumbered() {
        let mut grant = Sql::new();
        grant.ident("department").push(" IN (");
        grant.bind_list(["10".into(), "11".into()]).push(")");
        let mut query = Sql::with("SELECT n FROM {l_park} WHERE area > $1 AND ", [Param::Int(5)]);
        query.append(&grant).push(" LIMIT ").bind(50);
        assert_eq!(
            query.render(&city()),
            r#"SELECT n FROM "city_142182"."l_park" WHERE area > $1 AND "department" IN ($2, $3) LIMIT $4"#
        );
        assert_eq!(query.params().len(), 4);
    }

    #[test]
    fn readable_text_reuses_parameters_and_leaves_quotes_alone() {
        let sql = Sql::with("SELECT '{a} $1', $2, $1, $2", [1.into(), 2.into()]);
        assert_eq!(sql.to_string(), "SELECT '{a} $1', $1, $2, $3");
        assert_eq!(sql.params(), [Param::Int(2), Param::Int(1), Param::Int(2)]);
    }

    #[test]
    fn casts_are_written_for_postgres_only() {
        let mut sql = Sql::text("SELECT ");
        sql.bind_as(Param::Null, SqlType::Int).push(" IS NULL");
        assert_eq!(sql.render(&city()), "SELECT $1::bigint IS NULL");
        assert_eq!(sql.render(&Naming::Bare), "SELECT $1 IS NULL");
    }

    #[test]
    fn names_from_outside_cannot_be_identifiers() {
        for bad in ["", "a\"b", "A", "1a", "a b", "公園", &"a".repeat(64)] {
            assert!(!is_identifier(bad), "{bad:?}");
        }
        assert!(is_identifier("l_playground_unit"));
    }
}
