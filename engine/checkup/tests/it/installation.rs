//! An installation that is looked at: what its database, servers and files say.

use std::fs;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kawasemi_checkup::backups::{self, Backup, Backups, Failure};
use kawasemi_checkup::certificates::{Certificate, Named, Source};
use kawasemi_checkup::counterpart::{Counterpart, Opening};
use kawasemi_checkup::{Findings, State, clock, disk, queue, replication};
use kawasemi_kernel::context::FixedClock;
use kawasemi_kernel::{Act, IdSource as _};
use kawasemi_store::audit::Trail;
use kawasemi_store::{Dialect, Unit, jobs};
use kawasemi_testkit::certificates::Certificates;
use kawasemi_testkit::{Fixture, on_both_stores};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

async fn enqueue(fixture: &Fixture, topic: &str, at: Timestamp) {
    let job = jobs::enqueue(fixture.ids.next(), topic, None, "{}", at, at);
    fixture.city.write(Unit::of([job])).await.unwrap();
}

async fn of_queue(fixture: &Fixture, now: Timestamp) -> Findings {
    let mut found = Findings::default();
    queue::of_city(&fixture.city, now, &mut found).await.unwrap();
    found
}

on_both_stores! {
    async fn the_queue_tells_what_failed_and_what_waits(fixture) {
        let now = fixture.now();
        assert_eq!(of_queue(fixture, now).await.count(State::Good), 1);
        enqueue(fixture, "mail", now).await;
        enqueue(fixture, "mail", now + SignedDuration::from_mins(10)).await;
        enqueue(fixture, "daily", now).await;
        assert_eq!(of_queue(fixture, now).await.count(State::Good), 1, "what is due now is not late");
        // A worker takes one, is gone, and nobody takes it again.
        let taken = fixture.city.take_jobs(&["daily"], now, 1).await.unwrap().remove(0);
        let later = now + SignedDuration::from_mins(40);
        let late = of_queue(fixture, later).await;
        let said: Vec<&str> = late.0.iter().map(|finding| finding.message.as_str()).collect();
        assert!(said.len() == 2 && said[0].contains("「daily」が30分遅れています"), "since its lease ended: {said:?}");
        assert!(said[1].contains("「mail」が40分遅れています（待機中 2件）"), "{said:?}");
        fixture.city.fail_job(&taken, now, "相手が拒みました", true).await.unwrap();
        let dead = of_queue(fixture, now).await;
        assert!(dead.0[0].message.contains("1件") && dead.0[0].message.contains("相手が拒みました"), "{dead:?}");
        let figures = queue::figures(&fixture.city, later).await.unwrap();
        let value = |name: &str, state: &str, topic: &str| {
            let has = |of: &str| figures.iter().find(|figure| {
                figure.name == name
                    && figure.labels.iter().any(|(_, value)| value == topic)
                    && (of.is_empty() || figure.labels.iter().any(|(_, value)| value == of))
            });
            has(state).unwrap().value
        };
        assert_eq!(value("kawasemi_jobs", "dead", "daily"), 1.0);
        assert_eq!(value("kawasemi_jobs", "waiting", "mail"), 2.0);
        assert_eq!(value("kawasemi_jobs_late_seconds", "", "mail"), 2_400.0);
    }

    async fn the_clocks_are_held_against_each_other(fixture) {
        // An entry of the trail, as any change writes it.
        let written = fixture.now() + SignedDuration::from_hours(1);
        let trail = Trail::of(&fixture.city, "note", fixture.ids.next()).await.unwrap();
        let entry = trail.statements("created", &Act::system(written, "試験"), &*fixture.ids, "{}");
        fixture.city.write(Unit::of(entry)).await.unwrap();
        for (now, expected) in [(written, State::Good), (fixture.now(), State::Bad)] {
            let mut found = Findings::default();
            clock::of_city(&fixture.city, &FixedClock(now), &mut found).await.unwrap();
            let trail = found.0.iter().find(|finding| finding.check.contains("変更の記録")).unwrap();
            assert_eq!(trail.state, expected, "{trail:?}");
            // The test's clock stands still in May; the database's goes.
            let database = found.0.iter().find(|finding| finding.check.contains("データベースの時計"));
            assert_eq!(database.map(|finding| finding.state), (fixture.city.dialect() == Dialect::Postgres).then_some(State::Bad));
        }
    }

    async fn the_database_says_how_it_is_copied_and_how_large_it_is(fixture) {
        let mut found = Findings::default();
        replication::look(&fixture.city).await.unwrap().findings(&mut found);
        assert!(found.0.iter().all(|finding| finding.state == State::Good), "{found:?}");
        let size = disk::of_database(&fixture.city, true).await.unwrap();
        assert_eq!(size.is_some(), fixture.city.dialect() == Dialect::Postgres);
    }
}

