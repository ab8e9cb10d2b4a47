//! A full disk beside the database: uploads, seals and backups say so, leave nothing, and work once there is room.
//!
//! What a full disk does to the database itself is in `full_disk.rs`. These tests mount a small file system and so need
//! root; elsewhere they say that they did not run.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{PARK, fields, text};
use bytes::Bytes;
use futures::stream;
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::files::{FileError, Files, Stored};
use kawasemi_store::{Location, RecordUnit, StoreError, backup};
use kawasemi_testkit::{Fixture, on_both_stores};
use uuid::Uuid;

const MIB: usize = 1024 * 1024;

/// A file system of 8 MiB in memory, for as long as the value lives.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn small() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"];
        let mounted = Command::new("mount").args(arguments).arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("not run: mounting a small file system needs root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all room but so many KiB.
    fn fill(&self, but_kib: usize) -> PathBuf {
        use std::io::Write as _;
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let size = file.metadata().unwrap().len();
        file.set_len(size - (but_kib * 1024) as u64).unwrap();
        path
    }

    fn files(&self) -> Vec<String> {
        fn below(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => below(&path, found),
                    path => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
                }
            }
        }
        let mut found = Vec::new();
        below(self.path(), &mut found);
        found.sort();
        found
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn put(files: &Files, size: usize) -> Result<Stored, FileError> {
    let mut seed = 1_u64;
    // Content that does not compress.
    let noise = (0..size).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 56) as u8
    });
    let mut content = b"%PDF-".to_vec();
    content.extend(noise);
    let parts: Vec<Result<Bytes, Infallible>> =
        content.chunks(64 * 1024).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    files.put(Uuid::from_u128(1), "図面.pdf", 100 * MIB as u64, stream::iter(parts)).await
}

async fn create(fixture: &Fixture, name: &str) {
    let ledger = fixture.publish(&[PARK]).await;
    let act = fixture.act("新規");
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    unit.create(&ledger, fixture.record_id(), &fields([("name", text(name))])).unwrap();
    fixture.city.write(unit.into_unit()).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_does_not_fit_leaves_nothing() {
    let Some(disk) = Mounted::small() else { return };
    let files = Files::in_folder(&disk.path().join("files")).unwrap();
    let refused = put(&files, 20 * MIB).await;
    assert!(matches!(refused, Err(FileError::DiskFull)), "{refused:?}");
    assert_eq!(disk.files(), Vec::<String>::new());
    put(&files, MIB).await.unwrap();
    assert_eq!(disk.files().len(), 1);
}

on_both_stores! {
    async fn sealing_waits_for_room(fixture) {
        let Some(disk) = Mounted::small() else { return };
        create(fixture, "城山公園").await;
        let keeper = Keeper::new(disk.path().join("audit"));
        keeper.ensure_key([1; 32]).unwrap();
        // The lock is there before.
        audit::seal(&fixture.city, &keeper, fixture.now()).await.unwrap();
        create(fixture, "光綾公園").await;
        let filler = disk.fill(0);
        assert_eq!(audit::seal(&fixture.city, &keeper, fixture.now()).await, Err(StoreError::DiskFull));
        let report = audit::verify(&fixture.city, &keeper, &|_, _| {}).await.unwrap();
        assert!(report.ok, "{report:?}");
        assert_eq!(report.unsealed, 1);
        std::fs::remove_file(filler).unwrap();
        assert_eq!(audit::seal(&fixture.city, &keeper, fixture.now()).await.unwrap().entries, 1);
        assert!(audit::verify(&fixture.city, &keeper, &|_, _| {}).await.unwrap().ok);
    }

    async fn a_backup_that_does_not_fit_leaves_nothing(fixture) {
        let Some(disk) = Mounted::small() else { return };
        create(fixture, "城山公園").await;
        let folder = tempfile::tempdir().unwrap();
        let beside = match fixture.location() {
            Location::Directory(root) => root.join("cities/142182/files"),
            Location::Postgres(_) => folder.path().join("files"),
        };
        put(&Files::in_folder(&beside).unwrap(), 6 * MIB).await.unwrap();
        let files = |_: &str| Files::in_folder(&beside);
        let target = disk.path().join("city.kawasemi");
        for room in [3 * 1024, 40] {
            let filler = disk.fill(room);
            let keeper = |_: &str| kawasemi_store::audit::Keeper::new(folder.path().join("audit"));
            let beside = kawasemi_store::backup::Beside { files: &files, apart: false, keeper: &keeper, staging: None, across: false };
            let taken = backup::take(&fixture.store, fixture.location(), beside, &target, fixture.now(), &|_, _| {}).await;
            assert_eq!(taken, Err(StoreError::DiskFull), "{room} KiB");
            assert_eq!(disk.files(), ["filler"]);
            std::fs::remove_file(filler).unwrap();
        }
    }
}
