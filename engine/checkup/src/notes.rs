//! Small notes beside the data, for what the database need not know.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;

/// Writes a note whole or not at all; only the program's user may read it.
pub fn write<T: Serialize>(folder: &Path, name: &str, note: &T) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(note)?)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))
}
