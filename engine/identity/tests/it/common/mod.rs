//! A city with accounts, for the tests of this crate.

pub mod authenticator;
pub mod provider;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::{
    Caller, Context, Identity, NewAccount, NewSession, Parts, PasswordCost, Passwords, RoleAssignment, Roles, Rules,
    Secret, SeededEntropy, SignIn, Visit,
};
use kawasemi_schema::{RoleDef, Text};
use kawasemi_testkit::Fixture;
use uuid::Uuid;

/// A password that the rules accept.
pub const PASSWORD: &str = "かわせみ 川べり 魚とり 2026";

/// A city and its administrator's hands.
pub struct Hall {
    pub identity: Identity,
    pub now: Timestamp,
}

impl Hall {
    pub fn new(fixture: &Fixture) -> Self {
        Self::with_cost(fixture, PasswordCost::for_tests())
    }

    pub fn with_cost(fixture: &Fixture, cost: PasswordCost) -> Self {
        let entropy = Arc::new(SeededEntropy::new(11));
        let passwords = Passwords::new(cost, entropy.clone()).unwrap();
        let parts = Parts { ids: fixture.ids.clone(), entropy, passwords, rules: Rules::default() };
        Self { identity: Identity::new(fixture.city.clone(), fixture.sealer.clone(), parts), now: fixture.now() }
    }

    /// The instant so many seconds after the test's own.
    pub fn after(&self, seconds: i64) -> Timestamp {
        self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    pub fn system(&self) -> Context {
        Context::system(self.now, "試験")
    }

    /// Adds a member of the staff with the usual password.
    pub async fn staff(&self, login: &str) -> Uuid {
        self.identity.add_account(&self.system(), NewAccount::staff(login).with_password(PASSWORD)).await.unwrap()
    }

    pub async fn give(&self, account: Uuid, role: &str) {
        self.identity.assign_role(&self.system(), &roles(), account, RoleAssignment::of(role)).await.unwrap();
    }

    /// Signs in with the usual password.
    pub async fn sign_in(&self, login: &str) -> NewSession {
        match self.identity.sign_in_with_password(&Visit::at(self.now), login, PASSWORD).await.unwrap() {
            SignIn::Done(session) => *session,
            SignIn::CodeNeeded(_) => panic!("no code was set up"),
        }
    }

    pub async fn caller(&self, secret: &Secret) -> Option<Caller> {
        self.identity.caller(secret, self.now).await.unwrap()
    }

    /// The context of somebody who is signed in.
    pub async fn context(&self, secret: &Secret) -> Context {
        Context::new(self.caller(secret).await.expect("is signed in"), self.now)
    }
}

/// The built-in roles and one of a system.
pub fn roles() -> Roles {
    Roles::new(&[role("park-manager", "公園管理者")])
}

pub fn role(key: &str, title: &str) -> RoleDef {
    RoleDef { key: key.into(), title: Text::Plain(title.into()), description: Text::Empty }
}
