//! What a filter may speak of: the properties of a ledger that the caller may see, and the declared parameters.
//!
//! A property that is not in the scope does not exist for the caller. Whether it is misspelt or above the caller's
//! clearance, the answer is the same "unknown field".

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_kernel::RecordId;
use kawasemi_schema::error::nearest;
use kawasemi_schema::ledger::SYSTEM_PROPERTIES;
use kawasemi_schema::{ColumnType, FieldDef, FieldKind, LedgerDef};
use uuid::Uuid;

use crate::ast::{Ast, Kind, Node, Op};

/// The type of a value in a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Yes or no.
    Bool,
    /// A whole number or a decimal at a scale.
    Number {
        /// Decimal places.
        scale: u8,
    },
    /// Text, compared by code point.
    Text,
    /// A civil date.
    Date,
    /// An instant.
    Instant,
    /// A month of a year.
    YearMonth,
    /// The key of a choice, with the keys that there are.
    Choice(Arc<[String]>),
    /// Keys of several choices, with the keys that there are.
    Choices(Arc<[String]>),
    /// A record, with the ledger that it must be of.
    Record(Option<Arc<str>>),
    /// A geometry.
    Geometry {
        /// Whether it is always a point.
        is_point: bool,
    },
}

impl Type {
    /// A whole number.
    pub const INTEGER: Self = Self::Number { scale: 0 };

    /// What the staff call it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Bool => "はい・いいえ",
            Self::Number { .. } => "数値",
            Self::Text => "文字",
            Self::Date => "日付",
            Self::Instant => "日時",
            Self::YearMonth => "年月",
            Self::Choice(_) => "選択肢",
            Self::Choices(_) => "複数選択",
            Self::Record(_) => "記録への参照",
            Self::Geometry { .. } => "図形",
        }
    }
}

/// Which part of a field's value a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The value.
    Whole,
    /// The reading of a name.
    Kana,
    /// The postcode of an address.
    Postcode,
}

/// A property: a name in CQL2, the field it belongs to and the column in which it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The name in CQL2, such as `name.kana`.
    pub name: String,
    /// The key of the field, or the system property.
    pub field: String,
    /// The part of the field's value.
    pub part: Part,
    /// The column; that of a geometry has its bounding box in columns beside it.
    pub column: String,
    /// The type.
    pub ty: Type,
}

/// A declared parameter, such as `user.departments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: Arc<str>,
    pub(crate) ty: Type,
    pub(crate) is_list: bool,
}

/// A record that a filter names by its human number instead of its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberedRecord {
    /// The ledger.
    pub ledger: String,
    /// The number as it was written.
    pub number: String,
}

/// The properties and parameters that a filter may use.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    properties: BTreeMap<String, Arc<Property>>,
    parameters: BTreeMap<String, Parameter>,
    numbers: BTreeMap<NumberedRecord, RecordId>,
}

impl Scope {
    /// The system properties and those fields of a ledger that the caller may see.
    #[must_use]
    pub fn of_ledger(ledger: &LedgerDef, may_see: impl Fn(&FieldDef) -> bool) -> Self {
        let mut scope = Self::of_fields(&ledger.fields, may_see);
        for (name, column) in SYSTEM_PROPERTIES {
            if let Some(ty) = column_type(column, None) {
                scope.insert(Property {
                    name: name.into(),
                    field: name.into(),
                    part: Part::Whole,
                    column: name.into(),
                    ty,
                });
            }
        }
        scope
    }

