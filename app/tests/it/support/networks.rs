//! Portal and desk as two processes in two networks: network namespaces with a cable between them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Hall;

/// The portal's address in the network between, where the desk may go.
pub const PORTAL: &str = "10.251.10.1";
/// The desk's address there, from which it goes.
pub const DESK_OUTSIDE: &str = "10.251.10.2";
/// Where staff reach the desk: a network to which the portal has no way.
pub const DESK_INSIDE: &str = "10.251.20.1";
pub const PORT: u16 = 8080;
/// Looks before something is given up, a fifth of a second apart.
const LOOKS: usize = 300;

/// Two networks with a cable between them; gone at the end.
pub struct Networks {
    pub portal: String,
    pub desk: String,
}

impl Networks {
    /// None where this machine may not have any.
    pub fn new() -> Option<Self> {
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
pub fn inside(network: &str, program: &str, words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.args(["netns", "exec", network, program]).args(words);
    command
}

/// One half: its installation, its network, its process.
pub struct Half<'a> {
    pub hall: Hall,
    pub role: &'static str,
    pub network: &'a str,
    pub address: &'static str,
    pub process: Option<Child>,
}

impl<'a> Half<'a> {
    pub fn on_sqlite(role: &'static str, network: &'a str, address: &'static str) -> Self {
        Self::of(Hall::on_sqlite(), role, network, address)
    }

    /// A half over an installation, in which its city and its keys are made.
    pub fn of(hall: Hall, role: &'static str, network: &'a str, address: &'static str) -> Self {
        hall.init();
        hall.ok(&["courier", "--role", role, "key", "rotate"]);
        Self { hall, role, network, address, process: None }
    }

    pub fn line(&self) -> String {
        let keys = self.hall.json(&["courier", "--role", self.role, "key", "show"]);
        keys["line"].as_str().unwrap().to_owned()
    }

    pub fn trust(&self, line: &str) {
        self.hall.ok(&["courier", "--role", self.role, "key", "trust", line]);
    }

    pub fn start(&mut self) {
        let listen = format!("{}:{PORT}", self.address);
        let words = ["serve", "--role", self.role, "--listen", &listen];
        let mut command = inside(self.network, env!("CARGO_BIN_EXE_kawasemi"), &words);
        command.current_dir(self.hall.folder.path()).envs(self.hall.place());
        // As behind the hall's reverse proxy, which says who is at the other end.
        command.env("KAWASEMI_SERVE_BEHIND_PROXY", "true");
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
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// What the half answers to somebody in its own network; none where it does not.
    pub fn asks(&self, line: &str, body: &str) -> Option<String> {
        let said = speak(self.network, self.address, &request(line, body));
        Some(said).filter(|said| !said.is_empty())
    }

    pub fn status(&self) -> Value {
        self.hall.json(&["courier", "--role", self.role, "status"])
    }

    pub fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
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

pub fn request(line: &str, body: &str) -> String {
    request_with(line, "Content-Type: application/x-www-form-urlencoded", body)
}

/// A request with headers of one's own.
pub fn request_with(line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("{line}\r\nHost: hall\r\nConnection: close\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Says something to an address from inside a network, and answers what came back; nothing where there is no way.
pub fn speak(network: &str, address: &str, text: &str) -> String {
    let script = format!("exec 3<>/dev/tcp/{address}/{PORT} && cat >&3 && cat <&3");
    let mut command = inside(network, "timeout", &["20", "bash", "-c", &script]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Where there is no way, nobody reads it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
}

/// Connections of the portal that it has opened itself: those that do not end at its own port.
pub fn opened_by(process: u32) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let own = format!(":{PORT:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    // The other end of connections inside the namespace has the portal's port as its remote one.
    rows.filter(|row| !row[1].ends_with(&own) && !row[2].ends_with(&own)).map(|row| row.join(" ")).collect()
}

/// Whether any file under a folder has these words in it.
pub fn holds(folder: &Path, words: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, words);
        }
        fs::read(&path).is_ok_and(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
    })
}
