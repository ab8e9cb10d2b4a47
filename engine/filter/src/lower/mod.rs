//! From the tree to the typed expression: names are resolved in the scope, types checked, numbers brought to the scale
//! of the column they are compared with.

mod arithmetic;
mod choices;
mod compare;
mod function;
mod spatial;
mod temporal;
mod value;

pub use spatial::meets_any;

use std::sync::Arc;

use crate::ast::{Ast, Group, Kind, Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::expr::{Cmp, Cond, Expr, Nullable, Scalar, Term};
use crate::fold::Folding;
use crate::formula::{Body, Formula};
use crate::like::Pattern;
use crate::scope::{Property, Scope, Type};

type Lowered<T> = Result<T, FilterError>;

/// Makes a condition of a tree.
///
/// # Errors
/// When it names what is not in the scope, when types do not go together, or when it is no condition.
pub fn lower(ast: &Ast, scope: &Scope) -> Result<Expr, FilterError> {
    Lowering { scope }.cond(&ast.root).map(|root| Expr { root })
}

/// Makes a computed value of a tree, such as `quantity * unit_price`.
///
/// # Errors
/// As [`lower`], or when it is not one value.
pub fn lower_value(ast: &Ast, scope: &Scope) -> Result<Formula, FilterError> {
    let lowering = Lowering { scope };
    if is_condition(&ast.root) {
        return Ok(Formula { body: Body::Cond(lowering.cond(&ast.root)?), ty: Type::Bool });
    }
    let typed = lowering.typed(&ast.root)?;
    Ok(Formula { body: Body::Term(typed.term), ty: typed.ty })
}

/// A value with its type.
#[derive(Clone)]
struct Typed {
    term: Term,
    ty: Type,
    at: At,
}

impl Typed {
    /// The text of a literal. What looks like one but is computed is none.
    fn literal(&self) -> Option<&str> {
        match (&self.term, &self.ty) {
            (Term::Const(Scalar::Text(text)), Type::Text) => Some(text),
            _ => None,
        }
    }
}

struct Lowering<'a> {
    scope: &'a Scope,
}

