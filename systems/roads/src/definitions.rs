//! The system's declarations, built into the program: what it says about itself, its ledgers and its figures.

use crate::schema::{SchemaErrors, SystemBundle};

/// Routes with their written record (道路台帳調書).
pub const ROUTE: &str = "road-route";
/// Sections of routes (区間).
pub const SECTION: &str = "road-section";
/// Bridges and other structures (道路構造物).
pub const STRUCTURE: &str = "road-structure";
/// Inspections of structures (点検).
pub const INSPECTION: &str = "structure-inspection";
/// Surveys of pavement (路面性状調査).
pub const PAVEMENT: &str = "pavement-survey";
/// Lamps, mirrors and the rest (道路附属物).
pub const ASSET: &str = "road-asset";
/// Permits to occupy the road (道路占用許可).
pub const PERMIT: &str = "occupancy-permit";
/// Their prices (占用料の単価).
pub const RATE: &str = "occupancy-rate";
/// Road land that is not used (未利用道路用地).
pub const UNUSED: &str = "unused-road-land";
/// Photovoltaic plants (太陽光売電).
pub const SOLAR: &str = "solar-site";
/// Scanned plan sheets (道路台帳図).
pub const DRAWING: &str = "road-drawing";
/// Construction works (工事).
pub const WORK: &str = "construction-work";
/// Papers of works (工事打合せ簿など).
pub const PAPER: &str = "work-paper";
/// Photographs of works (工事写真).
pub const PHOTO: &str = "work-photo";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../", $name)))),*]
    };
}

/// The files of the system's folder.
const FILES: &[(&str, &str)] = files![
    "system.toml",
    "kpis.toml",
    "ledgers/construction-work.toml",
    "ledgers/occupancy-permit.toml",
    "ledgers/occupancy-rate.toml",
    "ledgers/pavement-survey.toml",
    "ledgers/road-asset.toml",
    "ledgers/road-drawing.toml",
    "ledgers/road-route.toml",
    "ledgers/road-section.toml",
    "ledgers/road-structure.toml",
    "ledgers/solar-site.toml",
    "ledgers/structure-inspection.toml",
    "ledgers/unused-road-land.toml",
    "ledgers/work-paper.toml",
    "ledgers/work-photo.toml",
];

/// Reads the system's declarations.
///
/// # Errors
/// Every mistake in them, which the tests would have shown.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("systems/roads", FILES)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rules::grade::Grade;
    use crate::rules::mci::Judgement;
    use crate::schema::{ComputedFrom, FieldKind};

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.map(|name| format!("ledgers/{name}")).collect();
        names.sort();
        let built_in = FILES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| name.starts_with("ledgers/"));
        assert_eq!(names, built_in.collect::<Vec<_>>());
    }

    #[test]
    fn the_ledgers_are_those_that_the_code_names() {
        let mut keys: Vec<String> = bundle().unwrap().ledgers.iter().map(|ledger| ledger.key.clone()).collect();
        keys.sort();
        let mut named = [
            ROUTE, SECTION, STRUCTURE, INSPECTION, PAVEMENT, ASSET, PERMIT, RATE, UNUSED, SOLAR, DRAWING, WORK, PAPER,
            PHOTO,
        ];
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
        let choices = |ledger: &str, field: &str| {
            let ledger = ledgers.iter().find(|one| one.key == ledger).unwrap();
            let choices = declared(&ledger.field(field).unwrap().kind).iter();
            choices.map(|choice| (choice.key.clone(), choice.label.ja().to_owned())).collect::<Vec<_>>()
        };
        let grades = Grade::ALL.map(|grade| (grade.key().to_owned(), grade.label().to_owned()));
        assert_eq!(choices(STRUCTURE, "grade"), grades);
        assert_eq!(choices(INSPECTION, "grade"), grades);
        let judgements = Judgement::ALL.map(|one| (one.key().to_owned(), one.label().to_owned()));
        assert_eq!(choices(PAVEMENT, "judgement"), judgements);
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

    #[test]
    fn what_is_personal_is_not_public() {
        for ledger in bundle().unwrap().ledgers {
            for grant in ledger.grants.iter().filter(|grant| grant.role == "public") {
                assert_eq!(grant.clearance, crate::schema::Clearance::Public, "{}", ledger.key);
            }
        }
    }

    #[test]
    fn the_written_record_holds_the_fifteen_items_of_the_rule() {
        // 道路法施行規則第4条の2第3項第1号から第15号.
        let route = bundle().unwrap().ledgers.into_iter().find(|ledger| ledger.key == ROUTE).unwrap();
        for key in [
            "road_kind",
            "name",
            "approved_on",
            "start_place",
            "end_place",
            "waypoints",
            "openings",
            "total_m",
            "overlap_m",
            "unopened_m",
            "actual_m",
            "site_area_m2",
            "sites",
            "width_min_m",
            "radius_min_m",
            "grade_max_percent",
            "rail_crossings",
            "toll_sections",
            "combined_works",
            "major_occupations",
            "integrated_buildings",
            "agreement_facilities",
        ] {
            let field = route.field(key).unwrap_or_else(|| panic!("{key}"));
            assert_eq!(field.clearance, crate::schema::Clearance::Public, "{key}");
            assert!(
                key == "actual_m" || route.freeze.as_ref().unwrap().fields.iter().any(|frozen| frozen == key),
                "{key}"
            );
        }
    }
}
