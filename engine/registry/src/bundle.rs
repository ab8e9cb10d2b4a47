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

/// Organisations outside the hall and their contracts (外部団体).
pub const OUTSIDE_ORGANISATION: &str = "outside-organisation";

/// The files of the bundle, named as in this crate's folder.
const FILES: [(&str, &str); 7] = [
    ("system.toml", include_str!("../system.toml")),
    ("ledgers/department.toml", include_str!("../ledgers/department.toml")),
    ("ledgers/post.toml", include_str!("../ledgers/post.toml")),
    ("ledgers/staff.toml", include_str!("../ledgers/staff.toml")),
    ("ledgers/assignment.toml", include_str!("../ledgers/assignment.toml")),
    ("ledgers/closed-day.toml", include_str!("../ledgers/closed-day.toml")),
    ("ledgers/outside-organisation.toml", include_str!("../ledgers/outside-organisation.toml")),
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
        for key in [DEPARTMENT, POST, STAFF, ASSIGNMENT, CLOSED_DAY, OUTSIDE_ORGANISATION] {
            assert!(catalogue.get(key).is_some(), "{key}");
        }
    }
}
