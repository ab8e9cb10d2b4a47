//! The S_ functions.

use std::sync::Arc;

use crate::ast::{Kind, Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::expr::{Cond, Expr, Geom};
use crate::limits::Limits;
use crate::lower::{Lowered, Lowering, mismatch};
use crate::scope::{Scope, Type};
use crate::spatial::{Relation, Shape, Unusable};

impl Lowering<'_> {
    pub(super) fn spatial(&self, op: Op, left: &Node, right: &Node) -> Lowered<Cond> {
        let relation = match op {
            Op::SIntersects => Relation::Intersects,
            Op::SDisjoint => Relation::Disjoint,
            Op::SEquals => Relation::Equals,
            Op::STouches => Relation::Touches,
            Op::SWithin => Relation::Within,
            Op::SOverlaps => Relation::Overlaps,
            Op::SCrosses => Relation::Crosses,
            _ => Relation::Contains,
        };
        match (self.geometry(left)?, self.geometry(right)?) {
            (Geom::Literal(a), Geom::Literal(b)) => Ok(Cond::Const(relation.holds(&a.geometry, &b.geometry))),
            (left, right) => Ok(Cond::Spatial(relation, left, right)),
        }
    }

    fn geometry(&self, node: &Node) -> Lowered<Geom> {
        let usable = |shape: Result<Shape, Unusable>| {
            shape.map(|shape| Geom::Literal(Arc::new(shape))).map_err(|why| unusable(why, node.at()))
        };
        match node.kind() {
            Kind::Geometry(geometry) => usable(Shape::of_geometry(geometry)),
            Kind::BBox(sides) => usable(Shape::of_box(*sides)),
            _ => {
                let property = self.column_only(node)?;
                let is_geometry = |ty: &Type| matches!(ty, Type::Geometry { .. });
                property.filter(|property| is_geometry(&property.ty)).map(Geom::Property).ok_or_else(|| {
                    let hint = "S_INTERSECTS(図形の項目, BBOX(西, 南, 東, 北)) のように書いてください";
                    mismatch(node.at(), "ここには図形か図形の項目を書いてください", hint)
                })
            }
        }
    }
}

/// The condition that a geometry meets any of some others, which were checked when they were stored. Unlike a text it may name as
/// many and as large ones as there are: those of another ledger.
///
/// # Errors
/// When the name is no geometry of the scope.
pub fn meets_any<'a>(
    property: &str,
    shapes: impl IntoIterator<Item = &'a kawasemi_kernel::Geometry>,
    scope: &Scope,
) -> Result<Expr, FilterError> {
    let node = Node::build(At::NOWHERE, Kind::Property(property.to_owned()), Limits::DEFINITION)?;
    let property = Lowering { scope }.geometry(&node)?;
    let meets = |shape: &kawasemi_kernel::Geometry| {
        Cond::Spatial(Relation::Intersects, property.clone(), Geom::Literal(Arc::new(Shape::of_checked(shape))))
    };
    Ok(Expr { root: Cond::any(shapes.into_iter().map(meets).collect()) })
}

fn unusable(why: Unusable, at: At) -> FilterError {
    let (message, hint) = match why {
        Unusable::OffTheMap => ("座標が地球の外です", "経度 緯度 の順に度で書いてください（例：POINT(139.43 35.44)）"),
        Unusable::UpsideDown => ("南の緯度が北の緯度より北です", "BBOX(西, 南, 東, 北) の順に書いてください"),
        Unusable::Invalid => ("図形が正しくありません", "線が自分と交わらないようにしてください"),
    };
    FilterError::new(ErrorCode::Geometry, at, message, hint)
}
