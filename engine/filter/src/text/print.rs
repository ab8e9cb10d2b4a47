//! From the tree back to text, with no more parentheses than needed.

use std::fmt::{self, Display, Formatter, Write as _};

use geo::{Coord, Geometry, LineString, Polygon};

use crate::ast::{Ast, Group, Kind, Node, Op, is_keyword};
use crate::text::names::is_identifier;

/// How tightly a node binds, from OR to what stands alone.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const PREDICATE: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const POWER: u8 = 7;
const ALONE: u8 = 8;

impl Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        node(f, &self.root, OR)
    }
}

fn binding(node: &Node) -> u8 {
    let Kind::Op(op, args) = node.kind() else { return ALONE };
    match op {
        Op::Or => OR,
        Op::And => AND,
        // `x NOT LIKE …` is a predicate of its own.
        Op::Not if negated_test(args).is_some() => PREDICATE,
        Op::Not => NOT,
        Op::Add | Op::Sub => SUM,
        Op::Mul | Op::Div | Op::Rem | Op::IntDiv => PRODUCT,
        Op::Pow => POWER,
        _ if matches!(op.group(), Group::Comparison | Group::Test) => PREDICATE,
        _ => ALONE,
    }
}

fn negated_test(args: &[Node]) -> Option<(Op, &[Node])> {
    match args {
        [inner] => match inner.kind() {
            Kind::Op(op, args) if op.group() == Group::Test => Some((*op, args)),
            _ => None,
        },
        _ => None,
    }
}

/// Writes a node where something that binds at least so tightly must stand.
fn node(f: &mut Formatter<'_>, at: &Node, tightest: u8) -> fmt::Result {
    if binding(at) < tightest {
        f.write_char('(')?;
        kind(f, at.kind())?;
        return f.write_char(')');
    }
    kind(f, at.kind())
}

fn kind(f: &mut Formatter<'_>, kind: &Kind) -> fmt::Result {
    match kind {
        Kind::Bool(true) => f.write_str("TRUE"),
        Kind::Bool(false) => f.write_str("FALSE"),
        Kind::Number(number) => write!(f, "{number}"),
        Kind::Text(text) => string(f, text),
        Kind::Date(date) => write!(f, "DATE('{date}')"),
        Kind::Timestamp(instant) => write!(f, "TIMESTAMP('{instant}')"),
        Kind::Open => f.write_str("'..'"),
        Kind::Interval(ends) => {
            f.write_str("INTERVAL(")?;
            interval_end(f, &ends[0])?;
            f.write_str(", ")?;
            interval_end(f, &ends[1])?;
            f.write_char(')')
        }
        Kind::Geometry(shape) => geometry(f, shape),
        Kind::BBox([west, south, east, north]) => write!(f, "BBOX({west}, {south}, {east}, {north})"),
        Kind::Array(items) => list(f, items),
        Kind::Property(name) if is_identifier(name) && !is_keyword(name) => f.write_str(name),
        Kind::Property(name) => write!(f, "\"{name}\""),
        Kind::Function(name, args) => {
            f.write_str(name)?;
            list(f, args)
        }
        Kind::Op(op, args) => operator(f, *op, args),
    }
}

fn operator(f: &mut Formatter<'_>, op: Op, args: &[Node]) -> fmt::Result {
    match op.group() {
        Group::Logic => {
            let (word, inner) = if op == Op::And { (" AND ", NOT) } else { (" OR ", AND) };
            separated(f, args, word, |f, arg| node(f, arg, inner))
        }
        Group::Not => match negated_test(args) {
            Some((op, args)) => test(f, op, args, "NOT "),
            None => {
                f.write_str("NOT ")?;
                args.iter().try_for_each(|arg| node(f, arg, PREDICATE))
            }
        },
        Group::Comparison => separated(f, args, &format!(" {} ", op.name()), |f, arg| node(f, arg, SUM)),
        Group::Test => test(f, op, args, ""),
        Group::Arithmetic => {
            let (left, right) = match op {
                Op::Add | Op::Sub => (SUM, PRODUCT),
                Op::Pow => (ALONE, ALONE),
                _ => (PRODUCT, POWER),
            };
            node(f, &args[0], left)?;
            write!(f, " {} ", op.name())?;
            node(f, &args[1], right)
        }
        Group::Folding | Group::Spatial | Group::Temporal | Group::Array => {
            f.write_str(&op.name().to_ascii_uppercase())?;
            list(f, args)
        }
    }
}

