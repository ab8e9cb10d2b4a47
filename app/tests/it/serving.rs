//! The server: it says where it is, answers, does by itself what it has to, and stops when it is told.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::server::Server;
use crate::support::{Hall, on_both_stores};
use kawasemi_store::jobs::JobRow;
use kawasemi_store::seal::KEY_FILE;
use kawasemi_store::{Access, City, Param, Sealer, Sql, Store, Unit};
use uuid::Uuid;

#[test]
fn a_server_answers_and_stops_when_told() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "20"]);
        let server = Server::start(hall);
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
        assert!(server.get("/").starts_with("HTTP/1.1 200"));
        assert!(server.get("/no-such-page").starts_with("HTTP/1.1 404"));
        hall.ok(&["doctor"]);
        assert_eq!(server.stop(), Some(0));
        hall.ok(&["audit", "verify"]);
    });
}

#[test]
fn a_data_folder_is_served_once() {
    let hall = Hall::on_sqlite();
    hall.ok(&["demo", "--residents", "5"]);
    let server = Server::start(&hall);
    let said = hall.fails(1, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("別の kawasemi が使用中です"), "{said}");
    let said = {
        let other = Hall::on_sqlite();
        other.ok(&["demo", "--residents", "5"]);
        other.fails(1, &["serve", "--listen", &server.address])
    };
    assert!(said.contains("待ち受けられません"), "{said}");
    assert_eq!(server.stop(), Some(0));
}

/// Looks into a city beside the server.
async fn city(hall: &Hall, code: &str, access: Access) -> (Store, City) {
    let store = hall.store(access).await;
    let city = store.open_city(code).await.unwrap();
    (store, city)
}

/// The work of the day that is done in a city, as soon as there is any.
async fn daily(hall: &Hall, code: &str) -> Vec<JobRow> {
    for _ in 0..150 {
        let (store, city) = city(hall, code, Access::Read).await;
        let mut done = city.jobs("done", 100).await.unwrap();
        store.close().await;
        done.retain(|row| row.job.topic == "daily");
        if !done.is_empty() {
            return done;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the day's work was not done in {code}");
}

#[test]
fn the_day_s_work_is_done_once_in_every_city_visited_or_not() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    on_both_stores(|hall| {
        hall.ok(&["init", "--code", "142182", "--name", "綾瀬市", "--host", "ayase.example"]);
        hall.ok(&["init", "--code", "142158", "--name", "海老名市", "--host", "ebina.example"]);
        for _ in 0..2 {
            let server = Server::start(hall);
            for code in ["142182", "142158"] {
                let done = runtime.block_on(daily(hall, code));
                let works: BTreeSet<&str> = done.iter().map(|done| done.job.payload.as_str()).collect();
                assert_eq!(works.len(), done.len(), "once a day, also after a restart");
                assert!(done.iter().all(|done| done.job.attempts == 1));
                assert!(works.iter().any(|payload| payload.contains("policy")), "{works:?}");
            }
            assert_eq!(server.stop(), Some(0));
        }
    });
}

#[test]
fn what_waits_to_be_told_goes_out_without_a_visitor() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "5"]);
        let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks", receiver.local_addr().unwrap());
        runtime.block_on(async {
            let (store, city) = city(hall, "142182", Access::Command).await;
            // A member of the staff, who may read the departments, from the very beginning of the city's history.
            let staff = Sql::with("SELECT id FROM {account} WHERE kind = 'staff' ORDER BY id LIMIT 1", []);
            let account: Uuid = city.read_one(staff).await.unwrap().unwrap().get(0).unwrap();
            let sealer = Sealer::new("142182", hall.data().join("cities/142182").join(KEY_FILE));
            sealer.ensure_key([7; 32]).unwrap();
            let (what, secret) = (format!("webhook/{}", Uuid::from_u128(1)), b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
            let sealed = sealer.seal(&what, secret, [3; 12]).unwrap();
            let row = Sql::with(
                "INSERT INTO {webhook} (id, ledger, title, url, kinds, account, with_fields, state, reason, failures, position, \
                 secret, created_at, created_by) VALUES ($1, 'department', '試験', $2, '', $3, $4, 'active', '', 0, 0, \
                 $5, 0, 'system')",
                [Uuid::from_u128(1).into(), url.as_str().into(), account.into(), Param::Bool(false), sealed.into()],
            );
            city.write(Unit::of([row.into()])).await.unwrap();
            store.close().await;
        });
        let server = Server::start(hall);
        let (mut stream, _) = receiver.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut request, mut part) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&request).contains("\"changes\"") {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "a whole message");
            request.extend_from_slice(&part[..read]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        let request = String::from_utf8_lossy(&request).into_owned();
        assert!(request.starts_with("POST /hooks") && request.contains("webhook-signature: v1,"), "{request}");
        drop(stream);
        assert_eq!(server.stop(), Some(0));
    });
}
