//! The demo city's content for the board, as `sample/README.md` describes it: made up, and read here into plain rows.

pub mod load;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::kernel::Decimal;

/// The fiscal year of the sample.
pub const FISCAL_YEAR: i32 = 2021;

/// A priority theme.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleTheme {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub aim: String,
}

/// The basic idea of a department.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleBasicIdea {
    /// The name of the department.
    pub department: String,
    /// The text.
    pub basic_idea: String,
}

/// An initiative; columns are the fields of `policy-initiative`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the ledger")]
pub struct SampleInitiative {
    pub department: String,
    pub theme: String,
    pub title: String,
    pub section: String,
    pub description: String,
    pub deliverable: String,
    pub due: Date,
    pub proof: String,
    pub next_step: String,
    pub status: String,
    pub done_on: Option<Date>,
    pub disposition: String,
    pub plan_direction: String,
    pub plan_measure: String,
    pub budget_project: Option<String>,
    pub budget_yen: Option<i64>,
    pub actual_yen: Option<i64>,
}

/// A milestone of an initiative.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the ledger's rows")]
pub struct SampleMilestone {
    pub department: String,
    pub title: String,
    pub what: String,
    pub due: Date,
    pub done_on: Option<Date>,
}

/// An indicator; columns are the fields of `policy-indicator`.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the ledger")]
pub struct SampleIndicator {
    pub department: String,
    pub title: String,
    pub name: String,
    pub kind: String,
    pub unit: String,
    pub direction: String,
    #[serde(deserialize_with = "figure")]
    pub base_value: Option<Decimal>,
    #[serde(deserialize_with = "figure")]
    pub target_value: Option<Decimal>,
    #[serde(deserialize_with = "figure")]
    pub tolerance: Option<Decimal>,
    #[serde(deserialize_with = "figure")]
    pub range_low: Option<Decimal>,
    #[serde(deserialize_with = "figure")]
    pub range_high: Option<Decimal>,
    pub source: String,
    pub kpi_ledger: Option<String>,
    pub kpi_filter: Option<String>,
    pub kpi_aggregate: Option<String>,
    #[serde(rename = "2021-06-30", deserialize_with = "figure")]
    first_quarter: Option<Decimal>,
    #[serde(rename = "2021-09-30", deserialize_with = "figure")]
    second_quarter: Option<Decimal>,
    #[serde(rename = "2021-12-31", deserialize_with = "figure")]
    third_quarter: Option<Decimal>,
    #[serde(rename = "2022-03-31", deserialize_with = "figure")]
    fourth_quarter: Option<Decimal>,
}

impl SampleIndicator {
    /// The actual figures that there are, by the day that they are as of.
    pub fn actuals(&self) -> impl Iterator<Item = (Date, Decimal)> + use<> {
        use jiff::civil::date;
        let quarters = [
            (date(2021, 6, 30), self.first_quarter),
            (date(2021, 9, 30), self.second_quarter),
            (date(2021, 12, 31), self.third_quarter),
            (date(2022, 3, 31), self.fourth_quarter),
        ];
        quarters.into_iter().filter_map(|(day, figure)| figure.map(|figure| (day, figure)))
    }
}

/// A review; columns are the fields of `policy-review`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the ledger")]
pub struct SampleReview {
    pub department: String,
    pub title: String,
    pub phase: String,
    pub reviewed_on: Date,
    pub progress: String,
    pub done: String,
    pub result: String,
    pub issue: String,
    pub next_action: String,
    pub grade: Option<String>,
}

/// Everything that the demo city shows on its board.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The priority themes in order.
    pub themes: Vec<SampleTheme>,
    /// The departments' basic ideas in the order of the paper.
    pub basic_ideas: Vec<SampleBasicIdea>,
    /// The initiatives in the order of the paper.
    pub initiatives: Vec<SampleInitiative>,
    /// Their milestones.
    pub milestones: Vec<SampleMilestone>,
    /// Their indicators.
    pub indicators: Vec<SampleIndicator>,
    /// Their reviews.
    pub reviews: Vec<SampleReview>,
}

/// Reads the sample.
pub fn sample() -> Result<Sample, csv::Error> {
    Ok(Sample {
        themes: rows(include_str!("../../sample/themes.csv"))?,
        basic_ideas: rows(include_str!("../../sample/basic-ideas.csv"))?,
        initiatives: rows(include_str!("../../sample/initiatives.csv"))?,
        milestones: rows(include_str!("../../sample/milestones.csv"))?,
        indicators: rows(include_str!("../../sample/indicators.csv"))?,
        reviews: rows(include_str!("../../sample/reviews.csv"))?,
    })
}

fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, csv::Error> {
    csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect()
}

fn figure<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    Decimal::parse_at(&text, 2).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::definitions::{INDICATOR, INITIATIVE, REVIEW, bundle};
    use crate::paper::parse_paper;

    const PAPER: &[u8] = include_bytes!("../../tests/data/department-policy-fy2021.txt");

    #[test]
    fn the_sample_has_the_initiatives_of_the_paper_in_its_order() {
        let paper = parse_paper(PAPER).unwrap();
        let stated = paper.departments.iter().flat_map(|department| {
            department.initiatives.iter().map(|one| (department.name.as_str(), one.theme.as_str(), one.title.as_str()))
        });
        let sample = sample().unwrap();
        let named =
            sample.initiatives.iter().map(|one| (one.department.as_str(), one.theme.as_str(), one.title.as_str()));
        assert_eq!(named.collect::<Vec<_>>(), stated.collect::<Vec<_>>());
        let departments = sample.basic_ideas.iter().map(|idea| idea.department.as_str());
        assert!(departments.eq(paper.departments.iter().map(|department| department.name.as_str())));
        assert!(sample.themes.iter().map(|theme| &theme.name).eq(&paper.themes));
    }

    #[test]
    fn no_sentence_of_the_paper_is_copied() {
        /// As long as this, a common run of characters is no chance.
        const RUN: usize = 12;
        let paper = parse_paper(PAPER).unwrap();
        let mut runs = HashSet::new();
        for department in &paper.departments {
            let texts = department.initiatives.iter().map(|one| &one.summary).chain(&department.basic_ideas);
            for text in texts {
                let chars = text.chars().collect::<Vec<char>>();
                runs.extend(chars.windows(RUN).map(<[char]>::to_vec));
            }
        }
        let sample = sample().unwrap();
        let ideas = sample.basic_ideas.iter().map(|idea| &idea.basic_idea);
        let own = sample.initiatives.iter().flat_map(|one| [&one.description, &one.deliverable, &one.next_step]);
        let reviews = sample.reviews.iter().flat_map(|one| [&one.done, &one.result, &one.issue, &one.next_action]);
        for text in ideas.chain(own).chain(reviews) {
            let chars = text.chars().collect::<Vec<char>>();
            assert!(!chars.windows(RUN).any(|run| runs.contains(run)), "{text}");
        }
    }

    #[test]
    fn every_row_belongs_to_an_initiative_and_every_choice_is_declared() {
        let sample = sample().unwrap();
        let titles = sample.initiatives.iter().map(|one| (&one.department, &one.title)).collect::<HashSet<_>>();
        let milestones = sample.milestones.iter().map(|one| (&one.department, &one.title));
        let indicators = sample.indicators.iter().map(|one| (&one.department, &one.title));
        let reviews = sample.reviews.iter().map(|one| (&one.department, &one.title));
        for owner in milestones.chain(indicators).chain(reviews) {
            assert!(titles.contains(&owner), "{owner:?}");
        }
        let ledgers = bundle().unwrap().ledgers;
        let is_declared = |ledger: &str, field: &str, choice: &str| {
            let ledger = ledgers.iter().find(|one| one.key == ledger).unwrap();
            assert!(ledger.field(field).unwrap().choice(choice).is_some(), "{field} {choice}");
        };
        for one in &sample.initiatives {
            is_declared(INITIATIVE, "status", &one.status);
            is_declared(INITIATIVE, "disposition", &one.disposition);
            is_declared(INITIATIVE, "plan_direction", &one.plan_direction);
            assert_eq!(one.status == "done", one.done_on.is_some(), "{}", one.title);
        }
        for one in &sample.indicators {
            is_declared(INDICATOR, "kind", &one.kind);
            is_declared(INDICATOR, "direction", &one.direction);
            assert_eq!(one.kpi_ledger.is_none(), one.actuals().next().is_some(), "{}", one.name);
        }
        for one in &sample.reviews {
            is_declared(REVIEW, "phase", &one.phase);
            is_declared(REVIEW, "progress", &one.progress);
            assert_eq!(one.phase == "year-end", one.grade.is_some(), "{}", one.title);
        }
    }

    #[test]
    fn milestones_come_before_what_they_lead_to() {
        let sample = sample().unwrap();
        for milestone in &sample.milestones {
            let owner = sample.initiatives.iter().find(|one| one.title == milestone.title).unwrap();
            assert!(milestone.due <= owner.due, "{} {}", owner.title, milestone.what);
        }
    }
}
