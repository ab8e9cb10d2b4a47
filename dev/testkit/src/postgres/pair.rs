//! Two PostgreSQL servers of a test's own, a primary and its standby (待機系), which can fail as servers fail: killed at once
//! with all their processes, promoted, started again as they are, rewound.
//!
//! They are called `a` and `b`, and `a` begins as the primary. They listen on ports of this machine, or on addresses of a
//! network namespace, and are stopped when the pair is dropped.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::program_path;

/// A primary and its standby.
pub struct Pair {
    folder: TempDir,
    as_postgres: bool,
    /// The network namespace in which they run; none for this machine's own network.
    network: Option<String>,
    addresses: [String; 2],
    ports: [u16; 2],
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// The one that begins as the primary.
    A,
    /// The one that begins as the standby.
    B,
}

impl Member {
    const fn index(self) -> usize {
        self as usize
    }

    /// Its name, by which `synchronous_standby_names` knows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl Pair {
    /// Starts both on this machine, the standby attached asynchronously.
    ///
    /// # Panics
    /// When PostgreSQL is not on this machine or can't be started.
    #[must_use]
    pub fn start() -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let (one, other) = (free(), free());
        let ports = [&one, &other].map(|it| it.local_addr().expect("it has an address").port());
        drop((one, other));
        Self::make(None, ["127.0.0.1", "127.0.0.1"], ports)
    }

    /// Starts both in a network namespace, where these addresses are.
    ///
    /// # Panics
    /// As [`Pair::start`].
    #[must_use]
    pub fn start_in(network: &str, addresses: [&str; 2]) -> Self {
        Self::make(Some(network.to_owned()), addresses, [5432, 5432])
    }

    fn make(network: Option<String>, addresses: [&str; 2], ports: [u16; 2]) -> Self {
        let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
        let folder = TempDir::new().expect("the temporary folder is writable");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("the folder is ours");
        let pair = Self { folder, as_postgres: user == 0, network, addresses: addresses.map(str::to_owned), ports };
        pair.make_primary();
        pair.boot(Member::A);
        // As the operators' guide has it: no rights beyond its own database and the view of the standbys.
        for sql in [
            "CREATE ROLE kawasemi LOGIN",
            "GRANT pg_monitor TO kawasemi",
            "CREATE DATABASE kawasemi OWNER kawasemi TEMPLATE template0",
        ] {
            pair.ask_in("postgres", Member::A, sql);
        }
        pair.copy();
        pair.boot(Member::B);
        pair
    }

    fn make_primary(&self) {
        let data = self.data(Member::A);
        self.run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let rules = "local all all trust\nhost all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n";
        self.append(&format!("{data}/pg_hba.conf"), rules);
        // What pg_rewind needs, and what a standby needs that was away for a while.
        let settings = "wal_log_hints = on\nwal_keep_size = '512MB'\nunix_socket_directories = ''\n\
                        shared_buffers = '32MB'\nmax_connections = 80\nwal_receiver_status_interval = '1s'\n\
                        wal_retrieve_retry_interval = '500ms'\nwal_sender_timeout = '5s'\n";
        self.append(&format!("{data}/postgresql.conf"), settings);
    }

    /// Makes the standby as a copy of the primary that goes on to follow it.
    fn copy(&self) {
        let source = self.follows(Member::A);
        self.run("pg_basebackup", &["-D", &self.data(Member::B), "-R", "-X", "stream", "-c", "fast", "-d", &source]);
    }

    /// The address of both, the primary of the beginning first, for `--database-url`.
    #[must_use]
    pub fn url(&self) -> String {
        let [a, b] = [Member::A, Member::B].map(|member| self.place(member));
        format!("postgres://kawasemi@{a},{b}/kawasemi?target_session_attrs=read-write")
    }

    /// The address of one of them alone.
    #[must_use]
    pub fn url_of(&self, member: Member) -> String {
        format!("postgres://kawasemi@{}/kawasemi", self.place(member))
    }

    /// Host and port of one of them.
    #[must_use]
    pub fn place(&self, member: Member) -> String {
        format!("{}:{}", self.addresses[member.index()], self.ports[member.index()])
    }

    /// Lets commits of a primary wait for the other one from now on, and waits until that is so; or lets them wait for nobody.
    ///
    /// # Panics
    /// When the standby does not follow.
    pub fn synchronous(&self, primary: Member, on: bool) {
        let names = if on { primary.other().name() } else { "" };
        self.ask(primary, &format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'"));
        self.ask(primary, "SELECT pg_reload_conf()");
        let state = if on { "sync" } else { "async" };
        let sql =
            format!("SELECT count(*) FROM pg_stat_replication WHERE sync_state = '{state}' AND state = 'streaming'");
        self.wait(&format!("the standby is {state}"), || self.ask(primary, &sql) == "1");
    }

    /// The power of one of them fails: all its processes are killed at once.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&self, member: Member) {
        let file = self.folder.path().join(member.name()).join("postmaster.pid");
        let first = fs::read_to_string(&file).expect("the server runs").lines().next().map(str::to_owned);
        let parent = first.expect("the file names the process");
        let mut all = vec![parent.clone()];
        for entry in fs::read_dir("/proc").expect("there are processes").flatten() {
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
            let of = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1).map(str::to_owned));
            if of.as_deref() == Some(&parent) {
                all.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        // Some may have ended by themselves in the meantime.
        let _ = Command::new("kill").arg("-9").args(&all).stderr(Stdio::null()).status().expect("kill runs");
        self.wait("all its processes are gone", || all.iter().all(|process| is_gone(process)));
        // After a power failure nobody has the number of a process of before; here its parent may not have waited for it yet.
        fs::remove_file(file).expect("the folder is writable");
    }

    /// Lets the standby take over.
    ///
    /// # Panics
    /// When it can't.
    pub fn promote(&self, member: Member) {
        self.run("pg_ctl", &["promote", "-w", "-t", "30", "-D", &self.data(member)]);
    }

    /// Starts one of them as it is, whatever that is.
    ///
    /// # Panics
    /// When it does not start.
    pub fn boot(&self, member: Member) {
        let options = format!(
            "-p {} -c listen_addresses={} -c cluster_name={}",
            self.ports[member.index()],
            self.addresses[member.index()],
            member.name()
        );
        let log = self.folder.path().join(format!("{}.log", member.name())).display().to_string();
        self.run("pg_ctl", &["start", "-w", "-t", "60", "-D", &self.data(member), "-l", &log, "-o", &options]);
    }

    /// Stops one of them in order.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self, member: Member) {
        self.run("pg_ctl", &["stop", "-m", "fast", "-w", "-D", &self.data(member)]);
    }

    /// Throws away what a stopped old primary has alone, and starts it as the standby of the other one.
    ///
    /// # Panics
    /// When it can't be rewound.
    pub fn rewind(&self, old: Member) {
        let source = self.follows(old.other());
        // Until its first checkpoint a promoted server says that it is on the timeline before: there would be nothing to rewind.
        self.ask(old.other(), "CHECKPOINT");
        self.run("pg_rewind", &["-D", &self.data(old), "--source-server", &source, "-R"]);
        self.boot(old);
        let sql = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        self.wait("it follows", || self.ask(old.other(), sql) == "1");
    }

    /// Asks one of them with psql, as its administrator in the database of the addresses, and answers what it prints.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn answer(&self, member: Member, sql: &str) -> String {
        self.ask(member, sql)
    }

    fn ask(&self, member: Member, sql: &str) -> String {
        self.ask_in("kawasemi", member, sql)
    }

    fn ask_in(&self, database: &str, member: Member, sql: &str) -> String {
        let url = format!("postgres://postgres@{}/{database}", self.place(member));
        self.run("psql", &["-AtqX", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", sql]).trim().to_owned()
    }

    /// How a standby reaches the one that it follows.
    fn follows(&self, primary: Member) -> String {
        let index = primary.index();
        format!("host={} port={} user=postgres dbname=postgres", self.addresses[index], self.ports[index])
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..300 {
            if is_so() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{what}: not so\n{}", self.logs());
    }

    /// What both have written into their logs.
    #[must_use]
    pub fn logs(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("a:\n{}\nb:\n{}", read("a.log"), read("b.log"))
    }

    fn data(&self, member: Member) -> String {
        self.folder.path().join(member.name()).display().to_string()
    }

    /// Adds to a file of the server as the user who runs it.
    fn append(&self, path: &str, text: &str) {
        let escaped = text.replace('\'', "'\\''");
        let script = format!("printf '%s' '{escaped}' >> '{path}'");
        self.run("sh", &["-c", &script]);
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut words: Vec<String> = Vec::new();
        if let Some(network) = &self.network {
            words.extend(["ip", "netns", "exec", network].map(str::to_owned));
        }
        if self.as_postgres {
            words.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
        }
        words.push(tool(program).display().to_string());
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        // A server that stays keeps the output open, so it must be no pipe that somebody reads to its end.
        let starts = program == "pg_ctl";
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir("/").stdin(Stdio::null());
        if starts {
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program starts");
            assert!(status.success(), "{program} {arguments:?}\n{}", self.logs());
            return String::new();
        }
        let output = command.output().expect("the program starts");
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for member in [Member::A, Member::B] {
            if self.folder.path().join(member.name()).join("postmaster.pid").exists() {
                let data = self.data(member);
                let words = ["stop", "-m", "immediate", "-w", "-D", &data];
                let mut command = match self.as_postgres {
                    true => {
                        let mut command = Command::new("runuser");
                        command.args(["-u", "postgres", "--"]).arg(tool("pg_ctl"));
                        command
                    }
                    false => Command::new(tool("pg_ctl")),
                };
                // One that was killed is stopped already.
                let _ = command.args(words).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
            }
        }
    }
}

/// The server's own programs lie beside it; others are in the path.
fn tool(program: &str) -> PathBuf {
    if program == "sh" { PathBuf::from(program) } else { program_path(program) }
}

/// Whether a process does not run any more, waited for by its parent or not.
fn is_gone(process: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('Z')))
        .unwrap_or(true)
}
