//! What people made in ledgers and somebody has to answer for when they leave: saved views, imports that were not finished,
//! and ledgers that were made on the desk. For the handover (引継ぎ) at a transfer.

use kawasemi_identity::Context;
use kawasemi_kernel::Actor;
use kawasemi_schema::Action;
use kawasemi_store::{Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::design::is_own;
use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;

/// Something of a person's in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedByPerson {
    /// Its id.
    pub id: Uuid,
    /// The ledger's key.
    pub ledger: String,
    /// What it is called.
    pub title: String,
    /// Whose it is.
    pub owner: Uuid,
    /// Whether others use it as well.
    pub is_shared: bool,
}

/// A ledger that was made on the desk, with the department that answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLedger {
    /// The ledger's key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The code of the department.
    pub owner: String,
}

impl Ledgers {
    /// All saved views.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] for others than the program and administrators.
    pub async fn owned_views(&self, context: &Context) -> Result<Vec<OwnedByPerson>> {
        allowed(context)?;
        self.of_people(Sql::with("SELECT id, ledger, title, owner, shared FROM {ledger_view} ORDER BY id", [])).await
    }

    /// Files that were sent for an import and runs that were not finished.
    ///
    /// # Errors
    /// [`LedgerError::Forbidden`] for others than the program and administrators.
    pub async fn unfinished_imports(&self, context: &Context) -> Result<Vec<OwnedByPerson>> {
        allowed(context)?;
        let sql = Sql::with(
            "SELECT id, ledger, file, owner, is_dry FROM {import_run} WHERE ended_at IS NULL AND is_dry = $1 ORDER BY id",
            [false.into()],
        );
        let mut found = self.of_people(sql).await?;
        for one in &mut found {
            let file: Option<serde_json::Value> = serde_json::from_str(&one.title).ok();
            let name = file.as_ref().and_then(|file| file.get("name")).and_then(|name| name.as_str());
            one.title = name.unwrap_or("取込のファイル").to_owned();
        }
        Ok(found)
    }

    /// Gives a saved view to somebody else.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; [`LedgerError::Forbidden`].
    pub async fn pass_view(&self, context: &Context, id: Uuid, to: Uuid) -> Result<()> {
        self.pass(context, "ledger_view", id, to).await
    }

    /// Gives an import that was not finished to somebody else.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; [`LedgerError::Forbidden`].
    pub async fn pass_import(&self, context: &Context, id: Uuid, to: Uuid) -> Result<()> {
        self.pass(context, "import_run", id, to).await
    }

    /// The ledgers that were made on the desk.
    pub fn own_ledgers(&self) -> Vec<OwnLedger> {
        let catalogue = self.city().catalogue();
        let own = catalogue.iter().filter(|known| is_own(&known.def));
        own.map(|known| OwnLedger {
            key: known.key().to_owned(),
            title: known.def.title.ja().to_owned(),
            owner: known.def.owner.clone(),
        })
        .collect()
    }

    /// Lets another department answer for a ledger that was made on the desk.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; as [`Ledgers::publish_definition`].
    pub async fn pass_ledger(&self, context: &Context, key: &str, to: &str) -> Result<()> {
        allowed(context)?;
        let catalogue = self.city().catalogue();
        let known = catalogue.get(key).filter(|known| is_own(&known.def)).ok_or(LedgerError::NotFound)?;
        let toml = with_owner(&known.def.source.text, to);
        self.publish_definition(context, &toml).await?;
        Ok(())
    }

    async fn of_people(&self, sql: Sql) -> Result<Vec<OwnedByPerson>> {
        let mut found = Vec::new();
        for row in self.city().read(sql).await? {
            let owner: Actor = match row.get::<String>(3)?.parse() {
                Ok(actor) => actor,
                Err(_) => continue,
            };
            let Some(owner) = owner.account() else { continue };
            let (id, ledger, title) = (row.get(0)?, row.get(1)?, row.get(2)?);
            found.push(OwnedByPerson { id, ledger, title, owner, is_shared: row.get(4)? });
        }
        Ok(found)
    }

    async fn pass(&self, context: &Context, table: &str, id: Uuid, to: Uuid) -> Result<()> {
        allowed(context)?;
        let mut sql = Sql::text("UPDATE ");
        sql.table(table).push(" SET owner = ").bind(Actor::Account(to).to_string()).push(" WHERE id = ").bind(id);
        self.city().write(Unit::of([Statement::one_row(sql, Unmet::NotFound)])).await?;
        Ok(())
    }
}

fn allowed(context: &Context) -> Result<()> {
    if context.caller.is_admin() { Ok(()) } else { Err(LedgerError::Forbidden { action: Action::Design }) }
}

/// A definition with another department that answers for it. The line stands before the first table of the file.
fn with_owner(toml: &str, owner: &str) -> String {
    let mut is_head = true;
    let line = |line: &str| {
        is_head &= !line.trim_start().starts_with('[');
        let is_owner = is_head && line.split_once('=').is_some_and(|(key, _)| key.trim() == "owner");
        if is_owner { format!("owner = \"{owner}\"\n") } else { format!("{line}\n") }
    };
    toml.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ledgers_own_owner_is_changed() {
        let toml = "key = \"seats\"\nowner = \"old\"\n[[field]]\nkey = \"x\"\nowner = \"old\"\n";
        assert_eq!(
            with_owner(toml, "new"),
            "key = \"seats\"\nowner = \"new\"\n[[field]]\nkey = \"x\"\nowner = \"old\"\n"
        );
    }
}
