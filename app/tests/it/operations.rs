//! What an operator is told of an installation: by the doctor, and by the figures for a monitor.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::{Hall, on_both_stores};
use kawasemi_testkit::certificates::Certificates;
use kawasemi_testkit::postgres::{SecuredServer, Shown};
use serde_json::Value;

/// What the doctor finds, and with which status it ends. `settings` are variables of the environment.
fn doctor(hall: &Hall, settings: &[(&str, &str)]) -> (i32, Vec<Value>) {
    let mut command = hall.command(&["--json", "doctor"]);
    command.envs(settings.iter().copied());
    let output = command.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), said["findings"].as_array().unwrap().clone())
}

/// State and message of what was found of a check.
fn of<'a>(found: &'a [Value], check: &str) -> (&'a str, &'a str) {
    let finding = found.iter().find(|finding| finding["check"].as_str().unwrap().contains(check));
    let finding = finding.unwrap_or_else(|| panic!("{check}: {found:#?}"));
    (finding["state"].as_str().unwrap(), finding["message"].as_str().unwrap())
}

#[test]
fn the_doctor_looks_at_every_subject() {
    on_both_stores(|hall| {
        hall.init();
        let (status, found) = doctor(hall, &[]);
        assert_eq!(status, 0, "{found:#?}");
        for check in
            ["控え", "ディスクの空き", "書体", "時計", "メール", "送信と後続の仕事", "複製", "連携", "データベース"]
        {
            let (_, message) = of(&found, check);
            assert!(message.ends_with('。'), "{check}: {message}");
        }
        assert_eq!(of(&found, "控え").0, "warning");
        assert_eq!((of(&found, "複製").0, of(&found, "メール").0), ("good", "good"));
        assert!(found.iter().all(|finding| finding["subject"].is_string()));
        let text = hall.ok(&["doctor"]);
        assert!(text.contains("△ 控え: まだ一度も取っていません。kawasemi backup で"), "{text}");
    });
}

#[test]
fn a_backup_is_known_however_it_came_about() {
    on_both_stores(|hall| {
        hall.init();
        hall.ok(&["backup", &hall.path("a.kwsm").display().to_string()]);
        let (_, found) = doctor(hall, &[]);
        let (state, message) = of(&found, "控え");
        assert!(state == "good" && message.contains("a.kwsm"), "{message}");
        // One that fails is told, and does not hide the one before.
        std::fs::write(hall.path("nowhere"), "a file where a folder should be").unwrap();
        hall.fails(1, &["backup", &hall.path("nowhere/b.kwsm").display().to_string()]);
        let (_, found) = doctor(hall, &[]);
        assert_eq!((of(&found, "控え").0, of(&found, "最近の控え").0), ("good", "warning"));
        // The notes are gone; the folder that the settings name has the file.
        let notes = if hall.url().is_some() { hall.path("data") } else { hall.data() };
        std::fs::remove_file(notes.join("backups.json")).unwrap();
        assert_eq!(of(&doctor(hall, &[]).1, "控え").0, "warning");
        let folder = hall.folder.path().display().to_string();
        assert_eq!(of(&doctor(hall, &[("KAWASEMI_BACKUP_FOLDER", &folder)]).1, "控え").0, "good");
    });
}

