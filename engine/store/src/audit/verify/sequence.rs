//! The city's sequence: checkpoint after checkpoint, each with its entries and its copy outside the database.

use uuid::Uuid;

use super::report::{Broken, Problem};
use super::{Walk, blocking};
use crate::audit::checkpoint::{self, Checkpoint};
use crate::audit::keeper::{Keeper, Line, Lines};
use crate::audit::merkle::Merkle;
use crate::audit::sealing::AT_ONCE;
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

/// How many checkpoints are read with one query.
const PAGE: i64 = 200;

/// A sealed entry, as far as the sequence is concerned.
struct Place {
    seq: i64,
    id: Uuid,
    ledger: String,
    record: Uuid,
    revision: i64,
    at: i64,
    hash: Vec<u8>,
    is_hidden: bool,
}

impl Place {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            ledger: row.get(2)?,
            record: row.get(3)?,
            revision: row.get(4)?,
            at: row.get(5)?,
            hash: row.get(6)?,
            is_hidden: row.get(7)?,
        })
    }

    fn broken(&self, problem: Problem) -> Broken {
        Broken {
            seq: Some(self.seq),
            ledger: Some(self.ledger.clone()),
            record: Some(self.record),
            revision: Some(self.revision),
            problem,
        }
    }
}

/// The copy outside the database, read along with the checkpoints.
struct Copy {
    lines: Lines,
    /// The line that was read and belongs to a later checkpoint.
    ahead: Option<Line>,
    /// Whether a difference was found; what follows says nothing more.
    is_lost: bool,
}

/// Checks the sequence up to its end.
pub(super) async fn check(walk: &mut Walk<'_>, witness: Option<&Checkpoint>) -> Result<()> {
    let lines = blocking(walk.keeper, Keeper::copy).await?;
    let mut copy = Copy { lines, ahead: None, is_lost: false };
    let mut before: Option<Checkpoint> = None;
    let mut witnessed = witness.is_none();
    loop {
        let number = before.as_ref().map_or(0, |before| before.number);
        let page = checkpoint::after(walk.city, number, PAGE).await?;
        if page.is_empty() && copy.is_at_end(walk, number).await? {
            break;
        }
        for checkpoint in page {
            witnessed |= witness == Some(&checkpoint);
            check_checkpoint(walk, before.as_ref(), &checkpoint);
            copy.compare(walk, &checkpoint).await?;
            let first = before.as_ref().map_or(1, |before| before.last + 1);
            check_entries(walk, first, &checkpoint).await?;
            walk.report.checkpoints += 1;
            before = Some(checkpoint);
        }
    }
    walk.report.sealed_to = before.as_ref().map_or(0, |before| before.last);
    if let (false, Some(witness)) = (witnessed, witness) {
        walk.found(Broken::at(witness.first, Problem::WitnessDiffers { checkpoint: witness.number }));
    }
    check_outside(walk).await
}

fn check_checkpoint(walk: &mut Walk<'_>, before: Option<&Checkpoint>, checkpoint: &Checkpoint) {
    let number = checkpoint.number;
    let expected = before.map_or(1, |before| before.number + 1);
    let problem = if number != expected {
        Some(Problem::CheckpointMissing { checkpoint: expected })
    } else if !checkpoint.is_signed(walk.city.code()) || !checkpoint.follows(walk.city.code(), before) {
        Some(Problem::CheckpointAltered { checkpoint: number })
    } else if !walk.keys.contains(&checkpoint.key) {
        Some(Problem::KeyUnknown { checkpoint: number })
    } else {
        None
    };
    if let Some(problem) = problem {
        let first = before.map_or(1, |before| before.last + 1);
        walk.found(Broken::at(first, problem));
    }
}

/// Holds a checkpoint's entries against its root. `first` is the place that follows the checkpoint before.
async fn check_entries(walk: &mut Walk<'_>, first: i64, checkpoint: &Checkpoint) -> Result<()> {
    // A checkpoint whose places were edited is found by its signature; no such range is read.
    if checkpoint.last < first || checkpoint.last - first >= 2 * AT_ONCE {
        return Ok(());
    }
    let sql = Sql::with(
        "SELECT a.seq, a.id, a.ledger, a.record, a.revision, a.at, a.hash, \
         (a.batch <> 0 AND b.published_at IS NULL) AS hidden \
         FROM {audit} AS a LEFT JOIN {batch} AS b ON b.id = a.batch \
         WHERE a.seq >= $1 AND a.seq <= $2 ORDER BY a.seq",
        [first.into(), checkpoint.last.into()],
    );
    let places: Vec<Place> = walk.city.read(sql).await?.iter().map(Place::read).collect::<Result<_>>()?;
    walk.passed(places.len());
    let (mut expected, mut is_whole, mut tree) = (first, true, Merkle::default());
    for (index, place) in places.iter().enumerate() {
        for missing in expected..place.seq {
            walk.found(Broken::at(missing, Problem::EntryMissing));
            is_whole = false;
        }
        expected = place.seq + 1;
        if place.is_hidden {
            walk.found(place.broken(Problem::Hidden));
        }
        let next = places.get(index + 1);
        if is_whole && next.is_some_and(|next| (next.at, next.id) < (place.at, place.id)) {
            walk.found(place.broken(Problem::OutOfOrder));
            is_whole = false;
        }
        tree.push(place.seq, &place.hash);
    }
    for missing in expected..=checkpoint.last {
        walk.found(Broken::at(missing, Problem::EntryMissing));
        is_whole = false;
    }
    if is_whole && tree.root() != checkpoint.root {
        let problem = Problem::RootDiffers { checkpoint: checkpoint.number, last: checkpoint.last };
        walk.found(Broken::at(first, problem));
    }
    Ok(())
}

