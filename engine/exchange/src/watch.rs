//! Folders in which files arrive, and what should have arrived (監視).
//!
//! Each layout has a folder: `in`, from which complete files are taken, `done` and `refused`, into which they go, and `out`.
//! A file is complete when two looks find it alike, or when its marker is there; names that senders give to what they are
//! still writing are passed over. Several nodes may look into the same folder: who notes the look first takes the file.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::Context;
use kawasemi_kernel::calendar::Calendar;
use kawasemi_store::unit::Unmet;
use kawasemi_store::{Sql, Statement, StoreError, Unit};

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::intake::Wish;
use crate::layout::{Direction, Layout, Mode, Ready};
use crate::layouts::Published;
use crate::runs::{Alarm, AlarmKind, Run, RunState};

/// Between two looks that find a file alike.
const STABLE: SignedDuration = SignedDuration::from_secs(5);
/// What stands behind the name of a marker.
const MARKER: &str = ".done";
/// Endings that senders give to what they are still writing.
const UNFINISHED: [&str; 5] = [".tmp", ".part", ".filepart", ".partial", ".crdownload"];
/// Most files that one look takes of a layout, so that the others have their turn.
const AT_ONCE: usize = 10;

/// Where files arrive and go: a folder for each city, in it one for each layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders(pub PathBuf);

impl Folders {
    /// A folder of a layout: `in`, `done`, `refused` or `out`.
    #[must_use]
    pub fn of(&self, city: &str, layout: &str, which: &str) -> PathBuf {
        self.0.join(city).join(layout).join(which)
    }
}

/// How a layout stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// The layout.
    pub layout: Published,
    /// Its last run.
    pub last: Option<Run>,
    /// Runs that wait for a person, newest first.
    pub waiting: Vec<Run>,
    /// When the next file is expected, or given out.
    pub next: Option<DateTime>,
    /// What is amiss.
    pub alarms: Vec<Alarm>,
}

impl Exchange {
    /// How every layout stands: what came last, what comes next, what is amiss.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`]; when the store fails.
    pub async fn overview(&self, context: &Context) -> Result<Vec<Status>> {
        let calendar = self.calendar().await;
        let now = self.local(self.now());
        let mut all = Vec::new();
        for published in self.layouts(context).await? {
            let key = published.layout.key().to_owned();
            let recent = self.select_runs(&Sql::with("layout = $1", [key.into()]), 50).await?;
            let mut alarms: Vec<Alarm> = self.late(&published, &recent, now, &calendar).into_iter().collect();
            let waiting: Vec<Run> = recent.iter().filter(|run| run.state.is_open()).cloned().collect();
            alarms.extend(waiting.iter().flat_map(|run| run.alarms.iter().cloned()));
            let next = published.layout.due.and_then(|due| due.next(now, &calendar));
            let last = recent.into_iter().next();
            all.push(Status { layout: published, last, waiting, next, alarms });
        }
        Ok(all)
    }

    /// The alarm that a file did not come in time. A layout that was never used here, nor published, waits for none.
    fn late(&self, published: &Published, recent: &[Run], now: DateTime, calendar: &Calendar) -> Option<Alarm> {
        let layout = &published.layout;
        let (before, last) = layout.due?.last(now, calendar)?;
        if layout.raw.direction == Direction::Out {
            return None;
        }
        let first = recent.last().map(|run| run.received_at).into_iter().chain(published.published_at).min()?;
        let half = before.duration_until(last).as_secs() / 2;
        let from = last.checked_sub(SignedDuration::from_secs(half)).ok()?;
        // A whole register in which nothing has changed is the same file again.
        let counts = |run: &Run| match run.state {
            RunState::Refused => false,
            RunState::Duplicate => layout.raw.mode == Mode::Full,
            _ => run.origin.is_none(),
        };
        let has_come = recent.iter().any(|run| counts(run) && self.local(run.received_at) >= from);
        if has_come || self.local(first) > last {
            return None;
        }
        let came = recent.iter().find(|run| counts(run));
        let came = came.map_or_else(
            || "まだ一度も届いていません".to_owned(),
            |run| format!("最後に届いたのは{}", self.local(run.received_at).strftime("%Y-%m-%d %H:%M")),
        );
        let message = format!(
            "{}までに届くはずのファイルが届いていません（{came}）。相手のシステムの担当に確かめてください。",
            last.strftime("%Y-%m-%d %H:%M")
        );
        Some(Alarm { kind: AlarmKind::Late, message })
    }

