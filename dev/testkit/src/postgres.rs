//! A private PostgreSQL for tests: started by the first test that needs it, shared by the processes of a test run, stopped
//! and removed by a watchdog once nobody has used it for a minute.
//!
//! It lies in the temporary folder, listens on a socket only, and does not flush to disk: it tests what the store says to
//! PostgreSQL, not what PostgreSQL says to the disk. The server refuses to run as root; then it runs as the user
//! `postgres`, whom the Debian package makes.

mod pair;
mod secured;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

pub use pair::{Member, Pair};
pub use secured::{SecuredServer, Shown};

/// The variable that names a server to use instead.
const URL_VARIABLE: &str = "KAWASEMI_TEST_PG_URL";

/// A database for one test.
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// Creates an empty database on the shared server.
    ///
    /// # Panics
    /// When there is no PostgreSQL on this machine or it can't be started.
    pub async fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kawasemi_{}_{number}", std::process::id());
        administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        administer(&format!("CREATE DATABASE {name}")).await;
        let url = database_url(server_url(), &name);
        Self { name, url }
    }

    /// Its address, for `--database-url`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Removes the database.
    pub async fn drop(self) {
        administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }
}

async fn administer(statement: &str) {
    let (client, connection) =
        tokio_postgres::connect(server_url(), NoTls).await.expect("the test server accepts connections");
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.expect("the test server creates and drops databases");
    drop(client);
    let _ = connection.await;
}

/// The address of a database on the same server: ours has its parameters behind a `?`.
fn database_url(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
    let host = address.rsplit_once('/').map_or(address, |(host, _)| host);
    format!("{host}/{name}?{parameters}")
}

/// The address of the shared server, which is started when it does not run.
///
/// # Panics
/// When there is no PostgreSQL on this machine or it can't be started.
pub fn server_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| std::env::var(URL_VARIABLE).unwrap_or_else(|_| Cluster::here().url()))
}

/// The server's files.
struct Cluster {
    root: PathBuf,
    as_postgres: bool,
}

impl Cluster {
    fn here() -> Self {
        let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
        Self { root: std::env::temp_dir().join(format!("kawasemi-test-postgres-{user}")), as_postgres: user == 0 }
    }

    /// Starts the server unless it runs, and keeps it from being stopped as long as this process lives.
    fn url(&self) -> String {
        self.make_root();
        let starting = lock_file(&self.root.join("starting.lock"));
        starting.lock().expect("the lock of the test server can be taken");
        // While the lock was waited for, the watchdog may have removed everything but the locks.
        self.make_root();
        if !self.is_running() {
            self.start();
        }
        let used = lock_file(&self.root.join("used.lock"));
        used.lock_shared().expect("the lock of the test server can be taken");
        // The watchdog goes by when it was last written.
        (&used).write_all(b"1").expect("the temporary folder is writable");
        // Held until the process ends: the watchdog waits for it.
        std::mem::forget(used);
        let socket = self.root.join("socket").display().to_string().replace('/', "%2F");
        format!("postgres://postgres@/postgres?host={socket}")
    }

    fn make_root(&self) {
        fs::create_dir_all(self.root.join("socket")).expect("the temporary folder is writable");
        if self.as_postgres {
            // The server's own user has to make the data folder and the socket in it.
            for folder in [self.root.clone(), self.root.join("socket")] {
                let _ = fs::set_permissions(folder, Permissions::from_mode(0o777));
            }
        }
    }

    fn is_running(&self) -> bool {
        self.root.join("data").exists() && self.succeeds("pg_ctl", &["status", "-D", &self.data()])
    }

    fn start(&self) {
        let data = self.data();
        if !self.root.join("data/PG_VERSION").exists() {
            // A watchdog that was killed in the middle of its work leaves a part of the folder, which initdb refuses.
            let _ = fs::remove_dir_all(self.root.join("data"));
            let arguments = ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
            assert!(self.succeeds("initdb", &arguments), "initdb fails; is the Debian package postgresql installed?");
        }
        let options = format!(
            "-k {} -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
             -c max_connections=300 -c shared_buffers=64MB -c autovacuum_naptime=10s",
            self.root.join("socket").display()
        );
        let log = self.root.join("socket/log").display().to_string();
        let arguments = ["start", "-w", "-t", "60", "-D", &data, "-l", &log, "-o", &options];
        assert!(self.succeeds("pg_ctl", &arguments), "PostgreSQL does not start; see {log}");
        self.watch();
    }

    /// Starts a process of its own that stops the server and removes its files once no test process holds the lock, nor has taken
    /// it for a minute. The locks stay: who waits for one that is removed would believe to hold it.
    #[expect(clippy::zombie_processes, reason = "the watcher outlives the test process on purpose")]
    fn watch(&self) {
        let script = format!(
            "cd /; while sleep 30; do \
               exec 8<'{root}/starting.lock' 9<'{root}/used.lock'; \
               flock -x 8; \
               if flock -n -x 9 && [ -z \"$(find '{root}/used.lock' -mmin -1)\" ]; then \
                 {stop} -m immediate -D '{data}' stop; rm -rf '{data}' '{root}/socket'; exit; \
               fi; \
               exec 8<&- 9<&-; \
             done",
            root = self.root.display(),
            data = self.data(),
            stop = self.command_line("pg_ctl"),
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A process group of its own: the end of the test run does not end it.
        command.process_group(0);
        command.spawn().expect("a shell starts");
    }

    fn data(&self) -> String {
        self.root.join("data").display().to_string()
    }

    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = match self.as_postgres {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program_path(program));
                command
            }
            false => Command::new(program_path(program)),
        };
        command.current_dir("/").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command_line(&self, program: &str) -> String {
        let program = program_path(program).display().to_string();
        if self.as_postgres { format!("runuser -u postgres -- {program}") } else { program }
    }
}

fn lock_file(path: &Path) -> File {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).expect("the temporary folder is writable")
}

/// Debian keeps the server's programs out of the path, in a folder for each version; the newest is taken.
fn program_path(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .filter(|(_, path)| path.join("bin").join(program).exists())
        .max();
    newest.map_or_else(|| PathBuf::from(program), |(_, path)| path.join("bin").join(program))
}
