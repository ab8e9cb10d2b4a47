//! The functions that forms and figures need. What goes beyond is a calculator, not a condition.

use crate::ast::Node;
use crate::error::{ErrorCode, FilterError};
use crate::expr::{Call, Scalar, Term};
use crate::lower::compare::date;
use crate::lower::{Lowered, Lowering, Typed, mismatch};
use crate::scope::Type;

/// What an argument must be.
#[derive(Clone, Copy)]
enum Wanted {
    Date,
    Text,
}

/// Every function: its name, its arguments, an example. All of them give whole numbers.
const FUNCTIONS: [(&str, Call, &[Wanted], &str); 6] = [
    ("fiscal_year", Call::FiscalYear, &[Wanted::Date], "fiscal_year(日付)"),
    ("year", Call::Year, &[Wanted::Date], "year(日付)"),
    ("month", Call::Month, &[Wanted::Date], "month(日付)"),
    ("age_on", Call::AgeOn, &[Wanted::Date, Wanted::Date], "age_on(生年月日, 基準日)"),
    ("days", Call::Days, &[Wanted::Date, Wanted::Date], "days(開始日, 終了日)"),
    ("length", Call::Length, &[Wanted::Text], "length(文字)"),
];

impl Lowering<'_> {
    /// A function, or a declared parameter written as one: `today()`.
    pub(super) fn function(&self, node: &Node, name: &str, args: &[Node]) -> Lowered<Typed> {
        let at = node.at();
        let known = FUNCTIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((_, call, wanted, example)) = known else {
            if let (Some(parameter), []) = (self.scope.parameter(name).filter(|p| !p.is_list), args) {
                return Ok(Typed { term: Term::Param(parameter.clone()), ty: parameter.ty.clone(), at });
            }
            let names: Vec<&str> = FUNCTIONS.iter().map(|(known, ..)| *known).collect();
            let hint = format!("使える関数は {} です", names.join("、"));
            return Err(FilterError::new(
                ErrorCode::UnknownFunction,
                at,
                format!("「{name}」という関数はありません"),
                hint,
            ));
        };
        if args.len() != wanted.len() {
            return Err(mismatch(
                at,
                &format!("{name} に渡す値の数が違います"),
                &format!("{example} のように書いてください"),
            ));
        }
        let terms = args.iter().zip(*wanted).map(|(arg, wanted)| self.argument(arg, *wanted, example));
        let term = Term::Call(*call, terms.collect::<Lowered<Vec<_>>>()?);
        Ok(Typed { term, ty: Type::INTEGER, at })
    }

    fn argument(&self, node: &Node, wanted: Wanted, example: &str) -> Lowered<Term> {
        let typed = self.typed(node)?;
        match (wanted, &typed.ty, typed.literal()) {
            (Wanted::Date, Type::Text, Some(text)) => Ok(Term::Const(Scalar::Text(date(text, typed.at)?.to_string()))),
            (Wanted::Date, Type::Date, _) | (Wanted::Text, Type::Text, _) => Ok(typed.term),
            (Wanted::Date, Type::Instant, _) => Ok(Term::Call(Call::CivilDate, vec![typed.term])),
            (_, ty, _) => {
                let message = format!("ここに{}は使えません", ty.label());
                Err(mismatch(typed.at, &message, &format!("{example} のように書いてください")))
            }
        }
    }
}
