//! Members of organisations outside the hall (外部団体の利用者): contractors, 指定管理者, 自治会, inspectors.
//!
//! Whoever answers for the contract in the hall (担当職員) invites them, moves their last day and ends their access, each time with a
//! reason; that this person answers for it says the register of organisations, which the engine above reads, and comes in as a
//! [`Responsibility`]. An account ends with its contract at the latest. Its roles are those that are meant for outsiders
//! (`outside-…`), and a grant of such a role speaks of `user.organisations`, so that it opens that contract's records alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::RecordId;
use kawasemi_kernel::context::start_of;
use kawasemi_store::{Param, Row, Sql, Statement, StoreError, Unit, Unmet};
use uuid::Uuid;

use crate::accounts::{checked_login, checked_mail};
use crate::caller::{AccountKind, AccountSummary, Context};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::grants::Roles;
use crate::identity::{Identity, instant, stored};
use crate::password;
use crate::roles::read_date;

/// What every role for outsiders begins with.
pub const ROLE_PREFIX: &str = "outside-";

/// That the caller answers for an organisation's contract. Made by the register of organisations, after it has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Responsibility {
    /// The organisation's record.
    pub organisation: RecordId,
    /// The first day of its contract, if one is set.
    pub from: Option<Date>,
    /// The last day of its contract.
    pub until: Date,
}

/// A member that is to be invited.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// The name typed to sign in.
    pub login: String,
    /// The member's name.
    pub display_name: String,
    /// The mail address, if known.
    pub mail: Option<String>,
    /// The role, one for outsiders.
    pub role: String,
    /// The last day, not after the contract's.
    pub until: Date,
    /// The first password, to be changed at the first sign-in.
    pub password: String,
}

/// A member of an outside organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: AccountSummary,
    /// The organisation.
    pub organisation: RecordId,
    /// The last day.
    pub until: Date,
    /// Why they were invited, or their last day moved.
    pub reason: String,
    /// When their access was ended before its day, if it was.
    pub ended_at: Option<Timestamp>,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
}

