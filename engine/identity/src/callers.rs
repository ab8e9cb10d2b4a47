//! From the secret that a request carries to the caller, in one query.
//!
//! Cookie or bearer token, the account, its roles of today and its departments come in one statement, since this stands
//! before every page. What was read is believed for some seconds ([`crate::caller_cache`]).

use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::RecordId;
use kawasemi_kernel::context::civil_date;
use kawasemi_store::{Param, Row, Sql};
use uuid::Uuid;

use crate::caller::{AccountKind, AccountSummary, Caller, Context, HeldBecause, HeldRole, PUBLIC, SessionId, Strength};
use crate::error::{IdentityError, Result};
use crate::identity::{Identity, after, instant, stored};
use crate::roles::read_date;
use crate::secret::Secret;
use crate::standing::DepartmentShare;
use crate::validity::Validity;

/// Seconds after which the last use is written down again: a write for each request would be waste.
const TOUCHED_EVERY: i64 = 60;

/// Where a secret is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Session,
    Token,
    /// The account itself, for explaining what its holder may do.
    Account,
}

impl Door {
    const fn table(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "api_token",
            Self::Account => "account",
        }
    }

    /// How a row is found and belongs to its account.
    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Session | Self::Token => ("d.secret_hash", "d.account"),
            Self::Account => ("d.id", "d.id"),
        }
    }

    /// Id, strength, last use, last proof, end, whether limited to reading, the shared machine, when it was locked.
    const fn columns(self) -> &'static str {
        match self {
            Self::Session => {
                "d.id, d.strength, d.seen_at, d.authenticated_at, d.expires_at, d.account <> a.id, d.device, d.locked_at"
            }
            Self::Token => "d.id, 'token', d.used_at, d.created_at, d.expires_at, d.read_only, NULL, NULL",
            Self::Account => "d.id, 'none', d.signed_in_at, d.created_at, d.signed_in_at, d.disabled, NULL, NULL",
        }
    }

    const fn used_at(self) -> &'static str {
        match self {
            Self::Session => "seen_at",
            Self::Token | Self::Account => "used_at",
        }
    }
}

/// What the first row says of the session or token.
struct Head {
    id: Uuid,
    used_at: Option<i64>,
    ends_at: Timestamp,
    /// From when on it opens nothing until its owner proves themselves again.
    locks_at: Option<Timestamp>,
}

impl Identity {
    /// The caller whose session cookie carries a secret; none if there is no such session or it has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn caller(&self, secret: &Secret, at: Timestamp) -> Result<Option<Caller>> {
        self.caller_at(Door::Session, secret, at).await
    }

    /// The caller whose `Authorization: Bearer` header carries a token; none if there is no such token or it has expired.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn bearer(&self, token: &str, at: Timestamp) -> Result<Option<Caller>> {
        let Some(secret) = crate::tokens::parse(token) else { return Ok(None) };
        self.caller_at(Door::Token, &secret, at).await
    }

    /// What an account would be as a caller, for explaining what its holder may do. Nobody is signed in by this.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators and the account itself, [`IdentityError::NotFound`]
    /// if there is no such account or it is disabled.
    pub async fn caller_of(&self, context: &Context, account: Uuid) -> Result<Caller> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let rows = self.inner.city.read(query(Door::Account, account, context.act.at)).await?;
        read_caller(Door::Account, &rows)
    }

    async fn caller_at(&self, door: Door, secret: &Secret, at: Timestamp) -> Result<Option<Caller>> {
        let hash = secret.hash();
        let began = match self.inner.callers.find(&hash, at) {
            Ok(caller) => return Ok(Some(caller)),
            Err(began) => began,
        };
        let rows = self.inner.city.read(query(door, hash, at)).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let head = self.head(door, first)?;
        if head.ends_at <= at {
            return Ok(None);
        }
        let mut caller = read_caller(door, &rows)?;
        if door == Door::Account {
            return Ok(Some(caller));
        }
        let validity = Validity::read(first.get(14)?, first.get(15)?, first.get(16)?)?;
        let kind = caller.account.as_ref().map_or(AccountKind::Service, |account| account.kind);
        if !validity.holds(kind, at) {
            return Ok(None);
        }
        if head.locks_at.is_some_and(|locks| locks <= at) {
            // What is locked stays as it was when it was left: looking at the lock is no use of the session.
            caller.locked = true;
            return Ok(Some(caller));
        }
        self.touch(door, &head, at).await;
        let ends_at = [head.locks_at, validity.ends(at)].into_iter().flatten().fold(head.ends_at, Timestamp::min);
        self.inner.callers.keep(began, hash, caller.clone(), at, ends_at);
        Ok(Some(caller))
    }

    fn head(&self, door: Door, row: &Row) -> Result<Head> {
        let used_at: Option<i64> = row.get(2)?;
        let absolute = row.get::<Option<i64>>(4)?.map(instant).transpose()?.unwrap_or(Timestamp::MAX);
        let device: Option<Uuid> = row.get(6)?;
        let locked_at = row.get::<Option<i64>>(7)?.map(instant).transpose()?;
        let (mut idle, mut locks_at) = (Timestamp::MAX, locked_at);
        if let (Door::Session, Some(used_at)) = (door, used_at) {
            let (rules, used_at) = (self.rules(), instant(used_at)?);
            idle = after(used_at, if device.is_some() { rules.counter_idle } else { rules.idle });
            // The last use is written to the minute, so a lock by the server comes that much later than the page's own.
            let unused = after(used_at, rules.counter_lock + SignedDuration::from_secs(TOUCHED_EVERY));
            locks_at = device.map(|_| locked_at.map_or(unused, |locked| locked.min(unused))).or(locked_at);
        }
        Ok(Head { id: row.get(0)?, used_at, ends_at: absolute.min(idle), locks_at })
    }

    /// Writes down that the session or token was used. A failure is logged and does not fail the request.
    async fn touch(&self, door: Door, head: &Head, at: Timestamp) {
        let due = head.used_at.is_none_or(|used| at.as_microsecond() - used >= TOUCHED_EVERY * 1_000_000);
        if !due {
            return;
        }
        let mut sql = Sql::text("UPDATE ");
        sql.table(door.table()).push(" SET ").push(door.used_at()).push(" = ").bind(stored(at));
        sql.push(" WHERE id = ").bind(head.id);
        if let Err(error) = self.inner.city.write(kawasemi_store::Unit::of([sql.into()])).await {
            tracing::warn!(%error, detail = error.detail(), "the last use of a session or token was not written");
        }
    }
}