#[test]
fn a_backup_that_was_noted_or_found_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let backups = tempfile::tempdir().unwrap();
    let look = || Backups::look(folder.path(), Some(backups.path()));
    let now = Timestamp::now_for_a_file(backups.path());
    let worst = |at| look().findings(at).iter().map(|finding| finding.state).max().unwrap();
    assert_eq!(worst(now), State::Warning, "none at all");
    let hours = |n: i64| SignedDuration::from_hours(n);
    let taken = Backup { at: now - hours(30), file: "/b/1.kwsm".into(), bytes: 10 };
    backups::note(folder.path(), Ok(taken)).unwrap();
    assert_eq!(
        [worst(now - hours(7)), worst(now), worst(now + hours(24 * 6))],
        [State::Good, State::Warning, State::Bad]
    );
    let failure = Failure { at: now - hours(8), reason: "空きがない".to_owned() };
    backups::note(folder.path(), Err(failure)).unwrap();
    let said = look().findings(now - hours(7));
    assert!(said.len() == 2 && said[1].message.contains("空きがない"), "{said:?}");
    // Half a file that something else carries there, and one that is no backup.
    fs::write(backups.path().join("copying.part"), "x").unwrap();
    fs::write(backups.path().join("empty.kwsm"), "").unwrap();
    assert_eq!(look().last.unwrap().file.to_str(), Some("/b/1.kwsm"));
    fs::write(backups.path().join("b.kwsm"), "x").unwrap();
    let found = look();
    assert!(found.last.as_ref().unwrap().file.ends_with("b.kwsm") && found.failure.is_none(), "{found:?}");
    assert_eq!(worst(now + SignedDuration::from_secs(5)), State::Good);
    assert_eq!(
        Backups::look(folder.path(), Some("/nowhere".as_ref())).findings(now).last().unwrap().check,
        "控えの置き場所"
    );
}

/// The present, without asking the clock: when a file was just written.
trait NowForAFile {
    fn now_for_a_file(folder: &std::path::Path) -> Timestamp;
}

impl NowForAFile for Timestamp {
    fn now_for_a_file(folder: &std::path::Path) -> Timestamp {
        let file = folder.join("now");
        fs::write(&file, "").unwrap();
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        fs::remove_file(file).unwrap();
        Timestamp::try_from(modified).unwrap()
    }
}

#[test]
fn files_of_authorities_are_read() {
    let made = Certificates::new();
    let read = |source: Source| Named { setting: "webhooks.authority".to_owned(), source }.read();
    let [authority] = <[Certificate; 1]>::try_from(Certificate::read_all(&made.pem("ca.pem")).unwrap()).unwrap();
    assert_eq!(authority.subject, "CN=ca");
    let state =
        |source: Source, days: i64| read(source).finding(authority.from + SignedDuration::from_hours(24 * days)).state;
    let file = |name: &str| Source::File(made.file(name));
    // An authority of these tests is good for two days; what it has signed, until 2099 or not any more.
    assert_eq!([state(file("ca.pem"), 1), state(file("ca.pem"), 3)], [State::Warning, State::Bad]);
    assert_eq!([state(file("signed.pem"), 1), state(file("expired.pem"), 1)], [State::Good, State::Bad]);
    assert_eq!(state(Source::Text(String::from_utf8(made.pem("signed.pem")).unwrap()), 1), State::Good);
    for wrong in ["signed.key", "nowhere.pem"] {
        let finding = read(file(wrong)).finding(authority.from);
        assert!(finding.state == State::Bad && finding.message.contains("置き直してください"), "{finding:?}");
    }
}

/// A server that answers an opening as a directory or a database does, then begins encryption.
async fn server(made: Arc<Certificates>, asked: usize, answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut vec![0; asked]).await.unwrap();
        stream.write_all(answer).await.unwrap();
        // The other side breaks off once it has seen enough.
        let _ = made.acceptor().accept(stream).await;
    });
    port
}

#[tokio::test]
async fn servers_show_their_certificates() {
    let made = Arc::new(Certificates::new());
    let granted = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    let refused = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00";
    for (opening, asked, answer, shows) in [
        (Opening::Direct, 0, &b""[..], true),
        (Opening::Postgres, 8, b"S", true),
        (Opening::Postgres, 8, b"N", false),
        (Opening::Ldap, 31, granted, true),
        (Opening::Ldap, 31, refused, false),
    ] {
        let port = server(Arc::clone(&made), asked, answer).await;
        let holder = Counterpart { role: "試験".to_owned(), host: "localhost".to_owned(), port, opening }.look().await;
        let subjects = holder.certificates.map(|all| all.into_iter().map(|one| one.subject).collect::<Vec<_>>());
        match shows {
            true => assert_eq!(subjects.unwrap(), ["CN=localhost"], "{opening:?}"),
            false => assert!(subjects.unwrap_err().contains("受け付けません"), "{opening:?}"),
        }
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let gone =
        Counterpart { role: "試験".to_owned(), host: "127.0.0.1".to_owned(), port: closed, opening: Opening::Direct };
    assert_eq!(gone.look().await.finding(Timestamp::UNIX_EPOCH).state, State::Warning);
}
