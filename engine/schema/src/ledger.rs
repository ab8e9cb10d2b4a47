//! A ledger definition (台帳の定義), as the engines use it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check;
use crate::clearance::Clearance;
use crate::error::{SchemaErrors, translate};
use crate::field::{Column, ColumnType, FieldDef, FieldKind};
use crate::lower;
use crate::raw::{
    RawCheck, RawFreeze, RawKeep, RawLedger, RawMaster, RawNumber, RawPersonalFile, RawProtection, RawProtects,
    RawSubject, RawView,
};
use crate::source::SourceFile;
use crate::text::Text;

/// A ledger: what its records hold, who may do what with them, and how long they are kept.
#[derive(Clone, Debug)]
pub struct LedgerDef {
    /// Kebab-case key.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// The key of the department that answers for it.
    pub owner: String,
    /// Purpose of use (利用目的) of the personal data in it.
    pub purpose: Text,
    /// What 個人情報ファイル簿 says beyond the rest of the definition.
    pub personal_file: Option<RawPersonalFile>,
    /// Which fields tell whom a record is about, where each is about one person.
    pub subject: Option<RawSubject>,
    /// The fields by which a record is called.
    pub label: Vec<String>,
    /// How long records are kept.
    pub retention: Retention,
    /// Human numbers.
    pub number: Option<RawNumber>,
    /// The list page.
    pub list: ListDef,
    /// The map page; none for a ledger without a geometry.
    pub map: Option<MapDef>,
    /// The fields, in the order of the form.
    pub fields: Vec<FieldDef>,
    /// Declared indexes, by field keys.
    pub indexes: Vec<Vec<String>>,
    /// Declared unique keys, by field keys, those of single fields included.
    pub unique: Vec<Vec<String>>,
    /// Conditions on every record.
    pub checks: Vec<RawCheck>,
    /// What is frozen, and when.
    pub freeze: Option<RawFreeze>,
    /// Whose protection hides protected fields.
    pub protection: Option<RawProtection>,
    /// How its records protect people.
    pub protects: Option<RawProtects>,
    /// The other system that is the master of some records.
    pub master: Option<RawMaster>,
    /// What is kept in child rows when it changes.
    pub keeps: Vec<RawKeep>,
    /// Views offered to everybody.
    pub views: Vec<RawView>,
    /// Who may do what.
    pub grants: Vec<GrantDef>,
    /// The file it was read from, for messages and for download.
    pub source: SourceFile,
}

/// Retention of records (保存期間).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Years; none for ever.
    pub years: Option<u16>,
    /// From when the years count.
    pub from: RetentionStart,
    /// The rule that says so.
    pub basis: String,
}

/// From when the years of retention count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionStart {
    /// From 1 April after the fiscal year in which the record was last changed (翌年度4月1日起算).
    #[default]
    FiscalYearEnd,
    /// From the day the record was made.
    Created,
    /// From the day the record was last changed.
    Updated,
}

/// The list page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListDef {
    /// Columns, by field key.
    pub columns: Vec<String>,
    /// Order.
    pub sort: Vec<SortKey>,
    /// Facets, by field key.
    pub facets: Vec<String>,
    /// The field on which row grants usually decide.
    pub scope: Option<String>,
    /// The date field of the calendar.
    pub calendar: Option<String>,
}

/// The map page of a ledger (地図).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapDef {
    /// The field that is drawn.
    pub geometry: String,
    /// The choice or yes-no field by which records are coloured.
    pub colour: Option<String>,
    /// The field that names a record; none for the ledger's label.
    pub label: Option<String>,
    /// From which zoom on records are drawn.
    pub min_zoom: u8,
}

/// One part of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// A field key or a system property such as `updated_at`.
    pub field: String,
    /// From large to small.
    pub descending: bool,
}

impl SortKey {
    /// Reads `field` or `-field`.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('-') {
            Some(field) => Self { field: field.to_owned(), descending: true },
            None => Self { field: text.to_owned(), descending: false },
        }
    }
}

/// What a role may do with the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantDef {
    /// The role.
    pub role: String,
    /// What it may do.
    pub actions: Vec<Action>,
    /// CQL2 condition on the rows; none for all.
    pub rows: Option<String>,
    /// The most closed field it may see.
    pub clearance: Clearance,
    /// Why.
    pub reason: String,
    /// Where in the file it stands.
    pub path: String,
}

/// An act on records that can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// See records, their history and files.
    Read,
    /// Make records.
    Create,
    /// Change records.
    Update,
    /// Delete records and bring deleted ones back.
    Delete,
    /// Read files of rows into the ledger.
    Import,
    /// Take records out as files.
    Export,
    /// Change the ledger's definition.
    Design,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Import, Self::Export, Self::Design];

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Read => "閲覧",
            Self::Create => "登録",
            Self::Update => "変更",
            Self::Delete => "削除・復元",
            Self::Import => "取込",
            Self::Export => "書出し",
            Self::Design => "設計",
        }
    }
}

