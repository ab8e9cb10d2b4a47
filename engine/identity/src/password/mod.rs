//! Passwords (パスワード): hashed with Argon2id, at most a few at once, with the same answer and effort for an unknown name.
//!
//! Argon2id is slow and hungry on purpose, so it runs on blocking threads, and only so many at a time as the machine's
//! memory was planned for; who comes when the queue is full is told to wait. Parameters stand in the hash itself; when the
//! configured ones have changed, the hash is renewed at the next sign-in, the only moment when the password is known.

pub mod rules;

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{IdentityError, Result};
use crate::secret::Entropy;

pub use rules::{WeakPassword, check};

/// The most bytes of a password that are looked at; what is longer is refused before it is hashed.
pub const LONGEST: usize = 1024;

/// How costly a hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// How many hashes may be computed at once; times `memory_kib` is the memory that sign-in can take.
    pub at_once: usize,
    /// How many may wait for their turn.
    pub waiting: usize,
}

impl Default for PasswordCost {
    /// 19 MiB, two passes, one lane: the first choice of the OWASP Password Storage Cheat Sheet.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, at_once: 2, waiting: 64 }
    }
}

impl PasswordCost {
    /// As cheap as the algorithm allows, for tests. Never for a real city.
    pub const fn for_tests() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1, at_once: 4, waiting: 64 }
    }

    fn params(self) -> Result<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(IdentityError::internal)
    }
}

/// What came of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or there is none.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its hash should be renewed with the present parameters.
    RightButOld,
}

/// Hashes passwords and compares them. One for the whole process, shared by its cities.
#[derive(Clone)]
pub struct Passwords {
    cost: PasswordCost,
    argon: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// The hash of a password that nobody has, compared where an account has none, so that both take equally long.
    decoy: Arc<str>,
}

impl Passwords {
    /// Prepares hashing at a given cost.
    ///
    /// # Errors
    /// [`IdentityError::Internal`] when the parameters are outside what Argon2 allows.
    pub fn new(cost: PasswordCost, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
        let mut nobodys = [0; 32];
        entropy.fill(&mut nobodys);
        let decoy = hash_now(&argon, &nobodys, &salt(&*entropy)?)?.into();
        let turns = Arc::new(Semaphore::new(cost.at_once.max(1)));
        let queue = Arc::new(Semaphore::new(cost.at_once.max(1) + cost.waiting));
        Ok(Self { cost, argon, entropy, turns, queue, decoy })
    }

    /// Hashes a password for storing. The rules are not asked here; see [`check`].
    ///
    /// # Errors
    /// [`IdentityError::Busy`] when too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let (argon, salt) = (self.argon.clone(), salt(&*self.entropy)?);
        let password = normalised(password);
        self.in_turn(move || hash_now(&argon, password.as_bytes(), &salt)).await?
    }

    /// Compares a password with a stored hash. Without one, the effort and the answer are those of a wrong password.
    ///
    /// # Errors
    /// [`IdentityError::Busy`] when too many wait already.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict> {
        if password.len() > LONGEST {
            return Ok(Verdict::Wrong);
        }
        let (argon, cost) = (self.argon.clone(), self.cost);
        let (known, stored) = (stored.is_some(), stored.unwrap_or(&self.decoy).to_owned());
        let password = normalised(password);
        self.in_turn(move || {
            let stored = PasswordHash::new(&stored).map_err(IdentityError::internal)?;
            let right = argon.verify_password(password.as_bytes(), &stored).is_ok();
            Ok(match (right && known, is_current(&stored, cost)) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButOld,
            })
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| IdentityError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(IdentityError::internal)?;
        let work = move || {
            // Both go with the thread: a request that was given up still takes its memory until the hash is done.
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(IdentityError::internal)
    }
}

/// The password with width and composition folded (NFKC), as NIST SP 800-63B advises: the same keys give the same
/// password whether the input method was on or not.
fn normalised(password: &str) -> String {
    password.nfkc().collect()
}

fn salt(entropy: &dyn Entropy) -> Result<SaltString> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    SaltString::encode_b64(&bytes).map_err(IdentityError::internal)
}

fn hash_now(argon: &Argon2<'_>, password: &[u8], salt: &SaltString) -> Result<String> {
    Ok(argon.hash_password(password, salt).map_err(IdentityError::internal)?.to_string())
}

fn is_current(stored: &PasswordHash<'_>, cost: PasswordCost) -> bool {
    let same = |params: Params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (cost.memory_kib, cost.passes, cost.lanes)
    };
    stored.algorithm == Algorithm::Argon2id.ident() && Params::try_from(stored).is_ok_and(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SeededEntropy;

    fn passwords(cost: PasswordCost) -> Passwords {
        Passwords::new(cost, Arc::new(SeededEntropy::new(7))).unwrap()
    }

    #[tokio::test]
    async fn the_password_is_right_and_another_is_wrong() {
        let passwords = passwords(PasswordCost::for_tests());
        let stored = passwords.hash("かわせみ の 巣は 川べり").await.unwrap();
        assert_eq!(passwords.verify("かわせみ の 巣は 川べり", Some(&stored)).await.unwrap(), Verdict::Right);
        assert_eq!(passwords.verify("かわせみ の 巣は 川ばり", Some(&stored)).await.unwrap(), Verdict::Wrong);
        assert_ne!(stored, passwords.hash("かわせみ の 巣は 川べり").await.unwrap(), "each hash has its own salt");
    }

    #[tokio::test]
    async fn width_does_not_make_another_password() {
        let passwords = passwords(PasswordCost::for_tests());
        let stored = passwords.hash("Kawasemi 2026 river").await.unwrap();
        assert_eq!(passwords.verify("Ｋａｗａｓｅｍｉ 2026 river", Some(&stored)).await.unwrap(), Verdict::Right);
    }

    #[tokio::test]
    async fn no_account_is_a_wrong_password() {
        let passwords = passwords(PasswordCost::for_tests());
        assert_eq!(passwords.verify("anything at all", None).await.unwrap(), Verdict::Wrong);
        assert_eq!(passwords.verify(&"a".repeat(LONGEST + 1), None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_to_be_renewed() {
        let cheap = passwords(PasswordCost::for_tests());
        let dear = passwords(PasswordCost { memory_kib: 16, ..PasswordCost::for_tests() });
        let stored = cheap.hash("correct horse battery").await.unwrap();
        assert_eq!(dear.verify("correct horse battery", Some(&stored)).await.unwrap(), Verdict::RightButOld);
        assert_eq!(dear.verify("wrong horse battery", Some(&stored)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_told_so() {
        let cost = PasswordCost { at_once: 1, waiting: 0, ..PasswordCost::for_tests() };
        let passwords = passwords(cost);
        let _turn = passwords.queue.acquire().await.unwrap();
        assert!(matches!(passwords.hash("correct horse battery").await, Err(IdentityError::Busy)));
    }
}
