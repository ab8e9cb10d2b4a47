//! Attached files in S3-compatible storage: what a city brings along goes there, and comes back out of its backup.

use std::path::Path;

use crate::support::{Hall, on_both_stores};
use kawasemi_testkit::bucket::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use serde_json::Value as Json;

const CHECK: &str = "142182 添付ファイルの置き場所";

/// The city of a release, which has a record with an attached file.
fn archive(hall: &Hall) -> String {
    let store = if hall.url().is_some() { "postgres" } else { "sqlite" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases/0.1.0");
    folder.join(format!("{store}.kwsm")).display().to_string()
}

/// Tells the program of the storage, as an operator does.
fn configure(hall: &Hall, storage: &Storage, secret: &str) {
    let endpoint = &storage.endpoint;
    let text = format!(
        "[files]\nbucket = \"{BUCKET}\"\nendpoint = \"{endpoint}\"\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{secret}\"\n"
    );
    hall.file("kawasemi.toml", &text);
}

/// What the doctor says of the storage.
fn finding(said: &Json) -> Option<&str> {
    said["findings"].as_array()?.iter().find(|finding| finding["check"] == CHECK)?["state"].as_str()
}

#[test]
fn a_city_moves_into_a_bucket_and_out_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    on_both_stores(|hall| {
        let storage = runtime.block_on(Storage::start());
        configure(hall, &storage, SECRET_KEY);
        hall.ok(&["restore", &archive(hall)]);
        hall.ok(&["schema", "apply"]);
        let [object] = &storage.objects()[..] else { panic!("{:?}", storage.objects()) };
        let (folder, hash) = object.rsplit_once('/').unwrap();
        assert_eq!(folder, format!("cities/142182/files/content/{}", &hash[..2]));
        let content = Path::new("cities/142182/files/content").join(&hash[..2]).join(hash);
        assert!(!hall.data().join(&content).exists());
        assert_eq!(finding(&hall.json(&["doctor"])), Some("good"));

        let backup = hall.path("city.kwsm").display().to_string();
        hall.ok(&["backup", &backup]);
        std::fs::remove_file(hall.path("kawasemi.toml")).unwrap();
        hall.ok(&["restore", &backup, "--replace"]);
        assert!(std::fs::read(hall.data().join(&content)).unwrap().starts_with(b"%PDF-1.7"));
        assert_eq!(finding(&hall.json(&["doctor"])), None);
    });
}

#[test]
fn a_bucket_that_refuses_loses_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let storage = runtime.block_on(Storage::start());
    let hall = Hall::on_sqlite();
    hall.init();
    configure(&hall, &storage, "by the sea");
    let done = hall.run(&["--json", "doctor"]);
    assert_eq!(done.status, 1, "{}", done.err);
    assert_eq!(finding(&serde_json::from_str(&done.out).unwrap()), Some("bad"));
    // The city is still the one that was there.
    let before = hall.ok(&["user", "list"]);
    assert!(hall.fails(1, &["restore", &archive(&hall), "--replace"]).contains("保存先に置けません"));
    assert_eq!(hall.ok(&["user", "list"]), before);
    assert_eq!(hall.json(&["audit", "verify"])["ok"], true);
    assert!(storage.objects().is_empty());
}
