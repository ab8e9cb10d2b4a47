//! How accounts are called in lists of what they did.

use std::collections::HashMap;

use kawasemi_kernel::Actor;
use kawasemi_ui::SafeHtml;
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;

/// The display names of some accounts.
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// Reads them.
    pub async fn load(cx: &Cx, accounts: impl IntoIterator<Item = Uuid>) -> Result<Self, Problem> {
        let mut ids: Vec<Uuid> = accounts.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(cx.city().identity.display_names(&ids).await?))
    }

    /// An account's name, with a link to it.
    pub fn account(&self, id: Uuid) -> SafeHtml {
        let name = self.0.get(&id).cloned().unwrap_or_else(|| id.to_string());
        SafeHtml::link(&format!("/desk/admin/users/{id}"), &name)
    }

    /// Who did something, by the stored text of the actor.
    pub fn actor(&self, actor: &str) -> SafeHtml {
        match actor.parse() {
            Ok(Actor::Account(id)) => self.account(id),
            Ok(Actor::System) => SafeHtml::escape("システム"),
            Ok(Actor::Visitor) => SafeHtml::escape("サインイン前の人"),
            Err(_) => SafeHtml::escape(actor),
        }
    }
}

/// The account in the stored text of an actor.
pub fn account_of(actor: &str) -> Option<Uuid> {
    actor.parse().ok().and_then(Actor::account)
}
