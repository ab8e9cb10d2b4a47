//! Portal and desk as two processes in two networks (三層分離): network namespaces with address ranges of their own, a cable between
//! them, and power that fails. Needs the right to make namespaces; says so and does nothing without.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::Hall;
use serde_json::Value;

/// The portal's address in the network between, where the desk may go.
const PORTAL: &str = "10.251.10.1";
/// The desk's address there, from which it goes.
const DESK_OUTSIDE: &str = "10.251.10.2";
/// Where staff reach the desk: a network to which the portal has no way.
const DESK_INSIDE: &str = "10.251.20.1";
const PORT: u16 = 8080;
/// Looks before something is given up, a fifth of a second apart.
const LOOKS: usize = 300;

/// Two networks with a cable between them; gone at the end.
struct Networks {
    portal: String,
    desk: String,
}

impl Networks {
    /// None where this machine may not have any.
    fn new() -> Option<Self> {
        let pid = std::process::id();
        let networks = Self { portal: format!("kawasemi-portal-{pid}"), desk: format!("kawasemi-desk-{pid}") };
        let (a, b) = (format!("kwp{}", pid % 1_000_000), format!("kwd{}", pid % 1_000_000));
        let (p, d) = (networks.portal.as_str(), networks.desk.as_str());
        let steps = [
            format!("netns add {p}"),
            format!("netns add {d}"),
            format!("link add {a} type veth peer name {b}"),
            format!("link set {a} netns {p}"),
            format!("link set {b} netns {d}"),
            format!("-n {p} addr add {PORTAL}/24 dev {a}"),
            format!("-n {d} addr add {DESK_OUTSIDE}/24 dev {b}"),
            format!("-n {d} addr add {DESK_INSIDE}/24 dev lo"),
            format!("-n {p} link set lo up"),
            format!("-n {d} link set lo up"),
            format!("-n {p} link set {a} up"),
            format!("-n {d} link set {b} up"),
        ];
        for step in &steps {
            if !ip(step) {
                eprintln!(
                    "飛ばします: ネットワーク名前空間を作れません（ip {step}）。root で、iproute2 を入れて実行してください。"
                );
                return None;
            }
        }
        Some(networks)
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.portal));
        ip(&format!("netns del {}", self.desk));
    }
}

fn ip(words: &str) -> bool {
    let done = Command::new("ip").args(words.split(' ')).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// A command inside a network.
fn inside(network: &str, program: &str, words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.args(["netns", "exec", network, program]).args(words);
    command
}

/// One half: its installation, its network, its process.
struct Half<'a> {
    hall: Hall,
    role: &'static str,
    network: &'a str,
    address: &'static str,
    process: Option<Child>,
}

impl<'a> Half<'a> {
    fn new(role: &'static str, network: &'a str, address: &'static str) -> Self {
        let hall = Hall::on_sqlite();
        hall.init();
        hall.ok(&["courier", "--role", role, "key", "rotate"]);
        Self { hall, role, network, address, process: None }
    }

    fn line(&self) -> String {
        let keys = self.hall.json(&["courier", "--role", self.role, "key", "show"]);
        keys["line"].as_str().unwrap().to_owned()
    }

    fn trust(&self, line: &str) {
        self.hall.ok(&["courier", "--role", self.role, "key", "trust", line]);
    }

    fn start(&mut self) {
        let listen = format!("{}:{PORT}", self.address);
        let words = ["serve", "--role", self.role, "--listen", &listen];
        let mut command = inside(self.network, env!("CARGO_BIN_EXE_kawasemi"), &words);
        command.current_dir(self.hall.folder.path()).env("KAWASEMI_DATA", self.hall.data());
        if self.role == "desk" {
            command
                .env("KAWASEMI_COURIER_PORTAL", format!("http://{PORTAL}:{PORT}/"))
                .env("KAWASEMI_COURIER_EVERY", "1");
        }
        let log = fs::OpenOptions::new().create(true).append(true).open(self.hall.path("log")).unwrap();
        self.process = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        self.wait("it serves", || self.asks("GET /healthz HTTP/1.1", "").is_some_and(|said| said.contains(" 200 ")));
    }

    /// The power fails.
    fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// What the half answers to somebody in its own network; none where it does not.
    fn asks(&self, line: &str, body: &str) -> Option<String> {
        let said = speak(self.network, self.address, &request(line, body));
        Some(said).filter(|said| !said.is_empty())
    }

