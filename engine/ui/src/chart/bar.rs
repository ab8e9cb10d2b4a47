//! Bars, each in the row of a table beside its figure.

use askama::Template;
use kawasemi_kernel::Lang;

use super::{Tone, coordinate, figure, share};
use crate::{Component, SafeHtml, Text, words};

/// A bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// How much; below zero is drawn as nothing.
    pub value: f64,
    /// Its tone.
    pub tone: Tone,
    /// Where its label leads.
    pub href: Option<String>,
}

impl Bar {
    /// A bar in the first tone.
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Self { label: label.into(), value, tone: Tone::First, href: None }
    }
}

/// Bars below one another.
#[derive(Clone, Debug)]
pub struct BarChart {
    /// What the chart shows.
    pub title: String,
    /// The heading of the labels: 部.
    pub label_name: String,
    /// The heading of the figures: 件数.
    pub value_name: String,
    /// The unit after each figure.
    pub unit: String,
    /// The bars.
    pub bars: Vec<Bar>,
}

impl BarChart {
    /// The chart's HTML.
    pub fn html(&self) -> SafeHtml {
        let whole = self.bars.iter().map(|bar| bar.value).filter(|value| value.is_finite()).fold(0.0, f64::max);
        let rows = self.bars.iter().map(|bar| BarRow {
            label: link(&bar.label, bar.href.as_deref()),
            segments: vec![Segment {
                tone: bar.tone.class(),
                x: coordinate(0.0),
                width: coordinate(100.0 * share(bar.value, whole)),
            }],
            value: figure(bar.value, &self.unit),
        });
        BarTable {
            title: &self.title,
            label_name: &self.label_name,
            value_name: &self.value_name,
            legend: &[],
            rows: rows.collect(),
            figures: SafeHtml::EMPTY,
        }
        .html()
    }
}

/// A bar of several segments.
#[derive(Clone, Debug)]
pub struct StackedRow {
    /// What it counts.
    pub label: String,
    /// A value for each series.
    pub values: Vec<f64>,
    /// Where its label leads.
    pub href: Option<String>,
}

/// Bars of several segments: 完了・進行中・未着手 of each department.
#[derive(Clone, Debug)]
pub struct StackedChart {
    /// What the chart shows.
    pub title: String,
    /// The heading of the labels.
    pub label_name: String,
    /// The unit after each figure.
    pub unit: String,
    /// The name and tone of each series.
    pub series: Vec<(String, Tone)>,
    /// The bars.
    pub rows: Vec<StackedRow>,
}

