//! Who holds which role (役割), and to which departments (部署) an account belongs.
//!
//! A role is assigned to an account, if need be only for one department and between two dates. Departments come from these
//! assignments and from the staff register's posts, which `registry` hands over whenever they change.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Param, Row, Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::caller::{ADMIN, AccountKind, Context};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::grants::Roles;
use crate::identity::{Identity, stored};
use crate::outside::ROLE_PREFIX;
use crate::standing::Standing;

/// A role that is to be assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// The role's key.
    pub role: String,
    /// The department to which it is limited.
    pub department: Option<RecordId>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl RoleAssignment {
    /// A role without limits.
    pub fn of(role: impl Into<String>) -> Self {
        Self { role: role.into(), department: None, from: None, until: None }
    }
}

/// A role that was assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedRole {
    /// The assignment's id.
    pub id: Uuid,
    /// The account that holds it.
    pub account: Uuid,
    /// What was assigned.
    pub assignment: RoleAssignment,
    /// Whether it goes with the post: a role that was given for a department to somebody who belonged to it rests while
    /// they belong there no longer, and follows them where their department's work went.
    pub while_member: bool,
}

/// A post in a department, as the staff register has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The department's record.
    pub department: RecordId,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Identity {
    /// Assigns a role.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::Invalid`] for a role that nobody declares or that everybody has,
    /// [`IdentityError::NotFound`] for an account that does not exist.
    pub async fn assign_role(
        &self,
        context: &Context,
        roles: &Roles,
        account: Uuid,
        assignment: RoleAssignment,
    ) -> Result<Uuid> {
        context.require_admin()?;
        roles.check_assignable(&assignment.role)?;
        if let (Some(from), Some(until)) = (assignment.from, assignment.until)
            && from > until
        {
            return Err(IdentityError::invalid("役割の終わりの日が始まりの日より前です。日付を直してください。"));
        }
        self.check_fits(context, account, &assignment.role).await?;
        let id = self.new_id();
        let while_member = match assignment.department {
            Some(department) => self.belongs(account, department, assignment.from.unwrap_or(context.today())).await?,
            None => false,
        };
        let insert = Sql::with(
            "INSERT INTO {account_role} (id, account, role, department, from_date, until_date, created_at, created_by, \
             while_member) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                id.into(),
                account.into(),
                Param::from(&assignment.role),
                assignment.department.map(|department| department.0).into(),
                date(assignment.from),
                date(assignment.until),
                stored(context.act.at),
                context.act.actor.to_string().into(),
                while_member.into(),
            ],
        );
        let event = self.event(context, EventKind::RoleAssigned, account, &describe(&assignment));
        self.write_about(account, Unit::of([insert.into(), event])).await?;
        Ok(id)
    }

    /// Refuses a role that the kind of account can't have: outsiders have roles for outsiders and nobody else has them.
    async fn check_fits(&self, context: &Context, account: Uuid, role: &str) -> Result<()> {
        let kind = self.account(context, account).await?.summary.kind;
        match (kind, role.starts_with(ROLE_PREFIX)) {
            (AccountKind::Outside, false) => Err(IdentityError::invalid(
                "外部団体の利用者には、外部用の役割（outside- で始まるもの）だけを割り当てられます。",
            )),
            (AccountKind::Staff | AccountKind::Vendor, true) => Err(IdentityError::invalid(
                "外部用の役割（outside- で始まるもの）は、外部団体の利用者だけに割り当てられます。",
            )),
            (AccountKind::Vendor, _) => Err(IdentityError::invalid(
                "保守業者の役割は、保守作業の申請と承認で付きます。ここでは割り当てられません。",
            )),
            _ => Ok(()),
        }
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`], [`IdentityError::Invalid`] for the last administrator's.
    pub async fn remove_role(&self, context: &Context, assigned: Uuid) -> Result<()> {
        context.require_admin()?;
        let mut sql = select();
        sql.push(" WHERE id = ").bind(assigned);
        let row = self.inner.city.read_one(sql).await?.ok_or(IdentityError::NotFound)?;
        let found = read(&row)?;
        if found.assignment.role == ADMIN {
            self.keep_an_admin(found.account, context).await?;
        }
        let delete = Sql::with("DELETE FROM {account_role} WHERE id = $1", [assigned.into()]);
        let event = self.event(context, EventKind::RoleRemoved, found.account, &describe(&found.assignment));
        self.write_about(found.account, Unit::of([Statement::one_row(delete, Unmet::NotFound), event])).await
    }

    /// The roles that were assigned to an account, those of the past and the future included.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators and the account itself.
    pub async fn roles_of(&self, context: &Context, account: Uuid) -> Result<Vec<AssignedRole>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let mut sql = select();
        sql.push(" WHERE account = ").bind(account).push(" ORDER BY role, id");
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// Everybody to whom a role was assigned.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn holders_of(&self, context: &Context, role: &str) -> Result<Vec<AssignedRole>> {
        context.require_admin()?;
        let mut sql = select();
        sql.push(" WHERE role = ").bind(role).push(" ORDER BY account, id");
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// Replaces the departments that the staff register gives to people, the main post first, as
    /// [`Identity::set_standings`] for people who are never absent.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn set_departments(
        &self,
        context: &Context,
        posts: &BTreeMap<RecordId, Vec<Membership>>,
    ) -> Result<usize> {
        let standing = |memberships: &Vec<Membership>| Standing { memberships: memberships.clone(), ..<_>::default() };
        let people = posts.iter().map(|(person, posts)| (*person, standing(posts))).collect();
        self.set_standings(context, &people).await
    }

    /// Whether the staff register has a post for an account in a department on a day.
    async fn belongs(&self, account: Uuid, department: RecordId, day: Date) -> Result<bool> {
        let sql = Sql::with(
            "SELECT 1 FROM {account_department} WHERE account = $1 AND department = $2 \
             AND (from_date IS NULL OR from_date <= $3) AND (until_date IS NULL OR until_date >= $3)",
            [account.into(), department.0.into(), day.to_string().into()],
        );
        Ok(self.inner.city.read_one(sql).await?.is_some())
    }

    /// The accounts of people, with the person of each. People without an account are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts_of(&self, people: impl Iterator<Item = RecordId>) -> Result<Vec<(Uuid, RecordId)>> {
        let people: Vec<RecordId> = people.collect();
        let mut found = Vec::new();
        for some in people.chunks(500) {
            let mut sql = Sql::text("SELECT id, person FROM ");
            sql.table("account").push(" WHERE person IN (");
            sql.bind_list(some.iter().map(|person| Param::Id(person.0))).push(") ORDER BY id");
            for row in self.inner.city.read(sql).await? {
                found.push((row.get(0)?, RecordId(row.get(1)?)));
            }
        }
        Ok(found)
    }
}

impl Roles {
    fn check_assignable(&self, role: &str) -> Result<()> {
        if self.title(role).is_none() {
            return Err(IdentityError::invalid(format!(
                "「{role}」という役割はありません。使える役割：{}",
                self.assignable().map(|(key, _)| key).collect::<Vec<_>>().join("、")
            )));
        }
        if self.assignable().all(|(key, _)| key != role) {
            return Err(IdentityError::invalid(format!(
                "役割「{role}」は自動で付くため、割り当てる必要がありません。"
            )));
        }
        Ok(())
    }
}

impl AccountKind {
    /// Whether such an account may sign in with a password, a passkey or an identity provider.
    pub const fn may_sign_in(self) -> bool {
        !matches!(self, Self::Service)
    }
}

fn select() -> Sql {
    Sql::with("SELECT id, account, role, department, from_date, until_date, while_member FROM {account_role}", [])
}

fn read(row: &Row) -> Result<AssignedRole> {
    let assignment = RoleAssignment {
        role: row.get(2)?,
        department: row.get::<Option<Uuid>>(3)?.map(RecordId),
        from: read_date(row.get(4)?)?,
        until: read_date(row.get(5)?)?,
    };
    let while_member = row.get::<Option<bool>>(6)?.unwrap_or(false);
    Ok(AssignedRole { id: row.get(0)?, account: row.get(1)?, assignment, while_member })
}

pub(crate) fn member(account: Uuid, rank: i64, post: &Membership) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {account_department} (account, rank, department, from_date, until_date) VALUES ($1, $2, $3, $4, $5)",
        [account.into(), rank.into(), post.department.0.into(), date(post.from), date(post.until)],
    ))
}

fn describe(assignment: &RoleAssignment) -> String {
    let part = |name: &str, value: Option<String>| value.map(|value| format!(" {name}={value}")).unwrap_or_default();
    format!(
        "{}{}{}{}",
        assignment.role,
        part("department", assignment.department.map(|department| department.to_string())),
        part("from", assignment.from.map(|date| date.to_string())),
        part("until", assignment.until.map(|date| date.to_string())),
    )
}

pub(crate) fn date(date: Option<Date>) -> Param {
    date.map(|date| date.to_string()).into()
}

pub(crate) fn read_date(text: Option<String>) -> Result<Option<Date>> {
    text.map(|text| text.parse().map_err(IdentityError::internal)).transpose()
}
