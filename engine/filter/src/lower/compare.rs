//! Comparisons: both sides brought to one encoding, or refused.

use jiff::civil::Date;
use kawasemi_kernel::{Decimal, YearMonth};
use uuid::Uuid;

use crate::ast::{Kind, Node};
use crate::error::{At, ErrorCode, FilterError};
use crate::expr::{Cmp, Cond, Item, Scalar, Term};
use crate::lower::arithmetic::rescaled;
use crate::lower::{Lowered, Lowering, Typed, mismatch};
use crate::scope::Type;
use crate::temporal;

impl Lowering<'_> {
    pub(super) fn compare(&self, cmp: Cmp, left: Typed, right: Typed) -> Lowered<Cond> {
        let (left, right) = self.unified(left, right)?;
        let (at, is_order) = (right.at, cmp.is_order());
        match (&left.ty, &right.ty) {
            (Type::Number { scale: a }, Type::Number { scale: b }) if a != b => numbers(cmp, left, right),
            (Type::Number { .. }, Type::Number { .. })
            | (Type::Text, Type::Text)
            | (Type::Date, Type::Date)
            | (Type::Instant, Type::Instant)
            | (Type::YearMonth, Type::YearMonth) => Ok(Cond::Compare(cmp, left.term, right.term)),
            (Type::Instant, Type::Date) if right.term.is_fixed() => Ok(on_day(cmp, left.term, right.term)),
            (Type::Date, Type::Instant) if left.term.is_fixed() => Ok(on_day(cmp.flipped(), right.term, left.term)),
            (Type::Bool, Type::Bool)
            | (Type::Record(_), Type::Record(_))
            | (Type::Choice(_), Type::Choice(_) | Type::Text)
            | (Type::Text, Type::Choice(_)) => {
                if is_order {
                    let message = format!("{}に大小はありません", left.ty.label());
                    return Err(mismatch(at, &message, "= か <> か IN で比べてください"));
                }
                Ok(Cond::Compare(cmp, left.term, right.term))
            }
            // A column of text that holds ids as well as words, such as `created_by`.
            (Type::Text, Type::Record(_)) if right.term.is_fixed() && !is_order => {
                Ok(Cond::Compare(cmp, left.term, Term::IdText(Box::new(right.term))))
            }
            (Type::Record(_), Type::Text) if left.term.is_fixed() && !is_order => {
                Ok(Cond::Compare(cmp, Term::IdText(Box::new(left.term)), right.term))
            }
            (a, b) => {
                let message = format!("{}と{}は比べられません", a.label(), b.label());
                Err(mismatch(at, &message, hint_for(a, b)))
            }
        }
    }

    /// Reads a text literal as what it is compared with.
    fn unified(&self, left: Typed, right: Typed) -> Lowered<(Typed, Typed)> {
        match (left.literal(), right.literal()) {
            (None, Some(text)) => {
                let read = self.literal_as(text, &left.ty, right.at)?;
                Ok((left, read.unwrap_or(right)))
            }
            (Some(text), None) => {
                let read = self.literal_as(text, &right.ty, left.at)?;
                Ok((read.unwrap_or(left), right))
            }
            _ => Ok((left, right)),
        }
    }

    /// A text literal as a value of a type; none if that type is not written as text.
    fn literal_as(&self, text: &str, ty: &Type, at: At) -> Lowered<Option<Typed>> {
        let known = |scalar, ty| Ok(Some(Typed { term: Term::Const(scalar), ty, at }));
        match ty {
            Type::Date => known(Scalar::Text(date(text, at)?.to_string()), Type::Date),
            Type::Instant => match (temporal::timestamp(text), temporal::date(text)) {
                (Some(instant), _) => known(Scalar::Int(instant.as_microsecond()), Type::Instant),
                (None, Some(date)) => known(Scalar::Text(date.to_string()), Type::Date),
                (None, None) => Err(temporal::no_timestamp(at, text)),
            },
            Type::YearMonth => {
                let month: YearMonth = text.parse().map_err(|_| {
                    let message = format!("「{text}」という年月はありません");
                    FilterError::new(ErrorCode::Date, at, message, "「2025-04」のように西暦で書いてください")
                })?;
                known(Scalar::Text(month.to_string()), Type::YearMonth)
            }
            Type::Choice(keys) => {
                check_key(keys, text, at)?;
                known(Scalar::Text(text.to_owned()), ty.clone())
            }
            Type::Record(ledger) => {
                let id = match (Uuid::try_parse(text), ledger) {
                    (Ok(id), _) => id,
                    (Err(_), Some(ledger)) => self.scope.record(ledger, text),
                    (Err(_), None) => {
                        let message = format!("「{text}」は記録のidではありません");
                        return Err(mismatch(at, &message, "idは一覧や画面のアドレスにあります"));
                    }
                };
                known(Scalar::Id(id), ty.clone())
            }
            _ => Ok(None),
        }
    }

    pub(super) fn is_in(&self, value: &Node, list: &Node) -> Lowered<Cond> {
        let Kind::Array(items) = list.kind() else {
            return Err(mismatch(list.at(), "IN の右には値をかっこで囲んで並べてください", ""));
        };
        let value = self.typed(value)?;
        let (mut fixed, mut others, mut impossible) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            if let Kind::Property(name) = item.kind()
                && let Some(parameter) = self.scope.parameter(name).filter(|parameter| parameter.is_list)
            {
                if !lists_fit(&value.ty, &parameter.ty) {
                    let message = format!("{}と{}は比べられません", value.ty.label(), parameter.ty.label());
                    return Err(mismatch(item.at(), &message, ""));
                }
                fixed.push(Item::List(parameter.clone()));
                continue;
            }
            match self.compare(Cmp::Eq, value.clone(), self.typed(item)?)? {
                Cond::Compare(Cmp::Eq, term, item) if term == value.term && item.is_fixed() => {
                    fixed.push(Item::One(item));
                }
                known @ Cond::Known(..) => impossible.push(known),
                other => others.push(other),
            }
        }
        if !fixed.is_empty() {
            others.insert(0, Cond::In(value.term, fixed));
        } else if others.is_empty() {
            others.extend(impossible.pop());
        }
        Ok(Cond::any(others))
    }
}

