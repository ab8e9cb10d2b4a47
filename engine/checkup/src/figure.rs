//! Figures for a monitor, in the text format of Prometheus (version 0.0.4).
//!
//! What is told is a snapshot that was taken for the purpose, so there is nothing to register and nothing to count up; that is all
//! that a client library would bring.

use std::fmt::Write as _;

/// What a figure may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only goes up, until the process begins anew.
    Counter,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name; the base unit stands at its end.
    pub name: &'static str,
    /// What it says, in English, as monitors have it.
    pub help: &'static str,
    /// What it may do.
    pub kind: Kind,
    /// What it is of.
    pub labels: Vec<(&'static str, String)>,
    /// How much it is.
    pub value: f64,
}

impl Figure {
    /// A figure without labels.
    #[must_use]
    pub const fn new(name: &'static str, help: &'static str, kind: Kind, value: f64) -> Self {
        Self { name, help, kind, labels: Vec::new(), value }
    }

    /// With one more label.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((label, value.into()));
        self
    }
}

/// The text of figures. Those of one name stand together, as the format asks, in the order in which the names first come.
#[must_use]
pub fn exposition(figures: &[Figure]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for figure in figures {
        if !names.contains(&figure.name) {
            names.push(figure.name);
        }
    }
    let mut text = String::new();
    for name in names {
        let family: Vec<&Figure> = figures.iter().filter(|figure| figure.name == name).collect();
        let kind = match family[0].kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", family[0].help);
        for figure in family {
            let labels: Vec<String> =
                figure.labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{labels} {}", figure.value);
        }
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_together_and_labels_are_escaped() {
        let free = |folder: &str, value| Figure::new("free_bytes", "Free.", Kind::Gauge, value).with("folder", folder);
        let up = Figure::new("up_total", "Up.", Kind::Counter, 3.0);
        assert_eq!(
            exposition(&[free("/a\"b", 1.0), up, free("/c", 1e15)]),
            "# HELP free_bytes Free.\n# TYPE free_bytes gauge\nfree_bytes{folder=\"/a\\\"b\"} 1\n\
             free_bytes{folder=\"/c\"} 1000000000000000\n# HELP up_total Up.\n# TYPE up_total counter\nup_total 3\n"
        );
    }
}
