//! A file held against the files before it: taken already, overtaken by a later one, or an old one come again.

use kawasemi_store::Sql;
use uuid::Uuid;

use crate::error::Result;
use crate::exchange::Exchange;
use crate::layout::{Layout, Mode, Sequence};
use crate::runs::{Run, RunState};

/// Files whose sizes are compared with that of a new one.
const LOOKED_BACK: u32 = 10;

/// What the files before say of a new one.
pub(crate) enum Standing {
    /// Nothing.
    New,
    /// It has the content of an earlier file, and nothing in it says which is the newer: the ledger may be meant to be as it
    /// was then, or somebody took the wrong file.
    Again(Box<Run>),
    /// It goes no further.
    Stopped(RunState, String),
}

impl Exchange {
    /// The files that were applied before this one, newest first.
    pub(crate) async fn before(&self, layout: &str) -> Result<Vec<Run>> {
        let sql = Sql::with("layout = $1 AND state = 'applied' AND origin IS NULL", [layout.into()]);
        self.select_runs(&sql, LOOKED_BACK).await
    }

    /// Whether a file goes on, by what came before it.
    pub(crate) async fn standing(&self, run: &Run, before: &[Run], layout: &Layout) -> Result<Standing> {
        let same = Sql::with(
            "layout = $1 AND sha256 = $2 AND state IN ('applied', 'applying', 'waiting', 'held') AND origin IS NULL",
            [run.layout.as_str().into(), run.sha256.as_str().into()],
        );
        if let Some(same) = self.select_runs(&same, 1).await?.pop() {
            let is_newest = before.first().is_none_or(|newest| newest.id == same.id);
            // A whole register without a date of its own may well be again as it was some files ago.
            let tells_its_age = run.file_date.is_some() || run.sequence.is_some();
            if layout.raw.mode == Mode::Full && !tells_its_age && same.state == RunState::Applied && !is_newest {
                return Ok(Standing::Again(Box::new(same)));
            }
            let message = format!(
                "同じ内容のファイルを{}に受け付けています（{}、{}）。何も変えませんでした。",
                self.minute(&same),
                same.file,
                same.state.label()
            );
            return Ok(Standing::Stopped(RunState::Duplicate, message));
        }
        Ok(too_old(run, before, layout).map_or(Standing::New, |message| Standing::Stopped(RunState::Refused, message)))
    }

    /// When a run came, in words.
    pub(crate) fn minute(&self, run: &Run) -> String {
        self.local(run.received_at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Whether a file that came after a run was applied since: rows of the run that are taken up only now may be outdated.
    pub(crate) async fn was_overtaken(&self, layout: &Layout, origin: Uuid) -> Result<bool> {
        let before = self.before(layout.key()).await?;
        let Some(origin) = self.select_runs(&Sql::with("id = $1", [origin.into()]), 1).await?.pop() else {
            return Ok(false);
        };
        Ok(before.iter().any(|run| run.id != origin.id && run.received_at > origin.received_at))
    }
}

/// Why a file is older than what was taken in already.
fn too_old(run: &Run, before: &[Run], layout: &Layout) -> Option<String> {
    let last_sequence = before.iter().filter_map(|run| run.sequence).max();
    if layout.raw.checks.sequence != Sequence::Ignore
        && let (Some(now), Some(last)) = (run.sequence, last_sequence)
        && now <= last
    {
        return Some(format!(
            "通番{now}のファイルです。すでに通番{last}まで取り込んでいるので、古い内容に戻さないよう受け付けません。"
        ));
    }
    let last_date = before.iter().filter_map(|run| run.file_date).max();
    if let (Some(now), Some(last)) = (run.file_date, last_date)
        && now < last
    {
        return Some(format!(
            "作成日が{now}のファイルです。すでに{last}のファイルを取り込んでいるので、古い内容に戻さないよう受け付けません。"
        ));
    }
    None
}
