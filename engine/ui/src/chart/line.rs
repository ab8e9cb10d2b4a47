//! Lines over time.

use askama::Template;
use kawasemi_kernel::Lang;

use super::bar::Figures;
use super::{Tone, coordinate, figure};
use crate::{Component, SafeHtml, Text, words};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 36.0;

/// A line. A value that is missing leaves a gap.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it counts.
    pub name: String,
    /// A value for each point of the horizontal axis.
    pub values: Vec<Option<f64>>,
    /// Whether it is a target: drawn dashed and without marks.
    pub target: bool,
}

/// Lines over the same points.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// What the chart shows.
    pub title: String,
    /// The heading of the points: 年月.
    pub label_name: String,
    /// The unit of the figures.
    pub unit: String,
    /// The points of the horizontal axis.
    pub labels: Vec<String>,
    /// The lines.
    pub series: Vec<Series>,
}

impl LineChart {
    /// The chart's HTML.
    pub fn html(&self, lang: Lang) -> SafeHtml {
        let t = words(lang);
        let (low, high, step) = scale(self.series.iter().flat_map(|series| series.values.iter().flatten().copied()));
        let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - low) / (high - low));
        let mut ticks = Vec::new();
        let mut value = low;
        while value <= high + step / 2.0 {
            ticks.push((coordinate(y(value)), figure(value, "")));
            value += step;
        }
        let lines = self.series.iter().enumerate().map(|(index, series)| self.line(index, series, &y));
        LineFigure {
            t,
            chart: self,
            ticks,
            marks: self.marks(),
            lines: lines.collect(),
            baseline: coordinate(HEIGHT - BOTTOM),
            figures: self.figures(t),
        }
        .html()
    }

    fn x(&self, index: usize) -> f64 {
        let steps = self.labels.len().saturating_sub(1).max(1);
        LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / steps as f64
    }

    /// The labels below the axis: as many as there is room for, the last one always.
    fn marks(&self) -> Vec<(String, &'static str, &str)> {
        let every = self.labels.len().div_ceil(12).max(1);
        let last = self.labels.len().saturating_sub(1);
        let shown = |index: usize| (last - index).is_multiple_of(every);
        let labels = self.labels.iter().enumerate().filter(|(index, _)| shown(*index));
        let anchor = |index: usize| if index == last && last > 0 { "end" } else { "middle" };
        labels.map(|(index, label)| (coordinate(self.x(index)), anchor(index), label.as_str())).collect()
    }

    fn line<'a>(&self, index: usize, series: &'a Series, y: &impl Fn(f64) -> f64) -> Line<'a> {
        let mut path = String::new();
        let mut dots = Vec::new();
        let mut pen_down = false;
        for (index, value) in series.values.iter().enumerate().take(self.labels.len()) {
            let Some(value) = value.filter(|value| value.is_finite()) else {
                pen_down = false;
                continue;
            };
            let (x, y) = (coordinate(self.x(index)), coordinate(y(value)));
            path.push_str(&format!("{}{x} {y}", if pen_down { "L" } else { "M" }));
            dots.push((x, y));
            pen_down = true;
        }
        if series.target {
            dots.clear();
        }
        Line { name: &series.name, tone: Tone::of_series(index).class(), target: series.target, path, dots }
    }

    fn figures(&self, t: Text) -> SafeHtml {
        let head = self.series.iter().map(|series| series.name.clone()).collect();
        let rows = self.labels.iter().enumerate().map(|(index, label)| {
            let values = self.series.iter().map(|series| series.values.get(index).copied().flatten());
            let said = values.map(|value| value.map_or_else(|| "—".to_owned(), |value| figure(value, &self.unit)));
            (label.clone(), said.collect())
        });
        Figures { t, title: &self.title, label_name: &self.label_name, head, rows: rows.collect() }.html()
    }
}

/// Lowest and highest value of the axis and the step between its lines: round numbers, zero included.
fn scale(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return (0.0, 1.0, 1.0);
    }
    let rough = span / 4.0;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    ((low / step).floor() * step, (high / step).ceil() * step, step)
}

struct Line<'a> {
    name: &'a str,
    tone: &'static str,
    target: bool,
    path: String,
    dots: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "line_chart.html")]
struct LineFigure<'a> {
    t: Text,
    chart: &'a LineChart,
    ticks: Vec<(String, String)>,
    marks: Vec<(String, &'static str, &'a str)>,
    lines: Vec<Line<'a>>,
    baseline: String,
    figures: SafeHtml,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_zero() {
        for (values, wanted) in [
            (vec![3.0, 97.0], (0.0, 100.0, 25.0)),
            (vec![0.4], (0.0, 0.4, 0.1)),
            (vec![-5.0, 12.0], (-5.0, 15.0, 5.0)),
            (vec![0.0], (0.0, 1.0, 1.0)),
            (vec![], (0.0, 1.0, 1.0)),
            (vec![f64::INFINITY, 10.0], (0.0, 10.0, 2.5)),
        ] {
            assert_eq!(scale(values.into_iter()), wanted);
        }
    }

    #[test]
    fn a_missing_value_leaves_a_gap() {
        let series = vec![Series { name: "実績".into(), values: vec![Some(1.0), None, Some(2.0)], target: false }];
        let labels = vec!["4月".into(), "5月".into(), "6月".into()];
        let chart = LineChart { title: "t".into(), label_name: "月".into(), unit: "件".into(), labels, series };
        let html = chart.html(Lang::Ja).into_string();
        assert_eq!(html.matches("M64.0").count() + html.matches("M696.0").count(), 2, "{html}");
    }
}
