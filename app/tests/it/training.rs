//! A training city: nobody can take it for the real thing, nothing leaves it, and it can be put back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};

use crate::support::{Done, Hall, on_both_stores};
use serde_json::Value;

const HOST: &str = "kunren.example";
const PASSWORD: &str = "練習の 川べりで 魚をとる";
const BANDS: [&str; 4] = ["教育用・練習用の画面です", "練習（れんしゅう）の 画面", "training screen", "luyện tập"];

/// Makes a training city beside the demo city, with the demo city as its model, and answers what was made.
fn create(hall: &Hall) -> Value {
    hall.ok(&["demo", "--residents", "30"]);
    let words =
        ["--json", "training", "create", "--from", "142182", "--host", HOST, "--residents", "40", "--password-stdin"];
    let done = hall.run_with(&words, PASSWORD);
    assert_eq!(done.status, 0, "{}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

/// Runs a command on the training city.
fn there(hall: &Hall, code: &str, words: &[&str]) -> Done {
    let words: Vec<&str> = ["--city", code].into_iter().chain(words.iter().copied()).collect();
    hall.run(&words)
}

fn ok(hall: &Hall, code: &str, words: &[&str]) -> String {
    let done = there(hall, code, words);
    assert_eq!(done.status, 0, "{words:?}: {}", done.err);
    done.out
}

/// What ledgers hold.
fn state(hall: &Hall, code: &str) -> Vec<String> {
    ["department", "staff", "resident", "party"]
        .map(|ledger| ok(hall, code, &["export", ledger, "--format", "csv"]))
        .to_vec()
}

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

    fn ask(&self, host: &str, method: &str, path: &str, cookie: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Signs in at a host and answers the cookie; none where that is refused.
    fn sign_in(&self, host: &str, login: &str, password: &str) -> Option<String> {
        let encoded: String = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = self.ask(host, "POST", "/auth/sign-in", "", &format!("login={login}&password={encoded}"));
        let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        answer.starts_with("HTTP/1.1 303").then(|| set.split(';').next().unwrap().to_owned())
    }

    fn stop(mut self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// Every address of the site that is asked for, with something in the place of what varies.
fn addresses() -> Vec<String> {
    let lines = include_str!("../../src/walk/routes.txt").lines().filter_map(|line| line.strip_prefix("GET "));
    let filled = |path: &str| {
        path.replace("{ledger}", "resident")
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => "00000000-0000-7000-8000-000000000000".to_owned(),
                false => part.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("/")
    };
    lines.map(|line| filled(line.split_whitespace().next().unwrap())).collect()
}

#[test]
fn every_page_says_that_it_is_for_practice_and_no_page_of_the_real_city_does() {
    let hall = Hall::on_sqlite();
    create(&hall);
    let server = Server::start(&hall);
    let cookie = server.sign_in(HOST, "admin", PASSWORD).expect("the copied account signs in with the first password");
    let real = server.sign_in("localhost", "admin", "kingfisher by the river").expect("the real city is where it was");
    assert!(server.sign_in(HOST, "admin", "kingfisher by the river").is_none(), "no password came along");
    let mut pages = 0;
    for path in addresses().iter().flat_map(|path| [path.clone(), format!("/en{path}"), format!("/vi{path}")]) {
        if path.contains("/changes/stream") || path.contains("/stream") {
            continue;
        }
        for cookie in ["", cookie.as_str()] {
            let answer = server.ask(HOST, "GET", &path, cookie, "");
            let head = answer.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
            let is_of_city = !path.contains("/assets/") && !path.contains("/healthz") && !path.contains("/metrics");
            assert!(!is_of_city || head.contains("kawasemi-training: true"), "{path} {head}");
            // A part of a page that a script asks for has no head.
            if answer.contains("<title>") && head.contains("content-type: text/html") {
                pages += 1;
                assert!(BANDS.iter().any(|band| answer.contains(band)), "{path}: {answer}");
                let title = answer.split("<title>").nth(1).unwrap();
                assert!(
                    ["【教育用】", "【れんしゅう】", "[TRAINING]", "[LUYỆN"].iter().any(|mark| title.starts_with(mark)),
                    "{path}"
                );
            }
        }
        let answer = server.ask("localhost", "GET", &path, &real, "");
        assert!(!BANDS.iter().any(|band| answer.contains(band)) && !answer.contains("kawasemi-training"), "{path}");
    }
    assert!(pages > 150, "{pages}");
    let export = server.ask(HOST, "GET", "/desk/ledgers/department/export?format=csv", &cookie, "");
    assert!(!export.contains("content-disposition") || export.contains("%E6%95%99%E8%82%B2%E7%94%A8_"), "{export}");
    server.stop();
}

#[test]
fn a_reset_brings_back_the_same_state_beside_a_server_and_keeps_who_may_come_in() {
    on_both_stores(|hall| {
        let made = create(hall);
        let code = made["code"].as_str().unwrap().to_owned();
        assert!(code.starts_with("149") && made["accounts"].as_i64() > Some(5), "{made}");
        assert_eq!(made["left"].as_array().map(Vec::len), Some(0), "{made}");
        let before = state(hall, &code);
        assert_eq!(before[2].lines().count(), 41);
        assert_eq!(hall.ok(&["export", "department", "--format", "csv"]), before[0], "the departments are the model's");
        let server = Server::start(hall);
        let cookie = server.sign_in(HOST, "admin", PASSWORD).unwrap();
        let file = hall.file("new.csv", "部局コード,名称,区分,設置年度\nnew-one,新しい課,課・室,2022\n");
        for way in ["command", "button"] {
            ok(hall, &code, &["import", "department", &file]);
            assert_ne!(state(hall, &code), before);
            match way {
                "command" => drop(hall.ok(&["training", "reset"])),
                _ => {
                    let answer = server.ask(HOST, "POST", "/desk/admin/training/reset", &cookie, "");
                    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
                }
            }
            assert_eq!(state(hall, &code), before, "{way}");
            let page = server.ask(HOST, "GET", "/desk/ledgers/department?q=新しい課", &cookie, "");
            assert!(page.starts_with("HTTP/1.1 200") && !page.contains("new-one"), "the session is still good: {page}");
            let found = server.ask(HOST, "GET", "/desk/ledgers/department?q=企画課", &cookie, "");
            assert!(found.contains("企画課"), "what is there is found: {found}");
        }
        assert!(server.sign_in(HOST, "kikaku", PASSWORD).is_some());
        server.stop();
        ok(hall, &code, &["audit", "verify"]);
        hall.ok(&["audit", "verify"]);
        ok(hall, &code, &["training", "nightly", "on"]);
        assert!(ok(hall, &code, &["training", "status"]).contains("毎晩の戻し: する"));
    });
}

#[test]
fn a_real_city_never_becomes_one_and_practice_and_reality_do_not_mix() {
    on_both_stores(|hall| {
        let made = create(hall);
        let code = made["code"].as_str().unwrap().to_owned();
        for words in [
            &["training", "reset"][..],
            &["training", "keep"],
            &["training", "nightly", "on"],
            &["training", "remove", "--yes"],
        ] {
            let done = there(hall, "142182", words);
            assert_eq!(done.status, 1, "{words:?}");
            assert!(done.err.contains("教育用の市では"), "{words:?} {}", done.err);
        }
        let said = hall
            .run_with(&["training", "create", "--code", "142182", "--host", "x.example", "--password-stdin"], PASSWORD);
        assert!(said.status == 1 && said.err.contains("すでにあります"), "{}", said.err);
        // Who names no city means the real one.
        assert_eq!(hall.ok(&["export", "resident", "--format", "csv"]).lines().count(), 31);
        let said = there(hall, &code, &["courier", "pack", "out.bundle"]);
        assert_ne!(said.status, 0, "nothing is handed over");
        ok(hall, &code, &["training", "remove", "--yes"]);
        assert!(there(hall, &code, &["export", "resident", "--format", "csv"]).err.contains("ありません"));
        assert_eq!(hall.ok(&["export", "resident", "--format", "csv"]).lines().count(), 31);
    });
}

#[test]
fn a_list_of_people_is_taken_in_only_by_somebody_who_says_that_they_are_invented() {
    let hall = Hall::on_sqlite();
    let made = create(&hall);
    let code = made["code"].as_str().unwrap().to_owned();
    // Other numbers than those of the residents who are there.
    let people = hall.ok(&["export", "resident", "--format", "csv"]).replace("S0000", "S9000");
    let real = hall.file("residents.csv", &people);
    let before = ok(&hall, &code, &["export", "resident", "--format", "csv"]);
    let said = there(&hall, &code, &["import", "resident", &real]);
    assert!(said.status == 1 && said.err.contains("教育用の市です") && said.err.contains("--invented"), "{}", said.err);
    assert_eq!(ok(&hall, &code, &["export", "resident", "--format", "csv"]), before);
    // To look at a file takes nothing in, and a list without people may come.
    ok(&hall, &code, &["import", "resident", &real, "--dry-run"]);
    let departments = hall.file("new.csv", "部局コード,名称,区分,設置年度\nnew-one,新しい課,課・室,2022\n");
    ok(&hall, &code, &["import", "department", &departments]);
    ok(&hall, &code, &["import", "resident", &real, "--invented"]);
    assert_ne!(ok(&hall, &code, &["export", "resident", "--format", "csv"]), before);
}

#[test]
fn a_drill_of_an_installation_with_a_training_city_passes_whatever_was_put_back_since() {
    let hall = Hall::on_sqlite();
    let made = create(&hall);
    let code = made["code"].as_str().unwrap().to_owned();
    let file = hall.file("new.csv", "部局コード,名称,区分,設置年度\nnew-one,新しい課,課・室,2022\n");
    ok(&hall, &code, &["import", "department", &file]);
    ok(&hall, &code, &["audit", "seal"]);
    let backup = hall.path("both.kwsm").display().to_string();
    hall.ok(&["backup", &backup]);
    hall.ok(&["training", "reset"]);
    let report = hall.json(&["drill", "restore", "--from", &backup]);
    assert_eq!(
        (report["passed"].as_bool(), report["cities"].as_array().map(Vec::len)),
        (Some(true), Some(2)),
        "{report}"
    );
    let of =
        |wanted: &str| report["cities"].as_array().unwrap().iter().find(|city| city["code"] == wanted).unwrap().clone();
    assert_eq!((of("142182")["live"]["lost"].as_i64(), of(&code)["live"].is_null()), (Some(0), true), "{report}");
    // It may be gone altogether.
    ok(&hall, &code, &["training", "remove", "--yes"]);
    assert_eq!(hall.json(&["drill", "restore", "--from", &backup])["passed"], true);
}

#[test]
fn a_real_backup_goes_into_a_training_city_only_when_that_is_said() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "10"]);
        let real = hall.path("real.kwsm").display().to_string();
        hall.ok(&["backup", &real]);
        let other = Hall::like(hall);
        let create =
            ["training", "create", "--code", "142182", "--name", "練習市", "--residents", "10", "--password-stdin"];
        let done = other.run_with(&create, PASSWORD);
        assert_eq!(done.status, 0, "{}", done.err);
        let said = other.fails(1, &["restore", &real, "--replace"]);
        assert!(said.contains("教育用の市ですが") && said.contains("--training-mismatch"), "{said}");
        other.ok(&["training", "status"]);
        let practice = other.path("practice.kwsm").display().to_string();
        other.ok(&["backup", &practice]);
        let said = hall.fails(1, &["restore", &practice, "--replace"]);
        assert!(said.contains("実際の市ですが"), "{said}");
        other.ok(&["restore", &practice, "--replace"]);
        other.ok(&["training", "reset"]);
        other.ok(&["restore", &real, "--replace", "--training-mismatch"]);
        assert!(other.run(&["training", "status"]).err.contains("教育用の市がありません"));
    });
}
