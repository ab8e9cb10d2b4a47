//! The T_ functions, as comparisons of starts and ends.
//!
//! Intervals include both ends (ISO 8601). An instant starts and ends at itself. The relations are those of OWL-Time to
//! which the standard refers.

use crate::ast::{Kind, Node, Op};
use crate::expr::{Cmp, Cond};
use crate::lower::{Lowered, Lowering, Typed, mismatch};
use crate::scope::Type;

/// An end of an interval.
#[derive(Clone)]
enum End {
    At(Typed),
    /// Before every instant.
    Past,
    /// After every instant.
    Future,
}

struct Span {
    start: End,
    end: End,
    is_interval: bool,
}

impl Lowering<'_> {
    pub(super) fn temporal(&self, op: Op, left: &Node, right: &Node) -> Lowered<Cond> {
        let (a, b) = (self.span(left)?, self.span(right)?);
        let takes_instants = matches!(op, Op::TAfter | Op::TBefore | Op::TDisjoint | Op::TEquals | Op::TIntersects);
        if !takes_instants && let Some((_, node)) = [(&a, left), (&b, right)].iter().find(|(span, _)| !span.is_interval)
        {
            let message = format!("{} は期間どうしを比べます", op.name().to_uppercase());
            let hint = "日付や日時には T_INTERSECTS・T_AFTER・T_BEFORE を使ってください";
            return Err(mismatch(node.at(), &message, hint));
        }
        let all = |parts: &[(&End, Cmp, &End)]| -> Lowered<Cond> {
            parts.iter().map(|(x, cmp, y)| self.ends(*cmp, x, y)).collect::<Lowered<Vec<_>>>().map(Cond::all)
        };
        match op {
            Op::TAfter => all(&[(&a.start, Cmp::Gt, &b.end)]),
            Op::TBefore => all(&[(&a.end, Cmp::Lt, &b.start)]),
            Op::TDisjoint => {
                let before = self.ends(Cmp::Lt, &a.end, &b.start)?;
                Ok(Cond::any(vec![before, self.ends(Cmp::Gt, &a.start, &b.end)?]))
            }
            Op::TIntersects => all(&[(&a.end, Cmp::Ge, &b.start), (&a.start, Cmp::Le, &b.end)]),
            Op::TEquals => all(&[(&a.start, Cmp::Eq, &b.start), (&a.end, Cmp::Eq, &b.end)]),
            Op::TContains => all(&[(&a.start, Cmp::Lt, &b.start), (&a.end, Cmp::Gt, &b.end)]),
            Op::TDuring => all(&[(&a.start, Cmp::Gt, &b.start), (&a.end, Cmp::Lt, &b.end)]),
            Op::TFinishedBy => all(&[(&a.start, Cmp::Lt, &b.start), (&a.end, Cmp::Eq, &b.end)]),
            Op::TFinishes => all(&[(&a.start, Cmp::Gt, &b.start), (&a.end, Cmp::Eq, &b.end)]),
            Op::TMeets => all(&[(&a.end, Cmp::Eq, &b.start)]),
            Op::TMetBy => all(&[(&a.start, Cmp::Eq, &b.end)]),
            Op::TOverlappedBy => {
                all(&[(&a.start, Cmp::Gt, &b.start), (&a.start, Cmp::Lt, &b.end), (&a.end, Cmp::Gt, &b.end)])
            }
            Op::TOverlaps => {
                all(&[(&a.start, Cmp::Lt, &b.start), (&a.end, Cmp::Gt, &b.start), (&a.end, Cmp::Lt, &b.end)])
            }
            Op::TStartedBy => all(&[(&a.start, Cmp::Eq, &b.start), (&a.end, Cmp::Gt, &b.end)]),
            _ => all(&[(&a.start, Cmp::Eq, &b.start), (&a.end, Cmp::Lt, &b.end)]),
        }
    }

    fn span(&self, node: &Node) -> Lowered<Span> {
        let Kind::Interval(ends) = node.kind() else {
            let instant = End::At(self.instant(node)?);
            return Ok(Span { start: instant.clone(), end: instant, is_interval: false });
        };
        let end = |node: &Node, open| match node.kind() {
            Kind::Open => Ok(open),
            _ => self.instant(node).map(End::At),
        };
        Ok(Span { start: end(&ends[0], End::Past)?, end: end(&ends[1], End::Future)?, is_interval: true })
    }

    fn instant(&self, node: &Node) -> Lowered<Typed> {
        let typed = self.typed(node)?;
        if matches!(typed.ty, Type::Date | Type::Instant) {
            return Ok(typed);
        }
        let message = format!("ここに{}は使えません", typed.ty.label());
        Err(mismatch(typed.at, &message, "日付か日時の項目を書いてください"))
    }

    fn ends(&self, cmp: Cmp, left: &End, right: &End) -> Lowered<Cond> {
        // What is beyond every instant is beyond a known one; beside an unknown one nothing is known.
        let order = match (left, right) {
            (End::At(left), End::At(right)) => return self.compare(cmp, left.clone(), right.clone()),
            (End::Past, End::Past) | (End::Future, End::Future) => std::cmp::Ordering::Equal,
            (End::Past, _) | (_, End::Future) => std::cmp::Ordering::Less,
            (End::Future, _) | (_, End::Past) => std::cmp::Ordering::Greater,
        };
        let truth = match cmp {
            Cmp::Eq => order.is_eq(),
            Cmp::Ne => order.is_ne(),
            Cmp::Lt => order.is_lt(),
            Cmp::Le => order.is_le(),
            Cmp::Gt => order.is_gt(),
            Cmp::Ge => order.is_ge(),
        };
        Ok(match (left, right) {
            (End::At(known), _) | (_, End::At(known)) => Cond::Known(known.term.clone(), truth),
            _ => Cond::Const(Some(truth)),
        })
    }
}
