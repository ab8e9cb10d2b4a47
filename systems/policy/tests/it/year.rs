//! The turn of the fiscal year, with what the policy board does at it.

use crate::support::city as town;

use std::sync::Arc;

use kawasemi_platform::kernel::fiscal::FiscalYear;
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::year::{YearReport, rollover};
use kawasemi_platform::{Turn, Work, WorkError};
use kawasemi_testkit::on_both_stores;
use town::city_with_sample;

async fn turned(
    city: &kawasemi_testkit::TestCity,
    fixture: &kawasemi_testkit::Fixture,
    to: i32,
    dry_run: bool,
) -> Result<YearReport, WorkError> {
    let work = Work {
        city: city.city.city.clone(),
        ledgers: city.city.ledgers.clone(),
        identity: city.city.identity.clone(),
        context: city.system(),
        inventory: Arc::new(Inventory::new(&city.city.ledgers, &city.city.identity)),
        ids: fixture.ids.clone(),
        arguments: Vec::new(),
        progress: Arc::new(|_, _| {}),
    };
    let to = FiscalYear::new(to).expect("is a year");
    rollover(&work, &[kawasemi_policy::system()], Turn { to, dry_run }).await
}

on_both_stores! {
    tables = kawasemi_testkit::desk::tables();

    async fn a_year_turns_once_and_says_what_it_did(fixture) {
        let city = city_with_sample(fixture).await;
        // The test's clock stands in May 2026.
        let planned = turned(&city, fixture, 2026, true).await.expect("it is told");
        let again = turned(&city, fixture, 2026, true).await.expect("it is told");
        assert_eq!(planned.steps, again.steps, "a dry run changes nothing");
        let names: Vec<&str> = planned.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["departments", "numbers", "retention", "carry"]);
        let said = |report: &YearReport| report.steps.last().expect("there are steps").said[0].clone();
        assert!(said(&planned).starts_with("令和7年度から引き継ぐ取組 "), "{}", said(&planned));
        let done = turned(&city, fixture, 2026, false).await.expect("it is done");
        assert!(done.is_whole(), "{done:?}");
        assert_eq!(said(&planned).replace("引き継ぐ", "引き継いだ"), said(&done));
        let repeated = turned(&city, fixture, 2026, false).await.expect("it is done again");
        assert_eq!(said(&repeated), "令和7年度から引き継いだ取組 0件。");
    }

    async fn another_year_than_this_and_the_next_is_refused(fixture) {
        let city = city_with_sample(fixture).await;
        for year in [2025, 2028, 2072] {
            let refused = turned(&city, fixture, year, true).await.expect_err("is refused");
            assert!(refused.to_string().contains("令和8年度"), "{refused}");
        }
        assert!(turned(&city, fixture, 2027, true).await.is_ok());
    }
}