/// Entries with a place that no checkpoint can have given.
async fn check_outside(walk: &mut Walk<'_>) -> Result<()> {
    let sql = Sql::with(
        "SELECT a.seq, a.id, a.ledger, a.record, a.revision, a.at, a.hash, false AS hidden FROM {audit} AS a \
         WHERE a.seq IS NOT NULL AND (a.seq < 1 OR a.seq > (SELECT coalesce(max(c.last), 0) FROM {checkpoint} AS c)) \
         ORDER BY a.seq LIMIT 20",
        [],
    );
    for row in walk.city.read(sql).await? {
        let place = Place::read(&row)?;
        walk.found(place.broken(Problem::PlaceUnsealed));
    }
    Ok(())
}

impl Copy {
    /// Holds a checkpoint against its line.
    async fn compare(&mut self, walk: &mut Walk<'_>, checkpoint: &Checkpoint) -> Result<()> {
        if self.is_lost {
            return Ok(());
        }
        let problem = match self.next() {
            Some(Line::Checkpoint(line)) if *line == *checkpoint => return Ok(()),
            Some(Line::Checkpoint(line)) if line.number > checkpoint.number => {
                self.ahead = Some(Line::Checkpoint(line));
                Problem::CopyMissing { checkpoint: checkpoint.number }
            }
            Some(Line::Checkpoint(_) | Line::Unreadable) => Problem::CopyDiffers { checkpoint: checkpoint.number },
            // The crash of a sealing process, or one at work: the database is one checkpoint ahead, and it is noted.
            Some(Line::Torn) | None if is_pending(walk.keeper, checkpoint).await? => {
                self.is_lost = self.is_behind(walk, checkpoint).await?;
                match self.is_lost {
                    true => Problem::CopyMissing { checkpoint: checkpoint.number },
                    false => return Ok(()),
                }
            }
            // It may have come into the copy between our two looks.
            Some(Line::Torn) | None => match self.next() {
                Some(Line::Checkpoint(line)) if *line == *checkpoint => return Ok(()),
                _ => Problem::CopyMissing { checkpoint: checkpoint.number },
            },
        };
        self.is_lost = true;
        walk.found(Broken::at(checkpoint.first, problem));
        Ok(())
    }

    /// Whether the database has checkpoints after the pending one that the copy lacks: a sealing process adds a
    /// checkpoint to the copy before it goes on to the next.
    async fn is_behind(&mut self, walk: &Walk<'_>, pending: &Checkpoint) -> Result<bool> {
        let next = checkpoint::after(walk.city, pending.number, 1).await?;
        if next.is_empty() {
            return Ok(false);
        }
        match self.next() {
            Some(Line::Checkpoint(line)) if *line == *pending => Ok(false),
            other => {
                self.ahead = other;
                Ok(true)
            }
        }
    }

    /// Whether the copy has no checkpoints after a number; those that it has alone are reported.
    async fn is_at_end(&mut self, walk: &mut Walk<'_>, number: i64) -> Result<bool> {
        if self.is_lost {
            return Ok(true);
        }
        let line = match self.next() {
            None | Some(Line::Torn) => return Ok(true),
            // The pending checkpoint that was accepted has come into the copy meanwhile.
            Some(Line::Checkpoint(line)) if line.number <= number => return Ok(false),
            Some(line) => line,
        };
        if let Line::Checkpoint(line) = &line
            && !checkpoint::after(walk.city, number, 1).await?.is_empty()
        {
            // Sealed while we were reading: the next page has it.
            self.ahead = Some(Line::Checkpoint(line.clone()));
            return Ok(false);
        }
        self.is_lost = true;
        let place = walk.report.sealed_to.max(1);
        walk.found(match line {
            Line::Checkpoint(line) => Broken::at(line.first, Problem::CheckpointMissing { checkpoint: line.number }),
            _ => Broken::at(place, Problem::CopyDiffers { checkpoint: number + 1 }),
        });
        Ok(true)
    }

    fn next(&mut self) -> Option<Line> {
        self.ahead.take().or_else(|| self.lines.next())
    }
}

async fn is_pending(keeper: &Keeper, checkpoint: &Checkpoint) -> Result<bool> {
    Ok(blocking(keeper, Keeper::pending).await?.as_ref() == Some(checkpoint))
}
