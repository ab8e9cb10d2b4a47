//! Which of an address's servers is the primary (現用系), and that no other is ever written.
//!
//! A fail-over leaves two servers that could be taken for the primary: the standby that was promoted, and the old one, when
//! somebody starts it again. What is written to the old one is lost. A client can't fence a server, but it need not be fooled
//! by one: each promotion begins a new timeline, and timelines count upwards. So of several servers that accept writes the
//! one on the highest timeline is taken; one on a lower timeline than was seen before is refused, in this process and,
//! by a note outside the database, in later ones; and connections to it are closed. Servers are looked at every few seconds,
//! so that this holds also where the old one was never down but only cut off.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures::FutureExt as _;
use futures::future::join_all;

use super::address::Place;
use super::connection::{Connection, Facts};
use super::failure::unreachable;
use super::note::Note;
use super::tls::Tls;
use crate::error::{Away, Result, StoreError};

/// After a search in vain, others who wait share its outcome for so long.
const OUTCOME_HOLDS: Duration = Duration::from_millis(300);
/// Between two looks at all servers, where there are several.
const LOOKED_EVERY: Duration = Duration::from_secs(5);

/// The servers of an installation.
pub(crate) struct Servers {
    pub places: Vec<Place>,
    pub tls: Tls,
    known: Mutex<Known>,
    /// Where the newest timeline is noted outside the database.
    note: Option<PathBuf>,
    /// Whether this process writes that note; one that only reads does not.
    writable: bool,
    /// One search at a time, and what the last one found instead of a primary.
    search: tokio::sync::Mutex<Option<(Instant, StoreError)>>,
    pub counts: Counts,
}

/// What is known of the primary.
#[derive(Debug, Clone, Default)]
struct Known {
    system: Option<String>,
    timeline: u32,
    /// Which server it was last.
    index: Option<usize>,
}

/// What happened to the connection with the servers since the process began.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Times that another server was the primary from then on.
    pub switches: AtomicU64,
    /// Times that an old primary was refused.
    pub refused: AtomicU64,
    /// Writes whose answer was lost, and whose outcome was found out.
    pub settled: AtomicU64,
    /// Writes whose outcome could not be found out in time.
    pub unknown: AtomicU64,
    /// Commits that are not answered for long, at this moment.
    pub waiting: AtomicU64,
}

/// A commit that is not answered for long, as long as it is so.
pub(super) struct Waiting<'a>(&'a AtomicU64);

