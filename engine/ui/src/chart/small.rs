//! Charts as small as a word: a progress bar, a sparkline.

use askama::Template;

use super::{Tone, coordinate, share};
use crate::{Component, SafeHtml};

/// A progress bar with its words: 進捗 12/20件. `done` and `all` are in the same unit.
pub fn progress(label: &str, done: f64, all: f64, said: &str, tone: Tone) -> SafeHtml {
    let class = match tone {
        Tone::Good => "progress progress-success",
        Tone::Bad => "progress progress-danger",
        _ => "progress",
    };
    Progress { label, value: format!("{:.3}", share(done, all)), said, class }.html()
}

#[derive(Template)]
#[template(
    source = r#"<div class="{{ class }}"><div class="progress-text"><span>{{ label }}</span><span class="progress-value">{{ said }}</span></div><progress max="1" value="{{ value }}" aria-label="{{ label }} {{ said }}"></progress></div>"#,
    ext = "html"
)]
struct Progress<'a> {
    label: &'a str,
    value: String,
    said: &'a str,
    class: &'static str,
}

/// A line as small as a word, with the sentence that says what it shows. Fewer than two values draw nothing.
pub fn sparkline(values: &[f64], sentence: &str) -> SafeHtml {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (low, high) = finite
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    if finite.len() < 2 {
        return SafeHtml::EMPTY;
    }
    let steps = (finite.len() - 1) as f64;
    let point = |(index, value): (usize, &f64)| {
        let height = if high > low { (value - low) / (high - low) } else { 0.5 };
        (coordinate(3.0 + 106.0 * index as f64 / steps), coordinate(28.0 - 24.0 * height))
    };
    let points: Vec<(String, String)> = finite.iter().enumerate().map(point).collect();
    let (last_x, last_y) = points[points.len() - 1].clone();
    Sparkline { points, last_x, last_y, sentence }.html()
}

#[derive(Template)]
#[template(
    source = r#"<svg class="sparkline tone-1" viewBox="0 0 112 32" role="img" aria-label="{{ sentence }}"><polyline class="chart-line" points="{% for (x, y) in points %}{{ x }},{{ y }} {% endfor %}"/><circle class="chart-dot" cx="{{ last_x }}" cy="{{ last_y }}" r="3"/></svg>"#,
    ext = "html"
)]
struct Sparkline<'a> {
    points: Vec<(String, String)>,
    last_x: String,
    last_y: String,
    sentence: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_stays_between_nothing_and_all() {
        for (done, all, value) in
            [(5.0, 10.0, "0.500"), (12.0, 10.0, "1.000"), (-1.0, 10.0, "0.000"), (1.0, 0.0, "0.000")]
        {
            let html = progress("進捗", done, all, "", Tone::First).into_string();
            assert!(html.contains(&format!("value=\"{value}\"")), "{html}");
        }
    }

    #[test]
    fn a_sparkline_needs_two_values() {
        assert!(sparkline(&[1.0], "").is_empty() && sparkline(&[f64::NAN, 1.0], "").is_empty());
        assert!(sparkline(&[2.0, 2.0], "変わらず").as_str().contains("3.0,16.0 109.0,16.0"));
    }
}
