//! The urgency of a span (緊急度) from what the camera saw, by 下水道長寿命化支援制度に関する手引き（案）平成21年度版, 表2.3–2.9.
//!
//! Corrosion and sag are ranked A, B, C for the whole span. Breaks, cracks, joints and the rest are ranked a, b, c for each pipe, of
//! which the worst counts; how many pipes are bad gives the third rank. Two As make urgency Ⅰ, one A or two Bs Ⅱ, anything else Ⅲ.
//! Thresholds are `tables/urgency.csv`, `tables/sag.csv` and `tables/defects.csv`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated, Figure};
use super::{Step, Worked, step};

/// A rank, from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The worst.
    A,
    /// In between.
    B,
    /// The least.
    C,
}

impl Rank {
    /// The rank with a key or letter.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "a" | "A" | "Ａ" | "ａ" => Some(Self::A),
            "b" | "B" | "Ｂ" | "ｂ" => Some(Self::B),
            "c" | "C" | "Ｃ" | "ｃ" => Some(Self::C),
            _ => None,
        }
    }

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        }
    }
}

/// The urgency, from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Ⅰ: act at once.
    One,
    /// Ⅱ: may wait less than five years with a simple measure.
    Two,
    /// Ⅲ: may wait five years or more.
    Three,
    /// Nothing found (異常なし).
    None,
}

impl Urgency {
    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Three => "three",
            Self::None => "none",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::One => "緊急度Ⅰ（速やかに措置）",
            Self::Two => "緊急度Ⅱ（5年未満に措置）",
            Self::Three => "緊急度Ⅲ（5年以上に措置）",
            Self::None => "異常なし",
        }
    }
}

/// What of a pipe is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// 破損・軸方向クラック.
    Break,
    /// 円周方向クラック.
    Crack,
    /// 継手ズレ.
    Joint,
    /// 浸入水.
    Infiltration,
    /// 取付管の突出し.
    Lateral,
    /// 油脂の付着.
    Grease,
    /// 樹木根の侵入.
    Roots,
    /// モルタルの付着.
    Mortar,
}

impl Item {
    /// Every item with its key and its name.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Break, "break", "破損"),
        (Self::Crack, "crack", "クラック"),
        (Self::Joint, "joint", "継手ズレ"),
        (Self::Infiltration, "infiltration", "浸入水"),
        (Self::Lateral, "lateral", "取付管の突出し"),
        (Self::Grease, "grease", "油脂"),
        (Self::Roots, "roots", "樹木根"),
        (Self::Mortar, "mortar", "モルタル"),
    ];

    /// The item with a key or a name.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.iter().find(|(_, key, name)| *key == text || *name == text).map(|(item, ..)| *item)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(item, ..)| *item == self).map_or("", |(.., name)| name)
    }
}

/// The kind of pipe that the tables tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Material {
    /// Reinforced concrete; PVC is judged by the items that the table has for it.
    Rc,
    /// Vitrified clay (陶管).
    Ceramic,
}

impl Material {
    /// The kind with a key or a name.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "rc" | "pvc" | "RC" | "鉄筋コンクリート" | "塩ビ" => Some(Self::Rc),
            "ceramic" | "陶管" => Some(Self::Ceramic),
            _ => None,
        }
    }
}

/// Something that was found in a pipe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defect {
    /// The number of the pipe in the span, from 1.
    pub pipe: i64,
    /// What.
    pub item: Item,
    /// The rank as the surveyor gave it; none where it follows from the measure.
    pub rank: Option<Rank>,
    /// What was measured, in millimetres or percent of the inner diameter.
    pub measure: Option<f64>,
}

/// What was found in a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The kind of pipe.
    pub material: Material,
    /// The inner diameter, millimetres.
    pub diameter_mm: i64,
    /// How many pipes it has.
    pub pipes: i64,
    /// The rank of corrosion (腐食).
    pub corrosion: Option<Rank>,
    /// The sag (たるみ), millimetres.
    pub sag_mm: Option<i64>,
    /// The rank of the sag where it was given directly.
    pub sag_rank: Option<Rank>,
    /// What was found in single pipes.
    pub defects: Vec<Defect>,
}