    /// Fields alone, as of a child row or a form.
    #[must_use]
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a FieldDef>, may_see: impl Fn(&FieldDef) -> bool) -> Self {
        let mut scope = Self::default();
        for field in fields.into_iter().filter(|field| may_see(field)) {
            for column in field.columns() {
                let Some((name, ty)) = column.property.zip(column_type(column.ty, Some(&field.kind))) else { continue };
                let part = match name.strip_prefix(&field.key) {
                    Some(".kana") => Part::Kana,
                    Some(".postcode") => Part::Postcode,
                    _ => Part::Whole,
                };
                scope.insert(Property { name, field: field.key.clone(), part, column: column.name, ty });
            }
        }
        scope
    }

    /// Declares a parameter of one value. It wins over a field of the same name, so that no field that a clerk adds can
    /// change what a grant means.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, ty: Type) -> Self {
        self.parameters.insert(name.to_owned(), Parameter { name: name.into(), ty, is_list: false });
        self
    }

    /// Declares a parameter of any number of values, for `x IN (user.departments)` and the A_ functions.
    #[must_use]
    pub fn with_list_parameter(mut self, name: &str, ty: Type) -> Self {
        self.parameters.insert(name.to_owned(), Parameter { name: name.into(), ty, is_list: true });
        self
    }

    /// Tells which record a human number means. A number that nobody tells means no record: it equals nothing.
    #[must_use]
    pub fn with_number(mut self, numbered: NumberedRecord, id: RecordId) -> Self {
        self.numbers.insert(numbered, id);
        self
    }

    /// The properties, by name: what a page offers to filter by, and the API calls queryables.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.properties.values().map(|property| &**property)
    }

    /// Adds or replaces a property that no ledger definition knows. Its column must be an SQL identifier
    /// ([`kawasemi_store::sql::is_identifier`]), or lowering to SQL panics.
    pub fn insert(&mut self, property: Property) {
        self.properties.insert(property.name.clone(), Arc::new(property));
    }

    /// The human numbers in an expression that are compared with references, for the caller to look up and tell with
    /// [`Scope::with_number`] before the expression is lowered.
    #[must_use]
    pub fn numbers_in(&self, ast: &Ast) -> Vec<NumberedRecord> {
        let mut found = Vec::new();
        self.collect_numbers(ast.root(), &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect_numbers(&self, node: &Node, found: &mut Vec<NumberedRecord>) {
        let Kind::Op(op, args) = node.kind() else { return };
        if matches!(op, Op::Eq | Op::Ne | Op::In) {
            let ledger = args.iter().find_map(|arg| match arg.kind() {
                Kind::Property(name) => match &self.property(name)?.ty {
                    Type::Record(ledger) => ledger.as_deref(),
                    _ => None,
                },
                _ => None,
            });
            if let Some(ledger) = ledger {
                let items = args.iter().flat_map(|arg| match arg.kind() {
                    Kind::Array(items) => items.as_slice(),
                    _ => std::slice::from_ref(arg),
                });
                found.extend(items.filter_map(|item| match item.kind() {
                    Kind::Text(text) if Uuid::try_parse(text).is_err() => {
                        Some(NumberedRecord { ledger: ledger.to_owned(), number: text.clone() })
                    }
                    _ => None,
                }));
            }
        }
        args.iter().for_each(|arg| self.collect_numbers(arg, found));
    }

    pub(crate) fn property(&self, name: &str) -> Option<&Arc<Property>> {
        self.properties.get(name)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// The record with a human number; the nil id, which no record has, when nobody told.
    pub(crate) fn record(&self, ledger: &str, number: &str) -> Uuid {
        let key = NumberedRecord { ledger: ledger.to_owned(), number: number.to_owned() };
        self.numbers.get(&key).map_or(Uuid::nil(), |id| id.0)
    }

    /// The name in the scope that is most like a mistyped one.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.properties.keys().chain(self.parameters.keys()).map(String::as_str))
    }
}

/// The type of a column in filters; none for what filters do not look at.
fn column_type(column: ColumnType, kind: Option<&FieldKind>) -> Option<Type> {
    let kind = match kind {
        Some(FieldKind::Computed { result, .. }) => Some(&**result),
        other => other,
    };
    let keys = |kind: &FieldKind| kind.choices().iter().map(|choice| choice.key.clone()).collect::<Arc<[String]>>();
    Some(match (column, kind) {
        (ColumnType::Text, Some(kind @ FieldKind::Choice { .. })) => Type::Choice(keys(kind)),
        (ColumnType::Text, _) => Type::Text,
        (ColumnType::Integer, _) => Type::INTEGER,
        (ColumnType::Decimal { scale }, _) => Type::Number { scale },
        (ColumnType::Bool, _) => Type::Bool,
        (ColumnType::Date, _) => Type::Date,
        (ColumnType::Instant, _) => Type::Instant,
        (ColumnType::YearMonth, _) => Type::YearMonth,
        (ColumnType::Id, Some(FieldKind::Reference { target })) => Type::Record(Some(target.as_str().into())),
        (ColumnType::Id, _) => Type::Record(None),
        (ColumnType::Many, Some(kind)) => Type::Choices(keys(kind)),
        (ColumnType::Wkb, Some(kind)) => Type::Geometry { is_point: matches!(kind, FieldKind::Point) },
        (ColumnType::Many | ColumnType::Wkb | ColumnType::Real | ColumnType::Json, _) => return None,
    })
}
