//! Backups (控え): when the last one was taken.
//!
//! The command that takes one notes what became of it in a file beside the data ([`note`]). Where another machine takes them, or
//! another program carries them away, the newest file in a folder that the settings name counts as well ([`newest_in`]).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::figure::{Figure, Kind};
use crate::finding::{Finding, State, Subject, size, span};

/// The file of notes in the folder of the installation.
const NOTES: &str = "backups.json";
/// How the files of backups end.
const ENDING: &str = "kwsm";
/// After so long somebody should look.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// After so long it has to be mended.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The instant whose state it holds, or when the file was written.
    pub at: Timestamp,
    /// Where it was written; it may have been carried away since.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A backup that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What is noted of backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// The last that succeeded.
    pub last: Option<Backup>,
    /// The last that failed.
    pub failure: Option<Failure>,
}

impl Notes {
    /// What is noted in the folder of an installation. Notes that are not there, or can't be understood, say nothing.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(NOTES)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// Notes what became of a backup.
///
/// # Errors
/// When the folder can't be written.
pub fn note(folder: &Path, outcome: Result<Backup, Failure>) -> io::Result<()> {
    let mut notes = Notes::read(folder);
    match outcome {
        Ok(backup) => notes.last = Some(backup),
        Err(failure) => notes.failure = Some(failure),
    }
    crate::notes::write(folder, NOTES, &notes)
}

/// The newest backup in a folder.
///
/// # Errors
/// When the folder can't be read.
pub fn newest_in(folder: &Path) -> io::Result<Option<Backup>> {
    let mut newest: Option<Backup> = None;
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        // One that is being carried away is not there any more.
        let Ok(metadata) = file.metadata() else { continue };
        let at = metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        if let Some(at) = at.filter(|_| metadata.is_file() && metadata.len() > 0)
            && newest.as_ref().is_none_or(|newest| newest.at < at)
        {
            newest = Some(Backup { at, file, bytes: metadata.len() });
        }
    }
    Ok(newest)
}

/// How it stands with the backups of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backups {
    /// The last one.
    pub last: Option<Backup>,
    /// One that failed after it.
    pub failure: Option<Failure>,
    /// Why the folder of backups can't be read.
    pub unread: Option<String>,
}

impl Backups {
    /// Looks into the notes of an installation's folder and, where there is one, into the folder of its backups.
    #[must_use]
    pub fn look(folder: &Path, backups: Option<&Path>) -> Self {
        let Notes { mut last, failure } = Notes::read(folder);
        let mut unread = None;
        match backups.map(newest_in) {
            None => {}
            Some(Ok(found)) => {
                if let Some(found) = found.filter(|found| last.as_ref().is_none_or(|last| last.at < found.at)) {
                    last = Some(found);
                }
            }
            Some(Err(error)) => unread = Some(error.to_string()),
        }
        let failure = failure.filter(|failure| last.as_ref().is_none_or(|last| last.at < failure.at));
        Self { last, failure, unread }
    }

    /// How it stands at an instant.
    #[must_use]
    pub fn findings(&self, now: Timestamp) -> Vec<Finding> {
        let finding =
            |check: &str, state, message| Finding { subject: Subject::Backup, check: check.to_owned(), state, message };
        let mut found = Vec::new();
        let advice = "kawasemi backup で控えを取り、毎晩の控え（systemctl status kawasemi-backup.timer）が動いているかを確かめてください。";
        found.push(match &self.last {
            None => finding("控え", State::Warning, format!("まだ一度も取っていません。{advice}")),
            Some(last) => {
                let age = now.duration_since(last.at);
                let said = format!(
                    "最後の控えは{}前です（{}、{}）。",
                    span(age.as_secs()),
                    last.file.display(),
                    size(last.bytes)
                );
                match age {
                    age if age > TOO_OLD => finding("控え", State::Bad, format!("{said}{advice}")),
                    age if age > OLD => finding("控え", State::Warning, format!("{said}{advice}")),
                    _ => finding("控え", State::Good, said),
                }
            }
        });
        if let Some(Failure { at, reason }) = &self.failure {
            let ago = span(now.duration_since(*at).as_secs());
            let message = format!(
                "{ago}前の控えは取れませんでした。理由を直して、kawasemi backup で取り直してください: {reason}"
            );
            found.push(finding("最近の控え", State::Warning, message));
        }
        if let Some(reason) = &self.unread {
            let message =
                format!("設定 backup.folder のフォルダーを読めません。場所と権限を確かめてください: {reason}");
            found.push(finding("控えの置き場所", State::Warning, message));
        }
        found
    }

    /// For a monitor.
    #[must_use]
    pub fn figures(&self, now: Timestamp) -> Vec<Figure> {
        let Some(last) = &self.last else { return Vec::new() };
        let age = now.duration_since(last.at).as_secs_f64().max(0.0);
        let figure = |name, help, value| Figure::new(name, help, Kind::Gauge, value);
        vec![
            figure("kawasemi_backup_age_seconds", "Age of the last backup that succeeded.", age),
            figure("kawasemi_backup_size_bytes", "Size of the last backup that succeeded.", last.bytes as f64),
        ]
    }
}
