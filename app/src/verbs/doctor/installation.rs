//! What concerns the installation as a whole: its folders, disks, backups, and what the machine has to have.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kawasemi_checkup::backups::Backups;
use kawasemi_checkup::disk::{self, Disk, Folder};
use kawasemi_checkup::{Findings, State, Subject};
use kawasemi_oversight::siem::Target;

use crate::config::Place;
use crate::shell::Shell;

/// Looks at what answers at once.
pub fn look(shell: &Shell, found: &mut Findings) {
    found.extend(backups(shell).findings(shell.clock.now()));
    found.extend(disks(shell).iter().map(Disk::finding));
    if let Place::Folder(folder) = &shell.config.place {
        folder_is_private(folder, found);
    }
    fonts(shell, found);
    sanitizing_is_possible(shell, found);
}

/// How it stands with the backups.
pub fn backups(shell: &Shell) -> Backups {
    Backups::look(&shell.config.folder, shell.config.backup_folder.as_deref())
}

/// The disks on which the program writes.
pub fn disks(shell: &Shell) -> Vec<Disk> {
    let config = &shell.config;
    let data = if matches!(config.place, Place::Folder(_)) { "データ" } else { "添付ファイルと監査の鍵" };
    let mut folders = vec![(data, config.folder.clone())];
    folders.extend(config.backup_folder.clone().map(|path| ("控え", path)));
    folders.extend(config.exchange_folder.clone().map(|path| ("連携", path)));
    folders.extend(config.siem.iter().filter_map(|target| match target {
        Target::Files { folder, .. } => Some(("監視の記録", folder.clone())),
        Target::Collector { .. } => None,
    }));
    // Uploads, papers and files that are made anew pass through here.
    folders.push(("一時ファイル", std::env::temp_dir()));
    disk::disks(folders.into_iter().map(folder).collect())
}

fn folder((role, path): (&'static str, PathBuf)) -> Folder {
    Folder { role, path }
}

/// What sanitising (無害化) needs from the machine is there.
fn sanitizing_is_possible(shell: &Shell, found: &mut Findings) {
    let missing = shell.config.sanitizing.sanitizer.missing();
    if !missing.is_empty() {
        let message = format!(
            "{} がありません。それまで、外から来た PDF など、要るファイルを受け取れません。PDF には poppler-utils を入れ、製品には sanitize.command を確かめてください。",
            missing.join("、")
        );
        found.add(Subject::Machine, "無害化", State::Warning, message);
    }
}

/// Nobody but the program's user may enter the data folder: it holds personal data.
fn folder_is_private(folder: &Path, found: &mut Findings) {
    let Ok(metadata) = folder.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let (state, message) = if mode & 0o077 == 0 {
        (State::Good, "所有者だけが読めます。".to_owned())
    } else {
        (
            State::Warning,
            format!("ほかの利用者も読めます（{mode:o}）。chmod 700 {} を実行してください。", folder.display()),
        )
    };
    found.add(Subject::Disk, "データフォルダーの権限", state, message);
}

/// The fonts of prints and of names, and the packages that bring those that are missing.
fn fonts(shell: &Shell, found: &mut Findings) {
    for state in shell.printer().fonts().states() {
        let check = format!("書体: {}", state.role.label());
        match (&state.family, state.is_best) {
            (Some(family), true) => found.add(Subject::Machine, check, State::Good, format!("{family} があります。")),
            (Some(family), false) => {
                let message = format!("代わりに {family} を使います。よければ {} を入れてください。", state.package);
                found.add(Subject::Machine, check, State::Good, message);
            }
            (None, _) => found.add(
                Subject::Machine,
                check,
                State::Warning,
                format!(
                    "ありません。apt install {} で入れるか、書体のあるフォルダーを設定 print.fonts に書いてください。",
                    state.package
                ),
            ),
        }
    }
}
