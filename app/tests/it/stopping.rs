//! A server that is told to stop: by the power, by an operator, twice.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{Hall, on_both_stores};
use kawasemi_store::{Access, Sql};

/// Looks before something is given up, a tenth of a second apart: well beyond the limit of stopping.
const LOOKS: usize = 900;

/// A running server whose words on standard error are read.
struct Server {
    child: Child,
    said: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    fn start(hall: &Hall, seconds: &str) -> Self {
        let mut command = hall.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("KAWASEMI_SERVE_STOP_SECONDS", seconds).stderr(std::process::Stdio::piped());
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let line = until(&mut said, "http://localhost:");
        let port = line.split_once("http://localhost:").unwrap().1.split('/').next().unwrap().to_owned();
        Self { child, said, address: format!("127.0.0.1:{port}") }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Begins a request that comes to no end: its body never arrives.
    fn hang(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /enquiry HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nSec-Fetch-Site: same-origin\r\n\r\n"
        )
        .unwrap();
        // Another one is answered, so that this one has been begun as well.
        assert!(
            ask(&self.address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .unwrap()
                .contains(" 200 ")
        );
        stream
    }

    /// How it ended; not at all is a failure.
    fn ended(mut self) -> ExitStatus {
        // What is still said must not fill the pipe.
        thread::spawn(move || self.said.read_to_string(&mut String::new()));
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        panic!("the server does not end");
    }
}

/// Reads until a line has a word, and answers it.
fn until(said: &mut impl std::io::BufRead, word: &str) -> String {
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "the server has ended");
    }
    line
}

/// Sends a request and reads the whole answer; none where there is no more answer.
fn ask(address: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    (!answer.is_empty()).then(|| String::from_utf8_lossy(&answer).into_owned())
}

/// Registers days on which the hall is closed, one after another, until nobody answers any more; answers those that were acknowledged.
fn write_days(address: &str, token: &str, writer: usize, acknowledged: &AtomicUsize) -> Vec<String> {
    let mut days = Vec::new();
    for n in 0.. {
        let day = format!("{}-{:02}-{:02}", 2100 + writer * 10 + n / 336, 1 + n / 28 % 12, 1 + n % 28);
        let body = format!(r#"{{"day":"{day}","kind":"closed","name":"停電の試験"}}"#);
        let request = format!(
            "POST /api/v1/ledgers/closed-day/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        match ask(address, &request) {
            Some(answer) if answer.starts_with("HTTP/1.1 201") => {
                days.push(day);
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            // What was refused while it stops was never acknowledged.
            Some(answer) => assert!(!answer.starts_with("HTTP/1.1 4"), "{answer}"),
            None => return days,
        }
    }
    days
}

/// An installation in which somebody may register such days, and that somebody's token.
fn prepare(hall: &Hall) -> String {
    hall.init();
    let add = ["user", "add", "soumu", "--role", "organisation-editor", "--password-stdin"];
    let done = hall.run_with(&add, "kingfisher by the river\n");
    assert_eq!(done.status, 0, "{}", done.err);
    hall.ok(&["token", "create", "--user", "soumu", "--purpose", "試験", "--days", "1"]).trim().to_owned()
}

#[test]
fn when_the_power_fails_under_load_nothing_acknowledged_is_lost() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    on_both_stores(|hall| {
        let token = prepare(hall);
        let server = Server::start(hall, "60");
        let (acknowledged, days) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let (address, token, seen) = (server.address.clone(), token.as_str(), &acknowledged);
        let status = thread::scope(|scope| {
            for writer in 0..4 {
                let (address, days) = (&address, &days);
                scope.spawn(move || days.lock().unwrap().extend(write_days(address, token, writer, seen)));
            }
            for _ in 0..LOOKS {
                if seen.load(Ordering::SeqCst) >= 60 {
                    break;
                }
                thread::sleep(Duration::from_millis(100));
            }
            server.signal("-PWR");
            server.ended()
        });
        assert_eq!(status.code(), Some(0), "an orderly end");
        let days = days.into_inner().unwrap();
        assert!(days.len() >= 60, "there was a load: {}", days.len());
        let wal = hall.data().join("cities/142182/kawasemi.db-wal");
        assert!(!wal.exists(), "the log was carried over into the file");
        let left = runtime.block_on(async {
            let store = hall.store(Access::Read).await;
            let city = store.open_city("142182").await.unwrap();
            let mut left = Vec::new();
            for sql in [
                "SELECT count(*) FROM {audit} WHERE seq IS NULL",
                "SELECT count(*) FROM {outbox} WHERE state = 'running'",
            ] {
                left.push(city.read_one(Sql::with(sql, [])).await.unwrap().unwrap().get::<i64>(0).unwrap());
            }
            store.close().await;
            left
        });
        assert_eq!(left, [0, 0], "all entries are sealed, and no job is held");
        hall.ok(&["audit", "verify"]);
        // The next start finds everything.
        let server = Server::start(hall, "60");
        let kept = hall.ok(&["export", "closed-day", "--format", "csv"]);
        for day in &days {
            assert!(kept.contains(day.as_str()), "{day} was acknowledged");
        }
        server.signal("-TERM");
        assert_eq!(server.ended().code(), Some(0));
    });
}

#[test]
fn a_request_without_end_does_not_hold_up_the_end() {
    let hall = Hall::on_sqlite();
    hall.init();
    let server = Server::start(&hall, "5");
    let hanging = server.hang();
    server.signal("-PWR");
    assert_eq!(server.ended().code(), Some(0));
    drop(hanging);
    hall.ok(&["audit", "verify"]);
}

#[test]
fn a_second_signal_ends_at_once() {
    let hall = Hall::on_sqlite();
    hall.init();
    // A limit that the test would never wait for.
    let mut server = Server::start(&hall, "600");
    let hanging = server.hang();
    server.signal("-PWR");
    until(&mut server.said, "止めています");
    assert_eq!(server.child.try_wait().unwrap(), None, "it waits for the request");
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(128 + 15));
    drop(hanging);
    hall.ok(&["audit", "verify"]);
}