/// The judgement of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The rank of the sag.
    pub sag: Option<Rank>,
    /// The rank of the rate of bad pipes (不良発生率).
    pub rate: Option<Rank>,
    /// The urgency.
    pub urgency: Urgency,
}

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

/// Judges a span by the tables of a day.
///
/// # Errors
/// A sentence where the span has no pipes, a defect lies in none of them, or a rank can't be told from what was given.
pub fn judge(span: &Span, day: Date) -> Result<Worked<Judged>, String> {
    if span.pipes < 1 || span.diameter_mm < 1 {
        return Err("管の本数と内径は1以上で入れてください。".to_owned());
    }
    let mut steps = Vec::new();
    let sag = sag(span, day, &mut steps)?;
    let rate = rate(span, day, &mut steps)?;
    if let Some(corrosion) = span.corrosion {
        steps.push(step("腐食", format!("{corrosion:?}")));
    }
    let items = [span.corrosion, sag, rate];
    let count = |rank| items.iter().filter(|item| **item == Some(rank)).count();
    let (a, b) = (count(Rank::A), count(Rank::B));
    let urgency = match (a, b, items.iter().any(Option::is_some)) {
        (2.., ..) => Urgency::One,
        (1, ..) | (_, 2.., _) => Urgency::Two,
        (_, _, true) => Urgency::Three,
        _ => Urgency::None,
    };
    steps.push(step("緊急度", format!("Aが{a}項目、Bが{b}項目で、{}", urgency.label())));
    Ok(Worked::new(Judged { sag, rate, urgency }, steps))
}

