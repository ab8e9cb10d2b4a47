//! The calculations that the ledgers' computed fields name, and those that the command line and the API offer: thin views of
//! [`crate::rules`].

use jiff::civil::Date;

use crate::kernel::calculation::{self, Given, Kind, Slot};
use crate::kernel::decimal::Rounding;
use crate::kernel::{Decimal, Fields, Value};
use crate::ledger::Calculators;
use crate::records::Read;
use crate::rules::due::{self, Unit};
use crate::rules::grade::{self, Graded, Overall, Part, Wear, parse_hazards, parse_parts};
use crate::rules::life_cycle::{self, Costs};
use crate::rules::plan::{self, Harm};
use crate::rules::{Step, tables};

/// A calculation of a computed field: a value, or a sentence that says what is wrong with the fields.
pub type Calculate = fn(&Fields, Date) -> Result<Value, String>;

/// The calculators for the ledger engine.
pub fn calculators() -> Calculators {
    CALCULATORS.iter().fold(Calculators::new(), |all, (name, calculate)| all.with(*name, *calculate))
}

/// The calculations by the names that the ledgers use.
pub const CALCULATORS: [(&str, Calculate); 13] = [
    ("park-has-anomaly", has_anomaly),
    ("park-lcc-reduction", lcc_reduction),
    ("park-priority", priority),
    ("park-urgency", urgency),
    ("playground-deterioration", |fields, _| Ok(wear_value(graded(fields).deterioration))),
    ("playground-hazard-max", |fields, _| Ok(Value::Int(graded(fields).hazard_max.into()))),
    ("playground-hours-to-stop", hours_to_stop),
    // What is wrong with the grade is said once, at the grade.
    ("playground-judgement", |fields, _| {
        Ok(decided(fields).map_or(Value::Null, |overall| Value::from(overall.judgement().key())))
    }),
    ("playground-next-daily", next_daily),
    ("playground-next-periodic", next_periodic),
    ("playground-overall", |fields, _| decided(fields).map(|overall| Value::from(overall.key()))),
    ("playground-rule-overall", |fields, _| Ok(Value::from(graded(fields).overall.key()))),
    ("playground-standard-life", |fields, today| {
        Ok(life(fields, today).map_or(Value::Null, |years| Value::Int(years.into())))
    }),
];

/// What the command line and the API offer, each with its working.
pub const CALCULATIONS: [calculation::Calculation; 3] = [
    calculation::Calculation {
        key: "playground-grade",
        title: "遊具点検の総合判定と次の定期点検の期限",
        basis: "都市公園法施行令第10条・施行規則第3条の2、遊具の安全に関する規準（JPFA-SP-S）",
        inputs: &[
            Slot::optional("parts", "部材の劣化（部材名:a〜d。点検していなければ x）を ; で区切って", Kind::FreeText),
            Slot::optional("hazards", "ハザード（項目:0〜3）を ; で区切って", Kind::FreeText),
            Slot::optional("installed_on", "設置年月日", Kind::Date),
            Slot::optional("last_periodic_on", "最後の定期点検日", Kind::Date),
            Slot::optional("standard_life_years", "標準使用期間（年）", Kind::Integer),
        ],
        outputs: &[
            Slot::required("expected_deterioration", "劣化の判定（なければ -）", Kind::Text),
            Slot::required("expected_hazard_max", "最も高いハザードレベル", Kind::Integer),
            Slot::required("expected_overall", "総合判定", Kind::Text),
            Slot::required("expected_use", "使用の判断", Kind::Text),
            Slot::optional("expected_next_due", "次の定期点検の期限", Kind::Date),
        ],
        compute: playground_grade,
    },
    calculation::Calculation {
        key: "park-urgency",
        title: "公園施設の緊急度と優先順位",
        basis: "公園施設長寿命化計画策定指針",
        inputs: &[
            Slot::required("soundness", "健全度（a〜d）", Kind::Text),
            Slot::optional("importance", "重要度（high・middle・low。省くと middle）", Kind::Text),
            Slot::optional("is_play", "遊戯施設", Kind::YesNo),
            Slot::optional("tall_or_bridge", "橋・高い構造物", Kind::YesNo),
            Slot::optional("evacuation_site", "避難場所の公園", Kind::YesNo),
        ],
        outputs: &[
            Slot::required("urgency", "緊急度", Kind::Text),
            Slot::required("priority", "優先順位（1が先）", Kind::Integer),
        ],
        compute: urgency_explained,
    },
    calculation::Calculation {
        key: "park-life-cycle",
        title: "公園施設の予防保全と事後保全の1年あたりの費用",
        basis: "公園施設長寿命化計画策定指針",
        inputs: &[
            Slot::required("disposal_years", "処分制限期間（年）", Kind::Integer),
            Slot::required("renewal_cost_yen", "更新の費用", Kind::Yen),
            Slot::optional("life_repairs_yen", "予防保全の補修費（使用見込み期間の合計）", Kind::Yen),
            Slot::optional("yearly_upkeep_yen", "1年の点検・維持費", Kind::Yen),
        ],
        outputs: &[
            Slot::required("reactive_yen", "事後保全の1年あたりの費用", Kind::Yen),
            Slot::required("preventive_yen", "予防保全の1年あたりの費用", Kind::Yen),
            Slot::required("reduction_yen", "縮減額", Kind::Yen),
            Slot::required("management", "有利な管理類型", Kind::Text),
        ],
        compute: life_cycle_explained,
    },
];

