//! A whole city in memory, with its pages: accounts that sign in, browsers that keep cookies, a clock that is moved by hand.
//!
//! ```no_run
//! # async fn story(fixture: &kawasemi_testkit::Fixture) {
//! use kawasemi_testkit::TestCity;
//! let city = TestCity::new(fixture).await;
//! let hanako = city.sign_in("hanako", &["organisation-editor"]).await;
//! assert!(hanako.get("/desk").await.says("hanako"));
//! # }
//! ```
//!
//! Give the fixture [`tables`]: `on_both_stores! { tables = kawasemi_testkit::desk::tables(); … }`.

mod answer;
mod browser;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use kawasemi_courier::records::ENQUIRY;
use kawasemi_courier::{Courier, HandlerParts, Handlers, HandlersOf, RecordMaker, Side};
use kawasemi_desk::{CityDesk, Desk, Opener, Pages, Problem, Settings, Site};
use kawasemi_identity::{
    Context, Identity, NewAccount, Parts, PasswordCost, Passwords, Provider, RoleAssignment, Rules, SeededEntropy,
};
use kawasemi_kernel::{Act, Clock, IdSource};
use kawasemi_ledger::{Calculators, Ledgers};
use kawasemi_oversight::Oversight;
use kawasemi_oversight::hours::OpeningHours;
use kawasemi_schema::{RoleDef, SystemBundle};
use kawasemi_store::audit::Keeper;
use kawasemi_store::files::Files;
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::{Sealer, Store, table::Table};
use kawasemi_webhook::{Destinations, Sender, Webhooks};
use tempfile::TempDir;
use uuid::Uuid;

pub use answer::Answer;
pub use browser::Browser;

use crate::Fixture;

/// The password of every account.
pub const PASSWORD: &str = "川べりの かわせみは 魚をとる";

/// The tables of the engines behind the pages.
#[must_use]
pub fn tables() -> Vec<Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables::tables());
    tables.extend(kawasemi_parties::engine().tables);
    tables.extend(kawasemi_oversight::engine().tables);
    tables.extend(kawasemi_webhook::engine().tables);
    tables.extend(kawasemi_exchange::engine().tables);
    tables.extend(kawasemi_courier::engine().tables);
    tables
}

/// A clock that goes when it is told to.
#[derive(Debug)]
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a test's city is made of, beside the shared registers.
#[derive(Default)]
pub struct Setup {
    /// Further systems.
    pub systems: Vec<Site>,
    /// Their pages.
    pub pages: Pages,
    /// What the operator decides.
    pub settings: Settings,
    /// What computed fields may name.
    pub calculators: Calculators,
    /// The hall's own identity provider.
    pub provider: Option<Provider>,
    /// What the systems' parcels do where they arrive.
    pub parcels: Vec<HandlersOf>,
}

/// A city with its pages.
pub struct TestCity {
    /// The running server.
    pub desk: Desk,
    /// The city behind it.
    pub city: Arc<CityDesk>,
    /// Its clock.
    pub clock: Arc<HandClock>,
    router: Router,
}

impl TestCity {
    /// A city with the shared registers.
    ///
    /// # Panics
    /// When it can't be made; so do all methods here, since a test has nothing better to do.
    pub async fn new(fixture: &Fixture) -> Self {
        Self::with(fixture, Setup::default()).await
    }

    /// A city with systems of its own.
    pub async fn with(fixture: &Fixture, setup: Setup) -> Self {
        let registry = kawasemi_registry::bundle().expect("the registers are well defined");
        let bundles: Vec<&SystemBundle> =
            std::iter::once(&registry).chain(setup.systems.iter().map(|site| &site.bundle)).collect();
        let definitions = bundles.iter().flat_map(|bundle| bundle.ledgers.iter().cloned()).collect();
        let roles = bundles.iter().flat_map(|bundle| bundle.system.roles.iter().cloned());
        let roles =
            roles.chain([kawasemi_ledger::design::designer_role(), kawasemi_exchange::operator_role()]).collect();
        let plan = schema::plan(&fixture.city, Wanted { definitions, retired: Vec::new() }).await.expect("a plan");
        let layouts = bundles.iter().flat_map(|bundle| bundle.layouts.iter().cloned()).collect();
        let act = Act::system(fixture.now(), "試験");
        schema::apply(&fixture.city, &plan, Allow::Additions, &act, &*fixture.ids).await.expect("the plan is applied");

        let clock = Arc::new(HandClock(Mutex::new(fixture.now())));
        let ids: Arc<dyn IdSource> = fixture.ids.clone();
        let entropy = Arc::new(SeededEntropy::new(1));
        let passwords = Passwords::new(PasswordCost::for_tests(), entropy.clone()).expect("cheap passwords");
        let parts = Parts { ids: ids.clone(), entropy, passwords, rules: Rules::default() };
        let folder = TempDir::new().expect("the temporary folder is writable");
        let opener = TestOpener {
            parts,
            roles,
            calculators: setup.calculators,
            provider: setup.provider,
            layouts,
            parcels: setup.parcels,
            side: setup.settings.role.side(),
            clock: clock.clone(),
            sealer: fixture.sealer.clone(),
            folder,
        };
        let desk =
            Desk::new(fixture.store.clone(), clock.clone(), ids, setup.systems, setup.settings, Box::new(opener));
        let city = match desk.city(fixture.city.code()).await {
            Ok(city) => city,
            Err(problem) => panic!("the city does not open: {problem:?}"),
        };
        let router = kawasemi_desk::router(desk.clone(), setup.pages);
        Self { desk, city, clock, router }
    }

