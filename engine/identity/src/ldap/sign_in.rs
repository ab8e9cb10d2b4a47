//! From what the directory says to somebody who is proved, or to a sentence on why not.
//!
//! While no server answers nobody waits: who is signed in goes on, local accounts sign in as ever, and, where the operator
//! allows it, who was let in a few hours ago gets in with the same password, of which a hash is kept for just that long.

use jiff::SignedDuration;
use kawasemi_store::{Statement, Unit};
use uuid::Uuid;

use super::account::{forget_verifier, keep};
use super::client::{Answer, Directory, Down};
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, after, instant};
use crate::password::Verdict;
use crate::rate_limit::Admitted;
use crate::sign_in::Candidate;

impl Identity {
    /// Has a directory answer for accounts without a password of their own. Once, before anybody signs in.
    pub fn set_directory(&self, directory: Directory) {
        if self.inner.directory.set(directory).is_err() {
            tracing::error!("a city has one directory; the second one is not used");
        }
    }

    /// The city's directory, if it has one.
    pub fn directory(&self) -> Option<&Directory> {
        self.inner.directory.get()
    }

    /// The directory, where it decides over who is at the door: nobody known here, or an account without a password.
    pub(crate) fn directory_for(&self, candidate: Option<&Candidate>) -> Option<&Directory> {
        let is_local = candidate.is_some_and(|known| known.password_hash.is_some() || !known.account.kind.is_staff());
        self.directory().filter(|_| !is_local)
    }

    /// Whether a password that is wrong for an account's own may still be the directory's, since the account is to become
    /// the directory's.
    pub(crate) async fn may_be_taken_over(&self, candidate: Option<&Candidate>) -> Result<Option<&Directory>> {
        let (Some(directory), Some(known)) = (self.directory(), candidate) else { return Ok(None) };
        let is_local = directory.config().take_over && known.account.kind.is_staff();
        if !is_local || self.is_admin_by_hand(known.account.id).await? {
            return Ok(None);
        }
        Ok(Some(directory))
    }

    /// Proves somebody by the directory: the account with what has to be written, or why not.
    pub(crate) async fn proved_by_directory(
        &self,
        visit: &Visit,
        directory: &Directory,
        login_key: &str,
        password: &str,
        candidate: Option<Candidate>,
        admitted: &Admitted,
    ) -> Result<(Candidate, Vec<Statement>)> {
        let account = candidate.as_ref().map(|known| known.account.id);
        match directory.check(login_key, password, visit.at).await {
            Ok(Answer::Right(person)) => match self.account_of_person(visit, directory, &person).await {
                Ok((known, mut also)) => {
                    also.push(keep(known.account.id, self.verifier(directory, password).await?.as_deref(), visit.at));
                    Ok((known, also))
                }
                Err(error @ (IdentityError::NotLinked | IdentityError::WrongCredentials)) => {
                    self.refuse(visit, account, error).await
                }
                Err(error) => Err(error),
            },
            Ok(Answer::Wrong) => self.refuse(visit, account, IdentityError::WrongCredentials).await,
            Ok(Answer::Blocked(blocked, id)) => {
                let linked = self.linked_account(&id).await?;
                if let Some(linked) = linked {
                    self.inner.city.write(Unit::of([forget_verifier(linked)])).await?;
                }
                self.refuse(visit, linked, IdentityError::Blocked(blocked)).await
            }
            Err(Down) => self.proved_by_memory(visit, directory, password, candidate, admitted).await,
        }
    }

    /// The hash of a password that the directory found right, where one is kept.
    async fn verifier(&self, directory: &Directory, password: &str) -> Result<Option<String>> {
        if directory.config().grace_hours == 0 {
            return Ok(None);
        }
        Ok(Some(self.passwords().hash(password).await?))
    }

    /// Lets somebody in by what is remembered of their last sign-in, while no server answers.
    async fn proved_by_memory(
        &self,
        visit: &Visit,
        directory: &Directory,
        password: &str,
        candidate: Option<Candidate>,
        admitted: &Admitted,
    ) -> Result<(Candidate, Vec<Statement>)> {
        let known = candidate.filter(|known| known.may_sign_in(visit.at));
        if let Some(known) = known
            && let Some(verifier) = self.remembered(directory, known.account.id, visit).await?
        {
            return match self.passwords().verify(password, Some(&verifier)).await? {
                Verdict::Wrong => self.refuse(visit, Some(known.account.id), IdentityError::WrongCredentials).await,
                Verdict::Right | Verdict::RightButOld => {
                    let said =
                        self.door_event(visit, EventKind::DirectoryRemembered, Some(known.account.id), "no server");
                    Ok((known, vec![said]))
                }
            };
        }
        // It was no guess that failed: it is not counted, or everybody would wait even when the directory is back.
        self.inner.city.write(Unit::of(self.taken_back(admitted))).await?;
        Err(IdentityError::DirectoryDown)
    }

    /// The verifier of an account's last sign-in, while it may be used.
    async fn remembered(&self, directory: &Directory, account: Uuid, visit: &Visit) -> Result<Option<String>> {
        let grace = SignedDuration::from_hours(i64::from(directory.config().grace_hours));
        let kept = self.kept_of_directory(account).await?;
        let good_until = after(instant(kept.verified_at)?, grace);
        Ok(kept.verifier.filter(|_| !kept.disabled && visit.at < good_until))
    }

    /// Whether a password is that of the person with whom an account is linked, before a dangerous act.
    pub(crate) async fn directory_proves(&self, visit: &Visit, known: &Candidate, password: &str) -> Result<bool> {
        let Some(directory) = self.directory() else { return Ok(false) };
        let account = known.account.id;
        match directory.check(&crate::accounts::login_key(&known.account.login), password, visit.at).await {
            Ok(Answer::Right(person)) => Ok(self.linked_account(&person.id).await? == Some(account)),
            Ok(Answer::Wrong) => Ok(false),
            Ok(Answer::Blocked(blocked, _)) => Err(IdentityError::Blocked(blocked)),
            Err(Down) => match self.remembered(directory, account, visit).await? {
                Some(verifier) => Ok(self.passwords().verify(password, Some(&verifier)).await? != Verdict::Wrong),
                None => Err(IdentityError::DirectoryDown),
            },
        }
    }
}
