//! The context of a request, as handlers take it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kawasemi_identity::identity::Visit;
use kawasemi_identity::{AccountKind, AccountSummary, Caller, Context, Grants, Manner, Secret};
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::Ledgers;
use kawasemi_store::catalogue::Catalogue;
use kawasemi_ui::page::{LanguageLink, NavItem, Practice, SearchBox, Site, UserMenu};
use kawasemi_ui::{Icon, SafeHtml, Text};
use url::Url;

use crate::problem::Problem;
use crate::request::arrival::Arrival;
use crate::request::language::localised;
use crate::roles::Role;
use crate::state::{CityDesk, Desk, Place};
use crate::words;

/// Everything that a handler needs to know before it begins: made once for each request by [`super::enter`]. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    inner: Arc<Inner>,
}

struct Inner {
    desk: Desk,
    city: Arc<CityDesk>,
    context: Context,
    arrival: Arrival,
    /// Whose session is locked. To everything else the caller is a visitor.
    locked: Option<AccountSummary>,
}

impl Cx {
    pub(super) fn new(desk: Desk, city: Arc<CityDesk>, mut context: Context, arrival: Arrival) -> Self {
        let mut locked = None;
        if context.caller.locked {
            locked = std::mem::replace(&mut context.caller, Caller::visitor()).account;
            context.act.actor = context.caller.actor;
        }
        Self { inner: Arc::new(Inner { desk, city, context, arrival, locked }) }
    }

    /// Whose session the browser has, locked: it opens nothing until its owner proves themselves again.
    pub fn locked(&self) -> Option<&AccountSummary> {
        self.inner.locked.as_ref()
    }

    /// The cookie's secret of the shared machine (窓口端末) at which the browser says it runs.
    pub fn device(&self) -> Option<&Secret> {
        self.inner.arrival.device.as_ref()
    }

    /// Whether a program asks, or a script of a page: it wants no page.
    pub fn wants_json(&self) -> bool {
        self.inner.arrival.json
    }

    /// The server.
    pub fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// The city.
    pub fn city(&self) -> &CityDesk {
        &self.inner.city
    }

    /// The city's name.
    pub fn city_name(&self) -> &str {
        &self.inner.city.city.info().name
    }

    /// The city's ledgers.
    pub fn ledgers(&self) -> &Ledgers {
        &self.inner.city.ledgers
    }

