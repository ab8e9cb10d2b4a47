//! Maintenance by vendors (保守作業): for a time that one person asks for and another approves, with every request recorded.
//!
//! A vendor's account opens nothing by itself. An approved maintenance lets it in from an instant to another, within hours of the
//! day, with the roles that were named, and ends by itself; anybody who administers can end it at once. Every request is written
//! down before it is looked at ([`Identity::record_request`]); what was shown of personal data stands in the access log under the
//! same request number. No page and no command changes these rows.

use jiff::{SignedDuration, Timestamp};
use kawasemi_store::{Row, Sql, Statement, Unit, Unmet};
use uuid::Uuid;

use crate::caller::{AccountKind, Context};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::grants::Roles;
use crate::identity::{Identity, Visit, instant, stored};
use crate::outside::{ROLE_PREFIX, stated};
use crate::validity::Hours;

/// Who assigns the roles of a maintenance.
const ASSIGNED_BY: &str = "maintenance";
/// The longest maintenance.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Maintenance that is asked for.
#[derive(Clone, Debug)]
pub struct NewMaintenance {
    /// The vendor's account.
    pub account: Uuid,
    /// The ticket's number (受付番号), by which the work is found elsewhere.
    pub ticket: String,
    /// The roles that the work needs.
    pub roles: Vec<String>,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Within which hours of the day, such as `08:30-17:00`; none for all.
    pub hours: Option<String>,
}

/// A maintenance, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Its id.
    pub id: Uuid,
    /// The vendor's account.
    pub account: Uuid,
    /// The ticket's number.
    pub ticket: String,
    /// Why.
    pub reason: String,
    /// The roles that the work needs.
    pub roles: Vec<String>,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Within which hours of the day.
    pub hours: Option<String>,
    /// Who asked for it, as the actor's text.
    pub requested_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// Who refused or ended it; the program where its time was over.
    pub ended_by: Option<String>,
    /// When it was refused or ended.
    pub ended_at: Option<Timestamp>,
}

/// A request that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// When.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// From which address.
    pub address: String,
    /// The request's number, under which the access log has what was shown.
    pub request: String,
    /// The status of the answer; none if the program ended before it was given.
    pub status: Option<i64>,
}

