//! The registers' definitions, built into the program.

use kawasemi_schema::{SchemaErrors, SystemBundle};

/// Departments and sections (部局・課), valid by fiscal year.
pub const DEPARTMENT: &str = "department";
/// Posts (職).
pub const POST: &str = "post";
/// Members of staff (職員).
pub const STAFF: &str = "staff";
/// Who holds which post where, from when until when (配属・兼務).
pub const ASSIGNMENT: &str = "assignment";
/// Days on which the city hall is closed or open other than the rule says (市の休日の特例).
pub const CLOSED_DAY: &str = "closed-day";
/// Town blocks (町丁目).
pub const TOWN: &str = "town";
/// Postcodes with the towns to which they belong (郵便番号).
pub const POSTCODE: &str = "postcode";
/// Financial institutions (金融機関).
pub const BANK: &str = "bank";
/// Their branches (支店).
pub const BANK_BRANCH: &str = "bank-branch";
/// Parties (宛名): people, households and organisations.
pub const PARTY: &str = "party";
/// Protection measures (支援措置).
pub const PROTECTION_MEASURE: &str = "protection-measure";
/// External characters (外字): private-use code points and what they are.
pub const EXTERNAL_CHARACTER: &str = "external-character";

/// Organisations outside the hall and their contracts (外部団体).
pub const OUTSIDE_ORGANISATION: &str = "outside-organisation";

/// Orders of the personnel section (人事発令).
pub const PERSONNEL_ORDER: &str = "personnel-order";
/// The parts into which a department's records were split (分割した部局の引継ぎ).
pub const DEPARTMENT_SHARE: &str = "department-share";
/// The steps of reorganisations (機構改革の計画).
pub const REORGANISATION_STEP: &str = "reorganisation-step";

/// What passes from one person to another at a transfer (引継ぎ).
pub const HANDOVER: &str = "handover";

/// The files of the bundle, named as in this crate's folder.
const FILES: &[(&str, &str)] = &[
    ("system.toml", include_str!("../system.toml")),
    ("ledgers/department.toml", include_str!("../ledgers/department.toml")),
    ("ledgers/post.toml", include_str!("../ledgers/post.toml")),
    ("ledgers/staff.toml", include_str!("../ledgers/staff.toml")),
    ("ledgers/assignment.toml", include_str!("../ledgers/assignment.toml")),
    ("ledgers/closed-day.toml", include_str!("../ledgers/closed-day.toml")),
    ("ledgers/party.toml", include_str!("../ledgers/party.toml")),
    ("ledgers/protection-measure.toml", include_str!("../ledgers/protection-measure.toml")),
    ("ledgers/town.toml", include_str!("../ledgers/town.toml")),
    ("ledgers/postcode.toml", include_str!("../ledgers/postcode.toml")),
    ("ledgers/bank.toml", include_str!("../ledgers/bank.toml")),
    ("ledgers/bank-branch.toml", include_str!("../ledgers/bank-branch.toml")),
    ("ledgers/external-character.toml", include_str!("../ledgers/external-character.toml")),
    ("layouts/resident-difference.toml", include_str!("../layouts/resident-difference.toml")),
    ("layouts/resident-full.toml", include_str!("../layouts/resident-full.toml")),
    ("ledgers/outside-organisation.toml", include_str!("../ledgers/outside-organisation.toml")),
    ("ledgers/personnel-order.toml", include_str!("../ledgers/personnel-order.toml")),
    ("ledgers/department-share.toml", include_str!("../ledgers/department-share.toml")),
    ("ledgers/handover.toml", include_str!("../ledgers/handover.toml")),
    ("ledgers/reorganisation-step.toml", include_str!("../ledgers/reorganisation-step.toml")),
];

/// Reads the registers' definitions.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("engine/registry", FILES)
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::Catalogue;

    use super::*;

    #[test]
    fn the_registers_are_well_defined_and_complete_in_themselves() {
        let bundle = bundle().unwrap_or_else(|errors| panic!("{errors}"));
        let catalogue = Catalogue::new(bundle.ledgers.clone()).unwrap_or_else(|errors| panic!("{errors}"));
        let ledgers = FILES.iter().filter(|(name, _)| name.starts_with("ledgers/")).count();
        assert_eq!((catalogue.iter().count(), bundle.layouts.len()), (ledgers, FILES.len() - ledgers - 1));
    }
}
