//! The urgency of a span (緊急度) from what the camera saw, by 下水道長寿命化支援制度に関する手引き（案）平成21年度版, 表2.3–2.9.
//!
//! Corrosion and sag are ranked A, B, C for the whole span. Breaks, cracks, joints and the rest are ranked a, b, c for each pipe, of
//! which the worst counts; how many pipes are bad gives the third rank. Two As make urgency Ⅰ, one A or two Bs Ⅱ, anything else Ⅲ.
//! Thresholds are `tables/urgency.csv`, `tables/sag.csv` and `tables/defects.csv`.

mod ranks;
#[cfg(test)]
mod tests;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use self::ranks::{rate, sag};
use super::{Worked, step, table};

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

/// By when a span is acted on after its survey: within a year for Ⅰ in principle (the national special survey of 2025), within five for Ⅱ; by
/// `tables/settings.csv`. None where nothing has to be done.
pub fn measure_due(surveyed_on: Date, urgency: Urgency) -> Option<Date> {
    let key = match urgency {
        Urgency::One => "measure_years_one",
        Urgency::Two => "measure_years_two",
        Urgency::Three | Urgency::None => return None,
    };
    surveyed_on.checked_add((table::setting(key, surveyed_on) as i64).years()).ok()
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
