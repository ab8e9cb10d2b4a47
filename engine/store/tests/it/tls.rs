//! Encrypted connections to PostgreSQL: the server has to show who it is, as far as the address asks for it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kawasemi_kernel::context::FixedClock;
use kawasemi_store::audit::Keeper;
use kawasemi_store::backup::{self, Beside};
use kawasemi_store::files::Files;
use kawasemi_store::{CityInfo, Location, Sql, Store, StoreError, StoreOptions};
use kawasemi_testkit::postgres::{SecuredServer, Shown};

async fn open(url: &str) -> Result<Store, StoreError> {
    let options = StoreOptions::new(Arc::new(FixedClock(Timestamp::UNIX_EPOCH)));
    Store::open(&Location::Postgres(url.to_owned()), options).await
}

/// What an address leads to: nothing, or why there is no connection.
async fn refusal(url: &str) -> String {
    match open(url).await {
        Ok(store) => {
            store.close().await;
            String::new()
        }
        Err(StoreError::Refused { message }) => message,
        Err(other) => panic!("{url}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_as_far_as_its_certificate_goes() {
    let server = SecuredServer::start();
    let trusting = |file: &str, mode: &str| format!("sslmode={mode}&sslrootcert={}", server.file(file).display());
    let (good, other, itself) = ("ca.pem", "other-ca.pem", "itself.pem");

    for (host, parameters) in [
        ("localhost", trusting(good, "verify-full")),
        ("127.0.0.1", trusting(good, "verify-ca")),
        ("localhost", trusting(good, "require")),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", String::new()),
    ] {
        assert_eq!(refusal(&server.url(host, &parameters)).await, "", "{host} {parameters}");
    }
    for (host, parameters, said) in [
        ("localhost", trusting(other, "verify-full"), "認証局が発行したものではありません"),
        ("localhost", trusting(other, "verify-ca"), "認証局が発行したものではありません"),
        ("localhost", trusting(other, "require"), "認証局が発行したものではありません"),
        ("127.0.0.1", trusting(good, "verify-full"), "ホスト名に対する証明書ではありません"),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=/nowhere.pem".to_owned(),
            "sslrootcert /nowhere.pem を使えません",
        ),
    ] {
        let refused = refusal(&server.url(host, &parameters)).await;
        assert!(refused.contains(said), "{host} {parameters}: {refused}");
    }

    server.show(Shown::Expired);
    let refused = refusal(&server.url("localhost", &trusting(good, "verify-full"))).await;
    assert!(refused.contains("有効期限が切れています"), "{refused}");

    server.show(Shown::Itself);
    let refused = refusal(&server.url("localhost", &trusting(good, "verify-full"))).await;
    assert!(refused.contains("確かめられません"), "{refused}");
    assert_eq!(refusal(&server.url("localhost", &trusting(itself, "verify-full"))).await, "");
    let refused = refusal(&server.url("127.0.0.1", &trusting(itself, "verify-full"))).await;
    assert!(refused.contains("ホスト名に対する証明書ではありません"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_over_the_encrypted_connection() {
    let server = SecuredServer::start();
    let url = server.url("localhost", &format!("sslmode=verify-full&sslrootcert={}", server.file("ca.pem").display()));
    let store = open(&url).await.unwrap();
    let info = CityInfo {
        code: "142182".into(),
        name: "綾瀬市".into(),
        time_zone: "Asia/Tokyo".into(),
        hosts: Vec::new(),
        created_at: 0,
    };
    let city = store.create_city(info).await.unwrap();
    let encrypted = Sql::text(
        "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
         WHERE a.application_name = 'kawasemi' AND NOT s.ssl",
    );
    assert_eq!(city.read_one(encrypted).await.unwrap().unwrap().get::<i64>(0).unwrap(), 0);

    let slow = city.read_within(Sql::text("SELECT 1 FROM pg_sleep(30)"), Duration::from_millis(200)).await;
    assert_eq!(slow.unwrap_err(), StoreError::Timeout);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sleeping = Sql::text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)' \
         AND pid <> pg_backend_pid()",
    );
    assert_eq!(city.read_one(sleeping).await.unwrap().unwrap().get::<i64>(0).unwrap(), 0, "it was cancelled");

    let folder = tempfile::tempdir().unwrap();
    let files = |_: &str| Files::in_folder(&folder.path().join("files"));
    let keeper = |_: &str| Keeper::new(folder.path().join("audit"));
    let beside = || Beside { files: &files, apart: false, keeper: &keeper, staging: None, across: false };
    let target = folder.path().join("city.kwsm");
    let location = Location::Postgres(url);
    backup::take(&store, &location, beside(), &target, Timestamp::UNIX_EPOCH, &|_, _| {}).await.unwrap();
    store.close().await;
    backup::restore(&location, &[], beside(), &target, Timestamp::UNIX_EPOCH, &|_, _| {}).await.unwrap();
}