/// The rank of the sag by the inner diameter (表2.4).
fn sag(span: &Span, day: Date, steps: &mut Vec<Step>) -> Result<Option<Rank>, String> {
    if let Some(rank) = span.sag_rank {
        steps.push(step("たるみ", format!("{rank:?}（直接）")));
        return Ok(Some(rank));
    }
    let Some(sag) = span.sag_mm.filter(|sag| *sag > 0) else { return Ok(None) };
    let rows: Vec<SagRow> = table::built_in(include_str!("../../tables/sag.csv"));
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
fn rate(span: &Span, day: Date, steps: &mut Vec<Step>) -> Result<Option<Rank>, String> {
    let rows: Vec<DefectRow> = table::built_in(include_str!("../../tables/defects.csv"));
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
    let figures: Vec<Figure> = table::built_in(include_str!("../../tables/urgency.csv"));
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 4, 1);

    fn span() -> Span {
        Span {
            material: Material::Rc,
            diameter_mm: 450,
            pipes: 30,
            corrosion: None,
            sag_mm: None,
            sag_rank: None,
            defects: Vec::new(),
        }
    }

    fn found(pipe: i64, item: Item, rank: Rank) -> Defect {
        Defect { pipe, item, rank: Some(rank), measure: None }
    }

    fn measured(pipe: i64, item: Item, measure: f64) -> Defect {
        Defect { pipe, item, rank: None, measure: Some(measure) }
    }

    fn judged(span: &Span) -> Judged {
        judge(span, DAY).unwrap().value
    }

    #[test]
    fn the_checks_of_the_domain_paper_hold() {
        // One broken pipe of thirty: B by the rate, A by the special rule, so Ⅱ.
        let one = judged(&Span { defects: vec![found(7, Item::Break, Rank::A)], ..span() });
        assert_eq!((one.rate, one.urgency), (Some(Rank::A), Urgency::Two));
        let both = Span { corrosion: Some(Rank::A), defects: vec![found(1, Item::Joint, Rank::A)], ..span() };
        assert_eq!(judged(&both).urgency, Urgency::One);
        let two = Span { corrosion: Some(Rank::B), sag_rank: Some(Rank::B), ..span() };
        assert_eq!(judged(&two).urgency, Urgency::Two);
        assert_eq!(judged(&Span { corrosion: Some(Rank::B), ..span() }).urgency, Urgency::Three);
        assert_eq!(judged(&span()).urgency, Urgency::None);
    }

    #[test]
    fn the_rate_counts_pipes_not_defects() {
        // Two defects in one pipe, even at one place, count once and at the worse rank.
        let twice =
            Span { pipes: 10, defects: vec![found(3, Item::Crack, Rank::C), found(3, Item::Roots, Rank::B)], ..span() };
        let worked = judge(&twice, DAY).unwrap();
        assert_eq!(worked.value.rate, Some(Rank::B));
        assert!(worked.told().contains("a 0本、b 1本、c 0本"), "{}", worked.told());
        for (a, b, c, expected) in [
            (2, 0, 0, Rank::A),
            (1, 3, 0, Rank::A),
            (1, 2, 0, Rank::B),
            (0, 4, 0, Rank::A),
            (0, 0, 6, Rank::B),
            (0, 0, 5, Rank::C),
        ] {
            let ranks = std::iter::repeat_n(Rank::A, a)
                .chain(std::iter::repeat_n(Rank::B, b))
                .chain(std::iter::repeat_n(Rank::C, c));
            let defects = (1..).zip(ranks).map(|(pipe, rank)| found(pipe, Item::Crack, rank)).collect();
            assert_eq!(judged(&Span { pipes: 10, defects, ..span() }).rate, Some(expected), "{a} {b} {c}");
        }
    }

    #[test]
    fn the_sag_is_held_against_the_diameter() {
        for (diameter, sag, expected) in [
            (300, 300, Rank::A),
            (300, 150, Rank::B),
            (300, 149, Rank::C),
            (700, 350, Rank::B),
            (701, 351, Rank::A),
            (1_650, 413, Rank::B),
            (3_000, 750, Rank::A),
            (3_000, 374, Rank::C),
        ] {
            let judged = judged(&Span { diameter_mm: diameter, sag_mm: Some(sag), ..span() });
            assert_eq!(judged.sag, Some(expected), "{diameter} {sag}");
        }
        let large = Span { diameter_mm: 3_500, sag_mm: Some(10), ..span() };
        assert!(judge(&large, DAY).unwrap_err().contains("直接"));
        assert_eq!(judged(&Span { sag_mm: Some(0), ..span() }).sag, None);
    }

    #[test]
    fn measures_become_ranks() {
        let of = |item, measure| {
            let worked = judge(&Span { pipes: 100, defects: vec![measured(1, item, measure)], ..span() }, DAY).unwrap();
            worked.steps.iter().find(|step| step.rule == "不良発生率").map(|step| step.detail.clone())
        };
        assert!(of(Item::Crack, 5.0).unwrap().contains("a 1本"));
        assert!(of(Item::Crack, 2.0).unwrap().contains("b 1本"));
        assert!(of(Item::Crack, 1.9).unwrap().contains("c 1本"));
        assert!(of(Item::Joint, 70.0).unwrap().contains("b 1本"));
        assert!(of(Item::Joint, 69.0).unwrap().contains("c 1本"));
        assert!(of(Item::Grease, 10.0).unwrap().contains("b 1本"));
        assert!(of(Item::Mortar, 30.0).unwrap().contains("a 1本"));
        assert_eq!(of(Item::Mortar, 0.0), None);
        let ceramic = Span { material: Material::Ceramic, defects: vec![measured(1, Item::Joint, 55.0)], ..span() };
        assert!(judge(&ceramic, DAY).unwrap().told().contains("b 1本"));
    }

    #[test]
    fn what_can_t_be_judged_is_refused() {
        let bad = [
            Span { pipes: 0, ..span() },
            Span { defects: vec![found(31, Item::Crack, Rank::A)], ..span() },
            Span { defects: vec![Defect { pipe: 1, item: Item::Crack, rank: None, measure: None }], ..span() },
            Span { defects: vec![measured(1, Item::Infiltration, 3.0)], ..span() },
        ];
        for span in bad {
            assert!(judge(&span, DAY).is_err(), "{span:?}");
        }
    }
}
