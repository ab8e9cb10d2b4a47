//! The roles that groups of the directory bring: given and taken at every sign-in, beside those that people gave.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kawasemi_kernel::{Actor, RecordId};
use kawasemi_store::{Sql, Statement};
use uuid::Uuid;

use super::ASSIGNED_BY;
use super::client::Directory;
use super::config::GroupRole;
use crate::caller::{ADMIN, Context};
use crate::error::Result;
use crate::events::EventKind;
use crate::identity::{Identity, stored};

/// What has to be written so that an account has exactly the roles that its groups bring.
pub(super) struct RoleChanges(pub Vec<Statement>);

impl Identity {
    /// What has to be written so that an account has exactly the roles that its groups bring, beside those given by hand.
    pub(super) async fn roles_of_directory(
        &self,
        at: Timestamp,
        directory: &Directory,
        account: Uuid,
        groups: &[GroupRole],
    ) -> Result<RoleChanges> {
        let wanted = wanted(directory, groups, at).await;
        let sql = Sql::with(
            "SELECT id, role, department FROM {account_role} WHERE account = $1 AND created_by = $2",
            [account.into(), ASSIGNED_BY.into()],
        );
        let (mut changes, mut present) = (Vec::new(), BTreeSet::new());
        for row in self.inner.city.read(sql).await? {
            let (id, role): (Uuid, String) = (row.get(0)?, row.get(1)?);
            let held = (role, row.get::<Option<Uuid>>(2)?.map(RecordId));
            if wanted.contains(&held) || self.is_last_admin(&held.0, account, at).await? {
                present.insert(held);
                continue;
            }
            changes.push(Statement::any(Sql::with("DELETE FROM {account_role} WHERE id = $1", [id.into()])));
            changes.push(self.directory_event(at, EventKind::RoleRemoved, account, &held.0));
        }
        for (role, department) in wanted.difference(&present) {
            let insert = Sql::with(
                "INSERT INTO {account_role} (id, account, role, department, created_at, created_by) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    self.new_id().into(),
                    account.into(),
                    role.into(),
                    department.map(|department| department.0).into(),
                    stored(at),
                    ASSIGNED_BY.into(),
                ],
            );
            changes.push(insert.into());
            changes.push(self.directory_event(at, EventKind::RoleAssigned, account, role));
        }
        Ok(RoleChanges(changes))
    }

    /// Whether taking the role would leave nobody who administers the city: a slip in the directory must not do that.
    async fn is_last_admin(&self, role: &str, account: Uuid, at: Timestamp) -> Result<bool> {
        if role != ADMIN {
            return Ok(false);
        }
        let kept = self.keep_an_admin(account, &Context::system(at, "directory")).await.is_err();
        if kept {
            tracing::error!(%account, "the directory takes the last administrator's role; it is kept");
        }
        Ok(kept)
    }

    /// An event that the directory brought about.
    pub(super) fn directory_event(&self, at: Timestamp, kind: EventKind, account: Uuid, detail: &str) -> Statement {
        let detail = format!("{detail} ({ASSIGNED_BY})");
        self.event_row(at, kind, Actor::System, Some(account), "", &detail, None)
    }
}

/// The roles, each with the department within which it holds. A department that the register does not have brings no role:
/// without its limit the role would reach further than was meant.
async fn wanted(directory: &Directory, groups: &[GroupRole], at: Timestamp) -> BTreeSet<(String, Option<RecordId>)> {
    let mut wanted = BTreeSet::new();
    for group in groups {
        let department = match &group.department {
            None => None,
            Some(code) => match directory.registers().department(code, at).await {
                Some(department) => Some(department),
                None => {
                    tracing::error!(group = group.dn, code, "a mapped group names a department that is not there");
                    continue;
                }
            },
        };
        wanted.insert((group.role.clone(), department));
    }
    wanted
}