impl Counts {
    /// Notes a commit that is not answered for long.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    /// Refuses what would only wait behind commits that are not answered: whoever asks is told at once and for certain, and
    /// nothing piles up whose outcome nobody knows.
    ///
    /// # Errors
    /// [`Away::NoStandby`].
    pub fn refuse_to_wait(&self) -> Result<()> {
        match self.waiting.load(Ordering::Relaxed) {
            0 => Ok(()),
            waiting => Err(StoreError::Away {
                why: Away::NoStandby,
                detail: format!("{waiting} commits wait for a synchronous standby"),
            }),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What became of asking one server.
pub(super) type Answer = Result<Connection>;

impl Servers {
    /// The servers, with what an earlier process has noted.
    pub fn new(places: Vec<Place>, tls: Tls, note: Option<PathBuf>, writable: bool) -> Result<Arc<Self>> {
        let noted = note.as_deref().map(Note::read).transpose()?.flatten();
        let known = noted.map_or_else(Known::default, |note| Known {
            system: Some(note.system),
            timeline: note.timeline,
            index: None,
        });
        let (search, counts) = <_>::default();
        let servers = Arc::new(Self { places, tls, known: Mutex::new(known), note, writable, search, counts });
        if servers.places.len() > 1 {
            tokio::spawn(watch(Arc::downgrade(&servers)));
        }
        Ok(servers)
    }

    /// Whether a server that is away may come back, or another take its place, while somebody waits: not where nobody was
    /// reached yet and there is nobody else, as with an address that is wrong.
    pub fn may_come_back(&self) -> bool {
        self.places.len() > 1 || self.known().index.is_some()
    }

    /// Whether what a connection leads to is still the newest primary that is known.
    pub fn is_present(&self, facts: &Facts) -> bool {
        let known = self.known();
        facts.timeline.is_none_or(|timeline| timeline >= known.timeline || !same(&known.system, &facts.system))
    }

    /// A connection to the primary.
    async fn find(&self) -> Answer {
        let likely = self.known().index.or((self.places.len() == 1).then_some(0));
        if let Some(index) = likely {
            let answer = self.ask(index).await;
            if self.places.len() == 1 {
                return self.choose(vec![answer]);
            }
            if let Ok(connection) = answer
                && connection.facts.is_primary()
                && self.is_present(&connection.facts)
            {
                return self.choose(vec![Ok(connection)]);
            }
        }
        let mut search = self.search.lock().await;
        if let Some((at, error)) = &*search
            && at.elapsed() < OUTCOME_HOLDS
        {
            return Err(error.clone());
        }
        let chosen = self.choose(self.ask_all().await);
        *search = chosen.as_ref().err().map(|error| (Instant::now(), error.clone()));
        chosen
    }

    async fn ask(&self, index: usize) -> Answer {
        Connection::open(&self.places[index], index, self.tls.clone()).await
    }

    /// Asks all servers at once, so that one whose power is out does not hold up the others.
    pub async fn ask_all(&self) -> Vec<Answer> {
        join_all((0..self.places.len()).map(|index| self.ask(index))).await
    }

    /// The primary among those that answered, or what was found instead.
    fn choose(&self, answers: Vec<Answer>) -> Answer {
        let (mut primaries, mut standbys, mut failures, mut old) = (Vec::new(), 0, Vec::new(), Vec::new());
        for answer in answers {
            match answer {
                Ok(found) if !found.facts.is_primary() => standbys += 1,
                Ok(found) => match self.look(&found)? {
                    true => primaries.push(found),
                    false => old.push(self.places[found.index].name.clone()),
                },
                Err(error) => failures.push(error),
            }
        }
        primaries.sort_by_key(|found| found.facts.timeline);
        if let Some(best) = primaries.pop() {
            self.refuse_two(&best, &primaries)?;
            self.use_from_now_on(&best);
            return Ok(best);
        }
        let details: Vec<String> =
            failures.iter().map(|error| error.detail().map_or_else(|| error.to_string(), str::to_owned)).collect();
        let detail = details.join("; ");
        if !old.is_empty() {
            return Err(StoreError::Away { why: Away::OldPrimary, detail: format!("{} {detail}", old.join(", ")) });
        }
        if standbys > 0 {
            return Err(StoreError::Away { why: Away::NoPrimary, detail });
        }
        // What has nothing to do with a server that is away (a certificate, a password) is said as it is.
        let telling = failures.iter().find(|error| !error.is_away()).cloned();
        Err(telling.unwrap_or_else(|| unreachable(detail)))
    }

    /// Whether a server that accepts writes is on no older timeline than the newest that is known.
    fn look(&self, found: &Connection) -> Result<bool> {
        let (known, facts) = (self.known().clone(), &found.facts);
        let name = &self.places[found.index].name;
        if !same(&known.system, &facts.system) {
            // While the process runs, the servers are copies of one another; another one is another city's data.
            if known.index.is_some() || self.places.len() > 1 {
                return Err(StoreError::refused(format!(
                    "データベースのサーバー {name} は、これまでのものの複製ではありません（別に作られたデータベースです）。つないでいません。--database-url を確かめてください。移したのなら、{} を消してから起動してください。",
                    self.note_name()
                )));
            }
            return Ok(true);
        }
        if self.is_present(facts) {
            return Ok(true);
        }
        self.counts.refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            server = name,
            timeline = facts.timeline,
            newest = known.timeline,
            note = self.note_name(),
            "an old primary accepts writes and is refused: stop it, and let it follow the new one with pg_rewind"
        );
        Ok(false)
    }

    /// Two servers on the same timeline that both accept writes: a copy was started by itself, and nobody can tell which of
    /// them is the city's.
    fn refuse_two(&self, best: &Connection, others: &[Connection]) -> Result<()> {
        let twin = others
            .iter()
            .find(|other| other.facts.timeline == best.facts.timeline && other.facts.started != best.facts.started);
        let Some(twin) = twin else { return Ok(()) };
        Err(StoreError::refused(format!(
            "データベースのサーバー {} と {} が、同じ世代（timeline）のまま両方とも書込みを受け付けています。記録が食い違うため、つないでいません。どちらかを止めてください。",
            self.places[best.index].name, self.places[twin.index].name
        )))
    }

    /// Remembers the primary, here and outside the database.
    fn use_from_now_on(&self, best: &Connection) {
        let facts = &best.facts;
        let mut known = self.known();
        let is_new = !same(&known.system, &facts.system)
            || known.system.is_none()
            || facts.timeline.is_some_and(|timeline| timeline > known.timeline);
        if known.index.is_some_and(|before| before != best.index) {
            self.counts.switches.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                server = self.places[best.index].name,
                timeline = facts.timeline,
                "another server is the primary now"
            );
        }
        known.index = Some(best.index);
        let (Some(system), Some(timeline)) = (&facts.system, facts.timeline) else { return };
        if !is_new {
            return;
        }
        known.system = Some(system.clone());
        known.timeline = timeline;
        let Some(path) = self.note.as_ref().filter(|_| self.writable) else { return };
        let note = Note { system: system.clone(), timeline };
        if let Err(error) = note.write(path) {
            tracing::warn!(%error, path = %path.display(), "the database's timeline could not be noted");
        }
    }

    fn note_name(&self) -> String {
        self.note.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two clusters may be the same one, as far as both have said.
fn same(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Looks at all servers now and then: where a standby was promoted while the old primary still answers, nothing breaks by
/// which it would be noticed.
async fn watch(servers: std::sync::Weak<Servers>) {
    loop {
        tokio::time::sleep(LOOKED_EVERY).await;
        let Some(servers) = servers.upgrade() else { return };
        if servers.known().index.is_none() {
            continue;
        }
        // What is wrong is told by whoever needs a connection.
        if let Err(error) = servers.choose(servers.ask_all().await) {
            tracing::debug!(%error, "no primary was found");
        }
    }
}

/// Opens the pool's connections, all of them to the primary.
pub(crate) struct ToPrimary(pub Arc<Servers>);

impl Manager for ToPrimary {
    type Type = Connection;
    type Error = StoreError;

    async fn create(&self) -> Answer {
        // Boxed, so that the types of all who need a connection do not grow by those that make one.
        self.0.find().boxed().await
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<StoreError> {
        if connection.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        if !self.0.is_present(&connection.facts) {
            return Err(RecycleError::message("it leads to an old primary"));
        }
        Ok(())
    }
}
