//! Slowing down those who guess, per account and per network address.
//!
//! Every attempt is counted before the password is looked at, in the database, so that neither parallel requests nor
//! several nodes give more guesses; a success takes the count back. What this node already knows to be blocked is refused
//! from memory, without a query. Unknown login names are counted like known ones.
//!
//! For an account the waits double up to two minutes, no longer, so that nobody can lock a colleague out for a day (and a
//! passkey needs no login name and is not slowed by it). A whole city hall often shares one address, so an address gets a
//! steady allowance instead (GCRA): a burst, then one failure for each interval.
//!
//! Somebody who keeps guessing could still take every turn that an account or an address gets. So where a person has
//! signed in lately is a place of their own: attempts on the account from there are counted apart, by themselves alone, and
//! neither a stranger on the internet nor a machine gone mad in the next room keeps them out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use kawasemi_store::{Param, Sql, Statement, StoreError, Unit, Unmet};

use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, stored};

/// How attempts are slowed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrakeRules {
    /// Attempts on one account without any wait.
    pub account_free: i64,
    /// The longest wait for an account.
    pub account_longest: SignedDuration,
    /// After so long without an attempt an account's count begins anew.
    pub account_forgotten: SignedDuration,
    /// Failures from one address that are let through at once.
    pub address_burst: i64,
    /// Beyond the burst, an address gets one attempt for each interval.
    pub address_interval: SignedDuration,
    /// For how long the address of a sign-in is a place of the account's own.
    pub familiar: SignedDuration,
}

impl Default for BrakeRules {
    fn default() -> Self {
        Self {
            account_free: 5,
            account_longest: SignedDuration::from_mins(2),
            account_forgotten: SignedDuration::from_hours(1),
            address_burst: 40,
            address_interval: SignedDuration::from_secs(15),
            familiar: SignedDuration::from_hours(24 * 30),
        }
    }
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A login name, folded.
    Account(String),
    /// A login name at an address from which its owner has signed in lately.
    Familiar(String, IpAddr),
    /// A network address; of IPv6 the network that one household or office gets.
    Address(IpAddr),
}

impl Subject {
    fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self::Address(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
            v4 => Self::Address(v4),
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Account(login_key) => format!("account:{login_key}"),
            Self::Familiar(login_key, address) => format!("familiar:{address} {login_key}"),
            Self::Address(address) => format!("address:{address}"),
        }
    }
}

/// The attempts on one subject so far. For an account: how many, and when the last one was. For an address: zero, and the
/// instant at which its allowance will be whole again. Instants in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Attempts {
    count: i64,
    last_at: i64,
}

impl BrakeRules {
    /// What is stored once one more attempt is let through, or until when it is not.
    fn next(&self, subject: &Subject, before: Attempts, at: i64) -> Result<Attempts, i64> {
        match subject {
            Subject::Account(_) | Subject::Familiar(..) => self.next_of_account(before, at),
            Subject::Address(_) => self.next_of_address(before, at),
        }
    }

    fn next_of_account(&self, before: Attempts, at: i64) -> Result<Attempts, i64> {
        if at.saturating_sub(before.last_at) >= micros(self.account_forgotten) {
            return Ok(Attempts { count: 1, last_at: at });
        }
        let over = before.count - self.account_free;
        if over >= 0 {
            // One second, two, four …; the shift is bounded since the longest wait is reached long before.
            let seconds = 1_i64 << over.min(30);
            let until = before.last_at.saturating_add((seconds * 1_000_000).min(micros(self.account_longest)));
            if until > at {
                return Err(until);
            }
        }
        Ok(Attempts { count: before.count + 1, last_at: at })
    }

    fn next_of_address(&self, before: Attempts, at: i64) -> Result<Attempts, i64> {
        let interval = micros(self.address_interval);
        let until = before.last_at.saturating_sub(interval.saturating_mul(self.address_burst - 1));
        if until > at {
            return Err(until);
        }
        Ok(Attempts { count: 0, last_at: before.last_at.max(at).saturating_add(interval) })
    }
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// What this node knows to be blocked.
pub(crate) struct Brakes {
    rules: BrakeRules,
    blocked: Mutex<HashMap<Subject, i64>>,
}

/// Beyond so many blocked subjects only the database is asked.
const MOST_IN_MEMORY: usize = 10_000;

impl Brakes {
    pub fn new(rules: BrakeRules) -> Self {
        Self { rules, blocked: Mutex::default() }
    }

