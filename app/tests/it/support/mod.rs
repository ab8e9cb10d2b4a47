//! Runs the real binary, as a script or an operator would.

pub mod networks;
pub mod server;

use std::cell::RefCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use kawasemi_kernel::context::SystemClock;
use kawasemi_store::{Access, Location, Store, StoreOptions};
use kawasemi_testkit::postgres::TestDatabase;
use serde_json::Value;
use tempfile::TempDir;

/// An installation of its own, and the binary that works on it.
pub struct Hall {
    /// A folder for files of the test; the data folder is `data` in it.
    pub folder: TempDir,
    database: Option<String>,
    /// The network namespace in which its commands run; none for this machine's own network.
    network: Option<String>,
    binary: RefCell<Option<PathBuf>>,
}

/// What the binary did.
pub struct Done {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Hall {
    pub fn on_sqlite() -> Self {
        Self { folder: TempDir::new().unwrap(), database: None, network: None, binary: RefCell::default() }
    }

    /// On PostgreSQL servers, perhaps such as are reached in a network of their own.
    pub fn on_servers(url: String, network: Option<&str>) -> Self {
        Self { database: Some(url), network: network.map(str::to_owned), ..Self::on_sqlite() }
    }

    /// The settings that say where its cities lie.
    pub fn place(&self) -> Vec<(&'static str, String)> {
        match &self.database {
            Some(url) => {
                vec![("KAWASEMI_DATABASE_URL", url.clone()), ("KAWASEMI_FOLDER", self.data().display().to_string())]
            }
            None => vec![("KAWASEMI_DATA", self.data().display().to_string())],
        }
    }

    /// Another installation on the same kind of store. Its database goes with the test server.
    pub fn like(other: &Self) -> Self {
        let database = other.database.as_ref().map(|_| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let database = runtime.block_on(TestDatabase::create());
            database.url().to_owned()
        });
        Self { database, ..Self::on_sqlite() }
    }

    /// Where its cities lie, for looking into them beside the program.
    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Directory(self.data()),
        }
    }

    /// The store beside the program, with all engines that the program has.
    pub async fn store(&self, access: Access) -> Store {
        let mut options = StoreOptions::new(Arc::new(SystemClock)).access(access);
        options.engines = vec![
            kawasemi_identity::tables::engine(),
            kawasemi_ledger::engine(),
            kawasemi_parties::engine(),
            kawasemi_oversight::engine(),
            kawasemi_webhook::engine(),
            kawasemi_courier::engine(),
            kawasemi_exchange::engine(),
        ];
        Store::open(&self.location(), options).await.unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Works with another binary than the one that was just built, such as a release's; none for that one again.
    pub fn use_binary(&self, binary: Option<PathBuf>) {
        self.binary.replace(binary);
    }

    /// The address of the database, on PostgreSQL.
    pub fn url(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file of the test and answers its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let binary = self.binary.borrow();
        let binary = binary.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_kawasemi")));
        let mut command = match &self.network {
            Some(network) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", network]).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        // Nothing of the machine's own configuration.
        command.current_dir(self.folder.path()).env_clear().envs(self.place()).stdin(Stdio::null());
        if self.database.is_some() {
            command.env("PATH", std::env::var_os("PATH").unwrap());
        }
        command.args(words);
        command
    }

    pub fn run(&self, words: &[&str]) -> Done {
        self.run_with(words, "")
    }

    pub fn run_with(&self, words: &[&str], input: &str) -> Done {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that fails at once does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// Runs a command that has to succeed and answers its output.
    pub fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert_eq!(done.status, 0, "{words:?}: {}", done.err);
        done.out
    }

    /// Runs a command that has to succeed with `--json` and answers what it said.
    pub fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = ["--json"].into_iter().chain(words.iter().copied()).collect();
        serde_json::from_str(&self.ok(&words)).unwrap()
    }

    /// Runs a command that has to fail with a status, and answers what it said.
    pub fn fails(&self, status: i32, words: &[&str]) -> String {
        let done = self.run(words);
        assert_eq!(done.status, status, "{words:?}: {}{}", done.out, done.err);
        done.err
    }

    pub fn init(&self) {
        self.ok(&["init", "--code", "142182", "--name", "綾瀬市"]);
    }

    pub fn spawn(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs a story with an installation on SQLite, then with one on PostgreSQL.
pub fn on_both_stores(story: impl Fn(&Hall)) {
    story(&Hall::on_sqlite());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::create());
    story(&Hall { database: Some(database.url().to_owned()), ..Hall::on_sqlite() });
    runtime.block_on(database.drop());
}
