//! The system's declarations, built into the program: what it says about itself, its ledgers and its figures.

use crate::schema::{SchemaErrors, SystemBundle};

/// Parks (公園).
pub const PARK: &str = "park";
/// The land of a park by owner (敷地).
pub const LAND: &str = "park-land";
/// Facilities (公園施設).
pub const FACILITY: &str = "park-facility";
/// Permits to set up or manage a facility (設置管理許可).
pub const PERMIT: &str = "park-permit";
/// Occupations (占用).
pub const OCCUPATION: &str = "park-occupation";
/// The limits of the city's ordinance (面積の上限).
pub const COVERAGE_LIMIT: &str = "park-coverage-limit";
/// The population of the figures (指標の人口).
pub const POPULATION: &str = "park-population";
/// Playground equipment (遊具).
pub const UNIT: &str = "playground-unit";
/// Inspections of it (遊具点検).
pub const INSPECTION: &str = "playground-inspection";
/// Stops of use (使用停止).
pub const STOP_NOTICE: &str = "playground-stop-notice";
/// Work orders (作業指示).
pub const WORK_ORDER: &str = "park-work-order";
/// Contracts of upkeep (維持管理契約).
pub const CONTRACT: &str = "park-contract";
/// Their items (契約の内訳).
pub const CONTRACT_ITEM: &str = "park-contract-item";
/// Daily reports (作業日報).
pub const DAILY_REPORT: &str = "park-daily-report";
/// Monthly acceptance (月次検査).
pub const ACCEPTANCE: &str = "park-acceptance";
/// Life-extension plans (長寿命化計画).
pub const PLAN: &str = "park-plan";
/// What a plan means to do.
pub const PLAN_ITEM: &str = "park-plan-item";
/// Workshops (ワークショップ).
pub const WORKSHOP: &str = "park-workshop";
/// Ideas.
pub const IDEA: &str = "park-idea";
/// Options (案).
pub const OPTION: &str = "park-option";
/// Criteria (評価の観点).
pub const CRITERION: &str = "park-criterion";
/// Responses (回答).
pub const RESPONSE: &str = "park-response";
/// Opinions and answers (意見と市の考え方).
pub const ANSWER: &str = "park-answer";

macro_rules! files {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!("../", $name)))),+] };
}

/// The files of the system's folder.
const FILES: [(&str, &str); 25] = files![
    "system.toml",
    "kpis.toml",
    "ledgers/park.toml",
    "ledgers/park-land.toml",
    "ledgers/park-facility.toml",
    "ledgers/park-permit.toml",
    "ledgers/park-occupation.toml",
    "ledgers/park-coverage-limit.toml",
    "ledgers/park-population.toml",
    "ledgers/playground-unit.toml",
    "ledgers/playground-inspection.toml",
    "ledgers/playground-stop-notice.toml",
    "ledgers/park-work-order.toml",
    "ledgers/park-contract.toml",
    "ledgers/park-contract-item.toml",
    "ledgers/park-daily-report.toml",
    "ledgers/park-acceptance.toml",
    "ledgers/park-plan.toml",
    "ledgers/park-plan-item.toml",
    "ledgers/park-workshop.toml",
    "ledgers/park-idea.toml",
    "ledgers/park-option.toml",
    "ledgers/park-criterion.toml",
    "ledgers/park-response.toml",
    "ledgers/park-answer.toml",
];

/// Reads the system's declarations.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("systems/parks", &FILES)
}

#[cfg(test)]
mod tests {
    use crate::rules::unit_state::State;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers");
        let mut files = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("ledgers/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect::<Vec<String>>();
        let mut built_in = FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<String>>();
        built_in.retain(|name| name.starts_with("ledgers/"));
        files.sort();
        built_in.sort();
        assert_eq!(files, built_in);
    }

    #[test]
    fn the_states_of_a_unit_are_the_same_in_the_ledger_and_in_the_rules() {
        let ledgers = bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers;
        let unit = ledgers.iter().find(|ledger| ledger.key == UNIT).unwrap();
        let choices = unit.field("state").unwrap().kind.choices().iter();
        let declared: Vec<_> = choices.map(|choice| (choice.key.as_str(), choice.label.ja())).collect();
        assert_eq!(declared, State::ALL.map(|state| (state.key(), state.label())));
    }

    #[test]
    fn what_outsiders_may_do_is_bound_to_their_organisation() {
        for ledger in bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers {
            for grant in ledger.grants.iter().filter(|grant| grant.role.starts_with("outside-")) {
                let rows = grant.rows.as_deref().unwrap_or_default();
                assert!(rows.contains("IN (user.organisations)"), "{} {}", ledger.key, grant.role);
            }
        }
    }
}