fn steps_of(steps: impl IntoIterator<Item = Step>) -> calculation::Worked {
    steps.into_iter().fold(calculation::Worked::new(), |all, step| all.step(step.rule, step.detail))
}

fn playground_grade(given: &Given) -> Result<calculation::Worked, String> {
    let parts = parse_parts(given.text("parts").unwrap_or_default())?;
    let hazards = parse_hazards(given.text("hazards").unwrap_or_default())?;
    let life = match given.integer("standard_life_years") {
        None => None,
        Some(years) => Some(
            i16::try_from(years)
                .ok()
                .filter(|years| (1..=200).contains(years))
                .ok_or_else(|| format!("標準使用期間「{years}」は1から200までの年数ではありません。"))?,
        ),
    };
    let graded = grade::grade(&parts, &hazards);
    let unit = Unit { installed_on: given.date("installed_on"), standard_life: life };
    let next = given.date("last_periodic_on").map(|last| due::next_periodic_built_in(unit, last));
    let overall = graded.value.overall;
    let due_on = next.as_ref().map_or(Value::Null, |next| Value::Date(next.value));
    Ok(steps_of(graded.steps.into_iter().chain(next.into_iter().flat_map(|next| next.steps)))
        .output("expected_deterioration", graded.value.deterioration.map_or("-", Wear::key))
        .output("expected_hazard_max", i64::from(graded.value.hazard_max))
        .output("expected_overall", overall.label())
        .output("expected_use", overall.judgement().key().to_uppercase())
        .output("expected_next_due", due_on))
}

fn urgency_explained(given: &Given) -> Result<calculation::Worked, String> {
    let soundness = given.text("soundness").unwrap_or_default().to_lowercase();
    let importance = given.text("importance").unwrap_or("middle");
    let yes = |key: &str| given.yes_no(key).unwrap_or(false);
    let harm = Harm {
        is_play: yes("is_play"),
        is_tall_or_bridge: yes("tall_or_bridge"),
        is_evacuation_site: yes("evacuation_site"),
    };
    let urgency = plan::urgency(&soundness, harm, given.as_of())
        .ok_or_else(|| format!("健全度「{soundness}」は a・b・c・d のどれでもありません。"))?;
    let priority = plan::priority(urgency, importance, given.as_of())
        .ok_or_else(|| format!("重要度「{importance}」は high・middle・low のどれでもありません。"))?;
    Ok(calculation::Worked::new()
        .step("健全度と、遊具・橋・避難場所などの別から緊急度", format!("健全度{soundness} → {urgency}"))
        .step("緊急度と重要度から優先順位", format!("{urgency} × {importance} → {priority}"))
        .output("urgency", urgency)
        .output("priority", priority))
}

fn life_cycle_explained(given: &Given) -> Result<calculation::Worked, String> {
    let yen = |key: &str| given.integer(key).unwrap_or(0);
    let costs = Costs {
        disposal_years: yen("disposal_years"),
        renewal_yen: yen("renewal_cost_yen"),
        repairs_yen: yen("life_repairs_yen"),
        upkeep_yen: yen("yearly_upkeep_yen"),
    };
    if [costs.renewal_yen, costs.repairs_yen, costs.upkeep_yen].iter().any(|yen| *yen < 0) {
        return Err("費用が負です。0以上の額を入れてください。".to_owned());
    }
    let found = life_cycle::compare(costs, given.as_of())
        .ok_or_else(|| "処分制限期間は1年以上で入れてください。".to_owned())?;
    let value = found.value;
    Ok(steps_of(found.steps)
        .output("reactive_yen", value.reactive_yen)
        .output("preventive_yen", value.preventive_yen)
        .output("reduction_yen", value.reduction_yen())
        .output("management", if value.favours_preventive() { "予防保全型" } else { "事後保全型" }))
}

/// What an inspection comes to by the rule, from its fields.
pub fn graded(fields: &Fields) -> Graded {
    grade::grade(&parts(fields), &hazards(fields)).value
}

fn parts(fields: &Fields) -> Vec<Part> {
    let part = |row: &Fields| {
        let read = Read(row);
        Part {
            name: read.text("part"),
            wear: Wear::from_key(&read.text("grade")),
            // What says nothing is required: an inspection is not complete by leaving something out.
            is_required: !matches!(row.get("is_required"), Some(Value::Bool(false))),
        }
    };
    Read(fields).rows("parts").iter().map(|row| part(&row.fields)).collect()
}

fn hazards(fields: &Fields) -> Vec<u8> {
    let level = |row: &Fields| Read(row).int("level").and_then(|level| u8::try_from(level).ok()).unwrap_or(0);
    Read(fields).rows("hazards").iter().map(|row| level(&row.fields)).collect()
}

