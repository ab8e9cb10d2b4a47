//! What the running server knows of itself, for the operations page and the monitor.
//!
//! Most of it concerns what the desk does not know: settings, folders, backups. `app` knows, and answers through [`Operations`].

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kawasemi_checkup::backups::Backups;
use kawasemi_checkup::disk::Disk;
use kawasemi_checkup::{Figure, Findings};

use crate::problem::Problem;

/// Failures that are remembered.
const REMEMBERED: usize = 50;

/// Answers how the installation stands. Done by `app`.
pub trait Operations: Send + Sync {
    /// What is known of the installation and of one city.
    fn report<'a>(&'a self, code: &'a str) -> Pin<Box<dyn Future<Output = Result<Report, Problem>> + Send + 'a>>;

    /// Begins to look at everything, also at what takes minutes, beside the server's work. Nothing where a look is under way.
    fn look(&self, code: &str);

    /// Figures for a monitor, from the last look and at no cost.
    fn figures(&self) -> Vec<Figure>;
}

/// The [`Operations`] of a server.
#[derive(Clone)]
pub struct Watched(pub Arc<dyn Operations>);

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

/// How the installation stands.
#[derive(Clone, Debug)]
pub struct Report {
    /// The program's version.
    pub version: &'static str,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// What was looked at just now.
    pub at_once: Findings,
    /// What takes longer, and when it was last looked at.
    pub slowly: Option<(Timestamp, Findings)>,
    /// What takes minutes, and when it was last looked at.
    pub thoroughly: Option<(Timestamp, Findings)>,
    /// Since when a look is under way that was asked for.
    pub looking_since: Option<Timestamp>,
    /// The backups.
    pub backups: Backups,
    /// The disks.
    pub disks: Vec<Disk>,
    /// The latest work of each day, the newest first.
    pub daily: Vec<DailyRun>,
}

/// Work of a day (日次の処理).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyRun {
    /// What it does.
    pub about: String,
    /// Of which day.
    pub day: String,
    /// `waiting`, `running`, `done` or `dead`.
    pub state: String,
    /// When it ran last, or will run.
    pub at: Timestamp,
    /// What the last attempt said, if it failed.
    pub error: Option<String>,
}

/// A request that failed on our side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// The number that the person saw and the log has.
    pub reference: String,
    /// Where, without what names a record.
    pub place: String,
    /// In which city; none where it was not yet known.
    pub city: Option<String>,
}

/// The latest failures since the server began. What failed stands in the log alone: a cause may speak of content.
#[derive(Debug, Default)]
pub struct Failures(Mutex<VecDeque<Failure>>);

impl Failures {
    /// Remembers one.
    pub fn add(&self, failure: Failure) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_front(failure);
        all.truncate(REMEMBERED);
    }

    /// Those of a city, the newest first.
    pub fn of(&self, code: &str) -> Vec<Failure> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|failure| failure.city.as_deref().is_none_or(|city| city == code)).cloned().collect()
    }
}

/// A path without what names a record: parts that are no words of ours.
pub fn place(path: &str) -> String {
    let is_word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_')) && part.len() <= 40
    };
    let parts: Vec<&str> = path.split('/').map(|part| if is_word(part) { part } else { "…" }).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_no_record() {
        let path = "/desk/ledgers/party/019e2f4c-0000-7000-8000-000000000001/edit";
        assert_eq!(place(path), "/desk/ledgers/party/…/edit");
        assert_eq!(place("/desk/search/%E6%B8%A1%E8%BE%BA"), "/desk/search/…");
        assert_eq!(place("/api/v1/ledgers/party"), "/api/…/ledgers/party");
    }

    #[test]
    fn the_latest_failures_are_remembered() {
        let failures = Failures::default();
        for n in 0..60 {
            let city = (n % 2 == 0).then(|| "142182".to_owned());
            let (at, place) = (Timestamp::UNIX_EPOCH, "/desk".to_owned());
            failures.add(Failure { at, reference: n.to_string(), place, city });
        }
        let known = failures.of("142182");
        assert_eq!((known.len(), known[0].reference.as_str()), (50, "59"));
        assert_eq!(failures.of("142158").len(), 25, "those of another city are its own");
    }
}
