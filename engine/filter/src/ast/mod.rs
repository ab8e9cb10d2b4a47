//! The tree of a CQL2 expression, the same for text and JSON.
//!
//! Every node is made by `Node::build`, which refuses what the grammar refuses (a calculation with a text, a spatial
//! predicate on a number), counts the depth and flattens AND in AND. So a tree that exists can be printed as text, and
//! read back gives the same tree. Names and types of properties are not looked at here; that is `lower`'s business.

mod op;
mod shape;

use geo::MapCoords as _;
use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::Decimal;

use crate::error::{At, FilterError};
use crate::limits::Limits;

pub(crate) use op::is_keyword;
pub use op::{Group, Op};

/// A parsed expression: a condition, or a value such as `quantity * unit_price`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    pub(crate) root: Node,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    at: At,
    depth: u8,
    kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// A number, exact.
    Number(Decimal),
    /// A character string.
    Text(String),
    /// A civil date.
    Date(Date),
    /// An instant, to the microsecond.
    Timestamp(Timestamp),
    /// The open end of an interval, `'..'`.
    Open,
    /// Start and end, both included.
    Interval(Box<[Node; 2]>),
    /// A geometry; heights are not kept, since ledger geometries have none.
    Geometry(geo::Geometry<f64>),
    /// West, south, east, north. West is greater than east across the antimeridian.
    BBox([f64; 4]),
    /// A list of values.
    Array(Vec<Node>),
    /// A property or a declared parameter, by name.
    Property(String),
    /// An operator or predicate of the standard.
    Op(Op, Vec<Node>),
    /// A function of ours.
    Function(String, Vec<Node>),
}

impl Ast {
    /// The root.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The conditions that must all hold, each for itself: of `a AND b` both, of anything else the whole.
    pub fn conjuncts(&self) -> Vec<Self> {
        match &self.root.kind {
            Kind::Op(Op::And, args) => args.iter().map(|root| Self { root: root.clone() }).collect(),
            _ => vec![self.clone()],
        }
    }

    /// The names of all properties and parameters that occur, each once, in the order of their first occurrence.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::Property(name) = &node.kind
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        });
        names
    }

    /// Moves every coordinate, as for `filter-crs`: literals come in another reference system than ours.
    #[must_use]
    pub fn map_coordinates(mut self, convert: impl Fn(f64, f64) -> (f64, f64) + Copy) -> Self {
        self.root.map_coordinates(convert);
        self
    }
}

impl Node {
    /// Makes a node, if its parts go together and it is not too deep.
    pub(crate) fn build(at: At, kind: Kind, limits: Limits) -> Result<Self, FilterError> {
        let kind = flatten(kind);
        shape::check(at, &kind)?;
        let depth =
            children(&kind).iter().map(|child| child.depth).max().map_or(0, |deepest| deepest.saturating_add(1));
        limits.check_depth(depth, at)?;
        Ok(Self { at, depth, kind })
    }

    /// Where it stood.
    pub fn at(&self) -> At {
        self.at
    }

    /// What it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        children(&self.kind).iter().for_each(|child| child.visit(see));
    }

    fn map_coordinates(&mut self, convert: impl Fn(f64, f64) -> (f64, f64) + Copy) {
        match &mut self.kind {
            Kind::Geometry(geometry) => {
                *geometry = geometry.map_coords(|c| {
                    let (x, y) = convert(c.x, c.y);
                    geo::Coord { x, y }
                });
            }
            Kind::BBox([west, south, east, north]) => {
                (*west, *south) = convert(*west, *south);
                (*east, *north) = convert(*east, *north);
            }
            Kind::Interval(ends) => ends.iter_mut().for_each(|end| end.map_coordinates(convert)),
            Kind::Array(items) | Kind::Op(_, items) | Kind::Function(_, items) => {
                items.iter_mut().for_each(|item| item.map_coordinates(convert));
            }
            _ => {}
        }
    }
}

/// The nodes below a node.
fn children(kind: &Kind) -> &[Node] {
    match kind {
        Kind::Interval(ends) => ends.as_slice(),
        Kind::Array(items) | Kind::Op(_, items) | Kind::Function(_, items) => items,
        _ => &[],
    }
}

/// `(a AND b) AND c` is `a AND b AND c`, so that two ways to write the same have one tree.
fn flatten(kind: Kind) -> Kind {
    let Kind::Op(op @ (Op::And | Op::Or), args) = kind else { return kind };
    let is_same = |node: &Node| matches!(&node.kind, Kind::Op(inner, _) if *inner == op);
    if !args.iter().any(is_same) {
        return Kind::Op(op, args);
    }
    let flat = args
        .into_iter()
        .flat_map(|node| match node {
            Node { kind: Kind::Op(inner, args), .. } if inner == op => args,
            other => vec![other],
        })
        .collect();
    Kind::Op(op, flat)
}
