//! Files: checked while they arrive, stored once, and nothing left of what was refused or broken off; in a folder and in a bucket
//! alike.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use kawasemi_kernel::Clock as _;
use kawasemi_kernel::context::SystemClock;
use kawasemi_store::files::{Bucket, BucketConfig, FileError, Files, KindError, Stored};
use kawasemi_testkit::bucket::Storage;
use kawasemi_testkit::certificates::Certificates;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

const MIB: usize = 1024 * 1024;

/// Where files lie.
struct Shelf {
    files: Files,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Bucket(Storage),
}

impl Shelf {
    fn in_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(&folder.path().join("files")).unwrap();
        Self { files, place: Place::Folder(folder) }
    }

    async fn in_bucket() -> Self {
        let storage = Storage::start().await;
        Self { files: storage.bucket().city("142182"), place: Place::Bucket(storage) }
    }

    /// The names of everything that lies there.
    fn everything(&self) -> Vec<String> {
        match &self.place {
            Place::Folder(folder) => everything(folder.path()),
            Place::Bucket(storage) => storage.objects().into_iter().chain(storage.unfinished()).collect(),
        }
    }

    /// Waits until nothing is left.
    async fn is_emptied(&self) {
        for _ in 0..500 {
            if self.everything().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?} is left", self.everything());
    }
}

/// Declares tests that are run in a folder and in a bucket.
macro_rules! in_folder_and_bucket {
    ($(async fn $name:ident($shelf:ident) $body:block)+) => {
        $(
            mod $name {
                use super::*;

                async fn story($shelf: &Shelf) $body

                #[tokio::test]
                async fn folder() {
                    story(&Shelf::in_folder()).await;
                }

                #[tokio::test]
                async fn bucket() {
                    story(&Shelf::in_bucket().await).await;
                }
            }
        )+
    };
}

fn chunks(content: &[u8], size: usize) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    stream::iter(content.chunks(size).map(|part| Ok(Bytes::copy_from_slice(part))).collect::<Vec<_>>())
}

async fn put(files: &Files, upload: u128, name: &str, content: &[u8]) -> Result<Stored, FileError> {
    files.put(Uuid::from_u128(upload), name, 100 * MIB as u64, chunks(content, 1000)).await
}

fn pdf(size: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.resize(size, b'x');
    content
}

/// All files below a folder.
fn everything(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(everything(&path)) } else { found.push(path.display().to_string()) }
    }
    found
}

in_folder_and_bucket! {
    async fn content_comes_back_as_it_was(shelf) {
        let files = &shelf.files;
        // Several parts of the object store's own size.
        let content = pdf(12 * MIB + 5);
        let stored = put(files, 1, "図面.pdf", &content).await.unwrap();
        assert_eq!(stored.size, content.len() as u64);
        assert_eq!(stored.kind.media_type, "application/pdf");
        assert_eq!(stored.sha256, hex::encode(Sha256::digest(&content)));
        let read: Vec<Bytes> = files.get(&stored.sha256).await.unwrap().try_collect().await.unwrap();
        assert!(read.concat() == content);
    }

    async fn the_same_content_is_stored_once(shelf) {
        let files = &shelf.files;
        let first = put(files, 1, "公園.pdf", &pdf(5000)).await.unwrap();
        let second = put(files, 2, "公園の写し.pdf", &pdf(5000)).await.unwrap();
        assert_eq!(first, second);
        assert_eq!(shelf.everything().len(), 1);
        let listed: Vec<(String, u64)> = files.list().try_collect().await.unwrap();
        assert_eq!(listed, [(first.sha256, 5000)]);
    }

    async fn at_the_same_time_as_well(shelf) {
        let files = &shelf.files;
        let uploads = (1..=8).map(|upload| {
            let files = files.clone();
            async move { put(&files, upload, "公園.pdf", &pdf(300_000)).await.unwrap() }
        });
        let stored = futures::future::join_all(uploads).await;
        assert!(stored.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(shelf.everything().len(), 1);
    }

    async fn a_file_that_is_too_large_is_stopped_on_its_way(shelf) {
        let files = &shelf.files;
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let endless = stream::repeat(Bytes::from(pdf(MIB))).map(move |chunk| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(chunk)
        });
        let refused = files.put(Uuid::from_u128(1), "図面.pdf", 20 * MIB as u64, endless).await;
        assert!(matches!(refused, Err(FileError::TooLarge { limit_mib: 20 })));
        assert_eq!(sent.load(Ordering::SeqCst), 21);
        assert!(shelf.everything().is_empty());
    }

    async fn a_wrong_type_is_stopped_at_its_beginning(shelf) {
        let files = &shelf.files;
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let mut program = b"MZ\x90\0".to_vec();
        program.resize(64 * 1024, 0);
        let parts = stream::repeat(Bytes::from(program)).take(100).map(move |chunk| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(chunk)
        });
        let refused = files.put(Uuid::from_u128(1), "写真.jpg", 100 * MIB as u64, parts).await;
        assert!(matches!(refused, Err(FileError::Kind(KindError::Mismatch(_)))));
        assert_eq!(sent.load(Ordering::SeqCst), 1);
        for (name, content) in [("a.exe", pdf(10)), ("a.pdf", b"<html>".to_vec()), ("a.csv", vec![0; 50])] {
            assert!(matches!(put(files, 2, name, &content).await, Err(FileError::Kind(_))), "{name}");
        }
        assert!(matches!(put(files, 3, "a.pdf", b"").await, Err(FileError::Empty)));
        assert!(shelf.everything().is_empty());
    }

    async fn a_table_in_cp932_is_taken(shelf) {
        let files = &shelf.files;
        // ｱﾔｾ,綾瀬
        let stored = put(files, 1, "一覧.csv", b"\xb1\xd4\xbe,\x88\xbb\x90\xa3\r\n").await.unwrap();
        assert_eq!(stored.kind.media_type, "text/csv");
    }

    async fn a_broken_upload_leaves_nothing(shelf) {
        let files = &shelf.files;
        let parts = [Ok(Bytes::from(pdf(6 * MIB))), Err("connection reset")];
        let broken = files.put(Uuid::from_u128(1), "図面.pdf", 100 * MIB as u64, stream::iter(parts)).await;
        assert!(matches!(broken, Err(FileError::Interrupted)));
        assert!(shelf.everything().is_empty());
    }

    // The caller goes away: the future is dropped where it stands.
    async fn an_abandoned_upload_leaves_nothing(shelf) {
        let files = &shelf.files;
        let stalled = stream::iter([Ok::<_, Infallible>(Bytes::from(pdf(11 * MIB)))]).chain(stream::pending());
        let upload = files.put(Uuid::from_u128(1), "図面.pdf", 100 * MIB as u64, stalled);
        // Long enough for the parts to be there, on a machine that has other things to do as well.
        assert!(tokio::time::timeout(Duration::from_secs(2), upload).await.is_err());
        shelf.is_emptied().await;
    }

    async fn what_is_known_is_taken_over_and_the_storage_answers(shelf) {
        let files = &shelf.files;
        files.reach().await.unwrap();
        let content = pdf(6 * MIB);
        let source = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(source.path(), &content).unwrap();
        let hash = hex::encode(Sha256::digest(&content));
        files.adopt(&hash, source.path()).await.unwrap();
        files.adopt(&hash, source.path()).await.unwrap();
        let listed: Vec<(String, u64)> = files.list().try_collect().await.unwrap();
        assert_eq!(listed, [(hash, 6 * MIB as u64)]);
    }
}

