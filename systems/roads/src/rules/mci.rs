//! The maintenance control index of pavement (MCI, 維持管理指数): from cracks, rut and roughness to what is to be repaired.
//!
//! MCI = 10 − 1.48·C^0.3 − 0.29·D^0.7 − 0.47·σ^0.2 with C cracks in %, D rut in mm and σ roughness in mm; beside it MCI0, MCI1 and MCI2
//! of fewer figures. The smallest counts. Coefficients are `tables/mci.csv`, bands `tables/mci-bands.csv`.

use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated};
use super::{Worked, step};

/// What was measured of a section.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The share of cracks, percent.
    pub crack_percent: f64,
    /// The depth of the rut, millimetres.
    pub rut_mm: f64,
    /// The deviation of roughness σ, millimetres; none where it was not measured.
    pub roughness_mm: Option<f64>,
}

/// The index and what it asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mci {
    /// The smallest of the indices.
    pub index: f64,
    /// What is to be done.
    pub judgement: Judgement,
}

/// What the index asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Nothing (補修不要).
    Fine,
    /// A repair is desirable (補修が望ましい).
    Desirable,
    /// A repair is needed (補修が必要).
    Repair,
    /// The pavement is to be built anew (打換え).
    Rebuild,
}

impl Judgement {
    /// Every judgement, from good to bad.
    pub const ALL: [Self; 4] = [Self::Fine, Self::Desirable, Self::Repair, Self::Rebuild];

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Desirable => "desirable",
            Self::Repair => "repair",
            Self::Rebuild => "rebuild",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fine => "補修不要",
            Self::Desirable => "補修が望ましい",
            Self::Repair => "補修が必要",
            Self::Rebuild => "打換えが必要",
        }
    }
}

#[derive(Deserialize)]
struct Formula {
    effective_from: Date,
    formula: String,
    constant: f64,
    crack_factor: Option<f64>,
    crack_power: Option<f64>,
    rut_factor: Option<f64>,
    rut_power: Option<f64>,
    roughness_factor: Option<f64>,
    roughness_power: Option<f64>,
}

impl Dated for Formula {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

impl Formula {
    /// The index by this formula; none where it needs what was not measured.
    fn index(&self, measured: Measured) -> Option<f64> {
        let part = |factor: Option<f64>, power: Option<f64>, value: f64| match (factor, power) {
            (Some(factor), Some(power)) => factor * value.powf(power),
            _ => 0.0,
        };
        let roughness = match self.roughness_factor {
            None => 0.0,
            Some(_) => part(self.roughness_factor, self.roughness_power, measured.roughness_mm?),
        };
        let crack = part(self.crack_factor, self.crack_power, measured.crack_percent);
        let rut = part(self.rut_factor, self.rut_power, measured.rut_mm);
        Some(self.constant - crack - rut - roughness)
    }
}

#[derive(Deserialize)]
struct Band {
    effective_from: Date,
    judgement: Judgement,
    at_least: Option<f64>,
}

impl Dated for Band {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// The index of what was measured, and its judgement, by the tables of a day.
///
/// # Errors
/// A sentence where a figure is negative or a share is over 100 %.
pub fn mci(measured: Measured, day: Date) -> Result<Worked<Mci>, String> {
    if !(0.0..=100.0).contains(&measured.crack_percent) {
        return Err("ひび割れ率は0〜100％で入れてください。".to_owned());
    }
    if measured.rut_mm < 0.0 || measured.roughness_mm.is_some_and(|value| value < 0.0) {
        return Err("わだち掘れ量と平たん性は0以上で入れてください。".to_owned());
    }
    let formulas: Vec<Formula> = table::built_in(include_str!("../../tables/mci.csv"));
    let mut steps = Vec::new();
    let mut least: Option<(f64, String)> = None;
    for formula in table::on(&formulas, day) {
        let Some(index) = formula.index(measured) else {
            steps.push(step(&*formula.formula, "平たん性が測られていないので、使いません"));
            continue;
        };
        steps.push(step(&*formula.formula, format!("{index:.2}")));
        if least.as_ref().is_none_or(|(value, _)| index < *value) {
            least = Some((index, formula.formula.clone()));
        }
    }
    let (index, formula) = least.ok_or("MCI の式の表に行がありません。")?;
    let bands: Vec<Band> = table::built_in(include_str!("../../tables/mci-bands.csv"));
    let judgement = table::on(&bands, day)
        .into_iter()
        .find(|band| band.at_least.is_none_or(|least| index >= least))
        .map_or(Judgement::Rebuild, |band| band.judgement);
    steps.push(step("最も小さい値", format!("{formula} = {index:.2}、{}", judgement.label())));
    Ok(Worked::new(Mci { index, judgement }, steps))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of(crack: f64, rut: f64, roughness: Option<f64>) -> Mci {
        let measured = Measured { crack_percent: crack, rut_mm: rut, roughness_mm: roughness };
        mci(measured, date(2026, 4, 1)).unwrap().value
    }

    #[test]
    fn the_smallest_of_the_indices_counts() {
        // A new road.
        assert_eq!(of(0.0, 0.0, Some(0.0)), Mci { index: 10.0, judgement: Judgement::Fine });
        // C = 20 %, D = 15 mm, σ = 3 mm, by hand: MCI 3.85, MCI0 4.29, MCI1 4.52, MCI2 6.41.
        let worn = of(20.0, 15.0, Some(3.0));
        assert!((worn.index - 3.8485).abs() < 0.01, "{worn:?}");
        assert_eq!(worn.judgement, Judgement::Repair);
        // Without σ the formula that needs it is left out.
        let without = of(20.0, 15.0, None);
        assert!((without.index - 4.29).abs() < 0.01, "{without:?}");
        assert_eq!(without.judgement, Judgement::Desirable);
        // Cracks all over, no rut: MCI1 = 10 − 2.23·100^0.3 = 1.12 is below MCI0 = 3.99.
        let cracked = of(100.0, 0.0, None);
        assert!((cracked.index - 1.12).abs() < 0.01, "{cracked:?}");
        assert_eq!(cracked.judgement, Judgement::Rebuild);
    }

    #[test]
    fn the_band_s_edge_belongs_to_the_better_judgement() {
        // MCI2 = 10 − 0.54·D^0.7 = 5 at D = (5/0.54)^(1/0.7); MCI0 with C = 0 is 7.2 there.
        let edge = (5.0_f64 / 0.54).powf(1.0 / 0.7);
        assert_eq!(of(0.0, edge - 0.001, None).judgement, Judgement::Fine);
        assert_eq!(of(0.0, edge + 0.001, None).judgement, Judgement::Desirable);
    }

    #[test]
    fn impossible_figures_are_refused() {
        for (crack, rut, roughness) in
            [(-1.0, 0.0, None), (101.0, 0.0, None), (0.0, -1.0, None), (0.0, 0.0, Some(-1.0)), (f64::NAN, 0.0, None)]
        {
            let measured = Measured { crack_percent: crack, rut_mm: rut, roughness_mm: roughness };
            assert!(mci(measured, date(2026, 4, 1)).is_err(), "{measured:?}");
        }
    }
}