fn decided(fields: &Fields) -> Result<Overall, String> {
    let read = Read(fields);
    let set = Overall::from_key(&read.text("override_grade"));
    grade::decide(graded(fields).overall, set, &read.text("override_reason"), &read.text("qualification_no"))
}

fn wear_value(wear: Option<Wear>) -> Value {
    wear.map_or(Value::Null, |wear| Value::from(wear.key()))
}

/// The standard period of use that counts: the unit's own, or that of its material.
fn life(fields: &Fields, on: Date) -> Option<i16> {
    let read = Read(fields);
    let own = read.int("standard_life_years").and_then(|years| i16::try_from(years).ok());
    own.or_else(|| due::standard_life(&read.text("material"), on, tables::standard_lives()))
}

fn next_periodic(fields: &Fields, _: Date) -> Result<Value, String> {
    let read = Read(fields);
    let Some(last) = read.date("last_periodic_on") else { return Ok(Value::Null) };
    let unit = Unit { installed_on: read.date("installed_on"), standard_life: life(fields, last) };
    Ok(Value::Date(due::next_periodic_built_in(unit, last).value))
}

fn next_daily(fields: &Fields, _: Date) -> Result<Value, String> {
    let last = Read(fields).date("last_daily_on");
    Ok(last.map_or(Value::Null, |last| Value::Date(due::next_daily(last, tables::intervals()))))
}

/// Hours from finding to stopping, one place.
fn hours_to_stop(fields: &Fields, _: Date) -> Result<Value, String> {
    let (Some(Value::Instant(found)), Some(Value::Instant(stopped))) =
        (fields.get("found_at"), fields.get("stopped_at"))
    else {
        return Ok(Value::Null);
    };
    let seconds = stopped.as_second() - found.as_second();
    let hours = Decimal::from_ratio(i128::from(seconds.max(0)), 3_600, 1, Rounding::HalfUp);
    Ok(hours.map_or(Value::Null, Value::Decimal))
}

fn has_anomaly(fields: &Fields, _: Date) -> Result<Value, String> {
    Ok(Value::Bool(!Read(fields).rows("anomalies").is_empty()))
}

fn urgency_of(fields: &Fields, today: Date) -> Option<&'static str> {
    let read = Read(fields);
    let harm = Harm {
        is_play: read.text("category") == "play",
        is_tall_or_bridge: read.yes("tall_or_bridge"),
        is_evacuation_site: read.yes("evacuation_site"),
    };
    plan::urgency(&read.text("soundness"), harm, today)
}

fn urgency(fields: &Fields, today: Date) -> Result<Value, String> {
    Ok(urgency_of(fields, today).map_or(Value::Null, Value::from))
}

fn priority(fields: &Fields, today: Date) -> Result<Value, String> {
    let importance = Read(fields).text("importance");
    let found = urgency_of(fields, today).and_then(|urgency| plan::priority(urgency, &importance, today));
    Ok(found.map_or(Value::Null, Value::Int))
}

fn lcc_reduction(fields: &Fields, today: Date) -> Result<Value, String> {
    let read = Read(fields);
    let (Some(disposal_years), Some(renewal_yen)) = (read.int("disposal_years"), read.int("renewal_cost_yen")) else {
        return Ok(Value::Null);
    };
    let costs = Costs {
        disposal_years,
        renewal_yen,
        repairs_yen: read.int("life_repairs_yen").unwrap_or(0),
        upkeep_yen: read.int("yearly_upkeep_yen").unwrap_or(0),
    };
    Ok(life_cycle::compare(costs, today).map_or(Value::Null, |found| Value::Int(found.value.reduction_yen())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calculation_that_a_ledger_names_is_there_and_used() {
        let ledgers = crate::definitions::bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers;
        let named = ledgers.iter().flat_map(|ledger| &ledger.fields).filter_map(|field| match &field.kind {
            crate::schema::FieldKind::Computed { from: crate::schema::ComputedFrom::Calculator(name), .. } => {
                Some(name.as_str())
            }
            _ => None,
        });
        let mut named = named.collect::<Vec<&str>>();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named, CALCULATORS.map(|(name, _)| name));
    }

    #[test]
    fn an_inspection_is_graded_as_the_worked_examples_say() {
        let calculation = CALCULATIONS.iter().find(|one| one.key == "playground-grade").unwrap();
        let text = include_str!("../tests/data/playground_grade.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let heads = reader.headers().unwrap().clone();
        let mut seen = 0;
        for row in reader.records() {
            let row = row.unwrap();
            let cell = |key: &str| heads.iter().position(|head| head == key).and_then(|index| row.get(index));
            let given = calculation.read(jiff::civil::date(2026, 4, 1), cell).unwrap();
            let worked = calculation.run(&given).unwrap();
            for output in calculation.outputs {
                let expected = cell(output.key).unwrap();
                assert_eq!(
                    calculation::cell(worked.get(output.key)),
                    expected,
                    "{} {}",
                    cell("case_id").unwrap(),
                    output.key
                );
            }
            seen += 1;
        }
        assert_eq!(seen, 15);
    }
}
