//! What the staff register says of people's standing (身分): in which departments they have posts, between which days they
//! are on leave or not in service, and which department took over which.
//!
//! Everything is kept with its dates, those of the future included, so that rights switch with the first request after
//! midnight and nothing has to run at that moment. `registry` hands all of it over whenever the registers change.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_kernel::RecordId;
use kawasemi_store::{Param, Sql, Statement, Unit};
use uuid::Uuid;

use crate::caller::Context;
use crate::error::Result;
use crate::identity::Identity;
use crate::roles::{Membership, date, member};

/// What the staff register says of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The departments, those of the main post first.
    pub memberships: Vec<Membership>,
    /// When the person has less or no right to anything.
    pub absences: Vec<Absence>,
}

/// Days on which somebody's powers rest or do not exist; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// What it is.
    pub kind: AbsenceKind,
    /// The first day; none for ever before.
    pub from: Option<Date>,
    /// The last day; none for ever after.
    pub until: Option<Date>,
}

/// What an absence does to rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsenceKind {
    /// On leave or sent elsewhere (休職・休業・派遣): signs in, but holds no role and belongs nowhere until the return.
    Leave,
    /// Not in service (採用前・退職後・任期満了後): can't sign in, and neither session nor token works.
    OutOfService,
}

impl AbsenceKind {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::OutOfService => "out",
        }
    }
}

/// A department's work that another took over (引継ぎ), wholly or in part. Who belongs to the successor sees the records of
/// the predecessor as their own from that day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The department whose work went.
    pub predecessor: RecordId,
    /// The department that has it now.
    pub successor: RecordId,
    /// The first day.
    pub from: Date,
    /// Only the records of this ledger; none for those of all.
    pub ledger: Option<String>,
    /// Only the records that meet this condition (CQL2); needs [`Succession::ledger`].
    pub condition: Option<String>,
}

/// A part of a predecessor's records, as a caller holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartmentShare {
    /// The predecessor.
    pub department: RecordId,
    /// The ledger.
    pub ledger: String,
    /// The condition on its records; none for all of them.
    pub condition: Option<String>,
    /// The role through which it is held; none where it comes with the post, for every role without limits.
    pub role: Option<String>,
}

impl Identity {
    /// Replaces what the staff register says of people. People who have no account are passed over; people who are not
    /// named keep what they have. Answers how many accounts were set.
    ///
    /// # Errors
    /// [`crate::IdentityError::Forbidden`].
    pub async fn set_standings(&self, context: &Context, people: &BTreeMap<RecordId, Standing>) -> Result<usize> {
        context.require_admin()?;
        let accounts = self.accounts_of(people.keys().copied()).await?;
        for some in accounts.chunks(100) {
            let mut unit = Unit::new();
            for (account, person) in some {
                for table in ["account_department", "account_absence"] {
                    let mut clear = Sql::text("DELETE FROM ");
                    clear.table(table).push(" WHERE account = ").bind(*account);
                    unit.add(clear);
                }
                let Some(standing) = people.get(person) else { continue };
                unit.extend(standing.memberships.iter().zip(1_i64..).map(|(post, rank)| member(*account, rank, post)));
                unit.extend(standing.absences.iter().zip(1_i64..).map(|(days, rank)| absent(*account, rank, days)));
            }
            self.inner.city.write(unit).await?;
        }
        self.inner.callers.forget_all();
        Ok(accounts.len())
    }

    /// Replaces what is known of departments that took over others. Chains are to be closed: who took over a department
    /// that had taken over another is named for both.
    ///
    /// # Errors
    /// [`crate::IdentityError::Forbidden`].
    pub async fn set_successions(&self, context: &Context, successions: &[Succession]) -> Result<()> {
        context.require_admin()?;
        let mut unit = Unit::of([Statement::any(Sql::with("DELETE FROM {department_succession}", []))]);
        unit.extend(successions.iter().zip(1_i64..).map(|(succession, number)| {
            Statement::any(Sql::with(
                "INSERT INTO {department_succession} (number, predecessor, successor, from_date, ledger, rows) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    number.into(),
                    succession.predecessor.0.into(),
                    succession.successor.0.into(),
                    succession.from.to_string().into(),
                    succession.ledger.as_deref().into(),
                    succession.condition.as_deref().into(),
                ],
            ))
        }));
        self.inner.city.write(unit).await?;
        self.inner.callers.forget_all();
        Ok(())
    }

    /// Ends the sessions of accounts whose people are not in service on a day: they work no longer by themselves, and this
    /// removes them from the lists. Answers how many accounts that were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_sessions_of_those_who_left(&self, today: Date) -> Result<usize> {
        let sql = Sql::with(
            "SELECT DISTINCT s.account FROM {session} s JOIN {account_absence} o ON o.account = s.account \
             WHERE o.kind = 'out' AND (o.from_date IS NULL OR o.from_date <= $1) \
             AND (o.until_date IS NULL OR o.until_date >= $1)",
            [today.to_string().into()],
        );
        let accounts: Vec<Uuid> =
            self.inner.city.read(sql).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        let ends = accounts.iter().map(|account| {
            Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [Param::Id(*account)]))
        });
        let unit = Unit::of(ends);
        if !unit.is_empty() {
            self.inner.city.write(unit).await?;
        }
        accounts.iter().for_each(|account| self.inner.callers.forget_account(*account));
        Ok(accounts.len())
    }
}

fn absent(account: Uuid, rank: i64, days: &Absence) -> Statement {
    Statement::any(Sql::with(
        "INSERT INTO {account_absence} (account, rank, kind, from_date, until_date) VALUES ($1, $2, $3, $4, $5)",
        [account.into(), rank.into(), days.kind.key().into(), date(days.from), date(days.until)],
    ))
}
