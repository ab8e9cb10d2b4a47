//! What is noted outside the database of the newest primary: a process that starts after a fail-over has seen nothing of it,
//! and must still not write to an old primary that is the only one to answer.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::installation::{draft_beside, private_folder, sync_folder, write_private};

/// The newest primary that a process of this installation has written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The cluster's own number.
    pub system: String,
    /// Its timeline.
    pub timeline: u32,
}

impl Note {
    /// Reads a note; none where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let note = serde_json::from_str(&text).map_err(|error| {
            StoreError::refused(format!(
                "{} を読み取れません（{error}）。データベースの世代の控えです。データベースが最新であることを確かめ、このファイルを消してから起動してください。",
                path.display()
            ))
        })?;
        Ok(Some(note))
    }

    /// Writes it, unless a newer one of the same cluster is there.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(there) = Self::read(path)?
            && there.system == self.system
            && there.timeline >= self.timeline
        {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        private_folder(folder)?;
        let text = serde_json::to_string(self).map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let fresh = draft_beside(path);
        let _ = fs::remove_file(&fresh);
        write_private(&fresh, text.as_bytes())?;
        fs::rename(&fresh, path)?;
        sync_folder(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beside/database.json");
        let note = |system: &str, timeline| Note { system: system.to_owned(), timeline };
        assert_eq!(Note::read(&path).unwrap(), None);
        for (written, kept) in [(("a", 2), ("a", 2)), (("a", 1), ("a", 2)), (("a", 3), ("a", 3)), (("b", 1), ("b", 1))]
        {
            note(written.0, written.1).write(&path).unwrap();
            assert_eq!(Note::read(&path).unwrap(), Some(note(kept.0, kept.1)));
        }
        fs::write(&path, "{").unwrap();
        assert!(Note::read(&path).unwrap_err().to_string().contains("読み取れません"));
    }
}