#[test]
fn a_certificate_that_ends_is_told_before_it_is_missed() {
    let hall = Hall::on_sqlite();
    hall.init();
    let made = Certificates::new();
    let with = |file: &str| doctor(&hall, &[("KAWASEMI_WEBHOOKS_AUTHORITY", &made.file(file).display().to_string())]);
    for (file, status, expected) in [("signed.pem", 0, "good"), ("ca.pem", 0, "warning"), ("expired.pem", 1, "bad")] {
        let (ended, found) = with(file);
        let (state, message) = of(&found, "webhooks.authority");
        assert_eq!((state, ended), (expected, status), "{message}");
    }
    // What the database's server shows, over a connection that begins unencrypted.
    let server = SecuredServer::start();
    let url = |parameters: &str| server.url("localhost", parameters);
    let trusting = url(&format!("sslmode=verify-full&sslrootcert={}", server.file("ca.pem").display()));
    hall.ok(&["--database-url", &trusting, "init", "--code", "142182", "--name", "綾瀬市"]);
    let looked = |url: &str| -> Vec<Value> {
        let output = hall.command(&["--database-url", url, "--json", "doctor"]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["findings"].as_array().unwrap().clone()
    };
    let found = looked(&trusting);
    assert_eq!(of(&found, "証明書: データベース（localhost").0, "good", "{found:#?}");
    assert_eq!(of(&found, "証明書: sslrootcert").0, "warning", "the authority of a test is good for two days");
    server.show(Shown::Expired);
    assert_eq!(of(&looked(&url("sslmode=require")), "証明書: データベース（localhost").0, "bad");
}

/// A running server, ended with the test.
struct Server(Child, String);

impl Server {
    /// Starts one; `settings` are variables of the environment.
    fn start(hall: &Hall, settings: &[(&str, &str)]) -> Self {
        let mut command = hall.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.envs(settings.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, rest) = line.split_once("http://localhost:")?;
            rest.split('/').next().map(str::to_owned)
        });
        // What is still said must not fill the pipe, nor find it closed.
        thread::spawn(move || lines.for_each(drop));
        Self(child, format!("127.0.0.1:{}", port.unwrap()))
    }

    /// The body of an answer, for a request with more headers.
    fn get(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn figures_with(&self, name: &str) -> String {
        for _ in 0..300 {
            let figures = self.get("/metrics", "");
            if figures.contains(name) {
                return figures;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{name} does not come");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn a_monitor_gets_figures_that_it_understands() {
    on_both_stores(|hall| {
        hall.init();
        hall.ok(&["backup", &hall.path("a.kwsm").display().to_string()]);
        let server = Server::start(hall, &[]);
        let figures = server.figures_with("kawasemi_city_open{");
        for name in ["kawasemi_backup_age_seconds ", "kawasemi_disk_free_bytes{folder=", "kawasemi_build_info{version="]
        {
            assert!(figures.contains(name), "{name}: {figures}");
        }
        assert_eq!(figures.contains("kawasemi_standbys 0"), hall.url().is_some());
        let through_proxy = server.get("/metrics", "X-Forwarded-For: 192.0.2.1\r\n");
        assert!(
            through_proxy.contains("kawasemi_answers_total") && !through_proxy.contains("folder="),
            "{through_proxy}"
        );
        check(&figures);
    });
}

/// A relay on this machine that takes everything; answers its address, and the lines of each letter as it comes.
fn relay() -> (String, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap());
    let (give, given) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let give = give.clone();
            thread::spawn(move || take_letters(stream.unwrap(), &give));
        }
    });
    (address, given)
}

fn take_letters(mut stream: TcpStream, give: &mpsc::Sender<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    stream.write_all(b"220 relay\r\n").ok()?;
    while let Some(line) = lines.next() {
        if line == "DATA" {
            stream.write_all(b"354 go on\r\n").ok()?;
            give.send(lines.by_ref().take_while(|line| line != ".").collect()).ok()?;
        }
        stream.write_all(if line == "QUIT" { b"221 bye\r\n" } else { b"250 ok\r\n" }).ok()?;
    }
    None
}

#[test]
fn operators_are_told_by_mail_once() {
    let hall = Hall::on_sqlite();
    hall.init();
    let (address, letters) = relay();
    let settings = [
        ("KAWASEMI_MAIL_RELAY", address.as_str()),
        ("KAWASEMI_MAIL_FROM", "kawasemi@example.lg.jp"),
        ("KAWASEMI_MAIL_OPERATORS", "joho@example.lg.jp, kanri@example.lg.jp"),
    ];
    let (_, found) = doctor(&hall, &settings);
    let (state, message) = of(&found, "メール");
    assert!(state == "good" && message.contains("2人のあて先"), "{message}");
    assert!(letters.try_recv().is_err(), "the doctor sends nothing");
    let server = Server::start(&hall, &settings);
    for to in ["To: joho@example.lg.jp", "To: kanri@example.lg.jp"] {
        let letter = letters.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(letter.iter().any(|line| line == to), "{letter:?}");
    }
    let told = hall.data().join("alarms.json");
    let first = written_anew(&told, None);
    assert!(std::fs::read_to_string(&told).unwrap().contains("控え"), "no backup was taken yet");
    drop(server);
    // A server that is started anew looks, and has nothing new to tell.
    let server = Server::start(&hall, &settings);
    written_anew(&told, Some(first));
    drop(server);
    assert!(letters.try_recv().is_err());
}

/// Waits until a file is there that is another than before, and answers which.
fn written_anew(file: &Path, before: Option<u64>) -> u64 {
    for _ in 0..600 {
        match file.metadata() {
            Ok(metadata) if Some(metadata.ino()) != before => return metadata.ino(),
            _ => thread::sleep(Duration::from_millis(100)),
        }
    }
    panic!("{} is not written", file.display());
}

/// Lets Prometheus' own tool read figures, where it is installed.
fn check(figures: &str) {
    let tool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut tool) = tool else {
        eprintln!("飛ばします: promtool がありません（Debian の prometheus）。");
        return;
    };
    tool.stdin.take().unwrap().write_all(figures.as_bytes()).unwrap();
    let said = tool.wait_with_output().unwrap();
    assert!(said.status.success(), "{}\n{figures}", String::from_utf8_lossy(&said.stderr));
}
