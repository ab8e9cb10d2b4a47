//! Room on the disks.
//!
//! A full disk loses nothing that was acknowledged, but nobody can save any more. Folders on one disk are told together.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use kawasemi_store::{City, Dialect, Result, Sql};

use crate::figure::{Figure, Kind};
use crate::finding::{Finding, State, Subject, size};

const GIB: u64 = 1 << 30;
/// Less than this share of a disk (in percent), but never more than so many bytes and never less than so many: worth a look.
const FEW: (u64, u64, u64) = (10, 20 * GIB, 2 * GIB);
/// The same: it has to be mended.
const TOO_FEW: (u64, u64, u64) = (3, 5 * GIB, GIB / 2);

/// A folder of the installation, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// What it is for, such as データフォルダー.
    pub role: &'static str,
    /// Where it is. What is not there yet is looked for above it.
    pub path: PathBuf,
}

/// A disk with folders of the installation on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The folders on it.
    pub folders: Vec<Folder>,
    /// What the program may still use, in bytes.
    pub free: u64,
    /// All of it, in bytes.
    pub all: u64,
    /// How many more files it takes; none where the disk does not count them.
    pub files: Option<u64>,
}

/// The disks on which folders lie. A folder that can't be looked at is left out; what can't be read is told elsewhere.
#[must_use]
pub fn disks(folders: Vec<Folder>) -> Vec<Disk> {
    let mut found: Vec<(u64, Disk)> = Vec::new();
    for folder in folders {
        // A relative path has the empty one above it, which stands for where the program works.
        let above = folder.path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
        let Some(there) = above.into_iter().find(|path| path.exists()) else { continue };
        let (Ok(metadata), Ok(room)) = (there.metadata(), rustix::fs::statvfs(there)) else { continue };
        // One without a size has no end, or no room of its own.
        if room.f_blocks == 0 {
            continue;
        }
        if let Some((_, disk)) = found.iter_mut().find(|(device, _)| *device == metadata.dev()) {
            disk.folders.push(folder);
            continue;
        }
        let disk = Disk {
            folders: vec![folder],
            free: room.f_bavail.saturating_mul(room.f_frsize),
            all: room.f_blocks.saturating_mul(room.f_frsize),
            files: (room.f_files > 0).then_some(room.f_favail),
        };
        found.push((metadata.dev(), disk));
    }
    found.into_iter().map(|(_, disk)| disk).collect()
}

impl Disk {
    /// How it stands.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let roles: Vec<&str> = self.folders.iter().map(|folder| folder.role).collect();
        let place = self.folders.first().map_or_else(String::new, |folder| folder.path.display().to_string());
        let said = format!("{} のあるディスクの空きは {}（全体 {}）です。", place, size(self.free), size(self.all));
        let (state, advice) = match (self.is_below(TOO_FEW), self.is_below(FEW)) {
            (true, _) => (
                State::Bad,
                "まもなく保存できなくなります。古い控えや記録を別の場所に移すか、ディスクを広げてください。",
            ),
            (false, true) => (State::Warning, "古い控えや記録を別の場所に移すか、ディスクを広げてください。"),
            (false, false) => match self.files {
                Some(files) if files < 1_000 => (State::Bad, "置けるファイルの数（inode）が残り少なくなっています。"),
                Some(files) if files < 50_000 => {
                    (State::Warning, "置けるファイルの数（inode）が残り少なくなっています。")
                }
                _ => (State::Good, ""),
            },
        };
        let check = format!("ディスクの空き（{}）", roles.join("、"));
        Finding { subject: Subject::Disk, check, state, message: format!("{said}{advice}") }
    }

    fn is_below(&self, (percent, most, least): (u64, u64, u64)) -> bool {
        // A disk that is small as a whole is not always full.
        let least = least.min(self.all / 4);
        self.free < (self.all / 100 * percent).clamp(least, most.max(least))
    }

    /// For a monitor: free and all, by the first folder.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let folder = self.folders.first().map_or_else(String::new, |folder| folder.path.display().to_string());
        let figure = |name, help, value: u64| Figure::new(name, help, Kind::Gauge, value as f64);
        [
            figure(
                "kawasemi_disk_free_bytes",
                "Bytes that the program may still use on the disk of a folder.",
                self.free,
            ),
            figure("kawasemi_disk_size_bytes", "Size of the disk of a folder.", self.all),
        ]
        .map(|figure| figure.with("folder", &folder))
        .into_iter()
    }
}

/// What PostgreSQL tells of its disk: how large the database is and, where it lies on this machine and may be asked, how much
/// room there is. None on SQLite, whose file lies in the data folder.
///
/// # Errors
/// When the store fails.
pub async fn of_database(city: &City, is_here: bool) -> Result<Option<Finding>> {
    if city.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let sql = Sql::text("SELECT pg_database_size(current_database())");
    let bytes: i64 = city.read_one(sql).await?.map_or(Ok(0), |row| row.get(0))?;
    let said = format!("データベースの大きさは {} です。", size(u64::try_from(bytes).unwrap_or(0)));
    // The setting is for those only who may read all settings.
    let place = match is_here {
        true => city.read_one(Sql::text("SELECT current_setting('data_directory')")).await.ok().flatten(),
        false => None,
    };
    let place: Option<String> = place.and_then(|row| row.get(0).ok());
    let folder = place.map(|path| Folder { role: "PostgreSQL", path: path.into() });
    let disk = disks(folder.into_iter().collect()).into_iter().next();
    Ok(Some(match disk {
        Some(disk) => {
            let finding = disk.finding();
            Finding { message: format!("{said}{}", finding.message), ..finding }
        }
        None => Finding {
            subject: Subject::Disk,
            check: "ディスクの空き（PostgreSQL）".to_owned(),
            state: State::Good,
            message: format!(
                "{said}ディスクの空きはデータベースからは分かりません。データベースの機械で df を実行して確かめてください。"
            ),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(free: u64, all: u64) -> State {
        Disk { folders: Vec::new(), free, all, files: None }.finding().state
    }

    #[test]
    fn small_and_large_disks_are_measured_differently() {
        assert_eq!(disk(28 * GIB, 252 * GIB), State::Good, "a tenth of a large disk is much");
        assert_eq!(disk(19 * GIB, 1_000 * GIB), State::Warning);
        assert_eq!(disk(4 * GIB, 1_000 * GIB), State::Bad);
        assert_eq!(disk(3 * GIB, 20 * GIB), State::Good);
        assert_eq!(disk(GIB, 20 * GIB), State::Warning);
        assert_eq!(disk(GIB / 4, 20 * GIB), State::Bad);
        assert_eq!(disk(GIB / 2, GIB), State::Good, "a small disk that is half empty");
    }

    #[test]
    fn folders_on_one_disk_are_told_together() {
        let folder = |role, path: &str| Folder { role, path: path.into() };
        let found = disks(vec![folder("データ", "relative/none"), folder("控え", "."), folder("他", "/proc")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].folders.len(), 2);
    }
}
