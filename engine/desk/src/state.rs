//! The running server: its installation, its systems and its open cities.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::SignedDuration;
use kawasemi_courier::Courier;
use kawasemi_exchange::Exchange;
use kawasemi_identity::{Identity, Provider};
use kawasemi_kernel::calculation::Calculation;
use kawasemi_kernel::{Clock, IdSource, Lang};
use kawasemi_ledger::Ledgers;
use kawasemi_oversight::Oversight;
use kawasemi_print::Printer;
use kawasemi_sanitize::Sanitizer;
use kawasemi_schema::{SystemBundle, Text};
use kawasemi_store::audit::Keeper;
use kawasemi_store::files::Files;
use kawasemi_store::{City, CityInfo, Sealer, Store};
use kawasemi_webhook::Webhooks;
use tokio::sync::{Mutex, watch};

use crate::api::Streams;
use crate::map::MapSettings;
use crate::ogc::Extents;
use crate::operations::{Failures, Watched};
use crate::problem::Problem;
use crate::request::allowance::Allowance;
use crate::roles::Role;

/// The state behind every route. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    systems: Vec<Site>,
    settings: Settings,
    opener: Box<dyn Opener>,
    cities: Mutex<HashMap<String, Arc<CityDesk>>>,
    directory: RwLock<Arc<Vec<CityInfo>>>,
    streams: Arc<Streams>,
    hand_ins: Allowance,
    extents: Extents,
    closing: watch::Sender<bool>,
    policy: http::HeaderValue,
    failures: Failures,
}

/// How often in an hour an address may hand something in on the portal.
const HAND_INS: usize = 30;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether browsers reach the server over https, through a proxy; cookies are then bound to the host.
    pub https: bool,
    /// Whether this is a demo city, which every page says.
    pub demo: bool,
    /// The largest upload in bytes.
    pub upload_limit: u64,
    /// Whether the address in `X-Forwarded-For` is believed, since a proxy of ours sets it.
    pub behind_proxy: bool,
    /// Makes files anew (無害化) that staff attach to records; none where they are kept as they are.
    pub sanitizer: Option<Sanitizer>,
    /// The city that answers where the `Host` header names none; none for the only one.
    pub default_city: Option<String>,
    /// Prints, and the fonts of names for the screen.
    pub printer: Printer,
    /// Which half of a separated installation this is.
    pub role: Role,
    /// What lies under maps.
    pub map: MapSettings,
    /// Who knows how the installation stands; none in tests of pages.
    pub operations: Option<Watched>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            https: false,
            demo: false,
            upload_limit: 200 * 1024 * 1024,
            behind_proxy: false,
            sanitizer: None,
            default_city: None,
            role: Role::All,
            map: MapSettings::default(),
            operations: None,
            printer: Printer::default(),
        }
    }
}

/// What a system brings to the site: its definitions, and where its pages are linked.
pub struct Site {
    /// The system's definitions.
    pub bundle: SystemBundle,
    /// The calculations that the API offers.
    pub calculations: &'static [Calculation],
    /// Links in the staff desk and on the portal.
    pub links: Vec<SiteLink>,
}

/// A link to a system's page.
#[derive(Clone, Debug)]
pub struct SiteLink {
    /// Its words.
    pub title: Text,
    /// A sentence on what it is for.
    pub lead: Text,
    /// Where it leads.
    pub href: &'static str,
    /// Where it is offered.
    pub place: Place,
}

/// Where a link is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the staff desk.
    Desk,
    /// On the public portal.
    Portal,
}

/// One open city: its records and its accounts.
pub struct CityDesk {
    /// The store's handle.
    pub city: City,
    /// Accounts, sessions and sign-in.
    pub identity: Identity,
    /// The hall's own identity provider, if the city has one.
    pub provider: Option<Provider>,
    /// The ledgers.
    pub ledgers: Ledgers,
    /// Who is told of changes over HTTPS.
    pub webhooks: Webhooks,
    /// Other systems' files.
    pub exchange: Exchange,
    /// Who looked at whom, and what becomes of personal data.
    pub oversight: Oversight,
    /// What goes between the portal and the desk.
    pub courier: Courier,
    /// The files attached to records.
    pub files: Files,
    /// What is kept of the audit trail outside the database.
    pub keeper: Keeper,
    /// The keys that seal the city's secrets.
    pub sealer: Sealer,
}

/// Opens a city for the desk: publishes what its systems declare and puts its engines together. Done by `app`.
pub trait Opener: Send + Sync {
    /// Opens a city by its code.
    fn open<'a>(
        &'a self,
        store: &'a Store,
        code: &'a str,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<CityDesk, Problem>> + Send + 'a>>;
}