impl StackedChart {
    /// The chart's HTML; the figures of all segments stand in a table to open.
    pub fn html(&self, lang: Lang) -> SafeHtml {
        let t = words(lang);
        let whole = self.rows.iter().map(StackedRow::sum).fold(0.0, f64::max);
        let rows = self.rows.iter().map(|row| {
            let mut x = 0.0;
            let mut segments = Vec::new();
            for (value, (_, tone)) in row.values.iter().zip(&self.series) {
                let width = 100.0 * share(*value, whole);
                segments.push(Segment { tone: tone.class(), x: coordinate(x), width: coordinate(width) });
                x += width;
            }
            BarRow { label: link(&row.label, row.href.as_deref()), segments, value: figure(row.sum(), &self.unit) }
        });
        let legend: Vec<(&str, &'static str)> =
            self.series.iter().map(|(name, tone)| (name.as_str(), tone.class())).collect();
        let total = t.get("chart-total");
        BarTable {
            title: &self.title,
            label_name: &self.label_name,
            value_name: &total,
            legend: &legend,
            rows: rows.collect(),
            figures: self.figures(t),
        }
        .html()
    }

    fn figures(&self, t: Text) -> SafeHtml {
        let head = self.series.iter().map(|(name, _)| name.clone()).collect();
        let rows = self
            .rows
            .iter()
            .map(|row| (row.label.clone(), row.values.iter().map(|value| figure(*value, &self.unit)).collect()));
        Figures { t, title: &self.title, label_name: &self.label_name, head, rows: rows.collect() }.html()
    }
}

impl StackedRow {
    fn sum(&self) -> f64 {
        self.values.iter().filter(|value| value.is_finite() && **value > 0.0).sum()
    }
}

fn link(label: &str, href: Option<&str>) -> SafeHtml {
    href.map_or_else(|| SafeHtml::escape(label), |href| SafeHtml::link(href, label))
}

struct Segment {
    tone: &'static str,
    x: String,
    width: String,
}

struct BarRow {
    label: SafeHtml,
    segments: Vec<Segment>,
    value: String,
}

#[derive(Template)]
#[template(
    source = r#"<figure class="chart"><figcaption>{{ title }}</figcaption>{% if !legend.is_empty() %}<ul class="legend">{% for (name, tone) in legend %}<li><svg viewBox="0 0 12 12" aria-hidden="true" class="{{ tone }}"><path class="legend-mark" d="M0 0h12v12H0z"/></svg>{{ name }}</li>{% endfor %}</ul>{% endif %}<table class="bars"><thead class="visually-hidden"><tr><th scope="col">{{ label_name }}</th><td></td><th scope="col">{{ value_name }}</th></tr></thead><tbody>{% for row in rows %}<tr><th scope="row">{{ row.label }}</th><td class="bar-cell"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">{% for segment in row.segments %}<rect class="chart-area {{ segment.tone }}" x="{{ segment.x }}" y="0" width="{{ segment.width }}" height="10"/>{% endfor %}</svg></td><td class="bar-value">{{ row.value }}</td></tr>{% endfor %}</tbody></table>{{ figures }}</figure>"#,
    ext = "html"
)]
struct BarTable<'a> {
    title: &'a str,
    label_name: &'a str,
    value_name: &'a str,
    legend: &'a [(&'a str, &'static str)],
    rows: Vec<BarRow>,
    figures: SafeHtml,
}

/// The figures of a chart as a table to open.
#[derive(Template)]
#[template(
    source = r#"<details><summary>{{ t.say("chart-figures") }}</summary><div class="table-frame" tabindex="0" role="region" aria-label="{{ title }}"><table class="table table-cross"><caption class="visually-hidden">{{ title }}</caption><thead><tr><th scope="col">{{ label_name }}</th>{% for name in head %}<th scope="col" class="cell-number">{{ name }}</th>{% endfor %}</tr></thead><tbody>{% for (label, values) in rows %}<tr><th scope="row">{{ label }}</th>{% for value in values %}<td class="cell-number">{{ value }}</td>{% endfor %}</tr>{% endfor %}</tbody></table></div></details>"#,
    ext = "html"
)]
pub(super) struct Figures<'a> {
    pub(super) t: Text,
    pub(super) title: &'a str,
    pub(super) label_name: &'a str,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_are_no_numbers_draw_nothing() {
        let bars = vec![Bar::new("A", f64::NAN), Bar::new("B", -3.0), Bar::new("C", 0.0)];
        let chart =
            BarChart { title: "t".into(), label_name: "l".into(), value_name: "v".into(), unit: "件".into(), bars };
        let html = chart.html();
        assert_eq!(html.as_str().matches("width=\"0.0\"").count(), 3);
        assert!(html.as_str().contains("—") && html.as_str().contains("-3件"));
    }

    #[test]
    fn segments_stand_side_by_side() {
        let rows = vec![
            StackedRow { label: "A".into(), values: vec![1.0, 3.0], href: None },
            StackedRow { label: "B".into(), values: vec![8.0, 0.0], href: None },
        ];
        let series = vec![("完了".to_owned(), Tone::Good), ("残り".to_owned(), Tone::Rest)];
        let chart = StackedChart { title: "t".into(), label_name: "部".into(), unit: "件".into(), series, rows };
        let html = chart.html(Lang::Ja).into_string();
        assert!(
            html.contains("x=\"0.0\" y=\"0\" width=\"12.5\"") && html.contains("x=\"12.5\" y=\"0\" width=\"37.5\"")
        );
    }
}
