//! The calculations that the ledgers' computed fields name: thin views of [`crate::rules`] over the fields of an indicator.
//!
//! Each takes the fields of a `policy-indicator` record and the day on which it is saved.

use jiff::civil::Date;

use crate::kernel::calculation::{self, Given, Kind, Slot};
use crate::kernel::{Decimal, Fields, Value};
use crate::ledger::Calculators;
use crate::rules::{
    Achievement, GradeTable, IndicatorKind, Measure, NotComputable, Progress, Step, Target, WeightedAchievement,
    Worked, achievement, deadline, grade, roll_up,
};

/// A calculation of a computed field: a value, or a sentence that says what is wrong with the fields.
pub type Calculate = fn(&Fields, Date) -> Result<Value, String>;

/// The calculators for the ledger engine.
pub fn calculators() -> Calculators {
    CALCULATORS.iter().fold(Calculators::new(), |all, (name, calculate)| all.with(*name, *calculate))
}

/// What the command line and the API offer, each with its working.
pub const CALCULATIONS: [calculation::Calculation; 3] = [
    calculation::Calculation {
        key: "policy-achievement",
        title: "指標の達成率と評価",
        basis: "部局運営方針の評価の基準",
        inputs: &[
            Slot::required("direction", "向き（up 増やす・down 減らす・keep 保つ・range 範囲に収める）", Kind::Text),
            Slot::optional("actual", "実績値", Kind::Decimal),
            Slot::optional("target_value", "目標値", Kind::Decimal),
            Slot::optional("base_value", "基準値", Kind::Decimal),
            Slot::optional("tolerance", "許容差", Kind::Decimal),
            Slot::optional("range_low", "下限", Kind::Decimal),
            Slot::optional("range_high", "上限", Kind::Decimal),
        ],
        outputs: &[
            Slot::optional("achievement", "達成率（％）", Kind::Decimal),
            Slot::optional("grade", "評価", Kind::Text),
        ],
        compute: explained,
    },
    calculation::Calculation {
        key: "policy-roll-up",
        title: "重点項目の達成率の平均と最も悪い進み具合",
        basis: "部局運営方針の評価の基準",
        inputs: &[
            Slot::optional("rates", "成果指標の達成率（％）を空白で区切って。算定不能は - ", Kind::Text),
            Slot::optional("weights", "それぞれの重み（省くとすべて1）", Kind::Text),
            Slot::optional("progress", "取り組みの進み具合を空白で区切って。未報告は - ", Kind::Text),
        ],
        outputs: &[
            Slot::optional("mean", "達成率の平均（％）", Kind::Decimal),
            Slot::required("counted", "平均に入れた指標", Kind::Integer),
            Slot::required("not_computable", "算定不能の指標", Kind::Integer),
            Slot::optional("worst", "最も悪い進み具合", Kind::Text),
            Slot::required("not_reported", "未報告の取り組み", Kind::Integer),
        ],
        compute: rolled_up,
    },
    calculation::Calculation {
        key: "policy-deadline",
        title: "取り組みの期限の状態（as_of の日の時点）",
        basis: "部局運営方針の評価の基準",
        inputs: &[
            Slot::optional("due", "期限", Kind::Date),
            Slot::optional("done_on", "完了日", Kind::Date),
            Slot::optional("status", "進み具合", Kind::Text),
        ],
        outputs: &[
            Slot::required("state", "期限の状態", Kind::Text),
            Slot::required("overdue", "期限を過ぎて終わっていない", Kind::YesNo),
        ],
        compute: due,
    },
];

/// A theme's figure and flag, with the steps.
fn rolled_up(given: &Given) -> Result<calculation::Worked, String> {
    let words = |key: &str| {
        given.text(key).unwrap_or_default().split([' ', '\u{3000}', ';', '；']).filter(|word| !word.is_empty())
    };
    let weights: Vec<&str> = words("weights").collect();
    let rates: Vec<&str> = words("rates").collect();
    if !weights.is_empty() && weights.len() != rates.len() {
        return Err(format!("重みが{}個、達成率が{}個あります。同じ数にしてください。", weights.len(), rates.len()));
    }
    let mut indicators = Vec::new();
    for (n, rate) in rates.into_iter().enumerate() {
        let weight = weights.get(n).copied().unwrap_or("1");
        let weight = weight.parse::<u32>().map_err(|_| format!("重み「{weight}」は0以上の整数ではありません。"))?;
        let achievement = match rate {
            "-" | "算定不能" => Achievement::NotComputable(NotComputable::NoActual),
            rate => Achievement::Rate(
                rate.trim_end_matches(['%', '％'])
                    .parse()
                    .map_err(|_| format!("達成率「{rate}」は数字ではありません。"))?,
            ),
        };
        indicators.push(WeightedAchievement { kind: IndicatorKind::Outcome, achievement, weight });
    }
    let progress = words("progress").map(|word| match word {
        "-" | "未報告" => Ok(None),
        word => word.parse::<Progress>().map(Some).map_err(|error| error.to_string()),
    });
    let rolled = roll_up(&indicators, &progress.collect::<Result<Vec<_>, _>>()?);
    let count = |count: usize| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    let value = rolled.value;
    Ok(steps_of(rolled.steps)
        .output("mean", value.mean.map_or(Value::Null, Value::Decimal))
        .output("counted", count(value.counted))
        .output("not_computable", count(value.not_computable))
        .output("worst", value.worst.map_or(Value::Null, |worst| Value::from(worst.label())))
        .output("not_reported", count(value.not_reported)))
}

