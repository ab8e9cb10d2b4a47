//! Files of JSON lines, which a collector's agent follows.
//!
//! `CODE.jsonl` is written to; when it is full it is renamed after the moment, and the oldest beyond those to keep is removed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;

/// Adds lines durably.
pub(super) fn append(
    folder: &Path,
    city: &str,
    text: &str,
    (size, keep): (u64, u32),
    at: Timestamp,
) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(wrong)?;
    let current = folder.join(format!("{city}.jsonl"));
    if fs::metadata(&current).is_ok_and(|known| known.len() >= size) {
        let moment = at.strftime("%Y%m%dT%H%M%S%.6fZ").to_string();
        fs::rename(&current, folder.join(format!("{city}.{moment}.jsonl"))).map_err(wrong)?;
        thin_out(folder, city, keep).map_err(wrong)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o640).open(&current).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.sync_data().map_err(wrong)
}

fn thin_out(folder: &Path, city: &str, keep: u32) -> std::io::Result<()> {
    let mut finished = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_prefix(city).and_then(|rest| rest.strip_prefix('.'));
        if rest.is_some_and(|rest| rest.ends_with(".jsonl") && rest != "jsonl") {
            finished.push(path);
        }
    }
    finished.sort();
    let surplus = finished.len().saturating_sub(keep as usize);
    finished.iter().take(surplus).try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).expect("an instant");
        for second in 0..6 {
            append(folder.path(), "142182", &format!("{second}\n"), (2, 2), at(second)).expect("is written");
        }
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .expect("is read")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).expect("is read");
        assert_eq!(
            (text(&names[0]), text(&names[1]), text("142182.jsonl")),
            ("3\n".into(), "4\n".into(), "5\n".into())
        );
    }
}
