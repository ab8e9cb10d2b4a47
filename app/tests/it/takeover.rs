//! The drill (訓練): portal and desk are separated, the desk's city lies on a primary with a standby, residents write to the portal
//! and clerks work at the desk; then the power fails everywhere at once, and the standby takes over. What was acknowledged is
//! there, once. Needs the right to make network namespaces; says so and does nothing without.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::Hall;
use crate::support::networks::{DESK_INSIDE, Half, Networks, PORTAL, holds, request_with, speak};
use crate::support::server::Server;
use kawasemi_kernel::IdSource as _;
use kawasemi_kernel::context::SystemClock;
use kawasemi_kernel::id::RandomIds;
use kawasemi_testkit::postgres::Member::{A, B};
use kawasemi_testkit::postgres::Pair;

/// Where the desk's database servers are, in the network inside.
const SERVERS: [&str; 2] = ["10.251.20.11", "10.251.20.12"];
/// What stands in every enquiry, to be looked for where it must not be.
const SECRET: &str = "words-that-stay-secret";

/// What people were told, while everything runs and fails.
#[derive(Default)]
struct People {
    /// The enquiries that the portal acknowledged.
    enquiries: Mutex<Vec<String>>,
    /// The records that the desk acknowledged, by id, with their names.
    records: Mutex<BTreeMap<String, String>>,
    /// Requests that were not answered, or with a failure.
    failed: Mutex<u32>,
    gone_home: AtomicBool,
}

impl People {
    fn are_here(&self) -> bool {
        !self.gone_home.load(Ordering::Relaxed)
    }

    fn has_failed(&self) {
        *self.failed.lock().unwrap() += 1;
        std::thread::sleep(Duration::from_millis(200));
    }

    /// A resident who sends one enquiry after the other, each until it is acknowledged.
    fn resident(&self, network: &str, who: &str) {
        let ids = RandomIds(SystemClock);
        for n in 0.. {
            let (subject, form) = (format!("enquiry-{who}-{n}-"), ids.next());
            let body = format!("id={form}&subject={subject}&body={SECRET}");
            // Each time from another address, since one alone may send only so many in an hour.
            let headers = format!(
                "Content-Type: application/x-www-form-urlencoded\r\nX-Forwarded-For: 198.51.{}.{}",
                who.len() + n / 250,
                n % 250
            );
            loop {
                if !self.are_here() {
                    return;
                }
                let said = speak(network, PORTAL, &request_with("POST /enquiry HTTP/1.1", &headers, &body));
                if said.starts_with("HTTP/1.1 303") {
                    self.enquiries.lock().unwrap().push(subject);
                    break;
                }
                self.has_failed();
            }
        }
    }