/// How a deadline stands on the day of the calculation, with the step.
fn due(given: &Given) -> Result<calculation::Worked, String> {
    let progress = given.text("status").map(str::parse::<Progress>).transpose().map_err(|error| error.to_string())?;
    let stands = deadline(given.date("due"), given.date("done_on"), progress, given.as_of());
    let value = stands.value;
    Ok(steps_of(stands.steps)
        .output("state", Value::from(value.label()))
        .output("overdue", Value::Bool(value.is_overdue())))
}

fn steps_of(steps: impl IntoIterator<Item = Step>) -> calculation::Worked {
    steps.into_iter().fold(calculation::Worked::new(), |all, step| all.step(step.rule, step.detail))
}

/// The achievement rate and its grade, with the steps.
fn explained(given: &Given) -> Result<calculation::Worked, String> {
    let direction = given.text("direction").unwrap_or_default();
    if !["up", "down", "keep", "range"].contains(&direction) {
        return Err(format!("向き「{direction}」は up・down・keep・range のどれでもありません。"));
    }
    let mut fields = Fields::from([("direction".to_owned(), Value::from(direction))]);
    for key in ["actual", "target_value", "base_value", "tolerance", "range_low", "range_high"] {
        if let Some(figure) = given.decimal(key) {
            fields.insert(key.to_owned(), Value::Decimal(figure));
        }
    }
    let rate = worked(&fields);
    let graded = grade(rate.value, &GradeTable::built_in(), given.as_of());
    Ok(steps_of(rate.steps.into_iter().chain(graded.steps))
        .output("achievement", rate.value.rate().map_or(Value::Null, Value::Decimal))
        .output("grade", graded.value.map_or(Value::Null, |grade| Value::Text(format!("{grade:?}").to_lowercase()))))
}

/// The calculations by the names that the ledgers use.
pub const CALCULATORS: [(&str, Calculate); 3] = [
    ("policy-achievement", achievement_rate),
    ("policy-achievement-note", achievement_note),
    ("policy-grade", achievement_grade),
];

/// The achievement rate (達成率) of an indicator, nothing where it is not computable.
pub fn achievement_rate(fields: &Fields, _: Date) -> Result<Value, String> {
    Ok(worked(fields).value.rate().map_or(Value::Null, Value::Decimal))
}

/// How the rate came about, or why there is none.
pub fn achievement_note(fields: &Fields, _: Date) -> Result<Value, String> {
    let steps = worked(fields).steps.into_iter().map(|step| format!("{}：{}", step.rule, step.detail));
    Ok(Value::Text(steps.collect::<Vec<String>>().join(" → ")))
}

/// The grade of the rate by the thresholds in force on the day of the actual figure, or today where it has none.
pub fn achievement_grade(fields: &Fields, today: Date) -> Result<Value, String> {
    let on = fields.get("actual_on").and_then(Value::as_date).unwrap_or(today);
    let graded = grade(worked(fields).value, &GradeTable::built_in(), on).value;
    Ok(graded.map_or(Value::Null, |grade| Value::Text(format!("{grade:?}").to_lowercase())))
}

/// What an indicator aims at and what was reached, from its fields.
pub fn measure(fields: &Fields) -> Measure {
    let figure = |key: &str| match fields.get(key) {
        Some(Value::Decimal(figure)) => Some(*figure),
        Some(Value::Int(figure)) => Some(Decimal::new(*figure, 0)),
        _ => None,
    };
    let target = figure("target_value");
    let target = match fields.get("direction").and_then(Value::as_text) {
        Some("down") => Target::Less { target, base: figure("base_value") },
        Some("keep") => Target::Keep { target, tolerance: figure("tolerance").unwrap_or(Decimal::new(0, 0)) },
        Some("range") => Target::Range { low: figure("range_low"), high: figure("range_high") },
        _ => Target::More { target },
    };
    Measure { target, actual: figure("actual") }
}

