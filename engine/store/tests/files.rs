//! Files: checked while they arrive, stored once, and nothing left of what was refused or broken off.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use kawasemi_store::files::{FileError, Files, KindError, Stored};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

const MIB: usize = 1024 * 1024;

fn open() -> (TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(&folder.path().join("files")).unwrap();
    (folder, files)
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

#[tokio::test]
async fn content_comes_back_as_it_was() {
    let (_folder, files) = open();
    // Several parts of the object store's own size.
    let content = pdf(12 * MIB + 5);
    let stored = put(&files, 1, "図面.pdf", &content).await.unwrap();
    assert_eq!(stored.size, content.len() as u64);
    assert_eq!(stored.kind.media_type, "application/pdf");
    assert_eq!(stored.sha256, hex::encode(Sha256::digest(&content)));
    let read: Vec<Bytes> = files.get(&stored.sha256).await.unwrap().try_collect().await.unwrap();
    assert!(read.concat() == content);
}

#[tokio::test]
async fn the_same_content_is_stored_once() {
    let (folder, files) = open();
    let first = put(&files, 1, "公園.pdf", &pdf(5000)).await.unwrap();
    let second = put(&files, 2, "公園の写し.pdf", &pdf(5000)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(everything(folder.path()).len(), 1);
    let listed: Vec<(String, u64)> = files.list().try_collect().await.unwrap();
    assert_eq!(listed, [(first.sha256, 5000)]);
}

#[tokio::test]
async fn at_the_same_time_as_well() {
    let (folder, files) = open();
    let uploads = (1..=8).map(|upload| {
        let files = files.clone();
        async move { put(&files, upload, "公園.pdf", &pdf(300_000)).await.unwrap() }
    });
    let stored = futures::future::join_all(uploads).await;
    assert!(stored.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(everything(folder.path()).len(), 1);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_stopped_on_its_way() {
    let (folder, files) = open();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let endless = stream::repeat(Bytes::from(pdf(MIB))).map(move |chunk| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(chunk)
    });
    let refused = files.put(Uuid::from_u128(1), "図面.pdf", 20 * MIB as u64, endless).await;
    assert!(matches!(refused, Err(FileError::TooLarge { limit_mib: 20 })));
    assert_eq!(sent.load(Ordering::SeqCst), 21);
    assert!(everything(folder.path()).is_empty());
}

#[tokio::test]
async fn a_wrong_type_is_stopped_at_its_beginning() {
    let (folder, files) = open();
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
        assert!(matches!(put(&files, 2, name, &content).await, Err(FileError::Kind(_))), "{name}");
    }
    assert!(matches!(put(&files, 3, "a.pdf", b"").await, Err(FileError::Empty)));
    assert!(everything(folder.path()).is_empty());
}

#[tokio::test]
async fn a_table_in_cp932_is_taken() {
    let (_folder, files) = open();
    // ｱﾔｾ,綾瀬
    let stored = put(&files, 1, "一覧.csv", b"\xb1\xd4\xbe,\x88\xbb\x90\xa3\r\n").await.unwrap();
    assert_eq!(stored.kind.media_type, "text/csv");
}

#[tokio::test]
async fn a_broken_upload_leaves_nothing() {
    let (folder, files) = open();
    let parts = [Ok(Bytes::from(pdf(6 * MIB))), Err("connection reset")];
    let broken = files.put(Uuid::from_u128(1), "図面.pdf", 100 * MIB as u64, stream::iter(parts)).await;
    assert!(matches!(broken, Err(FileError::Interrupted)));
    assert!(everything(folder.path()).is_empty());
}

/// The caller goes away: the future is dropped where it stands.
#[tokio::test]
async fn an_abandoned_upload_leaves_nothing() {
    let (folder, files) = open();
    let stalled = stream::iter([Ok::<_, Infallible>(Bytes::from(pdf(11 * MIB)))]).chain(stream::pending());
    let upload = files.put(Uuid::from_u128(1), "図面.pdf", 100 * MIB as u64, stalled);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), upload).await.is_err());
    for _ in 0..50 {
        if everything(folder.path()).is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{:?} is left", everything(folder.path()));
}

#[tokio::test]
async fn a_hash_can_not_lead_out_of_the_folder() {
    let (folder, files) = open();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    for hash in ["../secret", "../../secret", "", "/etc/passwd", "%2e%2e/secret"] {
        assert!(matches!(files.get(hash).await, Err(FileError::Missing)), "{hash}");
    }
}
