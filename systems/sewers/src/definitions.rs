//! The system's declarations, built into the program: what it says about itself, its ledgers, its figures and how the national exchange
//! form is read.

use crate::schema::{SchemaErrors, SystemBundle};

/// Drainage and treatment areas (排水区域・処理区域).
pub const AREA: &str = "sewer-area";
/// Outfalls, plants and pumps (吐口・処理施設・ポンプ施設).
pub const FACILITY: &str = "sewer-facility";
/// Pipes (管きょ).
pub const PIPE: &str = "sewer-pipe";
/// Manholes (マンホール).
pub const MANHOLE: &str = "sewer-manhole";
/// Inlet chambers (公共ます).
pub const MASS: &str = "sewer-mass";
/// Laterals (取付け管).
pub const LATERAL: &str = "sewer-lateral";
/// Objects by permit or agreement (許可・協議の物件).
pub const PERMIT: &str = "sewer-permit";
/// Surveys with the camera (管路内調査).
pub const SURVEY: &str = "sewer-survey";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../", $name)))),*]
    };
}

/// The files of the system's folder.
const FILES: &[(&str, &str)] = files![
    "system.toml",
    "kpis.toml",
    "layouts/nilim-sewer-lateral.toml",
    "layouts/nilim-sewer-manhole.toml",
    "layouts/nilim-sewer-mass.toml",
    "layouts/nilim-sewer-pipe.toml",
    "ledgers/sewer-area.toml",
    "ledgers/sewer-facility.toml",
    "ledgers/sewer-lateral.toml",
    "ledgers/sewer-manhole.toml",
    "ledgers/sewer-mass.toml",
    "ledgers/sewer-permit.toml",
    "ledgers/sewer-pipe.toml",
    "ledgers/sewer-survey.toml",
];

/// Reads the system's declarations.
///
/// # Errors
/// Every mistake in them, which the tests would have shown.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("systems/sewers", FILES)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rules::urgency::{Item, Urgency};
    use crate::schema::{ComputedFrom, FieldKind};

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        for part in ["ledgers", "layouts"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
            let names =
                std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.map(|name| format!("{part}/{name}")).collect();
            names.sort();
            let built_in = FILES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| name.starts_with(part));
            assert_eq!(names, built_in.collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_ledgers_are_those_that_the_code_names() {
        let mut keys: Vec<String> = bundle().unwrap().ledgers.iter().map(|ledger| ledger.key.clone()).collect();
        keys.sort();
        let mut named = [AREA, FACILITY, PIPE, MANHOLE, MASS, LATERAL, PERMIT, SURVEY];
        named.sort_unstable();
        assert_eq!(keys, named);
    }

    /// The choices of a field, of a computed one as well.
    fn declared(kind: &FieldKind) -> &[crate::schema::Choice] {
        match kind {
            FieldKind::Computed { result, .. } => result.choices(),
            kind => kind.choices(),
        }
    }

    #[test]
    fn choices_mean_the_same_in_the_ledgers_and_in_the_rules() {
        let ledgers = bundle().unwrap().ledgers;
        let ledger = |key: &str| ledgers.iter().find(|one| one.key == key).unwrap();
        let urgencies = [Urgency::One, Urgency::Two, Urgency::Three, Urgency::None];
        let urgencies = urgencies.map(|one| (one.key().to_owned(), one.label().to_owned()));
        for key in [PIPE, SURVEY] {
            let choices = declared(&ledger(key).field("urgency").unwrap().kind).iter();
            let choices: Vec<_> = choices.map(|choice| (choice.key.clone(), choice.label.ja().to_owned())).collect();
            assert_eq!(choices, urgencies, "{key}");
        }
        let FieldKind::Rows { fields, .. } = &ledger(SURVEY).field("defects").unwrap().kind else { panic!("has rows") };
        let item = fields.iter().find(|field| field.key == "item").unwrap();
        let keys: Vec<&str> = item.kind.choices().iter().map(|choice| choice.key.as_str()).collect();
        assert_eq!(keys, Item::ALL.map(|(_, key, _)| key));
    }

    #[test]
    fn every_calculation_that_a_ledger_names_is_there_and_used() {
        let ledgers = bundle().unwrap().ledgers;
        let fields = ledgers.iter().flat_map(|ledger| &ledger.fields);
        let mut named: Vec<&str> = fields
            .filter_map(|field| match &field.kind {
                FieldKind::Computed { from: ComputedFrom::Calculator(name), .. } => Some(name.as_str()),
                _ => None,
            })
            .collect();
        named.sort_unstable();
        let mut known = crate::calculators::CALCULATORS.map(|(name, _)| name);
        known.sort_unstable();
        assert_eq!(named, known);
    }
}