fn worked(fields: &Fields) -> Worked<Achievement> {
    achievement(&measure(fields))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calculated(fields: &[(&str, &str)]) -> (String, String, String) {
        let value = |key: &str, text: &str| match key {
            "direction" => Value::from(text),
            "actual_on" => Value::Date(text.parse().unwrap()),
            _ => Value::Decimal(Decimal::parse_at(text, 2).unwrap()),
        };
        let fields = fields.iter().map(|(key, text)| ((*key).to_owned(), value(key, text))).collect::<Fields>();
        let shown = |calculate: Calculate| match calculate(&fields, date(2022, 3, 31)).unwrap() {
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        (shown(achievement_rate), shown(achievement_grade), shown(achievement_note))
    }

    #[test]
    fn an_indicator_is_computed_from_its_fields() {
        for (fields, rate, grade) in [
            (vec![("direction", "up"), ("target_value", "190"), ("actual", "203")], "106.8", "a"),
            (
                vec![("direction", "down"), ("base_value", "552"), ("target_value", "540"), ("actual", "538.7")],
                "110.8",
                "s",
            ),
            (vec![("direction", "keep"), ("target_value", "8.4"), ("tolerance", "0.2"), ("actual", "8.7")], "0.0", "d"),
            (vec![("direction", "range"), ("range_low", "7"), ("range_high", "12"), ("actual", "7.6")], "100.0", "a"),
            (vec![("direction", "up"), ("actual", "1")], "Null", "Null"),
        ] {
            let (found_rate, found_grade, _) = calculated(&fields);
            assert_eq!((found_rate.as_str(), found_grade.as_str()), (rate, grade), "{fields:?}");
        }
    }

    #[test]
    fn a_theme_is_rolled_up_and_a_deadline_judged() {
        let run = |key: &str, inputs: &[(&str, &str)]| {
            let calculation = CALCULATIONS.iter().find(|calculation| calculation.key == key).unwrap();
            let of = |key: &str| inputs.iter().find(|(name, _)| *name == key).map(|(_, text)| *text);
            let worked = calculation.run(&calculation.read(date(2021, 10, 1), of).unwrap())?;
            Ok::<_, String>(
                calculation.outputs.iter().map(|slot| calculation::cell(worked.get(slot.key))).collect::<Vec<_>>(),
            )
        };
        for (rates, weights, progress, expected) in [
            ("300 60 -", "", "完了 やや遅れ -", ["90.0", "2", "1", "やや遅れ", "1"]),
            ("100 0", "3 1", "cancelled", ["75.0", "2", "0", "中止", "0"]),
            ("", "", "", ["", "0", "0", "", "0"]),
        ] {
            let inputs = [("rates", rates), ("weights", weights), ("progress", progress)];
            assert_eq!(run("policy-roll-up", &inputs).unwrap(), expected);
        }
        assert!(run("policy-roll-up", &[("rates", "100 50"), ("weights", "1")]).unwrap_err().contains("同じ数"));
        let overdue = run("policy-deadline", &[("due", "R3.9.30"), ("status", "計画どおり")]).unwrap();
        assert_eq!(overdue, ["1日超過", "true"]);
    }

    #[test]
    fn the_note_tells_the_reason() {
        let (_, _, note) = calculated(&[("direction", "up"), ("target_value", "0"), ("actual", "1")]);
        assert_eq!(note, "算定不能：目標値が0です");
        let (_, _, note) = calculated(&[("direction", "up"), ("target_value", "4"), ("actual", "1")]);
        assert!(note.ends_with("達成率 25.0％"), "{note}");
    }

    #[test]
    fn every_calculation_that_a_ledger_names_is_there() {
        let ledgers = crate::definitions::bundle().unwrap().ledgers;
        let named = ledgers.iter().flat_map(|ledger| &ledger.fields).filter_map(|field| match &field.kind {
            crate::schema::FieldKind::Computed { from: crate::schema::ComputedFrom::Calculator(name), .. } => {
                Some(name.as_str())
            }
            _ => None,
        });
        let mut named = named.collect::<Vec<&str>>();
        named.sort_unstable();
        assert_eq!(named, CALCULATORS.map(|(name, _)| name));
    }
}
