//! What a running server knows of its installation, for the operations page and the metrics: the doctor's looks, kept with their time.
//!
//! What answers at once is asked anew for each page. What waits for others is looked at every hour beside the server's work, and what
//! reads a whole database only when an administrator asks for it; both are remembered until the next time. Figures are gathered each
//! minute, so that a monitor costs nothing.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kawasemi_checkup::alarm::{Letter, Told};
use kawasemi_checkup::backups::Backups;
use kawasemi_checkup::certificates::Holder;
use kawasemi_checkup::disk::Disk;
use kawasemi_checkup::{Figure, Findings, Kind, State, Subject, mail, queue, replication};
use kawasemi_desk::Problem;
use kawasemi_desk::operations::{Operations, Report};
use kawasemi_store::Store;
use kawasemi_store::jobs::Ending;
use tokio::sync::{Notify, watch};

use crate::daily;
use crate::shell::{OpenCity, Shell};
use crate::verbs::doctor::{self, certificates, installation};

/// Between two gatherings of figures.
const GATHERED_EVERY: Duration = Duration::from_secs(60);
/// Between two looks at what waits for others.
const LOOKED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// So long cities may take to be opened before somebody is told that they are not.
const OPENED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Work of days on the page.
const DAILY: u32 = 12;

/// A look and its time.
type Seen = Option<(Timestamp, Findings)>;

/// What is known of the installation that a server serves.
pub struct Knowledge {
    shell: Arc<Shell>,
    store: Store,
    started_at: Timestamp,
    cities: Mutex<BTreeMap<String, OpenCity>>,
    opened: Notify,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What waits for others and concerns the installation.
    slowly: Seen,
    /// The certificates of the settings, and those that servers have shown.
    named: Vec<Holder>,
    shown: Vec<Holder>,
    places: Option<(Backups, Vec<Disk>)>,
    of_cities: BTreeMap<String, OfCity>,
}

#[derive(Default)]
struct OfCity {
    slowly: Seen,
    thoroughly: Seen,
    looking_since: Option<Timestamp>,
    figures: Vec<Figure>,
}

impl Knowledge {
    /// Nothing is known yet.
    pub fn new(shell: Arc<Shell>, store: Store) -> Arc<Self> {
        let started_at = shell.clock.now();
        Arc::new(Self {
            shell,
            store,
            started_at,
            cities: Mutex::default(),
            opened: Notify::new(),
            known: Mutex::default(),
        })
    }

    /// Also of a city from now on.
    pub fn watch(&self, open: OpenCity) {
        self.cities.lock().unwrap_or_else(PoisonError::into_inner).insert(open.city.code().to_owned(), open);
        self.opened.notify_one();
    }

    /// Looks again and again until the server ends.
    pub async fn keep(self: Arc<Self>, mut ending: watch::Receiver<Ending>) {
        loop {
            let looks = async {
                self.gather().await;
                if self.look_where_due().await {
                    self.tell().await;
                }
                // A city that was just opened need not wait for its turn.
                let _ = tokio::time::timeout(GATHERED_EVERY, self.opened.notified()).await;
            };
            tokio::select! {
                () = looks => {}
                // Looking changes nothing, so it is left wherever it stands.
                _ = ending.wait_for(|ending| *ending >= Ending::Finish) => return,
            }
        }
    }

    /// Looks at what waits for others where that was not done for an hour, a city that was just opened included; answers whether
    /// anything was looked at.
    async fn look_where_due(&self) -> bool {
        let now = self.shell.clock.now();
        let is_due = |seen: &Seen| seen.as_ref().is_none_or(|(at, _)| now.duration_since(*at) >= LOOKED_EVERY);
        let mut has_looked = is_due(&self.known().slowly);
        if has_looked {
            self.look_at_installation().await;
        }
        for open in self.open() {
            let is_due = self.known().of_cities.get(open.city.code()).is_none_or(|of_city| is_due(&of_city.slowly));
            if is_due {
                self.look_at_city(&open).await;
                has_looked = true;
            }
        }
        has_looked
    }

