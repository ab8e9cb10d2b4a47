//! Charts as tables and inline SVG.
//!
//! A bar chart is a table whose rows carry a bar, so that the figures are text for everybody. A line chart is an SVG with the
//! same figures in a table to open. Tones differ in lightness, lines also by their marks; no chart needs colour to be read.

mod bar;
mod line;
mod small;

pub use self::bar::{Bar, BarChart, StackedChart, StackedRow};
pub use self::line::{LineChart, Series};
pub use self::small::{progress, sparkline};

/// The tone of a bar, a segment or a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// The brand's colour.
    #[default]
    First,
    /// The second series.
    Second,
    /// The third series.
    Third,
    /// The fourth series.
    Fourth,
    /// The fifth series.
    Fifth,
    /// The sixth series.
    Sixth,
    /// What is left over.
    Rest,
    /// Going well.
    Good,
    /// Needs care.
    Warning,
    /// Late, below the target.
    Bad,
}

impl Tone {
    /// The tones of series, in order; a seventh begins anew.
    pub fn of_series(index: usize) -> Self {
        [Self::First, Self::Second, Self::Third, Self::Fourth, Self::Fifth, Self::Sixth][index % 6]
    }

    const fn class(self) -> &'static str {
        match self {
            Self::First => "tone-1",
            Self::Second => "tone-2",
            Self::Third => "tone-3",
            Self::Fourth => "tone-4",
            Self::Fifth => "tone-5",
            Self::Sixth => "tone-6",
            Self::Rest => "tone-rest",
            Self::Good => "tone-success",
            Self::Warning => "tone-warning",
            Self::Bad => "tone-danger",
        }
    }
}

/// A figure as a coordinate: finite, with one decimal.
fn coordinate(value: f64) -> String {
    if value.is_finite() { format!("{value:.1}") } else { "0".to_owned() }
}

/// The share of a value in a whole, from 0 to 1; 0 where that has no meaning.
fn share(value: f64, whole: f64) -> f64 {
    let share = value / whole;
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
}

/// A figure as people read it, with its unit.
fn figure(value: f64, unit: &str) -> String {
    if value.is_finite() { format!("{}{unit}", crate::said::grouped(value)) } else { "—".to_owned() }
}
