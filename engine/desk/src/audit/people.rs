//! How accounts, departments and ledgers are called in reports.

use std::collections::HashMap;

use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::Labels;
use kawasemi_registry::DEPARTMENT;
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;

/// Names of accounts and departments.
pub struct People {
    accounts: HashMap<Uuid, String>,
    departments: Labels,
}

impl People {
    /// Reads the names of some.
    pub async fn load(
        cx: &Cx,
        accounts: impl IntoIterator<Item = Uuid>,
        departments: impl IntoIterator<Item = RecordId>,
    ) -> Result<Self, Problem> {
        let mut accounts: Vec<Uuid> = accounts.into_iter().collect();
        accounts.sort_unstable();
        accounts.dedup();
        let mut departments: Vec<RecordId> = departments.into_iter().collect();
        departments.sort_unstable();
        departments.dedup();
        let mut names = HashMap::new();
        for some in accounts.chunks(500) {
            names.extend(cx.city().identity.display_names(some).await?);
        }
        let system = kawasemi_identity::Context::system(cx.context().act.at, "監査");
        let departments = cx.ledgers().labels_of(&system, DEPARTMENT, &departments).await?;
        Ok(Self { accounts: names, departments })
    }

    /// An account's name.
    pub fn account(&self, id: Uuid) -> String {
        match self.accounts.get(&id) {
            Some(name) => name.clone(),
            None if id.is_nil() => "システム・サインイン前の人".to_owned(),
            None => id.to_string(),
        }
    }

    /// The name of whoever did something, by the stored text of the actor.
    pub fn actor(&self, actor: &str) -> String {
        match actor.parse() {
            Ok(kawasemi_kernel::Actor::Account(id)) => self.account(id),
            Ok(kawasemi_kernel::Actor::System) => "システム".to_owned(),
            _ => "サインイン前の人".to_owned(),
        }
    }

    /// A department's name.
    pub fn department(&self, id: Option<RecordId>) -> String {
        id.map_or_else(|| "所属なし".to_owned(), |id| self.departments.get(&id).cloned().unwrap_or_default())
    }
}

/// A ledger's name.
pub fn ledger(cx: &Cx, key: &str) -> String {
    let catalogue = cx.catalogue();
    catalogue.get(key).map_or_else(|| key.to_owned(), |ledger| ledger.def.title.get(Lang::Ja).to_owned())
}

/// The names of fields of a ledger.
pub fn fields<'a>(cx: &Cx, key: &str, fields: impl IntoIterator<Item = &'a String>) -> String {
    let catalogue = cx.catalogue();
    let def = catalogue.get(key).map(|ledger| &ledger.def);
    let label = |field: &'a String| {
        def.and_then(|def| def.field(field)).map_or_else(|| field.clone(), |def| def.label.get(Lang::Ja).to_owned())
    };
    fields.into_iter().map(label).collect::<Vec<_>>().join("、")
}