/// Whether a value can be one of a list parameter's, without being converted.
fn lists_fit(value: &Type, list: &Type) -> bool {
    match (value, list) {
        (Type::Number { scale: a }, Type::Number { scale: b }) => a == b,
        (Type::Record(_), Type::Record(_)) | (Type::Choice(_) | Type::Text, Type::Choice(_) | Type::Text) => true,
        (a, b) => a == b,
    }
}

/// Numbers of different scales. A literal is brought to the scale of the other side; where it is finer, no value equals
/// it, and its neighbour below decides the order.
fn numbers(cmp: Cmp, left: Typed, right: Typed) -> Lowered<Cond> {
    let (Type::Number { scale: a }, Type::Number { scale: b }) = (&left.ty, &right.ty) else {
        return Err(mismatch(right.at, "数値ではありません", ""));
    };
    let (a, b) = (*a, *b);
    match (&left.term, &right.term) {
        (_, Term::Const(Scalar::Int(units))) => with_literal(cmp, left.term, a, Decimal::new(*units, b), right.at),
        (Term::Const(Scalar::Int(units)), _) => {
            with_literal(cmp.flipped(), right.term, b, Decimal::new(*units, a), left.at)
        }
        _ => {
            let scale = a.max(b);
            let left = rescaled(left.term, a, scale, left.at)?;
            Ok(Cond::Compare(cmp, left, rescaled(right.term, b, scale, right.at)?))
        }
    }
}

fn with_literal(cmp: Cmp, term: Term, scale: u8, literal: Decimal, at: At) -> Lowered<Cond> {
    if let Some(exact) = literal.exactly(scale) {
        return Ok(Cond::Compare(cmp, term, Term::Const(Scalar::Int(exact.units()))));
    }
    if scale > literal.scale() {
        let message = format!("数値「{literal}」は大きすぎます");
        return Err(FilterError::new(ErrorCode::Number, at, message, "桁数を確かめてください"));
    }
    let below = literal.units().div_euclid(10_i64.pow(u32::from(literal.scale() - scale)));
    let below = Term::Const(Scalar::Int(below));
    Ok(match cmp {
        Cmp::Eq => Cond::Known(term, false),
        Cmp::Ne => Cond::Known(term, true),
        Cmp::Lt | Cmp::Le => Cond::Compare(Cmp::Le, term, below),
        Cmp::Gt | Cmp::Ge => Cond::Compare(Cmp::Gt, term, below),
    })
}

/// An instant against a whole day in the city: `=` is any time of that day, `<=` includes all of it.
fn on_day(cmp: Cmp, instant: Term, date: Term) -> Cond {
    let starts = |next| Term::DayStart { date: Box::new(date.clone()), next };
    let compare = |cmp, next| Cond::Compare(cmp, instant.clone(), starts(next));
    match cmp {
        Cmp::Eq => Cond::all(vec![compare(Cmp::Ge, false), compare(Cmp::Lt, true)]),
        Cmp::Ne => Cond::any(vec![compare(Cmp::Lt, false), compare(Cmp::Ge, true)]),
        Cmp::Lt => compare(Cmp::Lt, false),
        Cmp::Le => compare(Cmp::Lt, true),
        Cmp::Gt => compare(Cmp::Ge, true),
        Cmp::Ge => compare(Cmp::Ge, false),
    }
}

/// Refuses a key that the choice does not have.
pub(super) fn check_key(keys: &[String], key: &str, at: At) -> Lowered<()> {
    if keys.iter().any(|known| known == key) {
        return Ok(());
    }
    let hint = format!("使えるキーは {} です", keys.join("、"));
    Err(FilterError::new(ErrorCode::UnknownChoice, at, format!("「{key}」という選択肢はありません"), hint))
}

pub(super) fn date(text: &str, at: At) -> Lowered<Date> {
    temporal::date(text).ok_or_else(|| temporal::no_date(at, text))
}

fn hint_for(left: &Type, right: &Type) -> &'static str {
    match (left, right) {
        (Type::Number { .. }, Type::Text) | (Type::Text, Type::Number { .. }) => {
            "数値は ' で囲まずに、文字は ' で囲んで書いてください"
        }
        (Type::Date, Type::Instant) | (Type::Instant, Type::Date) => "日時の項目は、決まった日付とだけ比べられます",
        _ => "同じ種類の値どうしを比べてください",
    }
}
