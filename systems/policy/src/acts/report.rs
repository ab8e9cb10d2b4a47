//! The quarterly report of an initiative (四半期の自己点検): how it goes, and what was done, came of it and changes next.
//!
//! One form fills two records: the review of the quarter, and the state of the initiative. The review is written first; a
//! report that was sent twice changes nothing the second time.

use jiff::civil::Date;

use super::repeat;
use crate::definitions::{INITIATIVE, REVIEW};
use crate::kernel::Value;
use crate::kernel::fiscal::{FiscalQuarter, FiscalYear};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{Initiative, Review};

/// The phases in order, by key and name.
pub const PHASES: [(&str, &str); 4] =
    [("q1", "第1四半期"), ("q2", "第2四半期（中間）"), ("q3", "第3四半期"), ("year-end", "年度末の評価")];

/// The key of the last phase.
pub const YEAR_END: &str = "year-end";

/// What was reported. Texts may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledgers")]
pub struct Reported {
    /// The revision of the initiative that the reporter saw.
    pub revision: i64,
    /// The revision of the review that the reporter saw, if there was one.
    pub review_revision: Option<i64>,
    pub phase: String,
    pub progress: String,
    pub done_on: Option<Date>,
    pub done: String,
    pub result: String,
    pub issue: String,
    pub next_action: String,
    pub next_step: String,
    pub status_note: String,
    pub grade: String,
    pub disposition: String,
    pub actual_yen: Option<i64>,
}

/// The phase that a report of a day is for: the quarter that has ended last, within the initiative's year.
pub fn phase_on(fiscal_year: i32, today: Date) -> &'static str {
    let year = FiscalYear::of(today).year();
    if year > fiscal_year {
        return "year-end";
    }
    if year < fiscal_year {
        return "q1";
    }
    match FiscalQuarter::of(today).number() {
        1 | 2 => "q1",
        3 => "q2",
        _ => "q3",
    }
}

/// The phase of which every report is to be there on a day; none before the first quarter has ended.
pub fn due_phase(fiscal_year: i32, today: Date) -> Option<&'static str> {
    let year = FiscalYear::of(today).year();
    let has_begun = year > fiscal_year || (year == fiscal_year && FiscalQuarter::of(today).number() > 1);
    has_begun.then(|| phase_on(fiscal_year, today))
}

/// The review of a phase, if there is one.
pub async fn review_of(
    ledgers: &Ledgers,
    context: &Context,
    initiative: &Initiative,
    phase: &str,
) -> Result<Option<Review>, LedgerError> {
    let phase = PHASES.iter().map(|(key, _)| *key).find(|key| *key == phase).unwrap_or("q1");
    let request = ListRequest::filtered(format!("initiative = '{}' AND phase = '{phase}'", initiative.id));
    let page = ledgers.list(context, REVIEW, &request).await?;
    Ok(page.records.first().map(Review::of))
}

/// Saves a report.
pub async fn save(
    ledgers: &Ledgers,
    context: &Context,
    initiative: &Initiative,
    reported: &Reported,
) -> Result<(), LedgerError> {
    let context = context.clone().because("四半期の自己点検");
    let draft = review_draft(initiative, reported);
    match review_of(ledgers, &context, initiative, &reported.phase).await? {
        None => drop(ledgers.create(&context, REVIEW, draft.with("reviewed_on", context.today())).await?),
        Some(review) => {
            let seen = reported.review_revision.unwrap_or(0);
            ledgers.update(&context, REVIEW, review.id, seen, draft).await?;
        }
    }
    let draft = initiative_draft(reported);
    ledgers.update(&context, INITIATIVE, initiative.id, reported.revision, draft).await.map(drop)
}

fn review_draft(initiative: &Initiative, reported: &Reported) -> Draft {
    let mut draft = Draft::new()
        .with("initiative", initiative.id)
        .with("phase", reported.phase.as_str())
        .with("progress", text(&reported.progress))
        .with("done", text(&reported.done))
        .with("result", text(&reported.result))
        .with("issue", text(&reported.issue))
        .with("next_action", text(&reported.next_action));
    if reported.phase == "year-end" {
        draft.set("grade", text(&reported.grade));
        draft.set("disposition", text(&reported.disposition));
    }
    repeat(&mut draft, initiative, true);
    draft
}

fn initiative_draft(reported: &Reported) -> Draft {
    let mut draft = Draft::new()
        .with("status", text(&reported.progress))
        .with("next_step", text(&reported.next_step))
        .with("status_note", text(&reported.status_note))
        .with("actual_yen", reported.actual_yen.map_or(Value::Null, Value::Int));
    if reported.progress == "done" {
        draft.set("done_on", reported.done_on.map_or(Value::Null, Value::Date));
    }
    if reported.phase == "year-end" && !reported.disposition.is_empty() {
        draft.set("disposition", reported.disposition.as_str());
    }
    draft
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_report_is_for_the_quarter_that_ended_last() {
        for (day, phase) in [
            (date(2021, 3, 31), "q1"),
            (date(2021, 5, 1), "q1"),
            (date(2021, 7, 10), "q1"),
            (date(2021, 10, 12), "q2"),
            (date(2022, 1, 12), "q3"),
            (date(2022, 4, 8), "year-end"),
        ] {
            assert_eq!(phase_on(2021, day), phase, "{day}");
        }
        assert_eq!(due_phase(2021, date(2021, 6, 30)), None);
        assert_eq!(due_phase(2021, date(2021, 7, 1)), Some("q1"));
        assert_eq!(due_phase(2021, date(2022, 4, 1)), Some(YEAR_END));
    }
}