    async fn calendar(&self) -> Calendar {
        let context = Context::system(self.now(), "連携の予定");
        match kawasemi_registry::register::calendar(&self.parts.ledgers, &context).await {
            Ok(calendar) => calendar,
            Err(error) => {
                tracing::warn!(%error, "the city's own closed days can't be read");
                Calendar::default()
            }
        }
    }

    /// Looks into the folders once: takes what is complete, and gives out what is due.
    ///
    /// # Errors
    /// When the store fails. What is wrong with one layout's folder is logged and leaves the others alone.
    pub async fn look(&self, folders: &Folders) -> Result<Vec<Run>> {
        self.recover().await?;
        let mut runs = Vec::new();
        // What other systems really hand over is none of a training city's business.
        if self.city().is_training() {
            return Ok(runs);
        }
        for Published { layout, .. } in self.in_use().await? {
            if layout.raw.schedule.is_none() {
                continue;
            }
            let outcome = match layout.raw.direction {
                Direction::In => match self.go_on(&layout).await {
                    Ok(()) => self.look_into(folders, &layout).await,
                    Err(error) => Err(error),
                },
                Direction::Out => self.give_if_due(folders, &layout).await,
            };
            match outcome {
                Ok(found) => runs.extend(found),
                Err(error @ ExchangeError::Store(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(city = self.city().code(), layout = layout.key(), %error, "the exchange failed")
                }
            }
        }
        Ok(runs)
    }

    async fn look_into(&self, folders: &Folders, layout: &Layout) -> Result<Vec<Run>> {
        let folder = folders.of(self.city().code(), layout.key(), "in");
        let mut runs = Vec::new();
        for path in arrived(&folder, layout)?.into_iter().take(AT_ONCE) {
            if !self.is_complete(layout, &path).await? {
                continue;
            }
            let name = name(&path);
            let context = Context::system(self.now(), "連携フォルダーの取込");
            let taken = self.receive(&context, layout.key(), &path, &name, Wish::AsTheLayoutSays, &|_| {}).await;
            let (to, why) = match &taken {
                Ok(taken) if taken.run.state == RunState::Refused => ("refused", taken.run.message.clone()),
                Ok(_) => ("done", String::new()),
                // The run was kept: what failed was only the applying of it, which the page tells.
                Err(error @ (ExchangeError::Ledger(_) | ExchangeError::Store(_))) => {
                    tracing::error!(layout = layout.key(), file = name, %error, "a file was not applied");
                    ("done", error.to_string())
                }
                Err(error) => ("refused", error.to_string()),
            };
            let target = folders.of(self.city().code(), layout.key(), to);
            self.put_away(&path, &target, &why)?;
            self.forget(layout.key(), &name).await?;
            runs.extend(taken.ok().map(|taken| taken.run));
        }
        Ok(runs)
    }

    /// Whether a file is complete, and ours to take.
    async fn is_complete(&self, layout: &Layout, path: &Path) -> Result<bool> {
        let is_marked = layout.raw.schedule.as_ref().is_some_and(|schedule| schedule.ready == Ready::Marker);
        if is_marked && !marker(path).exists() {
            return Ok(false);
        }
        let metadata = std::fs::metadata(path).map_err(ExchangeError::io(path))?;
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |at| i64::try_from(at.as_micros()).unwrap_or(i64::MAX));
        let size = i64::try_from(metadata.len()).unwrap_or(i64::MAX);
        let (key, file, now) = (layout.key(), name(path), self.now());
        let known = Sql::with(
            "SELECT size, modified, seen_at FROM {exchange_look} WHERE layout = $1 AND file = $2",
            [key.into(), file.as_str().into()],
        );
        let known: Option<(i64, i64, i64)> = match self.city().read_one(known).await? {
            Some(row) => Some((row.get(0)?, row.get(1)?, row.get(2)?)),
            None => None,
        };
        let alike = known.filter(|(known, at, _)| (*known, *at) == (size, modified));
        let Some((.., seen)) = alike else {
            let note = Sql::with(
                "INSERT INTO {exchange_look} (layout, file, size, modified, seen_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (layout, file) DO UPDATE SET size = excluded.size, modified = excluded.modified, \
                 seen_at = excluded.seen_at",
                [key.into(), file.into(), size.into(), modified.into(), now.as_microsecond().into()],
            );
            self.city().write(Unit::of([note.into()])).await?;
            return Ok(false);
        };
        let seen_at = Timestamp::from_microsecond(seen).unwrap_or_default();
        if now.duration_since(seen_at) < STABLE {
            return Ok(false);
        }
        // Of several nodes one moves the note on, and has the file.
        let claim = Sql::with(
            "UPDATE {exchange_look} SET seen_at = $1 WHERE layout = $2 AND file = $3 AND seen_at = $4",
            [now.as_microsecond().into(), key.into(), file.into(), seen.into()],
        );
        match self.city().write(Unit::of([Statement::one_row(claim, Unmet::Conflict)])).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn forget(&self, layout: &str, file: &str) -> Result<()> {
        let sql =
            Sql::with("DELETE FROM {exchange_look} WHERE layout = $1 AND file = $2", [layout.into(), file.into()]);
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }

    /// Moves a file away, under the moment at which that was; beside a refused one lies why.
    fn put_away(&self, path: &Path, folder: &Path, why: &str) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(ExchangeError::io(folder))?;
        let target = folder.join(format!("{}_{}", self.local(self.now()).strftime("%Y%m%d-%H%M%S"), name(path)));
        std::fs::rename(path, &target).map_err(ExchangeError::io(path))?;
        if !why.is_empty() {
            let beside = folder.join(format!("{}.reason.txt", name(&target)));
            std::fs::write(&beside, format!("{why}\n")).map_err(ExchangeError::io(&beside))?;
        }
        let marker = marker(path);
        if marker.exists() {
            std::fs::remove_file(&marker).map_err(ExchangeError::io(&marker))?;
        }
        Ok(())
    }