impl Identity {
    /// Invites a member: makes their account, which ends with the day.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for a day after the contract's, a role that is not for outsiders, or no reason;
    /// [`IdentityError::LoginTaken`], [`IdentityError::WeakPassword`], [`IdentityError::Forbidden`].
    pub async fn invite_member(
        &self,
        context: &Context,
        roles: &Roles,
        answers_for: &Responsibility,
        new: NewMember,
    ) -> Result<Uuid> {
        self.require_host(context)?;
        let reason = stated(context)?;
        self.check_day(context, answers_for, new.until)?;
        if !new.role.starts_with(ROLE_PREFIX) || roles.title(&new.role).is_none() {
            return Err(IdentityError::invalid("外部の利用者に付けられる役割を選んでください。"));
        }
        let (login, login_key) = checked_login(&new.login)?;
        let name = new.display_name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(IdentityError::invalid("氏名を100文字以内で入力してください。"));
        }
        password::check(&new.password, &login)?;
        let hash = self.passwords().hash(&new.password).await?;
        let (id, now) = (self.new_id(), stored(context.act.at));
        let insert = Sql::with(
            "INSERT INTO {account} (id, login, login_key, display_name, kind, mail, disabled, password_hash, password_at, \
             password_must_change, created_at, updated_at, valid_from, valid_until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $9, $11, $12)",
            [
                id.into(),
                login.clone().into(),
                login_key.into(),
                name.into(),
                AccountKind::Outside.key().into(),
                new.mail.as_deref().map(checked_mail).transpose()?.into(),
                false.into(),
                hash.into(),
                now.clone(),
                true.into(),
                answers_for.from.map(|from| start_of(from).as_microsecond()).into(),
                stored(end_of(new.until)),
            ],
        );
        let member = Sql::with(
            "INSERT INTO {account_organisation} (account, organisation, from_date, until_date, reason, invited_by, \
             invited_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                answers_for.organisation.0.into(),
                answers_for.from.map(|from| from.to_string()).into(),
                new.until.to_string().into(),
                reason.as_str().into(),
                context.act.actor.to_string().into(),
                now.clone(),
            ],
        );
        let role = Sql::with(
            "INSERT INTO {account_role} (id, account, role, until_date, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            [
                self.new_id().into(),
                id.into(),
                new.role.as_str().into(),
                Param::Null,
                now,
                context.act.actor.to_string().into(),
            ],
        );
        let said = format!("{} until={} {reason}", answers_for.organisation, new.until);
        let event = self.event(context, EventKind::MemberInvited, id, &said);
        match self.inner.city.write(Unit::of([insert.into(), member.into(), role.into(), event])).await {
            Err(StoreError::Unique { .. }) => Err(IdentityError::LoginTaken { login }),
            other => Ok(other.map(|_| id)?),
        }
    }

    /// Moves a member's last day, not beyond the contract's; somebody whose access was ended comes back by it.
    ///
    /// # Errors
    /// As [`Identity::invite_member`], and [`IdentityError::NotFound`] for somebody who is no member.
    pub async fn extend_member(
        &self,
        context: &Context,
        answers_for: &Responsibility,
        account: Uuid,
        until: Date,
    ) -> Result<()> {
        self.require_host(context)?;
        let reason = stated(context)?;
        self.check_day(context, answers_for, until)?;
        let update = Sql::with(
            "UPDATE {account_organisation} SET until_date = $3, reason = $4, ended_at = NULL \
             WHERE account = $1 AND organisation = $2",
            [account.into(), answers_for.organisation.0.into(), until.to_string().into(), reason.as_str().into()],
        );
        let said = format!("{} until={until} {reason}", answers_for.organisation);
        let event = self.event(context, EventKind::MemberExtended, account, &said);
        let unit = Unit::of([Statement::one_row(update, Unmet::NotFound), event]);
        self.write_about(account, unit).await?;
        self.follow_memberships(account, context.act.at).await
    }

    /// Ends a member's access at once.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Invalid`] without a reason.
    pub async fn end_member(&self, context: &Context, answers_for: &Responsibility, account: Uuid) -> Result<()> {
        self.require_host(context)?;
        let reason = stated(context)?;
        let update = Sql::with(
            "UPDATE {account_organisation} SET ended_at = $3 \
             WHERE account = $1 AND organisation = $2 AND ended_at IS NULL",
            [account.into(), answers_for.organisation.0.into(), stored(context.act.at)],
        );
        let said = format!("{} {reason}", answers_for.organisation);
        let event = self.event(context, EventKind::MemberEnded, account, &said);
        self.write_about(account, Unit::of([Statement::one_row(update, Unmet::NotFound), event])).await?;
        self.follow_memberships(account, context.act.at).await
    }

    /// The members of the organisations for which the caller answers, those who left included, the next to end first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members_of(&self, answers_for: &[Responsibility]) -> Result<Vec<Member>> {
        let organisations = answers_for.iter().map(|one| Param::Id(one.organisation.0));
        let mut members = Vec::new();
        for some in organisations.collect::<Vec<_>>().chunks(500) {
            let mut sql = select();
            sql.push(" WHERE m.organisation IN (").bind_list(some.iter().cloned()).push(")");
            members.extend(self.inner.city.read(sql).await?.iter().map(read).collect::<Result<Vec<_>>>()?);
        }
        members.sort_by(|one, other| (one.until, &one.account.login).cmp(&(other.until, &other.account.login)));
        Ok(members)
    }

    /// The members whose last day is one of these at the latest and who have not left, the next to end first: whom to remind.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators.
    pub async fn members_ending(&self, context: &Context, by: Date) -> Result<Vec<Member>> {
        context.require_admin()?;
        let mut sql = select();
        sql.push(" WHERE m.ended_at IS NULL AND m.until_date >= ").bind(context.today().to_string());
        sql.push(" AND m.until_date <= ").bind(by.to_string()).push(" ORDER BY m.until_date, a.login");
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// Cuts members to the ends of their contracts, as the register has them now; an organisation that is not there any more has
    /// no members. Answers how many were cut.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follow_contracts(&self, at: Timestamp, ends: &BTreeMap<RecordId, Date>) -> Result<usize> {
        let mut sql = select();
        sql.push(" WHERE m.ended_at IS NULL ORDER BY a.id");
        let mut cut = 0;
        for member in self.inner.city.read(sql).await?.iter().map(read).collect::<Result<Vec<_>>>()? {
            let (account, organisation) = (member.account.id, member.organisation);
            let change = match ends.get(&organisation) {
                Some(end) if member.until <= *end => continue,
                Some(end) => Sql::with(
                    "UPDATE {account_organisation} SET until_date = $3 WHERE account = $1 AND organisation = $2",
                    [account.into(), organisation.0.into(), end.to_string().into()],
                ),
                None => Sql::with(
                    "UPDATE {account_organisation} SET ended_at = $3 WHERE account = $1 AND organisation = $2",
                    [account.into(), organisation.0.into(), stored(at)],
                ),
            };
            let kind =
                if ends.contains_key(&organisation) { EventKind::MemberExtended } else { EventKind::MemberEnded };
            let said = format!("{organisation} 契約の終わりに合わせる");
            let event = self.event_row(at, kind, kawasemi_kernel::Actor::System, Some(account), "", &said, None);
            self.write_about(account, Unit::of([Statement::any(change), event])).await?;
            self.follow_memberships(account, at).await?;
            cut += 1;
        }
        Ok(cut)
    }

    /// Lets an account hold until the last of its memberships; sessions end with it.
    async fn follow_memberships(&self, account: Uuid, at: Timestamp) -> Result<()> {
        let sql = Sql::with(
            "SELECT max(until_date) FROM {account_organisation} WHERE account = $1 AND ended_at IS NULL",
            [account.into()],
        );
        let row = self.inner.city.read_one(sql).await?;
        let until = read_date(row.map(|row| row.get(0)).transpose()?.flatten())?;
        let until = until.map_or(at, end_of);
        let mut unit = Unit::of([Statement::any(Sql::with(
            "UPDATE {account} SET valid_until = $2, updated_at = $3 WHERE id = $1 AND kind = $4",
            [account.into(), stored(until), stored(at), AccountKind::Outside.key().into()],
        ))]);
        if until <= at {
            unit.add(Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [account.into()])));
        }
        self.write_about(account, unit).await
    }

    /// Refuses everybody who is not of the hall's own staff and signed in.
    fn require_host(&self, context: &Context) -> Result<()> {
        let may = context.caller.is_system() || context.caller.is_staff() && context.require_own_account().is_ok();
        if may && !context.caller.read_only { self.require_fresh(context) } else { Err(IdentityError::Forbidden) }
    }

    fn check_day(&self, context: &Context, answers_for: &Responsibility, until: Date) -> Result<()> {
        if until < context.today() {
            return Err(IdentityError::invalid("利用の期限が過ぎた日です。これからの日にしてください。"));
        }
        if until > answers_for.until {
            return Err(IdentityError::invalid(format!(
                "利用の期限は、契約の終わり（{}）までにしてください。契約を延ばすときは、先に外部団体の記録を直してください。",
                answers_for.until
            )));
        }
        Ok(())
    }
}