    /// A clerk who registers one party after the other, each until it is acknowledged.
    fn clerk(&self, network: &str, token: &str, who: &str) {
        let ids = RandomIds(SystemClock);
        let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}");
        for n in 0.. {
            let (name, id) = (format!("party-{who}-{n}-"), ids.next().to_string());
            let party = serde_json::json!({ "id": id, "kind": "person", "name": { "name": name }, "source": "own" });
            let line = "POST /api/v1/ledgers/party/records HTTP/1.1";
            loop {
                if !self.are_here() {
                    return;
                }
                let said = speak(network, DESK_INSIDE, &request_with(line, &headers, &party.to_string()));
                if said.starts_with("HTTP/1.1 201") {
                    self.records.lock().unwrap().insert(id, name);
                    break;
                }
                let failed = said.is_empty() || said.starts_with("HTTP/1.1 503");
                assert!(failed, "neither done nor put off: {said}");
                self.has_failed();
            }
        }
    }

    fn count(&self) -> (usize, usize) {
        (self.enquiries.lock().unwrap().len(), self.records.lock().unwrap().len())
    }

    /// Waits until so many more of both were acknowledged.
    fn go_on(&self, more: usize) {
        let (enquiries, records) = self.count();
        for _ in 0..600 {
            let now = self.count();
            if now.0 >= enquiries + more && now.1 >= records + more {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.gone_home.store(true, Ordering::Relaxed);
        panic!("nothing is acknowledged any more: {:?}", self.count());
    }
}

#[test]
fn the_power_fails_and_the_standby_takes_over() {
    let Some(networks) = Networks::new() else { return };
    let pair = Pair::start_in(&networks.desk, SERVERS);
    pair.synchronous(A, true);
    let mut portal = Half::on_sqlite("portal", &networks.portal, PORTAL);
    let hall = Hall::on_servers(pair.url(), Some(&networks.desk));
    let mut desk = Half::of(hall, "desk", &networks.desk, DESK_INSIDE);
    portal.trust(&desk.line());
    desk.trust(&portal.line());
    let added = desk
        .hall
        .run_with(&["user", "add", "clerk", "--role", "party-editor", "--password-stdin"], "kingfisher by the river");
    assert_eq!(added.status, 0, "{}", added.err);
    let token = desk.hall.ok(&["token", "create", "--user", "clerk"]).trim().to_owned();
    portal.start();
    desk.start();

    let people = People::default();
    let (killed, up) = std::thread::scope(|scope| {
        for who in ["a", "b"] {
            scope.spawn(|| people.resident(&networks.portal, who));
            scope.spawn(|| people.clerk(&networks.desk, &token, who));
        }
        people.go_on(8);
        // The power fails: both halves and the primary, in the middle of what they do.
        let killed = Instant::now();
        portal.kill();
        desk.kill();
        pair.kill(A);
        // A person at the machines: the standby takes over, and everything is switched on again.
        pair.promote(B);
        portal.start();
        desk.start();
        let up = killed.elapsed();
        people.go_on(8);
        people.gone_home.store(true, Ordering::Relaxed);
        (killed, up)
    });
    println!("{:?} from the power failure to both halves serving, {:?} in all", up, killed.elapsed());

    let is_erased = || {
        let waiting = portal.status()["outgoing"].clone();
        waiting["new"].as_i64() == Some(0) && waiting["sent"].as_i64() == Some(0)
    };
    portal.wait("everything is acknowledged", is_erased);
    let (enquiries, records) = (people.enquiries.lock().unwrap(), people.records.lock().unwrap());
    println!("{} enquiries, {} records, {} failures", enquiries.len(), records.len(), people.failed.lock().unwrap());
    let table = |ledger: &str| {
        let file = desk.hall.path(&format!("{ledger}.csv"));
        desk.hall.ok(&["export", ledger, "--format", "csv", "--output", file.to_str().unwrap()]);
        fs::read_to_string(&file).unwrap()
    };
    let (arrived, registered) = (table("enquiry"), table("party"));
    for subject in enquiries.iter() {
        assert_eq!(arrived.matches(subject.as_str()).count(), 1, "{subject} in\n{arrived}");
    }
    for name in records.values() {
        assert_eq!(registered.matches(name.as_str()).count(), 1, "{name} in\n{registered}");
    }
    let said = desk.asks("GET /metrics HTTP/1.1", "").unwrap();
    assert!(said.contains("kawasemi_database_switches_total 0"), "it was started after the switch: {said}");
    desk.hall.ok(&["audit", "verify"]);
    assert_eq!(pair.answer(B, "SELECT pg_is_in_recovery()"), "f");

    // The old primary is made the standby of the new one.
    pair.boot(A);
    pair.stop(A);
    pair.rewind(A);
    pair.synchronous(B, true);
    let added = desk
        .hall
        .run_with(&["user", "add", "second", "--role", "party-reader", "--password-stdin"], "kingfisher by the river");
    assert_eq!(added.status, 0, "{}", added.err);

    portal.kill();
    desk.kill();
    assert!(!holds(&portal.hall.data(), SECRET), "the portal keeps nothing");
    portal.hall.ok(&["audit", "verify"]);
    desk.hall.ok(&["audit", "verify"]);
}

/// A browser of a clerk, as far as this needs one.
struct Clerk<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Clerk<'a> {
    fn sign_in(server: &'a Server, login: &str, password: &str) -> Self {
        let nobody = Self { server, cookie: String::new() };
        let said = nobody.post(
            "/auth/sign-in",
            &[("login".to_owned(), login.to_owned()), ("password".to_owned(), password.to_owned())],
        );
        assert!(said.starts_with("HTTP/1.1 303"), "{said}");
        let cookies = said.lines().filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
        Self { server, cookie: cookies.collect::<Vec<_>>().join("; ") }
    }

    fn ask(&self, line: &str, body: &str) -> String {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nCookie: {}",
            self.cookie
        );
        self.server.send(&request_with(line, &headers, body))
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1"), "")
    }

    fn post(&self, path: &str, entries: &[(String, String)]) -> String {
        let pairs: Vec<String> =
            entries.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.ask(&format!("POST {path} HTTP/1.1"), &pairs.join("&"))
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The hidden entries of a page.
fn hidden(page: &str) -> Vec<(String, String)> {
    let inputs = page.split("<input type=\"hidden\" name=\"").skip(1);
    let entry = |input: &str| {
        let (name, rest) = input.split_once('"')?;
        let value = rest.strip_prefix(" value=\"")?.split('"').next()?;
        Some((name.to_owned(), value.to_owned()))
    };
    inputs.filter_map(entry).collect()
}

/// Where an answer leads.
fn location(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| line.strip_prefix("location: "))
}

