//! The names of the people who made and changed records.

use std::collections::HashMap;

use kawasemi_kernel::Actor;
use kawasemi_ledger::Visible;
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;

/// Names by account.
#[derive(Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// The names of all who made or last changed some records.
    pub async fn of<'a>(cx: &Cx, records: impl IntoIterator<Item = &'a Visible>) -> Result<Self, Problem> {
        let actors = records.into_iter().flat_map(|record| [record.created_by, record.updated_by]);
        let mut accounts: Vec<Uuid> = actors.flatten().filter_map(Actor::account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        Ok(Self(cx.ledgers().account_names(accounts).await?))
    }

    /// What somebody is called; empty where this person may not know.
    pub fn get(&self, actor: Option<Actor>) -> &str {
        match actor {
            None => "",
            Some(Actor::System) => "システム",
            Some(Actor::Visitor) => "サインインしていない人",
            Some(Actor::Account(id)) => self.0.get(&id).map_or("（削除された利用者）", String::as_str),
        }
    }
}
