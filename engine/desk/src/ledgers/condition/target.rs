//! What a condition can be about, which comparisons there are for it, and the CQL2 that says so.

use kawasemi_ledger::field;
use kawasemi_ledger::select::{cql_literal, cql_text};
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};

use super::super::cells;
use super::super::opened::{Opened, ledger_href};

/// The name under which the value of a condition is sent.
pub const VALUE: &str = "c_value";

/// A property of a ledger that a condition can be about.
pub struct Target {
    /// Its name in CQL2.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What its values are.
    sort: Sort,
}

/// What the values are, as far as comparing goes.
enum Sort {
    Text,
    /// Numbers and months, which are entered as the field's kind is.
    Number(FieldKind),
    /// Dates, and instants by their day.
    Day,
    YesNo,
    One(Vec<Choice>),
    Many(Vec<Choice>),
    Record(String),
    Place,
}

/// A way to compare: its key, and what it is called after the property's name.
type Way = (&'static str, &'static str);

const EMPTY: [Way; 2] = [("empty", "が空"), ("filled", "が空でない")];
const TEXT: [Way; 4] = [
    ("has", "に次の文字を含む"),
    ("has-not", "に次の文字を含まない"),
    ("is", "が次と同じ"),
    ("starts", "が次で始まる"),
];
const NUMBER: [Way; 5] = [
    ("from", "が次以上"),
    ("to", "が次以下"),
    ("is", "が次と同じ"),
    ("over", "が次より大きい"),
    ("under", "が次より小さい"),
];
const DAY: [Way; 5] = [
    ("from", "が次の日以降"),
    ("to", "が次の日以前"),
    ("is", "が次の日"),
    ("past", "が今日より前"),
    ("coming", "が今日以降"),
];
const ONE: [Way; 2] = [("is", "が次である"), ("not", "が次でない")];
const MANY: [Way; 1] = [("any", "に次がある")];
const YES_NO: [Way; 2] = [("yes", "がはい"), ("no", "がいいえ")];

impl Target {
    /// Everything that a condition of this person can be about, in the order of the form.
    pub fn all(opened: &Opened) -> Vec<Self> {
        let mut all: Vec<Self> = opened.fields().flat_map(Self::of_field).collect();
        if opened.def.number.is_some() {
            all.insert(0, Self::new("number", "番号", Sort::Text));
        }
        all.push(Self::new("updated_at", "最終更新日", Sort::Day));
        all.push(Self::new("created_at", "登録日", Sort::Day));
        all
    }

    /// The property with a name.
    pub fn find(opened: &Opened, name: &str) -> Option<Self> {
        Self::all(opened).into_iter().find(|target| target.name == name)
    }

    fn new(name: impl Into<String>, label: impl Into<String>, sort: Sort) -> Self {
        Self { name: name.into(), label: label.into(), sort }
    }

    fn of_field(def: &FieldDef) -> Vec<Self> {
        let (key, label) = (def.key.as_str(), def.label.ja());
        let own = |sort| vec![Self::new(key, label, sort)];
        let part =
            |part: &str, called: &str| Self::new(format!("{key}.{part}"), format!("{label}（{called}）"), Sort::Text);
        match cells::kind(def) {
            FieldKind::PersonName => vec![Self::new(key, label, Sort::Text), part("kana", "フリガナ")],
            FieldKind::Address => vec![Self::new(key, label, Sort::Text), part("postcode", "郵便番号")],
            FieldKind::Date | FieldKind::DateTime => own(Sort::Day),
            FieldKind::YesNo => own(Sort::YesNo),
            FieldKind::Choice { choices } => own(Sort::One(offered(choices))),
            FieldKind::Choices { choices } => own(Sort::Many(offered(choices))),
            FieldKind::Reference { target } => own(Sort::Record(target.clone())),
            FieldKind::Point | FieldKind::Line | FieldKind::Polygon => own(Sort::Place),
            FieldKind::Rows { .. } | FieldKind::Files { .. } => Vec::new(),
            kind @ (FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Yen { .. }
            | FieldKind::FiscalYear
            | FieldKind::YearMonth) => own(Sort::Number(unlimited(kind))),
            _ => own(Sort::Text),
        }
    }

    /// The ledger of the records that it refers to.
    pub fn refers_to(&self) -> Option<&str> {
        match &self.sort {
            Sort::Record(ledger) => Some(ledger),
            _ => None,
        }
    }

    /// The ways to compare it.
    pub fn ways(&self) -> Vec<Way> {
        let own: &[Way] = match self.sort {
            Sort::Text => &TEXT,
            Sort::Number(_) => &NUMBER,
            Sort::Day => &DAY,
            Sort::YesNo => &YES_NO,
            Sort::One(_) | Sort::Record(_) => &ONE,
            Sort::Many(_) => &MANY,
            Sort::Place => &[],
        };
        own.iter().chain(&EMPTY).copied().collect()
    }

    /// The input for what is compared with; none where there is nothing to enter. `options` are the records to choose from
    /// where they are few or where a name was ambiguous.
    pub fn control(&self, options: Option<Vec<Choice>>) -> Option<FieldView> {
        let control = match &self.sort {
            Sort::Text => Control::Text { max: None },
            Sort::Number(kind) => match kind {
                FieldKind::Integer { unit, .. } => Control::Integer { unit: unit.clone() },
                FieldKind::Decimal { scale, unit, .. } => Control::Decimal { scale: *scale, unit: unit.clone() },
                FieldKind::Yen { .. } => Control::Yen,
                FieldKind::YearMonth => Control::YearMonth,
                _ => Control::FiscalYear { years: Vec::new() },
            },
            Sort::Day => Control::Date,
            Sort::One(choices) | Sort::Many(choices) => Control::FiscalYear { years: choices.clone() },
            Sort::Record(ledger) => match options {
                Some(years) => Control::FiscalYear { years },
                None => Control::Reference {
                    lookup: format!("{}/lookup", ledger_href(ledger)),
                    label: String::new(),
                    href: None,
                },
            },
            Sort::YesNo | Sort::Place => return None,
        };
        Some(FieldView::new(VALUE, "比べる値", control))
    }

