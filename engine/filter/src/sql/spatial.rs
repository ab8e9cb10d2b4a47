//! Spatial predicates by bounding boxes, which an index can find.
//!
//! For points and a box this is already the answer. For everything else it is a prefilter, and the exact test follows
//! in Rust.

use kawasemi_store::{Cast, Sql};

use crate::expr::Geom;
use crate::scope::Type;
use crate::spatial::Relation;
use crate::sql::Writer;
use crate::sql::cover::{Cover, negation};

const SIDES: [&str; 4] = ["min_x", "min_y", "max_x", "max_y"];
const WEST: usize = 0;
const SOUTH: usize = 1;
const EAST: usize = 2;
const NORTH: usize = 3;

impl Writer<'_> {
    pub(super) fn spatial(&self, relation: Relation, left: &Geom, right: &Geom, negated: bool) -> Cover {
        if is_decided_by_boxes(left, right) || is_decided_by_boxes(right, left) {
            match (relation, negated) {
                (Relation::Intersects, false) | (Relation::Disjoint, true) => {
                    return Cover::exact(self.boxes_meet(left, right));
                }
                (Relation::Intersects, true) | (Relation::Disjoint, false) => {
                    return Cover::exact(negation(&self.boxes_meet(left, right)));
                }
                _ => {}
            }
        }
        Cover::open(Some(match (relation, negated) {
            (Relation::Disjoint, false) => self.known_geometries(left, right),
            (Relation::Disjoint, true) => self.boxes_meet(left, right),
            (_, true) => self.known_geometries(left, right),
            (Relation::Within, false) => self.box_in_box(left, right),
            (Relation::Contains, false) => self.box_in_box(right, left),
            (_, false) => self.boxes_meet(left, right),
        }))
    }

    fn boxes_meet(&self, left: &Geom, right: &Geom) -> Sql {
        self.sides(&[
            (left, WEST, " <= ", right, EAST),
            (left, EAST, " >= ", right, WEST),
            (left, SOUTH, " <= ", right, NORTH),
            (left, NORTH, " >= ", right, SOUTH),
        ])
    }

    fn box_in_box(&self, inner: &Geom, outer: &Geom) -> Sql {
        self.sides(&[
            (inner, WEST, " >= ", outer, WEST),
            (inner, EAST, " <= ", outer, EAST),
            (inner, SOUTH, " >= ", outer, SOUTH),
            (inner, NORTH, " <= ", outer, NORTH),
        ])
    }

    fn sides(&self, comparisons: &[(&Geom, usize, &str, &Geom, usize)]) -> Sql {
        let mut sql = Sql::text("(");
        for (index, (left, left_side, sign, right, right_side)) in comparisons.iter().enumerate() {
            if index > 0 {
                sql.push(" AND ");
            }
            self.side(&mut sql, left, *left_side);
            sql.push(sign);
            self.side(&mut sql, right, *right_side);
        }
        sql.push(")");
        sql
    }

    fn side(&self, sql: &mut Sql, geom: &Geom, side: usize) {
        match geom {
            Geom::Property(property) => self.column(sql, &format!("{}__{}", property.column, SIDES[side])),
            Geom::Literal(shape) => {
                sql.bind_as(shape.bounds[side], Cast::Real);
            }
        }
    }

    /// A relation with no geometry is unknown, so it is not true, negated or not.
    fn known_geometries(&self, left: &Geom, right: &Geom) -> Sql {
        let mut sql = Sql::text("(");
        let columns = [left, right].into_iter().filter_map(|geom| match geom {
            Geom::Property(property) => Some(&property.column),
            Geom::Literal(_) => None,
        });
        for (index, column) in columns.enumerate() {
            if index > 0 {
                sql.push(" AND ");
            }
            self.column(&mut sql, column);
            sql.push(" IS NOT NULL");
        }
        sql.push(")");
        sql
    }
}

/// A point lies in a box exactly when it lies in its bounds.
fn is_decided_by_boxes(point: &Geom, area: &Geom) -> bool {
    let is_point = matches!(point, Geom::Property(property) if property.ty == Type::Geometry { is_point: true });
    is_point && matches!(area, Geom::Literal(shape) if shape.fills_bounds())
}
