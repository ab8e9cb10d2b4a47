//! Looking again at everybody who is the directory's: who was disabled or removed there is out here within minutes.
//!
//! The account itself is disabled, so that passkeys and tokens end with the sessions; it comes back by itself when the directory
//! lets its owner in again. Where the directory does not answer nothing changes, and where most people are gone at once, that is
//! taken for a slip in the settings and nobody is put out.

use std::collections::HashMap;

use jiff::Timestamp;
use kawasemi_store::{Sql, Statement, Unit};
use uuid::Uuid;

use super::account::unhex;
use super::client::{Directory, Down, Person};
use super::{ISSUER, state::Blocked};
use crate::caller::{AccountSummary, Context};
use crate::error::Result;
use crate::events::EventKind;
use crate::identity::{Identity, stored};
use crate::sign_in::By;

/// From so many people on, more than half of them gone at once is a slip in the settings and not what happened.
const SLIP_FROM: usize = 3;

/// What a look at the directory has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rechecked {
    /// Accounts that were looked up.
    pub looked_up: usize,
    /// Accounts that were disabled.
    pub disabled: usize,
    /// Accounts that came back.
    pub enabled: usize,
}

/// An account that is linked with the directory.
struct Linked {
    account: Uuid,
    id: Vec<u8>,
    disabled: bool,
    disabled_by_directory: bool,
}

impl Identity {
    /// Looks up everybody who is the directory's and follows what it says; none where there is no directory or no server
    /// answers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recheck_directory(&self, at: Timestamp) -> Result<Option<Rechecked>> {
        let Some(directory) = self.directory() else { return Ok(None) };
        let linked = self.linked_with_directory().await?;
        let ids: Vec<Vec<u8>> = linked.iter().map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            return Ok(Some(Rechecked::default()));
        }
        let Ok(people): Result<_, Down> = directory.look(&ids, at).await else { return Ok(None) };
        let people: HashMap<Vec<u8>, Person> = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let gone = linked.iter().filter(|one| !people.contains_key(&one.id)).count();
        let slip = gone >= SLIP_FROM && gone * 2 > linked.len();
        if slip {
            tracing::error!(gone, of = linked.len(), "most people are gone from the directory; nobody is put out");
        }
        let mut done = Rechecked { looked_up: linked.len(), ..Rechecked::default() };
        for one in &linked {
            match people.get(&one.id) {
                Some(person) if person.blocked.is_none_or(|blocked| blocked == Blocked::Locked) => {
                    done.enabled += usize::from(self.follow(at, directory, one, person).await?);
                }
                None if slip => {}
                _ => done.disabled += usize::from(self.put_out(at, one).await?),
            }
        }
        Ok(Some(done))
    }

    async fn linked_with_directory(&self) -> Result<Vec<Linked>> {
        let sql = Sql::with(
            "SELECT l.account, l.subject, a.disabled, coalesce(d.disabled, $2) FROM {account_link} l \
             JOIN {account} a ON a.id = l.account LEFT JOIN {account_directory} d ON d.account = l.account \
             WHERE l.issuer = $1 ORDER BY l.account",
            [ISSUER.into(), false.into()],
        );
        let mut linked = Vec::new();
        for row in self.inner.city.read(sql).await? {
            let Some(id) = unhex(&row.get::<String>(1)?) else { continue };
            linked.push(Linked { account: row.get(0)?, id, disabled: row.get(2)?, disabled_by_directory: row.get(3)? });
        }
        Ok(linked)
    }

    /// Gives an account what the directory says of its owner. Answers whether it came back.
    async fn follow(&self, at: Timestamp, directory: &Directory, one: &Linked, person: &Person) -> Result<bool> {
        let comes_back = one.disabled && one.disabled_by_directory;
        if one.disabled && !comes_back {
            return Ok(false);
        }
        let Some(known) = self.candidate(By::Id(one.account), at).await? else { return Ok(false) };
        let account: AccountSummary = known.account;
        let mut unit = Unit::of(self.brought(at, directory, person, &account).await?);
        if comes_back {
            unit.extend(self.back_from_directory(at, one.account));
            unit.add(self.directory_event(at, EventKind::AccountEnabled, one.account, ""));
        }
        if !unit.is_empty() {
            self.write_about(one.account, unit).await?;
        }
        Ok(comes_back)
    }

    /// Disables an account since the directory no longer lets its owner in. Answers whether it was enabled before.
    async fn put_out(&self, at: Timestamp, one: &Linked) -> Result<bool> {
        if one.disabled {
            return Ok(false);
        }
        if self.keep_an_admin(one.account, &Context::system(at, "directory")).await.is_err() {
            tracing::error!(account = %one.account, "the last administrator is disabled in the directory; not here");
            return Ok(false);
        }
        let unit = Unit::of([
            Statement::any(Sql::with(
                "UPDATE {account} SET disabled = $2, updated_at = $3 WHERE id = $1",
                [one.account.into(), true.into(), stored(at)],
            )),
            Statement::any(Sql::with(
                "INSERT INTO {account_directory} (account, verified_at, disabled) VALUES ($1, $2, $3) \
                 ON CONFLICT (account) DO UPDATE SET verifier = NULL, disabled = excluded.disabled",
                [one.account.into(), 0.into(), true.into()],
            )),
            Statement::any(Sql::with("DELETE FROM {session} WHERE account = $1", [one.account.into()])),
            self.directory_event(at, EventKind::AccountDisabled, one.account, ""),
        ]);
        self.write_about(one.account, unit).await?;
        Ok(true)
    }
}