impl Desk {
    /// A server over an installation.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        systems: Vec<Site>,
        settings: Settings,
        opener: Box<dyn Opener>,
    ) -> Self {
        let (cities, directory, streams, failures) = <_>::default();
        let closing = watch::Sender::new(false);
        let hand_ins = Allowance::new(HAND_INS, SignedDuration::from_hours(1));
        let policy = crate::security::content_security_policy(&settings.map.hosts());
        let inner = Inner {
            policy,
            store,
            clock,
            ids,
            systems,
            settings,
            opener,
            cities,
            directory,
            streams,
            hand_ins,
            extents: Extents::default(),
            closing,
            failures,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Ends what would otherwise go on for as long as its reader likes, so that the server can stop.
    pub fn close(&self) {
        self.inner.closing.send_replace(true);
    }

    /// Tells when the server stops.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.inner.closing.subscribe()
    }

    /// The boxes around collections of the geographic services.
    pub(crate) fn extents(&self) -> &Extents {
        &self.inner.extents
    }

    /// What people who are not signed in may hand in.
    pub fn hand_ins(&self) -> &Allowance {
        &self.inner.hand_ins
    }

    /// What pages may load and ask.
    pub(crate) fn content_security_policy(&self) -> &http::HeaderValue {
        &self.inner.policy
    }

    /// The latest failures.
    pub fn failures(&self) -> &Failures {
        &self.inner.failures
    }

    /// The streams that are open.
    pub(crate) fn streams(&self) -> &Arc<Streams> {
        &self.inner.streams
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The source of ids.
    pub fn ids(&self) -> &dyn IdSource {
        &*self.inner.ids
    }

    /// The same, for work that outlives a request.
    pub fn shared_ids(&self) -> Arc<dyn IdSource> {
        Arc::clone(&self.inner.ids)
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The systems.
    pub fn systems(&self) -> &[Site] {
        &self.inner.systems
    }

    /// The installation.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Links of all systems to a place, in the order of the systems.
    pub fn links(&self, place: Place) -> impl Iterator<Item = &SiteLink> {
        self.inner.systems.iter().flat_map(|site| &site.links).filter(move |link| link.place == place)
    }

    /// The calculations of all systems.
    pub fn calculations(&self) -> impl Iterator<Item = &'static Calculation> {
        self.inner.systems.iter().flat_map(|site| site.calculations)
    }

    /// The title of a system in a language.
    pub fn system_title(&self, key: &str, lang: Lang) -> Option<&str> {
        let site = self.inner.systems.iter().find(|site| site.bundle.system.key == key)?;
        Some(site.bundle.system.title.get(lang))
    }

    /// The city that a `Host` header names, opened on first use.
    pub async fn city_of_host(&self, host: Option<&str>) -> Result<Arc<CityDesk>, Problem> {
        let code = self.code_of_host(host).await?;
        self.city(&code).await
    }

    /// A city by its code, opened on first use. Others wait while one opens it, so that it is opened once.
    pub async fn city(&self, code: &str) -> Result<Arc<CityDesk>, Problem> {
        let mut cities = self.inner.cities.lock().await;
        if let Some(city) = cities.get(code) {
            return Ok(Arc::clone(city));
        }
        let opened = Arc::new(self.inner.opener.open(&self.inner.store, code).await?);
        cities.insert(code.to_owned(), Arc::clone(&opened));
        Ok(opened)
    }

    /// The list of cities is read once and again when a host is not among them, since a city may have been added while
    /// serving; a stranger's host name costs one short reading, which the store answers from its own directory.
    async fn code_of_host(&self, host: Option<&str>) -> Result<String, Problem> {
        let default = self.inner.settings.default_city.as_deref();
        let known = Arc::clone(&self.inner.directory.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(code) = choose(&known, host, default) {
            return Ok(code);
        }
        let listed = self.inner.store.cities().await?;
        let code = choose(&listed, host, default);
        *self.inner.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(listed);
        code.ok_or_else(Problem::not_found)
    }
}

/// The city of a host: the one that names it; else the default; else the only one that names no host.
fn choose(cities: &[CityInfo], host: Option<&str>, default: Option<&str>) -> Option<String> {
    let host = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let named =
        host.and_then(|host| cities.iter().find(|city| city.hosts.iter().any(|h| h.eq_ignore_ascii_case(host))));
    if let Some(city) = named {
        return Some(city.code.clone());
    }
    if let Some(code) = default {
        return cities.iter().find(|city| city.code == code).map(|city| city.code.clone());
    }
    // The one that names no host; a training city beside it has its own.
    let mut nameless = cities.iter().filter(|city| city.hosts.is_empty());
    match (nameless.next(), nameless.next()) {
        (Some(only), None) => Some(only.code.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(code: &str, hosts: &[&str]) -> CityInfo {
        CityInfo {
            code: code.to_owned(),
            name: String::new(),
            time_zone: "Asia/Tokyo".to_owned(),
            hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
            created_at: 0,
        }
    }

    #[test]
    fn the_host_chooses_the_city() {
        let two = [city("142182", &["a.lg.jp"]), city("142158", &["b.lg.jp"])];
        let of = |host, default| choose(&two, host, default);
        assert_eq!(of(Some("B.lg.jp:8080"), None).as_deref(), Some("142158"));
        assert_eq!(of(Some("c.lg.jp"), None), None);
        assert_eq!(of(Some("c.lg.jp"), Some("142182")).as_deref(), Some("142182"));
        assert_eq!(of(None, None), None);
        let beside = [city("142182", &[]), city("149184", &["kunren.lg.jp"])];
        assert_eq!(choose(&beside, Some("localhost"), None).as_deref(), Some("142182"));
        assert_eq!(choose(&beside, Some("kunren.lg.jp"), None).as_deref(), Some("149184"));
        assert_eq!(choose(&[city("142182", &[]), city("142158", &[])], Some("localhost"), None), None);
        let one = [city("142182", &[])];
        assert_eq!(choose(&one, Some("localhost:8080"), None).as_deref(), Some("142182"));
    }
}
