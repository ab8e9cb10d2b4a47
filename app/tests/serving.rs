//! The server: it says where it is, answers, and stops when it is told.
#![allow(clippy::unwrap_used, reason = "a fixture that fails fails the test")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};

use support::{Hall, on_both_stores};

/// A running server, told to stop at the end of the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(hall: &Hall) -> Self {
        let mut child = hall.spawn(&["serve", "--listen", "127.0.0.1:0"]);
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://localhost:")?;
            rest.split('/').next().map(str::to_owned)
        });
        Self { child, address: format!("127.0.0.1:{}", port.unwrap()) }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn stop(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

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