#[tokio::test]
async fn a_hash_can_not_lead_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(&folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    for hash in ["../secret", "../../secret", "", "/etc/passwd", "%2e%2e/secret"] {
        assert!(matches!(files.get(hash).await, Err(FileError::Missing)), "{hash}");
    }
}

/// What a killed process left while content arrived is removed after a while; what arrives now, and what is stored, is not.
#[tokio::test]
async fn what_was_left_by_a_kill_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(&folder.path().join("files")).unwrap();
    let incoming = folder.path().join("files/incoming");
    assert_eq!(files.sweep(SystemClock.now()).await.unwrap(), 0);
    let stored = put(&files, 1, "公園.pdf", &pdf(5000)).await.unwrap();
    std::fs::create_dir_all(&incoming).unwrap();
    std::fs::write(incoming.join("0123#1"), "half of a drawing").unwrap();
    assert_eq!(files.sweep(SystemClock.now() - SignedDuration::from_hours(24)).await.unwrap(), 0);
    assert_eq!(files.sweep(SystemClock.now() + SignedDuration::from_secs(1)).await.unwrap(), 1);
    assert!(std::fs::read_dir(&incoming).unwrap().next().is_none());
    assert!(files.get(&stored.sha256).await.is_ok());
}

#[tokio::test]
async fn cities_share_a_bucket_and_see_only_their_own() {
    let storage = Storage::start().await;
    let bucket = storage.bucket();
    let stored = put(&bucket.city("142182"), 1, "公園.pdf", &pdf(5000)).await.unwrap();
    let other = bucket.city("142077");
    assert!(matches!(other.get(&stored.sha256).await, Err(FileError::Missing)));
    assert_eq!(other.list().count().await, 0);
    let hash = &stored.sha256;
    assert_eq!(storage.objects(), [format!("cities/142182/files/content/{}/{hash}", &hash[..2])]);
}

#[tokio::test]
async fn a_storage_that_refuses_or_is_gone_is_told_of() {
    let storage = Storage::start().await;
    let wrong = BucketConfig { secret_key: "by the sea".to_owned(), ..storage.config() };
    let gone = BucketConfig { endpoint: Some("http://127.0.0.1:9".to_owned()), ..storage.config() };
    for config in [wrong, gone] {
        let files = Bucket::new(&config).unwrap().city("142182");
        assert!(matches!(files.reach().await, Err(FileError::Storage(_))));
        assert!(matches!(put(&files, 1, "公園.pdf", &pdf(5000)).await, Err(FileError::Storage(_))));
        assert!(matches!(files.get(&"0".repeat(64)).await, Err(FileError::Storage(_))));
    }
    assert!(storage.objects().is_empty());
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"] {
        let config = BucketConfig { authority: Some(text.into()), ..storage.config() };
        assert!(Bucket::new(&config).is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn a_storage_is_believed_by_the_halls_own_authority() {
    let certificates = Certificates::new();
    let storage = Storage::start_secured(&certificates).await;
    let with = |authority: Option<&str>| {
        let authority = authority.map(|name| certificates.pem(name));
        Bucket::new(&BucketConfig { authority, ..storage.config() }).unwrap().city("142182")
    };
    let files = with(Some("ca.pem"));
    let stored = put(&files, 1, "図面.pdf", &pdf(6 * MIB)).await.unwrap();
    assert_eq!(stored.size, 6 * MIB as u64);
    for stranger in [Some("other-ca.pem"), None] {
        assert!(matches!(with(stranger).reach().await, Err(FileError::Storage(_))), "{stranger:?}");
    }
}