    /// The program's own context, now.
    pub fn system(&self) -> Context {
        Context::system(self.clock.now(), "試験")
    }

    /// Seals what was written, as a running server does by itself.
    pub async fn seal(&self) {
        kawasemi_store::audit::seal(&self.city.city, &self.city.keeper, self.clock.now())
            .await
            .expect("the trail is sealed");
    }

    /// Adds a member of the staff, called by the login name, with these roles.
    pub async fn account(&self, login: &str, roles: &[&str]) -> Uuid {
        let (context, identity) = (self.system(), &self.city.identity);
        let new = NewAccount::staff(login).with_password(PASSWORD);
        let account = identity.add_account(&context, new).await.expect("the account is added");
        let grants = self.city.ledgers.grants().expect("the grants are compiled");
        for role in roles {
            let assigned = identity.assign_role(&context, grants.roles(), account, RoleAssignment::of(*role)).await;
            assigned.expect("the role is assigned");
        }
        account
    }

    /// A browser in which nobody has signed in.
    pub fn visitor(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which a new member of the staff with these roles has signed in.
    pub async fn sign_in(&self, login: &str, roles: &[&str]) -> Browser {
        self.account(login, roles).await;
        let browser = self.visitor();
        let answer = browser.post("/auth/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{login} signs in: {}", answer.text);
        browser
    }
}

/// Opens the fixture's city.
struct TestOpener {
    parts: Parts,
    roles: Vec<RoleDef>,
    calculators: Calculators,
    provider: Option<Provider>,
    layouts: Vec<kawasemi_schema::SourceFile>,
    parcels: Vec<HandlersOf>,
    side: Option<Side>,
    clock: Arc<HandClock>,
    sealer: Sealer,
    folder: TempDir,
}

impl Opener for TestOpener {
    fn open<'a>(
        &'a self,
        store: &'a Store,
        code: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<CityDesk, Problem>> + Send + 'a>> {
        Box::pin(async move {
            let city = store.open_city(code).await?;
            let identity = Identity::new(city.clone(), self.sealer.clone(), self.parts.clone());
            let (roles, calculators) = (self.roles.clone(), self.calculators.clone());
            let ledgers = Ledgers::new(city.clone(), roles, calculators, self.parts.ids.clone())?;
            let files = Files::in_folder(&self.folder.path().join("files"))?;
            let keeper = Keeper::new(self.folder.path().join("keeper"));
            let webhooks = Webhooks::new(kawasemi_webhook::Parts {
                ledgers: ledgers.clone(),
                identity: identity.clone(),
                sealer: self.sealer.clone(),
                ids: self.parts.ids.clone(),
                clock: self.clock.clone(),
                // A test's receiver is on this machine.
                sender: Sender::new(Destinations::default().with_loopback(), None)
                    .map_err(|e| Problem::internal(&e))?,
            });
            let exchange = kawasemi_exchange::Exchange::new(kawasemi_exchange::Parts {
                ledgers: ledgers.clone(),
                files: files.clone(),
                ids: self.parts.ids.clone(),
                clock: self.clock.clone(),
                shipped: self.layouts.clone(),
            });
            let exchange = exchange.map_err(|error| Problem::internal(&error))?;
            let handler = RecordMaker::new(ledgers.clone(), ENQUIRY, self.clock.clone());
            let parts = HandlerParts {
                ledgers: ledgers.clone(),
                files: files.clone(),
                ids: self.parts.ids.clone(),
                clock: self.clock.clone(),
                side: self.side,
            };
            let handlers = Handlers::default().with(ENQUIRY, handler);
            let handlers = self.parcels.iter().fold(handlers, |all, of| all.and(of(&parts)));
            let courier = Courier::new(kawasemi_courier::Parts {
                city: city.clone(),
                identity: identity.clone(),
                sealer: self.sealer.clone(),
                ids: self.parts.ids.clone(),
                clock: self.clock.clone(),
                side: self.side,
                handlers,
            });
            keeper.ensure_key([7; 32])?;
            let (provider, sealer) = (self.provider.clone(), self.sealer.clone());
            let oversight = Oversight::new(kawasemi_oversight::Parts {
                ledgers: ledgers.clone(),
                identity: identity.clone(),
                keeper: keeper.clone(),
                files: Some(files.clone()),
                ids: self.parts.ids.clone(),
                clock: self.clock.clone(),
                hours: OpeningHours::default(),
            });
            Ok(CityDesk {
                city,
                identity,
                provider,
                ledgers,
                webhooks,
                exchange,
                oversight,
                courier,
                files,
                keeper,
                sealer,
            })
        })
    }
}