    /// The definitions in force.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.inner.city.city.catalogue()
    }

    /// The grants in force.
    pub fn grants(&self) -> Result<Grants, Problem> {
        self.ledgers().grants().map_err(|error| Problem::internal(&error))
    }

    /// Who, when, why and in which language.
    pub fn context(&self) -> &Context {
        &self.inner.context
    }

    /// The same at this moment, for an answer that goes on for long: who calls and what they may do is looked up anew.
    ///
    /// # Errors
    /// When the session or token is there no longer, or the store fails.
    pub async fn context_now(&self) -> Result<Context, Problem> {
        let (arrival, identity, at) = (&self.inner.arrival, &self.inner.city.identity, self.desk().clock().now());
        let caller = super::enter::caller(identity, arrival, at).await?;
        if caller.locked || caller.actor != self.inner.context.caller.actor {
            return Err(Problem::unauthorized());
        }
        let mut context = self.inner.context.clone();
        context.caller = caller;
        context.act.at = at;
        Ok(context)
    }

    /// The same request at one record: with what this session has opened of it, if its people are under protection.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn at(self, ledger: &str, record: RecordId) -> Result<Self, Problem> {
        let opened = self.ledgers().with_opening(self.context(), ledger, record).await?;
        Ok(match opened {
            None => self,
            Some(context) => {
                let Inner { desk, city, arrival, .. } = &*self.inner;
                Self::new(desk.clone(), Arc::clone(city), context, arrival.clone())
            }
        })
    }

    /// The same with the reason that the person stated.
    pub fn because(&self, reason: &str) -> Context {
        self.inner.context.clone().because(reason.trim())
    }

    /// The same for reading in this manner, as the access log notes it.
    pub fn reading(&self, manner: Manner) -> Context {
        self.inner.context.clone().reading(manner)
    }

    /// The language of the page.
    pub fn lang(&self) -> Lang {
        self.inner.context.lang
    }

    /// This crate's words in that language.
    pub fn t(&self) -> Text {
        words(self.lang())
    }

    /// The request's number.
    pub fn reference(&self) -> &str {
        &self.inner.arrival.reference
    }

    /// The path that was asked for, without the language prefix, with its query.
    pub fn path(&self) -> &str {
        &self.inner.arrival.path
    }

    /// A parameter of the address, without surrounding white space.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.path().split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned())
    }

    /// Whether htmx asks for a fragment.
    pub fn is_fragment(&self) -> bool {
        self.inner.arrival.fragment
    }

    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        self.inner.context.caller.account.is_some()
    }

    /// The secret of the session cookie, if the browser sent one.
    pub fn secret(&self) -> Option<&Secret> {
        self.inner.arrival.secret.as_ref()
    }

    /// From where and when somebody tries to sign in.
    pub fn visit(&self) -> Visit {
        Visit {
            at: self.inner.context.act.at,
            address: self.inner.arrival.address,
            agent: self.inner.arrival.agent.clone(),
            request: Some(self.inner.arrival.reference.clone()),
            previous: self.inner.arrival.secret.clone(),
            device: self.inner.arrival.device.clone(),
        }
    }

    /// The origin under which the browser sees the city: `https://desk.city.example.jp`.
    pub fn origin(&self) -> Option<Url> {
        let scheme = if self.desk().settings().https { "https" } else { "http" };
        let host = self.inner.arrival.host.as_deref()?;
        Url::parse(&format!("{scheme}://{host}")).ok()
    }

    /// What the browser has begun and not finished: a passkey's ceremony, a visit to the identity provider.
    pub fn begun(&self) -> Option<&Secret> {
        self.inner.arrival.begun.as_ref()
    }

    /// A path in the page's language.
    pub fn href(&self, path: &str) -> String {
        localised(self.lang(), path)
    }

    /// The shell of the staff desk's pages. `part` is the key of the navigation's entry in which the page lies.
    pub fn desk_site(&self, part: &str) -> Site {
        let t = self.t();
        let mut site = Site::desk(self.lang(), self.city_name());
        let mut nav = vec![
            ("home", NavItem::new(t.get("nav-home"), "/desk").icon(Icon::Home).shortcut("g h")),
            ("ledgers", NavItem::new(t.get("nav-ledgers"), "/desk/ledgers").icon(Icon::Ledger).shortcut("g l")),
        ];
        let kind = self.context().caller.account.as_ref().map(|account| account.kind);
        if matches!(kind, Some(AccountKind::Outside)) {
            return self.outside_site(site, nav, part);
        }
        for link in self.desk().links(Place::Desk) {
            nav.push((link.href, NavItem::new(link.title.get(self.lang()), link.href).icon(Icon::Board)));
        }
        if kawasemi_exchange::Exchange::may_operate(self.context()) {
            nav.push(("exchange", NavItem::new(t.get("nav-exchange"), crate::exchange::PATH).icon(Icon::External)));
        }
        if self.context().caller.has_role("organisation-editor") {
            nav.push((
                "organisation",
                NavItem::new(t.get("nav-organisation"), "/desk/organisation").icon(Icon::People),
            ));
        }
        if self.context().require_overseer().is_ok() {
            nav.push(("audit", NavItem::new(t.get("nav-audit"), "/desk/audit").icon(Icon::Check)));
        }
        if self.context().caller.is_admin() {
            nav.push(("admin", NavItem::new(t.get("nav-admin"), "/desk/admin").icon(Icon::Settings).shortcut("g a")));
        }
        site.nav = nav.into_iter().map(|(key, item)| item.current(key == part)).collect();
        if let Some(account) = &self.context().caller.account {
            site.search = Some(SearchBox { action: "/desk/search".to_owned(), value: String::new() });
            site.user = Some(self.user_menu(account));
        }
        site.footer = vec![NavItem::new(t.get("nav-api"), "/api/openapi.json")];
        if self.desk().settings().role != Role::Desk {
            site.footer.insert(0, NavItem::new(t.get("nav-portal"), "/"));
        }
        site.lock_after = self.lock_after();
        self.banded(site)
    }

    /// The same for members of outside organisations: the ledgers that are theirs, themselves, and the way out.
    fn outside_site(&self, mut site: Site, nav: Vec<(&str, NavItem)>, part: &str) -> Site {
        site.nav = nav.into_iter().map(|(key, item)| item.current(key == part)).collect();
        site.user = self.context().caller.account.as_ref().map(|account| self.user_menu(account));
        self.banded(site)
    }

    fn user_menu(&self, account: &AccountSummary) -> UserMenu {
        UserMenu {
            name: account.display_name.clone(),
            note: account.login.clone(),
            items: vec![NavItem::new(self.t().get("nav-account"), "/desk/account").icon(Icon::Person)],
            sign_out_action: "/auth/sign-out".to_owned(),
        }
    }

    /// After how many seconds without use the page locks itself; none but at shared machines.
    fn lock_after(&self) -> Option<i64> {
        let caller = &self.context().caller;
        caller.device.map(|_| self.city().identity.rules().counter_lock.as_secs())
    }

    /// The shell of the public portal's pages.
    pub fn portal_site(&self) -> Site {
        let mut site = Site::portal(self.lang(), self.city_name());
        site.nav = self
            .desk()
            .links(Place::Portal)
            .map(|link| {
                let current = self.path().starts_with(link.href);
                NavItem::new(link.title.get(self.lang()), self.href(link.href)).current(current)
            })
            .collect();
        site.languages =
            Lang::ALL.map(|lang| LanguageLink { lang, href: localised(lang, self.path()) }).into_iter().collect();
        let has_door = self.desk().settings().role != Role::Portal;
        site.sign_in_href = (has_door && !self.is_signed_in()).then(|| "/auth/sign-in".to_owned());
        if self.is_signed_in() {
            site.footer.push(NavItem::new(self.t().get("nav-desk"), "/desk"));
        }
        self.banded(site)
    }

    /// The shell of the pages at which staff sign in.
    pub fn door_site(&self) -> Site {
        let mut site = Site::desk(Lang::Ja, self.city_name());
        site.footer = vec![NavItem::new(words(Lang::Ja).get("nav-portal"), "/")];
        self.banded(site)
    }

    fn banded(&self, mut site: Site) -> Site {
        site.band = self.desk().settings().demo.then(|| self.t().get("demo-band"));
        // Louder than a demo, and there is no way to be rid of it: who practises must never take it for the real thing.
        if self.city().city.is_training() {
            site.practice =
                Some(Practice { band: self.t().get("training-band"), title: self.t().get("training-title") });
            site.band = None;
        }
        site
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Cx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::not_found)
    }
}

/// A whole page, with the status of the answer.
pub fn page(html: SafeHtml) -> axum::response::Html<String> {
    axum::response::Html(html.into_string())
}