    async fn give_if_due(&self, folders: &Folders, layout: &Layout) -> Result<Vec<Run>> {
        let calendar = self.calendar().await;
        let Some((_, last)) = layout.due.and_then(|due| due.last(self.local(self.now()), &calendar)) else {
            return Ok(Vec::new());
        };
        let given = Sql::with("layout = $1 AND state = 'given'", [layout.key().into()]);
        let given = self.select_runs(&given, 1).await?.pop();
        if given.is_some_and(|run| self.local(run.received_at) >= last) {
            return Ok(Vec::new());
        }
        let context = Context::system(self.now(), "連携フォルダーへの書出し");
        let folder = folders.of(self.city().code(), layout.key(), "out");
        Ok(vec![self.give(&context, layout.key(), &folder).await?])
    }
}

/// The files of a folder that a layout wants, in the order of their names: senders number them.
fn arrived(folder: &Path, layout: &Layout) -> Result<Vec<PathBuf>> {
    let pattern = layout.raw.schedule.as_ref().map_or("", |schedule| schedule.files.as_str());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nobody has sent anything yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ExchangeError::io(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(ExchangeError::io(folder))?.path();
        let name = name(&path);
        let is_unfinished =
            name.starts_with('.') || UNFINISHED.iter().any(|ending| name.to_lowercase().ends_with(ending));
        if !is_unfinished && !name.ends_with(MARKER) && matches(pattern, &name) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn marker(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}{MARKER}", name(path)))
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fits) in [
            ("JUKI_*.txt", "JUKI_20260428.txt", true),
            ("JUKI_*.txt", "JUKI_20260428.csv", false),
            ("JUKI_*.txt", "XJUKI_1.txt", false),
            ("JUKI.txt", "JUKI.txt", true),
            ("JUKI.txt", "JUKI.txt2", false),
            ("*_A_*", "x_A_y", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