/// The longest key of a ledger, a field or a choice. PostgreSQL cuts identifiers at 63 bytes; tables and indexes add to a
/// key.
pub const KEY_MAX: usize = 40;

/// The columns that every ledger's table has besides those of its fields, in the order in which the store reads them.
pub const SYSTEM_COLUMNS: [&str; 12] = [
    "n",
    "id",
    "number",
    "revision",
    "definition",
    "batch",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "chain",
];

/// Whether a field may not have this key, since every ledger has something of that name.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    SYSTEM_COLUMNS.contains(&key) || key.starts_with("search_")
}

/// Those of these columns that CQL2, sort and fields know, with their types.
pub const SYSTEM_PROPERTIES: [(&str, ColumnType); 7] = [
    ("id", ColumnType::Id),
    ("number", ColumnType::Text),
    ("revision", ColumnType::Integer),
    ("created_at", ColumnType::Instant),
    ("created_by", ColumnType::Text),
    ("updated_at", ColumnType::Instant),
    ("updated_by", ColumnType::Text),
];

impl LedgerDef {
    /// Reads a definition. Everything that is wrong with it is reported at once.
    pub fn read(source: SourceFile) -> Result<Self, SchemaErrors> {
        let raw: RawLedger = parse(&source)?;
        let ledger = lower::ledger(raw, source)?;
        check::ledger(&ledger)?;
        Ok(ledger)
    }

    /// The field with a key.
    pub fn field(&self, key: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Whether a field is another system's own, in the records of which that is the master.
    pub fn is_mastered(&self, field: &str) -> bool {
        self.master.as_ref().is_some_and(|master| {
            master.field == field || master.stamp == field || master.fields.iter().any(|own| own == field)
        })
    }

    /// What the other system is called that is the master of some records.
    pub fn master_name(&self) -> Option<&str> {
        let master = self.master.as_ref()?;
        self.field(&master.field)?.choice(&master.is).map(|choice| choice.label.ja())
    }

    /// The table's name.
    pub fn table(&self) -> String {
        format!("l_{}", self.key.replace('-', "_"))
    }

    /// The child table of a field of rows.
    pub fn child_table(&self, field: &str) -> String {
        format!("{}__{field}", self.table())
    }

    /// All columns of the fields, in order, each with its field.
    pub fn columns(&self) -> impl Iterator<Item = (&FieldDef, Column)> {
        self.fields.iter().flat_map(|field| field.columns().into_iter().map(move |column| (field, column)))
    }

    /// The clearance levels of fields that full-text search reads, from open to closed.
    pub fn search_levels(&self) -> Vec<Clearance> {
        let mut levels: Vec<Clearance> = self.fields.iter().filter(|f| f.search).map(|f| f.clearance).collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    /// Whether any field is hidden while a person is under protection.
    pub fn holds_protected(&self) -> bool {
        self.fields.iter().any(lower::holds_protected)
    }

    /// The reference at a path, which is a field or a field of child rows (`members.person`).
    pub fn reference(&self, path: &str) -> Option<Reference<'_>> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let field = self.field(first)?;
        let (rows, field) = match (&field.kind, rest) {
            (FieldKind::Rows { fields, .. }, Some(rest)) => {
                (Some(first), fields.iter().find(|inner| inner.key == rest)?)
            }
            (_, None) => (None, field),
            _ => return None,
        };
        let FieldKind::Reference { target } = &field.kind else { return None };
        Some(Reference { rows: rows.and_then(|rows| self.field(rows)), field, target })
    }

    /// Whether any field holds personal data.
    pub fn holds_personal_data(&self) -> bool {
        fn any(fields: &[FieldDef]) -> bool {
            fields
                .iter()
                .any(|f| f.clearance.is_logged() || matches!(&f.kind, FieldKind::Rows { fields, .. } if any(fields)))
        }
        any(&self.fields)
    }
}

/// A reference within a ledger.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// The child rows in which it stands; none for a field of the record itself.
    pub rows: Option<&'a FieldDef>,
    /// The field.
    pub field: &'a FieldDef,
    /// The ledger to which it refers.
    pub target: &'a str,
}

/// Reads a TOML file into its raw shape; a mistake is named with file, line and hint. Other strict files (the configuration of the
/// program) are read by it as well.
pub fn parse<T: serde::de::DeserializeOwned>(source: &SourceFile) -> Result<T, SchemaErrors> {
    toml::from_str(&source.text).map_err(|error| {
        let (message, hint) = translate(error.message());
        let position = source.position(error.span().map_or(0, |span| span.start));
        crate::error::SchemaError { file: source.name.clone(), position, message, hint }.into()
    })
}
