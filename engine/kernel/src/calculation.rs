//! A calculation that can be asked for by name: from the command line, over the API, from a page.
//!
//! It is a pure function of its inputs and an as-of date: no clock, no store. It answers with its working, each step with
//! the rule it applied, so that the person whom it concerns can be shown how the figure came about. Systems declare
//! theirs as constants of type [`Calculation`]; whoever offers them (a CSV on the command line, a JSON object over HTTP)
//! reads the inputs as text through [`Calculation::read`], so that all borders understand the same forms.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::era::{parse_date, parse_year_month};
use crate::fiscal::{FiscalYear, FiscalYearError};
use crate::money::parse_yen;
use crate::text::{fold, tidy_line};
use crate::value::Value;

/// A calculation (計算) with what it needs and what it answers.
#[derive(Clone, Copy, Debug)]
pub struct Calculation {
    /// Kebab-case name in addresses and on the command line; never changed.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The law, ordinance or guide that it follows.
    pub basis: &'static str,
    /// What it is given.
    pub inputs: &'static [Slot],
    /// What it answers.
    pub outputs: &'static [Slot],
    /// The function.
    pub compute: fn(&Given) -> Result<Worked, String>,
}

/// A value that goes in or comes out.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// snake_case key: the column of a CSV, the member of a JSON object.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// Whether an input must be given; whether an output always has a value.
    pub required: bool,
}

impl Slot {
    /// A value that must be there.
    pub const fn required(key: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { key, label, kind, required: true }
    }

    /// A value that may be missing.
    pub const fn optional(key: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { key, label, kind, required: false }
    }
}

/// The kind of a value of a calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text or a key.
    Text,
    /// Text in which nothing is an answer too: a required input of this kind may be empty.
    FreeText,
    /// Yes or no: `true`, `1`, `はい`, `有`, and their opposites.
    YesNo,
    /// A whole number.
    Integer,
    /// Whole yen.
    Yen,
    /// A decimal.
    Decimal,
    /// A civil date; 和暦 is understood.
    Date,
    /// A month of a year.
    YearMonth,
    /// A fiscal year.
    FiscalYear,
}

/// The inputs of one computation, each of the kind that was declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    as_of: Date,
    values: BTreeMap<&'static str, Value>,
}

/// The answer with the steps that led to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worked {
    values: Vec<(&'static str, Value)>,
    steps: Vec<Step>,
}

/// One step of the working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule, as the staff name it, with its article.
    pub rule: String,
    /// What it did here, with the figures.
    pub detail: String,
}

/// An input that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("「{label}」（{key}）: {message}")]
pub struct InputMistake {
    /// The key of the input.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Calculation {
    /// Reads the inputs from text; `given` answers the text of a key. Empty text is no value.
    ///
    /// # Errors
    /// All inputs that are missing or malformed.
    pub fn read<'a>(&self, as_of: Date, given: impl Fn(&str) -> Option<&'a str>) -> Result<Given, Vec<InputMistake>> {
        let (mut values, mut mistakes) = (BTreeMap::new(), Vec::new());
        for slot in self.inputs {
            let text = tidy_line(given(slot.key).unwrap_or_default());
            let mistake = |message: String| InputMistake { key: slot.key, label: slot.label, message };
            match (text.is_empty(), slot.required) {
                (true, true) if slot.kind == Kind::FreeText => drop(values.insert(slot.key, Value::Text(text))),
                (true, true) => mistakes.push(mistake("値がありません。".to_owned())),
                (true, false) => {}
                (false, _) => match slot.kind.read(&text) {
                    Ok(value) => drop(values.insert(slot.key, value)),
                    Err(message) => mistakes.push(mistake(message)),
                },
            }
        }
        if mistakes.is_empty() { Ok(Given { as_of, values }) } else { Err(mistakes) }
    }

    /// Computes.
    ///
    /// # Errors
    /// A sentence that says why these inputs have no answer.
    pub fn run(&self, given: &Given) -> Result<Worked, String> {
        (self.compute)(given)
    }
}

impl Kind {
    /// Reads a value as people and files write it.
    fn read(self, text: &str) -> Result<Value, String> {
        Ok(match self {
            Self::Text | Self::FreeText => Value::Text(text.to_owned()),
            Self::YesNo => Value::Bool(yes_no(text).ok_or("「はい」か「いいえ」（true か false）を入れてください。")?),
            Self::Integer => Value::Int(integer(text).ok_or("整数を入れてください。")?),
            Self::Yen => Value::Int(parse_yen(text).map_err(|error| error.to_string())?),
            Self::Decimal => {
                let digits = fold(text).replace(',', "");
                Value::Decimal(digits.parse::<Decimal>().map_err(|error| error.to_string())?)
            }
            Self::Date => Value::Date(parse_date(text).map_err(|error| error.to_string())?),
            Self::YearMonth => Value::YearMonth(parse_year_month(text).map_err(|error| error.to_string())?),
            Self::FiscalYear => {
                let year: FiscalYear = text.parse().map_err(|error: FiscalYearError| error.to_string())?;
                Value::Int(i64::from(year.year()))
            }
        })
    }
}

