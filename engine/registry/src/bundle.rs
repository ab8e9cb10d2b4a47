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

/// Orders of the personnel section (人事発令).
pub const PERSONNEL_ORDER: &str = "personnel-order";
/// The parts into which a department's records were split (分割した部局の引継ぎ).
pub const DEPARTMENT_SHARE: &str = "department-share";
/// The steps of reorganisations (機構改革の計画).
pub const REORGANISATION_STEP: &str = "reorganisation-step";

/// What passes from one person to another at a transfer (引継ぎ).
pub const HANDOVER: &str = "handover";

/// The files of the bundle, named as in this crate's folder.
const FILES: [(&str, &str); 10] = [
    ("system.toml", include_str!("../system.toml")),
    ("ledgers/department.toml", include_str!("../ledgers/department.toml")),
    ("ledgers/post.toml", include_str!("../ledgers/post.toml")),
    ("ledgers/staff.toml", include_str!("../ledgers/staff.toml")),
    ("ledgers/assignment.toml", include_str!("../ledgers/assignment.toml")),
    ("ledgers/closed-day.toml", include_str!("../ledgers/closed-day.toml")),
    ("ledgers/personnel-order.toml", include_str!("../ledgers/personnel-order.toml")),
    ("ledgers/department-share.toml", include_str!("../ledgers/department-share.toml")),
    ("ledgers/handover.toml", include_str!("../ledgers/handover.toml")),
    ("ledgers/reorganisation-step.toml", include_str!("../ledgers/reorganisation-step.toml")),
];

/// Reads the registers' definitions.
pub fn bundle() -> Result<SystemBundle, SchemaErrors> {
    SystemBundle::read("engine/registry", &FILES)
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::Catalogue;

    use super::*;

    #[test]
    fn the_registers_are_well_defined_and_complete_in_themselves() {
        let bundle = bundle().unwrap_or_else(|errors| panic!("{errors}"));
        let catalogue = Catalogue::new(bundle.ledgers).unwrap_or_else(|errors| panic!("{errors}"));
        for key in [
            DEPARTMENT,
            POST,
            STAFF,
            ASSIGNMENT,
            CLOSED_DAY,
            PERSONNEL_ORDER,
            DEPARTMENT_SHARE,
            REORGANISATION_STEP,
            HANDOVER,
        ] {
            assert!(catalogue.get(key).is_some(), "{key}");
        }
    }
}