impl Identity {
    /// Asks for maintenance; the reason is the context's.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::Invalid`] with what to change.
    pub async fn request_maintenance(&self, context: &Context, roles: &Roles, new: NewMaintenance) -> Result<Uuid> {
        context.require_admin()?;
        let reason = stated(context)?;
        let ticket = new.ticket.trim();
        if ticket.is_empty() || ticket.chars().count() > 60 {
            return Err(IdentityError::invalid("受付番号（保守の依頼番号）を60文字以内で入力してください。"));
        }
        if self.account(context, new.account).await?.summary.kind != AccountKind::Vendor {
            return Err(IdentityError::invalid("種別が「保守業者」の利用者を選んでください。"));
        }
        if new.until <= new.from || new.until <= context.act.at {
            return Err(IdentityError::invalid("作業の終わりは、始まりといまより後にしてください。"));
        }
        if new.until.duration_since(new.from) > LONGEST {
            return Err(IdentityError::invalid("一度に申請できるのは31日までです。長い作業は分けて申請してください。"));
        }
        if new.hours.as_deref().is_some_and(|hours| Hours::parse(hours).is_none()) {
            return Err(IdentityError::invalid("時間帯は 08:30-17:00 の形で入力してください。"));
        }
        let known =
            |role: &&String| roles.assignable().all(|(key, _)| key != role.as_str()) || role.starts_with(ROLE_PREFIX);
        if let Some(unknown) = new.roles.iter().find(known) {
            return Err(IdentityError::invalid(format!("役割「{unknown}」は保守作業に使えません。")));
        }
        let id = self.new_id();
        let insert = Sql::with(
            "INSERT INTO {maintenance} (id, account, ticket, reason, roles, from_at, until_at, hours, requested_by, \
             requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                id.into(),
                new.account.into(),
                ticket.into(),
                reason.into(),
                new.roles.join("|").into(),
                stored(new.from),
                stored(new.until),
                new.hours.into(),
                context.act.actor.to_string().into(),
                stored(context.act.at),
            ],
        );
        let event = self.event(context, EventKind::MaintenanceRequested, new.account, ticket);
        self.write_about(new.account, Unit::of([insert.into(), event])).await?;
        Ok(id)
    }

    /// Approves a maintenance that somebody else asked for: the vendor's account holds for its time.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::StepUpNeeded`], [`IdentityError::Invalid`] for one's own request, one
    /// that was decided, or while another maintenance of the account is open.
    pub async fn approve_maintenance(&self, context: &Context, id: Uuid) -> Result<()> {
        context.require_admin()?;
        self.require_fresh(context)?;
        let found = self.maintenance(context, id).await?;
        let by = context.act.actor.to_string();
        if found.requested_by == by || context.act.actor.account() == Some(found.account) {
            return Err(IdentityError::invalid(
                "申請した本人は承認できません。ほかのシステム管理者に承認を依頼してください。",
            ));
        }
        if found.approved_at.is_some() || found.ended_at.is_some() || found.until <= context.act.at {
            return Err(IdentityError::invalid("この申請は、すでに承認・終了されているか、期間が過ぎています。"));
        }
        if self.open_maintenance(found.account).await?.is_some() {
            return Err(IdentityError::invalid(
                "この利用者には、まだ終わっていない保守作業があります。先に終了してください。",
            ));
        }
        let now = stored(context.act.at);
        let approve = Sql::with(
            "UPDATE {maintenance} SET approved_by = $2, approved_at = $3 \
             WHERE id = $1 AND approved_at IS NULL AND ended_at IS NULL",
            [id.into(), by.into(), now.clone()],
        );
        let hold = Sql::with(
            "UPDATE {account} SET valid_from = $2, valid_until = $3, valid_hours = $4, updated_at = $5 \
             WHERE id = $1 AND kind = $6",
            [
                found.account.into(),
                stored(found.from),
                stored(found.until),
                found.hours.clone().into(),
                now.clone(),
                AccountKind::Vendor.key().into(),
            ],
        );
        let conflict = Unmet::Refused("この申請は、ほかの人が先に処理しました。".to_owned());
        let mut unit = Unit::of([Statement::one_row(approve, conflict), Statement::one_row(hold, Unmet::NotFound)]);
        for role in &found.roles {
            unit.add(Sql::with(
                "INSERT INTO {account_role} (id, account, role, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
                [self.new_id().into(), found.account.into(), role.as_str().into(), now.clone(), ASSIGNED_BY.into()],
            ));
        }
        unit.add(self.event(context, EventKind::MaintenanceApproved, found.account, &found.ticket));
        self.write_about(found.account, unit).await
    }

    /// Ends a maintenance at once, or refuses one that was asked for.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`] for one that has ended.
    pub async fn end_maintenance(&self, context: &Context, id: Uuid) -> Result<()> {
        context.require_admin()?;
        let found = self.maintenance(context, id).await?;
        let end = Sql::with(
            "UPDATE {maintenance} SET ended_by = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL",
            [id.into(), context.act.actor.to_string().into(), stored(context.act.at)],
        );
        let mut unit = Unit::of([Statement::one_row(end, Unmet::NotFound)]);
        if found.approved_at.is_some() {
            unit.extend(closed(found.account, context.act.at));
        }
        unit.add(self.event(context, EventKind::MaintenanceEnded, found.account, &found.ticket));
        self.write_about(found.account, unit).await
    }

    /// Closes what is over by its time. The accounts hold no longer by themselves; here their roles go. A job calls this.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_maintenance(&self, at: Timestamp) -> Result<usize> {
        let mut sql = select();
        sql.push(" WHERE ended_at IS NULL AND until_at <= ").bind(stored(at));
        let over = self.inner.city.read(sql).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
        let context = Context::system(at, "保守作業の期間の終わり");
        for one in &over {
            match self.end_maintenance(&context, one.id).await {
                // Somebody has ended it meanwhile.
                Ok(()) | Err(IdentityError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(over.len())
    }

    /// One maintenance.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::NotFound`].
    pub async fn maintenance(&self, context: &Context, id: Uuid) -> Result<Maintenance> {
        context.require_admin()?;
        let mut sql = select();
        sql.push(" WHERE id = ").bind(id);
        self.inner.city.read_one(sql).await?.as_ref().map_or(Err(IdentityError::NotFound), read)
    }

    /// All of them, the newest first, at most some hundred.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn maintenances(&self, context: &Context) -> Result<Vec<Maintenance>> {
        context.require_admin()?;
        let mut sql = select();
        sql.push(" ORDER BY id DESC LIMIT 300");
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// What the vendor did during a maintenance, in order: a page after an instant of an earlier page.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub async fn requests_of(&self, context: &Context, id: Uuid, limit: u32) -> Result<Vec<RecordedRequest>> {
        context.require_admin()?;
        let sql = Sql::with(
            "SELECT at, method, path, address, request, status FROM {maintenance_request} \
             WHERE maintenance = $1 ORDER BY id LIMIT $2",
            [id.into(), i64::from(limit.clamp(1, 10_000)).into()],
        );
        self.inner.city.read(sql).await?.iter().map(read_request).collect()
    }

    /// Writes a vendor's request down before it is looked at, and answers under which id its answer is added.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] where no maintenance is open: the request must not be looked at.
    pub async fn record_request(&self, visit: &Visit, account: Uuid, method: &str, path: &str) -> Result<Uuid> {
        let maintenance = self.open_maintenance(account).await?.ok_or(IdentityError::Forbidden)?;
        let id = self.new_id();
        let path: String = path.chars().filter(|c| !c.is_control()).take(2000).collect();
        let insert = Sql::with(
            "INSERT INTO {maintenance_request} (id, maintenance, at, method, path, address, request) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                maintenance.into(),
                stored(visit.at),
                method.into(),
                path.into(),
                visit.address_text().into(),
                visit.request.clone().unwrap_or_default().into(),
            ],
        );
        self.inner.city.write(Unit::of([insert.into()])).await?;
        Ok(id)
    }

    /// Adds the status of the answer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record_answer(&self, request: Uuid, status: u16) -> Result<()> {
        let update = Sql::with(
            "UPDATE {maintenance_request} SET status = $2 WHERE id = $1 AND status IS NULL",
            [request.into(), i64::from(status).into()],
        );
        self.inner.city.write(Unit::of([Statement::any(update)])).await?;
        Ok(())
    }

    /// The maintenance of an account that was approved and has not ended.
    async fn open_maintenance(&self, account: Uuid) -> Result<Option<Uuid>> {
        let sql = Sql::with(
            "SELECT id FROM {maintenance} WHERE account = $1 AND approved_at IS NOT NULL AND ended_at IS NULL \
             ORDER BY id DESC LIMIT 1",
            [account.into()],
        );
        self.inner.city.read_one(sql).await?.map(|row| row.get(0)).transpose().map_err(Into::into)
    }
}