    /// Gathers what a monitor is told.
    async fn gather(&self) {
        let places = self.places().await;
        let named = certificates::named(&self.shell.config, &self.shell.location());
        {
            let mut known = self.known();
            known.places = places;
            known.named = named;
        }
        let mut is_first = true;
        for open in self.open() {
            let now = self.shell.clock.now();
            let mut figures = queue::figures(&open.city, now).await;
            // All cities lie in one database.
            if std::mem::take(&mut is_first)
                && let (Ok(figures), Ok(standing)) = (&mut figures, replication::look(&open.city).await)
            {
                figures.extend(standing.figures());
            }
            match figures {
                Ok(mut figures) => {
                    let help = "Cities that this process serves.";
                    let figure = Figure::new("kawasemi_city_open", help, Kind::Gauge, 1.0);
                    figures.push(figure.with("city", open.city.code()));
                    self.known().of_cities.entry(open.city.code().to_owned()).or_default().figures = figures;
                }
                Err(error) => tracing::warn!(city = open.city.code(), %error, "figures were not gathered"),
            }
        }
    }

    async fn look_at_installation(&self) {
        let mut found = Findings::default();
        let shown = doctor::installation_slowly(&self.shell, &mut found).await;
        doctor::servers(&self.store, &mut found).await;
        let mut known = self.known();
        known.slowly = Some((self.shell.clock.now(), found));
        known.shown = shown;
    }

    async fn look_at_city(&self, open: &OpenCity) {
        let mut found = Findings::default();
        if let Err(error) = doctor::city_slowly(&self.shell, open, &mut found).await {
            could_not_look(open.city.code(), &error, &mut found);
        }
        let seen = Some((self.shell.clock.now(), found));
        self.known().of_cities.entry(open.city.code().to_owned()).or_default().slowly = seen;
    }

    async fn look_thoroughly(&self, open: &OpenCity) {
        self.look_at_installation().await;
        self.look_at_city(open).await;
        let mut found = Findings::default();
        if let Err(error) = doctor::city_thoroughly(open, &mut found).await {
            could_not_look(open.city.code(), &error, &mut found);
        }
        let mut known = self.known();
        let of_city = known.of_cities.entry(open.city.code().to_owned()).or_default();
        of_city.thoroughly = Some((self.shell.clock.now(), found));
        of_city.looking_since = None;
    }

    /// Tells operators by mail of what is new since they were told last, where the settings name a relay.
    async fn tell(&self) {
        let Some(relay) = &self.shell.config.mail else { return };
        let folder = &self.shell.config.folder;
        let (now, host) = (self.shell.clock.now(), mail::host());
        let Some((found, unseen)) = self.all(now).await else { return };
        let (letter, told) = Told::read(folder).news(&found.0, &unseen, &host, now);
        if let Some(Letter { subject, text }) = letter
            && let Err(error) = relay.send(&subject, &text, now, self.shell.ids.next()).await
        {
            // It is tried again at the next look.
            tracing::error!(%error, "operators could not be told by mail");
            return;
        }
        if let Err(error) = told.write(folder) {
            tracing::error!(%error, "what operators were told could not be noted down");
        }
    }

    /// Everything that is known or can be found at once, of the installation and of all cities, and the codes of those that could
    /// not be looked at; none while cities are still being opened.
    async fn all(&self, now: Timestamp) -> Option<(Findings, Vec<String>)> {
        let mut found = self.installation_at_once().await.unwrap_or_default();
        let (open, mut unseen) = (self.open(), Vec::new());
        for city in self.store.cities().await.unwrap_or_default() {
            if open.iter().any(|open| open.city.code() == city.code) {
                continue;
            }
            if now.duration_since(self.started_at) < OPENED_WITHIN {
                return None;
            }
            let message = "提供できていません。サーバーで kawasemi doctor を実行して、理由を確かめてください。";
            found.add(Subject::Database, format!("{} を開く", city.code), State::Bad, message);
            unseen.push(city.code);
        }
        for open in open {
            if let Err(error) = doctor::city_at_once(&self.shell, &open, &mut found).await {
                could_not_look(open.city.code(), &error, &mut found);
                unseen.push(open.city.code().to_owned());
            }
        }
        let known = self.known();
        let slowly = known.of_cities.values().filter_map(|of_city| of_city.slowly.as_ref()).chain(&known.slowly);
        found.extend(slowly.flat_map(|(_, found)| found.0.iter().cloned()));
        drop(known);
        Some((found, unseen))
    }