    fn status(&self) -> Value {
        self.hall.json(&["courier", "--role", self.role, "status"])
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..LOOKS {
            if is_so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{}: {what}: not so\n{}", self.role, fs::read_to_string(self.hall.path("log")).unwrap_or_default());
    }
}

impl Drop for Half<'_> {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

fn request(line: &str, body: &str) -> String {
    format!(
        "{line}\r\nHost: hall\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Says something to an address from inside a network, and answers what came back; nothing where there is no way.
fn speak(network: &str, address: &str, text: &str) -> String {
    let script = format!("exec 3<>/dev/tcp/{address}/{PORT} && cat >&3 && cat <&3");
    let mut command = inside(network, "timeout", &["20", "bash", "-c", &script]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Where there is no way, nobody reads it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
}

/// Connections of the portal that it has opened itself: those that do not end at its own port.
fn opened_by(process: u32) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let own = format!(":{PORT:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    // The other end of connections inside the namespace has the portal's port as its remote one.
    rows.filter(|row| !row[1].ends_with(&own) && !row[2].ends_with(&own)).map(|row| row.join(" ")).collect()
}

#[test]
fn what_residents_send_reaches_the_desk_once_whatever_fails() {
    let Some(networks) = Networks::new() else { return };
    let mut portal = Half::new("portal", &networks.portal, PORTAL);
    let mut desk = Half::new("desk", &networks.desk, DESK_INSIDE);
    portal.trust(&desk.line());
    desk.trust(&portal.line());
    portal.start();
    let mut sent = Vec::new();
    for round in 0..4 {
        desk.start();
        for n in 0..3 {
            let subject = format!("enquiry-{round}-{n}");
            let body = format!("subject={subject}&body=words-that-stay-secret");
            let said = portal.asks("POST /enquiry HTTP/1.1", &body).unwrap_or_default();
            assert!(said.contains(" 303 "), "{said}");
            sent.push(subject);
        }
        if round == 0 {
            // The first round is looked at in peace; in the others the power fails at once, on either side.
            let applied = || desk.status()["incoming"]["applied"].as_i64() == Some(3);
            desk.wait("the first are applied", applied);
        }
        if round % 2 == 1 {
            portal.kill();
            portal.start();
        }
        desk.kill();
    }
    // The portal alone: it holds what the desk has not acknowledged, and can't read it.
    portal.asks("POST /enquiry HTTP/1.1", "subject=the-last&body=words-that-stay-secret").unwrap();
    sent.push("the-last".to_owned());
    assert!(portal.status()["outgoing"]["new"].as_i64().unwrap() >= 1);
    desk.start();
    let is_erased = || {
        let waiting = portal.status()["outgoing"].clone();
        waiting["new"].as_i64() == Some(0) && waiting["sent"].as_i64() == Some(0)
    };
    portal.wait("everything is acknowledged", is_erased);
    // Nobody on the portal gets to the desk, neither where staff are nor where it came from.
    let greeting = request("GET /healthz HTTP/1.1", "");
    assert_eq!(speak(&networks.portal, DESK_INSIDE, &greeting), "");
    assert_eq!(speak(&networks.portal, DESK_OUTSIDE, &greeting), "");
    assert!(desk.asks("GET /healthz HTTP/1.1", "").is_some(), "it is there for those inside");
    let opened = opened_by(portal.process.as_ref().unwrap().id());
    assert!(opened.is_empty(), "the portal has opened connections: {opened:#?}");
    let staff = portal.asks("GET /desk HTTP/1.1", "").unwrap();
    assert!(staff.contains(" 404 "), "{staff}");

    let file = desk.hall.path("enquiries.csv");
    desk.hall.ok(&["export", "enquiry", "--format", "csv", "--output", file.to_str().unwrap()]);
    let table = fs::read_to_string(&file).unwrap();
    for subject in &sent {
        assert_eq!(table.matches(subject.as_str()).count(), 1, "{subject} in\n{table}");
    }
    assert_eq!(desk.status()["incoming"]["applied"].as_i64(), Some(sent.len() as i64));
    portal.kill();
    desk.kill();
    for (half, is_there) in [(&portal, false), (&desk, true)] {
        assert_eq!(holds(&half.hall.data(), "words-that-stay-secret"), is_there, "{}", half.role);
        half.hall.ok(&["audit", "verify"]);
    }
}

/// Whether any file under a folder has these words in it.
fn holds(folder: &std::path::Path, words: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, words);
        }
        fs::read(&path).is_ok_and(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
    })
}