fn yes_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "true" | "1" | "yes" | "はい" | "有" | "あり" => Some(true),
        "false" | "0" | "no" | "いいえ" | "無" | "なし" => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Option<i64> {
    fold(text).replace(',', "").parse().ok()
}

impl Given {
    /// The date as of which rates and rules are looked up.
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::as_text)
    }

    /// An answer of yes or no.
    pub fn yes_no(&self, key: &str) -> Option<bool> {
        match self.values.get(key) {
            Some(Value::Bool(answer)) => Some(*answer),
            _ => None,
        }
    }

    /// A whole number, an amount of yen or a fiscal year.
    pub fn integer(&self, key: &str) -> Option<i64> {
        self.values.get(key).and_then(Value::as_int)
    }

    /// A decimal.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        match self.values.get(key) {
            Some(Value::Decimal(decimal)) => Some(*decimal),
            _ => None,
        }
    }

    /// A date.
    pub fn date(&self, key: &str) -> Option<Date> {
        self.values.get(key).and_then(Value::as_date)
    }
}

impl Worked {
    /// An answer of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a step of the working.
    #[must_use]
    pub fn step(mut self, rule: impl Into<String>, detail: impl Into<String>) -> Self {
        self.steps.push(Step { rule: rule.into(), detail: detail.into() });
        self
    }

    /// The same with an output.
    #[must_use]
    pub fn output(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((key, value.into()));
        self
    }

    /// An output; nothing where it has no value.
    pub fn get(&self, key: &str) -> &Value {
        self.values.iter().find(|(known, _)| *known == key).map_or(&Value::Null, |(_, value)| value)
    }

    /// The same with a step that was noted elsewhere.
    #[must_use]
    pub fn noted(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// The text of an output in a CSV cell: numbers without separators, dates in ISO form.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Bool(answer) => answer.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Date(date) => date.to_string(),
        Value::YearMonth(month) => month.to_string(),
        other => other.as_text().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const FEE: Calculation = Calculation {
        key: "fee",
        title: "使用料",
        basis: "例の条例第3条",
        inputs: &[
            Slot::required("hours", "時間", Kind::Integer),
            Slot::required("unit_price", "単価", Kind::Yen),
            Slot::optional("exempt", "免除", Kind::YesNo),
        ],
        outputs: &[Slot::required("fee", "使用料", Kind::Yen)],
        compute: |given| {
            let (hours, price) = (given.integer("hours").unwrap_or(0), given.integer("unit_price").unwrap_or(0));
            if hours < 0 {
                return Err("時間が負です。".to_owned());
            }
            let fee = if given.yes_no("exempt") == Some(true) { 0 } else { hours * price };
            Ok(Worked::new().step("第3条", format!("{hours}時間 × {price}円")).output("fee", fee))
        },
    };

    fn run(rows: &[(&str, &'static str)]) -> Result<Worked, String> {
        let given = FEE.read(date(2021, 4, 1), |key| rows.iter().find(|(k, _)| *k == key).map(|(_, text)| *text));
        FEE.run(&given.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<String>())?)
    }

    #[test]
    fn inputs_are_read_as_people_write_them() {
        let worked = run(&[("hours", "３"), ("unit_price", "¥1,200"), ("exempt", "")]).expect("has an answer");
        assert_eq!((cell(worked.get("fee")), worked.steps().len()), ("3600".to_owned(), 1));
        let exempt = run(&[("hours", "3"), ("unit_price", "1200"), ("exempt", "はい")]).expect("has an answer");
        assert_eq!(exempt.get("fee"), &Value::Int(0));
    }

    #[test]
    fn every_mistake_is_named() {
        let said = run(&[("hours", "三"), ("exempt", "たぶん")]).expect_err("is refused");
        for expected in
            ["「時間」（hours）: 整数", "「単価」（unit_price）: 値がありません", "「免除」（exempt）: 「はい」か"]
        {
            assert!(said.contains(expected), "{said}");
        }
        assert_eq!(run(&[("hours", "-1"), ("unit_price", "1")]), Err("時間が負です。".to_owned()));
    }
}
