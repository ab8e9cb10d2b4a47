//! Exact arithmetic on scaled integers.

use kawasemi_kernel::decimal::MAX_SCALE;

use crate::ast::{Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::eval::term::calculate;
use crate::expr::{Arith, Scalar, Term};
use crate::lower::{Lowered, Lowering, Typed, mismatch};
use crate::scope::Type;

/// The decimal places of a quotient, at least. What lies beyond is cut off.
const QUOTIENT_SCALE: u8 = 6;
/// The greatest exponent of `^`.
const MAX_EXPONENT: i64 = 8;

impl Lowering<'_> {
    pub(super) fn arithmetic(&self, at: At, op: Op, left: &Node, right: &Node) -> Lowered<Typed> {
        let (left, a) = self.number(left)?;
        let (right, b) = self.number(right)?;
        let wider = a.max(b);
        let (term, scale) = match op {
            Op::Add | Op::Sub | Op::Rem => {
                let op = if op == Op::Add {
                    Arith::Add
                } else if op == Op::Sub {
                    Arith::Sub
                } else {
                    Arith::Rem
                };
                (arith(op, rescaled(left, a, wider, at)?, rescaled(right, b, wider, at)?, at)?, wider)
            }
            Op::IntDiv => (arith(Arith::Div, rescaled(left, a, wider, at)?, rescaled(right, b, wider, at)?, at)?, 0),
            Op::Mul => (arith(Arith::Mul, left, right, at)?, fitting(a + b, at)?),
            Op::Div => {
                let scale = a.max(QUOTIENT_SCALE);
                let dividend = rescaled(left, a, fitting(scale + b, at)?, at)?;
                (arith(Arith::Div, dividend, right, at)?, scale)
            }
            _ => self.power(left, a, &right, b, at)?,
        };
        Ok(Typed { term, ty: Type::Number { scale }, at })
    }

    fn number(&self, node: &Node) -> Lowered<(Term, u8)> {
        let typed = self.typed(node)?;
        match typed.ty {
            Type::Number { scale } => Ok((typed.term, scale)),
            other => {
                let hint = "日付の差は days(開始日, 終了日) で求められます";
                let hint = if other == Type::Date { hint } else { "計算できるのは数値だけです" };
                Err(mismatch(typed.at, &format!("{}は計算できません", other.label()), hint))
            }
        }
    }

    fn power(&self, base: Term, scale: u8, exponent: &Term, exponent_scale: u8, at: At) -> Lowered<(Term, u8)> {
        let times = match exponent {
            Term::Const(Scalar::Int(times @ 1..=MAX_EXPONENT)) if exponent_scale == 0 => u8::try_from(*times).ok(),
            _ => None,
        };
        let wanted = || {
            mismatch(
                at,
                "べき乗の指数が使えません",
                &format!("^ の右には1から{MAX_EXPONENT}までの整数を書いてください"),
            )
        };
        let times = times.ok_or_else(wanted)?;
        let scale = fitting(scale.saturating_mul(times), at)?;
        match base {
            Term::Const(Scalar::Int(number)) => {
                let power = number.checked_pow(u32::from(times)).ok_or_else(|| too_large(at))?;
                Ok((Term::Const(Scalar::Int(power)), scale))
            }
            base => Ok((Term::Power(Box::new(base), times), scale)),
        }
    }
}

/// The same number at a finer scale.
pub(super) fn rescaled(term: Term, from: u8, to: u8, at: At) -> Lowered<Term> {
    if from == to {
        return Ok(term);
    }
    let factor = 10_i64.checked_pow(u32::from(to - from)).ok_or_else(|| too_large(at))?;
    arith(Arith::Mul, term, Term::Const(Scalar::Int(factor)), at)
}

/// An operation; one on two literals is done at once.
fn arith(op: Arith, left: Term, right: Term, at: At) -> Lowered<Term> {
    match (&left, &right) {
        (Term::Const(Scalar::Int(a)), Term::Const(Scalar::Int(b))) => {
            calculate(op, *a, *b).map(|result| Term::Const(Scalar::Int(result))).ok_or_else(|| too_large(at))
        }
        _ => Ok(Term::Arith(op, Box::new(left), Box::new(right))),
    }
}

fn fitting(scale: u8, at: At) -> Lowered<u8> {
    if scale <= MAX_SCALE {
        return Ok(scale);
    }
    let message = format!("計算の小数点以下が{MAX_SCALE}桁を超えます");
    Err(FilterError::new(ErrorCode::Number, at, message, "小数どうしのかけ算を減らしてください"))
}

fn too_large(at: At) -> FilterError {
    FilterError::new(ErrorCode::Number, at, "計算の結果が大きすぎるか、0で割っています", "数値を確かめてください")
}
