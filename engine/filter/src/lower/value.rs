//! Single values: literals, properties, parameters, folded text, calculations.

use crate::ast::{Group, Kind, Node, Op};
use crate::error::{ErrorCode, FilterError};
use crate::expr::{Scalar, Term};
use crate::fold::Folding;
use crate::lower::{Lowered, Lowering, Typed, mismatch};
use crate::scope::Type;

impl Lowering<'_> {
    pub(super) fn typed(&self, node: &Node) -> Lowered<Typed> {
        let at = node.at();
        let constant = |scalar, ty| Ok(Typed { term: Term::Const(scalar), ty, at });
        match node.kind() {
            Kind::Bool(truth) => constant(Scalar::Bool(*truth), Type::Bool),
            Kind::Number(number) => constant(Scalar::Int(number.units()), Type::Number { scale: number.scale() }),
            Kind::Text(text) => constant(Scalar::Text(text.clone()), Type::Text),
            Kind::Date(date) => constant(Scalar::Text(date.to_string()), Type::Date),
            Kind::Timestamp(instant) => constant(Scalar::Int(instant.as_microsecond()), Type::Instant),
            Kind::Property(name) => self.named(node, name),
            Kind::Function(name, args) => self.function(node, name, args),
            Kind::Op(op, args) => match (op.group(), args.as_slice()) {
                (Group::Arithmetic, [left, right]) => self.arithmetic(at, *op, left, right),
                (Group::Folding, [inner]) => self.folded(*op, inner),
                _ => Err(not_single(node)),
            },
            Kind::Open | Kind::Interval(_) | Kind::Geometry(_) | Kind::BBox(_) | Kind::Array(_) => {
                Err(not_single(node))
            }
        }
    }

    fn named(&self, node: &Node, name: &str) -> Lowered<Typed> {
        let at = node.at();
        if let Some(parameter) = self.scope.parameter(name) {
            if parameter.is_list {
                let message = format!("「{name}」は値の並びです");
                return Err(mismatch(at, &message, &format!("「項目 IN ({name})」のように使ってください")));
            }
            return Ok(Typed { term: Term::Param(parameter.clone()), ty: parameter.ty.clone(), at });
        }
        let property = self.property(node, name)?;
        match property.ty {
            Type::Choices(_) => {
                let hint = format!("A_CONTAINS({name}, ('キー')) のように書いてください");
                Err(mismatch(at, &format!("「{name}」は複数選択の項目です"), &hint))
            }
            Type::Geometry { .. } => {
                let hint = format!("S_INTERSECTS({name}, BBOX(…)) のように書いてください");
                Err(mismatch(at, &format!("「{name}」は図形の項目です"), &hint))
            }
            _ => Ok(Typed { term: Term::Property(property.clone()), ty: property.ty.clone(), at }),
        }
    }

    fn folded(&self, op: Op, inner: &Node) -> Lowered<Typed> {
        let inner = self.typed(inner)?;
        if inner.ty != Type::Text {
            let message = format!("{} は{}には使えません", op.name().to_uppercase(), inner.ty.label());
            return Err(mismatch(inner.at, &message, "文字の項目に使います"));
        }
        let folding = if op == Op::CaseI { Folding::Case } else { Folding::Accent };
        Ok(Typed { term: Term::Fold(folding, Box::new(inner.term)), ty: Type::Text, at: inner.at })
    }
}

fn not_single(node: &Node) -> FilterError {
    FilterError::new(ErrorCode::Type, node.at(), "ここには一つの値を書いてください", "")
}
