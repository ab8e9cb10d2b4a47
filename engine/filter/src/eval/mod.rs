//! The answer over one record in memory, the same as SQL's.

pub(crate) mod term;

use std::borrow::Cow;

use kawasemi_kernel::{Fields, Value};

use crate::expr::{Cmp, Cond, Expr, Geom, Item, Keys, Nullable, Scalar, SetRelation};
use crate::params::Params;
use crate::scope::{Part, Property};

/// A record as a filter looks at it: the value of a field or system property by key. What it does not have is
/// [`Value::Null`].
pub trait RecordView {
    /// The value under a key.
    fn value(&self, key: &str) -> Cow<'_, Value>;
}

impl RecordView for Fields {
    fn value(&self, key: &str) -> Cow<'_, Value> {
        self.get(key).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
    }
}

impl<F: Fn(&str) -> Value> RecordView for F {
    fn value(&self, key: &str) -> Cow<'_, Value> {
        Cow::Owned(self(key))
    }
}

impl Expr {
    /// Whether a record meets the condition. What is unknown is not met.
    pub fn matches(&self, record: &dyn RecordView, params: &Params) -> bool {
        self.evaluate(record, params) == Some(true)
    }

    /// The answer in three-valued logic; none for unknown. A check that must not be *false* wants this one.
    pub fn evaluate(&self, record: &dyn RecordView, params: &Params) -> Option<bool> {
        Evaluation { record, params }.cond(&self.root)
    }
}

/// One evaluation.
pub(crate) struct Evaluation<'a> {
    pub(crate) record: &'a dyn RecordView,
    pub(crate) params: &'a Params,
}

impl Evaluation<'_> {
    /// An evaluation of what is the same for every record.
    pub(crate) fn fixed<T>(params: &Params, evaluate: impl FnOnce(&Evaluation<'_>) -> T) -> T {
        let nothing = Fields::new();
        evaluate(&Evaluation { record: &nothing, params })
    }

    pub(crate) fn cond(&self, cond: &Cond) -> Option<bool> {
        match cond {
            Cond::Const(truth) => *truth,
            Cond::And(parts) => self.first(parts, false),
            Cond::Or(parts) => self.first(parts, true),
            Cond::Not(inner) => self.cond(inner).map(|truth| !truth),
            Cond::Known(term, truth) => self.term(term).map(|_| *truth),
            Cond::Holds(term) => match self.term(term)? {
                Scalar::Bool(answer) => Some(answer),
                _ => None,
            },
            Cond::Compare(cmp, left, right) => compare(*cmp, &self.term(left)?, &self.term(right)?),
            Cond::In(term, items) => self.is_in(self.term(term), items),
            Cond::Like(term, pattern) => match self.term(term)? {
                Scalar::Text(text) => Some(pattern.matches(&text)),
                _ => None,
            },
            Cond::IsNull(nullable) => Some(self.is_null(nullable)),
            Cond::Choices(relation, property, keys) => self.choices(*relation, property, keys),
            Cond::Spatial(relation, left, right) => {
                self.geometry(left, &mut |left| self.geometry(right, &mut |right| relation.holds(left, right)))
            }
        }
    }

    /// The truth that decides if any part has it; else unknown if any part is; else the other truth.
    fn first(&self, parts: &[Cond], deciding: bool) -> Option<bool> {
        let mut answer = Some(!deciding);
        for part in parts {
            match self.cond(part) {
                Some(truth) if truth == deciding => return Some(deciding),
                Some(_) => {}
                None => answer = None,
            }
        }
        answer
    }

    /// An empty list holds nothing, not even the unknown.
    fn is_in(&self, value: Option<Scalar>, items: &[Item]) -> Option<bool> {
        let mut answer = Some(false);
        let mut see = |item: Option<Scalar>| match (&value, item) {
            (Some(value), Some(item)) if *value == item => answer = Some(true),
            (Some(_), Some(_)) => {}
            _ if answer == Some(true) => {}
            _ => answer = None,
        };
        for item in items {
            match item {
                Item::One(term) => see(self.term(term)),
                Item::List(parameter) => match self.params.many(parameter) {
                    Some(values) => values.into_iter().for_each(|value| see(Some(value))),
                    None => see(None),
                },
            }
        }
        answer
    }

    fn is_null(&self, nullable: &Nullable) -> bool {
        match nullable {
            Nullable::Term(term) => self.term(term).is_none(),
            Nullable::Column(property) => self.record.value(&property.field).is_null(),
            Nullable::Cond(cond) => self.cond(cond).is_none(),
        }
    }

    fn choices(&self, relation: SetRelation, property: &Property, keys: &Keys) -> Option<bool> {
        let value = self.record.value(&property.field);
        let Value::Many(chosen) = &*value else { return None };
        if chosen.is_empty() {
            return None;
        }
        let wanted = self.keys(keys)?;
        let has_all = || wanted.iter().all(|key| chosen.contains(key));
        let has_only = || chosen.iter().all(|key| wanted.contains(key));
        Some(match relation {
            SetRelation::Equals => has_all() && has_only(),
            SetRelation::Contains => has_all(),
            SetRelation::ContainedBy => has_only(),
            SetRelation::Overlaps => wanted.iter().any(|key| chosen.contains(key)),
        })
    }

    /// The given keys; unknown if they are a parameter without a value.
    pub(crate) fn keys<'k>(&self, keys: &'k Keys) -> Option<Cow<'k, [String]>> {
        match keys {
            Keys::These(keys) => Some(Cow::Borrowed(keys)),
            Keys::Of(parameter) => {
                let mut keys: Vec<String> = Vec::new();
                for value in self.params.many(parameter)? {
                    match value {
                        Scalar::Text(key) if !keys.contains(&key) => keys.push(key),
                        _ => {}
                    }
                }
                Some(Cow::Owned(keys))
            }
        }
    }

    fn geometry(&self, side: &Geom, see: &mut dyn FnMut(&geo::Geometry<f64>) -> Option<bool>) -> Option<bool> {
        match side {
            Geom::Literal(shape) => see(&shape.geometry),
            Geom::Property(property) => match &*self.record.value(&property.field) {
                Value::Geometry(geometry) => see(geometry.as_geo()),
                _ => None,
            },
        }
    }

    /// The value of a property as it would lie in its column.
    pub(crate) fn property(&self, property: &Property) -> Option<Scalar> {
        debug_assert!(property.part == Part::Whole || property.name.contains('.'), "parts are named with a dot");
        Scalar::of(&self.record.value(&property.field), property.part, &property.ty)
    }
}

fn compare(cmp: Cmp, left: &Scalar, right: &Scalar) -> Option<bool> {
    if std::mem::discriminant(left) != std::mem::discriminant(right) {
        return None;
    }
    let order = left.partial_cmp(right)?;
    Some(match cmp {
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
    })
}