/// One row for each role of today, each department of today and each part of a department that came with them; at least one
/// if the secret is known, the account is enabled and its person in service.
fn query(door: Door, key: impl Into<Param>, at: Timestamp) -> Sql {
    let today = civil_date(at).to_string();
    let question = Question { door, key: key.into(), today };
    let mut sql = Sql::new();
    // Roles that were assigned, where they go with the post only while there is one.
    question.part(&mut sql, "m.role, m.department", "NULL, NULL", "0", |sql| {
        sql.push("LEFT JOIN ").table("account_role").push(" m ON m.account = a.id");
        question.valid(sql, "m");
        question.with_the_post(sql);
    });
    // What the departments took over for which a role is held.
    question.part(&mut sql, "m.role, p.predecessor", "p.ledger, p.rows", "0", |sql| {
        sql.push("JOIN ").table("account_role").push(" m ON m.account = a.id");
        question.valid(sql, "m");
        question.with_the_post(sql);
        question.taken_over(sql, "p.successor = m.department");
    });
    // Where the department's work went, if its holder went along.
    question.part(&mut sql, "m.role, p.successor", "NULL, NULL", "0", |sql| {
        sql.push("JOIN ").table("account_role").push(" m ON m.account = a.id");
        question.valid(sql, "m");
        question.taken_over(sql, "p.predecessor = m.department AND p.ledger IS NULL AND p.rows IS NULL");
        question.member_of(sql, " AND ", "p.successor");
    });
    question.part(&mut sql, "NULL, m.department", "NULL, NULL", "m.rank", |sql| {
        sql.push("JOIN ").table("account_department").push(" m ON m.account = a.id");
        question.valid(sql, "m");
    });
    question.part(&mut sql, "NULL, p.predecessor", "p.ledger, p.rows", "m.rank + 1000000", |sql| {
        sql.push("JOIN ").table("account_department").push(" m ON m.account = a.id");
        question.valid(sql, "m");
        question.taken_over(sql, "p.successor = m.department");
    });
    // An organisation is no department: its rows stand before all others.
    question.part(&mut sql, "NULL, m.organisation", "NULL, NULL", "-1", |sql| {
        sql.push("JOIN ").table("account_organisation").push(" m ON m.account = a.id AND m.ended_at IS NULL");
        question.valid(sql, "m");
    });
    sql.push(" ORDER BY place");
    sql
}

/// Who is looked for, and for which day.
struct Question {
    door: Door,
    key: Param,
    today: String,
}

impl Question {
    /// One of the parts that together are the answer: what it tells, and from where.
    fn part(&self, sql: &mut Sql, held: &str, share: &str, place: &str, joined: impl Fn(&mut Sql)) {
        let (key_column, account_column) = self.door.keys();
        if !sql.is_empty() {
            sql.push(" UNION ALL ");
        }
        sql.push("SELECT ").push(self.door.columns()).push(", a.id, a.login, a.display_name, a.person, a.kind, ");
        sql.push("a.password_must_change, a.valid_from, a.valid_until, a.valid_hours, ").push(held);
        sql.push(", m.from_date, m.until_date, ");
        sql.push(place).push(" AS place, ");
        self.absent(sql, "leave");
        sql.push(" AS on_leave, ").push(share);
        sql.push(" FROM ").table(self.door.table()).push(" d JOIN ").table("account").push(" a ON a.id = ");
        sql.push(account_column).push(" ");
        joined(sql);
        sql.push(" WHERE ").push(key_column).push(" = ").bind(self.key.clone()).push(" AND NOT a.disabled AND NOT ");
        self.absent(sql, "out");
    }