impl Lowering<'_> {
    fn cond(&self, node: &Node) -> Lowered<Cond> {
        match node.kind() {
            Kind::Bool(truth) => Ok(Cond::Const(Some(*truth))),
            Kind::Op(op, args) => self.operator(node, *op, args),
            Kind::Property(_) | Kind::Function(..) => {
                let typed = self.typed(node)?;
                if typed.ty == Type::Bool { Ok(Cond::Holds(typed.term)) } else { Err(no_condition(node)) }
            }
            _ => Err(no_condition(node)),
        }
    }

    fn operator(&self, node: &Node, op: Op, args: &[Node]) -> Lowered<Cond> {
        let conds = |args: &[Node]| args.iter().map(|arg| self.cond(arg)).collect::<Lowered<Vec<_>>>();
        match (op, args) {
            (Op::And, _) => conds(args).map(Cond::all),
            (Op::Or, _) => conds(args).map(Cond::any),
            (Op::Not, [inner]) => self.cond(inner).map(Cond::not),
            (Op::IsNull, [operand]) => self.is_null(operand),
            (Op::Like, [text, pattern]) => self.like(text, pattern),
            (Op::Between, [value, low, high]) => {
                let (value, low, high) = (self.typed(value)?, self.typed(low)?, self.typed(high)?);
                Ok(Cond::all(vec![self.compare(Cmp::Ge, value.clone(), low)?, self.compare(Cmp::Le, value, high)?]))
            }
            (Op::In, [value, list]) => self.is_in(value, list),
            (_, [left, right]) => match op.group() {
                Group::Comparison => self.comparison(op, left, right),
                Group::Spatial => self.spatial(op, left, right),
                Group::Temporal => self.temporal(op, left, right),
                Group::Array => self.choices(op, left, right),
                _ => Err(no_condition(node)),
            },
            _ => Err(no_condition(node)),
        }
    }

    /// A comparison of values, or of a condition with TRUE or FALSE.
    fn comparison(&self, op: Op, left: &Node, right: &Node) -> Lowered<Cond> {
        let cmp = match op {
            Op::Eq => Cmp::Eq,
            Op::Ne => Cmp::Ne,
            Op::Lt => Cmp::Lt,
            Op::Le => Cmp::Le,
            Op::Gt => Cmp::Gt,
            _ => Cmp::Ge,
        };
        let (condition, other) = match (is_condition(left), is_condition(right)) {
            (false, false) => return self.compare(cmp, self.typed(left)?, self.typed(right)?),
            _ if matches!(right.kind(), Kind::Bool(_)) => (left, right),
            _ if matches!(left.kind(), Kind::Bool(_)) => (right, left),
            _ => return Err(mismatch(right.at(), "条件どうしは比べられません", "AND・OR・NOT でつないでください")),
        };
        let Kind::Bool(truth) = other.kind() else { return Err(no_condition(other)) };
        match (cmp, truth) {
            (Cmp::Eq, true) | (Cmp::Ne, false) => self.cond(condition),
            (Cmp::Eq, false) | (Cmp::Ne, true) => self.cond(condition).map(Cond::not),
            _ => Err(mismatch(other.at(), "TRUE・FALSE に大小はありません", "= か <> で比べてください")),
        }
    }

    fn is_null(&self, operand: &Node) -> Lowered<Cond> {
        if let Kind::Geometry(_) | Kind::BBox(_) | Kind::Interval(_) = operand.kind() {
            return Ok(Cond::Const(Some(false)));
        }
        let nullable = if is_condition(operand) {
            Nullable::Cond(self.cond(operand)?)
        } else if let Some(property) = self.column_only(operand)? {
            Nullable::Column(property)
        } else {
            Nullable::Term(self.typed(operand)?.term)
        };
        Ok(Cond::IsNull(Box::new(nullable)))
    }

    fn like(&self, text: &Node, pattern: &Node) -> Lowered<Cond> {
        let typed = self.typed(text)?;
        if typed.ty != Type::Text {
            let message = format!("LIKE は{}には使えません", typed.ty.label());
            return Err(mismatch(typed.at, &message, "LIKE は文字の項目に使います"));
        }
        Ok(Cond::Like(typed.term, pattern_of(pattern)))
    }

    /// A property, unless it is unknown, when the answer does not say whether it exists.
    fn property(&self, node: &Node, name: &str) -> Lowered<&Arc<Property>> {
        self.scope.property(name).ok_or_else(|| {
            let hint = self.scope.nearest(name).map(|near| format!("「{near}」のことですか")).unwrap_or_default();
            FilterError::new(ErrorCode::UnknownField, node.at(), format!("「{name}」という項目はありません"), hint)
        })
    }

    /// A property that is no single value: a geometry or several choices.
    fn column_only(&self, node: &Node) -> Lowered<Option<Arc<Property>>> {
        let Kind::Property(name) = node.kind() else { return Ok(None) };
        if self.scope.parameter(name).is_some() {
            return Ok(None);
        }
        let property = self.property(node, name)?;
        let is_single = !matches!(property.ty, Type::Geometry { .. } | Type::Choices(_));
        Ok((!is_single).then(|| Arc::clone(property)))
    }
}

/// Whether a node can only be a condition.
fn is_condition(node: &Node) -> bool {
    match node.kind() {
        Kind::Bool(_) => true,
        Kind::Op(op, _) => !matches!(op.group(), Group::Arithmetic | Group::Folding),
        _ => false,
    }
}

/// The pattern of LIKE; the grammar lets only literals and CASEI or ACCENTI of literals be one.
fn pattern_of(node: &Node) -> Pattern {
    match node.kind() {
        Kind::Text(text) => Pattern::parse(text),
        Kind::Op(op, args) => {
            let folding = if *op == Op::CaseI { Folding::Case } else { Folding::Accent };
            args.first().map_or_else(|| Pattern::parse(""), pattern_of).folded(folding)
        }
        _ => Pattern::parse(""),
    }
}

fn no_condition(node: &Node) -> FilterError {
    mismatch(node.at(), "これは条件になっていません", "「面積 > 100」のように比べてください")
}

fn mismatch(at: At, message: &str, hint: &str) -> FilterError {
    FilterError::new(ErrorCode::Type, at, message, hint)
}