/// What ends with a maintenance: sessions, roles, and the account's time.
fn closed(account: Uuid, at: Timestamp) -> [Statement; 3] {
    [
        Statement::any(Sql::with(
            "UPDATE {account} SET valid_until = $2, updated_at = $2 WHERE id = $1",
            [account.into(), stored(at)],
        )),
        Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [account.into()])),
        Statement::any(Sql::with(
            "DELETE FROM {account_role} WHERE account = $1 AND created_by = $2",
            [account.into(), ASSIGNED_BY.into()],
        )),
    ]
}

fn select() -> Sql {
    Sql::with(
        "SELECT id, account, ticket, reason, roles, from_at, until_at, hours, requested_by, approved_by, approved_at, \
         ended_by, ended_at FROM {maintenance}",
        [],
    )
}

fn read(row: &Row) -> Result<Maintenance> {
    let roles: String = row.get(4)?;
    let at = |n: usize| row.get::<Option<i64>>(n).map_err(IdentityError::from)?.map(instant).transpose();
    Ok(Maintenance {
        id: row.get(0)?,
        account: row.get(1)?,
        ticket: row.get(2)?,
        reason: row.get(3)?,
        roles: roles.split('|').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        from: instant(row.get(5)?)?,
        until: instant(row.get(6)?)?,
        hours: row.get(7)?,
        requested_by: row.get(8)?,
        approved_by: row.get(9)?,
        approved_at: at(10)?,
        ended_by: row.get(11)?,
        ended_at: at(12)?,
    })
}

fn read_request(row: &Row) -> Result<RecordedRequest> {
    Ok(RecordedRequest {
        at: instant(row.get(0)?)?,
        method: row.get(1)?,
        path: row.get(2)?,
        address: row.get(3)?,
        request: row.get(4)?,
        status: row.get(5)?,
    })
}