    /// The condition as CQL2, or what is wrong with what was entered.
    pub fn cql(&self, way: &str, entered: &str) -> Result<String, String> {
        let name = &self.name;
        match way {
            "empty" => return Ok(format!("{name} IS NULL")),
            "filled" => return Ok(format!("{name} IS NOT NULL")),
            "yes" => return Ok(format!("{name} = TRUE")),
            "no" => return Ok(format!("{name} = FALSE")),
            "past" => return Ok(format!("{name} < today")),
            "coming" => return Ok(format!("{name} >= today")),
            _ if entered.is_empty() => return Err("比べる値を入力してください。".to_owned()),
            _ => {}
        }
        let value = self.literal(entered)?;
        Ok(match way {
            "has" => like(name, &format!("%{}%", literally(entered))),
            // What is empty has not the text either.
            "has-not" => format!("(NOT {} OR {name} IS NULL)", like(name, &format!("%{}%", literally(entered)))),
            "starts" => like(name, &format!("{}%", literally(entered))),
            "is" => format!("{name} = {value}"),
            "not" => format!("({name} <> {value} OR {name} IS NULL)"),
            "any" => format!("A_CONTAINS({name}, ({value}))"),
            "from" => format!("{name} >= {value}"),
            "to" => format!("{name} <= {value}"),
            "over" => format!("{name} > {value}"),
            "under" => format!("{name} < {value}"),
            _ => return Err("比べ方を選んでください。".to_owned()),
        })
    }

    fn literal(&self, entered: &str) -> Result<String, String> {
        let read = |kind: &FieldKind| match field::of(kind).read_text(entered) {
            Ok(value) => cql_literal(&value).ok_or_else(|| "この値では比べられません。".to_owned()),
            Err(refusals) => Err(refusals.message().to_owned()),
        };
        match &self.sort {
            Sort::Number(kind) => read(kind),
            Sort::Day => read(&FieldKind::Date),
            Sort::One(choices) | Sort::Many(choices) if !choices.iter().any(|choice| choice.key == entered) => {
                Err("選択肢から選んでください。".to_owned())
            }
            _ => Ok(cql_text(entered)),
        }
    }
}

/// Retired choices too: older records have them.
fn offered(choices: &[kawasemi_schema::Choice]) -> Vec<Choice> {
    let label = |choice: &kawasemi_schema::Choice| {
        if choice.retired { format!("{}（廃止）", choice.label.ja()) } else { choice.label.ja().to_owned() }
    };
    choices.iter().map(|choice| Choice::new(&choice.key, label(choice))).collect()
}

/// A kind without its limits: a question may go beyond what may be entered.
fn unlimited(kind: &FieldKind) -> FieldKind {
    match kind {
        FieldKind::Integer { unit, .. } => FieldKind::Integer { min: None, max: None, unit: unit.clone() },
        FieldKind::Decimal { scale, unit, .. } => {
            FieldKind::Decimal { scale: *scale, min: None, max: None, unit: unit.clone() }
        }
        FieldKind::Yen { .. } => FieldKind::Yen { min: None, max: None },
        kind => kind.clone(),
    }
}

/// Compares as the search does: width, kana, case and old forms are the same.
fn like(name: &str, pattern: &str) -> String {
    format!("CASEI({name}) LIKE CASEI({})", cql_text(pattern))
}

/// A text in which no character is a wildcard.
fn literally(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(sort: Sort, way: &str, entered: &str) -> Result<String, String> {
        Target::new("x", "項目", sort).cql(way, entered)
    }

    #[test]
    fn what_is_entered_becomes_a_condition() {
        let yen = || Sort::Number(FieldKind::Yen { min: None, max: None });
        let kinds = || Sort::One(vec![Choice::new("block", "街区公園")]);
        for (said, cql) in [
            (says(Sort::Text, "has", "50%"), "CASEI(x) LIKE CASEI('%50\\%%')"),
            (says(Sort::Text, "is", "O'Neil"), "x = 'O''Neil'"),
            (says(Sort::Text, "has-not", "公園"), "(NOT CASEI(x) LIKE CASEI('%公園%') OR x IS NULL)"),
            (says(yen(), "from", "１，２３４円"), "x >= 1234"),
            (says(Sort::Day, "to", "令和元年5月1日"), "x <= DATE('2019-05-01')"),
            (says(Sort::Day, "past", ""), "x < today"),
            (says(kinds(), "not", "block"), "(x <> 'block' OR x IS NULL)"),
            (says(Sort::YesNo, "yes", ""), "x = TRUE"),
        ] {
            assert_eq!(said.as_deref(), Ok(cql));
            let parsed = kawasemi_filter::parse_text(cql, kawasemi_filter::Limits::OUTSIDE);
            assert!(parsed.is_ok(), "{cql}: {parsed:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let kinds = Sort::One(vec![Choice::new("block", "街区公園")]);
        for said in [
            says(Sort::Text, "has", ""),
            says(Sort::Day, "from", "2月30日"),
            says(kinds, "is", "x' OR TRUE"),
            says(Sort::Text, "drop", "a"),
        ] {
            assert!(said.is_err(), "{said:?}");
        }
    }
}
