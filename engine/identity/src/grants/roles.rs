//! The roles of a city: those that always exist and those that its systems bring.

use std::collections::BTreeMap;

use kawasemi_kernel::Lang;
use kawasemi_schema::{RoleDef, Text};

use crate::caller::{BUILT_IN_ROLES, PUBLIC, STAFF};

/// The roles by key.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    declared: BTreeMap<String, RoleDef>,
}

impl Roles {
    /// The built-in roles and those that are declared.
    pub fn new(declared: &[RoleDef]) -> Self {
        Self { declared: declared.iter().map(|role| (role.key.clone(), role.clone())).collect() }
    }

    /// A role's name; none if there is no such role.
    pub fn title(&self, key: &str) -> Option<&str> {
        let built_in = BUILT_IN_ROLES.iter().find(|(built_in, ..)| *built_in == key);
        built_in.map(|(_, title, _)| *title).or_else(|| self.declared.get(key).map(|role| role.title.get(Lang::Ja)))
    }

    /// What someone with a role does.
    pub fn description(&self, key: &str) -> Option<&str> {
        let built_in = BUILT_IN_ROLES.iter().find(|(built_in, ..)| *built_in == key);
        built_in
            .map(|(.., description)| *description)
            .or_else(|| self.declared.get(key).map(|role| Text::get(&role.description, Lang::Ja)))
    }

    /// All roles with their names, the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let declared = self.declared.values().map(|role| (role.key.as_str(), role.title.get(Lang::Ja)));
        BUILT_IN_ROLES.iter().map(|(key, title, _)| (*key, *title)).chain(declared)
    }

    /// The roles that are given to people, with their names: all but those that everybody has.
    pub fn assignable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(key, _)| ![STAFF, PUBLIC].contains(key))
    }
}
