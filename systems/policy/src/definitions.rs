//! The system's declarations, built into the program: what it says about itself, its ledgers and its figures.

use crate::schema::{SchemaErrors, SystemBundle};

/// The policy of one department for one fiscal year (部局運営方針).
pub const STATEMENT: &str = "policy-department-statement";
/// Priority themes (重点項目).
pub const THEME: &str = "policy-theme";
/// Initiatives (取り組み).
pub const INITIATIVE: &str = "policy-initiative";
/// Indicators of initiatives (指標).
pub const INDICATOR: &str = "policy-indicator";
/// Actual figures of indicators by day (実績の記録).
pub const INDICATOR_ACTUAL: &str = "policy-indicator-actual";
/// Quarterly and year-end reviews of initiatives (振り返り).
pub const REVIEW: &str = "policy-review";

/// The files of the system's folder.
const FILES: [(&str, &str); 8] = [
    ("system.toml", include_str!("../system.toml")),
    ("kpis.toml", include_str!("../kpis.toml")),
    ("ledgers/policy-department-statement.toml", include_str!("../ledgers/policy-department-statement.toml")),
    ("ledgers/policy-theme.toml", include_str!("../ledgers/policy-theme.toml")),
    ("ledgers/policy-initiative.toml", include_str!("../ledgers/policy-initiative.toml")),
    ("ledgers/policy-indicator.toml", include_str!("../ledgers/policy-indicator.toml")),
    ("ledgers/policy-indicator-actual.toml", include_str!("../ledgers/policy-indicator-actual.toml")),
    ("ledgers/policy-review.toml", include_str!("../ledgers/policy-review.toml")),
];

/// Reads the system's declarations.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("systems/policy", &FILES)
}

#[cfg(test)]
mod tests {
    use crate::rules::Progress;
    use crate::schema::{FieldKind, LedgerDef};

    use super::*;

    fn ledgers() -> Vec<std::sync::Arc<LedgerDef>> {
        bundle().unwrap_or_else(|errors| panic!("{errors}")).ledgers
    }

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
    fn the_ledgers_are_those_that_the_code_names() {
        let mut keys = ledgers().iter().map(|ledger| ledger.key.clone()).collect::<Vec<String>>();
        keys.sort();
        let mut named = [STATEMENT, THEME, INITIATIVE, INDICATOR, INDICATOR_ACTUAL, REVIEW].map(String::from);
        named.sort();
        assert_eq!(keys, named);
    }

    #[test]
    fn progress_means_the_same_in_the_ledgers_and_in_the_rules() {
        let ledgers = ledgers();
        for (key, field) in [(INITIATIVE, "status"), (REVIEW, "progress")] {
            let ledger = ledgers.iter().find(|ledger| ledger.key == key).unwrap();
            let choices = ledger.field(field).unwrap().kind.choices().iter();
            let declared = choices.map(|choice| (choice.key.as_str(), choice.label.ja())).collect::<Vec<_>>();
            assert_eq!(declared, Progress::ALL.map(|progress| (progress.key(), progress.label())));
        }
    }

    #[test]
    fn figures_have_one_scale_and_everything_that_an_editor_writes_names_its_department() {
        for ledger in ledgers() {
            for field in &ledger.fields {
                if let FieldKind::Decimal { scale, .. } = field.kind {
                    assert_eq!(scale, 2, "{} {}", ledger.key, field.key);
                }
            }
            let is_edited = ledger.grants.iter().any(|grant| grant.role == "policy-editor");
            assert!(!is_edited || ledger.field("department").is_some_and(|field| field.required), "{}", ledger.key);
            assert!(ledger.grants.iter().any(|grant| grant.role == "public"), "{}", ledger.key);
        }
    }
}