/// The reason that was stated; there has to be one.
pub(crate) fn stated(context: &Context) -> Result<String> {
    let reason = context.act.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(IdentityError::invalid("理由を500文字以内で入力してください。記録に残ります。"));
    }
    Ok(reason.to_owned())
}

/// The instant at which a last day is over.
fn end_of(day: Date) -> Timestamp {
    start_of(day.tomorrow().unwrap_or(Date::MAX))
}

fn select() -> Sql {
    Sql::with(
        "SELECT a.id, a.login, a.display_name, a.kind, a.signed_in_at, m.organisation, m.until_date, m.reason, m.ended_at \
         FROM {account_organisation} m JOIN {account} a ON a.id = m.account",
        [],
    )
}

fn read(row: &Row) -> Result<Member> {
    let account = AccountSummary {
        id: row.get(0)?,
        login: row.get(1)?,
        display_name: row.get(2)?,
        person: None,
        kind: AccountKind::from_key(&row.get::<String>(3)?),
    };
    let until = read_date(Some(row.get(6)?))?.unwrap_or(Date::MIN);
    Ok(Member {
        account,
        organisation: RecordId(row.get(5)?),
        until,
        reason: row.get(7)?,
        ended_at: row.get::<Option<i64>>(8)?.map(instant).transpose()?,
        signed_in_at: row.get::<Option<i64>>(4)?.map(instant).transpose()?,
    })
}