    fn known_block(&self, subject: &Subject, at: i64) -> Option<i64> {
        self.lock().get(subject).copied().filter(|until| *until > at)
    }

    fn remember(&self, subject: &Subject, until: i64, at: i64) {
        let mut blocked = self.lock();
        if blocked.len() >= MOST_IN_MEMORY {
            blocked.retain(|_, until| *until > at);
        }
        if blocked.len() < MOST_IN_MEMORY {
            blocked.insert(subject.clone(), until);
        }
    }

    fn forget(&self, subject: &Subject) {
        self.lock().remove(subject);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Subject, i64>> {
        self.blocked.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// An attempt that was let through and counted.
#[derive(Debug)]
pub(crate) struct Admitted {
    subjects: Vec<Subject>,
}

impl Identity {
    /// Lets an attempt through and counts it, or refuses it.
    pub(crate) async fn admit(&self, visit: &Visit, login_key: &str) -> Result<Admitted> {
        let subjects = match visit.address {
            Some(address) if self.is_familiar(visit, login_key).await? => {
                vec![Subject::Familiar(login_key.to_owned(), address)]
            }
            address => {
                let account = Subject::Account(login_key.to_owned());
                std::iter::once(account).chain(address.map(Subject::address)).collect()
            }
        };
        self.admit_subjects(visit, subjects).await
    }

    /// Whether the owner of a login name has signed in from this address lately.
    async fn is_familiar(&self, visit: &Visit, login_key: &str) -> Result<bool> {
        let since = visit.at.checked_sub(self.inner.brakes.rules.familiar).unwrap_or(Timestamp::MIN);
        let sql = Sql::with(
            "SELECT 1 FROM {account} a JOIN {identity_event} e ON e.account = a.id \
             WHERE a.login_key = $1 AND e.at > $2 AND e.kind = $3 AND e.address = $4 LIMIT 1",
            [login_key.into(), stored(since), EventKind::SignedIn.key().into(), visit.address_text().into()],
        );
        Ok(self.inner.city.read_one(sql).await?.is_some())
    }

    /// Lets an attempt through that names no account, and counts it for its address.
    pub(crate) async fn admit_address(&self, visit: &Visit) -> Result<Admitted> {
        self.admit_subjects(visit, visit.address.map(Subject::address).into_iter().collect()).await
    }

    async fn admit_subjects(&self, visit: &Visit, subjects: Vec<Subject>) -> Result<Admitted> {
        if subjects.is_empty() {
            return Ok(Admitted { subjects });
        }
        let at = visit.at.as_microsecond();
        for subject in &subjects {
            if let Some(until) = self.inner.brakes.known_block(subject, at) {
                return Err(wait(until, at));
            }
        }
        // Somebody else's attempt between our look and our count makes the count fail; the look is then repeated.
        for _ in 0..4 {
            match self.try_to_count(&subjects, at).await {
                Err(IdentityError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(Admitted { subjects }),
            }
        }
        Err(IdentityError::TooManyAttempts { seconds: 1 })
    }

    async fn try_to_count(&self, subjects: &[Subject], at: i64) -> Result<()> {
        let rules = self.inner.brakes.rules;
        let mut unit = Unit::new();
        for (subject, before) in subjects.iter().zip(self.attempts(subjects).await?) {
            match rules.next(subject, before, at) {
                Ok(now) => unit.add(count(subject, before, now)),
                Err(until) => {
                    self.inner.brakes.remember(subject, until, at);
                    return Err(wait(until, at));
                }
            };
        }
        self.inner.city.write(unit).await?;
        Ok(())
    }

    async fn attempts(&self, subjects: &[Subject]) -> Result<Vec<Attempts>> {
        let mut sql = Sql::text("SELECT subject, count, last_at FROM ");
        sql.table("attempt").push(" WHERE subject IN (");
        sql.bind_list(subjects.iter().map(|subject| Param::Text(subject.key()))).push(")");
        let mut found: HashMap<String, Attempts> = HashMap::new();
        for row in self.inner.city.read(sql).await? {
            found.insert(row.get(0)?, Attempts { count: row.get(1)?, last_at: row.get(2)? });
        }
        Ok(subjects.iter().map(|subject| found.get(&subject.key()).copied().unwrap_or_default()).collect())
    }

    /// Takes a counted attempt back, since it succeeded.
    pub(crate) fn taken_back(&self, admitted: &Admitted) -> Vec<Statement> {
        admitted.subjects.iter().map(|subject| self.take_back(subject)).collect()
    }

    /// Takes an attempt back for the address alone: the first of two steps succeeded.
    pub(crate) fn taken_back_for_address(&self, admitted: &Admitted) -> Vec<Statement> {
        let addresses = admitted.subjects.iter().filter(|subject| matches!(subject, Subject::Address(_)));
        addresses.map(|subject| self.take_back(subject)).collect()
    }

    /// Takes the attempt back that an address began in an earlier request.
    pub(crate) fn address_taken_back(&self, visit: &Visit) -> Option<Statement> {
        visit.address.map(|address| self.take_back(&Subject::address(address)))
    }

    fn take_back(&self, subject: &Subject) -> Statement {
        self.inner.brakes.forget(subject);
        let key = subject.key().into();
        Statement::any(match subject {
            Subject::Account(_) | Subject::Familiar(..) => Sql::with("DELETE FROM {attempt} WHERE subject = $1", [key]),
            Subject::Address(_) => {
                let interval = micros(self.inner.brakes.rules.address_interval);
                Sql::with("UPDATE {attempt} SET last_at = last_at - $2 WHERE subject = $1", [key, interval.into()])
            }
        })
    }
}

/// Counts one attempt, unless somebody else did so since `before` was read.
fn count(subject: &Subject, before: Attempts, now: Attempts) -> Statement {
    let sql = Sql::with(
        "INSERT INTO {attempt} (subject, count, last_at) VALUES ($1, $2, $3) \
         ON CONFLICT (subject) DO UPDATE SET count = excluded.count, last_at = excluded.last_at \
         WHERE \"attempt\".count = $4 AND \"attempt\".last_at = $5",
        [subject.key().into(), now.count.into(), now.last_at.into(), before.count.into(), before.last_at.into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

fn wait(until: i64, at: i64) -> IdentityError {
    IdentityError::TooManyAttempts { seconds: ((until - at) / 1_000_000).max(0) + 1 }
}

/// Forgets attempts that no longer count.
pub(crate) fn sweep(rules: &BrakeRules, at: Timestamp) -> Statement {
    let before = at.checked_sub(rules.account_forgotten).unwrap_or(Timestamp::MIN);
    Statement::any(Sql::with("DELETE FROM {attempt} WHERE last_at < $1", [stored(before)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn waits_for_an_account_double_and_stay_bounded() {
        let account = Subject::Account("tanaka".into());
        let wait = |count: i64| {
            let next = BrakeRules::default().next(&account, Attempts { count, last_at: 0 }, 0);
            next.err().map_or(0, |until| until / SECOND)
        };
        let waits: Vec<i64> = (4..=8).map(wait).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8]);
        assert_eq!((wait(100), wait(i64::MAX)), (120, 120));
    }

    #[test]
    fn an_account_left_alone_begins_anew() {
        let account = Subject::Account("tanaka".into());
        let long_after = BrakeRules::default().next(&account, Attempts { count: 99, last_at: 0 }, 3600 * SECOND);
        assert_eq!(long_after.unwrap().count, 1);
    }

    #[test]
    fn an_address_has_a_burst_and_then_a_steady_allowance() {
        let (rules, address) = (BrakeRules::default(), Subject::address([192, 0, 2, 1].into()));
        let mut attempts = Attempts::default();
        let start = 1_000_000 * SECOND;
        let mut let_through = 0;
        while let Ok(next) = rules.next(&address, attempts, start) {
            attempts = next;
            let_through += 1;
        }
        assert_eq!(let_through, rules.address_burst);
        assert_eq!(rules.next(&address, attempts, start), Err(start + 15 * SECOND));
        let next = rules.next(&address, attempts, start + 15 * SECOND).unwrap();
        assert!(rules.next(&address, next, start + 15 * SECOND).is_err(), "one for each interval");
    }

    #[test]
    fn an_office_is_one_address_however_many_it_has() {
        let address = |text: &str| Subject::address(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }
}