    /// That dates include the day.
    fn valid(&self, sql: &mut Sql, alias: &str) {
        sql.push(" AND (").push(alias).push(".from_date IS NULL OR ").push(alias).push(".from_date <= ");
        sql.bind(self.today.as_str()).push(") AND (").push(alias).push(".until_date IS NULL OR ").push(alias);
        sql.push(".until_date >= ").bind(self.today.as_str()).push(")");
    }

    /// Whether the register has an absence of a kind on the day.
    fn absent(&self, sql: &mut Sql, kind: &str) {
        sql.push("EXISTS (SELECT 1 FROM ").table("account_absence").push(" o WHERE o.account = a.id AND o.kind = ");
        sql.bind(kind);
        self.valid(sql, "o");
        sql.push(")");
    }

    /// That the register has a post in a department on the day.
    fn member_of(&self, sql: &mut Sql, joint: &str, department: &str) {
        sql.push(joint).push("EXISTS (SELECT 1 FROM ").table("account_department").push(" x WHERE x.account = a.id");
        sql.push(" AND x.department = ").push(department);
        self.valid(sql, "x");
        sql.push(")");
    }

    /// That a role which goes with the post has one.
    fn with_the_post(&self, sql: &mut Sql) {
        sql.push(" AND (m.while_member IS NULL OR NOT m.while_member OR ");
        self.member_of(sql, "", "m.department");
        sql.push(" OR EXISTS (SELECT 1 FROM ").table("department_succession").push(" q WHERE ");
        sql.push("q.predecessor = m.department AND q.ledger IS NULL AND q.rows IS NULL AND q.from_date <= ");
        sql.bind(self.today.as_str());
        self.member_of(sql, " AND ", "q.successor");
        sql.push("))");
    }

    /// What was taken over by the day.
    fn taken_over(&self, sql: &mut Sql, how: &str) {
        sql.push(" JOIN ").table("department_succession").push(" p ON ").push(how).push(" AND p.from_date <= ");
        sql.bind(self.today.as_str());
    }
}

fn read_caller(door: Door, rows: &[Row]) -> Result<Caller> {
    let first = rows.first().ok_or(IdentityError::NotFound)?;
    let account = AccountSummary {
        id: first.get(8)?,
        login: first.get(9)?,
        display_name: first.get(10)?,
        person: first.get::<Option<Uuid>>(11)?.map(RecordId),
        kind: AccountKind::from_key(&first.get::<String>(12)?),
    };
    let mut caller = Caller::of_account(account);
    let mut of_roles = Vec::new();
    caller.on_leave = first.get(22)?;
    if caller.on_leave {
        // Neither roles nor posts nor the rights of every member of the staff, until the return.
        caller.roles.retain(|held| held.key == PUBLIC);
    }
    let held = if caller.on_leave { &[] } else { rows };
    for row in held {
        let department = row.get::<Option<Uuid>>(18)?.map(RecordId);
        let role: Option<String> = row.get(17)?;
        if let (Some(ledger), Some(department)) = (row.get::<Option<String>>(23)?, department) {
            caller.shares.push(DepartmentShare { department, ledger, condition: row.get(24)?, role });
            continue;
        }
        match role {
            None if row.get::<i64>(21)? < 0 => caller.organisations.extend(department),
            Some(key) => {
                let because = HeldBecause::Assigned { from: read_date(row.get(19)?)?, until: read_date(row.get(20)?)? };
                of_roles.extend(department);
                caller = caller.with_role(HeldRole { key, departments: department.map(|d| vec![d]), because });
            }
            None => caller.departments.extend(department),
        }
    }
    // Posts of the staff register come first, the main one before all; a department is named once.
    of_roles.sort_unstable();
    let mut seen = std::collections::HashSet::new();
    caller.departments = std::mem::take(&mut caller.departments)
        .into_iter()
        .chain(of_roles)
        .filter(|department| seen.insert(*department))
        .collect();
    caller.strength = Strength::from_key(&first.get::<String>(1)?);
    match door {
        Door::Session => {
            caller.session = Some(SessionId(first.get(0)?));
            caller.authenticated_at = Some(instant(first.get(3)?)?);
            caller.password_must_change = first.get(13)?;
            caller.device = first.get(6)?;
        }
        Door::Token => caller.read_only = first.get(5)?,
        Door::Account => {}
    }
    Ok(caller)
}