fn test(f: &mut Formatter<'_>, op: Op, args: &[Node], not: &str) -> fmt::Result {
    node(f, &args[0], SUM)?;
    match op {
        Op::IsNull => write!(f, " IS {not}NULL"),
        Op::Between => {
            write!(f, " {not}BETWEEN ")?;
            node(f, &args[1], SUM)?;
            f.write_str(" AND ")?;
            node(f, &args[2], SUM)
        }
        _ => {
            write!(f, " {not}{} ", op.name().to_ascii_uppercase())?;
            node(f, &args[1], SUM)
        }
    }
}

fn list(f: &mut Formatter<'_>, items: &[Node]) -> fmt::Result {
    f.write_char('(')?;
    separated(f, items, ", ", |f, item| node(f, item, OR))?;
    f.write_char(')')
}

fn separated<T>(
    f: &mut Formatter<'_>,
    items: &[T],
    between: &str,
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write(f, item)?;
    }
    Ok(())
}

/// A quotation mark is doubled, but after a backslash written `\'`: there, `''` would be read as `\'` and an end.
fn string(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    let mut before = ' ';
    for c in text.chars() {
        if c == '\'' {
            f.write_char(if before == '\\' { '\\' } else { '\'' })?;
        }
        f.write_char(c)?;
        before = c;
    }
    f.write_char('\'')
}

fn interval_end(f: &mut Formatter<'_>, end: &Node) -> fmt::Result {
    match end.kind() {
        Kind::Date(date) => write!(f, "'{date}'"),
        Kind::Timestamp(instant) => write!(f, "'{instant}'"),
        other => kind(f, other),
    }
}

fn geometry(f: &mut Formatter<'_>, shape: &Geometry<f64>) -> fmt::Result {
    match shape {
        Geometry::Point(point) => write!(f, "POINT({} {})", point.x(), point.y()),
        Geometry::LineString(line) => {
            f.write_str("LINESTRING")?;
            positions(f, line)
        }
        Geometry::Polygon(polygon) => {
            f.write_str("POLYGON")?;
            rings(f, polygon)
        }
        Geometry::MultiPoint(points) => {
            f.write_str("MULTIPOINT(")?;
            separated(f, &points.0, ", ", |f, point| write!(f, "({} {})", point.x(), point.y()))?;
            f.write_char(')')
        }
        Geometry::MultiLineString(lines) => {
            f.write_str("MULTILINESTRING(")?;
            separated(f, &lines.0, ", ", positions)?;
            f.write_char(')')
        }
        Geometry::MultiPolygon(polygons) => {
            f.write_str("MULTIPOLYGON(")?;
            separated(f, &polygons.0, ", ", rings)?;
            f.write_char(')')
        }
        Geometry::GeometryCollection(members) => {
            f.write_str("GEOMETRYCOLLECTION(")?;
            separated(f, &members.0, ", ", geometry)?;
            f.write_char(')')
        }
        Geometry::Line(line) => positions(f, &LineString(vec![line.start, line.end])),
        Geometry::Rect(rect) => geometry(f, &Geometry::Polygon(rect.to_polygon())),
        Geometry::Triangle(triangle) => geometry(f, &Geometry::Polygon(triangle.to_polygon())),
    }
}

fn positions(f: &mut Formatter<'_>, line: &LineString<f64>) -> fmt::Result {
    f.write_char('(')?;
    separated(f, &line.0, ", ", |f, Coord { x, y }| write!(f, "{x} {y}"))?;
    f.write_char(')')
}

fn rings(f: &mut Formatter<'_>, polygon: &Polygon<f64>) -> fmt::Result {
    f.write_char('(')?;
    positions(f, polygon.exterior())?;
    for ring in polygon.interiors() {
        f.write_str(", ")?;
        positions(f, ring)?;
    }
    f.write_char(')')
}
