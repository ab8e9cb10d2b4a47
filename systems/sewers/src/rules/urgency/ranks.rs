//! The ranks of sag and of the rate of bad pipes, by the guide's tables.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::{Defect, Item, Material, Rank, Span};
use crate::rules::table::{self, Dated, Figure};
use crate::rules::{Step, step};

#[derive(Deserialize)]
struct SagRow {
    effective_from: Date,
    diameter_max_mm: i64,
    a_at_least: f64,
    b_at_least: f64,
}

impl Dated for SagRow {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

#[derive(Deserialize)]
struct DefectRow {
    effective_from: Date,
    material: Material,
    item: Item,
    a_at_least: Option<f64>,
    b_at_least: Option<f64>,
    c_above: Option<f64>,
}

impl Dated for DefectRow {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// The rank of the sag by the inner diameter (表2.4).
pub(super) fn sag(span: &Span, day: Date, steps: &mut Vec<Step>) -> Result<Option<Rank>, String> {
    if let Some(rank) = span.sag_rank {
        steps.push(step("たるみ", format!("{rank:?}（直接）")));
        return Ok(Some(rank));
    }
    let Some(sag) = span.sag_mm.filter(|sag| *sag > 0) else { return Ok(None) };
    let rows: Vec<SagRow> = table::built_in(include_str!("../../../tables/sag.csv"));
    let row = table::on(&rows, day).into_iter().find(|row| span.diameter_mm <= row.diameter_max_mm);
    let row = row.ok_or_else(|| {
        format!("内径{}mmのたるみは、基準の表にありません。ランクを直接入れてください。", span.diameter_mm)
    })?;
    let share = sag as f64 / span.diameter_mm as f64;
    let rank = if share >= row.a_at_least {
        Rank::A
    } else if share >= row.b_at_least {
        Rank::B
    } else {
        Rank::C
    };
    steps.push(step("たるみ", format!("{sag}mm ÷ 内径{}mm = {share:.2} で {rank:?}", span.diameter_mm)));
    Ok(Some(rank))
}

/// The rank of a defect: the surveyor's, or what follows from the measure; none where the measure says nothing is wrong.
///
/// # Errors
/// A sentence where neither is given, or the table has no measure for the item.
fn rank(defect: &Defect, material: Material, rows: &[&DefectRow]) -> Result<Option<Rank>, String> {
    if let Some(rank) = defect.rank {
        return Ok(Some(rank));
    }
    let name = defect.item.name();
    let Some(measure) = defect.measure else {
        return Err(format!("{}番の管の{name}に、ランクも測った値もありません。", defect.pipe));
    };
    let row = rows.iter().find(|row| row.material == material && row.item == defect.item);
    let row = row.ok_or_else(|| {
        format!("{}番の管の{name}は、測った値からは判定できません。ランクを入れてください。", defect.pipe)
    })?;
    let at_least = |limit: Option<f64>| limit.is_some_and(|limit| measure >= limit && measure > 0.0);
    Ok(if at_least(row.a_at_least) {
        Some(Rank::A)
    } else if at_least(row.b_at_least) {
        Some(Rank::B)
    } else {
        row.c_above.filter(|above| measure > *above).map(|_| Rank::C)
    })
}

/// The rank of the rate of bad pipes (表2.7, 2.8), and the special rule for breaks and joints.
pub(super) fn rate(span: &Span, day: Date, steps: &mut Vec<Step>) -> Result<Option<Rank>, String> {
    let rows: Vec<DefectRow> = table::built_in(include_str!("../../../tables/defects.csv"));
    let rows = table::on(&rows, day);
    let mut worst: BTreeMap<i64, Rank> = BTreeMap::new();
    let mut special = None;
    for defect in &span.defects {
        if !(1..=span.pipes).contains(&defect.pipe) {
            return Err(format!("{}番の管は、{}本のスパンにありません。", defect.pipe, span.pipes));
        }
        let Some(rank) = rank(defect, span.material, &rows)? else { continue };
        if rank == Rank::A && matches!(defect.item, Item::Break | Item::Joint) {
            special = special.or(Some(defect));
        }
        worst.entry(defect.pipe).and_modify(|known| *known = (*known).min(rank)).or_insert(rank);
    }
    if worst.is_empty() {
        return Ok(None);
    }
    let count = |rank| worst.values().filter(|known| **known == rank).count();
    let (a, b, c) = (count(Rank::A), count(Rank::B), count(Rank::C));
    let percent = |count: usize| 100.0 * count as f64 / span.pipes as f64;
    let (pa, pab, pabc) = (percent(a), percent(a + b), percent(a + b + c));
    let figures: Vec<Figure> = table::built_in(include_str!("../../../tables/urgency.csv"));
    let limit = |key| table::figure(&figures, key, day).value;
    let rank = if pa >= limit("rate_a_pa_percent") || pab >= limit("rate_a_pab_percent") {
        Rank::A
    } else if a > 0 || b > 0 || pabc >= limit("rate_b_pabc_percent") {
        Rank::B
    } else {
        Rank::C
    };
    let told = format!(
        "{}本のうち a {a}本、b {b}本、c {c}本（a {pa:.1}％、a+b {pab:.1}％、a+b+c {pabc:.1}％）で {rank:?}",
        span.pipes
    );
    steps.push(step("不良発生率", told));
    match special {
        None => Ok(Some(rank)),
        Some(defect) => {
            steps.push(step("特則", format!("{}番の管に{}の a があるので A", defect.pipe, defect.item.name())));
            Ok(Some(Rank::A))
        }
    }
}
