//! Values in memory. Whatever has no exact answer within 64 bits has none at all: it is unknown, as in SQL.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::context::{civil_date, start_of};

use crate::eval::Evaluation;
use crate::expr::{Arith, Call, Scalar, Term};
use crate::temporal;

impl Evaluation<'_> {
    pub(crate) fn term(&self, term: &Term) -> Option<Scalar> {
        match term {
            Term::Const(scalar) => Some(scalar.clone()),
            Term::Property(property) => self.property(property),
            Term::Param(parameter) => self.params.one(parameter),
            Term::Arith(op, left, right) => calculate(*op, self.int(left)?, self.int(right)?).map(Scalar::Int),
            Term::Power(base, exponent) => self.int(base)?.checked_pow(u32::from(*exponent)).map(Scalar::Int),
            Term::Fold(folding, inner) => Some(Scalar::Text(folding.fold(&self.text(inner)?))),
            Term::Call(function, args) => self.call(*function, args),
            Term::DayStart { date, next } => {
                let date = self.date(date)?;
                // After the last day that there is (9999-12-31, which many write for "never") comes the last instant.
                let start = if *next { date.tomorrow().map_or(Timestamp::MAX, start_of) } else { start_of(date) };
                Some(Scalar::Int(start.as_microsecond()))
            }
            Term::IdText(inner) => match self.term(inner)? {
                Scalar::Id(id) => Some(Scalar::Text(id.hyphenated().to_string())),
                _ => None,
            },
        }
    }

    fn call(&self, function: Call, args: &[Term]) -> Option<Scalar> {
        let first = args.first()?;
        let number = match function {
            Call::CivilDate => {
                let instant = Timestamp::from_microsecond(self.int(first)?).ok()?;
                return Some(Scalar::Text(civil_date(instant).to_string()));
            }
            Call::Length => i64::try_from(self.text(first)?.chars().count()).ok()?,
            Call::Year => self.date(first)?.year().into(),
            Call::Month => self.date(first)?.month().into(),
            Call::FiscalYear => {
                let date = self.date(first)?;
                i64::from(date.year()) - i64::from(date.month() < 4)
            }
            Call::AgeOn => {
                let (born, on) = (self.date(first)?, self.date(args.get(1)?)?);
                let before_birthday = (on.month(), on.day()) < (born.month(), born.day());
                i64::from(on.year()) - i64::from(born.year()) - i64::from(before_birthday)
            }
            Call::Days => {
                let (from, to) = (self.date(first)?, self.date(args.get(1)?)?);
                i64::from((to - from).get_days())
            }
        };
        Some(Scalar::Int(number))
    }

    fn int(&self, term: &Term) -> Option<i64> {
        match self.term(term)? {
            Scalar::Int(number) => Some(number),
            _ => None,
        }
    }

    fn text(&self, term: &Term) -> Option<String> {
        match self.term(term)? {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    fn date(&self, term: &Term) -> Option<Date> {
        temporal::date(&self.text(term)?)
    }
}

/// One operation; none where it leaves 64 bits or divides by zero.
pub(crate) fn calculate(op: Arith, left: i64, right: i64) -> Option<i64> {
    match op {
        Arith::Add => left.checked_add(right),
        Arith::Sub => left.checked_sub(right),
        Arith::Mul => left.checked_mul(right),
        Arith::Div => left.checked_div(right),
        // The remainder by -1 is 0 even where the quotient overflows.
        Arith::Rem => (right != 0).then(|| left.wrapping_rem(right)),
    }
}