    /// What concerns the installation and answers at once. It asks folders, so another thread does.
    async fn installation_at_once(&self) -> anyhow::Result<Findings> {
        let shell = Arc::clone(&self.shell);
        let look = move || {
            let mut found = Findings::default();
            doctor::installation_at_once(&shell, &mut found);
            found
        };
        Ok(tokio::task::spawn_blocking(look).await?)
    }

    /// Backups and disks. A folder may lie on a disk that does not answer, so another thread asks.
    async fn places(&self) -> Option<(Backups, Vec<Disk>)> {
        let shell = Arc::clone(&self.shell);
        tokio::task::spawn_blocking(move || (installation::backups(&shell), installation::disks(&shell))).await.ok()
    }

    async fn reported(&self, code: &str) -> anyhow::Result<Report> {
        let mut at_once = self.installation_at_once().await?;
        let mut daily = Vec::new();
        // The opener has made it known before the first page of the city.
        let open = self.cities.lock().unwrap_or_else(PoisonError::into_inner).get(code).cloned();
        if let Some(open) = open {
            if let Err(error) = doctor::city_at_once(&self.shell, &open, &mut at_once).await {
                could_not_look(code, &error, &mut at_once);
            }
            daily = daily::latest(&self.shell, &open.city, DAILY).await?;
        }
        let (backups, disks) = self.places().await.unwrap_or_default();
        let known = self.known();
        let of_city = known.of_cities.get(code);
        Ok(Report {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            at_once,
            slowly: together(&known.slowly, of_city.map(|of_city| &of_city.slowly)),
            thoroughly: of_city.and_then(|of_city| of_city.thoroughly.clone()),
            looking_since: of_city.and_then(|of_city| of_city.looking_since),
            backups,
            disks,
            daily,
        })
    }

    fn open(&self) -> Vec<OpenCity> {
        self.cities.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was found of the installation and of a city, with the older of the two times.
fn together(installation: &Seen, city: Option<&Seen>) -> Seen {
    let (at, mut found) = installation.clone()?;
    let Some((then, of_city)) = city.and_then(Option::as_ref) else { return Some((at, found)) };
    found.extend(of_city.0.iter().cloned());
    Some((at.min(*then), found))
}

/// A look that failed is a finding as well.
fn could_not_look(code: &str, error: &anyhow::Error, found: &mut Findings) {
    tracing::error!(city = code, error = %format!("{error:#}"), "a city could not be looked at");
    found.add(
        Subject::Database,
        format!("{code} 点検"),
        State::Bad,
        format!("最後まで点検できませんでした: {error:#}"),
    );
}

/// The knowledge as the desk asks for it.
pub struct Asked(pub Arc<Knowledge>);

impl Operations for Asked {
    fn report<'a>(&'a self, code: &'a str) -> Pin<Box<dyn Future<Output = Result<Report, Problem>> + Send + 'a>> {
        Box::pin(async move {
            self.0.reported(code).await.map_err(|error| {
                let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                Problem::internal(&*error)
            })
        })
    }

    fn look(&self, code: &str) {
        let open = self.0.cities.lock().unwrap_or_else(PoisonError::into_inner).get(code).cloned();
        let Some(open) = open else { return };
        let now = self.0.shell.clock.now();
        let mut known = self.0.known();
        let since = &mut known.of_cities.entry(code.to_owned()).or_default().looking_since;
        if since.is_some() {
            return;
        }
        *since = Some(now);
        drop(known);
        let knowledge = Arc::clone(&self.0);
        tokio::spawn(async move { knowledge.look_thoroughly(&open).await });
    }

    fn figures(&self) -> Vec<Figure> {
        let now = self.0.shell.clock.now();
        let known = self.0.known();
        let gauge = |name, help, value| Figure::new(name, help, Kind::Gauge, value);
        let started = self.0.started_at.as_microsecond() as f64 / 1e6;
        let mut figures = vec![
            gauge("kawasemi_build_info", "The program's version, as a label.", 1.0)
                .with("version", env!("CARGO_PKG_VERSION")),
            gauge("process_start_time_seconds", "When the process began, since the epoch.", started),
        ];
        if let Some((backups, disks)) = &known.places {
            figures.extend(backups.figures(now));
            figures.extend(disks.iter().flat_map(Disk::figures));
        }
        figures.extend(known.named.iter().chain(&known.shown).filter_map(|holder| holder.figure(now)));
        figures.extend(known.of_cities.values().flat_map(|of_city| of_city.figures.iter().cloned()));
        figures
    }
}
