//! The system's declarations, built into the program: what it says about itself, its ledgers and its figures.

use crate::schema::{SchemaErrors, SystemBundle};

/// Reports of damage (破損等の通報).
pub const REPORT: &str = "road-report";
/// Categories of reports (通報の種類).
pub const CATEGORY: &str = "report-category";
/// What happened to reports (経過).
pub const UPDATE: &str = "report-update";
/// Who reported the same (同じ通報をした人).
pub const SUPPORTER: &str = "report-supporter";
/// Work orders (作業指示).
pub const WORK_ORDER: &str = "report-work-order";
/// Other authorities (連絡先機関).
pub const AUTHORITY: &str = "report-authority";
/// Keys of Open311.
pub const API_KEY: &str = "report-api-key";
/// Sentences to answer with (文例).
pub const TEMPLATE: &str = "report-reply-template";
/// Settings of all reports.
pub const SETTING: &str = "report-setting";

/// Who sorts reports out.
pub const TRIAGE: &str = "report-triage";
/// Who works on reports of a section.
pub const HANDLER: &str = "report-handler";
/// The headquarters in a disaster.
pub const HEADQUARTERS: &str = "report-headquarters";

/// The files of the system's folder.
const FILES: [(&str, &str); 11] = [
    ("system.toml", include_str!("../system.toml")),
    ("kpis.toml", include_str!("../kpis.toml")),
    ("ledgers/report-category.toml", include_str!("../ledgers/report-category.toml")),
    ("ledgers/report-authority.toml", include_str!("../ledgers/report-authority.toml")),
    ("ledgers/report-api-key.toml", include_str!("../ledgers/report-api-key.toml")),
    ("ledgers/road-report.toml", include_str!("../ledgers/road-report.toml")),
    ("ledgers/report-update.toml", include_str!("../ledgers/report-update.toml")),
    ("ledgers/report-supporter.toml", include_str!("../ledgers/report-supporter.toml")),
    ("ledgers/report-work-order.toml", include_str!("../ledgers/report-work-order.toml")),
    ("ledgers/report-reply-template.toml", include_str!("../ledgers/report-reply-template.toml")),
    ("ledgers/report-setting.toml", include_str!("../ledgers/report-setting.toml")),
];

/// Reads the system's declarations.
///
/// # Errors
/// When one of them is wrong, which the tests would have shown.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("systems/reports", &FILES)
}

#[cfg(test)]
mod tests {
    use crate::rules::State;

    use super::*;

    #[test]
    fn every_ledger_of_the_folder_is_built_in_and_named() {
        let bundle = bundle().unwrap_or_else(|errors| panic!("{errors}"));
        let mut keys: Vec<&str> = bundle.ledgers.iter().map(|ledger| ledger.key.as_str()).collect();
        keys.sort_unstable();
        let mut named = [REPORT, CATEGORY, UPDATE, SUPPORTER, WORK_ORDER, AUTHORITY, API_KEY, TEMPLATE, SETTING];
        named.sort_unstable();
        assert_eq!(keys, named);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers");
        assert_eq!(std::fs::read_dir(folder).expect("the folder").count(), named.len());
    }

    #[test]
    fn states_mean_the_same_in_the_ledger_and_in_the_rules() {
        let bundle = bundle().unwrap_or_else(|errors| panic!("{errors}"));
        let report = bundle.ledgers.iter().find(|ledger| ledger.key == REPORT).expect("the ledger");
        let choices = report.field("state").expect("the field").kind.choices().iter();
        let declared: Vec<_> = choices.map(|choice| (choice.key.as_str(), choice.label.ja())).collect();
        assert_eq!(declared, State::ALL.map(|state| (state.key(), state.label())));
    }

    #[test]
    fn the_public_sees_nothing_that_came_in_unchecked() {
        use crate::schema::Clearance;
        let bundle = bundle().unwrap_or_else(|errors| panic!("{errors}"));
        let report = bundle.ledgers.iter().find(|ledger| ledger.key == REPORT).expect("the ledger");
        for key in ["location", "address", "description", "photos", "photo_position", "reporter_name", "mail", "phone"]
        {
            assert_ne!(report.field(key).expect("the field").clearance, Clearance::Public, "{key}");
        }
        let public = report.grants.iter().find(|grant| grant.role == "public").expect("a grant for everybody");
        assert!(public.rows.is_some());
    }
}
