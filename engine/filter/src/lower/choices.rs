//! The A_ functions, which are for fields of several choices.

use std::sync::Arc;

use crate::ast::{Kind, Node, Op};
use crate::expr::{Cond, Keys, SetRelation};
use crate::lower::compare::check_key;
use crate::lower::{Lowered, Lowering, mismatch};
use crate::scope::{Property, Type};

impl Lowering<'_> {
    pub(super) fn choices(&self, op: Op, left: &Node, right: &Node) -> Lowered<Cond> {
        let relation = match op {
            Op::AEquals => SetRelation::Equals,
            Op::AContains => SetRelation::Contains,
            Op::AContainedBy => SetRelation::ContainedBy,
            _ => SetRelation::Overlaps,
        };
        let (property, keys, relation) = match (self.choices_property(left)?, self.choices_property(right)?) {
            (Some(property), None) => (property, right, relation),
            (None, Some(property)) => (property, left, mirrored(relation)),
            _ => {
                let hint = "A_CONTAINS(項目, ('キー1', 'キー2')) のように書いてください";
                return Err(mismatch(left.at(), "A_ で始まる関数には複数選択の項目が一ついります", hint));
            }
        };
        let keys = self.keys(&property, keys)?;
        Ok(Cond::Choices(relation, property, keys))
    }

    fn choices_property(&self, node: &Node) -> Lowered<Option<Arc<Property>>> {
        Ok(self.column_only(node)?.filter(|property| matches!(property.ty, Type::Choices(_))))
    }

    /// The given keys: a list of literals, or a list parameter.
    fn keys(&self, property: &Property, node: &Node) -> Lowered<Keys> {
        let Type::Choices(known) = &property.ty else {
            return Err(mismatch(node.at(), "複数選択の項目ではありません", ""));
        };
        let wanted = "選択肢のキーを ' で囲んで並べてください（例：('a', 'b')）";
        match node.kind() {
            Kind::Array(items) if items.is_empty() => Err(mismatch(node.at(), "かっこの中が空です", wanted)),
            Kind::Array(items) => {
                let mut keys: Vec<String> = Vec::with_capacity(items.len());
                for item in items {
                    match item.kind() {
                        Kind::Text(key) => {
                            check_key(known, key, item.at())?;
                            if !keys.contains(key) {
                                keys.push(key.clone());
                            }
                        }
                        Kind::Property(_) if items.len() == 1 => return self.keys(property, item),
                        _ => return Err(mismatch(item.at(), "ここには選択肢のキーを書いてください", wanted)),
                    }
                }
                Ok(Keys::These(keys))
            }
            Kind::Property(name) => match self.scope.parameter(name) {
                Some(list) if list.is_list && matches!(list.ty, Type::Text | Type::Choice(_)) => {
                    Ok(Keys::Of(list.clone()))
                }
                _ => Err(mismatch(node.at(), "ここには選択肢のキーを書いてください", wanted)),
            },
            _ => Err(mismatch(node.at(), "ここには選択肢のキーを書いてください", wanted)),
        }
    }
}

/// The relation with its sides exchanged.
fn mirrored(relation: SetRelation) -> SetRelation {
    match relation {
        SetRelation::Contains => SetRelation::ContainedBy,
        SetRelation::ContainedBy => SetRelation::Contains,
        same => same,
    }
}