/// The form of a new party as it is filled in.
fn party(clerk: &Clerk<'_>, name: &str) -> Vec<(String, String)> {
    let mut typed = hidden(&clerk.get("/desk/ledgers/party/new"));
    assert!(typed.iter().any(|(name, _)| name == "_form"), "{typed:?}");
    for (field, value) in [("kind", "person"), ("name.name", name), ("source", "own")] {
        typed.push((field.to_owned(), value.to_owned()));
    }
    typed
}

/// The standby is away while a clerk saves: first nobody knows, then it is refused, and once it is back all is there once.
fn saving_waits_for_the_standby(pair: &Pair, server: &Server, clerk: &Clerk<'_>) {
    let (first, second) = (party(clerk, "綾瀬 一郎"), party(clerk, "綾瀬 二郎"));
    pair.stop(B);
    let page = clerk.post("/desk/ledgers/party/new", &first);
    assert!(page.starts_with("HTTP/1.1 503"), "{page}");
    for said in ["保存できたか確かめられていません", "二重にはなりません", "もう一度送る", "綾瀬 一郎"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    let refused = clerk.post("/desk/ledgers/party/new", &second);
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    for said in ["いまは保存できません", "何も変わっていません", "もう一度送る", "綾瀬 二郎"]
    {
        assert!(refused.contains(said), "{said} in {refused}");
    }
    let health = server.get("/healthz");
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("\"no-standby\""), "{health}");
    // The clerk's, and whatever the server itself had begun by then.
    assert!(server.get("/metrics").lines().any(|line| {
        let waiting = line.strip_prefix("kawasemi_database_commits_waiting ");
        waiting.is_some_and(|count| count.parse::<u32>().unwrap() > 0)
    }));
    let read = clerk.get("/desk");
    assert!(read.starts_with("HTTP/1.1 200"), "what is not written down can be read: {read}");

    pair.boot(B);
    for _ in 0..600 {
        if server.get("/healthz").starts_with("HTTP/1.1 200") {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    for page in [page, refused] {
        let done = clerk.post("/desk/ledgers/party/new", &hidden(&page));
        assert!(done.starts_with("HTTP/1.1 303"), "{done}");
    }
    pair.synchronous(A, true);
}

#[test]
fn what_was_typed_is_kept_while_the_database_is_switched_over() {
    const PASSWORD: &str = "kingfisher by the river";
    let pair = Pair::start();
    pair.synchronous(A, true);
    let hall = Hall::on_servers(pair.url(), None);
    hall.init();
    let added = hall.run_with(&["user", "add", "clerk", "--role", "party-editor", "--password-stdin"], PASSWORD);
    assert_eq!(added.status, 0, "{}", added.err);
    let server = Server::start(&hall);
    let clerk = Clerk::sign_in(&server, "clerk", PASSWORD);
    saving_waits_for_the_standby(&pair, &server, &clerk);
    let typed = party(&clerk, "渡邉 花子");

    pair.kill(A);
    let health = server.get("/healthz");
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("\"no-primary\""), "{health}");
    let page = clerk.post("/desk/ledgers/party/new", &typed);
    assert!(page.starts_with("HTTP/1.1 503"), "{page}");
    assert!(page.contains("retry-after: 10"), "{page}");
    for said in
        ["データベースを切り替えています", "もう一度送る", "渡邉 花子", "入力した内容は、このページに残っています"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    let read = clerk.get("/desk/ledgers/party");
    assert!(read.starts_with("HTTP/1.1 503") && read.contains("もう一度開く"), "{read}");
    let secret = clerk.post(
        "/auth/sign-in",
        &[("login".to_owned(), "clerk".to_owned()), ("password".to_owned(), PASSWORD.to_owned())],
    );
    assert!(!secret.contains(PASSWORD), "a password is not given back: {secret}");

    pair.promote(B);
    let again = hidden(&page);
    let done = clerk.post("/desk/ledgers/party/new", &again);
    assert!(done.starts_with("HTTP/1.1 303"), "{done}");
    let twice = clerk.post("/desk/ledgers/party/new", &again);
    assert_eq!(location(&twice), location(&done), "what is sent twice is there once");
    let metrics = server.get("/metrics");
    assert!(metrics.contains("kawasemi_database_switches_total 1"), "{metrics}");
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    let file = hall.path("party.csv");
    hall.ok(&["export", "party", "--format", "csv", "--output", file.to_str().unwrap()]);
    let registered = fs::read_to_string(&file).unwrap();
    for name in ["渡邉 花子", "綾瀬 一郎", "綾瀬 二郎"] {
        assert_eq!(registered.matches(name).count(), 1, "{name} in {registered}");
    }
    assert_eq!(server.stop(), Some(0));
}
